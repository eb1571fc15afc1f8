"""Other servers of the same models: each is written to, and read, in its own way."""

import json
from typing import Any

import pytest
from langchain_core.exceptions import ContextOverflowError
from langchain_core.load import dumpd, load
from langchain_core.messages import AIMessage, HumanMessage, ToolMessage

from langchain_kimi import ChatKimi, KimiFiles
from langchain_kimi.emulator import Emulator
from langchain_kimi.errors import KimiInvalidRequestError, KimiSettingError
from tests.conftest import Ask, Chat

_WEIGHTS = "moonshotai/Kimi-K2.5"
_PHOTO = {"type": "image", "url": "https://example.com/photo.jpg"}


def _reply(kimi: Emulator, **message: Any) -> None:
    """Script an answer of some other server, for a call that does not stream."""
    choice = {"index": 0, "message": {"role": "assistant", **message}}
    kimi.send(json.dumps({"model": _WEIGHTS, "choices": [choice]}).encode())


def _body(kimi: Emulator) -> dict[str, Any]:
    return {k: v for k, v in kimi.requests[-1].body.items() if k != "messages"}


def _sent(kimi: Emulator, model: ChatKimi, given: Any = "hi", **settings: Any) -> Any:
    """What reaches a server that answers anything."""
    _reply(kimi, content="Hello.")
    model.invoke(given, **settings)
    return _body(kimi)


@pytest.mark.parametrize("dialect", ["vllm", "sglang"])
@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"thinking": False}, {"thinking": False}),
        ({"thinking": True}, {"thinking": True}),
        ({"thinking": {"type": "disabled"}}, {"thinking": False}),
        (
            {"thinking": {"type": "enabled", "keep": "all"}},
            {"thinking": True, "preserve_thinking": True},
        ),
        (
            {"thinking": {"type": "enabled", "keep": None}},
            {"thinking": True, "preserve_thinking": False},
        ),
    ],
)
def test_the_chat_template_is_told_how_to_think(
    kimi: Emulator, chat: Chat, dialect: str, settings: Any, told: Any
) -> None:
    """In chat_template_kwargs: the key of the hosted API means nothing there."""
    body = _sent(kimi, chat(model=_WEIGHTS, dialect=dialect, **settings))
    assert body == {"model": _WEIGHTS, "chat_template_kwargs": told}


def test_the_template_takes_the_effort_of_models_that_have_one(
    kimi: Emulator, chat: Chat
) -> None:
    """By its row, with the aliases; a name without a row is sent anything."""
    model = chat(model="moonshotai/Kimi-K3", dialect="vllm", reasoning_effort="low")
    assert _sent(kimi, model)["chat_template_kwargs"] == {"thinking_effort": "low"}
    with pytest.warns(UserWarning, match="'medium' was sent as 'high'"):
        body = _sent(kimi, model, reasoning_effort="medium")
    assert body["chat_template_kwargs"] == {"thinking_effort": "high"}
    with pytest.raises(KimiSettingError, match="unknown to kimi-k3"):
        model.invoke("hi", reasoning_effort="huge")
    with pytest.warns(UserWarning, match=r"kimi-k2\.5 has no efforts"):
        body = _sent(kimi, chat(model=_WEIGHTS, dialect="vllm"), reasoning_effort="low")
    assert body == {"model": _WEIGHTS}
    other = chat(model="my-finetune", dialect="sglang", reasoning_effort="huge")
    assert _sent(kimi, other)["chat_template_kwargs"] == {"thinking_effort": "huge"}


@pytest.mark.parametrize("dialect", ["moonshot", "vllm", "sglang", "openrouter"])
@pytest.mark.parametrize("kind", ["off", "auto", None])
def test_an_unknown_kind_of_thinking_is_refused(
    kimi: Emulator, chat: Chat, dialect: str, kind: Any
) -> None:
    """A template would take it for a wish to think, and K3 was not told of it."""
    with pytest.raises(KimiSettingError, match="enabled or disabled"):
        chat(dialect=dialect, thinking={"type": kind}).invoke("hi")
    assert not kimi.requests


