"""A schema + what a prompt offers -> an instance of the schema.

Required properties are always filled, optional ones only with what is offered.
"""

from typing import Any

from langchain_kimi._json import as_object, is_array, is_number, is_object
from langchain_kimi._wire import JsonObject
from langchain_kimi.emulator._appeal import Appeal
from langchain_kimi.emulator._keywords import (
    branches_of,
    join_branch,
    least_items,
    prefix_items,
    property_schema,
    required_names,
)
from langchain_kimi.emulator._offers import Offers
from langchain_kimi.emulator._references import References
from langchain_kimi.emulator._scalars import fill_scalar, is_scalar, type_of
from langchain_kimi.emulator._shortest import ShortestInstances

# Deeper, and after so many nodes, the shortest instance will do.
_DEEPEST, _MOST_NODES = 12, 5_000
_MOST_ITEMS = 16


def fill_schema(schema: object, offers: Offers) -> Any:
    """Return an instance of a schema, filled with what a prompt offers.

    Args:
        schema: Any JSON Schema; what is no object counts as `{}`.
        offers: What the prompt offers; it is used up.
    """
    root = as_object(schema)
    return _Filler(root, offers).fill(root, "", 0)


class _Filler:
    def __init__(self, root: JsonObject, offers: Offers) -> None:
        self._references = References(root)
        self._shortest = ShortestInstances(root)
        self._appeal = Appeal(self._references, offers)
        self._offers = offers
        self._nodes = 0

    def fill(self, schema: object, name: str, depth: int) -> Any:
        self._nodes += 1
        if depth > _DEEPEST or self._nodes > _MOST_NODES:
            return self._shortest.build(schema, name)
        node = self._references.resolve(schema)
        branches = branches_of(node)
        if branches:
            best = self._appeal.best(branches)
            return self.fill(join_branch(node, best), name, depth + 1)
        return self._fill_plain(node, name, depth)

    def _fill_plain(self, node: JsonObject, name: str, depth: int) -> Any:
        if is_array(node.get("type")) and "enum" not in node:
            kinds = [{"type": kind} for kind in node["type"]]
            node = {**node, **self._appeal.best(kinds)}
        if is_scalar(node):
            return fill_scalar(node, name, self._offers)
        if type_of(node) == "array":
            return self._fill_array(node, name, depth)
        return self._fill_object(node, depth)

    def _fill_object(self, node: JsonObject, depth: int) -> JsonObject:
        required = required_names(node)
        values = {
            name: self.fill(property_schema(node, name), name, depth + 1)
            for name in required
        }
        properties = as_object(node.get("properties"))
        for name in properties:
            if name not in values:
                self._fill_optional(properties[name], name, depth, values)
        if not properties and is_object(node.get("additionalProperties")):
            self._fill_map(node, depth, values)
        return {name: values[name] for name in (*properties, *values) if name in values}

    def _fill_optional(
        self, schema: object, name: str, depth: int, values: JsonObject
    ) -> None:
        state, used = self._offers.save(), self._offers.used
        value = self.fill(schema, name, depth + 1)
        if self._offers.used > used:
            values[name] = value
        else:
            self._offers.restore(state)

    def _fill_map(self, node: JsonObject, depth: int, values: JsonObject) -> None:
        given = node.get("minProperties")
        least = int(given) if is_number(given) else 0
        while len(values) < least and self._nodes < _MOST_NODES:
            key = f"key_{len(values) + 1}"
            values[key] = self.fill(node["additionalProperties"], key, depth + 1)
        while len(values) < _MOST_ITEMS:
            state = self._offers.save()
            key = self._offers.take_text(lambda text: text not in values)
            if key is None or self._offers.is_empty:
                self._offers.restore(state)
                return
            values[key] = self.fill(node["additionalProperties"], key, depth + 1)

    def _fill_array(self, node: JsonObject, name: str, depth: int) -> list[Any]:
        first = prefix_items(node)
        values = [self.fill(item, name, depth + 1) for item in first]
        if node.get("items") is False or (first and "items" not in node):
            return values
        # One item even of nothing, but not in a tree that would grow by it.
        least = max(least_items(node), 1 if depth < 2 else 0)
        most = _most_items(node, least)
        while len(values) < most and self._nodes < _MOST_NODES:
            state, used = self._offers.save(), self._offers.used
            value = self.fill(node.get("items"), name, depth + 1)
            if self._offers.used == used and len(values) >= least:
                self._offers.restore(state)
                break
            values.append(value)
        return _distinct(values, node) if node.get("uniqueItems") is True else values


def _most_items(node: JsonObject, least: int) -> int:
    most = node.get("maxItems")
    return int(most) if is_number(most) else max(_MOST_ITEMS, least)


def _distinct(values: list[Any], node: JsonObject) -> list[Any]:
    """Return the values each once, padded with members that were not taken yet."""
    members = as_object(node.get("items")).get("enum")
    spare: list[Any] = members if is_array(members) else []
    kept: list[Any] = []
    for value in values + spare[: least_items(node)]:
        if value not in kept and len(kept) < len(values):
            kept.append(value)
    return kept
