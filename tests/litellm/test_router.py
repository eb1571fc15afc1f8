"""The ready Router: what answers in place of what, and what is never tried again."""

from typing import Any

import litellm
import openai
import pytest

from langchain_kimi.emulator import Emulator
from litellm_config import router, self_hosted
from litellm_config._router_settings import router_settings
from tests.litellm.conftest import chats

_MESSAGES = [{"role": "user", "content": "Hello"}]


@pytest.fixture
def regions(
    kimi: Emulator, china: Emulator, monkeypatch: pytest.MonkeyPatch
) -> litellm.Router:
    """A Router of both platforms, as the environment tells it."""
    monkeypatch.setenv("MOONSHOT_API_KEY", kimi.api_key)
    monkeypatch.setenv("MOONSHOT_API_BASE", kimi.base_url)
    monkeypatch.setenv("MOONSHOT_CN_API_KEY", china.api_key)
    monkeypatch.setenv("MOONSHOT_CN_API_BASE", china.base_url)
    return router(regions="both", retry_after=0)


@pytest.fixture
def china() -> Any:
    """The second platform."""
    with Emulator() as emulator:
        yield emulator


def _only(kimi: Emulator, **options: Any) -> litellm.Router:
    return router(api_key=kimi.api_key, api_base=kimi.base_url, **options)


async def _ask(router: litellm.Router, group: str, **settings: Any) -> Any:
    return await router.acompletion(group, _MESSAGES, **settings)


def _models(kimi: Emulator) -> list[str]:
    return [body["model"] for body in chats(kimi)]


async def test_a_sync_call_is_mended_too(kimi: Emulator) -> None:
    """LiteLLM calls no hook for it."""
    answer: Any = _only(kimi).completion("kimi-k2.5-instant", _MESSAGES, temperature=0)
    (body,) = chats(kimi)
    assert (body["model"], body["thinking"]) == ("kimi-k2.6", {"type": "disabled"})
    assert "temperature" not in body
    assert answer.choices[0].message.content


async def test_the_first_overload_moves_on_to_the_other_region(
    regions: litellm.Router, kimi: Emulator, china: Emulator
) -> None:
    """At once, and for as long as the cooldown lasts."""
    kimi.fail("engine_overloaded_error")
    await _ask(regions, "kimi")
    await _ask(regions, "kimi")
    assert (len(chats(kimi)), len(chats(china))) == (1, 2)


@pytest.mark.parametrize(
    "failure",
    ["incorrect_api_key_error", "exceeded_current_quota_error", "server_unavailable"],
)
async def test_what_is_one_regions_trouble_the_other_answers(
    regions: litellm.Router, kimi: Emulator, china: Emulator, failure: str
) -> None:
    """Keys, balances and outages belong to a region; nothing is sent there twice."""
    kimi.fail(failure)
    answer = await _ask(regions, "kimi-k3.1-pro-low")
    assert answer._hidden_params["model_id"] == "moonshot/china/kimi-k3.1-pro-low"
    assert (len(chats(kimi)), len(chats(china))) == (1, 1)


async def test_an_older_model_answers_at_the_same_effort(kimi: Emulator) -> None:
    """K3.1, then K3, then K2.x, which has no efforts."""
    ready = _only(kimi, retry_policy={"InternalServerErrorRetries": 0})
    kimi.fail("server_error")
    kimi.fail("server_error")
    answer = await _ask(ready, "kimi-k3.1-pro-low")
    assert _models(kimi) == ["kimi-k3.1-pro", "kimi-k3", "kimi-k2.6"]
    efforts = [body.get("reasoning_effort") for body in chats(kimi)]
    assert efforts == ["low", "low", None]
    assert answer.choices[0].message.content


@pytest.mark.parametrize(
    ("group", "larger"),
    [("kimi-k2.6", "kimi-k3"), ("kimi-k2.7-code", "kimi-k3.1-pro")],
)
async def test_a_full_window_goes_to_a_larger_one(
    regions: litellm.Router, kimi: Emulator, china: Emulator, group: str, larger: str
) -> None:
    """Kimi's own error leads there, and to no other region of the same model."""
    kimi.fail("exceeded_model_token_limit")
    await _ask(regions, group)
    assert _models(kimi) == [group, larger]
    assert chats(china) == []


async def test_a_prompt_that_cannot_fit_is_not_sent_to_a_small_window(
    kimi: Emulator,
) -> None:
    """LiteLLM counts before it sends; instant answers come nearest from low effort."""
    long = [{"role": "user", "content": "word " * 270_000}]
    await _only(kimi).acompletion("kimi-k2.6-instant", long)
    assert _models(kimi) == ["kimi-k3"]
    assert chats(kimi)[0]["reasoning_effort"] == "low"


async def test_a_rejected_prompt_is_a_content_policy_violation(kimi: Emulator) -> None:
    """So that it is sent to no other model unless someone says so."""
    policies = [{"kimi-k3": ["kimi-k2.6"]}]
    kimi.fail("content_filter")
    with pytest.raises(litellm.ContentPolicyViolationError):
        await _ask(_only(kimi, fallbacks=[]), "kimi-k3")
    kimi.fail("content_filter")
    await _ask(_only(kimi, fallbacks=[], content_policy_fallbacks=policies), "kimi-k3")
    assert _models(kimi) == ["kimi-k3", "kimi-k3", "kimi-k2.6"]


