"""An Anthropic Messages request -> the chat request that asks the same.

What the endpoint takes: platform.kimi.ai/docs/api/messages (2026-09, kimi-api.md 7.6).
What it does not know it ignores, as Chat Completions does.
"""

from typing import Any

from langchain_kimi._json import as_object, as_text, is_array, is_object
from langchain_kimi._wire import JsonObject
from langchain_kimi.catalogue import Model
from langchain_kimi.emulator._anthropic_messages import build_messages, build_system
from langchain_kimi.emulator._failures import invalid

# The old rule "real_temperature = request_temperature * 0.6" (Kimi-K2's README, 2025)
# is history: the value is fixed now, so what is sent is checked as in a chat request.
# That another one is refused here too is inferred; no answer of this route to it was
# ever recorded.
_SAME = ("max_tokens", "temperature", "top_p", "stream")
_TOOL_CHOICES = {"auto": "auto", "any": "required", "none": "none"}


def build_chat_request(body: JsonObject, model: Model) -> JsonObject:
    """Return the chat request that a Messages request stands for.

    Args:
        body: The decoded body, of any shape.
        model: The row of its model.

    Raises:
        Refused: It has no `max_tokens`, or a block that cannot be translated.
    """
    if body.get("max_tokens") is None:
        # "max_tokens required" (docs/api/messages); the words were never recorded.
        raise invalid("Invalid request: max_tokens is required")
    config = as_object(body.get("output_config"))
    settings = {
        **{field: body.get(field) for field in _SAME},
        "stop": body.get("stop_sequences"),
        "tools": _build_tools(body.get("tools")),
        "tool_choice": _build_tool_choice(body.get("tool_choice")),
        "thinking": _build_thinking(body.get("thinking"), model),
        "reasoning_effort": config.get("effort"),
        "response_format": _build_format(config.get("format")),
    }
    return {
        "model": model.id,
        "messages": [
            *build_system(body.get("system")),
            *build_messages(body.get("messages")),
        ],
        **{field: given for field, given in settings.items() if given is not None},
    }


def _build_thinking(thinking: object, model: Model) -> Any:
    """Return the `thinking` of a chat request; None sends none.

    Nothing asked is nothing thought, as in Anthropic's own API: kimi-k2.7-code answers
    "only type=enabled is allowed" to a request without (guide claude-code-kimi). That
    kimi-k2.6 then answers without thinking is inferred from it.
    """
    if model.efforts:
        # Always thinks, whatever the field says (probe P3; hermes-agent#67228).
        return None
    if thinking is None:
        return {"type": "disabled"} if model.keeps else None
    if not is_object(thinking):
        return thinking
    # `adaptive` was taken with any effort (hermes-agent#67228, 2026-07-19). A budget
    # and a display have no counterpart.
    kind = thinking.get("type")
    return {"type": "enabled" if kind == "adaptive" else kind}


def _build_tools(tools: object) -> Any:
    return (
        [_build_tool(as_object(tool)) for tool in tools] if is_array(tools) else tools
    )


def _build_tool(tool: JsonObject) -> JsonObject:
    """Return a tool of Chat Completions; Anthropic's own tools keep their type."""
    kind = tool.get("type") or "custom"
    fields = {
        "name": tool.get("name"),
        "description": tool.get("description"),
        "parameters": tool.get("input_schema"),
        "strict": tool.get("strict"),
    }
    return {
        "type": "function" if kind == "custom" else kind,
        "function": {key: value for key, value in fields.items() if value is not None},
    }


def _build_tool_choice(choice: object) -> Any:
    if choice is None:
        return None
    kind = as_text(as_object(choice).get("type"))
    if kind == "tool":
        # Kimi calls it `specified`, as in Chat Completions (lobehub#17729).
        name = as_object(choice).get("name")
        return {"type": "function", "function": {"name": name}}
    return _TOOL_CHOICES.get(kind, kind)


def _build_format(form: object) -> Any:
    """Return the `response_format`, whose schema needs a name, unlike here."""
    if not is_object(form) or form.get("type") != "json_schema":
        return form
    schema = {"name": "output", "schema": form.get("schema")}
    return {"type": "json_schema", "json_schema": schema}
