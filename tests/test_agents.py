"""LangChain's agents on Kimi: loops, streams, pauses, summaries, stand-ins.

All on an emulator that refuses each tool call that comes back without its reasoning.
"""

from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import pytest
from langchain.agents import create_agent
from langchain.agents.middleware import (
    HumanInTheLoopMiddleware,
    ModelFallbackMiddleware,
    ModelRetryMiddleware,
    SummarizationMiddleware,
)
from langchain.agents.structured_output import ProviderStrategy, ToolStrategy
from langchain_core.messages import AIMessageChunk, SystemMessage
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.checkpoint.serde.jsonplus import JsonPlusSerializer
from langgraph.types import Command
from pydantic import BaseModel

from langchain_kimi.emulator import Emulator
from langchain_kimi.errors import (
    KimiContextOverflowError,
    KimiOverloadedError,
    KimiQuotaError,
    KimiSettingError,
)
from tests.conftest import Chat

_THREAD: Any = {"configurable": {"thread_id": "1"}, "recursion_limit": 1000}

_MODES: dict[str, dict[str, Any]] = {
    "k3": {"model": "kimi-k3"},
    "k2.7": {"model": "kimi-k2.7-code"},
    "k2.6": {"model": "kimi-k2.6"},
    "k2.6 instant": {"model": "kimi-k2.6", "thinking": False},
}
_THINKING = [mode for mode in _MODES if "instant" not in mode]


@pytest.fixture
def kimi() -> Iterator[Emulator]:
    """A local Kimi API that refuses missing reasoning, of K3 too."""
    with Emulator(strict_reasoning=True) as emulator:
        yield emulator


Run = Callable[[Any, Any], Awaitable[Any]]
"""`await run(agent, input)` runs a turn of the thread in one of six ways."""


async def _invoke(agent: Any, given: Any) -> None:
    agent.invoke(given, _THREAD)


async def _ainvoke(agent: Any, given: Any) -> None:
    await agent.ainvoke(given, _THREAD)


async def _messages(agent: Any, given: Any) -> None:
    for _ in agent.stream(given, _THREAD, stream_mode="messages"):
        pass


async def _amessages(agent: Any, given: Any) -> None:
    async for _ in agent.astream(given, _THREAD, stream_mode="messages"):
        pass


async def _events(agent: Any, given: Any) -> None:
    for _ in agent.stream_events(given, _THREAD, version="v3"):
        pass


async def _aevents(agent: Any, given: Any) -> None:
    async for _ in await agent.astream_events(given, _THREAD, version="v3"):
        pass


_RUNS: dict[str, Run] = {
    "invoke": _invoke,
    "ainvoke": _ainvoke,
    "messages": _messages,
    "amessages": _amessages,
    "events": _events,
    "aevents": _aevents,
}


@pytest.fixture(params=list(_RUNS))
def run(request: pytest.FixtureRequest) -> Run:
    """Sync and async; whole, in LangGraph's messages mode and as events v3."""
    return _RUNS[request.param]


def add(a: int, b: int) -> int:
    """Add two numbers."""
    return a + b


def _thought(step: int) -> str:
    # No two alike, and nothing that a careless copy would keep.
    return f'  {step}: "é\u2028中" \\n </think>\n'


def _call(step: int) -> dict[str, str]:
    # Not spelt as Python would write it.
    return {"name": "add", "arguments": f'{{"a": {step},"b":1}}'}


def _script(kimi: Emulator, steps: int, *, start: int = 0) -> None:
    """Let Kimi call `add` so many times, then answer."""
    for step in range(start, start + steps):
        kimi.reply(reasoning=_thought(step), tool_calls=[_call(step)])
    kimi.reply("Done.", reasoning=_thought(-1))


def _step(step: int, *, thinks: bool = True) -> dict[str, Any]:
    """Return a step as it is to be sent back."""
    reasoning = {"reasoning_content": _thought(step)} if thinks else {}
    call = {"type": "function", "id": "add_0", "function": _call(step)}
    return {"role": "assistant", **reasoning, "tool_calls": [call]}


def _end(*, thinks: bool = True) -> dict[str, Any]:
    reasoning = {"reasoning_content": _thought(-1)} if thinks else {}
    return {"role": "assistant", "content": "Done.", **reasoning}


