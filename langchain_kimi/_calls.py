"""A request to an endpoint, and its answer -> what a reader makes of it."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, TypeVar

from langchain_kimi._client_settings import ClientSettings
from langchain_kimi._json import is_object
from langchain_kimi._timeouts import Limits
from langchain_kimi._upload import Upload
from langchain_kimi._wire import JsonObject

if TYPE_CHECKING:
    import openai

    from langchain_kimi._failures import Response

_Read = TypeVar("_Read")


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One request to an endpoint, which can be sent more than once."""

    method: Literal["get", "post", "delete"]
    path: str
    content: bytes | None = None
    """The body, as JSON."""
    query: Mapping[str, str | int] = field(default_factory=dict[str, str | int])
    upload: Upload | None = None
    """The file of a form; such a call has no other body."""
    model: str = ""
    """The model id, for the hints of errors; "" where there is none."""
    expected: str = "chat completion"
    """What the answer should be, for the errors."""
    repeatable: bool = True
    """Whether to send it again when no answer came, though it may have arrived."""
    limits: Limits | None = None
    """How long it may take, in place of what the settings say."""

    @property
    def size(self) -> int:
        """The bytes that are sent."""
        return self.upload.size if self.upload else len(self.content or b"")


@dataclass(frozen=True, slots=True)
class Answer:
    """A good response, whole."""

    call: Call
    response: "Response"
    body: bytes = field(repr=False)
    settings: ClientSettings

    @property
    def request_id(self) -> str | None:
        """The `Msh-Request-Id` header."""
        return read_request_id(self.response)

    def read(self, reader: Callable[[JsonObject], _Read]) -> _Read:
        """Return what a reader makes of the decoded body.

        Args:
            reader: Raises ValueError, TypeError, AttributeError, KeyError or
                OverflowError for a body that is not what was expected.

        Raises:
            openai.APIError: If the body is an error, or cannot be read.
        """
        from langchain_kimi._failures import read_error_body

        decoded = self.decode()
        error_body = decoded.get("error")
        if error_body:
            told = read_error_body(error_body, self.response, model=self.call.model)
            raise self.settings.redact(told)
        try:
            return reader(decoded)
        except (
            ValueError,
            TypeError,
            AttributeError,
            KeyError,
            RecursionError,
            # int() of a number beyond a float's, which JSON may write: 1e999.
            OverflowError,
        ) as error:
            raise self.refuse(error) from error

    def decode(self) -> JsonObject:
        """Return the body, whatever it says.

        Raises:
            openai.APIError: If it is no JSON object.
        """
        try:
            decoded = json.loads(self.body)
        except (ValueError, RecursionError) as error:
            raise self.refuse(error) from error
        if is_object(decoded):
            return decoded
        raise self.refuse(TypeError(f"it is a {type(decoded).__name__}"))

    def refuse(self, fault: Exception) -> "openai.APIError":
        """Return the exception for an answer that is not what was expected.

        Args:
            fault: What is wrong with it.
        """
        from langchain_kimi._failures import read_unreadable

        self.settings.redact(fault)
        told = read_unreadable(fault, self.response, self.call.expected)
        return self.settings.redact(told)


def read_request_id(response: "Response") -> str | None:
    """Return the `Msh-Request-Id` header of a response."""
    return response.headers.get("msh-request-id")
