"""What a user says of timeouts -> the four limits of a call."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from math import isfinite
from typing import Any, Literal, TypeAlias, cast

from langchain_kimi._json import is_number, is_object
from langchain_kimi._refusal import KimiSettingError, nearest_name, show

LimitName: TypeAlias = Literal["connect", "first_byte", "gap", "total"]

# Ten for a handshake; a whole answer's headers come when it is finished ("allow >= 15
# min read", kimi-api.md 9), and nobody says how long K3 may think between two pieces.
_CONNECT, _SILENCE = 10.0, 900.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeouts:
    """How long a call may take, and each part of it, in seconds.

    Example:
        ```python
        from langchain_kimi import ChatKimi, Timeouts

        model = ChatKimi(timeout=Timeouts(gap=120, total=600))
        ```

    Raises:
        KimiSettingError: For a limit that is no number above 0, or that `total` would
            always cut off.
    """

    connect: float | None = None
    """Until there is a connection; None for 10."""
    first_byte: float | None = None
    """Until the answer begins; a whole one begins only when it is finished. None for
    900."""
    gap: float | None = None
    """Between two pieces of an answer that has begun, in which a model may think. None
    for 900."""
    total: float | None = None
    """The whole call: all attempts, the waits between them, and the reading of the
    stream. None for no end."""

    def __post_init__(self) -> None:
        for name in _NAMES:
            seconds = getattr(self, name)
            if seconds is not None:
                _check_seconds(seconds, f"{name}={show(seconds)}: ")
        for name in _NAMES[:-1]:
            seconds = getattr(self, name)
            if seconds and self.total and seconds > self.total:
                raise KimiSettingError(
                    f"{name}={seconds!r} is longer than total={self.total!r}, which "
                    f"ends the call before. Give a shorter {name}, or leave it out."
                )


_NAMES = tuple(field.name for field in fields(Timeouts))

Timeout: TypeAlias = float | Timeouts | None
GivenTimeout: TypeAlias = Timeout | Mapping[str, float | None]
"""What users may write: a mapping has the keys of `Timeouts`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """The limits of a call in seconds, with the defaults where nothing was said."""

    connect: float = _CONNECT
    first_byte: float = _SILENCE
    gap: float = _SILENCE
    total: float | None = None


def read_timeout(given: object) -> Timeout:
    """Return a timeout as it was given, a mapping as `Timeouts`.

    Args:
        given: What a user wrote.

    Raises:
        KimiSettingError: If it is none of what is accepted.
    """
    if given is None or isinstance(given, Timeouts):
        return given
    if is_object(given):
        return _read_mapping(given)
    _check_seconds(given)
    return cast("float", given)


def _read_mapping(given: Mapping[str, Any]) -> Timeouts:
    for name in given:
        if name not in _NAMES:
            near = nearest_name(str(name), _NAMES)
            raise KimiSettingError(
                f"There is no timeout {name!r}. {near}Give any of {', '.join(_NAMES)}."
            )
    return Timeouts(**given)


def _check_seconds(given: object, prefix: str = "") -> None:
    if not is_number(given):
        raise KimiSettingError(
            f"{prefix}Give seconds as a number, Timeouts(...), or a dict with any of "
            f"{', '.join(_NAMES)}"
        )
    if not (isfinite(given) and given > 0):
        raise KimiSettingError(
            f"{prefix}Input should be greater than 0, in seconds. Leave it out for the "
            "default"
        )


def read_limits(given: object) -> Limits:
    """Return the four limits that a timeout stands for.

    Args:
        given: Seconds are a limit of silence: they stand for `first_byte` and `gap`,
            and for `connect` where they are less than its default.

    Raises:
        KimiSettingError: If it is none of what is accepted.
    """
    timeout = read_timeout(given)
    if timeout is None:
        return Limits()
    if isinstance(timeout, Timeouts):
        said = {name: getattr(timeout, name) for name in _NAMES}
        return Limits(**{name: value for name, value in said.items() if value})
    return Limits(connect=min(timeout, _CONNECT), first_byte=timeout, gap=timeout)
