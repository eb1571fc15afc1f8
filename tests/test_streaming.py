"""Streams: everything once, nothing guessed, nothing cut off in silence."""

import json
from collections.abc import Callable
from typing import Any

import openai
import pytest
from langchain_core.exceptions import ModelAPIError, ModelConnectionError
from langchain_core.messages import AIMessage, AIMessageChunk, HumanMessage, ToolMessage

from langchain_kimi._arguments import parse_arguments, seal
from langchain_kimi._sse import EventDecoder
from langchain_kimi._stream import StreamReader
from langchain_kimi.emulator import Emulator
from langchain_kimi.errors import (
    KimiOverloadedError,
    KimiResponseError,
    KimiServerError,
    KimiStreamInterruptedError,
)
from tests.conftest import Ask, Chat

_USAGE = {"prompt_tokens": 8, "completion_tokens": 5, "total_tokens": 13}


def _events(*events: dict[str, Any] | str, done: bool = True) -> bytes:
    texts = [e if isinstance(e, str) else json.dumps(e) for e in events]
    if done:
        texts.append("[DONE]")
    return "".join(f"data: {text}\n\n" for text in texts).encode()


def _delta(finish_reason: str | None = None, **delta: Any) -> dict[str, Any]:
    choice = {"index": 0, "delta": delta, "finish_reason": finish_reason}
    return {"id": "chatcmpl-1", "model": "kimi-k3", "choices": [choice]}


def _chunks(body: bytes) -> list[AIMessageChunk]:
    reader = StreamReader(request_id="r-1")
    generations = [*reader.feed(body), *reader.finish()]
    return [generation.message for generation in generations]


def _merged(chunks: list[AIMessageChunk]) -> AIMessageChunk:
    return chunks[0] + chunks[1:] if len(chunks) > 1 else chunks[0]


async def test_each_fact_is_on_one_chunk_and_the_provider_on_all(chat: Chat) -> None:
    """What LangChain concatenates or adds up must come once."""
    chunks = list(chat().stream("Tell me something"))
    told = [chunk.response_metadata for chunk in chunks]
    assert len(chunks) > 10
    assert all(metadata["model_provider"] == "moonshot" for metadata in told)
    for fact in ("model_name", "id", "created", "request_id", "finish_reason"):
        assert sum(fact in metadata for metadata in told) == 1, fact
    assert told[0]["model_name"] == "kimi-k3"
    assert [bool(c.usage_metadata) for c in chunks] == [False] * (len(chunks) - 1) + [
        True
    ]
    assert chunks[-1].chunk_position == "last"


@pytest.mark.parametrize("stream_usage", [True, False])
async def test_usage_is_counted_once(
    kimi: Emulator, chat: Chat, ask: Ask, stream_usage: bool
) -> None:
    """Kimi sends it in the last choice always, and at the top level when asked."""
    usage = {**_USAGE, "cached_tokens": 3}
    kimi.reply("Hi.", usage=usage)
    answer = await ask(chat(stream_usage=stream_usage), "hi")
    assert answer.usage_metadata == {
        "input_tokens": 8,
        "output_tokens": 5,
        "total_tokens": 13,
        "input_token_details": {"cache_read": 3},
    }


def test_top_level_usage_replaces_the_choice_s() -> None:
    """A gateway's own figure at the top level wins; it is never added."""
    choice = _delta("stop")
    choice["choices"][0]["usage"] = {**_USAGE, "prompt_tokens": 7}
    top = {"choices": [], "usage": {**_USAGE, "prompt_tokens": 9}}
    for events in ([choice, top], [top, choice]):
        usage = _merged(_chunks(_events(_delta(content="x"), *events))).usage_metadata
        assert usage
        assert usage["input_tokens"] == 9


def test_a_stream_without_usage_has_none() -> None:
    """No figure is invented."""
    answer = _merged(_chunks(_events(_delta("stop", content="x"))))
    assert answer.usage_metadata is None


