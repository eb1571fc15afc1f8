"""Tools, tool_choice, Kimi's own tools, tools in mid-conversation."""

import json
import warnings
from functools import partial
from typing import Annotated, Any

from langchain.agents import create_agent
from langchain_core.messages import HumanMessage, SystemMessage, ToolMessage
from langchain_core.tools import tool
from pydantic import BaseModel
from typing_extensions import TypedDict

from tests.peers.peer import Peer, refuse, stream
from tests.peers.probing import feature

row = partial(feature, group="Tools", page="tools.md")
_CHOICE = "test_tools.py::test_tool_choice_follows_the_model_s_row"
_SEARCH = {"type": "builtin_function", "function": {"name": "$web_search"}}


class Look(BaseModel):
    """Look at a place."""

    place: str


class Find(TypedDict):
    """Find a thing."""

    thing: Annotated[str, ..., "What to find"]


def get_time(city: str) -> str:
    """Get the time of a city."""
    return city


@tool
def get_weather(city: str) -> str:
    """Get the weather of a city."""
    return f"{city}: sunny"


class Steps(BaseModel):
    """Steps, in Python's types that Kimi's dialect of JSON Schema lacks."""

    pair: tuple[int, str]
    anything: Any
    limit: int | str | None = None
    next: "Steps | None" = None


def _schema(name: str) -> dict[str, Any]:
    parameters = {"type": "object", "properties": {"city": {"type": "string"}}}
    function = {"name": name, "description": name, "parameters": parameters}
    return {"type": "function", "function": function}


@row(
    "tools from functions, pydantic, TypedDict, BaseTool and dicts",
    source="2.3, seed 004",
    tests=["test_tools.py::test_every_form_of_tool_is_called"],
)
def tool_forms(peer: Peer) -> None:
    tools = [Look, Find, get_time, get_weather, _schema("get_mayor")]
    answer = peer.model().bind_tools(tools).invoke('get_weather of "Paris"')
    (call,) = answer.tool_calls
    assert call["name"] == "get_weather", f"called {call['name']}"
    assert call["args"] == {"city": "Paris"}, f"called with {call['args']}"
    assert len(peer.body["tools"]) == 5, f"sent {len(peer.body['tools'])} tools"


@row(
    "tool calls in a stream",
    source="3.2",
    tests=["test_streaming.py::test_fragments_merge_by_call"],
)
def tool_calls_in_streams(peer: Peer) -> None:
    bound = peer.model().bind_tools([get_weather])
    (call,) = stream(bound, 'get_weather of "Paris"').tool_calls
    assert call["args"] == {"city": "Paris"}, f"called with {call['args']}"


@row(
    "several calls in one answer, and their results",
    source="2.3, 5.3",
    tests=["test_tools.py::test_parallel_calls_are_answered_by_id"],
)
def parallel_calls(peer: Peer) -> None:
    peer.kimi.reply(
        tool_calls=[
            {"name": "get_weather", "arguments": {"city": "Paris"}},
            {"name": "get_weather", "arguments": {"city": "Rome"}},
        ]
    )
    model = peer.model().bind_tools([get_weather])
    answer = model.invoke("Weather?")
    results = [ToolMessage(c["id"], tool_call_id=c["id"]) for c in answer.tool_calls]
    assert len(results) == 2, f"read {len(results)} calls"
    assert model.invoke(["Weather?", answer, *results]).text, "no answer"


@row("`tool_choice` auto and none", source="1.2", tests=[_CHOICE])
def choice_auto(peer: Peer) -> None:
    for choice in ("auto", "none"):
        peer.model().bind_tools([get_weather], tool_choice=choice).invoke("Hello!")
        peer.sent("tool_choice", choice)


@row("`tool_choice` any or required on the K3 family", source="1.2", tests=[_CHOICE])
def choice_required(peer: Peer) -> None:
    for choice in ("any", "required", True):
        bound = peer.model().bind_tools([get_weather], tool_choice=choice)
        answer = bound.invoke("Hello!")
        peer.sent("tool_choice", "required")
        assert answer.tool_calls, "no call"


@choice_required.or_else('as "required" only')
def _(peer: Peer) -> None:
    bound = peer.model().bind_tools([get_weather], tool_choice="required")
    assert bound.invoke("Hello!").tool_calls, "no call"
    peer.sent("tool_choice", "required")


@row(
    "`tool_choice` with a tool's name on the K3 family, which has no such choice",
    source="1.2, seed 000",
    tests=[_CHOICE],
)
def choice_named(peer: Peer) -> None:
    tools = [get_time, get_weather]
    answer = peer.model().bind_tools(tools, tool_choice="get_weather").invoke("Time?")
    names = [call["name"] for call in answer.tool_calls]
    assert names == ["get_weather"], f"called {names}"


@row(
    "`tool_choice` with a tool's name on `kimi-k2.6` with thinking off",
    source="1.2",
    tests=[_CHOICE],
)
def choice_named_instant(peer: Peer) -> None:
    model = peer.model("kimi-k2.6", thinking=False)
    bound = model.bind_tools([get_time, get_weather], tool_choice="get_weather")
    names = [call["name"] for call in bound.invoke("Time?").tool_calls]
    assert names == ["get_weather"], f"called {names}"


@choice_named_instant.or_else("through extra_body")
def _(peer: Peer) -> None:
    model = peer.stretched("kimi-k2.6", thinking={"type": "disabled"})
    bound = model.bind_tools([get_time, get_weather], tool_choice="get_weather")
    names = [call["name"] for call in bound.invoke("Time?").tool_calls]
    assert names == ["get_weather"], f"called {names}"


