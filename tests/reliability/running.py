"""A case and a way to ask -> what came of it, over real HTTP and within a limit."""

import asyncio
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from importlib.util import find_spec
from threading import Thread
from typing import Any, TypeVar

import openai
from langchain_core.messages import AIMessage

from langchain_kimi import ChatKimi
from langchain_kimi.emulator import Emulator, Reply, Request
from tests.reliability.cases import (
    ANSWER,
    INVALID_CALL,
    NO_REASON,
    NOT_RUN,
    RESUMED,
    RETRIED,
    WAYS,
    Case,
    Scenario,
    error,
    expected,
)

LIMIT_SECONDS = 40.0
# openai 3 brings its own adapter of aiohttp, openai 2 needs one.
_ADAPTER = "aiohttp" if openai.__version__ >= "3" else "httpx_aiohttp"
_RACES = ("broken_chunks", "short_length") if find_spec(_ADAPTER) else ()
_WORKERS = 24
# Of each client one way to ask: whether the next call is well is its connection's.
_ASKED_TWICE = ("invoke", "astream")
_TEXT = "In a word: 東京 is larger than Zürich, and warmer than Tromsø."
_REASONING = "The user means 東京?"
_ARGUMENTS = {"city": "Zürich", "days": [1, 2, 3], "unit": "°C"}
_FRAGMENT = 5
_TOOL = {
    "name": "get_weather",
    "description": "The weather of a city",
    "parameters": {
        "type": "object",
        "properties": {
            "city": {"type": "string"},
            "days": {"type": "array", "items": {"type": "integer"}},
            "unit": {"type": "string"},
        },
        "required": ["city", "days", "unit"],
    },
}
_CALL = {"name": "get_weather", "arguments": _ARGUMENTS}


class Answering(Emulator):
    """Gives one answer, or of one that a request begins, the rest."""

    def __init__(self, scenario: Scenario, faults: Sequence[str]) -> None:
        super().__init__(faults=faults)
        self._scenario = scenario

    def handle(self, request: Request) -> Reply:
        """Script the answer, then reply."""
        if request.method == "POST":
            self._script_answer(request.body["messages"][-1])
        return super().handle(request)

    def _script_answer(self, last: dict[str, Any]) -> None:
        said = last if last.get("partial") else {}
        thought = said.get("reasoning_content", "")
        calls = [_CALL] if self._scenario == "tools" else []
        text = "" if calls else _TEXT
        assert text.startswith(said.get("content", ""))
        assert _REASONING.startswith(thought)
        self.reply(
            text[len(said.get("content", "")) :],
            reasoning=_REASONING[len(thought) :],
            tool_calls=calls,
            fragment=_FRAGMENT,
        )


def run(case: Case, way: str) -> str:
    """What came of a case; an answer with anything wrong is no outcome at all."""
    return asyncio.run(_arun(case, way)) if way[0] == "a" else _run(case, way)


@contextmanager
def _open(case: Case, way: str) -> Iterator[tuple[Answering, ChatKimi]]:
    resumes = {"stream_resumes": 3} if way.endswith("resumed") else {}
    fields: dict[str, Any] = {**resumes, **dict(case.settings)}
    with Answering(case.scenario, case.faults) as kimi:
        address = {"base_url": kimi.base_url, "api_key": kimi.api_key}
        yield kimi, ChatKimi(**address, **fields)
        wait_for_connections(kimi, 0)


def _run(case: Case, way: str) -> str:
    with _open(case, way) as (kimi, model):
        asked = _with_tools(model, case)
        outcome = _judge(kimi, case, _catch(lambda: _ask(asked, way)))
        if way in _ASKED_TWICE:
            _check_next(kimi, case, _catch(lambda: _ask(asked, way)))
        model.close()
    return outcome


async def _arun(case: Case, way: str) -> str:
    with _open(case, way) as (kimi, model):
        asked = _with_tools(model, case)
        outcome = _judge(kimi, case, await _acatch(asked, way))
        if way in _ASKED_TWICE:
            _check_next(kimi, case, await _acatch(asked, way))
        await _wait_for_tasks()
        await model.aclose()
    return outcome


async def _wait_for_tasks() -> None:
    """What is left of a generator that nobody reads ends in a turn of the loop."""
    for _ in range(100):
        left = asyncio.all_tasks() - {asyncio.current_task()}
        if not left:
            return
        await asyncio.sleep(0)
    raise AssertionError(f"{left} are left")


def _with_tools(model: ChatKimi, case: Case) -> Any:
    if case.scenario == "text":
        return model
    return model.bind(tools=[{"type": "function", "function": _TOOL}])


def _ask(model: Any, way: str) -> AIMessage:
    if way == "invoke":
        return model.invoke("Hi")
    whole = None
    for chunk in model.stream("Hi"):
        whole = chunk if whole is None else whole + chunk
    assert whole is not None
    return whole


