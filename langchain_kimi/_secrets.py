"""Keys and headers that may hold one -> values that no text shows."""

import json
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, cast

from pydantic import SecretStr

_HIDDEN = "**********"
LEFT_OUT = "\0left out of a pickle"
"""The value of a header that was not pickled; none that is sent has a NUL."""


class EnvironmentKey(SecretStr):
    """A key that nobody gave for an address: the environment had it.

    It keeps that through copies and assignments, so that it goes to no other address.
    """

    def __init__(
        self, secret_value: str, variable: str = "", address: str = ""
    ) -> None:
        """Keep a key, and where it belongs.

        Args:
            secret_value: The key, "" if there is none.
            variable: The variable that holds it.
            address: The address that stands beside it in the environment.
        """
        super().__init__(secret_value)
        self.variable, self.address = variable, address

    def __eq__(self, other: object) -> bool:
        return isinstance(other, SecretStr) and (
            self.get_secret_value() == other.get_secret_value()
        )

    __hash__ = SecretStr.__hash__


class SecretHeaders(dict[str, str]):
    """Headers whose values no text shows: frames and objects are printed by others."""

    def __repr__(self) -> str:
        return repr(dict.fromkeys(self, _HIDDEN))


def open_headers(given: object) -> object:
    """Return headers as plain values, in whatever form a dump gives them back.

    Args:
        given: Headers; with secrets as values, as `model_dump` has them; or as JSON, as
            `load` finds them in a variable.
    """
    if isinstance(given, str):
        with suppress(ValueError):
            return json.loads(given)
    if not isinstance(given, Mapping):
        return given
    headers = cast("Mapping[Any, Any]", given)
    return {
        name: value.get_secret_value() if isinstance(value, SecretStr) else value
        for name, value in headers.items()
    }


def without_values(headers: Mapping[str, str] | None) -> SecretHeaders | None:
    """Return headers as a pickle keeps them: their names.

    Args:
        headers: The headers.
    """
    return None if headers is None else SecretHeaders(dict.fromkeys(headers, LEFT_OUT))
