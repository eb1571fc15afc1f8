"""Reads JSON Schema: turns the schemas that hold in a place into a body.

References, allOf, anyOf, oneOf, if/then/else, nullable and const disappear here.
"""

import math
from collections.abc import Iterator
from collections.abc import Set as AbstractSet

from langchain_kimi._json import is_array, is_object
from langchain_kimi._mfjs._node import Level
from langchain_kimi._schema._document import LATER_KEYWORDS, Document
from langchain_kimi._schema._shapes import NEVER, Body, Slot
from langchain_kimi._schema._types import CONSTRAINTS, read_variants
from langchain_kimi._schema._values import has_key, is_shallow
from langchain_kimi._wire import JsonObject

# Combining several anyOf of one place multiplies their branches; past this many the
# longest of them are dropped.
MAX_COMBINATIONS = 64

_ANNOTATIONS = frozenset({"title", "description", "default"})
_IDENTIFIERS = frozenset({"$schema", "$id", "id", "$anchor", "$dynamicAnchor"})
_SILENT = _IDENTIFIERS | {"$comment", "$defs", "definitions", "$vocabulary"}
_IN_PLACE = frozenset({"$ref", "allOf", "anyOf", "oneOf", "if", "then", "else"})
_UNSAID = frozenset({"$dynamicRef", "$recursiveRef", "$recursiveAnchor", "nullable"})
_UNEVALUATED = (
    ("unevaluatedProperties", "additionalProperties"),
    ("unevaluatedItems", "items"),
)
_NULL: JsonObject = {"type": "null"}


class Reader:
    """Reads the places of one document."""

    def __init__(self, document: Document, level: Level) -> None:
        self._document = document
        self._level = level

    def read_slot(self, *schemas: object) -> Slot:
        """The schemas of a place, without what only wraps them."""
        notes: JsonObject = {}
        sources: dict[int, JsonObject] = {}
        seen: set[int] = set()
        pending = list(schemas)
        while pending:
            schema = pending.pop(0)
            if schema is False or schema is NEVER:
                return Slot((NEVER,), notes)
            if not is_object(schema) or id(schema) in seen:
                continue
            seen.add(id(schema))
            wrapped = self._unwrap(schema)
            if wrapped is None:
                sources[id(schema)] = schema
            else:
                given = {k: schema[k] for k in _ANNOTATIONS & schema.keys()}
                notes = given | notes
                pending[:0] = wrapped
        return Slot(tuple(sources.values()), notes)

    def choose(self, owner: JsonObject, purpose: str, schemas: list[object]) -> object:
        """A schema that allows what any of the schemas allows."""
        possible = [schema for schema in schemas if schema is not False]
        if len(possible) <= 1:
            return possible[0] if possible else False
        choice: JsonObject = {"anyOf": possible}
        return self._document.derive(owner, purpose, lambda: choice)

    def _unwrap(self, schema: JsonObject) -> list[object] | None:
        """What a schema of annotations, or of one more keyword that wraps, holds."""
        keywords = schema.keys() - _SILENT - _ANNOTATIONS
        if schema.get("nullable") is True:
            return None
        is_reference = isinstance(schema.get("$ref"), str)
        if is_reference and (len(keywords) == 1 or self._document.ignores_siblings):
            return [self._document.find_target(schema)]
        if len(keywords) == 1:
            (keyword,) = keywords
            return _unwrap_single(keyword, schema)
        return None if keywords else []

    def read_body(self, slot: Slot) -> Body:
        """What holds in a place."""
        plain, choices = self._flatten(slot)
        if any(source is NEVER for source in plain):
            return Body({})
        notes: JsonObject = {}
        for source in plain:
            given = source.keys() - CONSTRAINTS
            notes = {key: source[key] for key in source if key in given} | notes
        notes = self._keep_readable(notes)
        if choices:
            return Body(notes, alternatives=self._distribute(plain, choices))
        variants = read_variants(plain, self)
        for variant in variants:
            variant.kept = self._keep_readable(variant.kept)
        return Body(notes, variants=variants)

    def _keep_readable(self, notes: JsonObject) -> JsonObject:
        """The notes that a reader of the latest draft reads as they are meant."""
        return {
            keyword: value
            for keyword, value in notes.items()
            if is_shallow(value) and not has_key(value, self._document.misreads)
        }

    def _flatten(self, slot: Slot) -> tuple[list[JsonObject], list[JsonObject]]:
        """The own keywords of every schema that holds, and the choices left open."""
        plain: list[JsonObject] = []
        choices: list[JsonObject] = []
        seen: set[int] = set()
        pending: list[object] = list(slot.sources)
        while pending:
            schema = pending.pop(0)
            if schema is False:
                return [NEVER], []
            if not is_object(schema) or id(schema) in seen:
                continue
            seen.add(id(schema))
            found = list(self._choices(schema))
            plain.append(self._own_keywords(schema))
            pending[:0] = self._also(schema)
            for choice in found:
                self._settle(choice, pending, choices)
        return plain, [choice for choice in choices if not self._is_made(choice, seen)]

    def _is_made(self, choice: JsonObject, seen: set[int]) -> bool:
        """A choice is made where one of its branches holds: it leads back to itself."""
        slots = [self.read_slot(branch) for branch in choice["anyOf"]]
        return any(slot.key <= seen for slot in slots)

    def _settle(
        self, choice: JsonObject, pending: list[object], choices: list[JsonObject]
    ) -> None:
        """A choice of one is none, and a choice that allows anything says nothing."""
        branches = [branch for branch in choice["anyOf"] if branch is not False]
        if len(branches) <= 1:
            pending.append(branches[0] if branches else False)
        elif all(self.read_slot(branch).sources for branch in branches):
            choices.append(choice)

    def _own_keywords(self, schema: JsonObject) -> JsonObject:
        if schema is NEVER:
            return NEVER
        hidden = _IN_PLACE | _SILENT | _UNSAID
        if self._document.is_early:
            hidden |= LATER_KEYWORDS
        if self._document.ignores_siblings and "$ref" in schema:
            hidden |= schema.keys() - _ANNOTATIONS
        if schema.get("nullable") is True:
            hidden |= schema.keys() - _ANNOTATIONS
        if self._structured_values(schema):
            hidden |= {"enum", "const"}

        def build() -> JsonObject:
            own = {key: value for key, value in schema.items() if key not in hidden}
            return _settle_unevaluated(own, schema.keys())

        return self._document.derive(schema, "own", build)

    def _also(self, schema: JsonObject) -> list[object]:
        """What holds too wherever the schema holds."""
        also: list[object] = []
        if schema.get("nullable") is True:
            return also
        if isinstance(schema.get("$ref"), str):
            also.append(self._document.find_target(schema))
            if self._document.ignores_siblings:
                return also
        return also + (schema["allOf"] if is_array(schema.get("allOf")) else [])

    def _choices(self, schema: JsonObject) -> Iterator[JsonObject]:
        """The choices a schema leaves, each as an anyOf."""
        derive = self._document.derive
        if schema.get("nullable") is True:
            hidden = _ANNOTATIONS | {"nullable"}
            rest = {key: schema[key] for key in schema if key not in hidden}
            bare = derive(schema, "not null", lambda: rest)
            yield derive(schema, "nullable", lambda: {"anyOf": [bare, _NULL]})
            return
        if self._document.ignores_siblings and "$ref" in schema:
            return
        for keyword in ("anyOf", "oneOf"):
            branches = schema.get(keyword)
            if is_array(branches) and branches:
                choice: JsonObject = {"anyOf": branches}
                yield derive(schema, keyword, lambda choice=choice: choice)
        if "if" in schema:
            yield derive(schema, "if", lambda: _read_condition(schema))
        values = self._structured_values(schema)
        if values:
            yield derive(schema, "values", lambda: _spell_out(values))

    def _structured_values(self, schema: JsonObject) -> list[object]:
        """Enum values to spell out: ultra has no enum of objects or arrays."""
        values: object = [schema["const"]] if "const" in schema else schema.get("enum")
        if self._level != "ultra" or not is_array(values):
            return []
        return values if any(map(_is_structure, values)) else []

    def _distribute(
        self, plain: list[JsonObject], choices: list[JsonObject]
    ) -> list[Slot]:
        """One slot for each branch of the first choice, all else pushed into it."""
        while len(choices) > 1 and _combinations(choices) > MAX_COMBINATIONS:
            choices.remove(max(choices, key=lambda choice: len(choice["anyOf"])))
        first, *others = choices
        base = [self._constraints(source) for source in plain]
        return [
            self.read_slot(*base, *others, branch)
            for branch in first["anyOf"]
            if branch is not False
        ]

    def _constraints(self, source: JsonObject) -> JsonObject:
        return self._document.derive(
            source,
            "constraints",
            lambda: {key: source[key] for key in source if key in CONSTRAINTS},
        )


