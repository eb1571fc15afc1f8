"""Typed looks into decoded JSON of any shape; a wrong shape reads as an empty one."""

from typing import Any, TypeGuard

from langchain_kimi._wire import JsonObject


def is_object(value: object) -> TypeGuard[JsonObject]:
    """Tell whether a value is a JSON object."""
    return isinstance(value, dict)


def is_array(value: object) -> TypeGuard[list[Any]]:
    """Tell whether a value is a JSON array."""
    return isinstance(value, list)


def as_object(value: object) -> JsonObject:
    """Return a value if it is an object, else an empty one."""
    return value if is_object(value) else {}


def as_array(value: object) -> list[Any]:
    """Return a value if it is an array, else an empty one."""
    return value if is_array(value) else []


def as_objects(value: object) -> list[JsonObject]:
    """Return the objects of an array, nothing for any other value."""
    return [item for item in as_array(value) if is_object(item)]


def as_text(value: object) -> str:
    """Return a value if it is a string, else an empty one."""
    return value if isinstance(value, str) else ""
