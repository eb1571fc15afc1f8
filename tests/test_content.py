"""Messages: what each kind and content block becomes on the wire, or is refused."""

from typing import Any

import pytest
from langchain_core.messages import (
    AIMessage,
    ChatMessage,
    FunctionMessage,
    HumanMessage,
    RemoveMessage,
    SystemMessage,
    ToolMessage,
)

from langchain_kimi._refusal import KimiSettingError
from langchain_kimi.emulator import Emulator
from tests.conftest import Ask, Chat

_PNG = {"url": "data:image/png;base64,aGk="}
_MP4 = {"url": "data:video/mp4;base64,aGk="}
_BLOCKS: list[tuple[dict[str, Any], dict[str, Any]]] = [
    (
        {"type": "text", "text": "hi", "cache_control": {}},
        {"type": "text", "text": "hi"},
    ),
    ({"type": "text-plain", "text": "hi"}, {"type": "text", "text": "hi"}),
    (
        {"type": "image_url", "image_url": _PNG, "cache_control": {}},
        {"type": "image_url", "image_url": _PNG},
    ),
    (
        {"type": "image_url", "image_url": _PNG["url"]},
        {"type": "image_url", "image_url": _PNG["url"]},
    ),
    (
        {"type": "image_url", "image_url": {**_PNG, "id": None}},
        {"type": "image_url", "image_url": {**_PNG, "id": None}},
    ),
    (
        {"type": "image", "base64": "aGk=", "mime_type": "image/png"},
        {"type": "image_url", "image_url": _PNG},
    ),
    (
        {
            "type": "image",
            "source_type": "base64",
            "data": "aGk=",
            "mime_type": "image/png",
        },
        {"type": "image_url", "image_url": _PNG},
    ),
    (
        {"type": "image", "url": _PNG["url"]},
        {"type": "image_url", "image_url": _PNG},
    ),
    (
        {"type": "image", "file_id": "file_1"},
        {"type": "image_url", "image_url": {"url": "ms://file_1"}},
    ),
    (
        {"type": "image", "source_type": "id", "id": "file_1"},
        {"type": "image_url", "image_url": {"url": "ms://file_1"}},
    ),
    (
        {
            "type": "image",
            "source": {"type": "base64", "media_type": "image/png", "data": "aGk="},
        },
        {"type": "image_url", "image_url": _PNG},
    ),
    (
        {"type": "image", "file_id": "ms://file_1"},
        {"type": "image_url", "image_url": {"url": "ms://file_1"}},
    ),
    (
        {"type": "image", "source": {"type": "file", "file_id": "file_1"}},
        {"type": "image_url", "image_url": {"url": "ms://file_1"}},
    ),
    (
        {"type": "image_url", "image_url": {"url": "ms://file_1"}},
        {"type": "image_url", "image_url": {"url": "ms://file_1"}},
    ),
    (
        {"type": "video_url", "video_url": _MP4},
        {"type": "video_url", "video_url": _MP4},
    ),
    (
        {"type": "video_url", "video_url": _MP4["url"]},
        {"type": "video_url", "video_url": _MP4["url"]},
    ),
    (
        {"type": "video", "url": _MP4["url"]},
        {"type": "video_url", "video_url": _MP4},
    ),
    (
        {"type": "video", "base64": "aGk=", "mime_type": "video/mp4"},
        {"type": "video_url", "video_url": _MP4},
    ),
    (
        {"type": "video", "file_id": "ms://file_2"},
        {"type": "video_url", "video_url": {"url": "ms://file_2"}},
    ),
]


@pytest.mark.parametrize(("block", "part"), _BLOCKS)
async def test_each_block_becomes_a_part_that_kimi_takes(
    kimi: Emulator, chat: Chat, ask: Ask, block: dict[str, Any], part: dict[str, Any]
) -> None:
    """LangChain's of v1 and v0, OpenAI's and Anthropic's."""
    await ask(chat(), [HumanMessage(["See:", block])])
    content = kimi.requests[-1].body["messages"][0]["content"]
    assert content == [{"type": "text", "text": "See:"}, part]


@pytest.mark.parametrize(
    ("block", "words"),
    [
        ({"type": "audio", "base64": "aGk="}, "type 'audio'.*transcript.*Files API"),
        ({"type": "input_audio", "input_audio": {}}, "input_audio.*Files API"),
        ({"type": "file", "base64": "aGk="}, "type 'file'.*KimiFileLoader.*Files API"),
        (
            {"type": "file", "file": {"filename": "a.pdf", "file_data": "aGk="}},
            "type 'file'.*KimiFileLoader",
        ),
        (
            {"type": "file", "source_type": "base64", "data": "aGk="},
            "type 'file'.*KimiFileLoader",
        ),
        ({"type": "document", "source": {}}, "type 'document'.*KimiFileLoader"),
        ({"type": "text-plain", "base64": "aGk="}, "'text-plain'.*KimiFileLoader"),
        ({"type": "thinking", "thinking": "x"}, "type 'thinking'"),
        ({"no": "type"}, "type None"),
        ({"type": "image"}, "has no data.*base64.*file_id"),
        ({"type": "image_url"}, "has no data"),
        (
            {"type": "image", "url": "https://me:pw@a.b/c.png?signature=1"},
            r"messages\[0\].*='https://a.b/c.png':.*fetches no public URL.*"
            r"ChatKimi\(inline_urls=True\)",
        ),
        (
            {"type": "image_url", "image_url": {"url": "http://a.b/c.png"}},
            "unsupported image url",
        ),
        ({"type": "video", "url": "https://a.b/c.mp4"}, "unsupported video url"),
        (
            {"type": "image", "url": "data:image/svg+xml;base64,aGk="},
            "='data:image/svg.xml;base64':.*reads no SVG",
        ),
        (
            {"type": "image", "url": "data:application/pdf;base64,aGk="},
            "unsupported image url.*KimiFileLoader",
        ),
        ({"type": "image", "url": "iVBO" * 999}, "='(iVBO){50}...': unsupported"),
    ],
)
async def test_what_kimi_cannot_read_is_refused(
    kimi: Emulator, chat: Chat, ask: Ask, block: dict[str, Any], words: str
) -> None:
    """With what was given and what to do instead."""
    with pytest.raises(KimiSettingError, match=words):
        await ask(chat(), [HumanMessage(["See:", block])])
    assert not kimi.requests


