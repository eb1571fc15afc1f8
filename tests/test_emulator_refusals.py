"""The emulator's refusals: status, type and the API's exact words (2.4)."""

import json
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from langchain_kimi._mfjs import check_schema
from langchain_kimi.catalogue import ALIASES, MODELS, Model, current_models
from langchain_kimi.emulator import Emulator
from tests.emulator_client import (
    Answer,
    called,
    chat,
    connect,
    post,
    request,
    tool,
    turn_with_call,
)

INVALID = "invalid_request_error"
VECTORS = Path(__file__).parent / "data" / "mfjs" / "vectors_upstream.jsonl"
MODES = [
    (model, mode)
    for model in current_models()
    for mode in ("thinking", "instant")
    if model.rules(mode) is getattr(model, mode)
]
MODE_IDS = [f"{model.id}-{mode}" for model, mode in MODES]
USER = {"role": "user", "content": "Hi"}
PNG = "data:image/png;base64,iVBORw0KGgo="


def switch(mode: str) -> dict[str, Any]:
    return {"thinking": {"type": "disabled"}} if mode == "instant" else {}


def refused(answer: Answer) -> str:
    """The words of a 400."""
    assert answer.status == 400, answer.raw
    assert answer.headers["Content-Type"] == "application/json; charset=utf-8"
    kind, message = answer.error
    assert kind == INVALID
    return message


class TestKeys:
    @pytest.mark.parametrize("key", ["", "bad", "sk-"])
    @pytest.mark.parametrize(
        ("method", "path"),
        [
            ("POST", "/v1/chat/completions"),
            ("GET", "/v1/models"),
            ("GET", "/v1/users/me/balance"),
            ("POST", "/v1/nope"),
        ],
    )
    def test_a_bad_key_comes_first(
        self, kimi: Emulator, method: str, path: str, key: str
    ):
        answer = request(kimi, method, path, {}, key=key)
        assert answer.status == 401
        assert answer.error == ("incorrect_api_key_error", "Incorrect API key provided")

    def test_the_scheme_is_bearer(self, kimi: Emulator):
        connection = connect(kimi)
        for scheme, status in (("Basic", 401), ("bearer", 200), ("BEARER", 200)):
            headers = {"Authorization": f"{scheme} {kimi.api_key}"}
            connection.request("GET", "/v1/models", headers=headers)
            response = connection.getresponse()
            response.read()
            assert response.status == status
        connection.close()


class TestPresets:
    @pytest.mark.parametrize(
        ("preset", "status", "words"),
        [
            ("incorrect_api_key_error", 401, "Incorrect API key provided"),
            ("invalid_authentication_error", 401, "Invalid Authentication"),
            ("permission_denied_error", 403, "The API you are accessing is not open"),
            (
                "content_filter",
                400,
                "The request was rejected because it was considered high risk",
            ),
            (
                "engine_overloaded_error",
                429,
                "The engine is currently overloaded, please try again later",
            ),
            ("server_error", 500, "error"),
            ("unexpected_output", 500, "output"),
            ("server_unavailable", 503, "unavailable"),
        ],
    )
    def test_preset(self, kimi: Emulator, preset: str, status: int, words: str):
        kimi.fail(preset)
        answer = chat(kimi, stream=True)
        assert answer.status == status
        kind, message = answer.error
        assert kind == preset
        assert words in message
        assert answer.headers["Retry-After"] is None
        assert answer.headers["Msh-Request-Id"]

    def test_rate_limit(self, kimi: Emulator):
        kimi.fail("rate_limit_reached_error")
        answer = chat(kimi)
        assert answer.status == 429
        assert "request reached organization max RPM: 3" in answer.error[1]
        for name in ("Retry-After", "X-Retry-After", "Msh-Cooldown-Seconds"):
            assert answer.headers[name] == "1"

    def test_quota(self, kimi: Emulator):
        kimi.fail("exceeded_current_quota_error")
        answer = chat(kimi)
        assert answer.status == 429
        assert "is suspended due to insufficient balance" in answer.error[1]

    def test_context(self, kimi: Emulator):
        kimi.fail("exceeded_model_token_limit")
        assert refused(chat(kimi)).startswith(
            "Invalid request: Your request exceeded model token limit: "
        )


