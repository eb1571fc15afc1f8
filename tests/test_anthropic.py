"""Kimi's Anthropic-compatible endpoint: langchain-anthropic and the anthropic SDK."""

import base64
import json
from collections.abc import AsyncIterator, Callable, Iterator
from itertools import count
from typing import Any

import anthropic
import pytest
from anthropic import Anthropic
from langchain_anthropic import ChatAnthropic
from langchain_core.exceptions import ModelInvalidRequestError
from langchain_core.messages import AIMessage, HumanMessage
from langchain_core.tools import tool
from pydantic import BaseModel

from langchain_kimi.catalogue import ANTHROPIC_ALIASES, MODELS, find_model
from langchain_kimi.emulator import Emulator, read_request
from tests.conftest import Ask
from tests.emulator_client import Answer, chat, request

PATH = "/anthropic/v1/messages"
ENABLED = {"type": "enabled", "budget_tokens": 8_000}
PNG = base64.b64encode(b"\x89PNG\r\n\x1a\n" + bytes(60)).decode()
SWITCHED = [model.id for model in MODELS if model.keeps and not model.retired]
ALWAYS = [model.id for model in MODELS if model.efforts]
# langchain-anthropic shares a connection pool between models of one host and timeout.
_TIMEOUTS = count(60)

Claude = Callable[..., ChatAnthropic]
"""`claude(**fields)` -> langchain-anthropic's model on the test's emulator."""


class City(BaseModel):
    """A city."""

    name: str
    people: int


@tool
def get_weather(city: str) -> str:
    """Get the weather of a city."""
    return f"{city}: sunny"


@pytest.fixture
async def claude(kimi: Emulator) -> AsyncIterator[Claude]:
    """Builds models of the emulator, and closes them."""
    models: list[ChatAnthropic] = []

    def build(**fields: Any) -> ChatAnthropic:
        usual = {
            "model": "kimi-k3",
            "base_url": kimi.anthropic_url,
            "api_key": kimi.api_key,
            "max_tokens": 16_000,
            "max_retries": 0,
            "timeout": next(_TIMEOUTS),
        }
        models.append(ChatAnthropic(**{**usual, **fields}))
        return models[-1]

    yield build
    for model in models:
        if "_client" in model.__dict__:
            model._client.close()
        if "_async_client" in model.__dict__:
            await model._async_client.close()


@pytest.fixture
def sdk(kimi: Emulator) -> Iterator[Anthropic]:
    with Anthropic(
        base_url=kimi.anthropic_url, auth_token=kimi.api_key, max_retries=0
    ) as client:
        yield client


def post(kimi: Emulator, text: Any = "Hello", **fields: Any) -> Answer:
    """Send a Messages request of one user message as it is; None leaves out a field."""
    body = {
        "model": "kimi-k3",
        "max_tokens": 16_000,
        "messages": [{"role": "user", "content": text}],
        **fields,
    }
    kept = {key: value for key, value in body.items() if value is not None}
    return request(kimi, "POST", PATH, kept)


def refusal(answer: Answer) -> str:
    """The words of a 400 in Anthropic's form."""
    assert answer.status == 400, answer.raw
    assert answer.body["error"]["type"] == "invalid_request_error"
    return answer.body["error"]["message"]


def events(answer: Answer) -> list[tuple[str, Any]]:
    """The names and the data of the events of a stream."""
    assert answer.status == 200, answer.raw
    *blocks, rest = answer.raw.decode().split("\n\n")
    assert rest == ""
    lines = [block.split("\n") for block in blocks]
    return [
        (name.removeprefix("event: "), json.loads(data.removeprefix("data: ")))
        for name, data in lines
    ]


def thoughts(message: AIMessage) -> list[str]:
    """The thinking of a message, in LangChain's standard blocks."""
    blocks = message.content_blocks
    return [b.get("reasoning", "") for b in blocks if b["type"] == "reasoning"]


