"""What is counted: each stage of ours on fixed input, without a socket or a clock."""

import json
from collections.abc import Callable, Mapping

from langchain_core.messages import AIMessage, HumanMessage

from langchain_kimi import ChatKimi
from langchain_kimi._request import encode_request
from langchain_kimi._response import read_response
from langchain_kimi._stream import StreamReader
from tests.benchmarks import answers

_DELTAS, _MESSAGES, _OBJECTS = 500, 400, 100


def _read_stream(kind: str) -> None:
    reader = StreamReader(request_id="r-1")
    for event in answers.events(kind, _DELTAS):
        for _ in reader.feed(event):
            pass
    for _ in reader.finish():
        pass


def _build_history() -> None:
    model = ChatKimi(api_key="sk-bench", base_url="https://api.moonshot.ai/v1")
    kinds = (HumanMessage("And then?"), AIMessage("The tide turned, and the mill."))
    messages = [kinds[number % 2] for number in range(_MESSAGES)]
    encode_request(model.build_request(messages))


def _construct() -> None:
    for _ in range(_OBJECTS):
        ChatKimi(api_key="sk-bench", base_url="https://api.moonshot.ai/v1")


def _read_answers() -> None:
    body = answers.completion().partition(b"\r\n\r\n")[2]
    for _ in range(_OBJECTS):
        read_response(json.loads(body), request_id="r-1")


WORKLOADS: Mapping[str, Callable[[], None]] = {
    "text": lambda: _read_stream("text"),
    "tools": lambda: _read_stream("tools"),
    "history": _build_history,
    "construct": _construct,
    "answers": _read_answers,
}
