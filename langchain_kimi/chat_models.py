"""ChatKimi: fields, validators and LangChain's hooks; each delegates to its stage."""

import difflib
import json
import warnings
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from typing import Any, Self, cast

from langchain_core.callbacks import (
    AsyncCallbackManagerForLLMRun,
    CallbackManagerForLLMRun,
)
from langchain_core.language_models import LanguageModelInput, ModelProfile
from langchain_core.language_models.chat_models import BaseChatModel, LangSmithParams
from langchain_core.messages import (
    AIMessage,
    BaseMessage,
    HumanMessage,
    SystemMessage,
)
from langchain_core.outputs import ChatGenerationChunk, ChatResult
from langchain_core.runnables import Runnable
from langchain_core.utils import from_env, secret_from_env
from pydantic import (
    ConfigDict,
    Field,
    PrivateAttr,
    SecretStr,
    ValidationError,
    model_validator,
)

from langchain_kimi import _content_blocks
from langchain_kimi._client import Clients, ClientSettings
from langchain_kimi._profiles import build_profile
from langchain_kimi._refusal import KimiSettingError, read_validation_error
from langchain_kimi._request import build_request
from langchain_kimi._structured import Method, build_structured
from langchain_kimi._tools import Tool, build_tools
from langchain_kimi._wire import PROVIDER, ChatRequest, JsonObject
from langchain_kimi.catalogue import DEFAULT_MODEL, find_model

_content_blocks.register()

INTERNATIONAL_HOST = "https://api.moonshot.ai/v1"
_KEY_VARIABLES = ["MOONSHOT_API_KEY", "KIMI_API_KEY"]
_BASE_VARIABLES = ["MOONSHOT_API_BASE", "MOONSHOT_BASE_URL", "KIMI_BASE_URL"]
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


