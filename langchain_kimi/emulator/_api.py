"""A request -> the reply of the API: key, route, checks, answer; no I/O."""

import secrets
import time
import uuid
from dataclasses import replace

from langchain_kimi._json import as_objects
from langchain_kimi._wire import JsonObject
from langchain_kimi.catalogue import Model
from langchain_kimi.emulator import _formulas
from langchain_kimi.emulator._anthropic import Messages
from langchain_kimi.emulator._anthropic_answer import build_error
from langchain_kimi.emulator._batches import Batches
from langchain_kimi.emulator._cache import PrefixCache
from langchain_kimi.emulator._chat import Chat
from langchain_kimi.emulator._check import Checks, read_body
from langchain_kimi.emulator._exchange import Reply, Request
from langchain_kimi.emulator._failures import PRESETS, Failure, Refused, invalid
from langchain_kimi.emulator._files import Files
from langchain_kimi.emulator._listings import (
    build_balance,
    build_estimate,
    build_model,
    build_models,
)
from langchain_kimi.emulator._routes import Routes
from langchain_kimi.emulator._script import CHAT_PATH, MESSAGES_PATH, Script
from langchain_kimi.emulator._settings import Settings
from langchain_kimi.emulator._tokens import count_prompt

ANTHROPIC_ROOT = "/anthropic"


class Api:
    """The API as a function of requests; see `handle`."""

    def __init__(self, settings: Settings, script: Script) -> None:
        self._models = settings.served_models()
        rows = {model.id: model for model in self._models}
        self._settings = settings
        self._script = script
        self._checks = Checks(settings, rows)
        self._chat = Chat(settings, script, PrefixCache())
        self._messages = Messages(settings, self._checks, self._accept, self._chat)
        self._files = Files()
        self._routes = Routes()
        self._connect()
        self._files.connect(self._routes)
        _formulas.connect(self._routes)
        Batches(self._files, rows, self._answer_line).connect(self._routes)

    def _connect(self) -> None:
        self._routes.add("POST", CHAT_PATH, self._answer_chat)
        self._routes.add("POST", MESSAGES_PATH, self._messages.answer)
        self._routes.add("POST", "/v1/tokenizers/estimate-token-count", self._estimate)
        self._routes.add("GET", "/v1/users/me/balance", self._show_balance)
        self._routes.add("GET", "/v1/models", self._list_models)
        self._routes.add("GET", "/v1/models/{id}", self._show_model)

    def handle(self, request: Request) -> Reply:
        """Return the reply to a request.

        Args:
            request: Any HTTP request, good or bad.
        """
        started, id = time.perf_counter(), str(uuid.uuid4())
        try:
            self._check_key(request)
            scripted = self._script.take_reply(request.path)
            reply = scripted or self._routes.answer(request)
        except Refused as refused:
            reply = _write_failure(refused.failure, request, id)
        return _with_common_headers(reply, id, time.perf_counter() - started)

    def _check_key(self, request: Request) -> None:
        if not self._settings.accepts_key(self._read_key(request)):
            raise Refused(PRESETS["incorrect_api_key_error"])

    def _read_key(self, request: Request) -> str:
        """Return the key of a request, "" if it has none where it is looked for."""
        scheme, _, key = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() == "bearer":
            return key.strip()
        is_read = self._settings.x_api_key and _is_anthropic(request)
        return request.headers.get("x-api-key", "") if is_read else ""

    def _answer_chat(self, request: Request, _: str) -> Reply:
        return self._answer_body(read_body(request))

    def _answer_body(self, body: JsonObject) -> Reply:
        return self._chat.reply(body, self._accept(body))

    def _accept(self, body: JsonObject) -> Model:
        """Return the row that answers a chat request; raise Refused if none does."""
        model = self._checks.check_chat(body)
        self._files.check_references(body)
        return model

    def _answer_line(self, body: JsonObject) -> Reply:
        """Return the reply to a line of a batch: a script serves it like a request."""
        try:
            return self._script.take_reply(CHAT_PATH) or self._answer_body(body)
        except Refused as refused:
            return refused.failure.reply()

    def _estimate(self, request: Request, _: str) -> Reply:
        body = read_body(request)
        self._checks.find_row(body)
        if not as_objects(body.get("messages")):
            raise invalid("Invalid request: messages must not be empty")
        return Reply.of_json(build_estimate(count_prompt(body)))

    def _show_balance(self, request: Request, _: str) -> Reply:
        return Reply.of_json(build_balance())

    def _list_models(self, request: Request, _: str) -> Reply:
        return Reply.of_json(build_models(self._models))

    def _show_model(self, request: Request, id: str) -> Reply:
        return Reply.of_json(build_model(self._checks.row_of(id)))


def _is_anthropic(request: Request) -> bool:
    return request.path.startswith(f"{ANTHROPIC_ROOT}/")


def _write_failure(failure: Failure, request: Request, id: str) -> Reply:
    if _is_anthropic(request):
        return build_error(failure, id)
    return failure.reply()


def _with_common_headers(reply: Reply, id: str, seconds: float) -> Reply:
    """Add what every response of the API carries (P1, 2026-09-01)."""
    common = {
        "Msh-Request-Id": id,
        "X-Msh-Trace-Id": secrets.token_hex(16),
        "Msh-Trace-Mode": "on",
        "Server-Timing": f"inner;dur={seconds * 1000:.1f}",
        "Vary": "Origin",
    }
    return replace(reply, headers={**common, **reply.headers})
