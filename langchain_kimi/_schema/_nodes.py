"""Single nodes of MFJS: turns branches, variants and notes into one node.

What the dialect allows side by side differs by level; here is where that is known.
"""

import json
from collections.abc import Collection, Iterable, Iterator
from itertools import islice
from typing import Any

from langchain_kimi._json import is_array, is_object
from langchain_kimi._mfjs._keywords import MAX_ANY_OF, MAX_ENUM_VALUES
from langchain_kimi._mfjs._node import Level
from langchain_kimi._mfjs._types import COMMON, NOTHING, PAIR
from langchain_kimi._schema._values import has_key, is_shallow
from langchain_kimi._wire import JsonObject

_ALL_TYPES = ("string", "number", "boolean", "object", "array", "null")
_NULL_FIRST = frozenset({"number", "integer"})
_PAIRED = _NULL_FIRST | {"string", "boolean"}

# Said in words where the dialect has no keyword; longer ones would drown the text.
_WORDED = frozenset(
    [
        "format",
        "multipleOf",
        "exclusiveMinimum",
        "exclusiveMaximum",
        "uniqueItems",
        "prefixItems",
        "minProperties",
        "maxProperties",
        "contentEncoding",
        "contentMediaType",
        "examples",
        "patternProperties",
        "propertyNames",
        "contains",
        "minContains",
        "maxContains",
        "dependentRequired",
        "not",
        "default",
        "deprecated",
    ]
)
_MAX_WORDS, _MAX_TOLD = 200, 10
_REFERRING = frozenset({"$ref", "$dynamicRef", "$recursiveRef", "$id", "$anchor"})


def any_value() -> JsonObject:
    """The dialect's form of "any JSON value"; inside `properties`, {} is not that."""
    return {"type": list(_ALL_TYPES)}


def is_any(node: JsonObject) -> bool:
    """Whether a node is the form of any value."""
    return node == {"type": list(_ALL_TYPES)}


def _allows_all(node: JsonObject) -> bool:
    """The form of any value, with or without notes."""
    return node.get("type") == list(_ALL_TYPES) or node.get("anyOf") == [any_value()]


def unite(nodes: Iterable[JsonObject]) -> JsonObject:
    """A node that allows what any of the nodes allows."""
    flat: list[JsonObject] = []
    for node in nodes:
        flat.extend(node["anyOf"] if node.keys() == {"anyOf"} else [node])
    if any(map(_allows_all, flat)):
        return any_value()
    texts = {json.dumps(node, sort_keys=True): node for node in flat}
    branches: list[JsonObject] = list(texts.values())
    while len(branches) > MAX_ANY_OF:
        starts = range(0, len(branches), MAX_ANY_OF)
        chunks = [branches[at : at + MAX_ANY_OF] for at in starts]
        branches = [{"anyOf": chunk} for chunk in chunks]
    return branches[0] if len(branches) == 1 else {"anyOf": branches}


def join_variants(nodes: list[JsonObject]) -> JsonObject:
    """One node for variants of different types, as a list of types where possible."""
    pair = _join_null_enum(nodes)
    if pair is not None:
        return pair
    bare = [node["type"] for node in nodes if node.keys() == {"type"}]
    if len(bare) <= 1:
        return unite(nodes)
    rich = [node for node in nodes if node.keys() != {"type"}]
    return unite([*rich, {"type": bare}])


def _join_null_enum(nodes: list[JsonObject]) -> JsonObject | None:
    """Null may share an enum with one scalar type."""
    if len(nodes) != PAIR or any(node.keys() != {"type", "enum"} for node in nodes):
        return None
    first, last = sorted(nodes, key=lambda node: node["type"] == "null")
    if last["type"] != "null" or first["type"] not in _PAIRED:
        return None
    # walle stops at the first number type that a value is not of: null comes before.
    order = -1 if first["type"] in _NULL_FIRST else 1
    return {
        "type": [first["type"], "null"][::order],
        "enum": [value for node in nodes for value in node["enum"]],
    }


