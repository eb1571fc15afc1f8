"""Connections: kept for the next call, shared by equal settings, and by no others."""

import asyncio
import gc
from collections.abc import Callable, Iterator
from typing import Any
from weakref import ref

import openai
import pytest

from langchain_kimi import ChatKimi
from langchain_kimi.emulator import Emulator
from tests.benchmarks.server import Server, start_server
from tests.conftest import Ask

Count = Callable[[], int]


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with start_server() as server:
        yield server


@pytest.fixture
def count(server: Server) -> Count:
    """`count()` -> the connections opened since the last count, without its own."""
    last = server.stats()["connections"]

    def count_connections() -> int:
        nonlocal last
        before, last = last, server.stats()["connections"]
        return last - before - 1

    return count_connections


@pytest.fixture
def build(server: Server) -> Callable[..., ChatKimi]:
    def build_model(**fields: Any) -> ChatKimi:
        given = {"api_key": "sk-a", "base_url": server.url("text", 3), **fields}
        return ChatKimi(**given)

    return build_model


Build = Callable[..., ChatKimi]


async def close(*models: ChatKimi) -> None:
    for model in models:
        model.close()
        await model.aclose()


async def test_streams_in_a_row_need_one_connection(
    build: Build, count: Count, ask_stream: Ask
) -> None:
    """The SDK's own loop opens one for each: it stops reading at [DONE]."""
    model = build()
    for _ in range(20):
        await ask_stream(model, "Hi")
    assert count() == 1
    await close(model)


async def test_equal_settings_share_a_connection(
    build: Build, count: Count, ask_stream: Ask
) -> None:
    """A server that builds a model for each request pays for none."""
    models = [build(temperature=1), build(model="kimi-k2.6", max_retries=5)]
    for model in models:
        await ask_stream(model, "Hi")
    assert count() == 1
    await close(*models)


@pytest.mark.parametrize(
    "other",
    [{"api_key": "sk-b"}, {"timeout": 5}, {"default_headers": {"X-Account": "b"}}],
)
async def test_other_settings_share_nothing(
    build: Build, count: Count, ask_stream: Ask, other: dict[str, Any]
) -> None:
    models = [build(), build(**other)]
    for model in models:
        await ask_stream(model, "Hi")
    assert count() == 2
    await close(*models)


async def test_closing_one_model_leaves_the_others(
    build: Build, count: Count, ask_stream: Ask
) -> None:
    """The connection is closed with the last model that used it."""
    one, other = build(), build()
    for model in (one, other):
        await ask_stream(model, "Hi")
    await close(one)
    await ask_stream(other, "Hi")
    assert count() == 1
    await close(other)
    await ask_stream(other, "Hi")
    assert count() == 1
    await close(other)


async def test_a_forgotten_model_keeps_nothing_open(build: Build, count: Count) -> None:
    """Nobody who is gone is waited for."""
    one, other = build(), build()
    for model in (one, other):
        model.invoke("Hi", stream=True)
    del one, model
    await close(other)
    other.invoke("Hi", stream=True)
    assert count() == 2
    await close(other)


def test_each_event_loop_closes_what_it_opened(build: Build, count: Count) -> None:
    """Or its end would warn of what nobody can close any more."""
    model = build()

    async def ask() -> None:
        async for _ in model.astream("Hi"):
            break
        await model.ainvoke("Hi", stream=True)

    for _ in range(3):
        asyncio.run(ask())
    assert count() >= 3


def test_a_loop_that_has_ended_is_let_go(build: Build) -> None:
    """With its client, whose certificates take 0.6 MB; not only at the next call."""
    model = build()

    async def ask() -> "ref[asyncio.AbstractEventLoop]":
        await model.ainvoke("Hi", stream=True)
        return ref(asyncio.get_running_loop())

    loop = asyncio.run(ask())
    gc.collect()
    assert loop() is None


async def test_own_clients_may_have_read_the_answer(kimi: Emulator, ask: Ask) -> None:
    """By an event hook that logs it; they stay open, and are used again."""
    read: list[str] = []

    def log(response: Any) -> None:
        read.append(response.read().decode())

    async def alog(response: Any) -> None:
        read.append((await response.aread()).decode())

    client = openai.DefaultHttpxClient(event_hooks={"response": [log]})
    async_client = openai.DefaultAsyncHttpxClient(event_hooks={"response": [alog]})
    model = ChatKimi(
        api_key=kimi.api_key,
        base_url=kimi.base_url,
        http_client=client,
        http_async_client=async_client,
    )
    texts = [(await ask(model, "hi")).text for _ in range(3)]
    assert texts[0]
    assert len(set(texts)) == 1
    assert len(read) == len(kimi.requests) == 3
    assert len({request.peer for request in kimi.requests}) == 1
    await model.aclose()
    model.close()
    assert not client.is_closed
    assert not async_client.is_closed
    client.close()
    await async_client.aclose()
