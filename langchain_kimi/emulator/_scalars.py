"""A schema of a single value + what the prompt offers -> a value that fits it."""

import math
from collections.abc import Callable, Iterator
from typing import Any

from langchain_kimi._json import is_array, is_number
from langchain_kimi._wire import JsonObject
from langchain_kimi.emulator._formats import FORMATS, format_of
from langchain_kimi.emulator._offers import Offers
from langchain_kimi.emulator._words import find_words

# Longer texts than a model would write are not padded to their `minLength`.
_LONGEST = 600_000
# A number in the prompt is a text for these: "the status of order 12345".
_NUMBERED = frozenset(("code", "id", "identifier", "no", "number", "phone", "zip"))


def type_of(schema: JsonObject) -> str:
    """Return the one type of a node, read off its other keywords if it has none."""
    given = schema.get("type")
    kinds = given if is_array(given) else [given]
    kind = next((k for k in kinds if isinstance(k, str) and k != "null"), None)
    if kind or "null" in kinds:
        return kind or "null"
    for key, implied in _IMPLIED.items():
        if key in schema:
            return implied
    return "string"


_IMPLIED = {
    "properties": "object",
    "additionalProperties": "object",
    "required": "object",
    "items": "array",
    "prefixItems": "array",
    "minItems": "array",
    "minimum": "number",
    "maximum": "number",
    "exclusiveMinimum": "number",
    "exclusiveMaximum": "number",
    "multipleOf": "number",
}


def is_scalar(schema: JsonObject) -> bool:
    """Whether a node holds one value: neither an object nor an array."""
    is_choice = "const" in schema or "enum" in schema
    return is_choice or type_of(schema) not in ("object", "array")


def fill_scalar(schema: JsonObject, name: str, offers: Offers) -> Any:
    """Return a value for a node that is neither an object nor an array.

    Args:
        schema: The node, its references resolved.
        name: The property's name, for values that the prompt does not offer.
        offers: What the prompt offers.
    """
    if "const" in schema:
        return schema["const"]
    if is_array(schema.get("enum")) and schema["enum"]:
        return _fill_enum(schema["enum"], offers)
    return _FILLERS.get(type_of(schema), _fill_null)(schema, name, offers)


def _fill_enum(members: list[Any], offers: Offers) -> Any:
    named = offers.take_member(members)
    if named:
        return named[0]
    return next((member for member in members if member is not None), None)


def _fill_string(schema: JsonObject, name: str, offers: Offers) -> str:
    form = format_of(schema)
    if form:
        return offers.take_format(form) or FORMATS[form].sample
    least, most = _lengths(schema)
    found = offers.take_text(lambda text: least <= len(text) <= most)
    if found is None and find_words(name) & _NUMBERED:
        number = offers.take_number(lambda number: True)
        found = None if number is None else str(number)
    if found is None:
        found = offers.take_whole() or _label(name, offers)
    return found.ljust(min(least, _LONGEST), ".")[:most]


def _lengths(schema: JsonObject) -> tuple[int, int]:
    least, most = schema.get("minLength"), schema.get("maxLength")
    return (
        int(least) if is_number(least) else 0,
        int(most) if is_number(most) else _LONGEST,
    )


def _label(name: str, offers: Offers) -> str:
    words = name.replace("_", " ").strip() or "text"
    return f"{words} for: {offers.text}" if offers.text else words


def _fill_number(schema: JsonObject, name: str, offers: Offers) -> int | float:
    fits = _bounds(schema)
    taken = offers.take_number(fits)
    if taken is None:
        taken = next((number for number in _candidates(schema) if fits(number)), 0)
    is_whole = isinstance(taken, float) and taken.is_integer()
    return int(taken) if is_whole and type_of(schema) == "integer" else taken


def _bounds(schema: JsonObject) -> Callable[[float], bool]:
    """Return the test on a number that `minimum` and its like make up."""
    checks: tuple[tuple[str, Callable[[float, float], bool]], ...] = (
        ("minimum", lambda number, bound: number >= bound),
        ("maximum", lambda number, bound: number <= bound),
        ("exclusiveMinimum", lambda number, bound: number > bound),
        ("exclusiveMaximum", lambda number, bound: number < bound),
        ("multipleOf", lambda number, step: not step or not math.fmod(number, step)),
    )
    whole = type_of(schema) == "integer"

    def fits(number: float) -> bool:
        if whole and not float(number).is_integer():
            return False
        return all(
            check(number, schema[key])
            for key, check in checks
            if is_number(schema.get(key))
        )

    return fits


def _candidates(schema: JsonObject) -> Iterator[int | float]:
    """Yield numbers to try, the plainest first."""
    keys = ("minimum", "exclusiveMinimum", "maximum", "exclusiveMaximum")
    bounds = [schema[key] for key in keys if is_number(schema.get(key))]
    yield from (1, 0)
    yield from bounds
    step = schema.get("multipleOf")
    step = step if is_number(step) and step else 1
    for bound in bounds:
        nearest = math.floor(bound / step)
        yield from ((nearest + offset) * step for offset in (0, 1, 2, -1))
    yield from (bound + delta for bound in bounds for delta in (0.5, -0.5))
    yield sum(bounds) / max(1, len(bounds))
    yield step


def _fill_boolean(schema: JsonObject, name: str, offers: Offers) -> bool:
    words = find_words(name)
    if words and words <= offers.words:
        offers.count_use()
    return True


def _fill_null(schema: JsonObject, name: str, offers: Offers) -> None:
    return None


_FILLERS: dict[str, Callable[[JsonObject, str, Offers], Any]] = {
    "string": _fill_string,
    "number": _fill_number,
    "integer": _fill_number,
    "boolean": _fill_boolean,
}
