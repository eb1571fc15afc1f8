"""Every rule on a parameter, for every current model and mode, client and emulator.

The tables are written by hand from the parameter page of 13 August 2026 and the API's
recorded words (kimi-api.md 1.2, 2.1 to 2.4), not read from the catalogue: so they can
disagree with it.
"""

import json
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from langchain_core.messages import (
    AIMessage,
    BaseMessage,
    HumanMessage,
    SystemMessage,
    ToolMessage,
)

from langchain_kimi import ChatKimi
from langchain_kimi._refusal import KimiSettingError
from langchain_kimi.catalogue import current_models
from langchain_kimi.emulator import Emulator
from tests.emulator_client import Answer, post, tool, turn_with_call

_OFF = {"thinking": {"type": "disabled"}}
# The columns of the table: a family's rules, the settings of its mode, its models.
_COLUMNS: dict[str, tuple[dict[str, Any], tuple[str, ...]]] = {
    "k3": ({}, ("kimi-k3", "kimi-k3.1-pro", "kimi-k3.1-pro-highspeed")),
    "k27": ({}, ("kimi-k2.7-code", "kimi-k2.7-code-highspeed")),
    "k26": ({}, ("kimi-k2.6",)),
    "off": (_OFF, ("kimi-k2.6",)),
}
_ALL = tuple(_COLUMNS)
_THINKING = ("k3", "k27", "k26")
_K2 = ("k27", "k26", "off")
_ANY = ""
_REFUSED = "refused"


def _each(families: tuple[str, ...], words: str = _ANY) -> dict[str, str]:
    """The same words for some families."""
    return dict.fromkeys(families, words)


@dataclass(frozen=True)
class Case:
    """Some fields of a request, and what API and client make of them."""

    name: str
    fields: dict[str, Any]
    refused: dict[str, str] = field(default_factory=dict[str, str])
    """The API's words, by family; "" where they are not known. Others accept it."""
    client: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """What the client sends instead, with how many warnings, or that it refuses. It
    sends what the API accepts, and refuses what it refuses, where nothing is said."""
    families: tuple[str, ...] = _ALL


def _only(name: str, value: object) -> str:
    return f"invalid {name}: only {value} is allowed for this model"


def _dropped(families: tuple[str, ...] = _ALL) -> dict[str, Any]:
    """A habit of frameworks: not sent, told once."""
    return dict.fromkeys(families, ({}, 1))


_LOOK = tool("look", {"at": {"type": "string"}})
_FIND = tool("find", {"what": {"type": "string"}})
_NAMED = {"type": "function", "function": {"name": "look"}}
_SCHEMA = {
    "type": "object",
    "properties": {"a": {"type": "string"}},
    "required": ["a"],
    "additionalProperties": False,
}


def _json_schema(**keys: Any) -> dict[str, Any]:
    form = {"name": "Form", "schema": _SCHEMA, **keys}
    kept = {key: value for key, value in form.items() if value is not None}
    return {"response_format": {"type": "json_schema", "json_schema": kept}}


def _sampling() -> Iterator[Case]:
    yield Case(
        "temperature 1",
        {"temperature": 1},
        {"off": _only("temperature", 0.6)},
        _dropped(("off",)),
    )
    yield Case(
        "temperature 0.6",
        {"temperature": 0.6},
        _each(_THINKING, _only("temperature", 1)),
        _dropped(_THINKING),
    )
    for value in (0, 0.3, 2):
        words = {**_each(_THINKING, _only("temperature", 1))}
        words["off"] = _only("temperature", 0.6)
        yield Case(f"temperature {value}", {"temperature": value}, words, _dropped())
    for name, fixed, others in (
        ("top_p", 0.95, (0.5, 1)),
        ("n", 1, (2,)),
        ("presence_penalty", 0, (0.5,)),
        ("frequency_penalty", 0, (-1,)),
    ):
        yield Case(f"{name} {fixed}", {name: fixed})
        for value in others:
            words = _each(_ALL, _only(name, fixed))
            yield Case(f"{name} {value}", {name: value}, words, _dropped())
    yield Case("temperature as text", {"temperature": "1"}, _each(_ALL))
    # A wish for an output, no habit: it is refused, not dropped.
    yield Case("logprobs false", {"logprobs": False})
    yield Case(
        "logprobs true", {"logprobs": True}, _each(_ALL, _only("logprobs", "false"))
    )
    yield Case(
        "top_logprobs",
        {"top_logprobs": 3},
        _each(
            _ALL,
            "Invalid request: logprobs must be set to true if top_logprobs is used",
        ),
    )
    yield Case("both", {"logprobs": True, "top_logprobs": 3}, _each(_ALL))
    yield Case(
        "logit_bias",
        {"logit_bias": {"1": 2}},
        _each(_ALL, "Invalid request: logit_bias is not supported yet"),
    )


