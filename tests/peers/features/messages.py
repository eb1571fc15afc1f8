"""Messages: reasoning and its way back, partial mode, names, histories."""

from functools import partial

from langchain_core.messages import (
    AIMessage,
    HumanMessage,
    SystemMessage,
    ToolMessage,
)

from tests.peers.peer import Peer, reasoning_of, refuse, stream
from tests.peers.probing import feature

row = partial(feature, group="Messages and reasoning", page="reasoning.md")


def _assistant(peer: Peer) -> dict[str, object]:
    (found,) = [m for m in peer.body["messages"] if m["role"] == "assistant"]
    return found


@row(
    "reasoning read from an answer",
    source="3.1, 4.2, seed 000",
    tests=["test_reasoning.py::test_reasoning_is_captured_beside_the_text"],
)
def reasoning(peer: Peer) -> None:
    peer.kimi.reply("Four.", reasoning="Two and two.")
    answer = peer.model().invoke("2 + 2?")
    assert reasoning_of(answer) == "Two and two.", "the reasoning is lost"
    assert answer.text == "Four.", f"the text is {answer.text!r}"


@row(
    "reasoning read from a stream",
    source="3.2, seed 000",
    tests=["test_reasoning.py::test_reasoning_is_captured_beside_the_text"],
)
def reasoning_in_streams(peer: Peer) -> None:
    peer.kimi.reply("Four.", reasoning="Two and two.")
    answer = stream(peer.model(), "2 + 2?")
    assert reasoning_of(answer) == "Two and two.", "the reasoning is lost"


@row(
    "reasoning sent back with a plain turn",
    source="4.2",
    tests=["test_reasoning.py::test_an_answer_goes_back_complete"],
)
def reasoning_back(peer: Peer) -> None:
    peer.kimi.reply("Four.", reasoning="Two and two.")
    model = peer.model()
    model.invoke(["2 + 2?", model.invoke("2 + 2?"), "And one?"])
    found = _assistant(peer).get("reasoning_content")
    assert found == "Two and two.", f"sent back with reasoning_content={found!r}"


@row(
    "a tool loop while `kimi-k2.6` thinks, which refuses missing reasoning",
    source="4.2",
    tests=["test_reasoning.py::test_an_answer_goes_back_complete"],
)
def reasoning_in_tool_loops(peer: Peer) -> None:
    weather = {"type": "object", "properties": {"city": {"type": "string"}}}
    function = {"name": "get_weather", "description": "Weather.", "parameters": weather}
    model = peer.model("kimi-k2.6").bind(
        tools=[{"type": "function", "function": function}]
    )
    question = HumanMessage('get_weather of "Paris"')
    answer = model.invoke([question])
    result = ToolMessage("sunny", tool_call_id=answer.tool_calls[0]["id"])
    assert model.invoke([question, answer, result]).text, "no answer"
    found = _assistant(peer).get("reasoning_content")
    assert (found or "").strip(), f"sent back with reasoning_content={found!r}"


@row(
    "reasoning sent back from v1 content blocks",
    source="B.5",
    tests=["test_reasoning.py::test_an_answer_goes_back_complete"],
)
def reasoning_back_from_blocks(peer: Peer) -> None:
    blocks = [
        {"type": "reasoning", "reasoning": "Two and two."},
        {"type": "text", "text": "Four."},
    ]
    answer = AIMessage(
        blocks,
        response_metadata={"output_version": "v1", "model_provider": "moonshot"},
    )
    peer.model().invoke(["2 + 2?", answer, "And one?"])
    found = _assistant(peer)
    assert "Four." in str(found.get("content")), "the text is lost"
    sent = found.get("reasoning_content")
    assert sent == "Two and two.", f"sent back with reasoning_content={sent!r}"


@row(
    "another vendor's reasoning is not sent to Kimi, its text is",
    source="4.2",
    tests=["test_reasoning.py::test_the_reasoning_of_others_stays_with_them"],
)
def foreign_reasoning(peer: Peer) -> None:
    answer = AIMessage(
        "Four.",
        additional_kwargs={"reasoning_content": "secret"},
        response_metadata={"model_provider": "deepseek"},
    )
    peer.model().invoke(["2 + 2?", answer, "And one?"])
    found = _assistant(peer)
    assert found.get("content") == "Four.", f"the text went as {found.get('content')}"
    assert "secret" not in str(found), "another vendor's reasoning was sent"


