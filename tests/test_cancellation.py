"""Cancellation: whoever stops waiting hangs up at once, and leaves nothing behind."""

import asyncio
import gc
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import ExitStack, aclosing
from pathlib import Path
from typing import Any, TypedDict

import pytest
from langgraph.graph import StateGraph

from langchain_kimi import ChatKimi, Timeouts
from langchain_kimi.emulator import Emulator
from tests.conftest import Chat
from tests.stalling_server import (
    HEAD,
    STALL,
    WHOLE,
    Script,
    StallingServer,
    event,
    stalling_server,
)

_SOON = 10.0
"""Seconds in which a client has hung up; what it gave up would take far longer."""
_HALF: Script = [HEAD, event(content="Hel"), STALL]
_NOTHING: Script = [STALL]


@pytest.fixture
def half() -> Iterator[StallingServer]:
    """Answers the first request with half a stream, and the others whole."""
    with stalling_server(_HALF, [WHOLE]) as server:
        yield server


@pytest.fixture
def nothing() -> Iterator[StallingServer]:
    """Leaves the first request without an answer; the others get a whole one."""
    with stalling_server(_NOTHING, [WHOLE]) as server:
        yield server


@pytest.fixture
async def quiet_loop() -> AsyncIterator[None]:
    """Nobody is left to tell of an error, and no task of the test's is left over."""
    told: list[dict[str, Any]] = []
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda _, context: told.append(context))
    yield
    gc.collect()
    await asyncio.sleep(0)
    assert asyncio.all_tasks() == {asyncio.current_task()}
    assert told == []


def _sockets() -> int:
    links = [Path(link) for link in Path("/proc/self/fd").iterdir()]
    return sum(_target(link).startswith("socket:") for link in links)


def _target(link: Path) -> str:
    try:
        return str(link.readlink())
    except OSError:  # that of the listing itself
        return ""


async def _hung_up(server: StallingServer) -> bool:
    return await asyncio.to_thread(server.hung_up.wait, _SOON)


async def _still_works(model: ChatKimi) -> None:
    """The clients are those of other calls too."""
    assert (await model.ainvoke("again", stream=True)).text == "Hello"
    assert model.invoke("again", stream=True).text == "Hello"


@pytest.mark.parametrize("way", ["close", "forgotten"])
async def test_a_stream_left_half_read_hangs_up(
    chat: Chat, half: StallingServer, way: str
) -> None:
    """It is not read to its end: that might take minutes."""
    model = chat(base_url=half.base_url)
    stream: Any = model.stream("hi")
    for chunk in stream:
        assert chunk.text == "Hel"
        break
    if way == "close":
        stream.close()
    del stream
    assert half.hung_up.wait(_SOON)
    await _still_works(model)


@pytest.mark.usefixtures("quiet_loop")
@pytest.mark.parametrize("way", ["aclose", "forgotten"])
async def test_an_async_stream_left_half_read_hangs_up(
    chat: Chat, half: StallingServer, way: str
) -> None:
    model = chat(base_url=half.base_url)
    stream: Any = model.astream("hi")
    async for chunk in stream:
        assert chunk.text == "Hel"
        break
    if way == "aclose":
        await stream.aclose()
    del stream
    assert await _hung_up(half)
    await _still_works(model)


async def _invoke(model: Any) -> None:
    await model.ainvoke("hi")


async def _read(model: Any) -> None:
    async with aclosing(model.astream("hi")) as stream:
        async for _ in stream:
            pass


_Use = Callable[[Any], Awaitable[None]]


@pytest.mark.usefixtures("quiet_loop")
@pytest.mark.parametrize("limits", [None, Timeouts(gap=60, total=120)])
@pytest.mark.parametrize(
    ("script", "use"),
    [(_NOTHING, _invoke), (_NOTHING, _read), (_HALF, _read)],
    ids=["invoke", "stream", "half a stream"],
)
async def test_a_cancelled_task_hangs_up(
    chat: Chat, script: Script, use: _Use, limits: Timeouts | None
) -> None:
    """Wherever it waits; and it is told that it was cancelled, not of an error."""
    with stalling_server(script, [WHOLE]) as server:
        model = chat(base_url=server.base_url, timeout=limits)
        task = asyncio.ensure_future(use(model))
        await asyncio.to_thread(server.stalled.wait, _SOON)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert await _hung_up(server)
        await _still_works(model)
        assert server.requests == 3


