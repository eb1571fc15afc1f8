"""The only place with I/O: openai clients, timeouts, one async client an event loop.

Only primitives cross the SDK's boundary (openai 3 moved from httpx to httpx2), and only
its public names are used. A body goes out as bytes and comes back as bytes: the SDK
walks neither.
"""

import asyncio
import json
import threading
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from langchain_core.outputs import ChatGenerationChunk, ChatResult

from langchain_kimi._json import as_object, is_object
from langchain_kimi._request import encode_request
from langchain_kimi._response import read_response
from langchain_kimi._retry import retry_delay
from langchain_kimi._stream import StreamReader
from langchain_kimi._wire import ChatRequest, JsonObject

if TYPE_CHECKING:
    import openai

    from langchain_kimi._failures import Response

_CHAT_PATH = "/chat/completions"
_ESTIMATE_PATH = "/tokenizers/estimate-token-count"
# A whole answer's headers come when it is finished: "allow >= 15 min read".
_READ_SECONDS, _CONNECT_SECONDS = 900.0, 10.0
# How the SDK's own `with_streaming_response` asks for a response it has not read.
_UNREAD = {"X-Stainless-Raw-Response": "stream"}


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientSettings:
    """What is needed to reach an API."""

    api_key: str = field(repr=False)
    base_url: str
    timeout: float | None = None
    """Seconds without a byte before giving up; None for 900 (10 to connect)."""
    max_retries: int = 2
    default_headers: dict[str, str] | None = None
    http_client: Any = None
    http_async_client: Any = None


class Clients:
    """The SDK's clients for one set of settings, built when they are first needed."""

    def __init__(self, settings: ClientSettings) -> None:
        """Open nothing yet.

        Args:
            settings: How to reach the API.
        """
        self.settings = settings
        self._sync: openai.OpenAI | None = None
        # An async client's connections belong to the event loop that opened them:
        # used in another one they fail ("Event loop is closed", langchain#35783).
        self._by_loop: dict[asyncio.AbstractEventLoop, openai.AsyncOpenAI] = {}
        self._lock = threading.Lock()

    def complete(self, request: ChatRequest) -> ChatResult:
        """Send a request and return the whole answer.

        Args:
            request: The body, as `build_request` returns it.
        """
        response = self._open(request)
        return _read_whole(response, response.read(), request)

    async def acomplete(self, request: ChatRequest) -> ChatResult:
        """Send a request and return the whole answer.

        Args:
            request: The body, as `build_request` returns it.
        """
        response = await self._aopen(request)
        return _read_whole(response, await response.read(), request)

    def stream(self, request: ChatRequest) -> Iterator[ChatGenerationChunk]:
        """Send a request and yield the answer in chunks.

        Args:
            request: The body, as `build_request` returns it.
        """
        response = self._open(request, stream=True)
        reader = StreamReader(request_id=_request_id(response))
        try:
            # To the end, beyond [DONE]: only then can the connection be used again.
            for piece in response.iter_bytes():
                yield from reader.feed(piece)
            yield from reader.finish()
        except Exception as error:
            if not reader.done:
                raise _failure(error, response, request) from error
        finally:
            response.close()

    async def astream(self, request: ChatRequest) -> AsyncIterator[ChatGenerationChunk]:
        """Send a request and yield the answer in chunks.

        Args:
            request: The body, as `build_request` returns it.
        """
        response = await self._aopen(request, stream=True)
        reader = StreamReader(request_id=_request_id(response))
        try:
            async for piece in response.iter_bytes():
                for chunk in reader.feed(piece):
                    yield chunk
            for chunk in reader.finish():
                yield chunk
        except Exception as error:
            if not reader.done:
                raise _failure(error, response, request) from error
        finally:
            await response.close()

    def estimate_tokens(self, request: ChatRequest) -> int:
        """Return the API's own count of a prompt's tokens.

        Args:
            request: A chat request; only its model and messages are counted.
        """
        from langchain_kimi._failures import read_unreadable

        response = self._open(request, path=_ESTIMATE_PATH)
        try:
            return int(json.loads(response.read())["data"]["total_tokens"])
        except (ValueError, TypeError, KeyError) as error:
            raise read_unreadable(error, response) from error

    def call(self, path: str, body: JsonObject | None = None) -> JsonObject:
        """Call an endpoint that answers with a JSON object, and return that.

        Args:
            path: Below the base URL, such as `/models`.
            body: What to post; None to get.
        """
        response = self._send(path, body)
        return _read_object(response, response.read())

    async def acall(self, path: str, body: JsonObject | None = None) -> JsonObject:
        """Call an endpoint that answers with a JSON object, and return that.

        Args:
            path: Below the base URL, such as `/models`.
            body: What to post; None to get.
        """
        response = await self._asend(path, body)
        return _read_object(response, await response.read())

    def _send(self, path: str, body: JsonObject | None) -> "openai.APIResponse[object]":
        import openai

        client, cast_to, attempt = self._sync_client(), openai.APIResponse[object], 0
        while True:
            try:
                if body is None:
                    return client.get(path, cast_to=cast_to)
                return client.post(path, cast_to=cast_to, content=encode_request(body))
            except openai.APIError as error:
                time.sleep(self._delay(error, attempt, {}))
                attempt += 1

    async def _asend(
        self, path: str, body: JsonObject | None
    ) -> "openai.AsyncAPIResponse[object]":
        import openai

        client, attempt = self._async_client(), 0
        cast_to = openai.AsyncAPIResponse[object]
        while True:
            try:
                if body is None:
                    return await client.get(path, cast_to=cast_to)
                content = encode_request(body)
                return await client.post(path, cast_to=cast_to, content=content)
            except openai.APIError as error:
                await asyncio.sleep(self._delay(error, attempt, {}))
                attempt += 1

    def _open(
        self, request: ChatRequest, *, path: str = _CHAT_PATH, stream: bool = False
    ) -> "openai.APIResponse[object]":
        import openai

        client, body, attempt = self._sync_client(), encode_request(request), 0
        while True:
            try:
                return client.post(
                    path,
                    cast_to=openai.APIResponse[object],
                    content=body,
                    options={"headers": _UNREAD} if stream else {},
                    stream=stream,
                )
            except openai.APIError as error:
                time.sleep(self._delay(error, attempt, request))
                attempt += 1

    async def _aopen(
        self, request: ChatRequest, *, path: str = _CHAT_PATH, stream: bool = False
    ) -> "openai.AsyncAPIResponse[object]":
        import openai

        client, body, attempt = self._async_client(), encode_request(request), 0
        while True:
            try:
                return await client.post(
                    path,
                    cast_to=openai.AsyncAPIResponse[object],
                    content=body,
                    options={"headers": _UNREAD} if stream else {},
                    stream=stream,
                )
            except openai.APIError as error:
                await asyncio.sleep(self._delay(error, attempt, request))
                attempt += 1

    def _delay(
        self, error: "openai.APIError", attempt: int, request: ChatRequest
    ) -> float:
        """Return the wait before the next attempt, or raise what the caller is told."""
        from langchain_kimi._failures import read_api_error

        told = read_api_error(error, model=_model(request))
        delay = retry_delay(
            told, attempt=attempt, max_retries=self.settings.max_retries
        )
        if delay is None:
            raise told from error
        return delay

    def _sync_client(self) -> "openai.OpenAI":
        import openai

        with self._lock:
            if self._sync is None:
                self._sync = openai.OpenAI(
                    **_options(self.settings), http_client=self.settings.http_client
                )
                self._sync.organization = self._sync.project = None
            return self._sync

    def _async_client(self) -> "openai.AsyncOpenAI":
        import openai

        loop = asyncio.get_running_loop()
        with self._lock:
            client = self._by_loop.get(loop)
            if client is None:
                self._forget_closed_loops()
                given = self.settings.http_async_client
                client = openai.AsyncOpenAI(
                    **_options(self.settings),
                    # Not the SDK's own wrapper: when it is collected in another loop
                    # than its connections', it tries to close them in that one.
                    http_client=given or openai.DefaultAsyncHttpxClient(),
                )
                client.organization = client.project = None
                self._by_loop[loop] = client
            return client

    def _forget_closed_loops(self) -> None:
        """Let go of clients whose connections nobody can use or close any more."""
        for loop in [loop for loop in self._by_loop if loop.is_closed()]:
            del self._by_loop[loop]

    def __eq__(self, other: object) -> bool:
        """Tell whether two models would reach the same API in the same way."""
        return isinstance(other, Clients) and other.settings == self.settings

    def __reduce__(self) -> tuple[type["Clients"], tuple[ClientSettings]]:
        """Pickle and copy as clients that have opened nothing: sockets do neither."""
        return Clients, (self.settings,)

    def close(self) -> None:
        """Close the sync client's connections; the next call opens new ones."""
        with self._lock:
            client, self._sync = self._sync, None
        if client and not self.settings.http_client:
            client.close()

    async def aclose(self) -> None:
        """Close the connections of the running event loop's client."""
        with self._lock:
            client = self._by_loop.pop(asyncio.get_running_loop(), None)
        if client and not self.settings.http_async_client:
            await client.close()


