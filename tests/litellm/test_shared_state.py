"""Two processes and one real Redis: cooldowns, limits and answers are shared.

Without redis-server these tests are skipped, unless KIMI_REQUIRE_REDIS is set, as CI
does: then they fail.
"""

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import openai
import pytest
import redis
import yaml

from langchain_kimi.emulator import Emulator
from litellm_config import model_list
from tests.litellm.proxies import (
    MASTER_KEY,
    ROOT,
    SHIPPED,
    free_port,
    running_proxy,
)

_COOLING = "kimi-k3.1-pro-low"


@pytest.fixture(scope="module")
def redis_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A Redis of the tests' own."""
    command = shutil.which("redis-server")
    if command is None:
        missing = "redis-server is not installed (Debian: apt-get install redis-server)"
        if os.environ.get("KIMI_REQUIRE_REDIS"):
            pytest.fail(missing)
        pytest.skip(missing)
    port = free_port()
    process = subprocess.Popen(
        [command, "--port", str(port), "--save", "", "--bind", "127.0.0.1"],
        cwd=tmp_path_factory.mktemp("redis"),
        stdout=subprocess.DEVNULL,
    )
    try:
        _wait_for_redis(port)
        yield f"redis://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(timeout=30)


def _wait_for_redis(port: int) -> None:
    deadline = time.monotonic() + 30
    with redis.Redis(port=port) as client:
        while time.monotonic() < deadline:
            try:
                client.ping()
            except redis.ConnectionError:
                time.sleep(0.05)
            else:
                return
    pytest.fail("redis-server did not start")


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """Two proxies on the same config, and the platforms behind them."""

    first: openai.OpenAI
    second: openai.OpenAI
    kimi: Emulator
    china: Emulator


