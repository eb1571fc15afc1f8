"""A URL -> whom to ask for what, or why it is not asked."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import quote, urljoin, urlsplit

_PORTS = {"http": 80, "https": 443}
_HOST = re.compile(r"[\w.:%-]+", re.ASCII)
# What a URL may hold as it is; a space or a letter beyond ASCII is written as %20.
_SAFE = "%/:=&?~+!$,;'()*@[]|"


class DownloadError(Exception):
    """Why a URL gave no medium, as the end of a sentence about it."""


@dataclass(frozen=True, slots=True)
class Target:
    """Whom to ask for what."""

    scheme: str
    host: str
    port: int
    path: str
    """The path and the query, as they are sent."""

    @property
    def authority(self) -> str:
        """The host, with the port where it is not the scheme's own."""
        is_usual = self.port == _PORTS[self.scheme]
        return self._name if is_usual else f"{self._name}:{self.port}"

    @property
    def _name(self) -> str:
        return f"[{self.host}]" if ":" in self.host else self.host

    def is_named(self, hosts: Sequence[str]) -> bool:
        """Tell whether one of the hosts, with or without a port, is this one.

        Args:
            hosts: Names such as `images.example.com` and `127.0.0.1:8000`.
        """
        named = {host.lower() for host in hosts}
        return not named.isdisjoint(
            (self.host, self._name, f"{self._name}:{self.port}")
        )


def read_target(url: str) -> Target:
    """Return whom a URL asks for what.

    Args:
        url: An absolute URL.

    Raises:
        DownloadError: For anything but http and https, and for a password.
    """
    try:
        parts = urlsplit(url)
        host = (parts.hostname or "").encode("idna").decode()
        query = f"?{parts.query}" if parts.query else ""
        path = quote(f"{parts.path or '/'}{query}", safe=_SAFE)
        port = parts.port
    except ValueError:
        raise DownloadError("it is no valid URL") from None
    if parts.scheme not in _PORTS:
        raise DownloadError(f"its scheme is {parts.scheme!r}, not http or https")
    if "@" in parts.netloc:
        raise DownloadError("it holds a user name, which would be sent to its host")
    if not _HOST.fullmatch(host):
        raise DownloadError("it has no valid host")
    port = _PORTS[parts.scheme] if port is None else port
    return Target(parts.scheme, host.lower(), port, path)


def redirect(url: str, location: str | None) -> str:
    """Return the URL to which one was redirected.

    Args:
        url: The URL that was asked.
        location: The `Location` header of the answer.

    Raises:
        DownloadError: If there is none, or if it leads from https to http.
    """
    if not location:
        raise DownloadError("it redirects to nowhere")
    try:
        found = urljoin(url, location)
    except ValueError:
        raise DownloadError("it redirects to what is no valid URL") from None
    if urlsplit(url).scheme == "https" and urlsplit(found).scheme == "http":
        raise DownloadError("it redirects from https to http")
    return found
