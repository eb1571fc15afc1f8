"""Rules on batches: the task and the lines of its input file.

Their source is the guide to the Batch API (2026-08-13) and the OpenAPI description of
2026-08-17; the API's own words on them were never recorded.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from langchain_kimi._json import as_object, is_object
from langchain_kimi._rules._violation import Violation
from langchain_kimi._wire import JsonObject
from langchain_kimi.catalogue import Model, find_model

BATCH_ENDPOINT = "/v1/chat/completions"
_LINE = {"method": "POST", "url": BATCH_ENDPOINT}
_WINDOW = re.compile(r"(\d{1,6})([hd])")
_HOURS = {"h": 1, "d": 24}
_SHORTEST, _LONGEST = 12, 7 * 24
_MOST_METADATA, _KEY_LENGTH, _VALUE_LENGTH = 16, 64, 512


def check_batch(request: JsonObject) -> Iterator[Violation]:
    """Yield the violations of the body of `POST /batches`.

    Args:
        request: The decoded body, of any shape.
    """
    if not request.get("input_file_id"):
        yield _refuse("input_file_id", "is required", "upload a file for batch first")
    if request.get("endpoint") != BATCH_ENDPOINT:
        yield _refuse("endpoint", f"must be {BATCH_ENDPOINT}", f"send {BATCH_ENDPOINT}")
    yield from _check_window(request.get("completion_window"))
    yield from _check_metadata(request.get("metadata"))


def _refuse(field: str, fault: str, remedy: str, given: Any = None) -> Violation:
    return Violation(
        message=f"Invalid request: {field} {fault}",
        field=field,
        given=given,
        remedy=remedy,
    )


def _check_window(window: object) -> Iterator[Violation]:
    found = _WINDOW.fullmatch(window) if isinstance(window, str) else None
    hours = int(found[1]) * _HOURS[found[2]] if found else 0
    if not _SHORTEST <= hours <= _LONGEST:
        # "supports formats like 12h, 1d, 3d, minimum 12h, maximum 7d" (OpenAPI).
        yield _refuse(
            "completion_window",
            "must be like 12h, 1d, 3d, minimum 12h, maximum 7d",
            "give whole hours (12h to 168h) or whole days (1d to 7d)",
            window,
        )


def _check_metadata(metadata: object) -> Iterator[Violation]:
    if metadata is None:
        return
    if not is_object(metadata):
        yield _refuse("metadata", "must be an object", "give a dict", metadata)
        return
    if len(metadata) > _MOST_METADATA:
        yield _refuse(
            "metadata",
            f"has {len(metadata)} pairs, at most {_MOST_METADATA} are allowed",
            "leave some out",
        )
    for key, value in metadata.items():
        if not (_is_text(key, _KEY_LENGTH) and _is_text(value, _VALUE_LENGTH)):
            yield _refuse(
                f"metadata.{str(key)[:_KEY_LENGTH]}",
                f"must be a string of at most {_VALUE_LENGTH} characters under a key, "
                f"a string too, of at most {_KEY_LENGTH}",
                "shorten it, or write it as a string",
                value,
            )


def _is_text(text: object, length: int) -> bool:
    return isinstance(text, str) and len(text) <= length


def check_lines(lines: Sequence[object]) -> Iterator[Violation]:
    """Yield the violations of the lines of an input file.

    Args:
        lines: The decoded lines, of any shape.
    """
    if not lines:
        yield _refuse("the input file", "has no lines", "give at least one request")
    seen: set[str] = set()
    for position, line in enumerate(map(as_object, lines)):
        yield from _check_line(f"line {position + 1}:", line)
        yield from _check_id(f"line {position + 1}:", line.get("custom_id"), seen)
    models = {_model_of(line): None for line in map(as_object, lines)}
    if len(models) > 1:
        names = ", ".join(map(str, models))
        yield _refuse(
            "the input file",
            f"names more than one model: {names}",
            "submit one batch for each model",
        )


def _model_of(line: JsonObject) -> object:
    return as_object(line.get("body")).get("model")


def _check_line(path: str, line: JsonObject) -> Iterator[Violation]:
    for key, value in _LINE.items():
        if line.get(key) != value:
            yield _refuse(f"{path} {key}", f"must be {value}", f"send {value}")
    if not is_object(line.get("body")):
        yield _refuse(f"{path} body", "must be an object", "send a chat request")


def _check_id(path: str, id: object, seen: set[str]) -> Iterator[Violation]:
    if not isinstance(id, str) or not id.strip():
        yield _refuse(f"{path} custom_id", "is required", "give a text of your own", id)
    elif id in seen:
        yield _refuse(f"{path} custom_id", "is not unique", "give each its own", id)
    else:
        seen.add(id)


def check_batch_model(
    name: str, known: Mapping[str, Model] | None = None
) -> Iterator[Violation]:
    """Yield the violation of a model that the Batch API is known not to take.

    Args:
        name: The model id of all lines.
        known: The rows to look in; None takes the catalogue's.
    """
    row = find_model(name) if known is None else known.get(name)
    if row and row.batch is False:
        yield _refuse(
            "model",
            f"{name} is not supported by the Batch API",
            "use a model whose row in langchain_kimi.catalogue has batch=True",
            name,
        )
