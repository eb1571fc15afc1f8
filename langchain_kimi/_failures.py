"""What the SDK, the transport or a reader raised -> the exception for the caller.

Errors are told apart by `error.type` and text, not by status: Kimi answers an empty
balance with 429 and a full context with 400 (kimi-api.md 2.4).
"""

from collections.abc import Mapping
from typing import Any, TypeAlias, cast

import openai

from langchain_kimi._hints import find_hint
from langchain_kimi._json import as_object
from langchain_kimi._response import UnreadableResponseError
from langchain_kimi._rules import shorten_url
from langchain_kimi._stream import ErrorEvent
from langchain_kimi._timeouts import LimitName, Limits
from langchain_kimi._wire import JsonObject
from langchain_kimi.errors import (
    KimiAuthenticationError,
    KimiConnectionError,
    KimiContentFilterError,
    KimiContextOverflowError,
    KimiInvalidRequestError,
    KimiNotFoundError,
    KimiOverloadedError,
    KimiPermissionDeniedError,
    KimiQuotaError,
    KimiRateLimitError,
    KimiResponseError,
    KimiServerError,
    KimiStatusError,
    KimiStreamInterruptedError,
    KimiTimeoutError,
)

StreamFailure: TypeAlias = (
    KimiStatusError | KimiConnectionError | KimiTimeoutError | KimiResponseError
)
Response: TypeAlias = openai.APIResponse[object] | openai.AsyncAPIResponse[object]

_MISSING = "resource_not_found_error"
_BY_TYPE: Mapping[str, type[KimiStatusError]] = {
    "exceeded_current_quota_error": KimiQuotaError,
    "engine_overloaded_error": KimiOverloadedError,
    "rate_limit_reached_error": KimiRateLimitError,
    "content_filter": KimiContentFilterError,
    "incorrect_api_key_error": KimiAuthenticationError,
    "invalid_authentication_error": KimiAuthenticationError,
    "permission_denied_error": KimiPermissionDeniedError,
    _MISSING: KimiNotFoundError,
}
_BY_STATUS: Mapping[int, type[KimiStatusError]] = {
    400: KimiInvalidRequestError,
    401: KimiAuthenticationError,
    403: KimiPermissionDeniedError,
    404: KimiNotFoundError,
    429: KimiRateLimitError,
}
_RETRYABLE_STATUS = (408, 409)
# Kimi's own words; then those of vLLM, SGLang and OpenRouter, each with another type.
_OVERFLOW_STATUS = (400, 413)
_OVERFLOW = (
    "exceeded model token limit",
    "input token length too long",
    "maximum context length",
    "longer than the model's context length",
)


def read_api_error(
    error: openai.APIError, *, model: str, limits: Limits, over: bool = False
) -> StreamFailure:
    """Return the Kimi exception for an exception of the SDK.

    Args:
        error: What the openai SDK raised.
        model: The model id of the request, for hints.
        limits: The limits of the call.
        over: Whether `total` has run out.
    """
    if isinstance(error, openai.APIStatusError):
        return _read_status_error(error, model)
    if over and isinstance(error, openai.APIConnectionError):
        return _timeout("total", limits, error.request)
    if isinstance(error, openai.APITimeoutError) and not _was_lost(error.__cause__):
        connecting = "Connect" in type(error.__cause__).__name__
        limit = "connect" if connecting else "first_byte"
        return _timeout(limit, limits, error.request)
    if isinstance(error, openai.APIConnectionError):
        cause = f": {_words(error.__cause__)}" if error.__cause__ else ""
        return KimiConnectionError(
            message=f"Could not reach {error.request.url.host}{cause}",
            request=error.request,
        )
    return KimiResponseError(error.message, error.request, body=error.body)


def _was_lost(error: BaseException | None) -> bool:
    """Tell a lost connection: aiohttp's adapter calls it a timeout to connect."""
    cause = error and error.__cause__
    from_aiohttp = type(cause).__module__.startswith("aiohttp")
    return from_aiohttp and not isinstance(cause, TimeoutError)


_RAN_OUT: Mapping[LimitName, str] = {
    "connect": "There was no connection to {host} within {seconds:g} s. Look at the "
    "address and the network",
    "first_byte": "{host} did not begin to answer within {seconds:g} s; a whole answer "
    "begins only when it is finished. Stream it",
    "gap": "{host} sent no more of a stream for {seconds:g} s, after {arrived:,} bytes",
    "total": "The call to {host} was not done within {seconds:g} s, attempts and waits "
    "included",
}


def _timeout(
    limit: LimitName, limits: Limits, request: Any, arrived: int = 0
) -> KimiTimeoutError:
    seconds: float = getattr(limits, limit)
    host = request.url.host
    words = _RAN_OUT[limit].format(host=host, seconds=seconds, arrived=arrived)
    if limit == "total" and arrived:
        words += f"; {arrived:,} bytes of an answer had arrived"
    message = f"{words}. To wait longer set timeout=Timeouts({limit}=...)"
    return KimiTimeoutError(message, request=request, limit=limit, seconds=seconds)


def _words(cause: BaseException) -> str:
    """Return what the transport says, but not what it says of a header: the key."""
    text = str(cause)
    return type(cause).__name__ if "header" in text.lower() else text


