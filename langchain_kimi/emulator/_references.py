"""A schema node -> the node with `$ref` and `allOf` put in."""

from typing import Any
from urllib.parse import unquote

from langchain_kimi._json import as_object, as_objects, is_array, is_object
from langchain_kimi._wire import JsonObject


class References:
    """Looks up the references of one schema."""

    def __init__(self, root: JsonObject) -> None:
        self._root = root

    def resolve(self, schema: object) -> JsonObject:
        """Return a node without `$ref` and `allOf`; `true` and `false` give {}."""
        node = as_object(schema)
        for _ in range(32):  # a chain of references that ends in itself has no end
            reference = node.get("$ref")
            if not isinstance(reference, str):
                break
            beside = {key: value for key, value in node.items() if key != "$ref"}
            node = {**as_object(self._look_up(reference)), **beside}
        if "allOf" not in node:
            return node
        rest = {key: value for key, value in node.items() if key != "allOf"}
        for part in as_objects(node["allOf"]):
            rest = _merge(self.resolve(part), rest)
        return rest

    def _look_up(self, reference: str) -> Any:
        node: Any = self._root
        for step in reference.removeprefix("#").split("/")[1:]:
            key = unquote(step).replace("~1", "/").replace("~0", "~")
            if is_array(node):
                node = node[int(key)] if key.isdigit() and int(key) < len(node) else {}
            else:
                node = as_object(node).get(key, {})
        return node


def _merge(part: JsonObject, rest: JsonObject) -> JsonObject:
    merged = {**part, **rest}
    for key in ("properties", "$defs"):
        if is_object(part.get(key)) and is_object(rest.get(key)):
            merged[key] = {**part[key], **rest[key]}
    if is_array(part.get("required")) and is_array(rest.get("required")):
        merged["required"] = [*part["required"], *rest["required"]]
    return merged
