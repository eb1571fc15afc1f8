"""LangChain messages -> the API's messages.

Reasoning goes back with every answer of Kimi's own, from wherever LangChain keeps it
(`additional_kwargs` or v1 blocks), and never with another vendor's.
"""

from collections.abc import Iterator, Sequence
from typing import cast

from langchain_core.messages import (
    AIMessage,
    BaseMessage,
    ChatMessage,
    HumanMessage,
    SystemMessage,
    ToolMessage,
)

from langchain_kimi._arguments import parse_arguments, write_arguments
from langchain_kimi._content_parts import build_content, build_parts, list_media
from langchain_kimi._dialects import Dialect
from langchain_kimi._json import as_object, as_objects, as_text
from langchain_kimi._refusal import KimiSettingError, Notify
from langchain_kimi._rules import tool_type
from langchain_kimi._wire import JsonObject, Message, ToolCall
from langchain_kimi.catalogue import PROVIDER

_ROLES = {
    "system": "system",
    "developer": "system",
    "user": "user",
    "human": "user",
    "assistant": "assistant",
    "ai": "assistant",
}


def build_messages(
    messages: Sequence[BaseMessage],
    *,
    dialect: Dialect,
    notify: Notify,
    backfill: bool = False,
) -> list[Message]:
    """Return the wire form of a conversation.

    An answer that was cut before it said anything (finish_reason `length`) is left
    out, as are a broken call that nobody answered and a system message without a
    word, which deepagents begins with: Kimi refuses all three.

    Args:
        messages: The conversation, oldest first.
        dialect: How the server is written to.
        notify: Is told of each answer that is left out.
        backfill: Whether a tool-call message without reasoning (synthesized, or of
            another vendor) is given an empty one. While thinking, Kimi answers 400
            "reasoning_content is missing" to none, and accepts "" (kimi-api.md 4.2).

    Raises:
        KimiSettingError: For a message or content block that Kimi cannot read.
    """
    wires: list[Message] = []
    for position, message in enumerate(messages):
        if isinstance(message, AIMessage):
            broken = message.invalid_tool_calls
            answered = _answered(messages, position) if broken else set[str]()
            if media := list_media(message.content):
                notify(f"messages[{position}] is sent without {media}: {_ONLY_TEXT}")
            wire = _assistant(message, answered, dialect, backfill=backfill)
            if _says_nothing(wire):
                notify(f"The answer in messages[{position}] is empty: it was not sent.")
                continue
            wires.append(wire)
        elif type(message) is HumanMessage and isinstance(message.content, str):
            # Half of a long conversation is this; a generator would double its cost.
            wires.append(
                _labelled({"role": "user", "content": message.content}, message)
            )
        else:
            wires += _build(message)
    _restore_echoes(wires)
    return wires


_ONLY_TEXT = "Kimi takes only text in an AIMessage. Put it into a HumanMessage."


def _answered(messages: Sequence[BaseMessage], position: int) -> set[str]:
    """Return the ids of the results right after a message.

    Later ones may have the same ids: Kimi numbers its calls anew in each answer.
    """
    results: set[str] = set()
    for index in range(position + 1, len(messages)):
        message = messages[index]
        if not isinstance(message, ToolMessage):
            break
        results.add(message.tool_call_id)
    return results


def _says_nothing(wire: Message) -> bool:
    content = as_text(wire.get("content"))
    return not (content.strip() or wire.get("tool_calls") or wire.get("partial"))


def _build(message: BaseMessage) -> Iterator[Message]:
    match message:
        case ToolMessage():
            yield _tool(message)
        case SystemMessage():
            yield from _system(message)
        case HumanMessage():
            yield from _user(message)
        case ChatMessage() if message.role in _ROLES:
            wire = {
                "role": _ROLES[message.role],
                "content": build_content(message.content),
            }
            yield _labelled(wire, message)
        case _:
            raise KimiSettingError(
                f"Kimi has no role for a {type(message).__name__}. Send System-, "
                "Human-, AI- and ToolMessages."
            )


def _restore_echoes(wires: list[Message]) -> None:
    """Spell the echo of a builtin function's arguments as Kimi spelt them.

    The client is to send back the arguments of `$web_search` verbatim (web search
    guide); LangChain hands them to the tool parsed.
    """
    calls: dict[str, ToolCall] = {}
    for wire in wires:
        if "tool_calls" in wire:
            calls.update((call["id"], call) for call in wire["tool_calls"])
        if "tool_call_id" not in wire:
            continue
        call = calls.get(wire["tool_call_id"])
        if call and call["type"] == "builtin_function":
            given = call["function"]["arguments"]
            echo = wire.get("content")
            if isinstance(echo, str) and parse_arguments(echo) == parse_arguments(
                given
            ):
                wire["content"] = given


