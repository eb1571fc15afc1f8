"""What is asked of the Batch API -> the calls, and their answers -> batches."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from langchain_kimi._calls import Call
from langchain_kimi._file_calls import build_path, content_call
from langchain_kimi._json import as_object, as_objects, as_text
from langchain_kimi._request import encode_request
from langchain_kimi._rules import BATCH_ENDPOINT
from langchain_kimi._wire import JsonObject

_BATCHES = "/batches"
_EXPECTED = "batch object"
_ENDED = ("completed", "failed", "expired", "cancelled")


@dataclass(frozen=True, slots=True, kw_only=True)
class KimiBatch:
    """A batch, as the server last told of it."""

    id: str
    status: str = ""
    """`validating`, `in_progress`, `finalizing`, `completed`, `failed`, `expired`,
    `cancelling` or `cancelled`."""
    completed: int = 0
    """How many requests were answered."""
    failed: int = 0
    """How many requests failed."""
    total: int = 0
    """How many requests it has; 0 until they were looked at."""
    completion_window: str = ""
    created_at: int = 0
    """When it was submitted, in seconds since 1970."""
    metadata: Mapping[str, str] = field(default_factory=dict[str, str])
    input_file_id: str = ""
    output_file_id: str | None = None
    error_file_id: str | None = None

    @property
    def done(self) -> bool:
        """Whether its status can change no more."""
        return self.status in _ENDED

    @property
    def file_ids(self) -> tuple[str, ...]:
        """The ids of its files on the server."""
        ids = (self.input_file_id, self.output_file_id, self.error_file_id)
        return tuple(id for id in ids if id)


BatchProgress: TypeAlias = Callable[[KimiBatch], object]
"""Is told the batch each time it was looked at."""


def read_batch(found: JsonObject) -> KimiBatch:
    """Return a batch from the API's object.

    Args:
        found: The decoded object; only its id must be there.

    Raises:
        KeyError: If it has no id.
    """
    counts = as_object(found.get("request_counts"))
    return KimiBatch(
        id=str(found["id"]),
        status=as_text(found.get("status")),
        completed=int(counts.get("completed") or 0),
        failed=int(counts.get("failed") or 0),
        total=int(counts.get("total") or 0),
        completion_window=as_text(found.get("completion_window")),
        created_at=int(found.get("created_at") or 0),
        metadata=as_object(found.get("metadata")),
        input_file_id=as_text(found.get("input_file_id")),
        output_file_id=as_text(found.get("output_file_id")) or None,
        error_file_id=as_text(found.get("error_file_id")) or None,
    )


@dataclass(frozen=True, slots=True)
class BatchPage:
    """Some batches, and the call that asks for the next ones."""

    batches: tuple[KimiBatch, ...]
    next_call: Call | None


def read_page(found: JsonObject) -> BatchPage:
    """Return a page of the list.

    Raises:
        KeyError: If it is no list.
    """
    batches = tuple(read_batch(item) for item in as_objects(found["data"]))
    is_last = not batches or not found.get("has_more")
    return BatchPage(batches, None if is_last else list_call(batches[-1].id))


def create_call(body: JsonObject) -> Call:
    """Return the call that submits a batch, and is paid for as often as it arrives."""
    content = encode_request(body)
    return Call(
        method="post",
        path=_BATCHES,
        content=content,
        expected=_EXPECTED,
        repeatable=False,
    )


def create_body(
    input_file_id: str, completion_window: str, metadata: Mapping[str, str] | None
) -> JsonObject:
    """Return the body that submits a batch."""
    body: JsonObject = {
        "input_file_id": input_file_id,
        "endpoint": BATCH_ENDPOINT,
        "completion_window": completion_window,
    }
    return body if metadata is None else {**body, "metadata": metadata}


def list_call(after: str | None = None) -> Call:
    """Return the call that asks for the batches after one, or from the newest on."""
    query = {"after": after} if after else {}
    return Call(method="get", path=_BATCHES, query=query, expected="list of batches")


def get_call(batch_id: str) -> Call:
    """Return the call that asks for a batch."""
    return Call(method="get", path=build_path(_BATCHES, batch_id), expected=_EXPECTED)


def cancel_call(batch_id: str) -> Call:
    """Return the call that cancels a batch."""
    path = build_path(_BATCHES, batch_id, "cancel")
    return Call(method="post", path=path, expected=_EXPECTED)


def result_calls(batch: KimiBatch) -> Iterator[Call]:
    """Yield the calls that ask for the files with a batch's results.

    Args:
        batch: A batch, as last looked at.

    Raises:
        KimiBatchError: If it is not done, or failed.
    """
    from langchain_kimi.errors import KimiBatchError

    if not batch.done:
        raise KimiBatchError(
            f"The batch {batch.id} is {batch.status} and has no results yet: wait "
            f"for it with wait({batch.id!r})."
        )
    if batch.status == "failed":
        raise KimiBatchError(
            f"The batch {batch.id} failed before any request was made: the server "
            f"found a fault in its input file, {batch.input_file_id}. Its model may "
            "not be served in batches, or not to this account."
        )
    for file_id in (batch.output_file_id, batch.error_file_id):
        if file_id:
            yield content_call(file_id)
