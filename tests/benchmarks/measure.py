"""A scenario and its peers -> CPU seconds, run by run, in alternation."""

import asyncio
import gc
import inspect
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from statistics import median
from types import TracebackType
from typing import Any, Self

from tests.benchmarks.peers import PEERS
from tests.benchmarks.server import Server


class Clock:
    """Adds up the CPU time of the blocks that it is entered for."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __enter__(self) -> Self:
        self._start = time.process_time()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.seconds += time.process_time() - self._start


@dataclass(frozen=True)
class Scenario:
    """What is done, by whom, and how often."""

    title: str
    kind: str
    """What the server answers: text, tools, whole or paced."""
    operation: Callable[..., Any]
    """Called with a peer, its prompt and a clock; plain or async."""
    peers: Sequence[str]
    items: int
    """How many of `unit` one operation does."""
    unit: str = "delta"
    count: int = 0
    """How long the stream is."""
    prompt: int | str = 1
    """How many messages the prompt has, or what it is."""
    fields: dict[str, Any] = field(default_factory=dict)
    rounds: int = 5


def measure(scenario: Scenario, server: Server) -> dict[str, float]:
    """Return the median microseconds of CPU per item of each peer."""
    with asyncio.Runner() as runner:
        url = server.url(scenario.kind, scenario.count)
        opened = {
            name: runner.run(_open(name, url, scenario)) for name in scenario.peers
        }
        runs: dict[str, list[float]] = {name: [] for name in opened}
        for number in range(scenario.rounds + 1):
            for name, peer in _turned(opened, number):
                seconds = _run(runner, scenario, name, peer)
                if number:  # the first round only warms up
                    runs[name].append(seconds)
        for peer in opened.values():
            _close(runner, peer)
    return {name: median(found) / scenario.items * 1e6 for name, found in runs.items()}


async def _open(name: str, url: str, scenario: Scenario) -> Any:
    """Open a peer; in the loop, since some clients want one."""
    return PEERS[name](url, **scenario.fields)


def _turned(opened: dict[str, Any], number: int) -> list[tuple[str, Any]]:
    """Let each round begin with another peer."""
    pairs = list(opened.items())
    start = number % len(pairs)
    return pairs[start:] + pairs[:start]


def _run(runner: asyncio.Runner, scenario: Scenario, name: str, peer: Any) -> float:
    from tests.benchmarks.prompts import build_prompt

    prompt = build_prompt(name, scenario.prompt)
    if hasattr(peer, "prepare"):
        peer.prepare()
    clock = Clock()
    gc.collect()
    doing = scenario.operation(peer, prompt, clock)
    if inspect.iscoroutine(doing):
        runner.run(doing)
    return clock.seconds


def _close(runner: asyncio.Runner, peer: Any) -> None:
    if hasattr(peer, "close"):
        peer.close()
    given = getattr(peer, "http_async_client", None)
    with suppress(AttributeError):
        runner.run((given or peer).aclose())