def split_enum(node: JsonObject) -> JsonObject:
    """An enum longer than the dialect allows becomes a choice between shorter ones."""
    values: list[Any] = node.get("enum", [])
    if len(values) <= MAX_ENUM_VALUES:
        return node
    starts = range(0, len(values), MAX_ENUM_VALUES)
    return unite({**node, "enum": values[at : at + MAX_ENUM_VALUES]} for at in starts)


def annotate(node: JsonObject, notes: JsonObject, level: Level) -> JsonObject:
    """Put notes on a node; where they may not stand beside its keywords, around it."""
    notes = notes if level == "strict" else _in_words(node, notes)
    if not notes or _may_stand_beside(node, notes, level):
        return {**node, **notes}
    return {"anyOf": [node], **notes}


def _may_stand_beside(node: JsonObject, notes: JsonObject, level: Level) -> bool:
    if "$ref" in node:
        return level == "strict" and notes.keys() <= COMMON
    if "anyOf" in node:
        repeatable: frozenset[str] = COMMON if level == "strict" else NOTHING
        once = notes.keys() - repeatable
        return not any(once & branch.keys() for branch in node["anyOf"])
    return not is_array(node.get("type")) or notes.keys() <= COMMON


def _in_words(node: JsonObject, notes: JsonObject) -> JsonObject:
    """Ultra has three notes; what others say, the description says in words."""
    is_typed = isinstance(node.get("type"), str)
    allowed = COMMON | {"default"} if is_typed else COMMON
    said = {key: value for key, value in notes.items() if key in allowed}
    words = [_word(key, notes[key]) for key in notes if key in _WORDED - allowed]
    given = [said["description"]] if said.get("description") else []
    text = " ".join([*given, *filter(None, words)])
    return said | {"description": text} if text else said


def _word(keyword: str, value: object) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    # Of a tuple of one, `items` says all.
    is_single = keyword == "prefixItems" and is_array(value) and len(value) == 1
    is_told = value is not False and not is_single and len(text) < _MAX_WORDS
    return f"({keyword}: {text})" if is_told else ""


def clean_notes(notes: JsonObject, *, in_definition: bool) -> JsonObject:
    """The notes that may be sent as they are, references and slashes being no such."""
    kept: JsonObject = {}
    for keyword, given in notes.items():
        is_choice = keyword == "discriminator"
        value: object = _clean_discriminator(given) if is_choice else given
        if _may_be_kept(keyword, value, in_definition):
            kept[keyword] = value
    return kept


def _clean_discriminator(value: object) -> object:
    """Its mapping names definitions that are not there any more."""
    if not is_object(value):
        return value
    return {key: child for key, child in value.items() if key != "mapping"}


def _may_be_kept(keyword: str, value: object, in_definition: bool) -> bool:
    if keyword == "description" and not isinstance(value, str):
        return False
    if not is_shallow(value) or has_key(value, _REFERRING.__contains__):
        return False
    return not in_definition or not ("/" in keyword or has_key(value, _has_slash))


def _has_slash(key: str) -> bool:
    return "/" in key


def tell_unlisted(unlisted: JsonObject, required: Collection[str]) -> Iterator[str]:
    """What the model is told of properties whose names the dialect reserves."""
    for name, child in islice(unlisted.items(), _MAX_TOLD):
        text = json.dumps(child, ensure_ascii=False)
        schema = f": {text}" if len(text) < _MAX_WORDS else ""
        kind = "required" if name in required else "optional"
        yield f"(also the {kind} property {json.dumps(name)}{schema})"


def needs_lookup(node: JsonObject) -> bool:
    """Whether walle looks this node or one below up by its path."""
    looked_up = frozenset({"enum", "required", "anyOf", "$ref"})
    return has_key(node, looked_up.__contains__)
