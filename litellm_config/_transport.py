"""HTTP requests of an OpenAI client -> calls of a Router in the same process.

The client speaks HTTP as to a proxy, but nothing is opened: the Router is called, and
what it returns is written as the proxy would write it.
"""

import json
from collections.abc import AsyncIterator, Iterator
from typing import TYPE_CHECKING, Any

# litellm stands on the openai SDK's transport, whichever of the two it is.
import httpx  # noqa: TID251

if TYPE_CHECKING:
    from litellm.router import Router

_CHAT_PATH = "/chat/completions"
_DONE = b"data: [DONE]\n\n"
_UNSUPPORTED = {
    "error": {
        "type": "resource_not_found_error",
        "message": f"A Router in this process answers POST {_CHAT_PATH} only",
    }
}


class RouterTransport(httpx.BaseTransport, httpx.AsyncBaseTransport):
    """Answers chat requests with a Router."""

    def __init__(self, router: "Router") -> None:
        """Open nothing.

        Args:
            router: What answers.
        """
        self._router: Any = router

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Return the Router's answer, or its error as the proxy's.

        Args:
            request: A chat request.
        """
        if not _is_chat(request):
            return httpx.Response(404, json=_UNSUPPORTED)
        try:
            answer = self._router.completion(**_read_arguments(request))
        except Exception as error:  # noqa: BLE001 - what it is, its class tells
            return _write_error(error)
        if _streams(answer):
            return _write_stream(_SyncEvents(answer))
        return _write_answer(answer)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Return the Router's answer, or its error as the proxy's.

        Args:
            request: A chat request.
        """
        if not _is_chat(request):
            return httpx.Response(404, json=_UNSUPPORTED)
        try:
            answer = await self._router.acompletion(**_read_arguments(request))
        except Exception as error:  # noqa: BLE001 - what it is, its class tells
            return _write_error(error)
        if _streams(answer):
            return _write_stream(_AsyncEvents(answer))
        return _write_answer(answer)


class _SyncEvents(httpx.SyncByteStream):
    def __init__(self, chunks: Any) -> None:
        self._chunks = chunks

    def __iter__(self) -> Iterator[bytes]:
        try:
            for chunk in self._chunks:
                yield _write_event(chunk)
        except Exception as error:  # noqa: BLE001 - what it is, its class tells
            yield _write_error_event(error)
        else:
            yield _DONE


class _AsyncEvents(httpx.AsyncByteStream):
    def __init__(self, chunks: Any) -> None:
        self._chunks = chunks

    async def __aiter__(self) -> AsyncIterator[bytes]:
        try:
            async for chunk in self._chunks:
                yield _write_event(chunk)
        except Exception as error:  # noqa: BLE001 - what it is, its class tells
            yield _write_error_event(error)
        else:
            yield _DONE


def _is_chat(request: httpx.Request) -> bool:
    return request.method == "POST" and request.url.path.endswith(_CHAT_PATH)


def _read_arguments(request: httpx.Request) -> dict[str, Any]:
    return json.loads(request.content)


def _streams(answer: Any) -> bool:
    return hasattr(answer, "__next__") or hasattr(answer, "__anext__")


def _write_answer(answer: Any) -> httpx.Response:
    return httpx.Response(200, json=answer.model_dump(mode="json"))


def _write_stream(
    events: httpx.SyncByteStream | httpx.AsyncByteStream,
) -> httpx.Response:
    return httpx.Response(
        200, headers={"Content-Type": "text/event-stream"}, stream=events
    )


def _write_event(chunk: Any) -> bytes:
    return f"data: {chunk.model_dump_json(exclude_none=True)}\n\n".encode()


def _write_error(error: Exception) -> httpx.Response:
    return httpx.Response(
        _status(error), headers=_wait(error), json={"error": _error_body(error)}
    )


def _write_error_event(error: Exception) -> bytes:
    return f"data: {json.dumps({'error': _error_body(error)})}\n\n".encode()


def _error_body(error: Exception) -> dict[str, Any]:
    return {
        "message": getattr(error, "message", None) or str(error),
        "type": getattr(error, "type", None) or type(error).__name__,
        "code": _status(error),
    }


def _wait(error: Exception) -> dict[str, str]:
    """Return the header that tells how long to wait, if anybody did."""
    told = getattr(error, "litellm_response_headers", None) or getattr(
        getattr(error, "response", None), "headers", {}
    )
    seconds = getattr(error, "cooldown_time", None) or told.get("retry-after")
    return {"retry-after": str(seconds)} if seconds else {}


def _status(error: Exception) -> int:
    if hasattr(error, "cooldown_time"):
        # All deployments of a group rest; the Router's error has no status.
        return 429
    found = getattr(error, "status_code", None)
    return found if isinstance(found, int) and found >= 400 else 500