@pytest.mark.usefixtures("quiet_loop")
async def test_a_time_limit_of_the_caller_hangs_up(
    chat: Chat, half: StallingServer
) -> None:
    model = chat(base_url=half.base_url)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.2):
            await _read(model)
    assert await _hung_up(half)
    await _still_works(model)


class _State(TypedDict):
    answer: str


@pytest.mark.usefixtures("quiet_loop")
async def test_a_cancelled_graph_hangs_up(chat: Chat, nothing: StallingServer) -> None:
    """LangGraph runs each node as a task of its own."""
    model = chat(base_url=nothing.base_url)

    async def ask(state: _State) -> _State:
        return {"answer": (await model.ainvoke("hi")).text}

    graph = StateGraph(_State).add_node("ask", ask).set_entry_point("ask").compile()
    task = asyncio.ensure_future(graph.ainvoke({"answer": ""}))
    await asyncio.to_thread(nothing.stalled.wait, _SOON)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await _hung_up(nothing)
    await _still_works(model)


@pytest.mark.usefixtures("quiet_loop")
@pytest.mark.parametrize("use", [_invoke, _read], ids=["invoke", "stream"])
async def test_a_wait_between_attempts_ends_at_once(
    kimi: Emulator, chat: Chat, use: _Use
) -> None:
    kimi.fail("rate_limit_reached_error", headers={"Retry-After": "50"})
    began = time.monotonic()
    task = asyncio.ensure_future(use(chat()))
    await asyncio.sleep(0.5)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert time.monotonic() - began < _SOON
    assert len(kimi.requests) == 1


@pytest.mark.usefixtures("quiet_loop")
@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="counts sockets there")
async def test_cancelled_calls_leave_no_socket() -> None:
    """Fifty, in whatever state they were."""
    before = _sockets()
    with stalling_server(_HALF) as server:
        model = ChatKimi(api_key="sk-test", base_url=server.base_url)
        tasks = [asyncio.ensure_future(_read(model)) for _ in range(50)]
        await asyncio.to_thread(server.stalled.wait, _SOON)
        for task in tasks:
            task.cancel()
        ends = await asyncio.gather(*tasks, return_exceptions=True)
        assert all(isinstance(end, asyncio.CancelledError) for end in ends)
        await model.aclose()
        assert await asyncio.to_thread(server.is_left)
    assert _sockets() == before


_CALLS = [
    (_NOTHING, 'model.invoke("hi")'),
    (_HALF, 'list(model.stream("hi"))'),
    (_HALF, 'list(model.stream("hi", timeout={"total": 60}))'),
    (_NOTHING, 'asyncio.run(model.ainvoke("hi"))'),
]
_PROGRAM = """
import asyncio, sys
from langchain_kimi import ChatKimi

for call, base_url in zip(sys.argv[1::2], sys.argv[2::2]):
    model = ChatKimi(api_key="sk-test", base_url=base_url)
    try:
        eval(compile(call, "call", "eval"))  # eval of a text would set the exit code
    except KeyboardInterrupt:
        print("stopped", flush=True)
"""


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGINT for one process")
def test_control_c_ends_a_call() -> None:
    """With KeyboardInterrupt, at once, and without a word of anything else."""
    with ExitStack() as stack:
        servers = [stack.enter_context(stalling_server(script)) for script, _ in _CALLS]
        calls = zip([call for _, call in _CALLS], servers, strict=True)
        given = [text for call, server in calls for text in (call, server.base_url)]
        process = subprocess.Popen(
            [sys.executable, "-W", "always", "-c", _PROGRAM, *given],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for server in servers:
            assert server.stalled.wait(60)
            time.sleep(0.1)  # the server may be told before the client waits
            process.send_signal(signal.SIGINT)
            assert server.hung_up.wait(_SOON)
        out, err = process.communicate(timeout=_SOON)
        assert (process.returncode, out, err) == (0, "stopped\n" * len(_CALLS), "")
