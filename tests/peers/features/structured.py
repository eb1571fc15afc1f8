"""Structured output."""

from functools import partial
from typing import Any

from langchain.agents import create_agent
from langchain.agents.structured_output import ProviderStrategy
from pydantic import BaseModel

from tests.peers.features.tools import Steps, get_weather
from tests.peers.peer import Peer, reasoning_of, refuse
from tests.peers.probing import feature
from tests.peers.wording import brief

row = partial(feature, group="Structured output", page="structured-output.md")
_EVERYWHERE = "test_structured.py::test_json_schema_is_the_default_and_works_everywhere"
_FEW_STEPS: Any = {"recursion_limit": 12}
_ASKED = "This is Ann, she is 30 years old."


class Person(BaseModel):
    """A person."""

    name: str
    age: int


class Names(BaseModel):
    """The names of a person."""

    first: str
    last: str


def _check(found: Any) -> None:
    assert isinstance(found, Person), f"returned {found!r}"


@row("typed answers by default, on the K3 family", source="6.1", tests=[_EVERYWHERE])
def structured_by_default(peer: Peer) -> None:
    _check(peer.model().with_structured_output(Person).invoke(_ASKED))


@structured_by_default.or_else('with method="json_schema"')
def _(peer: Peer) -> None:
    model = peer.model().with_structured_output(Person, method="json_schema")
    _check(model.invoke(_ASKED))


@structured_by_default.or_else('with method="json_mode", described in the prompt')
def _(peer: Peer) -> None:
    model = peer.model().with_structured_output(Names, method="json_mode")
    found = model.invoke('Answer in JSON, with "first" and "last"')
    assert isinstance(found, Names), f"returned {found!r}"


@row(
    "typed answers by default, while the K2 models think",
    source="6.1",
    tests=[_EVERYWHERE],
)
def structured_while_k2_thinks(peer: Peer) -> None:
    for model in ("kimi-k2.7-code", "kimi-k2.6"):
        _check(peer.model(model).with_structured_output(Person).invoke(_ASKED))


@structured_while_k2_thinks.or_else('with method="json_schema"')
def _(peer: Peer) -> None:
    for id in ("kimi-k2.7-code", "kimi-k2.6"):
        model = peer.model(id).with_structured_output(Person, method="json_schema")
        _check(model.invoke(_ASKED))


@row(
    "`json_schema` is sent as the API's own format",
    source="6.1, seed 000",
    tests=[_EVERYWHERE],
)
def json_schema(peer: Peer) -> None:
    model = peer.model().with_structured_output(Person, method="json_schema")
    _check(model.invoke(_ASKED))
    form = peer.body.get("response_format", {}).get("type")
    assert form == "json_schema", f"sent response_format {form}"


@row(
    "`function_calling` on the K3 family",
    source="6.1",
    tests=["test_structured.py::test_function_calling_forces_the_one_tool"],
)
def function_calling(peer: Peer) -> None:
    model = peer.model().with_structured_output(Person, method="function_calling")
    _check(model.invoke(_ASKED))


@row(
    "`json_mode`",
    source="6.1, seed 000",
    tests=["test_structured.py::test_json_mode_returns_a_dict"],
)
def json_mode(peer: Peer) -> None:
    model = peer.model().with_structured_output(None, method="json_mode")
    found = model.invoke('An object with the key "city", please')
    assert "city" in found, f"returned {found!r}"
    peer.sent("response_format", {"type": "json_object"})


@json_mode.or_else("with a schema")
def _(peer: Peer) -> None:
    model = peer.model().with_structured_output(Names, method="json_mode")
    found = model.invoke('Answer in JSON, with "first" and "last"')
    assert isinstance(found, Names), f"returned {found!r}"
    peer.sent("response_format", {"type": "json_object"})


@row(
    "`include_raw`, with the reasoning",
    source="6.1",
    tests=["test_structured.py::test_include_raw_returns_the_message_too"],
)
def include_raw(peer: Peer) -> None:
    model = peer.model().with_structured_output(Person, include_raw=True)
    found = model.invoke(_ASKED)
    _check(found["parsed"])
    assert reasoning_of(found["raw"]), "the reasoning is lost"


@row(
    "hard schemas (tuples, `Any`, recursion) adapted to Kimi's dialect, for answers",
    source="5.5, 5.6",
    tests=["test_structured.py::test_a_hard_schema_is_accepted_and_filled"],
)
def answer_schemas(peer: Peer) -> None:
    model = peer.model().with_structured_output(Steps)
    found = model.invoke("Steps, please")
    assert isinstance(found, Steps), f"returned {found!r}"


@answer_schemas.or_else('with method="json_schema"')
def _(peer: Peer) -> None:
    model = peer.model().with_structured_output(Steps, method="json_schema")
    found = model.invoke("Steps, please")
    assert isinstance(found, Steps), f"returned {found!r}"


@row(
    "an answer cut at the token limit raises instead of being guessed",
    source="3.1",
    tests=["test_structured.py::test_a_cut_answer_is_an_error_and_not_a_guess"],
)
def cut_structured(peer: Peer) -> None:
    class Note(BaseModel):
        """A note."""

        text: str

    peer.kimi.reply('{"text": "cut he', finish_reason="length")
    model = peer.model().with_structured_output(Note, method="json_schema")
    try:
        found = model.invoke("Note")
    except Exception as error:
        assert not peer.kimi.pending, f"asked in vain: {brief(error)}"
    else:
        raise AssertionError(f"returned {found!r}")


@row(
    "a method that cannot work (`function_calling` while K2 thinks) names the ways out",
    source="6.1",
    tests=[
        "test_structured.py::test_function_calling_while_k2_thinks_names_the_ways_out"
    ],
)
def function_calling_refused(peer: Peer) -> None:
    model = peer.model("kimi-k2.6")
    structured = model.with_structured_output(Person, method="function_calling")
    refuse(peer, lambda: structured.invoke(_ASKED), "json_schema")


@row(
    "agents ask for the API's own answer format (`create_agent(response_format=)`)",
    source="A.2",
    tests=["test_langchain.py::test_an_agent_with_tools_and_an_answer_format"],
)
def agent_format(peer: Peer) -> None:
    agent = create_agent(peer.model(), [get_weather], response_format=Person)
    found = agent.invoke({"messages": 'get_weather of "Paris"'}, _FEW_STEPS)
    _check(found["structured_response"])
    forms = ["response_format" in body for body in peer.bodies]
    assert all(forms), "asked with a forced tool instead"


@agent_format.or_else("with ProviderStrategy(...)")
def _(peer: Peer) -> None:
    agent = create_agent(
        peer.model(), [get_weather], response_format=ProviderStrategy(Person)
    )
    found = agent.invoke({"messages": 'get_weather of "Paris"'}, _FEW_STEPS)
    _check(found["structured_response"])


@row(
    "a `response_format` given by hand is adapted too",
    source="6.1",
    tests=["test_structured.py::test_response_format_given_by_hand_is_adapted"],
)
def format_by_hand(peer: Peer) -> None:
    schema = {"$schema": "http://json-schema.org/draft-07/schema#", "type": "object"}
    form = {"type": "json_schema", "json_schema": {"name": "x", "schema": schema}}
    assert peer.model().invoke("Hello!", response_format=form).text, "no answer"
