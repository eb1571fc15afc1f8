"""The same for what is no plain chat: files, batches, the account, structured output.

A row is a fault, a column a call; its outcomes are written by hand too.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from langchain_kimi import ChatKimi, KimiBatches, KimiFiles
from langchain_kimi.emulator import Emulator
from tests.reliability.cases import ANSWER, NOT_RUN, RETRIED, UNREADABLE, error
from tests.reliability.running import run_jobs, wait_for_connections

_LOST = error("KimiConnectionError")
_QUOTA = "exceeded_current_quota_error"


class Lake(BaseModel):
    """What structured output is asked for."""

    name: str
    depth: int


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A call, and what a good result of it is."""

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
        # What arrived, though its answer was lost, is there too: "dunes(1).txt".
        lambda found: found.filename.startswith("dunes") and found.bytes == 5,
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
    Row("200 with HTML", "page", {"status": 200}, UNREADABLE, {}),
)


Found = dict[tuple[int, int, str], str]
"""By the numbers of the row and of the endpoint, and sync or async: what came."""


def run_elsewhere() -> Found:
    """Run each row of each endpoint, sync and async."""
    jobs = [
        (number, column, kind)
        for number, row in enumerate(ROWS)
        for column, endpoint in enumerate(ENDPOINTS)
        for kind in ("sync", "async")
        if row.outcome(endpoint) != NOT_RUN
    ]
    return run_jobs(jobs, lambda job: _run(ROWS[job[0]], ENDPOINTS[job[1]], job[2]))


def _run(row: Row, endpoint: Endpoint, kind: str) -> str:
    with Emulator() as kimi:
        clients = Clients(kimi)
        kimi.fault(row.name, path=endpoint.path, **row.values)
        if kind == "async":
            found = asyncio.run(_acatch(clients, endpoint))
        else:
            found = _catch(clients, endpoint)
        clients.close()
        wait_for_connections(kimi, 0)
        return _name(kimi, endpoint, found)


def _catch(clients: Clients, endpoint: Endpoint) -> Any:
    try:
        return endpoint.call(clients, "")
    except Exception as caught:  # noqa: BLE001 - each is an outcome
        return caught


async def _acatch(clients: Clients, endpoint: Endpoint) -> Any:
    try:
        return await endpoint.call(clients, "a")
    except Exception as caught:  # noqa: BLE001 - each is an outcome
        return caught
    finally:
        await clients.aclose()


def _name(kimi: Emulator, endpoint: Endpoint, found: Any) -> str:
    requests = _count_sent(kimi, endpoint)
    if isinstance(found, Exception):
        return error(type(found).__name__, request=requests)
    if not endpoint.is_good(found):
        return f"wrong: {found!r}"
    return ANSWER if requests == 1 else f"{ANSWER}, request {requests}"


def _count_sent(kimi: Emulator, endpoint: Endpoint) -> int:
    """How often the call was sent, without what was sent to prepare it."""
    (faulted,) = [found.request for found in kimi.faulted]
    first = next(at for at, sent in enumerate(kimi.requests) if sent is faulted)
    return sum(
        (sent.method, sent.path) == (endpoint.method, faulted.path)
        for sent in kimi.requests[first:]
    )
