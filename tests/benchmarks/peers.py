"""Who is measured: each opens on a URL and has invoke, stream and their async twins."""

import json
import re
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import openai
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult

from langchain_kimi import ChatKimi
from langchain_kimi._chunks import text_chunk
from tests.benchmarks import answers

_MODEL = "kimi-k3"


class Socket:
    """The kernel's floor: sends a request and reads the answer, without a look."""

    def __init__(self, url: str) -> None:
        self._port, self._path = url.removeprefix("http://127.0.0.1:").split("/", 1)
        self._connection = socket.create_connection(("127.0.0.1", int(self._port)))

    def stream(self, prompt: object) -> Iterator[None]:
        """Read a whole stream; nothing is yielded."""
        self._connection.sendall(f"POST /{self._path}/x HTTP/1.1\r\n\r\n".encode())
        while not self._connection.recv(1 << 20).endswith(answers.END):
            pass
        yield None

    def close(self) -> None:
        self._connection.close()


class Transport:
    """What the SDK sends with, alone: the same bytes there and back, unread."""

    def __init__(self, url: str, http_client: Any = None) -> None:
        self._url = f"{url}/chat/completions"
        self._client = openai.DefaultHttpxClient()
        self._async = http_client or openai.DefaultAsyncHttpxClient()

    def invoke(self, prompt: Any) -> bytes:
        """Return the answer's bytes."""
        return self._client.post(self._url, content=_body(prompt)).content

    async def ainvoke(self, prompt: Any) -> bytes:
        """Return the answer's bytes."""
        return (await self._async.post(self._url, content=_body(prompt))).content

    def stream(self, prompt: Any) -> Iterator[bytes]:
        """Yield each piece."""
        with self._client.stream("POST", self._url, content=_body(prompt)) as response:
            yield from response.stream

    async def astream(self, prompt: Any) -> AsyncIterator[bytes]:
        """Yield each piece."""
        sent = self._async.stream("POST", self._url, content=_body(prompt))
        async with sent as response:
            async for piece in response.stream:
                yield piece

    def close(self) -> None:
        self._client.close()

    async def aclose(self) -> None:
        await self._async.aclose()


def _body(prompt: Any) -> bytes:
    return json.dumps({"model": _MODEL, "messages": prompt}).encode()


class BareSdk:
    """The openai SDK as its README shows it."""

    def __init__(self, url: str, **options: Any) -> None:
        given = {"api_key": "sk-bench", "base_url": url}
        self._client = openai.OpenAI(**given)
        self._async = openai.AsyncOpenAI(**given, **options)

    def invoke(self, prompt: Any) -> str | None:
        """Return the answer's text."""
        found = self._client.chat.completions.create(messages=prompt, model=_MODEL)
        return found.choices[0].message.content

    async def ainvoke(self, prompt: Any) -> str | None:
        """Return the answer's text."""
        found = await self._async.chat.completions.create(messages=prompt, model=_MODEL)
        return found.choices[0].message.content

    def stream(self, prompt: Any) -> Iterator[str | None]:
        """Yield each delta's text."""
        create = self._client.chat.completions.create
        for chunk in create(messages=prompt, model=_MODEL, stream=True):
            if chunk.choices:
                yield chunk.choices[0].delta.content

    async def astream(self, prompt: Any) -> AsyncIterator[str | None]:
        """Yield each delta's text."""
        create = self._async.chat.completions.create
        async for chunk in await create(messages=prompt, model=_MODEL, stream=True):
            if chunk.choices:
                yield chunk.choices[0].delta.content

    def close(self) -> None:
        self._client.close()

    async def aclose(self) -> None:
        await self._async.close()


