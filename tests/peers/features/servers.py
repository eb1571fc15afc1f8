"""Who else serves Kimi: self-hosted servers, gateways, other products and regions."""

from functools import partial

from langchain_core.exceptions import ContextOverflowError
from langchain_core.messages import ToolMessage

from tests.peers.peer import Peer, reasoning_of
from tests.peers.probing import feature
from tests.peers.wording import brief

row = partial(feature, group="Other servers and regions", page="self-hosted.md")
_WEIGHTS = "moonshotai/Kimi-K2.5"


def _reply(peer: Peer, message: bytes) -> None:
    """Answer as a server of which the emulator knows nothing."""
    peer.kimi.send(
        b'{"id":"1","object":"chat.completion","created":1,"model":"other","choices":'
        b'[{"index":0,"finish_reason":"stop","message":{"role":"assistant",'
        + message
        + b"}}]}"
    )


@row(
    "any other id and host (gateways, Kimi Code): sent as they are given",
    source="8",
    page="chat-kimi.md",
    tests=["test_settings.py::test_sampling_is_free_where_no_row_fixes_it"],
)
def other_hosts(peer: Peer) -> None:
    _reply(peer, b'"content":"Hello!"')
    answer = peer.model("kimi-for-coding").invoke("Hello!")
    peer.sent("model", "kimi-for-coding")
    assert answer.text == "Hello!", f"answered {answer.text!r}"


@row(
    "the Chinese platform, by name",
    source="0.1",
    page="chat-kimi.md",
    tests=["test_dialects.py::test_a_region_is_an_address"],
)
def china(peer: Peer) -> None:
    model = peer.client.prefix + "kimi-k3"
    assert peer.has("region"), "no setting region"
    built = peer.build(model=model, api_key="sk-x", region="china")
    assert built.base_url == "https://api.moonshot.cn/v1", built.base_url


@china.or_else("by its address")
def _(peer: Peer) -> None:
    address = {peer.client.base_url: "https://api.moonshot.cn/v1"}
    model = peer.client.prefix + "kimi-k3"
    peer.build(model=model, api_key="sk-x", **address)


@row(
    "thinking switched off on vLLM and SGLang (`chat_template_kwargs`)",
    source="4.4, seed 000",
    tests=["test_dialects.py::test_the_chat_template_is_told_how_to_think"],
)
def template_kwargs(peer: Peer) -> None:
    _reply(peer, b'"content":"Hello!"')
    peer.model(_WEIGHTS, dialect="vllm", thinking=False).invoke("Hello!")
    peer.sent("chat_template_kwargs", {"thinking": False})
    peer.sent("thinking", None)


@template_kwargs.or_else("through extra_body")
def _(peer: Peer) -> None:
    _reply(peer, b'"content":"Hello!"')
    off = {"thinking": False}
    peer.stretched(_WEIGHTS, chat_template_kwargs=off).invoke("Hello!")
    peer.sent("chat_template_kwargs", off)


@row(
    "the effort on OpenRouter, in its own form",
    source="4.4",
    tests=["test_dialects.py::test_openrouter_has_an_object_for_it"],
)
def openrouter(peer: Peer) -> None:
    _reply(peer, b'"content":"Hello!"')
    settings = {"dialect": "openrouter", "reasoning_effort": "low"}
    peer.model("moonshotai/kimi-k3", **settings).invoke("Hello!")
    peer.sent("reasoning", {"effort": "low"})


@openrouter.or_else("through extra_body")
def _(peer: Peer) -> None:
    _reply(peer, b'"content":"Hello!"')
    effort = {"effort": "low"}
    peer.stretched("moonshotai/kimi-k3", reasoning=effort).invoke("Hello!")
    peer.sent("reasoning", effort)


@row(
    "sampling, where the server leaves it free",
    source="4.4, seed 000",
    tests=["test_dialects.py::test_sampling_is_free_elsewhere"],
)
def free_sampling(peer: Peer) -> None:
    _reply(peer, b'"content":"Hello!"')
    dialect = {"dialect": "vllm"} if peer.has("dialect") else {}
    peer.model(_WEIGHTS, temperature=0.6, **dialect).invoke("Hello!")
    peer.sent("temperature", 0.6)


@row(
    "the `reasoning` field of newer vLLM, read and sent back",
    source="4.4",
    tests=["test_reasoning.py::test_reasoning_of_newer_vllm_goes_back_under_its_name"],
)
def vllm_reasoning(peer: Peer) -> None:
    _reply(peer, b'"content":"Four.","reasoning":"Two and two."')
    dialect = {"dialect": "vllm"} if peer.has("dialect") else {}
    model = peer.model(_WEIGHTS, **dialect)
    answer = model.invoke("2 + 2?")
    assert reasoning_of(answer) == "Two and two.", "the reasoning is lost"
    _reply(peer, b'"content":"Five."')
    model.invoke(["2 + 2?", answer, "And one?"])
    sent = peer.body["messages"][1].get("reasoning")
    assert sent == "Two and two.", "it did not go back"


@row(
    "the ids that K2's own template gives to calls, kept",
    source="3.4",
    tests=["test_dialects.py::test_native_call_ids_and_numbers_are_kept"],
)
def native_ids(peer: Peer) -> None:
    _reply(
        peer,
        b'"content":null,"tool_calls":[{"id":"functions.look:7","type":"function",'
        b'"function":{"name":"look","arguments":"{}"}}]',
    )
    dialect = {"dialect": "vllm"} if peer.has("dialect") else {}
    model = peer.model(_WEIGHTS, **dialect)
    answer = model.invoke("Look")
    result = ToolMessage("nothing", tool_call_id=answer.tool_calls[0]["id"])
    _reply(peer, b'"content":"Hello!"')
    model.invoke(["Look", answer, result])
    called, told = peer.body["messages"][1:]
    ids = [called["tool_calls"][0]["id"], told["tool_call_id"]]
    assert ids == ["functions.look:7"] * 2, f"sent {ids}"


@row(
    "a full context in vLLM's words is LangChain's `ContextOverflowError`",
    source="4.4",
    tests=["test_dialects.py::test_a_full_context_is_known_in_other_words"],
)
def overflow_elsewhere(peer: Peer) -> None:
    for _ in range(9):
        peer.kimi.fail(
            400,
            "BadRequestError",
            "This model's maximum context length is 6048 tokens. However, you "
            "requested 6616 tokens.",
        )
    try:
        peer.model(_WEIGHTS, max_retries=0).invoke("Hello!")
    except ContextOverflowError:
        return
    except Exception as error:
        raise AssertionError(f"no ContextOverflowError: {brief(error)}") from None
    raise AssertionError("answered")
