"""A chat request -> the answer, whole or in chunks, over the shared clients."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from typing import TYPE_CHECKING

from langchain_core.outputs import ChatGenerationChunk, ChatResult

from langchain_kimi._client import Answer, Call, Clients, read_request_id
from langchain_kimi._pieces import aread_pieces, read_pieces
from langchain_kimi._request import encode_request
from langchain_kimi._response import read_response
from langchain_kimi._retry import Attempts
from langchain_kimi._stream import StreamReader
from langchain_kimi._timeouts import Limits
from langchain_kimi._wire import ChatRequest, JsonObject

if TYPE_CHECKING:
    import openai

    from langchain_kimi._failures import Response

CHAT_PATH = "/chat/completions"
ESTIMATE_PATH = "/tokenizers/estimate-token-count"


class Completions(Clients):
    """The clients of a chat model."""

    def complete(
        self, request: ChatRequest, limits: Limits | None = None
    ) -> ChatResult:
        """Send a request and return the whole answer.

        Args:
            request: The body, as `build_request` returns it.
            limits: How long it may take; None for what the settings say.
        """
        return self._read_result(self.request(_chat_call(request, limits)))

    async def acomplete(
        self, request: ChatRequest, limits: Limits | None = None
    ) -> ChatResult:
        """Send a request and return the whole answer.

        Args:
            request: The body, as `build_request` returns it.
            limits: How long it may take; None for what the settings say.
        """
        return self._read_result(await self.arequest(_chat_call(request, limits)))

    def stream(
        self, request: ChatRequest, limits: Limits | None = None
    ) -> Iterator[ChatGenerationChunk]:
        """Send a request and yield the answer in chunks.

        Args:
            request: The body, as `build_request` returns it.
            limits: How long it may take; None for what the settings say.
        """
        call = _chat_call(request, limits)
        attempts, delay = self.begin(call), 0.0
        while True:
            response = self.open(call, attempts, stream=True)
            reader = self._open_reader(response)
            try:
                # To the end, beyond [DONE]: only then can the connection be used again.
                for piece in read_pieces(response, attempts.limits, attempts.left):
                    yield from reader.feed(piece)
                yield from reader.finish()
            except Exception as error:
                failure, delay = _judge(error, response, reader, call, attempts)
                if failure:
                    raise failure from error
            finally:
                response.close()
            if reader.done:
                return
            time.sleep(delay)

    async def astream(
        self, request: ChatRequest, limits: Limits | None = None
    ) -> AsyncIterator[ChatGenerationChunk]:
        """Send a request and yield the answer in chunks.

        Args:
            request: The body, as `build_request` returns it.
            limits: How long it may take; None for what the settings say.
        """
        call = _chat_call(request, limits)
        attempts, delay = self.begin(call), 0.0
        while True:
            response = await self.aopen(call, attempts, stream=True)
            reader = self._open_reader(response)
            pieces = aread_pieces(response, attempts.limits, attempts.left)
            try:
                async for piece in pieces:
                    for chunk in reader.feed(piece):
                        yield chunk
                for chunk in reader.finish():
                    yield chunk
            except Exception as error:
                failure, delay = _judge(error, response, reader, call, attempts)
                if failure:
                    raise failure from error
            finally:
                await response.close()
            if reader.done:
                return
            await asyncio.sleep(delay)

    def _read_result(self, answer: Answer) -> ChatResult:
        return answer.read(
            lambda found: read_response(
                found,
                request_id=answer.request_id,
                reasoning_field=self.settings.reasoning_field,
            )
        )

    def _open_reader(self, response: "Response") -> StreamReader:
        return StreamReader(
            request_id=read_request_id(response),
            reasoning_field=self.settings.reasoning_field,
        )

    def count_tokens(self, request: JsonObject) -> int | None:
        """Return the API's own count of a prompt's tokens; None if it counts none.

        Args:
            request: The model and the messages.
        """
        import openai

        from langchain_kimi._failures import is_without_endpoint

        call = Call(
            method="post",
            path=ESTIMATE_PATH,
            content=encode_request(request),
            model=request["model"],
            expected="token count",
        )
        try:
            answer = self.request(call)
        except openai.APIStatusError as error:
            if is_without_endpoint(error):
                return None
            raise
        return answer.read(lambda found: int(found["data"]["total_tokens"]))


def _chat_call(request: ChatRequest, limits: Limits | None = None) -> Call:
    return Call(
        method="post",
        path=CHAT_PATH,
        content=encode_request(request),
        model=request.get("model", ""),
        limits=limits,
    )


def _judge(
    error: Exception,
    response: "Response",
    reader: StreamReader,
    call: Call,
    attempts: Attempts,
) -> "tuple[openai.APIError | None, float]":
    """Return what to raise for a stream that broke, or the wait before another one.

    As long as the caller has got nothing, it is no other than a connection that was
    lost before the headers. What cannot be read would come again.
    """
    from langchain_kimi._failures import read_stream_failure
    from langchain_kimi.errors import KimiResponseError

    if reader.done:
        return None, 0.0
    told = read_stream_failure(
        error, response, model=call.model, limits=attempts.limits, over=attempts.over
    )
    repeatable = not (reader.began or isinstance(told, KimiResponseError))
    delay = attempts.next_wait(told, repeatable=repeatable)
    return (told, 0.0) if delay is None else (None, delay)
