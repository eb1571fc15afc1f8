"""LangChain's plumbing: profiles, tracing, serialization, copies, loops, agents."""

import asyncio
import copy
import pickle
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from langchain.agents import create_agent
from langchain.chat_models import init_chat_model
from langchain_core.caches import InMemoryCache
from langchain_core.callbacks import BaseCallbackHandler
from langchain_core.language_models import BaseChatModel
from langchain_core.load import dumpd, dumps, load
from langchain_core.messages import AIMessage, HumanMessage, ToolMessage
from langchain_core.rate_limiters import InMemoryRateLimiter
from langchain_tests.utils.stream_lifecycle import assert_valid_event_stream
from langgraph.checkpoint.memory import InMemorySaver
from pydantic import BaseModel

import langchain_kimi
from langchain_kimi import ChatKimi, register
from langchain_kimi.emulator import Emulator
from tests.conftest import Ask, Chat

_KEY = "sk-marker-of-a-key"


def add(a: int, b: int) -> int:
    """Add two numbers."""
    return a + b


async def test_a_profile_tells_agents_what_the_model_can() -> None:
    """From the catalogue; None for an unknown model."""
    profile = ChatKimi(api_key=_KEY).profile
    assert profile
    expected = {
        "max_input_tokens": 1_048_576,
        "max_output_tokens": 131_072,
        "reasoning_output": True,
        "reasoning_effort_levels": ["low", "high", "max"],
        "reasoning_effort_default": "max",
        "tool_choice": True,
        "structured_output": True,
        "image_inputs": True,
        "image_url_inputs": False,
        "video_inputs": True,
        "temperature": False,
    }
    assert {key: profile.get(key) for key in expected} == expected
    assert ChatKimi(model="my/own", api_key=_KEY).profile is None


async def test_tracing_is_told_what_was_asked(chat: Chat) -> None:
    """The provider equals that of each message: summarization compares them."""
    model = chat(stop=["x"], max_tokens=9, temperature=1)
    params = model._get_ls_params(model="kimi-k2.6", stop=["y"])
    assert params == {
        "ls_provider": "moonshot",
        "ls_model_name": "kimi-k2.6",
        "ls_model_type": "chat",
        "ls_temperature": 1.0,
        "ls_max_tokens": 9,
        "ls_stop": ["y"],
    }
    answer = model.invoke("hi")
    assert answer.response_metadata["model_provider"] == params["ls_provider"]


async def test_the_key_is_in_no_text_about_the_model() -> None:
    """Neither repr nor str nor dumps nor what callbacks are told."""
    model = ChatKimi(api_key=_KEY)
    told: list[Any] = [repr(model), str(model), dumps(model), model.asdict()]
    told += [model._identifying_params, model._get_ls_params(), model._serialized]
    told += [repr(model._clients.settings), vars(model._clients.settings.__class__)]
    assert _KEY not in str(told)


