"""The exceptions; each is both openai's and LangChain's.

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
    KimiBatchError              ModelError: a batch that failed, or is not done
    KimiBatchRequestError       ModelError: one request of a batch failed

The last four are retryable too: nothing says that the same request would fail again.
An error that ended a stream has the answer so far in `partial_message`.
"""

from typing import TYPE_CHECKING, Any, TypeAlias

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
from langchain_kimi._timeouts import LimitName

if TYPE_CHECKING:
    from langchain_core.messages import AIMessage

__all__ = [
    "KimiAuthenticationError",
    "KimiBatchError",
    "KimiBatchRequestError",
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


class _Portable(Exception):
    """Can be pickled and copied, as worker pools do; a copy has no HTTP response."""

    attempts: int = 1
    """How often the request was sent."""
    partial_message: "AIMessage | None" = None
    """What had arrived of a stream: reasoning, text, ids, model, and usage if any was
    told. Calls that are not whole are its `invalid_tool_calls`. None outside of a
    stream, and where nothing had arrived."""
    resumes: int = 0
    """How often the stream had been resumed."""

    def __reduce__(self) -> tuple[Any, ...]:
        kept = {k: v for k, v in vars(self).items() if k not in _HTTP}
        return _rebuild, (type(self), self.args, kept)


_HTTP = ("request", "response")


def _rebuild(
    kind: type[Exception], args: tuple[Any, ...], kept: dict[str, Any]
) -> Exception:
    error = kind.__new__(kind, *args)
    error.__dict__.update(kept)
    return error


class KimiStatusError(_Portable, openai.APIStatusError, ModelError):
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


class KimiConnectionError(_Portable, openai.APIConnectionError, ModelConnectionError):
    """The API could not be reached, or the connection broke."""


class KimiStreamInterruptedError(KimiConnectionError):
    """The stream ended without `[DONE]`: what arrived is not the whole answer.

    Attributes:
        partial_message: What had arrived, None if nothing had.
        resumes: How often it had been resumed (`stream_resumes`).
    """


class KimiTimeoutError(_Portable, openai.APITimeoutError, ModelTimeoutError):
    """The API did not answer in time.

    Attributes:
        limit: Which of the limits of `Timeouts` ran out: `connect`, `first_byte`,
            `gap` or `total`.
        seconds: How long that limit is.
    """

    def __init__(
        self, message: str, *, request: Any, limit: LimitName, seconds: float
    ) -> None:
        """Tell what ran out.

        Args:
            message: The words.
            request: The HTTP request of the SDK's transport.
            limit: The name of the limit.
            seconds: How long it is.
        """
        super().__init__(request)
        self.args, self.message = (message,), message
        self.limit, self.seconds = limit, seconds


class KimiResponseError(_Portable, openai.APIError, ModelAPIError):
    """The API answered 200 with something that is not a chat completion."""


_Class: TypeAlias = type[KimiStatusError]


class KimiBatchError(ModelError):
    """A batch has no results: it failed, or is not done."""


class KimiBatchRequestError(ModelError):
    """One request of a batch failed; no HTTP response came with it.

    Attributes:
        custom_id: The id that the request was submitted under.
        status_code: The HTTP status of the request, 0 if it was never made.
        type: The API's `error.type`.
        counterpart: The class that the same answer raises outside of a batch, such as
            `KimiContextOverflowError`: `issubclass(error.counterpart, ...)` tells.
    """

    def __init__(
        self,
        message: str,
        *,
        custom_id: str = "",
        status_code: int = 0,
        type: str = "",
        counterpart: "_Class" = KimiStatusError,
    ) -> None:
        """Tell what failed.

        Args:
            message: The words.
            custom_id: The id of the request.
            status_code: The HTTP status of the request.
            type: The API's `error.type`.
            counterpart: The class of the same answer outside of a batch.
        """
        super().__init__(message)
        self.custom_id = custom_id
        self.status_code = status_code
        self.type = type
        self.counterpart = counterpart
        self.is_retryable = counterpart.is_retryable
