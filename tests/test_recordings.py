"""Every recorded answer, as it was on the wire, read through the front door.

Where the recordings are from and what was changed: data/NOTICE.md. The `.meta.json`
beside each stream says in `expect` what it holds.
"""

import json
import random
from collections.abc import Awaitable, Callable, Iterator, Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any, TypeAlias

import pytest
from langchain_core.language_models.chat_model_stream import ChatModelStream
from langchain_core.messages import (
    AIMessage,
    AIMessageChunk,
    BaseMessage,
    HumanMessage,
    ToolMessage,
)
from langchain_tests.utils.stream_lifecycle import assert_valid_event_stream

from langchain_kimi._sse import EventDecoder
from langchain_kimi._stream import StreamReader
from langchain_kimi.emulator import Emulator
from tests.conftest import Ask, Chat

DATA = Path(__file__).parent / "data" / "recordings"
OPENROUTER = tuple(
    f"openrouter_kimi-k2_llm_variant_{variant}_{turn}"
    for variant in "abc"
    for turn in (0, 1)
)
SGLANG = tuple(
    f"sglang_kimi-k2-instruct_{name}"
    for name in (
        "multipletoolcall",
        "multipletoolcall_sandwich",
        "simpletext",
        "simpletext_continoususage",
        "simpletext_finish1",
        "simpletext_finish2",
        "toolcall",
    )
)
BEDROCK = "bedrock_kimi-k2-thinking_tool_call.json"
STREAMS = (*OPENROUTER, *(f"{name}.raw" for name in OPENROUTER), *SGLANG)

# Its first event stands behind a blank. A parser by the letter of the standard passes
# it over, as the one did that wrote `.sse` and counted the events; we read it.
BLANK = "openrouter_kimi-k2_llm_variant_c_0.raw"

# Where `expect` alone does not say what LangChain is to be given: the blocks in order.
DIFFERENCES: Mapping[str, tuple[tuple[str, ...], str]] = {
    "sglang_kimi-k2-instruct_multipletoolcall_sandwich": (
        ("search", "text", "fetch"),
        (
            "The text arrives between the two calls. v0 keeps text and calls in two "
            "fields, as `expect` does, and has no order between them; blocks that are "
            "collected from a stream (v1, v3) stand in the order of their arrival."
        ),
    ),
}

Blocks: TypeAlias = list[dict[str, Any]]
Loop: TypeAlias = tuple[AIMessage, AIMessage]
Read: TypeAlias = Callable[..., Awaitable[list[AIMessageChunk]]]


def name_of(stream: str) -> str:
    return stream.removesuffix(".raw")


def body_of(stream: str) -> bytes:
    return (DATA / f"{stream}.sse").read_bytes()


def meta_of(stream: str) -> dict[str, Any]:
    return json.loads((DATA / f"{name_of(stream)}.meta.json").read_text())


def expect_of(stream: str) -> dict[str, Any]:
    return meta_of(stream)["expect"]


@pytest.fixture(scope="module")
def server() -> Iterator[Emulator]:
    with Emulator() as emulator:
        yield emulator


@pytest.fixture
def kimi(server: Emulator) -> Iterator[Emulator]:
    """One server for all, which is to have served all that a test scripted."""
    server.requests.clear()
    yield server
    assert server.pending == 0


@pytest.fixture(params=["stream", "astream"])
def read(request: pytest.FixtureRequest, kimi: Emulator, chat: Chat) -> Read:
    """Serve a recording over HTTP, and read it in one of the two ways."""

    async def read_recording(stream: str, **settings: Any) -> list[AIMessageChunk]:
        kimi.send(body_of(stream), content_type="text/event-stream")
        model = chat(**settings)
        if request.param == "stream":
            return list(model.stream("Hi"))
        return [chunk async for chunk in model.astream("Hi")]

    return read_recording


def join(chunks: list[AIMessageChunk]) -> AIMessageChunk:
    first, *rest = chunks
    return first + rest


