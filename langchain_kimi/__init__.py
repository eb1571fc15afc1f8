"""LangChain integration for Kimi, the models of Moonshot AI.

Names are imported when they are first used, so that `langchain_kimi.catalogue` and
`python -m langchain_kimi.emulator` load neither langchain-core nor openai.
"""

from importlib import import_module
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from langchain_kimi._costs import Cost
    from langchain_kimi._listings import Balance
    from langchain_kimi._registration import register
    from langchain_kimi._timeouts import Timeouts
    from langchain_kimi.batches import KimiBatches
    from langchain_kimi.chat_models import ChatKimi
    from langchain_kimi.document_loaders import KimiFileLoader, KimiFileParser
    from langchain_kimi.files import KimiFiles
    from langchain_kimi.official_tools import (
        KimiFormulaToolkit,
        dynamic_tools,
        web_search_tool,
    )
    from langchain_kimi.partial import join_partial, partial_message

__all__ = [
    "Balance",
    "ChatKimi",
    "Cost",
    "KimiBatches",
    "KimiFileLoader",
    "KimiFileParser",
    "KimiFiles",
    "KimiFormulaToolkit",
    "Timeouts",
    "__version__",
    "dynamic_tools",
    "join_partial",
    "partial_message",
    "register",
    "web_search_tool",
]

__version__: str

_HOMES = {
    "Balance": "langchain_kimi._listings",
    "ChatKimi": "langchain_kimi.chat_models",
    "Cost": "langchain_kimi._costs",
    "KimiBatches": "langchain_kimi.batches",
    "KimiFileLoader": "langchain_kimi.document_loaders",
    "KimiFileParser": "langchain_kimi.document_loaders",
    "KimiFiles": "langchain_kimi.files",
    "KimiFormulaToolkit": "langchain_kimi.official_tools",
    "Timeouts": "langchain_kimi._timeouts",
    "dynamic_tools": "langchain_kimi.official_tools",
    "join_partial": "langchain_kimi.partial",
    "partial_message": "langchain_kimi.partial",
    "register": "langchain_kimi._registration",
    "web_search_tool": "langchain_kimi.official_tools",
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
