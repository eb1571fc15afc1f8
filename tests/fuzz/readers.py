"""The targets that read what a server sent."""

import json
import pickle
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import date
from functools import cache
from typing import Any

import openai
from langchain_core.messages import AIMessage, AIMessageChunk
from langchain_core.outputs import ChatGenerationChunk
from langchain_core.tools import ToolException
from pydantic import SecretStr

from langchain_kimi._arguments import parse_arguments
from langchain_kimi._batch_lines import read_results
from langchain_kimi._calls import Answer, Call
from langchain_kimi._client import Clients
from langchain_kimi._client_settings import ClientSettings
from langchain_kimi._failures import read_api_error, read_error_body
from langchain_kimi._fibers import find_tools, read_fiber
from langchain_kimi._listings import read_balance, read_models
from langchain_kimi._refusal import KimiSettingError
from langchain_kimi._response import UnreadableResponseError, read_response
from langchain_kimi._sse import EventDecoder
from langchain_kimi._stream import ErrorEvent, StreamReader
from langchain_kimi.emulator import Emulator
from langchain_kimi.errors import KimiBatchRequestError, KimiStatusError
from tests.fuzz.target import target

_MADE_ID = re.compile("call_[0-9a-f]{32}")


def cut(data: bytes) -> Iterator[bytes]:
    """Cut bytes into pieces, at places that their number decides."""
    start, step = 0, len(data)
    while start < len(data):
        step += 1
        end = start + _SIZES[step % len(_SIZES)]
        yield data[start:end]
        start = end


_SIZES = (1, 9, 2, 17, 1, 3, 40, 1, 1, 5, 2)


def cut_events(data: bytes) -> list[bytes]:
    """Cut bytes after every blank line, as servers send them."""
    return re.findall(rb"(?s:.*?\n\n|.+)", data)


def decode(pieces: Iterable[bytes]) -> list[bytes]:
    """Return the data of all events of a stream, read as `StreamReader.feed` does."""
    decoder, events = EventDecoder(), list[bytes]()
    for piece in pieces:
        if plain := decoder.read_plain(piece):
            events.append(plain)
        else:
            events += decoder.feed(piece)
    return [*events, *decoder.flush()]


@target(
    "Any bytes, whole, cut anywhere and cut after each event: the same events, which "
    "hold no more than came.",
    size=48,
)
def decoder(data: bytes) -> None:
    whole = decode([data])
    assert decode(cut(data)) == whole
    if len(pieces := cut_events(data)) > 1:
        assert decode(pieces) == whole
    assert sum(map(len, whole)) <= len(data)
    assert all(whole)


@target(
    "A stream, whole and cut: the same chunks or the same error; what they sum up to "
    "has no call that was guessed, and no more text than came.",
    ErrorEvent,
    UnreadableResponseError,
    EOFError,
)
def stream(data: bytes) -> None:
    told, error = _read([data])
    assert _read(cut(data))[0] == told
    assert _read(cut_events(data))[0] == told
    if error:
        raise error


def _read(pieces: Iterable[bytes]) -> tuple[str, Exception | None]:
    """Return what a reader yields, with the ids that it makes up left out."""
    reader = StreamReader(request_id="r")
    chunks: list[AIMessageChunk] = []
    try:
        for piece in pieces:
            for chunk in reader.feed(piece):
                chunks.append(_message(chunk))
        for chunk in reader.finish():
            chunks.append(_message(chunk))
    except (ErrorEvent, UnreadableResponseError, EOFError) as error:
        return _tell(chunks, error), error
    first, *rest = chunks
    _check_calls(first + rest)
    return _tell(chunks, None), None


def _message(chunk: ChatGenerationChunk) -> AIMessageChunk:
    assert isinstance(chunk.message, AIMessageChunk)
    return chunk.message


def _tell(chunks: list[AIMessageChunk], error: Exception | None) -> str:
    told = repr([chunk.__dict__ for chunk in chunks]) + type(error).__name__
    return _MADE_ID.sub("", told)


def _check_calls(message: AIMessage) -> None:
    """Every call has a name and an id, and all arguments that the text had."""
    texts = message.additional_kwargs.get("tool_arguments", {})
    for call in message.tool_calls:
        assert call["name"]
        assert call["id"]
        text = texts.get(call["id"])
        assert (
            text is None
            or _is_repeated(message)
            or parse_arguments(text) == (call["args"])
        )


