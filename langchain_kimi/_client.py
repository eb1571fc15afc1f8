"""The only place with I/O: a call goes out, as often as needed, and its answer comes.

Only primitives cross the SDK's boundary (openai 3 moved from httpx to httpx2), and only
its public names are used. A body goes out as bytes and comes back as bytes: the SDK
walks neither.
"""

import asyncio
import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Self

from langchain_kimi._calls import Answer, Call
from langchain_kimi._client_settings import ClientSettings
from langchain_kimi._pieces import aread_pieces, read_pieces
from langchain_kimi._pool import Lease, describe_request, find_pool
from langchain_kimi._redaction import forget
from langchain_kimi._retry import Attempts
from langchain_kimi._timeouts import Limits
from langchain_kimi._wire import JsonObject

if TYPE_CHECKING:
    import openai


# How the SDK's own `with_streaming_response` asks for a response it has not read.
_UNREAD = {"X-Stainless-Raw-Response": "stream"}
# Whose errors are known by their modules, since none of them may be imported.
_TRANSPORTS = ("aiohttp", "anyio", "httpcore", "httpx", "ssl")


class Clients:
    """Sends calls, over the clients that its settings share with others'."""

    def __init__(self, settings: ClientSettings) -> None:
        """Open nothing yet.

        Args:
            settings: How to reach the API.
        """
        self.settings = settings
        self._pool, self._lease = find_pool(settings), Lease()

    def request(self, call: Call) -> Answer:
        """Send a call, as often as needed, and return the whole answer.

        Args:
            call: What to send.

        Raises:
            openai.APIError: One of `langchain_kimi.errors`.
        """
        response, body = self._send(call, self.begin(call.limits), whole=True)
        return Answer(call, response, body, self.settings)

    async def arequest(self, call: Call) -> Answer:
        """Send a call, as often as needed, and return the whole answer.

        Args:
            call: What to send.

        Raises:
            openai.APIError: One of `langchain_kimi.errors`.
        """
        response, body = await self._asend(call, self.begin(call.limits), whole=True)
        return Answer(call, response, body, self.settings)

    def begin(self, limits: Limits | None) -> Attempts:
        """Return the attempts of a call, whose time begins now.

        Args:
            limits: How long it may take; None for what the settings say.
        """
        return Attempts(limits or self.settings.limits, self.settings.max_retries)

    def open(self, call: Call, attempts: Attempts) -> "openai.APIResponse[object]":
        """Send a call, as often as needed, and return its response, the body unread.

        Args:
            call: What to send.
            attempts: Those made before.
        """
        return self._send(call, attempts, whole=False)[0]

    async def aopen(
        self, call: Call, attempts: Attempts
    ) -> "openai.AsyncAPIResponse[object]":
        """Send a call, as often as needed, and return its response, the body unread.

        Args:
            call: What to send.
            attempts: Those made before.
        """
        return (await self._asend(call, attempts, whole=False))[0]

    def _send(
        self, call: Call, attempts: Attempts, *, whole: bool
    ) -> "tuple[openai.APIResponse[object], bytes]":
        """Send a call, as often as needed; return its response, and its whole body.

        The SDK is never let read the body: `total` would not end that, and over aiohttp
        the rest of one that broke would be awaited for ever (`_pieces`).
        """
        import openai

        client: Any = self._pool.open(self._lease)
        while True:
            attempts.made += 1
            timeout = self._timeout(attempts, attempts.limits.first_byte)
            try:
                with _arguments(call, timeout) as arguments:
                    response = getattr(client, call.method)(
                        self._address(call),
                        cast_to=openai.APIResponse[object],
                        **arguments,
                    )
                    body = _read(response, attempts) if whole else b""
            except Exception as error:  # noqa: BLE001 - judged by `_delay`
                time.sleep(self._delay(error, attempts, call))
            else:
                return response, body

    async def _asend(
        self, call: Call, attempts: Attempts, *, whole: bool
    ) -> "tuple[openai.AsyncAPIResponse[object], bytes]":
        """Do what `_send` does, without blocking."""
        import openai

        client: Any = await self._pool.aopen(self._lease)
        while True:
            attempts.made += 1
            silence, latest = attempts.opening(size=call.size, whole=whole)
            timeout = self._timeout(attempts, silence)
            try:
                with _arguments(call, timeout) as arguments:
                    async with asyncio.timeout(latest):
                        response = await getattr(client, call.method)(
                            self._address(call),
                            cast_to=openai.AsyncAPIResponse[object],
                            **arguments,
                        )
                    body = await _aread(response, attempts) if whole else b""
            except Exception as error:  # noqa: BLE001 - judged by `_delay`
                await asyncio.sleep(self._delay(error, attempts, call))
            else:
                return response, body

    def _address(self, call: Call) -> str:
        """Return a call's whole URL: joining one takes the SDK 5 % of a short call."""
        return f"{self.settings.base_url.rstrip('/')}{call.path}"

    def _timeout(self, attempts: Attempts, silence: float) -> JsonObject:
        """Return the SDK's option where it is another than the shared client's own."""
        limits, left = self.settings.limits, attempts.left
        connect = attempts.limits.connect
        if left is None and (silence, connect) == (limits.first_byte, limits.connect):
            return {}
        import openai

        most = silence if left is None else min(silence, left)
        return {"timeout": openai.Timeout(most, connect=min(connect, most))}

    def _delay(
        self,
        error: Exception,
        attempts: Attempts,
        call: Call,
    ) -> float:
        """Return the wait before the next attempt, or raise what the caller is told."""
        from openai import APIConnectionError, APIError

        from langchain_kimi._failures import read_api_error

        if not isinstance(error, APIError):
            error = _read_transport_error(error, call.method, self._address(call))
        told = read_api_error(
            error, model=call.model, limits=attempts.limits, over=attempts.over
        )
        self.settings.redact(error)
        self.settings.redact(told)
        unsure = isinstance(error, APIConnectionError) and not call.repeatable
        delay = attempts.next_wait(told, repeatable=not unsure)
        if delay is None:
            raise told from error
        return delay

    def __eq__(self, other: object) -> bool:
        """Tell whether two models would reach the same API in the same way."""
        return isinstance(other, Clients) and other.settings == self.settings

    def __reduce__(self) -> tuple[type[Self], tuple[ClientSettings]]:
        """Pickle as clients that have opened nothing, and know no key."""
        return type(self), (self.settings,)

    def __copy__(self) -> Self:
        """Copy as clients that have opened nothing."""
        return type(self)(self.settings)

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        return type(self)(self.settings)

    def close(self) -> None:
        """Close the sync connections that nobody shares; the next call opens others."""
        self._pool.close(self._lease)

    async def aclose(self) -> None:
        """Close the running event loop's connections, unless somebody shares them."""
        await self._pool.aclose(self._lease)


