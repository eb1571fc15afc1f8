"""Settings: only what was set is sent, and what the API rejects never is."""

import re
import warnings
from typing import Any

import pytest
from langchain_core.messages import HumanMessage
from langchain_core.runnables import ConfigurableField
from pydantic import SecretStr

from langchain_kimi import ChatKimi, KimiBatches, KimiFiles, KimiFormulaToolkit
from langchain_kimi._refusal import KimiSettingError
from langchain_kimi.catalogue import MODELS, Model, current_models
from langchain_kimi.emulator import Emulator
from tests.conftest import Ask, Chat


def _body(kimi: Emulator) -> dict[str, Any]:
    body = dict(kimi.requests[-1].body)
    body.pop("messages")
    return body


async def test_nothing_is_sent_that_was_not_set(
    kimi: Emulator, chat: Chat, ask: Ask
) -> None:
    """Except what the API needs, and the usage of a stream."""
    await ask(chat(), "hi")
    body = _body(kimi)
    if body.get("stream"):
        assert body == {
            "model": "kimi-k3",
            "stream": True,
            "stream_options": {"include_usage": True},
        }
    else:
        assert body == {"model": "kimi-k3"}
    assert kimi.requests[-1].body["messages"] == [{"role": "user", "content": "hi"}]


async def test_every_setting_is_sent_by_the_api_s_name(
    kimi: Emulator, chat: Chat, ask: Ask
) -> None:
    """Fields, model_kwargs, extra_body, and the call's own on top."""
    model = chat(
        max_tokens=2000,
        stop=["END"],
        reasoning_effort="low",
        prompt_cache_key="session-1",
        safety_identifier="user-1",
        stream_usage=False,
        model_kwargs={"prediction": {"type": "content", "content": "x"}},
        extra_body={"anything": 1, "temperature": 1},
    )
    await ask(model, "hi", max_completion_tokens=3000, stop=["FIN"], seed=7)
    body = _body(kimi)
    body.pop("stream", None)
    assert body == {
        "model": "kimi-k3",
        "max_completion_tokens": 3000,
        "stop": ["FIN"],
        "reasoning_effort": "low",
        "prompt_cache_key": "session-1",
        "safety_identifier": "user-1",
        "prediction": {"type": "content", "content": "x"},
        "seed": 7,
        "temperature": 1,
        "anything": 1,
    }


async def test_field_names_of_other_chat_models_work(chat: Chat) -> None:
    """By field name or alias."""
    model = chat(
        model_name="kimi-k2.6",
        max_completion_tokens=5,
        stop_sequences=["x"],
        request_timeout=3,
    )
    assert (model.model_name, model.max_tokens) == ("kimi-k2.6", 5)
    assert (model.stop, model.timeout) == (["x"], 3)


@pytest.mark.parametrize(
    ("environment", "arguments", "key", "base"),
    [
        ({"MOONSHOT_API_KEY": "sk-m", "KIMI_API_KEY": "sk-k"}, {}, "sk-m", None),
        ({"KIMI_API_KEY": "sk-k"}, {}, "sk-k", None),
        ({"MOONSHOT_API_KEY": "sk-m"}, {"api_key": "sk-a"}, "sk-a", None),
        (
            {"MOONSHOT_API_BASE": "https://a/v1", "MOONSHOT_BASE_URL": "https://b/v1"},
            {"api_key": "sk-a"},
            "sk-a",
            "https://a/v1",
        ),
        (
            {"MOONSHOT_BASE_URL": "https://b/v1", "KIMI_BASE_URL": "https://c/v1"},
            {"api_key": "sk-a"},
            "sk-a",
            "https://b/v1",
        ),
        (
            {"KIMI_BASE_URL": "https://c/v1"},
            {"api_key": "sk-a"},
            "sk-a",
            "https://c/v1",
        ),
        (
            {"MOONSHOT_API_BASE": "https://a/v1"},
            {"api_key": "sk-a", "base_url": "https://d/v1"},
            "sk-a",
            "https://d/v1",
        ),
    ],
)
def test_key_and_host_come_from_the_environment(
    monkeypatch: pytest.MonkeyPatch,
    environment: dict[str, str],
    arguments: dict[str, str],
    key: str,
    base: str | None,
) -> None:
    """In the documented order; without any, the international platform."""
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    model = ChatKimi(**arguments)
    assert model.api_key.get_secret_value() == key
    assert model.base_url == (base or "https://api.moonshot.ai/v1")
    assert model.model_name == "kimi-k3"


