"""The model list: complete, priced, and serving through a real Router."""

from typing import Any

import litellm
import pytest

from langchain_kimi.catalogue import current_models, find_model
from langchain_kimi.emulator import Emulator
from litellm_config import model_list

# litellm's own code warns at every turn; what it does is what is tested.
pytestmark = pytest.mark.filterwarnings("ignore")
_GROUPS = [entry["model_name"] for entry in model_list()]


def test_every_current_model_has_its_group() -> None:
    """And the default, the efforts and the aliases; ids are unique and fixed."""
    assert {model.id for model in current_models()} <= set(_GROUPS)
    assert {"kimi", "kimi-k3-low", "kimi-k3-max", "kimi-k2.6-instant"} <= set(_GROUPS)
    ids = [entry["model_info"]["id"] for entry in model_list()]
    assert len(set(ids)) == len(ids)
    assert ids == [entry["model_info"]["id"] for entry in model_list(api_key="x")]


@pytest.mark.parametrize("entry", model_list(), ids=lambda entry: entry["model_name"])
def test_an_entry_tells_prices_and_windows(entry: dict[str, Any]) -> None:
    """In LiteLLM's names, in USD per token; the key stays in the environment."""
    model = find_model(entry["litellm_params"]["model"].removeprefix("moonshot/"))
    assert model
    assert model.prices
    info = entry["model_info"]
    assert info["input_cost_per_token"] * 1e6 == pytest.approx(model.prices.input)
    assert info["output_cost_per_token"] * 1e6 == pytest.approx(model.prices.output)
    assert info["cache_read_input_token_cost"] * 1e6 == pytest.approx(
        model.prices.cache_hit
    )
    assert info["max_input_tokens"] == model.context_tokens
    assert entry["litellm_params"]["api_key"] == "os.environ/MOONSHOT_API_KEY"


@pytest.mark.parametrize("group", _GROUPS)
async def test_a_router_serves_every_group(kimi: Emulator, group: str) -> None:
    """With reasoning where there is one, and what a framework sets by habit dropped."""
    listed = model_list(api_key=kimi.api_key, api_base=kimi.base_url)
    router = litellm.Router(model_list=listed)
    answer = await router.acompletion(
        group, [{"role": "user", "content": "hi"}], temperature=0, top_p=0.5
    )
    message = answer.choices[0].message
    assert '"hi"' in message.content
    body = kimi.requests[-1].body
    assert "temperature" not in body
    assert "top_p" not in body
    instant = group.endswith("-instant")
    assert bool(getattr(message, "reasoning_content", None)) is not instant
    effort = group.rpartition("-")[2]
    if effort in ("low", "high", "max"):
        assert body["reasoning_effort"] == effort
