"""The adaptation of `_schema`: always MFJS, never tighter than what was given."""

import copy
import dataclasses
import datetime as dt
import decimal
import enum
import json
import os
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, Generic, Literal, TypeVar

import pydantic
import pydantic.v1
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft4Validator, Draft7Validator, Draft202012Validator
from langchain_core.utils.function_calling import (
    convert_to_json_schema,
    convert_to_openai_tool,
)
from typing_extensions import TypedDict

from langchain_kimi._mfjs import Level, check_schema
from langchain_kimi._schema import adapt_schema

LEVELS: tuple[Level, ...] = ("strict", "ultra")
EXAMPLES = int(os.environ.get("SCHEMA_EXAMPLES", "400"))
Json = dict[str, Any]
ANY: Json = {"type": ["string", "number", "boolean", "object", "array", "null"]}


def adapt(schema: Json, level: Level) -> Json:
    """Adapt, and check what holds for every schema."""
    before = copy.deepcopy(schema)
    adapted = adapt_schema(schema, level=level)
    assert check_schema(adapted, level) is None
    assert schema == before
    assert adapted == adapt_schema(copy.deepcopy(schema), level=level)
    return adapted


def assert_keeps(schema: Json, instances: list[Any], level: Level) -> None:
    adapted = Draft202012Validator(adapt(schema, level))
    given_validator = validator_of(schema)
    for instance in instances:
        given_validator.validate(instance)
        adapted.validate(instance)


def validator_of(schema: Json) -> Any:
    is_old = "definitions" in schema and "$defs" not in schema
    is_old = is_old or '"items": [' in json.dumps(schema)
    dialect = str(schema.get("$schema", "draft-07" if is_old else None))
    rows = (("draft-04", Draft4Validator), ("draft-07", Draft7Validator))
    kind = next((kind for name, kind in rows if name in dialect), Draft202012Validator)
    return kind(schema)


# --- Models ------------------------------------------------------------------------


class Color(enum.Enum):
    RED = "red"
    BLUE = "blue"


class Priority(enum.IntEnum):
    LOW = 1
    HIGH = 2


class Cat(pydantic.BaseModel):
    """A cat."""

    kind: Literal["cat"]
    lives: int = pydantic.Field(ge=0, le=9)


class Dog(pydantic.BaseModel):
    """A dog."""

    kind: Literal["dog"]
    name: str | None = None


class Owner(pydantic.BaseModel):
    pet: Cat | Dog = pydantic.Field(discriminator="kind", description="The pet.")
    others: list[Annotated[Cat | Dog, pydantic.Field(discriminator="kind")]] = []


class Address(pydantic.BaseModel):
    """Where someone lives."""

    street: str
    number: int | str


class Person(pydantic.BaseModel):
    home: Address = pydantic.Field(description="The first home.")
    work: Address | None = pydantic.Field(default=None, description="The office.")


class Node(pydantic.BaseModel):
    """A node."""

    value: int
    next: "Node | None" = None
    children: list["Node"] = pydantic.Field(default=[], description="Below.")


class Branch(pydantic.BaseModel):
    branches: list["Branch"]


class Ping(pydantic.BaseModel):
    pong: "Pong | None" = None


class Pong(pydantic.BaseModel):
    pings: dict[str, Ping] = {}


class Expression(pydantic.BaseModel):
    left: "Expression | Number | str"
    right: "Expression | Number | str"
    operator: Literal["+", "-"]


class Number(pydantic.BaseModel):
    number: float


class Numbers(pydantic.BaseModel):
    small: Annotated[int, pydantic.Field(gt=0, lt=10)]
    share: Annotated[float, pydantic.Field(gt=0, le=1)]
    even: Annotated[int, pydantic.Field(multiple_of=2)]
    price: decimal.Decimal
    limited: Annotated[decimal.Decimal, pydantic.Field(ge=0, max_digits=4)]


class Texts(pydantic.BaseModel):
    code: Annotated[str, pydantic.Field(pattern="^[a-z]+$", min_length=2, max_length=4)]
    day: dt.date
    moment: dt.datetime
    length: dt.timedelta
    identity: uuid.UUID
    link: pydantic.AnyUrl
    raw: bytes


class Collections(pydantic.BaseModel):
    pair: tuple[int, str]
    row: tuple[float, ...]
    tags: set[str]
    colors: frozenset[Color]
    few: Annotated[list[int], pydantic.Field(min_length=1, max_length=3)]
    by_name: dict[str, Address]
    by_number: dict[int, float]
    by_color: dict[Color, int]
    matrix: list[list[int | None]]


class Mixed(pydantic.BaseModel):
    model_config = pydantic.ConfigDict(extra="forbid")

    anything: Any
    whatever: object = None
    level: Literal["a", 1, True] | None
    color: Color = Color.RED
    priority: Priority | None = None
    flag: bool | Literal["auto"] = "auto"
    described: Any = pydantic.Field(default=None, description="Anything at all.")


class Aliased(pydantic.BaseModel):
    reference: str = pydantic.Field(alias="$ref")
    path: str = pydantic.Field(alias="a/b")
    required: int = 0
    template: Literal["x"] = pydantic.Field(default="x", alias="{id}")


class AliasedTree(pydantic.BaseModel):
    model_config = pydantic.ConfigDict(extra="forbid")

    path: str = pydantic.Field(alias="a/b")
    below: "list[AliasedTree]" = []


Item = TypeVar("Item")


class Page(pydantic.BaseModel, Generic[Item]):
    items: list[Item]
    next: "Page[Item] | None" = None


