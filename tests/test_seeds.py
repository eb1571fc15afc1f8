"""What the two source documents show: the very call, as the API answers it today, and
what ChatKimi makes of it.

The verdicts stand in docs/features.md; `tests/peers/claims.py` names these tests.
"""

import json
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import openai
import pytest
from langchain.agents import create_agent
from langchain_core.messages import AIMessage, HumanMessage, ToolMessage
from openai import OpenAI
from pydantic import BaseModel

from langchain_kimi import ChatKimi, web_search_tool
from langchain_kimi._refusal import KimiSettingError
from langchain_kimi.emulator import Emulator
from langchain_kimi.errors import KimiNotFoundError
from tests.conftest import Ask, Chat
from tests.emulator_client import post
from tests.emulator_client import stream as post_stream

_HOSTED = ["kimi-k2.5", "kimi-k2.5-instant", "kimi-k2", "kimi-k2-0905"]
_HELLO: Any = [
    {"role": "system", "content": "You are Kimi."},
    {"role": "user", "content": "Hello!"},
]
_INSTANT = {"thinking": {"type": "disabled"}}
_CITY = {
    "type": "object",
    "required": ["city"],
    "properties": {"city": {"type": "string"}},
}
_WEATHER: Any = {
    "type": "function",
    "function": {"name": "get_weather", "description": "Weather.", "parameters": _CITY},
}
_PICTURE = "data:image/png;base64,iVBORw0KGgo="
_WEB = "https://example.com/photo.jpg"


class Person(BaseModel):
    """A person."""

    name: str
    age: int


@pytest.fixture
def sdk(kimi: Emulator) -> Iterator[OpenAI]:
    """The client of both documents, with its own address and key."""
    target = {"api_key": kimi.api_key, "base_url": kimi.base_url}
    with OpenAI(**target, max_retries=0) as client:
        yield client


def _create(sdk: OpenAI, model: str = "kimi-k3", **settings: Any) -> Any:
    return sdk.chat.completions.create(model=model, **{"messages": _HELLO, **settings})


@pytest.mark.parametrize("model", [*_HOSTED, "kimi-k2-thinking"])
def test_the_models_of_the_documents_are_gone(sdk: OpenAI, model: str) -> None:
    with pytest.raises(openai.NotFoundError, match="Not found the model"):
        _create(sdk, model)


@pytest.mark.parametrize("model", ["kimi-k2.5", "kimi-k2.5-instant"])
async def test_a_model_that_is_gone_is_told_with_its_successor(
    chat: Chat, ask: Ask, model: str
) -> None:
    with pytest.raises(KimiNotFoundError, match=r"2026-08-31.*kimi-k"):
        await ask(chat(model=model), "Hello!")


async def test_the_instant_name_is_the_model_with_thinking_off(ask: Ask) -> None:
    """Where someone serves it still: the name is ours, the switch is the API's."""
    with Emulator(models=["kimi-k2.5"]) as kimi:
        target = {"api_key": kimi.api_key, "base_url": kimi.base_url}
        model = ChatKimi(model="kimi-k2.5-instant", **target)
        answer = await ask(model, "Hello!")
        model.close()
        await model.aclose()
        assert kimi.requests[-1].body["model"] == "kimi-k2.5"
        assert kimi.requests[-1].body["thinking"] == {"type": "disabled"}
    assert "reasoning_content" not in answer.additional_kwargs


def test_the_basic_call_works_with_a_model_of_today(sdk: OpenAI) -> None:
    """With the very values that are fixed now."""
    answer = _create(sdk, temperature=1, top_p=0.95, max_tokens=4096)
    assert answer.choices[0].message.content
    assert answer.usage.completion_tokens_details.reasoning_tokens > 0


