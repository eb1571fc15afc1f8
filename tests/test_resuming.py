"""Streams that break are resumed: the caller sees one answer, as if never cut."""

import json
import pickle
import random
from collections.abc import AsyncIterator, Iterator
from functools import reduce
from itertools import cycle
from pathlib import Path
from typing import Any

import pytest
from langchain.agents import create_agent
from langchain_core.messages import AIMessage, AIMessageChunk
from langchain_core.messages.ai import add_usage

from langchain_kimi import ChatKimi, partial_message
from langchain_kimi._response import read_usage
from langchain_kimi.emulator import Emulator
from langchain_kimi.errors import (
    KimiContentFilterError,
    KimiOverloadedError,
    KimiResponseError,
    KimiSettingError,
    KimiStreamInterruptedError,
)
from tests.conftest import Ask, Chat
from tests.cutting_server import Conversation, CuttingServer

_RECORDINGS = Path(__file__).parent / "data" / "recordings"
_RECORDED = (
    "openrouter_kimi-k2_llm_variant_a_1",
    "openrouter_kimi-k2_llm_variant_b_1.raw",
    "openrouter_kimi-k2_llm_variant_c_1.raw",
    "sglang_kimi-k2-instruct_simpletext",
    "sglang_kimi-k2-instruct_simpletext_continoususage",
    "sglang_kimi-k2-instruct_simpletext_finish1",
    "sglang_kimi-k2-instruct_simpletext_finish2",
)
_TEXTS = (
    "Plain words, one after the other, until they end.",
    "Ärger mit Café: e\u0301, n\u0303, \u0928\u092e\u0938\u094d\u0924\u0947.",
    "👍🏽 👩\u200d👩\u200d👧 🇨🇳 \U0001f600\U0001f600 end",
    "你好世界。今天天气很好。",
    'one\r\ntwo\r\n\r\nthree\n\n  four\tfive \\ " \u2028 \x07 data: [DONE]\n\n',
    "=" * 70,
    "ha " * 30,
    "",
)
_USAGE = {"prompt_tokens": 90, "completion_tokens": 40, "total_tokens": 130}


@pytest.fixture(autouse=True)
def no_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    """Do not wait between the attempts."""
    monkeypatch.setattr("langchain_kimi._retry._FIRST_WAIT", 0.0)


@pytest.fixture
def server() -> Iterator[CuttingServer]:
    with CuttingServer() as cutting:
        yield cutting


@pytest.fixture
async def model(server: CuttingServer) -> AsyncIterator[ChatKimi]:
    """Without retries: each request after the first one is a resume."""
    model = ChatKimi(
        api_key="sk-x", base_url=server.base_url, stream_resumes=3, max_retries=0
    )
    yield model
    model.close()
    await model.aclose()


def _stream_body(reasoning: str, text: str, rng: random.Random) -> bytes:
    """Return a stream in the form of the hosted API's (kimi-api.md 3.2)."""
    deltas: list[dict[str, str]] = [{"role": "assistant", "content": ""}]
    for kind, whole in (("reasoning_content", reasoning), ("content", text)):
        at = 0
        while at < len(whole):
            size = rng.randint(1, 6)
            deltas.append({kind: whole[at : at + size]})
            at += size
    head = {"id": "chatcmpl-1", "model": "kimi-k3", "created": 1}
    choices = [{"index": 0, "delta": d, "finish_reason": None} for d in deltas]
    choices.append({"index": 0, "delta": {}, "finish_reason": "stop", "usage": _USAGE})
    events: list[Any] = [{**head, "choices": [choice]} for choice in choices]
    events.append({**head, "choices": [], "usage": _USAGE})
    ascii_only, line = rng.random() < 0.5, rng.choice(["\n\n", "\r\n\r\n"])
    texts = [json.dumps(event, ensure_ascii=ascii_only) for event in events]
    return "".join(f"data: {t}{line}" for t in [*texts, "[DONE]"]).encode()


