"""Official tools, dynamic tools and one prompt cache a thread, without a key.

Runs against the local emulator; with MOONSHOT_API_KEY set and DEMO_LIVE=1 against Kimi.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager

from langchain.agents import create_agent
from langchain_core.messages import HumanMessage

from langchain_kimi import (
    ChatKimi,
    KimiFormulaToolkit,
    dynamic_tools,
)
from langchain_kimi.emulator import Emulator
from langchain_kimi.middleware import PromptCacheMiddleware

FORMULAS = [
    "moonshot/convert:latest",
    "moonshot/web-search:latest",
    "moonshot/code-runner:latest",
]
QUESTIONS = [
    'convert 100 from "kilometer" to "mile"',
    'use web_search for "Kimi news"',
    'use code_runner for "print(1 + 1)"',
]


@contextmanager
def open_api() -> Iterator[dict[str, str]]:
    """Yield nothing to set for Kimi itself, or the address of a local emulator."""
    if os.environ.get("DEMO_LIVE") == "1":
        yield {}
        return
    with Emulator() as kimi:
        yield {"base_url": kimi.base_url, "api_key": kimi.api_key}


def show_agent(target: dict[str, str]) -> None:
    toolkit = KimiFormulaToolkit(formulas=FORMULAS, **target)
    agent = create_agent(
        ChatKimi(model="kimi-k3", **target),
        toolkit.get_tools(),
        middleware=[PromptCacheMiddleware()],
    )
    for question in QUESTIONS:
        print(f"\n> {question}")
        thread = {"configurable": {"thread_id": "example"}}
        state = agent.invoke({"messages": question}, thread)
        for message in state["messages"][1:]:
            calls = [
                f"{c['name']}({c['args']})" for c in getattr(message, "tool_calls", [])
            ]
            print(f"{message.type}: {', '.join(calls) or message.text}")
    toolkit.close()


def get_weather(city: str) -> str:
    """Get the current weather of a city."""
    return f"{city}: 21 degrees, sunny"


def show_dynamic_tools(target: dict[str, str]) -> None:
    model = ChatKimi(model="kimi-k3", **target)
    question = HumanMessage("What is the weather in Paris?")
    print("\nWithout tools:", model.invoke([question]).text)
    answer = model.invoke([question, dynamic_tools([get_weather])])
    print("With a tool in mid-conversation:", answer.tool_calls)
    model.close()


def main() -> None:
    with open_api() as target:
        show_agent(target)
        show_dynamic_tools(target)


if __name__ == "__main__":
    main()