def _thinking() -> Iterator[Case]:
    """K3 ignores the object: the client leaves it out, and tells what it cannot do."""
    enabled: dict[str, Any] = {"type": "enabled"}
    disabled = _only("thinking", "type=enabled")
    for name, thinking, refused, k3 in (
        ("enabled", enabled, {}, ({}, 0)),
        ("keep all", {**enabled, "keep": "all"}, {}, ({}, 0)),
        ("keep null", {**enabled, "keep": None}, {}, ({}, 1)),
        ("keep some", {**enabled, "keep": "some"}, _each(("k27", "k26")), ({}, 1)),
        ("disabled", {"type": "disabled"}, {"k27": disabled}, _REFUSED),
        (
            "disabled, keep all",
            {"type": "disabled", "keep": "all"},
            {"k27": disabled},
            _REFUSED,
        ),
        ("maybe", {"type": "maybe"}, _each(("k27", "k26")), _REFUSED),
        ("misspelt", {**enabled, "kep": "all"}, _each(("k27", "k26")), ({}, 1)),
        ("no object", "enabled", _each(("k27", "k26")), _REFUSED),
    ):
        yield Case(
            f"thinking {name}",
            {"thinking": thinking},
            refused,
            {"k3": k3},
            families=_THINKING,
        )


def _effort() -> Iterator[Case]:
    """The platform accepts any text; the client only what the model knows."""
    ignored = dict.fromkeys(_K2, ({}, 1))
    for effort in ("low", "high", "max"):
        yield Case(f"effort {effort}", {"reasoning_effort": effort}, client=ignored)
    for effort, nearest in (("minimal", "low"), ("medium", "high"), ("xhigh", "max")):
        sent = ({"reasoning_effort": nearest}, 1)
        client = {**ignored, "k3": sent}
        yield Case(f"effort {effort}", {"reasoning_effort": effort}, client=client)
    for effort in ("ultra", "none", "off"):
        client = {**ignored, "k3": _REFUSED}
        yield Case(f"effort {effort}", {"reasoning_effort": effort}, client=client)
    yield Case("effort 3", {"reasoning_effort": 3}, _each(_ALL), {**ignored})


def _tool_choice() -> Iterator[Case]:
    tools = [_LOOK, _FIND]
    while_thinking = "tool_choice '{}' is incompatible with thinking enabled"
    for choice in ("auto", "none"):
        yield Case(f"{choice}", {"tools": tools, "tool_choice": choice})
        yield Case(f"{choice}, no tools", {"tool_choice": choice})
    yield Case(
        "required",
        {"tools": tools, "tool_choice": "required"},
        _each(("k27", "k26"), while_thinking.format("required")),
    )
    # The outcome is the same: K3 must call, and has only the one to call.
    only = {"tools": [_LOOK], "tool_choice": "required"}
    yield Case(
        "named",
        {"tools": tools, "tool_choice": _NAMED},
        _each(_THINKING, while_thinking.format("specified")),
        {"k3": (only, 0)},
    )
    for none in ({}, {"tools": []}):
        name = f"required, {none or 'no tools'}"
        yield Case(name, {**none, "tool_choice": "required"}, _each(_ALL))
    for bogus in ("sometimes", {"type": "function", "function": {"name": "nope"}}):
        fields = {"tools": tools, "tool_choice": bogus}
        yield Case(f"choice {bogus}", fields, _each(_ALL))


def _tools() -> Iterator[Case]:
    kind = "Invalid request: unknown tool type: retrieval, currently only function and "
    named = (
        "Invalid request: function name is invalid, must start with a letter and can "
        "contain letters, numbers, underscores, and dashes"
    )
    yield Case("a tool", {"tools": [_LOOK]})
    yield Case("no tools", {"tools": []})
    yield Case(
        "an unknown type of tool",
        {"tools": [{"type": "retrieval", "retrieval": {}}]},
        _each(_ALL, f"{kind}plugin are supported"),
    )
    for name in ("1look", "lo ok", "l" * 257):
        yield Case(f"tool {name[:6]}", {"tools": [tool(name)]}, _each(_ALL, named))
    yield Case(
        "tools of one name",
        {"tools": [_LOOK, _LOOK]},
        _each(_ALL, "function name look is duplicated"),
    )
    yield Case("strict as text", {"tools": [tool("look", strict="no")]}, _each(_ALL))