async def test_a_stream_without_done_is_an_error(
    kimi: Emulator, chat: Chat, ask_stream: Ask
) -> None:
    """Even after a finish_reason: Kimi ends every whole stream with [DONE]."""
    kimi.reply("Half an ans", done=False)
    with pytest.raises(KimiStreamInterruptedError, match="incomplete") as caught:
        await ask_stream(chat(), "hi")
    assert isinstance(caught.value, openai.APIConnectionError)
    assert isinstance(caught.value, ModelConnectionError)


async def test_done_without_an_end_before_it_is_an_error(
    kimi: Emulator, chat: Chat, ask_stream: Ask
) -> None:
    """A proxy that closes a cut stream well: nothing told a reason or the usage."""
    kimi.send(_events(_delta(content="Half an ans")), content_type="text/event-stream")
    with pytest.raises(KimiStreamInterruptedError, match="without a finish reason"):
        await ask_stream(chat(max_retries=0), "hi")


@pytest.mark.parametrize("told", [_delta("stop"), {"choices": [], "usage": _USAGE}])
def test_a_reason_or_the_usage_is_end_enough(told: dict[str, Any]) -> None:
    """OpenRouter was seen to tell the usage alone."""
    assert _merged(_chunks(_events(_delta(content="All."), told))).content == "All."


async def test_an_invoke_that_streams_is_not_cut_off_either(
    kimi: Emulator, chat: Chat
) -> None:
    """`streaming=True` collects a stream, and so must not hide its end."""
    kimi.reply("Half an ans", done=False)
    with pytest.raises(KimiStreamInterruptedError):
        chat(streaming=True).invoke("hi")


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (
            {"type": "engine_overloaded_error", "message": "overloaded"},
            KimiOverloadedError,
        ),
        ({"message": "boom"}, KimiServerError),
        ("boom", KimiServerError),
    ],
)
async def test_an_error_event_is_raised_as_its_type(
    kimi: Emulator, chat: Chat, ask_stream: Ask, error: Any, expected: type[Exception]
) -> None:
    """An error may come after the stream began with 200."""
    kimi.send(_events(_delta(content="Hal"), {"error": error}))
    with pytest.raises(expected, match=r"overloaded|boom"):
        await ask_stream(chat(), "hi")


@pytest.mark.parametrize(
    "event", ["{", "[]", '"text"', '{"choices":[{"delta":{"content":"x"}}]']
)
async def test_an_unreadable_event_is_an_error(
    kimi: Emulator, chat: Chat, ask_stream: Ask, event: str
) -> None:
    """It is neither passed over nor does it raise something of the parser's."""
    kimi.send(_events(event))
    with pytest.raises(KimiResponseError) as caught:
        await ask_stream(chat(), "hi")
    assert isinstance(caught.value, ModelAPIError)


@pytest.mark.parametrize("count", ['"many"', "1e999", '["5"]'])
async def test_an_unreadable_usage_is_an_error(
    kimi: Emulator, chat: Chat, ask: Ask, count: str
) -> None:
    """It comes last: the finish reason and the seals of broken calls come with it."""
    usage = f'"usage": {{"prompt_tokens": {count}}}}}'
    if ask.__name__ in ("_stream", "_astream"):
        kimi.send(_events(_delta("stop"), "{" + usage))
    else:
        message = '{"choices": [{"message": {"content": "x"}}], '
        kimi.send((message + usage).encode())
    with pytest.raises(KimiResponseError, match="not a chat completion"):
        await ask(chat(), "hi")


def _tool(index: int | None = 0, **fields: Any) -> dict[str, Any]:
    fragment: dict[str, Any] = {} if index is None else {"index": index}
    fragment |= {k: fields[k] for k in ("id", "type") if k in fields}
    function = {k: fields[k] for k in ("name", "arguments") if k in fields}
    return _delta(tool_calls=[{**fragment, "function": function}])


