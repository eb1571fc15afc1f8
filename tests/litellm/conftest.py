"""What the tests of LiteLLM share: one registration, one real proxy a session."""

import gc
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import litellm
import pytest
import yaml

from langchain_kimi.catalogue import ALIASES, current_models
from langchain_kimi.emulator import Emulator
from litellm_config import model_list, register
from litellm_config._router_settings import router_settings

_ROOT = Path(__file__).parent.parent.parent
# The proxy refuses keys that are known from examples.
_MASTER_KEY = "sk-kimi-master-of-the-tests"
_READY = "Uvicorn running on"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """litellm's own code warns at every turn; what it does is what is tested."""
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.filterwarnings("ignore"))


@pytest.fixture(scope="session", autouse=True)
def registered() -> None:
    """As a user does once a process."""
    litellm.suppress_debug_info = True
    register()


_CALLBACKS = (
    "callbacks",
    "success_callback",
    "_async_success_callback",
    "failure_callback",
    "_async_failure_callback",
)


@pytest.fixture(autouse=True)
def callbacks() -> Iterator[None]:
    """Take away what the test's Routers left: LiteLLM keeps 100 callbacks a process.

    The next one is not added, in silence: such a Router knows no cooldowns.
    """
    before = {name: list(getattr(litellm, name)) for name in _CALLBACKS}
    yield
    for name, kept in before.items():
        setattr(litellm, name, kept)
    # LiteLLM closes no connection: collected later, they would warn in other tests.
    gc.freeze()


def chats(kimi: Emulator) -> list[Any]:
    """The bodies of the chat requests; a proxy also lists the models when it starts."""
    return [
        request.body
        for request in list(kimi.requests)
        if request.path.endswith("/chat/completions")
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class Proxy:
    """A running proxy, and the platforms that it was told of."""

    base_url: str
    api_key: str
    kimi: Emulator
    china: Emulator
    """It has no key for this one."""


@pytest.fixture(scope="session")
def started_proxy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxy]:
    """The command that a user runs, on a YAML of ours, once for all tests."""
    path = tmp_path_factory.mktemp("proxy") / "config.yaml"
    path.write_text(yaml.safe_dump(_config()))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with Emulator() as kimi, Emulator() as china:
        process = _start(path, port, kimi, china)
        drain = threading.Thread(target=process.communicate, daemon=True)
        try:
            _wait(process)
            # Nobody reads on: the proxy must not wait for a full pipe.
            drain.start()
            yield Proxy(
                base_url=f"http://127.0.0.1:{port}",
                api_key=_MASTER_KEY,
                kimi=kimi,
                china=china,
            )
        finally:
            process.terminate()
            process.wait(timeout=30)
            if drain.ident:
                drain.join(timeout=30)


@pytest.fixture
def proxy(started_proxy: Proxy) -> Proxy:
    """The proxy, as if nothing had been asked yet."""
    started_proxy.kimi.requests.clear()
    assert not started_proxy.kimi.pending
    return started_proxy


def _config() -> dict[str, Any]:
    # What old examples show.
    old = [
        {
            "model_name": f"openai/{id}",
            "litellm_params": {
                "model": f"openai/{id}",
                "api_base": "os.environ/MOONSHOT_API_BASE",
                "api_key": "os.environ/MOONSHOT_API_KEY",
            },
        }
        for id in (*(model.id for model in current_models()), *ALIASES)
    ]
    # No cooldowns: a test must not be told of the failures of another. No fallbacks:
    # what one model refuses is not to be answered by the next.
    settings = router_settings(disable_cooldowns=True, retry_after=0, fallbacks=[])
    return {
        "model_list": model_list(regions="both", extra=old),
        "router_settings": settings,
        "litellm_settings": {"callbacks": ["litellm_config.hooks.kimi_hook"]},
        "general_settings": {"master_key": "os.environ/LITELLM_MASTER_KEY"},
    }


def _start(
    path: Path, port: int, kimi: Emulator, china: Emulator
) -> subprocess.Popen[str]:
    command = [Path(sys.executable).with_name("litellm"), "--config", path]
    environment = os.environ | {
        "LITELLM_MASTER_KEY": _MASTER_KEY,
        "MOONSHOT_API_KEY": kimi.api_key,
        "MOONSHOT_API_BASE": kimi.base_url,
        "MOONSHOT_CN_API_BASE": china.base_url,
        "PYTHONPATH": str(_ROOT),
        "PYTHONUNBUFFERED": "1",
        "NO_PROXY": "127.0.0.1",
    }
    return subprocess.Popen(
        [*command, "--host", "127.0.0.1", "--port", str(port)],
        env=environment,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )


def _wait(process: subprocess.Popen[str]) -> None:
    """Read what the proxy says until it is ready."""
    assert process.stdout
    said: list[str] = []
    for line in process.stdout:
        said.append(line)
        if _READY in line:
            return
    pytest.fail("".join(["the proxy did not start:\n", *said[-40:]]))