def test_a_missing_key_is_told_with_its_variables() -> None:
    """Before anything is sent."""
    with pytest.raises(ValueError, match="MOONSHOT_API_KEY or KIMI_API_KEY"):
        ChatKimi()


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"temperature": "hot"}, "temperature='hot'.*valid number"),
        ({"max_tokens": "many"}, "max_tokens='many'.*valid integer"),
        ({"max_retries": -1}, "max_retries=-1.*greater than or equal to 0"),
        ({"timeout": 0}, "timeout=0: .*greater than 0"),
        ({"temprature": 1}, "no setting 'temprature'.*Did you mean 'temperature'"),
        ({"thinking": 3}, "thinking"),
        ({"stop": 3}, "stop"),
    ],
)
def test_a_wrong_field_is_refused_when_it_is_built(
    fields: dict[str, Any], words: str
) -> None:
    """With the name, what was given and what is accepted, and without the key."""
    with pytest.raises(KimiSettingError, match=words) as caught:
        ChatKimi(api_key="sk-secret-marker", **fields)
    assert "marker" not in str(caught.value)
    assert "marker" not in repr(caught.value.__cause__)


@pytest.mark.parametrize(
    ("fields", "settings", "words"),
    [
        ({}, {"temprature": 1}, "no setting 'temprature'. Did you mean 'temperature'"),
        ({}, {"max_retries": 1}, r"give it to ChatKimi\(max_retries="),
        ({}, {"reasoning_effort": ["low"]}, "reasoning_effort"),
        ({}, {"temperature": "hot"}, "temperature"),
        ({}, {"stop": "\ud800"}, "surrogates"),
        ({}, {"logprobs": True}, "only false is allowed"),
        ({}, {"top_logprobs": 2}, "logprobs must be set to true"),
        ({}, {"logit_bias": {"1": 2}}, "logit_bias is not supported"),
        ({}, {"stop": list("abcdef")}, "at most 5"),
        ({}, {"stop": ["é" * 17]}, "32 bytes"),
        ({}, {"max_tokens": 0}, "positive integer"),
        ({}, {"max_tokens": 2_000_000}, "at most 1048576"),
        ({}, {"response_format": {"type": "xml"}}, "json_object, json_schema"),
        ({}, {"reasoning_effort": "ultra"}, "low, high, max.*minimal, medium, xhigh"),
        ({}, {"thinking": False}, "always thinks.*kimi-k2.6"),
        ({}, {"thinking": {"type": "disabled"}}, "always thinks"),
        ({"model": "kimi-k2.7-code"}, {"thinking": False}, "always thinks"),
        (
            {"model": "kimi-k2.6"},
            {"thinking": {"type": "maybe"}},
            "enabled or disabled",
        ),
        ({"model": "kimi-k2.6"}, {"thinking": {"keep": "some"}}, "keep=all or null"),
        ({"model": "kimi-k2.6"}, {"thinking": {"typ": "x"}}, "unknown field typ"),
        ({"model": "kimi-k2.6"}, {"thinking": "yes"}, "True, False, or the API's"),
        ({"model": "moonshot-v1-8k"}, {"thinking": True}, "never thinks"),
        ({}, {"tool_choice": "required"}, "needs tools"),
        ({}, {"model": 3}, "model=3 is not a model id"),
        ({}, {"extra_body": "x"}, "extra_body='x' is not a dict"),
        ({}, {"seed": float("nan")}, "cannot be written as JSON"),
        ({}, {"seed": object()}, "cannot be written as JSON"),
    ],
)
async def test_what_the_api_rejects_is_refused_before_sending(
    kimi: Emulator,
    chat: Chat,
    ask: Ask,
    fields: dict[str, Any],
    settings: dict[str, Any],
    words: str,
) -> None:
    """With the model, the value, what is accepted and what to do."""
    with pytest.raises(KimiSettingError, match=words):
        await ask(chat(**fields), "hi", **settings)
    assert not kimi.requests


async def test_half_a_surrogate_pair_is_refused(kimi: Emulator, chat: Chat) -> None:
    """UTF-8 cannot say it."""
    with pytest.raises(KimiSettingError, match="surrogates"):
        chat().invoke("\ud800")
    assert not kimi.requests


