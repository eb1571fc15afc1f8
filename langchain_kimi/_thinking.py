"""`thinking` and `reasoning_effort` -> how a server is told to think.

The hosted API has a key of its own for each generation of models; the chat template of
the open weights takes arguments; OpenRouter has an object (kimi-api.md 4.1 and 4.4).
"""

from collections.abc import Iterable

from langchain_kimi._dialects import Dialect
from langchain_kimi._json import is_object
from langchain_kimi._refusal import KimiSettingError, Notify
from langchain_kimi._wire import JsonObject
from langchain_kimi.catalogue import EFFORT_ALIASES, Mode, Model, current_models


def write_thinking(
    request: JsonObject, model: Model | None, dialect: Dialect, notify: Notify
) -> Mode:
    """Write how to think into a request, and return the mode that is asked for.

    Args:
        request: The settings, `thinking` and `reasoning_effort` among them.
        model: The model's row.
        dialect: How its server is told.
        notify: Is told of what is not sent.

    Raises:
        KimiSettingError: For what the model cannot do, or is not understood.
    """
    thinking = _read_thinking(request.pop("thinking", None))
    effort = request.pop("reasoning_effort", None)
    if dialect.switch != "thinking" or (model and dialect.hosted):
        # Moonshot's own client puts it there; its tests say that it wins (KVV).
        effort = thinking.pop("effort", None) or effort
    if dialect.ladder and model and effort is not None:
        effort = _climb(effort, model, notify)
    write = _WRITERS[dialect.switch] if not dialect.hosted else _write_hosted
    request.update(write(thinking, effort, model, notify))
    if thinking.get("type") == "disabled":
        return "instant"
    return model.default_mode if model else "thinking"


def _read_thinking(thinking: object) -> JsonObject:
    if thinking is None:
        return {}
    if isinstance(thinking, bool):
        thinking = {"type": "enabled" if thinking else "disabled"}
    # Any other type would be taken for "enabled" by a template, or be left out for K3.
    if not is_object(thinking) or thinking.get("type", "enabled") not in _TYPES:
        raise KimiSettingError(
            f"thinking={thinking!r} is not understood. Give True, False, or the API's "
            "object, such as {'type': 'enabled', 'keep': 'all'}; its type is "
            f"{' or '.join(_TYPES)}."
        )
    return dict(thinking)


_TYPES = ("enabled", "disabled")


def _climb(effort: object, model: Model, notify: Notify) -> str | None:
    """Return the effort as the model's row has it; None where it has none."""
    if not model.efforts:
        notify(f"reasoning_effort={effort!r} was not sent: {model.id} has no efforts.")
        return None
    if isinstance(effort, str) and effort in EFFORT_ALIASES:
        meant = EFFORT_ALIASES[effort]
        notify(
            f"reasoning_effort={effort!r} was sent as {meant!r}: "
            f"{model.id} has {', '.join(model.efforts)}."
        )
        return meant
    if isinstance(effort, str) and effort in model.efforts:
        return effort
    raise KimiSettingError(
        f"reasoning_effort={effort!r} is unknown to {model.id}. Give one of "
        f"{', '.join(model.efforts)} (default {model.effort_default}), or "
        f"{', '.join(EFFORT_ALIASES)}, which stand for the nearest of them."
    )


def _write_hosted(
    thinking: JsonObject, effort: object, model: Model | None, notify: Notify
) -> JsonObject:
    """Write a K2 model's object; K3 has none, and takes only its effort."""
    told = {} if effort is None else {"reasoning_effort": effort}
    if model and thinking:
        _require_mode(thinking, model)
    if model and (model.efforts or not model.thinking):
        names = thinking.keys() - {"type"}
        if thinking.get("keep") == model.keep_default:
            names -= {"keep"}
        _tell_unsent(names, model.id, notify)
        return told
    return {**told, "thinking": thinking} if thinking else told


def _tell_unsent(names: Iterable[str], whose: str, notify: Notify) -> None:
    listed = ", ".join(sorted(names))
    if listed:
        notify(f"thinking.{listed} was not sent: {whose} has no such field.")


def _require_mode(thinking: JsonObject, model: Model) -> None:
    wants = thinking.get("type", "enabled") != "disabled"
    if not (model.thinking if wants else model.instant):
        raise _cannot_switch(model, wants)


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


def _write_passed_on(
    thinking: JsonObject, effort: object, model: Model | None, notify: Notify
) -> JsonObject:
    told: JsonObject = {"thinking": thinking} if thinking else {}
    return told if effort is None else {**told, "reasoning_effort": effort}


def _write_template(
    thinking: JsonObject, effort: object, model: Model | None, notify: Notify
) -> JsonObject:
    """Write the arguments of the open weights' chat template (KVV: opensource)."""
    told: JsonObject = {}
    if "type" in thinking:
        told["thinking"] = thinking["type"] != "disabled"
    if "keep" in thinking:
        told["preserve_thinking"] = _is_kept(thinking["keep"])
    _tell_unsent(thinking.keys() - {"type", "keep"}, "the chat template", notify)
    if effort is not None:
        told["thinking_effort"] = effort
    return {"chat_template_kwargs": told} if told else {}


def _is_kept(keep: object) -> bool:
    if keep not in (None, "all"):
        raise KimiSettingError(
            f"thinking.keep={keep!r} is not understood. Give 'all' or None."
        )
    return keep == "all"


def _write_reasoning(
    thinking: JsonObject, effort: object, model: Model | None, notify: Notify
) -> JsonObject:
    told: JsonObject = {}
    if "type" in thinking:
        told["enabled"] = thinking["type"] != "disabled"
    _tell_unsent(thinking.keys() - {"type"}, "OpenRouter", notify)
    if effort is not None:
        told["effort"] = effort
    return {"reasoning": told} if told else {}


_WRITERS = {
    "thinking": _write_passed_on,
    "chat_template_kwargs": _write_template,
    "reasoning": _write_reasoning,
}
