"""Branches of a schema + what a prompt offers -> the branch that fits it best."""

from typing import Any

from langchain_kimi._json import as_object, as_text, is_array
from langchain_kimi._wire import JsonObject
from langchain_kimi.emulator._keywords import branches_of
from langchain_kimi.emulator._offers import Offers
from langchain_kimi.emulator._references import References
from langchain_kimi.emulator._scalars import type_of
from langchain_kimi.emulator._words import find_words

_DEEPEST = 4
_NULL = 0.25
_SOMETHING = 0.5


class Appeal:
    """Scores nodes by what the prompt could put into them."""

    def __init__(self, references: References, offers: Offers) -> None:
        self._references = references
        self._offers = offers

    def best(self, branches: list[Any]) -> JsonObject:
        """Return the branch with the highest score, the first of equals.

        Args:
            branches: The branches of an anyOf or oneOf.
        """
        # `"type": []` has none: nothing checks the schema of a tool that is not strict.
        best = max(branches, key=lambda branch: self._score(branch, 0), default=None)
        return as_object(best)

    def _score(self, schema: object, depth: int) -> float:
        node = self._references.resolve(schema)
        branches = branches_of(node)
        if depth > _DEEPEST:
            return 0
        if branches:
            return max(self._score(branch, depth + 1) for branch in branches)
        members = [node["const"]] if "const" in node else node.get("enum")
        if is_array(members):
            return 3.0 if any(self._offers.find(m) >= 0 for m in members) else 0
        return self._score_type(node, depth)

    def _score_type(self, node: JsonObject, depth: int) -> float:
        kind = type_of(node)
        if kind == "object":
            return self._score_object(node, depth)
        if kind == "array":
            return self._score(node.get("items"), depth + 1)
        if kind in ("number", "integer"):
            return 2.0 if self._offers.has_number() else 0
        if kind == "string":
            return 1.0 if self._offers.has_text() else 0
        return _NULL if kind == "null" else 0

    def _score_object(self, node: JsonObject, depth: int) -> float:
        properties = as_object(node.get("properties"))
        scores = [self._score(schema, depth + 1) for schema in properties.values()]
        if not any(score > _NULL for score in scores):
            return 0
        about = " ".join((*properties, as_text(node.get("title"))))
        about += " " + as_text(node.get("description"))
        shared = len(find_words(about) & self._offers.words)
        named = sum(score >= 3 for score in scores)
        return _SOMETHING + shared + 3 * named