def test_an_unknown_keep_is_refused(kimi: Emulator, chat: Chat) -> None:
    """The template knows only whether."""
    with pytest.raises(KimiSettingError, match="'all' or None"):
        chat(dialect="vllm", thinking={"keep": "some"}).invoke("hi")
    assert not kimi.requests


@pytest.mark.parametrize("dialect", ["vllm", "sglang", "openrouter"])
def test_a_budget_is_told_to_be_left_out(
    kimi: Emulator, chat: Chat, dialect: str
) -> None:
    """Neither a template nor OpenRouter's object has the fields of another API."""
    thinking = {"type": "disabled", "budget_tokens": 9}
    with pytest.warns(UserWarning, match="thinking.budget_tokens was not sent"):
        body = _sent(kimi, chat(dialect=dialect, thinking=thinking))
    assert "budget_tokens" not in json.dumps(body)


def test_template_arguments_of_one_s_own_are_kept(kimi: Emulator, chat: Chat) -> None:
    """They join those that the settings make, and win."""
    extra = {"chat_template_kwargs": {"tone": "dry", "thinking": True}, "top_k": 20}
    model = chat(model=_WEIGHTS, dialect="vllm", thinking=False, extra_body=extra)
    body = _sent(kimi, model)
    assert body["chat_template_kwargs"] == {"thinking": True, "tone": "dry"}
    assert body["top_k"] == 20


def test_openrouter_has_an_object_for_it(kimi: Emulator, chat: Chat) -> None:
    """And efforts of its own, which it maps to the model's."""
    name = "moonshotai/kimi-k2.6"
    model = chat(model=name, dialect="openrouter", thinking=False)
    assert _sent(kimi, model)["reasoning"] == {"enabled": False}
    model = chat(model=name, dialect="openrouter", reasoning_effort="xhigh")
    assert _sent(kimi, model)["reasoning"] == {"effort": "xhigh"}
    keep = {"type": "enabled", "keep": "all"}
    with pytest.warns(UserWarning, match=r"thinking\.keep was not sent"):
        body = _sent(kimi, model, thinking=keep)
    assert body["reasoning"] == {"enabled": True, "effort": "xhigh"}


def test_a_proxy_is_sent_what_was_given(kimi: Emulator, chat: Chat) -> None:
    """LiteLLM knows the model behind a group, and mends what it would refuse."""
    model = chat(model="kimi-k3-low", dialect="litellm", temperature=0.2)
    named = {"type": "function", "function": {"name": "search"}}
    body = _sent(
        kimi,
        model.bind_tools([{"name": "search", "parameters": {}}], tool_choice="search"),
        thinking=False,
        reasoning_effort="medium",
        top_p=0.5,
        logit_bias={"1": 2},
    )
    assert body.pop("tools")
    assert body == {
        "model": "kimi-k3-low",
        "temperature": 0.2,
        "top_p": 0.5,
        "logit_bias": {"1": 2},
        "thinking": {"type": "disabled"},
        "reasoning_effort": "medium",
        "tool_choice": named,
    }


def test_an_alias_is_a_group_of_the_proxy(kimi: Emulator, chat: Chat) -> None:
    """Elsewhere it is written out, as for the hosted API."""
    alias = "kimi-k2.6-instant"
    assert _sent(kimi, chat(model=alias, dialect="litellm")) == {"model": alias}
    assert _sent(kimi, chat(model=alias, dialect="vllm")) == {
        "model": "kimi-k2.6",
        "chat_template_kwargs": {"thinking": False},
    }


@pytest.mark.parametrize("dialect", ["vllm", "sglang", "openrouter", "litellm"])
def test_sampling_is_free_elsewhere(kimi: Emulator, chat: Chat, dialect: str) -> None:
    """Only the hosted API fixes it; nothing is dropped, and nothing warned of."""
    model = chat(model="kimi-k2.6", dialect=dialect, temperature=0.3, top_p=0.8)
    body = _sent(kimi, model, n=1, logprobs=True, top_logprobs=2, presence_penalty=0.5)
    assert body == {
        "model": "kimi-k2.6",
        "temperature": 0.3,
        "top_p": 0.8,
        "n": 1,
        "logprobs": True,
        "top_logprobs": 2,
        "presence_penalty": 0.5,
    }


