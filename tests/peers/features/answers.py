"""Answers and streams: usage, finish reasons, blocks, events, what breaks."""

from functools import partial
from typing import Any

from langchain_core.exceptions import ModelRateLimitError

from tests.peers.peer import Peer, stream
from tests.peers.probing import feature
from tests.peers.wording import brief

row = partial(feature, group="Answers and streams", page="streaming.md")
_USAGE = {
    "prompt_tokens": 42,
    "completion_tokens": 35,
    "total_tokens": 77,
    "cached_tokens": 32,
    "completion_tokens_details": {"reasoning_tokens": 20},
    "prompt_tokens_details": {"cached_tokens": 32},
}


def _check_usage(answer: Any) -> None:
    usage = answer.usage_metadata
    assert usage, "no usage"
    counted = (usage["input_tokens"], usage["output_tokens"], usage["total_tokens"])
    assert counted == (42, 35, 77), f"counted {counted} instead of (42, 35, 77)"


def _check_details(answer: Any) -> None:
    _check_usage(answer)
    cached = answer.usage_metadata.get("input_token_details", {}).get("cache_read")
    assert cached == 32, f"cache_read is {cached} instead of 32"
    details = answer.usage_metadata.get("output_token_details", {})
    reasoning = details.get("reasoning")
    assert reasoning == 20, f"reasoning is {reasoning} instead of 20"


@row(
    "usage, with cached and reasoning tokens",
    source="3.1, 7.5",
    tests=["test_streaming.py::test_usage_is_counted_once"],
)
def usage(peer: Peer) -> None:
    peer.kimi.reply("Hello!", usage=_USAGE)
    _check_details(peer.model().invoke("Hello!"))


@row(
    "cached tokens where only the top-level count is sent, as the API once did",
    source="3.1",
    tests=["test_wire_pairs.py::TestResponses::test_usage"],
)
def top_level_cached_tokens(peer: Peer) -> None:
    old = {k: v for k, v in _USAGE.items() if k != "prompt_tokens_details"}
    peer.kimi.reply("Hello!", usage=old)
    _check_details(peer.model().invoke("Hello!"))


@row(
    "usage of a stream, counted once",
    source="3.2",
    tests=["test_streaming.py::test_usage_is_counted_once"],
)
def usage_in_streams(peer: Peer) -> None:
    peer.kimi.reply("Hello!", usage=_USAGE)
    _check_usage(stream(peer.model(), "Hello!"))


@usage_in_streams.or_else("with stream_usage=True")
def _(peer: Peer) -> None:
    peer.kimi.reply("Hello!", usage=_USAGE)
    _check_usage(stream(peer.model(stream_usage=True), "Hello!"))


@row(
    "the same with `stream_usage=True`, when the API sends usage twice",
    source="3.2",
    tests=["test_streaming.py::test_top_level_usage_replaces_the_choice_s"],
)
def usage_sent_twice(peer: Peer) -> None:
    peer.kimi.reply("Hello!", usage=_USAGE)
    _check_usage(stream(peer.model(stream_usage=True), "Hello!"))


@usage_sent_twice.or_else("with stream_options")
def _(peer: Peer) -> None:
    peer.kimi.reply("Hello!", usage=_USAGE)
    options = {"include_usage": True}
    _check_usage(stream(peer.model(stream_options=options), "Hello!"))


@row(
    "cached and reasoning tokens of a stream",
    source="3.2",
    tests=["test_streaming.py::test_usage_is_counted_once"],
)
def details_in_streams(peer: Peer) -> None:
    peer.kimi.reply("Hello!", usage=_USAGE)
    _check_details(stream(peer.model(), "Hello!"))


@details_in_streams.or_else("with stream_usage=True")
def _(peer: Peer) -> None:
    peer.kimi.reply("Hello!", usage=_USAGE)
    _check_details(stream(peer.model(stream_usage=True), "Hello!"))


