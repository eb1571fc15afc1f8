"""A string format's name -> how to find it in a prompt, and a value for want of one."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time

from langchain_kimi._json import as_text
from langchain_kimi._wire import JsonObject

_DATE = r"\d{4}-\d{2}-\d{2}"
_TIME = r"\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:\d{2})?"
# Schemas without `format` (MFJS knows none) carry it as a note in the description.
_NOTE = re.compile(r"\(format: ([a-z0-9-]+)\)")


def _any(value: str) -> str:
    return value


def _iso_date(value: str) -> str:
    return date.fromisoformat(value).isoformat()


def _iso_time(value: str) -> str:
    return _with_offset(time.fromisoformat(value).isoformat())


def _iso_moment(value: str) -> str:
    return _with_offset(datetime.fromisoformat(value).isoformat())


def _with_offset(value: str) -> str:
    """Return a time that RFC 3339 accepts: it always names its offset."""
    has_offset = re.search(r"[+-]\d{2}:\d{2}$", value)
    return value.replace("+00:00", "Z") if has_offset else f"{value}Z"


@dataclass(frozen=True, slots=True)
class Format:
    """One format: what it looks like, how it is put right, and an example."""

    pattern: re.Pattern[str]
    sample: str
    normal: Callable[[str], str] = _any
    """Returns the value as the format wants it; raises ValueError if it is none."""


def _format(pattern: str, sample: str, normal: Callable[[str], str] = _any) -> Format:
    return Format(re.compile(rf"(?<!\w){pattern}(?!\w)"), sample, normal)


FORMATS: dict[str, Format] = {
    "uri": _format(r"[a-z][a-z0-9+.-]*://[^\s\"'<>)]*[\w/]", "https://example.com/"),
    "email": _format(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+", "user@example.com"),
    "uuid": _format(
        r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}",
        "12345678-1234-4234-8234-123456789012",
    ),
    "date-time": _format(rf"{_DATE}[Tt ]{_TIME}", "2026-11-21T12:00:00Z", _iso_moment),
    "date": _format(_DATE, "2026-11-21", _iso_date),
    "time": _format(_TIME, "12:00:00Z", _iso_time),
    "duration": _format(
        r"P(?=\d|T\d)(?:\d+[YMWD])*(?:T(?:\d+(?:\.\d+)?[HMS])+)?", "PT1H"
    ),
    "ipv4": _format(r"\d{1,3}(?:\.\d{1,3}){3}", "192.0.2.1"),
    "ipv6": _format(r"(?:[0-9a-f]{1,4}:){7}[0-9a-f]{1,4}", "2001:db8::1"),
    "hostname": _format(r"(?:[a-z0-9-]+\.)+[a-z]{2,}", "example.com"),
}
"""Every format that can be filled, in the order in which a prompt is searched."""


def format_of(schema: JsonObject) -> str | None:
    """Return the format that a schema asks for, in `format` or in its description."""
    name = as_text(schema.get("format"))
    note = _NOTE.search(as_text(schema.get("description")))
    name = name or (note[1] if note else "")
    return name if name in FORMATS else None
