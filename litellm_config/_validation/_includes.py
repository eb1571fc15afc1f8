"""A config file -> its sections, with what it includes, as LiteLLM merges them."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from langchain_kimi._json import is_array
from litellm_config._presets import HOOK
from litellm_config._validation._finding import Finding, error
from litellm_config._validation._yaml import Node, YamlError, read_yaml


@dataclass(slots=True)
class Config:
    """A config with its includes: each section as the proxy would see it."""

    root: Path
    sections: dict[str, Node] = field(default_factory=dict[str, Node])
    findings: list[Finding] = field(default_factory=list[Finding])

    def section(self, name: str) -> Node:
        """Return a section; an empty one where there is none."""
        return self.sections.get(name) or Node({}, str(self.root), 1, name)

    def deployments(self) -> list[Node]:
        """Return the entries of `model_list`."""
        return self.section("model_list").elements()

    def groups(self) -> set[str]:
        """Return the names that a request may name: groups and their aliases."""
        names = [_text(entry.get("model_name")) for entry in self.deployments()]
        aliases = self.section("router_settings").get("model_group_alias")
        return {name for name in names if name} | {
            key for key, _ in (aliases.items() if aliases else [])
        }

    def callbacks(self) -> list[Node]:
        """Return the entries of `litellm_settings.callbacks`."""
        node = self.section("litellm_settings").get("callbacks")
        if node is None:
            return []
        return node.elements() or [node]

    def has_kimi_hook(self) -> bool:
        """Tell whether our own hook is among the callbacks."""
        return any(node.value == HOOK for node in self.callbacks())


def read_config(path: Path) -> Config:
    """Read a config and what it includes; what cannot be read becomes a finding.

    Args:
        path: The file that `litellm --config` would get.

    Raises:
        OSError: If the file itself cannot be read.
    """
    config = Config(root=path)
    # In LiteLLM's order: breadth first, each file once.
    pending, loaded = [(path, None)], set[Path]()
    while pending:
        file, asked_by = pending.pop(0)
        if file.resolve() in loaded:
            continue
        loaded.add(file.resolve())
        root = _read(file, asked_by, config)
        if root is None:
            continue
        _merge(config, root)
        include = root.get("include")
        if include is not None:
            pending += [(place, node) for place, node in _places(include, config)]
    return config


def _read(file: Path, asked_by: Node | None, config: Config) -> Node | None:
    try:
        root, repeated = read_yaml(file.read_text(encoding="utf-8"), str(file))
    except YamlError as problem:
        config.findings.append(
            error(problem.node, f"this is not YAML: {problem.problem}")
        )
        return None
    except (OSError, UnicodeDecodeError) as problem:
        if asked_by is None:
            raise
        config.findings.append(
            error(
                asked_by,
                "the included file cannot be read",
                given=asked_by.value,
                accepted=f"a file; looked for {file} ({type(problem).__name__})",
            )
        )
        return None
    config.findings += [error(found.node, found.problem) for found in repeated]
    if not isinstance(root.value, dict):
        config.findings.append(error(root, "a config is a mapping of sections"))
        return None
    return root


def _places(include: Node, config: Config) -> Iterator[tuple[Path, Node]]:
    if not isinstance(include.value, list):
        config.findings.append(
            error(include, "must be a list of file paths", given=include.plain())
        )
    for node in include.elements():
        if isinstance(node.value, str):
            # Next to the file that declares it, or else next to the root config.
            beside = Path(node.file).parent / node.value
            fallback = config.root.parent / node.value
            is_old = fallback.exists() and not beside.exists()
            yield fallback if is_old else beside, node
        else:
            config.findings.append(
                error(node, "must be a file path", given=node.plain())
            )


def _merge(config: Config, root: Node) -> None:
    """Add a file's sections: lists are appended, everything else is replaced."""
    for name, node in root.items():
        if name == "include":
            continue
        before = config.sections.get(name)
        if before and is_array(before.value) and is_array(node.value):
            both = [*before.elements(), *node.elements()]
            config.sections[name] = Node(both, before.file, before.line, before.path)
            continue
        if before:
            config.findings.append(
                error(
                    node,
                    f"replaces the whole section of {before.file} line {before.line}: "
                    "LiteLLM appends lists, and overwrites every other section",
                    given=sorted(key for key, _ in node.items()),
                    accepted="only model_list and credential_list in an included file",
                )
            )
        config.sections[name] = node


def _text(node: Node | None) -> str:
    return node.value if node and isinstance(node.value, str) else ""