def _formats() -> Iterator[Case]:
    yield Case("text", {"response_format": {"type": "text"}})
    yield Case("json_object", {"response_format": {"type": "json_object"}})
    yield Case("json_schema", _json_schema())
    yield Case("json_schema, strict", _json_schema(strict=True))
    yield Case("json_schema, lax", _json_schema(strict=False))
    yield Case("no name", _json_schema(name=None), _each(_ALL))
    yield Case("no schema", _json_schema(schema=None), _each(_ALL))
    yield Case("strict as text", _json_schema(strict="yes"), _each(_ALL))
    yield Case("a schema as text", _json_schema(schema="{}"), _each(_ALL))
    yield Case("xml", {"response_format": {"type": "xml"}}, _each(_ALL))
    bare = {"type": "json_schema"}
    yield Case("a bare json_schema", {"response_format": bare}, _each(_ALL))


def _caps() -> Iterator[Case]:
    """256 * 1024 minus the prompt on K2, 1024 * 1024 minus the prompt on K3."""
    for cap, families in (
        (1, ()),
        (260_000, ()),
        (262_145, _K2),
        (1_000_000, _K2),
        (1_048_577, _ALL),
        (0, _ALL),
        (-1, _ALL),
        (1.5, _ALL),
        ("many", _ALL),
        (True, _ALL),
    ):
        fields = {"max_completion_tokens": cap}
        yield Case(f"cap {cap}", fields, _each(families))
    sent = ({"max_completion_tokens": 500}, 0)
    yield Case("max_tokens", {"max_tokens": 500}, client=dict.fromkeys(_ALL, sent))


def _stops() -> Iterator[Case]:
    """5 of 32 bytes, counted in UTF-8."""
    yield Case("stop 5 x 32", {"stop": [letter * 32 for letter in "abcde"]})
    yield Case("stop 6", {"stop": list("abcdef")}, _each(_ALL))
    yield Case("stop 33", {"stop": ["a" * 33]}, _each(_ALL))
    yield Case("stop text", {"stop": "a" * 32})
    yield Case("stop text 33", {"stop": "a" * 33}, _each(_ALL))
    yield Case("stop 16 x 2 bytes", {"stop": ["\u00e9" * 16]})
    yield Case("stop 17 x 2 bytes", {"stop": ["\u00e9" * 17]}, _each(_ALL))
    yield Case("stop 3", {"stop": 3}, _each(_ALL))
    yield Case("stop [3]", {"stop": [3]}, _each(_ALL))


def _others() -> Iterator[Case]:
    yield Case("nothing", {})
    yield Case("prediction", {"prediction": {"type": "content", "content": "x"}})
    yield Case("key", {"prompt_cache_key": "k", "safety_identifier": "s"})
    yield Case("key 3", {"prompt_cache_key": 3}, _each(_ALL))
    yield Case("identifier 3", {"safety_identifier": 3}, _each(_ALL))
    options = {"prompt_cache_options": {"mode": "implicit", "ttl": "1h"}}
    client = dict.fromkeys(_K2, (options, 1))
    yield Case("cache options", options, client=client)
    yield Case("cache options 1h", {"prompt_cache_options": "1h"}, _each(_ALL))
    yield Case("seed", {"seed": 7})
    # "top_k", "verbosity" and any unknown key: 200, without an effect (P1).
    for name in ("top_k", "verbosity", "temprature"):
        client = dict.fromkeys(_ALL, _REFUSED)
        yield Case(name, {name: 1}, client=client)


_CASES = [
    case
    for cases in (
        _sampling,
        _thinking,
        _effort,
        _tool_choice,
        _tools,
        _formats,
        _caps,
        _stops,
        _others,
    )
    for case in cases()
]


@dataclass(frozen=True)
class Turns:
    """A conversation on the wire and in LangChain, and what becomes of it."""

    name: str
    wire: list[dict[str, Any]]
    given: list[BaseMessage]
    refused: dict[str, str] = field(default_factory=dict[str, str])
    client: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """The messages that the client sends instead, or that it refuses."""
    fields: dict[str, Any] = field(default_factory=dict[str, Any])
    families: tuple[str, ...] = _ALL


_CALL = {"name": "look", "args": {}, "id": "look_0", "type": "tool_call"}


