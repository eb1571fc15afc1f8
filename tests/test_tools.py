"""Tools: every form, every tool_choice by the model's row, results back."""

import enum
import functools
import json
from typing import Any

import pytest
from langchain_core.messages import AIMessage, HumanMessage, ToolMessage
from langchain_core.tools import tool
from pydantic import BaseModel, Field
from pydantic.v1 import BaseModel as BaseModelV1
from typing_extensions import TypedDict

from langchain_kimi._refusal import KimiSettingError
from langchain_kimi.catalogue import Model, current_models
from langchain_kimi.emulator import Emulator
from tests.conftest import Ask, Chat


class GetWeather(BaseModel):
    """Get the weather of a city."""

    city: str = Field(description="The city")


class GetTime(TypedDict):
    """Get the time of a city."""

    city: str


class GetDate(BaseModelV1):
    """Get the date of a city."""

    city: str


def get_population(city: str) -> int:
    """Get the population of a city."""
    return len(city)


@tool
def get_mayor(city: str) -> str:
    """Get the mayor of a city."""
    return city


_DICT = {
    "type": "function",
    "function": {
        "name": "get_area",
        "description": "Get the area.",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}},
    },
}
_ANTHROPIC = {
    "name": "get_river",
    "description": "Get the river.",
    "input_schema": {"type": "object", "properties": {"city": {"type": "string"}}},
}
_FORMS = {
    "GetWeather": GetWeather,
    "GetTime": GetTime,
    "GetDate": GetDate,
    "get_population": get_population,
    "get_mayor": get_mayor,
    "get_area": _DICT,
    "get_river": _ANTHROPIC,
}


@pytest.mark.parametrize("name", list(_FORMS))
async def test_every_form_of_tool_is_called(chat: Chat, ask: Ask, name: str) -> None:
    """The emulator accepts the schema, and its arguments fit it."""
    model = chat().bind_tools([_FORMS[name]])
    answer = await ask(model, "Tell me about Paris")
    (call,) = answer.tool_calls
    assert (call["name"], call["args"]) == (name, {"city": "Paris"})
    assert call["id"] == f"{name}_0"


async def test_tools_are_sent_in_the_api_s_form(kimi: Emulator, chat: Chat) -> None:
    """With the description, and `strict` only when it is asked for."""
    chat().bind_tools([GetWeather]).invoke("Paris")
    chat().bind_tools([GetWeather], strict=False).invoke("Paris")
    plain, loose = (request.body["tools"][0] for request in kimi.requests)
    assert plain == {
        "type": "function",
        "function": {
            "name": "GetWeather",
            "description": "Get the weather of a city.",
            "parameters": {
                "type": "object",
                "properties": {"city": {"type": "string", "description": "The city"}},
                "required": ["city"],
            },
        },
    }
    assert loose["function"]["strict"] is False


async def test_tools_bound_without_bind_tools_are_adapted_too(
    kimi: Emulator, chat: Chat, ask: Ask
) -> None:
    """`bind(tools=...)` and call kwargs go the same way."""
    schema = {"properties": {"city": {"const": "Paris"}}, "type": "object"}
    raw = {"type": "function", "function": {"name": "go", "parameters": schema}}
    answer = await ask(chat(), "go to Paris", tools=[raw, get_population])
    assert answer.tool_calls
    sent = kimi.requests[-1].body["tools"]
    assert sent[0]["function"]["parameters"]["properties"]["city"] == {
        "type": "string",
        "enum": ["Paris"],
    }
    assert sent[1]["function"]["name"] == "get_population"


_TWO = [GetWeather, get_population]
_NAMED = {"type": "function", "function": {"name": "get_population"}}
_FORCING = [
    "any",
    "required",
    True,
    "get_population",
    _NAMED,
    {"type": "tool", "name": "get_population"},
    {"type": "any"},
]


def _kind(choice: Any) -> str:
    if choice in ("auto", "none"):
        return str(choice)
    forces_any = ("any", "required", True, {"type": "any"})
    return "required" if choice in forces_any else "named"


def _cases() -> list[Any]:
    cases: list[Any] = []
    for model in current_models():
        for mode, rules in (("thinking", model.thinking), ("instant", model.instant)):
            cases += [
                pytest.param(model, mode, choice, id=f"{model.id}-{mode}-{choice}")
                for choice in ("auto", "none", *_FORCING)
                if rules
            ]
    return cases


@pytest.mark.parametrize(("model", "mode", "choice"), _cases())
async def test_tool_choice_follows_the_model_s_row(
    kimi: Emulator, chat: Chat, model: Model, mode: str, choice: Any
) -> None:
    """Each choice is sent as the row allows, or refused before anything is sent."""
    fields = {"thinking": False} if mode == "instant" else {}
    bound = chat(model=model.id, **fields).bind_tools(_TWO, tool_choice=choice)
    allowed = model.rules("instant" if fields else "thinking").tool_choices
    kind = _kind(choice)
    if kind in allowed:
        wanted = _NAMED if kind == "named" else kind
        names = ["GetWeather", "get_population"]
    elif kind == "named" and "required" in allowed:
        wanted, names = "required", ["get_population"]
    else:
        with pytest.raises(ValueError, match="forces a tool call") as caught:
            bound.invoke("hello")
        assert "thinking" in str(caught.value)
        assert "'auto'" in str(caught.value)
        assert not kimi.requests
        return
    answer = bound.invoke("hello")
    body = kimi.requests[-1].body
    assert body["tool_choice"] == wanted
    assert [t["function"]["name"] for t in body["tools"]] == names
    if kind == "named":
        assert answer.tool_calls[0]["name"] == "get_population"
    elif kind == "none":
        assert answer.tool_calls == []


