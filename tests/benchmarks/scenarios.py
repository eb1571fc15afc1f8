"""What is measured: each operation, the scenarios, the growth curves and the goals."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from tests.benchmarks.measure import Clock, Scenario
from tests.benchmarks.peers import (
    FLOOR,
    KIMI,
    KIMI_AIOHTTP,
    LITELLM,
    MOONSHOT,
    OPENAI,
    PREBUILT,
    SDK,
    SDK_AIOHTTP,
    SOCKET,
    TRANSPORT,
    TRANSPORT_AIOHTTP,
)
from tests.benchmarks.prompts import IMAGE

_CALLS, _AT_ONCE = 20, 64


def _stream(peer: Any, prompt: Any, clock: Clock) -> None:
    with clock:
        for _ in peer.stream(prompt):
            pass


async def _astream(peer: Any, prompt: Any, clock: Clock) -> None:
    with clock:
        async for _ in peer.astream(prompt):
            pass


def _events(peer: Any, prompt: Any, clock: Clock) -> None:
    with clock:
        for _ in peer.stream_events(prompt, version="v3"):
            pass


def _invoke(peer: Any, prompt: Any, clock: Clock) -> None:
    with clock:
        peer.invoke(prompt)


def _invoke_often(peer: Any, prompt: Any, clock: Clock) -> None:
    with clock:
        for _ in range(_CALLS):
            peer.invoke(prompt)


async def _ainvoke_at_once(peer: Any, prompt: Any, clock: Clock) -> None:
    with clock:
        await asyncio.gather(*(peer.ainvoke(prompt) for _ in range(_AT_ONCE)))


def _first(peer: Any, prompt: Any, clock: Clock) -> None:
    for _ in range(_CALLS):
        with clock:
            stream = iter(peer.stream(prompt))
            next(stream)
        for _ in stream:
            pass


async def _afirst(peer: Any, prompt: Any, clock: Clock) -> None:
    for _ in range(_CALLS):
        with clock:
            stream = aiter(peer.astream(prompt))
            await anext(stream)
        async for _ in stream:
            pass


_CLIENTS = (KIMI, SDK, OPENAI, MOONSHOT)
_ASYNC = (
    *(KIMI, KIMI_AIOHTTP, SDK, SDK_AIOHTTP, OPENAI),
    *(TRANSPORT, TRANSPORT_AIOHTTP),
)
_STREAM = Scenario(
    title="stream, 3,000 deltas",
    kind="text",
    operation=_stream,
    peers=(*_CLIENTS, LITELLM, FLOOR, PREBUILT, TRANSPORT, SOCKET),
    items=3000,
    count=3000,
    rounds=7,
)
_TOOLS = replace(
    _STREAM,
    title="3,000 tool-argument fragments",
    kind="tools",
    peers=_CLIENTS,
    rounds=5,
)
_INVOKE = Scenario(
    title="invoke, short",
    kind="whole",
    operation=_invoke_often,
    peers=(*_CLIENTS, LITELLM, FLOOR, TRANSPORT),
    items=_CALLS,
    unit="call",
)
_HISTORY = replace(
    _INVOKE,
    title="invoke, 1,000 messages",
    operation=_invoke,
    peers=(KIMI, SDK, OPENAI),
    items=1,
    prompt=1000,
    rounds=9,
)
_AGGREGATION = replace(
    _STREAM,
    title="20,000 deltas into one message",
    operation=_invoke,
    peers=(KIMI, OPENAI),
    items=20_000,
    count=20_000,
    fields={"streaming": True},
    rounds=3,
)
_FIRST = Scenario(
    title="first chunk, sync",
    kind="text",
    operation=_first,
    peers=(KIMI, SDK, OPENAI, TRANSPORT),
    items=_CALLS,
    unit="call",
    count=1,
)

SCENARIOS: tuple[Scenario, ...] = (
    _STREAM,
    replace(
        _STREAM,
        title="astream, 3,000 deltas",
        operation=_astream,
        peers=(*_ASYNC, FLOOR),
    ),
    replace(
        _STREAM,
        title="stream_events v3, 3,000 deltas",
        operation=_events,
        peers=(KIMI, OPENAI, FLOOR),
    ),
    _TOOLS,
    _INVOKE,
    replace(
        _INVOKE,
        title="ainvoke, 64 at once",
        operation=_ainvoke_at_once,
        peers=_ASYNC,
        items=_AT_ONCE,
    ),
    _FIRST,
    replace(_FIRST, title="first chunk, async", operation=_afirst, peers=_ASYNC),
    replace(_HISTORY, title="invoke, 100 messages", prompt=100),
    _HISTORY,
    replace(_HISTORY, title="invoke, 5,000 messages", prompt=5000, rounds=3),
    replace(_HISTORY, title="invoke, a picture of 1 MB", prompt=IMAGE),
    _AGGREGATION,
)


@dataclass(frozen=True)
class Curve:
    """One scenario at several sizes."""

    title: str
    axis: str
    points: Mapping[int, Scenario]


def _deltas(scenario: Scenario, size: int) -> Scenario:
    return replace(scenario, items=size, count=size, rounds=3)


CURVES: tuple[Curve, ...] = (
    Curve(
        title="tool-argument fragments",
        axis="fragments",
        points={
            size: replace(_deltas(_TOOLS, size), peers=(KIMI, SDK, OPENAI))
            for size in (300, 1000, 3000, 10_000)
        },
    ),
    Curve(
        title="deltas of a stream",
        axis="deltas",
        points={
            size: replace(_deltas(_STREAM, size), peers=(KIMI, SDK, OPENAI, FLOOR))
            for size in (300, 1000, 3000, 10_000)
        },
    ),
    Curve(
        title="messages of a conversation",
        axis="messages",
        points={
            size: replace(_HISTORY, prompt=size, items=size, unit="message", rounds=3)
            for size in (100, 500, 1000, 2500, 5000)
        },
    ),
    Curve(
        title="deltas into one message",
        axis="deltas",
        points={
            size: replace(_deltas(_AGGREGATION, size), peers=(KIMI, OPENAI))
            for size in (1000, 5000, 20_000)
        },
    ),
)


@dataclass(frozen=True)
class Goal:
    """At most this share of another's CPU, in one scenario."""

    title: str
    ours: str
    other: str
    limit: float


