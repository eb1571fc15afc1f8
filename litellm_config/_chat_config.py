"""LiteLLM's provider class for Moonshot -> one that knows the catalogue's rows.

Sync and async calls, streams and bridges all end here, hooks or not.
"""

from contextvars import ContextVar
from typing import Any

from langchain_kimi._json import as_object
from langchain_kimi.catalogue import PROVIDER
from litellm_config._mending import mend_arguments
from litellm_config._regions import with_version
from litellm_config._targets import Target, find_target

SWITCHED_OFF: ContextVar[bool] = ContextVar("kimi_switched_off", default=False)
"""Whether the call that is being built was given `thinking=False`."""


def build_chat_config(base: Any) -> Any:
    """Return a subclass of LiteLLM's `MoonshotChatConfig`.

    Args:
        base: The class as LiteLLM has it.
    """

    class KimiChatConfig(base):
        """Moonshot's provider, ruled by the catalogue."""

        def get_supported_openai_params(self, model: str) -> list[str]:
            parent: Any = super()
            supported = parent.get_supported_openai_params(model)
            own = ("thinking", "reasoning_effort") if _find(model) else ()
            return [*supported, *(name for name in own if name not in supported)]

        def _get_openai_compatible_provider_info(
            self, api_base: str | None, api_key: str | None
        ) -> tuple[str | None, str | None]:
            parent: Any = super()
            found, key = parent._get_openai_compatible_provider_info(api_base, api_key)
            return with_version(found) if found else found, key

        def map_openai_params(self, *args: Any, **kwargs: Any) -> dict[str, Any]:
            parent: Any = super()
            mapped = parent.map_openai_params(*args, **kwargs)
            thinking = mapped.pop("thinking", None)
            if SWITCHED_OFF.get() and thinking is None:
                thinking = False
            SWITCHED_OFF.set(False)
            if thinking is not None:
                # At the top level the openai SDK would refuse it.
                extra = as_object(mapped.get("extra_body"))
                mapped["extra_body"] = {**extra, "thinking": thinking}
            return mapped

        def transform_request(
            self,
            model: str,
            messages: list[Any],
            optional_params: dict[str, Any],
            litellm_params: dict[str, Any],
            headers: dict[str, Any],
        ) -> dict[str, Any]:
            parent: Any = super()
            target = _find(model)
            if target is None:
                return parent.transform_request(
                    model, messages, optional_params, litellm_params, headers
                )
            given = {**_session(litellm_params), **optional_params}
            mended = mend_arguments({**given, "messages": messages}, target)
            mended = {name: mended[name] for name in mended if name not in _SESSION}
            # LiteLLM's class would replace `required` by a user's message.
            choice = {"tool_choice": mended.pop("tool_choice", None)}
            body = parent.transform_request(
                target.model.id, mended.pop("messages"), mended, litellm_params, headers
            )
            return _finish(body, choice)

    return KimiChatConfig


_SESSION = ("metadata", "litellm_metadata", "litellm_session_id")


def _find(model: str) -> Target | None:
    return find_target({"model": model, "custom_llm_provider": PROVIDER})


def _session(litellm_params: dict[str, Any]) -> dict[str, Any]:
    return {name: litellm_params.get(name) for name in _SESSION}


def _finish(body: dict[str, Any], choice: dict[str, Any]) -> dict[str, Any]:
    """Add the choice of tools, and name the output cap as Kimi does now."""
    body |= {name: value for name, value in choice.items() if value is not None}
    if "max_tokens" in body:
        cap = body.pop("max_tokens")
        body.setdefault("max_completion_tokens", cap)
    return body
