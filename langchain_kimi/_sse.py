"""Bytes of an event stream -> the data of each event; a push decoder without I/O.

Follows https://html.spec.whatwg.org/multipage/server-sent-events.html for `data`;
Kimi sends no other field (kimi-api.md 3.2), so all others are passed over.
"""

from collections.abc import Iterator

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


class EventDecoder:
    """Cut a byte stream, fed in pieces of any size, into the data of its events."""

    def __init__(self) -> None:
        self._line: list[bytes] = []
        self._data: list[bytes] = []
        self._at_start = True
        self._after_return = False

    def read_plain(self, piece: bytes) -> bytes:
        """Return the data of a piece that is one whole event of one line.

        Nearly all are. Of any other piece nothing is read, and "" returned: feed it.

        Args:
            piece: The next bytes of the stream.
        """
        lines = piece.splitlines()
        if (
            len(lines) == 2
            and not lines[1]
            and piece.endswith(b"\n\n")
            and lines[0].startswith(b"data:")
            and self._is_between()
        ):
            return lines[0][5:].strip()
        return b""

    def feed(self, piece: bytes) -> Iterator[bytes]:
        """Yield the data of each event that a piece completes.

        Args:
            piece: The next bytes of the stream, cut anywhere.
        """
        if not self._is_between():
            head, blank, piece = piece.partition(b"\n\n")
            yield from self._feed_lines(head + blank)
        if b"\r" in piece or not self._is_between():
            yield from self._feed_lines(piece)
        else:
            yield from self._feed_blocks(piece)

    def _is_between(self) -> bool:
        """Tell whether an event has ended and nothing of the next one has come."""
        return not (self._line or self._data or self._at_start or self._after_return)

    def _feed_blocks(self, piece: bytes) -> Iterator[bytes]:
        """Read a piece that begins between events, most of which are one line."""
        *blocks, rest = piece.split(b"\n\n")
        for block in blocks:
            if block.startswith(b"data:") and b"\n" not in block:
                if data := block[5:].strip():
                    yield data
            else:
                yield from self._feed_lines(block + b"\n\n")
        yield from self._feed_lines(rest)

    def _feed_lines(self, piece: bytes) -> Iterator[bytes]:
        if piece:
            is_second_half = self._after_return and piece.startswith(b"\n")
            self._after_return = piece.endswith(b"\r")
            piece = piece[1:] if is_second_half else piece
        for line in piece.splitlines(keepends=True):
            self._line.append(line)
            if line.endswith((b"\n", b"\r")):
                yield from self._end_line()

    def flush(self) -> Iterator[bytes]:
        """Yield the event that the end of the stream left without its blank line."""
        yield from self._end_line()
        yield from self._end_line()

    def _end_line(self) -> Iterator[bytes]:
        """Read the collected line; a blank one completes the event."""
        line = b"".join(self._line)
        self._line.clear()
        if self._at_start:
            line = line.removeprefix(_BYTE_ORDER_MARK)
            self._at_start = False
        # Recorded streams have stray blanks before `data:` (openrouter *.raw.sse).
        line = line.strip()
        if line.startswith(b"data:"):
            self._data.append(line[5:].strip())
        elif not line and self._data:
            data = b"\n".join(self._data)
            self._data.clear()
            # "If the data buffer is an empty string", nothing is dispatched.
            if data:
                yield data
