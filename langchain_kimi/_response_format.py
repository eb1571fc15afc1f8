"""A schema in any form -> the API's response_format, in its JSON Schema dialect."""

import re
from typing import Any

from langchain_kimi._json import as_object, is_object
from langchain_kimi._json_schema import JSON_TYPES, read_json_schema
from langchain_kimi._schema import adapt_schema
from langchain_kimi._wire import JsonObject

# The pattern that OpenAI publishes for `json_schema.name`; Kimi publishes none.
_NAME_LIMIT, _NOT_IN_NAME = 64, re.compile(r"[^A-Za-z0-9_-]+")


def build_response_format(schema: Any, *, strict: bool | None = None) -> JsonObject:
    """Return the response_format for a schema, or an API dict with its schema adapted.

    Args:
        schema: A pydantic class (v2 or v1), a TypedDict class, a JSON Schema with a
            title, or the API's own dict (`{"type": "json_schema", ...}`).
        strict: Whether the output must follow the schema; the API's default is true.

    Raises:
        KimiSettingError: For something that is not a schema.
    """
    if is_object(schema) and _is_api_form(schema):
        return _adapted(schema, strict)
    if is_object(schema) and is_object(schema.get("schema")):
        return _adapted({"type": "json_schema", "json_schema": schema}, strict)
    json_schema = read_json_schema(schema)
    name = _NOT_IN_NAME.sub("_", json_schema.get("title") or "response")[:_NAME_LIMIT]
    return _adapted(
        {"type": "json_schema", "json_schema": {"name": name, "schema": json_schema}},
        True if strict is None else strict,
    )


def _is_api_form(schema: JsonObject) -> bool:
    """Tell the API's own dict by its type, which no JSON Schema has."""
    kind = schema.get("type")
    return isinstance(kind, str) and kind not in (*JSON_TYPES, "function")


def _adapted(form: JsonObject, strict: bool | None) -> JsonObject:
    inner = dict(as_object(form.get("json_schema")))
    if not inner:
        return dict(form)
    if is_object(inner.get("schema")):
        inner["schema"] = adapt_schema(inner["schema"], level="ultra")
    if strict is not None:
        inner["strict"] = strict
    return {**form, "json_schema": inner}
