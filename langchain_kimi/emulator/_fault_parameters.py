"""What a test gives for a parameter of a fault -> its value, or a refusal.

Values come from Python as they are and from a command line as text: both are read here.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

_FLAGS = {"true": True, "false": False}

Read: TypeAlias = Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter: its value unless given, what it takes, and how it is read."""

    default: Any
    accepted: str
    read: Read

    def value(self, given: Any) -> Any:
        """Return the value of what was given.

        Raises:
            ValueError: It is nothing that the parameter takes.
        """
        if given is None or given == "none":
            if self.default is None:
                return None
            raise ValueError(given)
        return self.read(given)


def seconds(default: float | None) -> Parameter:
    """Return a parameter that takes a time."""
    return Parameter(default, _or_none("seconds, 0 or more", default), _read_seconds)


def count(default: int | None, least: int = 0) -> Parameter:
    """Return a parameter that takes a whole number."""

    def read(given: Any) -> int:
        number = int(given)
        if number != float(given) or number < least or isinstance(given, bool):
            raise ValueError(given)
        return number

    accepted = f"a whole number, {least} or more"
    return Parameter(default, _or_none(accepted, default), read)


def flag(default: bool) -> Parameter:
    """Return a parameter that takes true or false."""

    def read(given: Any) -> bool:
        return given if isinstance(given, bool) else _FLAGS[str(given).lower()]

    return Parameter(default, "true or false", read)


def choice(default: str, *others: str) -> Parameter:
    """Return a parameter that takes one of some words."""
    known = (default, *others)

    def read(given: Any) -> str:
        if given not in known:
            raise ValueError(given)
        return str(given)

    return Parameter(default, f"one of {', '.join(known)}", read)


def status(default: int, least: int, most: int) -> Parameter:
    """Return a parameter that takes an HTTP status within a range."""

    def read(given: Any) -> int:
        number = int(given)
        if not least <= number <= most:
            raise ValueError(given)
        return number

    return Parameter(default, f"a status from {least} to {most}", read)


def header_text(default: str) -> Parameter:
    """Return a parameter that takes a text which a header can carry."""

    def read(given: Any) -> str:
        text = str(given)
        if not (text.isascii() and text.isprintable()):
            raise ValueError(given)
        return text

    return Parameter(default, "a text of one line in ASCII", read)


def _read_seconds(given: Any) -> float:
    number = float(given)
    if not math.isfinite(number) or number < 0 or isinstance(given, bool):
        raise ValueError(given)
    return number


def _or_none(accepted: str, default: object) -> str:
    return f"{accepted}, or none" if default is None else accepted
