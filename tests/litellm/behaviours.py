"""What LiteLLM loses of Kimi without us: a row a behaviour, asked for in every way.

Measured with litellm 1.106.2; "lossy" and "broken" are what it does by itself. The same
rows stand in docs/litellm.md, where users read what each patch and hook is for.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

ABSENT = object()
"""The field must not be in the body that reaches Kimi."""
USER: dict[str, Any] = {"role": "user", "content": "Hello"}
SDK = ("acompletion", "completion", "router")
ALL = (*SDK, "proxy")
BOTH = ("moonshot", "openai")


@dataclass(frozen=True, slots=True, kw_only=True)
class Behaviour:
    """One request, and what of it must reach Kimi."""

    name: str
    outcome: str
    """What reaches Kimi, in the words of the documentation."""
    model: str = "kimi-k3"
    settings: Mapping[str, Any] = field(default_factory=dict[str, Any])
    messages: tuple[dict[str, Any], ...] = (USER,)
    sent: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """Fields of the body, `ABSENT` for one that must not be there."""
    refused: str = ""
    """Words of the error, for what is refused before it is sent."""
    prefixes: tuple[str, ...] = BOTH
    ways: tuple[str, ...] = ALL


def tool(name: str) -> dict[str, Any]:
    parameters: dict[str, Any] = {"type": "object", "properties": {}}
    return {"type": "function", "function": {"name": name, "parameters": parameters}}


def named(name: str) -> dict[str, Any]:
    return {"type": "function", "function": {"name": name}}


def turn(**assistant: Any) -> tuple[dict[str, Any], ...]:
    """A turn with a tool call, its assistant message in some caller's form."""
    call = {
        "id": "look_0",
        "type": "function",
        "function": {"name": "look", "arguments": "{}"},
    }
    message = {"role": "assistant", "content": "", "tool_calls": [call], **assistant}
    return (USER, message, {"role": "tool", "tool_call_id": "look_0", "content": "ok"})


def image(url: str) -> dict[str, Any]:
    part = {"type": "image_url", "image_url": {"url": url}}
    return {"role": "user", "content": [part, {"type": "text", "text": "What?"}]}


_TOOLS = [tool("look"), tool("hear")]
_OFF = {"type": "disabled"}
_NO_SAMPLING = dict.fromkeys(
    ("temperature", "top_p", "n", "presence_penalty", "frequency_penalty"), ABSENT
)

