"""The stream of a continuation -> the chunks that follow those before it.

What an answer tells once (model, ids) was told before; usage is that of all attempts.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import reduce

from langchain_core.messages import AIMessage, AIMessageChunk
from langchain_core.messages.ai import add_usage
from langchain_core.outputs import ChatGenerationChunk

from langchain_kimi._json import as_object
from langchain_kimi._reread import Rereader, message_of
from langchain_kimi._response import read_usage
from langchain_kimi._wire import JsonObject

# A shorter text may well come twice in an answer.
_TELLING = 32


class NotContinuedError(Exception):
    """A server began the answer anew instead of continuing it."""

    def __init__(self) -> None:
        super().__init__(
            "the server did not continue it, but began anew: it may not know partial "
            "mode"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Earlier:
    """What the attempts before this one came to."""

    chunks: Sequence[AIMessageChunk] = ()
    """All that had arrived."""
    usages: Sequence[JsonObject] = ()
    """What each attempt told, empty where it told none."""
    message: AIMessage | None = None
    """The same as one message, None if nothing had arrived."""

    @property
    def reasoning(self) -> str | None:
        """The reasoning that had arrived."""
        kept = self.message.additional_kwargs if self.message else {}
        return kept.get("reasoning_content")

    @property
    def text(self) -> str:
        """The text that had arrived."""
        return str(self.message.content) if self.message else ""


NOTHING = Earlier()


class ContinuationReader(Rereader):
    """Reads an attempt after others."""

    def __init__(
        self, earlier: Earlier, *, request_id: str | None, reasoning_field: str
    ) -> None:
        """Start at the beginning of a continuation.

        Args:
            earlier: What the attempts before it came to.
            request_id: The `Msh-Request-Id` header of the response.
            reasoning_field: The key under which the server reads reasoning.
        """
        super().__init__(request_id=request_id, reasoning_field=reasoning_field)
        self._earlier = earlier
        if earlier.message:
            self._metadata = {}
            self._reasoning = earlier.reasoning
        self._head = _Head(earlier)

    @property
    def began(self) -> bool:
        """Whether a chunk of this attempt was made; one that is held back counts."""
        return super().began and self._head.began

    def feed(self, piece: bytes) -> Iterable[ChatGenerationChunk]:
        """Return the chunks that a piece of the body completes.

        Args:
            piece: The next bytes, cut anywhere.

        Raises:
            NotContinuedError: If the answer begins anew.
        """
        chunks = super().feed(piece)
        return chunks if self._head.is_over else self._head.sift(chunks)

    def finish(self) -> Iterator[ChatGenerationChunk]:
        """Yield what the end of the body completes."""
        return self._head.sift(super().finish())

    def _read_whole(self, body: JsonObject) -> ChatGenerationChunk:
        self._usage = as_object(body.get("usage"))
        chunk = super()._read_whole(body)
        metadata = message_of(chunk).response_metadata
        for key in _told(self._earlier.chunks) & metadata.keys():
            del metadata[key]
        return self._sum(chunk)

    def _read_end(self) -> list[ChatGenerationChunk]:
        *seals, last = super()._read_end()
        return [*seals, self._sum(last)]

    def _sum(self, last: ChatGenerationChunk) -> ChatGenerationChunk:
        """Tell the usage of all attempts in the last chunk."""
        message, usages = message_of(last), [*self._earlier.usages, self.usage]
        counted = [read_usage(usage) for usage in usages if usage]
        message.usage_metadata = reduce(add_usage, counted) if counted else None
        message.response_metadata |= {
            "resumes": len(self._earlier.usages),
            "attempt_usages": [usage or None for usage in usages],
        }
        return last


def _told(chunks: Iterable[AIMessageChunk]) -> set[str]:
    return {key for chunk in chunks for key in chunk.response_metadata}


class _Head:
    """The beginning of a continuation, held back while it repeats what was sent."""

    def __init__(self, earlier: Earlier) -> None:
        self.is_over = not (earlier.text or earlier.reasoning)
        self.began = self.is_over
        self._has_text = bool(earlier.text)
        sent = earlier.text or earlier.reasoning or ""
        self._expected = "" if _may_come_twice(sent) else sent
        self._at = 0
        self._held: list[ChatGenerationChunk] = []

    def sift(
        self, chunks: Iterable[ChatGenerationChunk]
    ) -> Iterator[ChatGenerationChunk]:
        """Yield the chunks that continue the answer.

        Args:
            chunks: What was read.

        Raises:
            NotContinuedError: If they begin it anew.
        """
        for chunk in chunks:
            self.began = True
            if self.is_over or not self._repeats(message_of(chunk)):
                self.is_over = True
                yield from self._held
                self._held.clear()
                yield chunk
            else:
                self._held.append(chunk)

    def _repeats(self, message: AIMessageChunk) -> bool:
        """Tell whether a chunk goes on repeating; refuse one that ends a repetition."""
        reasoning = message.additional_kwargs.get("reasoning_content") or ""
        if self._has_text and reasoning.strip():
            # Reasoning never follows text within an answer (kimi-api.md 3.2).
            raise NotContinuedError
        piece = str(message.content) if self._has_text else reasoning
        expected = self._expected[self._at : self._at + len(piece)]
        if not (expected and piece.startswith(expected)):
            return False
        self._at += len(expected)
        if self._at == len(self._expected):
            raise NotContinuedError
        return True


def _may_come_twice(text: str) -> bool:
    """Tell a text too short to tell anything, or one that repeats itself: "===="."""
    return len(text) < _TELLING or text in (text + text)[1:-1]
