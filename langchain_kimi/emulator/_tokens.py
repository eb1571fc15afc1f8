"""Text and messages -> a token estimate, the same for usage, caps and windows.

Four ASCII characters or one other character make a token; no tokenizer is needed.
"""

import re

from langchain_kimi._json import as_object, as_objects, is_array
from langchain_kimi._wire import JsonObject
from langchain_kimi.emulator._json import write_json
from langchain_kimi.emulator._search import count_search

# A one-line prompt costs 87 to 94 tokens (probes P1 and P2): most is hidden.
PREAMBLE = 80
MESSAGE = 3
# "1x1 PNG adds ~9" (P2).
MEDIA = 9
# json_object made 140 tokens of a prompt that had 93 (P1).
JSON_MODE = 47

_TOKEN = re.compile(r"[\x00-\x7f]{1,4}|[^\x00-\x7f]")
_ASCII_RUN = re.compile(r"[\x00-\x7f]+")


def split_tokens(text: str) -> list[str]:
    """Cut text into pieces of one token each."""
    return _TOKEN.findall(text)


def count_tokens(text: str) -> int:
    """Return how many pieces `split_tokens` makes of a text, without making them."""
    runs = [text] if text.isascii() else _ASCII_RUN.findall(text)
    others = len(text) - sum(map(len, runs))
    return others + sum((len(run) + 3) // 4 for run in runs)


def count_message(message: JsonObject) -> int:
    """Return the tokens of one message with all it carries."""
    total = MESSAGE + _count_content(message.get("content"))
    for key in ("reasoning_content", "reasoning", "name"):
        total += count_tokens(str(message.get(key) or ""))
    for call in as_objects(message.get("tool_calls")):
        function = as_object(call.get("function"))
        total += count_tokens(f"{function.get('name')}{function.get('arguments')}")
    return total + _count_tools(message) + count_search(message)


def count_opening(request: JsonObject) -> int:
    """Return the tokens that come before the first message: preamble and tools."""
    return PREAMBLE + _count_tools(request)


def count_prompt(request: JsonObject) -> int:
    """Return the tokens of a whole prompt."""
    messages = as_objects(request.get("messages"))
    return (
        count_opening(request)
        + sum(map(count_message, messages))
        + _count_format(request)
    )


def _count_content(content: object) -> int:
    if not is_array(content):
        return count_tokens(str(content or ""))
    return sum(
        count_tokens(str(part.get("text") or ""))
        if part.get("type") == "text"
        else MEDIA
        for part in as_objects(content)
    )


def _count_tools(owner: JsonObject) -> int:
    return sum(count_tokens(write_json(t)) for t in as_objects(owner.get("tools")))


def _count_format(request: JsonObject) -> int:
    form = as_object(request.get("response_format"))
    schema = form.get("json_schema")
    if schema:
        return count_tokens(write_json(schema))
    return JSON_MODE if form.get("type") == "json_object" else 0
