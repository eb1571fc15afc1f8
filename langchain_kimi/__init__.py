"""LangChain integration for Kimi, the models of Moonshot AI.

Names are imported when they are first used, so that `langchain_kimi.catalogue` and
`python -m langchain_kimi.emulator` load neither langchain-core nor openai.
"""

from importlib import import_module
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from langchain_kimi._registration import register
    from langchain_kimi.batches import KimiBatches
    from langchain_kimi.chat_models import ChatKimi
    from langchain_kimi.document_loaders import KimiFileLoader, KimiFileParser
    from langchain_kimi.files import KimiFiles

__all__ = [
    "ChatKimi",
    "KimiBatches",
    "KimiFileLoader",
    "KimiFileParser",
    "KimiFiles",
    "__version__",
    "register",
]

__version__: str

_HOMES = {
    "ChatKimi": "langchain_kimi.chat_models",
    "KimiBatches": "langchain_kimi.batches",
    "KimiFileLoader": "langchain_kimi.document_loaders",
    "KimiFileParser": "langchain_kimi.document_loaders",
    "KimiFiles": "langchain_kimi.files",
    "register": "langchain_kimi._registration",
}


def __getattr__(name: str) -> Any:
    """Import a public name from the module in which it lives."""
    if name == "__version__":
        return version("langchain-kimi")
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    """List the public names."""
    return sorted(__all__)
