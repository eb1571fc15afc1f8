"""Keywords of objects and arrays: turns those that hold together into one variant.

Single properties and items become slots; positions and patterns, which the dialect
cannot tell apart, are merged into what holds for any of them.
"""

import re

from langchain_kimi._json import is_array, is_object
from langchain_kimi._schema._shapes import Places, Slot, Variant
from langchain_kimi._schema._values import read_counts, unique
from langchain_kimi._wire import JsonObject

_REPEATS = re.compile(r"[*+?{]")
_REPEATED_GROUP = re.compile(r"\)[*+{]")
_MOST_REPEATS, _MOST_LETTERS = 4, 200
_POSITIONED = frozenset({"items", "prefixItems"})


def read_array(sources: list[JsonObject], places: Places) -> Variant | None:
    """The array variant; None where no length is possible."""
    least = max(read_counts(sources, "minItems"), default=0)
    mosts = read_counts(sources, "maxItems")
    mosts += [len(prefix) for prefix, rest in map(_positions, sources) if rest is False]
    most = min(mosts, default=None)
    if most is not None and least > most:
        return None
    variant = Variant("array", {"minItems": least} if least else {})
    variant.keywords |= {} if most is None else {"maxItems": most}
    limiting = [source for source in sources if source.keys() & _POSITIONED]
    prefixes = unique(_positions(source)[0] for source in limiting)
    if len(prefixes) == 1 and prefixes[0]:
        variant.kept["prefixItems"] = prefixes[0]
    items = [_any_position(source, most, places) for source in sources]
    slot = places.read_slot(*items)
    variant.items = slot if most != 0 and (slot.sources or slot.notes) else None
    return variant


def _positions(source: JsonObject) -> tuple[list[object], object]:
    """The schemas of the first items, and that of the rest; True allows anything."""
    items: object = source.get("items", True)
    if is_array(items):
        return items, source.get("additionalItems", True)
    prefix: object = source.get("prefixItems")
    return (prefix if is_array(prefix) else []), items


def _any_position(source: JsonObject, most: int | None, places: Places) -> object:
    prefix, rest = _positions(source)
    schemas = prefix[:most]
    if rest is not False and (most is None or most > len(prefix)):
        schemas = [*schemas, rest]
    return places.choose(source, f"items {most}", schemas)


def read_object(sources: list[JsonObject], places: Places) -> Variant | None:
    """The object variant; None where a required property is not allowed."""
    required = _unique_names(sources, "required")
    names = [*_unique_names(sources, "properties"), *required]
    listed = [found for s in sources if (found := _listed_names(s, places)) is not None]
    if listed:
        names += listed[0]
        names = [name for name in names if all(name in found for found in listed)]
    if not set(required) <= set(names):
        return None
    variant = Variant("object", required=required)
    variant.properties = {
        name: places.read_slot(*(x for s in sources for x in _schemas_of(s, name)))
        for name in dict.fromkeys(names)
    }
    if not names and not any(is_object(s.get("properties")) for s in sources):
        variant.properties = None
    variant.rest = False if listed else _read_rest(sources, places)
    return variant


def _unique_names(sources: list[JsonObject], keyword: str) -> list[str]:
    given = [source.get(keyword) for source in sources]
    groups = [value for value in given if is_object(value) or is_array(value)]
    names = [name for group in groups for name in group if isinstance(name, str)]
    return list(dict.fromkeys(names))


def _listed_names(source: JsonObject, places: Places) -> list[str] | None:
    """The only names that propertyNames allows, where it lists them."""
    if "propertyNames" not in source:
        return None
    for schema in places.read_slot(source["propertyNames"]).sources:
        values: object = [schema["const"]] if "const" in schema else schema.get("enum")
        if is_array(values):
            return [name for name in values if isinstance(name, str)]
    return None


def _schemas_of(source: JsonObject, name: str) -> list[object]:
    """What one schema says of the property of that name."""
    properties, patterns = source.get("properties"), _patterns(source)
    given = [properties[name]] if is_object(properties) and name in properties else []
    matches = {pattern: _matches(pattern, name) for pattern in patterns}
    matching = [schema for p, schema in patterns.items() if matches[p]]
    if given or matching:
        return [*given, *matching]
    is_unsure = None in matches.values()
    return [] if is_unsure else [source.get("additionalProperties", True)]


def _patterns(source: JsonObject) -> JsonObject:
    patterns: object = source.get("patternProperties")
    return patterns if is_object(patterns) else {}


def _matches(pattern: str, name: str) -> bool | None:
    """None where it may match or not: no pattern of Python's, or too slow to ask.

    A pattern that repeats a group may take 2**n steps for n characters, one with k
    other repetitions n**k: "(a+)+$" took 0.4 s for 22 letters, and would hours for 40.
    """
    repeats = len(_REPEATS.findall(pattern))
    if ")" in pattern and _REPEATED_GROUP.search(pattern):
        return None
    if repeats > _MOST_REPEATS or (repeats and len(name) > _MOST_LETTERS):
        return None
    try:
        return re.search(pattern, name) is not None
    except re.error:
        return None


def _read_rest(sources: list[JsonObject], places: Places) -> Slot | bool | None:
    """What other properties may hold: also what any pattern allows them."""
    given = [source for source in sources if "additionalProperties" in source]
    if not given:
        return None
    rests = [
        places.choose(s, "rest", [s["additionalProperties"], *_patterns(s).values()])
        for s in given
    ]
    slot = places.read_slot(*rests)
    if slot.is_never:
        return False
    return slot if slot.sources or slot.notes else True
