"""The bytes of a stream that broke -> the message that had arrived.

They are read a second time: while a stream runs, nothing but its bytes is kept for it.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from typing import cast

from langchain_core.messages import AIMessage, AIMessageChunk
from langchain_core.messages.ai import add_ai_message_chunks
from langchain_core.messages.utils import message_chunk_to_message
from langchain_core.outputs import ChatGenerationChunk

from langchain_kimi._response import read_usage
from langchain_kimi._stream import StreamReader
from langchain_kimi._wire import JsonObject


class Rereader(StreamReader):
    """Reads what had arrived, and ends it: the stream itself never came to its end."""

    @property
    def finish_reason(self) -> str | None:
        """Why the answer ended, None if that had not arrived."""
        return self._finish_reason

    @property
    def usage(self) -> JsonObject:
        """The usage as the API wrote it, empty if none had arrived."""
        return self._usage or self._choice_usage

    def read(self, pieces: Iterable[bytes], *, ended: bool) -> list[AIMessageChunk]:
        """Return the messages of the chunks that the caller was given.

        Args:
            pieces: The body, cut as it arrived.
            ended: Whether the body had an end, if not the right one.
        """
        found: list[AIMessageChunk] = []
        # Whatever broke the stream breaks it here again.
        with suppress(Exception):
            for chunk in self._read_pieces(pieces, ended=ended):
                found.append(message_of(chunk))
        self._forget_unreadable_usage()
        return found

    def _forget_unreadable_usage(self) -> None:
        """Read the usage once: a whole stream would have failed of it at its end."""
        try:
            read_usage(self.usage)
        except (AttributeError, OverflowError, TypeError, ValueError):
            self._usage = self._choice_usage = {}

    def _read_pieces(
        self, pieces: Iterable[bytes], *, ended: bool
    ) -> Iterator[ChatGenerationChunk]:
        for piece in pieces:
            yield from self.feed(piece)
        if ended:
            yield from self.finish()

    def end(self) -> list[ChatGenerationChunk]:
        """Return the end of an answer that is whole, though its stream broke."""
        return self._read_end()

    def join(self, chunks: Sequence[AIMessageChunk]) -> AIMessage | None:
        """Return what had arrived as one message, None if nothing had.

        Args:
            chunks: The messages that were read, those of earlier attempts first.
        """
        if not chunks:
            return None
        reason = self._finish_reason
        # As at the token limit, where half a call is no call.
        self._finish_reason = "length"
        ending = map(message_of, self._read_end())
        self._finish_reason = reason
        message = add_ai_message_chunks(*chunks, *ending)
        del message.response_metadata["finish_reason"]
        message.response_metadata |= {"finish_reason": reason} if reason else {}
        return cast("AIMessage", message_chunk_to_message(message))


def message_of(chunk: ChatGenerationChunk) -> AIMessageChunk:
    """Return the message of a chunk, which all of a reader's are."""
    return cast("AIMessageChunk", chunk.message)
