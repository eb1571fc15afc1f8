"""ChatKimi's settings -> the API's, by the model's row.

What the API would reject is refused with a remedy; what a framework sets by habit and
the model fixes (temperature=0) is dropped with one warning.
"""

from collections.abc import Mapping
from typing import Any

from langchain_kimi._json import is_number, is_object
from langchain_kimi._refusal import KimiSettingError, Notify
from langchain_kimi._rules import fixed_values
from langchain_kimi._wire import JsonObject
from langchain_kimi.catalogue import (
    ALIASES,
    EFFORT_ALIASES,
    Model,
    current_models,
    find_model,
)

# Settings that frameworks send by habit; a fixed `logprobs` is a wish for an output.
_DROPPABLE = ("temperature", "top_p", "n", "presence_penalty", "frequency_penalty")


def build_settings(
    settings: JsonObject, notify: Notify
) -> tuple[JsonObject, Model | None]:
    """Return the settings as the API takes them, and the model's row.

    Args:
        settings: Names and values; None means not set.
        notify: Is told of each setting that is not sent.

    Raises:
        KimiSettingError: For a setting that the model refuses.
    """
    request = {name: value for name, value in settings.items() if value is not None}
    if not isinstance(request["model"], str):
        raise KimiSettingError(f"model={request['model']!r} is not a model id.")
    alias = ALIASES.get(request["model"])
    if alias:
        request["model"] = alias.model
        request.setdefault("thinking", alias.mode == "thinking")
    model = find_model(request["model"])
    _set_output_cap(request)
    _set_stop(request)
    _set_thinking(request, model, notify)
    _set_effort(request, model, notify)
    if model:
        _drop_fixed(request, model, notify)
    return request, model


def _set_output_cap(request: JsonObject) -> None:
    """Send the cap under its current name; `max_tokens` is deprecated (OpenAPI)."""
    cap = request.pop("max_tokens", None)
    if cap is not None:
        request.setdefault("max_completion_tokens", cap)


def _set_stop(request: JsonObject) -> None:
    if not request.get("stop", True):
        del request["stop"]


def _set_thinking(request: JsonObject, model: Model | None, notify: Notify) -> None:
    """Turn a bool into the API's object; send K3, which has none, only its effort."""
    thinking = request.pop("thinking", None)
    if thinking is None:
        return
    thinking = _read_thinking(thinking)
    wants = thinking.get("type", "enabled") != "disabled"
    can = model is None or bool(model.thinking if wants else model.instant)
    if model and not can:
        raise _cannot_switch(model, wants)
    if model is None or (model.thinking and not model.efforts):
        request["thinking"] = thinking
        return
    # Moonshot's own client puts the effort here; its tests say that it wins (KVV).
    if thinking.get("effort"):
        request["reasoning_effort"] = thinking["effort"]
    told = {"type", "effort"}
    if thinking.get("keep") == model.keep_default:
        told.add("keep")
    names = ", ".join(sorted(thinking.keys() - told))
    if names:
        notify(f"thinking.{names} was not sent: {model.id} has no such field.")


def _read_thinking(thinking: object) -> JsonObject:
    if isinstance(thinking, bool):
        thinking = {"type": "enabled" if thinking else "disabled"}
    if not is_object(thinking):
        raise KimiSettingError(
            f"thinking={thinking!r} is not understood. Give True, False, or the API's "
            "object, such as {'type': 'enabled', 'keep': 'all'}."
        )
    return dict(thinking)


def _cannot_switch(model: Model, wants: bool) -> KimiSettingError:
    does = "never" if wants else "always"
    others = [
        other.id
        for other in current_models()
        if (other.thinking if wants else other.instant)
    ]
    slower = "" if wants or not model.efforts else f" or lower it with {_EFFORT_HINT}"
    return KimiSettingError(
        f"thinking={wants}: {model.id} {does} thinks. Leave thinking out{slower}, or "
        f"use one of: {', '.join(others)}."
    )


_EFFORT_HINT = "reasoning_effort='low'"


def _set_effort(request: JsonObject, model: Model | None, notify: Notify) -> None:
    effort = request.get("reasoning_effort")
    if effort is None or model is None:
        return
    if not model.efforts:
        del request["reasoning_effort"]
        notify(f"reasoning_effort={effort!r} was not sent: {model.id} has no efforts.")
        return
    if not isinstance(effort, str):
        effort = repr(effort)
    if effort in EFFORT_ALIASES:
        request["reasoning_effort"] = EFFORT_ALIASES[effort]
        notify(
            f"reasoning_effort={effort!r} was sent as {EFFORT_ALIASES[effort]!r}: "
            f"{model.id} has {', '.join(model.efforts)}."
        )
    elif effort not in model.efforts:
        raise KimiSettingError(
            f"reasoning_effort={effort!r} is unknown to {model.id}. Give one of "
            f"{', '.join(model.efforts)} (default {model.effort_default}), or "
            f"{', '.join(EFFORT_ALIASES)}, which stand for the nearest of them."
        )


def _drop_fixed(request: JsonObject, model: Model, notify: Notify) -> None:
    fixed: Mapping[str, Any] = {} if model.retired else fixed_values(request, model)
    for name in _DROPPABLE:
        given = request.get(name)
        if is_number(given) and name in fixed and given != fixed[name]:
            notify(
                f"{name}={request.pop(name)!r} was not sent: {model.id} accepts only "
                f"{fixed[name]:g}. Leave {name} out."
            )
