"""Documents of any format -> LangChain's, through Kimi's own extraction.

It reads PDF, Word, PowerPoint, Excel, e-books, text, code and more, and is free
(platform.kimi.ai/docs/api/files-upload, 2026-08-13).
"""

import json
import mimetypes
import os
import warnings
from collections.abc import AsyncIterator, Generator, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TypeAlias

from langchain_core.document_loaders import BaseBlobParser, BaseLoader
from langchain_core.documents import Document
from langchain_core.documents.base import Blob

from langchain_kimi._json import as_object
from langchain_kimi._refusal import KimiSettingError, show
from langchain_kimi._upload import build_upload
from langchain_kimi._wire import JsonObject
from langchain_kimi.files import KimiFile, KimiFiles

__all__ = ["KimiFileLoader", "KimiFileParser"]

_Path: TypeAlias = str | os.PathLike[str]


class KimiFileParser(BaseBlobParser):
    """Turns blobs into documents, for LangChain's blob loaders.

    Each blob is uploaded, extracted and deleted from the server again.
    """

    def __init__(
        self, files: KimiFiles | None = None, *, keep_files: bool = False
    ) -> None:
        """Prepare; nothing is sent yet.

        Args:
            files: The Files API to use; None takes key and address from the
                environment.
            keep_files: Whether to leave the files on the server; their ids are in the
                documents' metadata. A file that cannot be extracted is never left.

        Raises:
            KimiSettingError: If there is no key.
        """
        self._files = KimiFiles() if files is None else files
        self._keep_files = keep_files

    def lazy_parse(self, blob: Blob) -> Iterator[Document]:
        """Yield the one document of a blob.

        Args:
            blob: A file, or bytes with a path, a `filename` in their metadata, or a
                mimetype.

        Raises:
            KimiSettingError: For a size or name that the API would refuse.
            openai.APIError: If it cannot be uploaded, or Kimi cannot read it.
        """
        source, name = _open_blob(blob)
        file = self._files.upload(source, filename=name)
        keeps = False
        try:
            text = self._files.content(file.id)
            keeps = self._keep_files
        finally:
            if not keeps:
                with _warned(file):
                    self._files.delete(file.id)
        yield _build_document(blob, file, text)

    async def alazy_parse(self, blob: Blob) -> AsyncIterator[Document]:
        """Do what `lazy_parse` does, without blocking."""
        source, name = _open_blob(blob)
        file = await self._files.aupload(source, filename=name)
        keeps = False
        try:
            text = await self._files.acontent(file.id)
            keeps = self._keep_files
        finally:
            if not keeps:
                with _warned(file):
                    await self._files.adelete(file.id)
        yield _build_document(blob, file, text)


class KimiFileLoader(BaseLoader):
    """Loads files as documents, one each.

    Example:
        ```python
        from langchain_kimi import KimiFileLoader

        for document in KimiFileLoader(["report.pdf", "slides.pptx"]).lazy_load():
            print(document.metadata["filename"], len(document.page_content))
        ```
    """

    def __init__(
        self,
        paths: _Path | Sequence[_Path],
        *,
        files: KimiFiles | None = None,
        keep_files: bool = False,
    ) -> None:
        """Prepare; nothing is sent yet.

        Args:
            paths: One path or several; for a directory use LangChain's
                `FileSystemBlobLoader` with `KimiFileParser`.
            files: The Files API to use; None takes key and address from the
                environment.
            keep_files: Whether to leave the files on the server; their ids are in the
                documents' metadata. A file that cannot be extracted is never left.

        Raises:
            KimiSettingError: If there is no key, or for something that is no path.
        """
        self._paths = _read_paths(paths)
        # The connections of a caller are the caller's to close.
        self._own = KimiFiles() if files is None else None
        self._parser = KimiFileParser(files or self._own, keep_files=keep_files)

    def lazy_load(self) -> Iterator[Document]:
        """Yield a document a file, in order; the next is sent when it is asked for.

        Raises:
            KimiSettingError: For a size or name that the API would refuse: all files
                are looked at before the first is sent.
            OSError: If there is no such file.
            openai.APIError: If it cannot be uploaded, or Kimi cannot read it.
        """
        blobs = self._check_paths()
        try:
            for blob in blobs:
                yield from self._parser.lazy_parse(blob)
        finally:
            if self._own:
                self._own.close()

    async def alazy_load(self) -> AsyncIterator[Document]:
        """Do what `lazy_load` does, without blocking."""
        blobs = self._check_paths()
        try:
            for blob in blobs:
                async for document in self._parser.alazy_parse(blob):
                    yield document
        finally:
            if self._own:
                await self._own.aclose()

    def _check_paths(self) -> list[Blob]:
        for path in self._paths:
            build_upload(path, purpose="file-extract", filename=None)
        return [Blob.from_path(path) for path in self._paths]


def _read_paths(paths: _Path | Sequence[_Path]) -> list[Path]:
    single = isinstance(paths, str | os.PathLike)
    try:
        return [Path(path) for path in ([paths] if single else paths)]
    except TypeError as error:
        raise KimiSettingError(
            f"paths={show(paths)} is no path and no list of paths ({error}). Give "
            "'report.pdf' or ['report.pdf', ...]; for bytes use KimiFileParser."
        ) from error


def _open_blob(blob: Blob) -> tuple[Path | bytes, str | None]:
    """Return what to upload of a blob, and the name to give it."""
    if blob.data is None and blob.path is not None:
        return Path(blob.path), None
    known = blob.metadata.get("filename") or blob.path or blob.source
    extension = mimetypes.guess_extension(blob.mimetype or "")
    name = Path(str(known)).name if known else f"blob{extension}" if extension else ""
    return blob.as_bytes(), name


def _build_document(blob: Blob, file: KimiFile, extracted: str) -> Document:
    text, details = _read_extraction(extracted)
    metadata: JsonObject = {
        **blob.metadata,
        "source": blob.source or file.filename,
        "file_id": file.id,
        "filename": file.filename,
        "bytes": file.bytes,
        "purpose": file.purpose,
        **details,
    }
    return Document(page_content=text, metadata=metadata)


def _read_extraction(extracted: str) -> tuple[str, JsonObject]:
    """Return the text of what the API extracted, and what it says of the file.

    It was seen as JSON with content, file_type, filename, title and type (2024), and
    is documented as plain text (files-content, 2026-08-13).
    """
    try:
        found = as_object(json.loads(extracted))
    except (ValueError, RecursionError):
        return extracted, {}
    content = found.get("content")
    if not isinstance(content, str) or "filename" not in found:
        return extracted, {}
    details = {key: found.get(key) for key in ("file_type", "title")}
    return content, {key: value for key, value in details.items() if value}


@contextmanager
def _warned(file: KimiFile) -> Generator[None]:
    """Warn of a file that stays on the server, and let the document through."""
    import openai

    from langchain_kimi.errors import KimiNotFoundError

    try:
        yield
    except KimiNotFoundError:
        return  # someone else was faster
    except openai.APIError as error:
        warnings.warn(
            f"{file.filename} stays on the server as {file.id}: {error}. Delete it "
            "with KimiFiles().delete(...).",
            UserWarning,
            stacklevel=4,
        )
