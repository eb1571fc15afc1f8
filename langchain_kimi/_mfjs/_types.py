"""Which keywords fit which type: turns a node into the first fault of its `type`.

The types are looked at before any other keyword, in walle's order.
"""

from typing import Any

from langchain_kimi._json import is_array, is_number
from langchain_kimi._mfjs._json import is_whole, print_number
from langchain_kimi._mfjs._node import Node, list_words

COMMON = frozenset({"description", "title"})
ROOT_ONLY = frozenset({"$defs", "$id"})
NOTHING = frozenset[str]()
PAIR = 2
_NUMERIC = COMMON | {"type", "minimum", "maximum", "enum", "default"}
_PLAIN = COMMON | {"type", "enum", "default"}
KEYWORDS_OF_TYPE = {
    "object": COMMON
    | {"type", "properties", "required", "additionalProperties", "default"}
    | {"$ref", "anyOf"},
    "array": COMMON | {"type", "items", "minItems", "maxItems", "$ref", "default"},
    "string": COMMON | {"type", "minLength", "maxLength", "pattern", "enum", "default"},
    "number": _NUMERIC,
    "integer": _NUMERIC,
    "boolean": _PLAIN,
    "null": _PLAIN,
}
SUPPORTED = frozenset[str]().union(*KEYWORDS_OF_TYPE.values()) | ROOT_ONLY


def check_supported(node: Node) -> None:
    """Ultra knows no keyword outside the dialect."""
    unknown = node.schema.keys() - SUPPORTED
    if node.is_ultra and unknown:
        raise node.fault(f"unsupported keywords: {list_words(unknown)}")


def check_type_keywords(node: Node) -> None:
    """What may stand beside `type`, and the type itself."""
    if "type" not in node.schema:
        return
    _check_type_neighbours(node)
    types = read_types(node)
    if len(types) > 1:
        _check_several_types(node, types)
    if types and node.is_ultra:
        _check_keywords_fit(node, types)


def _check_type_neighbours(node: Node) -> None:
    for keyword, place in (("anyOf", "anyOf items"), ("$ref", "the referenced schema")):
        if keyword in node.schema:
            raise node.fault(
                f"when using {keyword}, type should be defined in {place} "
                "instead of the parent schema"
            )
    types = node.schema["type"]
    if is_array(types) and len(types) > 1 and "enum" in node.schema:
        _refuse_structures(node, types)


def _refuse_structures(node: Node, types: list[Any]) -> None:
    for name in types:
        if name in ("object", "array"):
            message = f"type {name} is not allowed in combination with enum"
            raise node.fault(message)


def read_types(node: Node) -> list[str]:
    """The node's types as a list; empty where `type` has a wrong form."""
    types: object = node.schema["type"]
    if isinstance(types, str):
        if types not in KEYWORDS_OF_TYPE:
            raise node.fault("invalid type")
        return [types]
    if not is_array(types):
        return []
    if not all(isinstance(name, str) and name in KEYWORDS_OF_TYPE for name in types):
        raise node.fault("invalid type in type array")
    if not types:
        raise node.fault("type array cannot be empty")
    return types


def _check_several_types(node: Node, types: list[str]) -> None:
    if len(types) == PAIR and node.schema.get("enum") is not None:
        return
    allowed = COMMON | {"type"} | (ROOT_ONLY if node.is_root else NOTHING)
    for keyword in sorted(node.schema.keys() - allowed):
        raise node.fault(
            f"keyword {keyword} is not allowed in combination with multiple types"
        )


def _check_keywords_fit(node: Node, types: list[str]) -> None:
    if not node.is_root:
        for keyword in sorted(node.schema.keys() & ROOT_ONLY):
            raise node.fault(f"keyword {keyword} must be at root level")
    allowed = SUPPORTED.intersection(*(KEYWORDS_OF_TYPE[name] for name in types))
    wrong = node.schema.keys() - allowed - ROOT_ONLY
    if wrong:
        raise node.fault(f"invalid keywords: {list_words(wrong)}")
    _check_size_range(node, "minLength", "maxLength")
    _check_numeric_range(node, types)
    _check_size_range(node, "minItems", "maxItems")


def _check_size_range(node: Node, least: str, most: str) -> None:
    bounds = [(name, node.schema.get(name)) for name in (least, most)]
    given = [(name, bound) for name, bound in bounds if bound is not None]
    for name, bound in given:
        if not is_number(bound):
            raise node.fault(f"{name} must be an integer")
        if bound < 0:
            raise node.fault(f"{name} must be non-negative")
        if not is_whole(bound):
            raise node.fault("not a valid integer")
    _check_order(node, given, least)


def _check_numeric_range(node: Node, types: list[str]) -> None:
    bounds = [(name, node.schema.get(name)) for name in ("minimum", "maximum")]
    given = [(name, bound) for name, bound in bounds if bound is not None]
    whole = "integer" in types
    for name, bound in given:
        if not is_number(bound):
            kind = "an integer" if whole else "a number"
            raise node.fault(f"{name} must be {kind}")
        if whole and not is_whole(bound):
            raise node.fault("not a valid integer")
    _check_order(node, given)


def _check_order(node: Node, given: list[tuple[str, Any]], *parts: str) -> None:
    if len(given) == PAIR and float(given[0][1]) > float(given[1][1]):
        (least, low), (most, high) = given
        raise node.fault(
            f"{least} ({print_number(low)}) cannot be greater than "
            f"{most} ({print_number(high)})",
            *parts,
        )
