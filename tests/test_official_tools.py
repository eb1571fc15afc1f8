"""Kimi's own tools: formulas, `$web_search`, dynamic tools, the prompt-cache key."""

import asyncio
import copy
import json
import pickle
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, TypedDict

import pytest
from langchain.agents import create_agent
from langchain.agents.middleware import ModelFallbackMiddleware
from langchain_core.exceptions import ModelAuthenticationError, ModelError
from langchain_core.language_models import FakeListChatModel
from langchain_core.messages import (
    AIMessage,
    HumanMessage,
    SystemMessage,
    ToolMessage,
)
from langchain_core.tools import BaseTool, ToolException, tool
from langgraph.checkpoint.memory import InMemorySaver
from pydantic import BaseModel

from langchain_kimi import (
    KimiFormulaToolkit,
    dynamic_tools,
    errors,
    web_search_tool,
)
from langchain_kimi._refusal import KimiSettingError
from langchain_kimi.catalogue import current_models
from langchain_kimi.emulator import Emulator, Reply, Request
from langchain_kimi.emulator._server import HOST, Server
from langchain_kimi.middleware import PromptCacheMiddleware
from tests.conftest import Ask, Chat

_DATE, _CODE = "moonshot/date:latest", "moonshot/code-runner:latest"
_SEARCH = {"type": "builtin_function", "function": {"name": "$web_search"}}
_KEY = "sk-marker-of-a-key"

Toolkit = Callable[..., KimiFormulaToolkit]
Go = Callable[[Any, str, Any], Awaitable[Any]]
"""`await go(object, method, *arguments)`, sync or async."""


@pytest.fixture
async def toolkit(kimi: Emulator) -> AsyncIterator[Toolkit]:
    """Builds toolkits of the emulator, and closes them."""
    kits: list[KimiFormulaToolkit] = []

    def build(*formulas: str, **fields: Any) -> KimiFormulaToolkit:
        target = {"api_key": kimi.api_key, "base_url": kimi.base_url}
        kits.append(KimiFormulaToolkit(formulas=list(formulas), **{**target, **fields}))
        return kits[-1]

    yield build
    for kit in kits:
        kit.close()
        await kit.aclose()


async def _go(thing: Any, method: str, *given: Any, **settings: Any) -> Any:
    return getattr(thing, method)(*given, **settings)


async def _ago(thing: Any, method: str, *given: Any, **settings: Any) -> Any:
    name = "aget_tools" if method == "get_tools" else f"a{method}"
    return await getattr(thing, name)(*given, **settings)


@pytest.fixture(params=[_go, _ago], ids=["sync", "async"])
def go(request: pytest.FixtureRequest) -> Any:
    """Sync and async: each test of it runs twice."""
    return request.param


@contextmanager
def serving(*replies: Reply) -> Iterator[tuple[str, list[Request]]]:
    """A server of another kind, with its address and what it was asked."""
    asked: list[Request] = []

    def handle(request: Request) -> Reply:
        asked.append(request)
        return replies[min(len(asked), len(replies)) - 1]

    server = Server(handle, 0)
    try:
        yield f"http://{HOST}:{server.port}/v1", asked
    finally:
        server.close()


def answer(body: Any, status: int = 200, **headers: str) -> Reply:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    fields = {"Content-Type": "application/json", **headers}
    return Reply(status=status, headers=fields, body=raw)


_DECLARED = {"type": "function", "function": {"name": "date", "extra": 1}}
_LISTING = answer({"tools": [_DECLARED]})


def _is_base64(request: Request) -> bool:
    """Both formulas are asked at once: which is first is chance."""
    return "base64" in request.path


async def test_declarations_are_sent_as_they_came(
    kimi: Emulator, toolkit: Toolkit, chat: Chat, go: Any
) -> None:
    """Not even adapted: the platform guarantees that they are good."""
    tools = await go(toolkit(_DATE, "moonshot/base64"), "get_tools")
    assert [t.name for t in tools] == ["date", "base64_encode", "base64_decode"]
    listings = [
        json.loads(b"".join([reply.body]))["tools"]
        for reply in map(kimi.handle, sorted(kimi.requests[:2], key=_is_base64))
        if isinstance(reply.body, bytes)
    ]
    await go(chat().bind_tools(tools), "invoke", "hello")
    assert kimi.requests[-1].body["tools"] == [
        tool for tools in listings for tool in tools
    ]
    chat().bind_tools(tools, strict=False).invoke("hello")
    assert kimi.requests[-1].body["tools"][0]["function"].pop("strict") is False


