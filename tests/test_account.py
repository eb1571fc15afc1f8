"""What can be asked without a chat: token counts, costs, models, the balance."""

import json
import warnings
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from langchain_core.caches import InMemoryCache
from langchain_core.callbacks import get_usage_metadata_callback
from langchain_core.messages import (
    AIMessage,
    BaseMessage,
    HumanMessage,
    SystemMessage,
    ToolMessage,
)
from langchain_core.messages.ai import InputTokenDetails, UsageMetadata

from langchain_kimi import ChatKimi, Cost, errors
from langchain_kimi.catalogue import MODELS, current_models, find_model
from langchain_kimi.emulator import Emulator
from tests.conftest import Ask, Chat, Twins

_DATA = Path(__file__).parent / "data" / "recordings"
_ESTIMATE = "/v1/tokenizers/estimate-token-count"
_MODELS, _BALANCE = "/v1/models", "/v1/users/me/balance"
_MILLION = 1_000_000


@pytest.fixture
def account(chat: Chat, twins: Callable[[Any], Twins]) -> Callable[..., Twins]:
    """`account(**fields)` is a ChatKimi of the emulator, sync or async."""
    return lambda **fields: twins(chat(**fields))


def _usage(inputs: int, outputs: int, **details: int) -> UsageMetadata:
    return UsageMetadata(
        input_tokens=inputs,
        output_tokens=outputs,
        total_tokens=inputs + outputs,
        input_token_details=InputTokenDetails(**details),
    )


# By hand, from kimi-api.md 1.1: a million of each, in USD.
_PER_MILLION = {
    "kimi-k3.1-pro": ("2", "0.2", "2", "2", "10"),
    "kimi-k3.1-pro-highspeed": ("4", "0.2", "4", "4", "20"),
    "kimi-k3": ("3", "0.3", "3", "6", "15"),
    "kimi-k2.7-code": ("0.95", "0.19", "0.95", "0.95", "4"),
    "kimi-k2.7-code-highspeed": ("1.9", "0.38", "1.9", "1.9", "8"),
    "kimi-k2.6": ("0.95", "0.16", "0.95", "0.95", "4"),
}


@pytest.mark.parametrize("id", [model.id for model in current_models()])
def test_each_part_of_a_cost_is_priced_apart(id: str) -> None:
    """Cached and written tokens are part of the input, reasoning is of the output."""
    fresh, read, short, long, output = map(Decimal, _PER_MILLION[id])
    usage = _usage(
        6 * _MILLION, _MILLION, cache_read=2 * _MILLION, cache_creation=3 * _MILLION
    )
    usage["output_token_details"] = {"reasoning": _MILLION}
    model = ChatKimi(model=id, api_key="sk-a")
    cost = model.cost(usage)
    assert cost == Cost(
        input=fresh, cache_read=2 * read, cache_write_5m=3 * short, output=output
    )
    assert cost.total == fresh + 2 * read + 3 * short + output
    assert model.cost(usage, cache_ttl="1h").cache_write_1h == 3 * long
    assert model.cost(usage, cache_ttl="1h").cache_write_5m == 0


async def test_an_answer_has_a_cost(chat: Chat, ask: Ask) -> None:
    """However it was asked for."""
    model = chat(model="kimi-k2.6")
    answer = await ask(model, "hi")
    usage = answer.usage_metadata
    assert usage
    paid = usage["input_tokens"] * 95 + usage["output_tokens"] * 400
    assert model.cost(usage).total == Decimal(paid) / 100_000_000


async def test_what_was_cached_costs_less(chat: Chat, ask: Ask) -> None:
    model = chat()
    await ask(model, "hi")
    usage = (await ask(model, "hi")).usage_metadata
    assert usage
    cost = model.cost(usage)
    assert cost.input == 0
    assert cost.cache_read == usage["input_tokens"] * Decimal("0.3") / _MILLION


def test_costs_add_up_without_rounding() -> None:
    """A thousand small ones are the big one, which floats would not be."""
    model = ChatKimi(model="kimi-k3.1-pro", api_key="sk-a")
    small = model.cost(_usage(7, 3, cache_read=1))
    whole = model.cost(_usage(7_000, 3_000, cache_read=1_000))
    assert sum([small] * 1_000, Cost()) == whole
    assert f"{whole.total:.4f}" == "0.0422"