@pytest.mark.parametrize(("block", "part"), _BLOCKS)
async def test_each_block_may_be_a_tools_result(
    kimi: Emulator, chat: Chat, ask: Ask, block: dict[str, Any], part: dict[str, Any]
) -> None:
    """A tool may return pictures; Anthropic's form of a result too."""
    calls = [{"name": "f", "args": {}, "id": id} for id in ("1", "2")]
    result = {"type": "tool_result", "tool_use_id": "2", "content": ["See:", block]}
    messages = [
        HumanMessage("hi"),
        AIMessage("", tool_calls=calls),
        ToolMessage(["See:", block], tool_call_id="1"),
        HumanMessage([result]),
    ]
    await ask(chat(), messages)
    content = [{"type": "text", "text": "See:"}, part]
    assert kimi.requests[-1].body["messages"][2:] == [
        {"role": "tool", "tool_call_id": id, "content": content} for id in ("1", "2")
    ]


async def test_each_kind_of_message_has_its_role(kimi: Emulator, chat: Chat) -> None:
    """With the name where there is one."""
    chat().invoke(
        [
            SystemMessage("a"),
            SystemMessage(["b", {"type": "text", "text": "c"}]),
            HumanMessage("d", name="Ann"),
            AIMessage(["e", {"type": "text", "text": "f"}], name="Bob"),
            ChatMessage("g", role="user"),
            ChatMessage("h", role="developer"),
            {"role": "user", "content": [{"type": "text", "text": "i"}]},
            ("human", "j"),
        ]
    )
    assert kimi.requests[-1].body["messages"] == [
        {"role": "system", "content": "a"},
        {
            "role": "system",
            "content": [{"type": "text", "text": "b"}, {"type": "text", "text": "c"}],
        },
        {"role": "user", "content": "d", "name": "Ann"},
        {"role": "assistant", "content": "ef", "name": "Bob"},
        {"role": "user", "content": "g"},
        {"role": "system", "content": "h"},
        {"role": "user", "content": "i"},
        {"role": "user", "content": "j"},
    ]


@pytest.mark.parametrize(
    "message",
    [
        FunctionMessage("a", name="f"),
        ChatMessage("a", role="robot"),
        RemoveMessage(id="1"),
    ],
)
async def test_other_messages_are_refused(
    kimi: Emulator, chat: Chat, message: Any
) -> None:
    """By their kind."""
    with pytest.raises(KimiSettingError, match=type(message).__name__):
        chat().invoke(["hi", message])
    assert not kimi.requests


async def test_foreign_blocks_of_an_answer_are_left_out(
    kimi: Emulator, chat: Chat
) -> None:
    """A history may come from another vendor: its text goes on."""
    blocks: list[Any] = [
        {"type": "thinking", "thinking": "x", "signature": "y"},
        {"type": "text", "text": "Hello"},
        {"type": "server_tool_use", "name": "search", "id": "1", "input": {}},
        {"type": "non_standard", "value": {}},
    ]
    chat().invoke(["hi", AIMessage(blocks), "and?"])
    assert kimi.requests[-1].body["messages"][1] == {
        "role": "assistant",
        "content": "Hello",
    }


async def test_a_medium_that_another_vendor_made_is_told(
    kimi: Emulator, chat: Chat, ask: Ask
) -> None:
    """The next question may be about it."""
    picture = {"type": "image", "base64": "AAAA", "mime_type": "image/png"}
    made: list[Any] = [{"type": "text", "text": "Here."}, picture]
    with pytest.warns(UserWarning, match=r"messages\[1\] is sent without image"):
        await ask(chat(), ["Draw a cat.", AIMessage(made), "Make it blue."])
    assert kimi.requests[-1].body["messages"][1]["content"] == "Here."


async def test_empty_parts_are_left_out(kimi: Emulator, chat: Chat) -> None:
    """The API refuses a part without text."""
    chat().invoke([HumanMessage(["", {"type": "text", "text": ""}, "hi"])])
    assert kimi.requests[-1].body["messages"][0]["content"] == "hi"


async def test_tools_of_a_system_message_are_sent(kimi: Emulator, chat: Chat) -> None:
    """K3 takes tools in mid-conversation; such a message has no content."""
    none = {"type": "object", "properties": {}}
    tool = {"type": "function", "function": {"name": "f", "parameters": none}}
    message = SystemMessage("", additional_kwargs={"tools": [tool]})
    assert chat().invoke([message, "call f"]).tool_calls
    assert kimi.requests[-1].body["messages"][0] == {"role": "system", "tools": [tool]}
    with pytest.raises(KimiSettingError, match="only at the top level"):
        chat(model="kimi-k2.6").invoke([message, "call f"])


async def test_unicode_goes_as_it_is(kimi: Emulator, chat: Chat) -> None:
    """Both ways, unescaped."""
    text = "你好 👋🏽 é\u2028"
    assert text.split()[0] in chat().invoke(text).text
    assert text.encode() in kimi.requests[-1].raw
