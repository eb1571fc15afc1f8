"""The arguments of a call -> the Kimi model that it reaches, if it reaches one."""

from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from langchain_kimi._json import as_object, as_text
from langchain_kimi._wire import JsonObject
from langchain_kimi.catalogue import PROVIDER, Model, find_model
from litellm_config._groups import find_alias
from litellm_config._regions import REGIONS

_HOSTS = {urlsplit(region.host).hostname for region in REGIONS}
# `openai/` with Moonshot's address is what old examples show; it loses the reasoning.
_REWRITTEN = ("openai", "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A model that Moonshot hosts, and what the name it was called by stands for."""

    id: str
    """A model id or an alias, as it was given."""
    model: Model
    settings: dict[str, Any] = field(default_factory=dict[str, Any])


def find_target(kwargs: JsonObject) -> Target | None:
    """Return what a LiteLLM call reaches at Moonshot, None for any other call.

    Args:
        kwargs: `model`, `custom_llm_provider`, `api_base` and `api_key` are read.
    """
    name = as_text(kwargs.get("model"))
    given = as_text(kwargs.get("custom_llm_provider"))
    prefix, slash, id = name.partition("/")
    provider = prefix if slash else given
    id = id if slash else name
    if provider != PROVIDER and not _is_rewritten(provider, kwargs):
        return None
    alias = find_alias(id)
    if alias:
        return Target(id=id, model=alias.model, settings=alias.settings)
    model = find_model(id)
    return Target(id=id, model=model) if model else None


def _is_rewritten(provider: str, kwargs: JsonObject) -> bool:
    """Tell a Kimi id that another provider would serve worse.

    At a stranger's address it keeps its provider unless the key was given for it:
    Moonshot's provider would send along the key of the environment.
    """
    host = urlsplit(as_text(kwargs.get("api_base"))).hostname
    if provider not in _REWRITTEN:
        return False
    return host in _HOSTS or bool(provider and host and kwargs.get("api_key"))


def is_self_hosted(kwargs: JsonObject) -> bool:
    """Tell a call to the open weights on vLLM or SGLang, as `self_hosted` makes them.

    Args:
        kwargs: The arguments of a call that the Router made.
    """
    base_model = as_object(kwargs.get("model_info")).get("base_model")
    name = as_text(kwargs.get("model"))
    return (
        name.startswith("hosted_vllm/") and find_model(as_text(base_model)) is not None
    )
