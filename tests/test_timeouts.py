"""Timeouts: which of the four ran out, after how long, and what to set."""

import asyncio
import pickle
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import openai
import pytest
from langchain_core.load import dumpd, load

from langchain_kimi import ChatKimi, KimiFiles, Timeouts
from langchain_kimi.emulator import Emulator
from langchain_kimi.errors import KimiSettingError, KimiTimeoutError
from tests.conftest import Ask, Chat
from tests.stalling_server import (
    END,
    HEAD,
    STALL,
    WHOLE,
    StallingServer,
    event,
    piece,
    stalling_server,
)

_NO_HANG = 10.0
"""Seconds in which whatever is limited to a fraction of one has ended."""
Serve = Callable[..., StallingServer]


@pytest.fixture
def serve() -> Iterator[Serve]:
    with ExitStack() as stack:
        yield lambda *scripts: stack.enter_context(stalling_server(*scripts))


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (0, "timeout=0: Input should be greater than 0"),
        (-1.5, "timeout=-1.5: Input should be greater than 0"),
        (float("nan"), "timeout=nan: Input should be greater than 0"),
        (float("inf"), "timeout=inf: Input should be greater than 0"),
        (True, "timeout=True: Give seconds as a number, Timeouts"),
        ("5", "timeout='5': Give seconds as a number, Timeouts"),
        ((1, 2), r"timeout=\(1, 2\): Give seconds as a number, Timeouts"),
        ({"read": 5}, "There is no timeout 'read'. Give any of connect, first_byte"),
        ({1: 5}, "There is no timeout 1. Give any of"),
        ({"first-byte": 5}, "Did you mean 'first_byte'"),
        ({"gap": 0}, "gap=0: Input should be greater than 0"),
        ({"total": False}, "total=False: Give seconds"),
        ({"gap": 60, "total": 30}, "gap=60 is longer than total=30.*leave it out"),
    ],
)
def test_what_is_no_timeout_is_refused(given: Any, words: str) -> None:
    """When it is built or given, in the same words."""
    with pytest.raises(KimiSettingError, match=words):
        ChatKimi(api_key="sk-test", timeout=given)
    with pytest.raises(KimiSettingError, match=words):
        KimiFiles("sk-test", timeout=given)
    with pytest.raises(KimiSettingError, match=words.partition(": ")[2] or words):
        ChatKimi(api_key="sk-test").invoke("hi", timeout=given)


def test_timeouts_refuse_what_they_cannot_keep() -> None:
    with pytest.raises(KimiSettingError, match="connect=-1: Input should be greater"):
        Timeouts(connect=-1)
    with pytest.raises(KimiSettingError, match="first_byte=9 is longer than total=5"):
        Timeouts(first_byte=9, total=5)


@pytest.mark.parametrize("name", ["timeout", "request_timeout"])
def test_a_dict_stands_for_timeouts(name: str) -> None:
    model = ChatKimi(api_key="sk-test", **{name: {"gap": 60, "total": None}})
    assert model.timeout == Timeouts(gap=60)


def test_timeouts_can_be_kept_and_compared() -> None:
    """As settings are: pickled, hashed, dumped and loaded."""
    limits = Timeouts(connect=1, total=60)
    assert pickle.loads(pickle.dumps(limits)) == limits
    assert len({limits, Timeouts(total=60, connect=1)}) == 1
    model = ChatKimi(api_key="sk-test", timeout=limits)
    assert pickle.loads(pickle.dumps(model)).timeout == limits
    loaded = load(
        dumpd(model),
        allowed_objects=[ChatKimi],
        valid_namespaces=["langchain_kimi"],
        secrets_map={"MOONSHOT_API_KEY": "sk-test"},
    )
    assert loaded.timeout == limits


async def _ends(ask: Ask, model: ChatKimi, **settings: Any) -> KimiTimeoutError:
    began = time.monotonic()
    with pytest.raises(KimiTimeoutError) as caught:
        await ask(model, "hi", **settings)
    assert time.monotonic() - began < _NO_HANG
    assert isinstance(caught.value, openai.APITimeoutError)
    assert caught.value.is_retryable
    assert caught.value.request.url.host == "127.0.0.1"
    return caught.value