class Documented(pydantic.BaseModel):
    model_config = pydantic.ConfigDict(
        json_schema_extra={"examples": [{"x": 1}], "x-order": 2}
    )

    x: int = pydantic.Field(deprecated=True, examples=[1, 2])


class OldChild(pydantic.v1.BaseModel):
    """An old child."""

    mode: Literal["fast", "safe"] = "fast"
    parent: "OldParent | None"


class OldParent(pydantic.v1.BaseModel):
    child: OldChild = pydantic.v1.Field(..., description="The child.")
    children: list[OldChild] = []
    pair: tuple[int, str]
    size: pydantic.v1.conint(gt=0, lt=5) = 1  # pyright: ignore[reportInvalidTypeForm]
    color: Color = Color.RED
    extras: dict[str, Any] = {}


OldChild.update_forward_refs()


class Movie(TypedDict, total=False):
    """A movie."""

    title: Annotated[str, ..., "Its title."]
    year: Annotated[int | None, None, "Its year."]
    ratings: dict[str, float]
    genre: Literal["drama", "comedy"]


class Library(TypedDict):
    """Movies."""

    movies: list[Movie]
    best: Movie


@dataclasses.dataclass
class Point:
    x: float
    y: float = 0.0
    label: str | None = None
    path: "list[Point]" = dataclasses.field(default_factory=list)


def find_movies(query: str, limit: int = 10, kinds: list[Color] | None = None) -> str:
    """Find movies.

    Args:
        query: What to look for.
        limit: How many at most.
        kinds: Only these.
    """
    return f"{query} {limit} {kinds}"


def of(model: Any) -> Json:
    return pydantic.TypeAdapter(model).json_schema()


def parameters_of(tool: Any) -> Json:
    return convert_to_openai_tool(tool)["function"]["parameters"]


NODE = {"value": 1, "next": {"value": 2}, "children": [{"value": 3, "children": []}]}
CAT, DOG = {"kind": "cat", "lives": 9}, {"kind": "dog", "name": None}
HOME = {"street": "x", "number": "1a"}

MODELS: dict[str, tuple[Json, list[Any]]] = {
    "union": (of(Cat | Dog | None), [CAT, DOG, None]),
    "discriminated": (of(Owner), [{"pet": CAT}, {"pet": DOG, "others": [CAT, DOG]}]),
    "nested": (of(Person), [{"home": HOME}, {"home": HOME, "work": None}]),
    "recursive": (of(Node), [{"value": 1}, NODE]),
    "recursive list": (of(list[Node]), [[], [NODE, NODE]]),
    "recursive by arrays only": (of(Branch), [{"branches": [{"branches": []}]}]),
    "mutually recursive": (of(Ping), [{}, {"pong": {"pings": {"a": {"pong": None}}}}]),
    "expression": (
        of(Expression),
        [
            {
                "left": {"left": "x", "right": {"number": 1.5}, "operator": "+"},
                "right": "y",
                "operator": "-",
            }
        ],
    ),
    "numbers": (
        of(Numbers),
        [{"small": 1, "share": 0.5, "even": 4, "price": "1.5", "limited": 3}],
    ),
    "texts": (
        of(Texts),
        [
            {
                "code": "ab",
                "day": "2026-11-22",
                "moment": "2026-11-22T00:00:00Z",
                "length": "P1D",
                "identity": "12345678-1234-5678-1234-567812345678",
                "link": "https://example.com",
                "raw": "x",
            }
        ],
    ),
    "collections": (
        of(Collections),
        [
            {
                "pair": [1, "a"],
                "row": [1.5, 2],
                "tags": ["a", "b"],
                "colors": ["red"],
                "few": [1],
                "by_name": {"a": HOME},
                "by_number": {"1": 2.5},
                "by_color": {"red": 1},
                "matrix": [[1, None], []],
            }
        ],
    ),
    "mixed": (
        of(Mixed),
        [
            {"anything": {"a": [1]}, "level": "a"},
            {"anything": None, "level": 1, "priority": 2, "flag": True},
            {"anything": 1, "level": None, "whatever": [], "described": "x"},
            {"anything": 1, "level": True, "color": "blue", "priority": None},
        ],
    ),
    "aliases": (of(Aliased), [{"$ref": "x", "a/b": "y", "required": 1, "{id}": "x"}]),
    "aliases, recursive": (of(AliasedTree), [{"a/b": "x", "below": [{"a/b": "y"}]}]),
    "generic": (of(Page[Address]), [{"items": [HOME], "next": {"items": []}}]),
    "documented": (of(Documented), [{"x": 1}]),
    "root model": (of(pydantic.RootModel[dict[str, list[int]]]), [{}, {"a": [1]}]),
    "scalar": (of(int | str), [1, "a"]),
    "any": (of(Any), [1, None, {}, []]),
    "pydantic v1": (
        OldParent.schema(),
        [
            {"child": {"mode": "safe"}, "pair": [1, "a"], "size": 4},
            {
                "child": {"parent": {"child": {}, "pair": [1, "x"]}},
                "children": [{}],
                "pair": [1, "a"],
                "color": "blue",
                "extras": {"a": None},
            },
        ],
    ),
    "typed dict": (
        convert_to_json_schema(Movie),
        [{"title": "x", "ratings": {"a": 1}, "genre": "drama", "year": 2026}],
    ),
    "nested typed dict": (
        convert_to_json_schema(Library),
        [{"movies": [], "best": {"title": "x", "ratings": {}, "genre": "drama"}}],
    ),
    "typed dict, pydantic's": (of(Library), [{"movies": [{"year": 1}], "best": {}}]),
    "dataclass": (of(Point), [{"x": 1}, {"x": 1, "label": None, "path": [{"x": 2}]}]),
    "tool of a function": (
        parameters_of(find_movies),
        [{"query": "x"}, {"query": "x", "limit": 1, "kinds": ["red"]}],
    ),
    "tool of a model": (parameters_of(Person), [{"home": HOME, "work": HOME}]),
    "tool of a v1 model": (
        parameters_of(OldParent),
        [{"child": {}, "pair": [1, "a"]}],
    ),
}


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("name", MODELS)
def test_models(name: str, level: Level) -> None:
    assert_keeps(*MODELS[name], level)


