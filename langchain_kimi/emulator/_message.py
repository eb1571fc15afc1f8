"""A reply -> an HTTP message, and the steps in which it is sent.

Most replies are steps of bytes alone; a fault puts others between them.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import TypeAlias

_PHRASES = {status.value: status.phrase for status in HTTPStatus}
_END = b"0\r\n\r\n"


@dataclass(frozen=True, slots=True)
class Pause:
    """Send nothing for some seconds; None waits until the client leaves."""

    seconds: float | None


@dataclass(frozen=True, slots=True)
class HangUp:
    """End the connection here."""

    reset: bool = False
    """Whether with RST, which drops what the client has not read, else with FIN."""


@dataclass(frozen=True, slots=True)
class Restart:
    """Break all connections and refuse new ones for some seconds."""

    seconds: float


Step: TypeAlias = bytes | Pause | HangUp | Restart


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """An HTTP response that is about to be sent."""

    status: int
    fields: Mapping[str, str]
    """The header fields, without those that frame the body."""
    pieces: Iterable[bytes]
    """The body: each piece is sent as soon as it is there."""
    chunked: bool = False
    """Whether each piece is framed as a chunk."""

    @property
    def head(self) -> bytes:
        """The status line, the fields and the blank line."""
        framing = {"Transfer-Encoding": "chunked"} if self.chunked else {}
        return write_head(self.status, {**self.fields, **framing})

    @property
    def end(self) -> bytes:
        """What follows the last piece."""
        return _END if self.chunked else b""

    def frame(self, piece: bytes) -> bytes:
        """Return a piece as it is sent."""
        return b"%x\r\n%s\r\n" % (len(piece), piece) if self.chunked else piece

    def cut(self, piece: bytes, length: int) -> bytes:
        """Return the beginning of a framed piece, up to a byte of the piece."""
        framed = self.frame(piece)
        before = framed.index(b"\n") + 1 if self.chunked else 0
        return framed[: before + length]

    def steps(self) -> Iterator[Step]:
        """Yield the message, one write a piece."""
        yield self.head
        for piece in self.pieces:
            # An empty chunk would end the body.
            if piece:
                yield self.frame(piece)
        yield self.end


Deliver: TypeAlias = Callable[[Message], Iterator[Step]]


def write_head(status: int, fields: Mapping[str, str]) -> bytes:
    """Return a status line, header fields and the blank line.

    Args:
        status: The HTTP status, a known one or not.
        fields: The header fields, of Latin-1 characters.
    """
    lines = [f"HTTP/1.1 {status} {_PHRASES.get(status, '')}".rstrip()]
    lines += [f"{name}: {value}" for name, value in fields.items()]
    return "\r\n".join([*lines, "", ""]).encode("latin-1")
