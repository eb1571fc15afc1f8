"""One question -> how its call ended: right, left early, or with which error."""

import asyncio
import random
from threading import Event, Lock
from typing import Any

from langchain_core.messages import AIMessageChunk

from langchain_kimi import ChatKimi, errors
from tests.load.questions import Question, Transcript, add_chunk, read_answer

RIGHT, LEFT, CANCELLED = "right answer", "left half-read", "cancelled"
WRONG, UNDOCUMENTED = "wrong answer", "undocumented error"
# Of every ten calls one asks for the whole, one leaves early, one is cancelled.
_WHOLE, _LEAVES, _IS_CANCELLED, _READS = 0, 1, 2, 3
_MANNERS = 10
_LONGEST_PATIENCE = 30
_LONGEST_WAIT_SECONDS = 3.0
_DOCUMENTED = tuple(getattr(errors, name) for name in errors.__all__)


class Gathering:
    """Where callers wait for the last one, each with its whole answer in its hands.

    So all streams are open at once, and memory has seen its worst when the rest begins.
    """

    _LONGEST_SECONDS, _POLL_SECONDS = 15.0, 0.05

    def __init__(self, count: int) -> None:
        self.arrived = 0
        self._count = count
        self._lock = Lock()
        self._complete = Event()

    def arrive(self) -> None:
        """Be counted."""
        with self._lock:
            self.arrived += 1
            if self.arrived >= self._count:
                self._complete.set()

    def wait(self) -> None:
        """Wait for the others; not for ever, since a fault may keep one."""
        self.arrive()
        self._complete.wait(self._LONGEST_SECONDS)

    async def await_all(self) -> None:
        """Wait for the others without blocking."""
        self.arrive()
        for _ in range(int(self._LONGEST_SECONDS / self._POLL_SECONDS)):
            if self._complete.is_set():
                return
            await asyncio.sleep(self._POLL_SECONDS)


class Call:
    """One question on its way, and what has come of its answer."""

    def __init__(
        self,
        model: ChatKimi,
        question: Question,
        number: int,
        gathering: Gathering | None = None,
    ) -> None:
        self.chunks = 0
        self.seen = ""
        """What went wrong, in words."""
        self._model, self._question, self._number = model, question, number
        self._manner = _READS if gathering else number % _MANNERS
        self._gathering = gathering
        self._answer = Transcript()

    def run(self) -> str:
        """Return how a sync call ended."""
        text, settings = self._question.text, self._question.settings
        try:
            if self._manner == _WHOLE:
                return self._judge_whole(self._model.invoke(text, **settings))
            for chunk in self._model.stream(text, **settings):
                if self._take(chunk):
                    return self._judge(LEFT)
                if self._gathering and chunk.chunk_position == "last":
                    self._gathering.wait()
        except Exception as error:  # noqa: BLE001 - what is raised is the finding
            return self._judge_error(error)
        return self._judge(RIGHT)

    async def arun(self) -> str:
        """Return how an async call ended."""
        task = asyncio.create_task(self._arun())
        if self._manner == _IS_CANCELLED:
            wait = random.uniform(0, _LONGEST_WAIT_SECONDS)
            await asyncio.wait([task], timeout=wait)
            task.cancel()
        try:
            return await task
        except asyncio.CancelledError:
            return self._judge(CANCELLED)

    async def _arun(self) -> str:
        text, settings = self._question.text, self._question.settings
        try:
            if self._manner == _WHOLE:
                return self._judge_whole(await self._model.ainvoke(text, **settings))
            async for chunk in self._model.astream(text, **settings):
                if self._take(chunk):
                    return self._judge(LEFT)
                if self._gathering and chunk.chunk_position == "last":
                    await self._gathering.await_all()
        except Exception as error:  # noqa: BLE001 - what is raised is the finding
            return self._judge_error(error)
        return self._judge(RIGHT)

    def _take(self, chunk: AIMessageChunk) -> bool:
        """Count a chunk in; tell whether the caller loses patience."""
        self.chunks += 1
        add_chunk(self._answer, chunk)
        is_enough = self.chunks > self._number % _LONGEST_PATIENCE
        return self._manner == _LEAVES and is_enough

    def _judge_whole(self, answer: Any) -> str:
        self.chunks += 1
        self._answer = read_answer(answer)
        return self._judge(RIGHT)

    def _judge_error(self, error: Exception) -> str:
        if self._gathering:
            self._gathering.arrive()
        if isinstance(error, _DOCUMENTED):
            return self._judge(type(error).__name__)
        self.seen = f"{UNDOCUMENTED} {error!r} of {self._question.text}"
        return UNDOCUMENTED

    def _judge(self, ended: str) -> str:
        """Return how it ended; wrong if what has come is not what was sent."""
        if ended == RIGHT:
            is_good = self._answer.checksum() == self._question.checksum
        else:
            is_good = self._answer.begins(self._question.answer)
        if is_good:
            return ended
        self.seen = f"{ended}, but {self._answer} of {self._question}"
        return WRONG
