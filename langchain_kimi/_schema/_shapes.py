"""What a JSON Schema says, sorted by type: the form between reading and writing.

A slot is a place for a subschema; a body says what stands there; a variant one type.
"""

from dataclasses import dataclass, field
from typing import Protocol

from langchain_kimi._wire import JsonObject

Key = frozenset[int]

NEVER: JsonObject = {"not": {}}
"""Stands for `false`; no document holds this very object."""


@dataclass(frozen=True, slots=True)
class Slot:
    """Schemas that all hold in one place; none of them means any value."""

    sources: tuple[JsonObject, ...] = ()
    notes: JsonObject = field(default_factory=dict[str, object])

    @property
    def key(self) -> Key:
        """The same for all slots whose schemas are the same, in whatever order."""
        return frozenset(map(id, self.sources))

    @property
    def is_never(self) -> bool:
        return any(source is NEVER for source in self.sources)


class Places(Protocol):
    """Makes slots; the same schemas always make equal slots."""

    def read_slot(self, *schemas: object) -> Slot: ...

    def choose(self, owner: JsonObject, purpose: str, schemas: list[object]) -> object:
        """A schema that allows what any of the schemas allows."""
        ...


@dataclass(slots=True)
class Variant:
    """What is said about the values of one JSON type."""

    kind: str
    keywords: JsonObject = field(default_factory=dict[str, object])
    """Keywords of the dialect that hold no subschema."""
    kept: JsonObject = field(default_factory=dict[str, object])
    """Keywords that only the model can heed."""
    properties: dict[str, Slot] | None = None
    required: list[str] = field(default_factory=list[str])
    rest: Slot | bool | None = None
    items: Slot | None = None

    def slots(self) -> list[Slot]:
        given = (self.rest, self.items)
        others = [slot for slot in given if isinstance(slot, Slot)]
        return [*(self.properties or {}).values(), *others]


@dataclass(slots=True)
class Body:
    """Either alternatives, or variants of different types; neither: nothing fits."""

    notes: JsonObject
    alternatives: list[Slot] = field(default_factory=list[Slot])
    variants: list[Variant] = field(default_factory=list[Variant])

    def slots(self) -> list[Slot]:
        below = [slot for variant in self.variants for slot in variant.slots()]
        return self.alternatives + below

    def is_shareable(self) -> bool:
        """Whether it is worth a definition of its own."""
        return bool(self.slots()) or any("enum" in v.keywords for v in self.variants)
