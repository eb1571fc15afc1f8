"""Middleware for `langchain.agents.create_agent`; the only module that needs langchain.

Source: kimi-api.md 7.5; "prompt_cache_key: session or task id" (OpenAPI, 2026-08-17).
"""

from collections.abc import Awaitable, Callable
from typing import Any

from langchain_core.runnables.config import ensure_config

from langchain_kimi.chat_models import ChatKimi

try:
    from langchain.agents.middleware import AgentMiddleware, ModelRequest, ModelResponse
except ImportError as error:
    raise ImportError(
        "langchain_kimi.middleware needs langchain: "
        "pip install 'langchain-kimi[agents]'"
    ) from error

__all__ = ["PromptCacheMiddleware"]

_SETTING = "prompt_cache_key"


class PromptCacheMiddleware(AgentMiddleware[Any, Any, Any]):
    """Sends all model calls of a LangGraph thread to the same prompt cache.

    Kimi caches prompts by itself, but a conversation's next request may reach a machine
    without its cache; `prompt_cache_key` keeps them together. The key is the thread's
    id (`configurable.thread_id`), unless the model or the call has one. Without a
    thread, and for models that are not Kimi's, nothing is set.

    Example:
        ```python
        from langchain.agents import create_agent
        from langchain_kimi import ChatKimi
        from langchain_kimi.middleware import PromptCacheMiddleware

        agent = create_agent(
            ChatKimi(model="kimi-k3"), middleware=[PromptCacheMiddleware()]
        )
        thread = {"configurable": {"thread_id": "customer-7"}}
        agent.invoke({"messages": "Hello!"}, thread)
        ```
    """

    def wrap_model_call(
        self,
        request: ModelRequest[Any],
        handler: Callable[[ModelRequest[Any]], ModelResponse[Any]],
    ) -> ModelResponse[Any]:
        """Set the key and call the model.

        Args:
            request: What the model is to be asked.
            handler: Asks it.
        """
        return handler(_with_key(request))

    async def awrap_model_call(
        self,
        request: ModelRequest[Any],
        handler: Callable[[ModelRequest[Any]], Awaitable[ModelResponse[Any]]],
    ) -> ModelResponse[Any]:
        """Set the key and call the model.

        Args:
            request: What the model is to be asked.
            handler: Asks it.
        """
        return await handler(_with_key(request))


def _with_key(request: ModelRequest[Any]) -> ModelRequest[Any]:
    """Return the request with a model that has the thread's key.

    On the model, not among the call's settings: these would go with the request to the
    model of another vendor that stands in for this one.
    """
    model, thread = request.model, ensure_config().get("configurable", {})
    thread_id = thread.get("thread_id")
    if thread_id is None or not isinstance(model, ChatKimi):
        return request
    if _SETTING in request.model_settings or _has_key(model):
        return request
    keyed = model.model_copy(update={_SETTING: str(thread_id)})
    return request.override(model=keyed)


def _has_key(model: ChatKimi) -> bool:
    return (
        model.prompt_cache_key is not None
        or _SETTING in model.model_kwargs
        or _SETTING in (model.extra_body or {})
    )
