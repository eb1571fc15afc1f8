"""A path, bytes or a file object -> an upload, checked, that can be sent again."""

import io
import os
import stat
from collections.abc import Callable, Generator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Literal, TypeAlias

from langchain_kimi._refusal import KimiSettingError, nearest_name
from langchain_kimi._rules import FILE_LIMIT, PURPOSES, check_file

Purpose: TypeAlias = Literal["file-extract", "image", "video", "batch"]
"""What an uploaded file is for."""
FileSource: TypeAlias = str | os.PathLike[str] | bytes | BinaryIO
"""A path, the bytes themselves, or a file opened with "rb"."""
Progress: TypeAlias = Callable[[int, int], object]
"""Is told the bytes sent so far, and all bytes."""

# The formats of the vision guide (2026-08-13), and "must have .jsonl extension"
# (batch-create). For file-extract the list is open: "and more".
_EXTENSIONS: Mapping[str, tuple[str, ...]] = {
    "image": (".png", ".jpg", ".jpeg", ".webp", ".gif", ".bmp", ".heic", ".heif"),
    "video": (
        *(".mp4", ".mpeg", ".mpg", ".mov", ".avi"),
        *(".flv", ".webm", ".wmv", ".3gp", ".3gpp"),
    ),
    "batch": (".jsonl",),
}
_Opener: TypeAlias = Callable[[], AbstractContextManager[BinaryIO]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """A file that is good to be sent."""

    filename: str
    purpose: Purpose
    size: int
    opener: _Opener
    start: int = 0
    """Where in the opened file the upload begins."""
    on_progress: Progress | None = None

    @contextmanager
    def open(self) -> Generator["_Body"]:
        """Give the body for one attempt; what fails on our side is raised as it is."""
        with self.opener() as file:
            body = _Body(file, self)
            try:
                yield body
            except Exception:
                # The SDK takes whatever happens while it sends for a lost connection.
                if body.fault:
                    raise body.fault from None
                raise


class _Body:
    """What the transport reads: the file from its start, no more than its size."""

    def __init__(self, file: BinaryIO, upload: Upload) -> None:
        self.fault: Exception | None = None
        self._file = file
        self._upload = upload
        self._position = 0

    def read(self, size: int = -1) -> bytes:
        """Return the next bytes; those read before have been sent."""
        try:
            if self._upload.on_progress:
                self._upload.on_progress(self._position, self._upload.size)
            return self._read(size)
        except Exception as error:
            self.fault = error
            raise

    def _read(self, size: int) -> bytes:
        left = self._upload.size - self._position
        # Another attempt, or other code, may have moved a file that was given open.
        self._file.seek(self._upload.start + self._position)
        block = self._file.read(left if size < 0 else min(size, left))
        if left and not block:
            raise OSError(f"{self._upload.filename} became shorter while it was sent")
        self._position += len(block)
        return block

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Move as a file does; the transport asks so for the size."""
        origins = {os.SEEK_CUR: self._position, os.SEEK_END: self._upload.size}
        self._position = offset + origins.get(whence, 0)
        return self._position

    def tell(self) -> int:
        """Return where the next read begins."""
        return self._position

    def seekable(self) -> bool:
        """Tell that `seek` works."""
        return True


def build_upload(
    file: FileSource,
    *,
    purpose: str,
    filename: str | None,
    on_progress: Progress | None = None,
) -> Upload:
    """Return an upload of a file; it is opened when it is sent.

    Args:
        file: A path, bytes, or a binary file object, read from where it stands.
        purpose: What the file is for.
        filename: The name on the server; None takes the file's own.
        on_progress: Is told the bytes sent so far, and all bytes.

    Raises:
        KimiSettingError: For what the API would refuse.
        OSError: If there is no such file.
    """
    opener, start, size, own_name = _find_source(file)
    name = own_name if filename is None else filename
    filename = _check_name(name)
    return Upload(
        filename=filename,
        purpose=_check_purpose(purpose, filename, size),
        size=size,
        opener=opener,
        start=start,
        on_progress=on_progress,
    )


def _find_source(file: FileSource) -> tuple[_Opener, int, int, str]:
    """Return how to open a source, where it starts, its size and its name."""
    if isinstance(file, str | os.PathLike):
        path = Path(file)
        return lambda: path.open("rb"), 0, _measure(path), path.name
    if isinstance(file, bytes | bytearray | memoryview):
        data = bytes(file)
        return lambda: io.BytesIO(data), 0, len(data), ""
    if isinstance(file, io.TextIOBase) or not hasattr(file, "read"):
        raise KimiSettingError(
            f"A {type(file).__name__} is no file that can be uploaded: give a path, "
            "bytes with filename=..., or a file opened with 'rb'."
        )
    name = getattr(file, "name", "")
    own_name = Path(name).name if isinstance(name, str) else ""
    if not file.seekable():
        data = file.read(FILE_LIMIT + 1)
        return lambda: io.BytesIO(data), 0, len(data), own_name
    start = file.tell()
    size = file.seek(0, os.SEEK_END) - start
    file.seek(start)
    return lambda: nullcontext(file), start, size, own_name


def _measure(path: Path) -> int:
    _check_name(path.name)
    found = path.stat()
    if stat.S_ISDIR(found.st_mode):
        raise IsADirectoryError(
            f"{path} is a directory. Upload its files one by one, or load them with "
            "a blob loader of LangChain and KimiFileParser."
        )
    if not stat.S_ISREG(found.st_mode):
        raise KimiSettingError(f"{path} is no regular file, so it has no size.")
    return found.st_size


def _check_name(filename: object) -> str:
    if not isinstance(filename, str):
        raise KimiSettingError(f"filename={filename!r} is no text: give one.")
    if not filename.strip():
        raise KimiSettingError("The file has no name: give filename='name.extension'.")
    try:
        filename.encode()
    except UnicodeEncodeError:
        raise _bad_name(filename, "is not valid UTF-8") from None
    if any(ord(character) < 32 or ord(character) == 127 for character in filename):
        raise _bad_name(filename, "has control characters")
    return filename


def _bad_name(filename: str, fault: str) -> KimiSettingError:
    return KimiSettingError(
        f"The file name {filename!r} {fault}. Give another one with filename=..., "
        "or rename the file."
    )


def _check_purpose(purpose: str, filename: str, size: int) -> Purpose:
    for violation in check_file(purpose, size):
        near = (
            nearest_name(str(purpose), PURPOSES) if violation.field == "purpose" else ""
        )
        raise KimiSettingError(
            f"Kimi would refuse {filename!r} (purpose={purpose!r}, {size} bytes): "
            f"{violation.message}. {near}To mend it: {violation.remedy}."
        )
    accepted = _EXTENSIONS.get(purpose)
    if accepted and Path(filename).suffix.lower() not in accepted:
        raise KimiSettingError(
            f"The file name {filename!r} does not fit purpose={purpose!r}, which takes "
            f"{', '.join(accepted)}. Choose another purpose of {', '.join(PURPOSES)}, "
            "convert the file, or name it with filename=..."
        )
    return purpose  # pyright: ignore[reportReturnType] - check_file let it pass
