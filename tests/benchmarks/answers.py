"""Prepared answers, as bytes: what the server sends and the floors read."""

import json
from collections.abc import Iterator
from functools import cache
from itertools import cycle, islice
from typing import Any

USAGE = {"prompt_tokens": 8, "completion_tokens": 5, "total_tokens": 13}
# LiteLLM takes a hundred equal deltas for a fault of the model.
WORDS = (" quietly", " the", " mill", " turned", " again", ",", " and", " waited")


def words(count: int) -> Iterator[str]:
    """Yield so many words."""
    return islice(cycle(WORDS), count)


def _event(delta: dict[str, Any], finish_reason: str | None = None) -> bytes:
    choice = {"index": 0, "delta": delta, "finish_reason": finish_reason}
    return b"data: %s\n\n" % json.dumps(_chunk([choice])).encode()


def _chunk(choices: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "id": "chatcmpl-6743d1e1b2a84f7c8a4bd51f",
        "object": "chat.completion.chunk",
        "created": 1763812800,
        "model": "kimi-k3",
        "choices": choices,
        "system_fingerprint": "fpv0_2f1a4c1e",
    }


def _text(count: int) -> list[bytes]:
    return [_event({"content": word}) for word in words(count)]


def _fragments(count: int) -> list[bytes]:
    """One call whose arguments, a long text in JSON, come in pieces."""
    pieces = ['{"text": "', *words(count - 2), '"}']
    call = {"index": 0, "id": "write_0", "type": "function"}
    first = {**call, "function": {"name": "write", "arguments": ""}}
    calls = [{"index": 0, "function": {"arguments": piece}} for piece in pieces]
    return [_event({"tool_calls": [part]}) for part in (first, *calls)]


_DELTAS = {"text": _text, "tools": _fragments}


@cache
def events(kind: str, count: int) -> tuple[bytes, ...]:
    """Return the events of a stream, from the first to `[DONE]`."""
    last = {**_chunk([]), "usage": USAGE}
    reason = "tool_calls" if kind == "tools" else "stop"
    return (
        _event({"role": "assistant", "content": ""}),
        *_DELTAS[kind](count),
        _event({}, reason),
        b"data: %s\n\n" % json.dumps(last).encode(),
        b"data: [DONE]\n\n",
    )


@cache
def stream(kind: str, count: int) -> bytes:
    """Return a whole HTTP response, each event in a transfer chunk of its own."""
    head = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
    chunks = b"".join(transfer_chunk(event) for event in events(kind, count))
    return head + b"Transfer-Encoding: chunked\r\n\r\n" + chunks + END


END = b"0\r\n\r\n"


def transfer_chunk(data: bytes) -> bytes:
    """Return bytes as one piece of a chunked body."""
    return b"%x\r\n%s\r\n" % (len(data), data)


@cache
def completion() -> bytes:
    """Return the HTTP response of a short answer that came whole."""
    choice = {
        "index": 0,
        "message": {"role": "assistant", "content": "Three."},
        "finish_reason": "stop",
    }
    whole = {**_chunk([choice]), "object": "chat.completion", "usage": USAGE}
    body = json.dumps(whole).encode()
    head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
    return head + b"Content-Length: %d\r\n\r\n%s" % (len(body), body)


def paced_event(text: str) -> bytes:
    """Return one text delta as a transfer chunk."""
    return transfer_chunk(_event({"content": text}))


def paced_end() -> bytes:
    """Return the end of a stream of paced events, as Kimi ends one."""
    events = (_event({}, "stop"), b"data: [DONE]\n\n")
    return b"".join(transfer_chunk(event) for event in events) + END
