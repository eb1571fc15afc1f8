"""Key, address and what else a connection needs: one reading for every class."""

import re
from typing import Any, Self, cast

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    field_serializer,
    field_validator,
    model_validator,
)

from langchain_kimi._client_settings import ClientSettings
from langchain_kimi._platforms import (
    DEFAULT,
    KEY_VARIABLES,
    PLATFORMS,
    Region,
    check_address,
    check_destination,
    read_address,
    read_key,
    restore_key,
)
from langchain_kimi._refusal import KimiSettingError
from langchain_kimi._secrets import (
    EnvironmentKey,
    SecretHeaders,
    open_headers,
    without_values,
)
from langchain_kimi._timeouts import Timeout, read_limits, read_timeout
from langchain_kimi._wire import JsonObject

_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~\w-]+", re.ASCII)


def _is_sendable(text: str) -> bool:
    """Tell whether a header can carry a text."""
    return text.isascii() and text.isprintable()


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
    MOONSHOT_CN_API_KEY comes first. One of the environment goes to Moonshot's hosts,
    to this machine and to the environment's own address, and to no other."""
    base_url: str = Field(default=cast("Any", None))
    """The API's address, with `/v1` and without a user name; else the region's; else
    MOONSHOT_API_BASE, MOONSHOT_BASE_URL or KIMI_BASE_URL; else the international
    platform's."""
    timeout: Timeout = Field(default=None, alias="request_timeout")
    """Seconds without a byte before giving up; None for 900, since a whole answer
    begins to arrive only when it is finished. Or `Timeouts`, or a dict of its keys."""
    max_retries: int = Field(default=2, ge=0)
    """How often a request is sent again after a rate limit, overload, 5xx or lost
    connection; never once a chunk of a stream was given out."""
    default_headers: dict[str, str] | None = Field(default=None, repr=False)
    """Headers of each request. Like the key, their values are in no dump or pickle."""
    redact_account_ids: bool = False
    """Whether errors leave out the ids of organization and key that the API names."""
    http_client: Any = Field(default=None, exclude=True)
    """An HTTP client of the openai SDK's kind, for proxies and certificates."""
    http_async_client: Any = Field(default=None, exclude=True)
    """The same for async calls; it must belong to the event loop that uses it."""

    @model_validator(mode="before")
    @classmethod
    def _default_to_environment(cls, given: JsonObject) -> JsonObject:
        """Take None for "not given", as other chat models do."""
        platform = PLATFORMS.get(str(given.get("region")))
        found: JsonObject = {}
        # Looked up only where it is needed: some build a model for each request.
        if given.get("api_key") is None:
            found["api_key"] = read_key(platform)
        if given.get("base_url") is None:
            found["base_url"] = read_address(platform)
        return {**given, **found}

    @field_validator("api_key")
    @classmethod
    def _clean_key(cls, key: SecretStr) -> SecretStr:
        """Strip what a file of secrets adds, and refuse what no header can carry."""
        text = key.get_secret_value().strip()
        if not _is_sendable(text) or " " in text:
            raise ValueError("The API key has a character that no key has")
        if isinstance(key, EnvironmentKey):
            return EnvironmentKey(text, key.variable, key.address)
        return SecretStr(text)

    @field_validator("base_url")
    @classmethod
    def _check_address(cls, url: str) -> str:
        check_address(url)
        return url

    @field_validator("timeout", mode="before")
    @classmethod
    def _read_timeout(cls, given: object) -> Timeout:
        return read_timeout(given)

    @field_validator("default_headers", mode="before")
    @classmethod
    def _open_headers(cls, headers: object) -> object:
        return open_headers(headers)

    @field_validator("default_headers")
    @classmethod
    def _check_headers(cls, headers: dict[str, str] | None) -> dict[str, str] | None:
        for name, value in (headers or {}).items():
            # The transport would refuse them too, with their values in its words.
            is_bare = value == value.strip()
            if not (_HEADER_NAME.fullmatch(name) and _is_sendable(value) and is_bare):
                raise ValueError(f"The value of {name!r} cannot be sent as a header")
        return None if headers is None else SecretHeaders(headers)

    @field_serializer("default_headers")
    def _hide_headers(
        self, headers: dict[str, str] | None
    ) -> dict[str, SecretStr] | None:
        """Dump the values as the key is dumped."""
        if headers is None:
            return None
        return {name: SecretStr(value) for name, value in headers.items()}

    @model_validator(mode="after")
    def _require_key(self) -> Self:
        if not self.api_key.get_secret_value():
            raise KimiSettingError(
                "No API key: give api_key=..., or set "
                f"{' or '.join(KEY_VARIABLES)}. Keys of the international platform "
                f"come from {DEFAULT.console}, of the Chinese one from "
                f"{PLATFORMS['china'].console}."
            )
        return self

    @model_validator(mode="after")
    def _check_target(self) -> Self:
        _check_target(self)
        return self

    def __getstate__(self) -> dict[Any, Any]:
        """Return what is pickled: no key, and of headers only the names."""
        state = super().__getstate__()
        hidden = {
            "api_key": SecretStr(""),
            "default_headers": without_values(self.default_headers),
        }
        return {**state, "__dict__": {**state["__dict__"], **hidden}}

    def __setstate__(self, state: dict[Any, Any]) -> None:
        """Take the key of the environment; without one the first call tells it."""
        super().__setstate__(state)
        cast("JsonObject", self.__dict__)["api_key"] = restore_key(self.base_url)


def _check_target(fields: ConnectionFields) -> None:
    """Refuse an address that is no good, is not the region's, or not the key's."""
    try:
        check_address(fields.base_url)
    except ValueError as error:
        raise KimiSettingError(f"base_url: {error}") from None
    if fields.region and fields.base_url != PLATFORMS[fields.region].address:
        raise KimiSettingError(
            f"region={fields.region!r} and base_url={fields.base_url!r} name two "
            "addresses. Give one of them."
        )
    check_destination(fields.api_key, fields.base_url)


def build_client_settings(fields: ConnectionFields) -> ClientSettings:
    """Return what clients need of an object's settings.

    Args:
        fields: A chat model, a toolkit, or the settings alone.

    Raises:
        KimiSettingError: If a region was assigned or copied in, which moves nothing,
            or an address that may not have the key.
    """
    _check_target(fields)
    return ClientSettings(
        api_key=fields.api_key,
        base_url=fields.base_url,
        limits=read_limits(fields.timeout),
        max_retries=fields.max_retries,
        default_headers=fields.default_headers,
        http_client=fields.http_client,
        http_async_client=fields.http_async_client,
        redact_account_ids=fields.redact_account_ids,
    )
