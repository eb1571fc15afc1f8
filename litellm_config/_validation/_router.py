"""`router_settings` -> what LiteLLM ignores in it, or only fails on in use."""

from collections.abc import Iterator
from fnmatch import fnmatchcase

from litellm_config._presets import HOOK
from litellm_config._validation._finding import Finding, error, nearest, warning
from litellm_config._validation._includes import Config
from litellm_config._validation._keys import check_keys, check_values
from litellm_config._validation._known import Known
from litellm_config._validation._yaml import Node

_FALLBACKS = ("fallbacks", "context_window_fallbacks", "content_policy_fallbacks")


def check_router(config: Config, known: Known) -> Iterator[Finding]:
    """Yield what is wrong with `router_settings`, and with fallbacks elsewhere.

    Args:
        config: The config with its includes.
        known: What LiteLLM accepts.
    """
    router = config.section("router_settings")
    yield from check_keys(
        router, known.router, known, consequence="LiteLLM ignores it with a warning"
    )
    yield from check_values(router, known.router)
    yield from _check_policies(router, known)
    yield from _check_budgets(router, known)
    yield from _check_deprecated(router)
    yield from _check_aliases(router, config)
    yield from _check_window_fallbacks(router, config)
    for section in (router, config.section("litellm_settings")):
        for key in _FALLBACKS:
            yield from _check_fallbacks(section.get(key), config)
        yield from _check_targets(section.get("default_fallbacks"), config)


def _check_policies(router: Node, known: Known) -> Iterator[Finding]:
    names = {
        "retry_policy": known.retry_policy,
        "allowed_fails_policy": known.allowed_fails_policy,
    }
    for key, accepted in names.items():
        policy = router.get(key)
        if policy:
            yield from _check_policy(policy, accepted, known)
    by_group = router.get("model_group_retry_policy")
    for _, policy in by_group.items() if by_group else []:
        yield from _check_policy(policy, known.retry_policy, known)


def _check_policy(
    policy: Node, names: frozenset[str], known: Known
) -> Iterator[Finding]:
    yield from check_keys(
        policy, names, known, consequence="the policy ignores it in silence"
    )
    yield from check_values(policy, dict.fromkeys(names, int | None))


def _check_budgets(router: Node, known: Known) -> Iterator[Finding]:
    budgets = router.get("provider_budget_config")
    for provider, budget in budgets.items() if budgets else []:
        if provider not in known.providers:
            yield error(
                budget,
                "is no provider: the budget never applies",
                given=provider,
                nearest=nearest(provider, known.providers),
            )
        yield from check_keys(
            budget, known.budget, known, consequence="the budget ignores it"
        )


def _check_deprecated(router: Node) -> Iterator[Finding]:
    for key, instead in (
        ("redis_db", "cache_kwargs: {db: ...}"),
        ("set_verbose", "the variable LITELLM_LOG=DEBUG"),
    ):
        node = router.get(key)
        if node:
            yield warning(node, f"is deprecated: use {instead}", given=node.plain())


def _check_aliases(router: Node, config: Config) -> Iterator[Finding]:
    aliases = router.get("model_group_alias")
    for name, alias in aliases.items() if aliases else []:
        target = alias.get("model") or alias
        if not isinstance(target.value, str):
            yield error(
                alias,
                "must be a group's name",
                given=alias.plain(),
                accepted="a name, or {model: name, hidden: true}",
            )
        elif target.value == name or not _is_group(target.value, config):
            yield _unknown_group(target, config)


def _check_window_fallbacks(router: Node, config: Config) -> Iterator[Finding]:
    node = router.get("context_window_fallbacks")
    checks = router.get("enable_pre_call_checks")
    fires = config.has_kimi_hook() or (checks is not None and checks.value is True)
    if node and node.elements() and not fires:
        yield warning(
            node,
            "never fire for Kimi, whose error LiteLLM takes for another",
            accepted=f"enable_pre_call_checks: true, or the callback {HOOK}",
        )


def _check_fallbacks(node: Node | None, config: Config) -> Iterator[Finding]:
    for entry in node.elements() if node else []:
        if not entry.items():
            yield error(
                entry,
                "must be a mapping of a group to its fallbacks",
                given=entry.plain(),
                accepted="{group: [other, group]}",
            )
        for group, targets in entry.items():
            if group != "*" and not _is_group(group, config):
                yield _unknown_group(targets, config, group)
            yield from _check_targets(targets, config)


def _check_targets(node: Node | None, config: Config) -> Iterator[Finding]:
    if node is None or node.value is None:
        return
    if not isinstance(node.value, list):
        yield error(node, "must be a list", given=node.plain(), accepted="[group, ...]")
    for target in node.elements():
        # A mapping is a target with parameters of its own.
        name = target.get("model") or target
        if isinstance(name.value, str) and not _is_group(name.value, config):
            yield _unknown_group(name, config)


def _unknown_group(node: Node, config: Config, name: str | None = None) -> Finding:
    name = name or str(node.value)
    groups = config.groups()
    return error(
        node,
        "names a group that model_list does not have: found out only when it is used",
        given=name,
        accepted=", ".join(sorted(groups)) if len(groups) <= 20 else "",
        nearest=nearest(name, groups - {name}),
    )


def _is_group(name: str, config: Config) -> bool:
    # A group may be a pattern, such as `moonshot/*`.
    return any(fnmatchcase(name, group) for group in config.groups())
