"""A small HTTP client for the emulator's tests: stdlib only, one answer a call."""

import json
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPMessage
from typing import Any
from urllib.parse import urlsplit

from langchain_kimi.emulator import Emulator

DATA = b"data: "


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    headers: HTTPMessage
    raw: bytes

    @property
    def body(self) -> Any:
        return json.loads(self.raw)

    @property
    def error(self) -> tuple[str, str]:
        """The type and the words of an error, which has nothing else."""
        assert list(self.body) == ["error"]
        assert list(self.body["error"]) == ["message", "type"]
        return self.body["error"]["type"], self.body["error"]["message"]

    @property
    def choice(self) -> Any:
        assert self.status == 200, self.raw
        return self.body["choices"][0]

    @property
    def message(self) -> Any:
        return self.choice["message"]

    @property
    def events(self) -> list[Any]:
        """The decoded events of a stream that ends with [DONE]."""
        *events, done, rest = self.raw.split(b"\n\n")
        assert (done, rest) == (b"data: [DONE]", b"")
        assert all(event.startswith(DATA) for event in events)
        return [json.loads(event.removeprefix(DATA)) for event in events]


def connect(kimi: Emulator) -> HTTPConnection:
    address = urlsplit(kimi.base_url)
    assert address.hostname
    return HTTPConnection(address.hostname, address.port, timeout=20)


def request(
    kimi: Emulator,
    method: str,
    path: str,
    body: object = None,
    *,
    key: str | None = None,
    connection: HTTPConnection | None = None,
) -> Answer:
    """Send a request and read the whole answer; bytes are sent as they are."""
    raw = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
    headers = {"Content-Type": "application/json"}
    key = kimi.api_key if key is None else key
    if key:
        headers["Authorization"] = f"Bearer {key}"
    link = connection or connect(kimi)
    try:
        link.request(method, path, raw, headers)
        response = link.getresponse()
        return Answer(response.status, response.headers, response.read())
    finally:
        if connection is None:
            link.close()


def post(kimi: Emulator, body: object, **options: Any) -> Answer:
    """Send a chat request as it is."""
    return request(kimi, "POST", "/v1/chat/completions", body, **options)


def chat(
    kimi: Emulator, text: str = "Hello", model: str = "kimi-k3", **fields: Any
) -> Answer:
    """Send a chat request of one user message and some more fields."""
    messages = [{"role": "user", "content": text}]
    return post(kimi, {"model": model, "messages": messages, **fields})


def stream(kimi: Emulator, text: str = "Hello", **fields: Any) -> Answer:
    return chat(kimi, text, stream=True, **fields)


def tool(
    name: str,
    properties: dict[str, Any] | None = None,
    *,
    description: str = "",
    required: list[str] | None = None,
    **function: Any,
) -> dict[str, Any]:
    """A function tool; every property is required unless said otherwise."""
    properties = properties or {}
    parameters = {
        "type": "object",
        "properties": properties,
        "required": list(properties) if required is None else required,
    }
    definition = {"name": name, "description": description, "parameters": parameters}
    return {"type": "function", "function": {**definition, **function}}


def called(answer: Answer) -> tuple[str, Any]:
    """The name and the decoded arguments of the only tool call of an answer."""
    assert answer.choice["finish_reason"] == "tool_calls", answer.raw
    (call,) = answer.message["tool_calls"]
    return call["function"]["name"], json.loads(call["function"]["arguments"])


def turn_with_call(*results: str, reasoning: str | None = "r") -> list[dict[str, Any]]:
    """A user turn, one assistant message with a call a result, and the results."""
    calls = [
        {
            "id": f"look_{index}",
            "type": "function",
            "function": {"name": "look", "arguments": "{}"},
        }
        for index in range(len(results))
    ]
    assistant: dict[str, Any] = {"role": "assistant", "tool_calls": calls}
    if reasoning is not None:
        assistant["reasoning_content"] = reasoning
    answers = [
        {"role": "tool", "tool_call_id": f"look_{index}", "content": result}
        for index, result in enumerate(results)
    ]
    return [{"role": "user", "content": "Look"}, assistant, *answers]
