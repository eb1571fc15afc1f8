"""A stream that breaks twice, and is one answer all the same; no key.

Runs against the local emulator; with MOONSHOT_API_KEY set and DEMO_LIVE=1 against Kimi,
where nothing breaks it.
"""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager

from langchain_core.messages import AIMessageChunk

from langchain_kimi import ChatKimi
from langchain_kimi.emulator import Emulator

QUESTION = "Why is the sea salt?"


@contextmanager
def open_api() -> Iterator[dict[str, str]]:
    """Yield nothing to set for Kimi itself, or the address of a local emulator."""
    if os.environ.get("DEMO_LIVE") == "1":
        yield {}
        return
    with Emulator() as kimi:
        answer = ask(kimi.base_url, kimi.api_key)
        script_two_cuts(kimi, answer)
        yield {"base_url": kimi.base_url, "api_key": kimi.api_key}


def ask(base_url: str, api_key: str) -> AIMessageChunk:
    """Return the answer as it is when nothing breaks."""
    model = ChatKimi(model="kimi-k3", base_url=base_url, api_key=api_key)
    ...
