"""An error -> the same without keys: in its words, in its request and in its frames.

Tools that report errors print all three: tracebacks with the variables of each frame,
an error's attributes, and those of what caused it.
"""

import re
import traceback
from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import Any, TypeVar, cast

from langchain_kimi._json import is_array, is_object

_Error = TypeVar("_Error", bound=BaseException)

_HIDDEN = "[secure]"
# What the SDK and its transport write themselves; any other header may be a secret.
_HARMLESS = re.compile(
    r"accept(-encoding)?|connection|content-(length|type)|host|transfer-encoding|"
    r"user-agent|x-stainless-.*",
    re.IGNORECASE,
)
# What tells of the body as it was sent.
_FRAMING = ("content-encoding", "content-length", "transfer-encoding")
# "Your account org-1a2b<ak-3c4d> request reached ..." (kimi-api.md 2.4).
_ACCOUNT_ID = re.compile(r"\b(org|ak|proj)-(?=\w*\d)\w+")
# Shorter ones ("none") are no secrets, and stand in any text.
_SHORTEST = 8


def forget(error: BaseException) -> None:
    """Empty the frames and the requests that an error holds.

    The transport's frames have the request as it was sent, with all its headers.

    Args:
        error: What the SDK raised; frames that still run are left alone.
    """
    for each in _chain(error):
        traceback.clear_frames(each.__traceback__)
        _hide_headers(each)


def redact(error: _Error, secrets: Iterable[str], *, account_ids: bool) -> _Error:
    """Return an error without secrets in its words, its body and its request.

    A server or a gateway may quote the key that it refuses.

    Args:
        error: The error; it is changed, and what caused it.
        secrets: What may not be told.
        account_ids: Whether ids of organization and key are left out too.
    """
    quoted = [text for text in secrets if len(text) >= _SHORTEST]
    for each in _chain(error):
        found: dict[str, Any] = vars(each)
        try:
            found.update(_clean(found, quoted, account_ids=account_ids))
        except RecursionError:
            # Only a body is that deep, and what cannot be searched is not told.
            found["body"] = None
        _hide_headers(each)
        args = _clean(list(each.args), quoted, account_ids=account_ids)
        each.args = tuple(args)
        _redact_response(each, quoted, account_ids=account_ids)
    return error


def _redact_response(
    error: BaseException, secrets: list[str], *, account_ids: bool
) -> None:
    """Give an error a response without secrets: LangChain tells callbacks its body."""
    response: Any = getattr(error, "response", None)
    # One that was streamed has no content, and raises this.
    with suppress(AttributeError, RuntimeError):
        told = {"headers": dict(response.headers), "text": response.text}
        bare = _clean(told, secrets, account_ids=account_ids)
        if bare != told:
            headers = bare["headers"].items()
            cast("Any", error).response = type(response)(
                response.status_code,
                headers={k: v for k, v in headers if k not in _FRAMING},
                text=bare["text"],
                request=response.request,
            )


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    """Yield an error and its causes; not what its caller was handling meanwhile."""
    while error is not None:
        yield error
        error = error.__cause__


def _hide_headers(error: BaseException) -> None:
    # httpx's errors raise this where they have none.
    with suppress(RuntimeError):
        headers = getattr(getattr(error, "request", None), "headers", {})
        for name in headers:
            if not _HARMLESS.fullmatch(name):
                headers[name] = _HIDDEN
    # aiohttp's, whose repr writes the headers out.
    info: Any = getattr(error, "request_info", None)
    if info is not None:
        bare: Any = info._replace(headers={})
        vars(error)["request_info"] = bare
        error.args = tuple(bare if each is info else each for each in error.args)


def _clean(value: Any, secrets: list[str], *, account_ids: bool) -> Any:
    if isinstance(value, str):
        for secret in secrets:
            value = value.replace(secret, _HIDDEN)
        return _ACCOUNT_ID.sub(rf"\1-{_HIDDEN}", value) if account_ids else value
    if is_object(value):
        return {
            key: _clean(item, secrets, account_ids=account_ids)
            for key, item in value.items()
        }
    if is_array(value):
        return [_clean(item, secrets, account_ids=account_ids) for item in value]
    return value
