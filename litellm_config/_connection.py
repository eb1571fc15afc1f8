"""A Router -> the settings with which ChatKimi reaches it in the same process."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from litellm.router import Router


def connection(router: "Router") -> dict[str, Any]:
    """Return the settings of a ChatKimi that asks a Router of this process.

    Example:
        ```python
        from langchain_kimi import ChatKimi
        from litellm_config import connection, router

        model = ChatKimi(model="kimi-k3-low", **connection(router()))
        ```

    Args:
        router: A `litellm.Router`, such as `router` returns. Retries are its own, so
            that ChatKimi makes none.
    """
    import openai

    from litellm_config._transport import RouterTransport

    transport = RouterTransport(router)
    return {
        "base_url": "https://litellm.router/v1",
        "api_key": "router",
        "dialect": "litellm",
        "max_retries": 0,
        "http_client": openai.DefaultHttpxClient(transport=transport),
        "http_async_client": openai.DefaultAsyncHttpxClient(transport=transport),
    }
