"""Messages in the API's form -> about how many tokens they are, without asking anyone.

For servers that count none. The error was measured on recorded usages of Kimi models
(OpenRouter, Bedrock), in tests/test_account.py.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from langchain_kimi._json import as_object, as_objects, is_array, write_json

# The marks around a message in the chat template: <|im_user|>user<|im_middle|> ...
_MESSAGE = 4
# Those around a tool call: section, call, "functions.", index, arguments, ends.
_CALL = 10
# About 1024 x 768 pixels, at 28 x 28 pixels a token; no count of a real picture was
# ever recorded, nor of a video.
_MEDIA: Mapping[str, int] = {"image_url": 1_000, "video_url": 10_000}
_ASCII = re.compile(r"[\x00-\x7f]+")


def estimate_tokens(messages: Iterable[Mapping[str, Any]]) -> int:
    """Return about how many tokens a prompt has.

    Four ASCII characters or one other character count as a token, a picture as 1,000
    and a video as 10,000; reasoning, tool calls and tools are counted as their text.

    Args:
        messages: The messages, in the API's form.
    """
    # One more for the head of the answer, which the template writes too.
    return _MESSAGE + sum(_count_message(message) for message in messages)


def _count_message(message: Mapping[str, Any]) -> int:
    total = _MESSAGE + _count_content(message.get("content"))
    for key in ("reasoning_content", "reasoning", "name", "tool_call_id"):
        total += _count_text(str(message.get(key) or ""))
    for tool in as_objects(message.get("tools")):
        total += _count_text(write_json(tool))
    return total + sum(_count_call(c) for c in as_objects(message.get("tool_calls")))


def _count_call(call: Mapping[str, Any]) -> int:
    function = as_object(call.get("function"))
    name, arguments = function.get("name"), function.get("arguments")
    return _CALL + _count_text(f"{name}{arguments}")


def _count_content(content: object) -> int:
    if not is_array(content):
        return _count_text(str(content or ""))
    return sum(_count_part(part) for part in as_objects(content))


def _count_part(part: Mapping[str, Any]) -> int:
    return _MEDIA.get(str(part.get("type"))) or _count_text(str(part.get("text") or ""))


def _count_text(text: str) -> int:
    runs = [len(run) for run in _ASCII.findall(text)]
    return len(text) - sum(runs) + sum((run + 3) // 4 for run in runs)