def _loop(reasoning: str | None) -> tuple[list[dict[str, Any]], list[BaseMessage]]:
    """A turn with a tool call, on the wire and in LangChain."""
    kept = {} if reasoning is None else {"reasoning_content": reasoning}
    called = AIMessage("", tool_calls=[_CALL], additional_kwargs=kept)
    given = [HumanMessage("Look"), called, ToolMessage("7", tool_call_id="look_0")]
    return turn_with_call("7", reasoning=reasoning), given


def _user(text: str) -> dict[str, Any]:
    return {"role": "user", "content": text}


def _reasoning() -> Iterator[Turns]:
    missing = (
        "thinking is enabled but reasoning_content is missing in assistant tool call "
        "message at index 1"
    )
    # The client sends an empty reasoning where the API wants one and none was kept.
    filled, _ = _loop("")
    for reasoning in ("r", ""):
        yield Turns(f"reasoning {reasoning!r}", *_loop(reasoning))
    wire, given = _loop(None)
    backfilled = dict.fromkeys(_THINKING, filled)
    yield Turns(
        "reasoning missing in the running loop",
        wire,
        given,
        _each(("k27", "k26"), missing),
        backfilled,
    )
    said = [{"role": "assistant", "content": "So."}, _user("And?")]
    later = [AIMessage("So."), HumanMessage("And?")]
    yield Turns(
        "reasoning missing in an earlier turn",
        [*wire, *said],
        [*given, *later],
        {"k27": missing},
        {family: [*filled, *said] for family in _THINKING},
    )
    yield Turns(
        "reasoning missing in an earlier turn, keep all",
        [*wire, *said],
        [*given, *later],
        {"k26": missing},
        {"k26": [*filled, *said]},
        {"thinking": {"type": "enabled", "keep": "all"}},
        ("k26",),
    )
    yield Turns(
        "reasoning missing in a plain turn",
        [_user("Hi"), *said],
        [HumanMessage("Hi"), *later],
    )


def _dynamic() -> Iterator[Turns]:
    """Tools in mid-conversation: K3 and later, in a system message of their own."""
    no_such = "tokenization failed"

    def system(text: str | None) -> dict[str, Any]:
        content = {} if text is None else {"content": text}
        return {"role": "system", "tools": [_LOOK], **content}

    def message(text: str) -> SystemMessage:
        return SystemMessage(text, additional_kwargs={"tools": [_LOOK]})

    yield Turns(
        "dynamic tools",
        [_user("Hi"), system(None)],
        [HumanMessage("Hi"), message("")],
        _each(_K2, no_such),
    )
    words = "Invalid request: tools cannot be used with content"
    yield Turns(
        "dynamic tools with content",
        [_user("Hi"), system("See.")],
        [HumanMessage("Hi"), message("See.")],
        {"k3": words, **_each(_K2, no_such)},
    )
    yield Turns(
        "a dynamic tool that there is already",
        [_user("Hi"), system(None)],
        [HumanMessage("Hi"), message("")],
        {"k3": "function name look is duplicated", **_each(_K2)},
        fields={"tools": [_LOOK]},
    )
    yield Turns(
        "only dynamic tools, required",
        [_user("Hi"), system(None)],
        [HumanMessage("Hi"), message("")],
        _each(_K2),
        fields={"tool_choice": "required"},
    )


def _shapes() -> Iterator[Turns]:
    yield Turns(
        "none", [], [], _each(_ALL, "Invalid request: messages must not be empty")
    )
    prefix = {"role": "assistant", "content": "So", "partial": True}
    partial = AIMessage("So", additional_kwargs={"partial": True})
    yield Turns("partial", [_user("Hi"), prefix], [HumanMessage("Hi"), partial])
    orphan = {"role": "tool", "tool_call_id": "x_0", "content": "7"}
    yield Turns(
        "an orphan result",
        [_user("Hi"), orphan],
        [HumanMessage("Hi"), ToolMessage("7", tool_call_id="x_0")],
        _each(_ALL, "Invalid request: tool_call_id x_0 is not found"),
    )
    wire, given = _loop("r")
    yield Turns("a call without its result", wire[:2], given[:2], _each(_ALL))
    link = {"url": "http://example.com/a.png"}
    part = {"type": "image_url", "image_url": link}
    yield Turns(
        "a public picture",
        [{"role": "user", "content": [part]}],
        [HumanMessage([part])],
        _each(_ALL, "unsupported image url"),
    )


_TURNS = [t for turns in (_reasoning, _dynamic, _shapes) for t in turns()]


def _matrix(cases: list[Any]) -> list[Any]:
    return [
        pytest.param(case, family, model, id=f"{case.name}-{model}-{family}")
        for case in cases
        for family in case.families
        for model in _COLUMNS[family][1]
    ]