async def test_the_ttl_is_that_of_the_request(kimi: Emulator, chat: Chat) -> None:
    """Of the field or of model_kwargs; usage tells only how much was written."""
    details = {"cache_write_tokens": 10}
    written = {"prompt_tokens": 10, "prompt_tokens_details": details}
    options = {"mode": "implicit", "ttl": "1h"}
    for fields in (
        {"prompt_cache_options": options},
        {"model_kwargs": {"prompt_cache_options": options}},
    ):
        model = chat(**fields)
        kimi.reply("x", usage=written)
        cost = model.cost(model.invoke("hi").usage_metadata)
        assert kimi.requests[-1].body["prompt_cache_options"] == options
        assert cost == Cost(cache_write_1h=Decimal("0.00006"))
        assert cost.total == model.cost(_usage(20, 0)).total


def test_what_langchain_had_cached_costs_nothing(kimi: Emulator, chat: Chat) -> None:
    """Its cache hands out the usage of the first time, and says so."""
    model = chat(cache=InMemoryCache())
    first, second = model.invoke("hi"), model.invoke("hi")
    assert len(kimi.requests) == 1
    assert model.cost(first.usage_metadata).total > 0
    assert model.cost(second.usage_metadata) == Cost()


def test_costs_of_several_models(chat: Chat) -> None:
    """As langchain-core's callback collects them, by the model that answered."""
    model = chat(model="kimi-k3")
    with get_usage_metadata_callback() as collected:
        model.invoke("hi")
        model.invoke("hi", model="kimi-k2.6")
    costs = {
        id: model.cost(usage, model=id)
        for id, usage in collected.usage_metadata.items()
    }
    assert set(costs) == {"kimi-k3", "kimi-k2.6"}
    assert costs["kimi-k3"].output > costs["kimi-k2.6"].output


@pytest.mark.parametrize("model", [m for m in MODELS if m.retired], ids=lambda m: m.id)
def test_a_retired_model_costs_what_it_did(model: Any) -> None:
    """If a price was published; else the error names the model."""
    built = ChatKimi(model=model.id, api_key="sk-a")
    if model.prices:
        assert built.cost(_usage(1, 1)).total > 0
    else:
        with pytest.raises(errors.KimiSettingError, match=f"price of '{model.id}'"):
            built.cost(_usage(1, 1))


@pytest.mark.parametrize(
    ("fields", "usage", "settings", "words"),
    [
        ({"model": "my/own"}, _usage(1, 1), {}, "no published price of 'my/own'.*k2.6"),
        ({}, _usage(1, 1), {"model": "x"}, "no published price of 'x'"),
        ({}, None, {}, "usage=None counts no tokens.*stream_usage"),
        ({}, {"kimi-k3": _usage(1, 1)}, {}, "counts no tokens"),
        ({}, {"input_tokens": 1, "output_tokens": None}, {}, "counts no tokens"),
        ({}, {"input_tokens": 1.5, "output_tokens": 1}, {}, "counts no tokens"),
        (
            {},
            {**_usage(1, 1), "input_token_details": {"cache_read": "5"}},
            {},
            "counts no tokens",
        ),
        ({}, _usage(1, 1), {"cache_ttl": "2h"}, "'2h' is unknown. Give one of 5m, 1h"),
        ({"prompt_cache_options": {"ttl": "2h"}}, _usage(1, 1), {}, "'2h' is unknown"),
    ],
)
def test_an_unknown_price_is_told(
    fields: Any, usage: Any, settings: Any, words: str
) -> None:
    """Never taken for 0."""
    with pytest.raises(errors.KimiSettingError, match=words):
        ChatKimi(**{"api_key": "sk-a", **fields}).cost(usage, **settings)


def test_an_alias_costs_what_its_model_does() -> None:
    usage = _usage(100, 100)
    alias = ChatKimi(model="kimi-k2.6-instant", api_key="sk-a")
    assert alias.cost(usage) == alias.cost(usage, model="kimi-k2.6")


