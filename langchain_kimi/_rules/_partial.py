"""Rules on partial mode: where the flag may stand, and beside what.

Source: platform.kimi.ai/docs/api/partial (kimi-api.md 6.2). What the API answers was
never recorded, so that the words are ours where no other rule has them.
"""

from collections.abc import Iterator

from langchain_kimi._json import as_object, as_objects, as_text
from langchain_kimi._rules._violation import Violation
from langchain_kimi._wire import JsonObject

_JOIN = "join a partial message with its continuation: join_partial(partial, answer)"


def check_partial(request: JsonObject) -> Iterator[Violation]:
    """Yield the violations of partial mode.

    Args:
        request: The decoded body of a chat request.
    """
    messages = as_objects(request.get("messages"))
    for position, message in enumerate(messages):
        if message.get("partial"):
            is_last = position == len(messages) - 1
            yield from _check_message(position, message, is_last=is_last)
    form = as_object(request.get("response_format"))
    if messages and messages[-1].get("partial") and form.get("type") == "json_object":
        # "Do not mix": the answer is not the object, only the rest of it.
        yield Violation(
            message="Invalid request: partial cannot be used with response_format "
            "json_object",
            field="response_format",
            given=form,
            remedy="leave one of them out, or use json_schema",
        )


def _check_message(
    position: int, message: JsonObject, *, is_last: bool
) -> Iterator[Violation]:
    field = f"messages[{position}]"
    if message.get("role") != "assistant":
        yield Violation(
            message="Invalid request: partial is allowed only with role 'assistant'",
            field=f"{field}.partial",
            remedy="put the beginning of the answer into an AIMessage: "
            "partial_message(prefix)",
        )
    elif not is_last:
        yield Violation(
            message="Invalid request: partial is allowed only on the last message",
            field=f"{field}.partial",
            remedy=_JOIN,
        )
    elif message.get("tool_calls"):
        yield Violation(
            message="Invalid request: partial cannot be used with tool_calls",
            field=f"{field}.tool_calls",
            remedy="answer the calls with ToolMessages",
        )
    elif not _begins_something(message):
        yield Violation(
            message=f"Invalid request: the message at position {position} with role "
            "'assistant' must not be empty",
            field=f"{field}.content",
            remedy="give partial_message a prefix, a name or a reasoning",
        )


def _begins_something(message: JsonObject) -> bool:
    content = message.get("content")
    reasoning = message.get("reasoning_content") or message.get("reasoning")
    begun = content if as_objects(content) else as_text(content).strip()
    return bool(begun or message.get("name") or reasoning)