@pytest.mark.parametrize("messages", [[], [HumanMessage("")], ["hi", ("human", " ")]])
async def test_empty_messages_are_refused(
    kimi: Emulator, chat: Chat, messages: Any
) -> None:
    """None at all, or one without content."""
    with pytest.raises(KimiSettingError, match="must not be empty"):
        chat().invoke(messages)
    assert not kimi.requests


def _sampling_cases() -> list[Any]:
    wrong = {
        "temperature": 0,
        "top_p": 0.5,
        "n": 2,
        "presence_penalty": 1,
        "frequency_penalty": -1,
    }
    return [
        pytest.param(model, mode, name, value, id=f"{model.id}-{mode}-{name}")
        for model in current_models()
        for mode, rules in (("thinking", model.thinking), ("instant", model.instant))
        for name, value in wrong.items()
        if rules
    ]


@pytest.mark.parametrize(("model", "mode", "name", "value"), _sampling_cases())
async def test_fixed_sampling_is_dropped_with_one_warning(
    kimi: Emulator, chat: Chat, model: Model, mode: str, name: str, value: float
) -> None:
    """Frameworks set temperature=0 by habit; the model's one value passes."""
    fields = {"thinking": False} if mode == "instant" else {}
    fixed = getattr(model.rules("instant" if fields else "thinking").sampling, name)
    built = chat(model=model.id, model_kwargs={name: value}, **fields)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        built.invoke("hi")
        built.invoke("hi")
        await built.ainvoke("hi")
    assert [str(w.message) for w in caught] == [
        f"{name}={value!r} was not sent: {model.id} accepts only {fixed:g}. "
        f"Leave {name} out."
    ]
    assert name not in _body(kimi)
    built.invoke("hi", **{name: fixed})
    assert _body(kimi)[name] == fixed


async def test_sampling_is_free_where_no_row_fixes_it(
    kimi: Emulator, chat: Chat
) -> None:
    """An unknown id (a gateway's) and a retired one (self-hosted) get it as given."""
    with Emulator(models=["kimi-k2.5"]) as other:
        model = chat(model="kimi-k2.5", base_url=other.base_url, temperature=0.6)
        model.invoke("hi", thinking=False, top_p=0.95)
        assert other.requests[-1].body["temperature"] == 0.6
    with pytest.raises(Exception, match="Not found the model my/own"):
        chat(model="my/own", temperature=0.3, top_p=0.1).invoke("hi")
    body = _body(kimi)
    assert (body["temperature"], body["top_p"]) == (0.3, 0.1)


@pytest.mark.parametrize(
    ("fields", "sent"),
    [
        ({"model": "kimi-k2.6", "thinking": True}, {"type": "enabled"}),
        ({"model": "kimi-k2.6", "thinking": False}, {"type": "disabled"}),
        ({"model": "kimi-k2.6-instant"}, {"type": "disabled"}),
        (
            {"model": "kimi-k2.6", "thinking": {"type": "enabled", "keep": "all"}},
            {"type": "enabled", "keep": "all"},
        ),
        (
            {"model": "kimi-k2.6-instant", "thinking": {"keep": None}},
            {"type": "disabled", "keep": None},
        ),
        ({"model": "kimi-k2.7-code", "thinking": True}, {"type": "enabled"}),
        ({"model": "kimi-k3", "thinking": True}, None),
        ({"model": "kimi-k3.1-pro", "thinking": {"type": "enabled"}}, None),
        (
            {"extra_body": {"thinking": {"type": "disabled"}}, "model": "kimi-k2.6"},
            {"type": "disabled"},
        ),
    ],
)
async def test_thinking_is_sent_as_the_row_takes_it(
    kimi: Emulator, chat: Chat, fields: dict[str, Any], sent: Any
) -> None:
    """K3 has no such field; aliases resolve; the OpenAI client's form works too."""
    answer = chat(**fields).invoke("hi")
    assert _body(kimi).get("thinking") == sent
    has_reasoning = "reasoning_content" in answer.additional_kwargs
    assert has_reasoning is ((sent or {}).get("type") != "disabled")
    assert "instant" not in _body(kimi)["model"]