@pytest.mark.parametrize("dialect", ["vllm", "sglang", "openrouter", "litellm"])
def test_media_are_fetched_elsewhere(kimi: Emulator, chat: Chat, dialect: str) -> None:
    """An address that the hosted API would refuse is passed on."""
    model = chat(model=_WEIGHTS, dialect=dialect)
    _sent(kimi, model, [HumanMessage([_PHOTO])])
    part = kimi.requests[-1].body["messages"][0]["content"][0]
    assert part == {"type": "image_url", "image_url": {"url": _PHOTO["url"]}}
    assert model.profile is not None
    assert model.profile["image_url_inputs"] is True


_ROUND_TRIPS = [
    # (dialect, the key it came under, the key it goes back under)
    ("vllm", "reasoning", "reasoning"),
    ("vllm", "reasoning_content", "reasoning_content"),
    ("sglang", "reasoning_content", "reasoning_content"),
    ("sglang", "reasoning", "reasoning"),
    ("openrouter", "reasoning", "reasoning"),
    ("openrouter", "reasoning_content", "reasoning_content"),
    ("auto", "reasoning", "reasoning"),
    ("auto", "reasoning_content", "reasoning_content"),
    ("moonshot", "reasoning", "reasoning_content"),
]


@pytest.mark.parametrize(("dialect", "came", "goes"), _ROUND_TRIPS)
@pytest.mark.parametrize("streams", [False, True])
def test_reasoning_goes_back_under_the_key_it_came_under(
    kimi: Emulator, chat: Chat, dialect: str, came: str, goes: str, streams: bool
) -> None:
    """Whole and streamed; Moonshot's own API knows but one."""
    model = chat(model=_WEIGHTS, dialect=dialect)
    if streams:
        deltas = [{came: "Two "}, {came: "and two."}, {"content": "4"}]
        events: list[Any] = [
            {"choices": [{"index": 0, "delta": delta}]} for delta in deltas
        ]
        events[-1]["choices"][0]["finish_reason"] = "stop"
        lines = [f"data: {json.dumps(event)}\n\n" for event in events]
        body = "".join([*lines, "data: [DONE]\n\n"]).encode()
        kimi.send(body, content_type="text/event-stream")
    else:
        _reply(kimi, content="4", **{came: "Two and two."})
    answer = model.invoke("2+2?", stream=streams)
    assert answer.additional_kwargs["reasoning_content"] == "Two and two."
    _sent(kimi, model, ["2+2?", answer, "Sure?"])
    wire = kimi.requests[-1].body["messages"][1]
    assert wire == {"role": "assistant", "content": "4", goes: "Two and two."}


def test_a_conversation_may_move_between_servers(kimi: Emulator, chat: Chat) -> None:
    """Each is sent the reasoning under the key that it reads."""
    hosted, vllm = chat(dialect="moonshot"), chat(model=_WEIGHTS, dialect="vllm")
    kimi.reply("4", reasoning="Two and two.")
    of_kimi = hosted.invoke("2+2?")
    _sent(kimi, vllm, ["2+2?", of_kimi, "Sure?"])
    assert kimi.requests[-1].body["messages"][1]["reasoning"] == "Two and two."
    _reply(kimi, content="Yes", reasoning="I am.")
    of_vllm = vllm.invoke("Sure?")
    hosted.invoke(["Sure?", of_vllm, "Really?"])
    assert kimi.requests[-1].body["messages"][1]["reasoning_content"] == "I am."


async def test_native_call_ids_and_numbers_are_kept(kimi: Emulator, chat: Chat) -> None:
    """The templates of K2 number calls through the conversation: as they came."""
    model = chat(model=_WEIGHTS, dialect="vllm")
    call = {"id": "functions.add:7", "type": "function"}
    function = {"name": "add", "arguments": '{"a": 1}'}
    _reply(kimi, content=None, tool_calls=[{**call, "function": function}])
    answer = await model.ainvoke("add")
    result = ToolMessage("2", tool_call_id=answer.tool_calls[0]["id"])
    _sent(kimi, model, ["add", answer, result])
    sent = kimi.requests[-1].body["messages"]
    assert sent[1]["tool_calls"] == [{**call, "function": function}]
    assert sent[2]["tool_call_id"] == "functions.add:7"


