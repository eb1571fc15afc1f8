"""A schema in any form -> the API's response_format, in its JSON Schema dialect."""

import re
from collections.abc import Mapping
from typing import Any, cast

from langchain_core.utils.function_calling import convert_to_json_schema
from pydantic import BaseModel
from pydantic.v1 import BaseModel as BaseModelV1

from langchain_kimi._refusal import KimiSettingError
from langchain_kimi._schema import adapt_schema
from langchain_kimi._wire import JsonObject

_FORMATS = ("text", "json_object", "json_schema")
# The pattern that OpenAI publishes for `json_schema.name`; Kimi publishes none.
_NAME_LIMIT, _NOT_IN_NAME = 64, re.compile(r"[^A-Za-z0-9_-]+")

# Keys that tell a tool's dict (OpenAI's or Anthropic's) from a JSON Schema.
_TOOL_KEYS = {"function", "parameters", "input_schema"}


def build_response_format(schema: Any, *, strict: bool | None = None) -> JsonObject:
    """Return the response_format for a schema, or an API dict with its schema adapted.

    Args:
        schema: A pydantic class (v2 or v1), a TypedDict class, a JSON Schema with a
            title, or the API's own dict (`{"type": "json_schema", ...}`).
        strict: Whether the output must follow the schema; the API's default is true.

    Raises:
        KimiSettingError: For something that is not a schema.
    """
    if isinstance(schema, Mapping) and schema.get("type") in _FORMATS:
        return _adapted(cast("Mapping[str, Any]", schema), strict)
    json_schema = read_json_schema(schema)
    name = _NOT_IN_NAME.sub("_", json_schema.get("title") or "response")[:_NAME_LIMIT]
    return _adapted(
        {"type": "json_schema", "json_schema": {"name": name, "schema": json_schema}},
        True if strict is None else strict,
    )


def _adapted(form: Mapping[str, Any], strict: bool | None) -> JsonObject:
    described = form.get("json_schema")
    if not isinstance(described, Mapping):
        return dict(form)
    inner = dict(cast("Mapping[str, Any]", described))
    if isinstance(inner.get("schema"), Mapping):
        inner["schema"] = adapt_schema(inner["schema"], level="ultra")
    if strict is not None:
        inner["strict"] = strict
    return {**form, "json_schema": inner}


def read_json_schema(schema: Any) -> JsonObject:
    """Return the JSON Schema of a pydantic class, a TypedDict class, or a dict.

    Args:
        schema: The schema in any of these forms.

    Raises:
        KimiSettingError: For something that is not a schema.
    """
    if isinstance(schema, type) and issubclass(schema, BaseModel):
        return schema.model_json_schema()
    if isinstance(schema, type) and issubclass(schema, BaseModelV1):
        return cast("JsonObject", schema.schema())
    if isinstance(schema, Mapping) and not _TOOL_KEYS & schema.keys():
        return dict(cast("Mapping[str, Any]", schema))
    try:
        return convert_to_json_schema(schema)
    except (ValueError, TypeError) as error:
        raise KimiSettingError(
            f"{schema!r} is not a schema: {error}. Give a pydantic model, a TypedDict, "
            "or a JSON Schema with a title."
        ) from error