async def test_an_empty_balance_is_not_tried_again(kimi: Emulator) -> None:
    """It is no rate limit, whatever its status says; and whose it is stays private."""
    kimi.fail("exceeded_current_quota_error")
    with pytest.raises(litellm.BadRequestError) as caught:
        await _ask(_only(kimi, fallbacks=[]), "kimi")
    assert caught.value.status_code == 402
    assert len(chats(kimi)) == 1
    assert "org-6a97" not in str(caught.value)
    assert "insufficient balance" in str(caught.value)


async def test_a_bad_request_is_sent_once(kimi: Emulator) -> None:
    """The same again would be refused again."""
    kimi.fail(400, "invalid_request_error", "Invalid request: no")
    with pytest.raises(litellm.BadRequestError):
        await _ask(_only(kimi, fallbacks=[]), "kimi")
    assert len(chats(kimi)) == 1


async def test_a_region_without_a_key_has_no_deployment(
    kimi: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rather than 401, or the other region's key sent there."""
    monkeypatch.setenv("MOONSHOT_API_KEY", kimi.api_key)
    monkeypatch.setenv("MOONSHOT_API_BASE", kimi.base_url)
    ready = router(regions="both")
    ids = [entry["model_info"]["id"] for entry in ready.get_model_list() or []]
    assert ids
    assert all(id.startswith("moonshot/global/") for id in ids)
    await _ask(ready, "kimi")


def test_a_router_without_any_key_says_which_to_set() -> None:
    """Rather than fail at the first request."""
    with pytest.raises(ValueError, match="MOONSHOT_API_KEY or MOONSHOT_CN_API_KEY"):
        router(regions="both")


async def test_the_proxy_tells_the_failure_and_not_the_missing_region(
    proxy: Any,
) -> None:
    """Its YAML names two regions, of which one has no key."""
    proxy.kimi.fail(400, "invalid_request_error", "Invalid request: this very reason")
    async with openai.AsyncOpenAI(
        base_url=f"{proxy.base_url}/v1", api_key=proxy.api_key, max_retries=0
    ) as client:
        with pytest.raises(openai.BadRequestError, match="this very reason"):
            await client.chat.completions.create(
                model="kimi",
                messages=_MESSAGES,
            )
    assert len(chats(proxy.kimi)) == 1
    assert proxy.china.requests == []


async def test_a_server_of_open_weights_is_switched_by_its_template() -> None:
    """Thinking and instant are two groups, and `thinking` of a call works too."""
    with Emulator(models=["kimi-k2.5"]) as server:
        hosted = self_hosted(
            "kimi-k2.5",
            served_as="kimi-k2.5",
            api_base=server.base_url,
            api_key="sk-vllm",
            name="gpu-1",
        )
        ready = router(
            api_key="sk-unused", api_base="http://127.0.0.1:1/v1", extra=hosted
        )
        answer = await _ask(ready, "kimi-k2.5-instant")
        await _ask(ready, "kimi-k2.5", thinking={"type": "disabled"})
        await _ask(ready, "kimi-k2.5")
        switches = [body.get("chat_template_kwargs") for body in chats(server)]
        assert switches == [{"thinking": False}, {"thinking": False}, None]
        assert answer._hidden_params["response_cost"] == 0


async def test_the_session_keeps_its_prompt_cache(kimi: Emulator) -> None:
    """By any of LiteLLM's names for it; a key of the caller's own wins."""
    ready = _only(kimi)
    await _ask(ready, "kimi", litellm_session_id="one")
    await _ask(ready, "kimi", metadata={"session_id": "two"})
    await _ask(ready, "kimi", metadata={"session_id": "two"}, prompt_cache_key="three")
    await _ask(ready, "kimi")
    keys = [body.get("prompt_cache_key") for body in chats(kimi)]
    assert keys == ["one", "two", "three", None]


async def test_the_response_cache_tells_thinking_from_instant(
    kimi: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """LiteLLM's key leaves out `extra_body`; its cache is one for the process."""
    monkeypatch.setattr(litellm, "cache", None)
    ready = _only(kimi, cache_responses=True)
    off = {"thinking": {"type": "disabled"}}
    for extra_body in ({}, off, {}, off):
        await _ask(ready, "kimi-k2.6", extra_body=extra_body)
    assert [body.get("thinking") for body in chats(kimi)] == [None, off["thinking"]]


def test_settings_are_arguments_of_the_router() -> None:
    """All of them, under names that it knows; a YAML's unknown ones are ignored."""
    settings = router_settings(redis_url="os.environ/REDIS_URL", num_retries=1)
    assert set(settings) <= set(litellm.Router.get_valid_args())
    assert set(settings["retry_policy"]) <= set(
        litellm.types.router.RetryPolicy.model_fields
    )
    assert settings["redis_url"] == "os.environ/REDIS_URL"
    assert settings["num_retries"] == 1
    assert settings["stream_timeout"] >= 120
