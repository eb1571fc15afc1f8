"""Twice the input is twice the work: calls are counted, since a clock would not do."""

import json
import sys
from collections.abc import Callable
from typing import Any

import pytest

from langchain_kimi._arguments import parse_arguments, seal
from langchain_kimi._batch_lines import read_results
from langchain_kimi._mfjs import check_schema
from langchain_kimi._schema import adapt_schema
from langchain_kimi._sse import EventDecoder
from langchain_kimi._stream import StreamReader


def count_calls(work: Callable[[], object]) -> int:
    """Count what is called, of Python and of C."""
    calls = 0

    def see(frame: object, event: str, argument: object) -> None:
        nonlocal calls
        calls += event in ("call", "c_call")

    sys.setprofile(see)
    try:
        work()
    finally:
        sys.setprofile(None)
    return calls


def read(pieces: list[bytes]) -> None:
    reader = StreamReader(request_id=None)
    ending = event({}, finish_reason="stop") + b"data: [DONE]\n\n"
    for piece in [*pieces, b"\n\n", ending]:
        list(reader.feed(piece))
    assert reader.done


def event(delta: Any, **fields: Any) -> bytes:
    choice = {"delta": delta, **fields}
    return b"data: %s\n\n" % json.dumps({"choices": [choice]}).encode()


def fragment(index: int, text: str) -> bytes:
    function = {"name": "f", "arguments": text}
    call = {"index": index, "id": f"f:{index}", "function": function}
    return event({"tool_calls": [call]})


def single(body: bytes) -> list[bytes]:
    return [body[at : at + 1] for at in range(len(body))]


def chain(number: int) -> Any:
    definitions: Any = {
        f"D{at}": {"properties": {"a": {"$ref": f"#/$defs/D{at + 1}"}}}
        for at in range(number)
    }
    definitions[f"D{number}"] = {"type": "string"}
    return {"$defs": definitions, "type": "object", "items": {"$ref": "#/$defs/D0"}}


WORK: dict[str, Callable[[int], object]] = {
    "bytes of one event": lambda n: read(single(event({"content": "x" * n}))),
    "events": lambda n: read([event({"content": "x"})] * n),
    "events in a piece": lambda n: read([event({"content": "x"}) * n]),
    "blanks": lambda n: read([b" "] * n),
    "lines of one event": lambda n: list(EventDecoder().feed(b"data: x\n" * n + b"\n")),
    "calls": lambda n: read([fragment(at, "{}") for at in range(n)]),
    "fragments of a call": lambda n: read([fragment(0, "1")] * n),
    "a broken fragment": lambda n: read([fragment(0, '{"a": ' + "x" * n)]),
    "arguments": lambda n: parse_arguments('{"a":[' + "1," * n + "1]}"),
    "a seal": lambda n: seal('{"a":[' * n),
    "results": lambda n: list(read_results('{"custom_id":"a"}\n' * n)),
    "properties": lambda n: adapt_schema(
        {"properties": {f"p{at}": {"const": at} for at in range(n)}}, level="strict"
    ),
    "nesting": lambda n: adapt_schema(
        json.loads('{"not":' * (n // 4) + "{}" + "}" * (n // 4)), level="strict"
    ),
    "choices": lambda n: adapt_schema(
        {"anyOf": [{"minimum": at} for at in range(n)]}, level="ultra"
    ),
    "definitions": lambda n: check_schema(chain(n)),
}


@pytest.mark.parametrize("name", WORK)
def test_twice_the_input_is_twice_the_work(name: str) -> None:
    work = WORK[name]
    work(8)
    once, twice = (count_calls(lambda n=n: work(n)) for n in (300, 600))
    assert twice < 2.3 * once + 500
