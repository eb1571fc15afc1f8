"""What the emulator fills in by itself: tool choice, arguments, instances, texts."""

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from pydantic import TypeAdapter

from langchain_kimi.emulator import Emulator
from tests.emulator_client import called, chat, connect, post, tool, turn_with_call

VECTORS = Path(__file__).parent / "data" / "mfjs" / "vectors_upstream.jsonl"
TEXT, NUMBER, WHOLE = {"type": "string"}, {"type": "number"}, {"type": "integer"}


def fill(kimi: Emulator, text: str, schema: Any, **fields: Any) -> Any:
    """The instance that a prompt gets for a schema; valid, compact and on one line."""
    inner = {"name": "x", "schema": schema, "strict": False}
    form = {"type": "json_schema", "json_schema": inner}
    answer = chat(kimi, text, response_format=form, **fields)
    content = answer.message["content"]
    instance = json.loads(content)
    assert content == json.dumps(instance, ensure_ascii=False, separators=(",", ":"))
    Draft202012Validator(
        schema, format_checker=Draft202012Validator.FORMAT_CHECKER
    ).validate(instance)
    return instance


def fields_of(**properties: Any) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


class TestChoice:
    def test_a_name_in_the_prompt_wins(self, kimi: Emulator):
        tools = [
            tool("find", description="Find the weather in a city"),
            tool("find_all"),
            tool("lookup"),
        ]
        text = "Weather in a city, please: use find_all, not the other"
        assert called(chat(kimi, text, tools=tools))[0] == "find_all"

    @pytest.mark.parametrize(
        ("text", "name"),
        [
            ("What's the weather like?", "getWeather"),
            ("Convert 10 euros", "money"),
            ("How many orders are open?", "list_order"),
            ("北京天气怎么样", "cn"),
            ("Nothing of this kind", "first"),
        ],
    )
    def test_the_most_shared_words_win(self, kimi: Emulator, text: str, name: str):
        tools = [
            tool("first", description="The one to use on a tie"),
            tool("getWeather"),
            tool("money", {"euro": NUMBER}),
            tool("list_order", description="open things"),
            tool("cn", description="查询天气"),
        ]
        assert called(chat(kimi, text, tools=tools))[0] == name

    def test_none_and_results_lead_to_a_text(self, kimi: Emulator):
        tools = [tool("look")]
        answer = chat(kimi, tools=tools, tool_choice="none")
        assert answer.choice["finish_reason"] == "stop"
        body = {"model": "kimi-k3", "tools": tools, "messages": turn_with_call("4 2")}
        answer = post(kimi, body)
        assert answer.choice["finish_reason"] == "stop"
        assert "look returned: 4 2" in answer.message["content"]

    def test_a_new_turn_may_call_again(self, kimi: Emulator):
        messages = [
            *turn_with_call("42"),
            {"role": "assistant", "content": "It is 42."},
        ]
        messages.append({"role": "user", "content": "Look again"})
        body = {"model": "kimi-k3", "tools": [tool("look")], "messages": messages}
        assert called(post(kimi, body))[0] == "look"

    def test_required_goes_on_with_what_was_not_called(self, kimi: Emulator):
        body = {
            "model": "kimi-k3",
            "tools": [tool("look"), tool("report", {"text": TEXT})],
            "messages": turn_with_call("42"),
            "tool_choice": "required",
        }
        assert called(post(kimi, body))[0] == "report"
        body["tools"] = [tool("look")]
        assert called(post(kimi, body))[0] == "look"

    def test_web_search(self, kimi: Emulator):
        search = {"type": "builtin_function", "function": {"name": "$web_search"}}
        body: dict[str, Any] = {"model": "kimi-k3", "tools": [search]}
        messages: list[Any] = [{"role": "user", "content": "Kimi news"}]
        first = post(kimi, {**body, "messages": messages})
        (call,) = first.message["tool_calls"]
        assert call["type"] == "builtin_function"
        assert call["function"]["name"] == "$web_search"
        arguments = call["function"]["arguments"]
        assert json.loads(arguments)["usage"]["total_tokens"] > 0
        echo = {"role": "tool", "tool_call_id": call["id"], "content": arguments}
        messages += [first.message, {**echo, "name": "$web_search"}]
        last = post(kimi, {**body, "messages": messages})
        assert last.choice["finish_reason"] == "stop"


