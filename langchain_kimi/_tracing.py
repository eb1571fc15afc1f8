"""Settings and outputs -> what LangSmith and callbacks are told."""

from typing import Any

from langchain_core.language_models import LangSmithParams

from langchain_kimi._json import as_object
from langchain_kimi._rules import requested_cap
from langchain_kimi._wire import JsonObject
from langchain_kimi.catalogue import PROVIDER

_COUNTS = ("prompt_tokens", "completion_tokens", "total_tokens")


def build_tracing(settings: JsonObject) -> LangSmithParams:
    """Return the standard parameters of a call.

    `ls_provider` equals each message's `model_provider`: LangChain's summarization
    middleware trusts token counts only then.

    Args:
        settings: The settings of the model, with those of the call on top.
    """
    params = LangSmithParams(
        ls_provider=PROVIDER, ls_model_name=settings["model"], ls_model_type="chat"
    )
    if settings.get("temperature") is not None:
        params["ls_temperature"] = settings["temperature"]
    cap = requested_cap(settings)
    if cap is not None:
        params["ls_max_tokens"] = cap
    stop = settings.get("stop")
    if stop:
        params["ls_stop"] = [stop] if isinstance(stop, str) else stop
    return params


def sum_outputs(outputs: list[dict[str, Any] | None]) -> dict[str, Any]:
    """Return the token usage of several prompts in one figure.

    Args:
        outputs: The `llm_output` of each prompt.
    """
    told = [as_object(output) for output in outputs]
    usages = [as_object(output.get("token_usage")) for output in told]
    total = {key: sum(usage.get(key) or 0 for usage in usages) for key in _COUNTS}
    names = [output["model_name"] for output in told if output.get("model_name")]
    return {"token_usage": total, "model_name": names[0] if names else None}
