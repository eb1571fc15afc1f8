"""Moonshot-flavoured JSON Schema (MFJS): turns a schema into the verdict on it.

The verdict and its words are those of Moonshot's validator, MoonshotAI/walle @196bb0c.
With several faults, which one upstream names depends on the order of a Go map.
"""

from collections.abc import Iterator

from langchain_kimi._json import is_object
from langchain_kimi._mfjs._depths import DefinitionDepths
from langchain_kimi._mfjs._json import NotJsonError, marshalled_size, parse_schema
from langchain_kimi._mfjs._keywords import check_keywords
from langchain_kimi._mfjs._node import ROOT, Level, Node, SchemaFault
from langchain_kimi._mfjs._references import check_references
from langchain_kimi._mfjs._types import check_supported, check_type_keywords
from langchain_kimi._wire import JsonObject

__all__ = ["Level", "check_schema", "check_schema_text"]

MAX_SIZE = 120_000
MAX_DEPTH = 30
MAX_PROPERTIES = 3_000

_TOO_DEEP = f"schema depth exceeds maximum limit of {MAX_DEPTH}"


def check_schema_text(text: str | bytes, level: Level = "strict") -> str | None:
    """The verdict on a schema given as JSON text: None, or what is wrong with it."""
    try:
        return check_schema(parse_schema(text), level)
    except NotJsonError as error:
        return f"JSON schema parsing error: {error}"


def check_schema(schema: object, level: Level = "strict") -> str | None:
    """The verdict on a decoded schema: None, or what is wrong with it."""
    if not is_object(schema):
        return str(SchemaFault("schema must be a dict", ROOT))
    try:
        _check(schema, level)
    except SchemaFault as fault:
        return str(fault)
    except NotJsonError as error:
        return f"JSON schema parsing error: {error}"
    return None


def _check(schema: JsonObject, level: Level) -> None:
    if marshalled_size(schema) > MAX_SIZE:
        raise SchemaFault("schema exceeds maximum allowed size", ROOT)
    walk = _Walk(Node(schema, schema, level))
    walk.check_nodes()
    if walk.deepest > MAX_DEPTH:
        raise SchemaFault(_TOO_DEEP, ROOT)
    check_references(walk.root, walk.references)


class _Walk:
    """Visits every node: definitions first, then the node, then what is below it."""

    def __init__(self, root: Node) -> None:
        self.root = root
        self.references: list[str] = []
        self.deepest = 0
        self._properties = 0
        self._depths = DefinitionDepths(root.schema, MAX_DEPTH)

    def check_nodes(self) -> None:
        # A stack of iterators, not recursion: `items` may nest 10,000 levels deep.
        pending = [iter((self.root,))]
        while pending:
            node = next(pending[-1], None)
            if node is None:
                pending.pop()
            else:
                self._open_node(node)
                pending.append(self._check_node(node))

    def _open_node(self, node: Node) -> None:
        if node.depth > MAX_DEPTH:
            raise node.fault(_TOO_DEEP)
        check_supported(node)

    def _check_node(self, node: Node) -> Iterator[Node]:
        yield from _definitions(node)
        check_type_keywords(node)
        check_keywords(node)
        reference = node.schema.get("$ref")
        if isinstance(reference, str):
            self.references.append(reference)
            depth = node.depth + self._depths.depth_of(reference)
            self.deepest = max(self.deepest, depth)
        yield from self._nodes_below(node)

    def _nodes_below(self, node: Node) -> Iterator[Node]:
        properties: JsonObject = node.schema.get("properties", {})
        self._properties += len(properties)
        if self._properties > MAX_PROPERTIES:
            raise node.fault(
                f"total number of properties keys({self._properties}) across all "
                f"objects exceeds maximum limit of {MAX_PROPERTIES}"
            )
        for name, schema in properties.items():
            yield node.child(schema, "properties", name, deeper=1)
        for keyword in ("items", "additionalProperties"):
            if is_object(node.schema.get(keyword)):
                yield node.child(node.schema[keyword], keyword)
        for branch in node.schema.get("anyOf", ()):
            yield node.child(branch, "anyOf")


def _definitions(node: Node) -> Iterator[Node]:
    given = node.schema.get("$defs")
    definitions: JsonObject = given if is_object(given) else {}
    for name in sorted(definitions):
        schema: object = definitions[name]
        if not is_object(schema):
            raise node.fault("$defs schema must be object", "$defs")
        yield node.child(schema, "$defs", name)
