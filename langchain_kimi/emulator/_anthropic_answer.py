"""An answer, its usage or a failure -> the body that Anthropic's form has for it."""

import secrets
from collections.abc import Iterator
from typing import Any

from langchain_kimi._json import is_object
from langchain_kimi._wire import JsonObject
from langchain_kimi.emulator._answer import Answer
from langchain_kimi.emulator._completion import Completion
from langchain_kimi.emulator._exchange import JSON_TYPE, Reply
from langchain_kimi.emulator._failures import Failure
from langchain_kimi.emulator._json import NotJsonError, read_json, to_bytes, write_json
from langchain_kimi.emulator._signatures import sign_thinking

# All four are documented; `stop_sequence` is not among them (docs/api/messages).
_STOP_REASONS = {
    "stop": "end_turn",
    "length": "max_tokens",
    "tool_calls": "tool_use",
    "content_filter": "refusal",
}


def build_message(completion: Completion, *, writes_cache: bool) -> JsonObject:
    """Return the body of a response that is not streamed.

    Args:
        completion: The finished answer.
        writes_cache: Whether its prompt was written to the cache.
    """
    reason = completion.answer.finish_reason
    return {
        # Anthropic's form; no id of this route was recorded.
        "id": f"msg_{secrets.token_hex(12)}",
        "type": "message",
        "role": "assistant",
        "model": completion.model,
        "content": list(_build_blocks(completion.answer)),
        "stop_reason": _STOP_REASONS.get(reason, reason),
        "stop_sequence": None,
        "usage": _build_usage(completion.usage, writes_cache=writes_cache),
    }


def build_error(failure: Failure, request_id: str) -> Reply:
    """Return the reply of a failure, with the types of Chat Completions.

    Recorded: {"error": {"type": "invalid_request_error", "message": ...},
    "request_id": ..., "type": "error"} (Kimi-K2#118, 2026-03-19).

    Args:
        failure: What went wrong.
        request_id: The id that the header `Msh-Request-Id` carries too.
    """
    body = {
        "type": "error",
        "error": {"type": failure.type, "message": failure.message},
        "request_id": request_id,
    }
    headers = {"Content-Type": JSON_TYPE, **failure.headers}
    return Reply(
        status=failure.status, headers=headers, body=to_bytes(write_json(body))
    )


def _build_blocks(answer: Answer) -> Iterator[JsonObject]:
    """Yield thinking, text and calls, in the order in which they are streamed."""
    if answer.reasoning is not None:
        yield {
            "type": "thinking",
            "thinking": answer.reasoning,
            "signature": sign_thinking(answer.reasoning),
        }
    if answer.content:
        yield {"type": "text", "text": answer.content}
    for call in answer.calls:
        yield {
            "type": "tool_use",
            "id": call.id,
            "name": call.name,
            "input": _read_arguments(call.arguments),
        }


def _read_arguments(text: str) -> Any:
    """Return the arguments; those that the output cap cut off have no value."""
    try:
        arguments = read_json(to_bytes(text))
    except NotJsonError:
        return {}
    return arguments if is_object(arguments) else {}


def _build_usage(usage: JsonObject, *, writes_cache: bool) -> JsonObject:
    """Return the usage: `input_tokens` are those that the cache neither had nor got.

    In Chat Completions the prompt includes them (docs/api/messages, as cited 2026-09).
    """
    prompt, cached = usage.get("prompt_tokens", 0), usage.get("cached_tokens", 0)
    written = prompt - cached if writes_cache else 0
    return {
        "input_tokens": prompt - cached - written,
        "cache_creation_input_tokens": written,
        "cache_read_input_tokens": cached,
        "output_tokens": usage.get("completion_tokens", 0),
    }