@pytest.mark.parametrize(
    "events",
    [
        pytest.param(
            [
                _tool(0, id="a", name="f", arguments='{"x"'),
                _tool(1, id="b", name="g", arguments='{"y"'),
                _tool(0, arguments=":1}"),
                _tool(1, arguments=":2}"),
            ],
            id="interleaved",
        ),
        pytest.param(
            [
                _tool(0, id="a", name="f", arguments=""),
                _tool(0, id="a", name="f", arguments='{"x":1}'),
                _tool(1, id="b", name="g", arguments='{"y":2}'),
            ],
            id="id and name repeated",
        ),
        pytest.param(
            [
                _tool(0, id="a", name="", arguments='{"x":'),
                _tool(0, name="f", arguments="1}"),
                _tool(1, name="g", arguments=""),
                _tool(1, id="b", arguments='{"y":2}'),
            ],
            id="name and id late",
        ),
        pytest.param(
            [
                _tool(0, id="a", name="f", arguments='{"x":1}'),
                _tool(0, id="b", name="g", arguments='{"y":2}'),
            ],
            id="every call numbered 0",
        ),
        pytest.param(
            [
                _tool(None, id="a", name="f", arguments='{"x":'),
                _tool(None, arguments="1}"),
                _tool(None, id="b", name="g", arguments='{"y":2}'),
            ],
            id="no index",
        ),
    ],
)
def test_fragments_merge_by_call(events: list[dict[str, Any]]) -> None:
    """However a server cuts and numbers its fragments."""
    answer = _merged(_chunks(_events(*events, _delta("tool_calls"))))
    assert answer.tool_calls == [
        {"name": "f", "args": {"x": 1}, "id": "a", "type": "tool_call"},
        {"name": "g", "args": {"y": 2}, "id": "b", "type": "tool_call"},
    ]
    assert answer.invalid_tool_calls == []


def test_a_call_without_id_gets_one() -> None:
    """LangChain's tool results need an id to answer to."""
    answer = _merged(
        _chunks(_events(_tool(0, name="f", arguments="{}"), _delta("tool_calls")))
    )
    assert answer.tool_calls[0]["id"]


def test_text_and_calls_of_one_delta_are_separate_chunks() -> None:
    """In one chunk they would make a malformed block."""
    delta = _tool(0, id="a", name="f", arguments="{}")
    delta["choices"][0]["delta"] |= {"content": "Hi.", "reasoning_content": "Hm."}
    chunks = _chunks(_events(delta, _delta("tool_calls")))
    assert [[b["type"] for b in c.content_blocks] for c in chunks] == [
        ["reasoning"],
        ["text"],
        ["tool_call_chunk"],
        [],
    ]


_BROKEN = [
    '{"city": "Par',
    '{"city": "Paris", oops',
    '{"city": "Paris"',
    '{"a": [1, {"b": "c\\',
    '{"a": 1}}',
    "{'city': 'Paris'}",
    '{"a": NaN}',
    "[1, 2]",
    '"Paris"',
    "null",
    "{",
]


@pytest.mark.parametrize("text", _BROKEN)
async def test_broken_arguments_are_an_invalid_call(
    kimi: Emulator, chat: Chat, ask: Ask, text: str
) -> None:
    """Never a valid one with guessed arguments; what was received is kept."""
    kimi.reply(
        tool_calls=[
            {"name": "get", "arguments": {"ok": 1}},
            {"name": "get", "arguments": text},
        ]
    )
    model = chat()
    answer = await ask(model, "weather?")
    assert [call["args"] for call in answer.tool_calls] == [{"ok": 1}]
    (invalid,) = answer.invalid_tool_calls
    assert (invalid["id"], invalid["name"]) == ("get_1", "get")
    assert answer.additional_kwargs["tool_arguments"] == {"get_1": text}
    results = [ToolMessage("x", tool_call_id=id) for id in ("get_0", "get_1")]
    await ask(model, ["weather?", answer, *results])
    sent = kimi.requests[-1].body["messages"][1]["tool_calls"]
    assert [call["function"]["arguments"] for call in sent] == ['{"ok":1}', text]


@pytest.mark.parametrize("text", ["", "  ", '{"city": "Par'])
async def test_arguments_cut_at_the_token_limit_are_invalid(
    kimi: Emulator, chat: Chat, ask: Ask, text: str
) -> None:
    """With finish_reason `length` even no arguments are a guess."""
    call = {"name": "get", "arguments": text}
    kimi.reply(tool_calls=[call], finish_reason="length")
    answer = await ask(chat(), "weather?")
    assert answer.tool_calls == []
    assert [invalid["name"] for invalid in answer.invalid_tool_calls] == ["get"]