@pytest.mark.parametrize("name", [name for name in MODELS if name.startswith("tool")])
def test_the_root_of_a_tool_stays_an_object(name: str) -> None:
    assert adapt(MODELS[name][0], "strict")["type"] == "object"


# --- Hand-written schemas ----------------------------------------------------------

DRAFT_4 = "http://json-schema.org/draft-04/schema#"
DRAFT_7 = "http://json-schema.org/draft-07/schema#"
STRING: Json = {"type": "string"}
INTEGER: Json = {"type": "integer"}

RAW: dict[str, tuple[Json, list[Any]]] = {
    "draft 7 definitions": (
        {
            "$schema": DRAFT_7,
            "definitions": {"A": {"type": "object", "properties": {"b": STRING}}},
            "type": "object",
            "properties": {"a": {"$ref": "#/definitions/A", "minProperties": 9}},
        },
        [{"a": {"b": "x"}}, {"a": {}}, {}],
    ),
    "draft 7 tuple": (
        {
            "$schema": DRAFT_7,
            "type": "array",
            "items": [STRING, INTEGER],
            "additionalItems": False,
        },
        [[], ["a"], ["a", 1]],
    ),
    "draft 7 open tuple": (
        {"$schema": DRAFT_7, "items": [STRING], "additionalItems": INTEGER},
        [["a", 1, 2], [], "x"],
    ),
    "draft 4 exclusive bounds": (
        {
            "$schema": DRAFT_4,
            "type": "integer",
            "minimum": 1,
            "exclusiveMinimum": True,
            "maximum": 3.5,
        },
        [2, 3],
    ),
    "pointers": (
        {
            "type": "object",
            "properties": {
                "a b": {"type": "object", "properties": {"c~/d": INTEGER}},
                "x": {"$ref": "#/properties/a%20b/properties/c~0~1d"},
                "y": {"$ref": "#/anyOf/0/properties/z"},
                "self": {"$ref": "#"},
            },
            "anyOf": [{"properties": {"z": STRING}}, {"required": ["a b"]}],
        },
        [{"x": 1, "y": "a", "self": {"x": 2}}, {"a b": {"c~/d": 1}}],
    ),
    "identifiers": (
        {
            "$id": "https://example.com/root.json",
            "$defs": {
                "a": {"$id": "item.json", "$anchor": "top", "type": "integer"},
                "b": {"$anchor": "here", "type": "string"},
            },
            "properties": {
                "x": {"$ref": "item.json"},
                "y": {"$ref": "#here"},
                "z": {"$ref": "https://example.com/item.json#top"},
            },
        },
        [{"x": 1, "y": "a", "z": 2}],
    ),
    "definition names": (
        {
            "$defs": {
                "a/b[c]": {
                    "type": "object",
                    "properties": {"n": {"$ref": "#/$defs/a~1b%5Bc%5D"}},
                },
                "a_b_c_": {"properties": {"m": {"$ref": "#/$defs/a_b_c_"}}},
            },
            "properties": {
                "x": {"$ref": "#/$defs/a~1b%5Bc%5D"},
                "y": {"$ref": "#/$defs/a_b_c_"},
            },
        },
        [{"x": {"n": {"n": {}}}, "y": {"m": {}}}],
    ),
    "allOf": (
        {
            "allOf": [
                {"type": "object", "properties": {"a": {"minimum": 1}}},
                {"properties": {"a": INTEGER, "b": STRING}, "required": ["b"]},
                {"required": ["a"]},
            ]
        },
        [{"a": 1, "b": "x"}],
    ),
    "recursion through allOf": (
        {
            "$defs": {
                "base": {"type": "object", "properties": {"n": {"$ref": "#/$defs/d"}}},
                "d": {"allOf": [{"$ref": "#/$defs/base"}, {"required": ["v"]}]},
            },
            "$ref": "#/$defs/d",
        },
        [{"v": 1, "n": {"v": 2}}],
    ),
    "parent beside anyOf": (
        {
            "type": "object",
            "description": "d",
            "properties": {"x": {"type": "integer", "anyOf": [{"minimum": 5}, {}]}},
            "anyOf": [{"required": ["x"]}, {"properties": {"y": STRING}}],
        },
        [{"x": 7}, {"y": "a"}, {}],
    ),
    "several choices": (
        {
            "anyOf": [STRING, {"type": "array"}],
            "oneOf": [{"minLength": 2}, {"maxItems": 1}],
            "default": "abc",
        },
        [[1, 2, 3], "a"],
    ),
    "condition": (
        {
            "type": "object",
            "properties": {"kind": {"enum": ["a", "b"]}},
            "if": {"properties": {"kind": {"const": "a"}}},
            "then": {"required": ["x"]},
            "else": {"required": ["y"]},
        },
        [{"kind": "a", "x": 1}, {"kind": "b", "y": 1}],
    ),
    "openapi": (
        {
            "type": "object",
            "properties": {
                "a": {"type": "string", "nullable": True, "description": "d"},
                "b": {"nullable": True, "allOf": [{"$ref": "#/components/schemas/B"}]},
                "c": {
                    "oneOf": [{"$ref": "#/components/schemas/B"}, STRING],
                    "discriminator": {
                        "propertyName": "k",
                        "mapping": {"b": "#/components/schemas/B"},
                    },
                },
            },
            "components": {"schemas": {"B": {"type": "object", "required": ["k"]}}},
        },
        [{"a": "x", "b": {"k": 1}, "c": "y"}],
    ),
    "booleans": (
        {
            "properties": {"a": True, "b": False, "c": {"items": False}},
            "additionalProperties": False,
        },
        [{"a": 1}, {"c": []}, "x"],
    ),
    "typeless": (
        {
            "type": "object",
            "properties": {"a": {"minimum": 1}, "b": {"items": INTEGER}},
        },
        [{"a": "x"}, {"a": 2, "b": "y"}, {"b": [1], "c": 0}],
    ),
    "values of mixed types": (
        {"enum": ["a", 1, 1.5, True, None, [1, {"b": 2}], {}, {"a": [True]}]},
        ["a", 1, 1.5, True, None, [1, {"b": 2}], {}, {"a": [True]}, 1.0],
    ),
    "types and values": (
        {"type": ["string", "null", "integer"], "enum": ["a", None, 2, []]},
        ["a", None, 2],
    ),
    "required without properties": (
        {"type": "object", "required": ["a", "a", "b"]},
        [{"a": 1, "b": None}],
    ),
    "reserved names": (
        {
            "type": "object",
            "properties": {"$ref": INTEGER, "anyOf": STRING, "": {"type": "null"}},
            "required": ["$ref", ""],
            "additionalProperties": False,
        },
        [{"$ref": 1, "": None}, {"$ref": 1, "anyOf": "x", "": None}],
    ),
    "patterns": (
        {
            "type": "object",
            "properties": {"ab": {"maximum": 9}},
            "patternProperties": {"^a": INTEGER},
            "additionalProperties": {"type": "boolean"},
        },
        [{"ab": 3, "ac": 1, "x": True}],
    ),
    "listed names": (
        {"propertyNames": {"enum": ["a", "b"]}, "additionalProperties": INTEGER},
        [{"a": 1}, {"b": 2}, [], None],
    ),
    "unevaluated": (
        {
            "type": "object",
            "properties": {"a": {"prefixItems": [STRING], "unevaluatedItems": False}},
            "unevaluatedProperties": False,
        },
        [{"a": ["x"]}, {"a": 1}],
    ),
    "unevaluated beside allOf": (
        {"allOf": [{"properties": {"a": True}}], "unevaluatedProperties": False},
        [{"a": 1}],
    ),
    "remote": (
        {"properties": {"a": {"$ref": "#/nowhere"}, "b": {"$dynamicRef": "#x"}}},
        [{}],
    ),
    "whole numbers as floats": (
        {"type": "array", "items": INTEGER, "minItems": 1.0, "maxItems": 2.0},
        [[1], [1, 2]],
    ),
    "fractional bounds": (
        {"type": "integer", "minimum": 0.5, "exclusiveMaximum": 3},
        [1, 2, 2.0],
    ),
    "huge bounds": (
        {"type": "number", "minimum": -1e308, "maximum": 10**300},
        [0, 1e200],
    ),
}


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("name", RAW)
def test_raw_schemas(name: str, level: Level) -> None:
    assert_keeps(*RAW[name], level)


