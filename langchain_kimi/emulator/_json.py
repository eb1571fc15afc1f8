"""JSON bytes -> values, and values -> compact JSON text, as a Go server does it."""

import json
from typing import Any, NoReturn


class NotJsonError(ValueError):
    """The bytes are not JSON."""


def read_json(raw: bytes) -> Any:
    """Decode a body; raise NotJsonError with the reason."""
    try:
        return json.loads(raw.decode(), parse_constant=_refuse_constant)
    except RecursionError as error:
        raise NotJsonError("exceeded max depth") from error
    except ValueError as error:
        raise NotJsonError(str(error)) from error


def write_json(value: object) -> str:
    """Encode a value without blanks, with every character as itself."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def to_bytes(text: str) -> bytes:
    """Encode text; half a surrogate pair becomes "?" instead of an error."""
    return text.encode("utf-8", "replace")


def _refuse_constant(name: str) -> NoReturn:
    raise NotJsonError(f"invalid literal {name}")