async def test_the_server_s_list_is_the_catalogue_s(
    kimi: Emulator, account: Callable[..., Twins]
) -> None:
    """Where they agree, only the source is another."""
    rows = await account()("list_models")
    host = kimi.base_url.removeprefix("http://").removesuffix("/v1")
    today = datetime.now(UTC).date()
    for row, known in zip(rows, current_models(), strict=True):
        source = f"GET /models of {host} on {today}; beyond it {known.source}"
        assert {**_fields(row), "source": known.source} == _fields(known)
        assert row.source == source


def _fields(row: Any) -> dict[str, Any]:
    return {name: getattr(row, name) for name in row.__slots__}


def _list(kimi: Emulator, *items: Any) -> None:
    body = json.dumps({"object": "list", "data": items}).encode()
    kimi.send(body, path=_MODELS)


async def test_what_the_server_tells_stands_before_the_catalogue(
    kimi: Emulator, account: Callable[..., Twins]
) -> None:
    """K3 as it was at its launch, and a K2.6 that can only be instant."""
    launch = {"support": True, "valid_efforts": ["max"], "default_effort": "max"}
    _list(
        kimi,
        {
            "id": "kimi-k3",
            "context_length": 262_144,
            "supports_image_in": True,
            "supports_video_in": False,
            "supports_thinking_type": "both",
            "supports_dynamic_tools": False,
            "think_efforts": launch,
            "reasoning_efforts": launch,
        },
        {"id": "kimi-k2.6", "supports_thinking_type": "no", "context_length": 8_192},
    )
    k3, k26 = await account()("list_models")
    assert (k3.context_tokens, k3.output_tokens_limit) == (262_144, 262_144)
    assert k3.output_tokens == 131_072
    assert k3.inputs == ("text", "image")
    assert (k3.efforts, k3.effort_default) == (("max",), "max")
    assert k3.dynamic_tools is False
    known = find_model("kimi-k3")
    assert known
    assert k3.thinking == known.thinking
    assert k3.instant.tool_choices == ("auto", "none", "required", "named")
    assert (k3.prices, k3.checked) == (known.prices, known.checked)
    assert known.efforts == ("low", "high", "max")
    assert k26.thinking is None
    assert (k26.output_tokens, k26.output_tokens_limit) == (8_192, 8_192)


async def test_a_model_that_the_catalogue_lacks_has_a_row(
    kimi: Emulator, account: Callable[..., Twins]
) -> None:
    """Of what is told; vLLM names its window otherwise, others tell nothing."""
    _list(
        kimi,
        {
            "id": "kimi-k4",
            "context_length": 2_097_152,
            "supports_image_in": True,
            "supports_reasoning": True,
            "supports_thinking_type": "only",
            "supports_dynamic_tools": True,
            "think_efforts": {"valid_efforts": ["low", "ultra"]},
        },
        {"id": "vllm/kimi", "max_model_len": 32_768, "supports_reasoning": False},
        {"id": "bare"},
    )
    new, vllm, bare = await account()("list_models")
    today = datetime.now(UTC).date()
    assert new.source.startswith("GET /models of 127.0.0.1:")
    assert new.source.endswith(str(today))
    assert new.checked == today
    assert (new.context_tokens, new.output_tokens_limit) == (2_097_152, 2_097_152)
    assert new.inputs == ("text", "image")
    assert (new.efforts, new.effort_default) == (("low", "ultra"), None)
    assert new.dynamic_tools
    assert new.thinking
    assert (new.instant, new.prices) == (None, None)
    assert (vllm.context_tokens, vllm.thinking) == (32_768, None)
    assert (bare.context_tokens, bare.inputs) == (0, ("text",))
    assert bare.default_mode == "thinking"
    assert bare.instant


@pytest.mark.parametrize(
    "odd",
    [
        {"context_length": "many"},
        {"context_length": None, "supports_image_in": None},
        {"context_length": 0, "supports_video_in": "yes"},
        {"think_efforts": None, "reasoning_efforts": 3},
        {"think_efforts": {}},
        {"supports_thinking_type": "maybe", "supports_dynamic_tools": "x"},
        {"supports_reasoning": None, "owned_by": 3, "created": "x"},
    ],
)
async def test_odd_fields_tell_nothing(
    kimi: Emulator, account: Callable[..., Twins], odd: dict[str, Any]
) -> None:
    """The row stays the catalogue's; an item without an id is none."""
    _list(kimi, {"id": "kimi-k3", **odd}, {"object": "model"}, {"id": 3}, "x")
    (row,) = await account()("list_models")
    known = find_model("kimi-k3")
    assert {**_fields(row), "source": ""} == {**_fields(known), "source": ""}