BEHAVIOURS = (
    Behaviour(
        name="thinking as an argument",
        outcome="`thinking`, where LiteLLM refuses it",
        model="kimi-k2.6",
        settings={"thinking": _OFF},
        sent={"thinking": _OFF},
    ),
    Behaviour(
        name="thinking as a bool",
        outcome='the same as `{"type": "enabled"}` or `{"type": "disabled"}`',
        model="kimi-k2.6",
        settings={"thinking": False},
        sent={"thinking": _OFF},
    ),
    Behaviour(
        name="thinking with drop_params",
        outcome="`thinking`, not dropped in silence",
        model="kimi-k2.6",
        settings={"thinking": _OFF, "drop_params": True},
        sent={"thinking": _OFF},
        ways=SDK,
    ),
    Behaviour(
        name="thinking with allowed_openai_params",
        outcome="`thinking`, where LiteLLM fails with 500",
        model="kimi-k2.6",
        settings={"thinking": _OFF, "allowed_openai_params": ["thinking"]},
        sent={"thinking": _OFF},
        ways=SDK,
    ),
    Behaviour(
        name="effort none on a model that always thinks",
        outcome="nothing: refused",
        settings={"reasoning_effort": "none"},
        refused="kimi-k3 always thinks",
    ),
    Behaviour(
        name="an unknown effort",
        outcome="nothing: refused with the known ones",
        settings={"reasoning_effort": "ultra"},
        refused="Give one of low, high, max",
    ),
    Behaviour(
        name="effort medium",
        outcome="`high` (`minimal` is `low`, `xhigh` is `max`)",
        settings={"reasoning_effort": "medium"},
        sent={"reasoning_effort": "high"},
    ),
    Behaviour(
        name="an effort on a model without efforts",
        outcome="no effort; it thinks as ever",
        model="kimi-k2.6",
        settings={"reasoning_effort": "low"},
        sent={"reasoning_effort": ABSENT, "thinking": ABSENT},
    ),
    Behaviour(
        name="effort none on a model with a switch",
        outcome="`thinking` disabled",
        model="kimi-k2.6",
        settings={"reasoning_effort": "none"},
        sent={"reasoning_effort": ABSENT, "thinking": _OFF},
    ),
    Behaviour(
        name="thinking and effort together",
        outcome="`thinking` alone; Kimi refuses both",
        model="kimi-k2.6",
        settings={"thinking": {"type": "enabled"}, "reasoning_effort": "high"},
        sent={"reasoning_effort": ABSENT, "thinking": {"type": "enabled"}},
    ),
    Behaviour(
        name="an effort as the bridges' object",
        outcome="the bare word",
        settings={"reasoning_effort": {"effort": "low", "summary": "auto"}},
        sent={"reasoning_effort": "low"},
        ways=SDK,
    ),
    Behaviour(
        name="an effort of a model that LiteLLM does not know",
        outcome="the effort, and no sampling",
        model="kimi-k3.1-pro",
        settings={"reasoning_effort": "low", "temperature": 0.5},
        sent={"reasoning_effort": "low", **_NO_SAMPLING},
    ),
    Behaviour(
        name="sampling settings of habit",
        outcome="none of them: the model fixes each",
        settings={
            "temperature": 0.6,
            "top_p": 0.5,
            "n": 2,
            "presence_penalty": 1,
            "frequency_penalty": 1,
        },
        sent=_NO_SAMPLING,
    ),
    Behaviour(
        name="seed, logprobs and logit_bias",
        outcome="none of them",
        settings={"seed": 7, "logprobs": True, "top_logprobs": 2, "logit_bias": {}},
        sent=dict.fromkeys(("seed", "logprobs", "top_logprobs", "logit_bias"), ABSENT),
    ),
    Behaviour(
        name="web_search_options",
        outcome="nothing: refused, with the tool that searches",
        settings={"web_search_options": {"search_context_size": "low"}},
        refused="'$web_search'",
    ),
    Behaviour(
        name="max_completion_tokens",
        outcome="under its own name",
        settings={"max_completion_tokens": 99},
        sent={"max_completion_tokens": 99, "max_tokens": ABSENT},
    ),
    Behaviour(
        name="lists of text parts",
        outcome="plain text",
        messages=({"role": "user", "content": [{"type": "text", "text": "Hello"}]},),
        sent={"messages": [USER]},
    ),
    Behaviour(
        name="tool_choice required where the model takes it",
        outcome="`required`, and no message of LiteLLM's",
        settings={"tools": _TOOLS, "tool_choice": "required"},
        sent={"tool_choice": "required", "messages": [USER], "tools": _TOOLS},
    ),
    Behaviour(
        name="tool_choice required in instant mode",
        outcome="`required`",
        model="kimi-k2.6",
        settings={"tools": _TOOLS, "tool_choice": "required", "thinking": _OFF},
        sent={"tool_choice": "required", "messages": [USER], "thinking": _OFF},
    ),
    Behaviour(
        name="tool_choice required while K2 thinks",
        outcome="`auto`, with a warning",
        model="kimi-k2.6",
        settings={"tools": _TOOLS, "tool_choice": "required"},
        sent={"tool_choice": "auto", "messages": [USER]},
    ),
    Behaviour(
        name="a named tool on K3",
        outcome="`required`, with that tool alone",
        settings={"tools": _TOOLS, "tool_choice": named("hear")},
        sent={"tool_choice": "required", "tools": _TOOLS[1:]},
    ),
    Behaviour(
        name="a named tool while K2 thinks",
        outcome="`auto`, with that tool alone",
        model="kimi-k2.6",
        settings={"tools": _TOOLS, "tool_choice": named("hear")},
        sent={"tool_choice": "auto", "tools": _TOOLS[1:]},
    ),
    Behaviour(
        name="a named tool in instant mode",
        outcome="the choice as it is",
        model="kimi-k2.6",
        settings={"tools": _TOOLS, "tool_choice": named("hear"), "thinking": _OFF},
        sent={"tool_choice": named("hear"), "tools": _TOOLS},
    ),
    Behaviour(
        name="a name that no tool has",
        outcome="nothing: refused with the tools that there are",
        settings={"tools": _TOOLS, "tool_choice": named("smell")},
        refused="'smell', which is no tool here: look, hear",
    ),
    Behaviour(
        name="a picture by its public address",
        outcome="nothing: refused; Kimi fetches none",
        messages=(image("https://example.com/cat.png"),),
        refused="send base64 data of the medium, upload the file",
    ),
    Behaviour(
        name="partial in extra_body",
        outcome="`partial` on the last message, where Kimi reads it",
        settings={"extra_body": {"partial": True}},
        messages=(USER, {"role": "assistant", "content": "It"}),
        sent={
            "messages": [USER, {"role": "assistant", "content": "It", "partial": True}],
            "partial": ABSENT,
        },
    ),
    Behaviour(
        name="prefix, DeepSeek's name of partial",
        outcome="`partial`",
        messages=(USER, {"role": "assistant", "content": "It", "prefix": True}),
        sent={
            "messages": [USER, {"role": "assistant", "content": "It", "partial": True}]
        },
    ),
    Behaviour(
        name="kimi-k2.5-instant as an id",
        outcome="`kimi-k2.6`, thinking disabled",
        model="kimi-k2.5-instant",
        sent={"model": "kimi-k2.6", "thinking": _OFF},
    ),
    Behaviour(
        name="LiteLLM's own fields of a message",
        outcome="none of them",
        messages=turn(
            reasoning_content="Let me see.", provider_specific_fields={"refusal": None}
        ),
        sent={"messages": list(turn(reasoning_content="Let me see."))},
    ),
    Behaviour(
        name="reasoning in provider_specific_fields",
        outcome="`reasoning_content`",
        messages=turn(provider_specific_fields={"reasoning_content": "Let me see."}),
        sent={"messages": list(turn(reasoning_content="Let me see."))},
    ),
    Behaviour(
        name="reasoning in thinking_blocks",
        outcome="`reasoning_content`, and no blocks",
        messages=turn(
            thinking_blocks=[{"type": "thinking", "thinking": "Let me see."}]
        ),
        sent={"messages": list(turn(reasoning_content="Let me see."))},
    ),
    Behaviour(
        name="reasoning in a content part of type thinking",
        outcome="`reasoning_content`, and no such part",
        messages=(
            USER,
            {
                "role": "assistant",
                "content": [
                    {"type": "thinking", "thinking": "A greeting."},
                    {"type": "text", "text": "Hi"},
                ],
            },
            USER,
        ),
        sent={
            "messages": [
                USER,
                {
                    "role": "assistant",
                    "content": "Hi",
                    "reasoning_content": "A greeting.",
                },
                USER,
            ]
        },
        ways=SDK,
    ),
    Behaviour(
        name="a tool call without its reasoning, by openai/",
        outcome='`" "`, with which Kimi accepts it',
        model="kimi-k2.6",
        messages=turn(),
        sent={"messages": list(turn(reasoning_content=" "))},
    ),
    Behaviour(
        name="the type of a call of $web_search after a stream",
        outcome="`builtin_function`",
        messages=turn(
            reasoning_content="r",
            tool_calls=[
                {
                    "id": "look_0",
                    "type": "function",
                    "function": {"name": "$web_search", "arguments": "{}"},
                }
            ],
        ),
        sent={
            "messages": list(
                turn(
                    reasoning_content="r",
                    tool_calls=[
                        {
                            "id": "look_0",
                            "type": "builtin_function",
                            "function": {"name": "$web_search", "arguments": "{}"},
                        }
                    ],
                )
            )
        },
    ),
)

