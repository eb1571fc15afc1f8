"""A row of the catalogue -> what LiteLLM is told of a model."""

from typing import Any

from langchain_kimi.catalogue import PROVIDER, Model, Prices

# LiteLLM's names of prices, and ours.
_PRICES = {
    "input_cost_per_token": "input",
    "output_cost_per_token": "output",
    "cache_read_input_token_cost": "cache_hit",
    "cache_creation_input_token_cost": "cache_write",
    "cache_creation_input_token_cost_above_1hr": "cache_write_1h",
}


def build_model_info(model: Model) -> dict[str, Any]:
    """Return abilities, windows, retirement and prices, in LiteLLM's words.

    Args:
        model: The row of a model.
    """
    info = build_abilities(model)
    if model.retires:
        info["deprecation_date"] = model.retires.isoformat()
    return info | (build_costs(model.prices) if model.prices else {})


def build_abilities(model: Model) -> dict[str, Any]:
    """Return what holds for a model on any host: its abilities and windows.

    Args:
        model: The row of a model.
    """
    info: dict[str, Any] = {
        "mode": "chat",
        "max_tokens": model.output_tokens_limit,
        "max_input_tokens": model.context_tokens,
        "max_output_tokens": model.output_tokens_limit,
        "supports_function_calling": True,
        "supports_tool_choice": True,
        "supports_parallel_function_calling": True,
        "supports_response_schema": model.structured_output,
        "supports_system_messages": True,
        "supports_native_streaming": True,
        "supports_reasoning": model.thinking is not None,
        "supports_vision": "image" in model.inputs,
        "supports_video_input": "video" in model.inputs,
        "supports_prompt_caching": bool(model.prices and model.prices.cache_hit),
    }
    if model.efforts:
        info["reasoning_effort_levels"] = list(model.efforts)
    return info


def build_hosted_info(model: Model) -> dict[str, Any]:
    """Return `build_model_info` with the names by which LiteLLM finds the model.

    Args:
        model: The row of a model that Moonshot hosts.
    """
    names = {"litellm_provider": PROVIDER, "base_model": f"{PROVIDER}/{model.id}"}
    return names | build_model_info(model)


def build_costs(prices: Prices) -> dict[str, float]:
    """Return prices in USD per token.

    LiteLLM takes a missing price of cache writes for none (0), but Kimi's "free" means
    that such tokens cost what other input does.

    Args:
        prices: What 1M tokens cost.
    """
    costs = {name: getattr(prices, ours) for name, ours in _PRICES.items()}
    if prices.cache_write is None:
        costs["cache_creation_input_token_cost"] = prices.input
    return {
        name: round(cost / 1_000_000, 12)
        for name, cost in costs.items()
        if cost is not None
    }
