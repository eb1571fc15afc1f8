"""A shipped config, before it is written: its sections, and the reasons for them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """One section of a config, with the reasons for it."""

    name: str
    value: Any
    why: str = ""
    reasons: Mapping[str, str] = field(default_factory=dict[str, str])
    """Key of the section -> why it is set so."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Preset:
    """One config."""

    file: str
    purpose: str
    variables: Mapping[str, str]
    """Name of a variable -> what it is for."""
    sections: tuple[Section, ...]
