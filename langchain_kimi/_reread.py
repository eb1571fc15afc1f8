"""The bytes of a stream that broke -> the message that had arrived.

They are read a second time: while a stream runs, nothing but its bytes is kept for it.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import cast

from langchain_core.messages import AIMessage, AIMessageChunk
from langchain_core.messages.ai import add_ai_message_chunks
from langchain_core.messages.utils import message_chunk_to_message
from langchain_core.outputs import ChatGenerationChunk

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
        try:
            for chunk in self._read_pieces(pieces, ended=ended):
                found.append(_message_of(chunk))
        except Exception:  # noqa: BLE001
            # Whatever broke the stream breaks it here again.
            return found
        return found

    def _read_pieces(
        self, pieces: Iterable[bytes], *, ended: bool
    ) -> Iterator[ChatGenerationChunk]:
        for piece in pieces:
            yield from self.feed(piece)
        if ended:
            yield from self.finish()

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
        ending = map(_message_of, self._read_end())
        self._finish_reason = reason
        message = add_ai_message_chunks(*chunks, *ending)
        del message.response_metadata["finish_reason"]
        message.response_metadata |= {"finish_reason": reason} if reason else {}
        return cast("AIMessage", message_chunk_to_message(message))


def _message_of(chunk: ChatGenerationChunk) -> AIMessageChunk:
    return cast("AIMessageChunk", chunk.message)


def read_arrived(
    pieces: Sequence[bytes],
    error: Exception,
    *,
    request_id: str | None,
    reasoning_field: str,
) -> AIMessage | None:
    """Return what of a stream had arrived when it broke, None if nothing had.

    Args:
        pieces: The body, cut as it arrived.
        error: What broke the stream.
        request_id: The `Msh-Request-Id` header of the response.
        reasoning_field: The key under which the server reads reasoning.
    """
    reader = Rereader(request_id=request_id, reasoning_field=reasoning_field)
    chunks = reader.read(pieces, ended=isinstance(error, EOFError))
    return reader.join(chunks)
