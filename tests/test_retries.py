"""Retries: what may pass is sent again, in time, and no oftener than was said."""

import asyncio
import time
from collections.abc import Callable
from email.utils import formatdate
from typing import Any

import openai
import pytest
from langchain_core.exceptions import ModelRateLimitError

from langchain_kimi import KimiFiles, Timeouts
from langchain_kimi._retry import retry_delay
from langchain_kimi.emulator import Emulator
from langchain_kimi.errors import (
    KimiConnectionError,
    KimiOverloadedError,
    KimiRateLimitError,
    KimiResponseError,
    KimiServerError,
    KimiStreamInterruptedError,
    KimiTimeoutError,
)
from tests.conftest import Ask, Chat, Twins
from tests.stalling_server import CUT, HEAD, STALL, WHOLE, event, stalling_server

_AT_ONCE = 10.0
"""Seconds; what waits as it was asked to takes longer."""
_OVERLOAD = b'data: {"error":{"type":"engine_overloaded_error","message":"busy"}}\n\n'


class _Busy(ModelRateLimitError):
    def __init__(self, **headers: str) -> None:
        super().__init__()
        self.response = type("Response", (), {"headers": headers})()


def _delay(attempt: int = 0, **headers: str) -> float | None:
    fields = {name.replace("_", "-"): value for name, value in headers.items()}
    return retry_delay(_Busy(**fields), attempt=attempt, max_retries=20)


@pytest.mark.parametrize(
    "headers",
    [
        {"retry_after": "3"},
        {"x_retry_after": "3"},
        {"msh_cooldown_seconds": "3"},
        {"retry_after": "soon", "msh_cooldown_seconds": "3.0"},
        {"retry_after": "1", "msh_cooldown_seconds": "3"},
        {
            "retry_after": "Wed, 21 Oct 2026 07:28:03 GMT",
            "date": "Wed, 21 Oct 2026 07:28:00 GMT",
        },
    ],
)
def test_the_wait_is_the_server_s_and_a_little_more(headers: dict[str, str]) -> None:
    """The longest it names, by its own clock; never all clients at once."""
    waits = {_delay(**headers) for _ in range(20)}
    assert len(waits) > 1
    assert all(wait is not None and 3 <= wait <= 3.3 for wait in waits)


def test_a_date_without_the_server_s_clock_is_read_by_ours() -> None:
    wait = _delay(retry_after=formatdate(time.time() + 30, usegmt=True))
    assert wait is not None
    assert 25 < wait <= 33
    assert _delay(retry_after=formatdate(time.time() - 30, usegmt=True)) == 0


@pytest.mark.parametrize("value", ["90", "inf", "Wed, 21 Oct 9999 07:28:03 GMT"])
def test_a_long_wait_is_not_slept_through(value: str) -> None:
    assert _delay(retry_after=value) is None


@pytest.mark.parametrize("value", ["", "nan", "soon", "0x1", "Wed, 99 Oct 2026"])
def test_without_a_wait_it_doubles_with_jitter(value: str) -> None:
    """From half a second to eight."""
    for attempt in range(12):
        wait = _delay(attempt, retry_after=value)
        assert wait is not None
        assert 0.25 * 2 ** min(attempt, 4) <= wait <= 8
    assert len({_delay() for _ in range(20)}) > 1


def test_other_errors_and_too_many_are_not_waited_for() -> None:
    assert retry_delay(_Busy(), attempt=1, max_retries=1) is None
    assert retry_delay(ValueError(), attempt=0, max_retries=1) is None


_Fail = Callable[[Emulator], None]


def _status(status: int, **headers: str) -> _Fail:
    fields = {"Retry-After": "0", **headers}
    return lambda kimi: kimi.fail(status, "", "sorry", headers=fields)


def _page(status: int) -> _Fail:
    return lambda kimi: kimi.send(
        b"<html><h1>Sorry</h1></html>",
        status=status,
        content_type="text/html",
        headers={"Retry-After": "0"},
    )


