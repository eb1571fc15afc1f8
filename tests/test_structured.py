"""Structured output: every method and form of schema, while thinking and not."""

import dataclasses
import enum
from datetime import date
from typing import Annotated, Any, Literal, TypedDict

import pytest
from langchain.agents import create_agent
from langchain.agents.structured_output import ProviderStrategy, ToolStrategy
from langchain_core.exceptions import OutputParserException
from pydantic import BaseModel, Field
from pydantic.v1 import BaseModel as BaseModelV1

from langchain_kimi._refusal import KimiSettingError
from langchain_kimi.emulator import Emulator
from tests.conftest import Chat


class Person(BaseModel):
    """A person."""

    name: str
    age: int = Field(ge=0)


class PersonV1(BaseModelV1):
    """A person."""

    name: str
    age: int


class PersonDict(TypedDict):
    """A person."""

    name: Annotated[str, ..., "The name"]
    age: int


_SCHEMA = {
    "title": "Person",
    "description": "A person.",
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "type": "object",
    "properties": {"name": {"type": "string"}, "age": {"type": "integer"}},
    "required": ["name", "age"],
}
_FORMS = {"v2": Person, "v1": PersonV1, "TypedDict": PersonDict, "JSON Schema": _SCHEMA}
_MODELS: list[dict[str, Any]] = [
    {"model": "kimi-k3"},
    {"model": "kimi-k3.1-pro"},
    {"model": "kimi-k2.7-code"},
    {"model": "kimi-k2.6"},
    {"model": "kimi-k2.6", "thinking": False},
]


def _fields(person: Any) -> dict[str, Any]:
    return person if isinstance(person, dict) else person.dict()


@pytest.mark.filterwarnings("ignore::pydantic.warnings.PydanticDeprecatedSince20")
@pytest.mark.parametrize("form", list(_FORMS))
@pytest.mark.parametrize("model", _MODELS, ids=str)
@pytest.mark.parametrize("awaited", [False, True])
async def test_json_schema_is_the_default_and_works_everywhere(
    kimi: Emulator, chat: Chat, form: str, model: dict[str, Any], awaited: bool
) -> None:
    """On each model, thinking or not, for each form of schema, strict."""
    schema = _FORMS[form]
    structured = chat(**model).with_structured_output(schema)
    given = "This is Ann, 30 years old"
    person = await structured.ainvoke(given) if awaited else structured.invoke(given)
    assert _fields(person) == {"name": "Ann", "age": 30}
    assert isinstance(person, schema if schema in (Person, PersonV1) else dict)
    sent = kimi.requests[-1].body["response_format"]
    assert sent["type"] == "json_schema"
    assert sent["json_schema"]["strict"] is True
    assert "$schema" not in sent["json_schema"]["schema"]


@pytest.mark.filterwarnings("ignore::pydantic.warnings.PydanticDeprecatedSince20")
@pytest.mark.parametrize("form", list(_FORMS))
async def test_function_calling_forces_the_one_tool(
    kimi: Emulator, chat: Chat, form: str
) -> None:
    """K3 takes no named function: only that tool is sent, and `required`."""
    structured = chat().with_structured_output(_FORMS[form], method="function_calling")
    assert _fields(structured.invoke("This is Ann, 30")) == {"name": "Ann", "age": 30}
    assert kimi.requests[-1].body["tool_choice"] == "required"


async def test_function_calling_while_k2_thinks_names_the_ways_out(
    kimi: Emulator, chat: Chat
) -> None:
    """It is refused before it is sent, never swapped in silence."""
    model = chat(model="kimi-k2.6")
    structured = model.with_structured_output(Person, method="function_calling")
    with pytest.raises(KimiSettingError, match=r"thinking=False.*json_schema"):
        structured.invoke("This is Ann, 30")
    assert not kimi.requests


async def test_json_mode_returns_a_dict(kimi: Emulator, chat: Chat) -> None:
    """The prompt describes the keys."""
    structured = chat().with_structured_output(None, method="json_mode")
    answer = structured.invoke("Return JSON with the keys 'name' and 'age'")
    assert set(answer) == {"name", "age"}
    assert kimi.requests[-1].body["response_format"] == {"type": "json_object"}


@pytest.mark.parametrize("method", ["json_schema", "function_calling", "json_mode"])
async def test_include_raw_returns_the_message_too(
    kimi: Emulator, chat: Chat, method: Any
) -> None:
    """With the reasoning, and no parsing error."""
    structured = chat().with_structured_output(Person, method=method, include_raw=True)
    if method == "json_mode":
        kimi.reply('{"name":"Ann","age":30}')
    found = structured.invoke("This is Ann, 30")
    assert found["raw"].additional_kwargs["reasoning_content"]
    assert found["parsed"] == Person(name="Ann", age=30)
    assert found["parsing_error"] is None


async def test_it_streams_and_ends_with_the_whole(chat: Chat) -> None:
    """Objects of pydantic when they are whole, dicts as they grow."""
    model = chat()
    people = list(model.with_structured_output(Person).stream("This is Ann, 30"))
    assert people[-1] == Person(name="Ann", age=30)
    grown = [
        d
        async for d in model.with_structured_output(_SCHEMA).astream("This is Ann, 30")
    ]
    assert grown[-1] == {"name": "Ann", "age": 30}
    assert len(grown) > 1