def _sent(kimi: Emulator, role: str = "assistant") -> list[Any]:
    """Return the messages of a role in the last request."""
    return [m for m in kimi.requests[-1].body["messages"] if m["role"] == role]


@pytest.mark.parametrize("mode", list(_MODES))
async def test_each_step_goes_back_as_it_came(
    kimi: Emulator, chat: Chat, run: Run, mode: str
) -> None:
    """In its own turn and in the next one, after a checkpoint of each step."""
    agent = create_agent(chat(**_MODES[mode]), [add], checkpointer=InMemorySaver())
    thinks = mode in _THINKING
    _script(kimi, 2)
    await run(agent, {"messages": "add"})
    assert _sent(kimi) == [_step(n, thinks=thinks) for n in range(2)]
    _script(kimi, 1, start=2)
    await run(agent, {"messages": "and again"})
    assert _sent(kimi) == [
        _step(0, thinks=thinks),
        _step(1, thinks=thinks),
        _end(thinks=thinks),
        _step(2, thinks=thinks),
    ]
    messages = agent.get_state(_THREAD).values["messages"]
    assert [m.text for m in messages if m.type == "tool"] == ["1", "2", "3"]
    assert [m.text for m in messages if m.type == "ai"][-1] == "Done."


@pytest.mark.parametrize("kind", ["invoke", "ainvoke", "messages"])
async def test_two_hundred_steps_lose_nothing(
    kimi: Emulator, chat: Chat, kind: str
) -> None:
    """Each request repeats all earlier steps, byte for byte; none is refused."""
    agent = create_agent(chat(), [add], checkpointer=InMemorySaver())
    _script(kimi, 200)
    await _RUNS[kind](agent, {"messages": "add, and add again"})
    assert len(kimi.requests) == 201
    steps = [_step(step) for step in range(200)]
    for count, request in enumerate(kimi.requests):
        sent = request.body["messages"]
        assert [m for m in sent if m["role"] == "assistant"] == steps[:count]
        assert [m["content"] for m in sent if m["role"] == "tool"] == [
            str(step + 1) for step in range(count)
        ]
    assert agent.get_state(_THREAD).values["messages"][-1].text == "Done."


@pytest.mark.parametrize("awaited", [False, True])
async def test_messages_mode_shows_reasoning_text_and_results(
    kimi: Emulator, chat: Chat, awaited: bool
) -> None:
    """Piece by piece, told apart by the run's message ids."""
    agent = create_agent(chat(), [add])
    _script(kimi, 1)
    given: Any = {"messages": "add"}
    mode: Any = "messages"
    if awaited:
        seen = [item async for item in agent.astream(given, stream_mode=mode)]
    else:
        seen = list(agent.stream(given, stream_mode=mode))
    chunks = [chunk for chunk, _ in seen if isinstance(chunk, AIMessageChunk)]
    thoughts = dict.fromkeys((chunk.id for chunk in chunks), "")
    for chunk in chunks:
        thoughts[chunk.id] += chunk.additional_kwargs.get("reasoning_content", "")
    assert list(thoughts.values()) == [_thought(0), _thought(-1)]
    assert "".join(chunk.text for chunk in chunks) == "Done."
    assert len(chunks) > 10
    assert [message.text for message, _ in seen if message.type == "tool"] == ["1"]


@pytest.mark.parametrize("awaited", [False, True])
async def test_updates_mode_brings_whole_messages(
    kimi: Emulator, chat: Chat, awaited: bool
) -> None:
    """One update a step, each with the reasoning of its answer."""
    agent = create_agent(chat(), [add])
    _script(kimi, 1)
    given: Any = {"messages": "add"}
    mode: Any = "updates"
    if awaited:
        seen = [item async for item in agent.astream(given, stream_mode=mode)]
    else:
        seen = list(agent.stream(given, stream_mode=mode))
    assert [list(update) for update in seen] == [["model"], ["tools"], ["model"]]
    answers = [seen[0]["model"]["messages"][0], seen[2]["model"]["messages"][0]]
    thoughts = [a.additional_kwargs["reasoning_content"] for a in answers]
    assert thoughts == [_thought(0), _thought(-1)]
    assert answers[0].usage_metadata["total_tokens"] > 0


