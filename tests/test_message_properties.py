"""Any conversation: what goes out comes back, goes out again, and is left as it was."""

import contextlib
import copy
import json
import warnings
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from langchain_core.messages import (
    AIMessage,
    BaseMessage,
    HumanMessage,
    SystemMessage,
    ToolMessage,
)

from langchain_kimi import ChatKimi
from langchain_kimi._refusal import KimiSettingError
from langchain_kimi._request import encode_request
from langchain_kimi.emulator import Emulator
from tests.test_stream_properties import arguments

Json = dict[str, Any]
bounded = settings(max_examples=40, deadline=None, derandomize=True, database=None)

said = st.text(
    st.characters(exclude_categories=["Cs"]), min_size=1, max_size=10
).filter(str.strip)
names = st.sampled_from([None, "ann"])


def in_v1(text: str, reasoning: str, calls: list[Json], name: str | None) -> AIMessage:
    """An answer whose parts all stand in its content, as output_version v1 has them."""
    blocks: list[Any] = [{"type": "reasoning", "reasoning": reasoning}]
    blocks += [{"type": "text", "text": part} for part in (text[:1], text[1:]) if part]
    return AIMessage(
        [*blocks, *calls],
        tool_calls=calls,
        name=name,
        response_metadata={"model_provider": "moonshot", "output_version": "v1"},
    )


def in_v0(text: str, reasoning: str, calls: list[Json], name: str | None) -> AIMessage:
    return AIMessage(
        text,
        additional_kwargs={"reasoning_content": reasoning},
        tool_calls=calls,
        name=name,
    )


@st.composite
def turns(draw: st.DrawFn) -> tuple[list[BaseMessage], list[Json]]:
    """A turn with calls that are answered, and what is to be sent of it."""
    question, text, reasoning = draw(said), draw(said), draw(st.text(max_size=6))
    reasoning = reasoning.encode("utf-8", "replace").decode()
    given_calls = draw(st.lists(arguments, max_size=2))
    calls = [
        {"type": "tool_call", "id": f"look:{n}", "name": "look", "args": args}
        for n, args in enumerate(given_calls)
    ]
    name = draw(names)
    build = draw(st.sampled_from([in_v0, in_v1]))
    parts = draw(
        st.sampled_from([question, [question], [{"type": "text", "text": question}]])
    )
    answer: Json = {
        "role": "assistant",
        "content": text,
        "reasoning_content": reasoning,
    }
    if calls:
        answer["tool_calls"] = [
            {
                "type": "function",
                "id": call["id"],
                "function": {
                    "name": "look",
                    "arguments": json.dumps(
                        call["args"], ensure_ascii=False, separators=(",", ":")
                    ),
                },
            }
            for call in calls
        ]
    results = [draw(said) for _ in calls]
    messages: list[BaseMessage] = [
        HumanMessage(parts, name=name),
        build(text, reasoning, calls, name),
    ]
    named = {} if name is None else {"name": name}
    wires = [{"role": "user", "content": question, **named}, {**answer, **named}]
    for call, result in zip(calls, results, strict=True):
        messages.append(ToolMessage(result, tool_call_id=call["id"]))
        wires.append({"role": "tool", "tool_call_id": call["id"], "content": result})
    return messages, wires


@pytest.fixture(scope="module")
def server() -> Any:
    with Emulator() as emulator:
        yield emulator


@bounded
@given(
    st.lists(turns(), min_size=1, max_size=2),
    st.one_of(st.none(), said),
    said,
    said,
    st.lists(arguments, max_size=2),
    st.booleans(),
    st.sampled_from(["v0", "v1"]),
)
def test_round_trip(
    server: Emulator,
    before: list[tuple[list[BaseMessage], list[Json]]],
    system: str | None,
    text: str,
    reasoning: str,
    given_calls: list[Json],
    streaming: bool,
    version: str,
) -> None:
    """Request, answer over HTTP, request: a prefix that stays, and nothing is lost."""
    messages = [message for turn, _ in before for message in turn]
    wires = [wire for _, turn in before for wire in turn]
    if system is not None:
        messages.insert(0, SystemMessage(system))
        wires.insert(0, {"role": "system", "content": system})
    messages.append(HumanMessage("And now?"))
    wires.append({"role": "user", "content": "And now?"})
    kept = copy.deepcopy(messages)
    spellings = [json.dumps(args, indent=1) for args in given_calls]
    calls = [
        {"name": "look", "arguments": spelling, "id": f"look:{n}"}
        for n, spelling in enumerate(spellings)
    ]
    server.reply(text, reasoning=reasoning, tool_calls=calls)
    model = ChatKimi(
        api_key=server.api_key,
        base_url=server.base_url,
        output_version=version,
        streaming=streaming,
    )
    answer = model.invoke(messages)
    model.close()
    results = [ToolMessage("1", tool_call_id=call["id"]) for call in calls]
    following = [answer, *results, HumanMessage("Go on.")]
    again = model.build_request([*messages, *following])
    assert server.requests[-1].body["messages"] == wires
    assert messages == kept
    assert again["messages"][: len(wires)] == wires
    assert len(again["messages"]) == len(wires) + len(following)
    sent: Any = again["messages"][len(wires)]
    assert sent["content"] == text
    assert sent["reasoning_content"] == reasoning
    functions = [call["function"] for call in sent.get("tool_calls", [])]
    assert [function["arguments"] for function in functions] == spellings
    assert [call["id"] for call in sent.get("tool_calls", [])] == [
        call["id"] for call in calls
    ]


anything = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=4)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=2),
        st.dictionaries(st.text(max_size=3), inner, max_size=2),
    ),
    max_leaves=4,
)
kinds = st.sampled_from(
    [
        "text",
        "text-plain",
        "reasoning",
        "image",
        "image_url",
        "video",
        "tool_use",
        "tool_result",
        "tool_call",
        "non_standard",
        "audio",
        "file",
        "x",
    ]
)
blocks = st.builds(
    lambda kind, fields: {"type": kind, **fields},
    kinds,
    st.dictionaries(
        st.sampled_from(
            [
                "text",
                "content",
                "image_url",
                "url",
                "base64",
                "id",
                "input",
                "name",
                "reasoning",
                "source",
                "tool_use_id",
                "file_id",
                "mime_type",
            ]
        ),
        anything,
        max_size=4,
    ),
)
contents = st.one_of(st.text(max_size=4), st.lists(st.one_of(blocks, said), max_size=3))
metadata = st.dictionaries(
    st.sampled_from(["reasoning_content", "tool_arguments", "tools", "partial"]),
    anything,
    max_size=2,
)
any_messages = st.one_of(
    st.builds(HumanMessage, contents, name=names, additional_kwargs=metadata),
    st.builds(SystemMessage, contents, name=names, additional_kwargs=metadata),
    st.builds(ToolMessage, contents, tool_call_id=st.text(max_size=3), name=names),
    st.builds(
        AIMessage,
        contents,
        additional_kwargs=metadata,
        response_metadata=st.dictionaries(
            st.sampled_from(["model_provider", "reasoning_field"]), anything, max_size=2
        ),
    ),
)


@settings(bounded, max_examples=100)
@given(st.lists(any_messages, max_size=4))
def test_a_refusal_is_a_setting_error_and_nothing_else(
    given: list[BaseMessage],
) -> None:
    kept = repr(given)
    model = ChatKimi(api_key="sk-x", base_url="http://127.0.0.1:9/v1")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        with contextlib.suppress(KimiSettingError):
            encode_request(model.build_request(given))
    assert repr(given) == kept
