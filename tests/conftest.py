"""What every test shares: no keys or hosts of the machine, an emulator, four calls."""

import inspect
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from langchain_core.messages import AIMessage

from langchain_kimi import ChatKimi
from langchain_kimi.emulator import Emulator

os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"
os.environ["LANGSMITH_TRACING"] = "false"

_VARIABLES = (
    "MOONSHOT_API_KEY",
    "MOONSHOT_CN_API_KEY",
    "KIMI_API_KEY",
    "MOONSHOT_API_BASE",
    "MOONSHOT_BASE_URL",
    "KIMI_BASE_URL",
    "OPENAI_API_KEY",
    "OPENAI_BASE_URL",
    "ANTHROPIC_API_KEY",
    "ANTHROPIC_AUTH_TOKEN",
    "ANTHROPIC_BASE_URL",
    "ANTHROPIC_API_URL",
)

Ask = Callable[..., Awaitable[AIMessage]]
"""`await ask(runnable, input, **settings)` -> the whole answer."""
Chat = Callable[..., ChatKimi]
"""`chat(**fields)` -> a model of the test's emulator."""


@pytest.fixture(autouse=True)
def no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the machine's own keys and hosts out of every test."""
    for variable in _VARIABLES:
        monkeypatch.delenv(variable, raising=False)


@pytest.fixture(autouse=True)
def no_certificates(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Load none: the emulator speaks plain HTTP, and they take 50 ms a client."""
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path))


@pytest.fixture
def kimi() -> Iterator[Emulator]:
    """A local Kimi API of the test's own."""
    with Emulator() as emulator:
        yield emulator


@pytest.fixture
async def chat(kimi: Emulator) -> AsyncIterator[Chat]:
    """Builds models of the emulator, and closes them."""
    models: list[ChatKimi] = []

    def build(**fields: Any) -> ChatKimi:
        target = {"api_key": kimi.api_key, "base_url": kimi.base_url}
        models.append(ChatKimi(**{**target, **fields}))
        return models[-1]

    yield build
    for model in models:
        model.close()
        await model.aclose()


async def _invoke(runnable: Any, given: Any, **settings: Any) -> Any:
    return runnable.invoke(given, **settings)


async def _ainvoke(runnable: Any, given: Any, **settings: Any) -> Any:
    return await runnable.ainvoke(given, **settings)


async def _stream(runnable: Any, given: Any, **settings: Any) -> Any:
    whole = None
    for chunk in runnable.stream(given, **settings):
        whole = chunk if whole is None else whole + chunk
    return whole


async def _astream(runnable: Any, given: Any, **settings: Any) -> Any:
    whole = None
    async for chunk in runnable.astream(given, **settings):
        whole = chunk if whole is None else whole + chunk
    return whole


_CALLS = {
    "invoke": _invoke,
    "ainvoke": _ainvoke,
    "stream": _stream,
    "astream": _astream,
}


@pytest.fixture(params=list(_CALLS))
def ask(request: pytest.FixtureRequest) -> Ask:
    """Sync and async, streaming and not: each test of it runs four times."""
    return _CALLS[request.param]


@pytest.fixture(params=["stream", "astream"])
def ask_stream(request: pytest.FixtureRequest) -> Ask:
    """Streaming only, sync and async."""
    return _CALLS[request.param]


class Twins:
    """Calls a method of an object, or its async twin, which must do the same."""

    def __init__(self, target: Any, kind: str) -> None:
        self.target = target
        self.kind = kind

    async def __call__(self, name: str, *given: Any, **settings: Any) -> Any:
        """Return what the method returns; of an iterator, all of it in a list."""
        names = {"wait": "await_"} if self.kind == "async" else {}
        prefix = "a" if self.kind == "async" else ""
        method = getattr(self.target, names.get(name, prefix + name))
        found = method(*given, **settings)
        if inspect.isasyncgen(found):
            return [item async for item in found]
        if inspect.isgenerator(found):
            return list(found)
        return await found if inspect.isawaitable(found) else found


@pytest.fixture(params=["sync", "async"])
async def twins(
    request: pytest.FixtureRequest,
) -> AsyncIterator[Callable[[Any], Twins]]:
    """`twins(object)` calls sync or async; both connections are closed at the end."""
    made: list[Any] = []

    def build(target: Any) -> Twins:
        made.append(target)
        return Twins(target, request.param)

    yield build
    for target in made:
        if hasattr(target, "aclose"):
            target.close()
            await target.aclose()
