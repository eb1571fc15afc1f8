"""A reply -> the same reply with events, or a body, that say something else."""

from dataclasses import replace

from langchain_kimi._json import as_objects
from langchain_kimi._wire import JsonObject
from langchain_kimi.emulator._exchange import Reply
from langchain_kimi.emulator._failures import PRESETS, Failure
from langchain_kimi.emulator._fault_pieces import (
    MARK,
    Edit,
    inserted,
    is_stream,
    pieces_of,
    with_objects,
)
from langchain_kimi.emulator._json import to_bytes, write_json

_MEGABYTE = 1_000_000


def error_event(reply: Reply, *, type: str, event: int) -> Reply:
    """Put an error into a stream that began with 200, and end it."""
    preset = PRESETS.get(type) or Failure(status=200, type=type, message="It failed")
    error = {"error": {"message": preset.message, "type": type}}
    data = to_bytes(write_json(error))
    if not is_stream(reply):
        return replace(reply, body=data)
    kept = pieces_of(reply)[:event]
    return replace(reply, body=[*kept, MARK + data + b"\n\n"])


def invalid_json(reply: Reply, *, event: int) -> Reply:
    """Cut the JSON of an event, or of the body, in half."""
    if is_stream(reply):
        return inserted(reply, event, b'{"choices":[{"delta":{"content":"x')
    body = b"".join(pieces_of(reply))
    return replace(reply, body=body[: len(body) // 2])


def no_object(reply: Reply, *, event: int) -> Reply:
    """Send JSON that is no object."""
    return inserted(reply, event, b'[{"choices":[]}]')


def invalid_utf8(reply: Reply, *, event: int) -> Reply:
    """Send bytes that are no text."""
    data = b'{"choices":[{"index":0,"delta":{"content":"\xff\xfe"}}]}'
    return inserted(reply, event, data)


def huge_event(reply: Reply, *, megabytes: int) -> Reply:
    """Send an unknown key of many megabytes."""
    padding = "x" * (megabytes * _MEGABYTE)
    if is_stream(reply):
        data = write_json({"choices": [], "padding": padding})
        return inserted(reply, 1, to_bytes(data))
    return with_objects(reply, lambda found: {**found, "padding": padding})


def null_fields(reply: Reply) -> Reply:
    """Send null for what is absent otherwise, and for what need not be there."""
    empty = {"role": None, "content": None, "reasoning_content": None}
    nothing = {**empty, "tool_calls": None, "refusal": None, "function_call": None}
    ending: JsonObject = {"created": None, "system_fingerprint": None}

    def edit(found: JsonObject) -> JsonObject:
        return {**_with_holders(found, lambda held: {**nothing, **held}), **ending}

    edited = with_objects(reply, edit)
    if not is_stream(reply):
        return edited
    holes = (b'{"choices":null}', b'{"choices":[{"delta":null,"usage":null}]}')
    for hole in holes:
        edited = inserted(edited, 1, hole)
    return edited


def missing_fields(reply: Reply) -> Reply:
    """Leave out ids, times, names, indexes, roles and null finish reasons."""
    dropped = ("id", "object", "created", "model", "system_fingerprint")

    def edit_choice(choice: JsonObject) -> JsonObject:
        kept = _without(choice, "index")
        return kept if kept.get("finish_reason") else _without(kept, "finish_reason")

    def edit(found: JsonObject) -> JsonObject:
        edited = _with_holders(found, lambda held: _without(held, "role"))
        choices = [edit_choice(choice) for choice in as_objects(edited.get("choices"))]
        return {**_without(edited, *dropped), "choices": choices}

    return with_objects(reply, edit)


def no_finish_reason(reply: Reply) -> Reply:
    """Send no finish reason at all."""

    def edit(found: JsonObject) -> JsonObject:
        choices = as_objects(found.get("choices"))
        return {**found, "choices": [{**c, "finish_reason": None} for c in choices]}

    return with_objects(reply, edit)


def _with_holders(found: JsonObject, edit: Edit) -> JsonObject:
    """Return a body, or an event, with other messages or deltas."""
    choices = [
        {
            key: edit(value) if key in ("message", "delta") else value
            for key, value in choice.items()
        }
        for choice in as_objects(found.get("choices"))
    ]
    return {**found, "choices": choices} if "choices" in found else found


def _without(found: JsonObject, *names: str) -> JsonObject:
    return {key: value for key, value in found.items() if key not in names}


def _is_fragment(piece: bytes) -> bool:
    return b'"tool_calls":[' in piece


def duplicated_fragments(reply: Reply) -> Reply:
    """Send each fragment of a tool call twice."""
    found = pieces_of(reply)
    if not is_stream(reply):
        return reply
    doubled = [p for piece in found for p in [piece] * (1 + _is_fragment(piece))]
    return replace(reply, body=doubled)


def reordered_fragments(reply: Reply) -> Reply:
    """Send the fragments of tool calls from the last to the first."""
    found = pieces_of(reply)
    if not is_stream(reply):
        return reply
    backwards = [piece for piece in reversed(found) if _is_fragment(piece)]
    return replace(
        reply, body=[backwards.pop(0) if _is_fragment(p) else p for p in found]
    )


def no_index(reply: Reply) -> Reply:
    """Leave the index out of tool calls."""

    def edit(held: JsonObject) -> JsonObject:
        calls = [_without(call, "index") for call in as_objects(held.get("tool_calls"))]
        return {**held, "tool_calls": calls} if calls else held

    return with_objects(reply, lambda found: _with_holders(found, edit))