@row(
    "finish reason and model name, once",
    source="3.1, 3.2",
    tests=["test_streaming.py::test_each_fact_is_on_one_chunk_and_the_provider_on_all"],
)
def finish_reason(peer: Peer) -> None:
    model = peer.model(max_tokens=20)
    for answer in (model.invoke("Hello!"), stream(model, "Hello!")):
        reason = answer.response_metadata.get("finish_reason")
        name = answer.response_metadata.get("model_name")
        name = str(name).removeprefix(peer.client.prefix)
        assert (reason, name) == ("length", "kimi-k3"), f"{reason} of {name}"


@row(
    "the request's id (`Msh-Request-Id`) with the answer",
    source="3.3",
    page="errors.md",
    tests=["test_streaming.py::test_each_fact_is_on_one_chunk_and_the_provider_on_all"],
)
def request_id(peer: Peer) -> None:
    _has_request_id(peer.model().invoke("Hello!"))


@request_id.or_else("among all headers, with include_response_headers=True")
def _(peer: Peer) -> None:
    _has_request_id(peer.model(include_response_headers=True).invoke("Hello!"))


def _has_request_id(answer: Any) -> None:
    found = answer.response_metadata
    headers = found.get("headers") or {}
    assert found.get("request_id") or headers.get("msh-request-id"), "no request id"


@row(
    "v1 content of a streamed answer: reasoning, text and calls in their own blocks",
    source="B.5",
    tests=["test_reasoning.py::test_v1_content_holds_reasoning_text_and_each_call"],
)
def v1_streams(peer: Peer) -> None:
    _reply_with_all(peer)
    _check_blocks(stream(peer.model(output_version="v1"), "Weather?"))


@row(
    "typed events (`stream_events` v3)",
    source="B.6",
    tests=["test_langchain.py::test_events_v3_are_valid"],
)
def v3_events(peer: Peer) -> None:
    _reply_with_all(peer)
    events = peer.model().stream_events("Weather?", version="v3")
    assert list(events), "no event"
    _check_blocks(events.output)


def _reply_with_all(peer: Peer) -> None:
    calls = [
        {"name": name, "arguments": {"city": "Paris"}}
        for name in ("get_weather", "get_time")
    ]
    peer.kimi.reply("Wait.", reasoning="Two calls.", tool_calls=calls)


def _check_blocks(answer: Any) -> None:
    blocks = answer.content_blocks
    kinds = [block["type"] for block in blocks]
    assert kinds == ["reasoning", "text", "tool_call", "tool_call"], f"blocks {kinds}"
    said = [blocks[0]["reasoning"], blocks[1]["text"]]
    assert said == ["Two calls.", "Wait."], f"blocks with {said}"
    names = [block["name"] for block in blocks[2:]]
    assert names == ["get_weather", "get_time"], f"calls of {names}"


@row(
    "a stream that ends without `[DONE]` is an error",
    source="3.2",
    tests=["test_streaming.py::test_a_stream_without_done_is_an_error"],
)
def interrupted_streams(peer: Peer) -> None:
    peer.kimi.reply("Half an ans", done=False)
    try:
        answer = stream(peer.model(), "Hello!")
    except Exception:
        return
    raise AssertionError(f"{answer.text!r} was returned as a whole answer")


@row(
    "an error inside of a stream is raised by its type",
    source="3.2",
    tests=["test_streaming.py::test_an_error_event_is_raised_as_its_type"],
)
def errors_in_streams(peer: Peer) -> None:
    try:
        _break_stream(peer)
    except ModelRateLimitError:
        return
    except Exception as error:
        raise AssertionError(f"no ModelRateLimitError: {brief(error)}") from None


@errors_in_streams.or_else("raised, but not by its type")
def _(peer: Peer) -> None:
    try:
        _break_stream(peer)
    except Exception as error:
        assert "overloaded" in str(error), brief(error)


def _break_stream(peer: Peer) -> None:
    peer.kimi.send(
        b'data: {"error":{"message":"The engine is currently overloaded, please try '
        b'again later","type":"engine_overloaded_error"}}\n\n',
        content_type="text/event-stream",
    )
    answer = stream(peer.model(max_retries=0), "Hello!")
    raise AssertionError(f"no error was raised: {answer!r}")
