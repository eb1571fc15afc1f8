"""Rules on the top-level settings of a request."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict
from functools import cache
from typing import Any

from langchain_kimi._json import as_object, is_array, is_number, is_object
from langchain_kimi._rules._violation import Violation
from langchain_kimi._wire import JsonObject
from langchain_kimi.catalogue import Mode, Model, Sampling

Rule = Callable[[JsonObject, Model], Iterator[Violation]]

# "A maximum of 5 strings is allowed, and each string must not exceed 32 bytes"
# (OpenAPI 2026-08-17).
STOP_LIMIT, STOP_BYTES = 5, 32


def mode_of(request: JsonObject, model: Model) -> Mode:
    """Return the mode in which a model would answer a request."""
    if model.thinking and model.instant:
        kind = as_object(request.get("thinking")).get("type")
        return "instant" if kind == "disabled" else "thinking"
    return model.default_mode


def fixed_values(request: JsonObject, model: Model) -> Mapping[str, Any]:
    """Return the only value each sampling setting may have; empty where it is free."""
    sampling = model.rules(mode_of(request, model)).sampling
    return _values_of(sampling) if sampling else {}


@cache
def _values_of(sampling: Sampling) -> Mapping[str, Any]:
    return asdict(sampling)


def requested_cap(request: JsonObject) -> Any:
    """Return the output cap that a request names; the deprecated name counts second."""
    cap = request.get("max_completion_tokens")
    return request.get("max_tokens") if cap is None else cap


def check_settings(
    request: JsonObject, model: Model | None, *, hosted: bool
) -> Iterator[Violation]:
    """Yield the violations of a request's top-level settings."""
    yield from _types(request)
    yield from _response_format(request)
    if hosted:
        yield from _logit_bias(request)
    if model:
        for rule in _ROW_RULES:
            yield from rule(request, model)


def _types(request: JsonObject) -> Iterator[Violation]:
    for field, (is_right, kind) in _TYPES.items():
        given = request.get(field)
        if given is not None and not is_right(given):
            yield Violation(
                message=f"Invalid request: invalid {field}: {kind} is expected",
                field=field,
                given=given,
                remedy=f"give {kind}",
            )


def _fixed_sampling(request: JsonObject, model: Model) -> Iterator[Violation]:
    for field, allowed in fixed_values(request, model).items():
        given = request.get(field)
        if given is not None and given != allowed:
            yield Violation(
                message=f"invalid {field}: only {_literal(allowed)} is allowed "
                "for this model",
                field=field,
                given=given,
                remedy=f"leave {field} out, or send {_literal(allowed)}",
            )


def _top_logprobs(request: JsonObject, model: Model) -> Iterator[Violation]:
    if request.get("top_logprobs") is not None and not request.get("logprobs"):
        yield Violation(
            message="Invalid request: logprobs must be set to true if top_logprobs "
            "is used",
            field="top_logprobs",
            given=request["top_logprobs"],
            remedy="leave top_logprobs out",
        )


def _thinking(request: JsonObject, model: Model) -> Iterator[Violation]:
    thinking = request.get("thinking")
    # K3 ignores a `thinking` object (probe P3); only the K2 rows have its fields.
    if thinking is None or model.efforts:
        return
    if not is_object(thinking):
        yield _invalid_thinking("an object with type is expected", thinking)
        return
    allowed = [
        kind
        for kind, rules in (("enabled", model.thinking), ("disabled", model.instant))
        if rules
    ]
    unknown = sorted(thinking.keys() - _THINKING)
    if unknown:
        yield _invalid_thinking(f"unknown field {', '.join(unknown)}", thinking)
    kind = thinking.get("type", allowed[0])
    if kind not in allowed:
        yield _invalid_thinking(
            f"only type={' or '.join(allowed)} is allowed for this model", thinking
        )
    keep = thinking.get("keep")
    if keep is not None and keep not in model.keeps and model.keeps:
        yield _invalid_thinking("only keep=all or null is allowed", thinking)


def _invalid_thinking(reason: str, given: object) -> Violation:
    return Violation(
        message=f"invalid thinking: {reason}",
        field="thinking",
        given=given,
        remedy="leave thinking out to get the model's default",
    )


