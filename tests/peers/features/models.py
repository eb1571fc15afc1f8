"""Models, thinking and effort."""

from functools import partial
from typing import Any

from langchain_kimi.catalogue import current_models
from tests.peers.peer import Peer, reasoning_of, refuse
from tests.peers.probing import feature
from tests.peers.wording import brief

row = partial(feature, group="Models and thinking", page="chat-kimi.md")


@row(
    "every current model answers",
    source="1.1",
    tests=["test_structured.py::test_json_schema_is_the_default_and_works_everywhere"],
)
def current_model_ids(peer: Peer) -> None:
    for model in current_models():
        assert peer.model(model.id).invoke("Hello!").text, f"{model.id}: no text"


@row(
    "a retired model is told with its successor",
    source="1.3",
    tests=["test_errors.py::test_a_retired_model_is_told_with_date_and_successor"],
)
def retired_models(peer: Peer) -> None:
    try:
        peer.model("kimi-k2.5").invoke("Hello!")
    except Exception as error:
        assert "retired" in str(error), f"told only: {brief(error)}"
    else:
        raise AssertionError("answered")


@row(
    "a model without thinking by its own name (`kimi-k2.6-instant`)",
    source="1.3, seed 004",
    tests=["test_settings.py::test_thinking_is_sent_as_the_row_takes_it"],
)
def instant_names(peer: Peer) -> None:
    answer = peer.model("kimi-k2.6-instant").invoke("Hello!")
    peer.sent("thinking", {"type": "disabled"})
    assert not reasoning_of(answer), "it has thought"


@row(
    "thinking switched off on `kimi-k2.6`",
    source="4.1, seed 000",
    tests=["test_settings.py::test_thinking_is_sent_as_the_row_takes_it"],
)
def thinking_off(peer: Peer) -> None:
    peer.model("kimi-k2.6", thinking=False).invoke("Hello!")
    peer.sent("thinking", {"type": "disabled"})


@thinking_off.or_else("through extra_body")
def _(peer: Peer) -> None:
    peer.stretched("kimi-k2.6", thinking={"type": "disabled"}).invoke("Hello!")
    peer.sent("thinking", {"type": "disabled"})


@row(
    "thinking switched off where it cannot be is refused",
    source="4.1",
    tests=["test_settings.py::test_what_the_api_rejects_is_refused_before_sending"],
)
def thinking_off_refused(peer: Peer) -> None:
    if peer.has("thinking"):
        model = peer.model(thinking=False)
    else:
        model = peer.stretched(thinking={"type": "disabled"})
    refuse(peer, lambda: model.invoke("Hello!"), "think")


@row(
    "reasoning of earlier turns kept on `kimi-k2.6` (`keep`)",
    source="4.1",
    tests=["test_settings.py::test_thinking_is_sent_as_the_row_takes_it"],
)
def thinking_keep(peer: Peer) -> None:
    keep = {"type": "enabled", "keep": "all"}
    peer.model("kimi-k2.6", thinking=keep).invoke("Hello!")
    peer.sent("thinking", keep)


@thinking_keep.or_else("through extra_body")
def _(peer: Peer) -> None:
    keep = {"type": "enabled", "keep": "all"}
    peer.stretched("kimi-k2.6", thinking=keep).invoke("Hello!")
    peer.sent("thinking", keep)


@row(
    "`reasoning_effort` on the K3 family",
    source="2.1, 4.1",
    tests=["test_settings.py::test_every_setting_is_sent_by_the_api_s_name"],
)
def reasoning_effort(peer: Peer) -> None:
    peer.model(reasoning_effort="low").invoke("Hello!")
    peer.sent("reasoning_effort", "low")


@reasoning_effort.or_else("through extra_body")
def _(peer: Peer) -> None:
    peer.stretched(reasoning_effort="low").invoke("Hello!")
    peer.sent("reasoning_effort", "low")


@row(
    "an effort that K3 lacks is mapped or refused, not ignored in silence",
    source="4.1",
    tests=["test_settings.py::test_effort_aliases_are_mapped_with_a_warning"],
)
def unknown_efforts(peer: Peer) -> None:
    _effort_that_k3_lacks(peer, peer.model(reasoning_effort="xhigh"))


@unknown_efforts.or_else("through extra_body")
def _(peer: Peer) -> None:
    _effort_that_k3_lacks(peer, peer.stretched(reasoning_effort="xhigh"))


@unknown_efforts.or_else("through model_kwargs")
def _(peer: Peer) -> None:
    kwargs = {"reasoning_effort": "xhigh"}
    _effort_that_k3_lacks(peer, peer.model(model_kwargs=kwargs))


def _effort_that_k3_lacks(peer: Peer, model: Any) -> None:
    try:
        model.invoke("Hello!")
    except Exception as error:
        assert not peer.kimi.requests, brief(error)
    else:
        peer.sent("reasoning_effort", "max")
