"""What happened -> one line that is the same in every run."""

import re

_LENGTH = 150
_VARYING = (
    (re.compile(r"https?://127\.0\.0\.1:\d+"), "http://emulator"),
    (re.compile(r"org-[0-9a-f]+<ak-[0-9a-z]+>"), "org-..."),
    (re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}"), "<id>"),
    (re.compile(r"0x[0-9a-f]{6,}"), "0x..."),
    (re.compile(r"(?:/[\w.-]+){2,}/site-packages/"), ""),
)
_PREFIX = re.compile(r"^(?:litellm\.\w+: )+(?:\w+Exception - )?")
_MESSAGE = re.compile(r"""['"]message['"]: (['"])(.*?)\1, ['"]type['"]""")


def brief(error: BaseException) -> str:
    """Return what an error says, in a line."""
    name = "" if isinstance(error, AssertionError) else f"{type(error).__name__}: "
    if type(error).__name__ == "Missing":
        name = ""
    text = str(error)
    found = _MESSAGE.search(text)
    if found:
        text = f"{getattr(error, 'status_code', '')} {found[2]}".strip()
    return shorten(name + _PREFIX.sub("", text))


def shorten(text: str) -> str:
    """Return the beginning of a text, on one line, without what varies."""
    line = " ".join(text.split()).replace("|", "/")
    for pattern, word in _VARYING:
        line = pattern.sub(word, line)
    return line if len(line) <= _LENGTH else f"{line[:_LENGTH].rstrip()}..."