def expected_calls(expect: Mapping[str, Any]) -> Blocks:
    return [
        {
            "type": "tool_call",
            "id": call["id"],
            "name": call["name"],
            "args": json.loads(call["arguments"]),
        }
        for call in expect["tool_calls"]
    ]


def expected_blocks(stream: str, *, arrival: bool) -> Blocks:
    """The blocks of an answer, in the order of arrival or v0's."""
    expect = expect_of(stream)
    reasoning, text = expect["reasoning"], expect["content"]
    blocks = [{"type": "reasoning", "reasoning": reasoning}] if reasoning else []
    blocks += [{"type": "text", "text": text}] if text else []
    blocks += expected_calls(expect)
    difference = DIFFERENCES.get(name_of(stream))
    if arrival and difference:
        blocks.sort(key=lambda block: difference[0].index(name_of_block(block)))
    return blocks


def name_of_block(block: Mapping[str, Any]) -> str:
    return block.get("name", block["type"])


def without_index(blocks: Any) -> Blocks:
    """The blocks without the lanes in which a stream merges them."""
    return [{k: v for k, v in block.items() if k != "index"} for block in blocks]


def expected_usage(report: Mapping[str, Any]) -> dict[str, Any]:
    """The usage in LangChain's words; what was not reported has no key."""
    usage: dict[str, Any] = {
        "input_tokens": report["prompt_tokens"],
        "output_tokens": report["completion_tokens"],
        "total_tokens": report["total_tokens"],
    }
    prompt = report["prompt_tokens_details"]
    # SGLang has the reasoning tokens at the top level.
    completion = report.get("completion_tokens_details", report)
    if prompt:
        usage["input_token_details"] = {"cache_read": prompt["cached_tokens"]}
    if "reasoning_tokens" in completion:
        reasoning = completion["reasoning_tokens"]
        usage["output_token_details"] = {"reasoning": reasoning}
    return usage


def test_every_file_has_its_test() -> None:
    files = {f"{stream}.sse" for stream in STREAMS}
    files |= {f"{name_of(stream)}.meta.json" for stream in STREAMS}
    assert {path.name for path in DATA.iterdir()} == files | {BEDROCK}
    assert set(DIFFERENCES) <= set(STREAMS)


