"""Hundreds of callers: tasks of one loop, threads, and loops that come and go."""

import asyncio
import gc
import itertools
import time
from collections import Counter
from dataclasses import dataclass, field
from threading import Lock, Thread
from typing import Any

from langchain_kimi import ChatKimi
from tests.load.callers import Call, Gathering
from tests.load.questions import MODEL, Question

# More accounts than the pool of clients remembers settings: some are built anew.
_ACCOUNTS = 34
_VISITORS, _VISIT_CALLS = 2, 4
_TIMEOUT_SECONDS = 20.0
_SETTLE_SECONDS = 20.0


@dataclass
class Tally:
    """What all callers have seen."""

    outcomes: Counter[str] = field(default_factory=Counter)
    seen: list[str] = field(default_factory=list)
    """What went wrong, in words."""
    chunks: int = 0
    most: int = 0
    """The most calls that were on their way at once."""
    loops: int = 0
    """Event loops that were opened and closed."""
    tasks_left: int = 0
    """Tasks that were still there when all callers had gone and all was closed."""
    _open: int = 0
    _lock: Any = field(default_factory=Lock)

    def begin(self) -> None:
        """Count a call that begins."""
        with self._lock:
            self._open += 1
            self.most = max(self.most, self._open)

    def end(self, call: Call, outcome: str) -> None:
        """Count a call that has ended."""
        with self._lock:
            self._open -= 1
            self.outcomes[outcome] += 1
            self.chunks += call.chunks
            if call.seen:
                self.seen.append(call.seen)


class Crowd:
    """Callers that ask one question after the other."""

    def __init__(
        self, url: str, questions: list[Question], *, streams: int, threads: int
    ) -> None:
        self.tally = Tally()
        self._url = url
        self._questions = questions
        self._streams, self._threads = streams, threads
        self._numbers = itertools.count()
        self._next = 0
        self.gathering: Gathering | None = None
        self._end = 0.0
        self._limit = 0.0

    def start(
        self, *, seconds: float = 1e9, calls: float = 1e9, gathers: bool = False
    ) -> list[Thread]:
        """Let them ask for so long, or so often; return the threads to wait for.

        Args:
            seconds: No call begins after so many.
            calls: Nor after so many calls, in all.
            gathers: Whether all wait for each other at the end of their first answer.
        """
        gathering = Gathering(self._streams + self._threads)
        self.gathering = gathering if gathers else None
        self._end, self._limit = time.monotonic() + seconds, self._next + calls
        threads = [Thread(target=lambda: asyncio.run(self._stream_all()))]
        threads += [Thread(target=self._ask_on) for _ in range(self._threads)]
        threads += [Thread(target=self._visit_on) for _ in range(_VISITORS)]
        for thread in threads:
            thread.start()
        return threads

    def open(self) -> None:
        """Ask once for each account, so that the pool is full."""
        for number in range(_ACCOUNTS):
            self._ask(number + 1)

    def close(self) -> None:
        """Close what sync calls opened, for all accounts."""
        gc.collect()
        for number in range(_ACCOUNTS + 1):
            self._build_model(number).close()

    def _is_on(self) -> bool:
        return time.monotonic() < self._end and self._next < self._limit

    async def _stream_all(self) -> None:
        """Be the event loop of a server with many streams."""
        await asyncio.gather(*(self._stream_on() for _ in range(self._streams)))
        self.tally.tasks_left += await self._leave()

    async def _stream_on(self) -> None:
        await self._aask(gathering=self.gathering)
        while self._is_on():
            await self._aask()

    def _ask_on(self) -> None:
        self._ask(gathering=self.gathering)
        while self._is_on():
            self._ask()

    def _visit_on(self) -> None:
        """Open a loop for a few calls of one account, as a worker thread does."""
        while self._is_on():
            asyncio.run(self._visit(self._next % _ACCOUNTS + 1))
            self._ask(self._next % _ACCOUNTS + 1)

    async def _visit(self, account: int) -> None:
        self.tally.loops += 1
        await asyncio.gather(*(self._aask(account) for _ in range(_VISIT_CALLS)))

    async def _leave(self) -> int:
        """Close the loop's connections; return how many tasks stay."""
        gc.collect()
        await self._build_model().aclose()
        end = time.monotonic() + _SETTLE_SECONDS
        # A task closes a stream that was dropped, and that may drop one in its turn:
        # each generator which nobody holds any more is closed by a task of its own.
        while others := asyncio.all_tasks() - {asyncio.current_task()}:
            if time.monotonic() > end:
                self.tally.seen += [f"left behind: {task}" for task in others]
                break
            await asyncio.wait(others, timeout=1.0)
        return len(others)

    def _ask(self, account: int = 0, gathering: Gathering | None = None) -> None:
        call = self._next_call(account, gathering)
        self.tally.begin()
        self.tally.end(call, call.run())

    async def _aask(self, account: int = 0, gathering: Gathering | None = None) -> None:
        call = self._next_call(account, gathering)
        self.tally.begin()
        self.tally.end(call, await call.arun())

    def _next_call(self, account: int, gathering: Gathering | None) -> Call:
        number = self._next = next(self._numbers)
        question = self._questions[number % len(self._questions)]
        return Call(self._build_model(account), question, number, gathering)

    def _build_model(self, account: int = 0) -> ChatKimi:
        """Build a model, as a web server does for each request."""
        return ChatKimi(
            model=MODEL,
            api_key=f"sk-account-{account}",
            base_url=self._url,
            timeout=_TIMEOUT_SECONDS,
        )
