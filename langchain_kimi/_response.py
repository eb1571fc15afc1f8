"""A chat completion, as decoded from JSON -> an AIMessage; and what streams share."""

import uuid
from collections.abc import Mapping
from typing import Any, cast

from langchain_core.messages import AIMessage, InvalidToolCall
from langchain_core.messages import ToolCall as LangChainToolCall
from langchain_core.messages.ai import UsageMetadata
from langchain_core.outputs import ChatGeneration, ChatResult

from langchain_kimi._arguments import parse_arguments, received_texts
from langchain_kimi._wire import PROVIDER, JsonObject

# The names of the reasoning text: Kimi's own first, then that of newer vLLM.
_REASONING_FIELDS = ("reasoning_content", "reasoning")
_METADATA = ("id", "created", "system_fingerprint")


class UnreadableResponseError(ValueError):
    """A response without the parts of a chat completion."""


def read_response(response: JsonObject, *, request_id: str | None) -> ChatResult:
    """Return the result of a chat completion.

    Args:
        response: The decoded body.
        request_id: The `Msh-Request-Id` header.

    Raises:
        UnreadableResponseError: If the body has no choice with a message.
    """
    choice = _first_choice(response)
    message = choice.get("message")
    if not isinstance(message, dict):
        raise UnreadableResponseError("its first choice has no message")
    usage = response.get("usage") or choice.get("usage")
    finish_reason = choice.get("finish_reason")
    generation = ChatGeneration(
        message=_read_message(
            cast("JsonObject", message),
            usage=usage,
            metadata={
                **read_metadata(response, request_id=request_id),
                **read_ending(finish_reason, usage),
                **read_logprobs(choice),
            },
        )
    )
    return ChatResult(
        generations=[generation],
        llm_output={"token_usage": usage, "model_name": response.get("model")},
    )


def _first_choice(response: JsonObject) -> JsonObject:
    choices = response.get("choices")
    if not isinstance(choices, list) or not choices:
        raise UnreadableResponseError("it has no choices")
    first = cast("list[Any]", choices)[0]
    if not isinstance(first, dict):
        raise UnreadableResponseError("its first choice is not an object")
    return cast("JsonObject", first)


def _read_message(
    message: JsonObject, *, usage: Mapping[str, Any] | None, metadata: JsonObject
) -> AIMessage:
    field, reasoning = read_reasoning(message)
    additional: JsonObject = {}
    if reasoning is not None:
        additional["reasoning_content"] = reasoning
        metadata |= read_reasoning_field(field)
    truncated = metadata.get("finish_reason") == "length"
    received: list[JsonObject] = message.get("tool_calls") or []
    calls = [read_tool_call(call, truncated=truncated) for call in received]
    texts = received_texts((c.get("id") or "", _arguments(c)) for c in received)
    if texts:
        additional["tool_arguments"] = texts
    return AIMessage(
        content=message.get("content") or "",
        additional_kwargs=additional,
        tool_calls=[call for call in calls if call["type"] == "tool_call"],
        invalid_tool_calls=[c for c in calls if c["type"] == "invalid_tool_call"],
        usage_metadata=read_usage(usage) if usage else None,
        response_metadata=metadata,
    )


def _arguments(call: JsonObject) -> str:
    return (call.get("function") or {}).get("arguments") or ""


def read_reasoning(holder: JsonObject) -> tuple[str, str | None]:
    """Return the reasoning of a message or delta, with the name it came under.

    "" is a reasoning that is empty; None is none at all.
    """
    for field in _REASONING_FIELDS:
        text = holder.get(field)
        if isinstance(text, str):
            return field, text
    return _REASONING_FIELDS[0], None


def read_reasoning_field(field: str) -> JsonObject:
    """Return the metadata that lets reasoning go back under the name it came with."""
    return {} if field == _REASONING_FIELDS[0] else {"reasoning_field": field}


def read_metadata(response: JsonObject, *, request_id: str | None) -> JsonObject:
    """Return what a response, or the first chunk of a stream, tells of itself."""
    found: JsonObject = {"model_provider": PROVIDER, "request_id": request_id}
    found["model_name"] = response.get("model")
    found.update({key: response.get(key) for key in _METADATA})
    return {key: value for key, value in found.items() if value}


def read_ending(finish_reason: object, usage: Mapping[str, Any] | None) -> JsonObject:
    """Return what only the end of an answer tells."""
    found = {"finish_reason": finish_reason, "token_usage": usage and dict(usage)}
    return {key: value for key, value in found.items() if value}


def read_logprobs(choice: JsonObject) -> JsonObject:
    """Return the log probabilities that a self-hosted server may send."""
    return {"logprobs": choice["logprobs"]} if choice.get("logprobs") else {}


def read_usage(usage: Mapping[str, Any]) -> UsageMetadata:
    """Return token counts; cached tokens stand at the top level or in the details."""
    prompt, completion = usage.get("prompt_tokens"), usage.get("completion_tokens")
    inputs, outputs = int(prompt or 0), int(completion or 0)
    found = UsageMetadata(
        input_tokens=inputs,
        output_tokens=outputs,
        total_tokens=int(usage.get("total_tokens") or inputs + outputs),
    )
    prompt_details = usage.get("prompt_tokens_details") or {}
    read = usage.get("cached_tokens", prompt_details.get("cached_tokens"))
    written = prompt_details.get("cache_write_tokens")
    thought = (usage.get("completion_tokens_details") or {}).get("reasoning_tokens")
    if read is not None or written is not None:
        details = {"cache_read": read, "cache_creation": written}
        found["input_token_details"] = cast("Any", _without_none(details))
    if thought is not None:
        found["output_token_details"] = {"reasoning": thought}
    return found


def _without_none(values: JsonObject) -> JsonObject:
    return {key: value for key, value in values.items() if value is not None}


def read_tool_call(
    call: JsonObject, *, truncated: bool
) -> LangChainToolCall | InvalidToolCall:
    """Return a call, or an invalid one where its arguments are not a JSON object.

    Args:
        call: The call as it came.
        truncated: Whether the answer was cut: then missing arguments are not "none".
    """
    name, text = (call.get("function") or {}).get("name") or "", _arguments(call)
    id = call.get("id") or new_call_id()
    args = parse_arguments(text, truncated=truncated)
    if args is None:
        error = "The arguments are not a JSON object" + (
            ": the answer was cut at its token limit" if truncated else ""
        )
        return InvalidToolCall(
            type="invalid_tool_call", id=id, name=name, args=text, error=error
        )
    return LangChainToolCall(type="tool_call", id=id, name=name, args=args)


def new_call_id() -> str:
    """Return an id for a call that came without one."""
    return f"call_{uuid.uuid4().hex}"
