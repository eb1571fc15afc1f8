"""What a rule answers with: the API's own words, and what a person can do."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Violation:
    """One reason for which the API would answer a request with 400."""

    message: str
    """The API's own words (kimi-api.md 2.4), or ours where none were recorded."""
    field: str
    """The path in the request, such as `temperature` or `messages[2].content`."""
    given: Any = None
    remedy: str = ""
    """What to do about it, for the person who reads the client's error."""