@pytest.mark.parametrize("choice", ["any", "required", "f"])
async def test_a_forced_call_needs_tools(
    kimi: Emulator, chat: Chat, choice: str
) -> None:
    """Without any it is refused, not dropped."""
    with pytest.raises(KimiSettingError, match=r"needs tools|no tool is bound"):
        chat().bind_tools([], tool_choice=choice).invoke("hello")
    assert not kimi.requests


@pytest.mark.parametrize("choice", [None, False])
async def test_no_choice_is_not_sent(kimi: Emulator, chat: Chat, choice: Any) -> None:
    """The API's default is `auto`."""
    chat().bind_tools(_TWO, tool_choice=choice).invoke("hello")
    assert "tool_choice" not in kimi.requests[-1].body


async def test_an_unknown_name_is_refused_with_the_known_ones(
    kimi: Emulator, chat: Chat
) -> None:
    """A misspelt tool_choice would otherwise be a 400."""
    bound = chat().bind_tools(_TWO, tool_choice="get_weather")
    with pytest.raises(KimiSettingError, match="GetWeather, get_population"):
        bound.invoke("hello")
    assert not kimi.requests


@pytest.mark.parametrize("thing", [3, None, {"no": "tool"}, "name"])
async def test_what_is_no_tool_is_refused(chat: Chat, thing: Any) -> None:
    """With what was given and what is accepted."""
    with pytest.raises(KimiSettingError, match="is not a tool"):
        chat().bind_tools([thing])


async def test_parallel_calls_are_answered_by_id(
    kimi: Emulator, chat: Chat, ask: Ask
) -> None:
    """Ids are opaque and echoed, in any order of the results."""
    model = chat().bind_tools(_TWO)
    kimi.reply(
        tool_calls=[
            {"name": "GetWeather", "arguments": {"city": "Rome"}, "id": "Read:9"},
            {"name": "get_population", "arguments": {"city": "Bonn"}},
        ]
    )
    answer = await ask(model, "go")
    ids = [call["id"] for call in answer.tool_calls]
    assert ids == ["Read:9", "get_population_1"]
    results = [ToolMessage("r", tool_call_id=id, name="x") for id in reversed(ids)]
    last = await ask(model, ["go", answer, *results])
    assert last.text
    sent = kimi.requests[-1].body["messages"]
    assert [m["tool_call_id"] for m in sent[2:]] == list(reversed(ids))
    assert "content" not in sent[1]


async def test_results_may_be_errors_lists_and_pictures(
    kimi: Emulator, chat: Chat
) -> None:
    """The API has no status: the content tells; pictures are parts."""
    calls = [
        {"name": "f", "args": {}, "id": str(n), "type": "tool_call"} for n in range(4)
    ]
    picture = {"type": "image", "base64": "aGk=", "mime_type": "image/png"}
    chat().invoke(
        [
            HumanMessage("go"),
            AIMessage("", tool_calls=calls),
            ToolMessage("Error: no", tool_call_id="0", status="error"),
            ToolMessage(["a", {"type": "text", "text": "b"}], tool_call_id="1"),
            ToolMessage([picture], tool_call_id="2"),
            ToolMessage("", tool_call_id="3"),
        ]
    )
    contents = [m["content"] for m in kimi.requests[-1].body["messages"][2:]]
    assert contents == [
        "Error: no",
        [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}],
        [{"type": "image_url", "image_url": {"url": "data:image/png;base64,aGk="}}],
        "",
    ]


async def test_anthropic_blocks_are_calls_and_results(
    kimi: Emulator, chat: Chat
) -> None:
    """A history that was made for Anthropic's models can be continued."""
    chat().invoke(
        [
            HumanMessage("go"),
            AIMessage(
                [
                    {"type": "text", "text": "Looking."},
                    {"type": "tool_use", "id": "t1", "name": "f", "input": {"a": 1}},
                ]
            ),
            HumanMessage(
                [
                    {"type": "tool_result", "tool_use_id": "t1", "content": "found"},
                    {"type": "text", "text": "and?"},
                ]
            ),
        ]
    )
    sent = kimi.requests[-1].body["messages"]
    assert [m["role"] for m in sent] == ["user", "assistant", "tool", "user"]
    assert sent[1]["tool_calls"][0]["function"] == {
        "name": "f",
        "arguments": '{"a":1}',
    }
    assert sent[2] == {"role": "tool", "tool_call_id": "t1", "content": "found"}