@pytest.mark.parametrize("level", LEVELS)
def test_nullable_allows_null(level: Level) -> None:
    adapted = adapt(RAW["openapi"][0], level)

    Draft202012Validator(adapted).validate({"a": None, "b": None})


# --- Exact outcomes ----------------------------------------------------------------


def wrap(schema: Json, **more: Any) -> Json:
    return {"type": "object", "properties": {"x": schema}, **more}


# given, at strict, at ultra: the schema of a property
EXACT: dict[str, tuple[Json, Json, Json]] = {
    "enum": ({"enum": ["a", "b"]}, *[{"type": "string", "enum": ["a", "b"]}] * 2),
    "const": ({"const": 1}, *[{"type": "integer", "enum": [1]}] * 2),
    "float const": ({"const": 1.5}, *[{"type": "number", "enum": [1.5]}] * 2),
    "boolean const": ({"const": True}, *[{"type": "boolean", "enum": [True]}] * 2),
    "null or text": (
        {"enum": [None, "a"]},
        *[{"type": ["string", "null"], "enum": [None, "a"]}] * 2,
    ),
    "null or number": (
        {"enum": [1, None]},
        *[{"type": ["null", "integer"], "enum": [1, None]}] * 2,
    ),
    "true and 1": (
        {"enum": [True, 1]},
        *[
            {
                "anyOf": [
                    {"type": "boolean", "enum": [True]},
                    {"type": "integer", "enum": [1]},
                ]
            }
        ]
        * 2,
    ),
    "empty": ({}, ANY, ANY),
    "true": (True, ANY, ANY),
    "oneOf": ({"oneOf": [STRING, INTEGER]}, *[{"anyOf": [STRING, INTEGER]}] * 2),
    "types": ({"type": ["string", "null"]}, *[{"type": ["string", "null"]}] * 2),
    "bounded types": (
        {"type": ["string", "null"], "minLength": 1},
        *[{"anyOf": [{"type": "string", "minLength": 1}, {"type": "null"}]}] * 2,
    ),
    "exclusive, integer": (
        {"type": "integer", "exclusiveMinimum": 0, "exclusiveMaximum": 9.5},
        *[{"type": "integer", "minimum": 1, "maximum": 9}] * 2,
    ),
    "exclusive, number": (
        {"type": "number", "exclusiveMinimum": 0},
        {"type": "number", "minimum": 0, "exclusiveMinimum": 0},
        {"type": "number", "minimum": 0, "description": "(exclusiveMinimum: 0)"},
    ),
    "format": (
        {"type": "string", "format": "date-time", "description": "When."},
        {"type": "string", "format": "date-time", "description": "When."},
        {"type": "string", "description": "When. (format: date-time)"},
    ),
    "default beside anyOf": (
        {"anyOf": [STRING, {"type": "null"}], "default": None, "title": "X"},
        {"anyOf": [STRING, {"type": "null"}], "default": None, "title": "X"},
        {
            "anyOf": [STRING, {"type": "null"}],
            "title": "X",
            "description": "(default: null)",
        },
    ),
    "descriptions on two levels": (
        {"anyOf": [{**STRING, "description": "a"}, INTEGER], "description": "b"},
        {"anyOf": [{**STRING, "description": "a"}, INTEGER], "description": "b"},
        {
            "anyOf": [{"anyOf": [{**STRING, "description": "a"}, INTEGER]}],
            "description": "b",
        },
    ),
    "tuple": (
        {"type": "array", "prefixItems": [STRING, INTEGER], "items": False},
        {
            "type": "array",
            "prefixItems": [STRING, INTEGER],
            "items": {"anyOf": [STRING, INTEGER]},
            "maxItems": 2,
        },
        {
            "type": "array",
            "items": {"anyOf": [STRING, INTEGER]},
            "maxItems": 2,
            "description": '(prefixItems: [{"type": "string"}, {"type": "integer"}])',
        },
    ),
    "object value": (
        {"const": {"a": [1]}},
        {"type": "object", "enum": [{"a": [1]}]},
        {
            "type": "object",
            "properties": {
                "a": {
                    "type": "array",
                    "items": {"type": "integer", "enum": [1]},
                    "minItems": 1,
                    "maxItems": 1,
                }
            },
            "required": ["a"],
            "additionalProperties": False,
        },
    ),
    "not null": (
        {"type": ["string", "null"], "not": {"type": "null"}},
        {"type": "string", "not": {"type": "null"}},
        {"type": "string", "description": '(not: {"type": "null"})'},
    ),
    "allOf": (
        {"allOf": [{"type": "number", "minimum": 1}, {**INTEGER, "minimum": 2}]},
        *[{"type": "integer", "minimum": 2}] * 2,
    ),
    "single allOf": (
        {"allOf": [{"type": "string", "description": "a"}], "description": "b"},
        *[{"type": "string", "description": "b"}] * 2,
    ),
    "unknown type": (
        {"type": "whatever", "description": "d"},
        *[{**ANY, "description": "d"}] * 2,
    ),
    "object": (
        {"type": "object", "minProperties": 1},
        {"type": "object", "minProperties": 1},
        {"type": "object", "description": "(minProperties: 1)"},
    ),
}