def _unwrap_single(keyword: str, schema: JsonObject) -> list[object] | None:
    value: object = schema[keyword]
    if keyword not in ("allOf", "anyOf", "oneOf") or not is_array(value):
        return None
    return value if keyword == "allOf" or len(value) == 1 else None


def _settle_unevaluated(own: JsonObject, keywords: AbstractSet[str]) -> JsonObject:
    """Without schemas that apply in place, what is unevaluated is simply the rest."""
    in_place = keywords & (_IN_PLACE | {"dependentSchemas", "$dynamicRef", "contains"})
    for keyword, plain in _UNEVALUATED:
        rest = own.pop(keyword, None)
        if rest is not None and plain not in own and not in_place:
            own[plain] = rest
    return own


def _read_condition(schema: JsonObject) -> JsonObject:
    """Looser than if/then/else: the else branch is open to what fits `if` as well."""
    then, otherwise = schema.get("then", True), schema.get("else", True)
    return {"anyOf": [{"allOf": [schema["if"], then]}, otherwise]}


def _combinations(choices: list[JsonObject]) -> int:
    return math.prod(len(choice["anyOf"]) for choice in choices)


def _is_structure(value: object) -> bool:
    return is_object(value) or is_array(value)


def _spell_out(values: list[object]) -> JsonObject:
    """An enum as a choice between schemas that describe its objects and arrays."""
    scalars = [value for value in values if not _is_structure(value)]
    structures = [_describe(value) for value in values if _is_structure(value)]
    return {"anyOf": ([{"enum": scalars}] if scalars else []) + structures}


def _describe(value: object) -> JsonObject:
    if is_object(value):
        return {
            "type": "object",
            "properties": {key: {"const": child} for key, child in value.items()},
            "required": list(value),
            "additionalProperties": False,
        }
    items = [{"const": child} for child in value] if is_array(value) else []
    count = len(items)
    return {"type": "array", "prefixItems": items, "minItems": count, "maxItems": count}
