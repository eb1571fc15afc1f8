"""A response -> the pieces of its body, each within its limits.

The transport keeps the limits wherever it can: it looks at the clock anyway. Only what
it cannot keep is kept here.
"""

import asyncio
import socket
from collections.abc import AsyncIterable, AsyncIterator, Iterable, Iterator
from contextlib import suppress
from math import inf
from threading import Timer
from time import monotonic
from typing import TYPE_CHECKING, Any

from langchain_kimi._timeouts import Limits

if TYPE_CHECKING:
    import openai

# Of the connection a second is worth as much as opening another one.
_LONGEST_DRAIN = 1.0


def read_pieces(
    response: "openai.APIResponse[object]", limits: Limits, left: float | None
) -> Iterable[bytes]:
    """Return the pieces of a streamed body.

    Args:
        response: The response, its body unread.
        limits: The limits of the call.
        left: The seconds that `total` leaves, None where it sets no end.
    """
    http_response: Any = response.http_response
    _set_gap(http_response, limits.gap)
    pieces: Iterable[bytes] = (
        http_response.stream if _is_plain(http_response) else response.iter_bytes()
    )
    return pieces if left is None else _hang_up_after(left, response, pieces)


def aread_pieces(
    response: "openai.AsyncAPIResponse[object]", limits: Limits, left: float | None
) -> AsyncIterable[bytes]:
    """Do what `read_pieces` does, without blocking.

    Args:
        response: The response, its body unread.
        limits: The limits of the call.
        left: The seconds that `total` leaves, None where it sets no end.
    """
    http_response: Any = response.http_response
    keeps_gap = _set_gap(http_response, limits.gap)
    pieces: AsyncIterable[bytes] = (
        http_response.stream if _is_plain(http_response) else response.iter_bytes()
    )
    if left is None and keeps_gap:
        return pieces
    return _wait_for_each(pieces, limits.gap, left)


def drain(response: "openai.APIResponse[object]") -> None:
    """Read what follows the last event: only then can the connection be used again.

    Nothing should, and it is not waited for long: some servers leave the body open.

    Args:
        response: The response, whose body's iterator is still held: dropped, it would
            close the connection.
    """
    http_response: Any = response.http_response
    # One that was read long ago has given its connection away, and streams that share
    # theirs would all be hung up on.
    if http_response.is_closed or http_response.http_version == "HTTP/2":
        return
    # The transport has read the limit when the body was begun, and does when it is
    # begun once more; it goes on where it was.
    _set_gap(http_response, _LONGEST_DRAIN)
    end = monotonic() + _LONGEST_DRAIN
    for _ in http_response.stream:
        if monotonic() > end:
            return


async def adrain(pieces: AsyncIterator[bytes]) -> None:
    """Do what `drain` does, without blocking.

    Args:
        pieces: The rest of the body.
    """
    async with asyncio.timeout(_LONGEST_DRAIN):
        async for _ in pieces:
            pass


def _is_plain(http_response: Any) -> bool:
    """Tell whether the body is still to come, and as it is: not compressed.

    Then the transport has no more to do than to hand out what comes, and to be asked
    for no more is a tenth of what reading a delta costs. A body may have been read: by
    an event hook of an own `http_client`, which logs it.
    """
    is_coded = "content-encoding" in http_response.headers
    return not (is_coded or http_response.is_stream_consumed)


def _set_gap(http_response: Any, gap: float) -> bool:
    """Tell the transport how long to wait for each piece, if it listens.

    httpx's and httpx2's read the request's `timeout` extension once more when the body
    is begun. aiohttp's, which knows no `network_stream`, took it with the request, and
    forgets it when the connection ends: after a broken chunk, of which it tells nobody
    who reads (aiohttp 3.14.5), that would be to wait for ever.
    """
    if "network_stream" not in http_response.extensions:
        return False
    http_response.request.extensions["timeout"]["read"] = gap
    return True


def _hang_up_after(
    seconds: float, response: "openai.APIResponse[object]", pieces: Iterable[bytes]
) -> Iterator[bytes]:
    """Yield pieces; a blocked read ends when the time is over."""
    timer = Timer(seconds, _hang_up, (response.http_response,))
    timer.daemon = True
    timer.start()
    try:
        yield from pieces
    finally:
        timer.cancel()


def _hang_up(http_response: Any) -> None:
    """Wake whoever reads a body: a closed socket would not, one shut down does."""
    stream = http_response.extensions.get("network_stream")
    # A body that was read to its end has given its connection to the next call.
    if stream and not http_response.is_closed:
        with suppress(OSError):
            stream.get_extra_info("socket").shutdown(socket.SHUT_RDWR)


async def _wait_for_each(
    pieces: AsyncIterable[bytes], gap: float, left: float | None
) -> AsyncIterator[bytes]:
    """Yield pieces, and raise TimeoutError when one does not come in time."""
    coming, watch = aiter(pieces), _Watch(gap, left)
    try:
        while True:
            async with watch.wait():
                piece = await anext(coming, None)
            if piece is None:
                return
            watch.rest()
            yield piece
    finally:
        watch.end()


class _Watch:
    """One timer for all waits of a stream.

    It is set anew when it goes off too early: a timer for each wait would cost as much
    as all else that asyncio does for a piece (docs/performance.md).
    """

    def __init__(self, gap: float, left: float | None) -> None:
        self._loop = asyncio.get_running_loop()
        self._gap = gap
        self._end = inf if left is None else self._loop.time() + left
        self._wait: asyncio.Timeout | None = None
        self._latest = inf
        self._timer: asyncio.TimerHandle | None = None

    def wait(self) -> asyncio.Timeout:
        """Return the scope of a wait, which TimeoutError ends when it is too long."""
        self._latest = min(self._loop.time() + self._gap, self._end)
        if self._timer is None or self._timer.when() > self._latest:
            self._set()
        self._wait = asyncio.timeout(None)
        return self._wait

    def rest(self) -> None:
        """Let the caller take as long as it likes with what came."""
        self._wait = None

    def end(self) -> None:
        """Watch no more."""
        if self._timer:
            self._timer.cancel()

    def _set(self) -> None:
        self.end()
        self._timer = self._loop.call_at(self._latest, self._look)

    def _look(self) -> None:
        self._timer = None
        if self._wait and self._loop.time() < self._latest:
            self._set()
        elif self._wait:
            self._wait.reschedule(self._latest)
