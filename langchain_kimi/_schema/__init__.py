"""Adapts schemas: turns any JSON Schema into Moonshot-flavoured JSON Schema (MFJS).

Lossless where the dialect has the words, looser where it has not, never tighter: all
that was valid stays valid. The result always passes `check_schema`.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import lru_cache
from typing import Any

from langchain_kimi._json import is_object
from langchain_kimi._mfjs import check_schema
from langchain_kimi._mfjs._depths import find_rings, mentioned_references
from langchain_kimi._mfjs._node import Level, SchemaFault
from langchain_kimi._mfjs._references import resolve_reference
from langchain_kimi._schema._document import Document, read_schema, write_schema
from langchain_kimi._schema._reader import Reader
from langchain_kimi._schema._root import read_root
from langchain_kimi._schema._shapes import Body, Key, Slot
from langchain_kimi._schema._values import is_shallow
from langchain_kimi._schema._writer import (
    MAX_LEVELS,
    Effort,
    TooLargeError,
    Writer,
    find_shared,
)
from langchain_kimi._wire import JsonObject

__all__ = ["adapt_schema"]

MAX_PLACES = 10_000
# Nodes of all efforts together; then only the loosest efforts are left. A chain of
# definitions that are each a choice of two took 20 efforts, and 12 s, without it.
MAX_WRITTEN = 20_000
LAST_DEPTH = 3

# Keywords that make a schema worth translating even where the verdict is good.
_TRANSLATED = frozenset(
    [
        "$schema",
        "$comment",
        "$anchor",
        "$dynamicRef",
        "$recursiveRef",
        "definitions",
        "allOf",
        "oneOf",
        "const",
        "nullable",
        "if",
        "then",
        "else",
        "prefixItems",
        "additionalItems",
        "propertyNames",
        "exclusiveMinimum",
        "exclusiveMaximum",
        "unevaluatedProperties",
        "unevaluatedItems",
    ]
)
_SHAPES = frozenset({"type", "anyOf", "$ref"})

_EFFORTS = (
    *(Effort(ends=ends) for ends in (0, 1, 2)),
    *(Effort(shares=True, ends=ends) for ends in (0, 1, 2)),
    *(Effort(shares=True, ends=2, depth=depth) for depth in (12, 6, 3)),
    *(Effort(shares=True, ends=2, is_brief=True, depth=depth) for depth in (30, 6, 3)),
    *(Effort(refers=False, is_brief=True, depth=d) for d in (30, 12, 6, 3, 2, 1)),
)


def adapt_schema(schema: Mapping[str, Any], *, level: Level) -> JsonObject:
    """Return an MFJS schema that allows at least what the given JSON Schema allows.

    Args:
        schema: A JSON Schema: draft 4 to 2020-12, pydantic's, or OpenAPI's.
        level: "strict" for the parameters of a tool, "ultra" for response_format.

    Returns:
        A new schema for which `check_schema(result, level)` is None.
    """
    fallback: JsonObject = {"type": "object"} if schema.get("type") == "object" else {}
    try:
        text = write_schema(schema)
        adapted = _adapt_text(text, level)
    except (RecursionError, ValueError):
        return fallback
    return fallback if adapted is None else read_schema(adapted)


@lru_cache(maxsize=512)
def _adapt_text(text: str, level: Level) -> str | None:
    """Remember each schema's translation: a bound model sends it with every call."""
    source = read_schema(text)
    if _is_native(source, level):
        return text
    adapted = next(_attempts(source, level), None)
    return None if adapted is None else write_schema(adapted)


def _attempts(source: JsonObject, level: Level) -> Iterator[JsonObject]:
    """The document written with ever less ambition, where the verdict is good."""
    document = Document(source)
    reader = Reader(document, level)
    root = reader.read_slot(source)
    bodies = _read_bodies(reader, root)
    given_up: set[Effort] = set()
    written = 0
    for effort in _EFFORTS:
        is_last_resort = not effort.refers and effort.depth <= LAST_DEPTH
        if replace(effort, ends=0) in given_up or (
            written > MAX_WRITTEN and not is_last_resort
        ):
            continue
        shared = _find_defined(bodies, document, effort)
        writer = Writer(bodies, document.name_of, level, effort)
        try:
            schema = writer.write(root, shared)
        except TooLargeError:
            given_up.add(replace(effort, ends=0))
            continue
        finally:
            written += writer.nodes
        if check_schema(schema, level) is None:
            yield schema


def _find_defined(
    bodies: dict[Key, Body], document: Document, effort: Effort
) -> set[Key]:
    if not effort.refers:
        return set()
    return find_shared(bodies, document.has_name, all_repeated=effort.shares)


def _read_bodies(reader: Reader, root: Slot) -> dict[Key, Body]:
    bodies = {root.key: read_root(reader, root)}
    pending = bodies[root.key].slots()
    while pending and len(bodies) < MAX_PLACES:
        slot = pending.pop()
        if slot.key not in bodies:
            bodies[slot.key] = reader.read_body(slot)
            pending.extend(bodies[slot.key].slots())
    return bodies


def _is_native(schema: JsonObject, level: Level) -> bool:
    """Whether all that a schema says it says in the dialect already."""
    return (
        is_shallow(schema, MAX_LEVELS)
        and _are_recursive(schema)
        and check_schema(schema, level) is None
        and (not schema or all(map(_is_native_node, _nodes(schema))))
        # What is a reference at the root shall show there that it is an object.
        and "$ref" not in schema
    )


def _is_native_node(node: JsonObject) -> bool:
    return not node.keys() & _TRANSLATED and bool(node.keys() & _SHAPES)


def _nodes(root: JsonObject) -> Iterator[JsonObject]:
    """Every subschema that must say what it is; in additionalProperties {} is fine."""
    pending = [root]
    while pending:
        node = pending.pop()
        yield node
        for keyword in ("properties", "$defs"):
            pending.extend(node.get(keyword, {}).values())
        pending.extend(node.get("anyOf", []))
        pending.extend([node["items"]] if "items" in node else [])
        rest = node.get("additionalProperties")
        pending.extend([rest] if rest and is_object(rest) else [])


def _are_recursive(schema: JsonObject) -> bool:
    """Whether every reference leads back to itself; others are written in place."""
    targets: dict[str, list[str]] = {}
    pending = sorted(mentioned_references(schema))
    while pending:
        reference = pending.pop()
        if reference not in targets:
            try:
                target = resolve_reference(schema, reference)
            except SchemaFault:
                return False
            targets[reference] = sorted(mentioned_references(target))
            pending.extend(targets[reference])
    rings = find_rings(targets)
    return all(len(rings[name]) > 1 or name in targets[name] for name in targets)
