"""What deepagents is told about Kimi, through the entry points of this package.

deepagents calls both functions when it first looks for a profile; nothing else imports
this module, and it imports deepagents only then. Source: deepagents 0.7,
`profiles/_builtin_profiles.py`.
"""

from langchain_kimi._registration import register
from langchain_kimi.catalogue import PROVIDER

__all__ = ["SPEC_PROVIDER", "register_harness", "register_provider"]

SPEC_PROVIDER = "kimi"
"""The prefix of a model's text, as in `create_deep_agent("kimi:kimi-k3")`."""


def register_provider() -> None:
    """Let deepagents build a model from `kimi:` and its name."""
    from deepagents import ProviderProfile, register_provider_profile

    # deepagents builds it with `init_chat_model`, which knows Kimi after `register`.
    profile = ProviderProfile(pre_init=lambda _: register())
    register_provider_profile(SPEC_PROVIDER, profile)


def register_harness() -> None:
    """Let each thread of a deep agent, its subagents' too, keep to one prompt cache."""
    from deepagents import HarnessProfile, register_harness_profile

    from langchain_kimi.middleware import PromptCacheMiddleware

    profile = HarnessProfile(extra_middleware=lambda: [PromptCacheMiddleware()])
    # A model is found by its tracing provider, a text by its prefix.
    for key in (PROVIDER, SPEC_PROVIDER):
        register_harness_profile(key, profile)