async def test_what_we_do_not_know_of_a_declaration_is_sent_too(chat: Chat) -> None:
    """And a tool without parameters is one without arguments."""
    with serving(_LISTING) as (base_url, _):
        kit = KimiFormulaToolkit(formulas=[_DATE], base_url=base_url, api_key=_KEY)
        (date,) = kit.get_tools()
        kit.close()
    assert date.args == {}
    bound: Any = chat().bind_tools([date])
    assert bound.kwargs["tools"] == [_DECLARED]


@pytest.mark.parametrize(
    ("formula", "name", "arguments", "content"),
    [
        (_DATE, "date", {"operation": "weekday", "date": "2026-11-21"}, "Saturday"),
        (
            _DATE,
            "date",
            {"operation": "diff", "date": "2026-11-21", "until": "2026-11-22"},
            '{"days":1}',
        ),
        ("moonshot/base64", "base64_encode", {"data": "né"}, "bsOp"),
        (
            "moonshot/convert:latest",
            "convert",
            {"value": 1, "from": "mile", "to": "foot"},
            '{"value":1,"from":"mile","to":"foot","result":5280.0}',
        ),
    ],
)
async def test_a_call_runs_a_fiber(
    kimi: Emulator,
    toolkit: Toolkit,
    go: Any,
    formula: str,
    name: str,
    arguments: dict[str, Any],
    content: str,
) -> None:
    """The arguments go as text; an output that is no text comes back as JSON."""
    tools = await go(toolkit(formula), "get_tools")
    found = next(t for t in tools if t.name == name)
    assert await go(found, "invoke", arguments) == content
    body = kimi.requests[-1].body
    assert list(body) == ["name", "arguments"]
    assert json.loads(body["arguments"]) == arguments
    call = {"name": name, "args": arguments, "id": "x", "type": "tool_call"}
    message = await go(found, "invoke", call)
    assert isinstance(message, ToolMessage)
    assert (message.content, message.name, message.status) == (content, name, "success")


async def test_an_encrypted_output_passes_unchanged(
    kimi: Emulator, toolkit: Toolkit, chat: Chat, go: Any
) -> None:
    """Only the model can read it, in the next call."""
    (search,) = await go(toolkit("moonshot/web-search:latest"), "get_tools")
    content = await go(search, "invoke", {"query": "Kimi news"})
    assert content.startswith("----MOONSHOT ENCRYPTED BEGIN----")
    agent = create_agent(chat(), [search])
    state = await go(agent, "invoke", {"messages": 'use web_search for "Kimi news"'})
    assert state["messages"][2].content == content
    assert kimi.requests[-1].body["messages"][-1]["content"] == content
    assert '1 page about "Kimi news"' in state["messages"][-1].text


async def test_an_agent_uses_official_tools(toolkit: Toolkit, chat: Chat) -> None:
    """Streamed and whole, beside one of its own."""

    @tool
    def get_mayor(city: str) -> str:
        """Get the mayor of a city."""
        return city

    tools = await toolkit("moonshot/convert:latest").aget_tools()
    agent = create_agent(chat(), [*tools, get_mayor])
    question = {"messages": 'convert 100 from "kilometer" to "mile"'}
    state = await agent.ainvoke(question)
    assert "62.13711922" in state["messages"][-1].text
    assert "62.13711922" in agent.invoke(question)["messages"][-1].text
    steps = [step async for step in agent.astream(question)]
    assert [list(step) for step in steps] == [["model"], ["tools"], ["model"]]


async def test_a_failed_tool_tells_the_model(
    toolkit: Toolkit, chat: Chat, go: Any
) -> None:
    """In the API's words, so that an agent goes on."""
    (code,) = await go(toolkit(_CODE), "get_tools")
    state = await go(
        create_agent(chat(), [code]), "invoke", {"messages": 'code_runner "1+1"'}
    )
    result = state["messages"][2]
    assert result.status == "error"
    assert result.content == "code_runner failed: the emulator executes no code"
    assert "executes no code" in state["messages"][-1].text


