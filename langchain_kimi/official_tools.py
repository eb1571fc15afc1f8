"""Kimi's own tools in LangChain: official (Formula) ones, `$web_search`, dynamic ones.

Source: kimi-api.md 5.1, 5.2 and 5.4 (the official-tools guide of 2026-08-13).
"""

import asyncio
import re
import warnings
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from typing import Any, Self

from langchain_core.exceptions import ModelInvalidRequestError
from langchain_core.messages import SystemMessage
from langchain_core.tools import BaseTool, BaseToolkit, ToolException
from pydantic import (
    PrivateAttr,
    ValidationError,
    model_validator,
)

from langchain_kimi._calls import Call
from langchain_kimi._client import Clients
from langchain_kimi._connection import ConnectionFields, build_client_settings
from langchain_kimi._fibers import build_fiber, find_tools, read_fiber
from langchain_kimi._json import as_object, as_text, write_json
from langchain_kimi._refusal import KimiSettingError, read_validation_error
from langchain_kimi._request import encode_request
from langchain_kimi._rules import tool_name
from langchain_kimi._tools import Tool, build_tools
from langchain_kimi._wire import JsonObject
from langchain_kimi.catalogue import PROVIDER

__all__ = ["KimiFormulaToolkit", "dynamic_tools", "web_search_tool"]

# "A formula URI generally consists of 3 parts ... latest is the default tag".
_URI = re.compile(r"\w[\w.-]*/\w[\w.-]*(:\w[\w.-]*)?")
_NO_ARGUMENTS: JsonObject = {"type": "object", "properties": {}}
_WEB_SEARCH: JsonObject = {
    "type": "builtin_function",
    "function": {"name": "$web_search"},
}


class KimiFormulaToolkit(ConnectionFields, BaseToolkit):
    """Moonshot's official tools, which run on Moonshot's servers.

    Their declarations are fetched, and sent to Kimi as they are; a call runs a fiber.

    Example:
        ```python
        from langchain.agents import create_agent
        from langchain_kimi import ChatKimi, KimiFormulaToolkit

        toolkit = KimiFormulaToolkit(formulas=["moonshot/web-search:latest"])
        agent = create_agent(ChatKimi(model="kimi-k3"), toolkit.get_tools())
        ```
    """

    formulas: list[str]
    """URIs such as `moonshot/date:latest`; the official-tools page lists them."""
    handle_tool_error: bool = True
    """Whether a failed tool answers the model with its error, or raises."""

    _clients: Clients = PrivateAttr()

    def __init__(self, **settings: Any) -> None:
        """Check the settings; nothing is opened before the first call.

        Args:
            **settings: The fields below.

        Raises:
            KimiSettingError: For an unknown setting, a wrong type, something that is
                no formula's URI, or a missing key.
        """
        try:
            super().__init__(**settings)
        except ValidationError as error:
            fault = read_validation_error(error, type(self).model_fields)
        else:
            return
        # Not from within: the frames of both would show the key that was given.
        settings.clear()
        raise fault

    @model_validator(mode="after")
    def _check(self) -> Self:
        for uri in self.formulas:
            if not _URI.fullmatch(uri):
                raise KimiSettingError(
                    f"{uri!r} is no formula's URI. Give a namespace, a name and a tag, "
                    "such as 'moonshot/date:latest'."
                )
        if len(set(self.formulas)) < len(self.formulas):
            raise KimiSettingError(
                f"formulas={self.formulas!r} names one twice, and Kimi takes each tool "
                "only once. Leave one of them out."
            )
        return self

    def model_post_init(self, context: Any, /) -> None:
        """Prepare the clients; they open nothing before the first call."""
        self._clients = Clients(build_client_settings(self))

    def get_tools(self) -> list[BaseTool]:
        """Fetch what the formulas declare, and return it as tools.

        Raises:
            KimiSettingError: Two formulas declare a tool of the same name.
            openai.APIError: If the server cannot be reached or has no such formula.
        """
        return self._build(
            [self._clients.request(_listing(uri)).decode() for uri in self.formulas]
        )

    async def aget_tools(self) -> list[BaseTool]:
        """Fetch what the formulas declare, and return it as tools.

        Raises:
            KimiSettingError: Two formulas declare a tool of the same name.
            openai.APIError: If the server cannot be reached or has no such formula.
        """
        calls = (self._clients.arequest(_listing(uri)) for uri in self.formulas)
        answers = await asyncio.gather(*calls)
        return self._build([answer.decode() for answer in answers])

    def close(self) -> None:
        """Close the connections of sync calls; a later call opens new ones."""
        self._clients.close()

    async def aclose(self) -> None:
        """Close the connections that async calls opened in the running event loop."""
        await self._clients.aclose()

    def _build(self, listings: Sequence[JsonObject]) -> list[BaseTool]:
        owners: dict[str, str] = {}
        tools: list[BaseTool] = []
        for uri, listing in zip(self.formulas, listings, strict=True):
            for definition in find_tools(uri, listing):
                name = tool_name(definition)
                if name in owners:
                    raise KimiSettingError(
                        f"Both {owners[name]} and {uri} declare a tool {name!r}, and "
                        "Kimi takes a name only once. Leave one of them out."
                    )
                owners[name] = uri
                tools.append(self._build_tool(uri, definition))
        return tools

    def _build_tool(self, uri: str, definition: JsonObject) -> BaseTool:
        function = as_object(definition.get("function"))
        tool = _FormulaTool(
            name=tool_name(definition),
            description=as_text(function.get("description")),
            args_schema={**_NO_ARGUMENTS, **as_object(function.get("parameters"))},
            extras={PROVIDER: definition},
            handle_tool_error=self.handle_tool_error,
            formula=uri,
        )
        return tool.use(self._clients)


