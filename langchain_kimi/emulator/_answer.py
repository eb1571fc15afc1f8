"""A prompt -> the answer to it: reasoning, text or JSON, tool calls; always the same.

The text takes up the prompt, so that tests and demos see what was asked.
"""

from dataclasses import dataclass
from typing import Any

from langchain_kimi._json import as_object
from langchain_kimi._wire import JsonObject
from langchain_kimi.emulator._instance import fill_schema
from langchain_kimi.emulator._json import write_json
from langchain_kimi.emulator._offers import Offers, find_quoted
from langchain_kimi.emulator._prompt import Prompt
from langchain_kimi.emulator._tool_calls import Call, choose_call

_EXCERPT = 160


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What an assistant message says."""

    content: str = ""
    reasoning: str | None = None
    """The thinking; None sends no key, as in instant mode, "" an empty one."""
    calls: tuple[Call, ...] = ()
    finish_reason: str = "stop"


def answer_prompt(prompt: Prompt, *, effort: int | None) -> Answer:
    """Return the answer to a prompt.

    Args:
        prompt: What the request asks.
        effort: How many steps to reason, from 1; None to answer without reasoning.
    """
    reasoning = reason_about(prompt, effort) if effort else None
    call = choose_call(prompt)
    if call:
        return Answer(reasoning=reasoning, calls=(call,), finish_reason="tool_calls")
    content = _write_content(prompt).removeprefix(prompt.prefix or "")
    return Answer(content=content, reasoning=reasoning)


def reason_about(prompt: Prompt, effort: int) -> str:
    """Return a chain of thought on a prompt, one sentence a step.

    Of one that the request begins (partial mode) it is the rest.

    Args:
        prompt: What the request asks.
        effort: How many steps to reason, from 1.
    """
    steps = (
        f"The user says: {_excerpt(prompt.text) or 'nothing'}.",
        f"There are {len(prompt.tools)} tools and {len(prompt.results)} tool results.",
        "That is enough to answer.",
    )
    return " ".join(steps[:effort]).removeprefix(prompt.thought)


def _write_content(prompt: Prompt) -> str:
    kind = prompt.form.get("type")
    if kind == "json_schema":
        schema = as_object(prompt.form.get("json_schema")).get("schema")
        return write_json(fill_schema(schema, Offers(_all_text(prompt))))
    if kind == "json_object":
        return write_json(_fill_object(prompt))
    return " ".join(_sentences(prompt))


def _all_text(prompt: Prompt) -> str:
    """Return the user's text and the tool results: an instance may use both."""
    return "\n".join([prompt.text, *(result.text for result in prompt.results)])


def _fill_object(prompt: Prompt) -> JsonObject:
    """Return an object with the quoted words of the prompt as its keys."""
    keys = find_quoted(prompt.text) or find_quoted(prompt.instructions)
    about: Any = _excerpt(prompt.text)
    return {key: f"{key} for: {about}" for key in keys} or {"answer": about}


def _sentences(prompt: Prompt) -> list[str]:
    asked = _excerpt(prompt.text)
    sentences = [f"{result.name} returned: {result.text}" for result in prompt.results]
    sentences += [f"The {medium} arrived." for medium in prompt.media]
    if asked:
        sentences.append(f'The request was: "{asked}".')
    return [
        *sentences,
        "This answer comes from the local Kimi emulator.",
        "It follows fixed rules, so the same request always gets the same answer.",
        *([f"It is spoken by {prompt.speaker}."] if prompt.speaker else []),
    ]


def _excerpt(text: str) -> str:
    """Return the beginning of a text, on one line."""
    line = " ".join(text.split())
    return line if len(line) <= _EXCERPT else f"{line[:_EXCERPT]}..."