@pytest.fixture(scope="module")
def api() -> Iterator[Emulator]:
    """One for the whole matrix: nothing in it leaves anything behind."""
    with Emulator() as emulator:
        yield emulator


@pytest.fixture
def build(api: Emulator) -> Iterator[Callable[[str], ChatKimi]]:
    """`build(model)` is a ChatKimi of the emulator."""
    built: list[ChatKimi] = []

    def make(model: str) -> ChatKimi:
        built.append(ChatKimi(model=model, api_key=api.api_key, base_url=api.base_url))
        return built[-1]

    yield make
    for model in built:
        model.close()


def test_the_table_has_every_current_model_and_mode() -> None:
    """A new row of the catalogue wants a column here."""
    table = {
        (model, "instant" if family == "off" else "thinking")
        for family, (_, models) in _COLUMNS.items()
        for model in models
    }
    assert table == {
        (model.id, mode)
        for model in current_models()
        for mode in ("thinking", "instant")
        if getattr(model, mode)
    }


def _check_reply(answer: Answer, refused: dict[str, str], family: str) -> None:
    if family not in refused:
        assert answer.status == 200, answer.raw
        return
    assert answer.status == 400, answer.raw
    kind, words = answer.error
    assert kind == "invalid_request_error"
    assert words == (refused[family] or words)


@pytest.mark.parametrize(("case", "family", "model"), _matrix(_CASES))
def test_the_emulator_answers_as_the_api(
    api: Emulator, case: Case, family: str, model: str
) -> None:
    """Raw requests: accepted, or refused in the API's words where they are known."""
    body = {"model": model, "messages": [_user("Hi")], **_COLUMNS[family][0]}
    _check_reply(post(api, {**body, **case.fields}), case.refused, family)


@pytest.mark.parametrize(("turns", "family", "model"), _matrix(_TURNS))
def test_the_emulator_answers_conversations_as_the_api(
    api: Emulator, turns: Turns, family: str, model: str
) -> None:
    """Reasoning that is missing, tools in mid-conversation, shapes."""
    body = {"model": model, "messages": turns.wire, **_COLUMNS[family][0]}
    _check_reply(post(api, {**body, **turns.fields}), turns.refused, family)


@pytest.mark.parametrize(("case", "family", "model"), _matrix(_CASES))
def test_the_client_sends_only_what_is_accepted(
    api: Emulator,
    build: Callable[[str], ChatKimi],
    case: Case,
    family: str,
    model: str,
) -> None:
    """As it was given; or refused before it is sent; or left out with one warning."""
    refused = family in case.refused
    wanted = case.client.get(family, _REFUSED if refused else (case.fields, 0))
    column = _COLUMNS[family][0]
    with _recorded(api) as (sent, told):
        _ask(build(model), "Hi", {**column, **case.fields}, refused=wanted == _REFUSED)
    if wanted == _REFUSED:
        assert sent == []
        return
    fields, count = wanted
    body = {"model": model, "messages": [_user("Hi")], **column, **fields}
    assert sent == [body]
    assert len(told) == count


@pytest.mark.parametrize(("turns", "family", "model"), _matrix(_TURNS))
def test_the_client_sends_only_conversations_that_are_accepted(
    api: Emulator,
    build: Callable[[str], ChatKimi],
    turns: Turns,
    family: str,
    model: str,
) -> None:
    """With an empty reasoning where the API wants one and none was kept."""
    refused = family in turns.refused
    wanted = turns.client.get(family, _REFUSED if refused else turns.wire)
    settings = {**_COLUMNS[family][0], **turns.fields}
    with _recorded(api) as (sent, told):
        _ask(build(model), turns.given, settings, refused=wanted == _REFUSED)
    body = {"model": model, "messages": wanted, **settings}
    assert sent == ([] if wanted == _REFUSED else [body])
    assert told == []


@contextmanager
def _recorded(api: Emulator) -> Iterator[tuple[list[Any], list[str]]]:
    """Collect the bodies that arrive and the warnings that are given meanwhile."""
    sent: list[Any] = []
    told: list[str] = []
    start = len(api.requests)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        yield sent, told
    sent += [json.loads(request.raw) for request in api.requests[start:]]
    told += [str(warning.message) for warning in caught]


def _ask(model: ChatKimi, given: Any, settings: Any, *, refused: bool) -> None:
    if refused:
        with pytest.raises(KimiSettingError):
            model.invoke(given, **settings)
    else:
        model.invoke(given, **settings)
