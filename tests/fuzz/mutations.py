"""Bytes -> bytes that are nearly as good: of a stream its events, of JSON its values.

A byte changed anywhere nearly always ends in "not JSON"; what reads decoded JSON is
reached by changing values, keys and events instead.
"""

import json
from collections.abc import Callable
from random import Random
from typing import Any

MAX_SIZE = 16_384

# Where readers have gone wrong: empty, of another type, at the edge of a number.
_VALUES: tuple[Any, ...] = (
    *(None, True, False, 0, 1, -1, 0.5, 2**63, -(2**64), 1e308, float("inf")),
    *("", " ", "0", "x", "{", "}", '{"a":', '{"a":1}', "[1]", "null", "\x00"),
    *("\ud83d", "\u2028", "\ufeff", "é", "😀", "[DONE]", "moonshot", "length"),
    *("function", "object", "string", "#", "#/$defs/A", "text", "call_0", "1e999"),
    *([], {}, [[]], [{}], [None], {"": None}, {"a": {"a": 1}}, {"type": "object"}),
)
_LINES = (
    *(b"\n", b"\r", b"\r\n", b"\n\n", b": ping\n\n", b"data:\n\n", b"data: [DONE]\n\n"),
    *(
        b"event: x\n",
        b"id: 1\n",
        b"retry: 1\n",
        b"\xef\xbb\xbf",
        b"data",
        b"data: {}\n\n",
    ),
    *(
        b'data: {"error":{"message":"x"}}\n\n',
        b"data: null\n\n",
        b"\xff",
        b"\x0b",
        b" ",
    ),
)


def mutate(data: bytes, random: Random) -> bytes:
    """Return other bytes, made of these.

    Args:
        data: A stream, a body, or anything else.
        random: Decides what is changed.
    """
    for _ in range(random.randint(1, 3)):
        data = random.choice(_kinds(data))(data, random)[:MAX_SIZE]
    return data


def _kinds(data: bytes) -> tuple[Callable[[bytes, Random], bytes], ...]:
    if data.lstrip()[:1] in (b"{", b"["):
        return _mutate_json, _mutate_json, _mutate_json, _mutate_bytes
    if b"data:" in data:
        return _mutate_events, _mutate_events, _mutate_event, _mutate_bytes
    return (_mutate_bytes,)


def _mutate_bytes(data: bytes, random: Random) -> bytes:
    start = random.randint(0, len(data))
    end = min(len(data), start + random.choice((0, 1, 1, 2, 8, 64)))
    other = random.randint(0, len(data))
    put = random.choice(
        (
            b"",
            random.randbytes(random.randint(1, 4)),
            random.choice(_LINES),
            data[other : other + random.choice((1, 8, 64))],
        )
    )
    return data[:start] + put + data[end:]


def _mutate_events(data: bytes, random: Random) -> bytes:
    """Drop, repeat, swap, split or insert a line."""
    lines = data.splitlines(keepends=True)
    at, other = random.randrange(len(lines)), random.randrange(len(lines))
    match random.randrange(6):
        case 0:
            del lines[at]
        case 1:
            lines.insert(at, lines[other])
        case 2:
            lines[at], lines[other] = lines[other], lines[at]
        case 3:
            lines.insert(at, random.choice(_LINES))
        case 4:
            lines[at] = lines[at].replace(b"\n", random.choice((b"\r", b"\r\n")))
        case _:
            middle = random.randint(0, len(lines[at]))
            lines[at : at + 1] = [lines[at][:middle], b"\n", lines[at][middle:]]
    return b"".join(lines)


def _mutate_event(data: bytes, random: Random) -> bytes:
    """Change the JSON of one event."""
    lines = data.splitlines(keepends=True)
    at = random.randrange(len(lines))
    if lines[at].startswith(b"data: {"):
        lines[at] = b"data: " + _mutate_json(lines[at][6:], random) + b"\n"
    return b"".join(lines)


def _mutate_json(data: bytes, random: Random) -> bytes:
    try:
        value = json.loads(data)
    except (ValueError, RecursionError):
        return _mutate_bytes(data, random)
    holders = list(_holders(value))
    if holders:
        holder = random.choice(holders)
        _change(holder, random.choice(list(_keys(holder))), random, holders)
    return json.dumps(value, ensure_ascii=random.random() < 0.5).encode(
        "utf-8", "surrogatepass"
    )


def _holders(value: Any) -> list[Any]:
    """Every object and array that is not empty, the outermost first."""
    found, pending = [], [value]
    while pending:
        current = pending.pop()
        if isinstance(current, dict | list) and current:
            found.append(current)
            pending += current.values() if isinstance(current, dict) else current
    return found


def _keys(holder: Any) -> Any:
    return holder.keys() if isinstance(holder, dict) else range(len(holder))


def _change(holder: Any, key: Any, random: Random, holders: list[Any]) -> None:
    other = random.choice(holders)
    match random.randrange(5):
        case 0:
            del holder[key]
        case 1:
            # As text: a value that held itself could not be written.
            taken = other[random.choice(list(_keys(other)))]
            holder[key] = json.loads(json.dumps(taken))
        case 2 if isinstance(holder, list):
            holder.insert(key, json.loads(json.dumps(holder[key])))
        case 3 if isinstance(holder, dict):
            name = random.choice(list(_keys(other)))
            holder[str(name)] = holder.pop(key)
        case _:
            holder[key] = random.choice(_VALUES)
