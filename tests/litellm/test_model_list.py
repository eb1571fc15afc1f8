"""The model list: complete, priced, and serving through a real Router."""

from typing import Any

import litellm
import pytest

from langchain_kimi.catalogue import Prices, current_models, find_model
from langchain_kimi.emulator import Emulator
from litellm_config import model_list, other_host, self_hosted

_GROUPS = [entry["model_name"] for entry in model_list()]
_DROPPED = [
    "temperature",
    "top_p",
    "n",
    "presence_penalty",
    "frequency_penalty",
    "logprobs",
    "top_logprobs",
    "logit_bias",
    "seed",
    "user",
]


def _target(entry: dict[str, Any]) -> tuple[Any, ...]:
    params = entry["litellm_params"]
    return params["api_key"], params["api_base"], params.get("order")


def test_every_current_model_has_its_group() -> None:
    """And the default, the efforts and the aliases."""
    assert {model.id for model in current_models()} <= set(_GROUPS)
    assert {"kimi", "kimi-k3-low", "kimi-k3-max", "kimi-k2.6-instant"} <= set(_GROUPS)
    assert len(set(_GROUPS)) == len(_GROUPS)


def test_ids_are_fixed() -> None:
    """Instances share cooldowns by them, whatever key each has."""
    ids = [entry["model_info"]["id"] for entry in model_list()]
    assert ids == [f"moonshot/global/{group}" for group in _GROUPS]
    assert ids == [entry["model_info"]["id"] for entry in model_list(api_key="x")]


@pytest.mark.parametrize("entry", model_list(), ids=lambda entry: entry["model_name"])
def test_an_entry_tells_prices_and_windows(entry: dict[str, Any]) -> None:
    """In LiteLLM's names, in USD per token; the key stays in the environment."""
    model = find_model(entry["litellm_params"]["model"].removeprefix("moonshot/"))
    assert model
    assert model.prices
    info = entry["model_info"]
    assert info["base_model"] == entry["litellm_params"]["model"]
    assert info["input_cost_per_token"] * 1e6 == pytest.approx(model.prices.input)
    assert info["output_cost_per_token"] * 1e6 == pytest.approx(model.prices.output)
    assert info["cache_read_input_token_cost"] * 1e6 == pytest.approx(
        model.prices.cache_hit
    )
    assert info["cache_creation_input_token_cost"] * 1e6 == pytest.approx(
        model.prices.cache_write or model.prices.input
    )
    assert info["max_input_tokens"] == model.context_tokens
    assert info.get("reasoning_effort_levels", []) == list(model.efforts)
    assert entry["litellm_params"]["additional_drop_params"] == _DROPPED


def test_names_of_retired_models_go_on_and_say_so() -> None:
    """The seeds' `kimi-k2.5-instant` is answered by the model's successor."""
    entry = next(e for e in model_list() if e["model_name"] == "kimi-k2.5-instant")
    assert entry["litellm_params"]["model"] == "moonshot/kimi-k2.6"
    assert entry["litellm_params"]["extra_body"] == {"thinking": {"type": "disabled"}}
    assert entry["model_info"]["deprecation_date"] == "2026-08-31"


def test_regions_have_keys_and_hosts_of_their_own() -> None:
    """As variables for LiteLLM to look up; the first region is tried first."""
    first, second = (
        entry for entry in model_list(regions="both") if entry["model_name"] == "kimi"
    )
    assert _target(first) == (
        "os.environ/MOONSHOT_API_KEY",
        "os.environ/MOONSHOT_API_BASE",
        1,
    )
    assert _target(second) == (
        "os.environ/MOONSHOT_CN_API_KEY",
        "os.environ/MOONSHOT_CN_API_BASE",
        2,
    )
    assert second["model_info"]["id"] == "moonshot/china/kimi"


def test_an_environment_decides_what_is_served() -> None:
    """No key, no deployment; no address, the public host."""
    environment = {"MOONSHOT_CN_API_KEY": "sk-cn", "MOONSHOT_API_KEY": ""}
    listed = model_list(regions="both", environment=environment)
    assert {_target(entry) for entry in listed} == {
        ("os.environ/MOONSHOT_CN_API_KEY", "https://api.moonshot.cn/v1", 2)
    }


def test_a_tier_limits_each_deployment() -> None:
    """To what the whole account may ask for."""
    params = model_list(tier=1)[0]["litellm_params"]
    limits = (params["rpm"], params["tpm"], params["max_parallel_requests"])
    assert limits == (200, 2_000_000, 50)


def test_other_hosts_of_open_weights_are_priced_by_themselves() -> None:
    """With the abilities of the weights, and no region's id."""
    (thinking, instant) = self_hosted(
        "kimi-k2.5", served_as="k25", api_base="http://gpu:8000/v1", name="gpu", order=1
    )
    host = other_host(
        "kimi-k2-thinking",
        served_as="openrouter/moonshotai/kimi-k2-thinking",
        name="openrouter",
        api_key="os.environ/OPENROUTER_API_KEY",
        prices=Prices(input=0.5, output=2.5),
    )
    listed = model_list(extra=[thinking, instant, host])
    assert listed[-3:] == [thinking, instant, host]
    assert thinking["model_info"]["input_cost_per_token"] == 0
    assert instant["model_name"] == "kimi-k2.5-instant"
    assert host["model_info"]["output_cost_per_token"] * 1e6 == pytest.approx(2.5)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"regions": "mars"}, "give one of global, china, both"),
        ({"regions": "both", "api_key": "sk-x"}, "keys belong to one"),
        ({"tier": 9}, "from 0 to 5"),
        ({"extra": model_list()[:1]}, "have the id 'moonshot/global/kimi'"),
    ],
    ids=["region", "key", "tier", "id"],
)
def test_what_cannot_be_is_refused(arguments: dict[str, Any], words: str) -> None:
    """With what is accepted."""
    with pytest.raises(ValueError, match=words):
        model_list(**arguments)


def test_a_deployment_may_say_nothing_of_its_model() -> None:
    """A YAML's empty `model_info:` is None."""
    own = {"model_name": "own", "litellm_params": {"model": "x"}, "model_info": None}
    assert model_list(extra=[own])[-1] == own


def test_a_server_of_unknown_weights_is_refused() -> None:
    """Its abilities would be guesses."""
    with pytest.raises(ValueError, match="'kimi-k9' is not in the catalogue"):
        self_hosted("kimi-k9", served_as="x", api_base="http://gpu/v1", name="gpu")


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
