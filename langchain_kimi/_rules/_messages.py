"""Rules on messages: shape, content parts, tool-call pairing, reasoning."""

import re
from collections.abc import Iterator
from typing import Any

from langchain_kimi._json import (
    as_array,
    as_object,
    as_objects,
    as_text,
    is_array,
    is_object,
)
from langchain_kimi._rules._settings import mode_of
from langchain_kimi._rules._violation import Violation
from langchain_kimi._wire import JsonObject
from langchain_kimi.catalogue import Model

_SPEAKERS = ("system", "user", "assistant")
_ROLES = (*_SPEAKERS, "tool")
_MEDIA = ("image_url", "video_url")
_FETCHED = ("http://", "https://")
_LONG_URL = 200


def check_messages(
    request: JsonObject, model: Model | None, *, fetches_urls: bool
) -> Iterator[Violation]:
    """Yield the violations of `messages`."""
    messages = as_array(request.get("messages"))
    if not messages:
        yield Violation(
            message="Invalid request: messages must not be empty",
            field="messages",
            given=request.get("messages"),
            remedy="send at least one message",
        )
        return
    special = [at for at, message in enumerate(messages) if not _is_plain(message)]
    for position in special:
        message = messages[position]
        yield from _shape(position, message, fetches_urls=fetches_urls)
        yield from _calls(f"messages[{position}].tool_calls", message)
        if model and as_object(message).get("tools") is not None:
            yield from _dynamic_tools(position, message, model)
    if not special:
        return
    known = [as_object(message) for message in messages]
    yield from _pairing(known)
    if model:
        yield from _reasoning(request, known, model)


def _is_plain(message: Any) -> bool:
    """Tell a message that is a role and a text: nothing of it can be wrong."""
    try:
        text, role = message["content"], message["role"]
    except (KeyError, TypeError):
        return False
    return (
        role in _SPEAKERS
        and isinstance(text, str)
        and not text.isspace()
        and text != ""
        and "tool_calls" not in message
        and "tools" not in message
    )


def _shape(position: int, message: Any, *, fetches_urls: bool) -> Iterator[Violation]:
    path = f"messages[{position}]"
    role = as_object(message).get("role")
    if role not in _ROLES:
        yield Violation(
            message=f"Invalid request: unknown role: {role or ''}",
            field=f"{path}.role",
            given=role,
            remedy=f"send one of {', '.join(_ROLES)}",
        )
        return
    content = message.get("content")
    if is_array(content):
        yield from _parts(path, content, fetches_urls=fetches_urls)
    elif _is_blank(message):
        yield Violation(
            message=f"Invalid request: the message at position {position} with role "
            f"'{role}' must not be empty",
            field=f"{path}.content",
            given=content,
            remedy="give the message a text, or leave it out",
        )


def _calls(path: str, message: Any) -> Iterator[Violation]:
    calls = as_object(message).get("tool_calls")
    if calls is not None and not is_array(calls):
        yield _bad_call(path, calls, "a list is expected")
    for index, call in enumerate(as_array(calls)):
        function = as_object(as_object(call).get("function"))
        if not as_text(function.get("name")):
            yield _bad_call(f"{path}[{index}]", call, "function.name is missing")
        elif not isinstance(function.get("arguments"), str):
            reason = "function.arguments is to be a string of JSON"
            yield _bad_call(f"{path}[{index}]", call, reason)


def _bad_call(path: str, given: object, reason: str) -> Violation:
    return Violation(
        message=f"Invalid request: invalid tool_calls: {reason}",
        field=path,
        given=given,
        remedy="send the assistant message back as it was received",
    )


def _is_blank(message: JsonObject) -> bool:
    """Tell a message without anything to say from one that may be empty."""
    content = message.get("content")
    if isinstance(content, str) and content.strip():
        return False
    # A tool may return nothing; a partial message may be only a name or a reasoning.
    may_be_empty = message["role"] == "tool" or message.get("partial")
    calls = as_array(message.get("tool_calls"))
    return not (may_be_empty or calls or message.get("tools"))


def _parts(path: str, parts: list[Any], *, fetches_urls: bool) -> Iterator[Violation]:
    if not parts:
        yield _empty_text(f"{path}.content")
    for index, part in enumerate(parts):
        yield from _part(f"{path}.content[{index}]", part, fetches_urls=fetches_urls)


def _part(path: str, part: Any, *, fetches_urls: bool) -> Iterator[Violation]:
    kind = as_object(part).get("type")
    if kind == "text":
        if not part.get("text"):
            yield _empty_text(f"{path}.text")
    elif kind in _MEDIA:
        yield from _media(path, kind, part.get(kind), fetches_urls=fetches_urls)
    else:
        yield Violation(
            message=f"Invalid part type: {kind}",
            field=f"{path}.type",
            given=kind,
            remedy="send text, image_url or video_url parts; upload documents with "
            "the Files API and send their extracted text",
        )


def _empty_text(path: str) -> Violation:
    # Observed: `content: [{"type": "text", "text": ""}]` -> 400.
    return Violation(
        message="text content is empty",
        field=path,
        given="",
        remedy="leave the empty part out",
    )