async def test_efforts_that_the_server_denies_are_gone(
    kimi: Emulator, account: Callable[..., Twins]
) -> None:
    denied = {"support": False, "valid_efforts": ["low"], "default_effort": "low"}
    _list(kimi, {"id": "kimi-k3", "reasoning_efforts": denied})
    (row,) = await account()("list_models")
    assert (row.efforts, row.effort_default) == ((), None)


async def test_an_alias_in_a_list_is_a_model_of_its_own(
    kimi: Emulator, account: Callable[..., Twins]
) -> None:
    """A gateway may name its models so."""
    _list(kimi, {"id": "kimi-k2.6-instant", "context_length": 1_000})
    (row,) = await account()("list_models")
    assert (row.id, row.context_tokens, row.prices) == (
        "kimi-k2.6-instant",
        1_000,
        None,
    )


async def test_the_list_changes_no_rules(
    kimi: Emulator, account: Callable[..., Twins]
) -> None:
    """What was listed is for the reader."""
    _list(kimi, {"id": "kimi-k3", "think_efforts": {"valid_efforts": ["ultra"]}})
    asked = account()
    await asked("list_models")
    with pytest.raises(errors.KimiSettingError, match="low, high, max"):
        await asked("invoke", "hi", reasoning_effort="ultra")


async def test_the_balance_is_exact(account: Callable[..., Twins]) -> None:
    """In decimals, so that costs can be taken off it."""
    asked = account()
    balance = await asked("balance")
    assert balance.available == Decimal("49.58894")
    assert balance.available == balance.voucher + balance.cash
    assert balance.available - asked.target.cost(_usage(1, 0)).total == Decimal(
        "49.588937"
    )


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (
            b'{"code": 7, "message": "closed", "data": {}}',
            "not a balance: code 7: c",
        ),
        (b'{"code": 0, "data": {}}', "not a balance: 'available_balance'"),
        (b'{"code": 0, "data": {"available_balance": "x"}}', "not a balance"),
        (b"[]", "not a balance"),
        (
            b'{"data": {"available_balance": ' + b"9" * 400 + b"}}",
            "too large",
        ),
    ],
)
async def test_an_unreadable_balance_is_told(
    kimi: Emulator, account: Callable[..., Twins], body: bytes, words: str
) -> None:
    kimi.send(body, path=_BALANCE)
    with pytest.raises(errors.KimiResponseError, match=words):
        await account()("balance")


@pytest.mark.parametrize(
    "body",
    [
        b"[]",
        b"{}",
        b'{"data": null}',
        b'{"data": {"id": "kimi-k3"}}',
        b'{"data": [{"id": "kimi-k3", "context_length": 1e999}]}',
    ],
)
async def test_an_unreadable_list_is_told(
    kimi: Emulator, account: Callable[..., Twins], body: bytes
) -> None:
    """It is not taken for a server without models."""
    kimi.send(body, path=_MODELS)
    with pytest.raises(errors.KimiResponseError, match="not a list of models"):
        await account()("list_models")


@pytest.mark.parametrize(
    ("name", "path"), [("list_models", _MODELS), ("balance", _BALANCE)]
)
async def test_errors_of_the_account_are_the_usual_ones(
    kimi: Emulator, account: Callable[..., Twins], name: str, path: str
) -> None:
    """A busy server is asked again; one without the endpoint says so."""
    kimi.fail("rate_limit_reached_error", headers={"Retry-After": "0"}, path=path)
    asked = account()
    assert await asked(name)
    assert len(kimi.requests) == 2
    kimi.send(b'{"detail":"Not Found"}', status=404, path=path)
    with pytest.raises(errors.KimiNotFoundError, match="Only Moonshot's own platform"):
        await asked(name)


def _conversation() -> list[BaseMessage]:
    call = {"name": "look", "args": {"at": "x" * 40}, "id": "1", "type": "tool_call"}
    return [
        SystemMessage("Be brief."),
        HumanMessage([{"type": "image", "base64": "AAAA", "mime_type": "image/png"}]),
        AIMessage(
            "",
            additional_kwargs={"reasoning_content": "r" * 4_000},
            tool_calls=[call],
        ),
        ToolMessage("y" * 400, tool_call_id="1"),
    ]


