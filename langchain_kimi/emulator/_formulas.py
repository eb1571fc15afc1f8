"""The formula endpoints: an official tool's declaration, and a fiber that runs it.

Source: platform.kimi.ai/docs/guide/use-official-tools, 2026-08-13 (kimi-api.md 5.2). It
shows no failure; the words of these are the emulator's own.
"""

import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from langchain_kimi._json import is_object
from langchain_kimi._wire import JsonObject
from langchain_kimi.emulator import _fibers
from langchain_kimi.emulator._check import read_body
from langchain_kimi.emulator._exchange import Reply, Request
from langchain_kimi.emulator._failures import invalid, not_found
from langchain_kimi.emulator._json import (
    NotJsonError,
    read_json,
    to_bytes,
    write_json,
)
from langchain_kimi.emulator._routes import Routes

# "latest is the default tag".
_DEFAULT_TAG = "latest"


@dataclass(frozen=True, slots=True)
class _Tool:
    """One tool of a formula."""

    declaration: JsonObject
    run: _fibers.Run


def connect(routes: Routes) -> None:
    """Answer what belongs to formulas.

    Args:
        routes: Where the endpoints are added.
    """
    routes.add("GET", "/v1/formulas/{path}/tools", _list_tools)
    routes.add("POST", "/v1/formulas/{path}/fibers", _run_fiber)


def _find(path: str) -> tuple[str, Mapping[str, _Tool]]:
    """Return the whole URI and the tools of a formula; raise Refused without one."""
    given = unquote(path)
    uri = given if ":" in given else f"{given}:{_DEFAULT_TAG}"
    if uri not in _FORMULAS:
        raise not_found(f"Not found the formula {given}")
    return uri, _FORMULAS[uri]


def _list_tools(request: Request, path: str) -> Reply:
    _, tools = _find(path)
    declarations = [tool.declaration for tool in tools.values()]
    return Reply.of_json({"object": "list", "tools": declarations})


def _run_fiber(request: Request, path: str) -> Reply:
    uri, tools = _find(path)
    body = read_body(request)
    name, arguments = body.get("name"), body.get("arguments")
    tool = tools.get(name) if isinstance(name, str) else None
    if tool is None:
        known = ", ".join(tools)
        raise invalid(f"Invalid request: {uri} has no tool {name!r}, only {known}")
    if not isinstance(arguments, str):
        # "An encoded string in format: you don't need to escape it".
        raise invalid("Invalid request: arguments must be a string of JSON")
    status, context = _run(tool, arguments)
    given = write_json({"name": name, "arguments": arguments})
    fiber = {
        "id": f"fiber-{secrets.token_hex(10)}",
        "object": "fiber",
        "created_at": int(time.time()),
        "lambda_id": f"lambda-{secrets.token_hex(10)}",
        "status": status,
        "context": {"input": given, **context},
        "formula": uri,
        "organization_id": "org-6a9753f1f1e03593b5e890e1c0ffee01",
        "project_id": "proj-88a5894a985646b5902b70909748ba16",
    }
    return Reply.of_json(fiber)


def _run(tool: _Tool, arguments: str) -> tuple[str, JsonObject]:
    """Return a fiber's status and what it adds to the context.

    The status is "succeeded or various types of errors"; that the words of an error
    stand in `context.error` (or in `error`) is read off clients of 2026.
    """
    try:
        output = tool.run(_read_arguments(arguments))
    except _fibers.FiberError as error:
        return "failed", {"error": str(error)}
    if isinstance(output, _fibers.Sealed):
        return "succeeded", {"encrypted_output": output.text}
    return "succeeded", {"output": output}


def _read_arguments(arguments: str) -> JsonObject:
    try:
        read = read_json(to_bytes(arguments))
    except NotJsonError as error:
        raise _fibers.FiberError(f"the arguments are not JSON: {error}") from error
    if not is_object(read):
        raise _fibers.FiberError("the arguments are not a JSON object")
    return read


def _declare(
    name: str,
    description: str,
    run: _fibers.Run,
    *required: str,
    **properties: JsonObject,
) -> Mapping[str, _Tool]:
    """Return one tool; `from_` stands for the parameter `from`."""
    named = {key.rstrip("_"): schema for key, schema in properties.items()}
    parameters: dict[str, Any] = {"type": "object", "properties": named}
    function = {
        "name": name,
        "description": description,
        "parameters": {**parameters, "required": list(required)},
    }
    return {name: _Tool({"type": "function", "function": function}, run)}


def _string(description: str, *values: str) -> JsonObject:
    schema: JsonObject = {"type": "string", "description": description}
    return {**schema, "enum": list(values)} if values else schema


_DAY = "A date, such as 2026-11-21"
# As captured on 2026-04-19; the guide shows only `query`.
_AREAS = (
    *("all", "academic", "social", "library"),
    *("finance", "code", "ecommerce", "medical"),
)
_FORMULAS: Mapping[str, Mapping[str, _Tool]] = {
    "moonshot/convert:latest": _declare(
        "convert",
        "Convert a value between units of length, mass, volume, area, time, energy, "
        "pressure, speed or temperature",
        _fibers.convert,
        "value",
        "from",
        "to",
        value={"type": "number", "description": "How many"},
        from_=_string("The unit of the value, such as kilometer"),
        to=_string("The wanted unit, such as mile"),
    ),
    "moonshot/date:latest": _declare(
        "date",
        "Tell the date of today, a weekday, a date some days later, or the days "
        "between two dates",
        _fibers.tell_date,
        "operation",
        operation=_string("What to tell", "now", "weekday", "add", "diff"),
        date=_string(_DAY),
        days={"type": "number", "description": "Days to add"},
        until=_string(_DAY),
    ),
    "moonshot/base64:latest": {
        **_declare(
            "base64_encode",
            "Encode a text in base64",
            _fibers.encode_base64,
            "data",
            data=_string("The text"),
            encoding=_string("The character set, utf-8 by default"),
        ),
        **_declare(
            "base64_decode",
            "Decode a base64 text",
            _fibers.decode_base64,
            "data",
            data=_string("The base64 text"),
            encoding=_string("The character set, utf-8 by default"),
        ),
    },
    "moonshot/random-choice:latest": _declare(
        "random_choice",
        "Choose some of the options at random",
        _fibers.choose_randomly,
        "options",
        options={"type": "array", "items": {"type": "string"}},
        count={"type": "integer", "description": "How many, 1 by default"},
        seed={"type": "integer", "description": "Another seed, another choice"},
    ),
    "moonshot/web-search:latest": _declare(
        "web_search",
        "Search the web for information",
        _fibers.search_web,
        "query",
        query=_string("What to search for"),
        classes={"type": "array", "items": {"type": "string", "enum": list(_AREAS)}},
    ),
    "moonshot/quickjs:latest": _declare(
        "quickjs",
        "Execute JavaScript code",
        _fibers.refuse_code,
        "code",
        code=_string("The code"),
    ),
    "moonshot/code-runner:latest": _declare(
        "code_runner",
        "Execute Python code",
        _fibers.refuse_code,
        "code",
        code=_string("The code"),
    ),
}
