"""The emulator's answers: bodies, streams, usage, caps, cache, stop, partial mode."""

import re
from typing import Any

import pytest

from langchain_kimi.catalogue import current_models
from langchain_kimi.emulator import Emulator
from tests.emulator_client import chat, post, stream, tool, turn_with_call

INSTANT: dict[str, Any] = {"model": "kimi-k2.6", "thinking": {"type": "disabled"}}
PNG = "data:image/png;base64,iVBORw0KGgo="


class TestBody:
    def test_keys_and_order(self, kimi: Emulator):
        body = chat(kimi).body
        assert list(body) == ["id", "object", "created", "model", "choices", "usage"]
        assert re.fullmatch(r"chatcmpl-[0-9a-f]{24}", body["id"])
        assert body["object"] == "chat.completion"
        (choice,) = body["choices"]
        assert list(choice) == ["index", "message", "finish_reason"]
        assert list(choice["message"]) == ["role", "content", "reasoning_content"]
        assert choice["message"]["content"].count(". ") >= 2
        assert "Hello" in choice["message"]["reasoning_content"]
        assert list(body["usage"]) == [
            "prompt_tokens",
            "completion_tokens",
            "total_tokens",
            "completion_tokens_details",
        ]

    def test_tool_calls(self, kimi: Emulator):
        message = chat(kimi, tools=[tool("look")]).message
        assert list(message) == ["role", "content", "reasoning_content", "tool_calls"]
        assert message["content"] == ""
        assert message["tool_calls"] == [
            {
                "index": 0,
                "id": "look_0",
                "type": "function",
                "function": {"name": "look", "arguments": "{}"},
            }
        ]

    def test_ids_restart_in_each_response(self, kimi: Emulator):
        ids = [
            chat(kimi, tools=[tool("look")]).message["tool_calls"][0]["id"]
            for _ in range(2)
        ]
        assert ids == ["look_0", "look_0"]

    def test_instant_mode(self, kimi: Emulator):
        answer = chat(kimi, **INSTANT)
        assert list(answer.message) == ["role", "content"]
        assert b"reasoning_content" not in stream(kimi, **INSTANT).raw

    def test_the_same_request_gets_the_same_answer(self, kimi: Emulator):
        assert chat(kimi).message == chat(kimi).message

    def test_effort_makes_the_reasoning_longer(self, kimi: Emulator):
        lengths = [
            len(chat(kimi, reasoning_effort=effort).message["reasoning_content"])
            for effort in ("low", "high", "max")
        ]
        assert lengths == sorted(set(lengths))
        # "thinking.effort wins over reasoning_effort" (KVV).
        both = {"reasoning_effort": "max", "thinking": {"effort": "low"}}
        assert len(chat(kimi, **both).message["reasoning_content"]) == lengths[0]
        default = chat(kimi).message["reasoning_content"]
        assert len(default) == lengths[2]

    @pytest.mark.parametrize("text", ["\ud800", "\U0001f600 👩‍👩‍👧", "\x00\x7f"])
    def test_any_text_is_answered(self, kimi: Emulator, text: str):
        assert chat(kimi, text).status == 200
        assert stream(kimi, text).events


