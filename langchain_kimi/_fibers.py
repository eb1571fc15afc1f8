"""Formula tools <-> the wire: declarations, a call's request, and what a fiber says.

Source: platform.kimi.ai/docs/guide/use-official-tools, 2026-08-13 (kimi-api.md 5.2).
"""

import json

from langchain_core.tools import ToolException

from langchain_kimi._json import as_object, as_objects, write_json
from langchain_kimi._refusal import KimiSettingError
from langchain_kimi._rules import tool_name
from langchain_kimi._wire import JsonObject

_SUCCEEDED = "succeeded"


def find_tools(uri: str, listing: JsonObject) -> list[JsonObject]:
    """Return the tools that a formula declares.

    Args:
        uri: The formula's URI.
        listing: The answer of its `tools` endpoint.

    Raises:
        KimiSettingError: There are none.
    """
    tools = [tool for tool in as_objects(listing.get("tools")) if tool_name(tool)]
    if not tools:
        raise KimiSettingError(f"{uri} declares no tools, but answers {listing!r:.200}")
    return tools


def build_fiber(name: str, arguments: JsonObject) -> JsonObject:
    """Return the body that runs a tool; the arguments go as text, unparsed.

    Args:
        name: The tool's name.
        arguments: The arguments of the call.

    Raises:
        KimiSettingError: For arguments that are not JSON.
    """
    try:
        return {"name": name, "arguments": write_json(arguments)}
    except (TypeError, ValueError) as error:
        raise KimiSettingError(
            f"The arguments {arguments!r} of {name} are not JSON: {error}"
        ) from error


def read_fiber(name: str, fiber: JsonObject) -> str:
    """Return what a tool answers the model with.

    Args:
        name: The tool's name.
        fiber: The answer of the `fibers` endpoint.

    Raises:
        ToolException: The fiber failed; with the API's words.
    """
    context = as_object(fiber.get("context"))
    status = fiber.get("status", _SUCCEEDED)
    # "succeeded, or various types of errors"; the page shows none of these. Clients
    # of 2026 find the words in `error` or in `context.error`.
    fault = fiber.get("error") or context.get("error")
    if status != _SUCCEEDED or fault:
        told = fault or context.get("output") or "the API does not say why"
        kind = "" if status in (_SUCCEEDED, "failed") else f" ({status})"
        raise ToolException(f"{name} failed{kind}: {_words(told)}")
    # A protected formula's output is for the model's eyes only.
    sealed = context.get("encrypted_output")
    output = context.get("output") if sealed is None else sealed
    return "" if output is None else _write(output)


def _write(output: object) -> str:
    if isinstance(output, str):
        return output
    return json.dumps(output, ensure_ascii=False, separators=(",", ":"))


def _words(fault: object) -> str:
    """Return an error's text, also out of the API's usual object."""
    message = as_object(fault).get("message")
    return message if isinstance(message, str) else _write(fault)
