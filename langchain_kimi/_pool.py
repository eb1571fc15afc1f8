"""Settings -> the SDK's clients: shared by all who have the same, one async one a loop.

Building a client loads the system's certificates (25 ms), and its connections are kept
open for the next call. Only equal settings share one: no key, cookie or header of one
account is ever seen by a request of another.
"""

import asyncio
import sys
import threading
import warnings
from collections.abc import AsyncGenerator
from contextlib import suppress
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any, TypeVar
from weakref import WeakSet, ref

from pydantic import SecretStr

from langchain_kimi._client_settings import ClientSettings
from langchain_kimi._platforms import check_secrets, is_exposed
from langchain_kimi._secrets import SecretHeaders
from langchain_kimi._timeouts import Limits

if TYPE_CHECKING:
    import openai

_Client = TypeVar("_Client", "openai.OpenAI", "openai.AsyncOpenAI")

# How many settings are remembered while no object has them.
_REMEMBERED = 32


class Lease:
    """What a user of a client holds; a forgotten one counts for nothing."""


@dataclass(slots=True)
class _Opened:
    """The async client of a loop, its users, and what closes it."""

    client: "openai.AsyncOpenAI"
    ending: AsyncGenerator[None, None]
    users: WeakSet[Lease] = field(default_factory=WeakSet[Lease])


class Pool:
    """The SDK's clients for one set of settings, built when they are first needed."""

    def __init__(self, settings: ClientSettings) -> None:
        """Open nothing yet.

        Args:
            settings: How to reach the API.

        Warns:
            UserWarning: If others could read the key on its way.
        """
        if is_exposed(settings.base_url):
            warnings.warn(
                f"{settings.base_url} is not https: the key and all messages can be "
                "read on their way.",
                UserWarning,
                stacklevel=2,
            )
        self._settings = settings
        self._sync: openai.OpenAI | None = None
        self._users = WeakSet[Lease]()
        # An async client's connections belong to the event loop that opened them:
        # used in another one they fail ("Event loop is closed", langchain#35783).
        self._by_loop: dict[asyncio.AbstractEventLoop, _Opened] = {}
        self._lock = threading.Lock()

    def open(self, lease: Lease) -> "openai.OpenAI":
        """Return the sync client.

        Args:
            lease: Whoever uses it, until it is closed for them.
        """
        with self._lock:
            self._users.add(lease)
            if self._sync is None:
                self._sync = _build(self._settings)
            return self._sync

    async def aopen(self, lease: Lease) -> "openai.AsyncOpenAI":
        """Return the running loop's client.

        Args:
            lease: Whoever uses it, until it is closed for them.
        """
        loop = asyncio.get_running_loop()
        with self._lock:
            opened = self._by_loop.get(loop)
            if opened:
                opened.users.add(lease)
                return opened.client
            self._forget_closed_loops()
            given = self._settings.http_async_client
            client = _build_async(self._settings, given or _build_transport())
            ending = _close_with_loop(client, ref(self), own=not given)
            opened = _Opened(client, ending)
            opened.users.add(lease)
            self._by_loop[loop] = opened
        await anext(opened.ending)
        return opened.client

    def _forget_closed_loops(self) -> None:
        """Let go of clients whose connections nobody can use or close any more."""
        for loop in [loop for loop in self._by_loop if loop.is_closed()]:
            del self._by_loop[loop]

    def forget_running_loop(self) -> None:
        """Let go of the client of the running loop, which is being closed."""
        with self._lock:
            self._by_loop.pop(asyncio.get_running_loop(), None)

    def close(self, lease: Lease) -> None:
        """Close the sync client if nobody else uses it; a later call opens another.

        Args:
            lease: Who needs it no more.
        """
        with self._lock:
            self._users.discard(lease)
            if self._users:
                return
            client, self._sync = self._sync, None
        if client and not self._settings.http_client:
            client.close()

    async def aclose(self, lease: Lease) -> None:
        """Close the running loop's client if nobody else uses it.

        Args:
            lease: Who needs it no more.
        """
        loop = asyncio.get_running_loop()
        with self._lock:
            opened = self._by_loop.get(loop)
            if not opened:
                return
            opened.users.discard(lease)
            if opened.users:
                return
            del self._by_loop[loop]
        await opened.ending.aclose()


