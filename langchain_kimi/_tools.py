"""LangChain tools and tool_choice -> the API's, as the model's row allows."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias, cast

from langchain_core.tools import BaseTool
from langchain_core.utils.function_calling import convert_to_openai_tool

from langchain_kimi._json import as_object, is_object
from langchain_kimi._refusal import KimiSettingError
from langchain_kimi._schema import adapt_schema
from langchain_kimi._wire import JsonObject
from langchain_kimi.catalogue import Mode, Model

Tool: TypeAlias = Mapping[str, Any] | type | Callable[..., Any] | BaseTool
"""What bind_tools takes: a schema dict, a pydantic or TypedDict class, a function."""

# Types of tool that the API has besides functions; they carry no schema of ours.
_SERVER_TYPES = ("builtin_function", "plugin")
_ANY_CHOICE = ("any", "required")


def build_tools(
    tools: Sequence[Tool], *, strict: bool | None = None
) -> list[JsonObject]:
    """Return tools in the form and the JSON Schema dialect of the API.

    Args:
        tools: Tools in any form that LangChain knows, or the API's own.
        strict: Sets `function.strict` on each; the API's default is true.

    Raises:
        KimiSettingError: For something that is not a tool.
    """
    return [build_tool(tool, strict=strict) for tool in tools]


def build_tool(tool: Tool, *, strict: bool | None = None) -> JsonObject:
    """Return one tool in the form and the JSON Schema dialect of the API.

    Args:
        tool: A tool in any form that LangChain knows, or the API's own.
        strict: Sets `function.strict`; the API's default is true.

    Raises:
        KimiSettingError: For something that is not a tool.
    """
    if is_object(tool) and tool.get("type") in _SERVER_TYPES:
        return dict(tool)
    try:
        wire = convert_to_openai_tool(cast("Any", tool))
    except (ValueError, TypeError) as error:
        raise KimiSettingError(
            f"{tool!r} is not a tool: {error}. Give a function with type hints, a "
            "pydantic model, a TypedDict, a BaseTool, or a tool's dict."
        ) from error
    return _adapted(wire, strict)


def _adapted(wire: JsonObject, strict: bool | None) -> JsonObject:
    function = dict(wire["function"])
    function["parameters"] = _parameters(function.get("parameters"))
    if strict is not None:
        function["strict"] = strict
    return {**wire, "function": function}


def _parameters(schema: JsonObject | None) -> JsonObject:
    # `parameters` is required by the API; a tool without arguments has an empty object.
    return adapt_schema(schema or {"type": "object", "properties": {}}, level="strict")


def choose_tools(
    tools: list[JsonObject], choice: object, model: Model | None, mode: Mode
) -> tuple[list[JsonObject], str | JsonObject | None]:
    """Return the tools to send and the API's tool_choice, None to send none.

    A model that takes `required` but no named function (K3) is given only the named
    tool: the outcome is the same.

    Args:
        tools: The tools of the request, in wire form.
        choice: `auto`, `none`, `any`, `required`, a tool's name, a bool, or a dict
            that names a function, in OpenAI's form or in Anthropic's.
        model: The model's row; None for an unknown model, which may be sent anything.
        mode: The mode in which the model will answer.

    Raises:
        KimiSettingError: For a choice that the model refuses, or an unknown name.
    """
    if choice is None or choice is False or not tools:
        return tools, None
    if choice in ("auto", "none"):
        return tools, cast("str", choice)
    allowed = model.rules(mode).tool_choices if model else ("required", "named")
    if choice is True or choice in _ANY_CHOICE:
        if "required" not in allowed:
            raise _forced(choice, model)
        return tools, "required"
    named = _find(tools, choice)
    if "named" in allowed:
        function = {"name": named["function"]["name"]}
        return tools, {"type": "function", "function": function}
    if "required" in allowed:
        return [named], "required"
    raise _forced(choice, model)


def _find(tools: list[JsonObject], choice: object) -> JsonObject:
    name = _chosen_name(choice)
    for tool in tools:
        if tool["function"]["name"] == name:
            return tool
    names = ", ".join(tool["function"]["name"] for tool in tools)
    raise KimiSettingError(
        f"tool_choice {choice!r} names no bound tool. Give one of: {names}; or 'auto', "
        "'none', 'any'."
    )


def _chosen_name(choice: object) -> object:
    """Read the name out of a name, an OpenAI dict, or an Anthropic dict."""
    if not is_object(choice):
        return choice
    return as_object(choice.get("function")).get("name", choice.get("name"))


def _forced(choice: object, model: Model | None) -> KimiSettingError:
    id = model.id if model else ""
    off = (
        "turn thinking off (thinking=False)"
        if model and model.instant
        else "use a model that takes it (the K3 family, or one with thinking off)"
    )
    return KimiSettingError(
        f"tool_choice {choice!r} forces a tool call, which {id} refuses while it "
        f"thinks. Either {off}, or leave tool_choice at 'auto'; for structured output "
        "use method='json_schema', which works while thinking."
    )
