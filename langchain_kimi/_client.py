"""The only place with I/O: a call goes out, as often as needed, and its answer comes.

Only primitives cross the SDK's boundary (openai 3 moved from httpx to httpx2), and only
its public names are used. A body goes out as bytes and comes back as bytes: the SDK
walks neither.
"""

import asyncio
import json
import time
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, Self, TypeVar

from langchain_kimi._json import is_object
from langchain_kimi._pool import ClientSettings, Lease, find_pool
from langchain_kimi._redaction import forget
from langchain_kimi._retry import Attempts
from langchain_kimi._timeouts import Limits
from langchain_kimi._upload import Upload
from langchain_kimi._wire import JsonObject

if TYPE_CHECKING:
    import openai

    from langchain_kimi._failures import Response

_Read = TypeVar("_Read")

# How the SDK's own `with_streaming_response` asks for a response it has not read.
_UNREAD = {"X-Stainless-Raw-Response": "stream"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One request to an endpoint, which can be sent more than once."""

    method: Literal["get", "post", "delete"]
    path: str
    content: bytes | None = None
    """The body, as JSON."""
    query: Mapping[str, str | int] = field(default_factory=dict[str, str | int])
    upload: Upload | None = None
    """The file of a form; such a call has no other body."""
    model: str = ""
    """The model id, for the hints of errors; "" where there is none."""
    expected: str = "chat completion"
    """What the answer should be, for the errors."""
    repeatable: bool = True
    """Whether to send it again when no answer came, though it may have arrived."""
    limits: Limits | None = None
    """How long it may take, in place of what the settings say."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A good response, whole."""

    call: Call
    response: "Response"
    body: bytes = field(repr=False)
    settings: ClientSettings

    @property
    def request_id(self) -> str | None:
        """The `Msh-Request-Id` header."""
        return read_request_id(self.response)

    def read(self, reader: Callable[[JsonObject], _Read]) -> _Read:
        """Return what a reader makes of the decoded body.

        Args:
            reader: Raises ValueError, TypeError, AttributeError, KeyError or
                OverflowError for a body that is not what was expected.

        Raises:
            openai.APIError: If the body is an error, or cannot be read.
        """
        from langchain_kimi._failures import read_error_body

        decoded = self.decode()
        error_body = decoded.get("error")
        if error_body:
            told = read_error_body(error_body, self.response, model=self.call.model)
            raise self.settings.redact(told)
        try:
            return reader(decoded)
        except (
            ValueError,
            TypeError,
            AttributeError,
            KeyError,
            RecursionError,
            # int() of a number beyond a float's, which JSON may write: 1e999.
            OverflowError,
        ) as error:
            raise self._unreadable(error) from error

    def decode(self) -> JsonObject:
        """Return the body, whatever it says.

        Raises:
            openai.APIError: If it is no JSON object.
        """
        try:
            decoded = json.loads(self.body)
        except (ValueError, RecursionError) as error:
            raise self._unreadable(error) from error
        if is_object(decoded):
            return decoded
        raise self._unreadable(TypeError(f"it is a {type(decoded).__name__}"))

    def _unreadable(self, fault: Exception) -> "openai.APIError":
        from langchain_kimi._failures import read_unreadable

        self.settings.redact(fault)
        told = read_unreadable(fault, self.response, self.call.expected)
        return self.settings.redact(told)


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
        response = self.open(call)
        return Answer(call, response, response.read(), self.settings)

    async def arequest(self, call: Call) -> Answer:
        """Send a call, as often as needed, and return the whole answer.

        Args:
            call: What to send.

        Raises:
            openai.APIError: One of `langchain_kimi.errors`.
        """
        response = await self.aopen(call)
        return Answer(call, response, await response.read(), self.settings)

    def begin(self, limits: Limits | None) -> Attempts:
        """Return the attempts of a call, whose time begins now.

        Args:
            limits: How long it may take; None for what the settings say.
        """
        return Attempts(limits or self.settings.limits, self.settings.max_retries)

    def open(
        self, call: Call, attempts: Attempts | None = None, *, stream: bool = False
    ) -> "openai.APIResponse[object]":
        """Send a call, as often as needed, and return its response.

        Args:
            call: What to send.
            attempts: Those made before; None for none.
            stream: Whether to leave the body unread.
        """
        import openai

        client: Any = self._pool.open(self._lease)
        attempts = attempts or self.begin(call.limits)
        while True:
            attempts.made += 1
            timeout = self._timeout(attempts, attempts.limits.first_byte)
            try:
                with _arguments(call, timeout, stream=stream) as arguments:
                    return getattr(client, call.method)(
                        self._address(call),
                        cast_to=openai.APIResponse[object],
                        **arguments,
                    )
            except openai.APIError as error:
                time.sleep(self._delay(error, attempts, call))

    async def aopen(
        self, call: Call, attempts: Attempts | None = None, *, stream: bool = False
    ) -> "openai.AsyncAPIResponse[object]":
        """Send a call, as often as needed, and return its response.

        Args:
            call: What to send.
            attempts: Those made before; None for none.
            stream: Whether to leave the body unread.
        """
        import openai

        client: Any = await self._pool.aopen(self._lease)
        attempts = attempts or self.begin(call.limits)
        while True:
            attempts.made += 1
            silence, latest = attempts.opening(stream=stream)
            timeout = self._timeout(attempts, silence)
            try:
                with _arguments(call, timeout, stream=stream) as arguments:
                    async with asyncio.timeout(latest):
                        return await getattr(client, call.method)(
                            self._address(call),
                            cast_to=openai.AsyncAPIResponse[object],
                            **arguments,
                        )
            except Exception as error:  # noqa: BLE001 - judged by `_delay`
                await asyncio.sleep(self._delay(error, attempts, call))

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
        from openai import APIConnectionError, APIError, APITimeoutError

        from langchain_kimi._failures import read_api_error

        if isinstance(error, TimeoutError):
            request = self._pool.describe(call.method, call.path)
            error = APITimeoutError(request)
        elif not isinstance(error, APIError):
            if not type(error).__module__.startswith("aiohttp"):
                raise error
            # openai 3 knows only the errors of httpx2: a response that is no HTTP.
            request = self._pool.describe(call.method, call.path)
            cause, error = error, APIConnectionError(request=request)
            error.__cause__ = cause
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


@contextmanager
def _arguments(
    call: Call, timeout: JsonObject, *, stream: bool
) -> Generator[JsonObject]:
    """Give the SDK's arguments for one attempt; a file is open only meanwhile."""
    headers = dict(_UNREAD) if stream else {}
    # A redirect would take the messages and `default_headers` to another host.
    options = {
        "headers": headers,
        "params": call.query,
        "follow_redirects": False,
        **timeout,
    }
    arguments: JsonObject = {"options": options}
    if stream:
        arguments["stream"] = True
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


def read_request_id(response: "Response") -> str | None:
    """Return the `Msh-Request-Id` header of a response."""
    return response.headers.get("msh-request-id")