async def test_nothing_at_all_is_first_byte(chat: Chat, ask: Ask, serve: Serve) -> None:
    """No more than the limit, whatever the others are."""
    server = serve([STALL])
    limits = Timeouts(first_byte=0.2, gap=60)
    model = chat(base_url=server.base_url, max_retries=0, timeout=limits)
    error = await _ends(ask, model)
    assert (error.limit, error.seconds) == ("first_byte", 0.2)
    assert "did not begin to answer within 0.2 s" in str(error)
    assert "Timeouts(first_byte=...)" in str(error)
    assert server.hung_up.wait(_NO_HANG)


@pytest.mark.parametrize("first_byte", [0.1, 60])
async def test_a_pause_in_a_stream_is_gap(
    chat: Chat, ask_stream: Ask, serve: Serve, first_byte: float
) -> None:
    """Shorter or longer than what is waited for the beginning."""
    server = serve([HEAD, event(content="Hel"), STALL])
    limits = Timeouts(first_byte=first_byte, gap=0.2)
    model = chat(base_url=server.base_url, timeout=limits)
    error = await _ends(ask_stream, model)
    assert (error.limit, error.seconds) == ("gap", 0.2)
    assert "sent no more of a stream for 0.2 s, after 1" in str(error)
    assert (error.attempts, server.requests) == (1, 1)
    assert server.hung_up.wait(_NO_HANG)


async def test_a_late_beginning_is_no_gap(
    chat: Chat, ask_stream: Ask, serve: Serve
) -> None:
    """What is waited for the first byte is not cut by a shorter gap."""
    server = serve([0.4, WHOLE])
    limits = Timeouts(first_byte=20, gap=0.2)
    answer = await ask_stream(chat(base_url=server.base_url, timeout=limits), "hi")
    assert answer.text == "Hello"


async def test_total_ends_what_never_pauses(
    chat: Chat, ask_stream: Ask, serve: Serve
) -> None:
    """A server that sends on and on resets every limit of silence."""
    server = serve([HEAD, *[event(content="x"), 0.05] * 100, STALL])
    limits = Timeouts(gap=0.3, total=0.4)
    error = await _ends(ask_stream, chat(base_url=server.base_url, timeout=limits))
    assert (error.limit, error.seconds) == ("total", 0.4)
    assert "was not done within 0.4 s" in str(error)


async def test_total_ends_a_whole_answer_that_drips(chat: Chat, serve: Serve) -> None:
    """Its body alone: each byte of it is in time."""
    drip = [b"x", 0.05] * 600
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n"
    model = chat(base_url=serve([head, *drip]).base_url, timeout=Timeouts(total=0.3))
    for ask in (_invoke, _ainvoke):
        assert (await _ends(ask, model)).limit == "total"


async def _invoke(model: ChatKimi, text: str) -> Any:
    return await asyncio.to_thread(model.invoke, text)


async def _ainvoke(model: ChatKimi, text: str) -> Any:
    return await model.ainvoke(text)


async def test_total_ends_a_pause_that_might_be_longer(
    chat: Chat, ask_stream: Ask, serve: Serve
) -> None:
    server = serve([HEAD, event(content="x"), STALL])
    model = chat(base_url=server.base_url, timeout=Timeouts(total=0.3))
    assert (await _ends(ask_stream, model)).limit == "total"
    assert server.hung_up.wait(_NO_HANG)


async def test_total_ends_a_call_without_an_answer(
    chat: Chat, ask: Ask, serve: Serve
) -> None:
    """However often it might be sent again."""
    server = serve([STALL])
    limits = Timeouts(total=0.3)
    model = chat(base_url=server.base_url, timeout=limits, max_retries=5)
    error = await _ends(ask, model)
    assert (error.limit, error.attempts, server.requests) == ("total", 1, 1)


async def test_what_ends_in_time_is_whole(chat: Chat, ask: Ask) -> None:
    """And leaves its connection to the next call."""
    model = chat(timeout=Timeouts(connect=5, first_byte=6, gap=7, total=20))
    for _ in range(3):
        assert (await ask(model, "hi")).text