@pytest.mark.parametrize("stream", STREAMS)
class TestStreams:
    """A null in `expect` is a missing key in LangChain's message."""

    async def test_answer(self, read: Read, stream: str) -> None:
        expect, answer = expect_of(stream), join(await read(stream))
        metadata = answer.response_metadata
        assert answer.content == expect["content"]
        assert answer.additional_kwargs.get("reasoning_content") == expect["reasoning"]
        assert answer.tool_calls == expected_calls(expect)
        assert answer.invalid_tool_calls == []
        assert metadata.get("finish_reason") == expect["finish_reason"]
        assert ("finish_reason" in metadata) is bool(expect["finish_reason"])
        assert [metadata["id"]] == expect["ids"]
        assert answer.usage_metadata == expected_usage(expect["usage_final"])
        assert metadata["token_usage"] == expect["usage_final"]

    async def test_chunks(self, read: Read, stream: str) -> None:
        chunks = await read(stream)
        metadata = [chunk.response_metadata for chunk in chunks]
        assert {one["model_provider"] for one in metadata} == {"moonshot"}
        assert [chunk.chunk_position for chunk in chunks[-1:]] == ["last"]
        assert {chunk.chunk_position for chunk in chunks[:-1]} == {None}
        assert sum(chunk.usage_metadata is not None for chunk in chunks) == 1
        assert sum("model_name" in one for one in metadata) == 1
        endings = sum("finish_reason" in one for one in metadata)
        assert endings == bool(expect_of(stream)["finish_reason"])

    async def test_blocks_v0(self, read: Read, stream: str) -> None:
        answer = join(await read(stream))
        assert answer.content_blocks == expected_blocks(stream, arrival=False)

    async def test_blocks_v1(self, read: Read, stream: str) -> None:
        answer = join(await read(stream, output_version="v1"))
        blocks = expected_blocks(stream, arrival=True)
        assert without_index(answer.content_blocks) == blocks
        assert without_index(answer.content) == blocks

    async def test_blocks_of_each_chunk(self, read: Read, stream: str) -> None:
        """No chunk has two kinds of block: they would be shown as one."""
        for chunk in await read(stream, output_version="v1"):
            assert len({name_of_block(block) for block in chunk.content_blocks}) <= 1

    def test_events(self, kimi: Emulator, chat: Chat, stream: str) -> None:
        kimi.send(body_of(stream), content_type="text/event-stream")
        events = chat().stream_events("Hi", version="v3")
        assert isinstance(events, ChatModelStream)
        assert_valid_event_stream(list(events))
        check_output(events.output, stream)

    async def test_async_events(self, kimi: Emulator, chat: Chat, stream: str) -> None:
        kimi.send(body_of(stream), content_type="text/event-stream")
        events = await chat().astream_events("Hi", version="v3")
        assert_valid_event_stream([event async for event in events])
        check_output(await events.output, stream)

    def test_no_event_is_lost(self, stream: str) -> None:
        events = list(EventDecoder().feed(body_of(stream)))
        assert len(events) == meta_of(stream)["n_events"] + (stream == BLANK)

    @pytest.mark.parametrize("seed", [None, 1, 2, 3])
    def test_pieces(self, stream: str, seed: int | None) -> None:
        """However the body is cut, the chunks are the same."""
        body = body_of(stream)
        assert read_pieces(cut(body, seed)) == read_pieces([body])


def check_output(message: AIMessage, stream: str) -> None:
    """Check the message that an event stream was collected into."""
    blocks = expected_blocks(stream, arrival=True)
    assert without_index(message.content_blocks) == blocks
    usage = expected_usage(expect_of(stream)["usage_final"])
    assert message.usage_metadata == usage


def read_pieces(pieces: list[bytes]) -> list[BaseMessage]:
    reader = StreamReader(request_id="r")
    chunks = [chunk for piece in pieces for chunk in reader.feed(piece)]
    chunks += reader.finish()
    assert reader.done
    return [chunk.message for chunk in chunks]


def cut(body: bytes, seed: int | None) -> list[bytes]:
    """Cut a body into pieces: of one byte each, or wherever a seed says."""
    if seed is None:
        return [bytes([byte]) for byte in body]
    places = random.Random(seed).sample(range(len(body)), 40)
    edges = [0, *sorted(places), len(body)]
    return [body[start:end] for start, end in pairwise(edges)]


def bedrock_answers() -> Iterator[dict[str, Any]]:
    """The recorded Converse answers as chat completions.

    Bedrock's own wire is not what ChatKimi talks. What the model itself wrote (ids,
    arguments, texts, leaked marks) is kept byte for byte; only the frame is another:
    `reasoningContent` -> `reasoning_content`, `toolUse` -> `tool_calls`, `stopReason`
    -> `finish_reason`, token counts to their OpenAI names.
    """
    for interaction in json.loads((DATA / BEDROCK).read_text())["interactions"]:
        answer = interaction["response"]
        yield {
            "id": "recorded",
            "object": "chat.completion",
            "created": 0,
            "model": "kimi-k2-thinking",
            "choices": [
                {
                    "index": 0,
                    "message": _completion_message(answer["output"]["message"]),
                    "finish_reason": _FINISH_REASONS[answer["stopReason"]],
                }
            ],
            "usage": {
                "prompt_tokens": answer["usage"]["inputTokens"],
                "completion_tokens": answer["usage"]["outputTokens"],
                "total_tokens": answer["usage"]["totalTokens"],
            },
        }


_FINISH_REASONS = {"tool_use": "tool_calls", "end_turn": "stop"}