class TestLangChain:
    async def test_an_answer_with_its_thinking_and_usage(
        self, ask: Ask, claude: Claude, kimi: Emulator
    ):
        kimi.reply("It is 4.", reasoning="Two and two.")
        message = await ask(claude(), "2 + 2?")
        assert message.text == "It is 4."
        assert thoughts(message) == ["Two and two."]
        usage = message.usage_metadata
        assert usage["input_tokens"] > 80
        assert usage["output_tokens"] > 5
        assert usage["total_tokens"] == usage["input_tokens"] + usage["output_tokens"]
        assert message.response_metadata["stop_reason"] == "end_turn"

    async def test_nothing_is_sent_that_kimi_does_not_accept(
        self, ask: Ask, claude: Claude, kimi: Emulator
    ):
        await ask(claude(), "Hi")
        sent = kimi.requests[-1]
        assert sent.path == PATH
        assert sent.headers["Authorization"] == f"Bearer {kimi.api_key}"
        assert "anthropic-beta" not in sent.headers
        assert sent.body.pop("stream", True) is True
        assert sent.body == {
            "model": "kimi-k3",
            "max_tokens": 16_000,
            "messages": [{"role": "user", "content": "Hi"}],
        }

    def test_the_default_cap_is_too_small_to_think(self, claude: Claude):
        assert claude(max_tokens=None).max_tokens == 4_096

    async def test_a_tool_loop_takes_the_thinking_back(self, ask: Ask, claude: Claude):
        with Emulator(strict_reasoning=True, strict_signatures=True) as kimi:
            plain = claude(base_url=kimi.anthropic_url)
            model = plain.bind_tools([get_weather])
            history: list[Any] = [HumanMessage("What is the weather in Paris?")]
            called = await ask(model, history)
            assert [c["args"] for c in called.tool_calls] == [{"city": "Paris"}]
            result = get_weather.invoke(called.tool_calls[0])
            told = await ask(model, [*history, called, result])
            assert "get_weather returned: Paris: sunny" in told.text
            first, _, last = kimi.requests[-1].body["messages"][-3:]
            assert first["content"] == history[0].content
            assert last["content"][0]["tool_use_id"] == called.tool_calls[0]["id"]
            again = [*history, called, result, told, HumanMessage("Thanks")]
            assert "Thanks" in (await ask(plain, again)).text
            sent = kimi.requests[-1].body["messages"]
            kinds = [[b["type"] for b in m["content"]] for m in sent[1:4]]
            assert kinds == [
                ["thinking", "tool_use"],
                ["tool_result"],
                ["thinking", "text"],
            ]

    async def test_a_conversation_without_tools_goes_on(
        self, ask: Ask, claude: Claude, kimi: Emulator
    ):
        model = claude(thinking=ENABLED)
        kimi.reply("Hello Ann.", reasoning="She is Ann.")
        first = await ask(model, "I am Ann")
        message = await ask(model, [HumanMessage("I am Ann"), first, HumanMessage("?")])
        assert message.text
        thinking, text = kimi.requests[-1].body["messages"][1]["content"]
        assert (thinking["thinking"], text["text"]) == ("She is Ann.", "Hello Ann.")
        assert thinking["signature"]

    async def test_streams_want_thinking_to_be_asked_for(
        self, ask_stream: Ask, claude: Claude
    ):
        """Else langchain-anthropic adds an empty text, which goes back to Kimi."""
        model = claude()
        first = await ask_stream(model, "I am Ann")
        with pytest.raises(anthropic.BadRequestError, match="text content is empty"):
            model.invoke([HumanMessage("I am Ann"), first, HumanMessage("?")])

    async def test_any_tool_is_called(self, ask: Ask, claude: Claude, kimi: Emulator):
        model = claude().bind_tools([get_weather], tool_choice="any")
        message = await ask(model, "Weather in Rome?")
        assert message.tool_calls[0]["name"] == "get_weather"
        assert message.response_metadata["stop_reason"] == "tool_use"
        assert kimi.requests[-1].body["tool_choice"] == {"type": "any"}

    async def test_structured_output_by_schema(self, claude: Claude, kimi: Emulator):
        model = claude().with_structured_output(City, method="json_schema")
        asked = "Paris has 2000000 people"
        for found in (model.invoke(asked), await model.ainvoke(asked)):
            assert found.people == 2_000_000
        assert kimi.requests[-1].body["output_config"]["format"]["schema"]

    def test_structured_output_by_a_forced_tool_is_refused(self, claude: Claude):
        with pytest.raises(ModelInvalidRequestError, match="tool_choice 'specified'"):
            claude().with_structured_output(City).invoke("Paris")

    async def test_effort(self, ask: Ask, claude: Claude, kimi: Emulator):
        low = await ask(claude(reasoning_effort="low"), "Hi")
        assert kimi.requests[-1].body["output_config"] == {"effort": "low"}
        high = await ask(claude(reasoning_effort="max"), "Hi")
        assert len(thoughts(low)[0]) < len(thoughts(high)[0])

    async def test_a_picture(self, ask: Ask, claude: Claude):
        picture = {"type": "image", "base64": PNG, "mime_type": "image/png"}
        content = [picture, {"type": "text", "text": "What is it?"}]
        message = await ask(claude(), [HumanMessage(content)])
        assert "image of type image/png, 68 bytes" in message.text

    @pytest.mark.parametrize("given", [0, 0.6, 0.7])
    async def test_another_temperature_is_refused(
        self, ask: Ask, claude: Claude, given: float
    ):
        words = "invalid temperature: only 1 is allowed for this model"
        with pytest.raises(anthropic.BadRequestError, match=words):
            await ask(claude(temperature=given), "Hi")
        assert (await ask(claude(temperature=1), "Hi")).text

    @pytest.mark.parametrize("name", SWITCHED)
    async def test_k2_thinks_when_it_is_told_to(
        self, ask: Ask, claude: Claude, name: str
    ):
        message = await ask(claude(model=name, thinking=ENABLED), "Hi")
        assert thoughts(message)
        assert message.text

    @pytest.mark.parametrize(
        ("preset", "raised"),
        [
            ("invalid_authentication_error", anthropic.AuthenticationError),
            ("permission_denied_error", anthropic.PermissionDeniedError),
            ("content_filter", anthropic.BadRequestError),
            ("engine_overloaded_error", anthropic.RateLimitError),
            ("server_error", anthropic.InternalServerError),
        ],
    )
    async def test_errors_raise_the_classes_of_the_sdk(
        self,
        ask: Ask,
        claude: Claude,
        kimi: Emulator,
        preset: str,
        raised: type[anthropic.APIStatusError],
    ):
        kimi.fail(preset)
        with pytest.raises(raised) as caught:
            await ask(claude(), "Hi")
        body: Any = caught.value.body
        assert body["type"] == "error"
        assert body["error"]["type"] == preset
        assert kimi.pending == 0

    def test_a_rate_limit_is_tried_again(self, claude: Claude, kimi: Emulator):
        kimi.fail(429, "rate_limit_reached_error", headers={"Retry-After": "0"})
        assert claude(max_retries=1).invoke("Hi").text
        assert len(kimi.requests) == 2

    def test_unknown_names_and_keys(self, claude: Claude):
        with pytest.raises(anthropic.NotFoundError, match=r"kimi-k2\.5"):
            claude(model="kimi-k2.5").invoke("Hi")
        with pytest.raises(anthropic.AuthenticationError, match="Incorrect API key"):
            claude(api_key="bad").invoke("Hi")

    async def test_the_cache_is_written_on_demand(self, ask: Ask, claude: Claude):
        marked = {"cache_control": {"type": "ephemeral"}}
        used = [
            (await ask(claude(), "Hi", **settings)).usage_metadata
            for settings in ({}, marked, marked, {})
        ]
        details = [usage["input_token_details"] for usage in used]
        tokens = used[0]["input_tokens"]
        assert {usage["input_tokens"] for usage in used} == {tokens}
        assert [d["cache_creation"] for d in details] == [0, tokens, 0, 0]
        assert [d["cache_read"] for d in details] == [0, 0, tokens, tokens]


