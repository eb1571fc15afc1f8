"""A delta's text, reasoning or tool fragment -> LangChain's chunk.

Validating a message and its generation is most of what a chunk costs, and finds the
same each time: so one chunk of each kind is validated, and the others are copied of it
(docs/performance.md). tests/test_chunks.py holds each copy against a validated chunk.
"""

import json
from typing import Any

from langchain_core.messages import AIMessageChunk
from langchain_core.messages.tool import (
    ToolCallChunk,
    invalid_tool_call,
    tool_call_chunk,
)
from langchain_core.outputs import ChatGenerationChunk
from pydantic import BaseModel

from langchain_kimi._wire import JsonObject

# What JSON takes for blank before a value.
_BLANKS = " \t\n\r"


def text_chunk(text: str, metadata: JsonObject) -> ChatGenerationChunk:
    """Return a chunk of text.

    Args:
        text: The delta's `content`; may be empty.
        metadata: The chunk's own `response_metadata`.
    """
    return _TEXT.copy(text, metadata)


def reasoning_chunk(text: str, metadata: JsonObject) -> ChatGenerationChunk:
    """Return a chunk of reasoning.

    Args:
        text: The delta's reasoning.
        metadata: The chunk's own `response_metadata`.
    """
    additional = {"reasoning_content": text}
    return _REASONING.copy("", metadata, {"additional_kwargs": additional})


def fragment_chunk(
    fragment: ToolCallChunk, metadata: JsonObject
) -> ChatGenerationChunk:
    """Return a chunk of a tool call.

    Args:
        fragment: What came of the call.
        metadata: The chunk's own `response_metadata`.
    """
    text = fragment["args"] or ""
    if not text or (text.lstrip(_BLANKS).startswith("{") and not _is_costly(text)):
        # It may be read as an object, which is langchain-core's to do.
        message = AIMessageChunk(
            content="", response_metadata=metadata, tool_call_chunks=[fragment]
        )
        return ChatGenerationChunk(message=message)
    broken = invalid_tool_call(
        name=fragment["name"], args=text, id=fragment["id"], error=None
    )
    calls = {"tool_call_chunks": [fragment], "invalid_tool_calls": [broken]}
    return _FRAGMENT.copy("", metadata, calls)


def _is_costly(text: str) -> bool:
    """Whether langchain-core would take long to read a fragment, and find little.

    It cuts off one character after the other and parses all of the rest again: 0.35 s
    for 8,000 characters, 50 s for 100,000 (langchain-core 1.7.2).
    """
    if len(text) <= _MOST_GUESSED:
        return False
    try:
        json.loads(text, strict=False)
    except (ValueError, RecursionError):
        return True
    return False


_MOST_GUESSED = 500


class _Mould:
    """A validated chunk, of which others are copied."""

    def __init__(self, **given: Any) -> None:
        message = AIMessageChunk(content="", response_metadata={}, **given)
        generation = ChatGenerationChunk(message=message)
        self._text = type(generation.text)
        self._message = dict(message.__dict__)
        self._generation = dict(generation.__dict__)
        self._message_set = message.model_fields_set
        self._generation_set = generation.model_fields_set

    def copy(
        self, text: str, metadata: JsonObject, fields: JsonObject | None = None
    ) -> ChatGenerationChunk:
        """Return a copy that has other fields and shares nothing that can change."""
        values = self._message.copy()
        values["content"] = text
        values["response_metadata"] = metadata
        values["additional_kwargs"] = {}
        values["tool_calls"] = []
        values["invalid_tool_calls"] = []
        values["tool_call_chunks"] = []
        if fields:
            values.update(fields)
        message = _new(AIMessageChunk)
        _set_values(message, values)
        _set_given(message, self._message_set.copy())
        _set_extra(message, {})
        _set_private(message, None)
        values = self._generation.copy()
        values["text"] = str.__new__(self._text, text)
        values["message"] = message
        generation = _new(ChatGenerationChunk)
        _set_values(generation, values)
        _set_given(generation, self._generation_set.copy())
        _set_extra(generation, None)
        _set_private(generation, None)
        return generation


# The four attributes make up a pydantic object, as unpickling one knows too;
# BaseModel's own setter would look for a field of such a name, and object's takes half
# as long again as the slots themselves.
_new = object.__new__
_slots = vars(BaseModel)
_set_values = _slots["__dict__"].__set__
_set_given = _slots["__pydantic_fields_set__"].__set__
_set_extra = _slots["__pydantic_extra__"].__set__
_set_private = _slots["__pydantic_private__"].__set__

_TEXT = _Mould()
_REASONING = _Mould(additional_kwargs={})
_FRAGMENT = _Mould(tool_call_chunks=[tool_call_chunk(args="x", index=0)])
