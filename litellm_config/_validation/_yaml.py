"""YAML text -> nodes that know their file, line and key path."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import yaml

from langchain_kimi._json import as_array, as_object, is_array, is_object

_MERGE = "tag:yaml.org,2002:merge"


@dataclass(frozen=True, slots=True)
class Node:
    """A value of a config: a scalar, a list of nodes, or a dict of nodes."""

    value: Any
    file: str
    line: int
    """Where it is written, from 1; of a mapping's value, where its key is."""
    path: str

    def get(self, key: str) -> "Node | None":
        """Return the value of a key; None where there is none, or no mapping."""
        return as_object(self.value).get(key)

    def items(self) -> list[tuple[str, "Node"]]:
        """Return the keys and values of a mapping; nothing of anything else."""
        return list(as_object(self.value).items())

    def elements(self) -> "list[Node]":
        """Return the elements of a list; nothing of anything else."""
        return as_array(self.value)

    def walk(self) -> "Iterator[Node]":
        """Yield this node and everything in it."""
        yield self
        for child in [*self.elements(), *(value for _, value in self.items())]:
            yield from child.walk()

    def plain(self) -> Any:
        """Return the value as plain Python."""
        if is_object(self.value):
            return {key: value.plain() for key, value in self.items()}
        if is_array(self.value):
            return [element.plain() for element in self.elements()]
        return self.value


class YamlError(Exception):
    """What cannot be read, or a key that is written twice."""

    def __init__(self, node: Node, problem: str) -> None:
        super().__init__(problem)
        self.node = node
        self.problem = problem


def read_yaml(text: str, file: str) -> tuple[Node, list[YamlError]]:
    """Return the root of a YAML text, and the keys that are written twice.

    Args:
        text: The text.
        file: Its name, for the nodes.

    Raises:
        YamlError: For text that is not YAML.
    """
    try:
        loader = yaml.SafeLoader(text)
        root = loader.get_single_node()
        if root is None:
            return Node({}, file, 1, ""), []
        reader = _Reader(loader, file)
        return reader.read(root, 1, ""), reader.repeated
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = mark.line + 1 if mark else 1
        problem = getattr(error, "problem", None) or str(error)
        raise YamlError(Node(None, file, line, ""), problem) from error
    except RecursionError as error:
        problem = "a value contains itself, or is nested too deeply"
        raise YamlError(Node(None, file, 1, ""), problem) from error


class _Reader:
    """Composed YAML -> nodes; collects what is written twice."""

    def __init__(self, loader: yaml.SafeLoader, file: str) -> None:
        # Any: PyYAML's stubs leave out what its nodes are made into.
        self._loader: Any = loader
        self._file = file
        self.repeated: list[YamlError] = []

    def read(self, node: yaml.Node, line: int, path: str) -> Node:
        if isinstance(node, yaml.MappingNode):
            value: Any = self._read_mapping(node, path)
        elif isinstance(node, yaml.SequenceNode):
            value = [
                self.read(element, element.start_mark.line + 1, f"{path}[{index}]")
                for index, element in enumerate(node.value)
            ]
        else:
            value = self._read_scalar(node, line, path)
        return Node(value, self._file, line, path)

    def _read_scalar(self, node: yaml.Node, line: int, path: str) -> Any:
        try:
            return self._loader.construct_object(node)
        except ValueError as error:
            # What looks like a date and is none, such as 2026-13-45.
            raise YamlError(Node(None, self._file, line, path), str(error)) from error

    def _read_mapping(self, node: yaml.MappingNode, path: str) -> dict[str, Node]:
        self._find_repeated(node, path)
        # PyYAML's own reading of `<<`: what is written beside it wins.
        self._loader.flatten_mapping(node)
        read: dict[str, Node] = {}
        for key_node, value_node in node.value:
            key, line, at = self._read_key(key_node, path)
            read[key] = self.read(value_node, line, at)
        return read

    def _read_key(self, node: yaml.Node, path: str) -> tuple[str, int, str]:
        key = str(self._loader.construct_object(node, deep=True))
        return key, node.start_mark.line + 1, f"{path}.{key}" if path else key

    def _find_repeated(self, node: yaml.MappingNode, path: str) -> None:
        first: dict[str, int] = {}
        for key_node, _ in node.value:
            if key_node.tag == _MERGE:
                continue
            key, line, at = self._read_key(key_node, path)
            if key in first:
                place = Node(None, self._file, line, at)
                problem = f"is written twice (line {first[key]} too), the last one wins"
                self.repeated.append(YamlError(place, problem))
            first.setdefault(key, line)
