"""Questions, each with an answer of its own, and what that answer must be.

The emulator's answers follow from the request alone. What it will send is asked of the
same code here, without a network, and read without ChatKimi: so each stream is held
against what was sent for that very request.
"""

import json
from dataclasses import dataclass, field
from hashlib import sha256
from itertools import zip_longest
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
_WORDS = ["plain", "text,", "käse", "上海的天气怎么样", "🌍🚀"]


@dataclass(slots=True)
class Transcript:
    """What an answer says, in the order in which it came, however it was cut."""

    parts: list[list[str]] = field(default_factory=list)
    """What a part is, and its text; the reasoning, the text, or a tool call."""

    def add(self, kind: str, text: str) -> None:
        """Add a piece."""
        if self.parts and self.parts[-1][0] == kind:
            self.parts[-1][1] += text
        elif text:
            self.parts.append([kind, text])

    def add_call(self, index: int | None, name: str | None, arguments: str) -> None:
        """Add a piece of a tool call."""
        self.add(f"call {index}", (f"{name} " if name else "") + arguments)

    def checksum(self) -> int:
        """Return the checksum of a whole answer; the JSON of a call in one form."""
        read = [
            [kind, _read_call(text) if kind.startswith("call") else text]
            for kind, text in self.parts
        ]
        return crc32(json.dumps(read, sort_keys=True).encode())

    def begins(self, whole: "Transcript") -> bool:
        """Tell whether this is the beginning of another one."""
        pairs = list(zip_longest(self.parts, whole.parts[: len(self.parts)]))
        return all(part == other for part, other in pairs[:-1]) and all(
            other and part[0] == other[0] and other[1].startswith(part[1])
            for part, other in pairs[-1:]
        )


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked, and what is answered."""

    text: str
    settings: dict[str, Any]
    answer: Transcript
    checksum: int


def build_questions(count: int) -> list[Question]:
    """Return questions; no two have the same answer."""
    emulator = Emulator()
    return [_build_question(emulator, number) for number in range(count)]


def _build_question(emulator: Emulator, number: int) -> Question:
    name = sha256(b"%d" % number).hexdigest()[:16]
    text = f'"{name}" {number}: {" ".join(_WORDS[: number % len(_WORDS) + 1])}'
    settings: dict[str, Any] = {"reasoning_effort": "low"} if number % 2 else {}
    if number % 3:
        settings["stop"] = ["."]
    if number % 5 == 0:
        settings["tools"] = [TOOL]
    answer = _read_stream(_ask(emulator, text, settings))
    emulator.requests.clear()
    return Question(text, settings, answer, answer.checksum())


def _ask(emulator: Emulator, text: str, settings: dict[str, Any]) -> bytes:
    """Return the stream with which the emulator answers."""
    messages = [{"role": "user", "content": text}]
    body = {"model": MODEL, "messages": messages, "stream": True, **settings}
    headers = [("Authorization", f"Bearer {emulator.api_key}")]
    path, raw = "/v1/chat/completions", json.dumps(body).encode()
    reply = emulator.handle(read_request("POST", path, headers, raw))
    assert not isinstance(reply.body, bytes), reply.body
    return b"".join(reply.body)


def _read_stream(body: bytes) -> Transcript:
    answer = Transcript()
    for event in body.decode().removesuffix("data: [DONE]\n\n").split("\n\n")[:-1]:
        delta = json.loads(event.removeprefix("data: "))["choices"][0]["delta"]
        answer.add("reasoning", delta.get("reasoning_content", ""))
        answer.add("text", delta.get("content", ""))
        for call in delta.get("tool_calls", ()):
            function = call["function"]
            answer.add_call(call["index"], function.get("name"), function["arguments"])
    return answer


def _read_call(text: str) -> Any:
    name, _, arguments = text.partition(" ")
    return name, json.loads(arguments)


def add_chunk(answer: Transcript, chunk: AIMessageChunk) -> None:
    """Add what a chunk says."""
    answer.add("reasoning", chunk.additional_kwargs.get("reasoning_content", ""))
    answer.add("text", chunk.text)
    for position, call in enumerate(chunk.tool_call_chunks):
        # An answer that came whole has no index beside its calls.
        index = position if call["index"] is None else call["index"]
        answer.add_call(index, call["name"], call["args"] or "")


def read_answer(message: AIMessage) -> Transcript:
    """Return what an answer says that came whole."""
    answer = Transcript()
    answer.add("reasoning", message.additional_kwargs.get("reasoning_content", ""))
    answer.add("text", message.text)
    for index, call in enumerate(message.tool_calls):
        answer.add_call(index, call["name"], json.dumps(call["args"]))
    return answer
