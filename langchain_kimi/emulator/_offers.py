"""A prompt -> the values it offers: quoted words, names, numbers, dates, addresses.

Each value is offered once, so that two properties do not get the same one.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from langchain_kimi.emulator._formats import FORMATS
from langchain_kimi.emulator._names import find_names
from langchain_kimi.emulator._words import find_words

_QUOTED = re.compile(
    r"\"([^\"\n]+)\"|“([^”]+)”|「([^」]+)」|『([^』]+)』|«([^»]+)»"
    r"|(?<!\w)'([^'\n]+)'(?!\w)|(?<!\w)\u2018([^\u2019]+)\u2019(?!\w)|`([^`\n]+)`"
)
# No number that JSON readers would round, and none that takes long to read.
_DIGITS = 15
TEXT_LIMIT = 8_000
"""Only so much of a prompt, in characters, is searched for values."""

_NUMBER = re.compile(r"(?<![\w.])-?\d+(?:,\d{3})*(?:\.\d+)?(?!\w)")


@dataclass(slots=True)
class _Stock:
    """The values that are left."""

    numbers: list[int | float]
    texts: list[str]
    formatted: list[tuple[str, str]]
    members: set[tuple[str, int]]
    used: int = 0
    whole_taken: bool = False

    def copy(self) -> "_Stock":
        return replace(
            self,
            numbers=self.numbers.copy(),
            texts=self.texts.copy(),
            formatted=self.formatted.copy(),
            members=self.members.copy(),
        )


class Offers:
    """What a prompt has to fill a schema with; taking a value uses it up."""

    def __init__(self, text: str) -> None:
        text = text[:TEXT_LIMIT]
        self.text = text.strip()
        self.words = find_words(text)
        formatted, rest = _split_formatted(text)
        literals = [found for found in _NUMBER.findall(rest) if len(found) <= _DIGITS]
        self._stock = _Stock(
            numbers=[_to_number(literal) for literal in literals],
            texts=find_quoted(rest) + find_names(_QUOTED.sub("\n", rest)),
            formatted=formatted,
            members=set(),
        )

    @property
    def used(self) -> int:
        """How many values were taken, the fallback apart."""
        return self._stock.used

    @property
    def is_empty(self) -> bool:
        """Whether nothing is left that a number, text or format could take."""
        return not (self.has_number() or self.has_text())

    def has_number(self) -> bool:
        """Whether a number is left."""
        return bool(self._stock.numbers)

    def has_text(self) -> bool:
        """Whether a text is left."""
        return bool(self._stock.texts or self._stock.formatted)

    def save(self) -> _Stock:
        """Return what is left now, for `restore`."""
        return self._stock.copy()

    def restore(self, stock: _Stock) -> None:
        """Go back to what was left, for a value that is not kept."""
        self._stock = stock

    def count_use(self) -> None:
        """Count a value that the prompt gives without being used up by it."""
        self._stock.used += 1

    def take_number(self, fits: Callable[[float], bool]) -> int | float | None:
        """Take the first number that fits."""
        found = next((number for number in self._stock.numbers if fits(number)), None)
        if found is not None:
            self._stock.numbers.remove(found)
            self.count_use()
        return found

    def take_text(self, fits: Callable[[str], bool]) -> str | None:
        """Take the first quoted word, name or formatted value that fits."""
        found = next((text for text in self._stock.texts if fits(text)), None)
        if found is not None:
            self._stock.texts.remove(found)
            self.count_use()
            return found
        formats = (form for form, value in self._stock.formatted if fits(value))
        form = next(formats, None)
        return self.take_format(form) if form else None

    def take_format(self, format: str) -> str | None:
        """Take the first value of a format such as `date` or `email`."""
        for entry in self._stock.formatted:
            if entry[0] == format:
                self._stock.formatted.remove(entry)
                self.count_use()
                return entry[1]
        return None

    def take_member(self, members: list[Any]) -> tuple[Any] | None:
        """Take the member of an enum that the prompt names first, boxed."""
        named = [(self.find(m), at) for at, m in enumerate(members) if m is not None]
        for position, at in sorted(named):
            key = (repr(members), at)
            if position >= 0 and key not in self._stock.members:
                self._stock.members.add(key)
                self.count_use()
                return (members[at],)
        return None

    def take_whole(self) -> str | None:
        """Take the whole prompt: a fallback, offered once."""
        if self._stock.whole_taken or not self.text:
            return None
        self._stock.whole_taken = True
        return self.text

    def find(self, value: object) -> int:
        """Return where the prompt names a value as a word of its own, or -1."""
        literal = "" if value is None else str(value)
        word = re.escape(literal).replace("_", "[_ -]")
        is_word = literal.isascii() and literal
        pattern = rf"(?<![^\W_]){word}(?![^\W_])" if is_word else word
        found = re.search(pattern, self.text, re.IGNORECASE) if literal else None
        return found.start() if found else -1


def find_quoted(text: str) -> list[str]:
    """Return what stands between quotation marks, in order."""
    groups: Iterator[tuple[str, ...]] = iter(_QUOTED.findall(text))
    return [word for word in map("".join, groups) if word.strip()]


def _split_formatted(text: str) -> tuple[list[tuple[str, str]], str]:
    """Return the formatted values in order, and the text without them."""
    found: list[tuple[int, str, str]] = []

    def blank_out(name: str, match: re.Match[str]) -> str:
        try:
            value = FORMATS[name].normal(match[0])
        except ValueError:
            return match[0]
        found.append((match.start(), name, value))
        return "\n" * len(match[0])

    for name, form in FORMATS.items():
        text = form.pattern.sub(partial(blank_out, name), text)
    return [(name, value) for _, name, value in sorted(found)], text


def _to_number(literal: str) -> int | float:
    literal = literal.replace(",", "")
    return float(literal) if "." in literal else int(literal)
