"""Bytes of a streamed answer -> message chunks; the reader is the only state.

One reader serves one stream, sync or async: the shells only fetch the bytes.
"""

import json
from collections.abc import Iterable, Iterator

from jiter import from_json
from langchain_core.messages import AIMessageChunk
from langchain_core.outputs import ChatGenerationChunk

from langchain_kimi._arguments import (
    received_texts,
)
from langchain_kimi._chunks import fragment_chunk, reasoning_chunk, text_chunk
from langchain_kimi._json import as_object, as_objects, as_text, is_object
from langchain_kimi._response import (
    REASONING_FIELD,
    UnreadableResponseError,
    read_ending,
    read_logprobs,
    read_metadata,
    read_reasoning,
    read_reasoning_field,
    read_response,
    read_usage,
)
from langchain_kimi._sse import EventDecoder
from langchain_kimi._tool_lanes import ToolLane
from langchain_kimi._wire import JsonObject
from langchain_kimi.catalogue import PROVIDER


class ErrorEvent(Exception):
    """An error that the API sent inside a stream that had begun with 200."""

    def __init__(self, body: JsonObject) -> None:
        super().__init__(body.get("message") or str(body))
        self.body = body


class StreamReader:
    """Read one event stream."""

    def __init__(
        self, *, request_id: str | None, reasoning_field: str = REASONING_FIELD
    ) -> None:
        """Start at the beginning of a stream.

        Args:
            request_id: The `Msh-Request-Id` header of the response.
            reasoning_field: The key under which the server reads reasoning.
        """
        self.done = False
        """Whether `[DONE]` was read: without it the answer is incomplete."""
        self._decoder = EventDecoder()
        self._start = b""
        self._whole: list[bytes] = []
        self._request_id = request_id
        self._reasoning_field = reasoning_field
        self._metadata: JsonObject | None = None
        self._lanes: dict[int, ToolLane] = {}
        self._calls: list[ToolLane] = []
        self._reasoning: str | None = None
        self._usage: JsonObject = {}
        self._choice_usage: JsonObject = {}
        self._finish_reason: str | None = None

    @property
    def began(self) -> bool:
        """Whether a chunk was made: the first one takes the metadata with it."""
        return self._metadata == {}

    def feed(self, piece: bytes) -> Iterable[ChatGenerationChunk]:
        """Return the chunks that a piece of the body completes, read as one goes on.

        Args:
            piece: The next bytes, cut anywhere.

        Raises:
            ErrorEvent: If the API sent an error event.
            UnreadableResponseError: If an event is not a chunk of a completion.
        """
        data = self._decoder.read_plain(piece)
        return self._read_event(data) if data else self._feed_slowly(piece)

    def _feed_slowly(self, piece: bytes) -> Iterator[ChatGenerationChunk]:
        """Read a piece that is not just one event: half of one, several or none."""
        self._start = self._start or piece.lstrip()[:1]
        if self._start == b"{":
            self._whole.append(piece)
            return
        for data in self._decoder.feed(piece):
            yield from self._read_event(data)

    def finish(self) -> Iterator[ChatGenerationChunk]:
        """Yield what the end of the body completes: an event without its blank line.

        Raises:
            ErrorEvent: If the API sent an error event.
            EOFError: If the body ended without `[DONE]`: the answer is incomplete.
        """
        if self._whole:
            yield self._read_whole(_decode(b"".join(self._whole)))
        for data in self._decoder.flush():
            if data == b"[DONE]" or _is_whole(data):
                yield from self._read_event(data)
        if not self.done:
            raise EOFError("the stream ended without [DONE]")

    def _read_whole(self, body: JsonObject) -> ChatGenerationChunk:
        """Read an answer that came whole: some gateways do not stream."""
        if body.get("error"):
            raise ErrorEvent(_error_body(body["error"]))
        result = read_response(
            body, request_id=self._request_id, reasoning_field=self._reasoning_field
        )
        self.done = True
        fields = result.generations[0].message.model_dump(exclude={"type"})
        message = AIMessageChunk(**fields, chunk_position="last")
        return ChatGenerationChunk(message=message)

    def _read_event(self, data: bytes) -> list[ChatGenerationChunk]:
        if self.done:
            return []
        event = {} if data == b"[DONE]" else _decode(data)
        if plain := self._read_plain(event):
            return [plain]
        if event.get("error"):
            raise ErrorEvent(_error_body(event["error"]))
        try:
            if data != b"[DONE]":
                return self._read_chunk(event)
            self._check_end()
            chunks = self._read_end()
        except (
            AttributeError,
            KeyError,
            OverflowError,
            RecursionError,
            TypeError,
            ValueError,
        ) as error:
            raise UnreadableResponseError(
                f"an event is not a chunk of a completion ({error}): {data[:200]!r}"
            ) from error
        # Not before: what cannot be read at the end is an error like any other.
        self.done = True
        return chunks

    def _check_end(self) -> None:
        """Refuse an end that nothing led to: Kimi tells reason and usage before it.

        Either will do: OpenRouter was seen to tell the usage alone (tests/data).
        """
        if not (self._finish_reason or self._usage or self._choice_usage):
            raise EOFError("[DONE] came without a finish reason or usage")

    def _read_plain(self, event: JsonObject) -> ChatGenerationChunk | None:
        """Read an event that says one text and nothing else, as nearly all do.

        It comes out as from `_read_chunk`, in a third of the time.
        """
        key, text = _plain_delta(event)
        if not (text and isinstance(text, str)) or self._metadata != {}:
            return None
        if key == "content":
            return text_chunk(text, {"model_provider": PROVIDER})
        if key == REASONING_FIELD == self._reasoning_field and self._reasoning:
            return reasoning_chunk(text, {"model_provider": PROVIDER})
        return None

    def _read_chunk(self, event: JsonObject) -> list[ChatGenerationChunk]:
        if self._metadata is None:
            self._metadata = read_metadata(event, request_id=self._request_id)
        if usage := as_object(event.get("usage")):
            self._usage = usage
        return [
            chunk
            for choice in as_objects(event.get("choices"))
            if not choice.get("index")
            for chunk in self._read_choice(choice)
        ]

    def _read_choice(self, choice: JsonObject) -> Iterator[ChatGenerationChunk]:
        self._choice_usage = as_object(choice.get("usage")) or self._choice_usage
        self._finish_reason = choice.get("finish_reason") or self._finish_reason
        delta = as_object(choice.get("delta"))
        yield from self._read_reasoning(delta)
        content, logprobs = as_text(delta.get("content")), read_logprobs(choice)
        if content or logprobs:
            yield text_chunk(content, self._told(logprobs))
        for fragment in as_objects(delta.get("tool_calls")):
            if chunk := self._lane(fragment).read(fragment):
                yield fragment_chunk(chunk, self._told())

    def _read_reasoning(self, delta: JsonObject) -> Iterator[ChatGenerationChunk]:
        field, text = read_reasoning(delta)
        if text is None:
            return
        # An empty text would merge into an empty block; it is told at the end.
        metadata = (
            {}
            if self._reasoning
            else read_reasoning_field(field, self._reasoning_field)
        )
        self._reasoning = self._reasoning or text
        if text:
            yield reasoning_chunk(text, self._told(metadata))

    def _lane(self, fragment: JsonObject) -> ToolLane:
        """Return the lane of a fragment: its index, or where there is none, its id."""
        index, id = fragment.get("index"), fragment.get("id")
        if index is None:
            same = [call for call in self._calls[-1:] if not id or id == call.id]
            index = same[0].index if same else len(self._calls)
        lane = self._lanes.get(index)
        if lane is None or lane.is_other(fragment):
            lane = self._lanes[index] = ToolLane(len(self._calls))
            self._calls.append(lane)
        return lane

    def _read_end(self) -> list[ChatGenerationChunk]:
        """Return the seals of broken calls, then the one last chunk with the usage."""
        truncated = self._finish_reason == "length"
        endings = [call.finish(truncated=truncated) for call in self._calls]
        seals = [fragment_chunk(end, self._told()) for end in endings if end]
        texts = received_texts((call.id, call.text) for call in self._calls)
        additional: JsonObject = {"tool_arguments": texts} if texts else {}
        if self._reasoning == "":
            additional["reasoning_content"] = ""
        # The top-level usage is the same figure again: it replaces, never adds.
        usage = self._usage or self._choice_usage
        message = AIMessageChunk(
            content="",
            additional_kwargs=additional,
            usage_metadata=read_usage(usage) if usage else None,
            response_metadata=self._told(read_ending(self._finish_reason, usage)),
            chunk_position="last",
        )
        return [*seals, ChatGenerationChunk(message=message)]

    def _told(self, metadata: JsonObject | None = None) -> JsonObject:
        """Return a chunk's metadata; the first one also tells model, ids, request."""
        first, self._metadata = self._metadata or {}, {}
        return {**first, "model_provider": PROVIDER, **(metadata or {})}


