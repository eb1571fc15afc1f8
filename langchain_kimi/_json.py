"""JSON as compact text, and typed looks into decoded JSON of any shape.

A wrong shape reads as an empty one.
"""

import json
from typing import Any, TypeGuard, cast

from langchain_kimi._wire import JsonObject


def write_json(value: object) -> str:
    """Return a value as compact JSON text, with every character as itself.

    Args:
        value: What to write.

    Raises:
        TypeError: For a value that is not JSON.
        ValueError: For NaN and infinities.
    """
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def is_object(value: object) -> TypeGuard[JsonObject]:
    """Tell whether a value is a JSON object."""
    return isinstance(value, dict)


def is_array(value: object) -> TypeGuard[list[Any]]:
    """Tell whether a value is a JSON array."""
    return isinstance(value, list)


def is_number(value: object) -> TypeGuard[int | float]:
    """Tell whether a value is a JSON number, which Python's bool is not."""
    return isinstance(value, int | float) and not isinstance(value, bool)


# The four are asked some twenty times for each message of a conversation: so they ask
# nobody else.
def as_object(value: object) -> JsonObject:
    """Return a value if it is an object, else an empty one."""
    return cast("JsonObject", value) if isinstance(value, dict) else {}


def as_array(value: object) -> list[Any]:
    """Return a value if it is an array, else an empty one."""
    return cast("list[Any]", value) if isinstance(value, list) else []


def as_objects(value: object) -> list[JsonObject]:
    """Return the objects of an array, nothing for any other value."""
    if not isinstance(value, list):
        return []
    return [item for item in cast("list[Any]", value) if isinstance(item, dict)]


def as_text(value: object) -> str:
    """Return a value if it is a string, else an empty one."""
    return value if isinstance(value, str) else ""