@pytest.mark.parametrize("name", EXACT)
def test_exact_outcomes(name: str) -> None:
    given_schema, strict, ultra = EXACT[name]

    assert adapt(wrap(given_schema), "strict") == wrap(strict)
    assert adapt(wrap(given_schema), "ultra") == wrap(ultra)


def test_a_definition_is_written_in_place() -> None:
    mode = {"enum": ["fast", "safe"]}
    schema = wrap({"$ref": "#/definitions/Mode"}, definitions={"Mode": mode})

    adapted = adapt(schema, "strict")

    assert adapted == wrap({"enum": ["fast", "safe"], "type": "string"})


def test_recursive_definitions_stay() -> None:
    adapted = adapt(of(Node), "strict")

    assert set(adapted["$defs"]) == {"Node"}
    assert adapted["type"] == "object"
    assert adapted["properties"]["children"]["items"] == {"$ref": "#/$defs/Node"}


def test_a_recursive_list_may_be_empty_to_end() -> None:
    """walle takes required arrays of references for endless; [] ends them."""
    adapted = adapt(of(Branch), "strict")

    assert adapted["required"] == ["branches"]
    assert adapted["properties"]["branches"]["anyOf"] == [
        {"type": "array", "items": {"$ref": "#/$defs/Branch"}},
        {"type": "array", "maxItems": 0},
    ]


def test_names_that_cannot_be_listed_are_allowed_as_the_rest() -> None:
    adapted = adapt(RAW["reserved names"][0], "ultra")

    assert adapted == {
        "type": "object",
        "description": '(also the required property "$ref": {"type": "integer"}) '
        '(also the optional property "anyOf": {"type": "string"}) '
        '(also the required property "": {"type": "null"})',
        "properties": {},
        "additionalProperties": {
            "anyOf": [INTEGER, STRING, {"type": "null"}],
        },
    }


@pytest.mark.parametrize("level", LEVELS)
def test_a_tool_without_arguments(level: Level) -> None:
    for schema in ({"type": "object"}, {"type": "object", "properties": {}}):
        assert adapt(schema, level) == schema


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize(
    "schema",
    [
        {"type": "object", "anyOf": [{"required": ["a"]}, {"required": ["b"]}]},
        {
            "type": "object",
            "oneOf": [{"properties": {"a": STRING}}, {"type": "object"}],
        },
        {"type": "object", "allOf": [{"$ref": "#/$defs/A"}], "$defs": {"A": {}}},
        {"type": ["object"], "nullable": True, "anyOf": [{"required": ["a"]}, STRING]},
        {"$ref": "#/$defs/A", "$defs": {"A": {"type": "object", "title": "t"}}},
    ],
)
def test_an_object_at_the_root_stays_one(schema: Json, level: Level) -> None:
    if "nullable" in schema:
        schema = {key: value for key, value in schema.items() if key != "nullable"}
    assert adapt(schema, level)["type"] == "object"


