"""The inputs that a run begins with: what was recorded, and what earlier runs found."""

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

CORPUS = Path(__file__).parent / "corpus"
_DATA = Path(__file__).parents[1] / "data"
_MOST_RECORDED = 60
_MOST_KEPT, _MOST_BYTES = 24, 2_000


def read_corpus(name: str) -> list[bytes]:
    """Return a target's inputs, always in the same order.

    Args:
        name: The target.
    """
    kept = sorted((CORPUS / name).glob("*"))
    return [*_RECORDED.get(name, _nothing)(), *(path.read_bytes() for path in kept)]


def keep(name: str, data: bytes) -> Path:
    """Write an input into a target's corpus, and return where it is.

    Args:
        name: The target.
        data: The input.
    """
    folder = CORPUS / name
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / hashlib.sha256(data).hexdigest()[:16]
    path.write_bytes(data)
    return path


def keep_some(name: str, folder: Path) -> None:
    """Keep the smallest inputs that a run found, up to a number.

    Args:
        name: The target.
        folder: What libFuzzer found, each because it reached new code.
    """
    found = sorted({path.read_bytes() for path in folder.iterdir()}, key=len)
    new = [data for data in found if data not in set(read_corpus(name))]
    for data in new[::-1][-_MOST_KEPT:]:
        if len(data) <= _MOST_BYTES:
            keep(name, data)


def _nothing() -> Iterator[bytes]:
    return iter(())


def _streams() -> Iterator[bytes]:
    for path in sorted((_DATA / "recordings").glob("*.sse")):
        yield path.read_bytes()


def _chunks() -> Iterator[bytes]:
    """The first and the last events of each recording, which are quick to read."""
    for body in _streams():
        events = body.split(b"\n\n")
        yield b"\n\n".join([*events[:2], *events[-4:]])


def _lines() -> Iterator[bytes]:
    """Streams in small: the decoder does not look into an event."""
    yield b'data: {"a":1}\n\ndata: [DONE]\n\n'
    yield b"\xef\xbb\xbfdata:1\r\n\r\n: ping\r\n\r\ndata:\r\n\r\n"
    yield b"data: 1\n\ndata:2\n\ndata: 3\n\n: x\n\ndata:4\n\n"
    yield b"event: x\ndata: 1\ndata: 2\r\r data:3\n\nid: 1\ndata"


def _bodies() -> Iterator[bytes]:
    """Each recorded stream as one whole answer."""
    for body in _streams():
        lines = [line[5:] for line in body.splitlines() if line.startswith(b"data: {")]
        events = [json.loads(line) for line in lines]
        deltas = [e["choices"][0]["delta"] for e in events if e["choices"]]
        message: dict[str, Any] = {"role": "assistant", "content": ""}
        for delta in deltas:
            message["content"] += delta.get("content") or ""
            message |= {k: v for k, v in delta.items() if k == "tool_calls" and v}
        yield _encode({**events[-1], "choices": [{"index": 0, "message": message}]})


def _arguments() -> Iterator[bytes]:
    yield from (b'{"a": [1, {"b": "c"}], "d": null}', b'{"a": "\\u00e9', b"[1]", b"")
    yield from (b'{"a": 1e999}', b'{"a": "\\ud800"}', b"{}", b'{"a": [}')


def _results() -> Iterator[bytes]:
    for body in _bodies():
        answer = {"status_code": 200, "request_id": "r", "body": json.loads(body)}
        good = _encode({"id": "1", "custom_id": "a", "response": answer, "error": None})
        error = {"error": {"message": "x", "type": "rate_limit_reached_error"}}
        bad = {"custom_id": "b", "response": {"status_code": 429, "body": error}}
        yield good + b"\n" + _encode(bad) + b"\n"


def _errors() -> Iterator[bytes]:
    yield _encode({"error": {"type": "content_filter", "message": "high risk"}})
    yield _encode({"error": {"type": "", "message": "exceeded model token limit"}})
    yield from (_encode({"detail": "Not Found"}), b"<html>502 Bad Gateway</html>")


def _listings() -> Iterator[bytes]:
    model = {"id": "kimi-k3", "context_length": 262144, "supports_reasoning": True}
    model |= {"think_efforts": {"valid_efforts": ["low"], "default_effort": "low"}}
    yield _encode({"object": "list", "data": [model, {"id": "x", "max_model_len": 1}]})
    amounts = {"available_balance": 4.9, "voucher_balance": 0, "cash_balance": "4.9"}
    yield _encode({"code": 0, "data": amounts, "status": True})


def _fibers() -> Iterator[bytes]:
    tool = {"type": "function", "function": {"name": "date", "parameters": {}}}
    yield _encode({"object": "list", "tools": [tool]})
    yield _encode({"status": "succeeded", "context": {"output": "2026"}})
    yield _encode({"status": "failed", "error": {"message": "no"}, "context": {}})