def _labelled(wire: JsonObject, message: BaseMessage) -> Message:
    """Add the name, and partial mode's flag; the rules say where it may stand."""
    if message.name:
        wire["name"] = message.name
    if message.additional_kwargs.get("partial"):
        wire["partial"] = True
    return cast("Message", wire)


def _system(message: SystemMessage) -> Iterator[Message]:
    wire = _labelled({"role": "system"}, message)
    tools = message.additional_kwargs.get("tools")
    content = build_content(message.content)
    if tools is not None:
        # Tools given in mid-conversation (K3): such a message has no content.
        wire["tools"] = tools
    if not _is_blank(content):
        wire["content"] = content
    if "content" in wire or tools is not None:
        yield wire


def _is_blank(content: object) -> bool:
    return not (content.strip() if isinstance(content, str) else content)


def _user(message: HumanMessage) -> Iterator[Message]:
    content = message.content
    for block in _blocks(message, "tool_result"):
        yield _tool_result(block)
    if isinstance(content, list):
        content = [b for b in content if as_object(b).get("type") != "tool_result"]
        if not content and message.content:
            return
    yield _labelled({"role": "user", "content": build_content(content)}, message)


def _blocks(message: BaseMessage, kind: str) -> list[JsonObject]:
    if isinstance(message.content, str):
        return []
    return [b for b in as_objects(message.content) if b.get("type") == kind]


def _tool_result(block: JsonObject) -> Message:
    """Build a tool message from Anthropic's block inside a user message."""
    return {
        "role": "tool",
        "tool_call_id": block.get("tool_use_id") or "",
        "content": build_content(block.get("content") or ""),
    }


def _tool(message: ToolMessage) -> Message:
    # The API has no status: that a tool failed is told by the content.
    return _labelled(
        {
            "role": "tool",
            "tool_call_id": message.tool_call_id,
            "content": build_content(message.content),
        },
        message,
    )


def _assistant(
    message: AIMessage, answered: set[str], dialect: Dialect, *, backfill: bool
) -> Message:
    wire = _labelled({"role": "assistant"}, message)
    text, calls = _text(message), _tool_calls(message, answered)
    # Blank content beside tool calls is left out, as Moonshot's own client does: an
    # empty list of parts was answered with "text content is empty".
    if text.strip() or not calls:
        wire["content"] = text
    reasoning = _reasoning(message)
    if reasoning is None and calls and backfill:
        reasoning = ""
    if reasoning is not None:
        cast("JsonObject", wire)[_reasoning_field(message, dialect)] = reasoning
    if calls:
        wire["tool_calls"] = calls
    return wire


def _text(message: AIMessage) -> str:
    if isinstance(message.content, str):
        return message.content
    texts = [
        block
        for block in message.content
        if isinstance(block, str) or block.get("type") in _TEXTS
    ]
    return "".join(part["text"] for part in build_parts(texts))


_TEXTS = ("text", "text-plain")


def _reasoning(message: AIMessage) -> str | None:
    """Return Kimi's own reasoning, "" where it was empty, None where there is none."""
    if message.response_metadata.get("model_provider", PROVIDER) != PROVIDER:
        return None
    kept = message.additional_kwargs.get("reasoning_content")
    if kept is not None or isinstance(message.content, str):
        return kept
    blocks = _blocks(message, "reasoning")
    if not blocks:
        return None
    return "".join(block.get("reasoning") or "" for block in blocks)


def _reasoning_field(message: AIMessage, dialect: Dialect) -> str:
    came_under = as_text(message.response_metadata.get("reasoning_field"))
    return came_under if came_under and dialect.echoes else dialect.reasoning_field


def _tool_calls(message: AIMessage, answered: set[str]) -> list[ToolCall]:
    """Return the calls, and those broken ones that were answered all the same."""
    uses = message.tool_calls
    if not uses and not message.invalid_tool_calls:
        if isinstance(message.content, str):
            return []
        uses = _tool_uses(message)
    received = as_object(message.additional_kwargs.get("tool_arguments"))
    calls = [
        (
            call["id"],
            call["name"],
            write_arguments(call["args"], received.get(call["id"] or "")),
        )
        for call in uses
    ]
    calls += [
        (call["id"], call["name"], received.get(call["id"] or "", call["args"]))
        for call in message.invalid_tool_calls
        if call["id"] in answered
    ]
    return [
        {
            "type": tool_type(name or ""),
            "id": id or "",
            "function": {"name": name or "", "arguments": arguments or ""},
        }
        for id, name, arguments in calls
    ]


def _tool_uses(message: AIMessage) -> list[JsonObject]:
    """Return Anthropic's `tool_use` blocks as calls."""
    return [
        {
            "id": as_text(b.get("id")),
            "name": as_text(b.get("name")),
            "args": b.get("input") or {},
        }
        for b in _blocks(message, "tool_use")
    ]
