"""Kimi's Files API: upload, list, read and delete, sync and async.

Source: OpenAPI description of 2026-08-17 and platform.kimi.ai/docs/api/files-upload.
"""

from langchain_kimi._endpoint import Endpoint
from langchain_kimi._file_calls import (
    KimiFile,
    content_call,
    delete_call,
    get_call,
    list_call,
    read_file,
    read_files,
    read_text,
    upload_call,
)
from langchain_kimi._json import is_object
from langchain_kimi._upload import FileSource, Progress, Purpose, build_upload

__all__ = ["FileSource", "KimiFile", "KimiFiles", "Progress", "Purpose"]


class KimiFiles(Endpoint):
    """The files of an account: documents to extract, pictures, videos, batches.

    What the API would refuse is refused before anything is sent; an upload is read
    from the disk as it is sent, and sent again as `max_retries` says.

    Example:
        ```python
        from langchain_kimi import KimiFiles

        with KimiFiles() as files:
            file = files.upload("report.pdf")
            print(files.content(file.id))
            files.delete(file.id)
        ```
    """

    def upload(
        self,
        file: FileSource,
        *,
        purpose: Purpose = "file-extract",
        filename: str | None = None,
        on_progress: Progress | None = None,
    ) -> KimiFile:
        """Send a file to the server, where it stays until it is deleted.

        Args:
            file: A path, bytes, or a file opened with "rb", read from where it stands;
                at most 100 MB.
            purpose: `file-extract` for a document, `image` or `video` for a message
                that refers to it, `batch` for the Batch API.
            filename: The name on the server; None takes the file's own.
            on_progress: Is called with the bytes sent so far and all bytes; it begins
                again at 0 when the file is sent again.

        Raises:
            KimiSettingError: For a size, purpose or name that the API would refuse.
            OSError: If the file cannot be read.
            openai.APIError: One of `langchain_kimi.errors`.
        """
        upload = build_upload(
            file, purpose=purpose, filename=filename, on_progress=on_progress
        )
        return self._clients.request(upload_call(upload)).read(read_file)

    async def aupload(
        self,
        file: FileSource,
        *,
        purpose: Purpose = "file-extract",
        filename: str | None = None,
        on_progress: Progress | None = None,
    ) -> KimiFile:
        """Do what `upload` does, without blocking."""
        upload = build_upload(
            file, purpose=purpose, filename=filename, on_progress=on_progress
        )
        return (await self._clients.arequest(upload_call(upload))).read(read_file)

    def list(self) -> list[KimiFile]:
        """Return all files of the account."""
        return self._clients.request(list_call()).read(read_files)

    async def alist(self) -> "list[KimiFile]":
        """Do what `list` does, without blocking."""
        return (await self._clients.arequest(list_call())).read(read_files)

    def get(self, file_id: str) -> KimiFile:
        """Return what the server tells of a file.

        Args:
            file_id: The id of the file.

        Raises:
            KimiNotFoundError: If there is none.
        """
        return self._clients.request(get_call(file_id)).read(read_file)

    async def aget(self, file_id: str) -> KimiFile:
        """Do what `get` does, without blocking."""
        return (await self._clients.arequest(get_call(file_id))).read(read_file)

    def content(self, file_id: str) -> str:
        """Return what Kimi extracted from a file, as the API sends it.

        For a document that is JSON with the text under `content`, which can go into a
        system message as it is; for a file of a batch it is the file.

        Args:
            file_id: The id of a file with purpose `file-extract` or `batch`.

        Raises:
            KimiNotFoundError: If there is none.
            openai.APIError: If Kimi could not read the document.
        """
        return read_text(self._clients.request(content_call(file_id)))

    async def acontent(self, file_id: str) -> str:
        """Do what `content` does, without blocking."""
        return read_text(await self._clients.arequest(content_call(file_id)))

    def delete(self, file_id: str) -> bool:
        """Delete a file; return whether the server says that it did.

        Args:
            file_id: The id of the file.

        Raises:
            KimiNotFoundError: If there is none, or no more.
        """
        return self._clients.request(delete_call(file_id)).read(_read_deleted)

    async def adelete(self, file_id: str) -> bool:
        """Do what `delete` does, without blocking."""
        return (await self._clients.arequest(delete_call(file_id))).read(_read_deleted)


def _read_deleted(found: object) -> bool:
    return is_object(found) and bool(found.get("deleted"))
