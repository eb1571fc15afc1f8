"""Anthropic's and OpenAI's other APIs on the real proxy: both end in Kimi's chat."""

import json
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.litellm.conftest import Proxy, chats

_OFF = {"type": "disabled"}
_BUDGET = {"type": "enabled", "budget_tokens": 2000}
_LOOK = {"name": "look", "input_schema": {"type": "object", "properties": {}}}
_ASK: dict[str, Any] = {"role": "user", "content": "Hello"}


def _post(proxy: Proxy, path: str, **body: Any) -> tuple[int, Any]:
    connection = HTTPConnection(urlsplit(proxy.base_url).netloc, timeout=30)
    headers = {"Content-Type": "application/json", "x-api-key": proxy.api_key}
    headers["x-litellm-session-id"] = "session-of-the-test"
    try:
        connection.request("POST", path, json.dumps(body), headers)
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read())
    finally:
        connection.close()


def _ask(proxy: Proxy, model: str, *messages: Any, **settings: Any) -> tuple[int, Any]:
    given = {"max_tokens": 4000, "messages": [_ASK, *messages], **settings}
    return _post(proxy, "/v1/messages", model=model, **given)


@pytest.mark.parametrize(
    ("model", "settings", "sent"),
    [
        ("kimi-k2.6", {"thinking": _OFF}, {"thinking": _OFF}),
        ("kimi-k3", {"thinking": _BUDGET}, {"reasoning_effort": "low"}),
        ("kimi-k2.6", {"thinking": _BUDGET}, {}),
        (
            "kimi-k3",
            {"tools": [_LOOK], "tool_choice": {"type": "any"}},
            {"tool_choice": "required"},
        ),
        ("kimi-k3", {"temperature": 0.3, "top_p": 0.4}, {}),
    ],
    ids=["off", "budget", "budget-k2", "any", "sampling"],
)
@pytest.mark.parametrize("prefix", ["", "openai/"])
def test_messages_api(
    proxy: Proxy, prefix: str, model: str, settings: Any, sent: Any
) -> None:
    """The switch is a real one, and the session keeps its prompt cache."""
    status, answer = _ask(proxy, prefix + model, **settings)
    assert status == 200, answer
    (body,) = chats(proxy.kimi)
    common = ("messages", "model", "max_completion_tokens", "tools")
    kept = {name: value for name, value in body.items() if name not in common}
    assert kept == {"prompt_cache_key": "session-of-the-test", **sent}
    assert body["max_completion_tokens"] == 4000
    thinks = [part for part in answer["content"] if part["type"] == "thinking"]
    assert bool(thinks) is ("thinking" not in sent)


def test_the_messages_api_keeps_the_reasoning_of_a_tool_call(proxy: Proxy) -> None:
    """And sends on nothing of Anthropic's."""
    proxy.kimi.reply(reasoning="Let me see.", tool_calls=[{"name": "look"}])
    _, first = _ask(proxy, "kimi-k2.6", tools=[_LOOK])
    call = next(part for part in first["content"] if part["type"] == "tool_use")
    result = {"type": "tool_result", "tool_use_id": call["id"], "content": "A cat"}
    history = (
        {"role": "assistant", "content": first["content"]},
        {"role": "user", "content": [result]},
    )
    status, answer = _ask(proxy, "kimi-k2.6", *history, tools=[_LOOK])
    assert status == 200, answer
    sent = chats(proxy.kimi)[-1]["messages"][1]
    assert sent["reasoning_content"] == "Let me see."
    assert set(sent) == {"role", "tool_calls", "reasoning_content"}


@pytest.mark.parametrize("prefix", ["", "openai/"])
@pytest.mark.parametrize(
    ("model", "effort", "sent"),
    [
        ("kimi-k2.6", "none", {"thinking": _OFF}),
        ("kimi-k3", "medium", {"reasoning_effort": "high"}),
    ],
)
def test_responses_api(
    proxy: Proxy, prefix: str, model: str, effort: str, sent: Any
) -> None:
    """An effort is the model's, and none is its switch."""
    status, answer = _post(
        proxy,
        "/v1/responses",
        model=prefix + model,
        input="Hello",
        reasoning={"effort": effort},
    )
    assert status == 200, answer
    (body,) = chats(proxy.kimi)
    switches = ("thinking", "reasoning_effort")
    assert {name: body[name] for name in switches if name in body} == sent


def test_what_a_bridge_asks_in_vain_is_refused(proxy: Proxy) -> None:
    """With a 400, and words that name the ways out."""
    status, answer = _ask(proxy, "kimi-k3", thinking=_OFF)
    assert status == 400
    assert "kimi-k3 always thinks" in json.dumps(answer)
    search = [{"type": "web_search"}]
    status, answer = _post(
        proxy, "/v1/responses", model="kimi-k3", input="News?", tools=search
    )
    assert status == 400
    assert "$web_search" in json.dumps(answer)
    assert chats(proxy.kimi) == []
