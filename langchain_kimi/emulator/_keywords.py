"""A node of a JSON Schema -> what its keywords say, for those that fill it."""

import json
import re
from typing import Any

from langchain_kimi._json import (
    as_array,
    as_object,
    as_objects,
    as_text,
    is_array,
    is_number,
    is_object,
)
from langchain_kimi._wire import JsonObject

# Lists that want more than a model would write are left short.
_MOST_ITEMS = 1_000
# MFJS has no tuples: the description tells what stands where.
_TUPLE = re.compile(r"\(prefixItems: (\[.*?\])\)(?: \(|$)")


def branches_of(node: JsonObject) -> list[Any]:
    """Return the branches of an anyOf or oneOf."""
    return as_array(node.get("anyOf")) or as_array(node.get("oneOf"))


def prefix_items(node: JsonObject) -> list[JsonObject]:
    """Return the schemas of a tuple's places, from the keyword or from a note."""
    if is_array(node.get("prefixItems")):
        return as_objects(node["prefixItems"])
    note = _TUPLE.search(as_text(node.get("description")))
    try:
        return as_objects(json.loads(note.group(1))) if note else []
    except ValueError:
        return []


def join_branch(node: JsonObject, branch: object) -> JsonObject:
    """Return a branch of a node's anyOf with what stands beside the anyOf."""
    beside = {k: v for k, v in node.items() if k not in ("anyOf", "oneOf")}
    joined = {**beside, **as_object(branch)}
    if is_object(beside.get("properties")):
        own = as_object(as_object(branch).get("properties"))
        joined["properties"] = {**beside["properties"], **own}
    return joined


def required_names(node: JsonObject) -> list[str]:
    """Return the required property names, in the order of the properties."""
    given = node.get("required")
    listed: list[Any] = given if is_array(given) else []
    required = [name for name in listed if isinstance(name, str)]
    properties = list(as_object(node.get("properties")))
    known = [name for name in properties if name in required]
    return known + [name for name in dict.fromkeys(required) if name not in properties]


def property_schema(node: JsonObject, name: str) -> object:
    """Return the schema of a property, that of additional ones if it has none."""
    properties = as_object(node.get("properties"))
    return properties.get(name, node.get("additionalProperties"))


def least_items(node: JsonObject) -> int:
    """Return `minItems` within reason, 0 if there is none."""
    least = node.get("minItems")
    return min(int(least), _MOST_ITEMS) if is_number(least) else 0
