"""Streams that break are resumed: the caller sees one answer, as if never cut."""

import json
import random
from collections.abc import AsyncIterator, Iterator
from functools import reduce
from itertools import cycle
from pathlib import Path
from typing import Any

import pytest
from langchain_core.messages import AIMessageChunk
from langchain_core.messages.ai import add_usage

from langchain_kimi import ChatKimi
from langchain_kimi._response import read_usage
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
    model = ChatKimi(api_key="sk-x", base_url=server.base_url, stream_resumes=3)
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
