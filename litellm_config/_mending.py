"""A LiteLLM call -> the same call as Kimi takes it, or LiteLLM's error."""

import logging

from litellm.exceptions import BadRequestError

from langchain_kimi._json import as_object
from langchain_kimi._wire import JsonObject
from langchain_kimi.catalogue import PROVIDER
from litellm_config._requests import mend_request, mend_self_hosted
from litellm_config._targets import (
    Target,
    find_target,
    is_self_hosted,
)
from litellm_config._thinking import Refused

_LOGGER = logging.getLogger("litellm_config")
_TOLD: set[str] = set()


def notify(text: str) -> None:
    """Log a warning, the same words only once.

    Args:
        text: What was not done as it was asked for.
    """
    if text not in _TOLD:
        _TOLD.add(text)
        _LOGGER.warning(text)


def mend_call(kwargs: JsonObject) -> JsonObject | None:
    """Return the arguments of a chat call as its model takes them, None for no change.

    Args:
        kwargs: The arguments of `litellm.completion`.

    Raises:
        litellm.BadRequestError: The model cannot do what is asked.
    """
    if is_self_hosted(kwargs):
        return mend_self_hosted(kwargs)
    target = find_target(kwargs)
    return mend_arguments(kwargs, target) if target else None


def mend_arguments(kwargs: JsonObject, target: Target) -> JsonObject:
    """Return the arguments as a model takes them.

    Args:
        kwargs: The arguments of a call.
        target: What the call reaches.

    Raises:
        litellm.BadRequestError: The model cannot do what is asked.
    """
    given = {**kwargs, **_alias_settings(kwargs, target)}
    try:
        mended = mend_request(given, target.model, notify)
    except Refused as refusal:
        raise BadRequestError(
            message=str(refusal), model=target.model.id, llm_provider=PROVIDER
        ) from None
    return mended


def address(kwargs: JsonObject) -> JsonObject:
    """Return the arguments with Moonshot's provider and the id that Kimi knows.

    Args:
        kwargs: The arguments of a call of any kind.
    """
    target = find_target(kwargs)
    if target is None:
        return kwargs
    return {
        **kwargs,
        "model": f"{PROVIDER}/{target.model.id}",
        "custom_llm_provider": PROVIDER,
        **_alias_settings(kwargs, target),
    }


def _alias_settings(kwargs: JsonObject, target: Target) -> JsonObject:
    """Return what an alias stands for; what the caller gave wins."""
    if not target.settings:
        return {}
    extra = as_object(kwargs.get("extra_body"))
    return {"extra_body": {**target.settings["extra_body"], **extra}}