@pytest.mark.parametrize("model", ["kimi-k3", "kimi-k2.7-code", "kimi-k2.6"])
async def test_the_recommended_temperature_is_refused_while_thinking(
    sdk: OpenAI, chat: Chat, ask: Ask, model: str
) -> None:
    """It stands in nearly every example; ChatKimi leaves it out and says so."""
    with pytest.raises(openai.BadRequestError, match="only 1 is allowed"):
        _create(sdk, model, temperature=0.6)
    with pytest.warns(UserWarning, match=r"temperature=0.6 was not sent"):
        assert (await ask(chat(model=model, temperature=0.6), "Hello!")).text


@pytest.mark.parametrize(
    "setting", [{"n": 2}, {"presence_penalty": 0.5}, {"frequency_penalty": 0.5}]
)
async def test_other_sampling_settings_are_fixed_too(
    sdk: OpenAI, chat: Chat, ask: Ask, setting: dict[str, Any]
) -> None:
    with pytest.raises(openai.BadRequestError, match=f"invalid {next(iter(setting))}"):
        _create(sdk, **setting)
    with pytest.warns(UserWarning, match="was not sent"):
        assert (await ask(chat(), "Hello!", **setting)).text


async def test_five_stops_are_taken_and_not_four(
    sdk: OpenAI, chat: Chat, ask: Ask
) -> None:
    assert _create(sdk, stop=list("#%&$~")).choices[0].message.content
    with pytest.raises(openai.BadRequestError, match="stop"):
        _create(sdk, stop=list("#%&$~^"))
    assert (await ask(chat(stop=list("#%&$~")), "Hello!")).text
    with pytest.raises(KimiSettingError, match="stop"):
        await ask(chat(stop=list("#%&$~^")), "Hello!")


async def test_thinking_is_the_default_and_stands_beside_the_text(
    sdk: OpenAI, chat: Chat, ask: Ask
) -> None:
    message = _create(sdk, "kimi-k2.6").choices[0].message
    assert message.reasoning_content
    assert message.content
    answer = await ask(chat(model="kimi-k2.6"), "Hello!")
    assert answer.additional_kwargs["reasoning_content"]
    assert answer.text


async def test_instant_mode_is_that_of_the_guide(
    kimi: Emulator, sdk: OpenAI, chat: Chat, ask: Ask
) -> None:
    """On the one model that can: with its own temperature, and no reasoning."""
    message = _create(sdk, "kimi-k2.6", temperature=0.6, extra_body=_INSTANT)
    assert not hasattr(message.choices[0].message, "reasoning_content")
    model = chat(model="kimi-k2.6", thinking=False, temperature=0.6)
    answer = await ask(model, "Hello!")
    assert "reasoning_content" not in answer.additional_kwargs
    assert kimi.requests[-1].body["temperature"] == 0.6
    with pytest.raises(KimiSettingError, match="reasoning_effort='low'"):
        await ask(chat(model="kimi-k3", thinking=False), "Hello!")


async def test_the_tool_loop_needs_the_reasoning_too(
    sdk: OpenAI, chat: Chat, ask: Ask
) -> None:
    """Appended as the SDK's own object it goes back, as role and calls it does not."""
    question: Any = {"role": "user", "content": 'get_weather of "Beijing"'}
    asked = {"model": "kimi-k2.6", "tools": [_WEATHER], "tool_choice": "auto"}
    message = _create(sdk, messages=[question], **asked).choices[0].message
    (call,) = message.tool_calls
    assert json.loads(call.function.arguments) == {"city": "Beijing"}
    result: Any = {"role": "tool", "tool_call_id": call.id, "content": "sunny"}
    done = _create(sdk, messages=[question, message, result], **asked)
    assert "sunny" in done.choices[0].message.content
    bare = {"role": "assistant", "tool_calls": [call.model_dump()]}
    with pytest.raises(openai.BadRequestError, match="reasoning_content is missing"):
        _create(sdk, messages=[question, bare, result], **asked)

    bound = chat(model="kimi-k2.6").bind_tools([_WEATHER])
    human = HumanMessage(question["content"])
    answer = await ask(bound, [human])
    told = ToolMessage("sunny", tool_call_id=answer.tool_calls[0]["id"])
    assert "sunny" in (await ask(bound, [human, answer, told])).text