# --- What is MFJS already ----------------------------------------------------------

VECTORS = [
    json.loads(line)
    for line in (Path(__file__).parent / "data/mfjs/vectors_upstream.jsonl")
    .read_text(encoding="utf-8")
    .splitlines()
]
SOUND = [
    (vector, level)
    for vector in VECTORS
    for level in LEVELS
    if vector["verdict"][level] == "ok"
]


def find_references(value: Any) -> set[str]:
    if isinstance(value, list):
        return set().union(*map(find_references, value))
    if not isinstance(value, dict):
        return set()
    own = {value["$ref"]} if isinstance(value.get("$ref"), str) else set[str]()
    return own.union(*map(find_references, value.values()))


def reaches_itself(root: Json, start: str) -> bool:
    seen: set[str] = set()
    pending = [start]
    while pending:
        target: Any = root
        for part in pending.pop().split("/")[1:]:
            target = target[part]
        found = find_references(target)
        pending += found - seen
        seen |= found
    return start in seen


@pytest.mark.parametrize(
    ("vector", "level"),
    SOUND,
    ids=[f"{vector['suite']}:{vector['line']}:{level}" for vector, level in SOUND],
)
def test_what_is_mfjs_comes_back_unchanged(vector: Json, level: Level) -> None:
    schema = json.loads(vector["schema"])
    adapted = adapt(schema, level)

    if all(reaches_itself(schema, name) for name in find_references(schema)):
        assert adapted == schema
    else:
        assert adapt(adapted, level) == adapted
        assert_same_verdicts(schema, adapted)


def assert_same_verdicts(schema: Json, adapted: Json) -> None:
    before, after = Draft202012Validator(schema), Draft202012Validator(adapted)
    for instance in INSTANCES:
        assert before.is_valid(instance) == after.is_valid(instance)


@pytest.mark.parametrize(
    "vector",
    [v for v in VECTORS if v["verdict"]["strict"].startswith("At path")],
    ids=lambda vector: f"{vector['suite']}:{vector['line']}",
)
@pytest.mark.parametrize("level", LEVELS)
def test_what_is_refused_is_adapted(vector: Json, level: Level) -> None:
    schema = json.loads(vector["schema"])
    if schema is not None:
        adapt(schema, level)


# --- Limits ------------------------------------------------------------------------


def in_layers(count: int, make: Callable[[Json], Json]) -> Json:
    definitions: Json = {f"d{count}": {"type": "string"}}
    for at in range(count):
        definitions[f"d{at}"] = make({"$ref": f"#/$defs/d{at + 1}"})
    return {"$ref": "#/$defs/d0", "$defs": definitions}


def nest(levels: int, make: Callable[[Json], Json]) -> Json:
    schema: Json = {"type": "string"}
    for _ in range(levels):
        schema = make(schema)
    return schema


def twice(schema: Json) -> Json:
    return {"type": "object", "properties": {"l": schema, "r": schema}}


def all_to_all(count: int) -> Json:
    names = [f"d{at}" for at in range(count)]
    properties = {name: {"$ref": f"#/$defs/{name}"} for name in names}
    definitions = {name: {"type": "object", "properties": properties} for name in names}
    return {"$ref": "#/$defs/d0", "$defs": definitions}


LARGE: dict[str, tuple[Json, Any]] = {
    "diamonds": (in_layers(28, twice), {"l": {"r": {"l": {}}}}),
    "deep diamonds": (in_layers(60, twice), {"l": {"r": {"l": {}}}}),
    "diamonds of anyOf": (
        in_layers(30, lambda x: {"anyOf": [x, {"type": "array", "items": x}]}),
        [["a", []]],
    ),
    "wide enum": ({"enum": [f"v{at}" for at in range(1500)]}, "v1499"),
    "very wide enum": (wrap({"enum": [f"v{at}" for at in range(20_000)]}), {"x": "v9"}),
    "wide anyOf": (
        {"anyOf": [{"type": "string", "pattern": f"^{at}$"} for at in range(1200)]},
        "1199",
    ),
    "many properties": (
        {
            "type": "object",
            "properties": {f"p{at}": INTEGER for at in range(5000)},
            "required": ["p0", "p4999"],
            "additionalProperties": False,
        },
        {"p0": 1, "p4999": 2},
    ),
    "deep": (nest(60, lambda x: {"type": "object", "properties": {"a": x}}), {"a": {}}),
    "deep arrays": (nest(400, lambda x: {"type": "array", "items": x}), [[[]]]),
    "very deep": (nest(20_000, lambda x: {"type": "array", "items": x}), [[[]]]),
    "long texts": (
        wrap({"type": "string", "description": "x" * 130_000}, required=["x"]),
        {"x": "y"},
    ),
    "many choices": (
        {
            "allOf": [
                {"anyOf": [{"minimum": at}, {"maxLength": at}]} for at in range(20)
            ]
        },
        "",
    ),
    "all to all": (all_to_all(12), {"d1": {"d2": {}}}),
}


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("name", LARGE)
def test_limits(name: str, level: Level) -> None:
    schema, instance = LARGE[name]
    started = time.process_time()
    adapted = adapt_schema(schema, level=level)

    assert time.process_time() - started < 10
    assert check_schema(adapted, level) is None
    Draft202012Validator(adapted).validate(instance)


def test_wide_enums_lose_nothing() -> None:
    validator = Draft202012Validator(adapt(LARGE["wide enum"][0], "strict"))

    assert validator.is_valid("v1234")
    assert not validator.is_valid("v1500")


