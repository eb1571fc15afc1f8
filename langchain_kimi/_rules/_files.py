"""Rules on uploads: purpose, size."""

from collections.abc import Iterator

from langchain_kimi._rules._violation import Violation

PURPOSES = ("file-extract", "image", "video", "batch")
"""What a file may be for (OpenAPI 2026-08-17)."""
FILE_LIMIT = 100 * 1024 * 1024
"""The most bytes of a file ("each file must not exceed 100 MB", files-upload)."""
BODY_LIMIT = FILE_LIMIT
"""The most bytes of a request's body ("Body <= 100 MB", vision guide 2026-08-13)."""

_AGAIN = "please confirm and re-upload the file"


def check_file(purpose: object, size: int) -> Iterator[Violation]:
    """Yield the violations of an upload, in the words of the errors page.

    Args:
        purpose: What the file is for.
        size: How many bytes it has.
    """
    if purpose not in PURPOSES:
        accepted = ", ".join(f"'{known}'" for known in PURPOSES)
        yield Violation(
            # The page still says "only 'file-extract' accepted", which is no more so.
            message=f"Invalid purpose: only {accepted} accepted",
            field="purpose",
            given=purpose,
            remedy=f"give one of {accepted}",
        )
    if size == 0:
        yield Violation(
            message=f"File size is zero, {_AGAIN}",
            field="file",
            remedy="give a file that holds something",
        )
    if size > FILE_LIMIT:
        yield Violation(
            message=f"File size is too large, max file size is 100MB, {_AGAIN}",
            field="file",
            remedy="split the file, or send a smaller one",
        )
