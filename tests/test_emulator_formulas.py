"""The emulator's official tools: declarations, fibers, and the two web searches."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from langchain_kimi._mfjs import check_schema
from langchain_kimi.emulator import Emulator
from tests.emulator_client import Answer, post, request

_FORMULAS = {
    "convert": ["convert"],
    "date": ["date"],
    "base64": ["base64_encode", "base64_decode"],
    "random-choice": ["random_choice"],
    "web-search": ["web_search"],
    "quickjs": ["quickjs"],
    "code-runner": ["code_runner"],
}
_SEARCH = {"type": "builtin_function", "function": {"name": "$web_search"}}


def declare(kimi: Emulator, name: str) -> list[Any]:
    return request(kimi, "GET", f"/v1/formulas/moonshot/{name}/tools").body["tools"]


def run(kimi: Emulator, formula: str, body: object, **options: Any) -> Answer:
    path = f"/v1/formulas/moonshot/{formula}:latest/fibers"
    return request(kimi, "POST", path, body, **options)


def fiber(kimi: Emulator, formula: str, name: str, **arguments: Any) -> Any:
    """The decoded fiber of a call with good JSON."""
    answer = run(kimi, formula, {"name": name, "arguments": json.dumps(arguments)})
    assert answer.status == 200, answer.raw
    return answer.body


def output(kimi: Emulator, formula: str, name: str, **arguments: Any) -> Any:
    ran = fiber(kimi, formula, name, **arguments)
    assert ran["status"] == "succeeded", ran
    return ran["context"]["output"]


def failure(kimi: Emulator, formula: str, name: str, **arguments: Any) -> str:
    ran = fiber(kimi, formula, name, **arguments)
    assert ran["status"] == "failed"
    assert "output" not in ran["context"]
    return ran["context"]["error"]


@pytest.mark.parametrize("name", list(_FORMULAS))
def test_a_declaration_can_be_sent_as_it_is(kimi: Emulator, name: str) -> None:
    """ "The platform guarantees this list is API-compatible"."""
    answer = request(kimi, "GET", f"/v1/formulas/moonshot/{name}:latest/tools")
    assert answer.body["object"] == "list"
    tools = answer.body["tools"]
    assert [tool["function"]["name"] for tool in tools] == _FORMULAS[name]
    for tool in tools:
        assert check_schema(tool["function"]["parameters"], "ultra") is None
    body = {"model": "kimi-k3", "tools": tools}
    messages = [{"role": "user", "content": "hello"}]
    assert post(kimi, {**body, "messages": messages}).status == 200


@pytest.mark.parametrize("uri", ["moonshot/date", "moonshot%2Fdate%3Alatest"])
def test_the_tag_is_latest_and_the_path_may_be_quoted(kimi: Emulator, uri: str) -> None:
    """As the guide has it."""
    answer = request(kimi, "GET", f"/v1/formulas/{uri}/tools")
    assert answer.body["tools"] == declare(kimi, "date:latest")


def test_a_fiber_tells_what_it_was_given(kimi: Emulator) -> None:
    """The keys of the guide of 2026-08-13; `input` is the body as text."""
    body = {"name": "base64_encode", "arguments": '{"data": "阿里"}'}
    ran = run(kimi, "base64", body).body
    assert list(ran) == [
        "id",
        "object",
        "created_at",
        "lambda_id",
        "status",
        "context",
        "formula",
        "organization_id",
        "project_id",
    ]
    assert ran["id"].startswith("fiber-")
    assert (ran["object"], ran["formula"]) == ("fiber", "moonshot/base64:latest")
    assert json.loads(ran["context"]["input"]) == body
    assert ran["context"]["output"] == "6Zi/6YeM"


@pytest.mark.parametrize(
    ("value", "source", "target", "result"),
    [
        (100, "kilometer", "mile", 62.13711922),
        (100, "celsius", "fahrenheit", 212),
        (-40, "fahrenheit", "celsius", -40),
        (1, "atm", "pascal", 101_325),
        (90, "minute", "hour", 1.5),
    ],
)
def test_units_are_converted(
    kimi: Emulator, value: float, source: str, target: str, result: float
) -> None:
    """By tables."""
    given = {"value": value, "from": source, "to": target}
    assert output(kimi, "convert", "convert", **given) == {**given, "result": result}


def test_dates_are_told(kimi: Emulator) -> None:
    """Only `now` differs from day to day."""
    day = "2026-11-21"
    ask = {"operation": "weekday", "date": day}
    assert output(kimi, "date", "date", **ask) == "Saturday"
    ask = {"operation": "add", "date": day, "days": 10}
    assert output(kimi, "date", "date", **ask) == "2026-12-01"
    ask = {"operation": "diff", "date": day, "until": "2027-01-01"}
    assert output(kimi, "date", "date", **ask) == {"days": 41}
    now = datetime.fromisoformat(output(kimi, "date", "date", operation="now"))
    assert abs((datetime.now(UTC) - now).total_seconds()) < 60


def test_base64_goes_both_ways(kimi: Emulator) -> None:
    """In any character set."""
    there = output(kimi, "base64", "base64_encode", data="né", encoding="latin-1")
    assert there == "buk="
    back = {"data": there, "encoding": "latin-1"}
    assert output(kimi, "base64", "base64_decode", **back) == "né"


def test_a_choice_is_the_same_for_the_same_seed(kimi: Emulator) -> None:
    """And among many seeds there are different ones."""
    options = ["red", "green", "blue"]
    picks = [
        output(kimi, "random-choice", "random_choice", options=options, seed=seed)
        for seed in (1, 1, *range(20))
    ]
    assert picks[0] == picks[1]
    assert {tuple(pick) for pick in picks} == {(option,) for option in options}
    all_ = output(kimi, "random-choice", "random_choice", options=options, count=3)
    assert sorted(all_) == sorted(options)


@pytest.mark.parametrize(
    ("formula", "name", "arguments", "words"),
    [
        ("quickjs", "quickjs", {"code": "1+1"}, "the emulator executes no code"),
        ("code-runner", "code_runner", {"code": "1"}, "the emulator executes no code"),
        ("code-runner", "code_runner", {}, "'code' must be a string"),
        ("convert", "convert", {"value": "x"}, "'value' must be a number"),
        ("convert", "convert", {"value": True}, "'value' must be a number"),
        (
            "convert",
            "convert",
            {"value": 1, "from": "USD", "to": "CNY"},
            "unknown unit 'USD'",
        ),
        (
            "convert",
            "convert",
            {"value": 1, "from": "meter", "to": "hour"},
            "cannot convert length (meter) to time (hour)",
        ),
        (
            "convert",
            "convert",
            {"value": 10**400, "from": "meter", "to": "mile"},
            "too large",
        ),
        ("date", "date", {}, "unknown operation None"),
        ("date", "date", {"operation": "weekday", "date": "soon"}, "'date' must be"),
        (
            "date",
            "date",
            {"operation": "add", "date": "2026-11-21", "days": 1e99},
            "there is no date 1e+99 days",
        ),
        ("base64", "base64_encode", {"data": "x", "encoding": "no"}, "cannot encode"),
        ("base64", "base64_encode", {"data": "\ud800"}, "cannot encode"),
        ("base64", "base64_decode", {"data": "é"}, "cannot decode"),
        ("random-choice", "random_choice", {"options": []}, "at least one option"),
        (
            "random-choice",
            "random_choice",
            {"options": ["\ud800"], "count": 2},
            "between 1 and 1",
        ),
        ("web-search", "web_search", {"query": 3}, "'query' must be a string"),
    ],
)
def test_a_fiber_that_fails_says_why(
    kimi: Emulator, formula: str, name: str, arguments: Any, words: str
) -> None:
    """With status 200: "status may be succeeded or various types of errors"."""
    assert words in failure(kimi, formula, name, **arguments)


@pytest.mark.parametrize("arguments", ["", "{", "[]", '"x"', "null"])
def test_arguments_that_are_no_object_fail_the_fiber(
    kimi: Emulator, arguments: str
) -> None:
    """They are text to the endpoint, and read only by the tool."""
    ran = run(kimi, "date", {"name": "date", "arguments": arguments}).body
    assert ran["status"] == "failed"
    assert "the arguments are not" in ran["context"]["error"]


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (None, "body must be a JSON object"),
        ([], "body must be a JSON object"),
        (b"{", "the body is not JSON"),
        ({}, "has no tool None"),
        ({"name": "x", "arguments": "{}"}, "has no tool 'x', only date"),
        ({"name": ["date"], "arguments": "{}"}, "has no tool"),
        ({"name": "date"}, "arguments must be a string"),
        ({"name": "date", "arguments": {}}, "arguments must be a string"),
    ],
)
def test_a_wrong_body_is_refused(kimi: Emulator, body: object, words: str) -> None:
    """With 400."""
    answer = run(kimi, "date", body)
    assert answer.status == 400
    kind, message = answer.error
    assert kind == "invalid_request_error"
    assert words in message


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "moonshot/no-such:latest/tools", 404),
        ("POST", "moonshot/no-such:latest/fibers", 404),
        ("GET", "moonshot/date:v9/tools", 404),
        ("GET", "moonshot/date:latest/other", 404),
        ("GET", "moonshot/date:latest", 404),
        ("GET", "tools", 404),
        ("POST", "moonshot/date:latest/tools", 405),
        ("GET", "moonshot/date:latest/fibers", 405),
    ],
)
def test_an_unknown_formula_path_or_method_is_refused(
    kimi: Emulator, method: str, path: str, status: int
) -> None:
    """In the API's envelope."""
    answer = request(kimi, method, f"/v1/formulas/{path}")
    assert answer.status == status
    assert answer.error


