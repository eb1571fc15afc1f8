"""LiteLLM's public hook: mends requests and usage, and leaves out what has no key."""

import os
from typing import Any

import litellm
from litellm.integrations.custom_logger import CustomLogger

from langchain_kimi._wire import JsonObject
from litellm_config._claude_code import address_anthropic
from litellm_config._mending import address, mend_call
from litellm_config._regions import has_key
from litellm_config._usage import mend_usage

_CHAT = ("completion", "acompletion")
# These end in a chat call, for which the hook is called again.
_BRIDGED = ("anthropic_messages", "aresponses", "responses")


class KimiHook(CustomLogger):
    """Called by LiteLLM for each deployment that a request is sent to.

    Parameters are named as LiteLLM names them: it calls some by keyword.
    """

    async def async_pre_call_deployment_hook(
        self, kwargs: JsonObject, call_type: Any
    ) -> JsonObject | None:
        """Return the arguments of a call to Kimi as its model takes them."""
        native = address_anthropic(kwargs)
        if native is not None:
            return native
        kind = getattr(call_type, "value", call_type)
        if kind in _BRIDGED:
            return address(kwargs)
        if kind not in _CHAT:
            return None
        return mend_call(address(kwargs))

    async def async_post_call_success_deployment_hook(
        self, request_data: JsonObject, response: Any, call_type: Any
    ) -> Any:
        """Put the cached tokens where LiteLLM prices them."""
        usage = getattr(response, "usage", None)
        if isinstance(usage, litellm.Usage):
            told = usage.model_dump(exclude_none=True)
            mended = mend_usage(told)
            if mended is not told:
                response.usage = litellm.Usage(**mended)
        return response

    async def async_filter_deployments(
        self,
        model: str,
        healthy_deployments: list[Any],
        messages: list[Any] | None,
        request_kwargs: dict[str, Any] | None = None,
        parent_otel_span: Any = None,
    ) -> list[Any]:
        """Leave out the deployments of a region that has no key: they would get 401."""
        return [entry for entry in healthy_deployments if has_key(entry, os.environ)]


KIMI_HOOK = KimiHook()
"""The one hook of a process, however often and by whatever name it is imported."""
