"""A chat completion, as decoded from JSON -> an AIMessage; and what streams share."""

import uuid
from typing import Any, cast

from langchain_core.messages import AIMessage, InvalidToolCall
from langchain_core.messages import ToolCall as LangChainToolCall
from langchain_core.messages.ai import UsageMetadata
from langchain_core.messages.tool import invalid_tool_call, tool_call
from langchain_core.outputs import ChatGeneration, ChatResult

from langchain_kimi._arguments import arguments_text, parse_arguments, received_texts
from langchain_kimi._json import as_object, as_objects, as_text, is_object
from langchain_kimi._wire import JsonObject
from langchain_kimi.catalogue import PROVIDER

REASONING_FIELD = "reasoning_content"
# The names of the reasoning text: Kimi's own first, then that of newer vLLM.
_REASONING_FIELDS = (REASONING_FIELD, "reasoning")
_METADATA = ("id", "created", "system_fingerprint")


class UnreadableResponseError(ValueError):
    """A response without the parts of a chat completion."""


def read_response(
    response: JsonObject,
    *,
    request_id: str | None,
    reasoning_field: str = REASONING_FIELD,
) -> ChatResult:
    """Return the result of a chat completion.

    Args:
        response: The decoded body.
        request_id: The `Msh-Request-Id` header.
        reasoning_field: The key under which the server reads reasoning.

    Raises:
        UnreadableResponseError: If the body has no choice with a message.
    """
    choice = _first_choice(response)
    message = choice.get("message")
    if not is_object(message):
        raise UnreadableResponseError("its first choice has no message")
    usage = as_object(response.get("usage")) or as_object(choice.get("usage"))
    finish_reason = choice.get("finish_reason")
    generation = ChatGeneration(
        message=_read_message(
            message,
            usage=usage,
            reasoning_field=reasoning_field,
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
    choices = as_objects(response.get("choices"))
    if not choices:
        raise UnreadableResponseError("it has no choices")
    return choices[0]


def _read_message(
    message: JsonObject,
    *,
    usage: JsonObject,
    reasoning_field: str,
    metadata: JsonObject,
) -> AIMessage:
    field, reasoning = read_reasoning(message)
    additional: JsonObject = {}
    if reasoning is not None:
        additional["reasoning_content"] = reasoning
        metadata |= read_reasoning_field(field, reasoning_field)
    truncated = metadata.get("finish_reason") == "length"
    received = [
        {**call, "id": as_text(call.get("id")) or new_call_id()}
        for call in as_objects(message.get("tool_calls"))
    ]
    calls, invalid = _read_tool_calls(received, truncated=truncated)
    texts = received_texts((call["id"], _text(call)) for call in received)
    if texts:
        additional["tool_arguments"] = texts
    return AIMessage(
        content=as_text(message.get("content")),
        additional_kwargs=additional,
        tool_calls=calls,
        invalid_tool_calls=invalid,
        usage_metadata=read_usage(usage) if usage else None,
        response_metadata=metadata,
    )


def _text(call: JsonObject) -> str:
    return arguments_text(as_object(call.get("function")).get("arguments"))


def read_reasoning(holder: JsonObject) -> tuple[str, str | None]:
    """Return the reasoning of a message or delta, with the name it came under.

    "" is a reasoning that is empty; None is none at all.
    """
    for field in _REASONING_FIELDS:
        text = holder.get(field)
        if isinstance(text, str):
            return field, text
    return REASONING_FIELD, None


def read_reasoning_field(field: str, expected: str) -> JsonObject:
    """Return the metadata that lets reasoning go back under the name it came with."""
    return {} if field == expected else {"reasoning_field": field}


def read_metadata(response: JsonObject, *, request_id: str | None) -> JsonObject:
    """Return what a response, or the first chunk of a stream, tells of itself."""
    found: JsonObject = {"model_provider": PROVIDER, "request_id": request_id}
    found["model_name"] = response.get("model")
    found.update({key: response.get(key) for key in _METADATA})
    return {key: value for key, value in found.items() if value}


def read_ending(finish_reason: object, usage: JsonObject) -> JsonObject:
    """Return what only the end of an answer tells."""
    found = {"finish_reason": finish_reason, "token_usage": usage}
    return {key: value for key, value in found.items() if value}


def read_logprobs(choice: JsonObject) -> JsonObject:
    """Return the log probabilities that a self-hosted server may send."""
    return {"logprobs": choice["logprobs"]} if choice.get("logprobs") else {}


def read_usage(usage: JsonObject) -> UsageMetadata:
    """Return token counts; cached tokens stand at the top level or in the details."""
    prompt, completion = usage.get("prompt_tokens"), usage.get("completion_tokens")
    inputs, outputs = int(prompt or 0), int(completion or 0)
    found = UsageMetadata(
        input_tokens=inputs,
        output_tokens=outputs,
        total_tokens=int(usage.get("total_tokens") or inputs + outputs),
    )
    prompt_details = as_object(usage.get("prompt_tokens_details"))
    read = usage.get("cached_tokens", prompt_details.get("cached_tokens"))
    written = prompt_details.get("cache_write_tokens")
    completion_details = as_object(usage.get("completion_tokens_details"))
    # SGLang tells them at the top level (recorded 2025-12).
    thought = completion_details.get("reasoning_tokens", usage.get("reasoning_tokens"))
    if read is not None or written is not None:
        details = {"cache_read": read, "cache_creation": written}
        found["input_token_details"] = cast("Any", _without_none(details))
    if thought is not None:
        found["output_token_details"] = {"reasoning": thought}
    return found


def _without_none(values: JsonObject) -> JsonObject:
    return {key: value for key, value in values.items() if value is not None}


def _read_tool_calls(
    received: list[JsonObject], *, truncated: bool
) -> tuple[list[LangChainToolCall], list[InvalidToolCall]]:
    """Return the calls, and those whose arguments are not a JSON object."""
    calls: list[LangChainToolCall] = []
    invalid: list[InvalidToolCall] = []
    for call in received:
        name, text = as_text(as_object(call.get("function")).get("name")), _text(call)
        args, id = parse_arguments(text, truncated=truncated), call["id"]
        if args is None or not name:
            invalid.append(
                invalid_tool_call(name=name, args=text, id=id, error=_BROKEN)
            )
        else:
            calls.append(tool_call(name=name, args=args, id=id))
    return calls, invalid


_BROKEN = "It has no name, or its arguments are not a JSON object, or were cut off"


def new_call_id() -> str:
    """Return an id for a call that came without one."""
    return f"call_{uuid.uuid4().hex}"
