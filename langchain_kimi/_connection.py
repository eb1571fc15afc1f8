"""The environment -> the API key and the address; one reading for every class."""

import os
from collections.abc import Iterable

from pydantic import SecretStr

from langchain_kimi._refusal import KimiSettingError

_INTERNATIONAL_PLATFORM = "https://api.moonshot.ai/v1"
KEY_VARIABLES = ["MOONSHOT_API_KEY", "KIMI_API_KEY"]
_BASE_VARIABLES = ["MOONSHOT_API_BASE", "MOONSHOT_BASE_URL", "KIMI_BASE_URL"]


def read_key() -> SecretStr:
    """Return the API key of the environment, an empty one if there is none."""
    return SecretStr(_from_environment(KEY_VARIABLES))


def read_base_url() -> str:
    """Return the API's address from the environment, else the international one."""
    return _from_environment(_BASE_VARIABLES) or _INTERNATIONAL_PLATFORM


def _from_environment(names: Iterable[str]) -> str:
    """Return the first variable with something in it; an empty one is not set."""
    return next((value for name in names if (value := os.environ.get(name))), "")


def is_sendable(text: str) -> bool:
    """Tell whether a header can carry a text."""
    return text.isascii() and text.isprintable()


def clean_key(api_key: SecretStr) -> SecretStr:
    """Strip what a file of secrets adds, and refuse what no header can carry.

    Args:
        api_key: The key as it was given.

    Raises:
        KimiSettingError: It has a character that no key has.
    """
    text = api_key.get_secret_value().strip()
    if not is_sendable(text) or " " in text:
        raise KimiSettingError("The API key has a character that no key has")
    return SecretStr(text)


def require_key(api_key: SecretStr) -> str:
    """Return an API key as text.

    Args:
        api_key: The key that was given, or found in the environment.

    Raises:
        KimiSettingError: It is empty.
    """
    key = api_key.get_secret_value()
    if not key:
        raise KimiSettingError(
            "No API key: give api_key=..., or set "
            f"{' or '.join(KEY_VARIABLES)}. Keys of the international platform "
            "come from platform.kimi.ai, of the Chinese one from platform.kimi.com."
        )
    return key
