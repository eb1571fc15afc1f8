"""What is asked of the Files API -> the calls, and their answers -> files."""

import re
from dataclasses import dataclass
from urllib.parse import quote

from langchain_kimi._calls import Answer, Call
from langchain_kimi._json import as_objects, as_text
from langchain_kimi._refusal import KimiSettingError
from langchain_kimi._upload import Upload
from langchain_kimi._wire import JsonObject

_FILES = "/files"
_EXPECTED = "file object"
_SURROGATE = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True, slots=True, kw_only=True)
class KimiFile:
    """A file on the server, as it describes it."""

    id: str
    filename: str = ""
    """The name on the server, which renames a file whose name it has already."""
    bytes: int = 0
    purpose: str = ""
    status: str = ""
    """`ok` or `ready`, else what went wrong; see `status_details`."""
    created_at: int = 0
    """When it was uploaded, in seconds since 1970."""
    status_details: str = ""

    @property
    def url(self) -> str:
        """What a message refers to an image or a video with: `ms://<id>`."""
        return f"ms://{self.id}"


def read_file(found: JsonObject) -> KimiFile:
    """Return a file from the API's object.

    Args:
        found: The decoded object; only its id must be there.

    Raises:
        KeyError: If it has no id.
    """
    return KimiFile(
        id=str(found["id"]),
        filename=as_text(found.get("filename")),
        bytes=int(found.get("bytes") or 0),
        purpose=as_text(found.get("purpose")),
        status=as_text(found.get("status")),
        created_at=int(found.get("created_at") or 0),
        status_details=as_text(found.get("status_details")),
    )


def read_files(found: JsonObject) -> list[KimiFile]:
    """Return the files of a list.

    Raises:
        KeyError: If it is no list.
    """
    return [read_file(item) for item in as_objects(found["data"])]


def read_text(answer: Answer) -> str:
    """Return the content of a file; a byte that is no UTF-8 becomes a mark.

    Raises:
        openai.APIError: If it is the page of a gateway: the API answers with plain text
            (files-content, 2026-08-13).
    """
    kind: str = answer.response.headers.get("content-type", "")
    if kind.lower().startswith("text/html"):
        raise answer.refuse(TypeError("it is a web page"))
    return answer.body.decode("utf-8", "replace")


def upload_call(upload: Upload) -> Call:
    """Return the call that sends a file."""
    return Call(method="post", path=_FILES, upload=upload, expected=_EXPECTED)


def list_call() -> Call:
    """Return the call that asks for all files."""
    return Call(method="get", path=_FILES, expected="list of files")


def get_call(file_id: str) -> Call:
    """Return the call that asks for a file's description."""
    return Call(method="get", path=build_path(_FILES, file_id), expected=_EXPECTED)


def content_call(file_id: str) -> Call:
    """Return the call that asks for a file's content."""
    path = build_path(_FILES, file_id, "content")
    return Call(method="get", path=path, expected="file's content")


def delete_call(file_id: str) -> Call:
    """Return the call that deletes a file."""
    return Call(method="delete", path=build_path(_FILES, file_id), expected=_EXPECTED)


def build_path(root: str, id: str, *more: str) -> str:
    """Return a path with an id in it.

    Args:
        root: The path before it.
        id: The id, as the API gave it.
        *more: The parts after it.

    Raises:
        KimiSettingError: If it is none; `GET /files/` would list all files instead.
    """
    # A path part of dots leads elsewhere, and half a surrogate pair nowhere.
    if not str(id or "").strip(". ") or _SURROGATE.search(str(id)):
        raise KimiSettingError(
            f"{id!r} is no id: give the `id` of what upload, submit or list returned."
        )
    return "/".join([root, quote(str(id), safe=""), *more])