def _bodies(rng: random.Random) -> list[bytes]:
    """Return the recorded streams of text, and generated ones of each kind."""
    bodies = [(_RECORDINGS / f"{name}.sse").read_bytes() for name in _RECORDED]
    for reasoning in _TEXTS:
        bodies += [_stream_body(reasoning, text, rng) for text in _TEXTS]
    return bodies


async def _read(model: ChatKimi, kind: str, question: str) -> list[AIMessageChunk]:
    if kind == "stream":
        return list(model.stream(question))
    return [chunk async for chunk in model.astream(question)]


def _join(chunks: list[AIMessageChunk]) -> AIMessageChunk:
    return reduce(lambda left, right: left + right, chunks)


@pytest.mark.parametrize("kind", ["stream", "astream"])
async def test_any_cut_is_as_if_there_was_none(
    server: CuttingServer, model: ChatKimi, kind: str
) -> None:
    """500 cuts each way, up to three in an answer, at any byte of any stream."""
    rng = random.Random(f"cuts of {kind}")
    bodies, left, resumes = _bodies(rng), 500, 0
    wholes = [await _ask_whole(server, model, kind, body) for body in bodies]
    for body, whole in cycle(zip(bodies, wholes, strict=True)):
        cuts = [rng.random() for _ in range(min(left, rng.randint(1, 3)))]
        resets = rng.random() < 0.5
        cut = server.conversations["cut"] = Conversation(body, cuts.copy(), resets)
        chunks = await _read(model, kind, "cut")
        assert len(cut.requests) <= len(cuts) + 1
        _check_joined(chunks, whole, cut)
        resumes += len(cut.requests) - 1
        left -= len(cuts)
        if not left:
            break
    assert server.faults == []
    # A few come after the answer's end, or end an answer before its other cuts.
    assert resumes > 350


async def _ask_whole(
    server: CuttingServer, model: ChatKimi, kind: str, body: bytes
) -> AIMessageChunk:
    server.conversations["whole"] = Conversation(body, [])
    return _join(await _read(model, kind, "whole"))


def _check_joined(
    chunks: list[AIMessageChunk], whole: AIMessageChunk, cut: Conversation
) -> None:
    """The sum is the whole answer, but for the usage, which is that of all attempts."""
    found = _join(chunks)
    assert found.content == whole.content
    assert found.additional_kwargs == whole.additional_kwargs
    assert found.content_blocks == whole.content_blocks
    told, expected = dict(found.response_metadata), dict(whole.response_metadata)
    resumes, usages = told.pop("resumes", 0), told.pop("attempt_usages", [])
    assert resumes == len(cut.requests) - 1
    assert usages == (cut.usages if resumes else [])
    told["token_usage"] = expected["token_usage"] = {}
    assert told == expected
    for fact in ("model_name", "id", "finish_reason"):
        assert sum(fact in chunk.response_metadata for chunk in chunks) == 1
    counted = [read_usage(usage) for usage in cut.usages if usage]
    assert found.usage_metadata == (reduce(add_usage, counted) if counted else None)


def _delta(finish_reason: str | None = None, **delta: Any) -> dict[str, Any]:
    choice = {"index": 0, "delta": delta, "finish_reason": finish_reason}
    return {"id": "chatcmpl-1", "model": "kimi-k3", "choices": [choice]}


def _send(kimi: Emulator, *events: Any) -> None:
    """Script a stream that ends after these events."""
    body = "".join(f"data: {json.dumps(event)}\n\n" for event in events)
    kimi.send(body.encode(), content_type="text/event-stream")


def _cut_answer(kimi: Emulator, whole: AIMessage, *endings: Any) -> None:
    """Script the beginning of the emulator's own answer, which it then continues."""
    reasoning = whole.additional_kwargs["reasoning_content"]
    thought, said = _delta(reasoning_content=reasoning), _delta(content=whole.text[:9])
    _send(kimi, thought, said, *endings)


_OVERLOADED = {"error": {"type": "engine_overloaded_error", "message": "busy"}}
_FAILED = {"error": {"type": "server_error", "message": "boom"}}
_FILTERED = {"error": {"type": "content_filter", "message": "high risk"}}