def _read_status_error(error: openai.APIStatusError, model: str) -> KimiStatusError:
    body = _error_body(error.body)
    kind, text = str(body.get("type") or ""), str(body.get("message") or "")
    request_id = error.response.headers.get("msh-request-id") or error.request_id
    chosen = choose_class(error.status_code, kind, text)
    details = [
        f"HTTP {error.status_code}",
        kind,
        request_id and f"request {request_id}",
    ]
    message = f"{text or error.message} ({', '.join(filter(None, details))})"
    url = error.request.url
    hint = _redirect_hint(error) or find_hint(
        chosen, model, url.host if model else f"{url.host}{url.path}"
    )
    found = chosen(
        f"{message}. {hint}" if hint else message,
        response=error.response,
        body=error.body,
    )
    found.request_id = request_id
    if error.status_code in _RETRYABLE_STATUS:
        found.is_retryable = True
    return found


def _redirect_hint(error: openai.APIStatusError) -> str:
    location = error.response.headers.get("location")
    if not location or error.status_code >= 400:
        return ""
    return (
        f"{error.request.url.host} redirects to {shorten_url(location)}. It is not "
        "followed, since the key and the messages would go along: set base_url to "
        "where the API is"
    )


def is_without_endpoint(error: openai.APIStatusError) -> bool:
    """Tell a server that lacks an endpoint from one that refuses the request.

    Args:
        error: What a call to the endpoint raised.
    """
    # Kimi says 404 of a model too, always with this type; a server of one's own says
    # 404 of a path with another body (vLLM: {"detail":"Not Found"}).
    kind = _error_body(error.body).get("type")
    has_no_path = error.status_code == 404 and kind != _MISSING
    return has_no_path or error.status_code == 405


def _error_body(body: object) -> JsonObject:
    """Return the `error` object: the SDK unwraps it only when it can."""
    found = as_object(body)
    return as_object(found.get("error")) or found


def choose_class(status: int, kind: str, text: str) -> type[KimiStatusError]:
    """Return the class of an error answer.

    Args:
        status: The HTTP status.
        kind: The API's `error.type`.
        text: The API's words.
    """
    if kind in _BY_TYPE:
        return _BY_TYPE[kind]
    # 200: an error event inside a stream that had begun well.
    if status in (200, *_OVERFLOW_STATUS) and _is_overflow(text):
        return KimiContextOverflowError
    if status >= 500 or status == 200:
        return KimiServerError
    return _BY_STATUS.get(status, KimiStatusError)


def _is_overflow(text: str) -> bool:
    lowered = text.lower()
    return any(words in lowered for words in _OVERFLOW)


def read_stream_failure(
    error: Exception,
    response: Response,
    *,
    model: str,
    limits: Limits,
    over: bool = False,
    arrived: int = 0,
) -> StreamFailure:
    """Return the exception for a stream that broke after it had begun.

    Args:
        error: What a reader or the transport raised.
        response: The response that was being read.
        model: The model id of the request.
        limits: The limits of the call.
        over: Whether `total` has run out.
        arrived: The bytes of its body that came.
    """
    if isinstance(error, ErrorEvent):
        return read_error_body(error.body, response, model=model)
    if isinstance(error, UnreadableResponseError):
        return read_unreadable(error, response)
    # httpx or httpx2 raised it, which must not be imported here. What was hung up on
    # when `total` ran out may look like any end of a stream.
    if over or ("Timeout" in type(error).__name__ and not _was_lost(error)):
        limit = "total" if over else "gap"
        return _timeout(limit, limits, response.http_request, arrived)
    return KimiStreamInterruptedError(
        message=f"The answer of {model} is incomplete: {error or type(error).__name__}",
        request=response.http_request,
    )


def add_words(failure: StreamFailure, words: str) -> StreamFailure:
    """Return a failure that says one thing more.

    Args:
        failure: What is told so far.
        words: A sentence, without its full stop.
    """
    failure.message = f"{failure.message.rstrip('.')}. {words}"
    failure.args = (failure.message,)
    return failure


def read_exhaustion(failure: StreamFailure) -> KimiStreamInterruptedError:
    """Return the exception for an answer that was resumed as often as is allowed.

    Args:
        failure: How the last attempt broke.
    """
    times = "once" if failure.resumes == 1 else f"{failure.resumes} times"
    exhausted = KimiStreamInterruptedError(
        message=f"{failure.message.rstrip('.')}. It was resumed {times}, as often as "
        "stream_resumes allows; partial_message has what arrived",
        request=failure.request,
    )
    exhausted.partial_message = failure.partial_message
    exhausted.attempts, exhausted.resumes = failure.attempts, failure.resumes
    for note in getattr(failure, "__notes__", ()):
        exhausted.add_note(note)
    return exhausted


def read_error_body(body: object, response: Response, *, model: str) -> StreamFailure:
    """Return the exception for an error that came with status 200.

    Args:
        body: The `error` object.
        response: The response that held it.
        model: The model id of the request.
    """
    message = str(as_object(body).get("message", body))
    http_response = cast("Any", response.http_response)
    error = openai.APIStatusError(message, response=http_response, body=body)
    return _read_status_error(error, model)


def read_unreadable(
    error: Exception, response: Response, expected: str = "chat completion"
) -> KimiResponseError:
    """Return the exception for an answer that is not what was asked for.

    Args:
        error: What the reader found.
        response: The response that was being read.
        expected: What was asked for.
    """
    return KimiResponseError(
        f"{response.url} answered {response.status_code} with something that is not a "
        f"{expected}: {error}",
        response.http_request,
        body=None,
    )