async def _close_with_loop(
    client: "openai.AsyncOpenAI", pool: "ref[Pool]", *, own: bool
) -> AsyncGenerator[None, None]:
    """Wait to be closed: `asyncio.run` closes generators before it closes its loop.

    The pool outlives the loop: it would keep 0.6 MB of client and certificates until
    its next call. It is not kept in turn, so that it can go without a collection.
    """
    try:
        yield
    finally:
        if found := pool():
            found.forget_running_loop()
        if own:
            await client.close()


def describe_request(method: str, url: str) -> Any:
    """Return a request as the SDK's own client would build it.

    Args:
        method: The HTTP method.
        url: The whole address.
    """
    import openai

    # Of httpx, or of httpx2: the SDK's client is made of one of them.
    transport = openai.DefaultHttpxClient.__mro__[1].__module__.partition(".")[0]
    return sys.modules[transport].Request(method.upper(), url)


def find_pool(settings: ClientSettings) -> Pool:
    """Return the clients for settings; the same ones for the same settings.

    Args:
        settings: How to reach the API. With an HTTP client of its own, an object
            shares nothing.
    """
    if settings.http_client or settings.http_async_client:
        return Pool(settings)
    headers = settings.default_headers
    return _share_pool(
        settings.api_key,
        settings.base_url,
        settings.limits,
        None if headers is None else _HeaderItems(headers.items()),
    )


class _HeaderItems(tuple[tuple[str, str], ...]):
    """Headers as the key of a cache, whose values no text shows."""

    __slots__ = ()

    def __repr__(self) -> str:
        return repr(SecretHeaders(self))


@lru_cache(maxsize=_REMEMBERED)
def _share_pool(
    api_key: SecretStr,
    base_url: str,
    limits: Limits,
    headers: _HeaderItems | None,
) -> Pool:
    settings = ClientSettings(
        api_key=api_key,
        base_url=base_url,
        limits=limits,
        default_headers=None if headers is None else SecretHeaders(headers),
    )
    return Pool(settings)


def _build(settings: ClientSettings) -> "openai.OpenAI":
    import openai

    client = openai.OpenAI(**_options(settings), http_client=settings.http_client)
    return _finish(client, settings)


def _build_async(settings: ClientSettings, transport: Any) -> "openai.AsyncOpenAI":
    import openai

    client = openai.AsyncOpenAI(**_options(settings), http_client=transport)
    return _finish(client, settings)


def _finish(client: _Client, settings: ClientSettings) -> _Client:
    client.organization = client.project = None
    # Only now: what fails while a client is built prints its arguments, where a tool
    # shows the variables of frames.
    client.api_key = settings.api_key.get_secret_value()
    return client


def _build_transport() -> Any:
    """Return aiohttp's client if the extra is installed, else the SDK's default.

    Not the SDK's own wrapper of it: when that is collected in another loop than its
    connections', it tries to close them in that one.
    """
    import openai

    with suppress(RuntimeError):  # "you must have installed the ... extra"
        return openai.DefaultAioHttpClient()
    return openai.DefaultAsyncHttpxClient()


def _options(settings: ClientSettings) -> dict[str, Any]:
    import openai

    check_secrets(settings.api_key, settings.default_headers)
    headers, limits = settings.default_headers, settings.limits
    return {
        "api_key": "-",
        "base_url": settings.base_url,
        "timeout": openai.Timeout(limits.first_byte, connect=limits.connect),
        "max_retries": 0,
        "default_headers": headers and SecretHeaders(headers),
    }
