"""Requests to /v1/files -> their replies; the files themselves are kept in memory."""

import mimetypes
import secrets
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath
from threading import Lock

from langchain_kimi._json import as_object, as_objects, as_text
from langchain_kimi._rules import check_file
from langchain_kimi._wire import JsonObject
from langchain_kimi.emulator._exchange import Reply, Request
from langchain_kimi.emulator._extraction import extract_text
from langchain_kimi.emulator._failures import Failure, Refused, invalid, not_found
from langchain_kimi.emulator._json import to_bytes, write_json
from langchain_kimi.emulator._multipart import read_form
from langchain_kimi.emulator._routes import Routes

# A user: "a maximum of 1,000 files", "must not exceed 10 GB" (files-upload). Apart from
# them "up to 1000 batch-purpose files per organization" (batch-create, 2026-08-13).
_MOST_FILES = 1000
_MOST_BYTES = 10 * 1024**3
_TEXT_TYPE = "text/plain; charset=utf-8"
_REFERENCE = "ms://"


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredFile:
    """A file on the server."""

    id: str
    filename: str
    purpose: str
    data: bytes
    created_at: int

    def describe(self) -> JsonObject:
        """Return the file object of the API."""
        return {
            "id": self.id,
            "object": "file",
            "bytes": len(self.data),
            "created_at": self.created_at,
            "filename": self.filename,
            "purpose": self.purpose,
            # "ok" in the samples of the SDK and of 2024, "ready" in the schema.
            "status": "ok",
            "status_details": "",
        }


class Files:
    """The files of the one account that an emulator has."""

    def __init__(self) -> None:
        self._files: dict[str, StoredFile] = {}
        self._names: Counter[str] = Counter()
        self._lock = Lock()

    def connect(self, routes: Routes) -> None:
        """Answer the paths under /v1/files."""
        routes.add("POST", "/v1/files", self._upload)
        routes.add("GET", "/v1/files", self._list)
        routes.add("GET", "/v1/files/{id}", self._show)
        routes.add("DELETE", "/v1/files/{id}", self._delete)
        routes.add("GET", "/v1/files/{id}/content", self._send_content)

    def add(self, filename: str, purpose: str, data: bytes) -> StoredFile:
        """Store a file under an id of its own; raise Refused if there is no room."""
        with self._lock:
            self._check_room(purpose, len(data))
            stored = StoredFile(
                id=f"file_{secrets.token_hex(12)}",
                filename=self._rename(filename),
                purpose=purpose,
                data=data,
                created_at=int(time.time()),
            )
            self._files[stored.id] = stored
        return stored

    def find(self, id: str) -> StoredFile:
        """Return a file; raise Refused if there is none of this id."""
        stored = self._files.get(id)
        if stored is None:
            raise not_found(f"Not found the file {id} or Permission denied")
        return stored

    def check_references(self, body: JsonObject) -> None:
        """Refuse a chat request that refers to a file which is not there.

        Only once something was uploaded: a test that sends `ms://` ids of its own
        making need not upload files first.

        Args:
            body: The decoded body of a chat request.
        """
        if not self._names:
            return
        for id in _referenced(body):
            if id not in self._files:
                raise invalid(f"Invalid request: file {id} is not found")

    def _check_room(self, purpose: str, size: int) -> None:
        is_batch = purpose == "batch"
        kept = list(self._files.values())
        alike = [file for file in kept if (file.purpose == "batch") is is_batch]
        total = sum(len(file.data) for file in kept)
        if len(alike) >= _MOST_FILES or total + size > _MOST_BYTES:
            raise invalid(
                "The number of files you have uploaded exceeded the max file count "
                f"{_MOST_FILES}, please delete previous uploaded files"
            )

    def _rename(self, filename: str) -> str:
        """Return a name that no earlier file had.

        "Same-name uploads are renamed" since 2026-08-31 (platform.kimi.com, changelog);
        in which way is not told.
        """
        count = self._names[filename]
        self._names[filename] += 1
        path = PurePosixPath(filename)
        return f"{path.stem}({count}){path.suffix}" if count else filename

    def _upload(self, request: Request, _: str) -> Reply:
        form = read_form(request)
        file, purpose = form.get("file"), form.get("purpose")
        if file is None or file.filename is None:
            raise invalid("Invalid request: file is required")
        wanted = purpose.data.decode("utf-8", "replace") if purpose else ""
        for violation in check_file(wanted, len(file.data)):
            raise invalid(violation.message)
        stored = self.add(PurePosixPath(file.filename).name, wanted, file.data)
        return Reply.of_json(stored.describe())

    def _list(self, request: Request, _: str) -> Reply:
        described = [stored.describe() for stored in list(self._files.values())]
        return Reply.of_json({"object": "list", "data": described})

    def _show(self, request: Request, id: str) -> Reply:
        return Reply.of_json(self.find(id).describe())

    def _delete(self, request: Request, id: str) -> Reply:
        self.find(id)
        with self._lock:
            self._files.pop(id, None)
        return Reply.of_json({"id": id, "object": "file", "deleted": True})

    def _send_content(self, request: Request, id: str) -> Reply:
        body = _read_content(self.find(id))
        return Reply(headers={"Content-Type": _TEXT_TYPE}, body=body)


def _referenced(body: JsonObject) -> Iterator[str]:
    for message in as_objects(body.get("messages")):
        for part in as_objects(message.get("content")):
            medium = part.get(as_text(part.get("type")))
            url = as_text(as_object(medium).get("url") or medium)
            if url.startswith(_REFERENCE):
                yield url.removeprefix(_REFERENCE)


def _read_content(stored: StoredFile) -> bytes:
    """Return what `GET /v1/files/{id}/content` sends."""
    if stored.purpose == "batch":
        return stored.data
    if stored.purpose != "file-extract":
        # "text, extract only" (files-content); the API's words were never recorded.
        raise invalid(f"Invalid purpose: the file {stored.id} has no extracted content")
    text = extract_text(stored.data)
    if text is None:
        # Seen in 2024, with an empty type, for a file that could not be read.
        message = "extract task failed: failed"
        raise Refused(Failure(status=500, type="", message=message))
    # The keys as seen in 2024 for a PDF file.
    found = {
        "content": text,
        "file_type": mimetypes.guess_type(stored.filename)[0] or "text/plain",
        "filename": stored.filename,
        "title": "",
        "type": "file",
    }
    return to_bytes(write_json(found))
