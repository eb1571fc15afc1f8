"""The environment -> key and address, and which address the key may be sent to."""

import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import ip_address
from typing import Literal, TypeAlias
from urllib.parse import urlsplit

from pydantic import SecretStr

from langchain_kimi._dialects import is_moonshot
from langchain_kimi._refusal import KimiSettingError
from langchain_kimi._secrets import LEFT_OUT, EnvironmentKey

Region: TypeAlias = Literal["global", "china"]
KEY_VARIABLES = ("MOONSHOT_API_KEY", "KIMI_API_KEY")
_BASE_VARIABLES = ("MOONSHOT_API_BASE", "MOONSHOT_BASE_URL", "KIMI_BASE_URL")


@dataclass(frozen=True, slots=True)
class Platform:
    """One of Moonshot's platforms: accounts and keys belong to one of them."""

    address: str
    key_variables: tuple[str, ...]
    console: str


PLATFORMS: Mapping[str, Platform] = {
    "global": Platform("https://api.moonshot.ai/v1", KEY_VARIABLES, "platform.kimi.ai"),
    "china": Platform(
        "https://api.moonshot.cn/v1",
        ("MOONSHOT_CN_API_KEY", *KEY_VARIABLES),
        "platform.kimi.com",
    ),
}
DEFAULT = PLATFORMS["global"]

# Nothing that two readers of a URL might take for different hosts: no user name, no
# backslash, no letters beyond ASCII; and no query, to which no path can be added.
_ADDRESS = re.compile(
    r"https?://([\w.-]+|\[[\da-f:.]+\])(:\d{1,5})?(/[^\s?#\\@]*)?",
    re.ASCII | re.IGNORECASE,
)


def read_key(platform: Platform | None) -> EnvironmentKey:
    """Return the API key of the environment, an empty one if there is none.

    Args:
        platform: Where it belongs; None for the default's.
    """
    variable, key = _from_environment((platform or DEFAULT).key_variables)
    return EnvironmentKey(key, variable, _from_environment(_BASE_VARIABLES)[1])


def read_address(platform: Platform | None) -> str:
    """Return the platform's address, else the environment's, else the default's.

    Args:
        platform: The one that was named, if any.
    """
    if platform:
        return platform.address
    return _from_environment(_BASE_VARIABLES)[1] or DEFAULT.address


def _from_environment(names: Iterable[str]) -> tuple[str, str]:
    """Return the first variable with something in it; an empty one is not set."""
    found = ((name, value) for name in names if (value := os.environ.get(name)))
    return next(found, ("", ""))


@lru_cache
def check_address(url: str) -> None:
    """Check an API's address.

    Args:
        url: What was given.

    Raises:
        ValueError: If it is none, or could be read in two ways.
    """
    if "@" in url:
        raise ValueError(
            "An address holds no user name and password. Give them as "
            "default_headers={'Authorization': 'Basic ...'}"
        )
    if not _ADDRESS.fullmatch(url) or not _has_good_port(url):
        raise ValueError(f"Give an address such as {DEFAULT.address}")


def _has_good_port(url: str) -> bool:
    try:
        return urlsplit(url).port != 0
    except ValueError:
        return False


@lru_cache
def is_loopback(url: str) -> bool:
    """Tell whether an address is this machine's own.

    Args:
        url: The address.
    """
    host = urlsplit(url).hostname or ""
    try:
        address = ip_address(host)
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
    # 0.0.0.0, which servers print of themselves, is reached on this machine.
    return address.is_loopback or address.is_unspecified


def is_exposed(url: str) -> bool:
    """Tell whether what is sent to an address can be read on its way.

    Args:
        url: The address.
    """
    return not url.startswith("https://") and not is_loopback(url)


def belongs_to(key: EnvironmentKey, url: str) -> bool:
    """Tell whether the environment's key may be sent to an address.

    Args:
        key: The key, with the address beside it in the environment.
        url: The address.
    """
    return is_moonshot(url) or is_loopback(url) or url == key.address


def check_destination(key: SecretStr, url: str) -> None:
    """Refuse to send the environment's key to a host that it was not set for.

    Args:
        key: The key, from wherever it came.
        url: The address.

    Raises:
        KimiSettingError: If nobody said that this host may have it.
    """
    if not isinstance(key, EnvironmentKey) or not key.get_secret_value():
        return
    if not belongs_to(key, url):
        raise KimiSettingError(
            f"The key of {key.variable} was not sent to {urlsplit(url).hostname}, "
            "which is no host of Moonshot's. Give the key that this host takes, "
            "api_key=... (any word if it takes none); or set "
            f"{_BASE_VARIABLES[0]}={url} beside the key, if it is meant for this host."
        )


def restore_key(url: str) -> EnvironmentKey:
    """Return the environment's key for an address, an empty one if it has none.

    Args:
        url: The address of something that was pickled, without its key.
    """
    known = (each for each in PLATFORMS.values() if each.address == url)
    key = read_key(next(known, None))
    return key if belongs_to(key, url) else EnvironmentKey("", key.variable)


def check_secrets(key: SecretStr, headers: Mapping[str, str] | None) -> None:
    """Refuse to connect with what a pickle left out.

    Args:
        key: The key.
        headers: The headers.

    Raises:
        KimiSettingError: If anything is missing.
    """
    if not key.get_secret_value():
        raise KimiSettingError(
            f"There is no key: a pickle leaves it out. Set {KEY_VARIABLES[0]} where it "
            "is loaded (for a host that is not Moonshot's with "
            f"{_BASE_VARIABLES[0]} beside it), or assign api_key to the loaded model."
        )
    if LEFT_OUT in (headers or {}).values():
        raise KimiSettingError(
            f"The values of the headers {list(headers or {})} are missing: a pickle "
            "leaves them out. Assign default_headers to the loaded model."
        )


def key_variable(region: Region | None, url: str) -> str:
    """Return the variable in which the key for an address is looked for.

    Args:
        region: The platform, None for the international one.
        url: The address. One to which the environment's key does not go has a variable
            of its own, such as `VLLM_EXAMPLE_COM_API_KEY`.
    """
    platform = PLATFORMS[region or "global"]
    if belongs_to(read_key(platform), url):
        return platform.key_variables[0]
    return f"{re.sub('[^0-9A-Z]', '_', (urlsplit(url).hostname or '').upper())}_API_KEY"
