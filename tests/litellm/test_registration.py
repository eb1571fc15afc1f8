"""One call makes a process right: once, with what fits, and with no bad release."""

import importlib.util
import json
import logging
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import litellm
import pytest

import litellm_config
from langchain_kimi.catalogue import ALIASES, current_models
from langchain_kimi.emulator import Emulator
from litellm_config import _mending, _patches, _versions, register
from litellm_config._hook import KIMI_HOOK
from litellm_config._patches import PATCHES
from tests.litellm.conftest import chats

_MESSAGES = [{"role": "user", "content": "Hello"}]
_USAGE = {"prompt_tokens": 1000, "completion_tokens": 500, "total_tokens": 1500}
_HOOKS = Path(litellm_config.__file__).with_name("hooks.py")


def _run(code: str, **environment: str) -> str:
    """Run code in a fresh process, which has no network by anything of ours."""
    ran = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        cwd=_HOOKS.parent.parent,
        env={"LITELLM_LOCAL_MODEL_COST_MAP": "True", **environment},
    )
    assert ran.returncode == 0, ran.stderr
    return ran.stdout.strip()


def test_dicts_cost_no_import() -> None:
    """litellm takes 6 s and 190 MB; langchain-core and openai are not needed either."""
    found = _run(
        "import sys, litellm_config\n"
        "from litellm_config._router_settings import router_settings\n"
        "litellm_config.model_list(regions='both', tier=1), router_settings()\n"
        "heavy = 'litellm', 'openai', 'langchain_core'\n"
        "print([name for name in heavy if name in sys.modules])"
    )
    assert found == "[]"


def test_nothing_touches_the_network_at_import() -> None:
    """Of ours: with LiteLLM's own map kept local, the hook opens no connection."""
    found = _run(
        "import sys\n"
        "opened = []\n"
        "def watch(event, args):\n"
        "    if event == 'socket.connect': opened.append(args[1])\n"
        "sys.addaudithook(watch)\n"
        "import litellm_config.hooks\n"
        "print(opened)"
    )
    assert found == "[]"


def test_registering_twice_changes_nothing() -> None:
    """Nor does LiteLLM's habit of running the file of a callback by itself."""
    before = (
        [hook for hook in litellm.callbacks if hook is KIMI_HOOK],
        litellm.MoonshotChatConfig,
        litellm.main.get_llm_provider,
    )
    register()
    spec = importlib.util.spec_from_file_location("litellm_config.hooks", _HOOKS)
    assert spec
    assert spec.loader
    again = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(again)
    assert again.kimi_hook is KIMI_HOOK
    assert before == (
        [KIMI_HOOK],
        litellm.MoonshotChatConfig,
        litellm.main.get_llm_provider,
    )


@pytest.mark.parametrize("id", [*(model.id for model in current_models()), *ALIASES])
def test_ids_are_registered_with_their_prices(id: str) -> None:
    """Aliases too, at the price of the model that answers."""
    info = litellm.get_model_info(f"moonshot/{id}")
    assert info["litellm_provider"] == "moonshot"
    assert info["input_cost_per_token"] > 0
    assert info["supports_reasoning"]


@pytest.mark.parametrize("patch", PATCHES, ids=lambda patch: patch.name)
def test_a_patch_fits_this_litellm(patch: _patches.Patch) -> None:
    """And is in place; the other tests show what it mends."""
    assert patch.apply()


