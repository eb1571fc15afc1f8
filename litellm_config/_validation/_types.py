"""A value and an annotation of LiteLLM's -> what would have been accepted."""

import json
import typing
from functools import cache
from typing import Any

from pydantic import TypeAdapter, ValidationError

_WORDS = {
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    str: "text",
    list: "a list",
    dict: "a mapping",
}


def find_mismatch(value: Any, annotation: Any) -> str | None:
    """Return what is accepted, in words, if a value is not; else None.

    LiteLLM hands these settings on as they are, so nothing is converted here: `"3"` is
    no number. What refers to the environment is taken for right.

    Args:
        value: Plain YAML.
        annotation: A type; one that pydantic cannot check accepts everything.
    """
    text = json.dumps(value, default=str)
    adapter = _adapter(annotation)
    if adapter is None or '"os.environ/' in text:
        return None
    try:
        adapter.validate_json(text, strict=True)
    except ValidationError:
        return _describe(annotation)
    return None


def find_options(annotation: Any) -> tuple[str, ...]:
    """Return the literal values that an annotation allows, nested ones too.

    Args:
        annotation: A type, such as `Literal["a", "b"] | None`.
    """
    if typing.get_origin(annotation) is typing.Literal:
        return tuple(str(value) for value in typing.get_args(annotation))
    parts = (find_options(part) for part in typing.get_args(annotation))
    return tuple(option for part in parts for option in part)


# Annotations may be unhashable (`Literal` of lists), so the cache is by identity.
def _adapter(annotation: Any) -> TypeAdapter[Any] | None:
    if annotation is Any:
        return None
    try:
        return _build_adapter(annotation)
    except Exception:  # noqa: BLE001  # what pydantic cannot check is not checked
        return None


@cache
def _build_adapter(annotation: Any) -> TypeAdapter[Any]:
    return TypeAdapter(annotation)


def _describe(annotation: Any) -> str:
    options = find_options(annotation)
    if options:
        return "one of " + ", ".join(options)
    parts = [part for part in typing.get_args(annotation) if part is not type(None)]
    kinds = [annotation] if annotation in _WORDS or not parts else parts
    words = [_word(kind) for kind in kinds]
    return " or ".join(dict.fromkeys(words))


def _word(kind: Any) -> str:
    origin = typing.get_origin(kind) or kind
    return _WORDS.get(origin, "a mapping")
