"""References of an MFJS schema: turns a walked schema into the first fault of a `$ref`.

A reference must resolve, may not repeat its target's keywords, and must end somewhere.
"""

from collections.abc import Iterator

from langchain_kimi._json import is_array, is_object
from langchain_kimi._mfjs._keywords import shared_keywords
from langchain_kimi._mfjs._node import ROOT, Node, SchemaFault
from langchain_kimi._mfjs._types import COMMON
from langchain_kimi._wire import JsonObject


def resolve_reference(root: JsonObject, reference: str) -> JsonObject:
    """The schema behind `#` or `#/$defs/...`; only objects lie on the way."""
    if reference == "#":
        return root
    if not reference.startswith("#/$defs/"):
        raise SchemaFault("only local references are supported", ("$ref",))
    schema: object = root
    for part in reference[2:].split("/"):
        schema = schema.get(part) if is_object(schema) else None
    if not is_object(schema):
        raise SchemaFault(f"invalid $ref path: {reference}", ROOT)
    return schema


def check_references(root: Node, references: list[str]) -> None:
    """Check every reference of the schema, once its nodes are known to be sound."""
    for reference in references:
        resolve_reference(root.schema, reference)
    endings = _Endings(root.schema)
    pending = [iter(((root, not endings.ends(root.schema)),))]
    while pending:
        node, must_end = next(pending[-1], (None, False))
        if node is None:
            pending.pop()
            continue
        if "$ref" in node.schema:
            _check_reference(node, endings if must_end else None)
        pending.append(_places_below(node, must_end))


def _places_below(node: Node, must_end: bool) -> Iterator[tuple[Node, bool]]:
    """Any object below counts as a schema here, unknown keywords and defaults too."""
    for key, value in node.schema.items():
        if key == "$defs":
            continue
        if is_object(value):
            # Upstream forgets must_end for the keys its random map order visits later;
            # a schema is sound only if it is sound in every order.
            optional = key == "additionalProperties" or (
                key == "properties" and node.schema.get("required") == []
            )
            yield node.child(value, key), must_end and not optional
        elif key == "anyOf" and is_array(value):
            for branch in filter(is_object, value):
                yield node.child(branch, key), must_end


def _check_reference(node: Node, endings: "_Endings | None") -> None:
    _check_overlap(node, _expand(node))
    _check_place(node)
    if endings is not None and not endings.ends(node.schema):
        raise node.fault("detected infinite recursion without termination condition")


def _expand(node: Node) -> JsonObject:
    """The target, followed on while it only adds title and description to a `$ref`."""
    reference = node.schema["$ref"]
    if reference is None:
        return node.schema
    if not isinstance(reference, str):
        raise node.fault("$ref must be a string", "$ref")
    target = resolve_reference(node.root, reference)
    kept: JsonObject = {}
    visited = {reference}
    while (following := _bare_reference(target)) and following not in visited:
        visited.add(following)
        following_target = resolve_reference(node.root, following)
        notes = {key: target[key] for key in COMMON & target.keys()}
        if node.is_ultra:
            _check_chain(node, kept, notes)
        kept = notes | kept
        target = following_target
    return target | kept


def _bare_reference(schema: JsonObject) -> str | None:
    reference = schema.get("$ref")
    is_bare = not schema.keys() - COMMON - {"$ref"}
    return reference if is_bare and isinstance(reference, str) else None


def _check_chain(node: Node, kept: JsonObject, notes: JsonObject) -> None:
    for keyword in sorted(kept.keys() & notes.keys()):
        raise node.fault(
            f'conflicting keywords found after $ref expansion: keyword "{keyword}" '
            'appears at multiple levels in a chained "$ref"; keep it in only one place'
        )


def _check_overlap(node: Node, target: JsonObject) -> None:
    beside = set(node.schema) - {"$ref"}
    shared = shared_keywords(node, beside, target)
    if shared:
        raise node.fault(
            f"conflicting keywords found after $ref expansion: keywords ({shared}) are "
            'defined both alongside "$ref" and in the referenced schema; remove the '
            "duplicates"
        )
    if ("type" in beside and "anyOf" in target) or (
        "type" in target and "anyOf" in beside
    ):
        raise node.fault(
            "invalid schema after $ref expansion: (when using anyOf, type should be "
            "defined in anyOf items instead of the parent schema)"
        )
    _check_branch_overlap(node, beside - {"anyOf"}, target)


def _check_branch_overlap(node: Node, beside: set[str], target: JsonObject) -> None:
    branches: object = target.get("anyOf")
    for branch in filter(is_object, branches if is_array(branches) else ()):
        shared = shared_keywords(node, beside, branch)
        if shared:
            raise node.fault(
                "conflicting keywords found in anyOf after ref expansion: keywords "
                f'({shared}) are defined alongside "$ref" and inside anyOf in the '
                "referenced schema; define them in only one place"
            )


def _check_place(node: Node) -> None:
    last, above = node.path[-1], node.path[-2:-1]
    named = last.startswith("anyOf") or last in ("additionalProperties", "items")
    if not (named or above == ("properties",) or len(node.path) == 1):
        raise node.fault("$ref is not allowed in this schema.")


class _Endings:
    """Which schemas end: reach, through what they need, a type without children."""

    def __init__(self, root: JsonObject) -> None:
        self._root = root
        self._known: dict[int, bool] = {}

    def ends(self, schema: JsonObject) -> bool:
        visited: set[int] = set()
        pending = [schema]
        while pending:
            current = pending.pop()
            if self._known.get(id(current)) or _is_ending(current):
                self._known[id(schema)] = True
                return True
            if id(current) not in visited:
                visited.add(id(current))
                pending.extend(self._ways_on(current))
        return False

    def _ways_on(self, schema: JsonObject) -> Iterator[JsonObject]:
        """One of these ending is enough: walle asks no more of an object either."""
        kind = _structure(schema)
        if kind == "array":
            yield schema["items"]
        elif kind == "object":
            required: object = schema["required"]
            names = set(filter(_is_text, required if is_array(required) else ()))
            properties: JsonObject = schema["properties"]
            yield from filter(is_object, map(properties.get, names & properties.keys()))
        branches: object = schema.get("anyOf")
        yield from filter(is_object, branches if is_array(branches) else ())
        reference = schema.get("$ref")
        if isinstance(reference, str):
            try:
                yield resolve_reference(self._root, reference)
            except SchemaFault:
                return


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _structure(schema: JsonObject) -> str | None:
    """object, array, another type, or None where the schema has no type."""
    types: object = schema.get("type")
    names = [types] if isinstance(types, str) else types if is_array(types) else []
    plain = next((name for name in names if name not in ("object", "array")), None)
    return plain or (names[-1] if names else None)


def _is_ending(schema: JsonObject) -> bool:
    kind = _structure(schema)
    if kind == "array":
        return not is_object(schema.get("items")) or not schema["items"]
    if kind == "object":
        required, properties = schema.get("required"), schema.get("properties")
        return not required or not is_object(properties) or not properties
    return kind is not None or not schema or schema.get("anyOf") == []