async def test_events_v3_show_reasoning_text_and_calls(
    kimi: Emulator, chat: Chat
) -> None:
    """Each model call is a stream of its own within the run's."""
    agent = create_agent(chat(), [add])
    _script(kimi, 1)
    run = agent.stream_events({"messages": "add"}, version="v3")
    seen = [(str(m.reasoning), str(m.text), m.tool_calls.get()) for m in run.messages]
    assert [thought for thought, _, _ in seen] == [_thought(0), _thought(-1)]
    assert [text for _, text, _ in seen] == ["", "Done."]
    assert [len(calls) for _, _, calls in seen] == [1, 0]
    assert run.output["messages"][-1].text == "Done."


async def test_events_v3_show_the_same_when_awaited(kimi: Emulator, chat: Chat) -> None:
    """The async twin."""
    agent = create_agent(chat(), [add])
    _script(kimi, 1)
    run = await agent.astream_events({"messages": "add"}, version="v3")
    seen = [
        (await m.reasoning, await m.text, await m.tool_calls)
        async for m in run.messages
    ]
    assert [thought for thought, _, _ in seen] == [_thought(0), _thought(-1)]
    assert [text for _, text, _ in seen] == ["", "Done."]
    assert [len(calls) for _, _, calls in seen] == [1, 0]
    assert (await run.output())["messages"][-1].text == "Done."


class Sum(BaseModel):
    """The sum."""

    total: int


@pytest.mark.parametrize("mode", list(_MODES))
@pytest.mark.parametrize("wanted", [Sum, ProviderStrategy(Sum)])
async def test_every_model_answers_in_a_format_of_the_provider_s(
    kimi: Emulator, chat: Chat, mode: str, wanted: Any
) -> None:
    """LangChain chooses it too; tools are called first, and no call is forced."""
    agent = create_agent(chat(**_MODES[mode]), [add], response_format=wanted)
    kimi.reply(reasoning=_thought(0), tool_calls=[_call(0)])
    kimi.reply('{"total": 5}', reasoning=_thought(1))
    found = await agent.ainvoke({"messages": "What is 2 plus 3?"})
    assert found["structured_response"] == Sum(total=5)
    for request in kimi.requests:
        assert request.body["response_format"]["json_schema"]["name"] == "Sum"
        assert "tool_choice" not in request.body


@pytest.mark.parametrize("mode", list(_MODES))
async def test_tool_strategy_works_where_calls_can_be_forced(
    kimi: Emulator, chat: Chat, mode: str
) -> None:
    """Elsewhere it is refused, with the ways out, before anything is sent."""
    model = chat(**_MODES[mode])
    agent = create_agent(
        model, [add], response_format=ToolStrategy(Sum), checkpointer=InMemorySaver()
    )
    if mode in ("k2.6", "k2.7"):
        with pytest.raises(KimiSettingError, match=r"forces a tool call.*json_schema"):
            await agent.ainvoke({"messages": "add"}, _THREAD)
        assert not kimi.requests
        return
    kimi.reply(reasoning=_thought(0), tool_calls=[_call(0)])
    kimi.reply(tool_calls=[{"name": "Sum", "arguments": {"total": 5}}])
    found = await agent.ainvoke({"messages": "What is 2 plus 3?"}, _THREAD)
    assert found["structured_response"] == Sum(total=5)
    assert [r.body["tool_choice"] for r in kimi.requests] == ["required", "required"]
    kimi.reply(tool_calls=[{"name": "Sum", "arguments": {"total": 6}}])
    found = await agent.ainvoke({"messages": "And one more?"}, _THREAD)
    assert found["structured_response"] == Sum(total=6)


def _reviewed(chat: Chat, saver: InMemorySaver, **fields: Any) -> Any:
    """Return a new agent and model, as another process would build them."""
    review = HumanInTheLoopMiddleware(interrupt_on={"add": True})
    return create_agent(chat(**fields), [add], middleware=[review], checkpointer=saver)


_DECISIONS: dict[str, tuple[dict[str, Any], str]] = {
    "approve": ({"type": "approve"}, "1"),
    "edit": (
        {
            "type": "edit",
            "edited_action": {"name": "add", "args": {"a": 7, "b": 8}},
        },
        "15",
    ),
    "reject": ({"type": "reject", "message": "No sums today."}, "No sums today."),
}


