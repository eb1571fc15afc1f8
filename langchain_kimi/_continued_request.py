"""A request and what of its answer had arrived -> the request for the rest.

In partial mode (kimi-api.md 6.2): the reasoning and the text go back as the beginning
of the answer. Where that would not continue the same answer, there is none.
"""

from collections.abc import Callable, Iterable
from typing import Any, TypeAlias, cast

from langchain_core.messages import AIMessage

from langchain_kimi._json import as_object
from langchain_kimi._rules import requested_cap
from langchain_kimi._token_estimate import estimate_tokens
from langchain_kimi._wire import ChatRequest, JsonObject

_Obstacle: TypeAlias = Callable[[ChatRequest, AIMessage], bool]
_REASONING = "reasoning_content"


def build_continuation(
    asked: ChatRequest, arrived: AIMessage, reasoning_field: str
) -> ChatRequest:
    """Return the request for the rest of an answer.

    Args:
        asked: The request for the whole answer, which may itself be partial.
        arrived: What had arrived of the answer.
        reasoning_field: The key under which the server reads reasoning.
    """
    begun, messages = _begun(asked), asked.get("messages", [])
    field = arrived.response_metadata.get("reasoning_field", reasoning_field)
    beginning: JsonObject = {"role": "assistant", "partial": True, **begun}
    beginning["content"] = begun.get("content", "") + arrived.text
    reasoning = arrived.additional_kwargs.get(_REASONING)
    if reasoning is not None:
        beginning[field] = begun.get(field, "") + reasoning
    earlier = messages[:-1] if begun else messages
    continued: JsonObject = {**asked, **_cap_left(asked, arrived)}
    continued["messages"] = [*earlier, beginning]
    return cast("ChatRequest", continued)


def _cap_left(asked: ChatRequest, arrived: AIMessage) -> JsonObject:
    """Return the output cap less what arrived, whose tokens can only be estimated."""
    cap = requested_cap(cast("JsonObject", asked))
    if cap is None:
        return {}
    names = ("max_completion_tokens", "max_tokens")
    name = next(name for name in names if asked.get(name) is not None)
    return {name: max(1, cap - estimate_tokens([{"content": _said(arrived)}]))}


def find_obstacle(asked: ChatRequest, arrived: AIMessage) -> str | None:
    """Return why an answer cannot be continued, None if it can.

    Args:
        asked: The request for the whole answer.
        arrived: What had arrived of the answer.
    """
    found = (words for is_met, words in _OBSTACLES if is_met(asked, arrived))
    return next(found, None)


def has_calls(arrived: AIMessage | None) -> bool:
    """Tell whether tool calls had arrived, or begun.

    Args:
        arrived: What had arrived of the answer.
    """
    return bool(arrived and (arrived.tool_calls or arrived.invalid_tool_calls))


def _has_format(asked: ChatRequest, arrived: AIMessage) -> bool:
    # "Do not mix with json_object"; of json_schema nothing is published, and output
    # that is held to a grammar would begin with the grammar's beginning again.
    kind = as_object(asked.get("response_format")).get("type", "text")
    return kind != "text"


def _begins_with_parts(asked: ChatRequest, arrived: AIMessage) -> bool:
    return isinstance(_begun(asked).get("content"), list)


def _is_blank(asked: ChatRequest, arrived: AIMessage) -> bool:
    begun = _begun(asked)
    return not (
        begun.get("name") or f"{begun.get('content', '')}{_said(arrived)}".strip()
    )


def _begun(asked: ChatRequest) -> JsonObject:
    """Return the beginning that the request itself gives, empty if it gives none."""
    last = asked.get("messages", [])[-1:]
    return as_object(last[0]) if last and last[0].get("partial") else {}


def _said(arrived: AIMessage) -> str:
    return f"{arrived.additional_kwargs.get(_REASONING) or ''}{arrived.text}"


def _ends_like_a_stop(asked: ChatRequest, arrived: AIMessage) -> bool:
    """Tell whether the end may be a part of a stop word that the rest completes."""
    return any(arrived.text.endswith(part) for part in _beginnings(asked.get("stop")))


def _beginnings(stop: Any) -> Iterable[str]:
    words: list[str] = [stop] if isinstance(stop, str) else stop or []
    return (word[:end] for word in words for end in range(1, len(word)))


def _ends_in_half_a_character(asked: ChatRequest, arrived: AIMessage) -> bool:
    return any("\ud800" <= character <= "\udfff" for character in _said(arrived))


_OBSTACLES: tuple[tuple[_Obstacle, str], ...] = (
    (lambda _, arrived: has_calls(arrived), "it had begun a tool call"),
    (_has_format, "partial mode does not go with its response_format"),
    (lambda asked, _: bool(asked.get("logprobs")), "it tells log probabilities"),
    (_begins_with_parts, "the request begins it with a list of parts"),
    (_is_blank, "only blanks had arrived"),
    (_ends_like_a_stop, "it ended with what may be the beginning of a stop word"),
    (_ends_in_half_a_character, "a half of a character had arrived"),
)
