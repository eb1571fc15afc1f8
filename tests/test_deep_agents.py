"""deepagents on Kimi: the profile it finds by entry point, files, plans, subagents."""

import base64
import subprocess
import sys
from importlib.metadata import entry_points
from typing import Any

import pytest
from deepagents import create_deep_agent
from deepagents.backends.utils import create_file_data
from langchain.agents.middleware import AgentMiddleware, TodoListMiddleware
from langgraph.checkpoint.memory import InMemorySaver

from langchain_kimi.emulator import Emulator
from langchain_kimi.middleware import PromptCacheMiddleware
from tests.conftest import Chat, Twins

_THREAD: Any = {"configurable": {"thread_id": "thread-7"}}


@pytest.fixture
def kimi() -> Any:
    """A local Kimi API that refuses missing reasoning, of K3 too."""
    with Emulator(strict_reasoning=True) as emulator:
        yield emulator


@pytest.fixture(params=["sync", "async"])
def go(request: pytest.FixtureRequest) -> Any:
    """`await go(agent, given)` runs a turn of the thread, sync or async."""

    async def run(agent: Any, given: Any) -> Any:
        return await Twins(agent, request.param)("invoke", given, _THREAD)

    return run


def _keys(kimi: Emulator) -> list[Any]:
    return [request.body.get("prompt_cache_key") for request in kimi.requests]


def _sent(kimi: Emulator, role: str) -> list[Any]:
    return [m for m in kimi.requests[-1].body["messages"] if m["role"] == role]


def test_deepagents_finds_both_profiles() -> None:
    """In the metadata of the installed package."""
    for group in ("provider", "harness"):
        found = entry_points(group=f"deepagents.{group}_profiles", name="kimi")
        (entry,) = found
        assert entry.load().__module__ == "langchain_kimi.deep_agents"


def test_importing_the_profiles_imports_neither_deepagents_nor_langchain() -> None:
    """They are for those who have them."""
    code = (
        "import sys, langchain_kimi.deep_agents\n"
        "print([n for n in ('deepagents', 'langchain', 'openai') if n in sys.modules])"
    )
    command = [sys.executable, "-W", "error", "-c", code]
    ran = subprocess.run(command, capture_output=True, text=True, check=True)
    assert ran.stdout == "[]\n"


_STEPS: list[tuple[str, str, dict[str, Any]]] = [
    (
        "First a plan.",
        "write_todos",
        {"todos": [{"content": "Write it", "status": "in_progress"}]},
    ),
    ("Now the file.", "write_file", {"file_path": "/note.md", "content": "Hello"}),
    (
        "A word more.",
        "edit_file",
        {"file_path": "/note.md", "old_string": "Hello", "new_string": "Hello, Kimi"},
    ),
    ("Read it.", "read_file", {"file_path": "/note.md"}),
]


@pytest.mark.parametrize("model", ["kimi-k3", "kimi-k2.6", "kimi-k2.7-code"])
async def test_a_deep_agent_plans_and_writes_files(
    kimi: Emulator, chat: Chat, go: Any, model: str
) -> None:
    """On one prompt cache, with all that was thought; no system prompt is needed."""
    agent = create_deep_agent(
        chat(model=model),
        middleware=[TodoListMiddleware()],
        checkpointer=InMemorySaver(),
    )
    for thought, name, arguments in _STEPS:
        kimi.reply(
            reasoning=thought, tool_calls=[{"name": name, "arguments": arguments}]
        )
    kimi.reply("Done.", reasoning="Enough.")
    state = await go(agent, {"messages": "Write a note."})
    assert state["messages"][-1].text == "Done."
    assert state["todos"][0]["content"] == "Write it"
    assert state["files"]["/note.md"]["content"] == "Hello, Kimi"
    assert "Hello, Kimi" in _sent(kimi, "tool")[-1]["content"]
    thoughts = [m["reasoning_content"] for m in _sent(kimi, "assistant")]
    assert thoughts == [thought for thought, _, _ in _STEPS]
    assert _keys(kimi) == ["thread-7"] * 5


async def test_the_middleware_may_also_be_given_by_hand(
    kimi: Emulator, chat: Chat, go: Any
) -> None:
    """It takes the place of the profile's."""
    agent = create_deep_agent(chat(), middleware=[PromptCacheMiddleware()])
    kimi.reply("Hello!")
    await go(agent, {"messages": "hi"})
    assert _keys(kimi) == ["thread-7"]


