"""The faults, a row each, with the outcome that is expected of each way to ask.

The outcomes are written by hand, from what is right, never taken from a run. An outcome
is what the page says: `answer` is the unbroken one, reasoning and calls included.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

ANSWER = "answer"
RETRIED = "answer, request 2"
RESUMED = "answer, resumed"
INVALID_CALL = "answer, its call told as invalid"
NO_REASON = "answer, told without a finish reason"
INTERRUPTED = "`KimiStreamInterruptedError`"
NOT_RUN = "-"
BEGUN = "`KimiStreamInterruptedError` + beginning"
UNREADABLE = "`KimiResponseError`"
UNREADABLE_BEGUN = "`KimiResponseError` + beginning"

Scenario = Literal["text", "tools"]


def error(name: str, *, request: int = 1, begun: bool = False) -> str:
    """The outcome of an error that was raised after some requests."""
    at = f", request {request}" if request > 1 else ""
    return f"`{name}`{' + beginning' if begun else ''}{at}"


@dataclass(frozen=True, slots=True)
class Case:
    """A fault, or several in a row, and what comes of it."""

    group: str
    told: str
    """The fault in words, for the page."""
    faults: tuple[str, ...]
    """The faults of the first requests, as the emulator's command takes them."""
    whole: str
    """The outcome of invoke and ainvoke."""
    stream: str
    """The outcome of stream and astream."""
    resumed: str
    """The outcome of stream and astream with `stream_resumes=3`."""
    scenario: Scenario = "text"
    settings: tuple[tuple[str, Any], ...] = ()
    """Fields of the model, such as a timeout."""


def _rows(
    group: str, *rows: tuple[str, str, str, str] | tuple[str, str, str, str, str]
) -> Iterator[Case]:
    for told, faults, whole, stream, *resumed in rows:
        each = tuple(faults.split())
        yield Case(group, told, each, whole, stream, resumed[0] if resumed else stream)


# Less than a server that says nothing takes, and more than a busy machine does.
_SHORT = (("timeout", 1.0),)


def _timed(told: str, faults: str, whole: str, stream: str, resumed: str = "") -> Case:
    each = tuple(faults.split())
    group = "Time"
    return Case(group, told, each, whole, stream, resumed or stream, settings=_SHORT)


def _tools(told: str, faults: str, whole: str, stream: str, resumed: str = "") -> Case:
    each, last = tuple(faults.split()), resumed or stream
    return Case("Tool calls", told, each, whole, stream, last, scenario="tools")


_TIMEOUT = "KimiTimeoutError"

