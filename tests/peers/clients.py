"""The clients that are compared: how a user of each would set it up for Kimi."""

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """One chat model, in one package."""

    title: str
    package: str
    """What `pip install` calls it."""
    module: str
    name: str
    provider: str
    """How `init_chat_model` is asked for it."""
    base_url: str = "base_url"
    """The field that takes the address of the API."""
    variables: Mapping[str, str]
    """The environment variables that it reads; the values are fields of the probe."""
    prefix: str = ""
    """What stands before the id of a model."""
    headers: str = "default_headers"
    """The field that takes headers."""

    @property
    def cls(self) -> Any:
        """The class of its models."""
        return getattr(import_module(self.module), self.name)

    @property
    def version(self) -> str | None:
        """The version that is installed here; None without it."""
        try:
            return version(self.package)
        except PackageNotFoundError:
            return None


_MOONSHOT = {"MOONSHOT_API_KEY": "api_key", "MOONSHOT_API_BASE": "base_url"}

KIMI = Client(
    title="ChatKimi",
    package="langchain-kimi",
    module="langchain_kimi",
    name="ChatKimi",
    provider="kimi",
    variables=_MOONSHOT,
)
CLIENTS = (
    KIMI,
    Client(
        title="langchain-moonshot",
        package="langchain-moonshot",
        module="langchain_moonshot",
        name="ChatMoonshot",
        provider="moonshot",
        variables=_MOONSHOT,
    ),
    Client(
        title="lc-moonshot",
        package="lc-moonshot",
        module="langchain_moonshot",
        name="ChatMoonshot",
        provider="moonshot",
        variables=_MOONSHOT,
    ),
    Client(
        title="ChatOpenAI",
        package="langchain-openai",
        module="langchain_openai",
        name="ChatOpenAI",
        provider="openai",
        variables={"OPENAI_API_KEY": "api_key", "OPENAI_API_BASE": "base_url"},
    ),
    Client(
        title="ChatDeepSeek",
        package="langchain-deepseek",
        module="langchain_deepseek",
        name="ChatDeepSeek",
        provider="deepseek",
        variables={"DEEPSEEK_API_KEY": "api_key", "DEEPSEEK_API_BASE": "base_url"},
    ),
    Client(
        title="ChatLiteLLM",
        package="langchain-litellm",
        module="langchain_litellm",
        name="ChatLiteLLM",
        provider="litellm",
        base_url="api_base",
        variables=_MOONSHOT,
        prefix="moonshot/",
        headers="extra_headers",
    ),
)