def _schemas() -> Iterator[bytes]:
    lines = (_DATA / "mfjs" / "vectors_upstream.jsonl").read_text().splitlines()
    texts = [json.loads(line)["schema"] for line in lines]
    for text in texts[:: max(1, len(texts) // _MOST_RECORDED)]:
        yield text.encode("utf-8", "surrogatepass")
    branches: list[Any] = [{"$ref": "#/$defs/A"}, {"const": [1]}, {"minimum": 1.5}]
    definition = {"allOf": [{"anyOf": branches}], "oneOf": branches, "nullable": True}
    yield _encode({"$defs": {"A": definition}, "type": "object", "not": {}})
    yield _encode(
        {"if": {"type": "string"}, "then": {"$ref": "#"}, "prefixItems": [{}]}
    )


def _conversations() -> Iterator[bytes]:
    call = {"type": "tool_call", "id": "look:0", "name": "look", "args": {"a": [1]}}
    broken = {"type": "invalid_tool_call", "id": "b", "name": "f", "args": "{"}
    answer = {
        "content": [{"type": "reasoning", "reasoning": "r"}, {"type": "text"}],
        "tool_calls": [call],
        "invalid_tool_calls": [{**broken, "error": None}],
        "additional_kwargs": {"reasoning_content": "r", "tool_arguments": {"b": "{"}},
        "response_metadata": {"model_provider": "moonshot", "reasoning_field": "x"},
    }
    result = {"content": "seen", "tool_call_id": "look:0", "name": "look"}
    image = {"type": "image", "base64": "AAAA", "mime_type": "image/png"}
    use = {"type": "tool_result", "tool_use_id": "t", "content": [{"type": "text"}]}
    url = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}
    yield _encode(
        [
            ["SystemMessage", {"content": "s", "name": "n"}],
            ["HumanMessage", {"content": ["a", image, url, {"type": "text-plain"}]}],
            ["AIMessage", answer],
            ["ToolMessage", result],
            ["HumanMessage", {"content": [use, {"type": "text", "text": "\ud83d"}]}],
            ["AIMessage", {"content": "[", "additional_kwargs": {"partial": True}}],
        ]
    )
    tools = {"tools": [{"type": "function", "function": {"name": "f"}}]}
    yield _encode(
        [
            ["SystemMessage", {"content": "", "additional_kwargs": tools}],
            ["ChatMessage", {"role": "user", "content": "x"}],
            ["AIMessage", {"content": [{"type": "tool_use", "id": "a", "input": {}}]}],
        ]
    )


def _requests() -> Iterator[bytes]:
    schema = {"type": "object", "properties": {"a": {"type": "string"}}}
    function = {"name": "f", "parameters": schema}
    call = {
        "id": "f:0",
        "type": "function",
        "function": {"name": "f", "arguments": "{}"},
    }
    for stream in (False, True):
        yield _encode(
            {
                "model": "kimi-k3",
                "stream": stream,
                "max_tokens": 8,
                "tools": [{"type": "function", "function": function}],
                "messages": [
                    {"role": "user", "content": [{"type": "text", "text": "x"}]},
                    {
                        "role": "assistant",
                        "reasoning_content": "r",
                        "tool_calls": [call],
                    },
                    {"role": "tool", "tool_call_id": "f:0", "content": "1"},
                ],
            }
        )
    shape = {"type": "json_schema", "json_schema": {"name": "n", "schema": schema}}
    asked = [{"role": "user", "content": "x"}]
    yield _encode({"model": "kimi-k3", "messages": asked, "response_format": shape})
    yield _encode({"name": "date", "arguments": "{}"})
    yield _encode({"input_file_id": "f", "endpoint": "/v1/chat/completions"})
    yield (
        b'--b\r\nContent-Disposition: form-data; name="purpose"\r\n\r\nbatch\r\n'
        b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.txt"\r\n\r\n'
        b'{"custom_id":"a"}\r\n--b--\r\n'
    )


def _connections() -> Iterator[bytes]:
    head = b"POST /v1/chat/completions HTTP/1.1\r\nAuthorization: Bearer sk-a\r\n"
    for body in _requests():
        yield head + b"Content-Length: %d\r\n\r\n" % len(body) + body
        yield head + b"Transfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n" % (
            len(body),
            body,
        )
    yield b"GET /v1/models HTTP/1.0\r\nAuthorization: Bearer sk-a\r\n\r\n"


def _encode(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode("utf-8", "surrogatepass")


_RECORDED: Mapping[str, Callable[[], Iterator[bytes]]] = {
    "decoder": _lines,
    "stream": _chunks,
    "arguments": _arguments,
    "response": _bodies,
    "listing": _listings,
    "fiber": _fibers,
    "failure": _errors,
    "batch": _results,
    "schema": _schemas,
    "verdict": _schemas,
    "messages": _conversations,
    "request": _requests,
    "connection": _connections,
}