class ChatKimi(BaseChatModel):
    """A Kimi model of Moonshot AI.

    Nothing is sent that is not set here, in `bind` or in the call; a setting that the
    model would refuse is refused before anything is sent. Reasoning stands in
    `additional_kwargs["reasoning_content"]` and in the `reasoning` content blocks of
    each answer, and goes back to Kimi with the conversation.

    Example:
        ```python
        from langchain_kimi import ChatKimi

        model = ChatKimi(model="kimi-k3", reasoning_effort="low")
        answer = model.invoke("How many r are in strawberry?")
        print(answer.additional_kwargs["reasoning_content"], answer.text)
        ```
    """

    model_config = ConfigDict(populate_by_name=True)

    model_name: str = Field(default=DEFAULT_MODEL, alias="model")
    """The model id; `langchain_kimi.catalogue.MODELS` lists what is known of each."""
    api_key: SecretStr = Field(
        default_factory=secret_from_env(_KEY_VARIABLES, default="")
    )
    """The API key; else MOONSHOT_API_KEY, then KIMI_API_KEY."""
    base_url: str = Field(
        default_factory=from_env(_BASE_VARIABLES, default=INTERNATIONAL_HOST)
    )
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
    default_headers: dict[str, str] | None = None
    """Headers of each request."""
    http_client: Any = Field(default=None, exclude=True)
    """An HTTP client of the openai SDK's kind, for proxies and certificates."""
    http_async_client: Any = Field(default=None, exclude=True)
    """The same for async calls; it must belong to the event loop that uses it."""

    _clients: Clients | None = PrivateAttr(default=None)
    _told: set[str] = PrivateAttr(default_factory=set)

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
            raise read_validation_error(error) from None

    @model_validator(mode="before")
    @classmethod
    def _refuse_unknown(cls, values: Any) -> Any:
        """Refuse a misspelt setting, which pydantic would drop in silence."""
        known = {
            name: None
            for key, info in cls.model_fields.items()
            for name in (key, info.alias or key)
        }
        for name in values if isinstance(values, dict) else ():
            if name not in known:
                near = difflib.get_close_matches(str(name), known, 1)
                hint = f" Did you mean {near[0]!r}?" if near else ""
                raise KimiSettingError(
                    f"ChatKimi has no setting {name!r}.{hint} Give other settings of "
                    "the API in model_kwargs."
                )
        return values

    @model_validator(mode="after")
    def _require_key(self) -> Self:
        if not self.api_key.get_secret_value():
            raise KimiSettingError(
                "No API key: give api_key=..., or set "
                f"{' or '.join(_KEY_VARIABLES)}. Keys of the international platform "
                "come from platform.kimi.ai, of the Chinese one from platform.kimi.com."
            )
        return self

    def _request(
        self,
        messages: Sequence[BaseMessage],
        stop: list[str] | None,
        settings: Mapping[str, Any],
        *,
        stream: bool,
    ) -> ChatRequest:
        given = {name: value for name, value in settings.items() if value is not None}
        if stop is not None:
            given["stop"] = stop
        return build_request(
            messages,
            {**self._default_params, **given},
            stream=stream,
            notify=self._notify,
        )

    @property
    def _default_params(self) -> JsonObject:
        """The settings of each request; a call's own come on top."""
        fields = {name: getattr(self, name) for name in _REQUEST_FIELDS}
        set_fields = {
            name: value for name, value in fields.items() if value is not None
        }
        return {"model": self.model_name, **set_fields, **self.model_kwargs}

    def _notify(self, message: str) -> None:
        """Warn of something that was not sent, once for each instance."""
        if message not in self._told:
            self._told.add(message)
            warnings.warn(message, UserWarning, stacklevel=2)

    def _open_clients(self) -> Clients:
        settings = ClientSettings(
            api_key=self.api_key.get_secret_value(),
            base_url=self.base_url,
            timeout=self.timeout,
            max_retries=self.max_retries,
            default_headers=self.default_headers,
            http_client=self.http_client,
            http_async_client=self.http_async_client,
        )
        if self._clients is None or self._clients.settings != settings:
            self._clients = Clients(settings)
        return self._clients

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        request = self._request(messages, stop, kwargs, stream=False)
        return self._open_clients().complete(request)

    async def _agenerate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        request = self._request(messages, stop, kwargs, stream=False)
        return await self._open_clients().acomplete(request)

    def _stream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> Iterator[ChatGenerationChunk]:
        request = self._request(messages, stop, kwargs, stream=True)
        return self._open_clients().stream(request)

    async def _astream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> AsyncIterator[ChatGenerationChunk]:
        request = self._request(messages, stop, kwargs, stream=True)
        async for chunk in self._open_clients().astream(request):
            yield chunk

    def bind_tools(
        self,
        tools: Sequence[Tool],
        *,
        tool_choice: str | dict[str, Any] | bool | None = None,
        strict: bool | None = None,
        **kwargs: Any,
    ) -> Runnable[LanguageModelInput, AIMessage]:
        """Return the model with tools.

        Args:
            tools: Functions, pydantic or TypedDict classes, BaseTools or dicts.
            tool_choice: `auto`, `none`, `any` or `required`, or a tool's name or dict.
                A model that takes `required` but no name is given only that tool; a
                model that thinks and takes neither refuses it when it is called.
            strict: Whether arguments must follow the schema; the API's default is true.
            **kwargs: Further settings of each call, such as `response_format`.

        Raises:
            KimiSettingError: For something that is not a tool.
        """
        choice = {} if tool_choice is None else {"tool_choice": tool_choice}
        bound = {"tools": build_tools(tools, strict=strict), **choice, **kwargs}
        return cast("Runnable[LanguageModelInput, AIMessage]", self.bind(**bound))

    def with_structured_output(
        self,
        schema: dict[str, Any] | type | None = None,
        *,
        method: Method = "json_schema",
        include_raw: bool = False,
        strict: bool | None = None,
        **kwargs: Any,
    ) -> Runnable[LanguageModelInput, Any]:
        """Return the model as one that answers with instances of a schema.

        Args:
            schema: A pydantic class (v2 or v1), a TypedDict class, or a JSON Schema.
            method: `json_schema` works with every current model, thinking or not;
                `function_calling` forces a tool call; `json_mode` asks for JSON, which
                the prompt must describe.
            include_raw: Whether to return `{"raw", "parsed", "parsing_error"}` instead
                of raising on an answer that does not parse.
            strict: Whether the output must follow the schema; the default is true.
            **kwargs: Further settings of each call.

        Raises:
            KimiSettingError: For an unknown method, or something that is not a schema.
        """
        return build_structured(
            self,
            schema,
            method=method,
            include_raw=include_raw,
            strict=strict,
            settings=kwargs,
        )

    def get_num_tokens_from_messages(
        self,
        messages: Sequence[BaseMessage],
        tools: Sequence[Tool] | None = None,
    ) -> int:
        """Count a prompt's tokens with the API's estimate endpoint, which is free.

        Args:
            messages: The conversation.
            tools: Not counted by the endpoint; their JSON is counted as a message.

        Raises:
            openai.APIError: If the server cannot be reached or has no such endpoint.
        """
        counted = list(messages)
        if tools:
            counted.append(SystemMessage(json.dumps(build_tools(tools))))
        request = self._request(counted, None, {}, stream=False)
        return self._open_clients().estimate_tokens(request)

    def get_num_tokens(self, text: str) -> int:
        """Count the tokens of a prompt with one message, by the API's estimate.

        Args:
            text: The message.
        """
        return self.get_num_tokens_from_messages([HumanMessage(text)])

    def close(self) -> None:
        """Close the connections of sync calls; a later call opens new ones."""
        if self._clients:
            self._clients.close()

    async def aclose(self) -> None:
        """Close the connections that async calls opened in the running event loop."""
        if self._clients:
            await self._clients.aclose()

    def model_copy(
        self, *, update: Mapping[str, Any] | None = None, deep: bool = False
    ) -> Self:
        """Return a copy; with another model also its profile and identity are new.

        Args:
            update: Fields to change, by their names (`model_name`).
            deep: Whether to copy the fields' values too.
        """
        copied = super().model_copy(update=update, deep=deep)
        # A cached_property, which pydantic copies with the old model in it.
        copied.__dict__.pop("_serialized", None)
        if update and "model_name" in update and "profile" not in update:
            copied.profile = copied._resolve_model_profile()
        return copied

    def _resolve_model_profile(self) -> ModelProfile | None:
        model = find_model(self.model_name)
        return build_profile(model) if model else None

    @property
    def _llm_type(self) -> str:
        return "moonshot-chat"

    @property
    def _identifying_params(self) -> dict[str, Any]:
        return {"base_url": self.base_url, **self._default_params}

    def _get_ls_params(
        self, stop: list[str] | None = None, **kwargs: Any
    ) -> LangSmithParams:
        settings = {**self._default_params, **kwargs}
        params = LangSmithParams(
            ls_provider=PROVIDER, ls_model_name=settings["model"], ls_model_type="chat"
        )
        if settings.get("temperature") is not None:
            params["ls_temperature"] = settings["temperature"]
        cap = settings.get("max_completion_tokens", settings.get("max_tokens"))
        if cap is not None:
            params["ls_max_tokens"] = cap
        words = settings.get("stop") if stop is None else stop
        if words:
            params["ls_stop"] = [words] if isinstance(words, str) else words
        return params

    def _combine_llm_outputs(
        self, llm_outputs: list[dict[str, Any] | None], /
    ) -> dict[str, Any]:
        told = [output for output in llm_outputs if output]
        usages = [output["token_usage"] for output in told if output.get("token_usage")]
        counts = ("prompt_tokens", "completion_tokens", "total_tokens")
        total = {key: sum(usage.get(key) or 0 for usage in usages) for key in counts}
        return {"token_usage": total, "model_name": self.model_name}

    @classmethod
    def is_lc_serializable(cls) -> bool:
        """Tell langchain-core that dumps of this model can be loaded."""
        return True

    @classmethod
    def get_lc_namespace(cls) -> list[str]:
        """Return where dumps of this model are loaded from."""
        return ["langchain_kimi", "chat_models"]

    @property
    def lc_secrets(self) -> dict[str, str]:
        """The fields that a dump replaces by the name of an environment variable."""
        return {"api_key": _KEY_VARIABLES[0]}
