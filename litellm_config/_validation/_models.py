"""`model_list` and `credential_list` -> what LiteLLM drops, or sends on as it is."""

from collections.abc import Iterator

from pydantic import ValidationError

from litellm_config._validation._deployment import Deployment
from litellm_config._validation._finding import Finding, error, nearest
from litellm_config._validation._includes import Config
from litellm_config._validation._keys import check_keys, check_not_negative
from litellm_config._validation._known import Known
from litellm_config._validation._yaml import Node

# `model_info` is free for notes of one's own: only what is nearly a known name is
# taken for a misspelling.
_NEARLY = 0.85


def check_models(config: Config, known: Known) -> Iterator[Finding]:
    """Yield what is wrong with the deployments, whichever provider's.

    Args:
        config: The config with its includes.
        known: What LiteLLM accepts.
    """
    ids: dict[str, Node] = {}
    for entry in config.deployments():
        deployment = Deployment(entry)
        yield from _check_entry(deployment, known)
        yield from _check_params(deployment, known)
        yield from _check_provider(deployment, known)
        yield from _check_info(deployment, known)
        yield from _check_id(deployment, ids)
        yield from _check_credential(deployment, config)
    for credential in config.section("credential_list").elements():
        yield from check_keys(
            credential, known.credential, known, consequence="LiteLLM ignores it"
        )


def _check_entry(deployment: Deployment, known: Known) -> Iterator[Finding]:
    entry = deployment.entry
    if not isinstance(entry.value, dict):
        yield error(entry, "must be a mapping", given=entry.plain())
        return
    for key in ("model_name", "litellm_params"):
        if entry.get(key) is None:
            yield error(entry, f"has no {key}: the proxy does not start")
    for key, node in entry.items():
        if key not in known.entry:
            inside = key in known.param_names
            yield error(
                node,
                "is not read here: LiteLLM ignores it",
                given=key,
                accepted=", ".join(sorted(known.entry)),
                nearest=f"litellm_params.{key}"
                if inside
                else nearest(key, known.entry),
            )


def _check_params(deployment: Deployment, known: Known) -> Iterator[Finding]:
    params = deployment.params
    if deployment.entry.get("litellm_params") and params.get("model") is None:
        yield error(params, "has no model: the proxy does not start")
    for key, node in params.items():
        close = nearest(key, known.param_names)
        # Other providers have parameters of their own, which LiteLLM hands on.
        likely = deployment.is_hosted_kimi or nearest(
            key, known.param_names, likeness=_NEARLY
        )
        if key not in known.param_names and likely:
            yield error(
                node,
                "is unknown: LiteLLM sends it to the model as a field of the body",
                given=key,
                accepted="LiteLLM's parameters; fields of the body go in extra_body",
                nearest=close,
            )
        yield from check_not_negative(node)
    yield from _check_types(params, known)


def _check_types(params: Node, known: Known) -> Iterator[Finding]:
    """Convert the values as the router does, which drops a deployment that fails."""
    values = {
        key: node.plain()
        for key, node in params.items()
        if not str(node.value).startswith("os.environ/")
    }
    try:
        known.params.model_validate({"model": "", **values})
    except ValidationError as problem:
        for fault in problem.errors():
            node = params.get(str(fault["loc"][0]))
            if node:
                yield error(
                    node,
                    "is of the wrong type: LiteLLM drops the whole deployment",
                    given=node.plain(),
                    accepted=fault["msg"],
                )


def _check_provider(deployment: Deployment, known: Known) -> Iterator[Finding]:
    node = deployment.params.get("model")
    model = deployment.model
    if node is None or "*" in model or model.startswith("os.environ/"):
        return
    try:
        known.find_provider(
            model=model,
            custom_llm_provider=deployment.text("custom_llm_provider") or None,
            api_base=deployment.text("api_base") or None,
        )
    except Exception:  # noqa: BLE001  # LiteLLM's own class, which is not imported here
        prefix, row = deployment.prefix, deployment.row
        bare = f"moonshot/{row.id}" if row and not prefix else None
        close = nearest(prefix, known.providers)
        yield error(
            node,
            "names no provider of LiteLLM's, which drops the whole deployment",
            given=model,
            accepted="provider/model",
            nearest=bare or (close and f"{close}/{model.partition('/')[2]}"),
        )


def _check_info(deployment: Deployment, known: Known) -> Iterator[Finding]:
    for key, node in deployment.info.items():
        close = nearest(key, known.model_info, likeness=_NEARLY)
        if key not in known.model_info and close and not key.startswith(close):
            yield error(
                node, "is unknown: LiteLLM ignores it", given=key, nearest=close
            )
        if "_cost" in key or key.startswith("max_"):
            yield from _check_number(node)


def _check_number(node: Node) -> Iterator[Finding]:
    try:
        # LiteLLM converts `3e-6`, which YAML takes for text.
        float(node.value)
    except (TypeError, ValueError):
        if node.value is not None and not isinstance(node.value, dict | list):
            yield error(
                node, "is no number", given=node.plain(), accepted="USD per token"
            )
        return
    yield from check_not_negative(node)


def _check_id(deployment: Deployment, seen: dict[str, Node]) -> Iterator[Finding]:
    node = deployment.info.get("id")
    if node is None:
        return
    # LiteLLM makes text of a number.
    first = seen.setdefault(str(node.plain()), node)
    if first is not node:
        yield error(
            node,
            f"is taken ({first.file} line {first.line}): cooldowns, limits and costs "
            "of the two are mixed up",
            given=node.plain(),
            accepted="an id of its own for each deployment",
        )


def _check_credential(deployment: Deployment, config: Config) -> Iterator[Finding]:
    node = deployment.params.get("litellm_credential_name")
    names = {
        str(name.value)
        for credential in config.section("credential_list").elements()
        if (name := credential.get("credential_name"))
    }
    if node and node.value not in names:
        yield error(
            node,
            "names no credential: the deployment goes without a key",
            given=node.plain(),
            accepted=", ".join(sorted(names)) or "a credential_name of credential_list",
            nearest=nearest(str(node.value), names),
        )
