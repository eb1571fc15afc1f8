"""The body of a form with a file -> its parts."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from langchain_kimi._rules import BODY_LIMIT, check_file
from langchain_kimi.emulator._exchange import Request
from langchain_kimi.emulator._failures import Refused, invalid

_BOUNDARY = re.compile(r'boundary="?([^";,]+)"?')
_NAME = re.compile(r'[; ]name="([^"]*)"')
_FILENAME = re.compile(r'[; ]filename="([^"]*)"')


@dataclass(frozen=True, slots=True)
class Part:
    """One field of a form."""

    data: bytes
    filename: str | None = None
    """The name of the file; None for a field that is none."""


def read_form(request: Request) -> dict[str, Part]:
    """Return the fields of a form by their names; raise Refused if it is none.

    Args:
        request: A request to an endpoint that takes `multipart/form-data`.
    """
    kind = request.headers.get("Content-Type", "")
    boundary = _BOUNDARY.search(kind)
    if not kind.startswith("multipart/form-data") or not boundary:
        raise invalid("Invalid request: the body must be multipart/form-data")
    delimiter = b"\r\n--" + boundary[1].encode()
    _, *parts = (b"\r\n" + request.raw).split(delimiter)
    if not parts or not parts[-1].startswith(b"--"):
        raise _cut_off(request)
    return dict(_read_parts(parts[:-1]))


def _cut_off(request: Request) -> Refused:
    """Tell a form that is over the limit, and was not read, from a broken one."""
    for violation in check_file("file-extract", len(request.raw)):
        if len(request.raw) > BODY_LIMIT:
            return invalid(violation.message)
    return invalid("Invalid request: the form has no end")


def _read_parts(parts: list[bytes]) -> Iterator[tuple[str, Part]]:
    for part in parts:
        head, _, data = part.partition(b"\r\n\r\n")
        text = head.decode("utf-8", "replace")
        name, filename = _NAME.search(text), _FILENAME.search(text)
        if name:
            yield name[1], Part(data, filename[1] if filename else None)
