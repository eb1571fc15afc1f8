"""`POST /anthropic/v1/messages`: a request in Anthropic's form -> the reply in it.

The question and its checks are those of a chat request; only the form is another.
"""

from collections.abc import Callable
from dataclasses import dataclass

from langchain_kimi._json import as_text
from langchain_kimi._wire import JsonObject
from langchain_kimi.catalogue import ANTHROPIC_ALIASES, Model
from langchain_kimi.emulator._anthropic_answer import build_message
from langchain_kimi.emulator._anthropic_events import build_message_events
from langchain_kimi.emulator._anthropic_request import build_chat_request
from langchain_kimi.emulator._chat import STREAM_TYPE, Chat, build_cache_headers
from langchain_kimi.emulator._check import Checks, read_body
from langchain_kimi.emulator._exchange import JSON_TYPE, Reply, Request
from langchain_kimi.emulator._json import to_bytes, write_json
from langchain_kimi.emulator._settings import Settings
from langchain_kimi.emulator._signatures import check_signatures


@dataclass(frozen=True, slots=True)
class Messages:
    """Answers Messages requests with what Chat Completions would answer."""

    settings: Settings
    checks: Checks
    accept: Callable[[JsonObject], Model]
    """Checks a chat request; returns the row that answers it."""
    chat: Chat

    def answer(self, request: Request, _: str) -> Reply:
        """Return the reply to a request; raise Refused for one that breaks a rule."""
        body = read_body(request)
        asked = build_chat_request(body, self._find_row(body))
        if self.settings.strict_signatures:
            check_signatures(body)
        return self._write(body, asked, self.accept(asked))

    def _find_row(self, body: JsonObject) -> Model:
        name = body.get("model")
        known = ANTHROPIC_ALIASES.get(as_text(name), name)
        return self.checks.find_row({"model": known})

    def _write(self, body: JsonObject, asked: JsonObject, model: Model) -> Reply:
        # Without a top-level `cache_control` nothing is written to the cache; marks
        # on blocks are ignored (docs/api/messages of 2026-09, as two readers cite it).
        writes_cache = body.get("cache_control") is not None
        completion = self.chat.complete(asked, model, writes_cache=writes_cache)
        message = build_message(completion, writes_cache=writes_cache)
        saved = build_cache_headers(completion)
        if body.get("stream") is True:
            events = build_message_events(message, completion)
            return Reply(headers={"Content-Type": STREAM_TYPE, **saved}, body=events)
        return Reply(
            headers={"Content-Type": JSON_TYPE, **saved},
            body=to_bytes(write_json(message)),
        )
