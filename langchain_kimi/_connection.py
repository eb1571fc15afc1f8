"""Key, address and what else a connection needs: one reading for every class."""

import os
from collections.abc import Iterable
from typing import Any, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    ValidationInfo,
    field_validator,
    model_validator,
)

from langchain_kimi._client import ClientSettings
from langchain_kimi._refusal import KimiSettingError

_INTERNATIONAL_PLATFORM = "https://api.moonshot.ai/v1"
KEY_VARIABLES = ["MOONSHOT_API_KEY", "KIMI_API_KEY"]
_BASE_VARIABLES = ["MOONSHOT_API_BASE", "MOONSHOT_BASE_URL", "KIMI_BASE_URL"]


def _read_key() -> SecretStr:
    """Return the API key of the environment, an empty one if there is none."""
    return SecretStr(_from_environment(KEY_VARIABLES))


def _read_base_url() -> str:
    """Return the API's address from the environment, else the international one."""
    return _from_environment(_BASE_VARIABLES) or _INTERNATIONAL_PLATFORM


def _from_environment(names: Iterable[str]) -> str:
    """Return the first variable with something in it; an empty one is not set."""
    return next((value for name in names if (value := os.environ.get(name))), "")


def _is_sendable(text: str) -> bool:
    """Tell whether a header can carry a text."""
    return text.isascii() and text.isprintable()


class ConnectionFields(BaseModel):
    """The settings of whatever opens a connection."""

    # pydantic would print what it was given, the key among it.
    model_config = ConfigDict(
        populate_by_name=True, extra="forbid", hide_input_in_errors=True
    )

    api_key: SecretStr = Field(default_factory=_read_key, validate_default=True)
    """The API key; else MOONSHOT_API_KEY, then KIMI_API_KEY."""
    base_url: str = Field(default_factory=_read_base_url, validate_default=True)
    """The API's address, with `/v1`; else MOONSHOT_API_BASE, MOONSHOT_BASE_URL or
    KIMI_BASE_URL; else the international platform's. Keys belong to one region."""
    timeout: float | None = Field(default=None, alias="request_timeout", gt=0)
    """Seconds without a byte before giving up; None for 900, since a whole answer
    begins to arrive only when it is finished."""
    max_retries: int = Field(default=2, ge=0)
    """How often a request is sent again after a rate limit, overload, 5xx or lost
    connection; never once a stream has begun."""
    default_headers: dict[str, str] | None = Field(default=None, repr=False)
    """Headers of each request."""
    http_client: Any = Field(default=None, exclude=True)
    """An HTTP client of the openai SDK's kind, for proxies and certificates."""
    http_async_client: Any = Field(default=None, exclude=True)
    """The same for async calls; it must belong to the event loop that uses it."""

    @field_validator("api_key", "base_url", mode="before")
    @classmethod
    def _default_to_environment(cls, value: object, info: ValidationInfo) -> object:
        """Take None for "not given", as other chat models do."""
        if value is not None:
            return value
        return cls.model_fields[str(info.field_name)].get_default(
            call_default_factory=True
        )

    @field_validator("api_key")
    @classmethod
    def _clean_key(cls, key: SecretStr) -> SecretStr:
        """Strip what a file of secrets adds, and refuse what no header can carry."""
        text = key.get_secret_value().strip()
        if not _is_sendable(text) or " " in text:
            raise ValueError("The API key has a character that no key has")
        return SecretStr(text)

    @field_validator("base_url")
    @classmethod
    def _check_address(cls, url: str) -> str:
        if not url.startswith(("http://", "https://")):
            raise ValueError(f"Give an address such as {_INTERNATIONAL_PLATFORM}")
        return url

    @field_validator("default_headers")
    @classmethod
    def _check_headers(cls, headers: dict[str, str] | None) -> dict[str, str] | None:
        for name, value in (headers or {}).items():
            if not (_is_sendable(name) and _is_sendable(value)):
                raise ValueError(f"The value of {name!r} cannot be sent as a header")
        return headers

    @model_validator(mode="after")
    def _require_key(self) -> Self:
        if not self.api_key.get_secret_value():
            raise KimiSettingError(
                "No API key: give api_key=..., or set "
                f"{' or '.join(KEY_VARIABLES)}. Keys of the international platform "
                "come from platform.kimi.ai, of the Chinese one from platform.kimi.com."
            )
        return self


def build_client_settings(fields: ConnectionFields) -> ClientSettings:
    """Return what clients need of an object's settings.

    Args:
        fields: A chat model, a toolkit, or the settings alone.
    """
    return ClientSettings(
        api_key=fields.api_key.get_secret_value(),
        base_url=fields.base_url,
        timeout=fields.timeout,
        max_retries=fields.max_retries,
        default_headers=fields.default_headers,
        http_client=fields.http_client,
        http_async_client=fields.http_async_client,
    )
