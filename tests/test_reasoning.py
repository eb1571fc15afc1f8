"""Reasoning: captured in every call, sent back from either place, to Kimi only."""

import copy
from typing import Any

import pytest
from langchain_core.load import dumpd, load
from langchain_core.messages import AIMessage, HumanMessage, ToolMessage

from langchain_kimi.emulator import Emulator
from tests.conftest import Ask, Chat

_CALL = {"name": "add", "args": {"a": 1}, "id": "add_0", "type": "tool_call"}


def _sent(kimi: Emulator) -> list[dict[str, Any]]:
    return kimi.requests[-1].body["messages"]


async def test_reasoning_is_captured_beside_the_text(
    kimi: Emulator, chat: Chat, ask: Ask
) -> None:
    """It stands in additional_kwargs and as a block, and is no part of the text."""
    kimi.reply("It is 4.", reasoning="Two and two.")
    answer = await ask(chat(), "2+2?")
    assert answer.additional_kwargs["reasoning_content"] == "Two and two."
    assert answer.text == "It is 4."
    assert answer.content_blocks == [
        {"type": "reasoning", "reasoning": "Two and two."},
        {"type": "text", "text": "It is 4."},
    ]


async def test_v1_content_holds_reasoning_text_and_each_call(
    kimi: Emulator, chat: Chat, ask: Ask
) -> None:
    """Two calls, a text and a reasoning are four blocks, none merged into another."""
    calls = [{"name": "add", "arguments": {"a": n}} for n in (1, 2)]
    kimi.reply("Adding.", reasoning="Both.", tool_calls=calls)
    answer = await ask(chat(output_version="v1"), "add")
    assert isinstance(answer.content, list)
    blocks = [{k: v for k, v in b.items() if k != "index"} for b in answer.content]
    assert blocks == [
        {"type": "reasoning", "reasoning": "Both."},
        {"type": "text", "text": "Adding."},
        {"type": "tool_call", "id": "add_0", "name": "add", "args": {"a": 1}},
        {"type": "tool_call", "id": "add_1", "name": "add", "args": {"a": 2}},
    ]
    assert [call["args"] for call in answer.tool_calls] == [{"a": 1}, {"a": 2}]


@pytest.mark.parametrize("output_version", [None, "v1"])
async def test_an_answer_goes_back_complete(
    kimi: Emulator, chat: Chat, ask: Ask, output_version: str | None
) -> None:
    """Text, reasoning and calls of the turn are sent as they were received."""
    model = chat(output_version=output_version)
    kimi.reply(
        "Adding.", reasoning="Hm.", tool_calls=[{"name": "add", "arguments": {"a": 1}}]
    )
    answer = await ask(model, "add one")
    await ask(model, ["add one", answer, ToolMessage("2", tool_call_id="add_0")])
    assert _sent(kimi)[1] == {
        "role": "assistant",
        "content": "Adding.",
        "reasoning_content": "Hm.",
        "tool_calls": [
            {
                "type": "function",
                "id": "add_0",
                "function": {"name": "add", "arguments": '{"a":1}'},
            }
        ],
    }


async def test_events_v3_messages_go_back_complete(kimi: Emulator, chat: Chat) -> None:
    """A LangGraph run keeps v1 blocks only; the reasoning is read from them."""
    model = chat()
    kimi.reply("Yes.", reasoning="Sure?")
    stream = model.stream_events("ok?", version="v3")
    answer = stream.output
    assert isinstance(answer.content, list)
    model.invoke(["ok?", answer, "and now?"])
    assert _sent(kimi)[1] == {
        "role": "assistant",
        "content": "Yes.",
        "reasoning_content": "Sure?",
    }


async def test_reasoning_survives_dumps(kimi: Emulator, chat: Chat, ask: Ask) -> None:
    """A message that went through serialization (a checkpointer) sends the same."""
    model = chat()
    kimi.reply("Yes.", reasoning="Sure?")
    answer = await ask(model, "ok?")
    loaded = load(dumpd(answer), allowed_objects="messages")
    model.invoke(["ok?", loaded, "and now?"])
    assert _sent(kimi)[1]["reasoning_content"] == "Sure?"


async def test_empty_reasoning_is_not_absent(
    kimi: Emulator, chat: Chat, ask: Ask
) -> None:
    """ "" is kept and sent back as ""; no key stays no key; neither makes a block."""
    model = chat()
    kimi.reply("Yes.", reasoning="")
    empty = await ask(model, "ok?")
    assert empty.additional_kwargs["reasoning_content"] == ""
    assert empty.content_blocks == [{"type": "text", "text": "Yes."}]
    model.invoke(["ok?", empty, "and now?"])
    assert _sent(kimi)[1]["reasoning_content"] == ""
    absent = AIMessage("Yes.", response_metadata={"model_provider": "moonshot"})
    model.invoke(["ok?", absent, "and now?"])
    assert "reasoning_content" not in _sent(kimi)[1]


async def test_an_instant_answer_has_no_reasoning(chat: Chat, ask: Ask) -> None:
    """The key is missing on the wire and in the message."""
    answer = await ask(chat(model="kimi-k2.6", thinking=False), "hi")
    assert "reasoning_content" not in answer.additional_kwargs
    assert [block["type"] for block in answer.content_blocks] == ["text"]


