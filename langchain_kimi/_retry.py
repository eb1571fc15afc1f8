"""An API error -> how long to wait before trying again, or not at all.

The SDK's own retries cannot tell an empty balance from a rate limit (both are 429), so
it is given none and these stand in for them (kimi-api.md 2.4 and 9).
"""

import random
from collections.abc import Mapping

from langchain_core.exceptions import ModelError

# Kimi sends these on rate limits, and none on overload (probe P1, 2026-09-01).
_WAIT_HEADERS = ("retry-after", "x-retry-after", "msh-cooldown-seconds")
_FIRST_WAIT, _LONGEST_BACKOFF, _LONGEST_WAIT = 0.5, 8.0, 60.0


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
    asked = _asked_wait(error)
    if asked is not None:
        return asked if asked <= _LONGEST_WAIT else None
    backoff = min(_FIRST_WAIT * 2**attempt, _LONGEST_BACKOFF)
    # Jitter, so that many clients of one overloaded engine do not return at once.
    return backoff * random.uniform(0.5, 1)  # noqa: S311 - not a secret


def _asked_wait(error: Exception) -> float | None:
    headers: Mapping[str, str] = getattr(
        getattr(error, "response", None), "headers", {}
    )
    for name in _WAIT_HEADERS:
        try:
            return max(0.0, float(headers[name]))
        except (KeyError, ValueError):
            continue
    return None
