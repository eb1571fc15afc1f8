"""A request -> the endpoint that answers it, by path and method."""

import re
from collections.abc import Callable
from typing import TypeAlias

from langchain_kimi.emulator._exchange import Reply, Request
from langchain_kimi.emulator._failures import INVALID, Failure, Refused, not_found

Endpoint: TypeAlias = Callable[[Request, str], Reply]
"""Takes the request and what stands for `{id}` or `{path}` ("" for a path without)."""


class Routes:
    """The endpoints of an API."""

    def __init__(self) -> None:
        self._routes: list[tuple[re.Pattern[str], str, Endpoint]] = []

    def add(self, method: str, path: str, endpoint: Endpoint) -> None:
        """Answer a path with an endpoint.

        Args:
            method: The method, in capitals.
            path: The path, with `{id}` for one part that may be anything, or `{path}`
                for several.
            endpoint: What answers.
        """
        any_part = path.replace("{id}", "([^/]+)").replace("{path}", "(.+)")
        pattern = re.compile(any_part)
        self._routes.append((pattern, method, endpoint))

    def answer(self, request: Request) -> Reply:
        """Return the reply of a request's endpoint; raise Refused if it has none."""
        path = request.path.rstrip("/")
        allowed: list[str] = []
        for pattern, method, endpoint in self._routes:
            found = pattern.fullmatch(path)
            if found and method == request.method:
                return endpoint(request, "".join(found.groups()))
            if found:
                allowed.append(method)
        if allowed:
            raise Refused(_wrong_method(request, allowed))
        raise not_found(f"Not found the path {request.path}")


def _wrong_method(request: Request, allowed: list[str]) -> Failure:
    return Failure(
        status=405,
        type=INVALID,
        message=f"Method {request.method} is not allowed for {request.path}",
        headers={"Allow": ", ".join(allowed)},
    )
