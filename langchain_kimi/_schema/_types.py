"""Plain keywords of JSON Schema: turns those that hold together into typed variants.

Each type takes the keywords that concern it; a bound that cannot be met leaves it out.
"""

from collections.abc import Callable

from langchain_kimi._json import is_array, is_object
from langchain_kimi._schema._containers import read_array, read_object
from langchain_kimi._schema._shapes import Places, Variant
from langchain_kimi._schema._values import (
    Bound,
    fingerprint,
    kind_of,
    lower_integer,
    read_counts,
    read_numbers,
    unique,
    upper_integer,
)
from langchain_kimi._wire import JsonObject

_TYPES: tuple[str, ...] = (
    "string",
    "number",
    "integer",
    "boolean",
    "object",
    "array",
    "null",
)

# What only the model can heed, by the type it speaks of. Keywords that mean something
# only together are kept together, and only where one schema alone has any of them.
_KEPT: dict[str, tuple[tuple[str, ...], ...]] = {
    "string": (
        ("format",),
        ("contentEncoding",),
        ("contentMediaType",),
        ("contentSchema",),
    ),
    "number": (("multipleOf",), ("format",)),
    "integer": (("multipleOf",), ("format",)),
    "array": (
        ("uniqueItems",),
        ("contains", "minContains", "maxContains"),
    ),
    "object": (
        ("patternProperties",),
        ("propertyNames",),
        ("minProperties",),
        ("maxProperties",),
        ("dependentRequired",),
        ("dependentSchemas",),
        ("dependencies",),
    ),
}
_READ = frozenset(
    [
        "type",
        "enum",
        "const",
        "properties",
        "required",
        "additionalProperties",
        "items",
        "prefixItems",
        "additionalItems",
        "minLength",
        "maxLength",
        "pattern",
        "minimum",
        "maximum",
        "exclusiveMinimum",
        "exclusiveMaximum",
        "minItems",
        "maxItems",
    ]
)
CONSTRAINTS = _READ.union(*(bundle for kept in _KEPT.values() for bundle in kept))
"""Keywords that limit values; all others are notes."""


def read_variants(sources: list[JsonObject], places: Places) -> list[Variant]:
    """One variant for each type whose values may fit."""
    types = set(_TYPES).intersection(*map(_read_types, sources))
    values = _read_values(sources, types)
    kinds = _name_kinds(types) if values is None else _sort_values(values)
    variants: list[Variant] = []
    for kind, kind_values in kinds.items():
        variant = _read_variant(sources, kind, places)
        if variant is not None:
            variant.kept |= _read_kept(sources, kind)
            variant.keywords |= {"enum": kind_values} if kind_values else {}
            variants.append(variant)
    return variants


def _read_types(source: JsonObject) -> set[str]:
    named = _named_types(source) or set(_TYPES)
    negated: object = source.get("not")
    if is_object(negated) and negated.keys() == {"type"}:
        return named - _named_types(negated)
    return named


def _named_types(schema: JsonObject) -> set[str]:
    """The types a schema names; a number may be an integer, names unknown are none."""
    types: object = schema.get("type")
    names = types if is_array(types) else [types]
    named = {name for name in names if isinstance(name, str)} & set(_TYPES)
    return named | {"integer"} if "number" in named else named


def _read_values(sources: list[JsonObject], types: set[str]) -> list[object] | None:
    """The values that every enum and const allows; None where there is none."""
    lists = [[source["const"]] for source in sources if "const" in source]
    lists += [source["enum"] for source in sources if is_array(source.get("enum"))]
    if not lists:
        return None
    first, *others = lists
    allowed = [set(map(fingerprint, values)) for values in others]
    return [
        value
        for value in unique(first)
        if _is_of_type(value, types)
        and all(fingerprint(value) in values for values in allowed)
    ]


def _is_of_type(value: object, types: set[str]) -> bool:
    kind = kind_of(value)
    return kind in types or (kind == "integer" and "number" in types)


