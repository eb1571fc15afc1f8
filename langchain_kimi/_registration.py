"""The explicit opt-in to LangChain's global tables, which importing must not touch."""

from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec
from typing import Any

_PATH = ("langchain_kimi", "chat_models", "ChatKimi")


def register() -> None:
    """Make `init_chat_model("kimi:...")` and `load(..., allowed_objects="all")` work.

    LangChain offers no public hook for either (langchain 1.4 to 1.5, langchain-core
    1.7 to 1.8): this adds one entry to each of its private tables. Calling it again
    changes nothing.

    Raises:
        RuntimeError: If this version of LangChain has no such table.
    """
    _register_serialization()
    if find_spec("langchain"):
        _register_provider()


def _register_serialization() -> None:
    load = import_module("langchain_core.load.load")
    try:
        load.ALL_SERIALIZABLE_MAPPINGS[_PATH] = _PATH
        load._default_class_paths_cache.pop("all", None)
    except AttributeError as error:
        raise _unknown_version("langchain-core") from error


def _register_provider() -> None:
    base = import_module("langchain.chat_models.base")
    try:
        base._BUILTIN_PROVIDERS["kimi"] = ("langchain_kimi", "ChatKimi", _build)
    except AttributeError as error:
        raise _unknown_version("langchain") from error


def _build(cls: Callable[..., Any], **settings: Any) -> Any:
    return cls(**settings)


def _unknown_version(package: str) -> RuntimeError:
    return RuntimeError(
        f"This version of {package} keeps its table elsewhere. Build ChatKimi(...) "
        "directly, and load dumps with load(..., allowed_objects=[ChatKimi], "
        "valid_namespaces=['langchain_kimi'])."
    )