def _deny(kimi: Emulator, status: int = 404, body: bytes = b'{"detail":"x"}') -> None:
    kimi.send(body, status=status, path=_ESTIMATE)


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (404, b'{"detail":"Not Found"}'),
        (404, b"404 page not found"),
        (404, b'{"error":{"message":"no route","type":"NotFoundError"}}'),
        (405, b'{"error":{"message":"no","type":"invalid_request_error"}}'),
    ],
)
def test_a_server_that_counts_nothing_gets_an_estimate(
    kimi: Emulator, chat: Chat, status: int, body: bytes
) -> None:
    """With one warning, and of all that is sent: reasoning, calls and pictures too."""
    model = chat()
    counts: list[int] = []
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        for end in range(1, 5):
            _deny(kimi, status, body)
            counts.append(model.get_num_tokens_from_messages(_conversation()[:end]))
    assert [str(w.message).split(": ")[0] for w in caught] == [
        f"{kimi.base_url} counts no tokens"
    ]
    # The head of the answer and the marks of a message are 4 each, a call's are 10.
    call = 10 + len('look{"at":""}') // 4 + 41 // 4
    assert counts[0] == 4 + 4 + 3
    assert counts[1] == counts[0] + 4 + 1_000
    assert counts[2] == counts[1] + 4 + 1_000 + call + 1
    assert counts[3] == counts[2] + 4 + 100 + 1


