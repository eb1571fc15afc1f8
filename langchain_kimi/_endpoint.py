"""What every class for a small endpoint shares: settings, and the connections."""

from types import TracebackType
from typing import Self

from pydantic import SecretStr, ValidationError

from langchain_kimi._client import Clients
from langchain_kimi._client_settings import ClientSettings
from langchain_kimi._connection import ConnectionFields, build_client_settings
from langchain_kimi._platforms import Region
from langchain_kimi._refusal import read_validation_error
from langchain_kimi._timeouts import GivenTimeout
from langchain_kimi._wire import JsonObject


class Endpoint:
    """A part of the API with connections of its own."""

    def __init__(
        self,
        api_key: str | SecretStr | None = None,
        base_url: str | None = None,
        timeout: GivenTimeout = None,
        max_retries: int = 2,
        default_headers: dict[str, str] | None = None,
        region: Region | None = None,
        *,
        redact_account_ids: bool = False,
    ) -> None:
        """Check the settings; nothing is opened before the first call.

        Args:
            api_key: The API key; else MOONSHOT_API_KEY, then KIMI_API_KEY.
            base_url: The API's address, with `/v1`; else MOONSHOT_API_BASE,
                MOONSHOT_BASE_URL or KIMI_BASE_URL; else the international platform's.
            timeout: Seconds without a byte before giving up; None for 900. Or
                `Timeouts`, or a dict of its keys.
            max_retries: How often a request is sent again after a rate limit,
                overload, 5xx or lost connection.
            default_headers: Headers of each request.
            region: `global` or `china`, in place of `base_url`.
            redact_account_ids: Whether errors leave out the ids of organization and
                key that the API names.

        Raises:
            KimiSettingError: For a wrong setting, or if there is no key.
        """
        settings = {
            "api_key": api_key,
            "base_url": base_url,
            "timeout": timeout,
            "max_retries": max_retries,
            "default_headers": default_headers,
            "region": region,
            "redact_account_ids": redact_account_ids,
        }
        # What is wrong is raised from a frame that shows neither of the two.
        del api_key, default_headers
        self._clients = Clients(_check(settings))

    def close(self) -> None:
        """Close the connections of sync calls; a later call opens new ones."""
        self._clients.close()

    async def aclose(self) -> None:
        """Close the connections that async calls opened in the running event loop."""
        await self._clients.aclose()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.aclose()


def _check(settings: JsonObject) -> ClientSettings:
    """Return what clients need, or raise what is wrong; the settings are used up."""
    try:
        return build_client_settings(ConnectionFields.model_validate(settings))
    except ValidationError as error:
        fault = read_validation_error(error, ConnectionFields.model_fields)
    finally:
        settings.clear()
    raise fault
