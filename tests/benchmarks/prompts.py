"""Conversations and pictures, in the form in which a peer takes them."""

from functools import cache
from typing import Any

from langchain_core.messages import AIMessage, BaseMessage, HumanMessage

from tests.benchmarks.peers import SDK, SDK_AIOHTTP, TRANSPORT, TRANSPORT_AIOHTTP

_QUESTION = "How does a tide mill work at slack water, and who built the first one?"
_ANSWER = "It stores the flood behind a gate and lets it out over the wheel. " * 3
IMAGE = "image"


def build_prompt(peer: str, size: int | str) -> Any:
    """Return so many messages, or one with a picture of a megabyte."""
    if peer in (SDK, SDK_AIOHTTP, TRANSPORT, TRANSPORT_AIOHTTP):
        return _dicts(size)
    return _messages(size)


@cache
def _messages(size: int | str) -> list[BaseMessage]:
    if size == IMAGE:
        return [HumanMessage(content=_image())]
    kinds = (HumanMessage(_QUESTION), AIMessage(_ANSWER))
    return [kinds[number % 2].model_copy() for number in range(int(size))]


@cache
def _dicts(size: int | str) -> list[dict[str, Any]]:
    return [
        {"role": "user" if message.type == "human" else "assistant", "content": content}
        for message in _messages(size)
        if (content := message.content)
    ]


def _image() -> Any:
    url = "data:image/png;base64," + "iVBORw0KGgoAAAAN" * 65_536
    picture = {"type": "image_url", "image_url": {"url": url}}
    return [{"type": "text", "text": "What is this?"}, picture]
