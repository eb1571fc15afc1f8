"""A message in Anthropic's form -> the events that stream it.

Their order is that of Anthropic's streaming guide; Kimi sends no `ping` among them
(docs/api/messages, kimi-api.md 7.6).
"""

from collections.abc import Iterator

from langchain_kimi._wire import JsonObject
from langchain_kimi.emulator._answer import Answer
from langchain_kimi.emulator._completion import Completion
from langchain_kimi.emulator._events import split_text
from langchain_kimi.emulator._json import to_bytes, write_json

# What a block is before its deltas, and the type and the key of these.
_OPENINGS: dict[str, JsonObject] = {
    "thinking": {"thinking": "", "signature": ""},
    "text": {"text": ""},
    "tool_use": {"input": {}},
}
_DELTAS = {
    "thinking": ("thinking_delta", "thinking"),
    "text": ("text_delta", "text"),
    "tool_use": ("input_json_delta", "partial_json"),
}


def build_message_events(
    message: JsonObject, completion: Completion
) -> Iterator[bytes]:
    """Yield the events of a stream, each complete with its blank line.

    Args:
        message: The whole message.
        completion: The finished answer that it was built from.
    """
    yield _write("message_start", message=_open_message(message))
    texts = _read_texts(completion.answer)
    for index, (block, text) in enumerate(zip(message["content"], texts, strict=True)):
        opened = {**block, **_OPENINGS[block["type"]]}
        yield _write("content_block_start", index=index, content_block=opened)
        for delta in _build_deltas(block, text, completion.fragment):
            yield _write("content_block_delta", index=index, delta=delta)
        yield _write("content_block_stop", index=index)
    ending = {key: message[key] for key in ("stop_reason", "stop_sequence")}
    yield _write("message_delta", delta=ending, usage=message["usage"])
    if completion.done:
        yield _write("message_stop")


def _open_message(message: JsonObject) -> JsonObject:
    usage = {**message["usage"], "output_tokens": 0}
    return {**message, "content": [], "stop_reason": None, "usage": usage}


def _read_texts(answer: Answer) -> list[str]:
    """Return the text of each block; arguments as they are, whole JSON or not."""
    texts = (answer.reasoning, answer.content or None)
    return [
        *(text for text in texts if text is not None),
        *(call.arguments for call in answer.calls),
    ]


def _build_deltas(
    block: JsonObject, text: str, fragment: int | None
) -> Iterator[JsonObject]:
    kind, key = _DELTAS[block["type"]]
    for piece in split_text(text, fragment):
        yield {"type": kind, key: piece}
    if block["type"] == "thinking":
        # Claude Code drops an answer whose thinking has none (routatic/proxy#51).
        yield {"type": "signature_delta", "signature": block["signature"]}


def _write(name: str, **fields: object) -> bytes:
    return to_bytes(f"event: {name}\ndata: {write_json({'type': name, **fields})}\n\n")
