"""Callbacks of a config -> those that LiteLLM would not find, without running them."""

import ast
from collections.abc import Iterator
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path

from litellm_config._validation._finding import Finding, error, nearest
from litellm_config._validation._includes import Config
from litellm_config._validation._known import Known
from litellm_config._validation._yaml import Node

_KEYS = ("callbacks", "success_callback", "failure_callback")
_REMOTE = ("s3://", "gcs://")


def check_callbacks(settings: Node, config: Config, known: Known) -> Iterator[Finding]:
    """Yield an error for each callback that does not exist.

    Args:
        settings: `litellm_settings`.
        config: The config; LiteLLM looks for modules next to its file first.
        known: What LiteLLM accepts.
    """
    for key in _KEYS:
        node = settings.get(key)
        for callback in (node.elements() or [node]) if node else []:
            if isinstance(callback.value, str):
                yield from _check(callback, config.root.parent, known)


def _check(node: Node, directory: Path, known: Known) -> Iterator[Finding]:
    name: str = node.value
    if name.startswith(_REMOTE):
        return
    module, _, attribute = name.rpartition(".")
    if not module:
        if name not in known.callbacks:
            yield error(
                node,
                "is no callback of LiteLLM's, which ignores it",
                given=name,
                accepted="a name of LiteLLM's, or package.module.instance",
                nearest=nearest(name, known.callbacks),
            )
        return
    source = _find_source(module, directory)
    if source is None:
        yield error(
            node,
            "cannot be imported: the proxy does not start",
            given=name,
            accepted=f"a module next to {directory}, or one that is installed",
        )
    elif source.suffix == ".py" and attribute not in (names := _bound_names(source)):
        yield error(
            node,
            f"names nothing in {source.name}: the proxy does not start",
            given=attribute,
            accepted="a name at the top of the module",
            nearest=nearest(attribute, names),
        )


def _find_source(module: str, directory: Path) -> Path | None:
    """Return a module's file without importing it, or the packages that hold it."""
    beside = directory.joinpath(*module.split(".")).with_suffix(".py")
    if beside.exists():
        return beside
    path: list[str] | None = None
    spec: ModuleSpec | None = None
    parts = module.split(".")
    for index in range(len(parts)):
        spec = PathFinder.find_spec(".".join(parts[: index + 1]), path)
        if spec is None:
            return None
        path = list(spec.submodule_search_locations or [])
    return Path(spec.origin) if spec and spec.origin else None


def _bound_names(source: Path) -> set[str]:
    """Return the names that a module defines, assigns or imports, read as text."""
    names: set[str] = set()
    for statement in ast.walk(ast.parse(source.read_text(encoding="utf-8"))):
        match statement:
            case ast.Name(id=name, ctx=ast.Store()):
                names.add(name)
            case ast.FunctionDef(name=name) | ast.ClassDef(name=name):
                names.add(name)
            case ast.ImportFrom(names=imported) | ast.Import(names=imported):
                names |= {alias.asname or alias.name for alias in imported}
            case _:
                pass
    return names
