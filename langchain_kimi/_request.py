"""Messages and settings -> the body of a chat request, checked and encoded."""

from collections.abc import Mapping, Sequence
from typing import Any, cast

from langchain_core.messages import BaseMessage

from langchain_kimi._dialects import Dialect
from langchain_kimi._inline import InlineUrls, inline_media
from langchain_kimi._json import as_object, is_array, is_object, write_json
from langchain_kimi._messages import build_messages
from langchain_kimi._refusal import KimiSettingError, Notify, nearest_name, show
from langchain_kimi._response_format import build_response_format
from langchain_kimi._rules import BODY_LIMIT, check_request
from langchain_kimi._settings import Settings, build_settings
from langchain_kimi._tools import build_tools, choose_tools
from langchain_kimi._wire import ChatRequest, JsonObject, Message

# What a call may set: the API's own keys, and LangChain's names for them.
_SETTINGS = {*ChatRequest.__annotations__, "max_tokens", "stream_usage"} - {"messages"}
# What is a setting of the model object alone.
_BUILT_WITH = (
    "api_key",
    "base_url",
    "default_headers",
    "dialect",
    "disable_streaming",
    "http_async_client",
    "http_client",
    "inline_urls",
    "max_retries",
    "model_kwargs",
    "output_version",
    "rate_limiter",
    "redact_account_ids",
    "region",
    "stream_resumes",
    "streaming",
)
_PARTIAL = "end the conversation with partial_message(prefix)."
# Keys that LangChain puts beside the settings for its own tracing.
_TRACING_PREFIX = "ls_"


def build_request(
    messages: Sequence[BaseMessage],
    settings: Mapping[str, Any],
    *,
    stream: bool,
    dialect: Dialect,
    notify: Notify,
    inline_urls: InlineUrls = False,
) -> ChatRequest:
    """Return the body of `POST /chat/completions`, as the API accepts it.

    Args:
        messages: The conversation, oldest first.
        settings: The settings of the model and of the call, by the API's names or by
            LangChain's (`max_tokens`); None means not set.
        stream: Whether to ask for an event stream.
        dialect: How the server is written to.
        notify: Is told of each setting that is not sent.
        inline_urls: From where media are fetched, if any are; that blocks.

    Raises:
        KimiSettingError: For whatever the API would refuse; it names what was given,
            what is accepted, and what to do.
    """
    request, unknown = _known(settings)
    stream_usage = request.pop("stream_usage", True)
    tools, choice = request.pop("tools", None), request.pop("tool_choice", None)
    request.pop("stream", None)
    known = build_settings(request, dialect, notify)
    request = known.request
    _add_tools(known, tools, choice)
    if dialect.hosted:
        _tell_without_effect({**request, **unknown}, notify)
    if "response_format" in request:
        request["response_format"] = build_response_format(request["response_format"])
    if stream:
        _ask_for_stream(request, with_usage=stream_usage)
    backfill = dialect.hosted and _needs_reasoning(known)
    wires = build_messages(messages, dialect=dialect, notify=notify, backfill=backfill)
    request["messages"] = inline_media(wires, inline_urls)
    _adapt_dynamic_tools(request["messages"])
    _add_unknown(request, unknown)
    _refuse_violations(known, dialect)
    return cast("ChatRequest", request)


def _tell_without_effect(given: JsonObject, notify: Notify) -> None:
    """Tell of what the API ignores in silence, where something else was meant."""
    if given.get("parallel_tool_calls") is False:
        notify("parallel_tool_calls=False has no effect: Kimi cannot switch them off.")
    if "partial" in given:
        notify(f"extra_body={{'partial': ...}} has no effect: {_PARTIAL}")


def _ask_for_stream(request: JsonObject, *, with_usage: bool) -> None:
    request["stream"] = True
    if with_usage:
        request.setdefault("stream_options", {"include_usage": True})


