"""Structured output: a model and a schema -> a runnable that returns an instance."""

import json
from collections.abc import Mapping
from operator import itemgetter
from typing import Any, Literal, TypeAlias, cast, get_args

from langchain_core.exceptions import OutputParserException
from langchain_core.language_models import BaseChatModel, LanguageModelInput
from langchain_core.output_parsers import JsonOutputParser, PydanticOutputParser
from langchain_core.output_parsers.base import BaseLLMOutputParser
from langchain_core.output_parsers.openai_tools import (
    JsonOutputKeyToolsParser,
    PydanticToolsParser,
)
from langchain_core.outputs import ChatGeneration, Generation
from langchain_core.runnables import Runnable, RunnableMap, RunnablePassthrough
from langchain_core.utils.json import parse_json_markdown
from langchain_core.utils.pydantic import is_basemodel_subclass

from langchain_kimi._refusal import KimiSettingError
from langchain_kimi._response_format import build_response_format
from langchain_kimi._tools import Tool, build_tool
from langchain_kimi._wire import JsonObject

Method: TypeAlias = Literal["json_schema", "function_calling", "json_mode"]


class _WholeAnswer(BaseLLMOutputParser[Any]):
    """Refuses a whole answer that is not JSON, before it is parsed.

    langchain-core's parsers complete a truncated answer, as they do while it streams,
    and so return a guess for what the model never said.
    """

    def parse_result(self, result: list[Generation], *, partial: bool = False) -> Any:
        if not partial:
            _check_json(result[0])
        return super().parse_result(result, partial=partial)


class _WholeCall(BaseLLMOutputParser[Any]):
    """Refuses a whole answer without a valid call, for which core returns None."""

    def parse_result(self, result: list[Generation], *, partial: bool = False) -> Any:
        if not partial:
            _check_call(result[0])
        return super().parse_result(result, partial=partial)


class _JsonParser(_WholeAnswer, JsonOutputParser):
    """Parses an answer into a dict."""


class _PydanticParser(_WholeAnswer, PydanticOutputParser[Any]):
    """Parses an answer into a pydantic object."""


class _JsonCallParser(_WholeCall, JsonOutputKeyToolsParser):
    """Parses a tool call into a dict."""


class _PydanticCallParser(_WholeCall, PydanticToolsParser):
    """Parses a tool call into a pydantic object."""


def build_structured(
    model: BaseChatModel,
    schema: Any,
    *,
    method: Method,
    include_raw: bool,
    strict: bool | None,
    settings: Mapping[str, Any],
) -> Runnable[LanguageModelInput, Any]:
    """Return the runnable of `with_structured_output`.

    Args:
        model: The chat model.
        schema: A pydantic class (v2 or v1), a TypedDict class, or a JSON Schema.
        method: How the model is asked.
        include_raw: Whether to return the message and a parsing error beside the
            instance, instead of raising.
        strict: Whether the output must follow the schema.
        settings: Further settings of each call.

    Raises:
        KimiSettingError: For an unknown method, or something that is not a schema.
    """
    if method not in get_args(Method):
        raise KimiSettingError(
            f"method={method!r} is unknown. Give one of {', '.join(get_args(Method))}."
        )
    asked = {
        "kwargs": {"method": method, "strict": strict},
        "schema": schema,
    }
    options: dict[str, Any] = {"ls_structured_output_format": asked, **settings}
    if schema is None and method != "json_mode":
        raise KimiSettingError(f"method={method!r} needs a schema.")
    if method == "function_calling":
        tool = build_tool(cast("Tool", schema))
        name = tool["function"]["name"]
        asking = model.bind_tools([tool], tool_choice=name, strict=strict, **options)
        parser = _call_parser(schema, name)
    else:
        asking = model.bind(response_format=_form(schema, method, strict), **options)
        parser = _answer_parser(schema)
    return _with_raw(asking, parser) if include_raw else asking | parser


def _form(schema: Any, method: Method, strict: bool | None) -> JsonObject:
    if method == "json_mode":
        return {"type": "json_object"}
    return build_response_format(schema, strict=strict)


def _is_model(schema: Any) -> bool:
    return isinstance(schema, type) and is_basemodel_subclass(schema)


def _answer_parser(schema: Any) -> Runnable[Any, Any]:
    return (
        _PydanticParser(pydantic_object=schema) if _is_model(schema) else _JsonParser()
    )


def _call_parser(schema: Any, name: str) -> Runnable[Any, Any]:
    if _is_model(schema):
        return _PydanticCallParser(tools=[schema], first_tool_only=True)
    return _JsonCallParser(key_name=name, first_tool_only=True)


def _with_raw(
    asking: Runnable[LanguageModelInput, Any], parser: Runnable[Any, Any]
) -> Runnable[LanguageModelInput, Any]:
    """Return {"raw", "parsed", "parsing_error"}, as every LangChain model does."""
    parsed = RunnablePassthrough.assign(
        parsed=itemgetter("raw") | parser, parsing_error=lambda _: None
    )
    failed = RunnablePassthrough.assign(parsed=lambda _: None)
    return RunnableMap(raw=asking) | parsed.with_fallbacks(
        [failed], exception_key="parsing_error"
    )


def _check_json(generation: Generation) -> None:
    try:
        # kimi-k2.6 was seen to fence its JSON in Markdown (kimi-api.md 1.2).
        parse_json_markdown(generation.text, parser=json.loads)
    except ValueError as error:
        raise OutputParserException(
            f"The answer is not JSON{_cut(generation)}: {generation.text!r}",
            llm_output=generation.text,
        ) from error


def _check_call(generation: Generation) -> None:
    message = generation.message if isinstance(generation, ChatGeneration) else None
    if not getattr(message, "tool_calls", None):
        invalid = getattr(message, "invalid_tool_calls", None) or "no call"
        raise OutputParserException(
            f"The answer has no valid tool call{_cut(generation)}: {invalid}, text "
            f"{generation.text!r}",
            llm_output=generation.text,
        )


def _cut(generation: Generation) -> str:
    if not isinstance(generation, ChatGeneration):
        return ""
    metadata: JsonObject = generation.message.response_metadata
    if metadata.get("finish_reason") != "length":
        return ""
    return " (it was cut at its token limit: raise max_tokens)"