async def test_a_failed_tool_raises_on_request(toolkit: Toolkit, go: Any) -> None:
    """With `handle_tool_error=False`."""
    (code,) = await go(toolkit(_CODE, handle_tool_error=False), "get_tools")
    with pytest.raises(ToolException, match="the emulator executes no code"):
        await go(code, "invoke", {"code": "1"})
    with pytest.raises(ToolException, match="'code' must be a string"):
        await go(code, "invoke", {})


_FAILURES: list[tuple[Any, str]] = [
    ({"status": "failed", "error": "no"}, "date failed: no"),
    ({"status": "failed", "context": {"error": "bad"}}, "date failed: bad"),
    ({"status": "failed", "context": {"output": "nope"}}, "date failed: nope"),
    ({"status": "timeout"}, "date failed (timeout): the API does not say why"),
    ({"error": {"message": "full", "type": "x"}}, "date failed: full"),
    ({"status": "failed", "error": {"code": 3}}, 'date failed: {"code":3}'),
    ({"status": None}, "date failed (None): the API does not say why"),
]


@pytest.mark.parametrize(("fiber", "words"), _FAILURES)
async def test_every_form_of_failure_is_read(go: Any, fiber: Any, words: str) -> None:
    """The guide shows none of them."""
    with serving(_LISTING, answer(fiber)) as (base_url, _):
        kit = KimiFormulaToolkit(formulas=[_DATE], base_url=base_url, api_key=_KEY)
        (date,) = await go(kit, "get_tools")
        assert await go(date, "invoke", {}) == words
        kit.close()
        await kit.aclose()


@pytest.mark.parametrize(
    ("context", "content"),
    [
        ({"output": "x"}, "x"),
        ({"output": ["é", 1]}, '["é",1]'),
        ({"output": {"message": "hi"}}, '{"message":"hi"}'),
        ({"output": 0}, "0"),
        ({"output": False}, "false"),
        ({"output": None}, ""),
        ({}, ""),
        ({"output": "", "encrypted_output": "sealed"}, "sealed"),
    ],
)
async def test_every_form_of_output_is_read(context: Any, content: str) -> None:
    """A text as it is, the rest as JSON."""
    done = answer({"status": "succeeded", "context": context})
    with serving(_LISTING, done) as (base_url, _):
        kit = KimiFormulaToolkit(formulas=[_DATE], base_url=base_url, api_key=_KEY)
        assert kit.get_tools()[0].invoke({}) == content
        kit.close()


async def test_a_refused_call_is_the_model_s_mistake(go: Any) -> None:
    """400 is about a name and arguments that the model wrote."""
    refusal = {"error": {"message": "bad arguments", "type": "invalid_request_error"}}
    with serving(_LISTING, answer(refusal, 400)) as (base_url, _):
        kit = KimiFormulaToolkit(formulas=[_DATE], base_url=base_url, api_key=_KEY)
        (date,) = await go(kit, "get_tools")
        content = await go(date, "invoke", {"from": 1})
        assert content.startswith("date refused the call: bad arguments (HTTP 400")
        kit.close()
        await kit.aclose()


_BUSY = {"error": {"message": "busy", "type": "engine_overloaded_error"}}


async def test_what_waiting_mends_is_tried_again(go: Any) -> None:
    """Listing and fiber; `max_retries` times at most."""
    busy = answer(_BUSY, 429, **{"Retry-After": "0"})
    done = answer({"status": "succeeded", "context": {"output": "x"}})
    with serving(busy, _LISTING, busy, busy, done) as (base_url, asked):
        kit = KimiFormulaToolkit(formulas=[_DATE], base_url=base_url, api_key=_KEY)
        (date,) = await go(kit, "get_tools")
        assert await go(date, "invoke", {}) == "x"
        assert len(asked) == 5
        kit.close()
        await kit.aclose()
    with serving(busy) as (base_url, asked):
        target = {"base_url": base_url, "api_key": _KEY, "max_retries": 1}
        kit = KimiFormulaToolkit(formulas=[_DATE], **target)
        with pytest.raises(errors.KimiOverloadedError, match="busy"):
            await go(kit, "get_tools")
        assert len(asked) == 2
        kit.close()
        await kit.aclose()


