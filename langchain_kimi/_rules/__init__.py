"""(request, model row) -> violations, in the API's own words; one function a rule.

The client refuses with them before sending; the emulator answers 400 with them.
"""

from collections.abc import Iterator

from langchain_kimi._rules._batches import (
    BATCH_ENDPOINT,
    check_batch,
    check_batch_model,
    check_lines,
)
from langchain_kimi._rules._files import (
    BODY_LIMIT,
    FILE_LIMIT,
    PURPOSES,
    check_file,
)
from langchain_kimi._rules._messages import (
    check_messages,
    running_turn_start,
    shorten_url,
)
from langchain_kimi._rules._partial import check_partial
from langchain_kimi._rules._settings import (
    check_settings,
    fixed_values,
    mode_of,
    requested_cap,
)
from langchain_kimi._rules._tools import (
    check_tools,
    list_tools,
    tool_name,
    tool_type,
)
from langchain_kimi._rules._violation import Violation
from langchain_kimi._wire import JsonObject
from langchain_kimi.catalogue import Model

__all__ = [
    "BATCH_ENDPOINT",
    "BODY_LIMIT",
    "FILE_LIMIT",
    "PURPOSES",
    "Violation",
    "check_batch",
    "check_batch_model",
    "check_file",
    "check_lines",
    "check_messages",
    "check_request",
    "check_settings",
    "check_tools",
    "fixed_values",
    "list_tools",
    "mode_of",
    "requested_cap",
    "running_turn_start",
    "shorten_url",
    "tool_name",
    "tool_type",
]


def check_request(
    request: JsonObject,
    model: Model | None,
    *,
    hosted: bool = True,
    fetches_urls: bool = False,
) -> Iterator[Violation]:
    """Yield every violation of a request, in an order the API does not document.

    Args:
        request: The decoded body of `POST /chat/completions`, of any shape.
        model: The row of `request["model"]`; None applies the universal rules only.
        hosted: Whether Moonshot's own API gets it, which lacks what others have.
        fetches_urls: Whether the server loads media from public addresses.
    """
    yield from check_settings(request, model, hosted=hosted)
    yield from check_tools(request, model)
    yield from check_messages(request, model, fetches_urls=fetches_urls)
    yield from check_partial(request)
