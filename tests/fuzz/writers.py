"""The targets that read what a user gave, and what a client sent to the emulator."""

import copy
import json
from functools import cache
from io import BytesIO
from typing import Any

from langchain_core.messages import (
    AIMessage,
    BaseMessage,
    ChatMessage,
    HumanMessage,
    SystemMessage,
    ToolMessage,
)

from langchain_kimi import ChatKimi
from langchain_kimi._json import as_object
from langchain_kimi._mfjs import Level, check_schema, check_schema_text
from langchain_kimi._refusal import KimiSettingError
from langchain_kimi._request import encode_request
from langchain_kimi._schema import adapt_schema
from langchain_kimi.emulator import Emulator
from langchain_kimi.emulator._exchange import read_request
from langchain_kimi.emulator._server import _Connection
from tests.fuzz.target import target

LEVELS: tuple[Level, ...] = ("strict", "ultra")


def _read_json(data: bytes) -> object:
    try:
        return json.loads(data.decode("utf-8", "surrogatepass"))
    except (ValueError, RecursionError):
        return None


@target("A schema: what comes of it passes the verdict, again and unchanged.")
def schema(data: bytes) -> None:
    given = as_object(_read_json(data))
    before = repr(given)
    for level in LEVELS:
        adapted = adapt_schema(given, level=level)
        assert repr(given) == before
        assert check_schema(adapted, level) is None
        assert check_schema(adapt_schema(adapted, level=level), level) is None


@target("A schema as text: a verdict in words, or none.")
def verdict(data: bytes) -> None:
    for level in LEVELS:
        told = check_schema_text(data, level)
        assert told is None or told


_KINDS: tuple[type[BaseMessage], ...] = (
    HumanMessage,
    AIMessage,
    ToolMessage,
    SystemMessage,
    ChatMessage,
)


@cache
def _chat() -> ChatKimi:
    return ChatKimi(api_key="sk-fuzz", base_url="http://127.0.0.1:9/v1")


@target(
    "A conversation: a request, or a refusal; the messages stay as they were.",
    KimiSettingError,
)
def messages(data: bytes) -> None:
    given = build_conversation(_read_json(data))
    before = copy.deepcopy(given)
    try:
        encode_request(_chat().build_request(given))
    finally:
        assert repr(given) == repr(before)


def build_conversation(value: object) -> list[BaseMessage]:
    """Return the messages that a list of pairs (kind, fields) stands for."""
    found: list[BaseMessage] = []
    for pair in value if isinstance(value, list) else []:
        match pair:
            case [str(kind), dict(fields)]:
                named = {c.__name__: c for c in _KINDS}.get(kind, HumanMessage)
                try:
                    found.append(named(**_text_keys(fields)))
                except Exception:  # noqa: BLE001, S112
                    # LangChain's own refusal, before any of our code is met.
                    continue
            case _:
                continue
    return found


def _text_keys(fields: dict[Any, Any]) -> dict[str, Any]:
    return {str(key): value for key, value in fields.items()}


_PATHS = {
    "chat": ("POST", "/v1/chat/completions"),
    "anthropic": ("POST", "/anthropic/v1/messages"),
    "estimate": ("POST", "/v1/tokenizers/estimate-token-count"),
    "batches": ("POST", "/v1/batches"),
    "fibers": ("POST", "/v1/formulas/moonshot/date:latest/fibers"),
}


@target("A request's body, at each endpoint of the emulator: a reply, never a fault.")
def request(data: bytes) -> None:
    kimi = Emulator()
    fields = [("Authorization", f"Bearer {kimi.api_key}")]
    for method, path in _PATHS.values():
        _reply(
            kimi, method, path, [*fields, ("Content-Type", "application/json")], data
        )
    form = ("Content-Type", "multipart/form-data; boundary=b")
    _reply(kimi, "POST", "/v1/files", [*fields, form], data)


def _reply(
    kimi: Emulator, method: str, path: str, fields: list[tuple[str, str]], raw: bytes
) -> None:
    reply = kimi.handle(read_request(method, path, fields, raw))
    assert 200 <= reply.status < 500
    if not isinstance(reply.body, bytes):
        assert all(isinstance(event, bytes) for event in reply.body)


class _Socket:
    """A connection whose client sent all it has to say, and reads what it is told."""

    def __init__(self, sent: bytes) -> None:
        self.sent, self.told = BytesIO(sent), bytearray()

    def makefile(self, *_: object) -> BytesIO:
        return self.sent

    def sendall(self, data: bytes) -> None:
        self.told += data

    def setsockopt(self, *_: object) -> None:
        """Take any option."""


@target("Bytes on a socket of the emulator: HTTP in answer, or silence.")
def connection(data: bytes) -> None:
    server: Any = Emulator()
    wire: Any = _Socket(data)
    _Connection(wire, ("127.0.0.1", 1), server)
    told = bytes(wire.told)
    assert not told or told.startswith((b"HTTP/1.", b"{"))
    assert b" 500 " not in told.split(b"\r\n", 1)[0]