@pytest.mark.parametrize(
    ("model", "choice", "kind"),
    [
        ("kimi-k2.6", "required", "required"),
        ("kimi-k2.6", {"type": "function", "function": {"name": "get_weather"}}, "sp"),
        ("kimi-k3", {"type": "function", "function": {"name": "get_weather"}}, "sp"),
    ],
)
def test_forcing_a_tool_is_refused_while_thinking(
    sdk: OpenAI, model: str, choice: Any, kind: str
) -> None:
    with pytest.raises(openai.BadRequestError, match=f"tool_choice '{kind}"):
        _create(sdk, model, tools=[_WEATHER], tool_choice=choice)


@pytest.mark.parametrize("choice", ["required", "get_weather"])
async def test_k3_can_be_made_to_call_a_tool(chat: Chat, ask: Ask, choice: str) -> None:
    """A named one is sent alone, with `required`."""
    bound = chat().bind_tools([_WEATHER], tool_choice=choice)
    assert (await ask(bound, "Hello!")).tool_calls[0]["name"] == "get_weather"


async def test_json_mode_and_json_schema(sdk: OpenAI, chat: Chat, ask: Ask) -> None:
    asked = {"messages": [{"role": "user", "content": 'JSON with "name"'}]}
    answer = _create(sdk, **asked, response_format={"type": "json_object"})
    assert list(json.loads(answer.choices[0].message.content)) == ["name"]
    model = chat().with_structured_output(Person)
    found = await ask(model, "This is John, he is 30 years old.")
    assert isinstance(found, Person)


async def test_the_partial_flag_belongs_on_the_message(
    sdk: OpenAI, chat: Chat, ask: Ask
) -> None:
    """At the top level it is ignored, as every unknown key: the answer begins anew."""
    begun: Any = {"role": "assistant", "content": "The req"}
    ignored = _create(sdk, messages=[*_HELLO, begun], extra_body={"partial": True})
    assert ignored.choices[0].message.content.startswith("The request was")
    begun["partial"] = True
    continued = _create(sdk, messages=[*_HELLO, begun])
    assert continued.choices[0].message.content.startswith("uest was")
    begun = AIMessage("The req", additional_kwargs={"partial": True})
    assert (await ask(chat(), ["Hello!", begun])).text.startswith("uest was")


async def test_a_stream_thinks_first_and_ends_with_a_chunk_without_choices(
    sdk: OpenAI, chat: Chat, ask_stream: Ask
) -> None:
    """The documents' loop breaks on it, as soon as usage is asked for."""
    chunks = list(_create(sdk, stream=True))
    kinds = [
        kind
        for chunk in chunks
        for kind in ("reasoning_content", "content")
        if getattr(chunk.choices[0].delta, kind, None)
    ]
    assert kinds == sorted(kinds, reverse=True)
    assert set(kinds) == {"reasoning_content", "content"}
    *_, last = _create(sdk, stream=True, stream_options={"include_usage": True})
    with pytest.raises(IndexError):
        last.choices[0]
    whole = await ask_stream(chat(), "Hello!")
    assert whole.usage_metadata["total_tokens"] > 0


def test_events_end_with_done(kimi: Emulator) -> None:
    """`data: ` and `[DONE]`, as the documents show; the helper checks both."""
    events = post_stream(kimi).events
    assert events[0]["object"] == "chat.completion.chunk"


async def test_web_search_is_answered_only_after_an_echo(
    sdk: OpenAI, chat: Chat, ask: Ask
) -> None:
    """The guide's single call asks for a search; `web_search_tool` does the rest."""
    tool = {"type": "builtin_function", "function": {"name": "$web_search"}}
    asked: Any = [{"role": "user", "content": "search Kimi news"}]
    choice = _create(sdk, messages=asked, tools=[tool]).choices[0]
    assert (choice.finish_reason, choice.message.content) == ("tool_calls", "")
    with pytest.warns(DeprecationWarning, match="moonshot/web-search"):
        agent = create_agent(chat(), [web_search_tool()])
    found = await agent.ainvoke({"messages": "search Kimi news"})
    assert "1 page about" in found["messages"][-1].text


