"""A URL -> the bytes behind it: each hop is checked, and bounded in time and size.

By hand, on a socket: the address that was checked is the one that is asked (a second
look-up could tell another), and no proxy, cookie or key of the environment is used.
"""

import http.client
import io
import socket
import ssl
import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Any, cast

from langchain_kimi._inline._addresses import AddressInfo, find_private
from langchain_kimi._inline._target import (
    DownloadError,
    Target,
    read_target,
    redirect,
)
from langchain_kimi._rules import shorten_url

SECONDS = 30.0
"""How long a medium may take, over all redirects; looking up a name apart, which the
system itself ends."""
MEDIUM_LIMIT = 20 * 1024 * 1024
"""The most bytes of a medium."""
_REDIRECTS = 5
_BLOCK = 1 << 16
# The server's words in an error: enough for a media type.
_LONG_WORD = 60
_MOVED = (301, 302, 303, 307, 308)
# Sites refuse requests without a User-Agent; it tells nothing of the machine.
_HEADERS = (
    "User-Agent: langchain-kimi",
    "Accept: image/*, video/*",
    "Accept-Encoding: identity",
    "Connection: close",
)


@dataclass(frozen=True, slots=True)
class Download:
    """What a URL gave."""

    data: bytes
    told_type: str
    """The media type that the server told, in lower case."""


@dataclass(frozen=True, slots=True)
class _Clock:
    end: float

    def left(self) -> float:
        """Return the seconds that are left."""
        left = self.end - time.monotonic()
        if left <= 0:
            raise TimeoutError
        return left


class _Incoming(io.RawIOBase):
    """What a connection receives: each read waits no longer than to the end.

    The timeout of a socket begins anew with each byte, so that a slow server could
    hold the line for ever.
    """

    def __init__(self, connection: socket.socket, clock: _Clock) -> None:
        self._connection = connection
        self._clock = clock

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int:
        self._connection.settimeout(self._clock.left())
        return self._connection.recv_into(buffer)

    def makefile(self, _mode: str) -> io.BufferedReader:
        """Give what `http.client` asks of a socket."""
        return io.BufferedReader(self)


def download(
    url: str,
    hosts: Sequence[str] | None,
    *,
    seconds: float = SECONDS,
    limit: int = MEDIUM_LIMIT,
) -> Download:
    """Return what a URL gives.

    Args:
        url: An http or https URL.
        hosts: The only hosts to be asked, at any address; None for all hosts at public
            addresses.
        seconds: How long it may take.
        limit: The most bytes.

    Raises:
        DownloadError: For whatever went wrong.
    """
    try:
        return _follow(url, hosts, _Clock(time.monotonic() + seconds), limit)
    except TimeoutError:
        raise DownloadError(f"it took more than {seconds:g} s") from None
    except OSError as error:
        raise DownloadError(f"the connection failed ({error})") from error
    except http.client.HTTPException as error:
        # Without its text, which is the server's.
        fault = type(error).__name__
        raise DownloadError(f"its server did not speak HTTP ({fault})") from error


def _follow(
    url: str, hosts: Sequence[str] | None, clock: _Clock, limit: int
) -> Download:
    for hop in range(_REDIRECTS + 1):
        try:
            found = _get(url, hosts, clock, limit)
        except DownloadError as error:
            way = f"it redirects to {shorten_url(url)}: " if hop else ""
            raise DownloadError(f"{way}{error}") from error
        if isinstance(found, Download):
            return found
        url = found
    raise DownloadError(f"it redirects more than {_REDIRECTS} times")


def _get(
    url: str, hosts: Sequence[str] | None, clock: _Clock, limit: int
) -> Download | str:
    """Return what a URL gives, or the URL to which it redirects."""
    target = read_target(url)
    addresses = _resolve(target, hosts)
    with (
        closing(_connect(target, addresses, clock)) as connection,
        closing(_ask(connection, target, clock)) as response,
    ):
        response.begin()
        if response.status in _MOVED:
            return redirect(url, response.getheader("Location"))
        return _read(response, limit)


def _resolve(target: Target, hosts: Sequence[str] | None) -> Sequence[AddressInfo]:
    if hosts is not None and not target.is_named(hosts):
        raise DownloadError(f"{target.authority} is none of the hosts {list(hosts)}")
    found = socket.getaddrinfo(target.host, target.port, type=socket.SOCK_STREAM)
    private = find_private(found) if hosts is None else None
    if private:
        raise DownloadError(
            f"{target.host} has the address {private}, which is not public. To fetch "
            f"from it all the same, name it: inline_urls=[{target.authority!r}]"
        )
    return found


def _connect(
    target: Target, addresses: Sequence[AddressInfo], clock: _Clock
) -> socket.socket:
    """Connect to the first address that answers."""
    fault = OSError("no address")
    for family, kind, protocol, _, address in addresses:
        connection = socket.socket(family, kind, protocol)
        try:
            connection.settimeout(clock.left())
            connection.connect(address)
            return _secure(connection, target)
        except OSError as error:
            connection.close()
            fault = error
    raise fault


def _secure(connection: socket.socket, target: Target) -> socket.socket:
    if target.scheme == "http":
        return connection
    context = ssl.create_default_context()
    return context.wrap_socket(connection, server_hostname=target.host)


def _ask(
    connection: socket.socket, target: Target, clock: _Clock
) -> http.client.HTTPResponse:
    first = (f"GET {target.path} HTTP/1.1", f"Host: {target.authority}")
    connection.settimeout(clock.left())
    connection.sendall("\r\n".join((*first, *_HEADERS, "", "")).encode("ascii"))
    incoming = cast("socket.socket", _Incoming(connection, clock))
    return http.client.HTTPResponse(incoming, method="GET")


def _read(response: http.client.HTTPResponse, limit: int) -> Download:
    encoding = response.getheader("Content-Encoding", "identity")[:_LONG_WORD]
    if response.status != http.client.OK:
        raise DownloadError(f"its server answered {response.status}")
    if encoding.lower() != "identity":
        raise DownloadError(f"its server sent it encoded ({encoding!r}), unasked")
    # By what arrives too: a server may tell no length, or a wrong one.
    told = response.length or 0
    data = b"" if told > limit else _read_blocks(response, limit)
    if max(told, len(data)) > limit:
        raise DownloadError(f"it has more than {limit} bytes")
    if response.length or not data:
        raise DownloadError(f"it ended after {len(data)} of its bytes")
    return Download(data, response.headers.get_content_type()[:_LONG_WORD])


def _read_blocks(response: http.client.HTTPResponse, limit: int) -> bytes:
    """Read a body, as far as it shows that it is too long.

    In blocks: `http.client` keeps each chunk of one read as an object, so that chunks
    of two bytes would take 28 times the memory of the medium.
    """
    data = bytearray()
    while len(data) <= limit and (block := response.read(_BLOCK)):
        data += block
    return bytes(data)