def test_repeated_definitions_are_shared_where_they_do_not_fit() -> None:
    adapted = adapt(LARGE["diamonds"][0], "strict")

    assert len(adapted["$defs"]) == 27
    assert adapted["properties"]["l"] == {"$ref": "#/$defs/d1"}


def test_two_hundred_fields_are_fast() -> None:
    kinds: list[Any] = [int, Address | None, Literal["a", "b"], list[str]]
    fields: dict[str, Any] = {f"f{at}": (kinds[at % 4], ...) for at in range(200)}
    schema = pydantic.create_model("Wide", **fields).model_json_schema()
    times: list[float] = []
    for at in range(5):
        unseen = {**schema, "title": f"Wide {at}"}
        started = time.process_time()
        adapt_schema(unseen, level="strict")
        times.append(time.process_time() - started)

    # 30 to 50 ms on a laptop; the bound is for slow machines.
    assert min(times) < 0.25


ENDLESS: list[Json] = [
    {"$ref": "#"},
    {"allOf": [{"$ref": "#"}]},
    {"anyOf": [{"$ref": "#"}, {"$ref": "#", "minLength": 1}]},
    {"not": {"$ref": "#"}},
    {
        "$ref": "#/$defs/A",
        "$defs": {"A": {"$ref": "#/$defs/B"}, "B": {"$ref": "#/$defs/A"}},
    },
    wrap({"$ref": "#"}, required=["x"]),
    {"type": "array", "items": {"$ref": "#"}, "minItems": 1},
    {"type": "object", "additionalProperties": {"$ref": "#"}},
    {"items": {"$ref": "#", "minItems": 1}, "minItems": 1},
    wrap({"anyOf": [{"$ref": "#"}, {"$ref": "#/properties/x"}]}, required=["x"]),
    {"$defs": {"A": {"anyOf": [{"$ref": "#/$defs/A"}]}}, "$ref": "#/$defs/A"},
]


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("schema", ENDLESS, ids=range(len(ENDLESS)))
def test_endless_recursion_is_cut(schema: Json, level: Level) -> None:
    adapt(schema, level)


MALFORMED: list[Any] = [
    {"type": "object", "properties": []},
    {"type": "object", "properties": {"a": None, "b": 1}, "required": True},
    {"type": 5, "enum": {}, "anyOf": [], "items": 3},
    {"type": ["string", {"type": "null"}], "minLength": "5"},
    {"$ref": 7, "allOf": {}, "patternProperties": [], "propertyNames": 1},
    {"$id": 5, "$defs": [], "definitions": None, "$anchor": {}},
    {"type": "string", "minLength": -1, "maxLength": 2.5, "description": 5},
    {"enum": []},
    {"type": "number", "maximum": float("inf"), "minimum": float("nan")},
    {"type": "number", "maximum": 10**400},
    {"$id": "http://[", "$ref": "http://[x"},
    {"default": {1, 2}, "examples": (1, 2), "const": object()},
    {"enum": [nest(500, lambda x: {"a": x})]},
    {"default": nest(500, lambda x: {"a": x}), "type": "object", "oneOf": [{}]},
]


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("schema", MALFORMED, ids=range(len(MALFORMED)))
def test_malformed_schemas_do_not_raise(schema: Json, level: Level) -> None:
    assert check_schema(adapt_schema(schema, level=level), level) is None
    nested = {"type": "object", "properties": {"x": schema}}
    assert check_schema(adapt_schema(nested, level=level), level) is None


# --- Random schemas ----------------------------------------------------------------

NAMES = ("a", "b", "x", "$ref", "required", "", "a/b", "{k}", "anyOf")
UNLISTED = ("$ref", "required", "", "a/b", "{k}", "anyOf")
VALUES: tuple[Any, ...] = (
    *(0, 1, -1, 1.0, 2.5, "", "a", "ab", True, False, None, [], {}),
    *([1], ["a", 1], [[1]], {"a": 1}, {"b": "a", "a": None}, {"a": {"a": 1}}),
    *({"x": [1, "a"]}, {"$ref": 1}, {"a/b": 1}, {"": "a"}, {"required": "a"}),
)
INSTANCES = VALUES
TYPE_NAMES = ("string", "number", "integer", "boolean", "null", "array", "object")
REFERENCES = (
    *("#", "#/$defs/A", "#/$defs/B", "#/definitions/C", "#/$defs/D~1e"),
    *("#/%24defs/A/properties/a", "#/nope", "http://x/y", "#here", "item.json"),
)

names = st.sampled_from(NAMES)
values = st.sampled_from(VALUES)
type_names = st.sampled_from(TYPE_NAMES)
counts = st.sampled_from([0, 1, 2, 3, 1.0])
bounds = st.sampled_from([-1, 0, 1, 2, 0.5, 2.0])


