"""The same for what is no plain chat: files, batches, the account, structured output.

A row is a fault, a column a call; its outcomes are written by hand too.
"""

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from langchain_kimi import ChatKimi, KimiBatches, KimiFiles
from langchain_kimi.emulator import Emulator
from tests.reliability.cases import RETRIED, UNREADABLE, error

_LOST = error("KimiConnectionError")
NOT_RUN = "-"
_QUOTA = "exceeded_current_quota_error"


class Lake(BaseModel):
    """What structured output is asked for."""

    name: str
    depth: int


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A call, by what it is called, sync and async, and what a good result is."""

    told: str
    method: str
    path: str
    call: Callable[[Any, str], Any]
    """(clients, "a" or "") -> a result, or for "a" what is awaited for it."""
    is_good: Callable[[Any], bool]


class Clients:
    """Everything that calls, at one emulator."""

    def __init__(self, kimi: Emulator) -> None:
        address = {"base_url": kimi.base_url, "api_key": kimi.api_key}
        self.model = ChatKimi(model="kimi-k2.6", **address)
        self.files = KimiFiles(**address)
        self.batches = KimiBatches(**address)
        self.id = self.files.upload(b"Deep water.", filename="lakes.txt").id
        self.lake = self.model.with_structured_output(Lake)

    def close(self) -> None:
        """Close what sync calls opened."""
        for each in (self.model, self.files, self.batches):
            each.close()

    async def aclose(self) -> None:
        """Close what async calls opened."""
        for each in (self.model, self.files, self.batches):
            await each.aclose()


ENDPOINTS: tuple[Endpoint, ...] = (
    Endpoint(
        "structured output",
        "POST",
        "/v1/chat/completions",
        lambda c, a: getattr(c.lake, f"{a}invoke")("A lake?"),
        lambda found: isinstance(found, Lake),
    ),
    Endpoint(
        "`list_models`",
        "GET",
        "/v1/models",
        lambda c, a: getattr(c.model, f"{a}list_models")(),
        lambda found: any(row.id == "kimi-k3" for row in found),
    ),
    Endpoint(
        "`balance`",
        "GET",
        "/v1/users/me/balance",
        lambda c, a: getattr(c.model, f"{a}balance")(),
        lambda found: found.available > 0,
    ),
    Endpoint(
        "files: `list`",
        "GET",
        "/v1/files",
        lambda c, a: getattr(c.files, f"{a}list")(),
        lambda found: "lakes.txt" in [file.filename for file in found],
    ),
    Endpoint(
        "files: `upload`",
        "POST",
        "/v1/files",
        lambda c, a: getattr(c.files, f"{a}upload")(b"Sand.", filename="dunes.txt"),
        lambda found: (found.filename, found.bytes) == ("dunes.txt", 5),
    ),
    Endpoint(
        "files: `content`",
        "GET",
        "/v1/files/*/content",
        lambda c, a: getattr(c.files, f"{a}content")(c.id),
        lambda found: "Deep water." in found,
    ),
    Endpoint(
        "batches: `submit`",
        "POST",
        "/v1/batches",
        lambda c, a: getattr(c.batches, f"{a}submit")({"a": "1 + 1?"}, c.model),
        lambda found: found.status == "validating",
    ),
)
_CONTENT, _SUBMIT = "files: `content`", "batches: `submit`"


@dataclass(frozen=True, slots=True)
class Row:
    """A fault and its outcomes: the usual one, and those of some calls."""

    told: str
    name: str
    values: dict[str, Any]
    usual: str
    others: dict[str, str]

    def outcome(self, endpoint: Endpoint) -> str:
        """The outcome that is expected of a call."""
        return self.others.get(endpoint.told, self.usual)


# A batch that may have begun is not submitted again: it would be paid for twice.
_ONCE = {_SUBMIT: _LOST}
# The text of a file may be anything.
_ANY_TEXT = {_CONTENT: NOT_RUN}

ROWS: tuple[Row, ...] = (
    Row("cut before the headers", "cut", {"at": "before_headers"}, RETRIED, _ONCE),
    Row("cut in the body", "cut", {}, RETRIED, _ONCE),
    Row("cut in the body, with RST", "cut", {"reset": True}, RETRIED, _ONCE),
    Row("length too long", "long_length", {}, RETRIED, _ONCE),
    Row("gzip that is none", "broken_gzip", {"kind": "plain"}, RETRIED, _ONCE),
    Row("no HTTP at all", "no_http", {}, RETRIED, _ONCE),
    Row("502 with HTML", "page", {}, RETRIED, {}),
    Row("a rate limit", "rate_limit", {"seconds": 0.1}, RETRIED, {}),
    Row("no balance", "error", {"type": _QUOTA}, error("KimiQuotaError"), {}),
    Row("cut JSON", "invalid_json", {}, UNREADABLE, _ANY_TEXT),
    Row("JSON that is a list", "no_object", {}, UNREADABLE, _ANY_TEXT),
    Row("an empty body", "empty", {}, UNREADABLE, _ANY_TEXT),
    Row("200 with HTML", "page", {"status": 200}, UNREADABLE, _ANY_TEXT),
)


def run_sync(endpoint: Endpoint, row: Row) -> str:
    """What came of a sync call."""
    with Emulator() as kimi:
        clients = Clients(kimi)
        try:
            kimi.fault(row.name, path=endpoint.path, **row.values)
            return _judge(kimi, endpoint, endpoint.call(clients, ""))
        except Exception as caught:  # noqa: BLE001 - each is an outcome
            return _name(kimi, endpoint, caught)
        finally:
            clients.close()


async def run_async(endpoint: Endpoint, row: Row) -> str:
    """What came of an async call."""
    with Emulator() as kimi:
        clients = Clients(kimi)
        try:
            kimi.fault(row.name, path=endpoint.path, **row.values)
            awaited = endpoint.call(clients, "a")
            assert inspect.isawaitable(awaited)
            return _judge(kimi, endpoint, await awaited)
        except Exception as caught:  # noqa: BLE001 - each is an outcome
            return _name(kimi, endpoint, caught)
        finally:
            clients.close()
            await clients.aclose()


def _judge(kimi: Emulator, endpoint: Endpoint, found: Any) -> str:
    if not endpoint.is_good(found):
        return f"wrong: {found!r}"
    return f"answer, request {_sent(kimi, endpoint)}"


def _name(kimi: Emulator, endpoint: Endpoint, caught: Exception) -> str:
    return error(type(caught).__name__, request=_sent(kimi, endpoint))


def _sent(kimi: Emulator, endpoint: Endpoint) -> int:
    """How often the call was sent, without what was sent to prepare it."""
    first = next(
        at for at, sent in enumerate(kimi.requests) if sent is kimi.faulted[0].request
    )
    paths = {kimi.faulted[0].request.path}
    later = kimi.requests[first:]
    return sum(sent.path in paths and sent.method == endpoint.method for sent in later)