def _picture(url: str) -> list[Any]:
    return [
        {"type": "text", "text": "What is it?"},
        {"type": "image_url", "image_url": {"url": url}},
    ]


async def test_a_public_url_of_a_picture_is_refused(
    kimi: Emulator, sdk: OpenAI, chat: Chat, ask: Ask
) -> None:
    """Kimi fetches none: base64 or an uploaded file it must be."""
    from_web: Any = {"role": "user", "content": _picture(_WEB)}
    with pytest.raises(openai.BadRequestError, match="unsupported image url"):
        _create(sdk, messages=[from_web])
    as_data: Any = {"role": "user", "content": _picture(_PICTURE)}
    assert _create(sdk, messages=[as_data]).choices[0].message.content
    sent = len(kimi.requests)
    with pytest.raises(KimiSettingError, match="base64"):
        await ask(chat(), [HumanMessage(_picture(_WEB))])
    assert len(kimi.requests) == sent
    answer = await ask(chat(), [HumanMessage(_picture(_PICTURE))])
    assert "image/png" in answer.text


async def test_a_video_is_read_from_base64(chat: Chat, ask: Ask) -> None:
    video = {"type": "video", "base64": "AAAA", "mime_type": "video/mp4"}
    assert "video/mp4" in (await ask(chat(), [HumanMessage([video])])).text


async def test_texts_alone_are_not_the_whole_turn(
    kimi: Emulator, sdk: OpenAI, chat: Chat, ask: Ask
) -> None:
    """The guide's chat forgets what was thought, which K3 and K2.7 want back."""
    text = _create(sdk).choices[0].message.content
    turn: Any = {"role": "assistant", "content": text}
    _create(sdk, messages=[*_HELLO, turn, {"role": "user", "content": "And?"}])
    assert "reasoning_content" not in kimi.requests[-1].body["messages"][2]
    answer = await ask(chat(), "Hello!")
    await ask(chat(), ["Hello!", answer, "And?"])
    sent = kimi.requests[-1].body["messages"][1]
    assert sent["reasoning_content"] == answer.additional_kwargs["reasoning_content"]


def test_a_wrong_key_is_refused_in_the_words_that_were_seen(kimi: Emulator) -> None:
    answer = post(kimi, {}, key="wrong")
    assert answer.status == 401
    assert answer.error == ("incorrect_api_key_error", "Incorrect API key provided")


async def test_names_and_system_messages_are_sent_as_given(
    kimi: Emulator, sdk: OpenAI, chat: Chat, ask: Ask
) -> None:
    """And no default system prompt is put before them."""
    named: Any = {"role": "user", "content": "Hello!", "name": "ann"}
    assert _create(sdk, messages=[named]).choices[0].message.content
    await ask(chat(), [HumanMessage("Hello!", name="ann")])
    assert kimi.requests[-1].body["messages"] == [named]


_GENERIC = """
import sys, litellm
from litellm_config import model_list
target = {"api_base": sys.argv[1], "api_key": sys.argv[2]}
hello = [{"role": "user", "content": "Hello"}]
try:
    litellm.completion("openai/kimi-k3", hello, temperature=0.6, **target)
except litellm.BadRequestError as error:
    print(error)
router = litellm.Router(model_list=model_list(**target))
answer = router.completion("kimi-k3", hello, temperature=0.6)
print("thought:", answer.choices[0].message.reasoning_content)
"""


def test_the_generic_provider_of_litellm_sends_what_kimi_refuses(
    kimi: Emulator,
) -> None:
    """Seed 004's integration; `litellm_config.model_list` is the one that fits.

    In a fresh process: this one may have `litellm_config.register`ed, which mends it.
    """
    pytest.importorskip("litellm", reason="the openai 3 environment is without it")
    ran = subprocess.run(
        [sys.executable, "-c", _GENERIC, kimi.base_url, kimi.api_key],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert "only 1 is allowed" in ran.stdout, ran.stderr
    assert "thought: The user says" in ran.stdout, ran.stderr
