"""The catalogue's rows -> the names that a client may call, and what each sets."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from langchain_kimi.catalogue import (
    ALIASES,
    DEFAULT_MODEL,
    Alias,
    Model,
    current_models,
    find_model,
)

DEFAULT_GROUP = "kimi"
"""The group of the catalogue's default model."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """One name, the model behind it, and the settings that the name stands for."""

    name: str
    model: Model
    settings: dict[str, Any] = field(default_factory=dict[str, Any])
    """LiteLLM's settings: a `reasoning_effort`, or an `extra_body`."""
    deprecated: date | None = None
    """The day from which the name should not be used any more."""

    @property
    def effort(self) -> str | None:
        """The effort of an effort tier."""
        return self.settings.get("reasoning_effort")


def list_groups() -> Iterator[Group]:
    """Yield the default group, the current models with their efforts, the aliases."""
    for model in current_models():
        if model.id == DEFAULT_MODEL:
            yield Group(name=DEFAULT_GROUP, model=model)
    for model in current_models():
        yield Group(name=model.id, model=model, deprecated=model.retires)
        for effort in model.efforts:
            yield effort_group(model, effort)
    for name in ALIASES:
        group = find_alias(name)
        if group:
            yield group


def effort_group(model: Model, effort: str) -> Group:
    """Return the group of a model at one effort.

    Args:
        model: The row of a model that has efforts.
        effort: One of them.
    """
    return Group(
        name=f"{model.id}-{effort}",
        model=model,
        settings={"reasoning_effort": effort},
        deprecated=model.retires,
    )


def find_alias(name: str) -> Group | None:
    """Return the group of an alias: its model in its mode, or the model's successor.

    Args:
        name: Any name; None is returned for one that is no alias, and for an alias
            that nothing serves any more.
    """
    alias = ALIASES.get(name)
    named = find_model(name) if alias else None
    if alias is None or named is None:
        return None
    model = _serving(named, alias)
    if model is None:
        return None
    # LiteLLM refuses `thinking` for Moonshot unless it stands in extra_body.
    kind = "enabled" if alias.mode == "thinking" else "disabled"
    return Group(
        name=name,
        model=model,
        settings={"extra_body": {"thinking": {"type": kind}}},
        deprecated=named.retired or named.retires,
    )


def _serving(model: Model | None, alias: Alias) -> Model | None:
    """Return the model, or its first successor, that answers in the alias's mode."""
    while model and model.retired:
        model = find_model(model.successor) if model.successor else None
    has_mode = model and (model.thinking if alias.mode == "thinking" else model.instant)
    return model if has_mode else None
