"""What a test scripts -> the next answers, in order, before the automatic ones."""

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from threading import Lock
from typing import Any, TypeVar

from langchain_kimi._rules import tool_type
from langchain_kimi._wire import JsonObject
from langchain_kimi.emulator._exchange import Reply
from langchain_kimi.emulator._json import write_json
from langchain_kimi.emulator._tool_calls import Call

CHAT_PATH = "/v1/chat/completions"
_Entry = TypeVar("_Entry")


@dataclass(frozen=True, slots=True, kw_only=True)
class ScriptedAnswer:
    """An answer in a test's words; None leaves a part to the emulator."""

    content: str = ""
    reasoning: str | None = None
    calls: tuple[Call, ...] = ()
    finish_reason: str | None = None
    usage: JsonObject | None = None
    fragment: int | None = None
    """The characters of each piece of a stream; None sends a token at a time."""
    done: bool = True
    """Whether a stream ends with `data: [DONE]`."""
    leak: bool = False
    """Whether the thinking arrives in the content, as K3 was seen to do."""


class Script:
    """The queue of scripted answers and replies."""

    def __init__(self) -> None:
        self._entries: deque[tuple[str, ScriptedAnswer | Reply]] = deque()
        self._lock = Lock()

    def __len__(self) -> int:
        return len(self._entries)

    def add(self, entry: ScriptedAnswer | Reply, path: str = CHAT_PATH) -> None:
        """Put an answer, or a whole reply, at the end of the queue of its path.

        Args:
            entry: What to answer with.
            path: The path whose next request gets it; `*` stands for anything.
        """
        with self._lock:
            self._entries.append((path, entry))

    def take_reply(self, path: str) -> Reply | None:
        """Take the next entry of a path if it is a whole reply."""
        return self._take(Reply, path.rstrip("/"))

    def take_answer(self) -> ScriptedAnswer | None:
        """Take the next entry if it is an answer to a good chat request."""
        return self._take(ScriptedAnswer, CHAT_PATH)

    def _take(self, kind: type[_Entry], path: str) -> _Entry | None:
        with self._lock:
            for position, (pattern, entry) in enumerate(self._entries):
                if fnmatchcase(path, pattern):
                    if not isinstance(entry, kind):
                        return None
                    del self._entries[position]
                    return entry
            return None


def read_calls(calls: Sequence[Mapping[str, Any]]) -> tuple[Call, ...]:
    """Build calls from the dicts that a test writes.

    Args:
        calls: Each with `name`, `arguments` (a dict, or a string sent as it is) and,
            if wished, `id` and `type`.
    """
    return tuple(_read_call(call) for call in calls)


def _read_call(call: Mapping[str, Any]) -> Call:
    arguments = call.get("arguments", {})
    is_text = isinstance(arguments, str)
    name: str = call["name"]
    return Call(
        name=name,
        arguments=arguments if is_text else write_json(arguments),
        type=call.get("type", tool_type(name)),
        id=call.get("id"),
    )