def _read(response: "openai.APIResponse[object]", attempts: Attempts) -> bytes:
    """Read a whole body, which has the limits of its beginning."""
    limits = replace(attempts.limits, gap=attempts.limits.first_byte)
    try:
        body = b"".join(read_pieces(response, limits, attempts.left))
        # What was hung up on may look like any end of a body.
        if attempts.over:
            raise TimeoutError
    except Exception as error:
        raise _read_loss(error, response.http_request) from error
    else:
        return body
    finally:
        response.close()


async def _aread(
    response: "openai.AsyncAPIResponse[object]", attempts: Attempts
) -> bytes:
    """Do what `_read` does, without blocking."""
    limits = replace(attempts.limits, gap=attempts.limits.first_byte)
    pieces = aread_pieces(response, limits, attempts.left)
    try:
        return b"".join([piece async for piece in pieces])
    except Exception as error:
        raise _read_loss(error, response.http_request) from error
    finally:
        await response.close()


def _read_loss(error: Exception, request: Any) -> "openai.APIConnectionError":
    """Return what the SDK raises where it meets an error of the transport."""
    from openai import APIConnectionError, APITimeoutError

    is_late = "Timeout" in type(error).__name__
    told = APITimeoutError(request) if is_late else APIConnectionError(request=request)
    told.__cause__ = error
    return told


def _read_transport_error(
    error: Exception, method: str, url: str
) -> "openai.APIConnectionError":
    """Return what the SDK would raise for what it let through.

    That is whatever happens while it reads the body of an error, and with openai 3 the
    errors of aiohttp, since it knows only those of httpx2; and a limit of ours.

    Raises:
        Exception: The error itself, if it is not the transport's.
    """
    is_transport = type(error).__module__.startswith(_TRANSPORTS)
    if not (is_transport or isinstance(error, TimeoutError)):
        raise error
    return _read_loss(error, describe_request(method, url))


@contextmanager
def _arguments(call: Call, timeout: JsonObject) -> Generator[JsonObject]:
    """Give the SDK's arguments for one attempt; a file is open only meanwhile."""
    headers = dict(_UNREAD)
    options = {
        "headers": headers,
        "params": call.query,
        # A redirect would take the messages and `default_headers` to another host.
        "follow_redirects": False,
        # Else the SDK draws a random one, and sends it to no one.
        "idempotency_key": "",
        **timeout,
    }
    arguments: JsonObject = {"options": options}
    if call.content is not None:
        arguments["content"] = call.content
    try:
        if call.upload is None:
            yield arguments
            return
        # So the SDK's own `files.create` asks for a form.
        headers["Content-Type"] = "multipart/form-data"
        with call.upload.open() as file:
            form = {"file": (call.upload.filename, file)}
            yield {**arguments, "files": form, "body": {"purpose": call.upload.purpose}}
    except BaseException as error:
        forget(error)
        raise
