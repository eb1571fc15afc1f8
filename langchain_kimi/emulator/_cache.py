"""A request -> how many of its prompt tokens were seen before.

Like the API's automatic prefix cache, but of whole messages and without delay.
"""

from collections.abc import Iterator
from hashlib import sha256
from threading import Lock

from langchain_kimi._json import as_objects
from langchain_kimi._wire import JsonObject
from langchain_kimi.emulator._json import to_bytes, write_json
from langchain_kimi.emulator._tokens import count_message, count_opening

# What stands before the messages. `tool_choice` and `response_format` do not break
# the cache, another tool list or effort does (k3 tool calling page, 2026-08-13).
_OPENING_KEYS = ("model", "tools", "thinking", "reasoning_effort")


class PrefixCache:
    """Remembers every prefix of the prompts that were answered."""

    def __init__(self) -> None:
        self._seen: set[bytes] = set()
        self._lock = Lock()

    def read(self, request: JsonObject, *, writes: bool = True) -> int:
        """Return the cached tokens of a prompt, then remember the prompt.

        Args:
            request: The decoded body of a chat request that is being answered.
            writes: Whether it is to be remembered.
        """
        prefixes = list(_prefixes(request))
        with self._lock:
            hits = [count for digest, count in prefixes if digest in self._seen]
            if writes:
                self._seen.update(digest for digest, _ in prefixes)
        return max(hits, default=0)


def _prefixes(request: JsonObject) -> Iterator[tuple[bytes, int]]:
    """Yield a digest and the tokens of each prefix, the shortest first."""
    opening = [request.get(key) or None for key in _OPENING_KEYS]
    digest = sha256(to_bytes(write_json(opening))).digest()
    count = count_opening(request)
    for message in as_objects(request.get("messages")):
        digest = sha256(digest + to_bytes(write_json(message))).digest()
        count += count_message(message)
        yield digest, count