@row(
    "tool calls without reasoning (few-shot examples) while `kimi-k2.6` thinks",
    source="4.2",
    tests=["test_reasoning.py::test_a_synthesized_call_gets_an_empty_reasoning"],
)
def synthesized_calls(peer: Peer) -> None:
    call = {"name": "look", "args": {}, "id": "a"}
    history = [
        HumanMessage("Look"),
        AIMessage("", tool_calls=[call]),
        ToolMessage("nothing", tool_call_id="a"),
    ]
    assert peer.model("kimi-k2.6").invoke(history).text, "no answer"


@row(
    "partial mode: the flag stands on the message",
    source="6.2, seed 000",
    page="partial-mode.md",
    tests=["test_partial.py::test_the_flag_counts_in_any_form_of_message"],
)
def partial_mode(peer: Peer) -> None:
    begun = AIMessage("The req", additional_kwargs={"partial": True})
    answer = peer.model().invoke(["Hello!", begun])
    assert _assistant(peer).get("partial") is True, "the flag was dropped"
    assert answer.text.startswith("uest was"), f"answered {answer.text[:20]!r}"


@row(
    "the flag as a setting, which the API would ignore, is refused",
    source="6.2, seed 000",
    page="partial-mode.md",
    tests=["test_partial.py::test_it_is_no_setting"],
)
def partial_elsewhere(peer: Peer) -> None:
    history = ["Hello!", AIMessage("The req")]
    refuse(peer, lambda: peer.model().invoke(history, partial=True), "partial")


@row(
    "a beginning and its continuation, joined",
    source="6.2",
    page="partial-mode.md",
    tests=["test_partial.py::test_a_beginning_is_continued"],
)
def joined_partial(peer: Peer) -> None:
    begun = peer.public("partial_message")("The req")
    answer = peer.public("join_partial")(begun, peer.model().invoke(["Hi", begun]))
    assert answer.text.startswith("The request was"), f"joined {answer.text[:20]!r}"


@row(
    "`name` on a message",
    source="2.2, seed 004",
    page="chat-kimi.md",
    tests=["test_content.py::test_each_kind_of_message_has_its_role"],
)
def names(peer: Peer) -> None:
    peer.model().invoke([HumanMessage("Hello!", name="ann")])
    found = peer.body["messages"][0].get("name")
    assert found == "ann", f"sent name={found!r}"


@row(
    "a system message anywhere in the conversation",
    source="2.2",
    page="chat-kimi.md",
    tests=["test_content.py::test_each_kind_of_message_has_its_role"],
)
def system_messages(peer: Peer) -> None:
    peer.model().invoke(
        [SystemMessage("Be brief."), "Hello!", SystemMessage("In French.")]
    )
    roles = [message["role"] for message in peer.body["messages"]]
    assert roles == ["system", "user", "system"], f"sent {roles}"


@row(
    "blank content beside tool calls is left out, as the API wants it",
    source="2.2",
    page="tools.md",
    tests=["test_tools.py::test_blank_content_beside_calls_is_left_out"],
)
def blank_content(peer: Peer) -> None:
    call = {"name": "look", "args": {}, "id": "a"}
    called = AIMessage([], tool_calls=[call])
    result = ToolMessage("nothing", tool_call_id="a")
    assert peer.model().invoke(["Look", called, result]).text, "no answer"
    sent = _assistant(peer)
    assert not sent.get("content"), f"sent content={sent.get('content')!r}"


@row(
    "an open pair of tool call and result is refused before it is sent",
    source="2.2, 5.3",
    page="tools.md",
    tests=["test_tools.py::test_unpaired_calls_and_results_are_refused"],
)
def unpaired_calls(peer: Peer) -> None:
    call = {"name": "look", "args": {}, "id": "look-7"}
    history = ["Look", AIMessage("", tool_calls=[call]), "And?"]
    refuse(peer, lambda: peer.model().invoke(history), "look-7")
