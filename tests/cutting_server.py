"""A server that cuts its streams anywhere, and continues just what it is asked to.

Each conversation, known by its question, has an answer (the body of a whole stream) and
the bytes at which its streams are cut. A request in partial mode gets the rest of the
answer; one that begins with anything but a true beginning of it fails the test.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from threading import Event
from typing import Any, Self

from langchain_kimi.emulator._exchange import Reply, Request
from langchain_kimi.emulator._server import HOST, Server

_KINDS = ("reasoning_content", "content")


@dataclass
class Conversation:
    """An answer, where its streams are cut, and what was asked for it."""

    body: bytes
    cuts: list[float]
    """Of each stream in turn, as a share of its bytes; then streams are whole."""
    resets: bool = False
    """Whether a cut tears the connection, or ends the stream as if it were whole."""
    stalls: bool = False
    """Whether a cut stream stays open, and silent."""
    requests: list[dict[str, Any]] = field(default_factory=list)
    usages: list[dict[str, Any] | None] = field(default_factory=list)
    """What each stream told of its usage before its cut."""


class CuttingServer:
    """Serves conversations, each known by its question."""

    def __init__(self) -> None:
        self.conversations: dict[str, Conversation] = {}
        self.faults: list[str] = []
        self._closing = Event()
        self._server: Server | None = None

    def __enter__(self) -> Self:
        self._server = Server(self._reply, 0)
        return self

    def __exit__(self, *exception: object) -> None:
        assert self._server
        self._closing.set()
        self._server.close()

    @property
    def base_url(self) -> str:
        assert self._server
        return f"http://{HOST}:{self._server.port}/v1"

    def _reply(self, request: Request) -> Reply:
        question, *begun = request.body["messages"]
        conversation = self.conversations[question["content"]]
        conversation.requests.append(request.body)
        body = self._rest(conversation.body, begun[0] if begun else {})
        cuts = conversation.cuts
        end = int(cuts.pop(0) * len(body)) if cuts else len(body)
        sent = body[:end]
        conversation.usages.append(_told_usage(sent))
        is_cut = end < len(body)
        silence = self._closing if conversation.stalls and is_cut else None
        torn = conversation.resets and is_cut
        headers = {"Content-Type": "text/event-stream", "Msh-Request-Id": "r-1"}
        return Reply(headers=headers, body=_write(sent, torn, silence))

    def _rest(self, body: bytes, begun: dict[str, Any]) -> bytes:
        """Return the stream of what follows a beginning, in the same events."""
        left = {kind: begun.get(kind) or "" for kind in _KINDS}
        if begun and not (begun["partial"] and any(left.values())):
            self.faults.append(f"{begun} begins nothing")
        rest = b"".join(_without(event, left) for event in _events(body))
        if any(left.values()):
            self.faults.append(f"{begun} is no beginning of the answer: {left}")
        return rest


def _events(body: bytes) -> list[bytes]:
    """Return the events, each with its blank line."""
    blank = b"\r\n\r\n" if b"\r\n\r\n" in body else b"\n\n"
    return [event + blank for event in body.split(blank) if event]


def _without(event: bytes, left: dict[str, str]) -> bytes:
    """Return an event without what was given; take that off what is left to find."""
    start = event.find(b"{")
    if start < 0 or not any(left.values()):
        return event
    data = json.loads(event[start:])
    delta = data["choices"][0]["delta"] if data["choices"] else {}
    for kind in _KINDS:
        text = delta.get(kind) or ""
        common = min(len(text), len(left[kind]))
        if text and text[:common] == left[kind][:common]:
            delta[kind], left[kind] = text[common:], left[kind][common:]
    blank = event[len(event.rstrip()) :]
    return event[:start] + json.dumps(data).encode() + blank


def _told_usage(sent: bytes) -> dict[str, Any] | None:
    """Return the last usage of the events that were sent to their end."""
    told = None
    for event in _events(sent[: sent.rfind(b"\n") + 1]):
        start = event.find(b"{")
        if start >= 0:
            data = json.loads(event[start:])
            choice = data["choices"][0] if data["choices"] else {}
            told = data.get("usage") or choice.get("usage") or told
    return told


def _write(sent: bytes, torn: bool, silence: Event | None) -> Iterator[bytes]:
    """Yield a body in pieces; fall silent, or tear the connection, before its end."""
    size = max(1, len(sent) // 3)
    for at in range(0, len(sent), size):
        yield sent[at : at + size]
    if silence:
        silence.wait()
    if torn:
        raise ConnectionAbortedError
