"""ChatKimi in front of LiteLLM: a real proxy, and a Router in the same process."""

from collections.abc import AsyncIterator
from typing import Any

import openai
import pytest
from langchain.agents import create_agent
from langchain_core.exceptions import ContextOverflowError
from langchain_core.messages import HumanMessage, ToolMessage
from pydantic import BaseModel

from langchain_kimi import ChatKimi
from langchain_kimi.emulator import Emulator
from langchain_kimi.errors import (
    KimiInvalidRequestError,
    KimiRateLimitError,
    KimiStatusError,
    KimiStreamInterruptedError,
)
from litellm_config import connection, router
from tests.conftest import Ask, Chat
from tests.litellm.conftest import Proxy, chats


class Weather(BaseModel):
    """The weather of a city."""

    city: str
    degrees: int


def get_weather(city: str) -> str:
    """Get the weather of a city."""
    return f"{city}: sunny"


@pytest.fixture(params=["proxy", "router"])
async def far(
    request: pytest.FixtureRequest,
) -> AsyncIterator[tuple[Emulator, Any]]:
    """The emulator behind, and how to build a model of a group in front of it."""
    made: list[ChatKimi] = []
    if request.param == "proxy":
        proxy: Proxy = request.getfixturevalue("proxy")
        kimi = proxy.kimi
        settings: dict[str, Any] = {
            "base_url": f"{proxy.base_url}/v1",
            "api_key": proxy.api_key,
            "dialect": "litellm",
            "max_retries": 0,
        }
    else:
        kimi = request.getfixturevalue("kimi")
        settings = connection(
            router(
                api_key=kimi.api_key,
                api_base=kimi.base_url,
                retry_after=0,
                fallbacks=[],
            )
        )

    def build(**fields: Any) -> ChatKimi:
        made.append(ChatKimi(**{**settings, **fields}))
        return made[-1]

    yield kimi, build
    for model in made:
        model.close()
        await model.aclose()
    if request.param == "router":
        settings["http_client"].close()
        await settings["http_async_client"].aclose()


async def test_reasoning_and_usage_come_through(far: Any, ask: Ask) -> None:
    """As from Kimi itself, whole and streamed."""
    kimi, build = far
    usage = {"prompt_tokens": 90, "completion_tokens": 20, "total_tokens": 110}
    kimi.reply("4", reasoning="Two and two.", usage=usage)
    answer = await ask(build(model="kimi-k3-low"), "2+2?")
    assert answer.text == "4"
    assert answer.additional_kwargs["reasoning_content"] == "Two and two."
    assert answer.usage_metadata["input_tokens"] == 90
    assert answer.usage_metadata["output_tokens"] == 20
    (body,) = chats(kimi)
    assert (body["model"], body["reasoning_effort"]) == ("kimi-k3", "low")


async def test_a_tool_loop_keeps_what_was_thought(far: Any, ask: Ask) -> None:
    """Call, arguments and reasoning go back as they came."""
    kimi, build = far
    model = build(model="kimi-k2.6").bind_tools([get_weather])
    call = {
        "name": "get_weather",
        "arguments": {"city": "Paris"},
        "id": "get_weather_0",
    }
    kimi.reply(reasoning="I must look.", tool_calls=[call])
    answer = await ask(model, "Weather?")
    (found,) = answer.tool_calls
    assert (found["name"], found["args"]) == ("get_weather", {"city": "Paris"})
    result = ToolMessage("sunny", tool_call_id=found["id"])
    last = await ask(model, [HumanMessage("Weather?"), answer, result])
    assert last.text
    sent = chats(kimi)[-1]["messages"][1]
    assert sent["reasoning_content"] == "I must look."
    assert sent["tool_calls"][0]["id"] == found["id"]
    assert sent["tool_calls"][0]["function"]["arguments"] == '{"city":"Paris"}'


async def test_structured_output_is_asked_of_kimi(far: Any, ask: Ask) -> None:
    """By its schema, as without a proxy."""
    kimi, build = far
    model = build(model="kimi-k3").with_structured_output(Weather)
    kimi.reply('{"city":"Paris","degrees":20}')
    found = await ask(model, "Weather?")
    assert found == Weather(city="Paris", degrees=20)
    assert chats(kimi)[0]["response_format"]["type"] == "json_schema"


