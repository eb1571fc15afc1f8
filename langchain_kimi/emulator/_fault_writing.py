"""A reply -> the same reply, written otherwise: line ends, comments, pieces."""

import json
from dataclasses import replace

from langchain_kimi.emulator._exchange import Reply
from langchain_kimi.emulator._fault_pieces import (
    DONE,
    MARK,
    is_stream,
    pieces_of,
    with_lines,
    with_pieces,
)
from langchain_kimi.emulator._json import to_bytes

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


def crlf(reply: Reply) -> Reply:
    """End lines with CR LF."""
    return with_lines(reply, lambda event: event.replace(b"\n", b"\r\n"))


def bare_cr(reply: Reply) -> Reply:
    """End lines with CR alone."""
    return with_lines(reply, lambda event: event.replace(b"\n", b"\r"))


def no_space(reply: Reply) -> Reply:
    """Write `data:` without a space."""
    return with_lines(reply, lambda event: event.replace(MARK, b"data:", 1))


def byte_order_mark(reply: Reply) -> Reply:
    """Begin with a byte order mark."""
    first, *rest = pieces_of(reply) or [b""]
    return with_pieces(reply, [_BYTE_ORDER_MARK + first, *rest])


def comments(reply: Reply, *, text: str) -> Reply:
    """Put a comment before each event."""
    comment = b": " + to_bytes(text) + b"\n\n"
    return with_lines(reply, lambda event: comment + event)


def other_fields(reply: Reply) -> Reply:
    """Give each event an id, a name and a time to reconnect."""
    fields = b"id: 7\nevent: message\nretry: 3000\n"
    return with_lines(reply, lambda event: fields + event)


def garbage(reply: Reply) -> Reply:
    """Put lines that are no field of an event before each."""
    return with_lines(reply, lambda event: b"\x00\x7f garbage {]\n\n\n" + event)


def many_lines(reply: Reply) -> Reply:
    """Write each event over several `data:` lines, broken between JSON's tokens."""

    def change(event: bytes) -> bytes:
        text = event.removeprefix(MARK).strip()
        if not text.startswith(b"{"):
            return event
        lines = json.dumps(json.loads(text), indent=1, ensure_ascii=False).split("\n")
        return b"".join(MARK + to_bytes(line) + b"\n" for line in lines) + b"\n"

    return with_lines(reply, change)


def joined(reply: Reply, *, events: int) -> Reply:
    """Send several events in one write."""
    all_pieces = pieces_of(reply)
    groups = range(0, len(all_pieces), events)
    written = [b"".join(all_pieces[at : at + events]) for at in groups]
    return with_pieces(reply, written)


def split(reply: Reply, *, size: int) -> Reply:
    """Send some bytes a write."""
    whole = b"".join(pieces_of(reply))
    cut = [whole[at : at + size] for at in range(0, len(whole), size)]
    return replace(reply, body=cut)


def unended(reply: Reply) -> Reply:
    """Leave out the blank line behind the last event."""
    *rest, last = pieces_of(reply) or [b""]
    return with_pieces(reply, [*rest, last.rstrip(b"\n")])


def after_done(reply: Reply) -> Reply:
    """Send more events behind the end."""
    more = b'data: {"choices":[{"delta":{"content":"more"}}]}\n\ndata: {\n\n'
    return replace(reply, body=[*pieces_of(reply), more]) if is_stream(reply) else reply


def no_done(reply: Reply) -> Reply:
    """End well, but without `[DONE]`."""
    kept = [
        piece for piece in pieces_of(reply) if not piece.startswith(b"data: [DONE]")
    ]
    return with_pieces(reply, kept)


def early_done(reply: Reply, *, event: int) -> Reply:
    """Say `[DONE]` after some events, before any finish reason."""
    if not is_stream(reply):
        return reply
    return replace(reply, body=[*pieces_of(reply)[:event], DONE + b"\n\n"])