async def test_a_subagent_thinks_on_the_same_cache(
    kimi: Emulator, chat: Chat, go: Any
) -> None:
    """Its own thinking stays with it."""
    agent = create_deep_agent(chat(), checkpointer=InMemorySaver())
    task = {"description": "Count to 3.", "subagent_type": "general-purpose"}
    kimi.reply(reasoning="Ask.", tool_calls=[{"name": "task", "arguments": task}])
    kimi.reply("1, 2, 3", reasoning="Counting.")
    kimi.reply("Done.", reasoning="Good.")
    await go(agent, {"messages": "Have it counted."})
    assert _keys(kimi) == ["thread-7"] * 3
    assert _sent(kimi, "tool")[0]["content"] == "1, 2, 3"
    assert [m["reasoning_content"] for m in _sent(kimi, "assistant")] == ["Ask."]


class _Models(AgentMiddleware[Any, Any, Any]):
    """Remembers the models that are called, so that a test may close them."""

    def __init__(self) -> None:
        self.seen: list[Any] = []

    def wrap_model_call(self, request: Any, handler: Any) -> Any:
        self.seen.append(request.model)
        return handler(request)

    async def awrap_model_call(self, request: Any, handler: Any) -> Any:
        self.seen.append(request.model)
        return await handler(request)

    async def close(self) -> None:
        for model in self.seen:
            model.close()
            await model.aclose()


async def test_a_model_may_be_given_by_name(
    kimi: Emulator, go: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The provider profile makes `kimi:` known, without a call of `register`."""
    monkeypatch.setenv("MOONSHOT_API_KEY", kimi.api_key)
    monkeypatch.setenv("MOONSHOT_API_BASE", kimi.base_url)
    kimi.reply("Hello!")
    models = _Models()
    agent = create_deep_agent("kimi:kimi-k2.6", middleware=[models])
    state = await go(agent, {"messages": "hi"})
    await models.close()
    assert state["messages"][-1].text == "Hello!"
    assert kimi.requests[-1].body["model"] == "kimi-k2.6"
    assert _keys(kimi) == ["thread-7"]


_PNG = base64.b64encode(b"\x89PNG\r\n\x1a\n" + bytes(60)).decode()
_PDF = base64.b64encode(b"%PDF-1.4 nothing").decode()


async def test_pictures_are_shown_and_pdfs_told_of(
    kimi: Emulator, chat: Chat, go: Any
) -> None:
    """By the model's profile: Kimi would refuse the other."""
    agent = create_deep_agent(chat(), checkpointer=InMemorySaver())
    files = {
        path: create_file_data(content, encoding="base64")
        for path, content in (("/a.png", _PNG), ("/b.pdf", _PDF))
    }
    for path in files:
        call = {"name": "read_file", "arguments": {"file_path": path}}
        kimi.reply(reasoning="Look.", tool_calls=[call])
    kimi.reply("Seen.")
    await go(agent, {"messages": "What is in them?", "files": files})
    picture, document = (message["content"] for message in _sent(kimi, "tool"))
    urls = [part["image_url"]["url"] for part in picture if "image_url" in part]
    assert urls == [f"data:image/png;base64,{_PNG}"]
    assert "does not support file content" in str(document)


async def test_an_overflow_makes_it_summarize_and_go_on(
    kimi: Emulator, chat: Chat, go: Any
) -> None:
    """deepagents knows Kimi's refusal of its own call by LangChain's class."""
    agent = create_deep_agent(chat(model="kimi-k2.6"), checkpointer=InMemorySaver())
    history = [(role, "word " * 2000) for _ in range(20) for role in ("user", "ai")]
    kimi.fail("exceeded_model_token_limit")
    kimi.reply("Words were said.")
    kimi.reply("Gladly.")
    state = await go(agent, {"messages": [*history, ("user", "Go on.")]})
    assert state["messages"][-1].text == "Gladly."
    refused, summary, final = kimi.requests
    assert "tools" not in summary.body
    assert len(final.raw) < len(refused.raw) / 2
    assert "Words were said." in final.body["messages"][0]["content"]