class TestBodies:
    @pytest.mark.parametrize(
        "raw",
        [
            b"",
            b"{",
            b"[]",
            b'"text"',
            b"null",
            b"\xff\xfe",
            b'{"model": NaN}',
            b"[" * 50_000,
        ],
    )
    def test_what_is_no_json_object(self, kimi: Emulator, raw: bytes):
        assert refused(post(kimi, raw)).startswith("Invalid request: ")

    def test_too_long(self, kimi: Emulator):
        answer = post(kimi, b"x" * (100 * 1024 * 1024 + 1))
        assert answer.status == 413
        assert answer.error[1] == "Request exceeds the maximum size"

    @pytest.mark.parametrize("body", [{}, {"model": None}, {"model": 3}])
    def test_no_model(self, kimi: Emulator, body: dict[str, Any]):
        assert "model" in refused(post(kimi, {**body, "messages": [USER]}))


class TestModels:
    @pytest.mark.parametrize(
        "name",
        ["kimi-not-exist", *ALIASES, *(row.id for row in MODELS if row.retired)],
    )
    def test_unknown_and_retired_models(self, kimi: Emulator, name: str):
        answer = chat(kimi, model=name)
        assert answer.status == 404
        assert answer.error == (
            "resource_not_found_error",
            f"Not found the model {name} or Permission denied",
        )

    @pytest.mark.parametrize("model", current_models(), ids=lambda model: model.id)
    def test_current_models(self, kimi: Emulator, model: Model):
        answer = chat(kimi, model=model.id)
        assert answer.body["model"] == model.id
        assert ("reasoning_content" in answer.message) == bool(model.thinking)


class TestSampling:
    @pytest.mark.parametrize(("model", "mode"), MODES, ids=MODE_IDS)
    def test_only_the_fixed_values(self, kimi: Emulator, model: Model, mode: str):
        sampling = model.rules(mode).sampling
        assert sampling is not None
        one = {"temperature": "1", "top_p": "0.95", "n": "1", "logprobs": "false"}
        one |= {"presence_penalty": "0", "frequency_penalty": "0"}
        if mode == "instant":
            one["temperature"] = "0.6"
        bad = {"temperature": 0.3, "top_p": 1, "n": 2, "logprobs": True}
        for field, literal in one.items():
            good = {field: getattr(sampling, field)}
            for stream in (False, True):
                options = {**switch(mode), "stream": stream}
                assert chat(kimi, model=model.id, **good, **options).status == 200
                wrong = {field: bad.get(field, 0.5)}
                answer = chat(kimi, model=model.id, **wrong, **options)
                assert refused(answer) == (
                    f"invalid {field}: only {literal} is allowed for this model"
                )

    def test_other_settings(self, kimi: Emulator):
        assert refused(chat(kimi, top_logprobs=3)) == (
            "Invalid request: logprobs must be set to true if top_logprobs is used"
        )
        assert refused(chat(kimi, logit_bias={"1": 1})) == (
            "Invalid request: logit_bias is not supported yet"
        )
        assert "stop" in refused(chat(kimi, stop=list("abcdef")))
        assert "stop" in refused(chat(kimi, stop="x" * 33))

    def test_thinking_cannot_be_turned_off_everywhere(self, kimi: Emulator):
        off = {"type": "disabled"}
        assert refused(chat(kimi, model="kimi-k2.7-code", thinking=off)) == (
            "invalid thinking: only type=enabled is allowed for this model"
        )
        # Ignored by K3 (P3).
        assert "reasoning_content" in chat(kimi, thinking=off).message


