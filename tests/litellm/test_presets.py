"""The shipped configs: as written, right, and served by the real proxy."""

import json
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import litellm
import openai
import pytest
import yaml

from langchain_kimi.catalogue import ALIASES, MODELS, current_models, find_model
from langchain_kimi.emulator import Emulator
from litellm_config import model_list
from litellm_config.__main__ import main
from litellm_config._groups import list_groups
from litellm_config._preset_files import find_stale
from litellm_config._presets import list_presets
from litellm_config._validation import Known, load_known, validate
from tests.litellm.proxies import MASTER_KEY, SHIPPED, running_proxy

_FILES = [preset.file for preset in list_presets()]
_GROUPS = {group.name: group for group in list_groups()}
_HELLO = [{"role": "user", "content": "hi"}]


def _models(file: str) -> list[dict[str, Any]]:
    return yaml.safe_load((SHIPPED / file).read_text())["model_list"]


def test_the_shipped_files_are_as_they_would_be_written() -> None:
    """Else: python -m litellm_config write --force litellm_config."""
    assert find_stale(SHIPPED) == []
    assert {path.name for path in SHIPPED.glob("*.yaml")} == set(_FILES)


@pytest.fixture(scope="module")
def known() -> Known:
    """What the installed LiteLLM accepts."""
    return load_known()


@pytest.mark.parametrize("file", _FILES)
def test_a_shipped_file_is_right(file: str, known: Known) -> None:
    """With every variable set that it asks for."""
    (preset,) = [preset for preset in list_presets() if preset.file == file]
    environment = dict.fromkeys(preset.variables, "set")
    found = validate(
        SHIPPED / file, known, environment=environment, today=date(2026, 11, 22)
    )
    assert found == []


def test_the_files_hold_the_whole_list() -> None:
    """Read back from YAML they are what `model_list` returns."""
    assert _models("proxy.yaml") == model_list()
    assert _models("proxy.china.yaml") == model_list(regions="china")
    assert _models("proxy.multi-region.yaml") == model_list(regions="both")
    assert _models("models.include.yaml") == model_list(regions="both")
    included = yaml.safe_load((SHIPPED / "models.include.yaml").read_text())
    assert set(included) == {"model_list", "credential_list"}


