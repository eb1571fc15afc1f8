"""An agent that is paused, goes on in another process, and types its answer.

Runs against the local emulator; with MOONSHOT_API_KEY set and DEMO_LIVE=1 against Kimi.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from langchain.agents import create_agent
from langchain.agents.middleware import (
    HumanInTheLoopMiddleware,
    ModelFallbackMiddleware,
)
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.checkpoint.serde.jsonplus import JsonPlusSerializer
from langgraph.types import Command
from pydantic import BaseModel

from langchain_kimi import ChatKimi
from langchain_kimi.emulator import Emulator
from langchain_kimi.middleware import PromptCacheMiddleware

THREAD: Any = {"configurable": {"thread_id": "order-7"}}


class Receipt(BaseModel):
    """What was ordered."""

    dish: str
    count: int


def order(dish: str, count: int) -> str:
    """Order a dish from the kitchen."""
    return f"The kitchen prepares {count} x {dish}"


@contextmanager
def open_api() -> Iterator[dict[str, str]]:
    """Yield nothing to set for Kimi itself, or the address of a local emulator."""
    if os.environ.get("DEMO_LIVE") == "1":
        yield {}
        return
    with Emulator(strict_reasoning=True) as kimi:
        script(kimi)
        yield {"base_url": kimi.base_url, "api_key": kimi.api_key}


def script(kimi: Emulator) -> None:
    """Let the emulator say what a model would, with an overload in between."""
    soup = {"dish": "soup", "count": 2}
    kimi.reply(
        reasoning="Two soups: I order them.",
        tool_calls=[{"name": "order", "arguments": soup}],
    )
    kimi.fail("engine_overloaded_error")
    kimi.reply('{"dish": "soup", "count": 2}', reasoning="The kitchen has it.")


def build_agent(target: dict[str, str], saver: InMemorySaver) -> Any:
    """Build an agent whose orders a person approves."""
    return create_agent(
        ChatKimi(model="kimi-k3.1-pro", max_retries=0, **target),
        [order],
        response_format=Receipt,
        middleware=[
            HumanInTheLoopMiddleware(interrupt_on={"order": True}),
            ModelFallbackMiddleware(ChatKimi(model="kimi-k3", **target)),
            PromptCacheMiddleware(),
        ],
        checkpointer=saver,
    )


def show(step: str, agent: Any, given: Any) -> None:
    """Run the agent until it pauses or ends, and print what it thinks and says."""
    print(f"\n{step}")
    for message, _ in agent.stream(given, THREAD, stream_mode="messages"):
        thought = message.additional_kwargs.get("reasoning_content")
        print(thought or message.text, end="\n" if message.type == "tool" else "")
    print()


def main() -> None:
    # LangGraph loads only the types of one's own that it is told of.
    types = [(Receipt.__module__, Receipt.__name__)]
    saver = InMemorySaver(serde=JsonPlusSerializer(allowed_msgpack_modules=types))
    with open_api() as target:
        show("1. Until it wants to order", build_agent(target, saver), QUESTION)
        agent = build_agent(target, saver)
        (pause,) = agent.get_state(THREAD).interrupts
        print("It waits for:", pause.value["action_requests"][0]["args"])
        show("2. Another agent goes on, with another model", agent, APPROVAL)
        values = agent.get_state(THREAD).values
        print("Answered by:", values["messages"][-1].response_metadata["model_name"])
        print("Typed:", repr(values["structured_response"]))


QUESTION = {"messages": "Two soups, please."}
APPROVAL = Command(resume={"decisions": [{"type": "approve"}]})

if __name__ == "__main__":
    main()
