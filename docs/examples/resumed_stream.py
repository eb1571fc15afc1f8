"""A stream that breaks twice, and is one answer all the same; no key.

Runs against the local emulator, which breaks it on purpose; with MOONSHOT_API_KEY set
and DEMO_LIVE=1 against Kimi.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager

from langchain_core.messages import AIMessageChunk

from langchain_kimi import ChatKimi
from langchain_kimi.emulator import Emulator

QUESTION = "Why is the sea salt?"


@contextmanager
def open_api() -> Iterator[dict[str, str]]:
    """Yield nothing to set for Kimi itself, or the address of a local emulator."""
    if os.environ.get("DEMO_LIVE") == "1":
        yield {}
        return
    with Emulator() as kimi:
        kimi.fault("cut", event=12)  # while it thinks
        kimi.fault("cut", event=20)  # while it speaks
        yield {"base_url": kimi.base_url, "api_key": kimi.api_key}
        for request in kimi.requests[1:]:
            begun = request.body["messages"][-1]
            print("Sent back:", begun["reasoning_content"][-20:], "|", begun["content"])


def show_answer(answer: AIMessageChunk) -> None:
    told = answer.response_metadata
    usages = told.get("attempt_usages", [answer.usage_metadata])
    print("Thought:", answer.additional_kwargs["reasoning_content"])
    print("Said:", answer.text)
    print(
        f"{told.get('resumes', 0)} resumes; {usages.count(None)} attempts told no usage"
    )


def main() -> None:
    with open_api() as target:
        model = ChatKimi(model="kimi-k3", stream_resumes=3, **target)
        first, *rest = model.stream(QUESTION)
        show_answer(first + rest)
        model.close()


if __name__ == "__main__":
    main()
