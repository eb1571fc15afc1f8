"""The arguments of an official tool -> its output, always the same but for the date.

Names and parameters: `web_search` as captured on 2026-04-19 and `base64_encode` on
2026-04-18; of the others only the purpose is official, the parameters are assumed.
"""

import base64
import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, NoReturn, TypeAlias

from langchain_kimi._json import is_array, is_number
from langchain_kimi._wire import JsonObject
from langchain_kimi.emulator._json import to_bytes, write_json
from langchain_kimi.emulator._search import seal_search
from langchain_kimi.emulator._units import UnitError, convert_units


class FiberError(Exception):
    """The fiber fails, with these words."""


@dataclass(frozen=True, slots=True)
class Sealed:
    """An output of a protected formula, which stands in `encrypted_output`."""

    text: str


Output: TypeAlias = str | JsonObject | list[Any] | Sealed
"""What a fiber returns; only a text is sent as a text."""
Run: TypeAlias = Callable[[JsonObject], Output]


def convert(arguments: JsonObject) -> Output:
    """Convert a value between units; no currencies, which need a network."""
    value, source = _number(arguments, "value"), _text(arguments, "from")
    target = _text(arguments, "to")
    try:
        result = convert_units(value, source, target)
    except UnitError as error:
        raise FiberError(str(error)) from error
    return {"value": value, "from": source, "to": target, "result": result}


def tell_date(arguments: JsonObject) -> Output:
    """Tell today's date, a weekday, a date some days later, or the days between two."""
    match arguments.get("operation"):
        case "now":
            return datetime.now(UTC).isoformat(timespec="seconds")
        case "weekday":
            return f"{_date(arguments, 'date'):%A}"
        case "add":
            return _add_days(_date(arguments, "date"), _number(arguments, "days"))
        case "diff":
            between = _date(arguments, "until") - _date(arguments, "date")
            return {"days": between.days}
        case other:
            raise FiberError(f"unknown operation {other!r}")


def encode_base64(arguments: JsonObject) -> Output:
    """Encode a text."""
    data = _text(arguments, "data")
    try:
        raw = data.encode(_text(arguments, "encoding", "utf-8"))
    except (LookupError, ValueError) as error:
        raise FiberError(f"cannot encode: {error}") from error
    return base64.b64encode(raw).decode()


def decode_base64(arguments: JsonObject) -> Output:
    """Decode a text."""
    data = _text(arguments, "data")
    try:
        raw = base64.b64decode(data, validate=True)
        return raw.decode(_text(arguments, "encoding", "utf-8"))
    except (LookupError, ValueError) as error:
        raise FiberError(f"cannot decode: {error}") from error


def choose_randomly(arguments: JsonObject) -> Output:
    """Choose some of the options: the same ones for the same arguments."""
    options = arguments.get("options")
    count = arguments.get("count", 1)
    if not is_array(options) or not options:
        raise FiberError("'options' must be a list with at least one option")
    if not isinstance(count, int) or not 1 <= count <= len(options):
        raise FiberError(f"'count' must be between 1 and {len(options)}")
    seeded = random.Random(to_bytes(write_json(arguments)))  # noqa: S311 - not a secret
    return seeded.sample(options, count)


def search_web(arguments: JsonObject) -> Output:
    """Search, as a protected formula does: the result is sealed."""
    return Sealed(seal_search(_text(arguments, "query")))


def refuse_code(arguments: JsonObject) -> NoReturn:
    """Refuse: code that a model wrote is not run on the machine of a test."""
    _text(arguments, "code")
    raise FiberError("the emulator executes no code")


def _add_days(day: date, days: float) -> str:
    try:
        return (day + timedelta(days=days)).isoformat()
    except OverflowError as error:
        raise FiberError(f"there is no date {days} days from {day}") from error


def _text(arguments: JsonObject, name: str, default: str | None = None) -> str:
    value = arguments.get(name, default)
    if not isinstance(value, str):
        raise FiberError(f"{name!r} must be a string")
    return value


def _number(arguments: JsonObject, name: str) -> float:
    value = arguments.get(name)
    if not is_number(value):
        raise FiberError(f"{name!r} must be a number")
    return value


def _date(arguments: JsonObject, name: str) -> date:
    try:
        return date.fromisoformat(_text(arguments, name)[:10])
    except ValueError as error:
        raise FiberError(f"{name!r} must be a date such as 2026-11-21") from error
