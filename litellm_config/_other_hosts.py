"""The open weights on other hosts -> deployments for `model_list(extra=...)`."""

from typing import Any

from langchain_kimi.catalogue import MODELS, Model, Prices, find_model
from litellm_config._model_info import build_abilities, build_costs

_SERVER = "hosted_vllm"
"""LiteLLM's provider for vLLM, which SGLang's server takes as well."""
_FREE = Prices(input=0, output=0, cache_hit=0)


def self_hosted(
    model: str,
    *,
    served_as: str,
    api_base: str,
    name: str,
    api_key: str | None = None,
    order: int | None = None,
) -> list[dict[str, Any]]:
    """Return the deployments of a vLLM or SGLang server: thinking and, if any, instant.

    The groups are the model's id and, for a model that can be told not to think, the id
    with `-instant`: there the switch is the chat template's. All prices are 0.

    Args:
        model: The model id of the catalogue whose weights are served.
        served_as: The name that the server gives the model.
        api_base: The server's address with `/v1`, or `os.environ/NAME`.
        name: A name for the server, part of the deployments' ids.
        api_key: The server's key, or `os.environ/NAME`; None for a server without one.
        order: Its place among the deployments of a group: 1 is tried first.

    Raises:
        ValueError: The catalogue has no such model.
    """
    row = _find_row(model)
    target = {"api_base": api_base, "api_key": api_key, "order": order}
    given = {key: value for key, value in target.items() if value is not None}
    modes = (
        {"": None, "-instant": False} if row.thinking and row.instant else {"": None}
    )
    return [
        {
            "model_name": f"{row.id}{suffix}",
            "litellm_params": {
                "model": f"{_SERVER}/{served_as}",
                **_template_switch(thinks),
                **given,
            },
            "model_info": {
                "id": f"{_SERVER}/{name}/{row.id}{suffix}",
                "base_model": row.id,
                **build_abilities(row),
                **build_costs(_FREE),
            },
        }
        for suffix, thinks in modes.items()
    ]


def other_host(
    model: str,
    *,
    served_as: str,
    name: str,
    api_key: str,
    api_base: str | None = None,
    prices: Prices | None = None,
    order: int | None = None,
) -> dict[str, Any]:
    """Return the deployment of another company that serves the open weights.

    Args:
        model: The model id of the catalogue whose weights are served; the group's name.
        served_as: LiteLLM's name with its provider, such as `openrouter/...`.
        name: A name for the host, part of the deployment's id.
        api_key: The host's key, or `os.environ/NAME`.
        api_base: The host's address; None takes the one that LiteLLM knows.
        prices: What the host asks for 1M tokens; None takes what LiteLLM knows.
        order: Its place among the deployments of a group: 1 is tried first.

    Raises:
        ValueError: The catalogue has no such model.
    """
    row = _find_row(model)
    target = {"api_base": api_base, "order": order}
    given = {key: value for key, value in target.items() if value is not None}
    return {
        "model_name": row.id,
        "litellm_params": {"model": served_as, "api_key": api_key, **given},
        "model_info": {
            "id": f"{name}/{row.id}",
            **build_abilities(row),
            **(build_costs(prices) if prices else {}),
        },
    }


def _template_switch(thinks: bool | None) -> dict[str, Any]:
    if thinks is None:
        return {}
    # The chat template of the weights knows the switch, the server does not
    # (MoonshotAI/Kimi-K2.5, README).
    return {"extra_body": {"chat_template_kwargs": {"thinking": thinks}}}


def _find_row(id: str) -> Model:
    row = find_model(id)
    if row is None or row.id != id:
        known = ", ".join(model.id for model in MODELS)
        raise ValueError(f"model={id!r} is not in the catalogue: give one of {known}.")
    return row
