"""API error -> exception; each class is both openai's and LangChain's.

    KimiSettingError            ValueError, ModelInvalidRequestError: nothing was sent
    KimiStatusError             openai.APIStatusError, ModelError
      KimiInvalidRequestError   openai.BadRequestError, ModelInvalidRequestError
        KimiContextOverflowError    also ContextOverflowError
        KimiContentFilterError
      KimiAuthenticationError   openai.AuthenticationError, ModelAuthenticationError
      KimiPermissionDeniedError openai.PermissionDeniedError, ...
      KimiNotFoundError         openai.NotFoundError, ModelNotFoundError
      KimiRateLimitError        openai.RateLimitError, ModelRateLimitError: retryable
        KimiOverloadedError         the engine is busy
        KimiQuotaError              no balance: not retryable
      KimiServerError           openai.InternalServerError, ModelAPIError: retryable
    KimiConnectionError         openai.APIConnectionError, ModelConnectionError
      KimiStreamInterruptedError    the answer is incomplete
    KimiTimeoutError            openai.APITimeoutError, ModelTimeoutError
    KimiResponseError           openai.APIError, ModelAPIError: unreadable answer

Errors are told apart by `error.type` and text, not by status: Kimi answers an empty
balance with 429 and a full context with 400 (kimi-api.md 2.4).
"""

from collections.abc import Callable, Mapping
from typing import Any, cast

import openai
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
    ModelTimeoutError,
)

from langchain_kimi._refusal import KimiSettingError
from langchain_kimi.catalogue import ALIASES, find_model

__all__ = [
    "KimiAuthenticationError",
    "KimiConnectionError",
    "KimiContentFilterError",
    "KimiContextOverflowError",
    "KimiInvalidRequestError",
    "KimiNotFoundError",
    "KimiOverloadedError",
    "KimiPermissionDeniedError",
    "KimiQuotaError",
    "KimiRateLimitError",
    "KimiResponseError",
    "KimiServerError",
    "KimiSettingError",
    "KimiStatusError",
    "KimiStreamInterruptedError",
    "KimiTimeoutError",
]


class KimiStatusError(openai.APIStatusError, ModelError):
    """The API answered with an error status.

    Attributes:
        status_code: The HTTP status.
        type: The API's `error.type`, such as `rate_limit_reached_error`.
        request_id: The `Msh-Request-Id` header, for Moonshot's support.
        response: The HTTP response of the SDK's transport.
    """


class KimiInvalidRequestError(
    KimiStatusError, openai.BadRequestError, ModelInvalidRequestError
):
    """The API refused the request; sending it again cannot help."""


class KimiContextOverflowError(KimiInvalidRequestError, ContextOverflowError):
    """Prompt plus output cap exceed the model's context window."""


class KimiContentFilterError(KimiInvalidRequestError):
    """The request was rejected because it was considered high risk."""


class KimiAuthenticationError(
    KimiStatusError, openai.AuthenticationError, ModelAuthenticationError
):
    """The API key is missing, wrong, or of another region or product."""


class KimiPermissionDeniedError(
    KimiStatusError, openai.PermissionDeniedError, ModelPermissionDeniedError
):
    """The key may not use this model or endpoint."""


class KimiNotFoundError(KimiStatusError, openai.NotFoundError, ModelNotFoundError):
    """The model does not exist, is retired, or the account may not use it."""


class KimiRateLimitError(KimiStatusError, openai.RateLimitError, ModelRateLimitError):
    """A limit of the account was reached; waiting helps."""


class KimiOverloadedError(KimiRateLimitError):
    """The engine is overloaded; waiting helps. Such a request is not billed."""


class KimiQuotaError(KimiRateLimitError):
    """The account has no balance left; retrying cannot help."""

    is_retryable = False


class KimiServerError(KimiStatusError, openai.InternalServerError, ModelAPIError):
    """The API failed (5xx)."""


class KimiConnectionError(openai.APIConnectionError, ModelConnectionError):
    """The API could not be reached, or the connection broke."""


class KimiStreamInterruptedError(KimiConnectionError):
    """The stream ended without `[DONE]`: what arrived is not the whole answer."""


class KimiTimeoutError(openai.APITimeoutError, ModelTimeoutError):
    """The API did not answer in time."""


class KimiResponseError(openai.APIError, ModelAPIError):
    """The API answered 200 with something that is not a chat completion."""