class TestArguments:
    @pytest.mark.parametrize(
        ("text", "properties", "arguments"),
        [
            ("Add 17 and -4.5", {"a": NUMBER, "b": NUMBER}, {"a": 17, "b": -4.5}),
            ("square(12)", {"n": WHOLE}, {"n": 12}),
            ("Take 2.5 or 7 of 1,250", {"n": WHOLE, "m": WHOLE}, {"n": 7, "m": 1250}),
            ("From 3-5 of v2.1", {"a": WHOLE, "b": WHOLE}, {"a": 3, "b": 5}),
            ("Who is 'Ann Lee'?", {"who": TEXT}, {"who": "Ann Lee"}),
            ("Weather in Paris today?", {"city": TEXT}, {"city": "Paris"}),
            ("weather in Austin, TX, now", {"city": TEXT}, {"city": "Austin, TX"}),
            ("Flights Oslo to New York", {"a": TEXT}, {"a": "Flights Oslo"}),
            (
                "Call Łódź and Zürich",
                {"a": TEXT, "b": TEXT},
                {"a": "Łódź", "b": "Zürich"},
            ),
            ("Add 山田商店 as a client", {"name": TEXT}, {"name": "山田商店"}),
            ("find cheap hotels", {"query": TEXT}, {"query": "find cheap hotels"}),
            ("status of order 5512", {"order_id": TEXT}, {"order_id": "5512"}),
            ("What's it's say?", {"q": TEXT}, {"q": "What's it's say?"}),
            (
                "mail bob@x.org on 2026-12-24",
                {"on": {**TEXT, "format": "date"}, "to": {**TEXT, "format": "email"}},
                {"on": "2026-12-24", "to": "bob@x.org"},
            ),
            (
                "at 2026-12-24T09:30 see https://a.b/c?d=1.",
                {"at": {**TEXT, "description": "When (format: date-time)"}, "u": TEXT},
                {"at": "2026-12-24T09:30:00Z", "u": "https://a.b/c?d=1"},
            ),
            (
                "in celsius, not Kelvin",
                {"unit": {**TEXT, "enum": ["kelvin", "celsius"]}},
                {"unit": "celsius"},
            ),
            (
                "from EUR to USD",
                {
                    "a": {**TEXT, "enum": ["USD", "EUR"]},
                    "b": {**TEXT, "enum": ["USD", "EUR"]},
                },
                {"a": "EUR", "b": "USD"},
            ),
            (
                "tags 'a' and 'b' with 1 2 3",
                {
                    "tags": {"type": "array", "items": TEXT},
                    "n": {"type": "array", "items": WHOLE, "maxItems": 2},
                },
                {"tags": ["a", "b"], "n": [1, 2]},
            ),
        ],
    )
    def test_from_the_prompt(
        self, kimi: Emulator, text: str, properties: Any, arguments: Any
    ):
        assert called(chat(kimi, text, tools=[tool("do", properties)]))[1] == arguments

    def test_unicode_is_not_escaped(self, kimi: Emulator):
        answer = chat(kimi, "Say '你好'", tools=[tool("say", {"text": TEXT})])
        assert "你好" in answer.raw.decode()

    def test_optional_properties(self, kimi: Emulator):
        properties = {
            "note": TEXT,
            "count": WHOLE,
            "unit": {**TEXT, "enum": ["kg", "g"]},
            "express": {"type": "boolean"},
            "to": {"anyOf": [TEXT, {"type": "null"}]},
        }
        tools = [tool("send", properties, required=[])]
        assert called(chat(kimi, "send it", tools=tools))[1] == {}
        text = "send 5 kg express to Bob"
        arguments = {"note": "Bob", "count": 5, "unit": "kg", "express": True}
        assert called(chat(kimi, text, tools=tools))[1] == arguments


