"""Conversations -> the lines of a batch; the lines of its results -> messages, errors.

The form of a line is that of platform.kimi.ai/docs/guide/use-batch-api (2026-08-13).
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeAlias

from langchain_core.language_models import LanguageModelInput
from langchain_core.messages import AIMessage
from langchain_core.runnables import Runnable, RunnableBinding

from langchain_kimi._json import as_object, as_text
from langchain_kimi._refusal import KimiSettingError, show
from langchain_kimi._request import encode_request
from langchain_kimi._response import read_response
from langchain_kimi._rules import (
    BATCH_ENDPOINT,
    Violation,
    check_batch_model,
    check_lines,
)
from langchain_kimi._wire import JsonObject
from langchain_kimi.chat_models import ChatKimi

BatchInput: TypeAlias = Mapping[str, LanguageModelInput] | Sequence[LanguageModelInput]
"""Conversations by an id of your own, or in order: then their ids are "0", "1" ..."""
BatchModel: TypeAlias = ChatKimi | Runnable[LanguageModelInput, Any]
"""A ChatKimi, or one with settings: `model.bind(...)`, `model.bind_tools(...)`."""


def build_lines(requests: BatchInput, model: BatchModel) -> bytes:
    """Return the input file of a batch.

    Args:
        requests: The conversations.
        model: What answers them.

    Raises:
        KimiSettingError: For whatever the API would refuse.
    """
    chat, settings = _unbind(model)
    lines = [
        _build_line(id, conversation, chat, settings)
        for id, conversation in _with_ids(requests)
    ]
    refuse(check_lines(lines))
    refuse(check_batch_model(lines[0]["body"]["model"]))
    return b"".join(encode_request(line) + b"\n" for line in lines)


def refuse(violations: Iterable[Violation]) -> None:
    """Raise the first violation as what the user did.

    Args:
        violations: What a rule found.

    Raises:
        KimiSettingError: If there is any.
    """
    for violation in violations:
        given = "" if violation.given is None else f"={show(violation.given)}"
        raise KimiSettingError(
            f"Kimi would refuse {violation.field}{given}: {violation.message}. "
            f"To mend it: {violation.remedy}."
        )


def _with_ids(requests: BatchInput) -> Iterator[tuple[Any, LanguageModelInput]]:
    _check_list(requests)
    if isinstance(requests, Mapping):
        yield from requests.items()
    else:
        yield from ((str(position), given) for position, given in enumerate(requests))


def _check_list(requests: object) -> None:
    if isinstance(requests, str) or not isinstance(requests, Iterable):
        raise KimiSettingError(
            f"requests={show(requests)} is no list: give one, or a dict from an id of "
            "your own to a conversation."
        )


def _unbind(model: BatchModel) -> tuple[ChatKimi, JsonObject]:
    """Return the model inside a binding, and the settings around it."""
    settings: JsonObject = {}
    inner: object = model
    while isinstance(inner, RunnableBinding):
        settings = {**inner.kwargs, **settings}
        inner = inner.bound
    if not isinstance(inner, ChatKimi):
        raise KimiSettingError(
            f"A batch cannot run a {type(inner).__name__}: only the request itself is "
            "sent. Give a ChatKimi, or ChatKimi(...).bind(...) with tools or a "
            "response_format, and parse the answers afterwards."
        )
    return inner, settings


def _build_line(
    id: Any, conversation: LanguageModelInput, chat: ChatKimi, settings: JsonObject
) -> JsonObject:
    try:
        body = chat.build_request(conversation, **settings)
    except ValueError as error:
        raise KimiSettingError(f"Request {id!r}: {error}") from error
    return {"custom_id": id, "method": "POST", "url": BATCH_ENDPOINT, "body": body}


def read_results(
    content: str,
) -> Iterator[tuple[str, AIMessage | Exception]]:
    """Yield the custom id and the result of each line of a result file.

    Args:
        content: The output or the error file of a batch.
    """
    # Not splitlines(): the text of an answer may hold U+2028, which is none of JSON's.
    for line in content.split("\n"):
        if line.strip():
            yield _read_result(line)


def _read_result(line: str) -> tuple[str, AIMessage | Exception]:
    from langchain_kimi.errors import KimiBatchRequestError

    try:
        result = as_object(json.loads(line))
    except (ValueError, RecursionError) as error:
        return "", KimiBatchRequestError(
            f"A line that is no JSON: {error}: {show(line)}"
        )
    id, response = as_text(result.get("custom_id")), as_object(result.get("response"))
    body = as_object(response.get("body"))
    status = _read_status(response.get("status_code"))
    if status == 200 and not body.get("error"):
        try:
            request_id = as_text(response.get("request_id")) or None
            return id, _read_message(body, request_id)
        except (
            ValueError,
            TypeError,
            AttributeError,
            KeyError,
            OverflowError,
            RecursionError,
        ) as error:
            return id, KimiBatchRequestError(
                f"The answer to {id!r} is not a chat completion: {error}", custom_id=id
            )
    return id, _read_error(id, status, result, response)


def _read_status(status: Any) -> int:
    """Return a status, 0 where it is none: the file is as others wrote it."""
    try:
        return int(status or 0)
    except (TypeError, ValueError, OverflowError):
        return 0


def _read_message(body: JsonObject, request_id: str | None) -> AIMessage:
    message = read_response(body, request_id=request_id).generations[0].message
    if not isinstance(message, AIMessage):
        raise TypeError(f"it is a {type(message).__name__}")
    return message


def _read_error(
    id: str, status: int, result: JsonObject, response: JsonObject
) -> Exception:
    from langchain_kimi._failures import choose_class
    from langchain_kimi.errors import KimiBatchRequestError

    whole = response.get("body")
    # OpenAI writes the reason of a request that was never made beside the response.
    error = as_object(as_object(whole).get("error")) or as_object(result.get("error"))
    kind = as_text(error.get("type")) or as_text(error.get("code"))
    text = as_text(error.get("message")) or as_text(whole) or "without a reason"
    counterpart = choose_class(status, kind, text)
    return KimiBatchRequestError(
        f"The request {id!r} failed: {text} (HTTP {status}, {kind})",
        custom_id=id,
        status_code=status,
        type=kind,
        counterpart=counterpart,
    )
