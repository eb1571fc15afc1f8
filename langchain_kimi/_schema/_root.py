"""The root of a schema: turns an object's alternatives back into one object.

A tool's parameters are of `type: object`, and the dialect lets no `anyOf` stand beside.
"""

from langchain_kimi._schema._reader import Reader
from langchain_kimi._schema._shapes import Body, Slot, Variant
from langchain_kimi._wire import JsonObject

MAX_ALTERNATIVES = 100

_OBJECT = ("object", ["object"])


def read_root(reader: Reader, root: Slot) -> Body:
    """What the root says, as one object if it says that it is one."""
    body = reader.read_body(root)
    owner = next((s for s in root.sources if s.get("type") in _OBJECT), None)
    if owner is None or not body.alternatives:
        return body
    variants = _object_variants(reader, body)
    return Body(body.notes, variants=[_merge(reader, owner, variants)])


def _object_variants(reader: Reader, body: Body) -> list[Variant]:
    """The object variants of all alternatives; none where they are too many."""
    variants: list[Variant] = []
    pending = [body]
    for _ in range(MAX_ALTERNATIVES):
        if not pending:
            return variants
        current = pending.pop(0)
        variants.extend(current.variants)
        pending.extend(reader.read_body(slot) for slot in current.alternatives)
    return []


def _merge(reader: Reader, owner: JsonObject, variants: list[Variant]) -> Variant:
    """What any of the variants allows."""
    merged = Variant("object")
    listed = [variant.properties or {} for variant in variants]
    names = dict.fromkeys(name for properties in listed for name in properties)
    for name in names:
        schemas = [_allowed(variant, name) for variant in variants]
        merged_schema = reader.choose(owner, f"root property {name}", schemas)
        merged.properties = merged.properties or {}
        merged.properties[name] = reader.read_slot(merged_schema)
    requirements = [set(variant.required) for variant in variants]
    shared = set[str]().union(*requirements).intersection(*requirements)
    merged.required = [name for name in names if name in shared]
    rests = [_as_schema(variant.rest) for variant in variants]
    if rests and all(rest is not True for rest in rests):
        rest = reader.choose(owner, "root rest", rests)
        merged.rest = reader.read_slot(rest) if rest is not False else False
    return merged


def _allowed(variant: Variant, name: str) -> object:
    listed = variant.properties or {}
    return _as_schema(listed.get(name, variant.rest))


def _as_schema(slot: Slot | bool | None) -> object:
    if isinstance(slot, Slot):
        return {**slot.notes, "allOf": list(slot.sources)}
    return slot is not False