def _listing(uri: str) -> Call:
    return Call(method="get", path=f"/formulas/{uri}/tools", expected="list of tools")


class _FormulaTool(BaseTool):
    """One official tool: a call runs a fiber on Moonshot's servers."""

    formula: str
    """The URI of the formula that has the tool."""

    _clients: Clients = PrivateAttr()

    def use(self, clients: Clients) -> Self:
        """Run on these clients from now on, and return the tool."""
        self._clients = clients
        return self

    def _run(self, /, *args: Any, **kwargs: Any) -> str:
        request = build_fiber(self.name, kwargs)
        with _told_to_the_model(self.name):
            answer = self._clients.request(self._fiber(request))
        return read_fiber(self.name, answer.decode())

    async def _arun(self, /, *args: Any, **kwargs: Any) -> str:
        request = build_fiber(self.name, kwargs)
        with _told_to_the_model(self.name):
            answer = await self._clients.arequest(self._fiber(request))
        return read_fiber(self.name, answer.decode())

    def _fiber(self, request: JsonObject) -> Call:
        return Call(
            method="post",
            path=f"/formulas/{self.formula}/fibers",
            content=encode_request(request),
            expected="fiber",
        )


@contextmanager
def _told_to_the_model(name: str) -> Generator[None]:
    """Raise a 400 as the tool's error: name and arguments are of the model's making."""
    try:
        yield
    except ModelInvalidRequestError as error:
        raise ToolException(f"{name} refused the call: {error}") from error


def web_search_tool() -> BaseTool:
    """Return the tool for `$web_search`, the search that is built into Kimi.

    Kimi searches by itself: the tool only sends back what it is given. Moonshot advises
    against it; the formula `moonshot/web-search:latest` is its successor.

    Warns:
        DeprecationWarning: Always, with the successor.
    """
    warnings.warn(
        "Moonshot advises against $web_search since summer 2026: use "
        "KimiFormulaToolkit(formulas=['moonshot/web-search:latest']).",
        DeprecationWarning,
        stacklevel=2,
    )
    return _EchoTool(
        name="$web_search",
        description="Search the web.",
        args_schema=_NO_ARGUMENTS,
        extras={PROVIDER: _WEB_SEARCH},
    )


class _EchoTool(BaseTool):
    """A builtin function: the client has nothing to do but to echo its arguments."""

    def _run(self, /, *args: Any, **kwargs: Any) -> str:
        return write_json(kwargs)

    async def _arun(self, /, *args: Any, **kwargs: Any) -> str:
        return write_json(kwargs)


def dynamic_tools(tools: Sequence[Tool]) -> SystemMessage:
    """Return a message that gives the model more tools from its place on (K3 family).

    The tools before it stay, and so does the prompt cache, which another list of bound
    tools would miss.

    Args:
        tools: Tools in any form that `bind_tools` takes.

    Raises:
        KimiSettingError: For something that is not a tool, or for no tools at all. A
            model without dynamic tools refuses the message when it is called.
    """
    if not tools:
        raise KimiSettingError("dynamic_tools() needs at least one tool.")
    return SystemMessage("", additional_kwargs={"tools": build_tools(tools)})