async def test_a_wrong_key_or_formula_is_told_at_once(
    kimi: Emulator, toolkit: Toolkit, go: Any
) -> None:
    """With ChatKimi's classes and hints, which name the place."""
    with pytest.raises(errors.KimiAuthenticationError, match="refused the key") as told:
        await go(toolkit(_DATE, api_key="wrong"), "get_tools")
    assert isinstance(told.value, ModelAuthenticationError)
    with pytest.raises(errors.KimiNotFoundError) as missing:
        await go(toolkit("moonshot/nothing:latest"), "get_tools")
    text = str(missing.value)
    assert "Not found the formula moonshot/nothing:latest" in text
    assert "/v1/formulas/moonshot/nothing:latest/tools for this key" in text
    assert len(kimi.requests) == 2


async def test_a_key_that_is_revoked_stops_the_agent(
    toolkit: Toolkit, chat: Chat, go: Any
) -> None:
    """It is no mistake of the model's, so it is not told to it."""
    refusal = {"error": {"message": "no", "type": "incorrect_api_key_error"}}
    with serving(_LISTING, answer(refusal, 401)) as (base_url, _):
        kit = KimiFormulaToolkit(formulas=[_DATE], base_url=base_url, api_key=_KEY)
        tools = await go(kit, "get_tools")
        agent = create_agent(chat(), tools)
        with pytest.raises(errors.KimiAuthenticationError):
            await go(agent, "invoke", {"messages": "date"})
        kit.close()
        await kit.aclose()


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"<html>", "not a list of tools: Expecting value"),
        (b"[]", "not a list of tools: it is a list"),
        (b"\xff", "not a list of tools: .*decode"),
    ],
)
async def test_an_unreadable_answer_is_an_error(
    go: Any, body: bytes, words: str
) -> None:
    """Such as a proxy's page."""
    with serving(answer(body)) as (base_url, _):
        kit = KimiFormulaToolkit(formulas=[_DATE], base_url=base_url, api_key=_KEY)
        with pytest.raises(errors.KimiResponseError, match=words) as caught:
            await go(kit, "get_tools")
        assert isinstance(caught.value, ModelError)
        kit.close()
        await kit.aclose()


@pytest.mark.parametrize("listing", [{}, {"tools": None}, {"tools": [{"type": "x"}]}])
async def test_a_formula_without_tools_is_an_error(listing: Any) -> None:
    """With what it answered."""
    with serving(answer(listing)) as (base_url, _):
        kit = KimiFormulaToolkit(formulas=[_DATE], base_url=base_url, api_key=_KEY)
        with pytest.raises(KimiSettingError, match="date:latest declares no tools"):
            kit.get_tools()
        kit.close()


async def test_no_server_is_an_error(go: Any) -> None:
    """Told with its address."""
    target = {"base_url": "http://127.0.0.1:9/v1", "api_key": _KEY, "max_retries": 0}
    kit = KimiFormulaToolkit(formulas=[_DATE], **target)
    with pytest.raises(errors.KimiConnectionError, match=r"Could not reach 127\.0"):
        await go(kit, "get_tools")
    kit.close()
    await kit.aclose()


async def test_the_same_name_in_two_formulas_is_refused(
    toolkit: Toolkit, go: Any
) -> None:
    """The API would refuse the request; an agent would lose a tool."""
    with pytest.raises(KimiSettingError, match="declare a tool 'date'"):
        await go(toolkit(_DATE, "moonshot/date"), "get_tools")


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"formulas": ["date"]}, "'date' is no formula's URI"),
        ({"formulas": ["../x"]}, "'../x' is no formula's URI"),
        ({"formulas": ["moonshot/date/tools"]}, "is no formula's URI"),
        ({"formulas": "moonshot/date"}, "formulas='moonshot/date': Input should be"),
        ({}, "formulas"),
        ({"formulas": [], "formula": 1}, "Did you mean 'formulas'"),
        ({"formulas": [], "max_retries": -1}, "max_retries=-1"),
        ({"formulas": [], "api_key": ""}, "No API key: give api_key=..., or set"),
    ],
)
def test_wrong_settings_are_refused(settings: dict[str, Any], words: str) -> None:
    """When the toolkit is built, and without the key in the words."""
    with pytest.raises(KimiSettingError, match=words) as caught:
        KimiFormulaToolkit(**{"api_key": _KEY, **settings})
    assert _KEY not in str(caught.value)


