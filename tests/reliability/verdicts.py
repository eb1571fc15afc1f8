"""Outcomes -> those that are not the expected ones, in words."""

from collections.abc import Mapping

from tests.reliability.cases import CASES, expected
from tests.reliability.elsewhere import ENDPOINTS, ROWS, Found
from tests.reliability.running import Key


def tell_wrong(found: Mapping[Key, str]) -> list[str]:
    """Return a line for each outcome of a chat request that is not expected."""
    return [
        f"{CASES[number].told}, {way}: expected {outcome}, but got {got}"
        for (number, way), got in found.items()
        if got != (outcome := expected(CASES[number], way))
    ]


def tell_wrong_elsewhere(found: Found) -> list[str]:
    """Return a line for each outcome of another call that is not expected."""
    return [
        f"{ROWS[row].told}, {kind} {ENDPOINTS[column].told}: expected {outcome}, "
        f"but got {got}"
        for (row, column, kind), got in found.items()
        if got != (outcome := ROWS[row].outcome(ENDPOINTS[column]))
    ]
