"""The arguments of a tool call: JSON text <-> object, with no guess between them."""

import json
import math
from collections.abc import Iterable
from typing import Any

from langchain_kimi._json import is_object, write_json
from langchain_kimi._refusal import KimiSettingError
from langchain_kimi._wire import JsonObject

# What JSON takes for blank; to langchain-core anything else is a broken call.
_BLANKS = " \t\n\r"


def arguments_text(value: object) -> str:
    """Return arguments as text: some hosts send an object where Kimi sends its JSON.

    Args:
        value: The `arguments` of a call as it came.
    """
    if isinstance(value, str):
        return value
    return "" if value is None else write_json(value)


def write_arguments(args: JsonObject, received: str | None) -> str:
    """Return a call's arguments, in the text that Kimi sent while it still says them.

    Args:
        args: The arguments.
        received: The text in which they came, None if it is not known.

    Raises:
        KimiSettingError: If they are not JSON.
    """
    if received is not None and parse_arguments(received) == args:
        return received
    try:
        return write_json(args)
    except (TypeError, ValueError) as error:
        raise KimiSettingError(
            f"The arguments {args!r} of a tool call are not JSON: {error}"
        ) from error


def parse_arguments(text: str, *, truncated: bool = False) -> JsonObject | None:
    """Return the arguments, None where they would have to be guessed.

    Args:
        text: What the model wrote; nothing at all stands for no arguments.
        truncated: Whether the answer was cut: then nothing stands for nothing.
    """
    if not text.strip(_BLANKS):
        return None if truncated else {}
    try:
        args: Any = json.loads(
            text,
            strict=False,
            parse_float=_read_float,
            parse_constant=_refuse_constant,
        )
    except (ValueError, RecursionError):
        return None
    return args if is_object(args) else None


def _read_float(digits: str) -> float:
    """Refuse a number beyond a float's: it would become infinite (1e999)."""
    number = float(digits)
    if math.isinf(number):
        raise ValueError(f"{digits} is out of range")
    return number


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def received_texts(calls: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Return the texts that writing the parsed arguments would not give, by call id.

    A text is part of the conversation's prefix: sent back in another spelling it would
    miss the prompt cache, and a broken one would be lost.

    Args:
        calls: The id and the text of each call.
    """
    return {
        id: text
        for id, text in calls
        if text.strip(_BLANKS) and not _is_canonical(text)
    }


def _is_canonical(text: str) -> bool:
    args = parse_arguments(text)
    return args is not None and write_json(args) == text


def seal(text: str) -> str:
    """Return what to append to broken arguments so that no one completes them.

    langchain-core closes the open brackets of streamed arguments, and takes what it
    gets for a valid call; a bracket that closes nothing makes it an invalid one.

    Args:
        text: Arguments that `parse_arguments` does not read.
    """
    closers: list[str] = []
    in_string = escaped = False
    for character in text:
        if in_string:
            in_string = escaped or character != '"'
            escaped = character == "\\" and not escaped
        elif character == '"':
            in_string = True
        elif character in "{[":
            closers.append("}" if character == "{" else "]")
        elif closers and character == closers[-1]:
            closers.pop()
        elif character in "}]":
            return _NOTE  # it already closes nothing
    wrong = "}" if closers and closers[-1] == "]" else "]"
    end_of_string = ("\\" if escaped else "") + '"' if in_string else ""
    return end_of_string + wrong + _NOTE


_NOTE = " (incomplete JSON)"