def _plain_delta(event: JsonObject) -> tuple[str, object]:
    """Return the one key of an event's delta and what it says; "" where more is said.

    Kimi's events are `{..., "choices": [{"index": 0, "delta": {"content": "a text"},
    "finish_reason": null}]}`. What is not of this form is left to `_read_chunk`.
    """
    try:
        (choice,) = event["choices"]
        ((key, text),) = choice["delta"].items()
        if len(choice) == 3 and choice["finish_reason"] is None and not choice["index"]:
            return key, None if event.get("usage") or event.get("error") else text
    except (AttributeError, KeyError, TypeError, ValueError):
        pass
    return "", None


def _decode(data: bytes) -> JsonObject:
    """Parse an event with the SDK's parser, in a sixth of the time of the stdlib's.

    What it refuses (lone surrogates, deep nesting) is left to the stdlib to judge.
    """
    try:
        event = from_json(data)
    except ValueError:
        event = _decode_slowly(data)
    if not is_object(event):
        raise UnreadableResponseError(f"an event is not an object: {data[:200]!r}")
    return event


def _decode_slowly(data: bytes) -> object:
    try:
        return json.loads(data)
    except (ValueError, RecursionError) as error:
        raise UnreadableResponseError(
            f"an event is not JSON: {data[:200]!r}"
        ) from error


def _is_whole(data: bytes) -> bool:
    try:
        return isinstance(json.loads(data), dict)
    except (ValueError, RecursionError):
        return False


def _error_body(error: object) -> JsonObject:
    return error if is_object(error) else {"message": error}
