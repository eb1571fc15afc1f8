"""The faults, a row each: what it does, its parameters, and which stage it changes.

What is asked, what is answered, or how that is delivered: a row changes one of them.
"""

from collections.abc import Mapping

from langchain_kimi.emulator import _fault_contents as contents
from langchain_kimi.emulator import _fault_delivery as delivery
from langchain_kimi.emulator import _fault_replies as replies
from langchain_kimi.emulator import _fault_writing as writing
from langchain_kimi.emulator._failures import PRESETS
from langchain_kimi.emulator._fault import Fault
from langchain_kimi.emulator._fault_parameters import (
    choice,
    count,
    flag,
    header_text,
    seconds,
    status,
)

_EVENT = count(2)
_TYPES = choice("server_error", *(name for name in PRESETS if name != "server_error"))

FAULTS: Mapping[str, Fault] = {
    "delay": Fault(
        "waits before the first byte",
        {"seconds": seconds(0.5)},
        delivers=delivery.delay,
    ),
    "slow_headers": Fault(
        "sends status line and headers byte by byte",
        {"seconds": seconds(0.001)},
        delivers=delivery.slow_headers,
    ),
    "slow_body": Fault(
        "sends the body some bytes at a time",
        {"size": count(64, 1), "seconds": seconds(0.001)},
        delivers=delivery.slow_body,
    ),
    "stall": Fault(
        "stops after some events; without seconds until the client leaves",
        {"event": _EVENT, "seconds": seconds(None)},
        delivers=delivery.stall,
        at_random=False,
    ),
    "keep_alives": Fault(
        "sends nothing but comments for a while",
        {"count": count(5), "seconds": seconds(0.02), "event": _EVENT},
        delivers=delivery.keep_alives,
    ),
    "cut": Fault(
        "ends the connection after a byte of the body, an event, or at a place",
        {
            "at": choice(*delivery.PLACES),
            "byte": count(None),
            "event": count(None),
            "reset": flag(default=False),
            "seed": count(0),
        },
        delivers=delivery.cut,
    ),
    "hang_up": Fault(
        "answers well, then ends the connection without a word",
        {"reset": flag(default=False)},
        delivers=delivery.hang_up,
    ),
    "restart": Fault(
        "breaks all connections and refuses new ones for a while",
        {"seconds": seconds(0.2)},
        delivers=delivery.restart,
        at_random=False,
    ),
    "close": Fault("answers well, with `Connection: close`", replies=replies.close),
    "long_length": Fault(
        "announces more bytes than it sends",
        {"by": count(10, 1), "close": flag(default=True)},
        delivers=delivery.long_length,
    ),
    "short_length": Fault(
        "announces fewer bytes than it sends",
        {"by": count(10, 1)},
        delivers=delivery.short_length,
    ),
    "no_length": Fault(
        "ends the body with the connection, as HTTP/1.0 does",
        delivers=delivery.no_length,
    ),
    "broken_chunks": Fault(
        "sends a chunk whose length is no number",
        {"event": _EVENT},
        delivers=delivery.broken_chunks,
    ),
    "informational": Fault(
        "sends 1xx responses before the real one",
        {"status": status(103, 100, 199), "count": count(1, 1)},
        delivers=delivery.informational,
    ),
    "no_http": Fault("answers in another protocol", delivers=delivery.no_http),
    "broken_header": Fault(
        "sends a header line without a colon", delivers=delivery.broken_header
    ),
    "huge_header": Fault(
        "sends a header longer than clients take",
        {"kilobytes": count(200, 1)},
        delivers=delivery.huge_header,
    ),
    "gzip": Fault("compresses the body, rightly", replies=replies.compressed),
    "broken_gzip": Fault(
        "says gzip of a body that is none, is damaged, or is cut",
        {"kind": choice("damaged", "plain", "cut")},
        replies=replies.broken_gzip,
    ),
    "crlf": Fault("ends the lines of a stream with CR LF", replies=writing.crlf),
    "bare_cr": Fault(
        "ends the lines of a stream with CR alone", replies=writing.bare_cr
    ),
    "no_space": Fault("writes `data:` without a space", replies=writing.no_space),
    "byte_order_mark": Fault(
        "begins with a byte order mark", replies=writing.byte_order_mark
    ),
    "comments": Fault(
        "puts a comment before each event",
        {"text": header_text("keep-alive")},
        replies=writing.comments,
    ),
    "other_fields": Fault(
        "gives each event `id`, `event` and `retry`", replies=writing.other_fields
    ),
    "garbage": Fault("puts lines of noise between events", replies=writing.garbage),
    "many_lines": Fault(
        "writes each event over several `data:` lines", replies=writing.many_lines
    ),
    "split": Fault(
        "sends some bytes a write", {"size": count(7, 1)}, replies=writing.split
    ),
    "joined": Fault(
        "sends several events a write",
        {"events": count(1000, 1)},
        replies=writing.joined,
    ),
    "unended": Fault("leaves out the last blank line", replies=writing.unended),
    "after_done": Fault("sends more events after `[DONE]`", replies=writing.after_done),
    "no_done": Fault(
        "ends a stream well, but without `[DONE]`", replies=writing.no_done
    ),
    "early_done": Fault(
        "says `[DONE]` after some events, without a finish reason",
        {"event": count(4)},
        replies=writing.early_done,
        at_random=False,
    ),
    "no_finish_reason": Fault(
        "sends no finish reason", replies=contents.no_finish_reason, at_random=False
    ),
    "error_event": Fault(
        "ends a stream that began with 200 with an error, or sends 200 with one",
        {"type": _TYPES, "event": _EVENT},
        replies=contents.error_event,
    ),
    "invalid_json": Fault(
        "sends an event, or a body, of cut JSON",
        {"event": _EVENT},
        replies=contents.invalid_json,
    ),
    "no_object": Fault(
        "sends JSON that is a list", {"event": _EVENT}, replies=contents.no_object
    ),
    "invalid_utf8": Fault(
        "sends bytes that are no text", {"event": _EVENT}, replies=contents.invalid_utf8
    ),
    "huge_event": Fault(
        "sends an unknown key of many megabytes",
        {"megabytes": count(10, 1)},
        replies=contents.huge_event,
        at_random=False,
    ),
    "null_fields": Fault(
        "sends null for whatever may be absent", replies=contents.null_fields
    ),
    "missing_fields": Fault(
        "leaves out ids, indexes, roles and times", replies=contents.missing_fields
    ),
    "duplicated_fragments": Fault(
        "sends each fragment of a tool call twice",
        replies=contents.duplicated_fragments,
        at_random=False,
    ),
    "reordered_fragments": Fault(
        "sends the fragments of tool calls backwards",
        replies=contents.reordered_fragments,
        at_random=False,
    ),
    "no_index": Fault("leaves the index out of tool calls", replies=contents.no_index),
    "whole": Fault(
        "answers a stream request with a whole body", asks=replies.ask_whole
    ),
    "streamed": Fault("answers any request with a stream", asks=replies.ask_stream),
    "wrong_type": Fault(
        "names another content type",
        {"type": header_text("text/plain")},
        replies=replies.wrong_type,
    ),
    "empty": Fault(
        "answers without a body",
        {"status": status(200, 200, 599)},
        replies=replies.empty,
    ),
    "page": Fault(
        "answers with a gateway's HTML page",
        {"status": status(502, 200, 599)},
        replies=replies.page,
    ),
    "error": Fault(
        "answers with an error of the API", {"type": _TYPES}, replies=replies.error
    ),
    "rate_limit": Fault(
        "answers 429, and how long to wait if seconds are given",
        {
            "seconds": seconds(None),
            "header": choice("Retry-After", "X-Retry-After", "Msh-Cooldown-Seconds"),
            "type": choice(
                "rate_limit_reached_error",
                "engine_overloaded_error",
                "exceeded_current_quota_error",
            ),
        },
        replies=replies.rate_limit,
    ),
    "redirect": Fault(
        "sends the client elsewhere",
        {"status": status(307, 300, 399), "location": header_text("?redirected")},
        replies=replies.redirect,
    ),
}
"""All faults by their names."""