@pytest.mark.parametrize(
    ("effort", "sent"), [("minimal", "low"), ("medium", "high"), ("xhigh", "max")]
)
async def test_effort_aliases_are_mapped_with_a_warning(
    kimi: Emulator, chat: Chat, effort: str, sent: str
) -> None:
    """The platform would accept any string in silence."""
    with pytest.warns(UserWarning, match=f"sent as '{sent}'"):
        chat(reasoning_effort=effort).invoke("hi")
    assert _body(kimi)["reasoning_effort"] == sent


async def test_a_field_of_thinking_that_k3_has_not_is_told(
    kimi: Emulator, chat: Chat
) -> None:
    """K3 keeps all of its reasoning in any case; its effort is sent where it goes."""
    thinking = {"keep": "all", "effort": "low", "budget_tokens": 9}
    with pytest.warns(UserWarning, match="thinking.budget_tokens was not sent"):
        chat().invoke("hi", thinking=thinking)
    assert _body(kimi) == {"model": "kimi-k3", "reasoning_effort": "low"}


@pytest.mark.parametrize(
    "settings", [{"reasoning_effort": "low"}, {"thinking": {"effort": "low"}}]
)
async def test_an_effort_without_effect_is_told(
    kimi: Emulator, chat: Chat, settings: dict[str, Any]
) -> None:
    """The K2 models ignore it, by either name."""
    with pytest.warns(UserWarning, match="kimi-k2.6 has no efforts"):
        chat(model="kimi-k2.6", **settings).invoke("hi")
    assert _body(kimi) == {"model": "kimi-k2.6"}


async def test_parallel_tool_calls_cannot_be_switched_off(
    kimi: Emulator, chat: Chat
) -> None:
    """It is sent, and told to have no effect."""
    with pytest.warns(UserWarning, match="parallel_tool_calls=False has no effect"):
        chat().invoke("hi", parallel_tool_calls=False)
    assert _body(kimi)["parallel_tool_calls"] is False


async def test_bind_and_call_override_the_fields(kimi: Emulator, chat: Chat) -> None:
    """Also the model, whose row then holds."""
    model = chat(model="kimi-k3", reasoning_effort="low")
    bound = model.bind(model="kimi-k2.6", thinking=False, reasoning_effort=None)
    with pytest.warns(UserWarning, match="no efforts"):
        answer = bound.invoke("hi")
    assert answer.response_metadata["model_name"] == "kimi-k2.6"
    assert _body(kimi)["thinking"] == {"type": "disabled"}
    configurable = model.configurable_fields(
        reasoning_effort=ConfigurableField(id="effort")
    )
    configurable.invoke("hi", {"configurable": {"effort": "high"}})
    assert _body(kimi)["reasoning_effort"] == "high"


async def test_headers_are_sent(kimi: Emulator, chat: Chat) -> None:
    """The key as a bearer, the user's own, and nothing of an OpenAI account."""
    chat(default_headers={"X-Team": "a"}).invoke("hi")
    headers = kimi.requests[-1].headers
    assert headers["Authorization"] == f"Bearer {kimi.api_key}"
    assert headers["X-Team"] == "a"


