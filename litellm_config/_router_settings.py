"""The groups -> the Router's settings, the same for the SDK and for a proxy's YAML."""

from typing import Any

from langchain_kimi.catalogue import Model, find_model
from litellm_config._groups import Group, effort_group, list_groups

# A whole answer begins to arrive only when it is finished: "allow 15 minutes" (errors
# page). In a stream the limit is the gap between two chunks, in which K3 may think.
_WHOLE_ANSWER_SECONDS = 900
_STREAM_GAP_SECONDS = 180
_RETRIES = {
    # The same again gets the same answer.
    "BadRequestErrorRetries": 0,
    "ContentPolicyViolationErrorRetries": 0,
    "AuthenticationErrorRetries": 0,
    "NotFoundErrorRetries": 0,
    # A request that timed out may have been paid for.
    "TimeoutErrorRetries": 1,
    "RateLimitErrorRetries": 2,
    "InternalServerErrorRetries": 2,
    "ServiceUnavailableErrorRetries": 2,
}


def router_settings(*, redis_url: str | None = None, **others: Any) -> dict[str, Any]:
    """Return arguments of `litellm.Router`, which are also a YAML's `router_settings`.

    Args:
        redis_url: The Redis that several instances share, or `os.environ/NAME`.
        others: More arguments of the Router; they win over ours.
    """
    settings: dict[str, Any] = {
        "routing_strategy": "simple-shuffle",
        "num_retries": 2,
        "retry_policy": dict(_RETRIES),
        "retry_after": 1,
        # The first failure sends what follows to the other deployments: an overload is
        # a region's, and lasts for seconds (probe P1).
        "allowed_fails": 0,
        "cooldown_time": 20,
        "timeout": _WHOLE_ANSWER_SECONDS,
        "stream_timeout": _STREAM_GAP_SECONDS,
        # Without these checks nothing but an error leads to `context_window_fallbacks`.
        "enable_pre_call_checks": True,
        "fallbacks": _fallbacks(),
        "context_window_fallbacks": _larger_windows(),
    }
    if redis_url:
        settings["redis_url"] = redis_url
    return settings | others


def _fallbacks() -> list[dict[str, list[str]]]:
    """Return, for each group, the groups that answer while it cannot."""
    chains = {group.name: _chain(group) for group in list_groups() if _thinks(group)}
    return [{name: chain} for name, chain in chains.items() if chain]


def _thinks(group: Group) -> bool:
    """Tell an instant group: nothing else can answer without thinking."""
    return not group.settings.get("extra_body")


def _chain(group: Group) -> list[str]:
    names: list[str] = []
    model = _next(group.model.fallback)
    while model:
        names.append(_same_effort(model, group.effort))
        model = _next(model.fallback)
    return names


def _next(id: str | None) -> Model | None:
    return find_model(id) if id else None


def _same_effort(model: Model, effort: str | None) -> str:
    if effort in model.efforts and effort:
        return effort_group(model, effort).name
    return model.id


def _larger_windows() -> list[dict[str, list[str]]]:
    """Return, for each group whose model's successor takes more, the successor's."""
    found: list[dict[str, list[str]]] = []
    for group in list_groups():
        model = _next(group.model.successor)
        if model and model.context_tokens > group.model.context_tokens:
            # The least thinking comes nearest to none.
            effort = None if _thinks(group) else next(iter(model.efforts), None)
            found.append({group.name: [_same_effort(model, effort)]})
    return found
