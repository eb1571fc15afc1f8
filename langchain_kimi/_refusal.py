"""The error for what is refused before anything is sent, and how it is worded.

Apart from `errors`, which needs openai: building a model must not import it (1.4 s).
"""

import difflib
from collections.abc import Callable, Iterable
from typing import TypeAlias

from langchain_core.exceptions import ModelInvalidRequestError
from pydantic import ValidationError
from pydantic_core import ErrorDetails

Notify: TypeAlias = Callable[[str], None]
"""Tells the user of something that was not sent; the same words only once."""


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


_SHOWN = 240


def show(value: object) -> str:
    """Return a value as an error shows it: what is long (a picture) only in part.

    Args:
        value: What was given.
    """
    text = repr(value)
    left_out = len(text) - _SHOWN
    return text if left_out <= 0 else f"{text[:_SHOWN]}... ({left_out} more characters)"


# Fields whose value is never told: a key, and headers that may hold one.
_SECRET = ("api_key", "default_headers")


def read_validation_error(
    error: ValidationError, known: Iterable[str]
) -> KimiSettingError:
    """Return an error that names each field, what was given and what is accepted.

    Args:
        error: What pydantic raised while it built a model.
        known: The names of the model's fields.
    """
    known = list(known)
    faults = [_read_fault(fault, known) for fault in error.errors(include_url=False)]
    return KimiSettingError("; ".join(faults))


def _read_fault(fault: ErrorDetails, known: list[str]) -> str:
    path = ".".join(map(str, fault["loc"]))
    text = fault["msg"].removeprefix("Value error, ")
    if fault["type"] == "extra_forbidden":
        rest = "Give other settings of the API in model_kwargs."
        other = rest if "model_kwargs" in known else ""
        return f"There is no setting {path!r}. {nearest_name(path, known)}{other}"
    if not path:
        return text
    # The input of a missing field is all that was given, the key among it.
    is_secret = path.startswith(_SECRET) or fault["type"] == "missing"
    # So may an address, when it is not one yet: https://user:password@host.
    is_secret = is_secret or (path == "base_url" and "@" in str(fault["input"]))
    given = "" if is_secret else f"={show(fault['input'])}"
    return f"{path}{given}: {text}"
