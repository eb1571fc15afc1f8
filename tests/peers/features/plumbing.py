"""What LangChain and its users expect of any chat model."""

import copy
import json
import pickle
from functools import partial
from typing import Any

from deepagents import create_deep_agent
from langchain.agents import create_agent
from langchain.agents.middleware import SummarizationMiddleware
from langchain.chat_models import init_chat_model
from langchain_core.load import dumpd, load
from langchain_core.messages import HumanMessage
from langgraph.checkpoint.memory import InMemorySaver

from tests.peers.features.tools import get_weather
from tests.peers.peer import Peer
from tests.peers.probing import feature

row = partial(feature, group="LangChain", page="langchain.md")


@row(
    "sync, async, batches and streams",
    source="A",
    tests=["test_langchain.py::test_batches_of_threads_and_tasks"],
)
def calls(peer: Peer) -> None:
    model = peer.model()

    async def all_of_them() -> None:
        assert (await model.ainvoke("Hello!")).text, "ainvoke: no text"
        chunks = [chunk async for chunk in model.astream("Hello!")]
        assert len(chunks) > 5, f"astream: {len(chunks)} chunks"
        assert len(await model.abatch(["a", "b"])) == 2, "abatch"

    assert model.invoke("Hello!").text, "invoke: no text"
    assert len(list(model.stream("Hello!"))) > 5, "stream: not in chunks"
    assert len(model.batch(["a", "b"])) == 2, "batch"
    peer.run(all_of_them)


@row(
    "one model under several event loops",
    source="B.8, D",
    tests=["test_langchain.py::test_one_model_serves_several_event_loops"],
)
def event_loops(peer: Peer) -> None:
    model = peer.model(max_retries=0)

    async def ask() -> Any:
        return await model.ainvoke("Hello!")

    for _ in range(3):
        assert peer.run(ask).text, "no text"
    assert len(peer.bodies) == 3, f"sent {len(peer.bodies)} times for 3 calls"


@row(
    "models can be pickled and deep-copied",
    source="A, B.3",
    tests=["test_langchain.py::test_a_used_model_can_be_copied"],
)
def copies(peer: Peer) -> None:
    model = peer.model()
    model.invoke("Hello!")
    # Where a pickle is loaded, the key may be the environment's.
    with peer.environment(MOONSHOT_API_KEY=peer.kimi.api_key):
        for copied in (pickle.loads(pickle.dumps(model)), copy.deepcopy(model)):
            peer.models.append(copied)
            assert copied.invoke("Hello!").text, "no text"


@row(
    "dumps that can be loaded, without the key in them",
    source="A.4",
    tests=["test_langchain.py::test_a_dump_can_be_loaded"],
)
def dumps(peer: Peer) -> None:
    model = peer.model()
    dump = dumpd(model)
    assert dump["type"] == "constructor", f"dumped as {dump['type']}"
    assert peer.kimi.api_key not in json.dumps(dump), "the key is in the dump"
    loaded = load(
        dump,
        allowed_objects=[type(model)],
        valid_namespaces=[peer.client.module],
        secrets_map=dict.fromkeys(model.lc_secrets.values(), peer.kimi.api_key),
    )
    peer.models.append(loaded)
    assert loaded.invoke("Hello!").text, "no text"


@row(
    "profiles of the current models",
    source="A.2",
    tests=["test_langchain.py::test_a_profile_tells_agents_what_the_model_can"],
)
def profiles(peer: Peer) -> None:
    profile = peer.model().profile or {}
    window = profile.get("max_input_tokens")
    assert window == 1_048_576, f"max_input_tokens is {window}"


@row(
    "answers and traces name Moonshot, alike, which summarization compares",
    source="A.2",
    tests=["test_langchain.py::test_tracing_is_told_what_was_asked"],
)
def provider(peer: Peer) -> None:
    model = peer.model()
    answered = model.invoke("Hello!").response_metadata.get("model_provider")
    traced = model._get_ls_params()["ls_provider"]
    both = f"{answered} in answers, {traced} in traces"
    assert answered == traced == "moonshot", both


@row(
    "`init_chat_model`",
    source="A.3",
    tests=["test_langchain.py::test_register_lets_init_chat_model_find_kimi"],
)
def init_chat_model_(peer: Peer) -> None:
    if peer.client.module == "langchain_kimi":
        peer.public("register")()
    target = {"api_key": peer.kimi.api_key, peer.client.base_url: peer.kimi.base_url}
    name = peer.client.prefix + "kimi-k3"
    model = init_chat_model(name, model_provider=peer.client.provider, **target)
    peer.models.append(model)
    assert model.invoke("Hello!").text, "no text"


@row(
    "an agent's loop over two turns and a checkpointer, every reasoning sent back",
    source="D",
    page="agents.md",
    tests=[
        "test_langchain.py::test_an_agent_keeps_its_reasoning_through_a_checkpointer"
    ],
)
def agent_loop(peer: Peer) -> None:
    _run_agent(peer, "kimi-k3")


@row(
    "the same on `kimi-k2.6`, which answers 400 without it",
    source="4.2, D",
    page="agents.md",
    tests=[
        "test_langchain.py::test_an_agent_keeps_its_reasoning_through_a_checkpointer"
    ],
)
def agent_loop_k2(peer: Peer) -> None:
    _run_agent(peer, "kimi-k2.6")


