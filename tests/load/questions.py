"""Questions, each with an answer of its own, and the checksums of that answer.

The emulator's answers follow from the prompt alone. What it will send is asked of the
same code here, without a network, and read without ChatKimi: so each stream is held
against what was sent for that very request.
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from itertools import accumulate
from typing import Any
from zlib import crc32

from langchain_core.messages import AIMessage, AIMessageChunk

from langchain_kimi.emulator import Emulator, read_request

MODEL = "kimi-k3"
TOOL = {
    "type": "function",
    "function": {
        "name": "look_up",
        "description": "Looks a name up.",
        "parameters": {
            "type": "object",
            "required": ["name", "number"],
            "properties": {"name": {"type": "string"}, "number": {"type": "integer"}},
        },
    },
}
_WORDS = "plain text, käse 上海的天气怎么样 🌍🚀".split()
# Every so many questions one leads to a tool call.
_TOOL_EVERY = 5


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked, and what the answer must be."""

    text: str
    tools: tuple[dict[str, Any], ...]
    checksums: tuple[int, ...]
    """Of the first piece, of the first two, and so on to the whole stream."""
    whole: int
    """The checksum of an answer that does not come in pieces."""

    def is_answered(self, count: int, checksum: int) -> bool:
        """Tell whether that many pieces with that checksum are the whole answer."""
        return count == len(self.checksums) and self.is_begun(count, checksum)

    def is_begun(self, count: int, checksum: int) -> bool:
        """Tell whether that many pieces with that checksum are its beginning."""
        return not count or (
            count <= len(self.checksums) and checksum == self.checksums[count - 1]
        )


def build_questions(count: int) -> list[Question]:
    """Return questions; no two have the same answer."""
    emulator = Emulator()
    return [_build_question(emulator, number) for number in range(count)]


def _build_question(emulator: Emulator, number: int) -> Question:
    name = sha256(b"%d" % number).hexdigest()
    words = _WORDS[: number % len(_WORDS) + 1]
    text = f'"{name}" {number}: {" ".join(words)}'
    tools = () if number % _TOOL_EVERY else (TOOL,)
    pieces = list(_read_stream(_ask(emulator, text, tools, stream=True)))
    sums = accumulate(pieces, extend_checksum, initial=0)
    message = json.loads(_ask(emulator, text, tools, stream=False))["choices"][0][
        "message"
    ]
    emulator.requests.clear()
    return Question(text, tools, tuple(sums)[1:], _sum_whole(message))


def _ask(emulator: Emulator, text: str, tools: Iterable[Any], *, stream: bool) -> bytes:
    """Return the body with which the emulator answers."""
    request: dict[str, Any] = {
        "model": MODEL,
        "messages": [{"role": "user", "content": text}],
        "stream": stream,
    }
    if tools:
        request["tools"] = list(tools)
    headers = [("Authorization", f"Bearer {emulator.api_key}")]
    path = "/v1/chat/completions"
    raw = json.dumps(request).encode()
    reply = emulator.handle(read_request("POST", path, headers, raw))
    return reply.body if isinstance(reply.body, bytes) else b"".join(reply.body)


def _read_stream(body: bytes) -> Iterator[str]:
    """Yield the pieces of a stream that say something."""
    for event in body.decode().removesuffix("data: [DONE]\n\n").split("\n\n")[:-1]:
        delta = json.loads(event.removeprefix("data: "))["choices"][0]["delta"]
        if reasoning := delta.get("reasoning_content"):
            yield f"reasoning {reasoning}"
        if content := delta.get("content"):
            yield f"text {content}"
        for call in delta.get("tool_calls", ()):
            function = call["function"]
            yield _write_call(
                call["index"],
                call.get("id"),
                function.get("name"),
                function["arguments"],
            )


def read_chunk(chunk: AIMessageChunk) -> Iterator[str]:
    """Yield the pieces of a chunk, written as those that were sent."""
    if reasoning := chunk.additional_kwargs.get("reasoning_content"):
        yield f"reasoning {reasoning}"
    if chunk.content:
        yield f"text {chunk.content}"
    for call in chunk.tool_call_chunks:
        yield _write_call(call["index"], call["id"], call["name"], call["args"])


def _write_call(index: Any, id: Any, name: Any, arguments: Any) -> str:
    return f"call {index} {id} {name} {arguments}"


def extend_checksum(checksum: int, piece: str) -> int:
    """Return the checksum of what has come, with one more piece."""
    return crc32(f"{piece}\0".encode(), checksum)


def sum_answer(message: AIMessage) -> int:
    """Return the checksum of an answer that came whole."""
    calls = [{"name": c["name"], "arguments": c["args"]} for c in message.tool_calls]
    reasoning = message.additional_kwargs.get("reasoning_content")
    return _sum_parts(reasoning, message.content, calls)


def _sum_whole(message: dict[str, Any]) -> int:
    calls = [
        {
            "name": call["function"]["name"],
            "arguments": json.loads(call["function"]["arguments"]),
        }
        for call in message.get("tool_calls", ())
    ]
    return _sum_parts(message.get("reasoning_content"), message["content"], calls)


def _sum_parts(*parts: Any) -> int:
    return crc32(json.dumps(parts, sort_keys=True).encode())
