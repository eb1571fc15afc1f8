"""JSON values and the numbers among them: turns values into their type and identity.

Also the tightest of several bounds, as whole numbers where the type is integer.
"""

import json
import math
from collections.abc import Callable, Iterable
from typing import Any

from langchain_kimi._json import is_array, is_number, is_object
from langchain_kimi._mfjs._json import children, is_whole
from langchain_kimi._wire import JsonObject

Bound = int | float

_EXACT = 2**53
_KINDS: tuple[tuple[type, str], ...] = (
    (str, "string"),
    (bool, "boolean"),
    (type(None), "null"),
    (list, "array"),
    (dict, "object"),
)


def kind_of(value: object) -> str:
    """The JSON Schema type of a value; a whole number is an integer (1.0 too)."""
    if is_number(value):
        return "integer" if is_whole(value) else "number"
    return next(name for kind, name in _KINDS if isinstance(value, kind))


def fingerprint(value: object) -> str:
    """Equal for values that JSON Schema takes for equal: 1 and 1.0, not 1 and true."""
    return json.dumps(_whole_numbers(value), sort_keys=True)


def _whole_numbers(value: Any) -> Any:
    if is_object(value):
        return {key: _whole_numbers(child) for key, child in value.items()}
    if is_array(value):
        return [_whole_numbers(child) for child in value]
    return int(value) if isinstance(value, float) and is_whole(value) else value


def unique(values: Iterable[Any]) -> list[Any]:
    """The values without repetition, in their order."""
    return list({fingerprint(value): value for value in values}.values())


def is_shallow(value: object, levels: int = 40) -> bool:
    """Whether a value nests at most so many levels deep."""
    return levels > 0 and all(is_shallow(item, levels - 1) for item in children(value))


def has_key(value: object, is_wanted: Callable[[str], bool]) -> bool:
    """Whether any object inside the value has such a key."""
    if is_object(value) and any(map(is_wanted, value)):
        return True
    return any(has_key(child, is_wanted) for child in children(value))


def read_numbers(sources: Iterable[JsonObject], keyword: str) -> list[Bound]:
    """The numbers the sources give for a keyword; anything else is no bound."""
    return [n for source in sources if is_number(n := source.get(keyword))]


def read_counts(sources: Iterable[JsonObject], keyword: str) -> list[int]:
    """The lengths the sources give for a keyword, as whole numbers."""
    numbers = read_numbers(sources, keyword)
    return [int(n) for n in numbers if n >= 0 and is_whole(n)]


def lower_integer(number: Bound, *, exclusive: bool) -> Bound:
    """The least integer that a lower bound allows; huge bounds stay as they are."""
    if abs(number) >= _EXACT:
        return number
    return math.floor(number) + 1 if exclusive else math.ceil(number)


def upper_integer(number: Bound, *, exclusive: bool) -> Bound:
    """The greatest integer that an upper bound allows."""
    return -lower_integer(-number, exclusive=exclusive)
