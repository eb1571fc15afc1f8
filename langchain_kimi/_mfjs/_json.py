"""JSON as Moonshot's validator (a Go program) reads and prints it.

Turns JSON text into values, values into the size and the text that Go gives them.
"""

import json
import math
import re
from collections.abc import Iterable
from decimal import Decimal
from typing import NoReturn

from langchain_kimi._json import is_array, is_number, is_object
from langchain_kimi._wire import JsonObject

PARSING_ERROR = "JSON schema parsing error: "
MAX_NESTING = 10_000  # deeper text: "exceeded max depth" (libwalle, 2026-11-22)


_UNESCAPED = re.compile(r"[ !#-%'-;=?-\[\]-~]*").fullmatch


class NotJsonError(ValueError):
    """The value or text is not JSON that the validator can read."""


def is_whole(number: float) -> bool:
    """Whether a number has no fraction, whatever its Python type."""
    return isinstance(number, int) or number.is_integer()


def parse_schema(text: str | bytes) -> JsonObject | None:
    """Parse a schema; null gives None, as a nil Go map does."""
    if isinstance(text, bytes):
        text = text.decode(errors="replace")
    try:
        value: object = json.loads(text, parse_constant=_refuse_constant)
    except RecursionError as error:
        raise NotJsonError("JSON syntax error: exceeded max depth") from error
    except ValueError as error:
        raise NotJsonError(f"JSON syntax error: {error}") from error
    if value is None or is_object(value):
        return value
    raise NotJsonError(
        f"JSON type error: expected map[string]interface {{}} but got {_kind(value)}"
    )


def _refuse_constant(name: str) -> NoReturn:
    raise NotJsonError(f"invalid literal {name}")


def _kind(value: object) -> str:
    kinds = ((bool, "bool"), (str, "string"), (list, "array"))
    return next((name for kind, name in kinds if isinstance(value, kind)), "number")


def marshalled_size(schema: JsonObject) -> int:
    """Bytes that Go's json.Marshal would write; raises NotJsonError."""
    size = 0
    pending: list[tuple[object, int]] = [(schema, 1)]
    while pending:
        value, nesting = pending.pop()
        if nesting > MAX_NESTING:
            raise NotJsonError("JSON syntax error: exceeded max depth")
        size += _own_size(value)
        pending.extend((child, nesting + 1) for child in children(value))
    return size


def children(value: object) -> Iterable[object]:
    """The values directly inside an object or array."""
    if is_object(value):
        return value.values()
    return value if is_array(value) else ()


def _own_size(value: object) -> int:
    if is_object(value):
        # Two braces, the commas between the members, and a colon for each key.
        return 1 + max(1, len(value)) + sum(1 + _string_size(key) for key in value)
    if is_array(value):
        return 1 + max(1, len(value))
    if isinstance(value, str):
        return _string_size(value)
    if value is None or isinstance(value, bool):
        return 5 if value is False else 4
    return len(_marshal_number(value))


def _string_size(text: object) -> int:
    if not isinstance(text, str):
        raise NotJsonError(f"JSON type error: a key is {type(text).__name__}")
    if _UNESCAPED(text):
        return len(text) + 2
    quoted = json.dumps(text, ensure_ascii=False)
    # json.Marshal writes < > & and the two line separators as six-byte escapes.
    escapes = 5 * sum(map(quoted.count, "<>&"))
    escapes += 3 * sum(map(quoted.count, "\u2028\u2029"))
    return len(quoted.encode(errors="surrogatepass")) + escapes


def _marshal_number(value: object) -> str:
    if not is_number(value):
        raise NotJsonError(f"JSON type error: unexpected {type(value).__name__}")
    return _print_double(value, least=1e-6, limit=1e21, exponent_width=1)


def print_number(value: float) -> str:
    """The text of a float64 under Go's %v verb, as used inside messages."""
    return _print_double(value, least=1e-4, limit=1e6, exponent_width=2)


def _print_double(
    value: float, *, least: float, limit: float, exponent_width: int
) -> str:
    number = _double(value)
    exact = Decimal(repr(number)).normalize()
    if not number or least <= abs(number) < limit:
        return format(exact, "f")
    sign, digits, _ = exact.as_tuple()
    mantissa = "".join(map(str, digits))
    mantissa = mantissa if len(digits) == 1 else f"{mantissa[0]}.{mantissa[1:]}"
    exponent = exact.adjusted()
    power = f"{'-' if exponent < 0 else '+'}{abs(exponent):0{exponent_width}d}"
    return f"{'-' * sign}{mantissa}e{power}"


def _double(value: float) -> float:
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise NotJsonError("JSON type error: expected float64 but got number")
    return number


def print_value(value: object, levels: int = 100) -> str:
    """The text of any JSON value under Go's %v verb; cut below so many levels."""
    if levels == 0:
        return "..."
    if is_object(value):
        keys = sorted(value)
        pairs = (f"{key}:{print_value(value[key], levels - 1)}" for key in keys)
        return f"map[{' '.join(pairs)}]"
    if is_array(value):
        return f"[{' '.join(print_value(item, levels - 1) for item in value)}]"
    if value is None or isinstance(value, bool):
        return "<nil>" if value is None else str(value).lower()
    return print_number(value) if is_number(value) else str(value)
