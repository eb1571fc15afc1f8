"""The blocks of Anthropic messages -> the messages of a chat request."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from langchain_kimi._json import (
    as_array,
    as_object,
    as_objects,
    as_text,
    is_array,
)
from langchain_kimi._wire import JsonObject
from langchain_kimi.emulator._failures import Refused, invalid
from langchain_kimi.emulator._json import write_json


def build_system(system: object) -> list[JsonObject]:
    """Return the system message, none for an empty text.

    Args:
        system: A text, or a list of text blocks.
    """
    return [{"role": "system", "content": _build_content(system)}] if system else []


def build_messages(messages: object) -> list[JsonObject]:
    """Return the messages; each tool result is a message of its own.

    Args:
        messages: The list of a Messages request; what is no list has no messages.

    Raises:
        Refused: A block is of a type that Kimi does not know.
    """
    return [
        built
        for message in map(as_object, as_array(messages))
        for built in _build_message(message)
    ]


def _build_message(message: JsonObject) -> Iterator[JsonObject]:
    role, content = message.get("role"), message.get("content")
    blocks = as_objects(content)
    if not is_array(content):
        yield {"role": role, "content": content}
    elif role == "assistant":
        yield _build_assistant(blocks)
    else:
        results = [block for block in blocks if block.get("type") == "tool_result"]
        yield from map(_build_result, results)
        rest = [block for block in blocks if block.get("type") != "tool_result"]
        if rest or not results:
            yield {"role": role, "content": _build_content(rest)}


def _build_assistant(blocks: Sequence[JsonObject]) -> JsonObject:
    """Return an assistant message with its text, thinking and calls."""
    kinds: dict[str, list[JsonObject]] = {"text": [], "thinking": [], "tool_use": []}
    for block in blocks:
        kind = as_text(block.get("type"))
        if kind not in kinds:
            raise _unsupported(kind)
        kinds[kind].append(block)
    # An empty text is refused here as it is in a chat request.
    content = [_build_text(block) for block in kinds["text"]]
    message: JsonObject = {"role": "assistant", "content": content or ""}
    if kinds["thinking"]:
        thoughts = [as_text(block.get("thinking")) for block in kinds["thinking"]]
        message["reasoning_content"] = "".join(thoughts)
    if kinds["tool_use"]:
        message["tool_calls"] = [_build_call(block) for block in kinds["tool_use"]]
    return message


def _build_call(block: JsonObject) -> JsonObject:
    arguments = write_json(block.get("input") or {})
    return {
        "id": block.get("id"),
        "type": "function",
        "function": {"name": block.get("name"), "arguments": arguments},
    }


def _build_result(block: JsonObject) -> JsonObject:
    return {
        "role": "tool",
        "tool_call_id": block.get("tool_use_id"),
        "content": _build_content(block.get("content") or "", of="tool result "),
    }


def _build_content(content: object, of: str = "") -> Any:
    if not is_array(content):
        return content
    return [_build_part(block, of) for block in as_objects(content)]


def _build_part(block: JsonObject, of: str) -> JsonObject:
    kind = as_text(block.get("type"))
    build = _PARTS.get(kind)
    if build is None:
        raise _unsupported(kind, of)
    return build(block)


def _build_text(block: JsonObject) -> JsonObject:
    return {"type": "text", "text": block.get("text")}


def _build_image(block: JsonObject) -> JsonObject:
    """Return a picture; one of a public URL is refused as in a chat request."""
    source = as_object(block.get("source"))
    url = as_text(source.get("url"))
    if source.get("type") == "base64":
        url = f"data:{source.get('media_type')};base64,{source.get('data')}"
    return {"type": "image_url", "image_url": {"url": url}}


_PARTS: Mapping[str, Callable[[JsonObject], JsonObject]] = {
    "text": _build_text,
    "image": _build_image,
}


def _unsupported(kind: str, of: str = "") -> Refused:
    # "failed to convert tool result content: unsupported content type in
    # ContentBlockParamUnion: tool_reference" (Kimi-K2#118, 2026-03-19); the words on
    # other content are made alike.
    return invalid(
        f"failed to convert {of}content: "
        f"unsupported content type in ContentBlockParamUnion: {kind}"
    )
