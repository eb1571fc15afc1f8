"""A chat request -> the answer, whole or in chunks, over the shared clients."""

from collections.abc import AsyncIterator, Iterator
from typing import TYPE_CHECKING

from langchain_core.outputs import ChatGenerationChunk, ChatResult

from langchain_kimi._client import Answer, Call, Clients, read_request_id
from langchain_kimi._request import encode_request
from langchain_kimi._reread import read_arrived
from langchain_kimi._response import read_response
from langchain_kimi._stream import StreamReader
from langchain_kimi._wire import ChatRequest, JsonObject

if TYPE_CHECKING:
    import openai

    from langchain_kimi._failures import Response

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

    def stream(self, request: ChatRequest) -> Iterator[ChatGenerationChunk]:
        """Send a request and yield the answer in chunks.

        Args:
            request: The body, as `build_request` returns it.
        """
        response = self.open(_chat_call(request), stream=True)
        reader, arrived = self._open_reader(response), list[bytes]()
        try:
            # To the end, beyond [DONE]: only then can the connection be used again.
            for piece in response.iter_bytes():
                arrived.append(piece)
                yield from reader.feed(piece)
            yield from reader.finish()
        except Exception as error:
            if not reader.done:
                raise self._failure(error, response, request, arrived) from error
        finally:
            response.close()

    async def astream(self, request: ChatRequest) -> AsyncIterator[ChatGenerationChunk]:
        """Send a request and yield the answer in chunks.

        Args:
            request: The body, as `build_request` returns it.
        """
        response = await self.aopen(_chat_call(request), stream=True)
        reader, arrived = self._open_reader(response), list[bytes]()
        try:
            async for piece in response.iter_bytes():
                arrived.append(piece)
                for chunk in reader.feed(piece):
                    yield chunk
            for chunk in reader.finish():
                yield chunk
        except Exception as error:
            if not reader.done:
                raise self._failure(error, response, request, arrived) from error
        finally:
            await response.close()

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

    def _failure(
        self,
        error: Exception,
        response: "Response",
        request: ChatRequest,
        arrived: list[bytes],
    ) -> "openai.APIError":
        from langchain_kimi._failures import read_stream_failure

        failure = read_stream_failure(error, response, model=_model(request))
        failure.partial_message = read_arrived(
            arrived,
            error,
            request_id=read_request_id(response),
            reasoning_field=self.settings.reasoning_field,
        )
        return failure

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
