"""What no public hook of LiteLLM reaches: a row a patch, each applied on its own.

A patch replaces one attribute by a wrapper of it. It is applied only where litellm
still has the attribute with the parameters that the wrapper needs; else it says so once
and the others are applied.
"""

import inspect
import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from importlib import import_module
from typing import Any

from litellm import exceptions
from litellm.exceptions import (
    BadRequestError,
    ContentPolicyViolationError,
    ContextWindowExceededError,
)

from langchain_kimi._json import as_object, as_text
from langchain_kimi.catalogue import PROVIDER
from litellm_config._chat_config import SWITCHED_OFF, build_chat_config
from litellm_config._errors import ErrorKind, error_kind, hide_account
from litellm_config._mending import notify
from litellm_config._regions import has_key, with_host
from litellm_config._streams import wrap_chunks, wrap_ending
from litellm_config._targets import find_target, is_self_hosted
from litellm_config._usage import mend_usage

# With an underscore, LiteLLM takes it for no setting of a provider class.
_MARK = "_kimi_patch"
_PROVIDER_PARAMETERS = ("model", "custom_llm_provider", "api_base", "api_key")


@dataclass(frozen=True, slots=True, kw_only=True)
class Patch:
    """One attribute of litellm, and what is put in its place."""

    name: str
    mends: str
    """What goes wrong without it, for the person who reads the warning."""
    module: str
    attribute: str
    """A name, or `Class.method`."""
    needs: tuple[str, ...]
    """The parameters, or for a class the methods, that the wrapper relies on."""
    wrap: Callable[[Any], Any]

    def apply(self) -> bool:
        """Apply the patch once; return whether it is in place."""
        owner, _, name = self.attribute.rpartition(".")
        try:
            holder: Any = import_module(self.module)
            holder = getattr(holder, owner) if owner else holder
            original = getattr(holder, name)
        except (ImportError, AttributeError):
            return False
        if _mark_of(original) == self.name:
            return True
        if not set(self.needs) <= _offers(original):
            return False
        replaced = self.wrap(original)
        setattr(replaced, _MARK, self.name)
        setattr(holder, name, replaced)
        return True


def apply_patches() -> list[str]:
    """Apply all patches; return the names of those that are in place."""
    applied: list[str] = []
    for patch in PATCHES:
        if patch.apply():
            applied.append(patch.name)
        else:
            notify(
                f"The patch {patch.name!r} does not fit this litellm and was left out: "
                f"{patch.mends}. Everything else works."
            )
    return applied


def _mark_of(value: Any) -> object:
    fields: dict[str, object] = getattr(value, "__dict__", {})
    return fields.get(_MARK)


def _offers(value: Any) -> set[str]:
    if inspect.isclass(value):
        return set(dir(value))
    try:
        return set(inspect.signature(value).parameters)
    except (TypeError, ValueError):
        return set()


def _wrap_provider(original: Callable[..., Any]) -> Callable[..., Any]:
    """Send Kimi's ids to Moonshot's provider, by whatever prefix they come."""
    signature = inspect.signature(original)

    @wraps(original)
    def get_llm_provider(*args: Any, **kwargs: Any) -> Any:
        given = dict(signature.bind(*args, **kwargs).arguments)
        # The Router gives a deployment's settings as one object instead.
        settings = given.get("litellm_params")
        for name in _PROVIDER_PARAMETERS[1:]:
            if given.get(name) is None and getattr(settings, name, None):
                given[name] = getattr(settings, name)
        target = find_target(given)
        if target:
            # An alias keeps its name: the chat config knows what it stands for.
            given |= {"model": target.id, "custom_llm_provider": PROVIDER}
        return original(**given)

    return get_llm_provider


def _wrap_switch(original: Callable[..., Any]) -> Callable[..., Any]:
    """Keep `thinking=False`, of which LiteLLM makes nothing, for Moonshot's provider.

    It does so before it knows the provider, and others refuse a switch.
    """

    @wraps(original)
    def validate_and_fix_thinking_param(thinking: Any) -> Any:
        SWITCHED_OFF.set(thinking is False)
        return original(thinking=thinking)

    return validate_and_fix_thinking_param


def _wrap_errors(original: Callable[..., Any]) -> Callable[..., Any]:
    """Raise the classes that LiteLLM's fallbacks and retries go by."""

    @wraps(original)
    def map_openai_exception(**kwargs: Any) -> None:
        error = kwargs["original_exception"]
        if kwargs["custom_llm_provider"] != PROVIDER:
            return original(**kwargs)
        body = as_object(getattr(error, "body", None))
        body = as_object(body.get("error")) or body
        words = body["message"] = hide_account(as_text(body.get("message")))
        kind = error_kind(as_text(body.get("type")), words)
        if kind:
            raise _CLASSES[kind](
                message=f"{_CLASSES[kind].__name__}: MoonshotException - {words}",
                model=kwargs["model"],
                llm_provider=PROVIDER,
                response=getattr(error, "response", None),
            )
        return original(**kwargs)

    return map_openai_exception