class TestStream:
    def test_order_and_keys(self, kimi: Emulator):
        kimi.reply("Hé!", reasoning="Why?", tool_calls=[{"name": "a"}, {"name": "b"}])
        answer = stream(kimi)
        *chunks, last = answer.events
        deltas = [chunk["choices"][0]["delta"] for chunk in chunks]
        assert deltas == [
            {"role": "assistant", "content": ""},
            {"reasoning_content": "Why?"},
            {"content": "H"},
            {"content": "é"},
            {"content": "!"},
            _opening(0, "a"),
            {"tool_calls": [{"index": 0, "function": {"arguments": "{}"}}]},
            _opening(1, "b"),
            {"tool_calls": [{"index": 1, "function": {"arguments": "{}"}}]},
        ]
        for chunk in chunks:
            assert list(chunk) == [
                "id",
                "object",
                "created",
                "model",
                "choices",
                "system_fingerprint",
            ]
            assert chunk["object"] == "chat.completion.chunk"
            assert list(chunk["choices"][0]) == ["index", "delta", "finish_reason"]
            assert chunk["choices"][0]["finish_reason"] is None
        choice = last["choices"][0]
        assert list(choice) == ["index", "delta", "finish_reason", "usage"]
        assert (choice["delta"], choice["finish_reason"]) == ({}, "tool_calls")
        assert "usage" not in last
        assert len({chunk["id"] for chunk in answer.events}) == 1
        assert b"null,\n" not in answer.raw
        assert b'"usage":null' not in answer.raw

    def test_bytes(self, kimi: Emulator):
        kimi.reply("x", reasoning="")
        events = stream(kimi).raw.split(b"\n\n")
        pattern = (
            rb'data: \{"id":"chatcmpl-[0-9a-f]{24}","object":"chat\.completion\.chunk",'
            rb'"created":\d+,"model":"kimi-k3","choices":\[\{"index":0,"delta":'
            rb'\{"role":"assistant","content":""\},"finish_reason":null\}\],'
            rb'"system_fingerprint":"fpv0_[0-9a-f]{8}"\}'
        )
        assert re.fullmatch(pattern, events[0])
        assert events[-2:] == [b"data: [DONE]", b""]

    @pytest.mark.parametrize("options", [None, {}, {"include_usage": False}])
    def test_usage_without_include_usage(self, kimi: Emulator, options: Any):
        last = stream(kimi, stream_options=options).events[-1]
        usage = last["choices"][0]["usage"]
        total = usage["prompt_tokens"] + usage["completion_tokens"]
        assert usage["total_tokens"] == total

    def test_usage_with_include_usage(self, kimi: Emulator):
        last, extra = stream(kimi, stream_options={"include_usage": True}).events[-2:]
        assert extra["choices"] == []
        assert extra["usage"] == last["choices"][0]["usage"]
        assert list(extra) == ["id", "object", "created", "model", "choices", "usage"]

    def test_usage_only_in_the_extra_chunk(self):
        with Emulator(choice_usage=False) as kimi:
            assert b"usage" not in stream(kimi).raw
            options = {"include_usage": True}
            last, extra = stream(kimi, stream_options=options).events[-2:]
            assert "usage" not in last["choices"][0]
            assert extra["usage"]

    @pytest.mark.parametrize("model", current_models(), ids=lambda model: model.id)
    @pytest.mark.parametrize("tools", [[], [tool("look", {"x": {"type": "string"}})]])
    def test_a_stream_says_what_the_body_says(
        self, kimi: Emulator, model: Any, tools: list[Any]
    ):
        fields = {"model": model.id, "tools": tools, "max_tokens": 90}
        whole = chat(kimi, "Grüße aus 東京 an 'Bob'", **fields)
        events = stream(kimi, "Grüße aus 東京 an 'Bob'", **fields).events
        message: dict[str, Any] = {}
        for event in events:
            _add_delta(message, event["choices"][0]["delta"])
        assert message == whole.message
        assert (
            events[-1]["choices"][0]["finish_reason"] == (whole.choice["finish_reason"])
        )
        assert len(events) > (10 if tools else 40)

    def test_pieces_are_about_one_token(self, kimi: Emulator):
        events = stream(kimi, "你好").events
        texts = [event["choices"][0]["delta"].get("content", "") for event in events]
        assert {"你", "好"} <= set(texts)
        assert max(map(len, texts)) == 4


