"""A usage object of Kimi -> the same where LiteLLM looks for it."""

from langchain_kimi._json import as_object
from langchain_kimi._wire import JsonObject


def mend_usage(usage: JsonObject) -> JsonObject:
    """Return a usage object with its cached tokens where LiteLLM prices them.

    Kimi tells them twice, older hosts only at the top level (kimi-api.md 3.1).

    Args:
        usage: The API's usage object.
    """
    cached = usage.get("cached_tokens")
    details = as_object(usage.get("prompt_tokens_details"))
    if not cached or details.get("cached_tokens"):
        return usage
    return {**usage, "prompt_tokens_details": {**details, "cached_tokens": cached}}