@pytest.fixture(scope="module")
def proxies(redis_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    """Two instances of the shipped config, for an account of tier 0."""
    directory = tmp_path_factory.mktemp("config")
    shutil.copy(SHIPPED / "proxy.redis.yaml", directory)
    limited = {"model_list": model_list(regions="both", tier=0)}
    (directory / "models.include.yaml").write_text(yaml.safe_dump(limited))
    with ExitStack() as stack:
        kimi, china = stack.enter_context(Emulator()), stack.enter_context(Emulator())
        environment = {
            "MOONSHOT_API_KEY": "sk-global",
            "MOONSHOT_API_BASE": kimi.base_url,
            "MOONSHOT_CN_API_KEY": "sk-china",
            "MOONSHOT_CN_API_BASE": china.base_url,
            "REDIS_URL": redis_url,
        }
        clients: list[openai.OpenAI] = []
        for name in ("first", "second"):
            log = tmp_path_factory.mktemp(name) / "proxy.log"
            running = running_proxy(directory / "proxy.redis.yaml", environment, log)
            clients.append(
                stack.enter_context(
                    openai.OpenAI(
                        base_url=f"{stack.enter_context(running)}/v1",
                        api_key=MASTER_KEY,
                        max_retries=0,
                    )
                )
            )
        yield Pair(first=clients[0], second=clients[1], kimi=kimi, china=china)


@pytest.fixture
def pair(proxies: Pair) -> Pair:
    """The proxies, with nothing asked yet."""
    proxies.kimi.requests.clear()
    proxies.china.requests.clear()
    return proxies


def _ask(client: openai.OpenAI, model: str, words: str = "hi", **more: Any) -> Any:
    messages: Any = [{"role": "user", "content": words}]
    return client.chat.completions.create(model=model, messages=messages, **more)


def test_a_proxy_leaves_alone_what_failed_for_another(pair: Pair) -> None:
    """The second never asks the platform that was overloaded for the first."""
    pair.kimi.fail("engine_overloaded_error")
    _ask(pair.first, _COOLING)
    assert (len(pair.kimi.requests), len(pair.china.requests)) == (1, 1)
    for _ in range(2):
        _ask(pair.second, _COOLING)
    assert (len(pair.kimi.requests), len(pair.china.requests)) == (1, 3)


def test_a_proxy_answers_from_what_another_was_told(pair: Pair) -> None:
    """Where the request asks for the cache; without that every call is a call."""
    asked = {"extra_body": {"cache": {"use-cache": True}}}
    told = _ask(pair.first, "kimi-k3-low", "once", **asked)
    again = _ask(pair.second, "kimi-k3-low", "once", **asked)
    assert again.choices[0].message.content == told.choices[0].message.content
    assert len(pair.kimi.requests) == 1
    _ask(pair.second, "kimi-k3-low", "once")
    assert len(pair.kimi.requests) == 2


def test_proxies_keep_to_one_limit_together(pair: Pair) -> None:
    """Three requests a minute to a platform; the rest goes to the other one."""
    # The window is the minute of the clock: one that ends meanwhile is left for the
    # next, with deployments that have not been asked.
    for group in ("kimi-k3-high", "kimi-k3-max", "kimi-k3.1-pro-max"):
        minute = time.time() // 60
        before = len(pair.kimi.requests), len(pair.china.requests)
        for client in [pair.first, pair.second] * 3:
            _ask(client, group)
        if time.time() // 60 == minute:
            break
    asked = len(pair.kimi.requests), len(pair.china.requests)
    assert [now - then for now, then in zip(asked, before, strict=True)] == [3, 3]


class Worker:
    """A Router in a process of its own; see `router_worker`."""

    def __init__(self, environment: dict[str, str], **options: Any) -> None:
        module = [sys.executable, "-W", "ignore", "-m", "tests.litellm.router_worker"]
        self._process = subprocess.Popen(
            [*module, json.dumps(options)],
            cwd=ROOT,
            env=os.environ | environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def ask(self, model: str, words: str = "hi") -> Any:
        """Return what one call came to: its text, or its error's class."""
        assert self._process.stdin
        messages = [{"role": "user", "content": words}]
        line = json.dumps({"model": model, "messages": messages})
        self._process.stdin.write(f"{line}\n")
        self._process.stdin.flush()
        return self.hear()

    def hear(self) -> Any:
        """Return what it says next; LiteLLM's own words are passed over."""
        assert self._process.stdout
        for line in self._process.stdout:
            if line.startswith("@"):
                return json.loads(line[1:])
        pytest.fail("the worker ended")

    def close(self) -> None:
        """End the process."""
        self._process.communicate(timeout=60)


@dataclass(frozen=True, slots=True, kw_only=True)
class Workers:
    """Two processes with a Router each, and the platforms behind them."""

    first: Worker
    second: Worker
    kimi: Emulator
    china: Emulator


@pytest.fixture(scope="module")
def workers(redis_url: str) -> Iterator[Workers]:
    """Two Routers whose account may send three requests a minute to a deployment."""
    with ExitStack() as stack:
        kimi, china = stack.enter_context(Emulator()), stack.enter_context(Emulator())
        environment = {
            "MOONSHOT_API_KEY": "sk-global",
            "MOONSHOT_API_BASE": kimi.base_url,
            "MOONSHOT_CN_API_KEY": "sk-china",
            "MOONSHOT_CN_API_BASE": china.base_url,
            # A database of its own: the proxies' deployments have the same ids.
            "REDIS_URL": f"{redis_url}/1",
        }
        pair = [Worker(environment, tier=0) for _ in range(2)]
        for worker in pair:
            stack.callback(worker.close)
            worker.hear()
        yield Workers(first=pair[0], second=pair[1], kimi=kimi, china=china)


def test_a_router_leaves_alone_what_failed_for_another(workers: Workers) -> None:
    """The second never asks the platform that was overloaded for the first."""
    workers.kimi.fail("engine_overloaded_error")
    workers.first.ask(_COOLING)
    asked = len(workers.kimi.requests)
    assert "text" in workers.second.ask(_COOLING, "another")
    assert len(workers.kimi.requests) == asked == 1


def test_a_router_answers_from_what_another_was_told(workers: Workers) -> None:
    """The same prompt to the same group is asked once."""
    told = workers.first.ask("kimi-k2.6-instant", "once")
    asked = len(workers.kimi.requests) + len(workers.china.requests)
    assert workers.second.ask("kimi-k2.6-instant", "once") == told
    assert len(workers.kimi.requests) + len(workers.china.requests) == asked


def test_routers_keep_to_one_limit_together(workers: Workers) -> None:
    """Three requests a minute to each platform, whoever sends them."""
    # The window is the minute of the clock: one that ends meanwhile is left for the
    # next, with deployments that have not been asked.
    for group in ("kimi-k3-low", "kimi-k3-high", "kimi-k3-max"):
        minute = time.time() // 60
        before = len(workers.kimi.requests), len(workers.china.requests)
        both = [workers.first, workers.second] * 5
        told = [worker.ask(group, str(turn)) for turn, worker in enumerate(both)]
        if time.time() // 60 == minute:
            break
    asked = len(workers.kimi.requests), len(workers.china.requests)
    sent = [after - first for after, first in zip(asked, before, strict=True)]
    assert max(sent) <= 3
    assert [each for each in told if "error" in each]
    assert sum("text" in each for each in told) == sum(sent)
