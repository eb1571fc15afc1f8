"""Settings -> the SDK's clients: shared by all who have the same, one async one a loop.

Building a client loads the system's certificates (25 ms), and its connections are kept
open for the next call. Only equal settings share one: no key, cookie or header of one
account is ever seen by a request of another.
"""

import asyncio
import threading
from collections.abc import AsyncGenerator
from contextlib import suppress
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any
from weakref import WeakSet, ref

if TYPE_CHECKING:
    import openai

# A whole answer's headers come when it is finished: "allow >= 15 min read".
_READ_SECONDS, _CONNECT_SECONDS = 900.0, 10.0
# How many settings are remembered while no object has them.
_REMEMBERED = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientSettings:
    """What is needed to reach an API."""

    api_key: str = field(repr=False)
    base_url: str
    timeout: float | None = None
    """Seconds without a byte before giving up; None for 900 (10 to connect)."""
    max_retries: int = 2
    default_headers: dict[str, str] | None = field(default=None, repr=False)
    http_client: Any = None
    http_async_client: Any = None
    reasoning_field: str = "reasoning_content"
    """The key under which the server reads the reasoning of earlier answers."""


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
        """
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
            client = _build_async(self._settings)
            own = not self._settings.http_async_client
            opened = _Opened(client, _close_with_loop(client, ref(self), own=own))
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
        settings.timeout,
        None if headers is None else tuple(headers.items()),
    )


@lru_cache(maxsize=_REMEMBERED)
def _share_pool(
    api_key: str,
    base_url: str,
    timeout: float | None,
    headers: tuple[tuple[str, str], ...] | None,
) -> Pool:
    settings = ClientSettings(
        api_key=api_key,
        base_url=base_url,
        timeout=timeout,
        default_headers=None if headers is None else dict(headers),
    )
    return Pool(settings)


def _build(settings: ClientSettings) -> "openai.OpenAI":
    import openai

    client = openai.OpenAI(**_options(settings), http_client=settings.http_client)
    client.organization = client.project = None
    return client


def _build_async(settings: ClientSettings) -> "openai.AsyncOpenAI":
    import openai

    transport = settings.http_async_client or _build_transport()
    client = openai.AsyncOpenAI(**_options(settings), http_client=transport)
    client.organization = client.project = None
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

    read = _READ_SECONDS if settings.timeout is None else settings.timeout
    return {
        "api_key": settings.api_key,
        "base_url": settings.base_url,
        "timeout": openai.Timeout(read, connect=min(read, _CONNECT_SECONDS)),
        "max_retries": 0,
        "default_headers": settings.default_headers,
    }