def _run_agent(peer: Peer, model: str) -> None:
    agent = create_agent(peer.model(model), [get_weather], checkpointer=InMemorySaver())
    thread: Any = {"configurable": {"thread_id": "1"}, "recursion_limit": 12}
    for city in ("Paris", "Rome"):
        asked = {"messages": f'get_weather of "{city}"'}
        for _ in agent.stream(asked, thread, stream_mode="messages"):
            pass
    sent = [m for m in peer.body["messages"] if m["role"] == "assistant"]
    kept = [bool((m.get("reasoning_content") or "").strip()) for m in sent]
    assert all(kept), f"{kept.count(False)} of {len(kept)} turns without reasoning"


@row(
    "an agent of fifty steps, every reasoning sent back",
    source="4.2, seed 000",
    page="agents.md",
    tests=["test_agents.py::test_two_hundred_steps_lose_nothing"],
)
def long_agent(peer: Peer) -> None:
    for number in range(50):
        call = {"name": "get_weather", "arguments": {"city": f"City {number}"}}
        peer.kimi.reply(reasoning=f"Thought {number}", tool_calls=[call])
    agent = create_agent(peer.model(), [get_weather])
    agent.invoke({"messages": "Go"}, {"recursion_limit": 200})
    sent = [m for m in peer.body["messages"] if m["role"] == "assistant"]
    thoughts = [m.get("reasoning_content") for m in sent]
    kept = sum(found == f"Thought {n}" for n, found in enumerate(thoughts))
    assert kept == 50, f"{kept} of 50 thoughts went back"


@row(
    "a deep agent that plans and writes, every reasoning sent back",
    source="D",
    page="agents.md",
    tests=["test_deep_agents.py::test_a_deep_agent_plans_and_writes_files"],
)
def deep_agent(peer: Peer) -> None:
    _go_deep(peer, create_deep_agent(peer.model()))


@deep_agent.or_else("with a system prompt of one's own")
def _(peer: Peer) -> None:
    _go_deep(peer, create_deep_agent(peer.model(), system_prompt="Be brief."))


def _go_deep(peer: Peer, agent: Any) -> None:
    note = {"file_path": "/note.md", "content": "Hello"}
    peer.kimi.reply(
        reasoning="A note.", tool_calls=[{"name": "write_file", "arguments": note}]
    )
    peer.kimi.reply("Done.")
    state = agent.invoke({"messages": "Write a note."})
    assert state["files"]["/note.md"]["content"] == "Hello", "no note"
    sent = [m for m in peer.body["messages"] if m["role"] == "assistant"]
    thoughts = [m.get("reasoning_content") for m in sent]
    assert thoughts == ["A note."], f"sent back with reasoning_content={thoughts[0]!r}"


@row(
    "history is summarized when the reported usage nears the window",
    source="A.2",
    page="agents.md",
    tests=["test_agents.py::test_the_reported_usage_makes_langchain_summarize"],
)
def summaries(peer: Peer) -> None:
    _summarize(peer, peer.model())


@summaries.or_else("with the window given by hand")
def _(peer: Peer) -> None:
    _summarize(peer, peer.model(profile={"max_input_tokens": 1_048_576}))


def _summarize(peer: Peer, model: Any) -> None:
    almost = {"prompt_tokens": 900_000, "completion_tokens": 9, "total_tokens": 900_009}
    peer.kimi.reply("Hello!", usage=almost)
    told = ("fraction", 0.8)
    middleware = SummarizationMiddleware(model, trigger=told, keep=("messages", 1))
    agent = create_agent(model, middleware=[middleware], checkpointer=InMemorySaver())
    thread: Any = {"configurable": {"thread_id": "1"}}
    for _ in range(2):
        agent.invoke({"messages": "Hello!"}, thread)
    assert len(peer.bodies) == 3, "nothing was summarized"


@row(
    "history from dicts keeps Kimi's own keys",
    source="B.4",
    page="reasoning.md",
    tests=["test_reasoning.py::test_hand_made_reasoning_is_sent"],
)
def dict_messages(peer: Peer) -> None:
    turn = {
        "role": "assistant",
        "content": "Four.",
        "reasoning_content": "Two and two.",
    }
    peer.model().invoke(
        [{"role": "user", "content": "2 + 2?"}, turn, {"role": "user", "content": "?"}]
    )
    found = peer.body["messages"][1].get("reasoning_content")
    assert found == "Two and two.", f"sent back with reasoning_content={found!r}"


@row(
    "several prompts sum their usage (`generate`)",
    source="A",
    tests=["test_langchain.py::test_several_prompts_sum_their_usage"],
)
def summed_usage(peer: Peer) -> None:
    result = peer.model().generate([[HumanMessage("Hello!")]] * 2)
    messages = [generation[0].message for generation in result.generations]
    each = [message.usage_metadata["total_tokens"] for message in messages]
    found = (result.llm_output or {}).get("token_usage", {}).get("total_tokens")
    assert found == sum(each), f"summed to {found} instead of {sum(each)}"
