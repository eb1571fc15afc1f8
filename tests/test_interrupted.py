"""A stream that breaks: the error carries what had arrived, and one can go on."""

import copy
import json
import pickle
from typing import Any

import pytest
from langchain_core.messages import AIMessage

from langchain_kimi import join_partial, partial_message
from langchain_kimi.emulator import Emulator
from langchain_kimi.errors import (
    KimiConnectionError,
    KimiOverloadedError,
    KimiResponseError,
    KimiStreamInterruptedError,
)
from tests.conftest import Ask, Chat

_USAGE = {"prompt_tokens": 8, "completion_tokens": 5, "total_tokens": 13}


def _delta(finish_reason: str | None = None, **delta: Any) -> dict[str, Any]:
    choice = {"index": 0, "delta": delta, "finish_reason": finish_reason}
    return {"id": "chatcmpl-1", "model": "kimi-k3", "choices": [choice]}


def _body(*events: Any) -> bytes:
    texts = (e if isinstance(e, str) else json.dumps(e) for e in events)
    return "".join(f"data: {text}\n\n" for text in texts).encode()


_BEGUN = (
    _delta(role="assistant", content=""),
    _delta(reasoning_content="H"),
    _delta(reasoning_content="m."),
    _delta(content="Caf"),
    _delta(content="é 👍"),
)


async def _break(model: Any, ask: Ask, kind: type[Exception]) -> Any:
    with pytest.raises(kind) as caught:
        await ask(model, "hi")
    return caught.value


@pytest.mark.parametrize(
    ("ending", "kind"),
    [
        ("", KimiStreamInterruptedError),
        (_body({"error": {"type": "engine_overloaded_error"}}), KimiOverloadedError),
        (_body("oops"), KimiResponseError),
        ('data: {"choices": [{"delta": {"content": "…', KimiStreamInterruptedError),
    ],
)
@pytest.mark.parametrize("version", ["v0", "v1"])
async def test_what_had_arrived_is_in_the_error(
    kimi: Emulator,
    chat: Chat,
    ask_stream: Ask,
    ending: str | bytes,
    kind: type[Exception],
    version: str,
) -> None:
    """Reasoning, text, ids and model; nothing of an event that had not ended."""
    # The last character is cut in its middle.
    tail = ending.encode()[:-1] if isinstance(ending, str) else ending
    kimi.send(_body(*_BEGUN) + tail, content_type="text/event-stream")
    error = await _break(chat(output_version=version), ask_stream, kind)
    found = error.partial_message
    assert type(found) is AIMessage
    assert found.text == "Café 👍"
    assert found.additional_kwargs["reasoning_content"] == "Hm."
    told = found.response_metadata
    assert (told["id"], told["model_name"]) == ("chatcmpl-1", "kimi-k3")
    assert told["request_id"]
    assert "finish_reason" not in told
    assert found.usage_metadata is None


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy, "pickle"])
async def test_it_survives_copies(kimi: Emulator, chat: Chat, copied: Any) -> None:
    """As the error itself does."""
    kimi.send(_body(*_BEGUN), content_type="text/event-stream")
    with pytest.raises(KimiStreamInterruptedError) as caught:
        list(chat().stream("hi"))
    if copied == "pickle":
        again = pickle.loads(pickle.dumps(caught.value))
    else:
        again = copied(caught.value)
    assert again.partial_message == caught.value.partial_message
    assert again.partial_message.text == "Café 👍"


@pytest.mark.parametrize("streaming", [True, False])
async def test_nothing_is_none(
    kimi: Emulator, chat: Chat, ask: Ask, streaming: bool
) -> None:
    """Before the first output, and of an answer that is not streamed."""
    model = chat(max_retries=0, streaming=streaming)
    kimi.fail("engine_overloaded_error")
    assert (await _break(model, ask, KimiOverloadedError)).partial_message is None
    if streaming:
        kimi.send(_body(_BEGUN[0]), content_type="text/event-stream")
        error = await _break(model, ask, KimiStreamInterruptedError)
        assert error.partial_message is None


async def test_invoke_that_streams_has_it_too(
    kimi: Emulator, chat: Chat, ask: Ask
) -> None:
    """`streaming=True` collects a stream."""
    kimi.send(_body(*_BEGUN), content_type="text/event-stream")
    error = await _break(chat(streaming=True), ask, KimiStreamInterruptedError)
    assert error.partial_message.text == "Café 👍"


def _call(index: int, id: str, name: str, arguments: str) -> dict[str, Any]:
    function = {"name": name, "arguments": arguments}
    return _delta(tool_calls=[{"index": index, "id": id, "function": function}])


@pytest.mark.parametrize("cut", ['{"city": "Par', "", "{"])
async def test_a_call_in_flight_is_no_call(
    kimi: Emulator, chat: Chat, ask_stream: Ask, cut: str
) -> None:
    """Its arguments are kept as they came; the whole one before it is a call."""
    calls = [_call(0, "a", "f", '{"x":1}'), _call(1, "b", "g", cut)]
    kimi.send(_body(*_BEGUN, *calls), content_type="text/event-stream")
    error = await _break(chat(), ask_stream, KimiStreamInterruptedError)
    found = error.partial_message
    assert [(c["id"], c["args"]) for c in found.tool_calls] == [("a", {"x": 1})]
    assert [c["id"] for c in found.invalid_tool_calls] == ["b"]
    assert found.additional_kwargs.get("tool_arguments", {}).get("b", "") == cut


async def test_usage_and_reason_are_kept_if_told(
    kimi: Emulator, chat: Chat, ask_stream: Ask
) -> None:
    """Some servers tell usage with each event; an answer may break at its very end."""
    last = {**_delta("stop"), "usage": _USAGE}
    kimi.send(_body(*_BEGUN, last), content_type="text/event-stream")
    error = await _break(chat(), ask_stream, KimiStreamInterruptedError)
    found = error.partial_message
    assert found.usage_metadata["input_tokens"] == 8
    assert found.response_metadata["finish_reason"] == "stop"


async def test_one_can_go_on_by_hand(
    kimi: Emulator, chat: Chat, ask_stream: Ask
) -> None:
    """With partial mode, as docs/partial-mode.md shows."""
    whole = await ask_stream(chat(), "hi")
    kimi.reply(whole.text[:9], done=False, reasoning=None)
    error = await _break(chat(), ask_stream, KimiConnectionError)
    cut = error.partial_message
    reasoning = cut.additional_kwargs["reasoning_content"]
    begun = partial_message(cut.text, reasoning=reasoning)
    joined = join_partial(begun, await ask_stream(chat(), ["hi", begun]))
    assert joined.text == whole.text
    assert joined.additional_kwargs == whole.additional_kwargs