CASES: tuple[Case, ...] = (
    *_rows(
        "Connection",
        ("cut before the headers", "cut:at=before_headers", RETRIED, RETRIED),
        (
            "the same, with RST",
            "cut:at=before_headers,reset=true",
            RETRIED,
            RETRIED,
        ),
        (
            "cut before the headers, each time",
            "cut:at=before_headers " * 3,
            error("KimiConnectionError", request=3),
            error("KimiConnectionError", request=3),
        ),
        ("cut in the headers", "cut:at=in_headers", RETRIED, RETRIED),
        ("the same, with RST", "cut:at=in_headers,reset=true", RETRIED, RETRIED),
        ("cut behind the headers", "cut:at=after_headers", RETRIED, RETRIED),
        (
            "cut behind the headers, each time",
            "cut:at=after_headers " * 3,
            error("KimiConnectionError", request=3),
            error("KimiStreamInterruptedError", request=3),
            f"{RESUMED}, request 4",
        ),
        (
            "cut after the first byte of the body",
            "cut:byte=1",
            RETRIED,
            RETRIED,
        ),
        ("cut in an event", "cut:at=in_event", RETRIED, BEGUN, RESUMED),
        (
            "the same, with RST",
            "cut:at=in_event,reset=true",
            RETRIED,
            BEGUN,
            RESUMED,
        ),
        (
            "cut in an event, each time",
            "cut:at=in_event " * 4,
            error("KimiConnectionError", request=3),
            BEGUN,
            error("KimiStreamInterruptedError", request=4, begun=True),
        ),
        ("cut in a UTF-8 character", "cut:at=in_character", RETRIED, BEGUN, RESUMED),
        ("cut between two events", "cut:at=between_events", RETRIED, BEGUN, RESUMED),
        (
            "the same, with RST",
            "cut:at=between_events,reset=true",
            RETRIED,
            BEGUN,
            RESUMED,
        ),
        (
            "cut behind the finish reason",
            "cut:at=after_finish_reason",
            RETRIED,
            BEGUN,
            ANSWER,
        ),
        ("cut before `[DONE]`", "cut:at=before_done", RETRIED, BEGUN, ANSWER),
        ("cut behind `[DONE]`", "cut:at=before_end", ANSWER, ANSWER),
        ("hung up behind the answer, unannounced", "hang_up", ANSWER, ANSWER),
        ("the same, with RST", "hang_up:reset=true", ANSWER, ANSWER),
        ("`Connection: close`", "close", ANSWER, ANSWER),
        ("a server that restarts, its port closed", "restart", RETRIED, RETRIED),
    ),
    _timed("a late answer", "delay:seconds=0.1", ANSWER, ANSWER),
    _timed("no answer, once", "delay:seconds=600", RETRIED, RETRIED),
    _timed(
        "no answer, each time",
        "delay:seconds=600 " * 3,
        error(_TIMEOUT, request=3),
        error(_TIMEOUT, request=3),
    ),
    _timed("headers byte by byte", "slow_headers:seconds=0.0001", ANSWER, ANSWER),
    _timed("a body that drips", "slow_body:seconds=0.0001", ANSWER, ANSWER),
    _timed("a pause in the answer", "stall:event=3,seconds=0.1", ANSWER, ANSWER),
    _timed("silence behind the headers", "stall:event=0", RETRIED, RETRIED),
    _timed(
        "silence in the answer",
        "stall:event=3",
        ANSWER,
        error(_TIMEOUT, begun=True),
        RESUMED,
    ),
    _timed("silence behind the answer", "long_length:close=false", RETRIED, ANSWER),
    _timed("keep-alives for a while", "keep_alives", ANSWER, ANSWER),
    *_rows(
        "HTTP",
        ("length too long", "long_length", RETRIED, ANSWER),
        ("length too short", "short_length", UNREADABLE, BEGUN, ANSWER),
        ("no length: the body ends with the connection", "no_length", ANSWER, ANSWER),
        ("a broken chunk", "broken_chunks:event=0", RETRIED, RETRIED),
        (
            "a broken chunk in the answer",
            "broken_chunks:event=5",
            RETRIED,
            BEGUN,
            RESUMED,
        ),
        ("103 before the answer", "informational:count=3", ANSWER, ANSWER),
        ("100 before the answer", "informational:status=100", ANSWER, ANSWER),
        ("no HTTP at all", "no_http", RETRIED, RETRIED),
        ("a header without a colon", "broken_header", RETRIED, RETRIED),
        ("a header of 200 kB", "huge_header", RETRIED, RETRIED),
        ("gzip", "gzip", ANSWER, ANSWER),
        ("gzip that is none", "broken_gzip:kind=plain", RETRIED, RETRIED),
        ("gzip that is damaged", "broken_gzip:kind=damaged", RETRIED, RETRIED),
        ("gzip that is cut", "broken_gzip:kind=cut", UNREADABLE, BEGUN, RESUMED),
        ("another content type", "wrong_type", ANSWER, ANSWER),
        (
            "a redirect that keeps the method (307)",
            "redirect",
            error("KimiStatusError"),
            error("KimiStatusError"),
        ),
        (
            "a redirect that does not (302)",
            "redirect:status=302",
            error("KimiStatusError"),
            error("KimiStatusError"),
        ),
    ),
    *_rows(
        "Form of the stream",
        ("CR LF", "crlf", ANSWER, ANSWER),
        ("CR alone", "bare_cr", ANSWER, ANSWER),
        ("`data:` without a space", "no_space", ANSWER, ANSWER),
        ("a byte order mark", "byte_order_mark", ANSWER, ANSWER),
        ("comments and keep-alives", "comments", ANSWER, ANSWER),
        ("`id`, `event` and `retry`", "other_fields", ANSWER, ANSWER),
        ("lines of noise", "garbage", ANSWER, ANSWER),
        ("events over many lines", "many_lines", ANSWER, ANSWER),
        ("one byte a write", "split:size=1", ANSWER, ANSWER),
        ("all events in one write", "joined", ANSWER, ANSWER),
        ("no blank line at the end", "unended", ANSWER, ANSWER),
        ("events behind `[DONE]`", "after_done", ANSWER, ANSWER),
        ("no `[DONE]`, though a finish reason", "no_done", ANSWER, BEGUN, ANSWER),
        ("`[DONE]` in mid-answer", "early_done:event=5", ANSWER, BEGUN, RESUMED),
        ("no finish reason", "no_finish_reason", NO_REASON, NO_REASON),
        ("a whole body in place of a stream", "whole", ANSWER, ANSWER),
        ("a stream in place of a whole body", "streamed", UNREADABLE, ANSWER),
    ),
    *_rows(
        "Contents",
        (
            "an event or body of cut JSON",
            "invalid_json:event=0",
            UNREADABLE,
            UNREADABLE,
        ),
        (
            "the same in mid-answer",
            "invalid_json:event=5",
            UNREADABLE,
            UNREADABLE_BEGUN,
        ),
        ("JSON that is a list", "no_object:event=5", UNREADABLE, UNREADABLE_BEGUN),
        (
            "bytes that are no text",
            "invalid_utf8:event=5",
            UNREADABLE,
            UNREADABLE_BEGUN,
        ),
        ("an event of 10 MB", "huge_event", ANSWER, ANSWER),
        ("null wherever it may be", "null_fields", ANSWER, ANSWER),
        ("no ids, indexes, roles or times", "missing_fields", ANSWER, ANSWER),
        ("an empty body", "empty", UNREADABLE, RETRIED),
        ("204", "empty:status=204", UNREADABLE, RETRIED),
        ("200 with HTML", "page:status=200", UNREADABLE, RETRIED),
    ),
    *_rows(
        "Errors within 200",
        (
            "overload, before any output",
            "error_event:type=engine_overloaded_error,event=1",
            error("KimiOverloadedError"),
            RETRIED,
        ),
        (
            "overload, in mid-answer",
            "error_event:type=engine_overloaded_error,event=5",
            error("KimiOverloadedError"),
            error("KimiOverloadedError", begun=True),
            RESUMED,
        ),
        (
            "a rate limit, in mid-answer",
            "error_event:type=rate_limit_reached_error,event=5",
            error("KimiRateLimitError"),
            error("KimiRateLimitError", begun=True),
            RESUMED,
        ),
        (
            "server_error, in mid-answer",
            "error_event:type=server_error,event=5",
            error("KimiServerError"),
            error("KimiServerError", begun=True),
            RESUMED,
        ),
        (
            "content_filter, in mid-answer",
            "error_event:type=content_filter,event=5",
            error("KimiContentFilterError"),
            error("KimiContentFilterError", begun=True),
        ),
        (
            "no balance, in mid-answer",
            "error_event:type=exceeded_current_quota_error,event=5",
            error("KimiQuotaError"),
            error("KimiQuotaError", begun=True),
        ),
    ),
    *_rows(
        "Errors",
        ("502 with HTML", "page:status=502", RETRIED, RETRIED),
        ("504 with HTML", "page:status=504", RETRIED, RETRIED),
        (
            "502 with HTML, each time",
            "page:status=502 " * 3,
            error("KimiServerError", request=3),
            error("KimiServerError", request=3),
        ),
        ("500 without a body", "empty:status=500", RETRIED, RETRIED),
        (
            "413 without a body",
            "empty:status=413",
            error("KimiStatusError"),
            error("KimiStatusError"),
        ),
        ("server_error", "error", RETRIED, RETRIED),
        (
            "overload, without a time to wait",
            "error:type=engine_overloaded_error",
            RETRIED,
            RETRIED,
        ),
        ("a rate limit without a time to wait", "rate_limit", RETRIED, RETRIED),
        (
            "a rate limit with `Retry-After`",
            "rate_limit:seconds=0.1",
            RETRIED,
            RETRIED,
        ),
        (
            "a rate limit with `Msh-Cooldown-Seconds`",
            "rate_limit:seconds=0.1,header=Msh-Cooldown-Seconds",
            RETRIED,
            RETRIED,
        ),
        (
            "a rate limit for an hour",
            "rate_limit:seconds=3600",
            error("KimiRateLimitError"),
            error("KimiRateLimitError"),
        ),
        (
            "no balance",
            "error:type=exceeded_current_quota_error",
            error("KimiQuotaError"),
            error("KimiQuotaError"),
        ),
        (
            "content_filter",
            "error:type=content_filter",
            error("KimiContentFilterError"),
            error("KimiContentFilterError"),
        ),
        (
            "a wrong key",
            "error:type=incorrect_api_key_error",
            error("KimiAuthenticationError"),
            error("KimiAuthenticationError"),
        ),
    ),
    _tools("cut in the arguments", "cut:at=in_event", RETRIED, BEGUN),
    _tools("cut between two fragments", "cut:at=between_events", RETRIED, BEGUN),
    _tools(
        "cut behind the finish reason", "cut:at=after_finish_reason", RETRIED, BEGUN
    ),
    _tools("no `[DONE]`", "no_done", ANSWER, BEGUN),
    _tools("fragments sent twice", "duplicated_fragments", ANSWER, INVALID_CALL),
    _tools("fragments out of order", "reordered_fragments", ANSWER, INVALID_CALL),
    _tools("fragments without an index", "no_index", ANSWER, ANSWER),
    _tools("null wherever it may be", "null_fields", ANSWER, ANSWER),
    _tools("no ids, indexes, roles or times", "missing_fields", ANSWER, ANSWER),
    _tools("one byte a write", "split:size=1", ANSWER, ANSWER),
    _tools("a whole body in place of a stream", "whole", ANSWER, ANSWER),
)
"""All cases, in the order of the page."""

WAYS = ("invoke", "ainvoke", "stream", "astream", "stream resumed", "astream resumed")
"""How each case is run."""


def expected(case: Case, way: str) -> str:
    """The outcome that a case has for a way to ask."""
    if not way.endswith("resumed"):
        return case.stream if "stream" in way else case.whole
    # A stream that does not break after its beginning has nothing to resume.
    is_same = case.resumed == case.stream
    never_broke = case.stream.startswith(ANSWER) or "beginning" not in case.stream
    return NOT_RUN if is_same and never_broke else case.resumed
