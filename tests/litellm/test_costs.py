"""Costs, to the last digit: the catalogue's prices times the usage that Kimi told."""

from collections.abc import Awaitable, Callable
from functools import partial
from itertools import product
from typing import Any

import litellm
import openai
import pytest

from langchain_kimi.catalogue import Prices, current_models, find_model
from langchain_kimi.emulator import Emulator
from tests.litellm.conftest import Proxy

Charge = Callable[..., Awaitable[float | None]]

_MESSAGES = [{"role": "user", "content": "Hello"}]
_USAGE = {"prompt_tokens": 1000, "completion_tokens": 500, "total_tokens": 1500}


def _price(id: str, *, cached: int = 0, written: int = 0) -> float:
    model = find_model(id)
    assert model
    assert model.prices
    prices: Prices = model.prices
    parts = (
        (1000 - cached - written, prices.input),
        (cached, prices.cache_hit),
        (written, prices.cache_write or prices.input),
        (500, prices.output),
    )
    return sum(count * (price or 0) for count, price in parts) / 1_000_000


def _target(kimi: Emulator, model: str) -> dict[str, Any]:
    return {"model": model, "api_key": kimi.api_key, "api_base": kimi.base_url}


async def _acompletion(kimi: Emulator, model: str, **settings: Any) -> float | None:
    target = _target(kimi, model)
    answer = await litellm.acompletion(messages=_MESSAGES, **settings, **target)
    return await _read(answer)


async def _completion(kimi: Emulator, model: str, **settings: Any) -> float | None:
    target = _target(kimi, model)
    answer: Any = litellm.completion(messages=_MESSAGES, **settings, **target)
    if settings.get("stream"):
        return _of_stream(answer, list(answer))
    return answer._hidden_params["response_cost"]


async def _ask_router(kimi: Emulator, model: str, **settings: Any) -> float | None:
    entry = {"model_name": "group", "litellm_params": _target(kimi, model)}
    router = litellm.Router(model_list=[entry])
    answer: Any = await router.acompletion("group", _MESSAGES, **settings)
    return await _read(answer)


async def _read(answer: Any) -> float | None:
    if isinstance(answer, litellm.ModelResponse):
        return answer._hidden_params["response_cost"]
    return _of_stream(answer, [chunk async for chunk in answer])


def _of_stream(stream: Any, chunks: list[Any]) -> float | None:
    """Return what LiteLLM counts as spent for a stream, once it is read."""
    whole = litellm.stream_chunk_builder(chunks)
    return stream.logging_obj._response_cost_calculator(result=whole)


_CALLS = (_acompletion, _completion, _ask_router)
_STREAMS: dict[str, dict[str, Any]] = {
    "whole": {},
    "stream": {"stream": True},
    # The usage comes twice, and counts once.
    "usage": {"stream": True, "stream_options": {"include_usage": True}},
}


@pytest.fixture(
    params=list(product(_CALLS, _STREAMS)),
    ids=lambda param: f"{param[0].__name__.strip('_')}-{param[1]}",
)
def charge(request: pytest.FixtureRequest) -> Charge:
    """Asks once, and returns what LiteLLM counts as spent."""
    call, kind = request.param
    return partial(call, **_STREAMS[kind])


@pytest.mark.parametrize("prefix", ["moonshot", "openai"])
@pytest.mark.parametrize("id", [model.id for model in current_models()])
async def test_an_answer_costs_what_it_costs(
    kimi: Emulator, charge: Charge, prefix: str, id: str
) -> None:
    """Of models that LiteLLM does not know, and of streams without include_usage."""
    kimi.reply("Hi", usage=_USAGE)
    assert await charge(kimi, f"{prefix}/{id}") == pytest.approx(_price(id), rel=1e-12)


@pytest.mark.parametrize("place", ["top", "details", "both"])
async def test_cached_tokens_cost_less(
    kimi: Emulator, charge: Charge, place: str
) -> None:
    """Wherever they are told: Kimi tells them twice, older hosts at the top only."""
    top = {"cached_tokens": 600} if place != "details" else {}
    inner = {"prompt_tokens_details": {"cached_tokens": 600}} if place != "top" else {}
    kimi.reply("Hi", usage={**_USAGE, **top, **inner})
    cost = await charge(kimi, "moonshot/kimi-k3")
    assert cost == pytest.approx(_price("kimi-k3", cached=600), rel=1e-12)


@pytest.mark.parametrize("id", ["kimi-k3", "kimi-k2.6"])
async def test_written_tokens_are_not_free(
    kimi: Emulator, charge: Charge, id: str
) -> None:
    """Where no price of writing is published they cost what other input does."""
    details = {"cached_tokens": 100, "cache_write_tokens": 300}
    kimi.reply("Hi", usage={**_USAGE, "prompt_tokens_details": details})
    cost = await charge(kimi, f"moonshot/{id}")
    assert cost == pytest.approx(_price(id, cached=100, written=300), rel=1e-12)


@pytest.mark.parametrize("group", ["kimi-k3.1-pro-highspeed", "openai/kimi-k3"])
def test_the_proxy_tells_the_cost(proxy: Proxy, group: str) -> None:
    """In the header that its spend is counted by."""
    proxy.kimi.reply("Hi", usage={**_USAGE, "cached_tokens": 600})
    with openai.OpenAI(
        base_url=f"{proxy.base_url}/v1", api_key=proxy.api_key, max_retries=0
    ) as client:
        answer = client.chat.completions.with_raw_response.create(
            model=group,
            messages=_MESSAGES,  # pyright: ignore[reportArgumentType]
        )
    told = float(answer.headers["x-litellm-response-cost"])
    id = group.removeprefix("openai/")
    assert told == pytest.approx(_price(id, cached=600), rel=1e-12)