def _completion_message(recorded: Mapping[str, Any]) -> dict[str, Any]:
    message: dict[str, Any] = {"role": recorded["role"], "content": None}
    for block in recorded["content"]:
        match block:
            case {"text": text}:
                message["content"] = text
            case {"reasoningContent": {"reasoningText": {"text": text}}}:
                message["reasoning_content"] = text
            case {"toolUse": use}:
                function = {"name": use["name"], "arguments": json.dumps(use["input"])}
                call = {"id": use["toolUseId"], "type": "function"}
                message["tool_calls"] = [{**call, "function": function}]
            case _:
                raise AssertionError(f"{BEDROCK} has another kind of block: {block}")
    return message


def as_stream(completion: Mapping[str, Any]) -> bytes:
    """The same completion as an event stream of one delta."""
    [choice] = completion["choices"]
    delta = dict(choice["message"])
    if "tool_calls" in delta:
        calls = enumerate(delta["tool_calls"])
        delta["tool_calls"] = [{**call, "index": index} for index, call in calls]
    ending = {"index": 0, "delta": delta, "finish_reason": choice["finish_reason"]}
    chunk = {**completion, "object": "chat.completion.chunk", "choices": [ending]}
    return b"data: %s\n\ndata: [DONE]\n\n" % json.dumps(chunk).encode()


class TestBedrock:
    """A tool loop of kimi-k2-thinking, each turn as Bedrock recorded it."""

    REASONING = (
        " The user is asking for the current temperature in London. They've explicitly "
        "requested the use of a tool for this purpose. I have a tool called "
        "`get_temperature` that can provide this information. It requires a single "
        'parameter "city" which should be "London" in this case.'
    )
    CALL_ID = "functions.get_temperature:0"

    @pytest.fixture
    async def loop(
        self, request: pytest.FixtureRequest, kimi: Emulator, chat: Chat, ask: Ask
    ) -> Loop:
        """Ask, answer the tool call, and return both of the model's messages."""
        for answer in bedrock_answers():
            if "stream" in request.node.callspec.params["ask"]:
                kimi.send(as_stream(answer), content_type="text/event-stream")
            else:
                kimi.send(json.dumps(answer).encode())
        model = chat(model="kimi-k2-thinking")
        question = HumanMessage("What is the temperature in London? Use the tool.")
        first = await ask(model, [question])
        result = ToolMessage("30°C", tool_call_id=first.tool_calls[0]["id"])
        return first, await ask(model, [question, first, result])

    def test_call(self, loop: Loop) -> None:
        first, _ = loop
        assert first.content == ""
        assert first.additional_kwargs["reasoning_content"] == self.REASONING
        args = {"city": "London"}
        call = {"type": "tool_call", "id": self.CALL_ID, "name": "get_temperature"}
        assert first.tool_calls == [{**call, "args": args}]
        assert first.response_metadata["finish_reason"] == "tool_calls"

    def test_what_goes_back(self, kimi: Emulator, loop: Loop) -> None:
        """The id with its dot and colon, and the reasoning with its leading blank."""
        _, sent, result = kimi.requests[-1].body["messages"]
        assert sent["reasoning_content"] == self.REASONING
        assert sent["tool_calls"][0]["id"] == self.CALL_ID
        assert json.loads(sent["tool_calls"][0]["function"]["arguments"]) == {
            "city": "London"
        }
        assert result["tool_call_id"] == self.CALL_ID

    def test_leaked_mark(self, loop: Loop) -> None:
        """A stray ` <think>` is what the model wrote: it is not guessed to be thought.

        It is never closed, so that nobody can say where the thinking would end.
        """
        _, last = loop
        assert last.content == " <think> The temperature in London is 30°C."
        assert "reasoning_content" not in last.additional_kwargs
        assert last.response_metadata["finish_reason"] == "stop"
        assert last.usage_metadata == {
            "input_tokens": 188,
            "output_tokens": 11,
            "total_tokens": 199,
        }
