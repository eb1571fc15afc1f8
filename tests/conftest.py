"""What every test shares: no keys or hosts of the machine, and an emulator."""

import os
from collections.abc import Iterator

import pytest

from langchain_kimi.emulator import Emulator

os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"
os.environ["LANGSMITH_TRACING"] = "false"

_VARIABLES = (
    "MOONSHOT_API_KEY",
    "KIMI_API_KEY",
    "MOONSHOT_API_BASE",
    "MOONSHOT_BASE_URL",
    "KIMI_BASE_URL",
    "OPENAI_API_KEY",
    "OPENAI_BASE_URL",
)


@pytest.fixture(autouse=True)
def no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the machine's own keys and hosts out of every test."""
    for variable in _VARIABLES:
        monkeypatch.delenv(variable, raising=False)


@pytest.fixture
def kimi() -> Iterator[Emulator]:
    """A local Kimi API of the test's own."""
    with Emulator() as emulator:
        yield emulator
