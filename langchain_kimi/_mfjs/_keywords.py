"""What the keywords of an MFJS node may hold: turns a node into its first fault.

`_mfjs_types` checks `type` before; `_mfjs_references` what a `$ref` reaches, after.
"""

from collections import Counter
from collections.abc import Callable
from typing import Any

from langchain_kimi._json import is_array, is_number, is_object
from langchain_kimi._mfjs._json import is_whole, print_value
from langchain_kimi._mfjs._node import Node, SchemaFault, SchemaPath, list_words
from langchain_kimi._mfjs._types import COMMON, NOTHING, PAIR, ROOT_ONLY, read_types
from langchain_kimi._wire import JsonObject

MAX_ENUM_VALUES = 1000
MAX_ANY_OF = 500
RESERVED_NAMES = frozenset(
    {"$defs", "$ref", "anyOf", "required", "additionalProperties"}
)


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _is_text_or_null(value: object) -> bool:
    return value is None or isinstance(value, str)


def _is_flag_or_object(value: object) -> bool:
    return isinstance(value, bool | dict)


_FORMS: dict[str, tuple[Callable[[object], bool], str]] = {
    "$defs": (is_object, "$defs must be an object"),
    "$id": (_is_text_or_null, "$id must be a string"),
    "$ref": (_is_text, "$ref must be a string"),
    "additionalProperties": (
        _is_flag_or_object,
        "additionalProperties must be a boolean or an object",
    ),
    "anyOf": (is_array, "anyOf must be an array"),
    "description": (_is_text, "description must be a string"),
    "enum": (is_array, "enum must be an array"),
    "items": (is_object, "items must be an object"),
    "pattern": (_is_text_or_null, "pattern must be a string"),
    "properties": (is_object, "properties must be an object"),
    "required": (is_array, "required must be an array"),
}


def check_keywords(node: Node) -> None:
    """Form and content of every keyword, in the order of their names."""
    for keyword in sorted(node.schema):
        value = node.schema[keyword]
        has_form, message = _FORMS.get(keyword, (None, ""))
        if has_form is not None and not has_form(value):
            raise node.fault(message, keyword)
        if keyword in _CONTENTS:
            _CONTENTS[keyword](node, value)
    _check_any_of_overlap(node)


def _check_type(node: Node, value: Any) -> None:
    if isinstance(value, str):
        return
    if not is_array(value):
        raise node.fault("type must be string or array of strings")
    if node.is_ultra and len(set(value)) < len(value):
        raise node.fault("duplicate types in type array", "type")


def _check_properties(node: Node, value: Any) -> None:
    for name, schema in value.items():
        if node.is_ultra and not name:
            raise node.fault("property name cannot be empty", "properties")
        if name in RESERVED_NAMES:
            raise node.fault(
                f"property name '{name}' is reserved for JSON Schema keywords",
                "properties",
            )
        if not is_object(schema):
            raise node.fault(
                f"property schema for '{name}' must be an object", "properties"
            )


def _check_required(node: Node, value: Any) -> None:
    if not all(isinstance(name, str) for name in value):
        raise node.fault("items in required array must be strings", "required")
    if node.is_ultra:
        _check_required_names(node, value)
    if not value:
        return
    _check_addressable(node, "required")
    properties = node.schema.get("properties")
    if node.is_ultra:
        _check_required_needs(node, properties)
    known: JsonObject = properties if is_object(properties) else {}
    for name in value:
        if name not in known:
            raise node.fault(
                f"required property '{name}' is not defined in properties", "required"
            )


def _check_required_names(node: Node, names: list[str]) -> None:
    if "" in names:
        message = "property names in required array cannot be empty"
        raise node.fault(message, "required")
    for name, count in Counter(names).items():
        if count > 1:
            raise node.fault(f"duplicate items in required array: {name}", "required")


def _check_required_needs(node: Node, properties: object) -> None:
    if node.schema.get("type") not in ("object", ["object"]):
        raise node.fault("required keyword must be used with object", "required")
    if not is_object(properties):
        message = "required specified but 'properties' keyword is missing"
        raise node.fault(message, "required")


def _check_addressable(node: Node, keyword: str) -> None:
    """Walle looks some nodes up by path again and reads a{b} in a name as an index."""
    if any("{" in part and "}" in part for part in node.path):
        raise node.fault(f"invalid path: {'.'.join(node.path)}", keyword)