GOALS: tuple[Goal, ...] = (
    Goal("stream, 3,000 deltas", KIMI, SDK, 0.20),
    Goal("stream, 3,000 deltas", KIMI, OPENAI, 0.16),
    Goal("stream, 3,000 deltas", KIMI, LITELLM, 0.04),
    Goal("stream, 3,000 deltas", KIMI, FLOOR, 2.0),
    Goal("astream, 3,000 deltas", KIMI, SDK, 0.22),
    Goal("astream, 3,000 deltas", KIMI, OPENAI, 0.14),
    Goal("astream, 3,000 deltas", KIMI_AIOHTTP, SDK, 0.12),
    Goal("stream_events v3, 3,000 deltas", KIMI, OPENAI, 0.28),
    Goal("3,000 tool-argument fragments", KIMI, OPENAI, 0.40),
    Goal("invoke, short", KIMI, SDK, 0.75),
    Goal("invoke, 1,000 messages", KIMI, SDK, 0.04),
    Goal("invoke, 5,000 messages", KIMI, SDK, 0.04),
    Goal("ainvoke, 64 at once", KIMI_AIOHTTP, SDK, 0.12),
    Goal("ainvoke, 64 at once", KIMI, SDK, 1.0),
    Goal("first chunk, sync", KIMI, SDK, 0.72),
    Goal("first chunk, async", KIMI_AIOHTTP, SDK, 0.45),
    Goal("20,000 deltas into one message", KIMI, OPENAI, 0.30),
)