class TestSdk:
    def test_whole(self, sdk: Anthropic, kimi: Emulator):
        kimi.reply("Hello!", reasoning="A greeting.")
        message = sdk.messages.create(
            model="kimi-k3",
            max_tokens=16_000,
            system=[{"type": "text", "text": "Be brief."}],
            messages=[{"role": "user", "content": "Hi"}],
        )
        thinking, text = message.content
        assert thinking.type == "thinking"
        assert (thinking.thinking, bool(thinking.signature)) == ("A greeting.", True)
        assert text.type == "text"
        assert text.text == "Hello!"
        assert (message.role, message.type) == ("assistant", "message")

    def test_streamed(self, sdk: Anthropic, kimi: Emulator):
        call = {"name": "add", "arguments": {"values": [1, 2]}}
        kimi.reply("Let me see.", reasoning="Sum.", tool_calls=[call], fragment=3)
        with sdk.messages.stream(
            model="kimi-k3",
            max_tokens=16_000,
            tools=[{"name": "add", "input_schema": {"type": "object"}}],
            messages=[{"role": "user", "content": "1 + 2?"}],
        ) as stream:
            text = "".join(stream.text_stream)
            message = stream.get_final_message()
        assert text == "Let me see."
        assert [block.type for block in message.content] == [
            "thinking",
            "text",
            "tool_use",
        ]
        called = message.content[2]
        assert called.type == "tool_use"
        assert (called.id, called.input) == ("add_0", {"values": [1, 2]})
        assert message.stop_reason == "tool_use"


