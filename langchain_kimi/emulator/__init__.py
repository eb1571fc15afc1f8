"""A strict local emulator of the Kimi API, for tests and demos; stdlib only.

It answers with the API's own errors, bodies and streams (reference: kimi-api.md).
"""

from langchain_kimi.emulator._emulator import Emulator
from langchain_kimi.emulator._exchange import Headers, Reply, Request, read_request
from langchain_kimi.emulator._fault_queue import Faulted
from langchain_kimi.emulator._settings import ToolIdStyle

__all__ = [
    "Emulator",
    "Faulted",
    "Headers",
    "Reply",
    "Request",
    "ToolIdStyle",
    "read_request",
]
