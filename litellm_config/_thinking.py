"""`thinking` and `reasoning_effort` in any form -> what the model's row has of them."""

from collections.abc import Callable

from langchain_kimi._json import is_object
from langchain_kimi._wire import JsonObject
from langchain_kimi.catalogue import EFFORT_ALIASES, Model, current_models

_OFF: JsonObject = {"type": "disabled"}


class Refused(ValueError):
    """A request that the model cannot serve as it is meant; nothing was sent."""


def mend_thinking(
    request: JsonObject, model: Model, notify: Callable[[str], None]
) -> None:
    """Set the one switch that the model has, and remove the other.

    Kimi refuses both together ("cannot specify both"), and takes any string for an
    effort in silence: an effort that is none of the row's would cost the dearest one.

    Args:
        request: The fields of a request; it is changed.
        model: The row of the model that will answer.
        notify: Is told of what is not sent.

    Raises:
        Refused: The model cannot think so, or not think.
    """
    thinking = _read_thinking(request.pop("thinking", None))
    effort = _read_effort(request.pop("reasoning_effort", None))
    if effort == "none":
        thinking, effort = thinking or _OFF, None
    if thinking:
        _check_switch(thinking, model)
    if model.efforts:
        effort = effort or (thinking or {}).get("effort")
        if effort is not None:
            request["reasoning_effort"] = _map_effort(effort, model, notify)
        return
    if effort is not None:
        notify(f"reasoning_effort={effort!r} was not sent: {model.id} has no efforts.")
    if thinking:
        request["thinking"] = _write_thinking(thinking, model)


def _read_thinking(thinking: object) -> JsonObject | None:
    if isinstance(thinking, bool):
        return {"type": "enabled"} if thinking else _OFF
    if thinking is None or is_object(thinking):
        return thinking
    raise Refused(
        f"thinking={thinking!r} is not understood: give {{'type': 'enabled'}} or "
        "{'type': 'disabled'}."
    )


def _read_effort(effort: object) -> object:
    """Unwrap what LiteLLM's bridges of other APIs make: {"effort", "summary"}."""
    return effort.get("effort") if is_object(effort) else effort


def _check_switch(thinking: JsonObject, model: Model) -> None:
    off = thinking.get("type") == "disabled"
    if model.instant if off else model.thinking:
        return
    does = "always" if off else "never"
    others = [row.id for row in current_models() if (row.instant if off else True)]
    slower = (
        " or lower it with reasoning_effort='low'," if off and model.efforts else ""
    )
    raise Refused(
        f"thinking={thinking!r}: {model.id} {does} thinks. Leave thinking out,{slower} "
        f"or use one of: {', '.join(others)}."
    )


def _map_effort(effort: object, model: Model, notify: Callable[[str], None]) -> str:
    given = str(effort)
    mapped = EFFORT_ALIASES.get(given, given)
    if mapped not in model.efforts:
        raise Refused(
            f"reasoning_effort={effort!r} is unknown to {model.id}. Give one of "
            f"{', '.join(model.efforts)} (default {model.effort_default}), or "
            f"{', '.join(EFFORT_ALIASES)}, which stand for the nearest of them."
        )
    if mapped != given:
        notify(f"reasoning_effort={given!r} was sent as {mapped!r} to {model.id}.")
    return mapped


def _write_thinking(thinking: JsonObject, model: Model) -> JsonObject:
    """Return the API's two fields; another vendor's budget is none of them."""
    kind = "disabled" if thinking.get("type") == "disabled" else "enabled"
    keeps = "keep" in thinking and thinking["keep"] in model.keeps
    return {"type": kind, **({"keep": thinking["keep"]} if keeps else {})}