@pytest.mark.parametrize("ending", [None, _OVERLOADED, _FAILED])
@pytest.mark.parametrize("version", ["v0", "v1"])
async def test_what_may_pass_is_resumed(
    kimi: Emulator, chat: Chat, ask_stream: Ask, ending: Any, version: str
) -> None:
    """A lost end, and an error event that says that waiting helps."""
    model = chat(stream_resumes=1, output_version=version)
    whole = await ask_stream(model, "hi")
    _cut_answer(kimi, whole, *([ending] if ending else []))
    found = await ask_stream(model, "hi")
    assert found.content == whole.content
    assert found.content_blocks == whole.content_blocks
    assert found.response_metadata["resumes"] == 1
    asked, resumed = (request.body for request in kimi.requests[-2:])
    beginning = {
        "role": "assistant",
        "content": whole.text[:9],
        "reasoning_content": whole.additional_kwargs["reasoning_content"],
        "partial": True,
    }
    assert resumed == {**asked, "messages": [*asked["messages"], beginning]}


async def test_a_silent_stream_is_resumed(ask_stream: Ask) -> None:
    """After `timeout` seconds without a byte."""
    cut = Conversation(_stream_body("Hm.", "Hello!", random.Random(0)), [0.6])
    cut.stalls = True
    with CuttingServer() as server:
        server.conversations["hi"] = cut
        url = server.base_url
        model = ChatKimi(api_key="sk-x", base_url=url, timeout=0.2, stream_resumes=1)
        found = await ask_stream(model, "hi")
        model.close()
        await model.aclose()
    assert (found.text, len(cut.requests)) == ("Hello!", 2)


async def test_each_way_to_call_resumes(kimi: Emulator, chat: Chat, ask: Ask) -> None:
    """invoke too, where it streams."""
    model = chat(stream_resumes=1, streaming=True)
    whole = await ask(model, "hi")
    _cut_answer(kimi, whole)
    found = await ask(model, "hi")
    assert found.text == whole.text
    assert found.response_metadata["resumes"] == 1


async def test_events_and_agents_see_one_answer(kimi: Emulator, chat: Chat) -> None:
    """LangChain's own events, and LangGraph's messages."""
    model = chat(stream_resumes=1)
    whole = model.invoke("hi")
    _cut_answer(kimi, whole)
    events = [event async for event in model.astream_events("hi", version="v2")]
    output = events[-1]["data"]["output"]
    assert (output.text, output.response_metadata["resumes"]) == (whole.text, 1)
    _cut_answer(kimi, whole)
    assert model.stream_events("hi", version="v3").output.text == whole.text
    _cut_answer(kimi, whole)
    asked = {"messages": ["hi"]}
    agent = create_agent(model)
    parts = [part for part, _ in agent.stream(asked, stream_mode="messages")]
    assert "".join(part.text for part in parts) == whole.text


async def test_usage_is_that_of_all_attempts(
    kimi: Emulator, chat: Chat, ask_stream: Ask
) -> None:
    """An attempt that told none is shown as one that told none."""
    model = chat(stream_resumes=2, max_retries=0)
    whole = await ask_stream(model, "hi")
    usage = {"prompt_tokens": 8, "completion_tokens": 5, "total_tokens": 13}
    _cut_answer(kimi, whole, {"choices": [], "usage": usage})
    _send(kimi)
    found = await ask_stream(model, "hi")
    told = found.response_metadata["attempt_usages"]
    assert told[:2] == [usage, None]
    last = read_usage(told[2])
    assert found.usage_metadata == add_usage(read_usage(usage), last)
    assert model.cost(found.usage_metadata) == model.cost(
        read_usage(usage)
    ) + model.cost(last)


