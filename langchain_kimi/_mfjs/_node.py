"""One place inside a schema, and what is wrong there.

Turns a place and a fault into the validator's message: "At path 'properties.x': ...".
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from langchain_kimi._wire import JsonObject

Level = Literal["strict", "ultra"]
SchemaPath = tuple[str, ...]

ROOT: SchemaPath = ("root",)


@dataclass(frozen=True, slots=True)
class Node:
    """A subschema and where it stands; depth counts the `properties` above it."""

    schema: JsonObject
    root: JsonObject
    level: Level
    path: SchemaPath = ROOT
    depth: int = 0

    @property
    def is_ultra(self) -> bool:
        return self.level == "ultra"

    @property
    def is_root(self) -> bool:
        return self.path == ROOT

    def at(self, *parts: str) -> SchemaPath:
        """The path of something inside this node."""
        return join_path(self.path, *parts)

    def child(self, schema: JsonObject, *parts: str, deeper: int = 0) -> "Node":
        path = self.at(*parts)
        return Node(schema, self.root, self.level, path, self.depth + deeper)

    def fault(self, message: str, *parts: str) -> "SchemaFault":
        return SchemaFault(message, self.at(*parts))


class SchemaFault(Exception):
    """The first fault found in a schema."""

    def __init__(self, message: str, path: SchemaPath) -> None:
        super().__init__(f"At path '{'.'.join(path)}': {message}")


def join_path(path: SchemaPath, *parts: str) -> SchemaPath:
    """Append to a path; the root's own name leaves no trace."""
    return parts if path == ROOT and parts else path + parts


def list_words(words: Iterable[str]) -> str:
    """The words in the order the validator lists them in a message."""
    return ", ".join(sorted(words))
