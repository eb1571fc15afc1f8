"""The two platforms: where each answers, and which variables hold its key and host."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Literal, TypeAlias
from urllib.parse import urlsplit

from langchain_kimi._json import as_object, as_text

ANTHROPIC_PREFIX = "anthropic/"
"""LiteLLM's prefix of what speaks Anthropic's API."""

Regions: TypeAlias = Literal["global", "china", "both"]
"""Which platforms serve a group; `both` tries the international one first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Region:
    """One of Moonshot's platforms; accounts and keys belong to one of them."""

    name: str
    key_variable: str
    base_variable: str
    host: str
    """The public address, with `/v1`."""

    @property
    def api_key(self) -> str:
        """The key as LiteLLM looks it up."""
        return f"{_VARIABLE}{self.key_variable}"

    @property
    def api_base(self) -> str:
        """The address as LiteLLM looks it up."""
        return f"{_VARIABLE}{self.base_variable}"

    @property
    def anthropic_variable(self) -> str:
        """The variable that holds the address of the API in Anthropic's form."""
        return f"{self.key_variable.removesuffix('API_KEY')}ANTHROPIC_BASE"

    @property
    def anthropic_base(self) -> str:
        """The address of the API in Anthropic's form, as LiteLLM looks it up."""
        return f"{_VARIABLE}{self.anthropic_variable}"

    @property
    def anthropic_host(self) -> str:
        """The public address of the API in Anthropic's form."""
        return f"{self.host.removesuffix('/v1')}/anthropic"

    def has_key(self, environment: Mapping[str, str]) -> bool:
        """Tell whether there is a key; an empty one is not set."""
        return bool(environment.get(self.key_variable))


# Hosts: kimi-api.md 0.1.
_GLOBAL = Region(
    name="global",
    key_variable="MOONSHOT_API_KEY",
    base_variable="MOONSHOT_API_BASE",
    host="https://api.moonshot.ai/v1",
)
_CHINA = Region(
    name="china",
    key_variable="MOONSHOT_CN_API_KEY",
    base_variable="MOONSHOT_CN_API_BASE",
    host="https://api.moonshot.cn/v1",
)
_VARIABLE = "os.environ/"
_CHOICES: Mapping[str, tuple[Region, ...]] = MappingProxyType(
    {"global": (_GLOBAL,), "china": (_CHINA,), "both": (_GLOBAL, _CHINA)}
)
REGIONS = _CHOICES["both"]


def choose_regions(regions: str) -> tuple[Region, ...]:
    """Return the regions of a choice, the first one to try first.

    Args:
        regions: One of `Regions`.

    Raises:
        ValueError: It is none of them.
    """
    if regions not in _CHOICES:
        raise ValueError(f"regions={regions!r}: give one of {', '.join(_CHOICES)}.")
    return _CHOICES[regions]


def region_of(deployment_id: object) -> Region | None:
    """Return the region that a deployment's fixed id names, None for any other id.

    Args:
        deployment_id: `model_info.id`, such as `moonshot/china/kimi`.
    """
    parts = str(deployment_id).split("/")
    named = parts[1] if parts[0] == "moonshot" and len(parts) > 2 else ""
    return next((region for region in REGIONS if region.name == named), None)


def with_version(base: str) -> str:
    """Return an address with `/v1` if it names a host alone, which answers 404.

    Args:
        base: An address, with a path or without.
    """
    return base if urlsplit(base).path.strip("/") else f"{base.rstrip('/')}/v1"


def has_key(deployment: Mapping[str, Any], environment: Mapping[str, str]) -> bool:
    """Tell whether a deployment of a region has its key; any other passes.

    LiteLLM would take the key of the other region instead, and get 401.

    Args:
        deployment: An entry of a Router's model list, its variables looked up or not.
        environment: The variables, such as `os.environ`.
    """
    region = region_of(as_object(deployment.get("model_info")).get("id"))
    key = as_object(deployment.get("litellm_params")).get("api_key")
    return region is None or bool(_look_up(key, region.key_variable, environment))


def with_host(
    deployment: dict[str, Any], environment: Mapping[str, str]
) -> dict[str, Any]:
    """Return a deployment of a region with its address; any other as it is.

    Without one LiteLLM would send the key of China to the international platform.

    Args:
        deployment: An entry of a Router's model list, its variables looked up or not.
        environment: The variables, such as `os.environ`.
    """
    region = region_of(as_object(deployment.get("model_info")).get("id"))
    if region is None:
        return deployment
    params = as_object(deployment.get("litellm_params"))
    variable, host = region.base_variable, region.host
    if as_text(params.get("model")).startswith(ANTHROPIC_PREFIX):
        variable, host = region.anthropic_variable, region.anthropic_host
    base = _look_up(params.get("api_base"), variable, environment) or host
    return {**deployment, "litellm_params": {**params, "api_base": base}}


def _look_up(given: object, variable: str, environment: Mapping[str, str]) -> str:
    """Return a setting, from the variable that it names or else from the region's."""
    text = as_text(given)
    if text and not text.startswith(_VARIABLE):
        return text
    return environment.get(text.removeprefix(_VARIABLE) or variable, "")