class TestToolChoice:
    @pytest.mark.parametrize(("model", "mode"), MODES, ids=MODE_IDS)
    def test_matrix(self, kimi: Emulator, model: Model, mode: str):
        tools = [tool("other"), tool("look")]
        named = {"type": "function", "function": {"name": "look"}}
        allowed = model.rules(mode).tool_choices
        for kind in ("auto", "none", "required", "named"):
            answer = chat(
                kimi,
                model=model.id,
                tools=tools,
                tool_choice=named if kind == "named" else kind,
                **switch(mode),
            )
            if kind not in allowed:
                word = "specified" if kind == "named" else kind
                assert refused(answer) == (
                    f"tool_choice '{word}' is incompatible with thinking enabled"
                )
            elif kind == "none":
                assert answer.choice["finish_reason"] == "stop"
            else:
                assert called(answer)[0] == ("look" if kind == "named" else "other")

    @pytest.mark.parametrize("tools", [None, []])
    def test_without_tools(self, kimi: Emulator, tools: list[Any] | None):
        for choice in ("auto", "none"):
            assert chat(kimi, tools=tools, tool_choice=choice).status == 200
        assert refused(chat(kimi, tools=tools, tool_choice="required"))

    def test_an_unknown_word(self, kimi: Emulator):
        assert refused(chat(kimi, tools=[tool("look")], tool_choice="any"))


class TestTools:
    @pytest.mark.parametrize(
        ("broken", "kind"),
        [
            ({"type": "web_search"}, "web_search"),
            ({"name": "flat", "parameters": {}}, ""),
        ],
    )
    def test_unknown_types(self, kimi: Emulator, broken: dict[str, Any], kind: str):
        assert refused(chat(kimi, tools=[tool("look"), broken])) == (
            f"Invalid request: unknown tool type: {kind}, "
            "currently only function and plugin are supported"
        )

    @pytest.mark.parametrize("name", ["", "1st", "a.b", "é", "a" * 257])
    def test_names(self, kimi: Emulator, name: str):
        assert refused(chat(kimi, tools=[tool(name)])) == (
            "Invalid request: function name is invalid, must start with a letter and "
            "can contain letters, numbers, underscores, and dashes"
        )

    def test_duplicates(self, kimi: Emulator):
        tools = [tool("look"), tool("look")]
        assert refused(chat(kimi, tools=tools)) == "function name look is duplicated"

    def test_the_number_of_tools(self, kimi: Emulator):
        tools = [tool(f"t{number}") for number in range(129)]
        assert chat(kimi, tools=tools[:128]).status == 200
        words = refused(chat(kimi, tools=tools))
        assert words == "a max of 128 tools can be supported"
        with Emulator(max_tools=None) as free, Emulator(max_tools=1) as narrow:
            assert chat(free, tools=tools).status == 200
            words = refused(chat(narrow, tools=tools[:2]))
            assert words == "a max of 1 tools can be supported"

    def test_schemas(self, kimi: Emulator):
        bad = tool("look", {"x": {"enum": ["a"]}})
        words = (
            "Invalid request: tools.function.parameters is not a valid moonshot "
            "flavored json schema, details: <At path 'properties.x': type is not "
            "defined>"
        )
        good = tool("ok")
        assert refused(chat(kimi, tools=[good, bad])) == words
        system = {"role": "system", "tools": [bad]}
        body = {"model": "kimi-k3", "messages": [USER, system]}
        assert refused(post(kimi, body)) == words
        loose = tool("look", {"x": {"enum": ["a"]}}, strict=False)
        assert chat(kimi, tools=[loose]).status == 200
        bare = {"type": "function", "function": {"name": "look"}}
        assert called(chat(kimi, tools=[bare])) == ("look", {})

    def test_levels(self, kimi: Emulator):
        tools = [tool("look", {"x": {"type": "string", "format": "date"}})]
        assert chat(kimi, tools=tools).status == 200
        with Emulator(tools_level="ultra") as strict:
            assert "unsupported keywords: format" in refused(chat(strict, tools=tools))

    def test_every_vector_of_the_validator(self, kimi: Emulator):
        function = {"name": "look", "parameters": "HERE"}
        tools = [{"type": "function", "function": function}]
        body = {"model": "kimi-k3", "messages": [USER], "tools": tools}
        connection = connect(kimi)
        vectors = list(_vectors())
        assert len(vectors) > 380
        for text, verdict in vectors:
            raw = json.dumps(body).replace('"HERE"', text).encode()
            answer = post(kimi, raw, connection=connection)
            if verdict == "ok":
                assert answer.status == 200, (text, answer.raw)
            else:
                assert refused(answer) == (
                    "Invalid request: tools.function.parameters is not a valid "
                    "moonshot flavored json schema, details: "
                    f"<{check_schema(json.loads(text), 'strict')}>"
                )
        connection.close()