@pytest.mark.parametrize("text", ["", "{}", " "])
async def test_a_call_without_arguments_is_valid(
    kimi: Emulator, chat: Chat, ask: Ask, text: str
) -> None:
    """Unless the answer was cut, nothing means no arguments."""
    kimi.reply(tool_calls=[{"name": "get", "arguments": text}])
    answer = await ask(chat(), "weather?")
    assert [call["args"] for call in answer.tool_calls] == [{}]
    assert answer.invalid_tool_calls == []


async def test_events_v3_tell_broken_arguments_too(kimi: Emulator, chat: Chat) -> None:
    """Also LangChain's own events finish such a call as invalid."""
    kimi.reply(tool_calls=[{"name": "get", "arguments": '{"city": "Par'}])
    answer = chat().stream_events("weather?", version="v3").output
    assert answer.tool_calls == []
    assert len(answer.invalid_tool_calls) == 1


@pytest.mark.parametrize(
    "text", ['{"b": 1, "a": 2}', '{"名": "é\\u00e9"}', '{"x":1.0}']
)
async def test_arguments_go_back_in_the_text_they_came_in(
    kimi: Emulator, chat: Chat, ask: Ask, text: str
) -> None:
    """They are part of the cached prefix: blanks and escapes too."""
    model = chat()
    kimi.reply(tool_calls=[{"name": "get", "arguments": text}])
    answer = await ask(model, "go")
    await ask(model, ["go", answer, ToolMessage("x", tool_call_id="get_0")])
    call = kimi.requests[-1].body["messages"][1]["tool_calls"][0]
    assert call["function"]["arguments"] == text


async def test_edited_arguments_go_back_edited(
    kimi: Emulator, chat: Chat, ask: Ask
) -> None:
    """A human in the loop may change a call: the new arguments count."""
    model = chat()
    kimi.reply(tool_calls=[{"name": "get", "arguments": '{"city": "Paris"}'}])
    answer = await ask(model, "go")
    answer.tool_calls[0]["args"] = {"city": "Rome"}
    await ask(model, ["go", answer, ToolMessage("x", tool_call_id="get_0")])
    call = kimi.requests[-1].body["messages"][1]["tool_calls"][0]
    assert call["function"]["arguments"] == '{"city":"Rome"}'


def test_a_seal_is_never_completed() -> None:
    """For every prefix of arguments that is not whole."""
    whole = '{"a": "b\\\\", "c": [1, {"d": "e\\"f"}], "g": null}'
    for end in range(len(whole)):
        text = whole[:end]
        assert parse_arguments(text, truncated=True) is None
        message = AIMessageChunk(
            "",
            tool_call_chunks=[
                {
                    "name": "f",
                    "id": "1",
                    "index": 0,
                    "type": "tool_call_chunk",
                    "args": text + seal(text),
                }
            ],
        )
        assert message.tool_calls == [], text


def _decoded(pieces: list[bytes]) -> list[bytes]:
    decoder = EventDecoder()
    events = [event for piece in pieces for event in decoder.feed(piece)]
    return [*events, *decoder.flush()]


@pytest.mark.parametrize(
    ("body", "events"),
    [
        (b"data: a\n\ndata: b\n\n", [b"a", b"b"]),
        (b"data:a\r\n\r\ndata: b\r\n\r\n", [b"a", b"b"]),
        (b"data: a\r\rdata: b\r\r", [b"a", b"b"]),
        (b"data: a\ndata: b\n\n", [b"a\nb"]),
        (b": ping\n\nevent: x\nid: 1\nretry: 5\ndata: a\n\n\n\n", [b"a"]),
        (b"\xef\xbb\xbfdata: a\n\n", [b"a"]),
        (b" data: a\n\n", [b"a"]),
        (b"data: a\n\ndata: [DONE]", [b"a", b"[DONE]"]),
        ("data: 你好\n\n".encode(), ["你好".encode()]),
        (b"data:\n\ndata: a\n\n", [b"a"]),
        (b"\n\n", []),
        (b"", []),
    ],
)
def test_events_are_cut_the_same_however_they_arrive(
    body: bytes, events: list[bytes]
) -> None:
    """In one piece, byte by byte, and cut at each place."""
    assert _decoded([body]) == events
    assert _decoded([body[i : i + 1] for i in range(len(body))]) == events
    for cut in range(len(body)):
        assert _decoded([body[:cut], body[cut:]]) == events


