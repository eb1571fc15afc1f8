"""A request -> the reply of the API: key, route, checks, answer; no I/O."""

import secrets
import time
import uuid
from collections.abc import Callable
from dataclasses import replace

from langchain_kimi._json import as_objects
from langchain_kimi._wire import JsonObject
from langchain_kimi.emulator._cache import PrefixCache
from langchain_kimi.emulator._chat import Chat
from langchain_kimi.emulator._check import Checks, read_body
from langchain_kimi.emulator._exchange import Reply, Request
from langchain_kimi.emulator._failures import (
    INVALID,
    JSON_TYPE,
    PRESETS,
    Failure,
    Refused,
    invalid,
    not_found,
)
from langchain_kimi.emulator._formulas import FORMULAS_PATH, find_formula
from langchain_kimi.emulator._json import to_bytes, write_json
from langchain_kimi.emulator._listings import (
    build_balance,
    build_estimate,
    build_model,
    build_models,
)
from langchain_kimi.emulator._script import Script
from langchain_kimi.emulator._settings import Settings
from langchain_kimi.emulator._tokens import count_prompt

_Endpoint = Callable[[Request], Reply]


class Api:
    """The API as a function of requests; see `handle`."""

    def __init__(self, settings: Settings, script: Script) -> None:
        models = settings.served_models()
        self._settings = settings
        self._script = script
        self._checks = Checks(settings, {model.id: model for model in models})
        self._chat = Chat(settings, script, PrefixCache())
        self._endpoints: dict[str, tuple[str, _Endpoint]] = {
            "/v1/chat/completions": ("POST", self._answer_chat),
            "/v1/tokenizers/estimate-token-count": ("POST", self._estimate),
            "/v1/users/me/balance": ("GET", lambda request: _json(build_balance())),
            "/v1/models": ("GET", lambda request: _json(build_models(models))),
        }

    def handle(self, request: Request) -> Reply:
        """Return the reply to a request.

        Args:
            request: Any HTTP request, good or bad.
        """
        started = time.perf_counter()
        try:
            reply = self._find_endpoint(request)(request)
        except Refused as refused:
            reply = refused.failure.reply()
        return _with_common_headers(reply, time.perf_counter() - started)

    def _find_endpoint(self, request: Request) -> _Endpoint:
        self._check_key(request)
        path = request.path.rstrip("/")
        known = self._endpoints.get(path)
        if known is None and path.startswith("/v1/models/"):
            known = ("GET", self._show_model)
        if known is None and path.startswith(FORMULAS_PATH):
            known = _formula_endpoint(path)
        if known is None:
            raise not_found(f"Not found the path {request.path}")
        method, endpoint = known
        if request.method != method:
            raise Refused(_wrong_method(request, method))
        return endpoint

    def _check_key(self, request: Request) -> None:
        scheme, _, key = request.headers.get("Authorization", "").partition(" ")
        is_bearer = scheme.lower() == "bearer"
        if not is_bearer or not self._settings.accepts_key(key.strip()):
            raise Refused(PRESETS["incorrect_api_key_error"])

    def _answer_chat(self, request: Request) -> Reply:
        scripted = self._script.take_reply()
        if scripted:
            return scripted
        body = read_body(request)
        return self._chat.reply(body, self._checks.check_chat(body))

    def _estimate(self, request: Request) -> Reply:
        body = read_body(request)
        self._checks.find_row(body)
        if not as_objects(body.get("messages")):
            raise invalid("Invalid request: messages must not be empty")
        return _json(build_estimate(count_prompt(body)))

    def _show_model(self, request: Request) -> Reply:
        name = request.path.removeprefix("/v1/models/").rstrip("/")
        return _json(build_model(self._checks.row_of(name)))


def _formula_endpoint(path: str) -> tuple[str, _Endpoint]:
    method, answer = find_formula(path)
    return method, lambda request: _json(answer(request))


def _json(body: JsonObject) -> Reply:
    return Reply(headers={"Content-Type": JSON_TYPE}, body=to_bytes(write_json(body)))


def _wrong_method(request: Request, allowed: str) -> Failure:
    return Failure(
        status=405,
        type=INVALID,
        message=f"Method {request.method} is not allowed for {request.path}",
        headers={"Allow": allowed},
    )


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