class TestUsage:
    def test_prompt_tokens(self, kimi: Emulator):
        def count(text: str, **fields: Any) -> int:
            return chat(kimi, text, **fields).body["usage"]["prompt_tokens"]

        base = count("abcd")
        assert 80 < base < 95  # as measured for one line (P1, P2)
        assert count("abcd" * 100) == base + 99
        assert count("你好") == base + 1
        assert count("abcd", tools=[tool("look")]) > base
        assert count("abcd", response_format={"type": "json_object"}) == base + 47
        image = [{"type": "image_url", "image_url": {"url": PNG}}]
        body = {"model": "kimi-k3", "messages": [{"role": "user", "content": image}]}
        assert post(kimi, body).body["usage"]["prompt_tokens"] == base + 8

    def test_completion_tokens_include_reasoning_and_control_tokens(
        self, kimi: Emulator
    ):
        kimi.reply("hello", reasoning="x" * 36)
        usage = chat(kimi).body["usage"]
        assert usage["completion_tokens_details"] == {"reasoning_tokens": 9}
        # "hello" cost 16 tokens that are not reasoning (P1); ours makes 2 of the word.
        assert usage["completion_tokens"] == 9 + 17

    def test_tool_calls_cost_tokens(self, kimi: Emulator):
        for size in (1, 400):
            kimi.reply(tool_calls=[{"name": "look", "arguments": "x" * size}])
        small, large = (chat(kimi).body["usage"] for _ in range(2))
        assert large["completion_tokens"] - small["completion_tokens"] == 99


class TestCap:
    @pytest.mark.parametrize("name", ["max_tokens", "max_completion_tokens"])
    @pytest.mark.parametrize("cap", [1, 3, 16, 30])
    def test_a_small_cap_leaves_no_content(self, kimi: Emulator, name: str, cap: int):
        answer = chat(kimi, **{name: cap})
        assert answer.choice["finish_reason"] == "length"
        assert answer.message["content"] == ""
        usage = answer.body["usage"]
        assert usage["completion_tokens"] == cap
        reasoning = usage.get("completion_tokens_details", {})
        assert reasoning.get("reasoning_tokens", 0) <= cap - min(cap, 3)

    def test_every_cap_is_kept(self, kimi: Emulator):
        whole = chat(kimi)
        total = whole.body["usage"]["completion_tokens"]
        for cap in range(1, total + 2):
            answer = chat(kimi, max_completion_tokens=cap)
            usage = answer.body["usage"]
            assert usage["completion_tokens"] == min(cap, total)
            assert whole.message["content"].startswith(answer.message["content"])
            reason = "length" if cap < total else "stop"
            assert answer.choice["finish_reason"] == reason

    def test_the_newer_name_wins(self, kimi: Emulator):
        answer = chat(kimi, max_tokens=5, max_completion_tokens=500)
        assert answer.choice["finish_reason"] == "stop"
        answer = chat(kimi, max_tokens=5, max_completion_tokens=None)
        assert answer.choice["finish_reason"] == "length"

    def test_a_tool_call_may_be_cut(self, kimi: Emulator):
        tools = [tool("look", {"x": {"type": "string"}})]
        text = "Look at 'a rather long name that costs some tokens'"
        whole = chat(kimi, text, tools=tools, **INSTANT)
        call = whole.message["tool_calls"][0]["function"]["arguments"]
        cap = whole.body["usage"]["completion_tokens"] - 3
        cut = chat(kimi, text, tools=tools, max_tokens=cap, **INSTANT)
        assert cut.choice["finish_reason"] == "length"
        part = cut.message["tool_calls"][0]["function"]["arguments"]
        assert call.startswith(part)
        assert len(part) < len(call)
        none = chat(kimi, text, tools=tools, max_tokens=5, **INSTANT)
        assert "tool_calls" not in none.message


class TestStop:
    @pytest.mark.parametrize("stop", ["local", ["nowhere", "local", "Kimi"], [""]])
    def test_stop(self, kimi: Emulator, stop: Any):
        whole = chat(kimi).message["content"]
        answer = chat(kimi, stop=stop)
        assert answer.choice["finish_reason"] == "stop"
        expected = whole if stop == [""] else whole[: whole.index("local")]
        assert answer.message["content"] == expected
        assert answer.message["reasoning_content"]