async def test_what_kimi_would_refuse_is_mended_behind(far: Any, ask: Ask) -> None:
    """ChatKimi passes on what the group's settings put right."""
    kimi, build = far
    model = build(model="kimi-k2.6", temperature=0, thinking=False)
    answer = await ask(model, "Hello", top_p=0.5)
    assert "reasoning_content" not in answer.additional_kwargs
    (body,) = chats(kimi)
    assert body["thinking"] == {"type": "disabled"}
    assert not {"temperature", "top_p"} & body.keys()


async def test_an_agent_runs_through(far: Any) -> None:
    """Tools and a typed answer; the profile is that of the group's model."""
    kimi, build = far
    model = build(model="kimi-k3-low")
    assert model.profile["max_input_tokens"] == 1_048_576
    agent = create_agent(model, [get_weather], response_format=Weather)
    state = await agent.ainvoke({"messages": "What is the weather in Paris?"})
    assert isinstance(state["structured_response"], Weather)
    assert {body["model"] for body in chats(kimi)} == {"kimi-k3"}


async def test_a_full_context_is_told_as_one(far: Any, ask: Ask) -> None:
    """LangChain's summarization acts on the class."""
    kimi, build = far
    kimi.fail("exceeded_model_token_limit")
    with pytest.raises(ContextOverflowError):
        await ask(build(model="kimi-k3"), "Hello")


async def test_an_error_keeps_its_kind(far: Any, ask: Ask) -> None:
    """A bad request is one, and an empty account is not tried again."""
    kimi, build = far
    kimi.fail(400, "invalid_request_error", "Invalid request: nonsense")
    with pytest.raises(KimiInvalidRequestError, match="nonsense"):
        await ask(build(model="kimi-k3"), "Hello")
    kimi.fail("exceeded_current_quota_error")
    with pytest.raises(KimiStatusError, match="insufficient balance") as caught:
        await ask(build(model="kimi-k3"), "Hello")
    assert caught.value.is_retryable is False
    assert len(chats(kimi)) == 2


@pytest.mark.parametrize(
    "ending", [b"", b'data: {"error":{"type":"server_error","message":"lost"}}\n\n']
)
async def test_a_stream_that_breaks_is_told(
    far: Any, ask_stream: Ask, ending: bytes
) -> None:
    """Never taken for a whole answer: an error event, or an end before its time."""
    kimi, build = far
    kimi.send(
        b'data: {"choices":[{"index":0,"delta":{"content":"Hel"}}]}\n\n' + ending,
        content_type="text/event-stream",
    )
    with pytest.raises((openai.APIError, KimiStreamInterruptedError)):
        await ask_stream(build(model="kimi-k3"), "Hello")


async def test_how_long_to_wait_is_told(kimi: Emulator, chat: Chat, ask: Ask) -> None:
    """By the API's header, and by the Router while all of a group's servers rest."""
    ready = router(
        api_key=kimi.api_key,
        api_base=kimi.base_url,
        num_retries=0,
        retry_policy=None,
        fallbacks=[],
    )
    settings = connection(ready)
    model = chat(**{**settings, "model": "kimi-k3"})
    overload = {"headers": {"retry-after": "7"}}
    kimi.fail(429, "rate_limit_reached_error", "too many", **overload)
    for _ in range(2):
        with pytest.raises(KimiRateLimitError) as caught:
            await ask(model, "Hello")
        assert float(caught.value.response.headers["retry-after"]) > 1
    assert len(chats(kimi)) == 1
    settings["http_client"].close()
    await settings["http_async_client"].aclose()


def test_a_router_has_no_other_endpoint(kimi: Emulator) -> None:
    """It says what it answers."""
    settings = connection(router(api_key=kimi.api_key, api_base=kimi.base_url))
    model = ChatKimi(model="kimi-k3", **settings)
    with pytest.raises(openai.NotFoundError, match="chat/completions only"):
        model.balance()
    settings["http_client"].close()