@pytest.mark.parametrize("provider", ["openai", "anthropic", "deepseek"])
async def test_the_reasoning_of_others_stays_with_them(
    kimi: Emulator, chat: Chat, provider: str
) -> None:
    """Neither key nor block of another vendor's message is sent to Kimi."""
    metadata = {"model_provider": provider}
    kept = AIMessage(
        "Yes.",
        additional_kwargs={"reasoning_content": "theirs"},
        response_metadata=metadata,
    )
    block = AIMessage(
        [
            {"type": "reasoning", "reasoning": "theirs"},
            {"type": "text", "text": "Yes."},
        ],
        response_metadata=metadata,
    )
    chat().invoke(["a", kept, "b", block, "c"])
    assert [m for m in _sent(kimi) if m["role"] == "assistant"] == [
        {"role": "assistant", "content": "Yes."}
    ] * 2


async def test_hand_made_reasoning_is_sent(kimi: Emulator, chat: Chat) -> None:
    """A message without a provider is taken for Kimi's, from either place."""
    messages = [
        HumanMessage("a"),
        AIMessage("b", additional_kwargs={"reasoning_content": "kept"}),
        HumanMessage("c"),
        AIMessage([{"type": "reasoning", "reasoning": "block"}, "d"]),
        HumanMessage("e"),
        {"role": "assistant", "content": "f", "reasoning_content": "dict"},
        HumanMessage("g"),
    ]
    chat().invoke(messages)
    reasonings = [m.get("reasoning_content") for m in _sent(kimi)]
    assert reasonings == [None, "kept", None, "block", None, "dict", None]


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"model": "kimi-k3"}, ""),
        ({"model": "kimi-k2.6"}, ""),
        ({"model": "kimi-k2.7-code"}, ""),
        ({"model": "kimi-k2.6", "thinking": False}, None),
        ({"model": "kimi-k2.6-instant"}, None),
    ],
)
async def test_a_synthesized_call_gets_an_empty_reasoning(
    kimi: Emulator, chat: Chat, fields: dict[str, Any], expected: str | None
) -> None:
    """While thinking, Kimi answers 400 to a tool-call message without reasoning."""
    history = [
        HumanMessage("add"),
        AIMessage("", tool_calls=[_CALL]),
        ToolMessage("2", tool_call_id="add_0"),
    ]
    before = copy.deepcopy(history)
    chat(**fields).invoke(history)
    assert _sent(kimi)[1].get("reasoning_content") == expected
    assert history == before


async def test_reasoning_of_newer_vllm_goes_back_under_its_name(
    kimi: Emulator, chat: Chat, ask: Ask
) -> None:
    """Newer vLLM calls the field `reasoning`, in both directions."""
    body = (
        b'data: {"choices":[{"delta":{"reasoning":"Hm, "}}],"model":"m"}\n\n'
        b'data: {"choices":[{"delta":{"reasoning":"yes."}}]}\n\n'
        b'data: {"choices":[{"delta":{"content":"Yes."},"finish_reason":"stop"}]}\n\n'
        b"data: [DONE]\n\n"
    )
    whole = (
        b'{"model":"m","choices":[{"message":{"role":"assistant","content":"Yes.",'
        b'"reasoning":"Hm, yes."}}]}'
    )
    model = chat()
    streams = "stream" in ask.__name__
    content_type = "text/event-stream" if streams else "application/json"
    kimi.send(body if streams else whole, content_type=content_type)
    answer = await ask(model, "ok?")
    assert answer.additional_kwargs["reasoning_content"] == "Hm, yes."
    model.invoke(["ok?", answer, "and now?"])
    assert _sent(kimi)[1]["reasoning"] == "Hm, yes."
    assert "reasoning_content" not in _sent(kimi)[1]


async def test_an_answer_that_was_cut_while_thinking_is_left_out(
    kimi: Emulator, chat: Chat, ask: Ask
) -> None:
    """The API refuses an empty message; the conversation must go on all the same."""
    model = chat()
    kimi.reply("", reasoning="long", finish_reason="length")
    cut = await ask(model, "hi", max_tokens=9)
    assert cut.response_metadata["finish_reason"] == "length"
    with pytest.warns(UserWarning, match=r"messages\[1\] is empty"):
        model.invoke(["hi", cut, "go on"])
    assert [message["content"] for message in _sent(kimi)] == ["hi", "go on"]


async def test_a_broken_call_without_a_result_is_left_out(
    kimi: Emulator, chat: Chat, ask: Ask
) -> None:
    """With its result it is sent; nobody else can answer it."""
    model = chat()
    kimi.reply("Adding.", tool_calls=[{"name": "add", "arguments": '{"a'}])
    broken = await ask(model, "add")
    model.invoke(["add", broken, "again"])
    assert "tool_calls" not in _sent(kimi)[1]
    model.invoke(["add", broken, ToolMessage("no", tool_call_id="add_0"), "again"])
    assert _sent(kimi)[1]["tool_calls"][0]["function"]["arguments"] == '{"a'
