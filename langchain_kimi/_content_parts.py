"""LangChain content blocks (v0, v1, OpenAI's, Anthropic's) -> the API's content parts.

Kimi reads `text`, `image_url` and `video_url` parts; a medium is base64 data or the id
of an uploaded file (`ms://<id>`); a public URL (kimi-api.md 7.1) is passed on, to be
inlined or refused.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, TypeAlias

from langchain_kimi._json import as_object, as_objects, is_array
from langchain_kimi._refusal import KimiSettingError, show
from langchain_kimi._wire import JsonObject

Content: TypeAlias = str | list[str | dict[Any, Any]]
"""The content of a LangChain message."""


def build_content(content: Content) -> str | list[JsonObject]:
    """Return the wire form of a user, system or tool message's content.

    Args:
        content: Text, or a list of texts and blocks.

    Raises:
        KimiSettingError: For a block that Kimi cannot read.
    """
    if isinstance(content, str):
        return content
    if not is_array(content):
        # LangChain checks a message's content, but not that of a tool_result block.
        raise KimiSettingError(
            f"The content {show(content)} is neither text nor a list of blocks."
        )
    parts = list(build_parts(content))
    if not parts:
        return ""
    if len(parts) == 1 and parts[0]["type"] == "text":
        return parts[0]["text"]
    return parts


def build_parts(blocks: Iterable[str | Mapping[Any, Any]]) -> Iterator[JsonObject]:
    """Yield the content part of each block; an empty text has none.

    Args:
        blocks: Texts and content blocks.

    Raises:
        KimiSettingError: For a block that Kimi cannot read.
    """
    for block in blocks:
        if isinstance(block, str):
            block = {"type": "text", "text": block}
        build = _BUILDERS.get(str(as_object(block).get("type")))
        if build is None:
            raise _unreadable(block)
        part = build(block)
        # "text content is empty": the API refuses a part without text.
        if part != {"type": "text", "text": ""}:
            yield part


def list_media(content: Content) -> str:
    """Return the types of what another vendor's model made beside text, as a list.

    Args:
        content: The content of an answer.
    """
    if isinstance(content, str):
        return ""
    kinds = {str(block.get("type")) for block in as_objects(content)}
    return ", ".join(sorted(kinds & _MADE))


_MADE = {"image", "image_url", "video", "video_url", "audio", "file", "document"}


def _text(block: Mapping[str, Any]) -> JsonObject:
    text = block.get("text") or ""
    if not isinstance(text, str):
        raise KimiSettingError(
            f"A content block of type {block['type']!r} has no text but {show(text)}. "
            "Write it as text, such as JSON."
        )
    return {"type": "text", "text": text}


def _plain_text(block: Mapping[str, Any]) -> JsonObject:
    """Build a part from LangChain's text file, which may hold a file, not a text."""
    if not isinstance(block.get("text"), str):
        raise KimiSettingError(
            "A content block of type 'text-plain' has no text: it has the keys "
            f"{sorted(map(str, block))}. {_DOCUMENT}"
        )
    return _text(block)


def _media_url(block: Mapping[str, Any]) -> JsonObject:
    """Pass OpenAI's own part on, without keys beside the medium (cache_control ...)."""
    kind = block["type"]
    if not block.get(kind):
        raise _without_source(block)
    return {"type": kind, kind: block[kind]}


def _medium(block: Mapping[str, Any]) -> JsonObject:
    """Build a part from a standard block, of v1 or v0, or from Anthropic's block."""
    kind = block["type"]
    key = f"{kind}_url"
    fields = {**block, **as_object(block.get("source"))}
    return {"type": key, key: {"url": _url(kind, fields, block)}}


def _url(kind: str, fields: Mapping[str, Any], block: Mapping[str, Any]) -> str:
    file_id = fields.get("file_id") or (
        fields.get("id") if fields.get("source_type") == "id" else None
    )
    if file_id:
        return file_id if str(file_id).startswith("ms://") else f"ms://{file_id}"
    data = fields.get("base64") or fields.get("data")
    if data:
        _check_base64(kind, data)
        mime_type = fields.get("mime_type") or fields.get("media_type")
        return f"data:{mime_type or _MIME_TYPES[kind]};base64,{data}"
    if fields.get("url"):
        return fields["url"]
    raise _without_source(block)


def _check_base64(kind: str, data: object) -> None:
    # Its beginning tells bytes, paths and URLs apart; all of it may be 100 MB.
    if not isinstance(data, str) or not _BASE64.fullmatch(data[:64]):
        raise KimiSettingError(
            f"The data of a content block of type {kind!r} is no base64 text: "
            f"{show(data)}. Encode the bytes with base64.b64encode(...).decode()."
        )


_BASE64 = re.compile(r"[A-Za-z0-9+/=\s]*")
_MIME_TYPES = {"image": "image/png", "video": "video/mp4"}
_BUILDERS: Mapping[str, Callable[[Mapping[str, Any]], JsonObject]] = {
    "text": _text,
    "text-plain": _plain_text,
    "image_url": _media_url,
    "video_url": _media_url,
    "image": _medium,
    "video": _medium,
}


def _without_source(block: Mapping[str, Any]) -> KimiSettingError:
    return KimiSettingError(
        f"A content block of type {block.get('type')!r} has no data: it has the keys "
        f"{sorted(map(str, block))}. Give base64 with mime_type, a file_id, or a "
        "data: URL."
    )


def _unreadable(block: Mapping[Any, Any]) -> KimiSettingError:
    kind = as_object(block).get("type")
    return KimiSettingError(
        f"Kimi cannot read a content block of type {kind!r}. It reads "
        f"{', '.join(_BUILDERS)}. {_REMEDIES.get(str(kind), _DOCUMENT)}"
    )


_DOCUMENT = (
    "Send a document as text: KimiFileLoader extracts PDF, office and other files "
    "through the Files API (KimiFiles with purpose 'file-extract')."
)
_SPEECH = (
    "Send speech as a transcript of your own: the Files API (KimiFiles, "
    "KimiFileLoader) extracts documents only."
)
_REMEDIES = {"audio": _SPEECH, "input_audio": _SPEECH}
