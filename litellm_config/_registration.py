"""The catalogue -> LiteLLM's registries: prices, the hook, the patches."""

from typing import Any

from langchain_kimi.catalogue import ALIASES, MODELS, PROVIDER
from litellm_config._groups import find_alias
from litellm_config._model_info import build_hosted_info
from litellm_config._versions import require_litellm


def register(*, patches: bool = True) -> None:
    """Make LiteLLM right for Kimi in this process; calling it again changes nothing.

    It registers ids, windows and prices, and installs the hook that mends requests. A
    proxy does it by `litellm_settings.callbacks: [litellm_config.hooks.kimi_hook]`.

    Args:
        patches: Whether to mend what no hook of LiteLLM reaches, too: the sync SDK,
            error classes, the usage of streams (`docs/litellm.md` has the table).

    Raises:
        ImportError: litellm is not installed.
        CompromisedVersionError: The installed litellm is a malicious release.
    """
    require_litellm()
    import litellm

    from litellm_config._hook import KIMI_HOOK

    litellm.register_model(_prices())
    if not any(hook is KIMI_HOOK for hook in litellm.callbacks):
        litellm.callbacks.append(KIMI_HOOK)
    if patches:
        from litellm_config._patches import apply_patches

        apply_patches()


def _prices() -> dict[str, dict[str, Any]]:
    """Return what LiteLLM is told of each id and alias that has prices."""
    rows = {model.id: model for model in MODELS if model.prices}
    groups = [group for group in map(find_alias, ALIASES) if group]
    rows |= {group.name: group.model for group in groups}
    known = {id: build_hosted_info(model) for id, model in rows.items()}
    for info in known.values():
        # It is no field of the price map; the name there is the id itself.
        del info["base_model"]
    return {f"{PROVIDER}/{id}": info for id, info in known.items()}