def test_synthesized_calls_get_no_empty_reasoning(kimi: Emulator, chat: Chat) -> None:
    """Only the hosted API asks for it."""
    call = {"name": "add", "args": {}, "id": "x", "type": "tool_call"}
    history = [
        "hi",
        AIMessage("", tool_calls=[call]),
        ToolMessage("1", tool_call_id="x"),
    ]
    _sent(kimi, chat(model=_WEIGHTS, dialect="vllm"), history)
    assert kimi.requests[-1].body["messages"][1].keys() == {"role", "tool_calls"}


_OVERFLOWS = [
    # vLLM, of 2025 and of 2026; SGLang; OpenRouter.
    {
        "object": "error",
        "message": "This model's maximum context length is 6048 tokens. However, you "
        "requested 6616 tokens.",
        "type": "BadRequestError",
        "code": 400,
    },
    {
        "error": {
            "message": "This model's maximum context length is 6048 tokens.",
            "type": "BadRequestError",
            "code": 400,
        }
    },
    {
        "object": "error",
        "message": "The input (9000 tokens) is longer than the model's context length "
        "(8192 tokens).",
        "type": "BadRequestError",
    },
    {
        "error": {
            "message": "This endpoint's maximum context length is 262144 tokens.",
            "code": 400,
        }
    },
]


@pytest.mark.parametrize("body", _OVERFLOWS)
async def test_a_full_context_is_known_in_other_words(
    kimi: Emulator, chat: Chat, ask: Ask, body: dict[str, Any]
) -> None:
    """LangChain's summarization acts on the class."""
    kimi.send(json.dumps(body).encode(), status=400)
    with pytest.raises(ContextOverflowError, match="context length"):
        await ask(chat(model=_WEIGHTS, dialect="vllm"), "hi")


def test_another_refusal_of_such_a_server_is_none(kimi: Emulator, chat: Chat) -> None:
    """A bad request stays one."""
    kimi.send(b'{"object":"error","message":"bad","code":400}', status=400)
    with pytest.raises(KimiInvalidRequestError, match="bad") as caught:
        chat(model=_WEIGHTS, dialect="vllm").invoke("hi")
    assert not isinstance(caught.value, ContextOverflowError)


_ADDRESSES = [
    ("https://api.moonshot.ai/v1", "moonshot"),
    ("https://api.moonshot.cn/v1", "moonshot"),
    ("https://api.kimi.com/coding/v1", "moonshot"),
    ("https://openrouter.ai/api/v1", "openrouter"),
    ("https://openrouter.ai.example.com/v1", "moonshot"),
    ("https://notopenrouter.ai/v1", "moonshot"),
    ("http://localhost:8000/v1", "moonshot"),
]


@pytest.mark.parametrize(("address", "name"), _ADDRESSES)
def test_the_address_tells_the_dialect(address: str, name: str) -> None:
    """What is not known speaks as Moonshot does; a given dialect stands."""
    assert ChatKimi(base_url=address, api_key="k")._dialect.name == name
    given = ChatKimi(base_url=address, api_key="k", dialect="vllm")
    assert given._dialect.name == "vllm"


def test_an_unknown_dialect_is_refused() -> None:
    """With those that there are."""
    with pytest.raises(KimiSettingError, match=r"^dialect='ollama': .* 'vllm'"):
        ChatKimi(api_key="k", dialect="ollama")
    with pytest.raises(
        KimiSettingError, match=r"give it to ChatKimi\(dialect=\.\.\.\)"
    ):
        ChatKimi(api_key="k").invoke("hi", dialect="vllm")
    copied = ChatKimi(api_key="k").model_copy(update={"dialect": "ollama"})
    with pytest.raises(KimiSettingError, match="'auto', 'moonshot', 'vllm'"):
        copied.invoke("hi")


_NAMES = [
    ("vllm", "moonshotai/Kimi-K2.5", 262_144),
    ("vllm", "moonshotai/Kimi-K2-Instruct", 131_072),
    ("sglang", "Kimi-K2-Instruct-0905", 262_144),
    ("openrouter", "moonshotai/kimi-k2:free", 131_072),
    ("openrouter", "moonshotai/kimi-k2-thinking", 262_144),
    ("litellm", "kimi", 1_048_576),
    ("litellm", "kimi-k3-max", 1_048_576),
    ("litellm", "moonshot/kimi-k2.6", 262_144),
]


