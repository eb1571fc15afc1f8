"""A request -> the reply of the API: key, route, checks, answer; no I/O."""

import secrets
import time
import uuid
from dataclasses import replace

from langchain_kimi._json import as_objects
from langchain_kimi._wire import JsonObject
from langchain_kimi.emulator import _formulas
from langchain_kimi.emulator._batches import Batches
from langchain_kimi.emulator._cache import PrefixCache
from langchain_kimi.emulator._chat import Chat
from langchain_kimi.emulator._check import Checks, read_body
from langchain_kimi.emulator._exchange import Reply, Request
from langchain_kimi.emulator._failures import PRESETS, Refused, invalid
from langchain_kimi.emulator._files import Files
from langchain_kimi.emulator._listings import (
    build_balance,
    build_estimate,
    build_model,
    build_models,
)
from langchain_kimi.emulator._routes import Routes
from langchain_kimi.emulator._script import CHAT_PATH, Script
from langchain_kimi.emulator._settings import Settings
from langchain_kimi.emulator._tokens import count_prompt


class Api:
    """The API as a function of requests; see `handle`."""

    def __init__(self, settings: Settings, script: Script) -> None:
        self._models = settings.served_models()
        rows = {model.id: model for model in self._models}
        self._settings = settings
        self._script = script
        self._checks = Checks(settings, rows)
        self._chat = Chat(settings, script, PrefixCache())
        self._files = Files()
        self._routes = Routes()
        self._connect()
        self._files.connect(self._routes)
        _formulas.connect(self._routes)
        Batches(self._files, rows, self._answer_line).connect(self._routes)

    def _connect(self) -> None:
        self._routes.add("POST", CHAT_PATH, self._answer_chat)
        self._routes.add("POST", "/v1/tokenizers/estimate-token-count", self._estimate)
        self._routes.add("GET", "/v1/users/me/balance", self._show_balance)
        self._routes.add("GET", "/v1/models", self._list_models)
        self._routes.add("GET", "/v1/models/{id}", self._show_model)

    def handle(self, request: Request) -> Reply:
        """Return the reply to a request.

        Args:
            request: Any HTTP request, good or bad.
        """
        started = time.perf_counter()
        try:
            self._check_key(request)
            scripted = self._script.take_reply(request.path)
            reply = scripted or self._routes.answer(request)
        except Refused as refused:
            reply = refused.failure.reply()
        return _with_common_headers(reply, time.perf_counter() - started)

    def _check_key(self, request: Request) -> None:
        scheme, _, key = request.headers.get("Authorization", "").partition(" ")
        is_bearer = scheme.lower() == "bearer"
        if not is_bearer or not self._settings.accepts_key(key.strip()):
            raise Refused(PRESETS["incorrect_api_key_error"])

    def _answer_chat(self, request: Request, _: str) -> Reply:
        return self._answer_body(read_body(request))

    def _answer_body(self, body: JsonObject) -> Reply:
        model = self._checks.check_chat(body)
        self._files.check_references(body)
        return self._chat.reply(body, model)

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


def _with_common_headers(reply: Reply, seconds: float) -> Reply:
    """Add what every response of the API carries (P1, 2026-09-01)."""
    common = {
        "Msh-Request-Id": str(uuid.uuid4()),
        "X-Msh-Trace-Id": secrets.token_hex(16),
        "Msh-Trace-Mode": "on",
        "Server-Timing": f"inner;dur={seconds * 1000:.1f}",
        "Vary": "Origin",
    }
    return replace(reply, headers={**common, **reply.headers})
