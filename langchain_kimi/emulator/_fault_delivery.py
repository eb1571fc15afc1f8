"""A message -> the steps in which a fault delivers it: late, slowly, cut, misframed."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from random import Random

from langchain_kimi.emulator._message import (
    HangUp,
    Message,
    Pause,
    Restart,
    Step,
    write_head,
)

_COMMENT = b": keep-alive\n\n"
_FINISH = re.compile(rb'"finish_reason":"\w+"')
_DONE = b"data: [DONE]"
# What a character of several bytes begins with in UTF-8.
_FIRST_OF_SEVERAL = 0xC0
# RST drops what was not read yet: a client gets the time to read it.
_READ_SECONDS = 0.1


def delay(message: Message, *, seconds: float) -> Iterator[Step]:
    """Wait before the first byte."""
    yield Pause(seconds)
    yield from message.steps()


def slow_headers(message: Message, *, seconds: float) -> Iterator[Step]:
    """Send the status line and the headers byte by byte."""
    steps = message.steps()
    yield from _drip(message.head, 1, seconds)
    next(steps)
    yield from steps


def slow_body(message: Message, *, size: int, seconds: float) -> Iterator[Step]:
    """Send the body some bytes at a time."""
    yield message.head
    for piece in filter(None, message.pieces):
        yield from _drip(message.frame(piece), size, seconds)
    yield message.end


def _drip(data: bytes, size: int, seconds: float) -> Iterator[Step]:
    for at in range(0, len(data), size):
        yield data[at : at + size]
        yield Pause(seconds)


def stall(message: Message, *, event: int, seconds: float | None) -> Iterator[Step]:
    """Stop for a while after some events."""
    steps = message.steps()
    # The headers are the first step.
    for _, step in zip(range(event + 1), steps, strict=False):
        yield step
    yield Pause(seconds)
    yield from steps


def keep_alives(
    message: Message, *, count: int, seconds: float, event: int
) -> Iterator[Step]:
    """Send nothing but comments for a while, after some events."""
    steps = message.steps()
    for _, step in zip(range(event + 1), steps, strict=False):
        yield step
    # A whole body has no room for them.
    for _ in range(count if message.chunked else 0):
        yield message.frame(_COMMENT)
        yield Pause(seconds)
    yield from steps


def cut(
    message: Message,
    *,
    at: str,
    byte: int | None,
    event: int | None,
    reset: bool,
    seed: int,
) -> Iterator[Step]:
    """End the connection in the midst of the answer."""
    if at in _HEAD_PLACES and byte is None and event is None:
        head = message.head[: int(len(message.head) * _HEAD_PLACES[at])]
    else:
        head = message.head
    if head:
        yield head
    if head == message.head:
        yield from _begin_body(message, at, byte, event, seed)
    if head and reset:
        yield Pause(_READ_SECONDS)
    yield HangUp(reset=reset)


def _begin_body(
    message: Message, at: str, byte: int | None, event: int | None, seed: int
) -> Iterator[Step]:
    """Yield the body up to a number of bytes or events, or up to a place."""
    pieces = [piece for piece in message.pieces if piece]
    if byte is not None:
        left = byte
    elif event is not None:
        left = _length(pieces[:event])
    else:
        left = _PLACES[at](pieces, Random(seed))  # noqa: S311 - not a secret
    for piece in pieces:
        if left <= 0:
            return
        yield message.frame(piece) if left >= len(piece) else message.cut(piece, left)
        left -= len(piece)


def _length(pieces: list[bytes]) -> int:
    return sum(map(len, pieces))


def _in_event(pieces: list[bytes], _: Random) -> int:
    middle = len(pieces) // 2
    return _length(pieces[:middle]) + len(pieces[middle]) // 2


def _in_character(pieces: list[bytes], _: Random) -> int:
    whole = b"".join(pieces)
    for at, byte in enumerate(whole):
        if byte >= _FIRST_OF_SEVERAL:
            return at + 1
    raise ValueError("the answer has no character of several bytes to be cut in")


def _between_events(pieces: list[bytes], _: Random) -> int:
    return _length(pieces[: len(pieces) // 2])


def _behind_finish_reason(pieces: list[bytes], _: Random) -> int:
    """Return the end of the event that tells it; in a whole body, of the words."""
    whole = b"".join(pieces)
    found = _FINISH.search(whole)
    end = found.end() if found else len(whole)
    ends = [_length(pieces[: count + 1]) for count in range(len(pieces) - 1)]
    return next((behind for behind in ends if behind >= end), end)


def _before_done(pieces: list[bytes], _: Random) -> int:
    """Return where [DONE] begins; in a whole body, its last byte."""
    whole = b"".join(pieces)
    at = whole.find(_DONE)
    return len(whole) - 1 if at < 0 else at


def _anywhere(pieces: list[bytes], random: Random) -> int:
    return random.randrange(_length(pieces))


# How much of the head is sent.
_HEAD_PLACES: Mapping[str, float] = {"before_headers": 0.0, "in_headers": 0.5}
_PLACES: Mapping[str, Callable[[list[bytes], Random], int]] = {
    "after_headers": lambda pieces, _: 0,
    "in_event": _in_event,
    "in_character": _in_character,
    "between_events": _between_events,
    "after_finish_reason": _behind_finish_reason,
    "before_done": _before_done,
    "before_end": lambda pieces, _: _length(pieces),
    "anywhere": _anywhere,
}
PLACES = ("in_event", *(p for p in (*_HEAD_PLACES, *_PLACES) if p != "in_event"))
"""The places where `cut` cuts, the usual one first."""


def restart(message: Message, *, seconds: float) -> Iterator[Step]:
    """Break all connections, and refuse new ones for a while."""
    yield Restart(seconds)


def long_length(message: Message, *, by: int, close: bool) -> Iterator[Step]:
    """Announce more bytes than there are."""
    return _with_length(message, by, close=close)


def short_length(message: Message, *, by: int) -> Iterator[Step]:
    """Announce fewer bytes than there are."""
    return _with_length(message, -by, close=True)


def _with_length(message: Message, by: int, *, close: bool) -> Iterator[Step]:
    body = b"".join(message.pieces)
    length = {"Content-Length": str(max(0, len(body) + by))}
    fields = {**message.fields, **length}
    yield write_head(message.status, fields)
    yield body
    yield HangUp() if close else Pause(None)


def no_length(message: Message) -> Iterator[Step]:
    """End the body with the connection, as HTTP/1.0 does."""
    fields = {k: v for k, v in message.fields.items() if k != "Content-Length"}
    yield write_head(message.status, {**fields, "Connection": "close"})
    yield from message.pieces
    yield HangUp()


def broken_chunks(message: Message, *, event: int) -> Iterator[Step]:
    """Send a chunk whose length is no number."""
    fields = {k: v for k, v in message.fields.items() if k != "Content-Length"}
    broken = replace(message, fields=fields, chunked=True)
    yield broken.head
    pieces = [piece for piece in broken.pieces if piece]
    yield from map(broken.frame, pieces[:event])
    yield b"zz\r\n" + b"".join(pieces[event : event + 1]) + b"\r\n"
    yield HangUp()


def informational(message: Message, *, status: int, count: int) -> Iterator[Step]:
    """Send 1xx responses before the real one."""
    for _ in range(count):
        yield write_head(status, {})
    yield from message.steps()


def no_http(message: Message) -> Iterator[Step]:
    """Answer in another protocol."""
    yield b"\x15\x03\x01\x00\x02\x02\x28 this is no HTTP\r\n\r\n"
    yield HangUp()


def broken_header(message: Message) -> Iterator[Step]:
    """Send a header line without a colon."""
    head, steps = message.head, message.steps()
    next(steps)
    yield head.removesuffix(b"\r\n") + b"no field \x01\r\n\r\n"
    yield from steps


def huge_header(message: Message, *, kilobytes: int) -> Iterator[Step]:
    """Send a header that is longer than clients take."""
    field = {"X-Padding": "x" * (kilobytes * 1000)}
    yield from replace(message, fields={**message.fields, **field}).steps()


def hang_up(message: Message, *, reset: bool) -> Iterator[Step]:
    """Answer well, then end the connection without a word."""
    yield from message.steps()
    if reset:
        yield Pause(_READ_SECONDS)
    yield HangUp(reset=reset)
