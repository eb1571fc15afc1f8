"""The bytes of a document -> its text, as far as a few lines can read it.

It stands in for Kimi's extraction, so that a loader has something to load: text as it
is, the words of office files and e-books, and those of simple PDF files.
"""

import re
import zipfile
import zlib
from collections.abc import Iterator
from html import unescape
from io import BytesIO

_MOST = 16 * 1024 * 1024
"""The most bytes that are unpacked from a file."""
_BODIES = re.compile(
    r"word/document\.xml|ppt/slides/slide\d+\.xml|xl/sharedStrings\.xml|.*\.x?html"
)
_BREAK = re.compile(r"</(?:w:p|a:p|si|p|h[1-6]|li|title)>|<(?:w:br|br)\s*/>")
_TAG = re.compile(r"<[^>]*>")
_BLANK_LINES = re.compile(r"\n\s*\n\s*")
_NUMBER = re.compile(r"\d+")
_PDF_STREAM = re.compile(rb"stream\r?\n(.*?)\r?\n?endstream", re.DOTALL)
_PDF_SHOWN = re.compile(
    rb"(\[(?:[^\]\\]|\\.)*\]|\((?:[^()\\]|\\.)*\))\s*(?:TJ|Tj|'|\")"
)
_PDF_TEXT = re.compile(rb"\(((?:[^()\\]|\\.)*)\)")
_PDF_ESCAPE = re.compile(rb"\\([nrt()\\])")
_PDF_ESCAPED = {b"n": b"\n", b"r": b"\n", b"t": b"\t"}


def extract_text(data: bytes) -> str | None:
    """Return the text of a document; None if it cannot be read.

    Args:
        data: The bytes of the file.
    """
    if data.startswith(b"%PDF-"):
        return "\n".join(_pdf_lines(data)) or None
    if data.startswith(b"PK"):
        return _read_archive(data)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return None
    return None if "\0" in text else text


def _read_archive(data: bytes) -> str | None:
    try:
        with zipfile.ZipFile(BytesIO(data)) as archive:
            names = [name for name in archive.namelist() if _BODIES.fullmatch(name)]
            names.sort(key=lambda name: [int(n) for n in _NUMBER.findall(name)])
            bodies = [_read_member(archive, name) for name in names]
    except (zipfile.BadZipFile, NotImplementedError, zlib.error):
        return None
    return "\n\n".join(filter(None, map(_read_markup, bodies))) or None


def _read_member(archive: zipfile.ZipFile, name: str) -> str:
    with archive.open(name) as member:
        return member.read(_MOST).decode("utf-8", "replace")


def _read_markup(text: str) -> str:
    """Return the words of XML or HTML, a paragraph a line."""
    words = unescape(_TAG.sub("", _BREAK.sub("\n", text)))
    return _BLANK_LINES.sub("\n", words).strip()


def _pdf_lines(data: bytes) -> Iterator[str]:
    for stream in _PDF_STREAM.findall(data):
        for shown in _PDF_SHOWN.findall(_inflate(stream)):
            line = b"".join(_PDF_TEXT.findall(shown))
            text = _PDF_ESCAPE.sub(lambda m: _PDF_ESCAPED.get(m[1], m[1]), line)
            yield text.decode("latin-1")


def _inflate(stream: bytes) -> bytes:
    """Return a stream without its compression, if it has one."""
    try:
        return zlib.decompressobj().decompress(stream, _MOST)
    except zlib.error:
        return stream
