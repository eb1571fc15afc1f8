"""Partial mode: a beginning is given, Kimi continues it, both are joined."""

from typing import Any

import pytest
from langchain_core.messages import (
    AIMessage,
    BaseMessage,
    ChatMessage,
    HumanMessage,
    SystemMessage,
    ToolMessage,
)

from langchain_kimi import join_partial, partial_message
from langchain_kimi._refusal import KimiSettingError
from langchain_kimi.emulator import Emulator
from tests.conftest import Ask, Chat
from tests.emulator_client import post


async def test_a_beginning_is_continued(kimi: Emulator, chat: Chat, ask: Ask) -> None:
    """The flag sits on the message; the continuation does not repeat it."""
    begun = partial_message("The req", name="Bot")
    answer = await ask(chat(), ["hi", begun])
    assert kimi.requests[-1].body["messages"][1] == {
        "role": "assistant",
        "content": "The req",
        "name": "Bot",
        "partial": True,
    }
    assert answer.text.startswith('uest was: "hi".')
    whole = join_partial(begun, answer)
    assert type(whole) is AIMessage
    assert whole.text == "The req" + answer.text
    assert whole.name == "Bot"
    assert whole.usage_metadata == answer.usage_metadata
    assert whole.response_metadata == answer.response_metadata
    assert whole.id == answer.id
    assert answer.text.startswith("uest"), "the answer itself is not changed"


async def test_the_flag_counts_in_any_form_of_message(
    kimi: Emulator, chat: Chat, ask: Ask
) -> None:
    """A message of one's own, and a dict."""
    by_hand = AIMessage("The", additional_kwargs={"partial": True})
    as_dict = {"role": "assistant", "content": "The", "partial": True}
    for begun in (by_hand, as_dict):
        await ask(chat(), ["hi", begun])
        sent = kimi.requests[-1].body["messages"][1]
        assert sent == {"role": "assistant", "content": "The", "partial": True}


async def test_a_name_alone_begins_an_answer(
    kimi: Emulator, chat: Chat, ask: Ask
) -> None:
    """A role to play, which goes back with the history."""
    begun = partial_message(name="Ann")
    whole = join_partial(begun, await ask(chat(), ["hi", begun]))
    assert whole.text.endswith("It is spoken by Ann.")
    await ask(chat(), ["hi", whole, "and?"])
    sent = kimi.requests[-1].body["messages"][1]
    assert sent["name"] == "Ann"
    assert "partial" not in sent


@pytest.mark.parametrize("version", ["v0", "v1"])
@pytest.mark.parametrize("cap", [10, 40])
async def test_a_cut_answer_is_finished(
    kimi: Emulator, chat: Chat, ask: Ask, version: str, cap: int
) -> None:
    """Cut while it thought or while it spoke: both parts are as if never cut."""
    whole = await ask(chat(output_version=version), "hi")
    cut = await ask(chat(output_version=version, max_tokens=cap), "hi")
    assert cut.response_metadata["finish_reason"] == "length"
    reasoning = cut.additional_kwargs["reasoning_content"]
    begun = partial_message(cut.text, reasoning=reasoning)
    rest = await ask(chat(output_version=version), ["hi", begun])
    assert kimi.requests[-1].body["messages"][1] == {
        "role": "assistant",
        "content": cut.text,
        "reasoning_content": reasoning,
        "partial": True,
    }
    joined = join_partial(begun, rest)
    assert joined.text == whole.text
    kept = "reasoning_content"
    assert joined.additional_kwargs[kept] == whole.additional_kwargs[kept]
    kinds = ["reasoning", "text"]
    assert [block["type"] for block in joined.content_blocks] == kinds
    assert joined.content_blocks[0]["reasoning"] == whole.additional_kwargs[kept]
    assert joined.response_metadata["finish_reason"] == "stop"


async def test_calls_of_the_continuation_are_kept(
    kimi: Emulator, chat: Chat, ask: Ask
) -> None:
    """After the text, which v1 content then begins with."""
    for version in ("v0", "v1"):
        begun = partial_message("Let me look.", reasoning="Hm.")
        kimi.reply(tool_calls=[{"name": "f", "arguments": {"a": 1}}], reasoning="")
        answer = await ask(chat(output_version=version), ["hi", begun])
        whole = join_partial(begun, answer)
        assert whole.tool_calls == answer.tool_calls
        kinds = [block["type"] for block in whole.content_blocks]
        assert kinds == ["reasoning", "text", "tool_call"]
        assert whole.text == "Let me look."
        result = ToolMessage("2", tool_call_id=whole.tool_calls[0]["id"])
        await ask(chat(), ["hi", whole, result])
        sent = kimi.requests[-1].body["messages"][1]
        assert (sent["content"], sent["reasoning_content"]) == ("Let me look.", "Hm.")


