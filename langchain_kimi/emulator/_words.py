"""Text -> the set of words by which texts are compared.

Splits snake_case and camelCase; Chinese, Japanese and Korean give pairs of letters.
"""

import re

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z\u00df-\u058f]+|\d+")
_UNCASED = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]+")
_EMPTY = (
    "a an and any are as at be by can do does for from get give has have how if in is "
    "it its me my of on or please s t tell that the their them then this to use used "
    "using was what when where which who will with you your"
)
_EMPTY_WORDS = frozenset(_EMPTY.split())


def find_words(text: str) -> set[str]:
    """Return the telling words of a text, in lower case and in the singular."""
    words = {_singular(word.lower()) for word in _WORD.findall(text)}
    for run in _UNCASED.findall(text):
        words.update(run[at : at + 2] for at in range(max(1, len(run) - 1)))
    return words - _EMPTY_WORDS


def _singular(word: str) -> str:
    is_plural = len(word) > 3 and word.endswith("s") and not word.endswith("ss")
    return word[:-1] if is_plural else word