def test_files_are_written_and_edited_ones_kept(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nobody's work is overwritten unasked, in whatever encoding it is."""
    target = tmp_path / "new"
    assert main(["write", "--check", str(target)]) == 1
    assert main(["write", str(target)]) == 0
    assert main(["write", "--check", str(target)]) == 0
    edited = target / "proxy.yaml"
    edited.write_bytes(b"model_list: []  # \xe9\n")
    capsys.readouterr()
    assert main(["write", str(target)]) == 1
    assert edited.read_bytes() == b"model_list: []  # \xe9\n"
    assert "proxy.yaml: was edited" in capsys.readouterr().err
    assert main(["write", "--force", str(target)]) == 0
    assert find_stale(target) == []


def test_the_groups_are_shown(capsys: pytest.CaptureFixture[str]) -> None:
    """A line each, of at most 100 columns."""
    assert main(["show"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) <= 100
    shown = {line.split()[0]: line.split() for line in lines if "  " in line}
    assert set(_GROUPS) <= set(shown)
    row = ["kimi-k3-low", "kimi-k3", "1M", "low", "3.00", "15.00", "0.30", "g+c", "-"]
    assert shown["kimi-k3-low"] == row
    assert shown["kimi-k2.6-instant"][3] == "off"
    assert shown["kimi-k2.6"][-1] == "2026-12-31"


@dataclass(frozen=True, slots=True, kw_only=True)
class Started:
    """A proxy on a shipped config, and the platforms behind it."""

    client: openai.OpenAI
    base_url: str
    kimi: Emulator
    china: Emulator


def _start(
    stack: ExitStack,
    file: str,
    directory: Path,
    models: list[str] | None = None,
    **keys: str,
) -> Started:
    kimi = stack.enter_context(Emulator(models=models))
    china = stack.enter_context(Emulator(models=models))
    environment = {
        "MOONSHOT_API_BASE": kimi.base_url,
        "MOONSHOT_CN_API_BASE": china.base_url,
        "MOONSHOT_ANTHROPIC_BASE": _root(kimi) + "/anthropic",
        "MOONSHOT_CN_ANTHROPIC_BASE": _root(china) + "/anthropic",
        "KIMI_VLLM_BASE": kimi.base_url,
        "KIMI_SGLANG_BASE": china.base_url,
    }
    log = directory / "proxy.log"
    running = running_proxy(SHIPPED / file, environment | keys, log)
    base_url = stack.enter_context(running)
    client = openai.OpenAI(base_url=f"{base_url}/v1", api_key=MASTER_KEY, max_retries=0)
    stack.callback(client.close)
    return Started(client=client, base_url=base_url, kimi=kimi, china=china)


def _root(kimi: Emulator) -> str:
    return kimi.base_url.removesuffix("/v1")


# One at a time: pytest closes the one of a parameter before it makes the next.
@pytest.fixture(scope="module", params=["proxy.yaml", "proxy.china.yaml"])
def one_region(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Started, Emulator]]:
    """A proxy for one platform, and that platform."""
    with ExitStack() as stack:
        directory = tmp_path_factory.mktemp("one")
        is_china = "china" in request.param
        key = "MOONSHOT_CN_API_KEY" if is_china else "MOONSHOT_API_KEY"
        started = _start(stack, request.param, directory, **{key: "sk-one"})
        yield started, started.china if is_china else started.kimi


def _sent(kimi: Emulator) -> dict[str, Any]:
    body = kimi.requests[-1].body
    return {
        "model": body["model"],
        "effort": body.get("reasoning_effort"),
        "thinking": body.get("thinking"),
        "sampling": sorted({"temperature", "top_p", "n"} & set(body)),
        "key": kimi.requests[-1].headers["Authorization"],
    }


def _expected(name: str) -> dict[str, Any]:
    group = _GROUPS[name]
    return {
        "model": group.model.id,
        "effort": group.effort,
        "thinking": {"type": "disabled"} if name in ALIASES else None,
        "sampling": [],
        "key": "Bearer sk-one",
    }


def test_every_group_is_served(one_region: tuple[Started, Emulator]) -> None:
    """At its platform, with its model, effort and thinking, and its key."""
    started, platform = one_region
    listed = [model.id for model in started.client.models.list()]
    assert set(listed) == set(_GROUPS)
    sent: dict[str, Any] = {}
    for name in _GROUPS:
        answer = started.client.chat.completions.create(
            model=name, messages=_HELLO, temperature=0.3, top_p=0.5
        )
        assert '"hi"' in str(answer.choices[0].message.content)
        sent[name] = _sent(platform)
    assert sent == {name: _expected(name) for name in _GROUPS}
    others = {id(started.kimi), id(started.china)} - {id(platform)}
    assert [e.requests for e in (started.kimi, started.china) if id(e) in others] == [
        []
    ]


def test_a_call_costs_what_the_catalogue_says(
    one_region: tuple[Started, Emulator],
) -> None:
    """By the header that the proxy's budgets go by; cached tokens at their price."""
    started, platform = one_region
    usage = {
        "prompt_tokens": 1000,
        "completion_tokens": 100,
        "total_tokens": 1100,
        "cached_tokens": 600,
    }
    for name in ("kimi-k2.7-code-highspeed", "kimi-k3.1-pro"):
        platform.reply("ok", usage=usage)
        raw = started.client.chat.completions.with_raw_response.create(
            model=name, messages=_HELLO
        )
        row = find_model(name)
        assert row
        assert row.prices
        prices = row.prices
        dollars = (
            400 * prices.input + 600 * (prices.cache_hit or 0) + 100 * prices.output
        )
        cost = float(raw.headers["x-litellm-response-cost"])
        assert cost == pytest.approx(dollars / 1e6)


@pytest.fixture(scope="module")
def two_regions(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Started]:
    """A proxy for both platforms, whose accounts may not use the newest model."""
    with ExitStack() as stack:
        keys = {"MOONSHOT_API_KEY": "sk-global", "MOONSHOT_CN_API_KEY": "sk-china"}
        directory = tmp_path_factory.mktemp("two")
        models = [model.id for model in current_models()[1:]]
        yield _start(stack, "proxy.multi-region.yaml", directory, models, **keys)


def test_the_second_region_answers_while_the_first_is_overloaded(
    two_regions: Started,
) -> None:
    """With its own key; the first one is left alone until it has cooled down."""
    kimi, china = two_regions.kimi, two_regions.china
    ask = two_regions.client.chat.completions.create
    ask(model="kimi-k3-low", messages=_HELLO)
    assert (len(kimi.requests), len(china.requests)) == (1, 0)
    kimi.fail("engine_overloaded_error")
    for _ in range(3):
        ask(model="kimi-k3-low", messages=_HELLO)
    assert (len(kimi.requests), len(china.requests)) == (2, 3)
    keys = [each.requests[-1].headers["Authorization"] for each in (kimi, china)]
    assert keys == ["Bearer sk-global", "Bearer sk-china"]


def test_the_next_model_answers_where_no_region_can(two_regions: Started) -> None:
    """By the fallbacks of the file, at the same effort."""
    kimi, china = two_regions.kimi, two_regions.china
    kimi.requests.clear()
    china.requests.clear()
    answer = two_regions.client.chat.completions.create(
        model="kimi-k3.1-pro-high", messages=_HELLO
    )
    assert '"hi"' in str(answer.choices[0].message.content)
    asked = [*kimi.requests, *china.requests]
    assert {request.body["model"] for request in asked} == {"kimi-k3.1-pro", "kimi-k3"}
    assert {request.body["reasoning_effort"] for request in asked} == {"high"}


@pytest.fixture(scope="module")
def own_servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Started]:
    """A proxy for vLLM (`kimi`) and SGLang (`china`)."""
    with ExitStack() as stack:
        keys = {"KIMI_VLLM_API_KEY": "sk-vllm", "KIMI_SGLANG_API_KEY": "sk-sglang"}
        directory = tmp_path_factory.mktemp("own")
        yield _start(stack, "proxy.selfhosted.yaml", directory, **keys)


