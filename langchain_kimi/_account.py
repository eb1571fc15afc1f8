"""What ChatKimi tells beside its answers: token counts, costs, models, the balance."""

import warnings
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from langchain_core.messages import BaseMessage, HumanMessage, SystemMessage
from langchain_core.messages.ai import UsageMetadata
from pydantic import PrivateAttr

from langchain_kimi._client_settings import ClientSettings
from langchain_kimi._completions import Completions
from langchain_kimi._connection import build_client_settings
from langchain_kimi._costs import CacheTtl, Cost, read_cost
from langchain_kimi._dialects import find_row
from langchain_kimi._fields import KimiFields
from langchain_kimi._inline import inline_media
from langchain_kimi._json import as_object, write_json
from langchain_kimi._listings import (
    BALANCE_CALL,
    MODELS_CALL,
    Balance,
    read_balance,
    read_models,
)
from langchain_kimi._messages import build_messages
from langchain_kimi._refusal import KimiSettingError
from langchain_kimi._resume import Resumes
from langchain_kimi._token_estimate import estimate_tokens
from langchain_kimi._tools import Tool, build_tools
from langchain_kimi._wire import JsonObject
from langchain_kimi.catalogue import Model, find_model


class KimiAccount(KimiFields):
    """A connection to an API, and what can be asked without a chat."""

    _clients: Completions = PrivateAttr()
    _told: set[str] = PrivateAttr(default_factory=set)

    def model_post_init(self, context: Any, /) -> None:
        """Prepare the clients; they open nothing before the first call."""
        super().model_post_init(context)
        self._clients = Completions(self._client_settings)

    @property
    def _client_settings(self) -> ClientSettings:
        settings = build_client_settings(self)
        return replace(settings, reasoning_field=self._dialect.reasoning_field)

    @property
    def _resumes(self) -> Resumes:
        return Resumes(
            limit=self.stream_resumes, partial_mode=self._dialect.partial_mode
        )

    def _open_clients(self) -> Completions:
        """Return the clients; new ones where a copy or an assignment changed them."""
        settings = self._client_settings
        if self._clients.settings != settings:
            self._clients = Completions(settings)
        return self._clients

    def close(self) -> None:
        """Close the connections of sync calls; a later call opens new ones."""
        self._clients.close()

    async def aclose(self) -> None:
        """Close the connections that async calls opened in the running event loop."""
        await self._clients.aclose()

    def _notify(self, message: str) -> None:
        """Warn of something once for each instance."""
        if message not in self._told:
            self._told.add(message)
            warnings.warn(message, UserWarning, stacklevel=2)

    def get_num_tokens_from_messages(
        self,
        messages: Sequence[BaseMessage],
        tools: Sequence[Tool] | None = None,
    ) -> int:
        """Count a prompt's tokens with the API's estimate endpoint, which is free.

        A server without the endpoint (your own) gets a local estimate and one warning:
        four ASCII characters or one other character a token, 1,000 for a picture and
        10,000 for a video. It was 20 % too low to 12 % too high on recorded prompts.

        Args:
            messages: The conversation.
            tools: Not counted by the endpoint; their JSON is counted as a message.

        Raises:
            KimiSettingError: For a content block that Kimi cannot read.
            openai.APIError: If the server cannot be reached or refuses to count.
        """
        counted = list(messages)
        if tools:
            counted.append(SystemMessage(write_json(build_tools(tools))))
        row = find_model(self.model_name)
        # Any slice of a conversation may be counted: what could not be sent too.
        wires = build_messages(counted, dialect=self._dialect, notify=self._notify)
        if not wires:
            return 0
        request: JsonObject = {
            "model": row.id if row else self.model_name,
            "messages": inline_media(wires, self.inline_urls),
        }
        found = self._open_clients().count_tokens(request)
        if found is None:
            self._notify(
                f"{self.base_url} counts no tokens: they are estimated from the length "
                "of the text, which was 20 % too low to 12 % too high where measured."
            )
            return estimate_tokens(request["messages"])
        return found

    def get_num_tokens(self, text: str) -> int:
        """Count the tokens of a prompt with one message, by the API's estimate.

        Args:
            text: The message.
        """
        return self.get_num_tokens_from_messages([HumanMessage(text)])

    def get_token_ids(self, text: str) -> list[int]:
        """Return the ids of a text's tokens, by `custom_get_token_ids`.

        Args:
            text: What to cut into tokens.

        Raises:
            KimiSettingError: If there is none: the API tells only how many they are,
                and langchain-core would download GPT-2's tokenizer, which is another.
        """
        if self.custom_get_token_ids is None:
            raise KimiSettingError(
                "Kimi's API tells how many tokens a text has, not which. Count with "
                "get_num_tokens(), or give custom_get_token_ids=... with a tokenizer."
            )
        return super().get_token_ids(text)

    def cost(
        self,
        usage: UsageMetadata | None,
        *,
        model: str | None = None,
        cache_ttl: CacheTtl | None = None,
    ) -> Cost:
        """Return what an answer cost in USD, by the international platform's prices.

        Args:
            usage: The `usage_metadata` of an answer, or of several answers added up.
            model: The id of the model that answered; None for this one.
            cache_ttl: How long the cache lives that was written, `5m` or `1h`: usage
                does not tell. None takes the `ttl` of `prompt_cache_options`, else
                `5m`. Where writing has no price of its own it costs what input costs.

        Raises:
            KimiSettingError: If the usage counts nothing, or the catalogue has no
                price of the model.
        """
        options = as_object(self._default_params.get("prompt_cache_options"))
        ttl = cache_ttl or options.get("ttl") or "5m"
        row = find_row(model or self.model_name, self._dialect)
        return read_cost(usage, row.id if row else model or self.model_name, ttl)

    def list_models(self) -> list[Model]:
        """Return the models that the server lists, as rows of the catalogue.

        What the server tells of a model (window, inputs, thinking, efforts, dynamic
        tools) stands in place of the catalogue's facts, and `source` says so. A model
        that the catalogue lacks has a row of what is told; its window is 0 if none is.
        The catalogue itself stays as it is, and so do this model's rules.

        Raises:
            openai.APIError: If the server cannot be reached or has no list.
        """
        return self._open_clients().request(MODELS_CALL).read(self._read_models)

    async def alist_models(self) -> list[Model]:
        """Do what `list_models` does, without blocking."""
        answer = await self._open_clients().arequest(MODELS_CALL)
        return answer.read(self._read_models)

    def _read_models(self, found: JsonObject) -> list[Model]:
        host = urlsplit(self.base_url).netloc
        return read_models(found, host=host, today=datetime.now(UTC).date())

    def balance(self) -> Balance:
        """Return what is left on the account.

        Raises:
            openai.APIError: If the server cannot be reached or tells no balance.
        """
        return self._open_clients().request(BALANCE_CALL).read(read_balance)

    async def abalance(self) -> Balance:
        """Do what `balance` does, without blocking."""
        return (await self._open_clients().arequest(BALANCE_CALL)).read(read_balance)
