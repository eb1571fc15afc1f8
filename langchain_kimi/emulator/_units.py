"""A value in one unit -> the value in another: tables of factors, no network.

Kinds as on the official-tools page (2026-08-13), but for currency: that needs rates.
"""

from collections.abc import Mapping

# How many of the first unit of its kind a unit is.
_FACTORS: Mapping[str, Mapping[str, float]] = {
    "length": {
        "meter": 1,
        "kilometer": 1_000,
        "centimeter": 0.01,
        "millimeter": 0.001,
        "mile": 1_609.344,
        "yard": 0.9144,
        "foot": 0.3048,
        "inch": 0.0254,
    },
    "mass": {
        "kilogram": 1,
        "gram": 0.001,
        "milligram": 1e-6,
        "ton": 1_000,
        "pound": 0.45359237,
        "ounce": 0.028349523125,
    },
    "volume": {
        "liter": 1,
        "milliliter": 0.001,
        "cubic_meter": 1_000,
        "gallon": 3.785411784,
        "cup": 0.2365882365,
    },
    "area": {
        "square_meter": 1,
        "square_kilometer": 1e6,
        "square_foot": 0.09290304,
        "hectare": 10_000,
        "acre": 4_046.8564224,
    },
    "time": {
        "second": 1,
        "minute": 60,
        "hour": 3_600,
        "day": 86_400,
        "week": 604_800,
    },
    "energy": {"joule": 1, "calorie": 4.184, "kwh": 3.6e6, "btu": 1_055.05585262},
    "pressure": {"pascal": 1, "bar": 1e5, "psi": 6_894.757293168, "atm": 101_325},
    "speed": {"mps": 1, "kph": 1 / 3.6, "mph": 0.44704, "knot": 1_852 / 3_600},
    # Kelvin from a degree: (value + shift) * factor.
    "temperature": {"kelvin": 1, "celsius": 1, "fahrenheit": 5 / 9},
}
_SHIFTS: Mapping[str, float] = {"celsius": 273.15, "fahrenheit": 459.67}
_LARGEST = 1e200
_KINDS = {unit: kind for kind, units in _FACTORS.items() for unit in units}


class UnitError(ValueError):
    """There is no such unit, the two do not fit, or the value is too large."""


def convert_units(value: float, source: str, target: str) -> float:
    """Return a value of one unit in another, rounded to 10 digits.

    Args:
        value: How many of the source unit.
        source: A unit's name in the singular, such as `kilometer`.
        target: Likewise, of the same kind.

    Raises:
        UnitError: There is no such unit, the two measure different things, or the
            value is too large.
    """
    kind, other = _kind_of(source), _kind_of(target)
    if kind != other:
        raise UnitError(f"cannot convert {kind} ({source}) to {other} ({target})")
    factors = _FACTORS[kind]
    if abs(value) > _LARGEST:
        raise UnitError("the value is too large")
    base = (value + _SHIFTS.get(source, 0)) * factors[source]
    result = base / factors[target] - _SHIFTS.get(target, 0)
    return float(f"{result:.10g}")


def _kind_of(unit: str) -> str:
    if unit not in _KINDS:
        raise UnitError(f"unknown unit {unit!r}, give one of {', '.join(_KINDS)}")
    return _KINDS[unit]
