"""What travels between a client and the Kimi API: closed requests, open responses.

Types only. Source: OpenAPI description of 2026-08-17 and kimi-api.md section 2.
"""

from typing import Any, Literal, NotRequired, TypeAlias, TypedDict

JsonObject: TypeAlias = dict[str, Any]
"""A decoded JSON object."""


class FunctionCall(TypedDict):
    """The function half of a tool call; `arguments` is JSON text."""

    name: str
    arguments: str


class ToolCall(TypedDict):
    """A call that an assistant message asks for."""

    type: str
    id: str
    function: FunctionCall


class Message(TypedDict):
    """One entry of `messages`; which keys it has depends on `role`."""

    role: Literal["system", "user", "assistant", "tool"]
    content: NotRequired[str | list[JsonObject]]
    name: NotRequired[str]
    partial: NotRequired[bool]
    reasoning_content: NotRequired[str]
    tool_calls: NotRequired[list[ToolCall]]
    tool_call_id: NotRequired[str]
    tools: NotRequired[list[JsonObject]]


class ChatRequest(TypedDict, total=False):
    """The body of `POST /chat/completions`: every key that the API documents."""

    model: str
    messages: list[Message]
    max_completion_tokens: int
    thinking: JsonObject
    reasoning_effort: str
    temperature: float
    top_p: float
    n: int
    presence_penalty: float
    frequency_penalty: float
    logprobs: bool
    top_logprobs: int
    logit_bias: JsonObject
    stop: str | list[str]
    stream: bool
    stream_options: JsonObject
    tools: list[JsonObject]
    tool_choice: str | JsonObject
    parallel_tool_calls: bool
    response_format: JsonObject
    prediction: JsonObject
    prompt_cache_key: str
    prompt_cache_options: JsonObject
    safety_identifier: str
    seed: int