def _check_enum(node: Node, value: Any) -> None:
    if not value:
        raise node.fault("enum array cannot be empty", "enum")
    # walle also sums the text of enums above 2500 values: never reached, 1000 is less.
    if len(value) > MAX_ENUM_VALUES:
        message = f"enum array cannot have more than {MAX_ENUM_VALUES} items"
        raise node.fault(message, "enum")
    _check_addressable(node, "enum")
    if "type" not in node.schema:
        raise node.fault("type is not defined")
    types = read_types(node)
    if not types:
        raise node.fault("invalid type value")
    _check_enum_types(node, types)
    for item in value:
        if not any(_matches_type(node, item, name) for name in types):
            raise node.fault(
                f"enum value ({print_value(item)}) does not match any type in "
                f"{print_value(types)}",
                "enum",
            )


def _check_enum_types(node: Node, types: list[str]) -> None:
    if len(types) == 1 or (len(types) == PAIR and types == ["null", "null"]):
        return
    if len(types) > PAIR or "null" not in types:
        raise node.fault(
            "when type is array and enum is specified, currently only 2 types are "
            "supported, one must be null, and the other can be "
            "string/integer/number/boolean"
        )


def _matches_type(node: Node, value: object, name: str) -> bool:
    if name in ("number", "integer"):
        # A value of another type is a fault at once, even where a later type fits.
        if not is_number(value) or (name == "integer" and not is_whole(value)):
            raise node.fault(f"not a valid {name}", "enum")
        return True
    return isinstance(value, _PYTHON_TYPES[name])


_PYTHON_TYPES: dict[str, type] = {
    "string": str,
    "boolean": bool,
    "null": type(None),
    "array": list,
    "object": dict,
}


def _check_any_of(node: Node, value: Any) -> None:
    if not 1 <= len(value) <= MAX_ANY_OF:
        raise node.fault(f"anyOf must have 1-{MAX_ANY_OF} items", "anyOf")
    if not all(map(is_object, value)):
        raise node.fault("schema in anyOf must be an object", "anyOf")
    _check_addressable(node, "anyOf")
    check_neighbours(node, "anyOf")


def check_neighbours(node: Node, keyword: str) -> None:
    """At ultra nearly nothing may stand beside `anyOf` or `$ref`."""
    allowed = COMMON | {keyword} | (ROOT_ONLY if node.is_root else NOTHING)
    for other in sorted(node.schema.keys() - allowed if node.is_ultra else ()):
        raise node.fault(
            f"keyword '{other}' is not allowed at the same level as {keyword}"
        )


def shared_keywords(node: Node, outer: set[str], inner: JsonObject) -> str:
    """The keywords in both, listed; strict lets title and description repeat."""
    allowed: frozenset[str] = NOTHING if node.is_ultra else COMMON
    return list_words((outer & inner.keys()) - allowed)


def _check_any_of_overlap(node: Node) -> None:
    outer = set(node.schema) - {"anyOf"}
    for branch in node.schema.get("anyOf", ()):
        shared = shared_keywords(node, outer, branch)
        if shared:
            raise node.fault(
                f"conflicting keywords found in anyOf with parent: keywords ({shared}) "
                "are defined on the parent schema and inside anyOf; remove them from "
                "the parent or from anyOf branches"
            )


def _check_definitions(node: Node, value: Any) -> None:
    for name, schema in value.items():
        if not name:
            raise node.fault("$defs property name cannot be empty", "$defs")
        if "/" in name:
            raise _slash_fault(name, node.at("$defs"))
        if not is_object(schema):
            raise node.fault(f"$defs schema must be object: {name}", "$defs")
        _check_slashes(schema, node.at("$defs", name))


def _slash_fault(name: str, path: SchemaPath) -> SchemaFault:
    message = f"$defs property name '{name}' cannot contain '/' character"
    return SchemaFault(message, path)


def _check_slashes(definition: JsonObject, path: SchemaPath) -> None:
    pending = [(definition, path)]
    while pending:
        schema, path = pending.pop()
        for key, value in schema.items():
            if "/" in key:
                raise _slash_fault(key, path[:-1])
            if is_object(value):
                pending.append((value, (*path, key)))
            for at, item in enumerate(value if is_array(value) else ()):
                if is_object(item):
                    pending.append((item, (*path, f"{key}[{at}]")))


def _check_reference(node: Node, value: Any) -> None:
    if value == "#":
        return
    if not value.startswith("#/$defs/"):
        raise node.fault("references must start with #/$defs/", "$ref")
    if value == "#/$defs/":
        raise node.fault("definition name cannot be empty", "$ref")
    if "$defs" not in node.root:
        raise node.fault(f"$defs not found for reference: {value}", "$ref")
    _check_addressable(node, "$ref")
    check_neighbours(node, "$ref")


_CONTENTS: dict[str, Callable[[Node, Any], None]] = {
    "$defs": _check_definitions,
    "$ref": _check_reference,
    "anyOf": _check_any_of,
    "enum": _check_enum,
    "properties": _check_properties,
    "required": _check_required,
    "type": _check_type,
}
