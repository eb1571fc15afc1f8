"""A request -> another one to answer; a good reply -> another one, or encoded."""

import gzip
import zlib
from collections.abc import Callable, Iterator
from dataclasses import replace

from langchain_kimi._json import as_object
from langchain_kimi.emulator._exchange import Reply, Request
from langchain_kimi.emulator._failures import PRESETS
from langchain_kimi.emulator._fault_pieces import pieces_of, with_pieces
from langchain_kimi.emulator._json import to_bytes, write_json

_PAGE = (
    b"<html>\r\n<head><title>%d %s</title></head>\r\n<body>\r\n<center><h1>%d</h1>"
    b"</center>\r\n<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n"
)


def ask_whole(request: Request) -> Request:
    """Answer a request for a stream with a whole body."""
    return _asking(request, stream=False)


def ask_stream(request: Request) -> Request:
    """Answer a request for a whole body with a stream."""
    return _asking(request, stream=True)


def _asking(request: Request, *, stream: bool) -> Request:
    body = {**as_object(request.body), "stream": stream}
    return replace(request, body=body, raw=to_bytes(write_json(body)))


def empty(reply: Reply, *, status: int) -> Reply:
    """Answer without a body."""
    return replace(reply, status=status, body=b"")


def page(reply: Reply, *, status: int) -> Reply:
    """Answer as a gateway does, with HTML."""
    return Reply(
        status=status,
        headers={**reply.headers, "Content-Type": "text/html"},
        body=_PAGE % (status, b"Gateway", status),
    )


def error(reply: Reply, *, type: str) -> Reply:
    """Answer with an error of the API."""
    return PRESETS[type].reply()


def rate_limit(reply: Reply, *, seconds: float | None, header: str, type: str) -> Reply:
    """Answer 429, with or without the time to wait."""
    told = {} if seconds is None else {header: f"{seconds:g}"}
    return replace(PRESETS[type], status=429, headers=told).reply()


def redirect(reply: Reply, *, status: int, location: str) -> Reply:
    """Send the client elsewhere."""
    return Reply(status=status, headers={"Location": location})


def wrong_type(reply: Reply, *, type: str) -> Reply:
    """Name another content type."""
    body = reply.body if isinstance(reply.body, bytes) else list(reply.body)
    return replace(reply, headers={**reply.headers, "Content-Type": type}, body=body)


def close(reply: Reply) -> Reply:
    """Answer well and say that the connection closes."""
    return replace(reply, headers={**reply.headers, "Connection": "close"})


def compressed(reply: Reply) -> Reply:
    """Compress the body with gzip, each event at once."""
    return _encoded(reply, list(_compress(pieces_of(reply))))


def broken_gzip(reply: Reply, *, kind: str) -> Reply:
    """Say gzip of a body that is none, is damaged, or is cut."""
    return _encoded(reply, _BROKEN[kind](pieces_of(reply)))


def _encoded(reply: Reply, pieces: list[bytes]) -> Reply:
    fields = {**reply.headers, "Content-Encoding": "gzip"}
    return with_pieces(replace(reply, headers=fields), pieces)


def _compress(pieces: list[bytes]) -> Iterator[bytes]:
    packer = zlib.compressobj(wbits=31)
    for piece in pieces:
        yield packer.compress(piece) + packer.flush(zlib.Z_SYNC_FLUSH)
    yield packer.flush()


def _damage(pieces: list[bytes]) -> list[bytes]:
    """Change bytes in the middle of what was compressed."""
    packed = bytearray(gzip.compress(b"".join(pieces)))
    middle = len(packed) // 2
    packed[middle : middle + 8] = b"\xff" * 8
    return [bytes(packed)]


def _halve(pieces: list[bytes]) -> list[bytes]:
    packed = list(_compress(pieces))
    return packed[: len(packed) // 2] if len(packed) > 2 else [packed[0][:-20]]


_BROKEN: dict[str, Callable[[list[bytes]], list[bytes]]] = {
    "plain": lambda pieces: pieces,
    "damaged": _damage,
    "cut": _halve,
}
