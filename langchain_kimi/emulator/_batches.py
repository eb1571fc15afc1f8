"""Requests to /v1/batches -> their replies; a batch takes a step whenever it is read.

`validating`, `in_progress`, `finalizing`, `completed`: there are no timers, so a test
sees every status, always in the same order.
"""

import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from threading import RLock
from typing import Literal, TypeAlias
from urllib.parse import parse_qs

from langchain_kimi._rules import BATCH_ENDPOINT, check_batch
from langchain_kimi._wire import JsonObject
from langchain_kimi.catalogue import Model
from langchain_kimi.emulator._batch_lines import Answer, Results, read_lines, run_lines
from langchain_kimi.emulator._check import read_body
from langchain_kimi.emulator._exchange import Reply, Request
from langchain_kimi.emulator._failures import Refused, invalid, not_found
from langchain_kimi.emulator._files import Files
from langchain_kimi.emulator._routes import Routes

Status: TypeAlias = Literal[
    "validating",
    "failed",
    "in_progress",
    "finalizing",
    "completed",
    "cancelling",
    "cancelled",
]
# "Only tasks in validating, in_progress, or finalizing status can be cancelled".
_CANCELLABLE = ("validating", "in_progress", "finalizing")
_PAGE = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """One task, as it was last read."""

    id: str
    input_file_id: str
    completion_window: str
    metadata: JsonObject | None
    status: Status = "validating"
    lines: tuple[JsonObject, ...] = ()
    results: Results = field(default_factory=Results)
    output_file_id: str | None = None
    error_file_id: str | None = None
    times: Mapping[str, int] = field(default_factory=dict[str, int])

    def describe(self) -> JsonObject:
        """Return the batch object of the API."""
        return {
            "id": self.id,
            "object": "batch",
            "endpoint": BATCH_ENDPOINT,
            "input_file_id": self.input_file_id,
            "completion_window": self.completion_window,
            "status": self.status,
            "output_file_id": self.output_file_id,
            "error_file_id": self.error_file_id,
            "request_counts": {
                "completed": len(self.results.outputs),
                "failed": len(self.results.errors),
                "total": len(self.lines),
            },
            "metadata": self.metadata,
            **self.times,
        }


class Batches:
    """The tasks of the one account that an emulator has."""

    def __init__(self, files: Files, rows: Mapping[str, Model], answer: Answer) -> None:
        self._files = files
        self._rows = rows
        self._answer = answer
        self._batches: dict[str, Batch] = {}
        self._lock = RLock()

    def connect(self, routes: Routes) -> None:
        """Answer the paths under /v1/batches."""
        routes.add("POST", "/v1/batches", self._create)
        routes.add("GET", "/v1/batches", self._list)
        routes.add("GET", "/v1/batches/{id}", self._show)
        routes.add("POST", "/v1/batches/{id}/cancel", self._cancel)

    def _create(self, request: Request, _: str) -> Reply:
        body = read_body(request)
        for violation in check_batch(body):
            raise invalid(violation.message)
        stored = self._files.find(str(body["input_file_id"]))
        # "must be a .jsonl file uploaded with purpose=batch" (OpenAPI 2026-08-17).
        if stored.purpose != "batch" or not stored.filename.endswith(".jsonl"):
            raise invalid(
                "Invalid request: input_file_id must be a .jsonl file uploaded with "
                "purpose=batch"
            )
        batch = Batch(
            id=f"batch_{secrets.token_hex(12)}",
            input_file_id=stored.id,
            completion_window=body["completion_window"],
            metadata=body.get("metadata"),
            times={"created_at": int(time.time())},
        )
        return self._keep(batch)

    def _list(self, request: Request, _: str) -> Reply:
        query = parse_qs(request.query)
        limit = query.get("limit", [str(_PAGE)])[0]
        if not limit.isdecimal() or int(limit) < 1:
            raise invalid("Invalid request: limit must be a positive integer")
        # The newest first, as OpenAI's does.
        found = list(reversed(self._batches.values()))
        for after in query.get("after", []):
            found = found[found.index(self._find(after)) + 1 :]
        page = found[: int(limit)]
        return Reply.of_json(
            {
                "object": "list",
                "data": [batch.describe() for batch in page],
                "has_more": len(page) < len(found),
            }
        )

    def _show(self, request: Request, id: str) -> Reply:
        with self._lock:
            return self._keep(self._advance(self._find(id)))

    def _cancel(self, request: Request, id: str) -> Reply:
        with self._lock:
            batch = self._find(id)
            if batch.status not in _CANCELLABLE:
                raise invalid(
                    f"Invalid request: a batch in status {batch.status} cannot be "
                    "cancelled"
                )
            return self._keep(_enter(batch, "cancelling"))

    def _find(self, id: str) -> Batch:
        batch = self._batches.get(id)
        if batch is None:
            raise not_found(f"Not found the batch {id} or Permission denied")
        return batch

    def _keep(self, batch: Batch) -> Reply:
        self._batches[batch.id] = batch
        return Reply.of_json(batch.describe())

    def _advance(self, batch: Batch) -> Batch:
        """Return a batch one step further on; one that has ended as it is."""
        if batch.status == "validating":
            return self._validate(batch)
        if batch.status == "in_progress":
            results = run_lines(batch.lines, self._answer)
            return replace(_enter(batch, "finalizing"), results=results)
        if batch.status == "finalizing":
            return _enter(self._store(batch), "completed")
        if batch.status == "cancelling":
            return _enter(batch, "cancelled")
        return batch

    def _validate(self, batch: Batch) -> Batch:
        try:
            stored = self._files.find(batch.input_file_id)
            lines = read_lines(stored.data, self._rows)
        except Refused:
            # The documented object has no field for the reason.
            return _enter(batch, "failed")
        return replace(_enter(batch, "in_progress"), lines=lines)

    def _store(self, batch: Batch) -> Batch:
        """Return a batch with the files of its results; none for an empty one."""
        ids = [
            self._files.add(f"{batch.id}_{kind}.jsonl", "batch", data).id
            if data
            else None
            for kind, data in batch.results.encode().items()
        ]
        return replace(batch, output_file_id=ids[0], error_file_id=ids[1])


def _enter(batch: Batch, status: Status) -> Batch:
    now = {f"{status}_at": int(time.time())}
    return replace(batch, status=status, times={**batch.times, **now})
