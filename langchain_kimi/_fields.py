"""ChatKimi's settings: pydantic fields, their environment variables and checks."""

from typing import Any, Literal

from langchain_core.language_models import BaseChatModel
from pydantic import BaseModel, Field, ValidationError, field_validator

from langchain_kimi._connection import ConnectionFields
from langchain_kimi._dialects import Dialect, DialectName, find_dialect
from langchain_kimi._inline import InlineUrls, check_hosts
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
    "prompt_cache_options",
    "safety_identifier",
    "stream_usage",
    "extra_body",
)


def _names(model: type[BaseModel]) -> list[str]:
    """Return the names that a field may be given by."""
    fields = model.model_fields.items()
    return [name for key, info in fields for name in {key, info.alias or key}]


class KimiFields(ConnectionFields, BaseChatModel):
    """The settings of ChatKimi, checked when it is built."""

    # Else that of the last base wins, which ignores unknown settings.
    model_config = ConnectionFields.model_config

    model_name: str = Field(default=DEFAULT_MODEL, alias="model")
    """The model id; `langchain_kimi.catalogue.MODELS` lists what is known of each."""

    dialect: Literal["auto", DialectName] = "auto"
    """Who serves the model: `moonshot`, `vllm`, `sglang`, `openrouter` or `litellm`.
    `auto` tells it by `base_url`, and takes what it does not know for `moonshot`."""

    thinking: bool | dict[str, Any] | None = None
    """Whether to think, where the model leaves the choice, or the API's object."""
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
    prompt_cache_options: dict[str, Any] | None = None
    """How the prompt cache is written (K3 family): {"mode": "implicit", "ttl": "1h"}.
    Only reported, of October 2026: it is sent as it is."""
    safety_identifier: str | None = None
    """A stable id of the end user, hashed, for abuse detection."""
    model_kwargs: dict[str, Any] = Field(default_factory=dict)
    """Further settings of the API, by the API's names."""
    extra_body: dict[str, Any] | None = None
    """Keys for the request's top level, sent as they are."""

    inline_urls: InlineUrls = False
    """Whether pictures and videos given by URL are fetched and sent as data: True from
    any host with a public address; a list names the only hosts to be asked, private
    ones too. Kimi itself fetches none."""
    streaming: bool = False
    """Whether `invoke` streams too; leave it alone to let LangChain decide."""
    stream_usage: bool = True
    """Whether a stream asks for the usage chunk."""
    stream_resumes: int = Field(default=0, ge=0)
    """How often a stream that breaks is continued in partial mode from where it broke,
    each time with the retries of a request; docs/resuming.md says what cannot be."""

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
            fault = read_validation_error(error, _names(type(self)))
        else:
            return
        # Not from within: the frames of both would show the key that was given.
        settings.clear()
        raise fault

    @field_validator("inline_urls", mode="before")
    @classmethod
    def _check_inline_urls(cls, inline_urls: object) -> object:
        check_hosts(inline_urls)
        return inline_urls

    @property
    def _dialect(self) -> Dialect:
        return find_dialect(self.dialect, self.base_url)

    @property
    def _default_params(self) -> JsonObject:
        """The settings of each request; a call's own come on top."""
        fields = {name: getattr(self, name) for name in _REQUEST_FIELDS}
        set_fields = {
            name: value for name, value in fields.items() if value is not None
        }
        return {"model": self.model_name, **set_fields, **self.model_kwargs}


SETTINGS = KimiFields.model_fields.keys() - BaseChatModel.model_fields.keys()
"""The fields that are not langchain-core's: they decide what a model can do."""
