"""The groups of Claude Code: Anthropic's names -> Kimi's own /anthropic."""

from collections.abc import Iterator
from typing import Any

from langchain_kimi._json import as_object, as_text
from langchain_kimi._wire import JsonObject
from langchain_kimi.catalogue import DEFAULT_MODEL, PROVIDER, Model, current_models
from litellm_config._model_info import build_model_info
from litellm_config._regions import ANTHROPIC_PREFIX, REGIONS, Region, region_of


def claude_code_list() -> list[dict[str, Any]]:
    """Return the deployments behind `/v1/messages`: by Kimi's names and Anthropic's."""
    return [
        _build_deployment(group, model, region, order)
        for group, model in _groups()
        for order, region in enumerate(REGIONS, 1)
    ]


def _groups() -> Iterator[tuple[str, Model]]:
    models = current_models()
    for model in models:
        yield model.id, model
    # The dearest name gets the newest model, the small one a model that need not think.
    yield "claude-opus-*", models[0]
    yield "claude-*", next(model for model in models if model.id == DEFAULT_MODEL)
    yield "claude-haiku-*", next(model for model in models if model.instant)


def _build_deployment(
    group: str, model: Model, region: Region, order: int
) -> dict[str, Any]:
    name = group.replace("*", "any")
    return {
        "model_name": group,
        "litellm_params": {
            "model": f"{ANTHROPIC_PREFIX}{model.id}",
            "api_key": region.api_key,
            "api_base": region.anthropic_base,
            "order": order,
        },
        "model_info": {
            "id": f"{PROVIDER}/{region.name}/{ANTHROPIC_PREFIX}{name}",
            **build_model_info(model),
        },
    }


def address_anthropic(kwargs: JsonObject) -> JsonObject | None:
    """Return the arguments of a call with Kimi's address and its Bearer header.

    None is returned for any other call.

    LiteLLM would send the key as `x-api-key`, and without an address to Anthropic.

    Args:
        kwargs: The arguments of a call that the Router made.
    """
    region = region_of(as_object(kwargs.get("model_info")).get("id"))
    if region is None or not as_text(kwargs.get("model")).startswith(ANTHROPIC_PREFIX):
        return None
    key = as_text(kwargs.get("api_key"))
    headers = {"Authorization": f"Bearer {key}"} | as_object(
        kwargs.get("extra_headers")
    )
    base = kwargs.get("api_base") or region.anthropic_host
    return {**kwargs, "api_base": base, "extra_headers": headers}
