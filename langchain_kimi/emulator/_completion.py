"""An answer -> the body of a response that is not streamed, and its usage."""

from dataclasses import dataclass

from langchain_kimi._wire import JsonObject
from langchain_kimi.emulator._answer import Answer


@dataclass(frozen=True, slots=True, kw_only=True)
class Completion:
    """A finished answer with all that the two forms of a response need."""

    id: str
    created: int
    model: str
    answer: Answer
    usage: JsonObject
    cached_tokens: int = 0
    """The tokens of the prompt that were in the cache."""
    fragment: int | None = None
    """The characters of each piece of a stream; None sends a token at a time."""
    done: bool = True
    """Whether a stream is ended as it should be."""


def build_completion(completion: Completion) -> JsonObject:
    """Return the body: `content` is "" beside tool calls, which carry an `index`."""
    choice = {
        "index": 0,
        "message": _build_message(completion.answer),
        "finish_reason": completion.answer.finish_reason,
    }
    return {
        "id": completion.id,
        "object": "chat.completion",
        "created": completion.created,
        "model": completion.model,
        "choices": [choice],
        "usage": completion.usage,
    }


def build_usage(
    prompt_tokens: int, cached_tokens: int, completion_tokens: int, reasoning: int
) -> JsonObject:
    """Return a usage object; what is 0 has no key, as in every capture.

    Args:
        prompt_tokens: Tokens of the prompt, cached ones included.
        cached_tokens: Tokens of the prompt that were in the cache.
        completion_tokens: Output tokens, reasoning included.
        reasoning: Tokens of the reasoning.
    """
    usage: JsonObject = {
        "prompt_tokens": prompt_tokens,
        "completion_tokens": completion_tokens,
        "total_tokens": prompt_tokens + completion_tokens,
    }
    if cached_tokens:
        usage["cached_tokens"] = cached_tokens
    if reasoning:
        usage["completion_tokens_details"] = {"reasoning_tokens": reasoning}
    if cached_tokens:
        usage["prompt_tokens_details"] = {"cached_tokens": cached_tokens}
    return usage


def _build_message(answer: Answer) -> JsonObject:
    message: JsonObject = {"role": "assistant", "content": answer.content}
    if answer.reasoning is not None:
        message["reasoning_content"] = answer.reasoning
    if answer.calls:
        message["tool_calls"] = [
            {
                "index": index,
                "id": call.id,
                "type": call.type,
                "function": {"name": call.name, "arguments": call.arguments},
            }
            for index, call in enumerate(answer.calls)
        ]
    return message
