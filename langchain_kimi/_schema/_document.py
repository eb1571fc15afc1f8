"""A JSON Schema document as plain JSON: turns references into the schemas they mean.

Knows pointers, `$id` and anchors inside the document; anything else is unknown to it.
"""

import json
import math
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from typing import Any, cast
from urllib.parse import unquote, urljoin

from langchain_kimi._json import is_array, is_object
from langchain_kimi._mfjs._json import children
from langchain_kimi._schema._shapes import Key, Slot
from langchain_kimi._wire import JsonObject

# Up to draft 7 everything beside a $ref is ignored; since 2019-09 it counts.
_EARLY_DRAFTS = ("draft-03", "draft-04", "draft-06", "draft-07")
# What reads differently up to draft 7, so that a keyword holding it (`not`, say) may
# not be sent on to readers of a later draft.
LATER_KEYWORDS = frozenset(
    {"prefixItems", "dependentRequired", "dependentSchemas"}
    | {"minContains", "maxContains", "unevaluatedProperties", "unevaluatedItems"}
)
_EARLIER_KEYWORDS = frozenset({"dependencies", "additionalItems"})
_ANCHORS = ("$anchor", "$dynamicAnchor")


def write_schema(schema: Mapping[str, Any]) -> str:
    """A schema as JSON text; RecursionError where it nests too deep."""
    return json.dumps(schema, default=_to_json)


def read_schema(text: str) -> JsonObject:
    """A schema of plain JSON values; RecursionError where it nests too deep."""
    return json.loads(text, parse_constant=str, parse_int=_read_integer)


def _to_json(value: object) -> object:
    if isinstance(value, Mapping):
        return dict(cast(Mapping[str, object], value))
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, Iterable):
        return list(cast(Iterable[object], value))
    return str(value)


def _read_integer(digits: str) -> int | str:
    """An integer outside of a float64's range is no number to the API."""
    return int(digits) if math.isfinite(float(digits)) else digits


class Document:
    """A schema document; what it hands out are the document's own objects."""

    def __init__(self, root: JsonObject) -> None:
        self.root = root
        dialect = str(root.get("$schema"))
        self.is_early = any(draft in dialect for draft in _EARLY_DRAFTS)
        # Where no draft is named, `definitions` is the early drafts' word.
        is_unnamed = "definitions" in root and not root.keys() & {"$defs", "$schema"}
        self.ignores_siblings = self.is_early or is_unnamed
        self._names: dict[int, str] = {}
        self._bases: dict[int, str] = {}
        self._resources: dict[str, JsonObject] = {"": root}
        self._anchors: dict[tuple[str, str], JsonObject] = {}
        self._derived: dict[tuple[int, str], tuple[JsonObject, JsonObject]] = {}
        self._read_identifiers()

    def _read_identifiers(self) -> None:
        pending: list[tuple[object, str]] = [(self.root, "")]
        while pending:
            value, base = pending.pop()
            if is_object(value):
                base = self._read_base(value, base)
                self._bases[id(value)] = base
            pending.extend((child, base) for child in children(value))

    def _read_base(self, schema: JsonObject, base: str) -> str:
        identifier = schema.get("$id")
        if isinstance(identifier, str):
            uri, _, anchor = _join(base, identifier).partition("#")
            if anchor:
                self._anchors[uri, anchor] = schema
            if not identifier.startswith("#"):
                base = uri
                self._resources.setdefault(base, schema)
        for keyword in _ANCHORS:
            if isinstance(schema.get(keyword), str):
                self._anchors[base, schema[keyword]] = schema
        return base

    def misreads(self, keyword: str) -> bool:
        """Whether a keyword means something else here than in the latest draft."""
        return self.ignores_siblings and keyword in LATER_KEYWORDS | _EARLIER_KEYWORDS

    def derive(
        self, schema: JsonObject, purpose: str, build: Callable[[], JsonObject]
    ) -> JsonObject:
        """A changed copy; the same object each time it is asked for."""
        key = (id(schema), purpose)
        if key not in self._derived:
            copy = build()
            if _is_same(copy, schema):
                copy = schema
            # The original is kept too: its id may not be used again.
            self._derived[key] = (schema, copy)
            self._bases[id(copy)] = self._bases.get(id(schema), "")
        return self._derived[key][1]

    def name_of(self, slot: Slot) -> str | None:
        """The name a schema of the place was referred to by; "#" for the root."""
        names = (self._names.get(id(source)) for source in slot.sources)
        return next(filter(None, names), None)

    def has_name(self, key: Key) -> bool:
        """Whether a schema of the place was referred to."""
        return not key.isdisjoint(self._names)

    def find_target(self, schema: JsonObject) -> object:
        """What the schema's $ref means; True, which allows anything, if unknown."""
        base = self._bases.get(id(schema), "")
        uri, _, fragment = _join(base, schema["$ref"]).partition("#")
        fragment = unquote(fragment)
        resource = self._resources.get(uri)
        if fragment and not fragment.startswith("/"):
            target: object = self._anchors.get((uri, fragment))
        else:
            target = _follow_pointer(resource, fragment)
        if is_object(target):
            name = fragment.rpartition("/")[2] or uri.rpartition("/")[2] or "#"
            self._names.setdefault(id(target), "#" if target is self.root else name)
        return target if is_object(target) or target is False else True


def _is_same(copy: JsonObject, schema: JsonObject) -> bool:
    return copy.keys() == schema.keys() and all(copy[k] is schema[k] for k in copy)


def _join(base: str, reference: str) -> str:
    try:
        return base + reference if reference[:1] == "#" else urljoin(base, reference)
    except ValueError:
        return reference


def _follow_pointer(value: object, pointer: str) -> object:
    for token in pointer.split("/")[1:]:
        key = token.replace("~1", "/").replace("~0", "~")
        if is_object(value):
            value = value.get(key)
        elif is_array(value) and key.isdecimal() and int(key) < len(value):
            value = value[int(key)]
        else:
            return None
    return value
