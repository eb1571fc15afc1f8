"""A good chat request -> the reply to it, whole or as a stream."""

import secrets
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

from langchain_kimi._json import as_object
from langchain_kimi._rules import mode_of
from langchain_kimi._wire import JsonObject
from langchain_kimi.catalogue import Model
from langchain_kimi.emulator._answer import Answer, answer_prompt, reason_about
from langchain_kimi.emulator._cache import PrefixCache
from langchain_kimi.emulator._completion import (
    Completion,
    build_completion,
    build_usage,
)
from langchain_kimi.emulator._events import build_events
from langchain_kimi.emulator._exchange import JSON_TYPE, Reply
from langchain_kimi.emulator._json import to_bytes, write_json
from langchain_kimi.emulator._limit import (
    count_answer,
    limit_answer,
    output_cap,
    stop_words,
)
from langchain_kimi.emulator._prompt import Prompt, read_prompt
from langchain_kimi.emulator._script import Script, ScriptedAnswer
from langchain_kimi.emulator._settings import Settings, ToolIdStyle
from langchain_kimi.emulator._tokens import count_prompt, count_tokens
from langchain_kimi.emulator._tool_calls import Call

STREAM_TYPE = "text/event-stream"
_STEPS = 2
_AUTOMATIC = ScriptedAnswer()


@dataclass(frozen=True, slots=True)
class Chat:
    """Answers chat requests; keeps the script and the cache between them."""

    settings: Settings
    script: Script
    cache: PrefixCache

    def reply(self, body: JsonObject, model: Model) -> Reply:
        """Return the reply to a request that broke no rule.

        Args:
            body: The decoded body.
            model: The row of its model.
        """
        completion = self.complete(body, model)
        saved = build_cache_headers(completion)
        if body.get("stream") is True:
            return self._build_stream(body, completion, saved)
        return Reply(
            headers={"Content-Type": JSON_TYPE, **saved},
            body=to_bytes(write_json(build_completion(completion))),
        )

    def complete(
        self, body: JsonObject, model: Model, *, writes_cache: bool = True
    ) -> Completion:
        """Return the answer to a request that broke no rule, in no API's form yet.

        Args:
            body: The decoded body of a chat request.
            model: The row of its model.
            writes_cache: Whether the prompt is in the cache from now on.
        """
        scripted = self.script.take_answer()
        prompt = read_prompt(body)
        effort = read_effort(body, model)
        if scripted:
            answer = _write_scripted(scripted, prompt, effort)
            tokens = count_answer(answer, thinks=effort is not None)
        else:
            answer, tokens = limit_answer(
                answer_prompt(prompt, effort=effort),
                cap=output_cap(body, model),
                stop=stop_words(body),
                thinks=effort is not None,
            )
        cached = self.cache.read(body, writes=writes_cache)
        return self._build(body, answer, tokens, cached, scripted or _AUTOMATIC)

    def _build(
        self,
        body: JsonObject,
        answer: Answer,
        tokens: int,
        cached: int,
        scripted: ScriptedAnswer,
    ) -> Completion:
        reasoning = count_tokens(answer.reasoning or "")
        usage = build_usage(count_prompt(body), cached, tokens, reasoning)
        calls = _with_ids(answer.calls, self.settings.tool_id_style)
        return Completion(
            id=f"chatcmpl-{secrets.token_hex(12)}",
            created=int(time.time()),
            model=body["model"],
            answer=replace(answer, calls=calls),
            usage=scripted.usage or usage,
            cached_tokens=cached,
            fragment=scripted.fragment,
            done=scripted.done,
        )

    def _build_stream(
        self, body: JsonObject, completion: Completion, saved: dict[str, str]
    ) -> Reply:
        options = as_object(body.get("stream_options"))
        events = build_events(
            completion,
            extra_usage=options.get("include_usage") is True,
            choice_usage=self.settings.choice_usage,
        )
        return Reply(headers={"Content-Type": STREAM_TYPE, **saved}, body=events)


def build_cache_headers(completion: Completion) -> dict[str, str]:
    """Return the header that a cache hit adds (P1, 2026-09-01)."""
    cached = completion.cached_tokens
    return {"Msh-Context-Cache-Token-Saved": str(cached)} if cached else {}


def read_effort(body: JsonObject, model: Model) -> int | None:
    """Return how many steps to reason: None in instant mode, more for more effort.

    Args:
        body: The decoded body of a chat request.
        model: The row of its model.
    """
    if mode_of(body, model) == "instant":
        return None
    # "thinking.effort wins over reasoning_effort" (KVV test_thinking_effort.py).
    effort = as_object(body.get("thinking")).get("effort")
    effort = effort or body.get("reasoning_effort") or model.effort_default
    # Strings are not enum-checked by the platform (P3).
    return model.efforts.index(effort) + 1 if effort in model.efforts else _STEPS


def _write_scripted(
    scripted: ScriptedAnswer, prompt: Prompt, effort: int | None
) -> Answer:
    """Return a scripted answer as the model's mode allows it."""
    reasoning = None
    if effort is not None:
        given = scripted.reasoning
        reasoning = reason_about(prompt, effort) if given is None else given
    content = scripted.content
    if scripted.leak:
        content, reasoning = (reasoning or "") + content, None
    usual = "tool_calls" if scripted.calls else "stop"
    return Answer(
        content=content,
        reasoning=reasoning,
        calls=scripted.calls,
        finish_reason=scripted.finish_reason or usual,
    )


def _with_ids(calls: Sequence[Call], style: ToolIdStyle) -> tuple[Call, ...]:
    """Number the calls from 0: the API does so in each response anew."""
    pattern = style.replace("name", "{name}").replace("0", "{index}")
    return tuple(
        replace(call, id=call.id or pattern.format(name=call.name, index=index))
        for index, call in enumerate(calls)
    )