def _is_repeated(message: AIMessage) -> bool:
    """Some servers give two calls one id; then their texts share a place."""
    calls = [*message.tool_calls, *message.invalid_tool_calls]
    return len({call["id"] for call in calls}) < len(calls)


@target("Arguments in fragments: the call that they say, or an invalid one.")
def arguments(data: bytes) -> None:
    text = data.decode("utf-8", "replace")
    found = parse_arguments(text)
    for finish_reason in ("tool_calls", "length"):
        message = _call(text, finish_reason)
        is_valid = found is not None and (bool(text.strip()) or finish_reason[0] == "t")
        assert bool(message.tool_calls) == is_valid, text
        assert bool(message.invalid_tool_calls) != is_valid
        if message.tool_calls:
            assert repr(message.tool_calls[0]["args"]) == repr(found)


def _call(text: str, finish_reason: str) -> AIMessageChunk:
    """Return what a stream sums up to whose call has these arguments."""
    pieces = [text[at : at + 5] for at in range(0, len(text), 5)] or [""]
    choices: list[Any] = [{"delta": {"tool_calls": [_fragment(p)]}} for p in pieces]
    choices.append({"delta": {}, "finish_reason": finish_reason})
    reader = StreamReader(request_id=None)
    chunks = [
        _message(chunk)
        for choice in choices
        for chunk in reader.feed(b"data: %s\n\n" % _encode({"choices": [choice]}))
    ]
    chunks += map(_message, reader.feed(b"data: [DONE]\n\n"))
    first, *rest = chunks
    return first + rest


def _fragment(text: str) -> dict[str, Any]:
    return {"index": 0, "id": "a", "function": {"name": "f", "arguments": text}}


def _encode(value: object) -> bytes:
    return json.dumps(value).encode()


@cache
def _answer() -> Answer:
    """A real answer over HTTP, of which the body is exchanged."""
    call = Call(method="get", path="/models", model="kimi-k3")
    with Emulator() as kimi:
        key = SecretStr(kimi.api_key)
        clients = Clients(ClientSettings(api_key=key, base_url=kimi.base_url))
        answer = clients.request(call)
        clients.close()
    return answer


def _read_body(data: bytes, reader: Callable[[Any], object]) -> Any:
    return replace(_answer(), body=data).read(reader)


@target("A body: a message, or an error of the SDK's kind.", openai.APIError)
def response(data: bytes) -> None:
    found = _read_body(data, lambda body: read_response(body, request_id="r"))
    message = found.generations[0].message
    _check_calls(message)
    assert message.content_blocks is not None
    pickle.loads(pickle.dumps(message))


@target("A body: rows of models, or a balance.", openai.APIError)
def listing(data: bytes) -> None:
    try:
        _read_body(data, read_balance)
    except openai.APIError:
        today = date(2026, 11, 22)
        _read_body(data, lambda body: read_models(body, host="h", today=today))


@target(
    "A body: the tools of a formula, and what a fiber answers.",
    openai.APIError,
    KimiSettingError,
    ToolException,
)
def fiber(data: bytes) -> None:
    body = replace(_answer(), body=data).decode()
    try:
        find_tools("a/b:c", body)
    except KimiSettingError:
        assert isinstance(read_fiber("f", body), str)


@target("An error's body, at every status: one of ours, which tells and pickles.")
def failure(data: bytes) -> None:
    try:
        body: object = replace(_answer(), body=data).decode()
    except openai.APIError:
        body = data.decode("utf-8", "replace")
    settings = replace(_answer().settings, redact_account_ids=True)
    http_response: Any = _answer().response.http_response
    for status in (400, 401, 404, 413, 429, 500, 599):
        error = openai.APIStatusError("x", response=http_response, body=body)
        error.status_code = status
        told = read_api_error(error, model="kimi-k3", limits=settings.limits)
        _check_error(settings.redact(told))
    told = read_error_body(body, _answer().response, model="m")
    _check_error(settings.redact(told))


def _check_error(error: Exception) -> None:
    assert isinstance(error, KimiStatusError)
    assert str(pickle.loads(pickle.dumps(error))) == str(error)


@target("The result file of a batch: for each line a message or an error.")
def batch(data: bytes) -> None:
    text = data.decode("utf-8", "replace")
    results = list(read_results(text))
    assert len(results) == sum(bool(line.strip()) for line in text.split("\n"))
    for _, found in results:
        assert isinstance(found, AIMessage | KimiBatchRequestError)