class TestModels:
    @pytest.mark.parametrize("alias", ANTHROPIC_ALIASES)
    def test_an_alias_is_known_here_alone(self, kimi: Emulator, alias: str):
        assert post(kimi, model=alias).body["model"] == ANTHROPIC_ALIASES[alias]
        assert chat(kimi, model=alias).status == 404

    @pytest.mark.parametrize("name", ["kimi-k9", "kimi-k2.5", "claude-opus-4-8"])
    def test_others_are_not_found(self, kimi: Emulator, name: str):
        answer = post(kimi, model=name)
        assert answer.status == 404
        words = f"Not found the model {name} or Permission denied"
        assert answer.body["error"]["message"] == words

    @pytest.mark.parametrize("name", [None, 7, ["kimi-k3"]])
    def test_a_name_is_required(self, kimi: Emulator, name: Any):
        assert refusal(post(kimi, model=name)) == "Invalid request: model is required"

    @pytest.mark.parametrize("name", ALWAYS)
    @pytest.mark.parametrize("given", [None, ENABLED, {"type": "disabled"}])
    def test_k3_always_thinks(self, kimi: Emulator, name: str, given: Any):
        answer = post(kimi, model=name, thinking=given)
        assert answer.body["content"][0]["type"] == "thinking"

    @pytest.mark.parametrize("name", SWITCHED)
    @pytest.mark.parametrize("given", [None, {"type": "disabled"}])
    def test_k2_without_thinking(self, kimi: Emulator, name: str, given: Any):
        """Those that can answer without do, the others refuse."""
        answer = post(kimi, model=name, thinking=given)
        row = find_model(name)
        assert row
        if row.instant:
            assert [block["type"] for block in answer.body["content"]] == ["text"]
        else:
            words = "invalid thinking: only type=enabled is allowed for this model"
            assert refusal(answer) == words

    @pytest.mark.parametrize("name", SWITCHED)
    def test_k2_takes_adaptive_thinking(self, kimi: Emulator, name: str):
        answer = post(kimi, model=name, thinking={"type": "adaptive"})
        assert answer.body["content"][0]["type"] == "thinking"

    @pytest.mark.parametrize("name", SWITCHED)
    def test_k2_cannot_be_made_to_call_while_it_thinks(self, kimi: Emulator, name: str):
        tools = [{"name": "look", "input_schema": {"type": "object"}}]
        fields = {"model": name, "tools": tools, "tool_choice": {"type": "any"}}
        words = "tool_choice 'required' is incompatible with thinking enabled"
        assert refusal(post(kimi, thinking=ENABLED, **fields)) == words

    @pytest.mark.parametrize("given", [{}, {"type": "budget"}, "enabled"])
    def test_k2_knows_no_other_thinking(self, kimi: Emulator, given: Any):
        answer = post(kimi, model="kimi-k2.6", thinking=given)
        assert refusal(answer).startswith("invalid thinking: ")


