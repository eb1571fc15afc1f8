"""A Kimi AIMessage or chunk -> LangChain's standard content blocks.

Registered as langchain-core's translator for provider `moonshot`. Each kind of block
streams in its own string-indexed lane: with the provider's own numbers a tool call 0
would be merged into the reasoning block 0 (seen with every OpenAI-style client).
"""

from typing import Any, cast

from langchain_core.messages import AIMessage, AIMessageChunk
from langchain_core.messages.block_translators import register_translator
from langchain_core.messages.content import ContentBlock

from langchain_kimi._wire import JsonObject
from langchain_kimi.catalogue import PROVIDER

_LANES = {"reasoning": "lc_rs_0", "text": "lc_txt_0"}
_TOOL_LANE = "lc_tc_"


def register() -> None:
    """Make `content_blocks` of Kimi messages right; called once, on import."""
    register_translator(PROVIDER, message_blocks, chunk_blocks)


def message_blocks(message: AIMessage) -> list[ContentBlock]:
    """Return the blocks of a whole message: reasoning, text, then tool calls."""
    blocks = _reasoning_and_text(message)
    blocks += [{**call, "type": "tool_call"} for call in message.tool_calls]
    blocks += [
        {**call, "type": "invalid_tool_call"} for call in message.invalid_tool_calls
    ]
    return cast("list[ContentBlock]", blocks)


def chunk_blocks(chunk: AIMessageChunk) -> list[ContentBlock]:
    """Return the blocks of a chunk, each in the lane in which it is to be merged."""
    if chunk.chunk_position == "last":
        return message_blocks(chunk)
    blocks = _reasoning_and_text(chunk)
    for block in blocks:
        block.setdefault("index", _LANES.get(block.get("type", ""), _LANES["text"]))
    blocks += [
        {
            "type": "tool_call_chunk",
            "id": call["id"],
            "name": call["name"],
            "args": call["args"],
            "index": f"{_TOOL_LANE}{call['index']}",
        }
        for call in chunk.tool_call_chunks
    ]
    return cast("list[ContentBlock]", blocks)


def _reasoning_and_text(message: AIMessage) -> list[JsonObject]:
    blocks = _content(message.content)
    reasoning = message.additional_kwargs.get("reasoning_content")
    if reasoning and not any(block.get("type") == "reasoning" for block in blocks):
        blocks.insert(0, {"type": "reasoning", "reasoning": reasoning})
    return blocks


def _content(content: str | list[Any]) -> list[JsonObject]:
    """Return text and reasoning of v0 content; calls are read from their own field."""
    if isinstance(content, str):
        return [{"type": "text", "text": content}] if content else []
    blocks = [
        {"type": "text", "text": block} if isinstance(block, str) else dict(block)
        for block in content
    ]
    return [block for block in blocks if "tool" not in block.get("type", "")]