@row(
    "a forced call while a K2 model thinks is refused with the ways out",
    source="1.2",
    tests=[_CHOICE],
)
def choice_refused(peer: Peer) -> None:
    bound = peer.model("kimi-k2.6").bind_tools([get_weather], tool_choice="any")
    refuse(peer, lambda: bound.invoke("Hello!"), "thinking")


@row(
    "`strict` per tool",
    source="2.3",
    tests=["test_tools.py::test_tools_are_sent_in_the_api_s_form"],
)
def strict(peer: Peer) -> None:
    for wanted in (True, False):
        peer.model().bind_tools([get_weather], strict=wanted).invoke("Hello!")
        found = peer.body["tools"][0]["function"].get("strict")
        assert found is wanted, f"sent strict={found!r}"


@row(
    "`parallel_tool_calls=False`, which has no effect, is told",
    source="2.1, 2.3",
    tests=["test_settings.py::test_parallel_tool_calls_cannot_be_switched_off"],
)
def parallel_switch(peer: Peer) -> None:
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        bound = peer.model().bind_tools([get_weather], parallel_tool_calls=False)
        bound.invoke("Hello!")
    words = [str(warning.message) for warning in told]
    assert any("parallel_tool_calls" in text for text in words), "nothing was said"


@row(
    "hard schemas (draft 7, as MCP servers give them) adapted to Kimi's dialect",
    source="5.5, 5.6",
    page="structured-output.md",
    tests=["test_schema.py::test_what_is_refused_is_adapted"],
)
def tool_schemas(peer: Peer) -> None:
    definition = _schema("get_mayor")
    definition["function"]["parameters"] = {
        "type": "object",
        "definitions": {"City": {"type": "string"}},
        "properties": {
            "city": {"$ref": "#/definitions/City"},
            "pair": {"type": "array", "items": [{"type": "string"}, {"enum": [1]}]},
        },
    }
    answer = peer.model().bind_tools([definition]).invoke("get_mayor, please")
    assert answer.tool_calls, "no call"


@row(
    "broken arguments are told as such",
    source="B.4",
    tests=["test_streaming.py::test_broken_arguments_are_an_invalid_call"],
)
def broken_arguments(peer: Peer) -> None:
    call = {"name": "get_weather", "arguments": '{"city": "Par", oops'}
    peer.kimi.reply(tool_calls=[call])
    answer = peer.model().bind_tools([get_weather]).invoke("Weather?")
    assert not answer.tool_calls, f"a call with {answer.tool_calls[0]['args']}"
    assert answer.invalid_tool_calls, "the call is lost"


@row(
    "arguments cut at the token limit in a stream are told as such",
    source="3.1, B.4",
    page="streaming.md",
    tests=["test_streaming.py::test_arguments_cut_at_the_token_limit_are_invalid"],
)
def cut_arguments(peer: Peer) -> None:
    call = {"name": "get_weather", "arguments": '{"city": "Par'}
    peer.kimi.reply(tool_calls=[call], finish_reason="length")
    answer = stream(peer.model().bind_tools([get_weather]), "Weather?")
    assert not answer.tool_calls, f"a call with {answer.tool_calls[0]['args']}"
    assert answer.invalid_tool_calls, "the call is lost"


@row(
    "tools in mid-conversation (K3's dynamic tools)",
    source="5.4",
    page="official-tools.md",
    tests=["test_official_tools.py::test_dynamic_tools_are_called"],
)
def dynamic_tools(peer: Peer) -> None:
    late = SystemMessage("", additional_kwargs={"tools": [_schema("get_mayor")]})
    answer = peer.model().invoke([HumanMessage("get_mayor of Paris"), late])
    assert answer.tool_calls, f"sent {peer.body['messages'][-1]}"


@row(
    "`$web_search`: called, echoed verbatim, answered",
    source="5.1, seed 000",
    page="official-tools.md",
    tests=["test_official_tools.py::test_an_agent_searches_with_the_builtin_search"],
)
def web_search(peer: Peer) -> None:
    _search(peer.model().bind_tools([_SEARCH]))


@web_search.or_else("with bind(tools=...)")
def _(peer: Peer) -> None:
    _search(peer.model().bind(tools=[_SEARCH]))


@web_search.or_else("with bind(tools=...) and use_responses_api=False")
def _(peer: Peer) -> None:
    _search(peer.model(use_responses_api=False).bind(tools=[_SEARCH]))


def _search(model: Any) -> None:
    question = HumanMessage("search Kimi news")
    answer = model.invoke([question])
    assert answer.tool_calls, "no call was read"
    echoes = [
        ToolMessage(json.dumps(c["args"]), name=c["name"], tool_call_id=c["id"])
        for c in answer.tool_calls
    ]
    text = model.invoke([question, answer, *echoes]).text
    assert "1 page about" in text, f"answered {text[:40]!r}"


@row(
    "official tools (Formula), run by an agent",
    source="5.2",
    page="official-tools.md",
    tests=["test_official_tools.py::test_an_agent_uses_official_tools"],
)
def formulas(peer: Peer) -> None:
    toolkit = peer.connected("Formula", formulas=["moonshot/convert:latest"])
    agent = create_agent(peer.model(), toolkit.get_tools())
    asked = 'convert 100 from "kilometer" to "mile"'
    text = agent.invoke({"messages": asked}, {"recursion_limit": 12})["messages"][
        -1
    ].text
    assert "62.13711922" in text, f"answered {text[:40]!r}"
