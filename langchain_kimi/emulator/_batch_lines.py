"""The lines of a batch's input file -> those of its output and its error file."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from langchain_kimi._json import as_object, as_text
from langchain_kimi._rules import check_batch_model, check_lines
from langchain_kimi._wire import JsonObject
from langchain_kimi.catalogue import Model
from langchain_kimi.emulator._exchange import Reply
from langchain_kimi.emulator._failures import invalid
from langchain_kimi.emulator._json import NotJsonError, read_json, to_bytes, write_json

Answer: TypeAlias = Callable[[JsonObject], Reply]
"""Answers the body of a chat request, good or bad."""


@dataclass(frozen=True, slots=True)
class Results:
    """The lines of the two files that a batch leaves."""

    outputs: tuple[JsonObject, ...] = ()
    errors: tuple[JsonObject, ...] = ()

    def encode(self) -> dict[str, bytes]:
        """Return the two files: the output first, then the errors."""
        return {"output": _encode(self.outputs), "error": _encode(self.errors)}


def read_lines(data: bytes, rows: Mapping[str, Model]) -> tuple[JsonObject, ...]:
    """Return the lines of an input file; raise Refused if they break a rule.

    Args:
        data: The file.
        rows: The rows of the models that are served, by id.
    """
    try:
        lines = [read_json(line) for line in data.splitlines() if line.strip()]
    except NotJsonError as error:
        raise invalid(f"Invalid request: a line is not JSON: {error}") from error
    for violation in check_lines(lines):
        raise invalid(violation.message)
    name = as_text(lines[0]["body"].get("model"))
    # "The specified model must exist and the user must have access" (batch-create).
    if name not in rows:
        raise invalid(f"Not found the model {name} or Permission denied")
    for violation in check_batch_model(name, rows):
        raise invalid(violation.message)
    return tuple(lines)


def run_lines(lines: Sequence[JsonObject], answer: Answer) -> Results:
    """Return the results of a batch's lines.

    Args:
        lines: Lines that broke no rule.
        answer: Answers the body of each.
    """
    done = [_run(line, answer) for line in lines]
    return Results(
        outputs=tuple(result for result in done if _status(result) == 200),
        errors=tuple(result for result in done if _status(result) != 200),
    )


def _run(line: JsonObject, answer: Answer) -> JsonObject:
    """Return the result of a line, in the form of the guide (2026-08-13).

    The form of a failed one is not shown there: as OpenAI's, it holds the error body.
    """
    # A file has no use for a stream; what Kimi does with the setting is not told.
    reply = answer({**line["body"], "stream": False})
    body = reply.body if isinstance(reply.body, bytes) else b"".join(reply.body)
    return {
        "id": line["custom_id"],
        "custom_id": line["custom_id"],
        "response": {
            "status_code": reply.status,
            "request_id": "",
            "body": _decode(body),
        },
        "error": None,
    }


def _decode(body: bytes) -> Any:
    """Return a body; what is no JSON, such as a gateway's page, as text."""
    try:
        return read_json(body)
    except NotJsonError:
        return body.decode("utf-8", "replace")


def _status(result: JsonObject) -> int:
    return int(as_object(result["response"]).get("status_code", 0))


def _encode(lines: Sequence[JsonObject]) -> bytes:
    return b"".join(to_bytes(write_json(line) + "\n") for line in lines)
