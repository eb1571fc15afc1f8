"""The first bytes of a medium -> its type, under the name that Kimi's guide uses.

The vision guide (2026-08-13) lists png, jpeg, webp, gif, bmp, heic, heif; mp4, mpeg,
mov, avi, x-flv, mpg, webm, wmv, 3gpp.
"""

from collections.abc import Mapping

_IMAGES: tuple[tuple[bytes, str], ...] = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
)
_VIDEOS: tuple[tuple[bytes, str], ...] = (
    (b"FLV\x01", "video/x-flv"),
    (b"\x00\x00\x01\xba", "video/mpeg"),
    (b"\x00\x00\x01\xb3", "video/mpeg"),
    (b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", "video/wmv"),
)
# What stands at byte 8 of a RIFF file, and of one that begins with an `ftyp` box.
_RIFF = {b"WEBP": "image/webp", b"AVI ": "video/avi"}
_BRANDS: Mapping[bytes, str] = {
    **dict.fromkeys((b"heic", b"heix", b"heim", b"heis"), "image/heic"),
    **dict.fromkeys((b"mif1", b"msf1", b"hevc", b"hevx"), "image/heif"),
    **dict.fromkeys((b"isom", b"iso2", b"iso4", b"iso5", b"iso6"), "video/mp4"),
    **dict.fromkeys((b"mp41", b"mp42", b"avc1", b"dash", b"M4V "), "video/mp4"),
    **dict.fromkeys((b"3gp4", b"3gp5", b"3gp6", b"3gp7", b"3gs7"), "video/3gpp"),
    b"qt  ": "video/mov",
}
# Videos have more beginnings than these; a server's word is taken for the rest.
_TOLD: Mapping[str, str] = {
    **{
        f"video/{name}": f"video/{name}"
        for name in ("mp4", "mpeg", "mov", "avi", "x-flv", "mpg", "webm", "wmv", "3gpp")
    },
    "video/quicktime": "video/mov",
    "video/x-msvideo": "video/avi",
    "video/x-ms-wmv": "video/wmv",
}


def read_media_type(data: bytes, told: str) -> str | None:
    """Return the type of a medium; None for what Kimi does not read.

    A picture is known by its bytes alone: a page that says "not found" is often served
    as the picture that it stands for.

    Args:
        data: The medium.
        told: The media type that came with it, such as `image/png`.
    """
    return _sniff(data) or _TOLD.get(told)


def _sniff(data: bytes) -> str | None:
    for start, media_type in (*_IMAGES, *_VIDEOS):
        if data.startswith(start):
            return media_type
    # Two letters are no proof: four bytes of a bitmap's header are always 0.
    if data.startswith(b"BM") and data[6:10] == bytes(4):
        return "image/bmp"
    brand = data[8:12]
    if data.startswith(b"RIFF"):
        return _RIFF.get(brand)
    if data[4:8] == b"ftyp":
        return _BRANDS.get(brand)
    if data.startswith(b"\x1a\x45\xdf\xa3") and b"webm" in data[:64]:
        return "video/webm"
    return None
