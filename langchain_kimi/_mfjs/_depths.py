"""How deep the definitions of an MFJS schema go: turns `$defs` into depths.

walle counts the `properties` on the way, through references but not through `items`.
"""

from collections.abc import Hashable, Iterator, Mapping
from typing import TypeVar

from langchain_kimi._json import is_array, is_object
from langchain_kimi._mfjs._json import children
from langchain_kimi._mfjs._node import SchemaFault
from langchain_kimi._mfjs._references import resolve_reference
from langchain_kimi._wire import JsonObject

Steps = list[tuple[int, str]]
Name = TypeVar("Name", bound=Hashable)

# Upstream tries every way through definitions that refer to each other: seven that
# all do take it 1.7 s, eight 19 s, nine 274 s (libwalle @196bb0c, 2026-11-22). Past
# this many tries, which is about nine, the way counts as too long.
MAX_TRIES = 2_000


class DefinitionDepths:
    """The depth behind each reference, computed when asked for."""

    def __init__(self, root: JsonObject, limit: int) -> None:
        self._root = root
        self._limit = limit
        # The root itself has a depth only when a definition refers to it.
        self._counts_root = "#" in mentioned_references(root.get("$defs"))
        self._bodies: dict[str, tuple[int, Steps]] = {}
        self._rings: dict[str, frozenset[str]] = {}
        self._depths: dict[tuple[str, frozenset[str]], int] = {}

    def depth_of(self, reference: str) -> int:
        if reference == "#" and not self._counts_root:
            return 0
        if reference not in self._rings:
            self._read_rings(reference)
        return self._longest(reference, frozenset(), 0)

    def _read_rings(self, start: str) -> None:
        pending = [start]
        while pending:
            reference = pending.pop()
            if reference not in self._bodies:
                self._bodies[reference] = self._read_body(reference)
                pending.extend(target for _, target in self._bodies[reference][1])
        targets = {
            reference: [target for _, target in steps]
            for reference, (_, steps) in self._bodies.items()
        }
        self._rings = find_rings(targets)

    def _read_body(self, reference: str) -> tuple[int, Steps]:
        try:
            body = resolve_reference(self._root, reference)
        except SchemaFault:
            return 0, []
        return _measure(body)

    def _longest(self, reference: str, visited: frozenset[str], level: int) -> int:
        visited &= self._rings[reference]
        key = (reference, visited)
        if key not in self._depths:
            if len(self._depths) > MAX_TRIES or level > 10 * self._limit:
                return self._limit + 1
            depth, steps = self._bodies[reference]
            for deeper, target in steps:
                if target not in visited:
                    below = self._longest(target, visited | {target}, level + 1)
                    depth = max(depth, deeper + below)
            self._depths[key] = depth
        return self._depths[key]


def _measure(body: JsonObject) -> tuple[int, Steps]:
    """A body's own depth, and the references in it with the depth they stand at."""
    deepest, steps = 0, set[tuple[int, str]]()
    pending = [(body, 0)]
    while pending:
        schema, depth = pending.pop()
        deepest = max(deepest, depth)
        reference = schema.get("$ref")
        if isinstance(reference, str):
            steps.add((depth, reference))
        pending.extend((below, depth + deeper) for deeper, below in _below(schema))
    return deepest, sorted(steps)


def _below(schema: JsonObject) -> Iterator[tuple[int, JsonObject]]:
    properties, branches = schema.get("properties"), schema.get("anyOf")
    for value in properties.values() if is_object(properties) else ():
        if is_object(value):
            yield 1, value
    for value in branches if is_array(branches) else ():
        if is_object(value):
            yield 0, value
    rest = schema.get("additionalProperties")
    if is_object(rest):
        yield 0, rest


def mentioned_references(value: object) -> set[str]:
    """Every `$ref` text anywhere inside a value."""
    found: set[str] = set()
    pending = [value]
    while pending:
        current = pending.pop()
        reference = current.get("$ref") if is_object(current) else None
        if isinstance(reference, str):
            found.add(reference)
        pending.extend(children(current))
    return found


def find_rings(targets: Mapping[Name, list[Name]]) -> dict[Name, frozenset[Name]]:
    """For each name the names that reach it and that it reaches, itself among them."""
    sources: dict[Name, list[Name]] = {name: [] for name in targets}
    for name, following in targets.items():
        for target in following:
            sources[target].append(name)
    rings: dict[Name, frozenset[Name]] = {}
    for name in reversed(_finished_order(targets)):
        if name not in rings:
            ring = frozenset(_collect(name, sources, rings))
            rings |= dict.fromkeys(ring, ring)
    return rings


def _finished_order(targets: Mapping[Name, list[Name]]) -> list[Name]:
    finished: dict[Name, None] = {}
    seen: set[Name] = set()
    for start in targets:
        pending = [(start, False)]
        while pending:
            name, is_done = pending.pop()
            if is_done:
                finished[name] = None
            elif name not in seen:
                seen.add(name)
                pending.append((name, True))
                pending.extend((target, False) for target in targets[name])
    return list(finished)


def _collect(
    start: Name, sources: dict[Name, list[Name]], done: dict[Name, frozenset[Name]]
) -> set[Name]:
    found: set[Name] = set()
    pending = [start]
    while pending:
        name = pending.pop()
        if name not in found and name not in done:
            found.add(name)
            pending.extend(sources[name])
    return found