@pytest.mark.parametrize(("retries", "resumes"), [(1, None), (0, 1)])
async def test_what_had_not_begun_is_asked_again(
    kimi: Emulator, chat: Chat, ask_stream: Ask, retries: int, resumes: int | None
) -> None:
    """As it was, in whatever form: it counts as a retry, or as a resume if none is."""
    tools = [{"type": "function", "function": {"name": "f", "parameters": {}}}]
    model = chat(stream_resumes=1, max_retries=retries)
    model = model.bind(tools=tools, logprobs=False)
    _send(kimi, _delta(role="assistant", content=""))
    kimi.reply(tool_calls=[{"name": "f", "arguments": {}}])
    found = await ask_stream(model, "hi")
    assert [call["name"] for call in found.tool_calls] == ["f"]
    assert found.response_metadata.get("resumes") == resumes
    assert found.response_metadata["model_name"] == "kimi-k3"
    assert kimi.requests[0].body == kimi.requests[1].body


async def test_an_answer_that_ended_is_not_continued(
    kimi: Emulator, chat: Chat, ask_stream: Ask
) -> None:
    """Only [DONE] was lost: after the finish reason there is nothing to ask for."""
    _send(kimi, _delta(reasoning_content="Hm."), _delta("stop", content="Hi."))
    found = await ask_stream(chat(stream_resumes=1), "hi")
    assert (found.text, found.response_metadata["finish_reason"]) == ("Hi.", "stop")
    assert "resumes" not in found.response_metadata
    assert len(kimi.requests) == 1


@pytest.mark.parametrize("name", [None, "Bot"])
async def test_a_partial_answer_is_continued(
    kimi: Emulator, chat: Chat, ask_stream: Ask, name: str | None
) -> None:
    """The beginning that was given, then what had arrived."""
    model = chat(stream_resumes=1)
    begun = partial_message("The req", name=name, reasoning="The ")
    whole = await ask_stream(model, ["hi", begun])
    reasoning = whole.additional_kwargs["reasoning_content"]
    _cut_answer(kimi, whole)
    found = await ask_stream(model, ["hi", begun])
    assert found.text == whole.text
    assert found.additional_kwargs == whole.additional_kwargs
    assert kimi.requests[-1].body["messages"][1:] == [
        {
            "role": "assistant",
            "content": "The req" + whole.text[:9],
            "reasoning_content": "The " + reasoning,
            "partial": True,
            **({"name": name} if name else {}),
        }
    ]


async def test_a_cap_is_one_for_all_attempts(
    kimi: Emulator, chat: Chat, ask_stream: Ask
) -> None:
    """Less about as many tokens as had arrived; at least one is left."""
    for cap, left in ((1000, 1000 - 8 - 100), (50, 1)):
        _send(kimi, _delta(content="four" * 100))
        model = chat(model="kimi-k2.6", thinking=False, stream_resumes=1)
        await ask_stream(model, "hi", max_tokens=cap)
        assert kimi.requests[-1].body["max_completion_tokens"] == left


_CALL = {"index": 0, "id": "a", "function": {"name": "f", "arguments": '{"x":1}'}}
_SCHEMA = {"title": "A", "type": "object", "properties": {"a": {"type": "string"}}}


@pytest.mark.parametrize(
    ("settings", "delta", "words"),
    [
        ({}, {"tool_calls": [_CALL]}, "had begun a tool call"),
        ({"response_format": {"type": "json_object"}}, {}, "response_format"),
        ({"response_format": _SCHEMA}, {}, "response_format"),
        ({"stop": ["b\nEND"]}, {"content": "a b\nE"}, "stop word"),
        ({"stop": "END"}, {"content": "a b\nE"}, "stop word"),
        ({}, {"content": " \n"}, "only blanks"),
        ({}, {"content": "a\ud83d"}, "half of a character"),
    ],
)
async def test_what_cannot_be_continued_is_told(
    kimi: Emulator, chat: Chat, ask_stream: Ask, settings: Any, delta: Any, words: str
) -> None:
    """With the reason, and what had arrived."""
    _send(kimi, _delta(**(delta or {"content": "{"})))
    model = chat(stream_resumes=1).bind(**settings)
    with pytest.raises(KimiStreamInterruptedError, match=words) as caught:
        await ask_stream(model, "hi")
    assert "It was not resumed" in str(caught.value)
    assert caught.value.partial_message.text == delta.get("content", "{" * (not delta))
    assert len(kimi.requests) == 1


