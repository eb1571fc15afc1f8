"""What the tests of LiteLLM share: one registration, one real proxy a session."""

import gc
import warnings
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
from tests.litellm.proxies import MASTER_KEY, running_proxy


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


@pytest.fixture(scope="module", autouse=True)
def closed_clients() -> Iterator[None]:
    """Let go of what LiteLLM leaves open, here and not in a test of something else."""
    yield
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        litellm.in_memory_llm_clients_cache.flush_cache()
        gc.collect()


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
    with Emulator() as kimi, Emulator() as china:
        environment = {
            "MOONSHOT_API_KEY": kimi.api_key,
            "MOONSHOT_API_BASE": kimi.base_url,
            "MOONSHOT_CN_API_BASE": china.base_url,
        }
        with running_proxy(path, environment, path.with_name("log")) as base_url:
            yield Proxy(base_url=base_url, api_key=MASTER_KEY, kimi=kimi, china=china)


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