IMPOSSIBLE = {
    "`user`": "Kimi has no such field; `safety_identifier` is its own, and is sent",
    "unknown arguments (`foo=1`)": "LiteLLM sends on what it does not know, which is "
    "how new settings reach Kimi; Kimi ignores unknown ones",
    "`cache_control` on parts": "Kimi's chat API caches by itself, by "
    "`prompt_cache_key`; only its Anthropic API has marks",
    "a tool call that comes back without its reasoning": "what the client threw away "
    'cannot be found; LiteLLM sends `" "`, which Kimi accepts',
    "temperature of `moonshot-v1`": "retired on 2026-08-31",
    "`thinking` of a sync call to a self-hosted server": "LiteLLM calls no hook for "
    "it; use the group `...-instant`",
    "a fallback after the first chunk of a stream": "the client has read it already",
    "the type of a `$web_search` call within a stream": "LiteLLM writes `function` "
    "into its pieces; when it comes back it is put right",
    "`signature: null` in thinking blocks of `/v1/messages`": "Kimi's chat API signs "
    "nothing; the native route `/anthropic` does",
    "tool ids of `/v1/messages` (`f:0` -> `f_0`)": "Anthropic's ids have no colon; "
    "call and result change alike, and Kimi takes any id",
    "`previous_response_id` without a database": "LiteLLM keeps the turns of "
    "`/v1/responses` in its database only",
    "reasoning of a cached stream": "LiteLLM replays the text only; mended in 1.109.1",
    "retries of the plain SDK when the balance is empty": "the openai client goes by "
    "the status (429); set `max_retries=0`, as the Router does",
    "the fee of a `$web_search`": "no usage object tells it",
    "`create_file` for Moonshot": "LiteLLM has no files for the provider; use "
    "`langchain_kimi.KimiFiles`",
    "`get_valid_models` asking the endpoint": "LiteLLM lists its map for Moonshot; the "
    "current ids are registered in it",
    "Kimi Code (`/coding/v1`)": "it is for coding agents by its terms",
}
"""What stays as LiteLLM has it, and why."""
