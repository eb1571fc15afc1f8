"""Messages as LiteLLM's callers send them -> the API's, with nothing of theirs lost."""

from typing import Any

from langchain_kimi._json import as_array, as_object, as_objects, as_text, is_array
from langchain_kimi._rules import tool_type
from langchain_kimi._wire import JsonObject

# LiteLLM's own fields of a message, which it would send on to Kimi.
_OWN_FIELDS = ("thinking_blocks", "provider_specific_fields", "prefix")


def mend_messages(messages: Any, *, partial: bool = False) -> list[Any]:
    """Return messages with their reasoning and marks where Kimi reads them.

    Args:
        messages: Dicts, or objects with `model_dump`, as LiteLLM and the openai SDK
            answer with.
        partial: Whether the last message, one of the assistant, is to be continued.
    """
    mended = [_mend_message(_as_dict(message)) for message in as_array(messages)]
    if partial and mended and as_object(mended[-1]).get("role") == "assistant":
        mended[-1] = {**mended[-1], "partial": True}
    return mended


def _as_dict(message: Any) -> Any:
    if hasattr(message, "model_dump"):
        return message.model_dump(exclude_none=True)
    return message


def _mend_message(message: Any) -> Any:
    given = as_object(message)
    if given.get("role") != "assistant":
        return message
    wire = {name: given[name] for name in given if name not in _OWN_FIELDS}
    if given.get("prefix"):
        # DeepSeek's name for it.
        wire["partial"] = True
    _set_reasoning(wire, given)
    if "tool_calls" in wire:
        wire["tool_calls"] = [_mend_call(call) for call in as_array(wire["tool_calls"])]
        if not wire["tool_calls"]:
            del wire["tool_calls"]
    return wire


def _set_reasoning(wire: JsonObject, given: JsonObject) -> None:
    """Find the reasoning where callers keep it; Kimi wants it back with tool calls."""
    content = given.get("content")
    parts = [part for part in as_objects(content) if part.get("type") == "thinking"]
    if is_array(content) and parts:
        # "Invalid part type: thinking" (strands-agents #1149).
        wire["content"] = [part for part in content if part not in parts]
        if not wire["content"]:
            del wire["content"]
    if given.get("reasoning_content") is not None:
        return
    blocks = [*as_objects(given.get("thinking_blocks")), *parts]
    kept = as_object(given.get("provider_specific_fields"))
    reasoning = (
        as_text(kept.get("reasoning_content"))
        or as_text(wire.pop("reasoning", None))
        or "".join(as_text(block.get("thinking")) for block in blocks)
    )
    if reasoning:
        wire["reasoning_content"] = reasoning


def _mend_call(call: Any) -> Any:
    """Name the type of a call by its function: LiteLLM's streams make all the same."""
    given = as_object(_as_dict(call))
    name = as_text(as_object(given.get("function")).get("name"))
    own = {field: given[field] for field in given if field not in _OWN_FIELDS}
    return {**own, "type": tool_type(name)} if name else call
