"""A reply <-> its pieces: the events of a stream, or a whole body as the only one."""

import json
import re
from collections.abc import Callable
from dataclasses import replace
from typing import TypeAlias

from langchain_kimi._wire import JsonObject
from langchain_kimi.emulator._exchange import Reply
from langchain_kimi.emulator._json import to_bytes, write_json

MARK, DONE = b"data: ", b"data: [DONE]"
# An event with its blank line; the last one may lack it.
_EVENT = re.compile(rb".+?(?:\n\n|\Z)", re.DOTALL)

Edit: TypeAlias = Callable[[JsonObject], JsonObject]


def is_stream(reply: Reply) -> bool:
    """Tell the events of a stream from a whole answer."""
    return reply.headers.get("Content-Type", "").startswith("text/event-stream")


def pieces_of(reply: Reply) -> list[bytes]:
    """Return the events of a stream, or a whole body as the only piece."""
    if not isinstance(reply.body, bytes):
        return list(reply.body)
    if not is_stream(reply):
        return [reply.body]
    return [event for event in _EVENT.findall(reply.body) if event]


def with_pieces(reply: Reply, pieces: list[bytes]) -> Reply:
    if is_stream(reply):
        return replace(reply, body=pieces)
    return replace(reply, body=b"".join(pieces))


def with_lines(reply: Reply, change: Callable[[bytes], bytes]) -> Reply:
    """Return a stream whose events are changed; a whole answer stays as it is."""
    if not is_stream(reply):
        return reply
    return replace(reply, body=[change(event) for event in pieces_of(reply)])


def with_objects(reply: Reply, edit: Edit) -> Reply:
    """Return a reply whose events, or whose body, are other JSON objects."""
    return with_pieces(reply, [_edited(piece, edit) for piece in pieces_of(reply)])


def _edited(piece: bytes, edit: Edit) -> bytes:
    text = piece.removeprefix(MARK).strip()
    if not text.startswith(b"{"):
        return piece
    edited = to_bytes(write_json(edit(json.loads(text))))
    return MARK + edited + b"\n\n" if piece.startswith(MARK) else edited


def inserted(reply: Reply, event: int, data: bytes) -> Reply:
    """Return a stream with one event more; a whole answer becomes that data."""
    if not is_stream(reply):
        return replace(reply, body=data)
    events = pieces_of(reply)
    events.insert(min(event, len(events)), MARK + data + b"\n\n")
    return replace(reply, body=events)
