"""Key, address and what else a connection needs: one reading for every class."""

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, Self, TypeAlias, cast
from urllib.parse import urlsplit

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    field_validator,
    model_validator,
)

from langchain_kimi._pool import ClientSettings
from langchain_kimi._refusal import KimiSettingError
from langchain_kimi._timeouts import Timeout, read_limits, read_timeout
from langchain_kimi._wire import JsonObject

Region: TypeAlias = Literal["global", "china"]
_KEY_VARIABLES = ["MOONSHOT_API_KEY", "KIMI_API_KEY"]
_BASE_VARIABLES = ["MOONSHOT_API_BASE", "MOONSHOT_BASE_URL", "KIMI_BASE_URL"]


@dataclass(frozen=True, slots=True)
class _Platform:
    """One of Moonshot's platforms: accounts and keys belong to one of them."""

    address: str
    key_variables: tuple[str, ...]
    console: str


_PLATFORMS: Mapping[str, _Platform] = {
    "global": _Platform(
        "https://api.moonshot.ai/v1", tuple(_KEY_VARIABLES), "platform.kimi.ai"
    ),
    "china": _Platform(
        "https://api.moonshot.cn/v1",
        ("MOONSHOT_CN_API_KEY", *_KEY_VARIABLES),
        "platform.kimi.com",
    ),
}
_DEFAULT = _PLATFORMS["global"]


def _read_key(platform: _Platform | None) -> SecretStr:
    """Return the API key of the environment, an empty one if there is none."""
    return SecretStr(_from_environment((platform or _DEFAULT).key_variables))


def _read_url(platform: _Platform | None) -> str:
    """Return the platform's address, else the environment's, else the default's."""
    if platform:
        return platform.address
    return _from_environment(_BASE_VARIABLES) or _DEFAULT.address


def _from_environment(names: Iterable[str]) -> str:
    """Return the first variable with something in it; an empty one is not set."""
    return next((value for name in names if (value := os.environ.get(name))), "")


def _is_sendable(text: str) -> bool:
    """Tell whether a header can carry a text."""
    return text.isascii() and text.isprintable()


def _has_host(url: str) -> bool:
    """Tell whether a URL names a host, with a port that is a number if with any."""
    try:
        parts = urlsplit(url)
        return bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        return False


class ConnectionFields(BaseModel):
    """The settings of whatever opens a connection."""

    # pydantic would print what it was given, the key among it. The validators of a
    # class are built with its first object: of most classes there is never one.
    model_config = ConfigDict(
        populate_by_name=True,
        extra="forbid",
        hide_input_in_errors=True,
        defer_build=True,
    )

    region: Region | None = None
    """The platform to which key and account belong, `global` (api.moonshot.ai) or
    `china` (api.moonshot.cn): a short way to say `base_url`."""
    api_key: SecretStr = Field(default=cast("Any", None))
    """The API key; else MOONSHOT_API_KEY, then KIMI_API_KEY; with `region="china"`
    MOONSHOT_CN_API_KEY comes first."""
    base_url: str = Field(default=cast("Any", None))
    """The API's address, with `/v1`; else the region's; else MOONSHOT_API_BASE,
    MOONSHOT_BASE_URL or KIMI_BASE_URL; else the international platform's."""
    timeout: Timeout = Field(default=None, alias="request_timeout")
    """Seconds without a byte before giving up; None for 900, since a whole answer
    begins to arrive only when it is finished. Or `Timeouts`, or a dict of its keys."""
    max_retries: int = Field(default=2, ge=0)
    """How often a request is sent again after a rate limit, overload, 5xx or lost
    connection; never once a chunk of a stream was given out."""
    default_headers: dict[str, str] | None = Field(default=None, repr=False)
    """Headers of each request."""
    http_client: Any = Field(default=None, exclude=True)
    """An HTTP client of the openai SDK's kind, for proxies and certificates."""
    http_async_client: Any = Field(default=None, exclude=True)
    """The same for async calls; it must belong to the event loop that uses it."""

    @model_validator(mode="before")
    @classmethod
    def _default_to_environment(cls, given: JsonObject) -> JsonObject:
        """Take None for "not given", as other chat models do."""
        platform = _PLATFORMS.get(str(given.get("region")))
        defaults = {"api_key": _read_key(platform), "base_url": _read_url(platform)}
        return {**given, **{k: v for k, v in defaults.items() if given.get(k) is None}}

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
        if not (url.startswith(("http://", "https://")) and _has_host(url)):
            raise ValueError(f"Give an address such as {_DEFAULT.address}")
        return url

    @field_validator("timeout", mode="before")
    @classmethod
    def _read_timeout(cls, given: object) -> Timeout:
        return read_timeout(given)

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
                f"{' or '.join(_KEY_VARIABLES)}. Keys of the international platform "
                f"come from {_DEFAULT.console}, of the Chinese one from "
                f"{_PLATFORMS['china'].console}."
            )
        return self

    @model_validator(mode="after")
    def _refuse_two_addresses(self) -> Self:
        _check_region(self.region, self.base_url)
        return self


def _check_region(region: Region | None, base_url: str) -> None:
    """Refuse a region that is not at the address."""
    if region and base_url != _PLATFORMS[region].address:
        raise KimiSettingError(
            f"region={region!r} and base_url={base_url!r} name two "
            "addresses. Give one of them."
        )


def key_variable(region: Region | None) -> str:
    """Return the first variable in which a region's key is looked for.

    Args:
        region: The platform, None for the international one.
    """
    return _PLATFORMS[region or "global"].key_variables[0]


def build_client_settings(fields: ConnectionFields) -> ClientSettings:
    """Return what clients need of an object's settings.

    Args:
        fields: A chat model, a toolkit, or the settings alone.

    Raises:
        KimiSettingError: If a region was assigned or copied in, which moves nothing.
    """
    _check_region(fields.region, fields.base_url)
    return ClientSettings(
        api_key=fields.api_key.get_secret_value(),
        base_url=fields.base_url,
        limits=read_limits(fields.timeout),
        max_retries=fields.max_retries,
        default_headers=fields.default_headers,
        http_client=fields.http_client,
        http_async_client=fields.http_async_client,
    )