async def test_no_openai_account_is_told_to_kimi(
    kimi: Emulator, chat: Chat, ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The SDK would add organization and project from its own variables."""
    monkeypatch.setenv("OPENAI_ORG_ID", "org-marker")
    monkeypatch.setenv("OPENAI_PROJECT_ID", "project-marker")
    await ask(chat(), "hi")
    assert "marker" not in str(dict(kimi.requests[-1].headers))


def test_every_row_can_be_built() -> None:
    """Current and retired, with a profile."""
    for model in MODELS:
        built = ChatKimi(model=model.id, api_key="sk-a")
        assert built.profile
        assert built.profile["max_input_tokens"] == model.context_tokens


@pytest.mark.parametrize("name", ["api_key", "base_url"])
def test_none_and_an_empty_variable_are_not_set(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """docker-compose sets empty ones; other chat models take None."""
    monkeypatch.setenv("MOONSHOT_API_KEY", "")
    monkeypatch.setenv("KIMI_API_KEY", "sk-k")
    monkeypatch.setenv("MOONSHOT_API_BASE", "")
    model = ChatKimi(**{name: None})
    assert model.api_key.get_secret_value() == "sk-k"
    assert model.base_url == "https://api.moonshot.ai/v1"


def test_a_key_from_a_file_loses_its_line_end() -> None:
    """The classic accident of a secret that ends in a newline."""
    assert ChatKimi(api_key=" sk-a\n").api_key.get_secret_value() == "sk-a"


_MARKER = "sk-marker"


@pytest.mark.parametrize(
    "leak",
    [
        pytest.param(lambda: ChatKimi(api_key=f"{_MARKER}é"), id="letter"),
        pytest.param(lambda: ChatKimi(api_key=f"{_MARKER} \n x"), id="line end"),
        pytest.param(
            lambda: ChatKimi(api_key=_MARKER, default_headers={"a": f"{_MARKER}\n"}),
            id="header",
        ),
        pytest.param(
            lambda: ChatKimi.model_validate({"api_key": _MARKER, "max_retries": -1}),
            id="validate",
        ),
        pytest.param(
            lambda: ChatKimi.model_validate({"api_key": _MARKER, "modle": "x"}),
            id="unknown",
        ),
        pytest.param(
            lambda: ChatKimi(api_key="sk-a").bind(api_key=_MARKER).invoke("x"),
            id="bind",
        ),
        pytest.param(
            lambda: ChatKimi(
                api_key="sk-a", model_kwargs={"openai_api_key": _MARKER}
            ).invoke("x"),
            id="kwargs",
        ),
    ],
)
def test_no_error_tells_the_key(leak: Any) -> None:
    """Neither its text nor that of what caused it."""
    with pytest.raises(ValueError) as caught:  # noqa: PT011
        leak()
    error: BaseException | None = caught.value
    while error is not None:
        assert _MARKER not in f"{error!s} {error!r}"
        error = error.__cause__ or error.__context__


async def test_no_header_with_the_key_is_told(kimi: Emulator, chat: Chat) -> None:
    """A transport names the header that it cannot send."""
    model = chat(max_retries=0)
    model.api_key = SecretStr(f"{_MARKER}\n")
    with pytest.raises(Exception, match="Could not reach") as caught:
        model.invoke("hi")
    assert _MARKER not in str(caught.value)


@pytest.mark.parametrize(
    "fields", [{"model": "kimi-k2.6-instant"}, {"thinking": False}]
)
def test_a_profile_is_that_of_the_mode(fields: dict[str, Any]) -> None:
    """Without thinking a call can be forced."""
    model = ChatKimi(**{"api_key": "sk-a", "model": "kimi-k2.6", **fields})
    assert model.profile
    assert model.profile["tool_choice"] is True
    assert model.profile["reasoning_output"] is False
    model.thinking = True
    assert model.profile["reasoning_output"] is True


@pytest.mark.parametrize(
    "build",
    [
        ChatKimi,
        KimiFiles,
        KimiBatches,
        lambda **s: KimiFormulaToolkit(formulas=[], **s),
    ],
    ids=["ChatKimi", "KimiFiles", "KimiBatches", "KimiFormulaToolkit"],
)
@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"api_key": "sk-\u00e9"}, "a character that no key has"),
        ({"api_key": 5}, "api_key: Input should be a valid string"),
        ({"base_url": "kimi"}, "base_url='kimi': Give an address such as https://"),
        ({"base_url": "http://"}, "base_url='http://': Give an address"),
        ({"base_url": "http://[::1/v1"}, "base_url='http://[::1/v1': Give an address"),
        ({"base_url": "http://a:b/v1"}, "base_url='http://a:b/v1': Give an address"),
        ({"timeout": -1}, "timeout=-1: Input should be greater than 0"),
        ({"max_retries": -1}, "max_retries=-1: Input should be greater than or equal"),
        ({"default_headers": {"X": "\u00e9"}}, "'X' cannot be sent as a header"),
    ],
)
def test_each_class_refuses_a_wrong_connection(
    build: Any, settings: dict[str, Any], words: str
) -> None:
    """When it is built, in the same words."""
    with pytest.raises(KimiSettingError, match=re.escape(words)):
        build(**{"api_key": "sk-test", **settings})


def test_what_the_environment_gives_is_checked_too(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A key from a file of secrets ends with a new line."""
    monkeypatch.setenv("MOONSHOT_API_KEY", "sk-test\n")
    assert ChatKimi().api_key.get_secret_value() == "sk-test"
    monkeypatch.setenv("MOONSHOT_API_BASE", "kimi")
    with pytest.raises(KimiSettingError, match="base_url='kimi'"):
        ChatKimi()
