"""What every class for a small endpoint shares: settings, and the connections."""

from types import TracebackType
from typing import Self

from pydantic import SecretStr, ValidationError

from langchain_kimi._client import Clients
from langchain_kimi._connection import (
    ConnectionFields,
    Region,
    build_client_settings,
)
from langchain_kimi._refusal import read_validation_error
from langchain_kimi._timeouts import GivenTimeout


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

        Raises:
            KimiSettingError: For a wrong setting, or if there is no key.
        """
        try:
            fields = ConnectionFields.model_validate(
                {
                    "api_key": api_key,
                    "base_url": base_url,
                    "timeout": timeout,
                    "max_retries": max_retries,
                    "default_headers": default_headers,
                    "region": region,
                }
            )
        except ValidationError as error:
            known = ConnectionFields.model_fields
            raise read_validation_error(error, known) from None
        self._clients = Clients(build_client_settings(fields))

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
