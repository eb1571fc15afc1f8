"""A chat request -> what it asks: the last turn's text, media, results and tools."""

import re
from dataclasses import dataclass
from typing import Any

from langchain_kimi._json import as_object, as_objects, as_text, is_array
from langchain_kimi._rules import list_tools, running_turn_start
from langchain_kimi._wire import JsonObject
from langchain_kimi.emulator._search import read_search

_DATA_URL = re.compile(r"data:([^;,]*)[^,]*,")


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolResult:
    """What a tool answered in the running turn."""

    name: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Prompt:
    """What a chat request asks for."""

    text: str
    """The text of the last user message, or of all messages if there is none."""
    instructions: str = ""
    """The texts of the system messages."""
    media: tuple[str, ...] = ()
    """What the pictures and videos of the running turn are, in words."""
    results: tuple[ToolResult, ...] = ()
    tools: tuple[JsonObject, ...] = ()
    """Every tool on offer, those of system messages too."""
    prefix: str | None = None
    """The beginning of the answer, if the request gives it (partial mode)."""
    speaker: str = ""
    """Who is to speak, by the name of that beginning."""
    thought: str = ""
    """The beginning of the reasoning, likewise."""
    form: JsonObject
    """The `response_format`."""
    choice: Any = None
    """The `tool_choice`."""


def read_prompt(request: JsonObject) -> Prompt:
    """Read what a request asks for.

    Args:
        request: The decoded body of a chat request that broke no rule.
    """
    messages = as_objects(request.get("messages"))
    turn = messages[running_turn_start(messages) :]
    begun = _find_beginning(messages)
    is_user = bool(turn) and turn[0].get("role") == "user"
    return Prompt(
        text="\n".join(text_of(message) for message in (turn[:1] if is_user else turn)),
        instructions="\n".join(
            text_of(message) for message in messages if message.get("role") == "system"
        ),
        media=tuple(words for message in turn for words in _read_media(message)),
        results=tuple(_read_results(turn)),
        tools=tuple(read_tools(request)),
        prefix=text_of(begun) if begun else None,
        speaker=as_text(begun.get("name")),
        thought=as_text(begun.get("reasoning_content") or begun.get("reasoning")),
        form=as_object(request.get("response_format")),
        choice=request.get("tool_choice"),
    )


def read_tools(request: JsonObject) -> list[JsonObject]:
    """Return the tools of a request: the global ones, then those of its messages."""
    return [as_object(tool) for _, tool in list_tools(request)]


def text_of(message: JsonObject) -> str:
    """Return the text of a message, that of its text parts one a line."""
    content = message.get("content")
    if not is_array(content):
        return as_text(content)
    parts = [as_text(part.get("text")) for part in as_objects(content)]
    return "\n".join(part for part in parts if part)


def _find_beginning(messages: list[JsonObject]) -> JsonObject:
    """Return the message that begins the answer, an empty one if none does."""
    last = messages[-1] if messages else {}
    is_begun = last.get("role") == "assistant" and last.get("partial") is True
    return last if is_begun else {}


def _read_results(turn: list[JsonObject]) -> list[ToolResult]:
    """Pair each tool message with the call that it answers."""
    calls = {
        call.get("id"): as_object(call.get("function"))
        for message in turn
        for call in as_objects(message.get("tool_calls"))
    }
    return [
        _read_result(message, calls.get(message.get("tool_call_id"), {}), turn[0])
        for message in turn
        if message.get("role") == "tool"
    ]


def _read_result(
    message: JsonObject, call: JsonObject, opening: JsonObject
) -> ToolResult:
    name = as_text(call.get("name")) or as_text(message.get("name"))
    text = read_search(
        text_of(message),
        name=name,
        ticket=as_text(call.get("arguments")),
        asked=text_of(opening),
    )
    return ToolResult(name=name, text=text)


def _read_media(message: JsonObject) -> list[str]:
    content = message.get("content")
    return [
        _describe(part, kind)
        for part in as_objects(content)
        for kind in ("image_url", "video_url")
        if part.get("type") == kind
    ]


def _describe(part: JsonObject, kind: str) -> str:
    """Return a medium's kind, type and size: "image of type image/png, 68 bytes"."""
    medium = part.get(kind)
    url = as_text(as_object(medium).get("url") if as_object(medium) else medium)
    word = kind.removesuffix("_url")
    header = _DATA_URL.match(url)
    if not header:
        return f"{word} {url}"
    payload = url[header.end() :]
    size = len(payload) * 3 // 4 - payload[-2:].count("=")
    return f"{word} of type {header[1]}, {size} bytes"