class TestRequest:
    @pytest.mark.parametrize("cap", [None, 0, "many"])
    def test_a_cap_is_required(self, kimi: Emulator, cap: Any):
        assert "max_" in refusal(post(kimi, max_tokens=cap))

    def test_the_cap_cuts_the_thinking_first(self, kimi: Emulator):
        body = post(kimi, max_tokens=10).body
        assert [block["type"] for block in body["content"]] == ["thinking"]
        assert body["stop_reason"] == "max_tokens"
        assert body["usage"]["output_tokens"] == 10

    def test_stop_sequences(self, kimi: Emulator):
        body = post(kimi, "one two three", stop_sequences=["two"]).body
        assert body["content"][1]["text"].endswith('"one ')
        assert (body["stop_reason"], body["stop_sequence"]) == ("end_turn", None)

    @pytest.mark.parametrize(
        ("field", "given", "words"),
        [
            ("temperature", 0.5, "invalid temperature: only 1 is allowed"),
            ("top_p", 1, "invalid top_p: only 0.95 is allowed"),
            ("messages", [], "messages must not be empty"),
            ("messages", "Hi", "messages must not be empty"),
            ("tools", [{"name": "1"}], "function name is invalid"),
            ("tools", {}, "invalid tools"),
            ("tools", [{"type": "web_search_20250305"}], "unknown tool type: web"),
            ("tool_choice", {"type": "any"}, "'required' needs tools"),
            ("tool_choice", {"type": "some"}, "unknown tool_choice: some"),
            ("tool_choice", "auto", "unknown tool_choice"),
            ("output_config", {"format": {"type": "xml"}}, "response_format.type"),
            ("output_config", {"format": {"type": "json_schema"}}, "json_schema"),
        ],
    )
    def test_rules_are_those_of_chat(
        self, kimi: Emulator, field: str, given: Any, words: str
    ):
        assert words in refusal(post(kimi, **{field: given}))

    @pytest.mark.parametrize(
        "fields",
        [
            {"top_k": 5, "metadata": {"user_id": "u"}, "service_tier": "auto"},
            {"system": ""},
            {"tool_choice": {"type": "none"}},
            {"tool_choice": {"type": "auto", "disable_parallel_tool_use": True}},
        ],
    )
    def test_what_is_not_known_is_ignored(self, kimi: Emulator, fields: Any):
        assert post(kimi, **fields).status == 200

    def test_results_with_text_and_pictures(self, kimi: Emulator):
        source = {"type": "base64", "media_type": "image/png", "data": PNG}
        result = [
            {"type": "text", "text": "Seen."},
            {"type": "image", "source": source},
        ]
        body = post(kimi, messages=turn_with_call(content=result)).body
        text = body["content"][1]["text"]
        assert "look returned: Seen." in text
        assert "image of type image/png" in text

    @pytest.mark.parametrize("given", [None, "", []])
    def test_a_result_may_be_empty(self, kimi: Emulator, given: Any):
        assert post(kimi, messages=turn_with_call(content=given)).status == 200

    def test_a_question_may_follow_a_result(self, kimi: Emulator):
        messages = turn_with_call(content="Seen.")
        messages[-1]["content"].append({"type": "text", "text": "And now?"})
        assert "And now?" in post(kimi, messages=messages).body["content"][1]["text"]

    def test_a_result_needs_its_call(self, kimi: Emulator):
        _, _, result = turn_with_call()
        words = refusal(post(kimi, messages=[result]))
        assert words == "Invalid request: tool_call_id look_0 is not found"

    def test_a_picture_of_a_public_url(self, kimi: Emulator):
        source = {"type": "url", "url": "https://example.com/a.png"}
        answer = post(kimi, [{"type": "image", "source": source}])
        assert refusal(answer) == "unsupported image url"

    @pytest.mark.parametrize("role", ["user", "assistant"])
    def test_blocks_that_kimi_cannot_read(self, kimi: Emulator, role: str):
        block = {"type": "document", "source": {}}
        answer = post(kimi, messages=[{"role": role, "content": [block]}])
        assert refusal(answer).endswith("in ContentBlockParamUnion: document")

    def test_results_that_kimi_cannot_read(self, kimi: Emulator):
        content = [{"type": "tool_reference", "tool_name": "look"}]
        assert refusal(post(kimi, messages=turn_with_call(content=content))) == (
            "failed to convert tool result content: unsupported content type in "
            "ContentBlockParamUnion: tool_reference"
        )