# 402 is retried by nobody, and cools the deployment whose account is empty.
_CLASSES: dict[ErrorKind, Any] = {
    "context": ContextWindowExceededError,
    "content": ContentPolicyViolationError,
    "quota": getattr(exceptions, "PaymentRequiredError", BadRequestError),
}


def _wrap_usage(original: Callable[..., None]) -> Callable[..., None]:
    """Price the cached tokens that are told at the top level only."""

    @wraps(original)
    def init(self: Any, *args: Any, **params: Any) -> None:
        if isinstance(params.get("prompt_tokens_details"), dict | None):
            params = mend_usage(params)
        original(self, *args, **params)

    return init


def _wrap_cache_key(original: Callable[..., str]) -> Callable[..., str]:
    """Tell Kimi's answers apart that differ in `extra_body`, as by thinking."""

    @wraps(original)
    def get_cache_key(self: Any, **kwargs: Any) -> str:
        if kwargs.get("extra_body") and (find_target(kwargs) or is_self_hosted(kwargs)):
            told = (kwargs.get("thinking"), kwargs["extra_body"])
            kwargs = {**kwargs, "thinking": told}
        return original(self, **kwargs)

    return get_cache_key


def _wrap_model_list(original: Callable[..., Any]) -> Callable[..., Any]:
    """Remove a region without a key before it is counted; give each its address."""

    @wraps(original)
    def set_model_list(self: Any, model_list: list[Any]) -> Any:
        served = [
            entry for entry in model_list if has_key(as_object(entry), os.environ)
        ]
        return original(self, [with_host(entry, os.environ) for entry in served])

    return set_model_list


_PROVIDER_MENDS = "openai/<kimi id> loses reasoning, effort and prices in sync calls"

PATCHES = (
    Patch(
        name="chat-config",
        mends="sync calls refuse thinking, and a required tool becomes a message",
        module="litellm",
        attribute="MoonshotChatConfig",
        needs=("get_supported_openai_params", "map_openai_params", "transform_request"),
        wrap=build_chat_config,
    ),
    Patch(
        name="provider",
        mends=_PROVIDER_MENDS,
        module="litellm.main",
        attribute="get_llm_provider",
        needs=_PROVIDER_PARAMETERS,
        wrap=_wrap_provider,
    ),
    Patch(
        name="provider-router",
        mends=_PROVIDER_MENDS,
        module="litellm",
        attribute="get_llm_provider",
        needs=_PROVIDER_PARAMETERS,
        wrap=_wrap_provider,
    ),
    Patch(
        name="thinking-false",
        mends="a sync call with thinking=False thinks",
        module="litellm.main",
        attribute="validate_and_fix_thinking_param",
        needs=("thinking",),
        wrap=_wrap_switch,
    ),
    Patch(
        name="error-classes",
        mends="context_window_fallbacks and content_policy_fallbacks do not fire, and "
        "an empty balance is retried",
        module="litellm.litellm_core_utils.exception_mapping_utils",
        attribute="_map_openai_exception",
        needs=("model", "original_exception", "custom_llm_provider"),
        wrap=_wrap_errors,
    ),
    Patch(
        name="stream-usage",
        mends="a stream without include_usage costs 0",
        module="litellm.litellm_core_utils.streaming_handler",
        attribute="CustomStreamWrapper.chunk_creator",
        needs=("self", "chunk"),
        wrap=wrap_chunks,
    ),
    Patch(
        name="cut-streams",
        mends="a stream that was cut ends as if it were whole",
        module="litellm.litellm_core_utils.streaming_handler",
        attribute="CustomStreamWrapper.finish_reason_handler",
        needs=("self",),
        wrap=wrap_ending,
    ),
    Patch(
        name="cached-tokens",
        mends="cached tokens told at the top level only are priced in full",
        module="litellm.types.utils",
        attribute="Usage.__init__",
        needs=("prompt_tokens", "prompt_tokens_details", "params"),
        wrap=_wrap_usage,
    ),
    Patch(
        name="cache-key",
        mends="the response cache takes answers with and without thinking for one",
        module="litellm.caching.caching",
        attribute="Cache.get_cache_key",
        needs=("self", "kwargs"),
        wrap=_wrap_cache_key,
    ),
    Patch(
        name="regions",
        mends="a region without a key is tried after a failure, and China without an "
        "address is asked at the international host",
        module="litellm.router",
        attribute="Router.set_model_list",
        needs=("self", "model_list"),
        wrap=_wrap_model_list,
    ),
)
