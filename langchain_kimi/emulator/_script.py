"""What a test scripts -> the next answers, in order, before the automatic ones."""

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from threading import Lock
from typing import Any, TypeAlias, TypeVar

from langchain_kimi._rules import tool_type
from langchain_kimi._wire import JsonObject
from langchain_kimi.emulator._exchange import Reply
from langchain_kimi.emulator._failures import Failure, Refused
from langchain_kimi.emulator._json import write_json
from langchain_kimi.emulator._tool_calls import Call

CHAT_PATH = "/v1/chat/completions"
MESSAGES_PATH = "/anthropic/v1/messages"
_CHAT_ROUTES = (CHAT_PATH, MESSAGES_PATH)
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
    """Whether a stream ends with `data: [DONE]`, or the event `message_stop`."""
    leak: bool = False
    """Whether the thinking arrives in the content, as K3 was seen to do."""


_Scripted: TypeAlias = ScriptedAnswer | Failure | Reply


class Script:
    """The queue of scripted answers and replies.

    What is meant for chat serves whichever of the two chat routes asks next.
    """

    def __init__(self) -> None:
        self._entries: deque[tuple[str, _Scripted]] = deque()
        self._lock = Lock()

    def __len__(self) -> int:
        return len(self._entries)

    def add(self, entry: _Scripted, path: str = CHAT_PATH) -> None:
        """Put an answer, a failure or a whole reply at the end of its path's queue.

        Args:
            entry: What to answer with.
            path: The path whose next request gets it; `*` stands for anything.
        """
        with self._lock:
            self._entries.append((path, entry))

    def take_reply(self, path: str) -> Reply | None:
        """Take the next entry of a path if it is a whole reply, or a failure.

        Raises:
            Refused: It is a failure, which each route words in its own form.
        """
        entry = self._take((Reply, Failure), path.rstrip("/"))
        if isinstance(entry, Failure):
            raise Refused(entry)
        return entry

    def take_answer(self) -> ScriptedAnswer | None:
        """Take the next entry if it is an answer to a good chat request."""
        return self._take((ScriptedAnswer,), CHAT_PATH)

    def _take(self, kinds: tuple[type[_Entry], ...], path: str) -> _Entry | None:
        with self._lock:
            for position, (pattern, entry) in enumerate(self._entries):
                if serves(pattern, path):
                    if not isinstance(entry, kinds):
                        return None
                    del self._entries[position]
                    return entry
            return None


def serves(pattern: str, path: str) -> bool:
    """Tell whether what is meant for a path, or for chat, serves a request's path.

    Args:
        pattern: A path; `*` stands for anything.
        path: The path of a request.
    """
    is_chat = pattern == CHAT_PATH and path in _CHAT_ROUTES
    return is_chat or fnmatchcase(path, pattern)


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