async def test_a_blank_beginning_is_refused() -> None:
    """It would be an empty message."""
    for given in ({}, {"prefix": " \n"}, {"name": "", "reasoning": ""}):
        with pytest.raises(KimiSettingError, match="a prefix, a name or a reasoning"):
            partial_message(**given)


async def test_only_a_partial_message_is_joined() -> None:
    """The other order, or two answers, are a mistake."""
    with pytest.raises(KimiSettingError, match="partial_message"):
        join_partial(AIMessage("a"), partial_message("b"))


_FLAG = {"partial": True}


@pytest.mark.parametrize(
    "given", [None, "text", {"role": "assistant"}, HumanMessage("hi")]
)
def test_what_is_no_answer_is_not_joined(given: Any) -> None:
    """As either of the two."""
    with pytest.raises(KimiSettingError, match="is not an AIMessage"):
        join_partial(given, AIMessage("x"))
    with pytest.raises(KimiSettingError, match="is not an AIMessage"):
        join_partial(partial_message("x"), given)


def test_a_beginning_is_a_text() -> None:
    """Nothing is turned into one."""
    for begun in ({"prefix": 1}, {"name": 2}, {"reasoning": ["x"]}):
        with pytest.raises(KimiSettingError, match="is not a text"):
            partial_message(**begun)


@pytest.mark.parametrize(
    ("messages", "words"),
    [
        (
            ["hi", partial_message("a"), "and?"],
            r"messages\[1\].partial.*only on the last message.*join_partial",
        ),
        (
            ["hi", partial_message("a"), AIMessage("b")],
            r"messages\[1\].partial.*only on the last message",
        ),
        (
            [HumanMessage("hi", additional_kwargs=_FLAG)],
            r"messages\[0\].partial.*only with role 'assistant'.*partial_message",
        ),
        ([SystemMessage("a", additional_kwargs=_FLAG), "hi"], "role 'assistant'"),
        (
            [ChatMessage("hi", role="user", additional_kwargs=_FLAG)],
            "role 'assistant'",
        ),
        (
            ["hi", AIMessage(" ", additional_kwargs=_FLAG)],
            r"messages\[1\].content.*must not be empty.*partial_message",
        ),
        (
            [
                "hi",
                AIMessage(
                    "a",
                    additional_kwargs=_FLAG,
                    tool_calls=[{"name": "f", "args": {}, "id": "1"}],
                ),
            ],
            "tool_calls",
        ),
    ],
)
async def test_the_flag_elsewhere_is_refused(
    kimi: Emulator, chat: Chat, ask: Ask, messages: list[BaseMessage | str], words: str
) -> None:
    """With its position and what to do."""
    with pytest.raises(KimiSettingError, match=words):
        await ask(chat(), messages)
    assert not kimi.requests


async def test_json_mode_is_refused(kimi: Emulator, chat: Chat, ask: Ask) -> None:
    """However it is asked for; a JSON Schema is left to the API."""
    messages = ["Give JSON", partial_message("{")]
    bound = chat().bind(response_format={"type": "json_object"})
    structured = chat().with_structured_output({"title": "A"}, method="json_mode")
    for model in (bound, structured):
        with pytest.raises(KimiSettingError, match=r"response_format.*json_object"):
            await ask(model, messages)
    assert not kimi.requests
    schema = {"title": "A", "type": "object", "properties": {"a": {"type": "string"}}}
    await ask(chat().bind(response_format=schema), messages)
    assert kimi.requests[-1].body["messages"][1]["partial"] is True


async def test_it_is_no_setting(kimi: Emulator, chat: Chat, ask: Ask) -> None:
    """At the top level the API would ignore it, and answer from the beginning."""
    with pytest.raises(KimiSettingError, match=r"partial_message\(prefix\)"):
        await ask(chat(), "hi", partial=True)
    assert not kimi.requests
    with pytest.warns(UserWarning, match="has no effect: end the conversation with"):
        answer = await ask(chat(extra_body=_FLAG), ["hi", AIMessage("The")])
    assert answer.text.startswith("The request")


@pytest.mark.parametrize(
    ("messages", "form", "words"),
    [
        ([{"role": "user", "content": "a", **_FLAG}], None, "role 'assistant'"),
        (
            [
                {"role": "assistant", "content": "a", **_FLAG},
                {"role": "user", "content": "b"},
            ],
            None,
            "only on the last message",
        ),
        ([{"role": "assistant", "content": "", **_FLAG}], None, "must not be empty"),
        (
            [{"role": "assistant", "content": "{", **_FLAG}],
            {"type": "json_object"},
            "cannot be used with response_format json_object",
        ),
    ],
)
def test_the_emulator_refuses_the_same(
    kimi: Emulator, messages: list[Any], form: Any, words: str
) -> None:
    """Whoever the client is."""
    body = {"model": "kimi-k3", "messages": messages, "response_format": form}
    answer = post(kimi, body)
    assert answer.status == 400
    assert words in answer.error[1]
