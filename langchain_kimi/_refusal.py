"""The error for what is refused before anything is sent.

Apart from `errors`, which needs openai: building a model must not import it (1.4 s).
"""

import difflib
from collections.abc import Iterable

from langchain_core.exceptions import ModelInvalidRequestError
from pydantic import ValidationError


class KimiSettingError(ValueError, ModelInvalidRequestError):
    """A setting, message or tool that the API would refuse; nothing was sent."""


def nearest_name(name: str, known: Iterable[str]) -> str:
    """Return a sentence that offers the known name most like a misspelt one, or "".

    Args:
        name: What was given.
        known: What is accepted.
    """
    near = difflib.get_close_matches(name, list(known), 1)
    return f"Did you mean {near[0]!r}? " if near else ""


def read_validation_error(error: ValidationError) -> KimiSettingError:
    """Return an error that names each field, what was given and what is accepted.

    pydantic's own text would print every argument, the API key among them.

    Args:
        error: What pydantic raised while it built a model.
    """
    faults: list[str] = []
    for fault in error.errors(include_url=False):
        path = ".".join(map(str, fault["loc"]))
        text = fault["msg"].removeprefix("Value error, ")
        # The input of a missing field is all that was given, the key among it.
        is_shown = path and "api_key" not in path and fault["type"] != "missing"
        given = f"={fault['input']!r}" if is_shown else ""
        faults.append(f"{path}{given}: {text}" if path else text)
    return KimiSettingError("; ".join(faults))