@pytest.mark.parametrize(("dialect", "name", "window"), _NAMES)
def test_the_profile_follows_the_model_behind_a_name(
    dialect: Any, name: str, window: int
) -> None:
    """Agents ask for the window, and for what is free elsewhere."""
    profile = ChatKimi(model=name, dialect=dialect, api_key="k").profile
    assert profile is not None
    assert profile["max_input_tokens"] == window
    assert profile["temperature"] is True
    assert profile["tool_choice"] is True


def test_the_profile_knows_a_group_that_does_not_think() -> None:
    """By its name, which the proxy is sent as it is."""
    model = ChatKimi(model="kimi-k2.6-instant", dialect="litellm", api_key="k")
    assert model.profile is not None
    assert model.profile["reasoning_output"] is False


def test_other_names_mean_nothing_to_the_hosted_api(chat: Chat) -> None:
    """They have no row there, and so no profile."""
    assert chat(model="moonshotai/Kimi-K2.5", dialect="moonshot").profile is None


@pytest.mark.parametrize(
    ("region", "address"),
    [("global", "https://api.moonshot.ai/v1"), ("china", "https://api.moonshot.cn/v1")],
)
def test_a_region_is_an_address(
    monkeypatch: pytest.MonkeyPatch, region: Any, address: str
) -> None:
    """For every class; it is given, so that it goes before the environment."""
    monkeypatch.setenv("MOONSHOT_API_BASE", "http://127.0.0.1:9/v1")
    monkeypatch.setenv("MOONSHOT_API_KEY", "sk-global")
    monkeypatch.setenv("MOONSHOT_CN_API_KEY", "sk-china")
    model = ChatKimi(region=region)
    assert model.base_url == address
    assert model.api_key.get_secret_value() == f"sk-{region}"
    assert KimiFiles(region=region)._clients.settings.base_url == address
    assert ChatKimi(**model.__dict__).base_url == address
    assert ChatKimi().base_url == "http://127.0.0.1:9/v1"
    monkeypatch.delenv("MOONSHOT_CN_API_KEY")
    assert ChatKimi(region=region).api_key.get_secret_value() == "sk-global"


def test_two_addresses_are_refused() -> None:
    """Neither of them wins in silence."""
    with pytest.raises(KimiSettingError, match=r"region='china' .* two addresses"):
        ChatKimi(region="china", base_url="https://api.moonshot.ai/v1", api_key="k")
    with pytest.raises(KimiSettingError, match="'global' or 'china'"):
        ChatKimi(region="mars", api_key="k")
    with pytest.raises(KimiSettingError, match="'global' or 'china'"):
        ChatKimi(region=["china"], api_key="k")


def test_a_region_that_comes_later_is_refused(kimi: Emulator, chat: Chat) -> None:
    """An assignment or a copy moves no address: the key would go to the other one."""
    model = chat()
    for moved in (model.model_copy(update={"region": "china"}), model):
        moved.region = "china"
        with pytest.raises(KimiSettingError, match="two addresses"):
            moved.invoke("hi")
    assert not kimi.requests


def test_a_dump_of_a_region_takes_the_region_s_key(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The other platform's key would be refused there."""
    monkeypatch.setenv("MOONSHOT_API_KEY", "sk-global")
    monkeypatch.setenv("MOONSHOT_CN_API_KEY", "sk-china")
    loaded = load(
        dumpd(ChatKimi(region="china")),
        allowed_objects=[ChatKimi],
        valid_namespaces=["langchain_kimi"],
        secrets_from_env=True,
    )
    assert loaded.api_key.get_secret_value() == "sk-china"
    assert loaded.region == "china"


def test_a_group_costs_what_its_model_costs(chat: Chat) -> None:
    """The proxy's name of a model says which prices hold."""
    usage = {"input_tokens": 1_000_000, "output_tokens": 0, "total_tokens": 1_000_000}
    costs = {
        name: chat(model=name, dialect="litellm").cost(usage).total
        for name in ("kimi-k3-low", "kimi", "moonshot/kimi-k3")
    }
    assert set(costs.values()) == {chat().cost(usage).total}
