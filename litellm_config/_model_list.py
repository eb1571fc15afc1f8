"""The groups, for each region -> LiteLLM's model list."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Any

from langchain_kimi._json import as_object
from langchain_kimi.catalogue import PROVIDER, Model
from litellm_config._account_tiers import find_tier
from litellm_config._groups import Group, list_groups
from litellm_config._model_info import build_hosted_info
from litellm_config._regions import Region, Regions, choose_regions

# What Kimi refuses (the first two) or ignores (the others), whatever the model.
_NEVER_SENT = ("top_logprobs", "logit_bias", "seed", "user")


def model_list(
    *,
    regions: Regions = "global",
    api_key: str | None = None,
    api_base: str | None = None,
    extra: Iterable[Mapping[str, Any]] = (),
    tier: int | None = None,
    environment: Mapping[str, str] | None = None,
) -> list[dict[str, Any]]:
    """Return the deployments of every current model, for `litellm.Router` or a proxy.

    Groups: `kimi` (the default model), each model id, each effort of a model that has
    them (`kimi-k3-low` ...), and each alias (`kimi-k2.6-instant` ...).

    Args:
        regions: The platforms that serve each group. With `both` a group has two
            deployments, of which LiteLLM tries the international one first (`order`).
        api_key: The key, or `os.environ/NAME`; None takes `MOONSHOT_API_KEY`, for
            China `MOONSHOT_CN_API_KEY`. For one region only.
        api_base: The address with `/v1`, or `os.environ/NAME`; None takes
            `MOONSHOT_API_BASE`, for China `MOONSHOT_CN_API_BASE`. For one region only.
        extra: More deployments, such as those of `self_hosted` or `other_host`.
        tier: The account's tier, 0 to 5: limits each deployment to what the whole
            account may ask for.
        environment: Variables to decide by, such as `os.environ`: a region whose key
            is not in them gets no deployment, and one whose address is not gets its
            public host. None leaves all of it to LiteLLM.

    Raises:
        ValueError: There is no such region or tier; one key is given for two regions;
            or two deployments have the same id.
    """
    chosen = choose_regions(regions)
    if len(chosen) > 1 and (api_key or api_base):
        raise ValueError(
            f"regions={regions!r} has two platforms, and keys belong to one: set "
            + " and ".join(region.key_variable for region in chosen)
            + " instead of api_key and api_base."
        )
    limits = {} if tier is None else find_tier(tier).limits()
    deployments = [
        _build_deployment(group, region, {**target, **order, **limits})
        for group in list_groups()
        for region, order in _ordered(chosen)
        if (target := _find_target(region, api_key, api_base, environment))
    ]
    return _with_unique_ids([*deployments, *map(dict[str, Any], extra)])


def _ordered(regions: tuple[Region, ...]) -> list[tuple[Region, dict[str, int]]]:
    if len(regions) == 1:
        return [(regions[0], {})]
    return [(region, {"order": order}) for order, region in enumerate(regions, 1)]


def _find_target(
    region: Region,
    api_key: str | None,
    api_base: str | None,
    environment: Mapping[str, str] | None,
) -> dict[str, str]:
    """Return key and address; nothing for a region without a key."""
    if environment is not None:
        if not api_key and not region.has_key(environment):
            return {}
        api_base = api_base or environment.get(region.base_variable) or region.host
    return {
        "api_key": api_key or region.api_key,
        "api_base": api_base or region.api_base,
    }


def _build_deployment(
    group: Group, region: Region, target: dict[str, Any]
) -> dict[str, Any]:
    # Fixed, and the same on every instance: they share cooldowns and limits by it.
    info = {"id": f"{PROVIDER}/{region.name}/{group.name}"}
    info |= build_hosted_info(group.model)
    if group.deprecated:
        info["deprecation_date"] = group.deprecated.isoformat()
    return {
        "model_name": group.name,
        "litellm_params": {**_build_params(group.model), **group.settings, **target},
        "model_info": info,
    }


def _build_params(model: Model) -> dict[str, Any]:
    # LiteLLM's own provider for Moonshot: with `openai/` it loses the reasoning
    # (measured with litellm 1.106.2).
    return {
        "model": f"{PROVIDER}/{model.id}",
        # Never the global `drop_params`, which drops `thinking` and the effort too, in
        # silence.
        "additional_drop_params": [*fixed_fields(model), *_NEVER_SENT],
    }


def fixed_fields(model: Model) -> tuple[str, ...]:
    """Return the sampling settings of which a model accepts one value only.

    Args:
        model: The row of a model.
    """
    sampling = model.rules(model.default_mode).sampling
    return tuple(asdict(sampling)) if sampling else ()


def _with_unique_ids(deployments: list[dict[str, Any]]) -> list[dict[str, Any]]:
    ids = [as_object(entry.get("model_info")).get("id") for entry in deployments]
    twice = [id for id, count in Counter(ids).items() if id and count > 1]
    if twice:
        raise ValueError(
            f"Two deployments have the id {twice[0]!r}: LiteLLM would count them as "
            "one. Give each a name of its own."
        )
    return deployments
