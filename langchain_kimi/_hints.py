"""The class of an error answer -> what its reader can do, for the errors' words."""

from collections.abc import Callable

from langchain_kimi.catalogue import ALIASES, find_model
from langchain_kimi.errors import (
    KimiAuthenticationError,
    KimiNotFoundError,
    KimiQuotaError,
    KimiStatusError,
)


def _authentication_hint(model: str, host: str) -> str:
    return (
        f"{host} refused the key. Keys belong to one region and one product: "
        "api.moonshot.ai takes keys of platform.kimi.ai, api.moonshot.cn those of "
        "platform.kimi.com, and neither takes a Kimi Code key (sk-kimi-...). Use a "
        "key of this host, or set base_url (MOONSHOT_API_BASE) to the key's host"
    )


def _not_found_hint(model: str, host: str) -> str:
    if not model:
        return (
            f"There is nothing at {host} for this key. Only Moonshot's own platform "
            "(api.moonshot.ai, api.moonshot.cn) has all endpoints"
        )
    row = find_model(model)
    if row and row.retired:
        return f"{row.id} was retired on {row.retired}; use {row.successor}"
    if model in ALIASES:
        return f"{model} is an alias; the API knows only {ALIASES[model].model}"
    access = f"; {row.access}" if row and row.access else ""
    return (
        f"{host} does not serve {model}, or not to this account: GET /v1/models lists "
        f"what it serves{access}"
    )


def _quota_hint(model: str, host: str) -> str:
    return "Top up the account in its console; retrying cannot help"


_HINTS: tuple[tuple[type[KimiStatusError], Callable[[str, str], str]], ...] = (
    (KimiAuthenticationError, _authentication_hint),
    (KimiNotFoundError, _not_found_hint),
    (KimiQuotaError, _quota_hint),
)


def find_hint(chosen: type[KimiStatusError], model: str, host: str) -> str:
    """Return what helps against an error, "" where nothing is known to.

    Args:
        chosen: The error's class.
        model: The model id of the request, "" where it had none.
        host: Where it was sent; with the path, where it had no model.
    """
    for kind, hint in _HINTS:
        if issubclass(chosen, kind):
            return hint(model, host)
    return ""
