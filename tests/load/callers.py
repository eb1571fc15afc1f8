"""One question -> how its call ended: right, left early, or with which error."""

import asyncio
import random
from typing import Any

from langchain_core.messages import AIMessage, AIMessageChunk

from langchain_kimi import ChatKimi, errors
from tests.load.questions import Question, extend_checksum, read_chunk, sum_answer

RIGHT, LEFT, CANCELLED = "right", "left half-read", "cancelled"
WRONG, UNDOCUMENTED = "WRONG", "UNDOCUMENTED"
# Of every ten calls: one asks for the whole, one leaves early, one is cancelled.
_WHOLE, _LEAVES, _IS_CANCELLED, _MANNERS = 0, 1, 2, 10
_LONGEST_PATIENCE = 40
_LONGEST_WAIT_SECONDS = 3.0
_DOCUMENTED = tuple(getattr(errors, name) for name in errors.__all__)


class Call:
    """One question on its way, and what has come of its answer."""

    def __init__(self, model: ChatKimi, question: Question, number: int) -> None:
        self.chunks = 0
        self.seen = ""
        """What went wrong, in words."""
        self._model: Any = model.bind_tools(question.tools) if question.tools else model
        self._question = question
        self._number = number
        self._manner = number % _MANNERS
        self._count = self._checksum = 0

    def run(self) -> str:
        """Return how a sync call ended."""
        try:
            if self._manner == _WHOLE:
                return self._judge_whole(self._model.invoke(self._question.text))
            for chunk in self._model.stream(self._question.text):
                if self._take(chunk):
                    return self._judge(LEFT)
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
        try:
            if self._manner == _WHOLE:
                answer = await self._model.ainvoke(self._question.text)
                return self._judge_whole(answer)
            async for chunk in self._model.astream(self._question.text):
                if self._take(chunk):
                    return self._judge(LEFT)
        except Exception as error:  # noqa: BLE001 - what is raised is the finding
            return self._judge_error(error)
        return self._judge(RIGHT)

    def _take(self, chunk: AIMessageChunk) -> bool:
        """Count a chunk in; tell whether the caller loses patience."""
        self.chunks += 1
        for piece in read_chunk(chunk):
            self._count += 1
            self._checksum = extend_checksum(self._checksum, piece)
        is_enough = self.chunks > self._number % _LONGEST_PATIENCE
        return self._manner == _LEAVES and is_enough

    def _judge(self, ended: str) -> str:
        """Return how it ended; wrong if what has come is not what was sent."""
        if ended == RIGHT:
            is_good = self._question.is_answered(self._count, self._checksum)
        else:
            is_good = self._question.is_begun(self._count, self._checksum)
        if is_good:
            return ended
        self.seen = f"{ended}: {self._count} pieces of {self._question}"
        return WRONG

    def _judge_whole(self, answer: AIMessage) -> str:
        self.chunks += 1
        if sum_answer(answer) == self._question.whole:
            return RIGHT
        self.seen = f"whole: {answer!r}"
        return WRONG

    def _judge_error(self, error: Exception) -> str:
        if not isinstance(error, _DOCUMENTED):
            self.seen = repr(error)
            return UNDOCUMENTED
        return self._judge(type(error).__name__)