@pytest.mark.parametrize("decision", list(_DECISIONS))
@pytest.mark.parametrize("mode", _THINKING)
async def test_a_pause_keeps_what_was_thought(
    kimi: Emulator, chat: Chat, run: Run, mode: str, decision: str
) -> None:
    """Another model and agent go on from the checkpoint, with the call as it came."""
    saver = InMemorySaver()
    _script(kimi, 1)
    await run(_reviewed(chat, saver, **_MODES[mode]), {"messages": "add"})
    again = _reviewed(chat, saver, **_MODES[mode])
    assert again.get_state(_THREAD).interrupts
    assert len(kimi.requests) == 1
    answer, result = _DECISIONS[decision]
    await run(again, Command(resume={"decisions": [answer]}))
    assert _sent(kimi) == [_step(0)]
    assert result in _sent(kimi, "tool")[0]["content"]
    assert again.get_state(_THREAD).values["messages"][-1].text == "Done."


async def test_the_serializer_of_checkpoints_loses_nothing(
    kimi: Emulator, chat: Chat, run: Run
) -> None:
    """Messages of every way to run, dumped and loaded, send the same bytes."""
    saver = InMemorySaver()
    agent = create_agent(chat(), [add], checkpointer=saver)
    _script(kimi, 2)
    await run(agent, {"messages": "add"})
    messages = agent.get_state(_THREAD).values["messages"]
    serializer = JsonPlusSerializer()
    loaded = serializer.loads_typed(serializer.dumps_typed(messages))
    assert loaded == messages
    assert loaded is not messages
    chat().invoke([*loaded, "And now?"])
    assert _sent(kimi) == [_step(0), _step(1), _end()]


@pytest.mark.parametrize("trigger", [("tokens", 6000), ("fraction", 0.02)])
async def test_the_reported_usage_makes_langchain_summarize(
    kimi: Emulator, chat: Chat, run: Run, trigger: Any
) -> None:
    """LangChain believes it, as the provider of model and message are the same."""
    model = chat(model="kimi-k2.6")
    summarize = SummarizationMiddleware(model, trigger=trigger, keep=("messages", 3))
    agent = create_agent(
        model, [add], middleware=[summarize], checkpointer=InMemorySaver()
    )
    usage = {"prompt_tokens": 5900, "completion_tokens": 100, "total_tokens": 6000}
    for step in range(2):
        kimi.reply(reasoning=_thought(step), tool_calls=[_call(step)])
    kimi.reply("Done.", reasoning=_thought(-1), usage=usage)
    await run(agent, {"messages": "add"})
    assert len(kimi.requests) == 3
    kimi.reply("Two sums were made.")
    kimi.reply("Gladly.")
    await run(agent, {"messages": "and again"})
    assert len(kimi.requests) == 5
    first, *rest = kimi.requests[-1].body["messages"]
    assert "Two sums were made." in first["content"]
    assert [m["role"] for m in rest] == ["assistant", "tool", "assistant", "user"]
    assert _sent(kimi) == [_step(1), _end()]


@pytest.mark.parametrize("kind", ["invoke", "ainvoke"])
async def test_a_summary_prompt_that_is_too_long_is_cut(
    kimi: Emulator, chat: Chat, kind: str
) -> None:
    """The middleware knows Kimi's refusal for LangChain's ContextOverflowError."""
    model = chat(model="kimi-k2.6", max_retries=0)
    summarize = SummarizationMiddleware(
        model,
        trigger=("messages", 3),
        keep=("messages", 1),
        trim_tokens_to_summarize=None,
    )
    agent = create_agent(model, middleware=[summarize], checkpointer=InMemorySaver())
    history = [("user", "word " * 300_000), ("ai", "Long."), ("user", "In short?")]
    await _RUNS[kind](agent, {"messages": history})
    refused, shorter, final = (len(request.raw) for request in kimi.requests)
    assert refused > 1_500_000
    assert final < shorter < refused / 2


