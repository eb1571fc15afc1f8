"""The API's messages with URLs of media -> the same messages with the media in them.

Kimi takes data and ids of uploaded files only (vision guide, kimi-api.md 7.1).
"""

import base64
import re
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import TypeAlias, cast

from langchain_kimi._inline._download import SECONDS, download
from langchain_kimi._inline._media_types import read_media_type
from langchain_kimi._inline._target import DownloadError
from langchain_kimi._json import (
    as_array,
    as_object,
    as_objects,
    as_text,
    is_array,
    is_object,
)
from langchain_kimi._refusal import KimiSettingError
from langchain_kimi._rules import BODY_LIMIT, shorten_url
from langchain_kimi._wire import JsonObject, Message

InlineUrls: TypeAlias = bool | list[str]
"""Whether to fetch media: from no host, from all public ones, or from those named."""

ALL_SECONDS = 120.0
"""How long all media of a request may take: each alone may be slow in 30 s."""
_KINDS = ("image_url", "video_url")
_HOST = re.compile(
    r"([\w.-]+|\[[\da-f:.]+\])(:\d+)?|[\da-f:.]+", re.ASCII | re.IGNORECASE
)
_Source: TypeAlias = tuple[str, str]
"""The kind of a part, and its URL."""


def check_hosts(inline_urls: object) -> None:
    """Check the setting, as it was given.

    Args:
        inline_urls: True, False or a list of hosts.

    Raises:
        ValueError: For anything else.
    """
    if not (isinstance(inline_urls, bool) or is_array(inline_urls)):
        raise ValueError("Give True, False, or a list such as ['images.example.com']")
    for host in as_array(inline_urls):
        if not isinstance(host, str) or not _HOST.fullmatch(host):
            raise ValueError(
                f"{host!r} is no host: name it as 'images.example.com' or "
                "'127.0.0.1:8000', in ASCII, without a scheme and a path"
            )


def inline_media(
    messages: list[Message], inline_urls: InlineUrls, *, seconds: float = ALL_SECONDS
) -> list[Message]:
    """Return the messages with data in place of http and https URLs.

    Each is fetched once, however often it stands there.

    Args:
        messages: The messages, as they would be sent.
        inline_urls: The hosts that may be asked.
        seconds: How long all of it may take.

    Raises:
        KimiSettingError: For a medium that cannot be had, or that Kimi does not read.
    """
    if not inline_urls:
        return messages
    hosts = None if inline_urls is True else inline_urls
    end = time.monotonic() + seconds
    data = _fetch(dict.fromkeys(_find_sources(messages)), hosts, end)
    return [_replace(message, data) for message in messages] if data else messages


def _find_sources(messages: list[Message]) -> Iterator[_Source]:
    for message in messages:
        for part in as_objects(message.get("content")):
            source = _source(part)
            if source:
                yield source


def _source(part: JsonObject) -> _Source | None:
    kind = as_text(part.get("type"))
    medium = part.get(kind) if kind in _KINDS else None
    url = as_text(medium.get("url") if is_object(medium) else medium)
    return (kind, url) if url.lower().startswith(("http://", "https://")) else None


def _fetch(
    sources: Mapping[_Source, None], hosts: list[str] | None, end: float
) -> dict[_Source, str]:
    """Return the data URL of each source."""
    data: dict[_Source, str] = {}
    for kind, url in sources:
        left = end - time.monotonic()
        if left <= 0:
            raise _not_inlined(kind, url, "the media together took too long")
        try:
            data[kind, url] = _data_url(kind, url, hosts, min(left, SECONDS))
        except DownloadError as error:
            raise _not_inlined(kind, url, str(error)) from error
        # Here too, though the whole body is measured later: to keep memory bounded.
        if sum(map(len, data.values())) > BODY_LIMIT:
            reason = f"the media together exceed a body of {BODY_LIMIT} bytes"
            raise _not_inlined(kind, url, reason)
    return data


def _data_url(kind: str, url: str, hosts: Sequence[str] | None, seconds: float) -> str:
    found = download(url, hosts, seconds=seconds)
    media_type = read_media_type(found.data, found.told_type)
    wanted = kind.removesuffix("_url")
    if not media_type or not media_type.startswith(f"{wanted}/"):
        told = media_type or found.told_type
        raise DownloadError(f"it is no {wanted} that Kimi reads, but {told}")
    return f"data:{media_type};base64,{base64.b64encode(found.data).decode()}"


def _replace(message: Message, data: Mapping[_Source, str]) -> Message:
    content = message.get("content")
    if not is_array(content):
        return message
    return cast("Message", {**message, "content": [_inline(p, data) for p in content]})


def _inline(part: JsonObject, data: Mapping[_Source, str]) -> JsonObject:
    source = _source(as_object(part))
    if source is None:
        return part
    kind, _ = source
    medium = part[kind]
    url = data[source]
    return {**part, kind: {**medium, "url": url} if is_object(medium) else url}


def _not_inlined(kind: str, url: str, reason: str) -> KimiSettingError:
    medium = f"{kind.removesuffix('_url')} {shorten_url(url)}"
    return KimiSettingError(
        f"The {medium} was not inlined: {reason}. "
        "To mend it: send base64 data with its mime_type, or upload it with KimiFiles "
        "and send its file_id."
    )
