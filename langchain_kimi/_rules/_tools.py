"""Rules on tools and tool_choice, except their schemas."""

import re
from collections.abc import Iterator
from typing import Any

from langchain_kimi._json import as_array, as_object, as_text, is_object
from langchain_kimi._rules._settings import mode_of
from langchain_kimi._rules._violation import Violation
from langchain_kimi._wire import JsonObject
from langchain_kimi.catalogue import Model

# The published length moved: 64, 256, then 128 (kimi-api.md 2.3); KVV refuses 257.
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,255}")
_BUILTIN_NAME = re.compile(r"\$[a-z_]+")
_CHOICES = ("auto", "none", "required")


def check_tools(request: JsonObject, model: Model | None) -> Iterator[Violation]:
    """Yield the violations of `tools` and `tool_choice`."""
    tools = list_tools(request)
    for path, tool in tools:
        yield from _shape(path, tool)
    yield from _duplicates(tools)
    names = [tool_name(tool) for _, tool in tools]
    yield from _tool_choice(request, model, names)


def list_tools(request: JsonObject) -> list[tuple[str, Any]]:
    """Return each tool with its path: the global ones, then those of messages."""
    found = [
        (f"tools[{index}]", tool)
        for index, tool in enumerate(as_array(request.get("tools")))
    ]
    for position, message in enumerate(as_array(request.get("messages"))):
        if is_object(message) and "tools" in message:
            tools = as_array(message["tools"])
            found += [
                (f"messages[{position}].tools[{index}]", tool)
                for index, tool in enumerate(tools)
            ]
    return found


def tool_name(tool: object) -> str:
    """Return the name of a tool definition, "" where it has none."""
    return as_text(as_object(as_object(tool).get("function")).get("name"))


def tool_type(name: str) -> str:
    """Return the type of a tool and its calls: the API's own functions begin with $."""
    return "builtin_function" if name.startswith("$") else "function"


def _shape(path: str, tool: Any) -> Iterator[Violation]:
    kind = as_object(tool).get("type")
    if kind not in ("function", "builtin_function", "plugin"):
        yield Violation(
            message=f"Invalid request: unknown tool type: {kind or ''}, "
            "currently only function and plugin are supported",
            field=f"{path}.type",
            given=kind,
            remedy="send {'type': 'function', 'function': {'name': ..., ...}}",
        )
        return
    strict = as_object(tool.get("function")).get("strict")
    if strict is not None and not isinstance(strict, bool):
        yield Violation(
            message="Invalid request: invalid function.strict: a boolean is expected",
            field=f"{path}.function.strict",
            given=strict,
            remedy="send true or false, or leave strict out",
        )
    name = tool_name(tool)
    pattern = _NAME if kind == "function" else _BUILTIN_NAME
    if kind != "plugin" and not pattern.fullmatch(name):
        yield Violation(
            message="Invalid request: function name is invalid, must start with a "
            "letter and can contain letters, numbers, underscores, and dashes",
            field=f"{path}.function.name",
            given=name,
            remedy="rename the tool",
        )


def _duplicates(tools: list[tuple[str, Any]]) -> Iterator[Violation]:
    seen: set[str] = set()
    for path, tool in tools:
        name = tool_name(tool)
        if name and name in seen:
            yield Violation(
                message=f"function name {name} is duplicated",
                field=f"{path}.function.name",
                given=name,
                remedy="give each tool its own name",
            )
        seen.add(name)


def _tool_choice(
    request: JsonObject, model: Model | None, names: list[str]
) -> Iterator[Violation]:
    choice: object = request.get("tool_choice")
    if choice is None:
        return
    kind = "named" if is_object(choice) else choice
    if not isinstance(kind, str) or kind not in (*_CHOICES, "named"):
        yield _refused(
            f"Invalid request: unknown tool_choice: {choice}",
            choice,
            f"send one of {', '.join(_CHOICES)}",
        )
    elif model and kind not in model.rules(mode_of(request, model)).tool_choices:
        word = "specified" if kind == "named" else kind
        yield _refused(
            f"tool_choice '{word}' is incompatible with thinking enabled",
            choice,
            "turn thinking off where the model can (thinking=False), "
            "or leave tool_choice at 'auto'",
        )
    elif kind in ("required", "named") and not names:
        yield _refused(
            f"Invalid request: tool_choice '{kind}' needs tools",
            choice,
            "send tools, or leave tool_choice out",
        )
    elif kind == "named" and tool_name(choice) not in names:
        yield _refused(
            f"Invalid request: tool_choice names no tool: {tool_name(choice)}",
            choice,
            f"name one of {', '.join(names)}",
        )


def _refused(message: str, choice: object, remedy: str) -> Violation:
    return Violation(message=message, field="tool_choice", given=choice, remedy=remedy)
