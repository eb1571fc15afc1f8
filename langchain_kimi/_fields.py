"""ChatKimi's settings: pydantic fields, their environment variables and checks."""

from typing import Any, Self

from langchain_core.language_models import BaseChatModel
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)

from langchain_kimi._connection import (
    clean_key,
    is_sendable,
    read_base_url,
    read_key,
    require_key,
)
from langchain_kimi._refusal import read_validation_error
from langchain_kimi._wire import JsonObject
from langchain_kimi.catalogue import DEFAULT_MODEL

# Fields whose value is a setting of each request, under the same name.
_REQUEST_FIELDS = (
    "temperature",
    "top_p",
    "max_tokens",
    "stop",
    "thinking",
    "reasoning_effort",
    "prompt_cache_key",
    "safety_identifier",
    "stream_usage",
    "extra_body",
)


def _names(model: type[BaseModel]) -> list[str]:
    """Return the names that a field may be given by."""
    fields = model.model_fields.items()
    return [name for key, info in fields for name in {key, info.alias or key}]


class KimiFields(BaseChatModel):
    """The settings of ChatKimi, checked when it is built."""

    # pydantic would print what it was given, the key among it.
    model_config = ConfigDict(
        populate_by_name=True, extra="forbid", hide_input_in_errors=True
    )

    model_name: str = Field(default=DEFAULT_MODEL, alias="model")
    """The model id; `langchain_kimi.catalogue.MODELS` lists what is known of each."""
    api_key: SecretStr = Field(default_factory=read_key)
    """The API key; else MOONSHOT_API_KEY, then KIMI_API_KEY."""
    base_url: str = Field(default_factory=read_base_url)
    """The API's address, with `/v1`; else MOONSHOT_API_BASE, MOONSHOT_BASE_URL or
    KIMI_BASE_URL; else the international platform's. Keys belong to one region."""

    thinking: bool | dict[str, Any] | None = None
    """Whether to think (only kimi-k2.6 can be switched off), or the API's object."""
    reasoning_effort: str | None = None
    """How hard the K3 family thinks: low, high or max (the API's default)."""
    temperature: float | None = None
    """Sampling temperature. Hosted models fix it: another value is not sent."""
    top_p: float | None = None
    """Nucleus sampling. Hosted models fix it: another value is not sent."""
    max_tokens: int | None = Field(default=None, alias="max_completion_tokens")
    """The cap on output tokens, reasoning included; it cuts the reasoning first."""
    stop: str | list[str] | None = Field(default=None, alias="stop_sequences")
    """Up to 5 texts of at most 32 bytes that end the answer."""
    prompt_cache_key: str | None = None
    """The session or task id whose requests share a prompt cache."""
    safety_identifier: str | None = None
    """A stable id of the end user, hashed, for abuse detection."""
    model_kwargs: dict[str, Any] = Field(default_factory=dict)
    """Further settings of the API, by the API's names."""
    extra_body: dict[str, Any] | None = None
    """Keys for the request's top level, sent as they are."""

    streaming: bool = False
    """Whether `invoke` streams too; leave it alone to let LangChain decide."""
    stream_usage: bool = True
    """Whether a stream asks for the usage chunk."""
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

    def __init__(self, **settings: Any) -> None:
        """Check the settings; nothing is opened or imported before the first call.

        Args:
            **settings: The fields below, by name or alias.

        Raises:
            KimiSettingError: For an unknown setting, a wrong type, or a missing key.
        """
        try:
            super().__init__(**settings)
        except ValidationError as error:
            raise read_validation_error(error, _names(type(self))) from None

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
        return clean_key(key)

    @field_validator("default_headers")
    @classmethod
    def _check_headers(cls, headers: dict[str, str] | None) -> dict[str, str] | None:
        for name, value in (headers or {}).items():
            if not (is_sendable(name) and is_sendable(value)):
                raise ValueError(f"The value of {name!r} cannot be sent as a header")
        return headers

    @model_validator(mode="after")
    def _require_key(self) -> Self:
        require_key(self.api_key)
        return self

    @property
    def _default_params(self) -> JsonObject:
        """The settings of each request; a call's own come on top."""
        fields = {name: getattr(self, name) for name in _REQUEST_FIELDS}
        set_fields = {
            name: value for name, value in fields.items() if value is not None
        }
        return {"model": self.model_name, **set_fields, **self.model_kwargs}
