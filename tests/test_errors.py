"""Errors: the right class for each answer, retried only where waiting helps."""

import copy
import pickle
import socket
from collections.abc import Iterator
from typing import Any

import openai
import pytest
from langchain_core.exceptions import (
    ContextOverflowError,
    ModelAPIError,
    ModelAuthenticationError,
    ModelConnectionError,
    ModelError,
    ModelInvalidRequestError,
    ModelNotFoundError,
    ModelPermissionDeniedError,
    ModelRateLimitError,
)

from langchain_kimi import errors
from langchain_kimi.catalogue import MODELS
from langchain_kimi.emulator import Emulator
from tests.conftest import Ask, Chat

_CASES: list[tuple[Any, str, type[Exception], type[Exception], bool]] = [
    (
        "incorrect_api_key_error",
        "KimiAuthenticationError",
        openai.AuthenticationError,
        ModelAuthenticationError,
        False,
    ),
    (
        "invalid_authentication_error",
        "KimiAuthenticationError",
        openai.AuthenticationError,
        ModelAuthenticationError,
        False,
    ),
    (
        "permission_denied_error",
        "KimiPermissionDeniedError",
        openai.PermissionDeniedError,
        ModelPermissionDeniedError,
        False,
    ),
    (
        "content_filter",
        "KimiContentFilterError",
        openai.BadRequestError,
        ModelInvalidRequestError,
        False,
    ),
    (
        "exceeded_model_token_limit",
        "KimiContextOverflowError",
        openai.BadRequestError,
        ContextOverflowError,
        False,
    ),
    (
        "rate_limit_reached_error",
        "KimiRateLimitError",
        openai.RateLimitError,
        ModelRateLimitError,
        True,
    ),
    (
        "engine_overloaded_error",
        "KimiOverloadedError",
        openai.RateLimitError,
        ModelRateLimitError,
        True,
    ),
    (
        "exceeded_current_quota_error",
        "KimiQuotaError",
        openai.RateLimitError,
        ModelRateLimitError,
        False,
    ),
    (
        "server_error",
        "KimiServerError",
        openai.InternalServerError,
        ModelAPIError,
        True,
    ),
    (
        "server_unavailable",
        "KimiServerError",
        openai.InternalServerError,
        ModelAPIError,
        True,
    ),
]


@pytest.mark.parametrize("case", _CASES, ids=lambda case: case[0])
async def test_each_error_is_openai_s_and_langchain_s(
    kimi: Emulator, chat: Chat, ask: Ask, case: Any
) -> None:
    """With the API's words, the request id, and whether to try again."""
    preset, name, of_openai, of_langchain, is_retryable = case
    kimi.fail(preset)
    with pytest.raises(getattr(errors, name)) as caught:
        await ask(chat(max_retries=0), "hi")
    error = caught.value
    assert type(error).__name__ == name
    assert isinstance(error, of_openai)
    assert isinstance(error, of_langchain)
    assert isinstance(error, ModelError)
    assert error.is_retryable is is_retryable
    assert error.request_id
    assert error.request_id in str(error)
    assert error.status_code == error.response.status_code
    assert len(kimi.requests) == 1


@pytest.mark.parametrize(
    ("status", "kind", "message", "name"),
    [
        (
            403,
            "exceeded_current_quota_error",
            "exceeded current quota",
            "KimiQuotaError",
        ),
        (400, "invalid_request_error", "anything else", "KimiInvalidRequestError"),
        (
            400,
            "invalid_request_error",
            "Input token length too long",
            "KimiContextOverflowError",
        ),
        (413, "", "Request exceeds the maximum size", "KimiStatusError"),
        (429, "", "your token quota per minute was exceeded", "KimiRateLimitError"),
        (502, "", "bad gateway", "KimiServerError"),
        (418, "teapot", "short and stout", "KimiStatusError"),
    ],
)
async def test_the_type_decides_before_the_status(
    kimi: Emulator, chat: Chat, status: int, kind: str, message: str, name: str
) -> None:
    """Kimi answers an empty balance with 429 or 403, a full context with 400."""
    kimi.fail(status, kind, message)
    with pytest.raises(openai.APIStatusError, match=message) as caught:
        chat(max_retries=0).invoke("hi")
    assert type(caught.value).__name__ == name


async def test_an_html_page_is_a_server_error(
    kimi: Emulator, chat: Chat, ask: Ask
) -> None:
    """A gateway's 504 has no JSON."""
    kimi.send(b"<html>504</html>", status=504, content_type="text/html")
    with pytest.raises(errors.KimiServerError):
        await ask(chat(max_retries=0), "hi")


@pytest.mark.parametrize(
    "body", [b"<html>", b"[]", b"{}", b'{"choices":[]}', b'{"choices":[{}]}', b""]
)
async def test_an_unreadable_answer_is_an_error(
    kimi: Emulator, chat: Chat, body: bytes
) -> None:
    """Status 200 alone makes no answer."""
    model = chat()
    for _ in range(2):
        kimi.send(body)
    with pytest.raises(errors.KimiResponseError, match="not a chat completion"):
        model.invoke("hi")
    with pytest.raises(errors.KimiResponseError, match="not a chat completion"):
        await model.ainvoke("hi")


