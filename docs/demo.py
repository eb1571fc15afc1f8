"""What ChatKimi does, in four steps: `make demo`.

Without a key everything runs against the local emulator, over real HTTP. With
MOONSHOT_API_KEY set and DEMO_LIVE=1 the same runs against Kimi.
"""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from langchain.agents import create_agent
from pydantic import BaseModel, Field

from langchain_kimi import ChatKimi
from langchain_kimi.emulator import Emulator
from litellm_config import model_list

DIM, BOLD, PLAIN = (
    ("\033[2m", "\033[1m", "\033[0m") if sys.stdout.isatty() else ("", "", "")
)


@contextmanager
def open_api() -> Iterator[tuple[str, str]]:
    """Yield the address and key of Kimi, or of a local emulator."""
    key = os.environ.get("MOONSHOT_API_KEY")
    if key and os.environ.get("DEMO_LIVE") == "1":
        base_url = os.environ.get("MOONSHOT_API_BASE", "https://api.moonshot.ai/v1")
        print(f"Running against Kimi itself, at {base_url}")
        yield base_url, key
        return
    with Emulator() as kimi:
        print(f"Running against the local emulator, at {kimi.base_url} (no key needed)")
        yield kimi.base_url, kimi.api_key
        count = len(kimi.requests)
        print(
            f"\nThe emulator checked and answered {count} requests. Nothing left here."
        )


def title(number: int, text: str) -> None:
    print(f"\n{BOLD}{number}. {text}{PLAIN}")


def show_stream(model: ChatKimi) -> None:
    title(1, "A streamed answer, its reasoning first")
    for chunk in model.stream("Why is the sky blue? Answer in one sentence."):
        reasoning = chunk.additional_kwargs.get("reasoning_content", "")
        print(
            f"{DIM}{reasoning}{PLAIN}" if reasoning else chunk.text, end="", flush=True
        )
        if chunk.usage_metadata:
            details = chunk.usage_metadata.get("output_token_details", {})
            print(
                f"\n{DIM}{chunk.usage_metadata['output_tokens']} tokens, of them "
                f"{details.get('reasoning', 0)} for reasoning{PLAIN}"
            )


def get_weather(city: str) -> str:
    """Get the current weather of a city."""
    return f"{city}: 21 degrees, sunny"


def show_agent(model: ChatKimi) -> None:
    title(2, "An agent that calls a tool, with its reasoning sent back each turn")
    agent = create_agent(model, [get_weather])
    for step in agent.stream({"messages": "What is the weather in Paris?"}):
        for node, update in step.items():
            message = update["messages"][-1]
            calls = (
                [f"{c['name']}({c['args']})" for c in message.tool_calls]
                if (message.type == "ai")
                else []
            )
            print(f"{node}: {', '.join(calls) or message.text}")


class Recipe(BaseModel):
    """A recipe."""

    title: str
    minutes: int = Field(ge=1, description="Minutes of work")
    ingredients: list[str] = Field(min_length=2)


def show_structured(model: ChatKimi) -> None:
    title(3, "A typed object, while thinking")
    recipe = model.with_structured_output(Recipe).invoke(
        'A recipe for "Kimchi Fried Rice" that takes 20 minutes'
    )
    print(repr(recipe))


def show_router(base_url: str, api_key: str) -> None:
    title(4, "The same models through litellm.Router")
    import litellm  # 6 s of import, so not before it is needed

    groups = model_list(api_key=api_key, api_base=base_url)
    router = litellm.Router(model_list=groups)
    for group in ("kimi-k3-low", "kimi-k3-max"):
        answer = router.completion(group, [{"role": "user", "content": "Hello!"}])
        message = answer.choices[0].message
        print(f"{group}: {message.content}")
        print(f"{DIM}reasoning: {message.reasoning_content}{PLAIN}")


def main() -> None:
    with open_api() as (base_url, api_key):
        model = ChatKimi(model="kimi-k3", base_url=base_url, api_key=api_key)
        show_stream(model)
        show_agent(model)
        show_structured(model)
        model.close()
        show_router(base_url, api_key)


if __name__ == "__main__":
    main()