@pytest.mark.parametrize(
    "fail",
    [
        *(pytest.param(_status(n), id=str(n)) for n in (408, 409, 429, 500, 503, 529)),
        *(pytest.param(_page(n), id=f"{n} page") for n in (502, 503, 504)),
    ],
)
async def test_what_may_pass_is_sent_again(
    kimi: Emulator, chat: Chat, ask: Ask, fail: _Fail
) -> None:
    fail(kimi)
    assert (await ask(chat(max_retries=1), "hi")).text
    assert len(kimi.requests) == 2


@pytest.mark.parametrize("status", [400, 401, 403, 404, 413, 418, 422, 425])
async def test_what_would_fail_again_is_sent_once(
    kimi: Emulator, chat: Chat, ask: Ask, status: int
) -> None:
    _status(status)(kimi)
    with pytest.raises(openai.APIStatusError) as caught:
        await ask(chat(), "hi")
    assert len(kimi.requests) == caught.value.attempts == 1
    assert not hasattr(caught.value, "__notes__")


async def test_the_last_error_tells_the_attempts(
    kimi: Emulator, chat: Chat, ask: Ask
) -> None:
    """How many, and in which time."""
    for _ in range(3):
        _status(500)(kimi)
    with pytest.raises(KimiServerError) as caught:
        await ask(chat(), "hi")
    assert len(kimi.requests) == caught.value.attempts == 3
    (note,) = caught.value.__notes__
    assert note.startswith("Sent 3 times in ")


async def test_no_retries_are_none(kimi: Emulator, chat: Chat, ask: Ask) -> None:
    """For tier 0, whose three requests a minute they would use up."""
    kimi.fail("rate_limit_reached_error")
    with pytest.raises(KimiRateLimitError):
        await ask(chat(max_retries=0), "hi")
    assert len(kimi.requests) == 1


async def test_a_wait_over_a_minute_is_told(
    kimi: Emulator, chat: Chat, ask: Ask
) -> None:
    began = time.monotonic()
    kimi.fail("rate_limit_reached_error", headers={"Msh-Cooldown-Seconds": "90"})
    with pytest.raises(KimiRateLimitError) as caught:
        await ask(chat(), "hi")
    assert time.monotonic() - began < _AT_ONCE
    assert "Sent once in " in caught.value.__notes__[0]
    assert "the server asks to wait 90 s" in caught.value.__notes__[0]


async def test_a_wait_beyond_the_budget_is_not_begun(
    kimi: Emulator, chat: Chat, ask: Ask
) -> None:
    """The error comes at once, and says what was asked and what was left."""
    began = time.monotonic()
    kimi.fail("rate_limit_reached_error", headers={"Retry-After": "30"})
    with pytest.raises(KimiRateLimitError) as caught:
        await ask(chat(timeout=Timeouts(total=20)), "hi")
    assert time.monotonic() - began < _AT_ONCE
    assert "s would pass total=20 s" in caught.value.__notes__[0]
    assert len(kimi.requests) == 1


async def test_a_wait_within_the_budget_is_waited(
    kimi: Emulator, chat: Chat, ask: Ask
) -> None:
    kimi.fail("rate_limit_reached_error", headers={"Retry-After": "0.1"})
    assert (await ask(chat(timeout=Timeouts(total=20)), "hi")).text
    assert len(kimi.requests) == 2


async def test_everything_that_sends_keeps_the_same_rules(
    kimi: Emulator, twins: Callable[[Any], Twins]
) -> None:
    """Files, batches and official tools go through the same client."""
    limits = Timeouts(total=20)
    files = twins(KimiFiles(kimi.api_key, kimi.base_url, timeout=limits))
    kimi.fail(500, "", "sorry", headers={"Retry-After": "0"}, path="/v1/files")
    assert await files("list") == []
    kimi.fail(500, "", "sorry", headers={"Retry-After": "30"}, path="/v1/files")
    with pytest.raises(KimiServerError) as caught:
        await files("list")
    assert "would pass total=20 s" in caught.value.__notes__[0]


