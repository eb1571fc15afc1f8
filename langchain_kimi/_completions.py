"""A chat request -> the answer, whole or in chunks, over the shared clients."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from typing import TYPE_CHECKING

from langchain_core.outputs import ChatGenerationChunk, ChatResult

from langchain_kimi._client import Answer, Call, Clients
from langchain_kimi._request import encode_request
from langchain_kimi._response import read_response
from langchain_kimi._resume import NO_RESUMES, Attempt, Resumes
from langchain_kimi._wire import ChatRequest, JsonObject

if TYPE_CHECKING:
    import openai

CHAT_PATH = "/chat/completions"
ESTIMATE_PATH = "/tokenizers/estimate-token-count"


class Completions(Clients):
    """The clients of a chat model."""

    def complete(self, request: ChatRequest) -> ChatResult:
        """Send a request and return the whole answer.

        Args:
            request: The body, as `build_request` returns it.
        """
        return self._read_result(self.request(_chat_call(request)))

    async def acomplete(self, request: ChatRequest) -> ChatResult:
        """Send a request and return the whole answer.

        Args:
            request: The body, as `build_request` returns it.
        """
        return self._read_result(await self.arequest(_chat_call(request)))

    def stream(
        self, request: ChatRequest, resumes: Resumes = NO_RESUMES
    ) -> Iterator[ChatGenerationChunk]:
        """Send a request and yield the answer in chunks.

        Args:
            request: The body, as `build_request` returns it.
            resumes: How the stream is resumed when it breaks.
        """
        attempt = self._first_attempt(request, resumes)
        while not attempt.is_over:
            response = self._open_stream(attempt)
            reader, arrived = attempt.open_reader(response), list[bytes]()
            try:
                # To the end, beyond [DONE]: only then can the connection be used again.
                for piece in response.iter_bytes():
                    arrived.append(piece)
                    yield from reader.feed(piece)
                yield from reader.finish()
                attempt = attempt.end()
            except Exception as error:  # noqa: BLE001
                attempt = attempt.follow(error, reader, response, arrived)
            finally:
                response.close()
            time.sleep(attempt.wait)
        yield from attempt.ending

    async def astream(
        self, request: ChatRequest, resumes: Resumes = NO_RESUMES
    ) -> AsyncIterator[ChatGenerationChunk]:
        """Send a request and yield the answer in chunks.

        Args:
            request: The body, as `build_request` returns it.
            resumes: How the stream is resumed when it breaks.
        """
        attempt = self._first_attempt(request, resumes)
        while not attempt.is_over:
            response = await self._aopen_stream(attempt)
            reader, arrived = attempt.open_reader(response), list[bytes]()
            try:
                async for piece in response.iter_bytes():
                    arrived.append(piece)
                    for chunk in reader.feed(piece):
                        yield chunk
                for chunk in reader.finish():
                    yield chunk
                attempt = attempt.end()
            except Exception as error:  # noqa: BLE001
                attempt = attempt.follow(error, reader, response, arrived)
            finally:
                await response.close()
            await asyncio.sleep(attempt.wait)
        for chunk in attempt.ending:
            yield chunk

    def _first_attempt(self, request: ChatRequest, resumes: Resumes) -> Attempt:
        return Attempt(
            asked=request,
            request=request,
            resumes=resumes,
            reasoning_field=self.settings.reasoning_field,
        )

    def _open_stream(self, attempt: Attempt) -> "openai.APIResponse[object]":
        try:
            return self.open(_chat_call(attempt.request), stream=True)
        except Exception as error:
            attempt.tell(error)
            raise

    async def _aopen_stream(
        self, attempt: Attempt
    ) -> "openai.AsyncAPIResponse[object]":
        try:
            return await self.aopen(_chat_call(attempt.request), stream=True)
        except Exception as error:
            attempt.tell(error)
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


def _chat_call(request: ChatRequest) -> Call:
    return Call(
        method="post",
        path=CHAT_PATH,
        content=encode_request(request),
        model=_model(request),
    )


def _model(request: ChatRequest) -> str:
    return request.get("model", "")
