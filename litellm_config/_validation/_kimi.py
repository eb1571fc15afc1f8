"""Deployments of Kimi -> what LiteLLM or the API loses, refuses or does not price."""

from collections.abc import Iterator
from datetime import date

from langchain_kimi.catalogue import ALIASES, MODELS, PROVIDER, current_models
from litellm_config._presets import HOOK
from litellm_config._validation._deployment import Deployment
from litellm_config._validation._finding import Finding, error, nearest, warning
from litellm_config._validation._includes import Config
from litellm_config._validation._known import Known
from litellm_config._validation._yaml import Node


def check_kimi(config: Config, known: Known, today: date) -> Iterator[Finding]:
    """Yield what is wrong with the deployments of Kimi.

    Args:
        config: The config with its includes.
        known: What LiteLLM accepts.
        today: The day by which models are retired.
    """
    deployments = [Deployment(entry) for entry in config.deployments()]
    hooked = config.has_kimi_hook()
    if any(d.is_hosted_kimi or d.row for d in deployments):
        yield from _check_drop_params(config.section("litellm_settings"))
    for deployment in deployments:
        yield from _check_prefix(deployment)
        if deployment.is_hosted_kimi:
            yield from _check_drop_params(deployment.params)
            yield from _check_model(deployment, today, hooked=hooked)
            yield from _check_thinking(deployment, hooked=hooked)
            yield from _check_effort(deployment)
            yield from _check_prices(deployment, known, hooked=hooked)


def _check_drop_params(section: Node) -> Iterator[Finding]:
    node = section.get("drop_params")
    if node and node.value is True:
        yield error(
            node,
            "drops `thinking` and `reasoning_effort` too, in silence: the model thinks "
            "at its dearest",
            given=True,
            accepted="additional_drop_params, a list of names for each deployment",
            nearest="additional_drop_params",
        )


def _check_prefix(deployment: Deployment) -> Iterator[Finding]:
    node = deployment.params.get("model")
    base = deployment.text("api_base")
    if node is None or deployment.prefix != "openai" or deployment.row is None:
        return
    if deployment.is_hosted_kimi or not base:
        yield error(
            node,
            "loses reasoning, costs and settings: LiteLLM has a provider for Kimi",
            given=deployment.model,
            accepted=f"{PROVIDER}/..., or hosted_vllm/... for a server of one's own",
            nearest=f"{PROVIDER}/{deployment.id}",
        )


def _check_model(
    deployment: Deployment, today: date, *, hooked: bool
) -> Iterator[Finding]:
    node, row = deployment.params.get("model"), deployment.row
    if node is None:
        return
    given = deployment.model
    current = [model.id for model in current_models()]
    if deployment.id in ALIASES:
        if hooked:
            return
        alias = ALIASES[deployment.id]
        yield error(
            node,
            "is a name of ours for a model in one mode, and no id of the API: a 404",
            given=given,
            accepted="the model's id, with thinking in extra_body",
            nearest=f"{PROVIDER}/{alias.model}",
        )
    elif row is None:
        close = nearest(deployment.id, [model.id for model in MODELS])
        report = error if close else _doubt
        yield report(
            node,
            "is no model that this release knows: the API answers an unknown id by 404",
            given=given,
            accepted=", ".join(current),
            nearest=close and f"{PROVIDER}/{close}",
        )
    elif row.retired:
        yield error(
            node,
            f"was retired on {row.retired}: the API answers 404",
            given=given,
            accepted=", ".join(current),
            nearest=row.successor and f"{deployment.prefix}/{row.successor}",
        )
    elif row.retires and row.retires < today:
        yield warning(
            node,
            f"was to be retired by {row.retires}",
            given=given,
            accepted=str(row.successor),
        )


def _doubt(
    node: Node, problem: str, *, given: str, accepted: str, nearest: str | None
) -> Finding:
    return warning(node, problem, given=given, accepted=accepted)


def _check_thinking(deployment: Deployment, *, hooked: bool) -> Iterator[Finding]:
    node = deployment.params.get("thinking")
    if node and not hooked and deployment.prefix == PROVIDER:
        yield error(
            node,
            "is refused by LiteLLM for this provider: every request fails",
            given=node.plain(),
            accepted=f"extra_body: {{thinking: ...}}, or the callback {HOOK}",
            nearest="extra_body.thinking",
        )
    extra = deployment.params.get("extra_body")
    asked = (extra and extra.get("thinking")) or node
    kind = asked.get("type") if asked else None
    row = deployment.row
    if row and kind and kind.value == "disabled" and row.instant is None:
        yield error(
            kind,
            f"cannot be asked of {row.id}, which always thinks",
            given="disabled",
            accepted=f"reasoning_effort: {row.efforts[0]}"
            if row.efforts
            else "enabled",
        )


def _check_effort(deployment: Deployment) -> Iterator[Finding]:
    node, row = deployment.params.get("reasoning_effort"), deployment.row
    if node is None or row is None or str(node.value).startswith("os.environ/"):
        return
    if node.value not in row.efforts:
        yield error(
            node,
            f"is no effort of {row.id}",
            given=node.plain(),
            accepted=", ".join(row.efforts) or "none: leave it out",
            nearest=nearest(str(node.value), row.efforts),
        )


def _check_prices(
    deployment: Deployment, known: Known, *, hooked: bool
) -> Iterator[Finding]:
    """Report a cost of 0 for what is billed; our hook registers `moonshot/` prices."""
    node = deployment.params.get("model")
    key = "input_cost_per_token"
    told = deployment.info.get(key) or deployment.params.get(key)
    row = deployment.row
    # What is told already: no model of the API's, or the wrong provider.
    if row is None or row.id != deployment.id or row.retired:
        return
    if deployment.prefix == "openai":
        return
    if hooked and deployment.prefix == PROVIDER:
        return
    if node and not told and deployment.model not in known.priced:
        yield error(
            node,
            "has no price: LiteLLM counts its cost as 0, and no budget ever trips",
            given=deployment.model,
            accepted=f"model_info.{key}, output_cost_per_token, "
            "cache_read_input_token_cost",
        )
