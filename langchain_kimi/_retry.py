"""An API error -> how long to wait before trying again, or not at all.

The SDK's own retries cannot tell an empty balance from a rate limit (both are 429), so
it is given none and these stand in for them (kimi-api.md 2.4 and 9).
"""

import random
from collections.abc import Mapping
from contextlib import suppress
from email.utils import parsedate_to_datetime
from math import isnan
from time import monotonic, time
from typing import Any, cast

from langchain_core.exceptions import ModelError

from langchain_kimi._timeouts import Limits

# Kimi sends these on rate limits, and none on overload (probe P1, 2026-09-01).
_WAIT_HEADERS = ("retry-after", "x-retry-after", "msh-cooldown-seconds")
_FIRST_WAIT, _LONGEST_BACKOFF, _LONGEST_WAIT = 0.5, 8.0, 60.0
# Never before the time that was asked for, and not all of a fleet in the same moment.
_LATEST = 1.1
_RESOLUTION = 0.01
# What is sent, in bytes a second, and headers, in seconds, may take their time: only a
# hang takes longer.
_SLOWEST, _TRICKLE = 10_000, 20.0


class Attempts:
    """The attempts of one call: how many were made, and what time is left."""

    def __init__(self, limits: Limits, max_retries: int) -> None:
        """Start the clock of `total`.

        Args:
            limits: How long the call and its parts may take, in seconds.
            max_retries: How many attempts may follow the first one.
        """
        self.limits = limits
        self.made = 0
        self._max_retries = max_retries
        self._began = monotonic()

    @property
    def left(self) -> float | None:
        """The seconds that `total` leaves, None where it sets no end."""
        total = self.limits.total
        return None if total is None else max(0.0, self._began + total - monotonic())

    @property
    def over(self) -> bool:
        """Whether `total` has run out; timers may be early by their resolution."""
        return self.left is not None and self.left < _RESOLUTION

    def opening(self, *, size: int, whole: bool) -> tuple[float, float]:
        """Return the silence, and the time in all, after which no answer has begun.

        For transports that wait for the body as for its beginning, and for the body of
        an error for ever when it breaks (aiohttp's).

        Args:
            size: The bytes that are sent.
            whole: Whether the body comes at once, without gaps between its pieces.
        """
        limits, left = self.limits, self.left
        if limits.gap > limits.first_byte and not whole:
            silence, most = limits.gap, limits.first_byte
        else:
            silence = limits.first_byte
            most = limits.connect + 2 * silence + _TRICKLE + size / _SLOWEST
        return silence, most if left is None else min(most, left)

    def next_wait(self, error: Exception, *, repeatable: bool = True) -> float | None:
        """Return the seconds to wait before the next attempt; None to give up.

        Args:
            error: A Kimi exception; when it ends the call it is told of the attempts.
            repeatable: Whether the request may be sent again after this error.
        """
        delay = retry_delay(error, attempt=self.made - 1, max_retries=self._max_retries)
        asked, left = asked_wait(error), self.left
        if delay is None or self.over or not repeatable:
            reason = f"the server asks to wait {asked:g} s" if asked else ""
        elif left is not None and delay >= left:
            reason = f"a wait of {delay:.3g} s would pass total={self.limits.total:g} s"
        else:
            return delay
        self.tell(error, reason)
        return None

    def resume_wait(self, error: Exception, resumed: int, most: int) -> float | None:
        """Return the seconds to wait before a stream is resumed; None to give up.

        What is sent then is another request, with retries of its own.

        Args:
            error: What broke the stream.
            resumed: How often it was resumed.
            most: How often it may be.
        """
        delay, left = retry_delay(error, attempt=resumed, max_retries=most), self.left
        if delay is not None and left is not None and delay >= left:
            return None
        self.made = 0
        return delay

    def tell(self, error: Exception, reason: str = "") -> None:
        """Tell an error that ends the call how often the request was sent.

        Args:
            error: A Kimi exception.
            reason: Why it is not sent once more, where that does not go without saying.
        """
        cast("Any", error).attempts = self.made
        sent = "once" if self.made == 1 else f"{self.made} times"
        if reason or self.made > 1:
            told = f"Sent {sent} in {monotonic() - self._began:.3g} s"
            error.add_note("; ".join(filter(None, (told, reason))))


def retry_delay(error: Exception, *, attempt: int, max_retries: int) -> float | None:
    """Return the seconds to wait before the next attempt; None to give up.

    Args:
        error: A Kimi exception; one that `is_retryable` is tried again.
        attempt: How many attempts have failed before this one.
        max_retries: How many retries are allowed in all.
    """
    if attempt >= max_retries:
        return None
    if not (isinstance(error, ModelError) and error.is_retryable):
        return None
    asked = asked_wait(error)
    if asked is not None:
        within = asked <= _LONGEST_WAIT
        return asked * random.uniform(1, _LATEST) if within else None  # noqa: S311
    backoff = min(_FIRST_WAIT * 2**attempt, _LONGEST_BACKOFF)
    # Jitter, so that many clients of one overloaded engine do not return at once.
    return backoff * random.uniform(0.5, 1)  # noqa: S311 - not a secret


def asked_wait(error: Exception) -> float | None:
    """Return the longest wait in seconds that the server asks for, None if for none.

    Args:
        error: A Kimi exception.
    """
    response = getattr(error, "response", None)
    headers: Mapping[str, str] = getattr(response, "headers", {})
    given = [headers.get(name, "") for name in _WAIT_HEADERS]
    waits = [_read_wait(value, headers.get("date", "")) for value in given]
    return max((wait for wait in waits if wait is not None), default=None)


def _read_wait(value: str, date: str) -> float | None:
    """Read seconds, or the time in HTTP's form (RFC 9110, 10.2.3) by its own clock."""
    with suppress(ValueError):
        seconds = float(value)
        return None if isnan(seconds) else max(0.0, seconds)
    until, now = _read_date(value), _read_date(date) or time()
    return None if until is None else max(0.0, until - now)


def _read_date(text: str) -> float | None:
    with suppress(ValueError, OverflowError):
        return parsedate_to_datetime(text).timestamp()
    return None
