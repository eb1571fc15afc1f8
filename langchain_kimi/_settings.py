"""ChatKimi's settings -> the API's, by the model's row and the server's dialect.

What the API would reject is refused with a remedy; what a framework sets by habit and
the model fixes (temperature=0) is dropped with one warning.
"""

from dataclasses import dataclass

from langchain_kimi._dialects import Dialect, find_row
from langchain_kimi._json import is_number, is_object
from langchain_kimi._refusal import KimiSettingError, Notify
from langchain_kimi._rules import fixed_values
from langchain_kimi._thinking import write_thinking
from langchain_kimi._wire import JsonObject
from langchain_kimi.catalogue import ALIASES, DEFAULT_MODEL, Alias, Mode, Model

# Settings that frameworks send by habit; a fixed `logprobs` is a wish for an output.
_DROPPABLE = ("temperature", "top_p", "n", "presence_penalty", "frequency_penalty")


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings of a request, and what is known of the model that gets it."""

    request: JsonObject
    model: Model | None
    """The model's row; None for a name that has none."""
    mode: Mode
    rules: Model | None
    """The row whose rules the request must keep; None where only the universal do."""


def build_settings(settings: JsonObject, dialect: Dialect, notify: Notify) -> Settings:
    """Return the settings as the server takes them.

    Args:
        settings: Names and values; None means not set.
        dialect: How the server is written to.
        notify: Is told of each setting that is not sent.

    Raises:
        KimiSettingError: For a setting that the model refuses.
    """
    request = {name: value for name, value in settings.items() if value is not None}
    if not isinstance(request["model"], str) or not request["model"].strip():
        raise KimiSettingError(
            f"model={request['model']!r} is not a model id. Give one such as "
            f"{DEFAULT_MODEL!r}."
        )
    model = find_row(request["model"], dialect)
    alias = ALIASES.get(request["model"])
    if alias and dialect.expands_aliases:
        _expand_alias(request, alias)
    _set_output_cap(request)
    _set_stop(request)
    mode = write_thinking(request, model, dialect, notify)
    if alias and not dialect.expands_aliases:
        mode = alias.mode
    # A retired model is served by others, with their own rules: only what the model
    # itself is (how it thinks) is still known.
    rules = model if model and dialect.hosted and not model.retired else None
    if rules:
        _drop_fixed(request, rules, notify)
        _tell_cache_options(request, rules, notify)
    return Settings(request, model, mode, rules)


def _expand_alias(request: JsonObject, alias: Alias) -> None:
    """Send the model and the mode for which a name stands; a given mode wins."""
    request["model"] = alias.model
    thinks = alias.mode == "thinking"
    given = request.setdefault("thinking", thinks)
    if is_object(given):
        request["thinking"] = {"type": "enabled" if thinks else "disabled", **given}


def _set_output_cap(request: JsonObject) -> None:
    """Send the cap under its current name; `max_tokens` is deprecated (OpenAPI)."""
    cap = request.pop("max_tokens", None)
    if cap is not None:
        request.setdefault("max_completion_tokens", cap)


def _set_stop(request: JsonObject) -> None:
    if not request.get("stop", True):
        del request["stop"]


def _drop_fixed(request: JsonObject, model: Model, notify: Notify) -> None:
    fixed = fixed_values(request, model)
    for name in _DROPPABLE:
        given = request.get(name)
        if is_number(given) and name in fixed and given != fixed[name]:
            notify(
                f"{name}={request.pop(name)!r} was not sent: {model.id} accepts only "
                f"{fixed[name]:g}. Leave {name} out."
            )


def _tell_cache_options(request: JsonObject, model: Model, notify: Notify) -> None:
    options = request.get("prompt_cache_options")
    if options is not None and not model.cache_options:
        notify(f"prompt_cache_options={options!r} has no effect on {model.id}.")
