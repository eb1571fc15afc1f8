"""A schema in any form that LangChain knows -> its JSON Schema, with nothing lost.

langchain-core's own conversion cuts recursion ("items" are gone) and takes only the
properties of a dict. What it is right for it does: names, docstrings, Annotated.
"""

import dataclasses
from typing import Any, cast

from langchain_core.tools import create_schema_from_function
from langchain_core.utils.function_calling import (
    convert_to_json_schema,
    convert_to_openai_function,
)
from pydantic import BaseModel, TypeAdapter
from pydantic.json_schema import GenerateJsonSchema
from pydantic.v1 import BaseModel as BaseModelV1
from typing_extensions import is_typeddict

from langchain_kimi._json import as_text, is_object
from langchain_kimi._refusal import KimiSettingError
from langchain_kimi._wire import JsonObject

# What tells the dict of a tool (OpenAI's, Anthropic's or Bedrock's) from a JSON Schema.
TOOL_KEYS = {"function", "parameters", "input_schema", "toolSpec"}
JSON_TYPES = ("object", "array", "string", "number", "integer", "boolean", "null")
UNREADABLE = (ValueError, TypeError, AttributeError, RecursionError, KeyError)


class _Untitled(GenerateJsonSchema):
    """Leaves out titles that only repeat a field's name: they cost tokens."""

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False


def read_json_schema(schema: Any) -> JsonObject:
    """Return the JSON Schema of a pydantic, TypedDict or data class, or of a dict.

    Args:
        schema: The schema; a dict is a JSON Schema, or a tool's.

    Raises:
        KimiSettingError: For something that is not a schema.
    """
    given: object = schema
    try:
        if is_object(given):
            return _read_dict(given)
        if isinstance(given, type):
            return _read_class(cast("type[Any]", given))
    except UNREADABLE as error:
        raise not_a_schema(schema, str(error)) from error
    raise not_a_schema(schema, f"it is a {type(schema).__name__}")


def not_a_schema(schema: object, reason: str) -> KimiSettingError:
    """Return the error for something that is not a schema."""
    return KimiSettingError(
        f"{schema!r} is not a schema: {reason}. Give a pydantic model, a TypedDict, a "
        "dataclass, or a JSON Schema."
    )


def _read_dict(schema: JsonObject) -> JsonObject:
    return convert_to_json_schema(schema) if TOOL_KEYS & schema.keys() else dict(schema)


def _read_class(schema: type[Any]) -> JsonObject:
    if issubclass(schema, BaseModel):
        return schema.model_json_schema(schema_generator=_Untitled)
    if issubclass(schema, BaseModelV1):
        return schema.schema()
    if is_typeddict(schema):
        return _read_typed_dict(schema)
    if dataclasses.is_dataclass(schema):
        return TypeAdapter(schema).json_schema(schema_generator=_Untitled)
    raise TypeError("it is a class of another kind")


def _read_typed_dict(schema: type[Any]) -> JsonObject:
    """Read a TypedDict; core knows its descriptions, pydantic its recursion."""
    try:
        return convert_to_json_schema(schema)
    except RecursionError:
        return TypeAdapter(schema).json_schema(schema_generator=_Untitled)


def read_function(tool: Any) -> JsonObject:
    """Return `name`, `description` and the whole JSON Schema of a tool's `parameters`.

    Args:
        tool: A class, a dict, a function or a BaseTool.

    Raises:
        ValueError: For something that is not a tool; TypeError and others likewise.
    """
    given: object = tool
    if is_object(given) and not TOOL_KEYS & given.keys():
        return _from_schema(given)
    if isinstance(given, type) and not is_typeddict(given):
        return _from_schema(read_json_schema(given))
    function = _convert(tool)
    arguments = _arguments_class(tool, function["name"])
    if isinstance(arguments, type):
        function["parameters"] = _bare(_read_class(cast("type[Any]", arguments)))
    return function


def _arguments_class(tool: Any, name: str) -> object:
    """Return the class of a BaseTool's or a function's arguments, if it has one."""
    if hasattr(tool, "tool_call_schema"):
        return tool.tool_call_schema
    if isinstance(tool, type) or not callable(tool):
        return None
    return create_schema_from_function(
        name,
        tool,
        filter_args=(),
        parse_docstring=True,
        error_on_invalid_docstring=False,
        include_injected=False,
    )


def _convert(tool: Any) -> JsonObject:
    try:
        return dict(convert_to_openai_function(tool))
    except RecursionError:
        return _from_schema(read_json_schema(tool))


def _from_schema(schema: JsonObject) -> JsonObject:
    """Make a tool of a schema: title and description are the tool's own."""
    root = schema.get("$defs", {}).get(as_text(schema.get("$ref")).rpartition("/")[2])
    told: JsonObject = {**(root or {}), **schema}
    name = told.get("title")
    if not name:
        raise ValueError("a JSON Schema needs a title to be a tool's")
    found = {"name": name, "parameters": _bare(schema)}
    if told.get("description"):
        found["description"] = told["description"]
    return found


def _bare(schema: JsonObject) -> JsonObject:
    """Return parameters without what the function says itself."""
    return {k: v for k, v in schema.items() if k not in ("title", "description")}
