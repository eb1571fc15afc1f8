"""What deepagents is told about Kimi, through the entry points of this package.

deepagents calls both functions when it first looks for a profile; nothing else imports
this module. Source: deepagents 0.7, `profiles/_builtin_profiles.py`.
"""

from langchain_kimi._registration import register
from langchain_kimi.catalogue import PROVIDER

__all__ = ["register_harness", "register_provider"]

# The prefix of a model's name, as in `create_deep_agent("kimi:kimi-k3")`.
_PREFIX = "kimi"


def register_provider() -> None:
    """Let deepagents build a model from `kimi:` and its name."""
    from deepagents import ProviderProfile, register_provider_profile

    # It builds the model with `init_chat_model`, which knows Kimi after `register`.
    profile = ProviderProfile(pre_init=lambda _: register())
    register_provider_profile(_PREFIX, profile)


def register_harness() -> None:
    """Keep each thread of a deep agent, its subagents with it, to one prompt cache."""
    from deepagents import HarnessProfile, register_harness_profile

    from langchain_kimi.middleware import PromptCacheMiddleware

    profile = HarnessProfile(extra_middleware=[PromptCacheMiddleware()])
    # A model is looked up by its tracing provider, a name by its prefix.
    for key in (PROVIDER, _PREFIX):
        register_harness_profile(key, profile)