class TestInstances:
    def test_objects_in_a_list(self, kimi: Emulator):
        person = fields_of(name=TEXT, age=WHOLE)
        schema = fields_of(people={"type": "array", "items": person})
        people = fill(kimi, "Here is Ann, 30, and here is Bob, 41.", schema)["people"]
        assert people == [{"name": "Ann", "age": 30}, {"name": "Bob", "age": 41}]

    def test_recursion_ends(self, kimi: Emulator):
        node = fields_of(
            value=WHOLE,
            next={"anyOf": [{"$ref": "#/$defs/Node"}, {"type": "null"}]},
            children={"type": "array", "items": {"$ref": "#/$defs/Node"}},
        )
        schema = {"$defs": {"Node": node}, "$ref": "#/$defs/Node"}
        tree = fill(kimi, "a list of 1 and 2", schema)
        assert tree["value"] == 1
        assert tree["next"]["value"] == 2
        assert tree["next"]["next"] is None
        fill(kimi, "nothing", schema)
        wide = fields_of(**{f"p{n}": {"$ref": "#"} for n in range(6)})
        wide["required"] = []
        assert fill(kimi, "'a' 'b' 1 2", wide) == {}

    def test_a_schema_without_an_end_is_answered(self, kimi: Emulator):
        schema = {"type": "object", "properties": {"a": {"$ref": "#"}}}
        schema["required"] = ["a"]
        inner = {"name": "x", "schema": schema, "strict": False}
        form = {"type": "json_schema", "json_schema": inner}
        assert chat(kimi, response_format=form).status == 200

    def test_branches_by_the_prompt(self, kimi: Emulator):
        circle = fields_of(kind={"const": "circle"}, radius=NUMBER)
        square = fields_of(kind={"const": "square"}, side=NUMBER)
        schema = fields_of(shape={"anyOf": [circle, square]})
        assert fill(kimi, "a square of 4", schema) == {
            "shape": {"kind": "square", "side": 4}
        }
        either = fields_of(x={"type": ["string", "integer", "null"]})
        assert fill(kimi, "it is 4", either) == {"x": 4}
        assert fill(kimi, "it is 'four'", either) == {"x": "four"}
        assert fill(kimi, "it is not", either) == {"x": None}

    @pytest.mark.parametrize(
        "schema",
        [
            {**WHOLE, "minimum": 10, "maximum": 12},
            {**WHOLE, "exclusiveMinimum": -8, "exclusiveMaximum": -6},
            {**WHOLE, "minimum": 10, "multipleOf": 7},
            {**NUMBER, "exclusiveMinimum": 0, "exclusiveMaximum": 1},
            {**NUMBER, "minimum": -3, "maximum": -2.5},
            {**TEXT, "minLength": 30, "maxLength": 40},
            {**TEXT, "maxLength": 2},
            {"type": "array", "items": WHOLE, "minItems": 3, "maxItems": 3},
            {"type": "array", "items": TEXT, "maxItems": 0},
            {"type": "array", "prefixItems": [TEXT, WHOLE], "items": False},
            {"type": "array", "prefixItems": [WHOLE], "items": TEXT, "minItems": 3},
            {
                "type": "array",
                "items": {**TEXT, "enum": ["a", "b", "c"]},
                "minItems": 2,
                "uniqueItems": True,
            },
            {"type": "object", "additionalProperties": WHOLE, "minProperties": 2},
            {"type": "object", "additionalProperties": WHOLE},
            {"const": {"a": [1, None]}},
            {"enum": [None, 7, "x"]},
            {"allOf": [fields_of(a=TEXT) | {"additionalProperties": True}, {}]},
            {"oneOf": [TEXT, WHOLE]},
            {"$ref": "#/definitions/a~1b", "definitions": {"a/b": WHOLE}},
            {"type": "boolean"},
            {"type": "null"},
            {},
            *({**TEXT, "format": name} for name in ("date", "date-time", "time")),
            *({**TEXT, "format": name} for name in ("uuid", "email", "uri")),
            *({**TEXT, "format": name} for name in ("duration", "ipv4", "hostname")),
        ],
        ids=json.dumps,
    )
    @pytest.mark.parametrize(
        "text",
        [
            "Hello",
            "Give 'x' and \"y\" to Ann and Bob: 1, 11, -7, 0.5 on 2026-13-45 at 99:99",
        ],
    )
    def test_the_instance_is_valid(self, kimi: Emulator, schema: Any, text: str):
        fill(kimi, text, fields_of(value=schema) if "$ref" not in schema else schema)

    @pytest.mark.parametrize(
        ("form", "kind"),
        [
            ("date", "datetime.date"),
            ("date-time", "datetime.datetime"),
            ("time", "datetime.time"),
            ("duration", "datetime.timedelta"),
            ("uuid", "uuid.UUID"),
            ("uri", "pydantic.AnyUrl"),
        ],
    )
    def test_formats_noted_in_the_description(
        self, kimi: Emulator, form: str, kind: str
    ):
        module, _, name = kind.rpartition(".")
        adapter = TypeAdapter[Any](getattr(__import__(module), name))
        note = {**TEXT, "description": f"A value (format: {form})"}
        adapter.validate_python(fill(kimi, "Hello", fields_of(x=note))["x"])

    def test_every_schema_that_the_validator_accepts(self, kimi: Emulator):
        connection = connect(kimi)
        count = 0
        for line in VECTORS.read_text(encoding="utf-8").splitlines():
            vector = json.loads(line)
            if vector["verdict"]["ultra"] != "ok":
                continue
            schema = json.loads(vector["schema"])
            inner = {"name": "x", "schema": schema}
            form = {"type": "json_schema", "json_schema": inner}
            message = {"role": "user", "content": "Give 'x' to Ann: 1, 2.5"}
            body = {"model": "kimi-k3", "messages": [message], "response_format": form}
            answer = post(kimi, body, connection=connection)
            if answer.choice["finish_reason"] == "length":
                continue
            instance = json.loads(answer.message["content"])
            errors = list(Draft202012Validator(schema).iter_errors(instance))
            assert not errors, (schema, instance)
            count += 1
        connection.close()
        assert count > 150

    def test_results_count_too(self, kimi: Emulator):
        inner = {"name": "x", "schema": fields_of(degrees=WHOLE)}
        body = {
            "model": "kimi-k3",
            "messages": turn_with_call("It is 21 degrees"),
            "tools": [tool("look")],
            "response_format": {"type": "json_schema", "json_schema": inner},
        }
        assert json.loads(post(kimi, body).message["content"]) == {"degrees": 21}


class TestJsonObject:
    @pytest.mark.parametrize(
        ("text", "keys"),
        [
            ("JSON with 'name' and \"age\" keys", ["name", "age"]),
            ("Any JSON, it's fine", ["answer"]),
        ],
    )
    def test_keys(self, kimi: Emulator, text: str, keys: list[str]):
        answer = chat(kimi, text, response_format={"type": "json_object"})
        assert list(json.loads(answer.message["content"])) == keys

    def test_keys_of_the_instructions(self, kimi: Emulator):
        body = {
            "model": "kimi-k3",
            "messages": [
                {"role": "system", "content": "Answer in JSON with the key 'joke'."},
                {"role": "user", "content": "Go"},
            ],
            "response_format": {"type": "json_object"},
        }
        assert list(json.loads(post(kimi, body).message["content"])) == ["joke"]
