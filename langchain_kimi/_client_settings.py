"""What is needed to reach an API; its secrets are in no text, pickle or error of it."""

from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from pydantic import SecretStr

from langchain_kimi._platforms import restore_key
from langchain_kimi._redaction import redact
from langchain_kimi._secrets import without_values
from langchain_kimi._timeouts import Limits

_Error = TypeVar("_Error", bound=BaseException)


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientSettings:
    """What is needed to reach an API."""

    api_key: SecretStr
    base_url: str
    limits: Limits = field(default_factory=Limits)
    """How long a call and its parts may take."""
    max_retries: int = 2
    default_headers: dict[str, str] | None = field(default=None, repr=False)
    http_client: Any = None
    http_async_client: Any = None
    reasoning_field: str = "reasoning_content"
    """The key under which the server reads the reasoning of earlier answers."""
    redact_account_ids: bool = False
    """Whether errors leave out the ids of organization and key."""

    def redact(self, error: _Error) -> _Error:
        """Return an error without the key and the headers' values in its words.

        Args:
            error: The error; it is changed.
        """
        headers = self.default_headers or {}
        secrets = (self.api_key.get_secret_value(), *headers.values())
        return redact(error, secrets, account_ids=self.redact_account_ids)

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle without the key, and with the headers' names only."""
        left = {name: getattr(self, name) for name in type(self).__slots__}
        left["api_key"] = SecretStr("")
        left["default_headers"] = without_values(self.default_headers)
        return _restore, (left,)


def _restore(left: dict[str, Any]) -> ClientSettings:
    """Return what was pickled, with the environment's key."""
    settings = ClientSettings(**left)
    return replace(settings, api_key=restore_key(settings.base_url))
