"""Writes MFJS: turns the bodies of a document into one schema of the dialect.

Places with a definition of their own become references, others are written in place.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from langchain_kimi._mfjs import MAX_PROPERTIES
from langchain_kimi._mfjs._depths import find_rings, mentioned_references
from langchain_kimi._mfjs._keywords import RESERVED_NAMES
from langchain_kimi._mfjs._node import Level
from langchain_kimi._schema._nodes import (
    annotate,
    any_value,
    clean_notes,
    is_any,
    join_variants,
    needs_lookup,
    split_enum,
    tell_unlisted,
    unite,
)
from langchain_kimi._schema._shapes import Body, Key, Slot, Variant
from langchain_kimi._schema._values import has_key
from langchain_kimi._wire import JsonObject

MAX_LEVELS = 80  # of nesting of any kind, far below Python's limit of recursion
MAX_NODES = 8_000  # more do not fit in the dialect's 120,000 bytes
MAX_SHORT_ENUM = 100
MAX_SHORT_TEXT = 100


@dataclass(frozen=True, slots=True)
class Effort:
    """How a document is written, from exact to ever looser."""

    shares: bool = False
    """Repeated places get a definition, not only recursive ones."""
    ends: int = 0
    """1: arrays of references may be empty; 2: definitions require nothing."""
    depth: int = 30
    is_brief: bool = False
    """Of the notes only a short description, and long enums as their type."""
    refers: bool = True


class TooLargeError(Exception):
    """Written in place the schema would not fit."""


@dataclass(frozen=True, slots=True)
class _Place:
    depth: int = 0
    levels: int = 0
    in_definition: bool = False

    def inside(self, deeper: int = 0) -> "_Place":
        return _Place(self.depth + deeper, self.levels + 1, self.in_definition)


class Writer:
    """Writes one document once."""

    def __init__(
        self,
        bodies: dict[Key, Body],
        name_of: Callable[[Slot], str | None],
        level: Level,
        effort: Effort,
    ) -> None:
        self._bodies = bodies
        self._name_of = name_of
        self._level: Level = level
        self._effort = effort
        self._names: dict[Key, str] = {}
        self._uses: dict[str, int] = {}
        self._waiting: list[Slot] = []
        self._active: set[Key] = set()
        self.nodes = 0
        self._properties = 0

    def write(self, root: Slot, defined: set[Key]) -> JsonObject:
        """The whole schema, its root in place."""
        self._defined = defined
        self._root = root
        schema = self._write_in_place(root, _Place())
        definitions: JsonObject = {}
        place = _Place(in_definition=True)
        while self._waiting:
            slot = self._waiting.pop(0)
            body = self._write_in_place(Slot(slot.sources), place)
            definitions[self._names[slot.key]] = body or any_value()
        schema = schema or any_value()
        used = _find_used(schema, definitions)
        return {**schema, "$defs": used} if used else schema

    def _write_slot(self, slot: Slot, place: _Place) -> JsonObject | None:
        """None where nothing fits."""
        self.nodes += 1
        if self.nodes > MAX_NODES:
            raise TooLargeError
        if slot.key in self._defined or slot.key in self._active:
            return self._refer(slot, place)
        return self._write_in_place(slot, place)

    def _refer(self, slot: Slot, place: _Place) -> JsonObject:
        node = any_value()
        if self._effort.refers:
            node = {"$ref": self._reference(slot)}
        return self._annotate(node, slot.notes, place)

    def _reference(self, slot: Slot) -> str:
        name = self._name_of(slot)
        if name == "#" and slot.key == self._root.key:
            return "#"
        if slot.key not in self._names:
            self._defined.add(slot.key)
            self._names[slot.key] = self._free_name(name)
            self._waiting.append(slot)
        return f"#/$defs/{self._names[slot.key]}"

    def _free_name(self, wanted: str | None) -> str:
        stem = re.sub(r"[^A-Za-z0-9_.-]", "_", wanted or "") or "Schema"
        name = stem
        while name in self._uses:
            self._uses[stem] += 1
            name = f"{stem}_{self._uses[stem]}"
        self._uses[name] = 1
        return name

    def _write_in_place(self, slot: Slot, place: _Place) -> JsonObject | None:
        is_too_deep = place.depth > self._effort.depth or place.levels > MAX_LEVELS
        body = self._bodies.get(slot.key)
        if body is None or is_too_deep:
            return self._annotate(any_value(), slot.notes, place)
        self._active.add(slot.key)
        node = self._write_body(body, slot.notes, place)
        self._active.discard(slot.key)
        return node

    def _write_body(
        self, body: Body, notes: JsonObject, place: _Place
    ) -> JsonObject | None:
        notes = body.notes | notes
        if body.alternatives:
            inside = place.inside()
            written = [self._write_slot(slot, inside) for slot in body.alternatives]
        elif len(body.variants) == 1:
            variant = body.variants[0]
            written = [self._write_variant(variant, place)]
            notes = variant.kept | notes
        else:
            written = list(self._write_variants(body.variants, place))
        nodes = [node for node in written if node is not None]
        if not nodes:
            return None
        node = unite(nodes) if body.alternatives else join_variants(nodes)
        return self._annotate(node, notes, place)

    def _annotate(
        self, node: JsonObject, notes: JsonObject, place: _Place
    ) -> JsonObject:
        told = node.pop("description", "")
        if self._effort.is_brief:
            told, notes = "", _shorten(notes)
        notes = clean_notes(notes, in_definition=place.in_definition)
        if told:
            given = notes.get("description", "")
            notes = {**notes, "description": f"{given} {told}".strip()}
        return annotate(node, notes, self._level)

    def _write_variants(
        self, variants: list[Variant], place: _Place
    ) -> Iterator[JsonObject]:
        for variant in variants:
            node = self._write_variant(variant, place.inside())
            if node is not None:
                yield self._annotate(node, variant.kept, place)

    def _write_variant(self, variant: Variant, place: _Place) -> JsonObject | None:
        if variant.kind == "object":
            return self._write_object(variant, place)
        if variant.kind == "array":
            return self._write_array(variant, place)
        node: JsonObject = {"type": variant.kind, **variant.keywords}
        if self._effort.is_brief and len(node.get("enum", ())) > MAX_SHORT_ENUM:
            del node["enum"]
        return split_enum(node)

    def _write_array(self, variant: Variant, place: _Place) -> JsonObject | None:
        node: JsonObject = {"type": "array", **variant.keywords}
        if variant.items is None:
            return node
        items = self._write_slot(variant.items, place.inside())
        if items is None:
            return None if "minItems" in node else {**node, "maxItems": 0}
        if not is_any(items):
            node["items"] = items
        if self._effort.ends and "minItems" not in node and has_key(items, _is_ref):
            return unite([node, {"type": "array", "maxItems": 0}])
        return node

    def _write_object(self, variant: Variant, place: _Place) -> JsonObject | None:
        listed: JsonObject = {}
        unlisted: JsonObject = {}
        for name, slot in (variant.properties or {}).items():
            child = self._write_slot(slot, place.inside(deeper=1))
            if child is None and name in variant.required:
                return None
            if child is not None and self._may_list(name, child, place):
                listed[name] = child
            elif child is not None:
                unlisted[name] = child
        node: JsonObject = {"type": "object", **variant.keywords}
        if unlisted:
            node["description"] = " ".join(tell_unlisted(unlisted, variant.required))
        if variant.properties is not None:
            node["properties"] = listed
        node |= self._write_required(variant, listed, place)
        return node | self._write_rest(variant, list(unlisted.values()), place)

    def _may_list(self, name: str, child: JsonObject, place: _Place) -> bool:
        """Whether the dialect lets a property of that name be listed."""
        self._properties += 1
        is_named = bool(name) or self._level == "strict"
        has_braces = "{" in name and "}" in name
        return (
            is_named
            and name not in RESERVED_NAMES
            and self._properties <= MAX_PROPERTIES
            and not (place.in_definition and "/" in name)
            and not (has_braces and needs_lookup(child))
        )

    def _write_required(
        self, variant: Variant, listed: JsonObject, place: _Place
    ) -> JsonObject:
        required = [name for name in variant.required if name in listed]
        is_open = self._effort.ends > 1 and place.in_definition
        return {"required": required} if required and not is_open else {}

    def _write_rest(
        self, variant: Variant, unlisted: list[JsonObject], place: _Place
    ) -> JsonObject:
        """Properties that cannot be listed are allowed as any other property is."""
        rest = variant.rest
        if isinstance(rest, Slot):
            written = self._write_slot(rest, place.inside())
            unlisted = unlisted if written is None else [written, *unlisted]
            rest = False
        if unlisted and rest is False:
            united = unite(unlisted)
            return {"additionalProperties": True if is_any(united) else united}
        return {} if rest is None else {"additionalProperties": rest}


def _find_used(schema: JsonObject, definitions: JsonObject) -> JsonObject:
    """Leaves out definitions whose only users could not be written."""
    used: set[str] = set()
    pending: list[object] = [schema]
    while pending:
        references = mentioned_references(pending.pop())
        names = {reference.rpartition("/")[2] for reference in references}
        found = (names & definitions.keys()) - used
        pending.extend(definitions[name] for name in found)
        used |= found
    return {name: definitions[name] for name in definitions if name in used}


def _shorten(notes: JsonObject) -> JsonObject:
    text: object = notes.get("description")
    is_told = isinstance(text, str) and text
    return {"description": str(text)[:MAX_SHORT_TEXT]} if is_told else {}


def _is_ref(key: str) -> bool:
    return key == "$ref"


def find_shared(
    bodies: dict[Key, Body],
    has_name: Callable[[Key], bool],
    *,
    all_repeated: bool,
) -> set[Key]:
    """The places to define: recursive ones, or all that stand in several places."""
    targets = {
        key: [slot.key for slot in body.slots() if slot.key in bodies]
        for key, body in bodies.items()
    }
    rings = find_rings(targets)
    rings_of_many = {key for key in bodies if len(rings[key]) > 1}
    # A recursive place without a name is met again while it is being written.
    recursive = {
        key
        for key in bodies
        if has_name(key) and (key in rings_of_many or key in targets[key])
    }
    if not all_repeated:
        return recursive
    uses = Counter(target for following in targets.values() for target in following)
    repeated = {key for key in bodies if uses[key] > 1}
    return recursive | {key for key in repeated if bodies[key].is_shareable()}
