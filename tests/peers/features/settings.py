"""The parameters of a request, one by one, and what the API does not take."""

import warnings
from functools import partial

from tests.peers.peer import Peer, refuse
from tests.peers.probing import Feature, feature
from tests.peers.wording import brief

row = partial(feature, group="Parameters", page="chat-kimi.md")
_SENT = "test_settings.py::test_every_setting_is_sent_by_the_api_s_name"


@row(
    "the output cap, by its current name `max_completion_tokens`",
    source="2.1",
    tests=[_SENT],
)
def max_tokens(peer: Peer) -> None:
    name = "max_completion_tokens"
    peer.model(**{name if peer.has(name) else "max_tokens": 500}).invoke("Hello!")
    peer.sent(name, 500)


@max_tokens.or_else("by the deprecated name max_tokens")
def _(peer: Peer) -> None:
    peer.model(max_tokens=500).invoke("Hello!")
    peer.sent("max_tokens", 500)


@row(
    "`stop` as a field and for a call",
    source="2.1, seed 000",
    tests=["test_settings.py::test_every_setting_is_sent_by_the_api_s_name"],
)
def stop(peer: Peer) -> None:
    peer.model(stop=["END"]).invoke("Hello!")
    peer.sent("stop", ["END"])
    peer.model().invoke("Hello!", stop=["END"])
    peer.sent("stop", ["END"])


@stop.or_else("for a call only")
def _(peer: Peer) -> None:
    peer.model().invoke("Hello!", stop=["END"])
    peer.sent("stop", ["END"])


@row(
    "`temperature=0`, as frameworks set it, does not fail",
    source="1.2, seed 000",
    tests=["test_settings.py::test_fixed_sampling_is_dropped_with_one_warning"],
)
def fixed_sampling(peer: Peer) -> None:
    assert peer.model(temperature=0).invoke("Hello!").text, "no answer"


@row(
    "what is left out of a request is told",
    source="1.2",
    tests=["test_settings.py::test_fixed_sampling_is_dropped_with_one_warning"],
)
def told_of_dropping(peer: Peer) -> None:
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        peer.model(temperature=0).invoke("Hello!")
    words = [str(warning.message) for warning in told]
    assert "temperature" not in peer.body, "temperature was sent"
    assert any("temperature" in text for text in words), "dropped in silence"


@row(
    "a setting over the API's limits (six stops) is refused before it is sent",
    source="2.1",
    tests=[
        "test_settings.py::test_what_the_api_rejects_is_refused_before_sending",
        "test_parameters.py::test_the_client_sends_only_what_is_accepted",
    ],
)
def limits(peer: Peer) -> None:
    refuse(peer, lambda: peer.model().invoke("Hello!", stop=list("abcdef")))


@row(
    "a misspelt setting is refused",
    source="2.1",
    tests=["test_settings.py::test_a_wrong_field_is_refused_when_it_is_built"],
)
def misspelt_settings(peer: Peer) -> None:
    target = {"api_key": "sk-x", peer.client.base_url: peer.kimi.base_url}
    model = peer.client.prefix + "kimi-k3"
    refuse(
        peer,
        lambda: peer.build(model=model, temprature=1, **target).invoke("Hello!"),
        "temprature",
    )


def _setting(name: str, value: object, source: str, test: str = _SENT) -> Feature:
    def probe(peer: Peer) -> None:
        peer.model(**{name: value}).invoke("Hello!")
        peer.sent(name, value)

    def stretched(peer: Peer) -> None:
        peer.stretched(**{name: value}).invoke("Hello!")
        peer.sent(name, value)

    probe.__name__ = name
    made = row(f"`{name}`", source=source, tests=[test])(probe)
    return made.or_else("through extra_body")(stretched)


_setting("prompt_cache_key", "session-1", "2.1, 7.5")
_setting("safety_identifier", "user-1", "2.1")
_setting(
    "prompt_cache_options",
    {"mode": "implicit", "ttl": "1h"},
    "2.1, 7.5",
    "test_account.py::test_cache_options_are_sent_as_they_are",
)


@row(
    "`prediction`, and whatever is new to the API, by its name",
    source="2.1",
    tests=[_SENT],
)
def new_parameters(peer: Peer) -> None:
    prediction = {"type": "content", "content": "x"}
    peer.model(model_kwargs={"prediction": prediction}).invoke("Hello!")
    peer.sent("prediction", prediction)


@new_parameters.or_else("through extra_body")
def _(peer: Peer) -> None:
    prediction = {"type": "content", "content": "x"}
    peer.stretched(prediction=prediction).invoke("Hello!")
    peer.sent("prediction", prediction)


@row(
    "a call or `bind` overrides the model's settings, the model id too",
    source="A",
    tests=["test_settings.py::test_bind_and_call_override_the_fields"],
)
def call_overrides(peer: Peer) -> None:
    other = peer.client.prefix + "kimi-k2.6"
    peer.model(max_tokens=500).bind(model=other).invoke("Hello!", max_tokens=300)
    peer.sent("model", "kimi-k2.6")
    cap = peer.body.get("max_completion_tokens", peer.body.get("max_tokens"))
    assert cap == 300, f"a cap of {cap}"


@row(
    "headers of one's own, such as `X-Msh-Request-Nonce`",
    source="2.1, 3.3",
    tests=["test_settings.py::test_headers_are_sent"],
)
def request_headers(peer: Peer) -> None:
    headers = {"X-Msh-Request-Nonce": "n1"}
    peer.model(**{peer.client.headers: headers}).invoke("Hello!")
    found = peer.kimi.requests[-1].headers.get("X-Msh-Request-Nonce")
    assert found == "n1", "the header was not sent"


@row(
    "key and host from MOONSHOT_API_KEY and MOONSHOT_API_BASE",
    source="0.1",
    tests=["test_settings.py::test_key_and_host_come_from_the_environment"],
)
def environment(peer: Peer) -> None:
    values = {
        "MOONSHOT_API_KEY": peer.kimi.api_key,
        "MOONSHOT_API_BASE": peer.kimi.base_url,
    }
    with peer.environment(**values):
        peer.build(model=peer.client.prefix + "kimi-k3").invoke("Hello!")
    assert peer.bodies, "nothing arrived"


@environment.or_else("through variables of another vendor")
def _(peer: Peer) -> None:
    values = {"api_key": peer.kimi.api_key, "base_url": peer.kimi.base_url}
    variables = {name: values[what] for name, what in peer.client.variables.items()}
    with peer.environment(**variables):
        peer.build(model=peer.client.prefix + "kimi-k3").invoke("Hello!")
    assert peer.bodies, "nothing arrived"


@row(
    "a refused key is told with the regions it may belong to",
    source="0.1, 2.4",
    tests=["test_errors.py::test_a_refused_key_is_told_with_the_regions"],
    api_keys=["sk-good"],
)
def regions(peer: Peer) -> None:
    target = {"api_key": "sk-other", peer.client.base_url: peer.kimi.base_url}
    model = peer.build(model=peer.client.prefix + "kimi-k3", **target)
    try:
        model.invoke("Hello!")
    except Exception as error:
        assert "moonshot.cn" in str(error), f"told only: {brief(error)}"
    else:
        raise AssertionError("answered")
