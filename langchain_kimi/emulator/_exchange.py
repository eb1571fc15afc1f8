"""What goes in and out of the emulator: a request and its reply, without I/O."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from langchain_kimi._wire import JsonObject
from langchain_kimi.emulator._json import NotJsonError, read_json, to_bytes, write_json
from langchain_kimi.emulator._message import Deliver

JSON_TYPE = "application/json; charset=utf-8"


class Headers(Mapping[str, str]):
    """Header fields, looked up without regard to case."""

    def __init__(self, fields: Iterable[tuple[str, str]] = ()) -> None:
        self._fields: dict[str, tuple[str, str]] = {}
        for name, value in fields:
            _, earlier = self._fields.get(name.lower(), (name, ""))
            joined = f"{earlier}, {value}" if earlier else value
            self._fields[name.lower()] = (name, joined)

    def __getitem__(self, name: str) -> str:
        return self._fields[name.lower()][1]

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and name.lower() in self._fields

    def __iter__(self) -> Iterator[str]:
        return (name for name, _ in self._fields.values())

    def __len__(self) -> int:
        return len(self._fields)

    def __repr__(self) -> str:
        return f"Headers({dict(self)!r})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One HTTP request, as it was received."""

    method: str
    path: str
    """The path without its query, such as `/v1/chat/completions`."""
    query: str = ""
    headers: Headers = field(default_factory=Headers)
    raw: bytes = b""
    """The body, byte for byte."""
    body: Any = None
    """The body decoded from JSON; None if there is none, or if it is not JSON."""
    fault: str | None = None
    """Why the body is not JSON; None if it is."""
    peer: tuple[str, int] | None = None
    """The client's host and port: equal for the requests of one connection."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """One HTTP response: bytes, or the events of a stream one by one."""

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    body: bytes | Iterable[bytes] = b""
    deliver: Deliver | None = None
    """How it is sent; None as it is."""

    @classmethod
    def of_json(cls, body: JsonObject) -> Self:
        """Return a good reply with a JSON body."""
        return cls(headers={"Content-Type": JSON_TYPE}, body=to_bytes(write_json(body)))


def read_request(
    method: str, target: str, headers: Iterable[tuple[str, str]], raw: bytes
) -> Request:
    """Build a request from the parts of an HTTP message.

    Args:
        method: The method, in capitals.
        target: The path with its query, as in the request line.
        headers: The header fields in order.
        raw: The body.
    """
    path, _, query = target.partition("?")
    body, fault = _decode(raw)
    return Request(
        method=method,
        path=path,
        query=query,
        headers=Headers(headers),
        raw=raw,
        body=body,
        fault=fault,
    )


def _decode(raw: bytes) -> tuple[Any, str | None]:
    try:
        return (read_json(raw) if raw else None), None
    except NotJsonError as error:
        return None, str(error)