class TestCache:
    def test_an_identical_prompt_is_cached(self, kimi: Emulator):
        first, second = chat(kimi), stream(kimi)
        usage = first.body["usage"]
        assert "cached_tokens" not in usage
        assert "prompt_tokens_details" not in usage
        assert first.headers["Msh-Context-Cache-Token-Saved"] is None
        cached = second.events[-1]["choices"][0]["usage"]
        count = usage["prompt_tokens"]
        assert cached["cached_tokens"] == count
        assert cached["prompt_tokens_details"] == {"cached_tokens": count}
        assert second.headers["Msh-Context-Cache-Token-Saved"] == str(count)
        assert list(cached) == [
            "prompt_tokens",
            "completion_tokens",
            "total_tokens",
            "cached_tokens",
            "completion_tokens_details",
            "prompt_tokens_details",
        ]

    def test_a_longer_conversation_hits_its_prefix(self, kimi: Emulator):
        messages = turn_with_call("42")
        body = {"model": "kimi-k3", "messages": messages[:1]}
        count = post(kimi, body).body["usage"]["prompt_tokens"]
        usage = post(kimi, {**body, "messages": messages}).body["usage"]
        assert usage["cached_tokens"] == count < usage["prompt_tokens"]

    @pytest.mark.parametrize(
        "change",
        [
            {"model": "kimi-k2.6"},
            {"tools": [tool("look")]},
            {"reasoning_effort": "low"},
            {"messages": [{"role": "user", "content": "Hello?"}]},
        ],
    )
    def test_what_breaks_the_prefix(self, kimi: Emulator, change: dict[str, Any]):
        body = {"model": "kimi-k3", "messages": [{"role": "user", "content": "Hello"}]}
        post(kimi, body)
        assert "cached_tokens" not in post(kimi, {**body, **change}).body["usage"]

    def test_what_does_not(self, kimi: Emulator):
        chat(kimi)
        for fields in ({"tool_choice": "none"}, {"max_tokens": 99}, {"tools": []}):
            assert chat(kimi, **fields).body["usage"]["cached_tokens"]

    def test_a_refused_request_is_not_remembered(self, kimi: Emulator):
        chat(kimi, temperature=0)
        assert "cached_tokens" not in chat(kimi).body["usage"]


class TestPartial:
    @pytest.mark.parametrize("prefix", ["The request was:", "Dear", ""])
    def test_only_the_continuation(self, kimi: Emulator, prefix: str):
        whole = chat(kimi).message["content"]
        messages = [
            {"role": "user", "content": "Hello"},
            {"role": "assistant", "content": prefix, "partial": True, "name": "Ann"},
        ]
        body = {"model": "kimi-k3", "messages": messages, "tools": [tool("look")]}
        answer = post(kimi, body)
        assert answer.choice["finish_reason"] == "stop"
        spoken = f"{whole} It is spoken by Ann."
        assert answer.message["content"] == spoken.removeprefix(prefix)


class TestMedia:
    def test_media_are_named(self, kimi: Emulator):
        content = [
            {"type": "text", "text": "What is this?"},
            {"type": "image_url", "image_url": {"url": PNG, "id": None}},
            {"type": "video_url", "video_url": "ms://file_7"},
        ]
        body = {"model": "kimi-k3", "messages": [{"role": "user", "content": content}]}
        text = post(kimi, body).message["content"]
        assert "image of type image/png, 8 bytes" in text
        assert "video ms://file_7" in text
        assert "What is this?" in text

    def test_media_in_a_tool_result(self, kimi: Emulator):
        messages = turn_with_call("")
        messages[-1]["content"] = [{"type": "image_url", "image_url": {"url": PNG}}]
        text = post(kimi, {"model": "kimi-k3", "messages": messages}).message["content"]
        assert "image of type image/png, 8 bytes" in text


def _opening(index: int, name: str) -> dict[str, Any]:
    return {
        "tool_calls": [
            {
                "index": index,
                "id": f"{name}_{index}",
                "type": "function",
                "function": {"name": name, "arguments": ""},
            }
        ]
    }


def _add_delta(message: dict[str, Any], delta: dict[str, Any]) -> None:
    """Put a delta onto a message, as any client does."""
    for key, value in delta.items():
        if key == "role":
            message[key] = value
        elif key == "tool_calls":
            calls = message.setdefault("tool_calls", [])
            for call in value:
                if call["index"] == len(calls):
                    calls.append(call)
                else:
                    arguments = call["function"]["arguments"]
                    calls[call["index"]]["function"]["arguments"] += arguments
        else:
            message[key] = message.get(key, "") + value