async def test_an_error_with_status_200_is_an_error(kimi: Emulator, chat: Chat) -> None:
    """Some gateways answer so."""
    kimi.send(b'{"error":{"type":"engine_overloaded_error","message":"busy"}}')
    with pytest.raises(errors.KimiOverloadedError, match="busy"):
        chat().invoke("hi")


@pytest.mark.parametrize(
    "preset",
    ["rate_limit_reached_error", "engine_overloaded_error", "server_unavailable"],
)
async def test_what_may_pass_is_tried_again(
    kimi: Emulator, chat: Chat, ask: Ask, preset: str
) -> None:
    """As often as max_retries says."""
    kimi.fail(preset, headers={"Retry-After": "0"})
    kimi.fail(preset, headers={"Retry-After": "0"})
    assert (await ask(chat(max_retries=2), "hi")).text
    assert len(kimi.requests) == 3


@pytest.mark.parametrize(
    "preset",
    [
        "exceeded_current_quota_error",
        "incorrect_api_key_error",
        "content_filter",
        "exceeded_model_token_limit",
    ],
)
async def test_what_cannot_pass_is_sent_once(
    kimi: Emulator, chat: Chat, ask: Ask, preset: str
) -> None:
    """An empty balance above all: the SDK would try it for seconds."""
    kimi.fail(preset)
    with pytest.raises(openai.APIStatusError):
        await ask(chat(max_retries=5), "hi")
    assert len(kimi.requests) == 1


async def test_retries_end(kimi: Emulator, chat: Chat, ask: Ask) -> None:
    """With the last error."""
    for _ in range(2):
        kimi.fail("engine_overloaded_error", headers={"Retry-After": "0"})
    with pytest.raises(errors.KimiOverloadedError):
        await ask(chat(max_retries=1), "hi")
    assert len(kimi.requests) == 2


def _through_pickle(error: Exception) -> Exception:
    return pickle.loads(pickle.dumps(error))


@pytest.mark.parametrize(
    "model", [m for m in MODELS if m.retired], ids=lambda model: model.id
)
async def test_a_retired_model_is_told_with_date_and_successor(
    chat: Chat, model: Any
) -> None:
    """The API itself says only "Not found the model"."""
    with pytest.raises(errors.KimiNotFoundError) as caught:
        chat(model=model.id).invoke("hi")
    assert isinstance(caught.value, ModelNotFoundError)
    assert f"{model.id} was retired on {model.retired}" in str(caught.value)
    assert f"use {model.successor}" in str(caught.value)


async def test_an_unknown_model_is_told_with_what_to_do(chat: Chat, ask: Ask) -> None:
    """It may be a misspelling, or not yet allowed."""
    with pytest.raises(errors.KimiNotFoundError, match="GET /v1/models"):
        await ask(chat(model="kimi-k33"), "hi")


async def test_a_model_withheld_from_the_account_is_told(
    kimi: Emulator, chat: Chat
) -> None:
    """The API says the same words for "unknown" and "not allowed"."""
    words = "Not found the model kimi-k3 or Permission denied"
    kimi.fail(404, "resource_not_found_error", words)
    with pytest.raises(errors.KimiNotFoundError, match="first top-up"):
        chat().invoke("hi")


async def test_a_refused_key_is_told_with_the_regions(chat: Chat, ask: Ask) -> None:
    """And is itself not in the text."""
    with pytest.raises(errors.KimiAuthenticationError) as caught:
        await ask(chat(api_key="pk-marker"), "hi")
    assert "api.moonshot.cn" in str(caught.value)
    assert "marker" not in str(caught.value)


async def test_an_unreachable_server_is_a_connection_error(
    kimi: Emulator, chat: Chat, ask: Ask
) -> None:
    """With the host."""
    model = chat(max_retries=0)
    kimi.close()
    with pytest.raises(errors.KimiConnectionError, match=r"127\.0\.0\.1") as caught:
        await ask(model, "hi")
    assert isinstance(caught.value, openai.APIConnectionError)
    assert isinstance(caught.value, ModelConnectionError)


@pytest.fixture
def silent_server() -> Iterator[str]:
    """A port that accepts connections and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"http://127.0.0.1:{server.getsockname()[1]}/v1"


async def test_a_silent_server_is_a_timeout(
    chat: Chat, ask: Ask, silent_server: str
) -> None:
    """After `timeout` seconds without a byte."""
    with pytest.raises(errors.KimiTimeoutError) as caught:
        await ask(chat(max_retries=0, timeout=0.2, base_url=silent_server), "hi")
    assert isinstance(caught.value, openai.APITimeoutError)
    assert caught.value.is_retryable


@pytest.mark.parametrize("duplicate", [copy.copy, copy.deepcopy, _through_pickle])
async def test_an_error_can_leave_its_process(
    kimi: Emulator, chat: Chat, duplicate: Any
) -> None:
    """A worker pool hangs on one that cannot; the HTTP response stays behind."""
    kimi.fail("engine_overloaded_error")
    kimi.reply("Half an ans", done=False)
    model = chat(max_retries=0)
    for call in (model.invoke, lambda prompt: list(model.stream(prompt))):
        with pytest.raises(openai.APIError) as caught:
            call("hi")
        again = duplicate(caught.value)
        assert (type(again), str(again)) == (type(caught.value), str(caught.value))
        assert again.is_retryable
