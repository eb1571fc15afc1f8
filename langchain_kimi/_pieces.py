"""A response -> the pieces of its body, each within its limits.

The transport keeps the limits wherever it can: it looks at the clock anyway. Only what
it cannot keep is kept here.
"""

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from threading import Timer
from typing import TYPE_CHECKING, Any

from langchain_kimi._timeouts import Limits

if TYPE_CHECKING:
    import openai


def read_pieces(
    response: "openai.APIResponse[object]", limits: Limits, left: float | None
) -> Iterator[bytes]:
    """Return the pieces of a streamed body.

    Args:
        response: The response, its body unread.
        limits: The limits of the call.
        left: The seconds that `total` leaves, None where it sets no end.
    """
    _set_gap(response.http_response, limits)
    pieces = response.iter_bytes()
    return pieces if left is None else _hang_up_after(left, response, pieces)


def aread_pieces(
    response: "openai.AsyncAPIResponse[object]", limits: Limits, left: float | None
) -> AsyncIterator[bytes]:
    """Do what `read_pieces` does, without blocking.

    Args:
        response: The response, its body unread.
        limits: The limits of the call.
        left: The seconds that `total` leaves, None where it sets no end.
    """
    keeps_gap = _set_gap(response.http_response, limits)
    pieces = response.iter_bytes()
    if left is None and keeps_gap:
        return pieces
    return _wait_for_each(pieces, limits.gap, left)


def _set_gap(http_response: Any, limits: Limits) -> bool:
    """Tell the transport how long to wait for each piece, if it listens.

    httpx's and httpx2's read the request's `timeout` extension once more when the body
    is begun. aiohttp's, which knows no `network_stream`, took it with the request, and
    forgets it when the connection ends: after a broken chunk, of which it tells nobody
    who reads (aiohttp 3.14.5), that would be to wait for ever.
    """
    if "network_stream" not in http_response.extensions:
        return False
    http_response.request.extensions["timeout"]["read"] = limits.gap
    return True


def _hang_up_after(
    seconds: float, response: "openai.APIResponse[object]", pieces: Iterator[bytes]
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
    pieces: AsyncIterator[bytes], gap: float, left: float | None
) -> AsyncIterator[bytes]:
    """Yield pieces, and raise TimeoutError when one does not come in time."""
    now = asyncio.get_running_loop().time
    end = None if left is None else now() + left
    while True:
        latest = now() + gap
        async with asyncio.timeout_at(latest if end is None else min(latest, end)):
            piece = await anext(pieces, None)
        if piece is None:
            return
        yield piece