@pytest.mark.parametrize("kind", ["invoke", "ainvoke"])
async def test_an_overflow_of_the_agent_s_own_call_is_told(
    kimi: Emulator, chat: Chat, kind: str
) -> None:
    """LangChain's middleware only knows that of a summary; deepagents' knows both."""
    model = chat(model="kimi-k2.6")
    agent = create_agent(model, middleware=[SummarizationMiddleware(model)])
    with pytest.raises(KimiContextOverflowError, match="262144"):
        await _RUNS[kind](agent, {"messages": "word " * 300_000})
    assert len(kimi.requests) == 1


async def test_another_kimi_stands_in_with_all_that_was_thought(
    kimi: Emulator, chat: Chat, run: Run
) -> None:
    """The reasoning of the first model goes to the second: the provider is the same."""
    fallback = ModelFallbackMiddleware(chat(model="kimi-k3"))
    agent = create_agent(
        chat(model="kimi-k3.1-pro", max_retries=0),
        [add],
        middleware=[fallback],
        checkpointer=InMemorySaver(),
    )
    kimi.reply(reasoning=_thought(0), tool_calls=[_call(0)])
    kimi.fail("engine_overloaded_error")
    kimi.reply("Done.", reasoning=_thought(-1))
    await run(agent, {"messages": "add"})
    models = [request.body["model"] for request in kimi.requests]
    assert models == ["kimi-k3.1-pro", "kimi-k3.1-pro", "kimi-k3"]
    assert _sent(kimi) == [_step(0)]
    kimi.reply("Nothing.")
    await run(agent, {"messages": "and now?"})
    assert kimi.requests[-1].body["model"] == "kimi-k3.1-pro"
    assert _sent(kimi) == [_step(0), _end()]


@pytest.mark.parametrize("kind", ["invoke", "ainvoke"])
async def test_only_what_may_pass_is_tried_again(
    kimi: Emulator, chat: Chat, kind: str
) -> None:
    """An overload is; an empty account and a refusal of our own are not."""
    retry = ModelRetryMiddleware(initial_delay=0, jitter=False, on_failure="error")
    model = chat(max_retries=0)
    agent = create_agent(model, middleware=[retry], checkpointer=InMemorySaver())
    kimi.fail("engine_overloaded_error")
    await _RUNS[kind](agent, {"messages": "hi"})
    assert len(kimi.requests) == 2
    kimi.fail("exceeded_current_quota_error")
    with pytest.raises(KimiQuotaError):
        await _RUNS[kind](agent, {"messages": "hi"})
    assert len(kimi.requests) == 3
    with pytest.raises(KimiSettingError):
        await _RUNS[kind](agent, {"messages": " "})
    assert len(kimi.requests) == 3
    for _ in range(3):
        kimi.fail("engine_overloaded_error")
    with pytest.raises(KimiOverloadedError):
        await _RUNS[kind](create_agent(model, middleware=[retry]), {"messages": "hi"})
    assert len(kimi.requests) == 6


async def test_a_broken_call_is_not_answered_by_an_earlier_one_s_result(
    kimi: Emulator, chat: Chat, run: Run
) -> None:
    """Kimi numbers its calls from 0 in each answer, so that their ids come again."""
    agent = create_agent(chat(), [add], checkpointer=InMemorySaver())
    _script(kimi, 1)
    await run(agent, {"messages": "add"})
    broken = {"name": "add", "arguments": '{"a": 1, "b'}
    kimi.reply("Adding.", reasoning="Hm.", tool_calls=[broken])
    await run(agent, {"messages": "again"})
    kimi.reply("Well.")
    await run(agent, {"messages": "well?"})
    last = {"role": "assistant", "content": "Adding.", "reasoning_content": "Hm."}
    assert _sent(kimi) == [_step(0), _end(), last]


async def test_an_empty_system_prompt_is_left_out(
    kimi: Emulator, chat: Chat, run: Run
) -> None:
    """deepagents and create_agent send one; Kimi refuses it."""
    agent = create_agent(chat(), system_prompt="", checkpointer=InMemorySaver())
    await run(agent, {"messages": "hi"})
    for blank in ("", " \n\n", []):
        chat().invoke([SystemMessage(blank), "hi"])
    for request in kimi.requests:
        assert request.body["messages"] == [{"role": "user", "content": "hi"}]
