"""A client at work: what a probe builds, sends and looks at."""

import asyncio
import base64
import os
import pkgutil
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from importlib import import_module
from typing import Any

from langchain_kimi.emulator import Emulator
from tests.peers.clients import Client
from tests.peers.wording import brief

# 1 x 1 pixels.
PNG = base64.b64encode(
    bytes.fromhex(
        "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de"
        "0000000c49444154789c63f8cfc0000003010100c9fe92ef0000000049454e44ae426082"
    )
).decode()


class Missing(Exception):
    """The client has nothing for what the probe asks."""


class Peer:
    """A client beside an emulator of its own."""

    def __init__(self, client: Client, kimi: Emulator) -> None:
        self.client = client
        self.kimi = kimi
        self.models: list[Any] = []

    def model(self, model: str = "kimi-k3", **settings: Any) -> Any:
        """Return a model with settings that have a field of their own."""
        target = {"api_key": self.kimi.api_key}
        target[self.client.base_url] = self.kimi.base_url
        for name in settings:
            if not self.has(name):
                raise Missing(f"no setting {name}")
        return self.build(model=self.client.prefix + model, **target, **settings)

    def stretched(self, model: str = "kimi-k3", **body: Any) -> Any:
        """Return a model whose settings go into the body as they are."""
        if self.has("extra_body"):
            return self.model(model, extra_body=body)
        return self.model(model, model_kwargs={"extra_body": body})

    def build(self, **fields: Any) -> Any:
        """Return a model of just these fields; it is closed after the probe."""
        self.models.append(self.client.cls(**fields))
        return self.models[-1]

    def has(self, name: str) -> bool:
        """Whether the client has a setting of this name."""
        fields = self.client.cls.model_fields
        return name in fields or any(f.alias == name for f in fields.values())

    def method(self, thing: Any, name: str) -> Any:
        """Return what something has under a name."""
        if not hasattr(thing, name):
            raise Missing(f"no {name}")
        return getattr(thing, name)

    @property
    def body(self) -> dict[str, Any]:
        """The body of the last chat request."""
        return self.bodies[-1]

    @property
    def bodies(self) -> list[dict[str, Any]]:
        """The bodies of all chat requests."""
        path = "/v1/chat/completions"
        return [request.body for request in self.kimi.requests if request.path == path]

    def sent(self, name: str, value: object) -> None:
        """Check a setting of the last request."""
        found = self.body.get(name)
        assert found == value, f"sent {name}={found!r}"

    def public(self, word: str) -> Any:
        """Return the only public name of the package with a word in it."""
        package = import_module(self.client.module)
        for module in [package, *_submodules(package)]:
            for name in getattr(module, "__all__", ()):
                if word in name:
                    return getattr(module, name)
        raise Missing(f"no public name with {word!r} in it")

    def connected(self, word: str, **fields: Any) -> Any:
        """Build the public class with a word in its name, for this emulator."""
        target = {"api_key": self.kimi.api_key, "base_url": self.kimi.base_url}
        self.models.append(self.public(word)(**target, **fields))
        return self.models[-1]

    @property
    def sdk(self) -> Any:
        """The openai client inside of a model."""
        inside = getattr(self.model(), "root_client", None)
        if inside is None:
            raise Missing("no openai client inside of it")
        return inside

    def run(self, work: Callable[[], Awaitable[Any]]) -> Any:
        """Run a coroutine in an event loop of its own."""

        async def all_of_it() -> Any:
            try:
                return await work()
            finally:
                for model in self.models:
                    if hasattr(model, "aclose"):
                        await model.aclose()

        return asyncio.run(all_of_it())

    @contextmanager
    def environment(self, **variables: str) -> Iterator[None]:
        """Set environment variables for a while."""
        before = dict(os.environ)
        os.environ.update(variables)
        try:
            yield
        finally:
            os.environ.clear()
            os.environ.update(before)

    def close(self) -> None:
        """Close what the probe has built, where it can be closed."""
        for model in self.models:
            if hasattr(model, "close"):
                model.close()


def _submodules(package: Any) -> Iterator[Any]:
    for found in pkgutil.iter_modules(package.__path__):
        if not found.name.startswith("_"):
            with suppress(ImportError):
                yield import_module(f"{package.__name__}.{found.name}")


def stream(runnable: Any, given: Any, **settings: Any) -> Any:
    """Return all chunks of a stream as one."""
    whole = None
    for chunk in runnable.stream(given, **settings):
        whole = chunk if whole is None else whole + chunk
    return whole


def reasoning_of(message: Any) -> str:
    """Return the reasoning, from where LangChain's clients put it."""
    blocks = [
        block.get("reasoning", "")
        for block in message.content_blocks
        if block["type"] == "reasoning"
    ]
    return "".join(blocks) or message.additional_kwargs.get("reasoning_content", "")


def refuse(peer: Peer, call: Callable[[], object], *words: str) -> None:
    """Check that a call fails, by these words, before anything is sent."""
    try:
        call()
    except Missing:
        raise
    except Exception as error:
        assert not peer.kimi.requests, f"sent; {brief(error)}"
        missing = [word for word in words if word not in str(error)]
        assert not missing, f"refused without a way out: {brief(error)}"
    else:
        raise AssertionError("sent, and nothing was said")
