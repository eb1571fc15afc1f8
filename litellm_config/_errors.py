"""An error answer of Kimi -> what kind it is, for LiteLLM's classes."""

import re
from typing import Literal, TypeAlias

ErrorKind: TypeAlias = Literal["context", "content", "quota"]
"""The kinds that LiteLLM has a class for, but does not see in Kimi's words."""

# First row that fits wins: (error.type, words in the message, kind); kimi-api.md 2.4.
_KINDS: tuple[tuple[str, tuple[str, ...], ErrorKind], ...] = (
    (
        "invalid_request_error",
        ("exceeded model token limit", "input token length too long"),
        "context",
    ),
    ("content_filter", (), "content"),
    ("exceeded_current_quota_error", (), "quota"),
)
# "Your account org-<hex><ak-...> ...": whose proxy it is concerns none of its clients.
_ACCOUNT = re.compile(r"org-\w+\s*(<ak-[^>]*>)?")


def error_kind(type: str, message: str) -> ErrorKind | None:
    """Return the kind of an error, None for one that LiteLLM reads rightly.

    Args:
        type: The API's `error.type`.
        message: The API's words.
    """
    lowered = message.lower()
    for kind_type, words, kind in _KINDS:
        if type == kind_type and (not words or any(word in lowered for word in words)):
            return kind
    return None


def hide_account(message: str) -> str:
    """Return the API's words without the ids of the account and its key."""
    return _ACCOUNT.sub("org-...", message)