@pytest.mark.parametrize("patch", PATCHES, ids=lambda patch: patch.name)
@pytest.mark.parametrize(
    "change",
    [{"attribute": "gone"}, {"module": "litellm.gone"}, {"needs": ("gone",)}],
    ids=["attribute", "module", "parameter"],
)
def test_a_patch_that_does_not_fit_is_left_out_and_told_once(
    patch: _patches.Patch,
    change: Any,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The others are applied."""
    misfit = replace(patch, name=f"{patch.name} of another release", **change)
    rows = tuple(misfit if row is patch else row for row in PATCHES)
    monkeypatch.setattr(_patches, "PATCHES", rows)
    monkeypatch.setattr(_mending, "_TOLD", set())
    with caplog.at_level(logging.WARNING, "litellm_config"):
        first, second = _patches.apply_patches(), _patches.apply_patches()
    assert first == second == [row.name for row in PATCHES if row is not patch]
    (told,) = caplog.messages
    assert patch.mends in told


def test_without_patches_the_hook_does_what_it_can(kimi: Emulator) -> None:
    """In a process of its own, since a patch stays."""
    kimi.reply("Hi", usage={**_USAGE, "cached_tokens": 600})
    told = _run(
        "import asyncio, json, os, litellm, litellm_config\n"
        "litellm.suppress_debug_info = True\n"
        "before = litellm.MoonshotChatConfig, litellm.main.get_llm_provider\n"
        "litellm_config.register(patches=False)\n"
        "after = litellm.MoonshotChatConfig, litellm.main.get_llm_provider\n"
        "target = dict(api_key=os.environ['KEY'], api_base=os.environ['BASE'])\n"
        "ask = dict(messages=[{'role': 'user', 'content': 'Hello'}], temperature=0,\n"
        "    thinking={'type': 'disabled'}, **target)\n"
        "answer = asyncio.run(litellm.acompletion(model='moonshot/kimi-k2.6', **ask))\n"
        "cost = answer._hidden_params['response_cost']\n"
        "asyncio.run(litellm.acompletion(model='openai/kimi-k2.6', **ask))\n"
        "try:\n"
        "    litellm.completion(model='moonshot/kimi-k2.6', **ask)\n"
        "except litellm.UnsupportedParamsError:\n"
        "    print(json.dumps([before == after, cost]))",
        KEY=kimi.api_key,
        BASE=kimi.base_url,
    )
    unpatched, cost = json.loads(told)
    assert unpatched
    assert cost == pytest.approx((400 * 0.95 + 600 * 0.16 + 500 * 4) / 1e6, rel=1e-12)
    bodies = chats(kimi)
    assert [body["thinking"] for body in bodies] == [{"type": "disabled"}] * 2
    assert all("temperature" not in body for body in bodies)


def test_a_switch_of_another_provider_is_not_kept(kimi: Emulator) -> None:
    """`thinking=False` to a server of one's own, and nothing said to Kimi."""
    target = {"messages": _MESSAGES, "api_key": "sk", "api_base": kimi.base_url}
    with pytest.raises(litellm.exceptions.AuthenticationError):
        litellm.completion("openai/gpt-4o", thinking=False, max_retries=0, **target)
    target["api_key"] = kimi.api_key
    litellm.completion("moonshot/kimi-k2.6", **target)
    assert "thinking" not in chats(kimi)[-1]


def test_what_others_cached_is_found_again() -> None:
    """The key of a cached answer changes for Kimi only."""
    cache = litellm.Cache()
    kimi, other = (
        {
            cache.get_cache_key(model=model, messages=_MESSAGES, extra_body=extra)
            for extra in ({"thinking": {"type": "disabled"}}, {"a": 1}, None)
        }
        for model in ("moonshot/kimi-k2.6", "openai/gpt-4o")
    )
    assert (len(kimi), len(other)) == (3, 1)


def test_a_patched_provider_has_no_settings() -> None:
    """LiteLLM adds the public attributes of the class to requests."""
    assert litellm.MoonshotChatConfig.get_config() == {}


@pytest.mark.parametrize("version", ["1.82.7", "1.82.8", "1.107.0"])
def test_a_malicious_release_is_refused(
    version: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By everything that would import it, with what to do now."""
    monkeypatch.setattr(_versions, "installed_version", lambda: version)
    for load in (register, litellm_config.router, _run_hooks):
        with pytest.raises(RuntimeError, match=f"{version} is a compromised release"):
            load()


@pytest.mark.parametrize("version", ["1.106.2", "1.109.1"])
def test_any_other_release_passes(version: str) -> None:
    """What does not fit is a patch's own affair."""
    _versions.refuse_compromised(version)


def test_without_litellm_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """The dicts need none."""
    monkeypatch.setattr(_versions, "installed_version", lambda: None)
    with pytest.raises(ImportError, match=r"langchain-kimi\[litellm\]"):
        register()


def _run_hooks() -> None:
    spec = importlib.util.spec_from_file_location("hooks_again", _HOOKS)
    assert spec
    assert spec.loader
    spec.loader.exec_module(importlib.util.module_from_spec(spec))


@pytest.mark.parametrize("host", ["api.moonshot.ai", "api.moonshot.cn"])
@pytest.mark.parametrize("name", ["kimi-k3", "openai/kimi-k3"])
def test_moonshots_own_hosts_are_known(host: str, name: str) -> None:
    """By an id alone; LiteLLM compares the address with one that it never has."""
    base = f"https://{host}/v1"
    id, provider, _, found = litellm.get_llm_provider(name, api_base=base)
    assert (id, provider, found) == ("kimi-k3", "moonshot", base)


def test_an_old_deployment_of_a_router_is_moonshots() -> None:
    """LiteLLM knows no provider for an id alone, and refuses the Router."""
    target = {"api_base": "https://api.moonshot.cn/v1", "api_key": "sk-cn"}
    params = {"model": "kimi-k3", **target}
    router = litellm.Router(
        model_list=[{"model_name": "group", "litellm_params": params}]
    )
    assert router.get_model_names() == ["group"]


def test_a_strangers_host_is_sent_no_key_of_the_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It keeps its provider unless the key was given for it."""
    monkeypatch.setenv("MOONSHOT_API_KEY", "sk-secret")
    found = litellm.get_llm_provider(
        "openai/kimi-k3", api_base="https://example.com/v1"
    )
    assert found[1] == "openai"


async def test_an_address_without_its_version_gets_it(kimi: Emulator) -> None:
    """`https://api.moonshot.ai` alone answers 404."""
    await litellm.acompletion(
        "moonshot/kimi-k3",
        _MESSAGES,
        api_key=kimi.api_key,
        api_base=kimi.base_url.removesuffix("/v1"),
    )
    assert len(chats(kimi)) == 1


async def test_the_hook_sees_what_the_router_found_no_key_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Without patches it is the hook that leaves out a region without a key."""
    listed = litellm_config.model_list(regions="both")
    monkeypatch.setenv("MOONSHOT_API_KEY", "sk-global")
    kept = await KIMI_HOOK.async_filter_deployments("kimi", listed, None)
    assert {entry["model_info"]["id"].split("/")[1] for entry in kept} == {"global"}


@pytest.mark.parametrize("key", [None, "sk-cn", "os.environ/MY_KEY"])
def test_china_without_an_address_is_its_public_host(
    key: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """LiteLLM would send the key of China to the international platform."""
    monkeypatch.setenv("MOONSHOT_CN_API_KEY" if key is None else "MY_KEY", "sk-cn")
    listed = litellm_config.model_list(regions="china", api_key=key)
    router = litellm.Router(model_list=listed)
    hosts = {
        entry["litellm_params"]["api_base"] for entry in router.get_model_list() or []
    }
    assert hosts == {"https://api.moonshot.cn/v1"}


async def test_calls_to_others_are_left_alone() -> None:
    """Every call of the process passes the hook."""
    given = {"model": "gpt-5", "messages": _MESSAGES, "temperature": 0.5, "n": 2}
    for kind in ("acompletion", "aembedding", "anthropic_messages"):
        mended = await KIMI_HOOK.async_pre_call_deployment_hook(dict(given), kind)
        assert mended in (None, given)