async def test_a_server_without_partial_mode_is_told(
    kimi: Emulator, chat: Chat, ask_stream: Ask
) -> None:
    """By its dialect; what had not begun is asked again there too."""
    model = chat(stream_resumes=1, dialect="vllm", model="moonshotai/Kimi-K2.5")
    _send(kimi, _delta(content="Hel"))
    with pytest.raises(KimiStreamInterruptedError, match="no partial mode"):
        await ask_stream(model, "hi")
    _send(kimi)
    _send(kimi, _delta("stop", content="Hi."))
    assert (await ask_stream(model, "hi")).text == "Hi."


@pytest.mark.parametrize(
    ("ending", "kind"),
    [(_FILTERED, KimiContentFilterError), (["no event"], KimiResponseError)],
)
async def test_what_would_fail_again_is_not_resumed(
    kimi: Emulator, chat: Chat, ask_stream: Ask, ending: Any, kind: type[Exception]
) -> None:
    """The error is that of the event."""
    _send(kimi, _delta(content="Hel"), ending)
    with pytest.raises(kind) as caught:
        await ask_stream(chat(stream_resumes=1), "hi")
    assert caught.value.partial_message.text == "Hel"
    assert len(kimi.requests) == 1


async def test_when_no_resume_is_left(
    kimi: Emulator, chat: Chat, ask_stream: Ask
) -> None:
    """The error has all that arrived, and the count; copies of it too."""
    for text in ("One ", "two ", "three."):
        _send(kimi, _delta(content=text), _OVERLOADED)
    with pytest.raises(KimiStreamInterruptedError, match=r"resumed 2 times") as caught:
        await ask_stream(chat(stream_resumes=2), "hi")
    error = pickle.loads(pickle.dumps(caught.value))
    assert "busy" in str(error)
    assert error.resumes == 2
    found = error.partial_message
    assert found.text == "One two three."
    assert found.response_metadata["resumes"] == 2
    assert found.response_metadata["id"] == "chatcmpl-1"
    assert len(kimi.requests) == 3


async def test_each_resume_has_the_retries_of_a_request(
    kimi: Emulator, chat: Chat, ask_stream: Ask
) -> None:
    """And no more; what ends them has what had arrived too."""
    model = chat(stream_resumes=1, max_retries=1)
    _send(kimi, _delta(content="Hel"))
    for _ in range(2):
        kimi.fail("engine_overloaded_error", headers={"Retry-After": "0"})
    with pytest.raises(KimiOverloadedError, match="resume an answer") as caught:
        await ask_stream(model, "hi")
    assert caught.value.partial_message.text == "Hel"
    assert caught.value.resumes == 1
    assert len(kimi.requests) == 3


async def test_a_resume_that_does_not_begin_is_retried(
    kimi: Emulator, chat: Chat, ask_stream: Ask
) -> None:
    """It takes no other resume, and its request is the same."""
    model = chat(stream_resumes=1, max_retries=1)
    whole = await ask_stream(model, "hi")
    _cut_answer(kimi, whole)
    _send(kimi, _OVERLOADED)
    found = await ask_stream(model, "hi")
    assert found.content == whole.content
    assert found.response_metadata["resumes"] == 1
    assert found.response_metadata["attempt_usages"][0] is None
    assert len(found.response_metadata["attempt_usages"]) == 2
    assert kimi.requests[-1].body == kimi.requests[-2].body
    assert len(kimi.requests) == 4


async def test_an_answer_takes_no_more_requests_than_are_allowed(
    kimi: Emulator, chat: Chat, ask_stream: Ask
) -> None:
    """(1 + stream_resumes) * (1 + max_retries), whatever breaks."""
    for _ in range(6):
        _send(kimi)
    for beginning in ("One ", "two."):
        _send(kimi)
        _send(kimi, _delta(content=beginning))
    model = chat(stream_resumes=2, max_retries=1)
    with pytest.raises(KimiStreamInterruptedError) as caught:
        await ask_stream(model, "hi")
    error = caught.value
    assert (error.partial_message, error.resumes, error.attempts) == (None, 2, 2)
    assert "Sent 2 times" in error.__notes__[0]
    assert len(kimi.requests) == 6
    with pytest.raises(KimiStreamInterruptedError) as caught:
        await ask_stream(chat(stream_resumes=1, max_retries=1), "hi")
    assert caught.value.partial_message.text == "One two."
    assert len(kimi.requests) == 10