def test_servers_of_ones_own_share_the_requests(own_servers: Started) -> None:
    """The switch is the chat template's; reasoning comes by vLLM's name for it."""
    weights = next(model for model in MODELS if model.weights)
    message = {"role": "assistant", "content": "yes", "reasoning": "hm"}
    body = {
        "id": "1",
        "object": "chat.completion",
        "created": 1,
        "model": weights.weights,
        "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2},
    }
    servers = (own_servers.kimi, own_servers.china)
    seen: set[tuple[int, str]] = set()
    for group in [weights.id, f"{weights.id}-instant", "kimi"] * 8:
        for server in servers:
            while server.pending < 1:
                server.send(json.dumps(body).encode())
        answer = own_servers.client.chat.completions.create(
            model=group, messages=_HELLO
        )
        assert answer.choices[0].message.model_dump()["reasoning_content"] == "hm"
        seen |= {
            (index, json.dumps(request.body.get("chat_template_kwargs")))
            for index, server in enumerate(servers)
            for request in server.requests
            if request.path.endswith("/chat/completions")
        }
    assert {index for index, _ in seen} == {0, 1}
    assert '{"thinking": false}' in {switch for _, switch in seen}


def test_claude_codes_address_is_the_public_one_if_none_is_set(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Of each region; never Anthropic's, and never the one of Kimi's own form."""
    monkeypatch.setenv("MOONSHOT_API_KEY", "sk-one")
    monkeypatch.setenv("MOONSHOT_CN_API_KEY", "sk-two")
    monkeypatch.setenv("MOONSHOT_API_BASE", "http://127.0.0.1:1/v1")
    router: Any = litellm.Router(model_list=_models("proxy.claude-code.yaml"))
    bases = {entry["litellm_params"]["api_base"] for entry in router.model_list}
    assert bases == {
        "https://api.moonshot.ai/anthropic",
        "https://api.moonshot.cn/anthropic",
    }


@pytest.fixture(scope="module")
def claude_code(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Started]:
    """A proxy for Claude Code."""
    with ExitStack() as stack:
        directory = tmp_path_factory.mktemp("claude")
        yield _start(
            stack, "proxy.claude-code.yaml", directory, MOONSHOT_API_KEY="sk-one"
        )


def _post(url: str, body: dict[str, Any]) -> tuple[float, dict[str, Any]]:
    """Return the cost that the proxy told, and the answer."""
    headers = {
        "Authorization": f"Bearer {MASTER_KEY}",
        "Content-Type": "application/json",
    }
    request = Request(url, json.dumps(body).encode(), headers)  # noqa: S310 - our own
    with urlopen(request) as answer:  # noqa: S310
        return float(answer.headers["x-litellm-response-cost"]), json.load(answer)


@pytest.mark.parametrize(
    ("name", "model"),
    [
        ("claude-opus-4-8", "kimi-k3.1-pro"),
        ("claude-sonnet-5", "kimi-k3"),
        ("claude-haiku-4-5-20251001", "kimi-k2.6"),
        ("kimi-k2.7-code", "kimi-k2.7-code"),
    ],
)
def test_claude_code_reaches_kimis_own_endpoint(
    claude_code: Started, name: str, model: str
) -> None:
    """Its request goes through as it is, with a Bearer header."""
    answer = {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": model,
        "content": [
            {"type": "thinking", "thinking": "hm", "signature": "s"},
            {"type": "text", "text": "yes"},
        ],
        "stop_reason": "end_turn",
        "stop_sequence": None,
        "usage": {"input_tokens": 1000, "output_tokens": 100},
    }
    kimi = claude_code.kimi
    kimi.send(json.dumps(answer).encode(), path="/anthropic/*")
    cached = {"type": "text", "text": "hi", "cache_control": {"type": "ephemeral"}}
    sent = {
        "model": name,
        "max_tokens": 50,
        "messages": [{"role": "user", "content": [cached]}],
        "thinking": {"type": "disabled"},
    }
    cost, told = _post(f"{claude_code.base_url}/v1/messages", sent)
    assert told["content"] == answer["content"]
    row = find_model(model)
    assert row
    assert row.prices
    assert cost == pytest.approx(
        (1000 * row.prices.input + 100 * row.prices.output) / 1e6
    )
    request = kimi.requests[-1]
    assert request.path == "/anthropic/v1/messages"
    assert request.headers["Authorization"] == "Bearer sk-one"
    assert "x-api-key" not in {header.lower() for header in request.headers}
    assert {**request.body, "stream": None} == {**sent, "model": model, "stream": None}
    assert claude_code.china.requests == []
