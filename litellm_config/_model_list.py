"""The catalogue's rows -> LiteLLM's model list."""

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from langchain_kimi.catalogue import (
    ALIASES,
    DEFAULT_MODEL,
    PROVIDER,
    Model,
    Prices,
    current_models,
    find_model,
)

_KEY = "os.environ/MOONSHOT_API_KEY"
# LiteLLM names of prices, and ours.
_PRICES = {
    "input_cost_per_token": "input",
    "output_cost_per_token": "output",
    "cache_read_input_token_cost": "cache_hit",
    "cache_creation_input_token_cost": "cache_write",
}


def model_list(
    *, api_key: str = _KEY, api_base: str | None = None
) -> list[dict[str, Any]]:
    """Return the deployments of every current model, for `litellm.Router` or a proxy.

    Groups: `kimi` (the default model), each model id, each effort of a model that has
    them (`kimi-k3-low` ...), and each alias of a current model (`kimi-k2.6-instant`).

    Args:
        api_key: The key, or `os.environ/NAME` for LiteLLM to look up.
        api_base: The API's address with `/v1`; without one LiteLLM reads
            MOONSHOT_API_BASE, else it uses the international platform.
    """
    target = {"api_key": api_key}
    if api_base:
        target["api_base"] = api_base
    return [
        {
            "model_name": group,
            "litellm_params": {**_params(model), **settings, **target},
            "model_info": {"id": f"{PROVIDER}/{group}", **_info(model)},
        }
        for group, model, settings in _groups()
    ]


def _groups() -> Iterator[tuple[str, Model, dict[str, Any]]]:
    for model in current_models():
        if model.id == DEFAULT_MODEL:
            yield "kimi", model, {}
        yield model.id, model, {}
        for effort in model.efforts:
            yield f"{model.id}-{effort}", model, {"reasoning_effort": effort}
    for name, alias in ALIASES.items():
        model = find_model(alias.model)
        if model and model.retired is None:
            # LiteLLM refuses `thinking` for Moonshot unless it stands in extra_body.
            kind = "enabled" if alias.mode == "thinking" else "disabled"
            yield name, model, {"extra_body": {"thinking": {"type": kind}}}


def _params(model: Model) -> dict[str, Any]:
    sampling = model.rules(model.default_mode).sampling
    # LiteLLM's own provider for Moonshot: with `openai/` it loses the reasoning
    # (measured with litellm 1.106.2).
    params: dict[str, Any] = {"model": f"{PROVIDER}/{model.id}"}
    if sampling:
        # Fixed by the model: another value is a 400. Never the global `drop_params`,
        # which drops `thinking` and the effort too, in silence.
        params["additional_drop_params"] = list(asdict(sampling))
    return params


def _info(model: Model) -> dict[str, Any]:
    info: dict[str, Any] = {
        "mode": "chat",
        "litellm_provider": PROVIDER,
        "max_input_tokens": model.context_tokens,
        "max_output_tokens": model.output_tokens_limit,
        "supports_function_calling": True,
        "supports_tool_choice": True,
        "supports_parallel_function_calling": True,
        "supports_response_schema": model.structured_output,
        "supports_reasoning": model.thinking is not None,
        "supports_vision": "image" in model.inputs,
        "supports_video_input": "video" in model.inputs,
        "supports_prompt_caching": bool(model.prices and model.prices.cache_hit),
    }
    if model.efforts:
        info["reasoning_effort_levels"] = list(model.efforts)
    if model.retires:
        info["deprecation_date"] = model.retires.isoformat()
    return info | (_costs(model.prices) if model.prices else {})


def _costs(prices: Prices) -> dict[str, float]:
    """Return prices in USD per token; LiteLLM takes a missing one for unknown."""
    costs = {name: getattr(prices, ours) for name, ours in _PRICES.items()}
    return {
        name: round(cost / 1_000_000, 12)
        for name, cost in costs.items()
        if cost is not None
    }
