"""Chunks that are copied of a validated one equal those that are validated."""

import copy
import json
import pickle
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from langchain_core.language_models import BaseChatModel
from langchain_core.load import dumpd
from langchain_core.messages import AIMessageChunk, BaseMessage
from langchain_core.outputs import ChatGenerationChunk, ChatResult
from pydantic import BaseModel

from langchain_kimi._stream import StreamReader
from tests.test_recordings import STREAMS, body_of

# What langchain-core's own validators fill in, from `tool_call_chunks`.
_DERIVED = {"tool_calls", "invalid_tool_calls"}
_RUN = UUID("01938a6f-0000-7000-8000-000000000000")


def read(body: bytes) -> list[ChatGenerationChunk]:
    reader = StreamReader(request_id="r-1")
    return [*reader.feed(body), *reader.finish()]


def validated(generation: ChatGenerationChunk) -> ChatGenerationChunk:
    """The same chunk, from the constructors."""
    message = generation.message
    names = message.model_fields_set - _DERIVED
    fields = {name: copy.deepcopy(getattr(message, name)) for name in names}
    return ChatGenerationChunk(message=AIMessageChunk(**fields))


def state(value: Any) -> Any:
    """All that an object holds, with the types of its parts."""
    if isinstance(value, BaseModel):
        extra, private = value.__pydantic_extra__, value.__pydantic_private__
        held = (state(value.__dict__), value.model_fields_set, extra, private)
        return type(value), held
    if isinstance(value, dict):
        return {key: state(part) for key, part in value.items()}
    if isinstance(value, list):
        return [state(part) for part in value]
    return type(value), value


class Replay(BaseChatModel):
    """Streams the chunks that it is given."""

    chunks: list[ChatGenerationChunk]

    @property
    def _llm_type(self) -> str:
        return "replay"

    def _stream(self, *given: Any, **settings: Any) -> Iterator[ChatGenerationChunk]:
        return iter(self.chunks)

    def _generate(self, *given: Any, **settings: Any) -> ChatResult:
        raise NotImplementedError


def streamed(chunks: list[ChatGenerationChunk], version: str) -> list[AIMessageChunk]:
    """What LangChain makes of chunks for its user."""
    model = Replay(chunks=[], output_version=version)
    model.chunks = chunks
    return list(model.stream("Hi", {"run_id": _RUN}))


def joined(chunks: list[AIMessageChunk]) -> BaseMessage:
    first, *rest = chunks
    return first + rest


def check(body: bytes) -> None:
    copied = read(body)
    expected = [validated(chunk) for chunk in copied]
    assert state(copied) == state(expected)
    assert [list(c.message.__dict__) for c in copied] == [
        list(c.message.__dict__) for c in expected
    ]
    for one, other in zip(copied, expected, strict=True):
        assert one == other
        assert state(pickle.loads(pickle.dumps(one))) == state(other)
        assert one.message.content_blocks == other.message.content_blocks
        assert one.model_dump() == other.model_dump()
        assert dumpd(one) == dumpd(other)
    for version in ("v0", "v1"):
        ours, theirs = streamed(read(body), version), streamed(expected, version)
        assert state(ours) == state(theirs)
        assert state(joined(ours)) == state(joined(theirs))
        expected = [validated(chunk) for chunk in copied]


@pytest.mark.parametrize("stream", STREAMS)
def test_recordings(stream: str) -> None:
    check(body_of(stream))


_ARGUMENTS = st.text('{}[]":,\\ \n\t\u00a0\ufeffa1-', max_size=8)
_DELTAS = st.one_of(
    st.fixed_dictionaries({"content": st.text(max_size=4)}),
    st.fixed_dictionaries({"reasoning_content": st.text(max_size=4)}),
    st.fixed_dictionaries({"reasoning": st.text(max_size=4)}),
    st.builds(
        lambda index, call, name, arguments: {
            "tool_calls": [
                {
                    "index": index,
                    "id": call,
                    "function": {"name": name, "arguments": arguments},
                }
            ]
        },
        st.integers(0, 1),
        # The ids that we give to calls without one are random.
        st.sampled_from(["a", "b"]),
        st.sampled_from([None, "", "f"]),
        _ARGUMENTS,
    ),
)


@settings(deadline=None)
@given(st.lists(_DELTAS, min_size=1, max_size=6), st.sampled_from(["stop", "length"]))
def test_any_stream(deltas: list[dict[str, Any]], finish_reason: str) -> None:
    choices = [{"index": 0, "delta": delta} for delta in deltas]
    choices.append({"index": 0, "delta": {}, "finish_reason": finish_reason})
    events = [json.dumps({"id": "c-1", "choices": [choice]}) for choice in choices]
    check("".join(f"data: {event}\n\n" for event in [*events, "[DONE]"]).encode())


def test_chunks_share_nothing() -> None:
    """Whoever changes one chunk changes only that one."""
    deltas = [{"content": "x"}, {"reasoning_content": "x"}] * 2
    events = [json.dumps({"choices": [{"delta": delta}]}) for delta in deltas]
    events += ['{"choices": [{"finish_reason": "stop"}]}', "[DONE]"]
    body = "".join(f"data: {event}\n\n" for event in events).encode()
    untouched = state(read(body)[1:])
    changed, *others = read(body)
    message: Any = changed.message
    for held in message.__dict__.values():
        if isinstance(held, dict):
            held["x"] = 1
        if isinstance(held, list):
            held.append(1)
    message.extra = 1
    message.id = "changed"
    assert state(others) == untouched
    assert "id" not in others[1].message.model_fields_set