def _name_kinds(types: set[str]) -> dict[str, list[object]]:
    hidden = {"integer"} if "number" in types else set[str]()
    return {kind: [] for kind in _TYPES if kind in types - hidden}


def _sort_values(values: list[object]) -> dict[str, list[object]]:
    kinds = [kind_of(value) for value in values]
    numeric = "number" if "number" in kinds else "integer"
    sorted_values: dict[str, list[object]] = {}
    for kind, value in zip(kinds, values, strict=True):
        name = numeric if kind in ("number", "integer") else kind
        sorted_values.setdefault(name, []).append(value)
    return sorted_values


def _read_kept(sources: list[JsonObject], kind: str) -> dict[str, object]:
    kept: dict[str, object] = {}
    for bundle in _KEPT.get(kind, ()):
        given = [source for source in sources if source.keys() & set(bundle)]
        if bundle == ("format",) and kind != "string":
            # Without a type a format speaks of strings.
            given = [source for source in given if "string" not in _read_types(source)]
        bundles = unique({k: s[k] for k in bundle if k in s} for s in given)
        if bundles and (len(bundles) == 1 or len(bundle) == 1):
            kept |= bundles[0]
    return kept


def _read_variant(
    sources: list[JsonObject], kind: str, places: Places
) -> Variant | None:
    if kind == "object":
        return read_object(sources, places)
    if kind == "array":
        return read_array(sources, places)
    reader = _READERS.get(kind)
    return Variant(kind) if reader is None else reader(sources)


def _read_string(sources: list[JsonObject]) -> Variant | None:
    least = max(read_counts(sources, "minLength"), default=None)
    most = min(read_counts(sources, "maxLength"), default=None)
    patterns = [p for s in sources if isinstance(p := s.get("pattern"), str)]
    if least is not None and most is not None and least > most:
        return None
    given = {
        "minLength": least,
        "maxLength": most,
        "pattern": patterns[0] if patterns else None,
    }
    return Variant("string", {key: x for key, x in given.items() if x is not None})


def _read_integer(sources: list[JsonObject]) -> Variant | None:
    lows = [lower_integer(n, exclusive=False) for n in read_numbers(sources, "minimum")]
    lows += [lower_integer(n, exclusive=True) for n in _exclusive(sources, "minimum")]
    highs = [
        upper_integer(n, exclusive=False) for n in read_numbers(sources, "maximum")
    ]
    highs += [upper_integer(n, exclusive=True) for n in _exclusive(sources, "maximum")]
    return _bounded("integer", max(lows, default=None), min(highs, default=None))


def _read_number(sources: list[JsonObject]) -> Variant | None:
    above, below = _exclusive(sources, "minimum"), _exclusive(sources, "maximum")
    low = max(read_numbers(sources, "minimum") + above, default=None)
    high = min(read_numbers(sources, "maximum") + below, default=None)
    variant = _bounded("number", low, high)
    if variant is not None and low is not None and low in above:
        variant.kept["exclusiveMinimum"] = low
    if variant is not None and high is not None and high in below:
        variant.kept["exclusiveMaximum"] = high
    return variant


def _exclusive(sources: list[JsonObject], keyword: str) -> list[Bound]:
    """Exclusive bounds; up to draft 4 (and OpenAPI 3.0) a flag beside the bound."""
    name = f"exclusive{keyword.capitalize()}"
    flagged = [source for source in sources if source.get(name) is True]
    return read_numbers(sources, name) + read_numbers(flagged, keyword)


def _bounded(kind: str, low: Bound | None, high: Bound | None) -> Variant | None:
    if low is not None and high is not None and low > high:
        return None
    given = {"minimum": low, "maximum": high}
    return Variant(kind, {key: x for key, x in given.items() if x is not None})


_READERS: dict[str, Callable[[list[JsonObject]], Variant | None]] = {
    "string": _read_string,
    "integer": _read_integer,
    "number": _read_number,
}