class TestThinking:
    def test_k2_wants_it_back(self, kimi: Emulator):
        messages = turn_with_call()
        messages[1]["content"].pop(0)
        answer = post(kimi, model="kimi-k2.6", thinking=ENABLED, messages=messages)
        assert refusal(answer) == (
            "thinking is enabled but reasoning_content is missing in assistant tool "
            "call message at index 1"
        )
        assert post(kimi, messages=messages).status == 200

    @pytest.mark.parametrize("change", ["thinking", "signature"])
    def test_a_change_is_taken_unless_signatures_are_strict(
        self, kimi: Emulator, change: str
    ):
        given = post(kimi).body["content"]
        history = [
            {"role": "user", "content": "Hello"},
            {"role": "assistant", "content": given},
            {"role": "user", "content": "Go on"},
        ]
        with Emulator(strict_signatures=True) as strict:
            assert post(strict, messages=history).status == 200
            given[0][change] += "!"
            words = refusal(post(strict, messages=history))
            assert (
                words == "messages.1.content.0: Invalid `signature` in `thinking` block"
            )
            del given[0]["signature"]
            assert refusal(post(strict, messages=history)) == words
        assert post(kimi, messages=history).status == 200


class TestStream:
    def test_the_order_of_events(self, kimi: Emulator):
        call = {"name": "look", "arguments": {"at": "sky"}}
        kimi.reply("Hm.", reasoning="So.", tool_calls=[call])
        got = events(post(kimi, stream=True))
        start, *middle, last, stop = got
        assert all(name == data["type"] for name, data in got)
        assert [
            (data["index"], data.get("delta", data.get("content_block", data))["type"])
            for _, data in middle
        ] == [
            (0, "thinking"),
            (0, "thinking_delta"),
            (0, "signature_delta"),
            (0, "content_block_stop"),
            (1, "text"),
            (1, "text_delta"),
            (1, "content_block_stop"),
            (2, "tool_use"),
            *[(2, "input_json_delta")] * 3,
            (2, "content_block_stop"),
        ]
        message = start[1]["message"]
        assert start[0] == "message_start"
        assert (message["content"], message["stop_reason"]) == ([], None)
        assert message["usage"]["output_tokens"] == 0
        ending = {"stop_reason": "tool_use", "stop_sequence": None}
        assert (last[0], last[1]["delta"]) == ("message_delta", ending)
        assert last[1]["usage"]["input_tokens"] == message["usage"]["input_tokens"]
        assert last[1]["usage"]["output_tokens"] > 0
        assert stop == ("message_stop", {"type": "message_stop"})

    def test_a_call_that_the_cap_cut(self, kimi: Emulator):
        call = {"name": "look", "arguments": '{"at": "sk'}
        for _ in range(2):
            kimi.reply(tool_calls=[call], finish_reason="length")
        pieces = [
            data["delta"].get("partial_json", "")
            for name, data in events(post(kimi, stream=True))
            if name == "content_block_delta"
        ]
        assert "".join(pieces) == '{"at": "sk'
        body = post(kimi).body
        assert body["content"][-1]["input"] == {}
        assert body["stop_reason"] == "max_tokens"

    def test_a_stream_that_breaks_off(self, kimi: Emulator):
        kimi.reply("Half", done=False)
        assert events(post(kimi, stream=True))[-1][0] == "message_delta"