def _media(
    path: str, kind: str, media: Any, *, fetches_urls: bool
) -> Iterator[Violation]:
    url = media.get("url") if is_object(media) else media
    if fetches_urls and isinstance(url, str) and url.startswith(_FETCHED):
        return
    if not isinstance(url, str) or not _is_readable(url, kind):
        yield Violation(
            message=f"unsupported {kind.removesuffix('_url')} url",
            field=f"{path}.{kind}",
            given=shorten_url(url) if isinstance(url, str) else None,
            remedy="Kimi fetches no public URL and reads no SVG: send base64 data of "
            "the medium, upload the file with KimiFiles and send its id, or have URLs "
            "fetched here with ChatKimi(inline_urls=True); of documents send the text "
            "that KimiFileLoader extracts",
        )


def shorten_url(url: str) -> str:
    """Return a URL for people to read: without data, a password or a signature.

    Args:
        url: Any text that was given as one; bare base64 is a common mistake.
    """
    end = "," if url[:5].lower() == "data:" else "[?#]"
    text = re.sub("(?<=//)[^/]*@", "", re.split(end, url, maxsplit=1)[0], count=1)
    return text if len(text) <= _LONG_URL else f"{text[:_LONG_URL]}..."


def _is_readable(url: str, kind: str) -> bool:
    """Tell what Kimi reads: an uploaded file, or data of the part's own kind."""
    data = f"data:{kind.removesuffix('_url')}/"
    return url.startswith(("ms://", data)) and not url.startswith("data:image/svg")


def _dynamic_tools(
    position: int, message: JsonObject, model: Model
) -> Iterator[Violation]:
    field = f"messages[{position}].tools"
    if not model.dynamic_tools:
        yield Violation(
            message="tokenization failed",
            field=field,
            remedy="this model takes tools only at the top level: bind them",
        )
    elif message.get("role") != "system" or not is_array(message["tools"]):
        yield Violation(
            message="Invalid request: tools are allowed only as a list in a message "
            "with role 'system'",
            field=field,
            remedy="put them into a SystemMessage",
        )
    elif message.get("content"):
        yield Violation(
            message="Invalid request: tools cannot be used with content",
            field=field,
            given=message["content"],
            remedy="send the text in a message of its own",
        )


def _pairing(messages: list[JsonObject]) -> Iterator[Violation]:
    """Every call is answered before the next turn, every answer has its call."""
    open_ids: list[str] = []
    for position, message in enumerate(messages):
        if message.get("role") == "tool":
            answered = message.get("tool_call_id") or ""
            if answered in open_ids:
                open_ids.remove(answered)
            else:
                yield _orphan(position, answered)
        else:
            if open_ids:
                yield _unanswered(position, open_ids)
            open_ids = _call_ids(message) if "tool_calls" in message else []
    if open_ids:
        yield _unanswered(len(messages), open_ids)


def _call_ids(message: JsonObject) -> list[str]:
    return [call.get("id") or "" for call in as_objects(message.get("tool_calls"))]


def _orphan(position: int, call_id: str) -> Violation:
    return Violation(
        # Two spaces when the id is empty, as seen.
        message=f"Invalid request: tool_call_id {call_id} is not found",
        field=f"messages[{position}].tool_call_id",
        given=call_id,
        remedy="put the assistant message that made the call before its result",
    )


def _unanswered(position: int, call_ids: list[str]) -> Violation:
    return Violation(
        message="an assistant message with 'tool_calls' must be followed by tool "
        "messages responding to each 'tool_call_id'. The following tool_call_ids "
        f"did not have response messages: {', '.join(map(str, call_ids))}",
        field=f"messages[{position - 1}].tool_calls",
        given=call_ids,
        remedy="append one ToolMessage for each call before the next turn",
    )


def _reasoning(
    request: JsonObject, messages: list[JsonObject], model: Model
) -> Iterator[Violation]:
    if model.missing_reasoning != "rejected" or mode_of(request, model) == "instant":
        return
    first = 0 if _keeps_all(request, model) else running_turn_start(messages)
    for position in range(first, len(messages)):
        message = messages[position]
        if (
            message.get("tool_calls")
            # vLLM names it `reasoning`; any text passes, "" too (kimi-api.md 4.2).
            and message.get("reasoning_content", message.get("reasoning")) is None
        ):
            yield Violation(
                message="thinking is enabled but reasoning_content is missing in "
                f"assistant tool call message at index {position}",
                field=f"messages[{position}].reasoning_content",
                remedy="send the assistant message back as it was received",
            )


def _keeps_all(request: JsonObject, model: Model) -> bool:
    keep = as_object(request.get("thinking")).get("keep")
    return (keep or model.keep_default) == "all"


def running_turn_start(messages: list[JsonObject]) -> int:
    """Return where the running tool loop begins: at the last message of the user."""
    for position in range(len(messages) - 1, -1, -1):
        if messages[position].get("role") == "user":
            return position
    return 0
