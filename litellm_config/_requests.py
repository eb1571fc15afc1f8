"""A call's arguments and a model's row -> the arguments that Kimi takes.

Pure but for `notify`. What Kimi would refuse or misread is mended where the outcome is
what was asked for, told where it is not quite, and refused where it cannot be.
Mending twice is mending once: LiteLLM calls the hook more than once for a request.
"""

from collections.abc import Callable
from typing import Any, TypeAlias

from langchain_kimi._json import as_object, as_objects, is_object
from langchain_kimi._rules import (
    check_messages,
    fixed_values,
    mode_of,
    tool_name,
)
from langchain_kimi._wire import JsonObject
from langchain_kimi.catalogue import Model
from litellm_config._messages import mend_messages
from litellm_config._thinking import Refused, mend_thinking

Notify: TypeAlias = Callable[[str], None]
"""Tells the user of something that was not sent as it was given."""

# Kimi refuses the first two and ignores the others (probe P1); none changes an answer.
_UNKNOWN = ("logit_bias", "top_logprobs", "seed", "user")
_HABITS = ("temperature", "top_p", "n", "presence_penalty", "frequency_penalty")
_SWITCHES = ("thinking", "reasoning_effort")
_FIELDS = (
    *_SWITCHES,
    *_HABITS,
    "logprobs",
    *_UNKNOWN,
    "messages",
    "tools",
    "tool_choice",
    "web_search_options",
    "prompt_cache_key",
    "partial",
)


def mend_request(kwargs: JsonObject, model: Model, notify: Notify) -> JsonObject:
    """Return the arguments of a LiteLLM call as the model takes them.

    Args:
        kwargs: The arguments; a field may also stand in `extra_body`.
        model: The row of the model that will answer.
        notify: Is told of what is not sent as it was given.

    Raises:
        Refused: The model cannot do what is asked.
    """
    extra = as_object(kwargs.get("extra_body"))
    request = {
        name: value
        for name in _FIELDS
        if (value := _read(kwargs, extra, name)) is not None
    }
    mend_thinking(request, model, notify)
    _drop_sampling(request, model, notify)
    _refuse_search(request)
    _mend_tool_choice(request, model, notify)
    _set_cache_key(request, kwargs)
    if "messages" in request:
        request["messages"] = mend_messages(
            request["messages"], partial=bool(request.pop("partial", False))
        )
        _refuse_media(request)
    return _write(kwargs, extra, request)


def _read(kwargs: JsonObject, extra: JsonObject, name: str) -> Any:
    value = kwargs.get(name)
    return extra.get(name) if value is None else value


def _write(kwargs: JsonObject, extra: JsonObject, request: JsonObject) -> JsonObject:
    """Put the fields back; LiteLLM takes `thinking` for Kimi only in extra_body."""
    thinking = {"thinking": request.pop("thinking")} if "thinking" in request else {}
    rest = {name: value for name, value in extra.items() if name not in _FIELDS}
    written = {name: value for name, value in kwargs.items() if name not in _FIELDS}
    written |= request
    if rest or thinking or "extra_body" in kwargs:
        written["extra_body"] = rest | thinking
    return written


def _drop_sampling(request: JsonObject, model: Model, notify: Notify) -> None:
    for name, allowed in fixed_values(request, model).items():
        if name in request and request.pop(name) != allowed:
            notify(f"{name} was not sent: {model.id} accepts only {allowed:g}.")
    for name in _UNKNOWN:
        if request.pop(name, None) is not None:
            notify(f"{name} was not sent: Kimi has no such setting.")


def _refuse_search(request: JsonObject) -> None:
    if request.get("web_search_options") is not None:
        raise Refused(
            "web_search_options: Kimi searches by a tool that it calls, not by a "
            "setting. Give tools=[{'type': 'builtin_function', 'function': {'name': "
            "'$web_search'}}] and send the arguments of its calls back as results."
        )


def _mend_tool_choice(request: JsonObject, model: Model, notify: Notify) -> None:
    """Send a choice that the row allows, the nearest one to what was asked."""
    choice = request.get("tool_choice")
    name = tool_name(choice)
    # Anthropic writes a word as an object, too.
    kind = "named" if name else as_object(choice).get("type", choice)
    if kind is None:
        return
    named = _find_tools(request, name) if name else []
    allowed = model.rules(mode_of(request, model)).tool_choices
    if kind in allowed:
        request["tool_choice"] = choice if name else kind
        return
    if name:
        # The model can call only what it is given.
        request["tools"] = named
    request["tool_choice"] = "required" if "required" in allowed else "auto"
    if request["tool_choice"] == "auto":
        notify(
            f"tool_choice={choice!r} was sent as 'auto': {model.id} refuses a forced "
            "tool call while it thinks."
        )


def _find_tools(request: JsonObject, name: str) -> list[JsonObject]:
    tools = as_objects(request.get("tools"))
    found = [tool for tool in tools if tool_name(tool) == name]
    if not found:
        names = ", ".join(map(tool_name, tools)) or "there is none"
        raise Refused(f"tool_choice names {name!r}, which is no tool here: {names}.")
    return found


def _set_cache_key(request: JsonObject, kwargs: JsonObject) -> None:
    """Keep a session on the prompt cache of its own, as Moonshot recommends."""
    session = session_id(kwargs)
    if session:
        request.setdefault("prompt_cache_key", session)


def session_id(kwargs: JsonObject) -> str | None:
    """Return the session that a caller named, in any of LiteLLM's places.

    The proxy makes one up for a request without one, and marks it so.

    Args:
        kwargs: The arguments of a call.
    """
    places = [as_object(kwargs.get(name)) for name in ("metadata", "litellm_metadata")]
    if any(place.get("litellm_session_id_generated") for place in places):
        return None
    found = [kwargs.get("litellm_session_id")]
    found += [place.get("session_id") for place in places]
    return next((str(session) for session in found if session), None)


def _refuse_media(request: JsonObject) -> None:
    for violation in check_messages(request, None, fetches_urls=False):
        if violation.field.endswith(("image_url", "video_url")):
            raise Refused(
                f"{violation.field}: {violation.message}: {violation.given!r:.80}. "
                f"{violation.remedy}."
            )


def mend_self_hosted(kwargs: JsonObject) -> JsonObject:
    """Return the arguments of a call to vLLM or SGLang, whose switch is the template's.

    Args:
        kwargs: The arguments of a call.
    """
    extra = as_object(kwargs.get("extra_body"))
    thinking = _read(kwargs, extra, "thinking")
    if thinking is None:
        return kwargs
    kind = thinking.get("type") if is_object(thinking) else thinking
    template = {
        **as_object(extra.get("chat_template_kwargs")),
        "thinking": kind not in ("disabled", False),
    }
    rest = {name: value for name, value in extra.items() if name != "thinking"}
    given = {name: value for name, value in kwargs.items() if name != "thinking"}
    return {**given, "extra_body": {**rest, "chat_template_kwargs": template}}
