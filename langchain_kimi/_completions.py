"""A chat request -> the answer, whole or in chunks, over the shared clients."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import TYPE_CHECKING

from langchain_core.outputs import ChatGenerationChunk, ChatResult

from langchain_kimi._calls import Answer, Call
from langchain_kimi._client import Clients
from langchain_kimi._pieces import adrain, aread_pieces, drain, read_pieces
from langchain_kimi._request import encode_request
from langchain_kimi._response import read_response
from langchain_kimi._resume import NO_RESUMES, Resumes, Stretch
from langchain_kimi._timeouts import Limits
from langchain_kimi._wire import ChatRequest, JsonObject

if TYPE_CHECKING:
    import openai

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
        self,
        request: ChatRequest,
        limits: Limits | None = None,
        resumes: Resumes = NO_RESUMES,
    ) -> Iterator[ChatGenerationChunk]:
        """Send a request and yield the answer in chunks.

        Args:
            request: The body, as `build_request` returns it.
            limits: How long it may take; None for what the settings say.
            resumes: How the stream is resumed when it breaks.
        """
        stretch = self._begin_stream(request, limits, resumes)
        while not stretch.is_over:
            response = self._open_stream(stretch)
            reader, arrived = stretch.open_reader(response), list[bytes]()
            pieces = iter(read_pieces(response, *stretch.limits))
            try:
                for piece in pieces:
                    arrived.append(piece)
                    yield from reader.feed(piece)
                    if reader.done:
                        drain(response)
                        break
                yield from reader.finish()
                stretch = stretch.end()
            except Exception as error:  # noqa: BLE001
                stretch = stretch.follow(error, reader, response, arrived)
            finally:
                response.close()
            time.sleep(stretch.wait)
        yield from stretch.ending

    async def astream(
        self,
        prepare: Callable[[], Awaitable[ChatRequest]],
        limits: Limits | None = None,
        resumes: Resumes = NO_RESUMES,
    ) -> AsyncIterator[ChatGenerationChunk]:
        """Send a request and yield the answer in chunks.

        Args:
            prepare: Returns the body, as `build_request` does.
            limits: How long it may take; None for what the settings say.
            resumes: How the stream is resumed when it breaks.
        """
        stretch = self._begin_stream(await prepare(), limits, resumes)
        while not stretch.is_over:
            response = await self._aopen_stream(stretch)
            reader, arrived = stretch.open_reader(response), list[bytes]()
            pieces = aiter(aread_pieces(response, *stretch.limits))
            try:
                async for piece in pieces:
                    arrived.append(piece)
                    for chunk in reader.feed(piece):
                        yield chunk
                    if reader.done:
                        await adrain(pieces)
                        break
                for chunk in reader.finish():
                    yield chunk
                stretch = stretch.end()
            except Exception as error:  # noqa: BLE001
                stretch = stretch.follow(error, reader, response, arrived)
            finally:
                await response.close()
            await asyncio.sleep(stretch.wait)
        for chunk in stretch.ending:
            yield chunk

    def _begin_stream(
        self, request: ChatRequest, limits: Limits | None, resumes: Resumes
    ) -> Stretch:
        return Stretch(
            asked=request,
            request=request,
            attempts=self.begin(limits),
            resumes=resumes,
            reasoning_field=self.settings.reasoning_field,
            redact=self.settings.redact,
        )

    def _open_stream(self, stretch: Stretch) -> "openai.APIResponse[object]":
        call = _chat_call(stretch.request, stretch.attempts.limits)
        try:
            return self.open(call, stretch.attempts)
        except Exception as error:
            stretch.tell(error)
            raise

    async def _aopen_stream(
        self, stretch: Stretch
    ) -> "openai.AsyncAPIResponse[object]":
        call = _chat_call(stretch.request, stretch.attempts.limits)
        try:
            return await self.aopen(call, stretch.attempts)
        except Exception as error:
            stretch.tell(error)
            raise

    def _read_result(self, answer: Answer) -> ChatResult:
        return answer.read(
            lambda found: read_response(
                found,
                request_id=answer.request_id,
                reasoning_field=self.settings.reasoning_field,
            )
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
