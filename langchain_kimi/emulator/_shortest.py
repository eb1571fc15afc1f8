"""A schema -> the shortest instance of it, for where a prompt offers nothing more.

Searches by growing depth, so that a recursive schema ends at its nearest exit.
"""

from typing import Any

from langchain_kimi._json import (
    as_object,
    as_text,
)
from langchain_kimi._wire import JsonObject
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
from langchain_kimi.emulator._scalars import fill_scalar, type_of

_DEEPEST = 64
# Lists that want more than a model would write are left short.
_MOST_NODES = 20_000


class _TooDeepError(Exception):
    """The node has no instance within the allowed depth."""


class ShortestInstances:
    """Builds the shortest instance of any node of one schema."""

    def __init__(self, root: JsonObject) -> None:
        self._references = References(root)
        self._nothing = Offers("")
        self._failed: set[tuple[str, int]] = set()
        self._nodes = 0

    def build(self, schema: object, name: str = "") -> Any:
        """Return the shortest instance of a node.

        Args:
            schema: A node of the schema.
            name: The property's name, for a text that it needs.
        """
        for depth in range(1, _DEEPEST):
            try:
                return self._build(schema, name, depth)
            except _TooDeepError:
                continue
        return None  # only a schema that nobody checked has no finite instance

    def _build(self, schema: object, name: str, depth: int) -> Any:
        self._nodes += 1
        reference = as_text(as_object(schema).get("$ref"))
        if depth == 0 or (reference, depth) in self._failed:
            raise _TooDeepError
        try:
            return self._build_resolved(self._references.resolve(schema), name, depth)
        except _TooDeepError:
            if reference:
                self._failed.add((reference, depth))
            raise

    def _build_resolved(self, node: JsonObject, name: str, depth: int) -> Any:
        branches = branches_of(node)
        if branches:
            return self._build_branch(node, branches, name, depth)
        if "const" in node or "enum" in node:
            return fill_scalar(node, name, self._nothing)
        if type_of(node) == "object":
            return self._build_object(node, depth)
        if type_of(node) == "array":
            return self._build_array(node, name, depth)
        return fill_scalar(node, name, self._nothing)

    def _build_branch(
        self, node: JsonObject, branches: list[Any], name: str, depth: int
    ) -> Any:
        for branch in branches:
            try:
                return self._build(join_branch(node, branch), name, depth)
            except _TooDeepError:
                continue
        raise _TooDeepError

    def _build_object(self, node: JsonObject, depth: int) -> JsonObject:
        return {
            name: self._build(property_schema(node, name), name, depth - 1)
            for name in required_names(node)
        }

    def _build_array(self, node: JsonObject, name: str, depth: int) -> list[Any]:
        first = prefix_items(node)
        values = [self._build(item, name, depth - 1) for item in first]
        while len(values) < least_items(node) and self._nodes < _MOST_NODES:
            values.append(self._build(node.get("items"), name, depth - 1))
        return values