async def test_reasoning_is_no_part_of_what_is_parsed(
    kimi: Emulator, chat: Chat
) -> None:
    """Even when it looks like an answer."""
    kimi.reply('{"name":"Ann","age":1}', reasoning='{"name":"Bob","age":2}')
    assert chat().with_structured_output(Person).invoke("x").name == "Ann"


@pytest.mark.parametrize("schema", [Person, _SCHEMA])
async def test_a_cut_answer_is_an_error_and_not_a_guess(
    kimi: Emulator, chat: Chat, schema: Any
) -> None:
    """langchain-core's parser would complete it to {"name": "An"}."""
    kimi.reply('{"name": "An', finish_reason="length")
    with pytest.raises(OutputParserException, match="raise max_tokens"):
        chat().with_structured_output(schema).invoke("This is Ann, 30")


@pytest.mark.parametrize("schema", [Person, _SCHEMA])
async def test_a_cut_or_missing_call_is_an_error_and_not_none(
    kimi: Emulator, chat: Chat, schema: Any
) -> None:
    """langchain-core would return None."""
    call = {"name": "Person", "arguments": '{"name": "An'}
    kimi.reply(tool_calls=[call], finish_reason="length")
    kimi.reply("I would rather not.")
    structured = chat().with_structured_output(schema, method="function_calling")
    for _ in range(2):
        with pytest.raises(OutputParserException, match="no valid tool call"):
            structured.invoke("This is Ann, 30")


async def test_a_fenced_answer_is_read(kimi: Emulator, chat: Chat) -> None:
    """kimi-k2.6 was seen to wrap its JSON in Markdown."""
    kimi.reply('```json\n{"name":"Ann","age":30}\n```')
    found = chat(model="kimi-k2.6").with_structured_output(Person).invoke("x")
    assert found == Person(name="Ann", age=30)


@dataclasses.dataclass
class _Data:
    name: str
    age: int


class _Color(enum.Enum):
    RED = "red"
    BLUE = "blue"


class _Leaf(BaseModel):
    kind: Literal["leaf"]
    when: date


class _Branch(BaseModel):
    kind: Literal["branch"]
    children: list["_Tree"] = Field(min_length=1, max_length=3)


class _Tree(BaseModel):
    """A tree."""

    node: Annotated[_Leaf | _Branch, Field(discriminator="kind")]
    color: _Color | None = None
    size: Literal[1, "two"] | None = 1
    pair: tuple[int, str] = (1, "a")
    anything: Any = None
    counts: dict[str, int] = {}


@pytest.mark.parametrize("method", ["json_schema", "function_calling"])
async def test_a_hard_schema_is_accepted_and_filled(chat: Chat, method: Any) -> None:
    """Recursion, a discriminated union, a tuple, mixed literals, Any and a date."""
    structured = chat().with_structured_output(_Tree, method=method)
    assert isinstance(structured.invoke("plant a red tree on 2026-11-22"), _Tree)


@pytest.mark.parametrize("strategy", [ProviderStrategy, ToolStrategy, None])
async def test_create_agent_returns_the_object(
    kimi: Emulator, chat: Chat, strategy: Any
) -> None:
    """By the provider's own format, by a forced tool, and as LangChain chooses."""
    wanted = strategy(Person) if strategy else Person
    agent = create_agent(chat(), response_format=wanted)
    found = agent.invoke({"messages": "This is Ann, 30 years old"})
    assert found["structured_response"] == Person(name="Ann", age=30)
    body = kimi.requests[-1].body
    assert ("response_format" in body) is (strategy is not ToolStrategy)


async def test_response_format_given_by_hand_is_adapted(
    kimi: Emulator, chat: Chat
) -> None:
    """Through bind_tools, bind and the call, as a dict or a class."""
    hand_made = {
        "type": "json_schema",
        "json_schema": {"name": "Person", "schema": _SCHEMA},
    }
    model = chat()
    model.bind_tools([], response_format=hand_made).invoke("This is Ann, 30")
    model.bind(response_format=hand_made).invoke("This is Ann, 30")
    model.invoke("This is Ann, 30", response_format=Person)
    for request in kimi.requests:
        schema = request.body["response_format"]["json_schema"]["schema"]
        assert "$schema" not in schema
    assert "$schema" in _SCHEMA


async def test_wrong_use_is_refused(chat: Chat) -> None:
    """At once, with what is accepted."""
    model = chat()
    with pytest.raises(KimiSettingError, match="json_schema, function_calling"):
        model.with_structured_output(Person, method="magic")  # pyright: ignore[reportArgumentType]
    with pytest.raises(KimiSettingError, match="needs a schema"):
        model.with_structured_output(None)
    for thing in (3, _Color, len):
        with pytest.raises(KimiSettingError, match="is not a schema"):
            model.with_structured_output(thing)


async def test_schemas_of_other_makers_are_taken(kimi: Emulator, chat: Chat) -> None:
    """OpenAI's inner dict, a tool's dict, and a dataclass."""
    inner = {"name": "Person", "strict": True, "schema": _SCHEMA}
    function = {"name": "Person", "parameters": _SCHEMA}
    forms = [inner, {"type": "function", "function": function}, _Data]
    for form in forms:
        found = chat().with_structured_output(form).invoke("This is Ann, 30")
        assert found == {"name": "Ann", "age": 30}
    names = [r.body["response_format"]["json_schema"]["name"] for r in kimi.requests]
    assert names == ["Person", "Person", "_Data"]
