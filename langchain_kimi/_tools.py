"""LangChain tools and tool_choice -> the API's, as the model's row allows."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeAlias, cast

from langchain_core.tools import BaseTool

from langchain_kimi._json import as_object, is_object
from langchain_kimi._json_schema import JSON_TYPES, UNREADABLE, read_function
from langchain_kimi._refusal import KimiSettingError, show
from langchain_kimi._rules import tool_name
from langchain_kimi._schema import adapt_schema
from langchain_kimi._wire import JsonObject
from langchain_kimi.catalogue import PROVIDER, Mode, Model, current_models

Tool: TypeAlias = Mapping[str, Any] | type | Callable[..., Any] | BaseTool
"""What bind_tools takes: a schema dict, a pydantic or TypedDict class, a function."""

# Types of tool that the API has besides functions; they carry no schema of ours.
_SERVER_TYPES = ("builtin_function", "plugin")
_NO_ARGUMENTS: JsonObject = {"type": "object", "properties": {}}
_FORCE_ANY = ("any", "required")
_ANY_CHOICE = ("auto", "none", "required", "named")


def build_tools(
    tools: Sequence[Tool], *, strict: bool | None = None
) -> list[JsonObject]:
    """Return tools in the form and the JSON Schema dialect of the API.

    Args:
        tools: Tools in any form that LangChain knows, or the API's own.
        strict: Sets `function.strict` on each; the API's default is true.

    Raises:
        KimiSettingError: For something that is not a tool, or no list of tools.
    """
    _check_list(tools)
    return [build_tool(tool, strict=strict) for tool in tools]


def _check_list(tools: object) -> None:
    """Refuse what is no list, and a single tool, though some can be walked."""
    if not isinstance(tools, Iterable) or isinstance(tools, str | Mapping | BaseTool):
        given = show(cast("object", tools))
        raise KimiSettingError(f"{given} is no list of tools: give [tool, ...].")


def build_tool(tool: Tool, *, strict: bool | None = None) -> JsonObject:
    """Return one tool in the form and the JSON Schema dialect of the API.

    Args:
        tool: A tool in any form that LangChain knows, or the API's own.
        strict: Sets `function.strict`; the API's default is true.

    Raises:
        KimiSettingError: For something that is not a tool.
    """
    own = own_definition(tool)
    if own is not None:
        return own if strict is None else _with_strict(own, strict)
    try:
        wire = _read_wire(tool)
    except (*UNREADABLE, KimiSettingError) as error:
        raise KimiSettingError(
            f"{tool!r} is not a tool: {error}. Give a function with type hints, a "
            "pydantic model, a TypedDict, a BaseTool, or a tool's dict."
        ) from error
    return _adapted(wire, strict)


def _read_wire(tool: Tool) -> JsonObject:
    if is_object(tool) and is_object(tool.get("function")):
        return tool
    if is_object(tool) and tool.get("type") not in (None, "function", *JSON_TYPES):
        raise ValueError(f"Kimi has no tool of type {tool['type']!r}")
    return {"type": "function", "function": read_function(tool)}


def own_definition(tool: object) -> JsonObject | None:
    """Return a tool's definition if it is the API's own, which is sent unchanged.

    Args:
        tool: A tool in any form; a BaseTool carries it in its `extras`.
    """
    if is_object(tool) and tool.get("type") in _SERVER_TYPES:
        return dict(tool)
    if isinstance(tool, BaseTool) and tool.extras and PROVIDER in tool.extras:
        return dict(tool.extras[PROVIDER])
    return None


def _with_strict(wire: JsonObject, strict: bool) -> JsonObject:
    if wire.get("type") in _SERVER_TYPES:
        return wire
    return {**wire, "function": {**wire["function"], "strict": strict}}


def _adapted(wire: JsonObject, strict: bool | None) -> JsonObject:
    function = dict(wire["function"])
    # `parameters` is required by the API; a tool without arguments has an empty object.
    given = as_object(function.get("parameters"))
    schema = adapt_schema(given or _NO_ARGUMENTS, level="strict")
    if schema.get("type", "object") != "object":
        raise KimiSettingError(
            f"The arguments of {function.get('name')!r} are an object, not "
            f"{schema['type']!r}. Make it a field of one, or use method='json_schema', "
            "which takes any schema."
        )
    function["parameters"] = schema
    adapted = {**wire, "function": function}
    return adapted if strict is None else _with_strict(adapted, strict)


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
    wanted = _word_or_name(choice)
    if wanted is None or wanted in ("auto", "none"):
        return tools, cast("str | None", wanted)
    allowed = model.rules(mode).tool_choices if model else _ANY_CHOICE
    if model and "required" not in allowed:
        raise _forced(choice, model)
    if wanted in _FORCE_ANY:
        return tools, "required"
    named = _find(tools, wanted, choice)
    if "named" in allowed:
        return tools, {"type": "function", "function": {"name": tool_name(named)}}
    return [named], "required"


def _word_or_name(choice: object) -> object:
    """Read a bool, OpenAI's dict, or Anthropic's dict as a word or a tool's name."""
    if isinstance(choice, bool):
        return "any" if choice else None
    if not is_object(choice):
        return choice
    name = as_object(choice.get("function")).get("name", choice.get("name"))
    return name or choice.get("type")


def _find(tools: list[JsonObject], name: object, choice: object) -> JsonObject:
    for tool in tools:
        if tool_name(tool) == name:
            return tool
    names = ", ".join(map(tool_name, tools)) or "no tool is bound"
    raise KimiSettingError(
        f"tool_choice {choice!r} names no bound tool. Give one of: {names}; or 'auto', "
        "'none', 'any'."
    )


def _forced(choice: object, model: Model) -> KimiSettingError:
    others = [
        other.id
        for other in current_models()
        if "required" in other.rules(other.default_mode).tool_choices
    ]
    off = "turn thinking off (thinking=False) or " if model.instant else ""
    return KimiSettingError(
        f"tool_choice {choice!r} forces a tool call, which {model.id} refuses while "
        f"thinking. Either {off}use one of {', '.join(others)}; or leave tool_choice "
        "at 'auto'. For structured output method='json_schema' works while thinking."
    )
