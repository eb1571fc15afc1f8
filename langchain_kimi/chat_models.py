"""ChatKimi: fields, validators and LangChain's hooks; each delegates to its stage."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict
from functools import partial
from typing import Any, Self, cast

from langchain_core.callbacks import (
    AsyncCallbackManagerForLLMRun,
    CallbackManagerForLLMRun,
)
from langchain_core.language_models import (
    LangSmithParams,
    LanguageModelInput,
    ModelProfile,
)
from langchain_core.messages import AIMessage, BaseMessage
from langchain_core.outputs import ChatGenerationChunk, ChatResult
from langchain_core.runnables import Runnable
from pydantic import SecretStr

from langchain_kimi import _content_blocks
from langchain_kimi._account import KimiAccount
from langchain_kimi._fields import SETTINGS
from langchain_kimi._platforms import key_variable
from langchain_kimi._profiles import build_profile
from langchain_kimi._refusal import KimiSettingError
from langchain_kimi._request import build_request
from langchain_kimi._settings import build_settings
from langchain_kimi._structured import Method, build_structured
from langchain_kimi._timeouts import Limits, Timeouts, read_limits
from langchain_kimi._tools import Tool, build_tools
from langchain_kimi._tracing import build_tracing, sum_outputs
from langchain_kimi._wire import ChatRequest, JsonObject

_content_blocks.register()


class ChatKimi(KimiAccount):
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

    def _request(
        self,
        messages: Sequence[BaseMessage],
        stop: list[str] | None,
        settings: Mapping[str, Any],
        *,
        stream: bool,
    ) -> ChatRequest:
        return build_request(
            messages,
            self._with_defaults(stop, settings),
            stream=stream,
            dialect=self._dialect,
            notify=self._notify,
            inline_urls=self.inline_urls,
        )

    async def _arequest(self, *given: Any, stream: bool) -> ChatRequest:
        """Do what `_request` does; in a thread where it may fetch media."""
        if self.inline_urls:
            return await asyncio.to_thread(self._request, *given, stream=stream)
        return self._request(*given, stream=stream)

    def _with_defaults(
        self, stop: list[str] | None, settings: Mapping[str, Any]
    ) -> JsonObject:
        """Return the settings of a call, on top of the model's own; None sets none."""
        given = {name: value for name, value in settings.items() if value is not None}
        given.pop("timeout", None)
        stops = {} if stop is None else {"stop": stop}
        return {**self._default_params, **given, **stops}

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        request = self._request(messages, stop, kwargs, stream=False)
        return self._open_clients().complete(request, _limits(kwargs))

    async def _agenerate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        request = await self._arequest(messages, stop, kwargs, stream=False)
        return await self._open_clients().acomplete(request, _limits(kwargs))

    def _stream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> Iterator[ChatGenerationChunk]:
        request = self._request(messages, stop, kwargs, stream=True)
        clients, limits = self._open_clients(), _limits(kwargs)
        return clients.stream(request, limits, self._resumes)

    def _astream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> AsyncIterator[ChatGenerationChunk]:
        # No generator of its own: each one takes part in waiting for each chunk.
        clients, limits = self._open_clients(), _limits(kwargs)
        prepare = partial(self._arequest, messages, stop, kwargs, stream=True)
        return clients.astream(prepare, limits, self._resumes)

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

    def build_request(self, input: LanguageModelInput, **settings: Any) -> ChatRequest:
        """Return the body that `invoke` would send; nothing is sent to Kimi.

        Args:
            input: The conversation, in any form that `invoke` takes.
            **settings: Further settings of the call.

        Raises:
            KimiSettingError: For whatever `invoke` would refuse.
        """
        messages = self._convert_input(input).to_messages()
        return self._request(messages, None, settings, stream=False)

    def model_copy(
        self, *, update: Mapping[str, Any] | None = None, deep: bool = False
    ) -> Self:
        """Return a copy; with another model also its profile and identity are new.

        Args:
            update: Fields to change, by their names (`model_name`).
            deep: Whether to copy the fields' values too.
        """
        copied = super().model_copy(update=update, deep=deep)
        if update and "profile" not in update:
            copied.profile = copied._resolve_model_profile()
        return copied._without_identity()

    def __setattr__(self, name: str, value: Any) -> None:
        """Change a field; from the next call on the model is another one."""
        is_setting = name in SETTINGS
        is_own = is_setting and self.profile == self._resolve_model_profile()
        super().__setattr__(name, value)
        self._without_identity()
        if is_own:
            self.profile = self._resolve_model_profile()

    def _without_identity(self) -> Self:
        """Forget the cached identity, by which caches and traces would know it."""
        cast("JsonObject", self.__dict__).pop("_serialized", None)
        return self

    def _resolve_model_profile(self) -> ModelProfile | None:
        # What is wrong is told when it is sent; a profile is no place to raise.
        with suppress(KimiSettingError):
            known = build_settings(self._default_params, self._dialect, lambda _: None)
            if known.model:
                return build_profile(known.model, known.mode, self._dialect)
        return None

    @property
    def _llm_type(self) -> str:
        return "moonshot-chat"

    @property
    def _identifying_params(self) -> dict[str, Any]:
        return {"base_url": self.base_url, **self._default_params}

    def _get_ls_params(
        self, stop: list[str] | None = None, **kwargs: Any
    ) -> LangSmithParams:
        return build_tracing(self._with_defaults(stop, kwargs))

    def _combine_llm_outputs(
        self, llm_outputs: list[dict[str, Any] | None], /
    ) -> dict[str, Any]:
        return sum_outputs(llm_outputs)

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
        headers = {"default_headers": "KIMI_DEFAULT_HEADERS"}
        key = {"api_key": key_variable(self.region, self.base_url)}
        return {**key, **headers} if self.default_headers else key

    @property
    def lc_attributes(self) -> dict[str, Any]:
        """The fields that a dump writes in another form."""
        timeout = self.timeout
        return {"timeout": asdict(timeout)} if isinstance(timeout, Timeouts) else {}


def _limits(settings: Mapping[str, Any]) -> Limits | None:
    """Return the limits of one call, None for the model's own."""
    timeout = settings.get("timeout")
    return None if timeout is None else read_limits(timeout)


# The first object takes half a millisecond more than others: langchain-core and
# pydantic look things up that they keep. Nobody notices it within an import.
ChatKimi(api_key=SecretStr("none"), base_url="https://localhost")
