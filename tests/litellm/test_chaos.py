"""Two regions of two instances each, 200 requests at once, and one region fails."""

import asyncio
import copy
import json
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import litellm
import pytest

from langchain_kimi.catalogue import find_model
from langchain_kimi.emulator import Emulator, Reply, Request
from litellm_config import model_list
from litellm_config._router_settings import router_settings
from tests.litellm.conftest import chats

_GROUPS = ("kimi-k3.1-pro", "kimi-k3.1-pro-highspeed", "kimi-k3", "kimi-k2.6")
_MIDDLE = 40
_RETRIES = router_settings()["retry_policy"]["RateLimitErrorRetries"]


class Instance(Emulator):
    """An emulator that remembers what it answered, to count what that costs."""

    def __init__(self) -> None:
        super().__init__()
        self.answers: list[Any] = []
        self.busy = threading.Event()
        """Set once it has refused some of the requests, while others wait."""

    def handle(self, request: Request) -> Reply:
        """Answer, and keep the answer if it is one."""
        reply = super().handle(request)
        if reply.status == 200:
            assert isinstance(reply.body, bytes)
            self.answers.append(json.loads(reply.body))
        if len(self.requests) >= _MIDDLE:
            self.busy.set()
        return reply

    @property
    def cost(self) -> float:
        """What all its answers cost, in USD, by the catalogue's prices."""
        return sum(_price(answer["model"], answer["usage"]) for answer in self.answers)


def _price(id: str, usage: Any) -> float:
    model = find_model(id)
    assert model
    assert model.prices
    cached = usage.get("cached_tokens", 0)
    new = usage["prompt_tokens"] - cached
    whole = new * model.prices.input + cached * (model.prices.cache_hit or 0)
    return (whole + usage["completion_tokens"] * model.prices.output) / 1_000_000


@pytest.fixture
def platforms() -> Iterator[list[list[Instance]]]:
    """Two regions of two instances each, all answering."""
    with ExitStack() as stack:
        yield [[stack.enter_context(Instance()) for _ in range(2)] for _ in range(2)]


def _router(platforms: list[list[Instance]]) -> litellm.Router:
    """A process of its own: nothing is known yet of any failure."""
    listed = [
        _at(entry, instance, number)
        for entry in model_list(regions="both")
        for number, instance in enumerate(
            platforms[entry["litellm_params"]["order"] - 1]
        )
    ]
    # Nothing is slept: where one region fails the other is there at once.
    return litellm.Router(model_list=listed, **router_settings(retry_after=0))


def _at(entry: dict[str, Any], instance: Instance, number: int) -> dict[str, Any]:
    moved = copy.deepcopy(entry)
    moved["litellm_params"] |= {
        "api_key": instance.api_key,
        "api_base": instance.base_url,
    }
    moved["model_info"]["id"] += f"/{number}"
    return moved


async def _ask_at_once(router: litellm.Router, count: int) -> list[Any]:
    """Ask all at the same time; an answer that does not come fails the test."""
    return await asyncio.gather(
        *(
            router.acompletion(
                _GROUPS[number % len(_GROUPS)],
                [{"role": "user", "content": f"Question {number}"}],
            )
            for number in range(count)
        )
    )


async def _die(instances: list[Instance]) -> None:
    """Close a region as soon as it is in the middle of its refusals."""
    await asyncio.to_thread(instances[0].busy.wait, 60)
    for instance in instances:
        await asyncio.to_thread(instance.close)


async def test_no_request_is_lost_that_a_region_could_serve(
    platforms: list[list[Instance]],
) -> None:
    """It answers 429, dies under 200 requests, stays dead; and the bill is exact."""
    failing, healthy = platforms
    for instance in failing:
        for _ in range(200 * (1 + _RETRIES)):
            instance.fail("engine_overloaded_error")
    first, second = _router(platforms), _router(platforms)
    answers, _ = await asyncio.gather(_ask_at_once(first, 200), _die(failing))
    tried = sum(len(chats(instance)) for instance in failing)
    assert _MIDDLE <= tried <= 200 * (1 + _RETRIES)
    # Another process, which has heard of no failure, and meets a dead region.
    answers += await _ask_at_once(second, 50)
    assert sum(len(chats(instance)) for instance in failing) == tried
    assert sum(len(chats(instance)) for instance in healthy) == 250
    assert all(instance.answers for instance in healthy)
    assert not any(instance.answers for instance in failing)
    assert len({answer.id for answer in answers}) == 250
    told = sum(answer._hidden_params["response_cost"] for answer in answers)
    assert told == pytest.approx(sum(i.cost for i in healthy), rel=1e-12)