class Floor(BaseChatModel):
    """langchain-core's own part: chunks from memory, built with its validation."""

    kind: str
    count: int
    prebuilt: bool = False
    made: list[ChatGenerationChunk] = []  # noqa: RUF012 - a pydantic field

    @property
    def _llm_type(self) -> str:
        return "floor"

    def prepare(self) -> None:
        """Make the chunks of the next stream, where they are to be made before."""
        self.made = list(self._build()) if self.prebuilt else []

    def _build(self) -> Iterator[ChatGenerationChunk]:
        told = {"model_provider": "moonshot"}
        for word in answers.words(self.count):
            message = AIMessageChunk(content=word, response_metadata=dict(told))
            yield ChatGenerationChunk(message=message)
        yield ChatGenerationChunk(message=AIMessageChunk("", chunk_position="last"))

    def _stream(self, *given: Any, **settings: Any) -> Iterator[ChatGenerationChunk]:
        return iter(self.made) if self.prebuilt else self._build()

    async def _astream(
        self, *given: Any, **settings: Any
    ) -> AsyncIterator[ChatGenerationChunk]:
        for chunk in self._stream():
            yield chunk

    def _generate(
        self, messages: list[BaseMessage], *given: Any, **settings: Any
    ) -> ChatResult:
        return ChatResult(generations=[ChatGeneration(message=AIMessage("Three."))])


class Relay(Floor):
    """langchain-core over a transport: no event is parsed, a chunk is a copy."""

    transport: Any

    async def _astream(
        self, *given: Any, **settings: Any
    ) -> AsyncIterator[ChatGenerationChunk]:
        async for piece in self.transport.astream([]):
            for text in _TEXT.findall(piece):
                yield text_chunk(text.decode(), {"model_provider": "moonshot"})

    async def aclose(self) -> None:
        await self.transport.aclose()


_TEXT = re.compile(rb'"content": "([^"]+)"')


def _floor(url: str, **fields: Any) -> Floor:
    kind, count = url.split("/")[3:5]
    return Floor(kind=kind, count=int(count), **fields)


def _chat_openai(url: str, **fields: Any) -> Any:
    from langchain_openai import ChatOpenAI

    return ChatOpenAI(model=_MODEL, api_key="sk-bench", base_url=url, **fields)


def _chat_moonshot(url: str, **fields: Any) -> Any:
    from langchain_moonshot import ChatMoonshot

    return ChatMoonshot(model=_MODEL, api_key="sk-bench", base_url=url, **fields)


def _chat_litellm(url: str, **fields: Any) -> Any:
    from langchain_litellm import ChatLiteLLM

    given = {"model": f"moonshot/{_MODEL}", "api_key": "sk-bench", "api_base": url}
    return ChatLiteLLM(**given, **fields)


def _kimi(url: str, **fields: Any) -> ChatKimi:
    return ChatKimi(api_key="sk-bench", base_url=url, **fields)


KIMI, KIMI_AIOHTTP, SDK = "ChatKimi", "ChatKimi, aiohttp", "openai SDK"
SDK_AIOHTTP = "openai SDK, aiohttp"
OPENAI, MOONSHOT, LITELLM = "ChatOpenAI", "langchain-moonshot", "ChatLiteLLM"
SOCKET, FLOOR, PREBUILT = "socket", "langchain-core, built", "langchain-core, prebuilt"

TRANSPORT, TRANSPORT_AIOHTTP = "httpx alone", "aiohttp alone"
RELAY = "langchain-core over aiohttp"

PEERS: dict[str, Callable[..., Any]] = {
    KIMI: lambda url, **fields: _kimi(
        url, http_async_client=openai.DefaultAsyncHttpxClient(), **fields
    ),
    KIMI_AIOHTTP: lambda url, **fields: _kimi(
        url, http_async_client=openai.DefaultAioHttpClient(), **fields
    ),
    SDK: BareSdk,
    SDK_AIOHTTP: lambda url: BareSdk(url, http_client=openai.DefaultAioHttpClient()),
    OPENAI: _chat_openai,
    MOONSHOT: _chat_moonshot,
    LITELLM: _chat_litellm,
    SOCKET: Socket,
    TRANSPORT: Transport,
    TRANSPORT_AIOHTTP: lambda url: Transport(url, openai.DefaultAioHttpClient()),
    RELAY: lambda url: Relay(
        kind="paced", count=0, transport=PEERS[TRANSPORT_AIOHTTP](url)
    ),
    FLOOR: _floor,
    PREBUILT: lambda url, **fields: _floor(url, prebuilt=True, **fields),
}