async def test_connections_are_kept_under_a_total(
    kimi: Emulator, chat: Chat, ask: Ask
) -> None:
    model = chat(timeout=Timeouts(gap=7, total=20))
    for _ in range(3):
        await ask(model, "hi")
    assert len({request.peer for request in kimi.requests}) == 1


async def test_a_call_may_have_a_timeout_of_its_own(
    chat: Chat, ask: Ask, serve: Serve
) -> None:
    """By invoke or bind, over the same connections."""
    server = serve([STALL])
    model = chat(base_url=server.base_url, max_retries=0)
    assert (await _ends(ask, model, timeout=0.2)).limit == "first_byte"
    bound: Any = model.bind(timeout={"total": 0.2})
    assert (await _ends(ask, bound)).limit == "total"


async def test_a_timeout_is_not_sent(kimi: Emulator, chat: Chat, ask: Ask) -> None:
    await ask(chat(), "hi", timeout=Timeouts(gap=60))
    assert "timeout" not in kimi.requests[-1].body


@pytest.fixture
def full_port() -> Iterator[str]:
    """A port whose queue is full: what else asks to connect gets no answer."""
    with ExitStack() as stack:
        server = stack.enter_context(socket.socket())
        server.bind(("127.0.0.1", 0))
        server.listen(0)
        for _ in range(4):
            link = stack.enter_context(socket.socket())
            link.setblocking(False)
            link.connect_ex(server.getsockname())
        yield f"http://127.0.0.1:{server.getsockname()[1]}/v1"


async def test_no_connection_is_connect(chat: Chat, ask: Ask, full_port: str) -> None:
    limits = Timeouts(connect=0.2)
    error = await _ends(ask, chat(base_url=full_port, timeout=limits, max_retries=0))
    assert (error.limit, error.seconds) == ("connect", 0.2)
    assert "no connection to 127.0.0.1 within 0.2 s" in str(error)


async def test_silence_in_seconds_limits_gaps_too(
    chat: Chat, ask_stream: Ask, serve: Serve
) -> None:
    """As `timeout` with a number always did."""
    server = serve([HEAD, event(content="Hel"), STALL])
    model = chat(base_url=server.base_url, timeout=0.2)
    error = await _ends(ask_stream, model)
    assert (error.limit, error.seconds) == ("gap", 0.2)


async def test_keep_alive_comments_are_pieces(
    chat: Chat, ask_stream: Ask, serve: Serve
) -> None:
    """A server that says it is still there is waited for."""
    comment = piece(b": keep-alive\n\n")
    server = serve([HEAD, comment, event(content="Hi"), END])
    answer = await ask_stream(chat(base_url=server.base_url, timeout=5), "hi")
    assert answer.text == "Hi"


@pytest.mark.parametrize("more", [[STALL], [piece(b": more\n\n"), 0.1] * 300])
async def test_nobody_waits_behind_the_end(
    chat: Chat, ask_stream: Ask, serve: Serve, more: list[Any]
) -> None:
    """By default nothing limits a silence to less than minutes, but the answer is
    there."""
    server = serve([WHOLE.removesuffix(b"0\r\n\r\n"), *more, STALL])
    answer = await ask_stream(chat(base_url=server.base_url), "hi")
    assert answer.text == "Hello"
    assert server.is_left()
    assert server.stalled.is_set() == (more == [STALL])


async def test_an_outer_timeout_is_its_owner_s(chat: Chat, serve: Serve) -> None:
    """`asyncio.timeout` around a call raises what it always raises."""
    server = serve([STALL])
    model = chat(base_url=server.base_url, timeout=Timeouts(total=60))
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.1):
            await model.ainvoke("hi")
    assert server.hung_up.wait(_NO_HANG)


def test_a_timeout_can_leave_its_process(chat: Chat, serve: Serve) -> None:
    server = serve([HEAD, event(content="Hel"), STALL])
    with pytest.raises(KimiTimeoutError) as caught:
        list(chat(base_url=server.base_url, timeout=0.2).stream("hi"))
    again = pickle.loads(pickle.dumps(caught.value))
    assert (str(again), again.limit, again.seconds) == (str(caught.value), "gap", 0.2)