class TestResponseFormat:
    @pytest.mark.parametrize(
        "form",
        [
            {"type": "xml"},
            {"type": "json_schema"},
            {"type": "json_schema", "json_schema": {"schema": {"type": "object"}}},
            {"type": "json_schema", "json_schema": {"name": "x"}},
            {"type": "json_schema", "json_schema": {"name": "x", "schema": "{}"}},
            {
                "type": "json_schema",
                "json_schema": {"name": "x", "schema": {}, "strict": "yes"},
            },
        ],
    )
    def test_shapes(self, kimi: Emulator, form: dict[str, Any]):
        assert refused(chat(kimi, response_format=form)).startswith("Invalid request:")

    def test_schema(self, kimi: Emulator):
        schema = {"$schema": "x", "type": "object", "properties": {}}
        inner = {"name": "x", "schema": schema, "description": "d"}
        form: dict[str, Any] = {"type": "json_schema", "json_schema": inner}
        assert refused(chat(kimi, response_format=form)) == (
            "Invalid request: response_format.json_schema is not a valid moonshot "
            "flavored json schema, details: <At path 'root': unsupported keywords: "
            "$schema>"
        )
        with Emulator(response_format_level="strict") as lenient:
            assert chat(lenient, response_format=form).status == 200
        inner["strict"] = False
        assert chat(kimi, response_format=form).status == 200


class TestMessages:
    @pytest.mark.parametrize(
        ("message", "words"),
        [
            ({"role": "developer", "content": "x"}, "unknown role: developer"),
            (
                {"role": "assistant", "content": " "},
                (
                    "Invalid request: the message at position 1 with role 'assistant' "
                    "must not be empty"
                ),
            ),
            ({"role": "user", "content": []}, "text content is empty"),
            (
                {"role": "user", "content": [{"type": "text", "text": ""}]},
                "text content is empty",
            ),
            (
                {"role": "user", "content": [{"type": "input_audio"}]},
                "Invalid part type: input_audio",
            ),
            (
                {
                    "role": "user",
                    "content": [{"type": "image_url", "image_url": "https://x/y.png"}],
                },
                "unsupported image url",
            ),
            (
                {"role": "tool", "content": "x"},
                "Invalid request: tool_call_id  is not found",
            ),
        ],
    )
    def test_refusals(self, kimi: Emulator, message: dict[str, Any], words: str):
        body = {"model": "kimi-k3", "messages": [USER, message]}
        assert words in refused(post(kimi, body))

    def test_no_messages(self, kimi: Emulator):
        words = "Invalid request: messages must not be empty"
        assert refused(post(kimi, {"model": "kimi-k3", "messages": []})) == words
        assert refused(post(kimi, {"model": "kimi-k3"})) == words

    def test_an_unanswered_call(self, kimi: Emulator):
        messages = turn_with_call("a", "b")[:-1]
        words = refused(post(kimi, {"model": "kimi-k3", "messages": messages}))
        assert words.startswith(
            "an assistant message with 'tool_calls' must be followed by tool messages "
            "responding to each 'tool_call_id'"
        )
        assert words.endswith("look_1")

    def test_dynamic_tools(self, kimi: Emulator):
        system = {"role": "system", "tools": [tool("look")]}
        body = {"messages": [system, USER]}
        assert called(post(kimi, {**body, "model": "kimi-k3"}))[0] == "look"
        words = refused(post(kimi, {**body, "model": "kimi-k2.6"}))
        assert words == "tokenization failed"
        system["content"] = "text"
        words = refused(post(kimi, {**body, "model": "kimi-k3"}))
        assert "cannot be used with content" in words