_LONG = "The answer is long enough to tell a repetition from a chance."


@pytest.mark.parametrize(
    "anew",
    [
        [_delta(content=_LONG[:30]), _delta(content=_LONG[30:] + " It goes on.")],
        [_delta(reasoning_content="Hm, again."), _delta(content="Another answer.")],
    ],
)
async def test_an_answer_begun_anew_is_refused(
    kimi: Emulator, chat: Chat, ask_stream: Ask, anew: list[Any]
) -> None:
    """By a server that does not know partial mode: no text is doubled in silence."""
    _send(kimi, _delta(reasoning_content="Hm."), _delta(content=_LONG))
    _send(kimi, *anew, _delta("stop"))
    with pytest.raises(KimiStreamInterruptedError, match="began anew") as caught:
        await ask_stream(chat(stream_resumes=3), "hi")
    assert caught.value.partial_message.text == _LONG
    assert len(kimi.requests) == 2


async def test_a_reasoning_begun_anew_is_refused(
    kimi: Emulator, chat: Chat, ask_stream: Ask
) -> None:
    """Where only reasoning had arrived; one that differs later is another one."""
    for rest in (_LONG, _LONG[:40] + "..."):
        _send(kimi, _delta(reasoning_content=_LONG))
        _send(kimi, _delta(reasoning_content=rest), _delta("stop", content="Hi."))
    model = chat(stream_resumes=3)
    with pytest.raises(KimiStreamInterruptedError, match="began anew"):
        await ask_stream(model, "hi")
    found = await ask_stream(model, "hi")
    assert found.additional_kwargs["reasoning_content"] == _LONG + _LONG[:40] + "..."


async def test_a_continuation_may_come_whole(
    kimi: Emulator, chat: Chat, ask_stream: Ask
) -> None:
    """Some gateways do not stream: what was told once is not told again."""
    _send(kimi, _delta(content="Hel"))
    message = {"role": "assistant", "content": "lo."}
    usage = {"prompt_tokens": 8, "completion_tokens": 5, "total_tokens": 13}
    choice = {"message": message, "finish_reason": "stop"}
    whole = {"id": "chatcmpl-2", "model": "kimi-k3", "choices": [choice]}
    kimi.send(json.dumps({**whole, "usage": usage}).encode())
    found = await ask_stream(chat(stream_resumes=1), "hi")
    assert found.text == "Hello."
    assert found.response_metadata["id"] == "chatcmpl-1"
    assert found.response_metadata["attempt_usages"] == [None, usage]
    assert found.usage_metadata["total_tokens"] == 13


async def test_without_the_setting_nothing_is_resumed(
    kimi: Emulator, chat: Chat, ask_stream: Ask
) -> None:
    """The default; and it is a setting of the model, not of a call."""
    _send(kimi, _delta(content="Hel"))
    with pytest.raises(KimiStreamInterruptedError) as caught:
        await ask_stream(chat(), "hi")
    assert "resumed" not in str(caught.value)
    with pytest.raises(KimiSettingError, match="ChatKimi\\(stream_resumes"):
        chat().invoke("hi", stream_resumes=1)
    with pytest.raises(KimiSettingError, match="stream_resumes"):
        chat(stream_resumes=-1)
    assert len(kimi.requests) == 1


def test_a_stream_may_be_left_between_attempts(kimi: Emulator, chat: Chat) -> None:
    """Closing it is quiet, and asks for nothing more."""
    _send(kimi, _delta(content="Hel"))
    stream = chat(stream_resumes=1).stream("hi")
    assert next(stream).text == "Hel"
    stream.close()
    assert len(kimi.requests) == 1
