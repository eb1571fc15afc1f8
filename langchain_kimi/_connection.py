"""The environment -> the API key and the address; one reading for every class."""

from langchain_core.utils import from_env
from pydantic import SecretStr

from langchain_kimi._refusal import KimiSettingError

INTERNATIONAL_HOST = "https://api.moonshot.ai/v1"
KEY_VARIABLES = ["MOONSHOT_API_KEY", "KIMI_API_KEY"]
BASE_VARIABLES = ["MOONSHOT_API_BASE", "MOONSHOT_BASE_URL", "KIMI_BASE_URL"]


def read_key() -> SecretStr:
    """Return the API key of the environment, or an empty one."""
    return SecretStr(from_env(KEY_VARIABLES, default="")())


def read_base_url() -> str:
    """Return the API's address of the environment, or the international platform's."""
    return from_env(BASE_VARIABLES, default=INTERNATIONAL_HOST)()


def require_key(api_key: SecretStr) -> str:
    """Return an API key as text.

    Args:
        api_key: What was given, or read from the environment.

    Raises:
        KimiSettingError: If it is empty.
    """
    key = api_key.get_secret_value()
    if not key:
        raise KimiSettingError(
            "No API key: give api_key=..., or set "
            f"{' or '.join(KEY_VARIABLES)}. Keys of the international platform "
            "come from platform.kimi.ai, of the Chinese one from platform.kimi.com."
        )
    return key