def test_tools_and_other_scripts_are_estimated_too(kimi: Emulator, chat: Chat) -> None:
    """A tool by its JSON; a character outside of ASCII as a token."""

    def look(at: str) -> str:
        """Look at something."""
        return at

    model = chat()
    _deny(kimi)
    with pytest.warns(UserWarning, match="20 % too low to 12 % too high"):
        chinese = model.get_num_tokens("我来帮你查一下。")
    _deny(kimi)
    with_tools = model.get_num_tokens_from_messages([HumanMessage("x")], tools=[look])
    assert chinese == 4 + 4 + 8
    sent = json.loads(kimi.requests[-1].raw)["messages"][1]["content"]
    assert '"name":"look"' in sent
    assert with_tools == 4 + (4 + 1) + 4 + -(-len(sent) // 4)


@pytest.mark.parametrize(
    ("failure", "kind"),
    [
        ("incorrect_api_key_error", errors.KimiAuthenticationError),
        ("rate_limit_reached_error", errors.KimiRateLimitError),
        ("exceeded_current_quota_error", errors.KimiQuotaError),
        ("server_error", errors.KimiServerError),
    ],
)
def test_a_server_that_refuses_to_count_is_heard(
    kimi: Emulator, chat: Chat, failure: str, kind: type[Exception]
) -> None:
    """An estimate would hide a wrong key or an empty account."""
    kimi.fail(failure, path=_ESTIMATE)
    with pytest.raises(kind):
        chat(max_retries=0).get_num_tokens("hi")


def test_a_wrong_model_is_no_missing_endpoint(chat: Chat) -> None:
    """Though both are 404."""
    with pytest.raises(errors.KimiNotFoundError, match="Not found the model my/own"):
        chat(model="my/own").get_num_tokens("hi")


def test_an_alias_is_counted_by_its_model(kimi: Emulator, chat: Chat) -> None:
    """The API knows no other name."""
    assert chat(model="kimi-k2.6-instant").get_num_tokens("hi") > 0
    assert kimi.requests[-1].body["model"] == "kimi-k2.6"


@pytest.mark.parametrize("message", [AIMessage(""), SystemMessage(" ")])
@pytest.mark.filterwarnings("ignore:The answer in messages")
def test_what_is_never_sent_counts_nothing(
    kimi: Emulator, chat: Chat, message: BaseMessage
) -> None:
    """A slice may hold nothing else, and the endpoint refuses an empty list."""
    assert chat().get_num_tokens_from_messages([message]) == 0
    assert not kimi.requests


def test_a_server_that_cannot_be_reached_is_told(chat: Chat) -> None:
    model = chat(base_url="http://127.0.0.1:9/v1", max_retries=0)
    with pytest.raises(errors.KimiConnectionError):
        model.get_num_tokens("hi")


def _recorded() -> Iterator[tuple[list[BaseMessage], list[Any], int]]:
    """Yield prompts with the count that a server of Kimi models told of them."""
    for path in sorted(_DATA.glob("openrouter_*.meta.json")):
        meta = json.loads(path.read_text())
        asked = meta["request"]
        messages: list[BaseMessage] = [HumanMessage(asked["messages"][0]["content"])]
        if len(asked["messages"]) > 1:
            call = {"name": "llm_version", "args": {}, "id": "0", "type": "tool_call"}
            messages.append(AIMessage("", tool_calls=[call]))
            result = asked["messages"][-1]["content"]
            messages.append(ToolMessage(result, tool_call_id="0"))
        yield messages, asked["tools"], meta["expect"]["usage_final"]["prompt_tokens"]
    bedrock = _DATA / "bedrock_kimi-k2-thinking_tool_call.json"
    for interaction in json.loads(bedrock.read_text())["interactions"]:
        yield _from_bedrock(interaction)


def _from_bedrock(found: Any) -> tuple[list[BaseMessage], list[Any], int]:
    asked = found["request"]
    spec = asked["toolConfig"]["tools"][0]["toolSpec"]
    tool = {"name": spec["name"], "description": spec["description"]}
    tools = [{**tool, "parameters": spec["inputSchema"]["json"]}]
    messages: list[BaseMessage] = [SystemMessage(asked["system"][0]["text"])]
    first, *rest = asked["messages"]
    messages.append(HumanMessage(first["content"][0]["text"]))
    if rest:
        text, use = rest[0]["content"]
        call = use["toolUse"]
        made = {"name": call["name"], "args": call["input"], "id": call["toolUseId"]}
        messages.append(AIMessage(text["text"], tool_calls=[made]))
        result = rest[1]["content"][0]["toolResult"]
        messages.append(
            ToolMessage(result["content"][0]["text"], tool_call_id=result["toolUseId"])
        )
    return messages, tools, found["response"]["usage"]["inputTokens"]


def test_the_error_of_the_estimate_is_as_told(kimi: Emulator, chat: Chat) -> None:
    """On every prompt whose count was recorded; all are short and English."""
    model = chat()
    ratios: list[float] = []
    for messages, tools, recorded in _recorded():
        _deny(kimi)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            counted = model.get_num_tokens_from_messages(messages, tools=tools)
        ratios.append(counted / recorded)
    assert len(ratios) == 8
    assert 0.80 <= min(ratios) < 0.82
    assert 1.10 < max(ratios) <= 1.12


def test_token_ids_need_a_tokenizer_of_the_caller_s(chat: Chat) -> None:
    """langchain-core would download GPT-2's."""
    with pytest.raises(errors.KimiSettingError, match=r"Count with get_num_tokens\(\)"):
        chat().get_token_ids("hi")
    model = chat(custom_get_token_ids=lambda text: [*text.encode()])
    assert model.get_token_ids("hi") == [104, 105]


@pytest.mark.parametrize("model", current_models(), ids=lambda model: model.id)
async def test_cache_options_are_sent_as_they_are(
    kimi: Emulator, chat: Chat, ask: Ask, model: Any
) -> None:
    """Even what nobody reported; a model that has none is told of."""
    options = {"mode": "explicit", "ttl": "24h"}
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        await ask(chat(model=model.id, prompt_cache_options=options), "hi")
    assert kimi.requests[-1].body["prompt_cache_options"] == options
    is_k2 = model.id.startswith("kimi-k2")
    words = f"prompt_cache_options={options!r} has no effect on {model.id}."
    assert [str(w.message) for w in caught] == ([words] if is_k2 else [])


async def test_a_retired_model_s_host_gets_cache_options_without_a_word(
    chat: Chat,
) -> None:
    with Emulator(models=["kimi-k2.5"]) as other:
        model = chat(model="kimi-k2.5", base_url=other.base_url)
        model.invoke("hi", prompt_cache_options={"ttl": "5m"})
        assert other.requests[-1].body["prompt_cache_options"] == {"ttl": "5m"}
