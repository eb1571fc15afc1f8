"""An answer -> the events of a stream, in the API's order and with its keys."""

from collections.abc import Iterator

from langchain_kimi._wire import JsonObject
from langchain_kimi.emulator._answer import Answer
from langchain_kimi.emulator._completion import Completion
from langchain_kimi.emulator._json import to_bytes, write_json
from langchain_kimi.emulator._tokens import split_tokens
from langchain_kimi.emulator._tool_calls import Call

# Seen in every ordinary chunk, never in the extra usage chunk (P2, 2026-07-17).
FINGERPRINT = "fpv0_25844b67"
DONE = b"data: [DONE]\n\n"


def build_events(
    completion: Completion,
    *,
    extra_usage: bool = False,
    choice_usage: bool = True,
) -> Iterator[bytes]:
    """Yield the events of a stream, each complete with its blank line.

    Args:
        completion: The finished answer.
        extra_usage: Whether a chunk without choices repeats the usage at the end.
        choice_usage: Whether the last choice carries the usage.
    """
    opening = {
        "id": completion.id,
        "object": "chat.completion.chunk",
        "created": completion.created,
        "model": completion.model,
    }
    # Written once: a chunk differs from the next in its delta alone.
    head = write_json(opening)[:-1] + ',"choices":[{"index":0,"delta":'
    tail = f'],"system_fingerprint":"{FINGERPRINT}"}}\n\n'
    for delta in _build_deltas(completion.answer, completion.fragment):
        yield to_bytes(f'data: {head}{write_json(delta)},"finish_reason":null}}{tail}')
    ending = {"finish_reason": completion.answer.finish_reason}
    usage = {"usage": completion.usage}
    last = write_json({**ending, **(usage if choice_usage else {})})[1:]
    yield to_bytes(f"data: {head}{{}},{last}{tail}")
    if extra_usage:
        yield to_bytes(f"data: {write_json({**opening, 'choices': [], **usage})}\n\n")
    if completion.done:
        yield DONE


def _build_deltas(answer: Answer, fragment: int | None) -> Iterator[JsonObject]:
    yield {"role": "assistant", "content": ""}
    if answer.reasoning is not None:
        for piece in split_text(answer.reasoning, fragment) or [""]:
            yield {"reasoning_content": piece}
    for piece in split_text(answer.content, fragment):
        yield {"content": piece}
    for index, call in enumerate(answer.calls):
        yield {"tool_calls": [_open_call(index, call)]}
        for piece in split_text(call.arguments, fragment):
            yield {"tool_calls": [{"index": index, "function": {"arguments": piece}}]}


def _open_call(index: int, call: Call) -> JsonObject:
    function = {"name": call.name, "arguments": ""}
    return {"index": index, "id": call.id, "type": call.type, "function": function}


def split_text(text: str, fragment: int | None) -> list[str]:
    """Return the pieces in which a text is streamed.

    Args:
        text: The whole text.
        fragment: The characters of each piece; None makes pieces of one token.
    """
    if fragment is None:
        return split_tokens(text)
    return [text[at : at + fragment] for at in range(0, len(text), fragment)]