@pytest.mark.parametrize("blank", ["", " \n ", []])
async def test_blank_content_beside_calls_is_left_out(
    kimi: Emulator, chat: Chat, blank: Any
) -> None:
    """An empty list of parts was answered with "text content is empty"."""
    call = {"name": "f", "args": {}, "id": "1", "type": "tool_call"}
    message = AIMessage(blank, tool_calls=[call])
    chat().invoke(["go", message, ToolMessage("r", tool_call_id="1")])
    assert "content" not in kimi.requests[-1].body["messages"][1]


async def test_builtin_functions_pass_as_they_are(kimi: Emulator, chat: Chat) -> None:
    """LangChain's converter would refuse `$web_search`."""
    search = {"type": "builtin_function", "function": {"name": "$web_search"}}
    model = chat().bind_tools([search])
    answer = model.invoke("search for cats")
    assert kimi.requests[-1].body["tools"] == [search]
    (call,) = answer.tool_calls
    content = json.dumps(call["args"])
    result = ToolMessage(content, tool_call_id=call["id"], name="$web_search")
    model.invoke(["search for cats", answer, result])
    sent = kimi.requests[-1].body["messages"]
    assert sent[1]["tool_calls"][0]["type"] == "builtin_function"
    assert sent[2]["name"] == "$web_search"


@pytest.mark.parametrize(
    ("history", "words"),
    [
        ([ToolMessage("r", tool_call_id="x")], "tool_call_id x is not found"),
        (
            [
                AIMessage(
                    "",
                    tool_calls=[
                        {"name": "f", "args": {}, "id": "y", "type": "tool_call"}
                    ],
                ),
                HumanMessage("well?"),
            ],
            "did not have response messages: y",
        ),
    ],
)
async def test_unpaired_calls_and_results_are_refused(
    kimi: Emulator, chat: Chat, history: list[Any], words: str
) -> None:
    """Before anything is sent, with the id."""
    with pytest.raises(KimiSettingError, match=words):
        chat().invoke(["go", *history])
    assert not kimi.requests


async def test_the_same_tool_twice_is_refused(kimi: Emulator, chat: Chat) -> None:
    """In the API's own words."""
    with pytest.raises(KimiSettingError, match="GetWeather is duplicated"):
        chat().bind_tools([GetWeather, GetWeather]).invoke("go")
    assert not kimi.requests


class Node(BaseModel):
    """A node of a tree."""

    value: int
    children: list["Node"] = []


class NodeDict(TypedDict):
    """A node of a tree."""

    value: int
    children: list["NodeDict"]


def plant(root: Node) -> int:
    """Plant a tree."""
    return root.value


@tool
def fell(root: Node) -> int:
    """Fell a tree."""
    return root.value


_LIST_ROOT = {"title": "Numbers", "type": "array", "items": {"type": "integer"}}
_REFERRING = {
    "title": "Tree",
    "$ref": "#/$defs/N",
    "$defs": {"N": {"type": "object", "properties": {"x": {"type": "integer"}}}},
}


@pytest.mark.parametrize(
    "form", [Node, NodeDict, plant, fell, Node.model_json_schema()]
)
async def test_recursion_reaches_the_model(
    kimi: Emulator, chat: Chat, form: Any
) -> None:
    """langchain-core's own conversion cuts it."""
    answer = chat().bind_tools([form]).invoke("a tree with 5")
    assert answer.tool_calls
    schema = kimi.requests[-1].body["tools"][0]["function"]["parameters"]
    assert '"$ref": "#' in json.dumps(schema)
    assert schema["type"] == "object"


async def test_a_titled_schema_is_a_tool_whole(kimi: Emulator, chat: Chat) -> None:
    """Also one whose root is a reference."""
    answer = chat().bind_tools([_REFERRING]).invoke("5 trees")
    assert answer.tool_calls[0]["name"] == "Tree"
    assert answer.tool_calls[0]["args"] == {"x": 5}


@pytest.mark.parametrize(
    ("form", "words"),
    [
        (_LIST_ROOT, "are an object, not 'array'"),
        ({"type": "web_search"}, "Kimi has no tool of type 'web_search'"),
        ({"type": "object", "properties": {}}, "needs a title"),
        (functools.partial(get_population, "x"), "is not a tool"),
        (enum.Enum, "is not a schema"),
    ],
)
async def test_what_cannot_be_a_tool_is_refused(
    chat: Chat, form: Any, words: str
) -> None:
    """When it is bound, with the reason."""
    with pytest.raises(KimiSettingError, match=words):
        chat().bind_tools([form])


async def test_fields_with_reserved_names_are_told(kimi: Emulator, chat: Chat) -> None:
    """The dialect cannot list them; the model is told in words."""

    class Odd(BaseModel):
        """An odd thing."""

        required: int
        properties: str

    chat().bind_tools([Odd]).invoke("go")
    chat().with_structured_output(Odd, include_raw=True).invoke("go")
    tool_schema = kimi.requests[0].body["tools"][0]["function"]["parameters"]
    form = kimi.requests[1].body["response_format"]["json_schema"]["schema"]
    for schema in (tool_schema, form):
        assert 'the required property "required"' in schema["description"]
