"""A prompt -> the tool call that a model would make on it, if any."""

from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from langchain_kimi._json import as_object, as_text, is_object
from langchain_kimi._rules import tool_name
from langchain_kimi._wire import JsonObject
from langchain_kimi.emulator._instance import fill_schema
from langchain_kimi.emulator._json import to_bytes, write_json
from langchain_kimi.emulator._offers import Offers
from langchain_kimi.emulator._prompt import Prompt
from langchain_kimi.emulator._tokens import count_tokens
from langchain_kimi.emulator._words import find_words


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One tool call of an answer."""

    name: str
    arguments: str
    type: str = "function"
    id: str | None = None
    """The id; None has it made from the name and the position."""


def choose_call(prompt: Prompt) -> Call | None:
    """Return the call that the prompt leads to, None if it leads to a text.

    Args:
        prompt: What the request asks.
    """
    tools = _callable_tools(prompt)
    if not tools:
        return None
    offers = Offers(prompt.text)
    # `max` keeps the first of equals.
    best = max(tools, key=lambda tool: _fitness(tool, offers))
    return _build_call(best, offers)


def _callable_tools(prompt: Prompt) -> list[JsonObject]:
    """Return the tools that may be called now."""
    choice = prompt.choice
    tools = list(prompt.tools)
    if choice == "none" or prompt.prefix is not None:
        return []
    if is_object(choice):
        wanted = as_object(choice.get("function")).get("name")
        return [tool for tool in tools if tool_name(tool) == wanted] or tools[:1]
    called = {result.name for result in prompt.results}
    if choice == "required":
        # It has to call something: what it has not called yet, if there is such.
        return [tool for tool in tools if tool_name(tool) not in called] or tools
    return [] if prompt.results else tools


def _fitness(tool: JsonObject, offers: Offers) -> tuple[int, int]:
    """Rank a tool: named in the prompt, then by shared words."""
    function = as_object(tool.get("function"))
    name = tool_name(tool)
    named = len(name) if offers.find(name) >= 0 else 0
    parameters = as_object(function.get("parameters"))
    about = " ".join((name, as_text(function.get("description"))))
    about += " " + " ".join(as_object(parameters.get("properties")))
    # The words of the name count twice: they say most about a tool.
    shared = len(find_words(about) & offers.words) + len(
        find_words(name) & offers.words
    )
    return named, shared


def _build_call(tool: JsonObject, offers: Offers) -> Call:
    name = tool_name(tool)
    if tool.get("type") == "builtin_function":
        arguments: Any = _search_arguments(offers.text)
        return Call(name=name, arguments=write_json(arguments), type="builtin_function")
    parameters = as_object(tool.get("function")).get("parameters")
    # Without parameters there is nothing to fill.
    arguments = fill_schema(parameters, offers) if parameters else {}
    return Call(name=name, arguments=write_json(arguments))


def _search_arguments(text: str) -> JsonObject:
    """Return what `$web_search` hands to the client, who only sends it back."""
    search = sha256(to_bytes(text)).hexdigest()[:32]
    usage = {"total_tokens": 1_000 + count_tokens(text)}
    return {"search_result": {"search_id": search}, "usage": usage}