async def test_a_dump_can_be_loaded(
    chat: Chat, kimi: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By its class, or by name after the opt-in; the key comes from outside."""
    model = chat(reasoning_effort="low", stop=["x"])
    dumped = dumpd(model)
    secrets = {"MOONSHOT_API_KEY": kimi.api_key}
    loaded = load(
        dumped,
        allowed_objects=[ChatKimi],
        valid_namespaces=["langchain_kimi"],
        secrets_map=secrets,
    )
    assert loaded == model
    register()
    by_name = load(
        dumped,
        allowed_objects="all",
        valid_namespaces=["langchain_kimi"],
        secrets_map=secrets,
    )
    assert by_name.invoke("hi").text == model.invoke("hi").text


async def test_register_lets_init_chat_model_find_kimi(kimi: Emulator) -> None:
    """Twice changes nothing."""
    register()
    register()
    target = {"api_key": kimi.api_key, "base_url": kimi.base_url}
    model = init_chat_model("kimi:kimi-k2.6", **target)
    assert isinstance(model, ChatKimi)
    assert model.model_name == "kimi-k2.6"


def _import_is_quiet(code: str) -> str:
    command = [sys.executable, "-c", code]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def test_importing_loads_only_what_is_needed() -> None:
    """The catalogue and emulator need no dependency; ChatKimi no openai to be built."""
    names = "('openai', 'langchain_core', 'pydantic', 'litellm')"
    heavy = f"[name for name in {names} if name in s.modules]"
    light = "import sys as s, langchain_kimi.catalogue, langchain_kimi.emulator"
    assert _import_is_quiet(f"{light}, litellm_config; print({heavy})") == "[]\n"
    built = (
        "import sys as s; from langchain_kimi import ChatKimi; ChatKimi(api_key='x')"
    )
    assert "'openai'" not in _import_is_quiet(f"{built}; print({heavy})")


def test_importing_changes_no_table_but_the_translator_s() -> None:
    """The rest is the explicit opt-in."""
    code = """
from importlib import import_module
from langchain_core.messages.block_translators import get_translator
load = import_module("langchain_core.load.load")
before = dict(load.ALL_SERIALIZABLE_MAPPINGS)
import langchain_kimi.chat_models
print(before == load.ALL_SERIALIZABLE_MAPPINGS, bool(get_translator("moonshot")))
"""
    assert _import_is_quiet(code) == "True True\n"


def test_what_is_public_is_listed() -> None:
    """And exists."""
    assert set(langchain_kimi.__all__) == {
        "Balance",
        "ChatKimi",
        "Cost",
        "KimiBatches",
        "KimiFileLoader",
        "KimiFileParser",
        "KimiFiles",
        "KimiFormulaToolkit",
        "Timeouts",
        "__version__",
        "dynamic_tools",
        "join_partial",
        "partial_message",
        "register",
        "web_search_tool",
    }
    for name in langchain_kimi.__all__:
        assert getattr(langchain_kimi, name)
    assert dir(langchain_kimi) == sorted(langchain_kimi.__all__)
    with pytest.raises(AttributeError, match="no attribute 'Chat'"):
        _ = langchain_kimi.Chat


@pytest.mark.parametrize(
    "duplicate",
    [
        pytest.param(lambda model: pickle.loads(pickle.dumps(model)), id="pickle"),
        pytest.param(copy.deepcopy, id="deepcopy"),
        pytest.param(copy.copy, id="copy"),
        pytest.param(lambda model: model.model_copy(), id="model_copy"),
        pytest.param(lambda model: model.model_copy(deep=True), id="deep model_copy"),
    ],
)
async def test_a_used_model_can_be_copied(
    kimi: Emulator,
    chat: Chat,
    ask: Ask,
    duplicate: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Its connections stay behind, and of a pickle the key."""
    monkeypatch.setenv("MOONSHOT_API_KEY", kimi.api_key)
    model = chat(reasoning_effort="low")
    await ask(model, "hi")
    again: ChatKimi = duplicate(model)
    assert again == model
    assert (await ask(again, "hi")).text
    again.close()
    await again.aclose()


async def test_a_copy_with_another_model_is_another_model(chat: Chat) -> None:
    """Its cache key, traces and profile too: core copies the old ones."""
    model = chat()
    _ = model._serialized
    other = model.model_copy(update={"model_name": "kimi-k2.6"})
    assert other._serialized["kwargs"]["model_name"] == "kimi-k2.6"
    assert other.profile
    assert other.profile["name"] == "kimi-k2.6"
    assert other.invoke("hi").response_metadata["model_name"] == "kimi-k2.6"


async def test_an_assignment_counts_from_the_next_call(
    kimi: Emulator, chat: Chat
) -> None:
    """Also one that needs another client."""
    model = chat(api_key="pk-wrong")
    with pytest.raises(Exception, match="Incorrect API key"):
        model.invoke("hi")
    model.api_key = chat().api_key
    assert model.invoke("hi").text


def test_closed_event_loops_leave_nothing_behind(kimi: Emulator) -> None:
    """A worker that calls asyncio.run for each request must not run out of files."""
    model = ChatKimi(api_key=kimi.api_key, base_url=kimi.base_url)
    for _ in range(5):
        asyncio.run(model.ainvoke("hi"))
    assert model._clients._pool._by_loop == {}


async def test_an_assignment_is_another_model_to_the_cache(
    kimi: Emulator, chat: Chat
) -> None:
    """Its answers are not the old model's; a profile given by hand stays."""
    model = chat(cache=InMemoryCache())
    model.invoke("q")
    model.model_name = "kimi-k2.6"
    assert model.invoke("q").response_metadata["model_name"] == "kimi-k2.6"
    assert model.profile
    assert model.profile["name"] == "kimi-k2.6"
    model.profile = {"max_input_tokens": 5}
    model.model_name = "kimi-k3"
    assert model.profile == {"max_input_tokens": 5}


def test_one_model_serves_several_event_loops(kimi: Emulator) -> None:
    """Without a retry that would hide a second sending (langchain#35783)."""
    model = ChatKimi(api_key=kimi.api_key, base_url=kimi.base_url, max_retries=0)

    async def use() -> str:
        text = (await model.ainvoke("hi")).text
        async for _ in model.astream("hi"):
            pass
        await model.aclose()
        return text

    assert len({asyncio.run(use()) for _ in range(3)}) == 1
    assert len(kimi.requests) == 6


async def test_closed_models_open_again(chat: Chat) -> None:
    """Closing twice, or before the first call, is no error."""
    model = chat()
    model.close()
    await model.aclose()
    for _ in range(2):
        assert model.invoke("hi").text
        assert (await model.ainvoke("hi")).text
        model.close()
        await model.aclose()


async def test_batches_of_threads_and_tasks(kimi: Emulator, chat: Chat) -> None:
    """Each answer to its own prompt."""
    model = chat()
    prompts = [f"number {n}" for n in range(20)]
    for answers in (model.batch(prompts), await model.abatch(prompts)):
        for prompt, answer in zip(prompts, answers, strict=True):
            assert f'"{prompt}"' in answer.text
    assert len(kimi.requests) == 40


async def test_several_prompts_sum_their_usage(chat: Chat) -> None:
    """In `llm_output`, for callbacks."""
    result = chat().generate([[HumanMessage("a")], [HumanMessage("b")]])
    assert result.llm_output
    usage = [g[0].message.usage_metadata for g in result.generations]
    total = sum(u["total_tokens"] for u in usage)
    assert result.llm_output["token_usage"]["total_tokens"] == total


async def test_cache_rate_limiter_and_disable_streaming(
    kimi: Emulator, chat: Chat
) -> None:
    """As with every chat model."""
    model = chat(
        cache=InMemoryCache(),
        rate_limiter=InMemoryRateLimiter(requests_per_second=100),
        disable_streaming=True,
    )
    assert model.invoke("hi").text == model.invoke("hi").text
    assert len(kimi.requests) == 1
    assert len(list(model.stream("other"))) == 1
    assert "stream" not in kimi.requests[-1].body


async def test_streaming_is_langchain_s_choice_unless_set(
    kimi: Emulator, chat: Chat
) -> None:
    """`streaming=True` streams in invoke, False never, stream=True once."""
    chat(streaming=True).invoke("hi")
    assert kimi.requests[-1].body["stream"] is True
    list(chat(streaming=False).stream("hi"))
    assert "stream" not in kimi.requests[-1].body
    answer = chat().invoke("hi", stream=True)
    assert kimi.requests[-1].body["stream"] is True
    assert answer.usage_metadata


class _Tokens(BaseCallbackHandler):
    def __init__(self) -> None:
        self.tokens: list[str] = []

    def on_llm_new_token(self, token: Any, **kwargs: Any) -> None:
        self.tokens.append(token)


async def test_callbacks_hear_each_token_once(chat: Chat) -> None:
    """Core fires them; a model that does too would double them."""
    heard = _Tokens()
    chunks = list(chat().stream("hi", {"callbacks": [heard]}))
    assert heard.tokens == [chunk.content for chunk in chunks]


@pytest.mark.parametrize("prompt", ["hi", "add 2 and 3"])
async def test_events_v3_are_valid(kimi: Emulator, chat: Chat, prompt: str) -> None:
    """Reasoning, text and two calls, sync and async, told apart."""
    model = chat()
    runnable = model.bind_tools([add]) if "add" in prompt else model
    calls = [{"name": "add", "arguments": {"a": n, "b": 3}} for n in (2, 4)]
    for _ in range(2):
        kimi.reply("So.", reasoning="Hm.", tool_calls=calls if "add" in prompt else ())
    events = list(runnable.stream_events(prompt, version="v3"))
    assert_valid_event_stream(events)
    assert events[0]["metadata"] == {"provider": "moonshot", "model": "kimi-k3"}
    stream = await runnable.astream_events(prompt, version="v3")
    assert_valid_event_stream([event async for event in stream])
    output = await stream.output
    kinds = [block["type"] for block in output.content_blocks]
    wanted = ["tool_call", "tool_call"] if "add" in prompt else []
    assert kinds == ["reasoning", "text", *wanted]


async def test_tokens_are_counted_by_the_api(kimi: Emulator, chat: Chat) -> None:
    """The estimate equals what the answer was billed for."""
    model = chat()
    answer = model.invoke("How many tokens is this?")
    counted = model.get_num_tokens_from_messages(
        [HumanMessage("How many tokens is this?")]
    )
    assert answer.usage_metadata
    assert counted == answer.usage_metadata["input_tokens"]
    assert model.get_num_tokens("How many tokens is this?") == counted
    orphan = [ToolMessage("x", tool_call_id="1")]
    assert model.get_num_tokens_from_messages(orphan) > 0
    assert model.get_num_tokens_from_messages([]) == 0
    with_tools = model.get_num_tokens_from_messages([HumanMessage("x")], tools=[add])
    assert with_tools > model.get_num_tokens("x")


def _loop(model: BaseChatModel) -> Iterator[Any]:
    agent = create_agent(model, [add], checkpointer=InMemorySaver())
    config: Any = {"configurable": {"thread_id": "1"}}
    yield from agent.stream(
        {"messages": "What is 2 plus 3?"}, config, stream_mode="messages"
    )
    yield agent.invoke({"messages": "And 4 plus 5?"}, config)["messages"]


@pytest.mark.parametrize("strict_reasoning", [None, True])
@pytest.mark.parametrize("model", ["kimi-k3", "kimi-k2.6", "kimi-k2.7-code"])
def test_an_agent_keeps_its_reasoning_through_a_checkpointer(
    model: str, strict_reasoning: bool | None
) -> None:
    """Every assistant message of the second turn carries what the first one said."""
    with Emulator(strict_reasoning=strict_reasoning) as kimi:
        built = ChatKimi(model=model, api_key=kimi.api_key, base_url=kimi.base_url)
        *_, messages = _loop(built)
        assert [type(message) for message in messages] == [
            HumanMessage,
            AIMessage,
            ToolMessage,
            AIMessage,
        ] * 2
        assert [m.content for m in messages if isinstance(m, ToolMessage)] == ["5", "9"]
        sent = kimi.requests[-1].body["messages"]
        reasonings = [m["reasoning_content"] for m in sent if m["role"] == "assistant"]
        assert reasonings == [
            next(
                block["reasoning"]
                for block in message.content_blocks
                if block["type"] == "reasoning"
            )
            for message in messages[:-1]
            if isinstance(message, AIMessage)
        ]
        built.close()


class _Sum(BaseModel):
    """The sum."""

    total: int


async def test_an_agent_with_tools_and_an_answer_format(
    kimi: Emulator, chat: Chat
) -> None:
    """The profile makes LangChain ask the provider for the format."""
    agent = create_agent(chat(), [add], response_format=_Sum)
    found = await agent.ainvoke({"messages": "What is 2 plus 3?"})
    assert isinstance(found["structured_response"], _Sum)
    assert all("response_format" in request.body for request in kimi.requests)
