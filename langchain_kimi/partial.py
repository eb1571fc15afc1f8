"""Partial mode: give the beginning of an answer, and join it with its continuation.

Source: platform.kimi.ai/docs/api/partial (kimi-api.md 6.2).
"""

from typing import Any, cast

from langchain_core.messages import AIMessage
from langchain_core.messages.utils import message_chunk_to_message

from langchain_kimi._json import as_object
from langchain_kimi._refusal import KimiSettingError, show
from langchain_kimi._wire import JsonObject

__all__ = ["join_partial", "partial_message"]

_REASONING = "reasoning_content"


def partial_message(
    prefix: str = "", *, name: str | None = None, reasoning: str | None = None
) -> AIMessage:
    """Return the beginning of an answer, to be put at the end of a conversation.

    Kimi answers with the continuation alone.

    Args:
        prefix: What the answer begins with.
        name: Who speaks: a role to play, which counts as part of the prefix.
        reasoning: What was thought before, to be continued too.

    Raises:
        KimiSettingError: If nothing is begun, or not with a text.
    """
    for given in (prefix, name or "", reasoning or ""):
        _require(given, str, "a text")
    if not (prefix.strip() or name or reasoning):
        raise KimiSettingError(
            "A partial message needs a beginning: give a prefix, a name or a reasoning."
        )
    begun: JsonObject = {"partial": True}
    if reasoning is not None:
        begun[_REASONING] = reasoning
    return AIMessage(content=prefix, name=name, additional_kwargs=begun)


def join_partial(partial: AIMessage, answer: AIMessage) -> AIMessage:
    """Return the whole answer: the beginning that was given, and its continuation.

    Args:
        partial: The last message that was sent.
        answer: What Kimi answered; the sum of the chunks, if it was streamed. Its
            usage, metadata and tool calls are those of the whole.

    Raises:
        KimiSettingError: If the first message is not partial, or the other no answer.
    """
    for given in (partial, answer):
        _require(given, AIMessage, "an AIMessage")
    if not partial.additional_kwargs.get("partial"):
        raise KimiSettingError(
            "The first message is not partial: give the one that partial_message "
            "built, then the answer to it."
        )
    answer = cast("AIMessage", message_chunk_to_message(answer))
    reasoning = partial.additional_kwargs.get(_REASONING) or ""
    additional = dict(answer.additional_kwargs)
    if reasoning:
        additional[_REASONING] = reasoning + (additional.get(_REASONING) or "")
    joined = {
        "content": _join_content(partial.text, reasoning, answer.content),
        "additional_kwargs": additional,
        "name": partial.name or answer.name,
    }
    return answer.model_copy(update=joined)


def _require(given: object, kind: type, wanted: str) -> None:
    if not isinstance(given, kind):
        raise KimiSettingError(f"{show(given)} is not {wanted}.")


def _join_content(
    prefix: str, reasoning: str, content: str | list[Any]
) -> str | list[Any]:
    """Put the beginnings before a text, or into the blocks of v1 content."""
    if isinstance(content, str):
        return prefix + content
    return _prepend("reasoning", reasoning, _prepend("text", prefix, content))


def _prepend(kind: str, beginning: str, blocks: list[Any]) -> list[Any]:
    kinds = [as_object(block).get("type") for block in blocks]
    if not beginning:
        return blocks
    if kind in kinds:
        at = kinds.index(kind)
        joined = {**blocks[at], kind: beginning + blocks[at][kind]}
        return [*blocks[:at], joined, *blocks[at + 1 :]]
    # Reasoning comes first, text after it, tool calls last.
    at = kinds.count("reasoning") if kind == "text" else 0
    return [*blocks[:at], {"type": kind, kind: beginning}, *blocks[at:]]