def _known(settings: Mapping[str, Any]) -> tuple[JsonObject, JsonObject]:
    """Return the settings, and what else `extra_body` is to send.

    The API accepts any key in silence, so that a typo would never be noticed: a name
    that is none of the API's is refused, unless it stands in `extra_body`.
    """
    given: object = settings.get("extra_body")
    if given is not None and not is_object(given):
        raise KimiSettingError(f"extra_body={given!r} is not a dict.")
    extra_body = as_object(given)
    request: JsonObject = {}
    for name, value in settings.items():
        if name in _SETTINGS:
            request[name] = value
        elif name != "extra_body" and not name.startswith(_TRACING_PREFIX):
            raise _misspelt(name)
    request.update({k: v for k, v in extra_body.items() if k in _SETTINGS})
    return request, {k: v for k, v in extra_body.items() if k not in _SETTINGS}


def _misspelt(name: str) -> KimiSettingError:
    """Name what is unknown, without its value: it may be a key."""
    if name in _BUILT_WITH:
        return KimiSettingError(
            f"{name} is no setting of a request: give it to ChatKimi({name}=...)."
        )
    if name == "partial":
        return KimiSettingError(
            f"partial is no setting of a request, where the API ignores it: {_PARTIAL}"
        )
    near = nearest_name(name, _SETTINGS)
    return KimiSettingError(
        f"Kimi has no setting {name!r}. {near}To send it all the same, give "
        f"extra_body={{{name!r}: ...}}."
    )


def _add_tools(known: Settings, tools: Any, choice: Any) -> None:
    sent, sent_choice = choose_tools(
        build_tools(tools or []), choice, known.rules, known.mode
    )
    if tools is not None:
        known.request["tools"] = sent
    if sent_choice is not None:
        known.request["tool_choice"] = sent_choice


def _adapt_dynamic_tools(messages: list[Message]) -> None:
    """Bring tools in mid-conversation into the API's form, however they were given."""
    for message in messages:
        # What is no list is left to the rules, which say what it should be.
        if "tools" in message and is_array(message["tools"]):
            message["tools"] = build_tools(message["tools"])


def _needs_reasoning(known: Settings) -> bool:
    """Tell whether a tool-call message must carry reasoning, be it empty."""
    model = known.model
    return bool(
        model and model.missing_reasoning != "accepted" and known.mode == "thinking"
    )


def _add_unknown(request: JsonObject, unknown: JsonObject) -> None:
    """Send keys as they were given; into an object of ours they go one by one."""
    for name, value in unknown.items():
        ours = as_object(request.get(name))
        request[name] = {**ours, **value} if is_object(value) else value


def _refuse_violations(known: Settings, dialect: Dialect) -> None:
    request = known.request
    for violation in check_request(
        request,
        known.rules,
        hosted=dialect.hosted,
        fetches_urls=dialect.fetches_urls,
    ):
        given = "" if violation.given is None else f"={show(violation.given)}"
        raise KimiSettingError(
            f"{request['model']} would refuse {violation.field}{given}: "
            f"{violation.message}. To mend it: {violation.remedy}."
        )


def encode_request(request: Mapping[str, Any]) -> bytes:
    """Return a request as UTF-8 JSON, once, so that no one walks it again.

    Args:
        request: The body, as `build_request` returns it.

    Raises:
        KimiSettingError: For a value that JSON or UTF-8 cannot say, or for more than
            the API takes.
    """
    try:
        body = write_json(request).encode()
    except (TypeError, ValueError) as error:
        raise KimiSettingError(
            f"The request cannot be written as JSON: {error}. Give only JSON values "
            "(no NaN, no objects) and text without lone surrogates."
        ) from error
    if len(body) > BODY_LIMIT:
        raise KimiSettingError(
            f"The request has {len(body)} bytes; Kimi takes {BODY_LIMIT} at most. "
            "Upload media with KimiFiles and send their file_id instead of their data."
        )
    return body
