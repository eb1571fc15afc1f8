"""Text -> the names in it: capitalised words and places, and names in other scripts.

A name is what a person would put into a form: "San Francisco, CA", "你好啊集团".
"""

import re
from collections.abc import Iterator

_CASED = "A-Za-z\u00c0-\u058f"
_TOKEN = re.compile(rf"[{_CASED}][{_CASED}0-9'\u2019&-]*|[^\W\d_{_CASED}]+")
_SENTENCE_END = re.compile(r"(?:^|[.!?:;\n])[\s\"'-]*$")
# Words that open a sentence and are not the beginning of a name that follows.
_OPENING_WORDS = (
    "a add an and are at book but call can check compare could create did do does "
    "find for from get give hello hey hi how if in is let look make my no on please "
    "say search send set should show tell thanks the to use using was were what when "
    "where which who why will with would write yes"
)
_OPENERS = frozenset(_OPENING_WORDS.split())


def find_names(text: str) -> list[str]:
    """Return the names of a text in order, each once."""
    return list(dict.fromkeys(_join(group) for group in _groups(text) if group))


def _groups(text: str) -> Iterator[list[str]]:
    """Yield the tokens of each name with the gaps that stood between them."""
    group: list[str] = []
    end = 0
    for match in _TOKEN.finditer(text):
        gap, token = text[end : match.start()], match[0]
        end = match.end()
        if group and not _continues(gap, token):
            yield _trim(group)
            group = []
        if _is_name(token):
            before = text[max(0, match.start() - 40) : match.start()]
            opens = ">" if _SENTENCE_END.search(before) else ""
            group += [gap if group else opens, token]
        elif group:
            yield _trim(group)
            group = []
    yield _trim(group)


def _continues(gap: str, token: str) -> bool:
    """Whether a token goes on with the name before it: "San Francisco", ", CA"."""
    is_state = token.isupper() and len(token) in (2, 3)
    return gap == " " or (gap == ", " and is_state)


def _is_name(token: str) -> bool:
    has_case = token[0].lower() != token[0].upper()
    return (token[0].isupper() and token.split("'")[0] != "I") or not has_case


def _trim(group: list[str]) -> list[str]:
    """Drop the word that is capitalised only because it opens a sentence."""
    if not group or group[0] != ">" or group[1].lower() == group[1].upper():
        return group
    is_single = len(group) == 2 and not (group[1].isupper() and len(group[1]) > 1)
    if is_single or group[1].lower() in _OPENERS:
        return group[2:]
    return group


def _join(group: list[str]) -> str:
    return "".join(group).lstrip("> ,")