class TestScript:
    def test_an_answer_serves_whichever_chat_route_asks(self, kimi: Emulator):
        for word in ("one", "two"):
            kimi.reply(word)
        assert chat(kimi).message["content"] == "one"
        assert post(kimi).body["content"][1]["text"] == "two"

    def test_a_failure_takes_the_form_of_the_route(self, kimi: Emulator):
        for _ in range(2):
            kimi.fail("content_filter")
        assert chat(kimi).error[0] == "content_filter"
        answer = post(kimi)
        assert answer.body == {
            "type": "error",
            "error": {
                "type": "content_filter",
                "message": "The request was rejected because it was considered high "
                "risk",
            },
            "request_id": answer.headers["Msh-Request-Id"],
        }

    def test_a_path_of_its_own(self, kimi: Emulator):
        kimi.fail("server_error", path=PATH)
        assert chat(kimi).status == 200
        assert post(kimi).status == 500

    def test_raw_bytes(self, kimi: Emulator):
        kimi.send(b"<html>", status=502, content_type="text/html")
        answer = post(kimi)
        assert (answer.status, answer.raw) == (502, b"<html>")

    def test_usage_and_refusal(self, kimi: Emulator):
        kimi.reply(
            "No.",
            finish_reason="content_filter",
            usage={"prompt_tokens": 30, "completion_tokens": 7, "cached_tokens": 10},
        )
        body = post(kimi).body
        assert body["stop_reason"] == "refusal"
        assert body["usage"] == {
            "input_tokens": 20,
            "cache_creation_input_tokens": 0,
            "cache_read_input_tokens": 10,
            "output_tokens": 7,
        }


class TestServer:
    def test_a_path_that_does_not_exist(self, kimi: Emulator):
        answer = request(kimi, "POST", "/anthropic/v1/messages/count_tokens", {})
        assert (answer.status, answer.body["type"]) == (404, "error")

    def test_other_paths_keep_their_form(self, kimi: Emulator):
        assert request(kimi, "GET", "/v1/nothing").error[0]

    def test_the_address_needs_a_running_emulator(self):
        with pytest.raises(RuntimeError, match="call start"):
            _ = Emulator().anthropic_url

    @pytest.mark.parametrize("takes", [True, False])
    def test_x_api_key(self, takes: bool):
        body = {"model": "kimi-k3", "max_tokens": 16_000, "messages": [USER]}
        with Emulator(x_api_key=takes) as kimi:
            got = send_with_x_api_key(kimi, PATH, body)
            assert got == (200 if takes else 401)
            assert send_with_x_api_key(kimi, "/v1/chat/completions", body) == 401


USER = {"role": "user", "content": "Hi"}


def send_with_x_api_key(kimi: Emulator, path: str, body: Any) -> int:
    raw = json.dumps(body).encode()
    fields = [("x-api-key", kimi.api_key), ("Content-Type", "application/json")]
    return kimi.handle(read_request("POST", path, fields, raw)).status


def turn_with_call(content: Any = "Seen.") -> list[dict[str, Any]]:
    """A user turn, an assistant message with a call, and its result."""
    call = {"type": "tool_use", "id": "look_0", "name": "look", "input": {}}
    thinking = {"type": "thinking", "thinking": "r", "signature": "s"}
    result: dict[str, Any] = {"type": "tool_result", "tool_use_id": "look_0"}
    if content is not None:
        result["content"] = content
    return [
        {"role": "user", "content": "Look"},
        {"role": "assistant", "content": [thinking, call]},
        {"role": "user", "content": [result]},
    ]