async def _aask(model: Any, way: str) -> AIMessage:
    if way == "ainvoke":
        return await model.ainvoke("Hi")
    whole = None
    async for chunk in model.astream("Hi"):
        whole = chunk if whole is None else whole + chunk
    assert whole is not None
    return whole


def _catch(ask: Callable[[], AIMessage]) -> AIMessage | Exception:
    try:
        return ask()
    except Exception as caught:  # noqa: BLE001 - each is an outcome
        return caught


async def _acatch(model: Any, way: str) -> AIMessage | Exception:
    try:
        return await _aask(model, way)
    except Exception as caught:  # noqa: BLE001 - each is an outcome
        return caught


def _judge(kimi: Answering, case: Case, found: AIMessage | Exception) -> str:
    """Say what came, once nothing but one connection is left of it."""
    wait_for_connections(kimi, 1)
    requests = len(kimi.requests)
    if isinstance(found, Exception):
        return error(type(found).__name__, request=requests, begun=_has_begun(found))
    return _name_answer(found, case, requests)


def _has_begun(failure: Exception) -> bool:
    """Whether an error carries the beginning, and nothing but that."""
    partial: AIMessage | None = getattr(failure, "partial_message", None)
    if partial is None:
        return False
    assert _TEXT.startswith(partial.text), partial
    assert _REASONING.startswith(partial.additional_kwargs.get("reasoning_content", ""))
    assert not partial.tool_calls or partial.tool_calls[0]["args"] == _ARGUMENTS
    assert partial.text or partial.additional_kwargs, "an empty beginning"
    return True


def _name_answer(found: AIMessage, case: Case, requests: int) -> str:
    assert found.additional_kwargs["reasoning_content"] == _REASONING, found
    if found.invalid_tool_calls:
        assert not found.tool_calls
        return INVALID_CALL
    if case.scenario == "tools":
        (call,) = found.tool_calls
        assert (call["name"], call["args"]) == ("get_weather", _ARGUMENTS), call
        assert call["id"]
    else:
        assert found.text == _TEXT, found.text
    reason = found.response_metadata.get("finish_reason")
    if reason is None:
        return NO_REASON
    assert reason == ("tool_calls" if case.scenario == "tools" else "stop")
    assert found.usage_metadata
    resumes = found.response_metadata.get("resumes", 0)
    told = RESUMED if resumes else ANSWER
    return told if requests == 1 + resumes else f"{told}, request {requests}"


def _check_next(kimi: Answering, case: Case, found: AIMessage | Exception) -> None:
    """The next call of the same model is well: nothing of the fault is left."""
    if kimi.pending:
        return  # it had a fault of its own
    if isinstance(found, Exception):
        raise found
    assert _name_answer(found, case, 1) == ANSWER


def wait_for_connections(kimi: Emulator, most: int) -> None:
    """Fail if more stay open; the emulator sees an end a moment after the client."""
    until = time.monotonic() + LIMIT_SECONDS / 4
    while kimi.connections > most:
        assert time.monotonic() < until, f"{kimi.connections} connections are left"
        time.sleep(0.001)


Key = tuple[int, str]
_Job = TypeVar("_Job")


def run_all(cases: Sequence[Case]) -> dict[Key, str]:
    """Run each case in each way, but those that have nothing to resume.

    Returns:
        By the number of the case and the way: what came, or what went wrong.
    """
    jobs = [
        (number, way)
        for way in WAYS
        for number, case in enumerate(cases)
        if expected(case, way) != NOT_RUN
    ]
    return run_jobs(jobs, lambda job: _run_either(cases[job[0]], job[1]))


def _run_either(case: Case, way: str) -> str:
    """Run a case; aiohttp makes a race of some, which either end well.

    It refuses a head whose body is broken if both came at once, so that the request is
    sent again; and it may leave the reader of a broken chunk waiting for the next one.
    """
    if not (way[0] == "a" and case.faults[0].startswith(_RACES)):
        return run(case, way)
    outcome = run(replace(case, settings=(("timeout", 1.0),)), way)
    ends = (RETRIED, error("KimiTimeoutError", begun=True))
    return expected(case, way) if outcome in ends else outcome


def run_jobs(jobs: Sequence[_Job], run_job: Callable[[_Job], str]) -> dict[_Job, str]:
    """Run jobs many at a time, since most of them wait; each ends within its limit."""
    left, found = iter(jobs), dict[_Job, str]()

    def work() -> None:
        for job in left:
            found[job] = _run_within_limit(lambda job=job: run_job(job))

    workers = [Thread(target=work) for _ in range(_WORKERS)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    return found


def _run_within_limit(job: Callable[[], str]) -> str:
    told: list[str] = []

    def target() -> None:
        try:
            told.append(job())
        except BaseException as failure:  # noqa: BLE001 - told by the test
            told.append(f"{type(failure).__name__}: {failure}")

    thread = Thread(target=target, daemon=True)
    thread.start()
    thread.join(LIMIT_SECONDS)
    return told[0] if told else f"no end within {LIMIT_SECONDS:g} s"