def test_the_key_comes_first(kimi: Emulator) -> None:
    """As everywhere."""
    for method, leaf in (("GET", "tools"), ("POST", "fibers")):
        path = f"/v1/formulas/moonshot/no-such/{leaf}"
        answer = request(kimi, method, path, key="wrong")
        assert answer.status == 401
        assert answer.error[0] == "incorrect_api_key_error"


def _answer_after(kimi: Emulator, call: Any, content: str, tools: list[Any]) -> Answer:
    function = {"name": call["name"], "arguments": call["arguments"]}
    kind = "builtin_function" if call["name"].startswith("$") else "function"
    asked = {"id": "x_0", "type": kind, "function": function}
    messages = [
        {"role": "user", "content": "Kimi news"},
        {"role": "assistant", "reasoning_content": "r", "tool_calls": [asked]},
        {
            "role": "tool",
            "tool_call_id": "x_0",
            "name": call["name"],
            "content": content,
        },
    ]
    return post(kimi, {"model": "kimi-k3", "messages": messages, "tools": tools})


def test_a_sealed_search_is_read_by_the_model_only(kimi: Emulator) -> None:
    """A protected formula has no `output`, and its text says nothing."""
    context = fiber(kimi, "web-search", "web_search", query="Kimi news")["context"]
    assert "output" not in context
    sealed = context["encrypted_output"]
    assert sealed.startswith("----MOONSHOT ENCRYPTED BEGIN----")
    assert sealed.endswith("----MOONSHOT ENCRYPTED END----")
    assert "Kimi news" not in sealed
    call = {"name": "web_search", "arguments": '{"query":"Kimi news"}'}
    tools = declare(kimi, "web-search")
    answer = _answer_after(kimi, call, sealed, tools)
    assert '1 page about "Kimi news"' in answer.message["content"]
    broken = _answer_after(kimi, call, sealed.replace("BEGIN----", "BEGIN----é"), tools)
    assert "1 page about" not in broken.message["content"]


def test_the_echo_of_web_search_is_answered_with_the_search(kimi: Emulator) -> None:
    """Echoed verbatim; its tokens are counted in the next call."""
    ticket = '{"search_result":{"search_id":"a"},"usage":{"total_tokens":5000}}'
    call = {"name": "$web_search", "arguments": ticket}
    answer = _answer_after(kimi, call, ticket, [_SEARCH])
    assert '1 page about "Kimi news"' in answer.message["content"]
    other = _answer_after(kimi, call, ticket.replace("5000", "0"), [_SEARCH])
    assert "1 page about" not in other.message["content"]
    tokens = [a.body["usage"]["prompt_tokens"] for a in (answer, other)]
    assert tokens[0] - tokens[1] in range(5000, 5002)


@pytest.mark.parametrize("content", ["", "x", "[]", '{"usage":{"total_tokens":"x"}}'])
def test_an_echo_that_is_none_is_no_search(kimi: Emulator, content: str) -> None:
    """It is answered as any result."""
    call = {"name": "$web_search", "arguments": "{}"}
    answer = _answer_after(kimi, call, content, [_SEARCH])
    assert "1 page about" not in answer.message["content"]