def _options(settings: ClientSettings) -> dict[str, Any]:
    import openai

    read = _READ_SECONDS if settings.timeout is None else settings.timeout
    return {
        "api_key": settings.api_key,
        "base_url": settings.base_url,
        "timeout": openai.Timeout(read, connect=min(read, _CONNECT_SECONDS)),
        "max_retries": 0,
        "default_headers": settings.default_headers,
    }


def _read_whole(response: "Response", body: bytes, request: ChatRequest) -> ChatResult:
    from langchain_kimi._failures import read_error_body, read_unreadable

    try:
        decoded = as_object(json.loads(body))
        error_body = decoded.get("error")
        if not error_body:
            return read_response(decoded, request_id=_request_id(response))
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise read_unreadable(error, response) from error
    raise read_error_body(error_body, response, model=_model(request))


def _read_object(response: "Response", body: bytes) -> JsonObject:
    from langchain_kimi._failures import read_unreadable

    try:
        decoded = json.loads(body)
    except ValueError as error:
        raise read_unreadable(error, response, wanted="JSON") from error
    if is_object(decoded):
        return decoded
    fault = TypeError(f"it is a {type(decoded).__name__}")
    raise read_unreadable(fault, response, wanted="a JSON object")


def _failure(
    error: Exception, response: "Response", request: ChatRequest
) -> "openai.APIError":
    from langchain_kimi._failures import read_stream_failure

    return read_stream_failure(error, response, model=_model(request))


def _model(request: ChatRequest) -> str:
    return request.get("model", "")


def _request_id(response: "Response") -> str | None:
    return response.headers.get("msh-request-id")