def test_the_environment_is_chat_kimi_s(
    kimi: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same variables."""
    monkeypatch.setenv("KIMI_API_KEY", kimi.api_key)
    monkeypatch.setenv("KIMI_BASE_URL", kimi.base_url)
    kit = KimiFormulaToolkit(formulas=[_DATE])
    assert kit.get_tools()
    kit.close()


async def test_arguments_that_are_no_json_are_refused(
    kimi: Emulator, toolkit: Toolkit, go: Any
) -> None:
    """Before anything is sent."""
    (date,) = await go(toolkit(_DATE), "get_tools")
    for wrong in (float("nan"), object()):
        with pytest.raises(KimiSettingError, match="of date are not JSON"):
            await go(date, "invoke", {"operation": wrong})
    assert len(kimi.requests) == 1


def test_tools_show_no_key_and_survive_copies(
    kimi: Emulator, toolkit: Toolkit, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither do toolkits."""
    monkeypatch.setenv("MOONSHOT_API_KEY", kimi.api_key)
    kit = toolkit(_DATE, api_key="sk-secret")
    (date,) = kit.get_tools()
    assert "sk-secret" not in f"{kit!r}{date!r}{kit.model_dump()}{date.model_dump()}"
    given = {"operation": "weekday", "date": "2026-11-21"}
    for same in (copy.deepcopy(date), pickle.loads(pickle.dumps(date))):
        assert same.invoke(given) == "Saturday"
        same._clients.close()


def test_a_tool_works_under_several_event_loops(toolkit: Toolkit) -> None:
    """As ChatKimi does."""
    kit = toolkit(_DATE)

    async def run() -> Any:
        (date,) = await kit.aget_tools()
        try:
            return await date.ainvoke({"operation": "weekday", "date": "2026-11-21"})
        finally:
            await kit.aclose()

    with asyncio.Runner() as first, asyncio.Runner() as second:
        found = [first.run(run()), second.run(run())]
    assert found == ["Saturday", "Saturday"]


def _web_search() -> BaseTool:
    with pytest.warns(DeprecationWarning, match="moonshot/web-search:latest"):
        return web_search_tool()


async def test_an_agent_searches_with_the_builtin_search(
    kimi: Emulator, chat: Chat, go: Any
) -> None:
    """Bound in the API's form, echoed, and answered by the next call."""
    agent = create_agent(chat(), [_web_search()])
    state = await go(agent, "invoke", {"messages": "search Kimi news"})
    assert '1 page about "search Kimi news"' in state["messages"][-1].text
    first, second = (request.body for request in kimi.requests)
    assert first["tools"] == second["tools"] == [_SEARCH]
    asked, echo = second["messages"][1:]
    (call,) = asked["tool_calls"]
    assert call["type"] == "builtin_function"
    assert echo == {
        "role": "tool",
        "tool_call_id": call["id"],
        "name": "$web_search",
        "content": call["function"]["arguments"],
    }


async def test_the_echo_is_verbatim(kimi: Emulator, chat: Chat, go: Any) -> None:
    """Also where Kimi's spelling is not ours: tools are given parsed arguments."""
    agent = create_agent(chat(), [_web_search()])
    spelt = '{ "usage": {"total_tokens": 9}, "q": "\\u00e9" }'
    kimi.reply(tool_calls=[{"name": "$web_search", "arguments": spelt}])
    state = await go(agent, "invoke", {"messages": "search Kimi news"})
    assert kimi.requests[-1].body["messages"][-1]["content"] == spelt
    assert "1 page about" in state["messages"][-1].text


async def test_another_answer_than_the_echo_is_sent_as_it_is(
    kimi: Emulator, chat: Chat
) -> None:
    """Nothing is put into the user's mouth."""
    call = {"name": "$web_search", "args": {"a": 1}, "id": "x", "type": "tool_call"}
    for content in ("no", '{"a":2}', "", "[]"):
        result = ToolMessage(content, tool_call_id="x", name="$web_search")
        chat().invoke(["search", AIMessage("", tool_calls=[call]), result])
        assert kimi.requests[-1].body["messages"][-1]["content"] == content


async def test_the_builtin_search_goes_beside_other_tools(
    kimi: Emulator, chat: Chat
) -> None:
    """`strict` is for functions."""

    def add(a: int, b: int) -> int:
        """Add."""
        return a + b

    chat().bind_tools([_web_search(), add], strict=True).invoke("hello")
    search, function = kimi.requests[-1].body["tools"]
    assert search == _SEARCH
    assert function["function"]["strict"] is True


class GetTime(TypedDict):
    """Get the time of a city."""

    city: str


class Look(BaseModel):
    """Look at a city."""

    city: str | None = None


_NO_TOOL: Any = [3]
_RAW = {
    "type": "function",
    "function": {
        "name": "raw",
        "parameters": {"type": "object", "properties": {"x": {"const": 1}}},
    },
}


async def test_dynamic_tools_are_called(
    kimi: Emulator, chat: Chat, ask: Ask, toolkit: Toolkit
) -> None:
    """Tools of any form, in the API's dialect, from their place on."""
    message = dynamic_tools([GetTime, Look, _RAW, *toolkit(_DATE).get_tools()])
    assert isinstance(message, SystemMessage)
    model = chat(model="kimi-k3")
    answered = await ask(model, [HumanMessage("GetTime of Paris"), message])
    (call,) = answered.tool_calls
    assert (call["name"], call["args"]) == ("GetTime", {"city": "Paris"})
    body = kimi.requests[-1].body
    assert "tools" not in body
    sent = body["messages"][-1]
    assert list(sent) == ["role", "tools"]
    names = [t["function"]["name"] for t in sent["tools"]]
    assert names == ["GetTime", "Look", "raw", "date"]
    raw = sent["tools"][2]["function"]["parameters"]
    assert raw["properties"]["x"] == {"type": "integer", "enum": [1]}
    assert sent["tools"][3] == toolkit(_DATE).get_tools()[0].extras["moonshot"]


async def test_tools_given_raw_are_adapted_too(kimi: Emulator, chat: Chat) -> None:
    """In `additional_kwargs`, where other code puts them."""
    given = SystemMessage("", additional_kwargs={"tools": [_RAW, Look]})
    chat(model="kimi-k3").invoke(["hello", given])
    sent = kimi.requests[-1].body["messages"][-1]["tools"]
    assert sent == dynamic_tools([_RAW, Look]).additional_kwargs["tools"]
    assert given.additional_kwargs["tools"] == [_RAW, Look]


@pytest.mark.parametrize(
    "model", [row.id for row in current_models() if not row.dynamic_tools]
)
async def test_dynamic_tools_are_refused_where_there_are_none(
    kimi: Emulator, chat: Chat, model: str
) -> None:
    """By the model's row, before anything is sent."""
    with pytest.raises(KimiSettingError, match="takes tools only at the top level"):
        chat(model=model).invoke(["hello", dynamic_tools([Look])])
    assert not kimi.requests


@pytest.mark.parametrize(
    ("message", "bound", "words"),
    [
        (lambda: dynamic_tools([]), [], "needs at least one tool"),
        (lambda: dynamic_tools(_NO_TOOL), [], "3 is not a tool"),
        (lambda: dynamic_tools([Look, Look]), [], "Look is duplicated"),
        (lambda: dynamic_tools([Look]), [Look], "Look is duplicated"),
        (lambda: _system("x", [_RAW]), [], "cannot be used with content"),
        (lambda: _system("", {"a": 1}), [], "only as a list"),
        (lambda: _system("", [None]), [], "None is not a tool"),
    ],
)
async def test_wrong_dynamic_tools_are_refused(
    kimi: Emulator, chat: Chat, message: Any, bound: list[Any], words: str
) -> None:
    """Before anything is sent."""
    model = chat(model="kimi-k3")
    with pytest.raises(KimiSettingError, match=words):
        model.bind_tools(bound).invoke(["hello", message()])
    assert not kimi.requests


def _system(content: str, tools: Any) -> SystemMessage:
    return SystemMessage(content, additional_kwargs={"tools": tools})


_THREAD = {"configurable": {"thread_id": "thread-7"}}


def _keys(kimi: Emulator) -> list[Any]:
    return [request.body.get("prompt_cache_key") for request in kimi.requests]


def _add(a: int, b: int) -> int:
    """Add two numbers."""
    return a + b


@pytest.mark.parametrize("saver", [None, InMemorySaver()])
async def test_the_thread_is_the_cache_key(
    kimi: Emulator, chat: Chat, go: Any, saver: Any
) -> None:
    """Of every call of a run, with a checkpointer and without."""
    agent = create_agent(
        chat(), [_add], middleware=[PromptCacheMiddleware()], checkpointer=saver
    )
    await go(agent, "invoke", {"messages": "add 2 and 3"}, _THREAD)
    assert _keys(kimi) == ["thread-7", "thread-7"]


async def test_streams_have_the_key_too(kimi: Emulator, chat: Chat) -> None:
    """Messages mode streams from the model."""
    agent = create_agent(chat(), middleware=[PromptCacheMiddleware()])
    mode: Any = "messages"
    assert list(agent.stream({"messages": "hi"}, _THREAD, stream_mode=mode))
    assert [c async for c in agent.astream({"messages": "hi"}, _THREAD)]
    assert _keys(kimi) == ["thread-7", "thread-7"]
    assert kimi.requests[0].body["stream"] is True


async def test_without_a_thread_there_is_no_key(
    kimi: Emulator, chat: Chat, go: Any
) -> None:
    """The API then routes by itself."""
    agent = create_agent(chat(), middleware=[PromptCacheMiddleware()])
    await go(agent, "invoke", {"messages": "hi"})
    assert _keys(kimi) == [None]


@pytest.mark.parametrize(
    "fields",
    [
        {"prompt_cache_key": "mine"},
        {"model_kwargs": {"prompt_cache_key": "mine"}},
        {"extra_body": {"prompt_cache_key": "mine"}},
    ],
)
async def test_a_key_of_the_model_s_own_stays(
    kimi: Emulator, chat: Chat, go: Any, fields: Mapping[str, Any]
) -> None:
    """However it is set."""
    agent = create_agent(chat(**fields), middleware=[PromptCacheMiddleware()])
    await go(agent, "invoke", {"messages": "hi"}, _THREAD)
    assert _keys(kimi) == ["mine"]


async def test_another_vendor_s_model_gets_no_key(
    kimi: Emulator, chat: Chat, go: Any
) -> None:
    """Neither as the agent's model nor as the one that stands in."""
    kimi.fail("incorrect_api_key_error")
    other = FakeListChatModel(responses=["from elsewhere"])
    agent = create_agent(
        chat(),
        middleware=[PromptCacheMiddleware(), ModelFallbackMiddleware(other)],
    )
    state = await go(agent, "invoke", {"messages": "hi"}, _THREAD)
    assert state["messages"][-1].text == "from elsewhere"
    assert _keys(kimi) == ["thread-7"]
    alone = create_agent(other, middleware=[PromptCacheMiddleware()])
    assert await go(alone, "invoke", {"messages": "hi"}, _THREAD)


async def test_the_model_opens_its_connections_only_once(chat: Chat) -> None:
    """A copy with a key shares them."""
    model = chat()
    agent = create_agent(model, middleware=[PromptCacheMiddleware()])
    agent.invoke({"messages": "hi"}, _THREAD)
    opened = model._clients._pool._sync
    assert opened is not None
    agent.invoke({"messages": "hi"}, _THREAD)
    assert model._clients._pool._sync is opened
    assert model.prompt_cache_key is None


def test_only_the_middleware_needs_langchain() -> None:
    """And says so, where langchain is not installed; nor is openai imported early."""
    code = (
        "import sys; sys.modules['langchain'] = None\n"
        "from langchain_kimi import *\n"
        "KimiFormulaToolkit(formulas=[], api_key='sk-x')\n"
        "print('openai' in sys.modules)\n"
        "try:\n    import langchain_kimi.middleware\n"
        "except ImportError as error:\n    print(error)\n"
    )
    command = [sys.executable, "-W", "error", "-c", code]
    ran = subprocess.run(command, capture_output=True, text=True, check=True)
    assert ran.stdout.startswith("False\n")
    assert "pip install 'langchain-kimi[agents]'" in ran.stdout
