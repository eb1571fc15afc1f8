"""Rows of the catalogue -> the answers of the small endpoints."""

from datetime import UTC, datetime, time

from langchain_kimi._wire import JsonObject
from langchain_kimi.catalogue import Model


def build_model(model: Model) -> JsonObject:
    """Return the item of `GET /v1/models` for a row (live item of 2026-07-17)."""
    since = datetime.combine(model.released or model.checked, time(), UTC)
    return {
        "id": model.id,
        "object": "model",
        "created": int(since.timestamp()),
        "owned_by": "moonshot",
        "context_length": model.context_tokens,
        "supports_image_in": "image" in model.inputs,
        "supports_video_in": "video" in model.inputs,
        "supports_reasoning": model.thinking is not None,
        "supports_thinking_type": _thinking_type(model),
        "supports_dynamic_tools": model.dynamic_tools,
        **_efforts(model),
    }


def build_models(models: tuple[Model, ...]) -> JsonObject:
    """Return the answer of `GET /v1/models`."""
    return {"object": "list", "data": [build_model(model) for model in models]}


def build_estimate(tokens: int) -> JsonObject:
    """Return the answer of `POST /v1/tokenizers/estimate-token-count`."""
    return {"data": {"total_tokens": tokens}}


def build_balance() -> JsonObject:
    """Return the answer of `GET /v1/users/me/balance`: always the same account."""
    balance = {
        "available_balance": 49.58894,
        "voucher_balance": 46.58893,
        "cash_balance": 3.00001,
    }
    return {"code": 0, "data": balance, "scode": "0x0", "status": True}


def _thinking_type(model: Model) -> str:
    """Return whether a model thinks only, never, or as asked."""
    if model.thinking and model.instant:
        return "both"
    return "only" if model.thinking else "no"


def _efforts(model: Model) -> JsonObject:
    if not model.efforts:
        return {}
    efforts = {
        "support": True,
        "valid_efforts": list(model.efforts),
        "default_effort": model.effort_default,
    }
    return {"think_efforts": efforts, "reasoning_efforts": efforts}