class TestReasoning:
    """Who answers 400 to a tool call that comes back without its reasoning."""

    @pytest.mark.parametrize(
        ("strict", "rejecting"),
        [
            (None, {"rejected"}),
            (True, {"rejected", "degraded"}),
            (False, set[str]()),
        ],
    )
    def test_by_row(self, strict: bool | None, rejecting: set[str]):
        with Emulator(strict_reasoning=strict) as kimi:
            for model in current_models():
                body = {"model": model.id, "messages": turn_with_call("42")}
                assert post(kimi, body).status == 200
                body["messages"] = turn_with_call("42", reasoning="")
                assert post(kimi, body).status == 200
                body["messages"] = turn_with_call("42", reasoning=None)
                answer = post(kimi, body)
                if model.missing_reasoning in rejecting:
                    assert refused(answer) == (
                        "thinking is enabled but reasoning_content is missing in "
                        "assistant tool call message at index 1"
                    )
                else:
                    assert answer.status == 200

    def test_earlier_turns(self):
        messages = [*turn_with_call("42", reasoning=None), USER]
        with Emulator(strict_reasoning=True) as kimi:
            for name, status in (
                ("kimi-k3", 400),
                ("kimi-k2.7-code", 400),
                ("kimi-k2.6", 200),
            ):
                answer = post(kimi, {"model": name, "messages": messages})
                assert answer.status == status
            instant = {"model": "kimi-k2.6", "thinking": {"type": "disabled"}}
            running = {**instant, "messages": messages[:-1]}
            assert post(kimi, running).status == 200


class TestWindow:
    def test_a_prompt_over_the_window(self, kimi: Emulator):
        model = next(row for row in current_models() if row.context_tokens < 300_000)
        answer = chat(kimi, "x" * 4 * model.context_tokens, model=model.id)
        wanted = model.context_tokens + 83
        assert refused(answer) == (
            "Invalid request: Your request exceeded model token limit: "
            f"{model.context_tokens} (requested: {wanted})"
        )

    def test_a_cap_that_does_not_fit_beside_the_prompt(self, kimi: Emulator):
        model = current_models()[0]
        cap = model.context_tokens - 84
        assert chat(kimi, "Hi", model=model.id, max_tokens=cap).status == 200
        answer = chat(kimi, "Hi", model=model.id, max_completion_tokens=cap + 1)
        assert f"(requested: {model.context_tokens + 1})" in refused(answer)
        assert refused(chat(kimi, max_tokens=model.context_tokens + 1))


class TestAccepted:
    """What official clients send, and what the API was seen to ignore."""

    @pytest.mark.parametrize(
        "fields",
        [
            {"tools": []},
            {"seed": 1, "top_k": 5, "metadata": {}, "store": True, "typo": [1]},
            {"parallel_tool_calls": False, "service_tier": "flex", "user": "u"},
            {"thinking": {"type": "enabled", "effort": "high", "keep": "all"}},
            {"reasoning_effort": "ultra"},
            {"prediction": {"type": "content", "content": "x"}},
            {"prompt_cache_key": "k", "safety_identifier": "s"},
            {"prompt_cache_options": {"mode": "implicit", "ttl": "5m"}},
            {"stream_options": {"include_usage": True}},
            {"temperature": None, "tools": None, "response_format": {"type": "text"}},
            {"partial": True, "max_tokens": 5, "max_completion_tokens": 500},
        ],
    )
    def test_fields(self, kimi: Emulator, fields: dict[str, Any]):
        assert chat(kimi, **fields).choice["finish_reason"] == "stop"

    def test_messages(self, kimi: Emulator):
        image = {"type": "image_url", "image_url": {"url": PNG, "id": None}}
        for content in ([image], [{"type": "video_url", "video_url": "ms://file_1"}]):
            messages = [{"role": "user", "content": content, "name": "ann"}]
            body = {"model": "kimi-k3", "messages": messages}
            assert post(kimi, body).status == 200
        for content in ("", None):
            messages = turn_with_call("", "42")
            messages[1]["content"] = content
            body = {"model": "kimi-k2.6", "messages": messages}
            assert post(kimi, body).status == 200


def test_an_unanswered_call_whose_id_is_no_text(kimi: Emulator):
    """It made the emulator fail, where the API refuses."""
    messages = turn_with_call("1")
    messages[1]["tool_calls"][0]["id"] = 7
    answer = post(kimi, {"model": "kimi-k3", "messages": messages[:2]})
    assert answer.status == 400


def _vectors() -> Iterator[tuple[str, str]]:
    """Yield the text of each schema that is JSON with the validator's verdict."""
    for line in VECTORS.read_text(encoding="utf-8").splitlines():
        vector = json.loads(line)
        with suppress(ValueError):
            json.loads(vector["schema"])
            yield vector["schema"], vector["verdict"]["strict"]
