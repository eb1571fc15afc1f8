"""What a conversation costs: counted before, paid after, cached in between; no key.

Runs against the local emulator; with MOONSHOT_API_KEY set and DEMO_LIVE=1 against Kimi.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager

from langchain_core.messages import BaseMessage, HumanMessage, SystemMessage

from langchain_kimi import ChatKimi, Cost
from langchain_kimi.emulator import Emulator

QUESTIONS = ["Name three rivers.", "And three lakes.", "And three seas."]
HANDBOOK = "Answer as a geographer would, and name the country of each. " * 20


@contextmanager
def open_api() -> Iterator[dict[str, str]]:
    """Yield nothing to set for Kimi itself, or the address of a local emulator."""
    if os.environ.get("DEMO_LIVE") == "1":
        yield {}
        return
    with Emulator() as kimi:
        yield {"base_url": kimi.base_url, "api_key": kimi.api_key}


def show_models(model: ChatKimi) -> None:
    for row in model.list_models():
        print(f"{row.id}: a window of {row.context_tokens} tokens; {row.prices}")


def show_conversation(model: ChatKimi) -> Cost:
    messages: list[BaseMessage] = [SystemMessage(HANDBOOK)]
    total = Cost()
    for question in QUESTIONS:
        messages.append(HumanMessage(question))
        counted = model.get_num_tokens_from_messages(messages)
        answer = model.invoke(messages)
        cost = model.cost(answer.usage_metadata)
        print(
            f"{question} {counted} tokens counted; ${cost.input:f} for new input, "
            f"${cost.cache_read:f} for cached, ${cost.output:f} for output"
        )
        messages.append(answer)
        total += cost
    return total


def main() -> None:
    with open_api() as target:
        model = ChatKimi(
            model="kimi-k3",
            reasoning_effort="low",
            prompt_cache_key="example",
            **target,
        )
        show_models(model)
        total = show_conversation(model)
        print(f"${total.total:f} in all; {model.balance().available} are left")
        model.close()


if __name__ == "__main__":
    main()