def keyword_strategies(schemas: st.SearchStrategy[Any], draft: int) -> Json:
    """A strategy for each keyword of the draft."""
    lists = st.lists(schemas, min_size=1, max_size=3)
    objects = st.dictionaries(names, schemas, max_size=3)
    patterns = st.sampled_from(["^a", "b$", "[", ".*"])
    shared: Json = {
        "type": st.one_of(
            type_names, st.lists(type_names, min_size=1, max_size=3, unique=True)
        ),
        "enum": st.lists(values, min_size=1, max_size=4),
        "const": values,
        "properties": objects,
        "patternProperties": st.dictionaries(patterns, schemas, max_size=2),
        "additionalProperties": schemas,
        "required": st.lists(names, max_size=2, unique=True),
        "items": schemas,
        "contains": schemas,
        "uniqueItems": st.booleans(),
        "pattern": st.sampled_from(["^a", "b$"]),
        "format": st.sampled_from(["date", "int32"]),
        "multipleOf": st.sampled_from([1, 0.5]),
        "propertyNames": st.one_of(schemas, st.just({"enum": ["a", "b"]})),
        "not": st.one_of(schemas, st.builds(lambda name: {"type": name}, type_names)),
        "$ref": st.sampled_from(REFERENCES),
        "default": values,
        "title": st.just("T"),
        "description": st.just("D"),
        "examples": st.just([1]),
        "$comment": st.just("c"),
        "discriminator": st.just({"propertyName": "a", "mapping": {"z": "#/$defs/A"}}),
        **dict.fromkeys(("if", "then", "else"), schemas),
        **dict.fromkeys(("anyOf", "oneOf", "allOf"), lists),
        **dict.fromkeys(("minItems", "maxItems", "minLength", "maxLength"), counts),
        **dict.fromkeys(("minProperties", "maxProperties"), counts),
        **dict.fromkeys(("minimum", "maximum"), bounds),
        **dict.fromkeys(("exclusiveMinimum", "exclusiveMaximum"), bounds),
    }
    if draft == 7:
        return shared | {
            "items": st.one_of(schemas, lists),
            "additionalItems": schemas,
            "dependencies": st.just({"a": ["b"]}),
        }
    return shared | {
        "prefixItems": lists,
        "dependentRequired": st.just({"a": ["b"]}),
        "dependentSchemas": st.builds(lambda schema: {"a": schema}, schemas),
        "unevaluatedProperties": st.one_of(st.just(False), schemas),
        "unevaluatedItems": st.one_of(st.just(False), schemas),
        "$anchor": st.just("here"),
        "minContains": counts,
        "maxContains": counts,
    }


def schema_objects(inner: st.SearchStrategy[Any], draft: int) -> st.SearchStrategy[Any]:
    optional = keyword_strategies(inner, draft)
    keywords = st.lists(
        st.sampled_from(
            [*optional, *["type"] * 5, *["properties", "$ref", "anyOf"] * 3]
        ),
        max_size=5,
        unique=True,
    )
    return keywords.flatmap(
        lambda chosen: st.fixed_dictionaries({name: optional[name] for name in chosen})
    )


def documents(draft: int) -> st.SearchStrategy[Json]:
    leaves = st.one_of(
        st.booleans(),
        st.just({}),
        st.builds(lambda name: {"type": name}, type_names),
        st.builds(lambda name: {"$ref": name}, st.sampled_from(REFERENCES)),
    )
    schemas = st.recursive(
        leaves, lambda inner: schema_objects(inner, draft), max_leaves=6
    )
    definitions = st.fixed_dictionaries(
        {}, optional=dict.fromkeys(("A", "B", "D/e"), schemas)
    )
    extras = st.fixed_dictionaries(
        {},
        optional={
            "$defs": definitions,
            "definitions": st.builds(lambda schema: {"C": schema}, schemas),
        },
    )
    dialect = {"$schema": DRAFT_7} if draft == 7 else {}
    return st.builds(
        lambda schema, more: {**schema, **more, **dialect},
        schema_objects(schemas, draft),
        extras,
    )


instances = st.recursive(
    values,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(names, inner, max_size=3)
    ),
    max_leaves=5,
)


def is_valid(validator: Any, instance: Any) -> bool | None:
    """None where the schema has no meaning: endless or broken references, patterns."""
    try:
        return validator.is_valid(instance)
    except KeyboardInterrupt:
        raise
    except BaseException:  # noqa: BLE001 - rpds panics where recursion ends in it
        return None


def check_random_schema(
    validator: Any, schema: Json, extra: list[Any], level: Level
) -> None:
    adapted = adapt(schema, level)
    # What was recursive through a property that cannot be listed may not be so in the
    # result, and is then written in place.
    if not any(f'"{name}"' in json.dumps(schema) for name in UNLISTED):
        assert adapt_schema(adapted, level=level) == adapted
    before, after = validator(schema), Draft202012Validator(adapted)
    meaningless = 0
    for instance in (*INSTANCES, *extra):
        verdict = is_valid(before, instance)
        meaningless += verdict is None
        if meaningless > 2:
            return
        if verdict:
            assert is_valid(after, instance) is not False, instance


bounded = settings(
    max_examples=EXAMPLES,
    derandomize="SCHEMA_EXAMPLES" not in os.environ,
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)


@pytest.mark.parametrize("level", LEVELS)
def test_a_pattern_that_would_take_hours(level: Level) -> None:
    """2**40 steps to see that it does not match: then it may match or not."""
    for pattern in ("(a+)+$", "a*a*a*a*a*a*a*a*$"):
        schema: Json = {
            "type": "object",
            "properties": {"a" * 40 + "!": {"type": "string"}},
            "patternProperties": {pattern: {"type": "string"}},
        }
        # No instance: jsonschema itself would take those hours.
        assert adapt(schema, level)["type"] == "object"


@bounded
@given(documents(2020), st.lists(instances, max_size=4), st.sampled_from(LEVELS))
def test_random_schemas(schema: Json, extra: list[Any], level: Level) -> None:
    check_random_schema(Draft202012Validator, schema, extra, level)


@bounded
@given(documents(7), st.lists(instances, max_size=4), st.sampled_from(LEVELS))
def test_random_schemas_of_draft_7(
    schema: Json, extra: list[Any], level: Level
) -> None:
    check_random_schema(Draft7Validator, schema, extra, level)
