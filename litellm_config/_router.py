"""The model list and the settings -> a ready `litellm.Router`."""

import os
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from litellm_config._model_list import model_list
from litellm_config._regions import Regions, choose_regions
from litellm_config._registration import register
from litellm_config._router_settings import router_settings

if TYPE_CHECKING:
    from litellm.router import Router


def router(
    *,
    regions: Regions = "global",
    api_key: str | None = None,
    api_base: str | None = None,
    extra: Iterable[Mapping[str, Any]] = (),
    tier: int | None = None,
    redis_url: str | None = None,
    patches: bool = True,
    **options: Any,
) -> "Router":
    """Return a Router of all current models, with fallbacks, retries and cooldowns.

    A region without a key in the environment gets no deployment. `register` is called.

    Args:
        regions: The platforms that serve each group; see `model_list`.
        api_key: The key, for one region; else the environment's.
        api_base: The address with `/v1`, for one region; else the environment's.
        extra: More deployments, such as those of `self_hosted`.
        tier: The account's tier, 0 to 5, whose limits each deployment gets.
        redis_url: The Redis by which several processes share cooldowns and limits.
        patches: Whether `register` patches LiteLLM, without which context-window
            fallbacks do not fire on Kimi's own error.
        options: More arguments of `litellm.Router`; they win over ours.

    Raises:
        ValueError: There is no key, or `model_list` refuses what is given.
    """
    register(patches=patches)
    from litellm.router import Router

    deployments = model_list(
        regions=regions,
        api_key=api_key,
        api_base=api_base,
        extra=extra,
        tier=tier,
        environment=os.environ,
    )
    if not deployments:
        wanted = " or ".join(r.key_variable for r in choose_regions(regions))
        raise ValueError(f"No API key: set {wanted}, or give api_key=...")
    settings = router_settings(redis_url=redis_url, **options)
    return Router(model_list=deployments, **settings)