async def test_an_error_before_the_first_chunk_begins_the_stream_anew(
    kimi: Emulator, chat: Chat, ask_stream: Ask
) -> None:
    """Nobody has seen anything of it, and an overload is not billed."""
    kimi.send(_OVERLOAD, content_type="text/event-stream")
    assert (await ask_stream(chat(max_retries=1), "hi")).text
    assert len(kimi.requests) == 2


async def test_a_stream_lost_before_the_first_chunk_begins_anew(
    chat: Chat, ask_stream: Ask
) -> None:
    """With nothing but the role: that is no chunk yet."""
    role = event(role="assistant", content="")
    with stalling_server([HEAD, role, CUT], [WHOLE]) as server:
        model = chat(base_url=server.base_url)
        assert (await ask_stream(model, "hi")).text == "Hello"
        assert server.requests == 2


async def test_streams_begun_anew_are_counted(
    kimi: Emulator, chat: Chat, ask_stream: Ask
) -> None:
    """Together with the attempts that got no headers: max_retries is for both."""
    _status(500)(kimi)
    for _ in range(2):
        kimi.send(_OVERLOAD, content_type="text/event-stream")
    with pytest.raises(KimiOverloadedError) as caught:
        await ask_stream(chat(max_retries=2), "hi")
    assert len(kimi.requests) == caught.value.attempts == 3


async def test_a_stream_is_not_sent_again_once_it_was_seen(
    kimi: Emulator, chat: Chat, ask_stream: Ask
) -> None:
    """It would be paid for twice, and begin differently."""
    kimi.reply("Half an ans", done=False)
    with pytest.raises(KimiStreamInterruptedError) as caught:
        await ask_stream(chat(), "hi")
    assert len(kimi.requests) == caught.value.attempts == 1


async def test_what_cannot_be_read_is_not_sent_again(
    kimi: Emulator, chat: Chat, ask_stream: Ask
) -> None:
    kimi.send(b"data: {\n\n", content_type="text/event-stream")
    with pytest.raises(KimiResponseError):
        await ask_stream(chat(), "hi")
    assert len(kimi.requests) == 1


async def test_a_lost_connection_is_made_again(chat: Chat, ask: Ask) -> None:
    """Before the headers, or in the middle of them."""
    with stalling_server([CUT], [HEAD[:20], CUT]) as server:
        model = chat(base_url=server.base_url, max_retries=1)
        with pytest.raises(KimiConnectionError) as caught:
            await ask(model, "hi")
        assert server.requests == caught.value.attempts == 2


_ERROR = b"HTTP/1.1 500 Oh\r\nContent-Type: application/json\r\nContent-Length: 90\r\n"


@pytest.mark.parametrize(
    ("script", "kind"),
    [
        ([_ERROR + b"\r\n{", CUT], KimiConnectionError),
        ([_ERROR + b"Content-Encoding: gzip\r\n\r\n" + b"x" * 90], KimiConnectionError),
        ([_ERROR + b"\r\n{", STALL], KimiTimeoutError),
    ],
)
async def test_an_error_that_breaks_is_one_of_ours(
    chat: Chat, ask: Ask, script: list[Any], kind: type[Exception]
) -> None:
    """The SDK lets through what happens while it reads an error's body."""
    with stalling_server(script) as server:
        model = chat(base_url=server.base_url, timeout=0.3, max_retries=1)
        with pytest.raises(kind) as caught:
            await ask(model, "hi")
    assert isinstance(caught.value, openai.APIConnectionError)
    assert server.requests == 2


async def test_who_closes_the_clients_ends_a_call(chat: Chat) -> None:
    """With an error of ours, though the connection was taken from under it."""
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{"
    with stalling_server([head, STALL]) as server:
        model = chat(base_url=server.base_url, max_retries=0, timeout=0.5)
        call = asyncio.create_task(model.ainvoke("hi"))
        assert await asyncio.to_thread(server.stalled.wait, _AT_ONCE)
        await model.aclose()
        with pytest.raises((KimiConnectionError, KimiTimeoutError)):
            await call