# First row that fits wins: (error.type or None, words in the message, class).
_BY_TYPE: tuple[tuple[str | None, tuple[str, ...], type[KimiStatusError]], ...] = (
    ("exceeded_current_quota_error", (), KimiQuotaError),
    ("engine_overloaded_error", (), KimiOverloadedError),
    ("rate_limit_reached_error", (), KimiRateLimitError),
    ("content_filter", (), KimiContentFilterError),
    (
        "invalid_request_error",
        ("exceeded model token limit", "input token length too long"),
        KimiContextOverflowError,
    ),
    ("incorrect_api_key_error", (), KimiAuthenticationError),
    ("invalid_authentication_error", (), KimiAuthenticationError),
    ("permission_denied_error", (), KimiPermissionDeniedError),
    ("resource_not_found_error", (), KimiNotFoundError),
)
_BY_STATUS: Mapping[int, type[KimiStatusError]] = {
    400: KimiInvalidRequestError,
    401: KimiAuthenticationError,
    403: KimiPermissionDeniedError,
    404: KimiNotFoundError,
    429: KimiRateLimitError,
}
_RETRYABLE_STATUS = (408, 409)


def read_api_error(error: openai.APIError, *, model: str) -> openai.APIError:
    """Return the Kimi exception for an exception of the SDK.

    Args:
        error: What the openai SDK raised.
        model: The model id of the request, for hints.
    """
    if isinstance(error, openai.APIStatusError):
        return _read_status_error(error, model)
    if isinstance(error, openai.APITimeoutError):
        return KimiTimeoutError(request=error.request)
    if isinstance(error, openai.APIConnectionError):
        cause = f": {error.__cause__}" if error.__cause__ else ""
        return KimiConnectionError(
            message=f"Could not reach {error.request.url.host}{cause}",
            request=error.request,
        )
    return KimiResponseError(error.message, error.request, body=error.body)


def _read_status_error(error: openai.APIStatusError, model: str) -> KimiStatusError:
    body = _error_body(error.body)
    kind, text = str(body.get("type") or ""), str(body.get("message") or "")
    request_id = error.response.headers.get("msh-request-id") or error.request_id
    chosen = _class_of(error.status_code, kind, text)
    details = [
        f"HTTP {error.status_code}",
        kind,
        request_id and f"request {request_id}",
    ]
    message = f"{text or error.message} ({', '.join(filter(None, details))})"
    hint = _hint(chosen, model, error.request.url.host)
    found = chosen(
        f"{message}. {hint}" if hint else message,
        response=error.response,
        body=error.body,
    )
    found.request_id = request_id
    if error.status_code in _RETRYABLE_STATUS:
        found.is_retryable = True
    return found


def _error_body(body: object) -> Mapping[str, Any]:
    """Return the `error` object: the SDK unwraps it only when it can."""
    found = cast("Mapping[str, Any]", body) if isinstance(body, dict) else {}
    inner = found.get("error")
    return cast("Mapping[str, Any]", inner) if isinstance(inner, dict) else found


def _class_of(status: int, kind: str, text: str) -> type[KimiStatusError]:
    lowered = text.lower()
    for row_kind, words, chosen in _BY_TYPE:
        if kind == row_kind and (not words or any(word in lowered for word in words)):
            return chosen
    # 200: an error event inside a stream that had begun well.
    if status >= 500 or status == 200:
        return KimiServerError
    return _BY_STATUS.get(status, KimiStatusError)


def _authentication_hint(model: str, host: str) -> str:
    return (
        f"{host} refused the key. Keys belong to one region and one product: "
        "api.moonshot.ai takes keys of platform.kimi.ai, api.moonshot.cn those of "
        "platform.kimi.com, and neither takes a Kimi Code key (sk-kimi-...). Use a "
        "key of this host, or set base_url (MOONSHOT_API_BASE) to the key's host"
    )


def _not_found_hint(model: str, host: str) -> str:
    row = find_model(model)
    if row and row.retired:
        return f"{row.id} was retired on {row.retired}; use {row.successor}"
    if model in ALIASES:
        return f"{model} is an alias; the API knows only {ALIASES[model].model}"
    return (
        f"{host} does not serve {model}, or the account may not use it: list the "
        "models with GET /v1/models. The K3 family needs a first top-up, the K2 "
        "series is closed to accounts registered after 2026-10-31"
    )


def _quota_hint(model: str, host: str) -> str:
    return "Top up the account in its console; retrying cannot help"


_HINTS: tuple[tuple[type[KimiStatusError], Callable[[str, str], str]], ...] = (
    (KimiAuthenticationError, _authentication_hint),
    (KimiNotFoundError, _not_found_hint),
    (KimiQuotaError, _quota_hint),
)


def _hint(chosen: type[KimiStatusError], model: str, host: str) -> str:
    for kind, hint in _HINTS:
        if issubclass(chosen, kind):
            return hint(model, host)
    return ""