def _stop(request: JsonObject, model: Model) -> Iterator[Violation]:
    stop = request.get("stop")
    if stop is None:
        return
    words: object = [stop] if isinstance(stop, str) else stop
    if not is_array(words) or not all(isinstance(word, str) for word in words):
        yield _invalid_stop("a string or a list of strings is expected", stop)
    elif len(words) > STOP_LIMIT:
        yield _invalid_stop(f"at most {STOP_LIMIT} strings are allowed", stop)
    elif any(len(word.encode(errors="surrogatepass")) > STOP_BYTES for word in words):
        yield _invalid_stop(f"each string may have {STOP_BYTES} bytes at most", stop)


def _invalid_stop(reason: str, given: object) -> Violation:
    return Violation(
        message=f"Invalid request: invalid stop: {reason}",
        field="stop",
        given=given,
        remedy="shorten stop",
    )


def _output_cap(request: JsonObject, model: Model) -> Iterator[Violation]:
    cap = requested_cap(request)
    if cap is None:
        return
    if not isinstance(cap, int) or isinstance(cap, bool) or cap < 1:
        reason = "a positive integer is expected"
    elif cap > model.output_tokens_limit:
        reason = f"at most {model.output_tokens_limit} is allowed for this model"
    else:
        return
    yield Violation(
        message=f"Invalid request: invalid max_completion_tokens: {reason}",
        field="max_completion_tokens",
        given=cap,
        remedy=f"the default is {model.output_tokens} tokens, reasoning included",
    )


def _logit_bias(request: JsonObject) -> Iterator[Violation]:
    if request.get("logit_bias") is not None:
        yield Violation(
            message="Invalid request: logit_bias is not supported yet",
            field="logit_bias",
            given=request["logit_bias"],
            remedy="leave logit_bias out",
        )


def _response_format(request: JsonObject) -> Iterator[Violation]:
    form = request.get("response_format")
    reason = _response_format_fault(form) if form is not None else None
    if reason:
        yield Violation(
            message=f"Invalid request: {reason}",
            field="response_format",
            given=form,
            remedy="send {'type': 'json_object'}, or {'type': 'json_schema', "
            "'json_schema': {'name': ..., 'schema': {...}}}",
        )


def _response_format_fault(form: object) -> str | None:
    """Return what Moonshot's own contract tests expect to be refused (KVV)."""
    if not is_object(form) or form.get("type") not in _RESPONSE_FORMATS:
        return "response_format.type must be one of " + ", ".join(_RESPONSE_FORMATS)
    if form["type"] != "json_schema":
        return None
    schema = form.get("json_schema")
    if not is_object(schema):
        return "response_format.json_schema is required"
    if not isinstance(schema.get("name"), str) or not schema["name"]:
        return "response_format.json_schema.name is required"
    if not is_object(schema.get("schema")):
        return (
            "the `response_format.json_schema.schema` field in the request "
            "(expected type dict[string,interface]) is illegal"
        )
    if not isinstance(schema.get("strict", True), bool):
        return "response_format.json_schema.strict must be a boolean"
    return None


def _literal(value: object) -> str:
    """Write a value as the API does: `1`, `0.95`, `false`."""
    return str(value).lower() if isinstance(value, bool) else f"{value:g}"


def _is_bool(value: object) -> bool:
    return isinstance(value, bool)


def _is_text(value: object) -> bool:
    return isinstance(value, str)


_TYPES: Mapping[str, tuple[Callable[[object], bool], str]] = {
    **dict.fromkeys(("stream", "logprobs"), (_is_bool, "a boolean")),
    **dict.fromkeys(
        ("temperature", "top_p", "n", "presence_penalty", "frequency_penalty"),
        (is_number, "a number"),
    ),
    **dict.fromkeys(
        ("reasoning_effort", "prompt_cache_key", "safety_identifier"),
        (_is_text, "a string"),
    ),
    "tools": (is_array, "a list"),
    **dict.fromkeys(
        ("stream_options", "prompt_cache_options"), (is_object, "an object")
    ),
}
_RESPONSE_FORMATS = ("text", "json_object", "json_schema")
# "no extra keys" (OpenAPI); Moonshot's own client sends `effort`, Vercel's the budget.
_THINKING = {"type", "keep", "effort", "budget_tokens"}
_ROW_RULES: tuple[Rule, ...] = (
    _fixed_sampling,
    _top_logprobs,
    _thinking,
    _stop,
    _output_cap,
)