async def test_closing_a_stream_early_is_quiet(kimi: Emulator, chat: Chat) -> None:
    """A consumer may stop: nothing is raised, and the model goes on working."""
    model = chat()
    for _ in model.stream("long"):
        break
    async for _ in model.astream("long"):
        break
    assert model.invoke("again").text


def test_history_of_an_aborted_stream_can_be_sent(kimi: Emulator, chat: Chat) -> None:
    """The chunks so far are a message."""
    chunks: list[AIMessage] = []
    for chunk in chat().stream("long"):
        chunks.append(chunk)
        if chunk.text:
            break
    history = [HumanMessage("long"), _merged(chunks), HumanMessage("go on")]
    assert chat().invoke(history).text


def _same(read: Callable[[bytes], Any], bodies: list[bytes]) -> bool:
    return len({json.dumps(read(body), sort_keys=True) for body in bodies}) == 1


def test_comments_and_line_ends_change_nothing() -> None:
    """Keep-alives between events are passed over."""
    body = _events(_delta(content="a"), _delta(content="b"), _delta("stop"))
    bodies = [
        body,
        body.replace(b"\n", b"\r\n"),
        body.replace(b"\n\n", b"\n\n: keep-alive\n\n"),
    ]
    assert _same(lambda b: _merged(_chunks(b)).model_dump(mode="json"), bodies)


async def test_arguments_sent_as_an_object_are_taken_as_they_are(
    kimi: Emulator, chat: Chat, ask: Ask
) -> None:
    """Some hosts send one instead of its JSON; anything else is no arguments."""
    calls = [
        {"index": n, "id": str(n), "function": {"name": name, "arguments": arguments}}
        for n, (name, arguments) in enumerate([("f", {"x": 1}), ("f", 5), ("", "{}")])
    ]
    delta = _delta("tool_calls", tool_calls=calls)
    whole = {"choices": [{"message": {"tool_calls": calls}}]}
    streams = "stream" in ask.__name__
    kimi.send(_events(delta) if streams else json.dumps(whole).encode())
    answer = await ask(chat(), "go")
    assert [call["args"] for call in answer.tool_calls] == [{"x": 1}]
    assert [call["id"] for call in answer.invalid_tool_calls] == ["1", "2"]


async def test_a_whole_answer_to_a_stream_is_read(
    kimi: Emulator, chat: Chat, ask_stream: Ask
) -> None:
    """Some gateways do not stream; an error of theirs is told as what it is."""
    message = {"content": "Hi.", "reasoning_content": "Hm."}
    body = {"model": "m", "choices": [{"message": message}], "usage": _USAGE}
    kimi.send(json.dumps(body).encode())
    answer = await ask_stream(chat(), "hi")
    assert (answer.text, answer.additional_kwargs["reasoning_content"]) == (
        "Hi.",
        "Hm.",
    )
    assert answer.usage_metadata
    assert answer.usage_metadata["total_tokens"] == 13
    kimi.send(b'{"error":{"type":"engine_overloaded_error","message":"busy"}}')
    with pytest.raises(KimiOverloadedError, match="busy"):
        await ask_stream(chat(max_retries=0), "hi")


@pytest.mark.parametrize("awaited", [False, True])
async def test_streams_share_a_connection(
    kimi: Emulator, chat: Chat, awaited: bool
) -> None:
    """Behind TLS each new one is a handshake."""
    model = chat()
    for _ in range(5):
        if awaited:
            assert [chunk async for chunk in model.astream("hi")]
        else:
            assert list(model.stream("hi"))
    assert len({request.peer for request in kimi.requests}) == 1
