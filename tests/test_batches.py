"""KimiBatches: what is sent, what is refused, what comes back, what is left."""

import json
import socket
from collections.abc import Callable, Iterator
from typing import Any

import openai
import pytest
from langchain_core.exceptions import ContextOverflowError, ModelError
from langchain_core.messages import AIMessage, HumanMessage
from langchain_core.tools import tool

from langchain_kimi import ChatKimi, KimiBatches, KimiFiles, errors
from langchain_kimi.catalogue import MODELS, current_models
from langchain_kimi.emulator import Emulator
from tests.conftest import Chat, Twins

MODEL = next(model.id for model in current_models() if model.batch)

Make = Callable[..., Twins]


@tool
def get_weather(city: str) -> str:
    """Get the weather of a city."""
    return city


@pytest.fixture
def make(kimi: Emulator, twins: Callable[[Any], Twins]) -> Make:
    """`make(**settings)` is a KimiBatches of the emulator, sync or async."""

    def build(**settings: Any) -> Twins:
        target = {"api_key": kimi.api_key, "base_url": kimi.base_url}
        return twins(KimiBatches(**{**target, **settings}))

    return build


@pytest.fixture
def batches(make: Make) -> Twins:
    return make()


@pytest.fixture
def model(chat: Chat) -> ChatKimi:
    return chat(model=MODEL)


@pytest.fixture
def server(kimi: Emulator) -> Iterator[KimiFiles]:
    """Another client, to see what is on the server."""
    with KimiFiles(kimi.api_key, kimi.base_url) as client:
        yield client


def _sent_lines(server: KimiFiles, batch: Any) -> list[Any]:
    return [json.loads(x) for x in server.content(batch.input_file_id).splitlines()]


async def test_a_batch_from_submit_to_results(batches: Twins, model: ChatKimi) -> None:
    """Every status is seen, each answer is a message with its usage."""
    batch = await batches(
        "submit", {"a": "1 + 1?", "b": [HumanMessage("2 + 2?")]}, model
    )
    assert batch.status == "validating"
    assert not batch.done
    seen: list[tuple[str, int, int]] = []
    batch = await batches(
        "wait",
        batch.id,
        poll_seconds=0,
        on_progress=lambda b: seen.append((b.status, b.completed, b.total)),
    )
    assert seen == [("in_progress", 0, 2), ("finalizing", 2, 2), ("completed", 2, 2)]
    assert batch.done
    results = dict(await batches("results", batch.id))
    assert list(results) == ["a", "b"]
    for question, answer in zip(("1 + 1?", "2 + 2?"), results.values(), strict=True):
        assert isinstance(answer, AIMessage)
        assert question in answer.text
        assert answer.usage_metadata
        assert answer.additional_kwargs["reasoning_content"]
        assert answer.response_metadata["model_name"] == MODEL


async def test_a_line_is_what_invoke_would_send(
    kimi: Emulator, batches: Twins, server: KimiFiles, model: ChatKimi
) -> None:
    """With the tools and settings of a binding, in the guide's form of a line."""
    bound = model.bind_tools([get_weather]).bind(max_tokens=99)
    batch = await batches("submit", ["Weather in Paris?"], bound)
    (line,) = _sent_lines(server, batch)
    bound.invoke("Weather in Paris?")
    assert line == {
        "custom_id": "0",
        "method": "POST",
        "url": "/v1/chat/completions",
        "body": kimi.requests[-1].body,
    }
    await batches("wait", batch.id, poll_seconds=0)
    ((_, answer),) = await batches("results", batch.id)
    assert answer.tool_calls[0]["args"] == {"city": "Paris"}


async def test_what_is_sent_with_a_batch(
    kimi: Emulator, batches: Twins, model: ChatKimi
) -> None:
    await batches(
        "submit", ["hi"], model, completion_window="7d", metadata={"job": "nightly"}
    )
    assert kimi.requests[-1].body == {
        "input_file_id": kimi.requests[-1].body["input_file_id"],
        "endpoint": "/v1/chat/completions",
        "completion_window": "7d",
        "metadata": {"job": "nightly"},
    }


async def test_one_bad_request_hides_no_good_answer(
    kimi: Emulator, batches: Twins, model: ChatKimi
) -> None:
    """Each error tells its custom id, and what it would be outside of a batch."""
    kimi.reply("fine")
    kimi.fail("exceeded_model_token_limit")
    kimi.fail("engine_overloaded_error")
    kimi.send(b"<html>bad gateway</html>", status=502)
    batch = await batches("submit", dict.fromkeys("abcd", "hi"), model)
    batch = await batches("wait", batch.id, poll_seconds=0)
    assert (batch.completed, batch.failed, batch.total) == (1, 3, 4)
    results = dict(await batches("results", batch.id))
    assert results.pop("a").text == "fine"
    assert set(results) == set("bcd")
    for id, error in results.items():
        assert isinstance(error, errors.KimiBatchRequestError)
        assert isinstance(error, ModelError)
        assert error.custom_id == id
        assert repr(id) in str(error)
    overflow, busy, gateway = (results[id] for id in "bcd")
    assert issubclass(overflow.counterpart, ContextOverflowError)
    assert (overflow.status_code, overflow.is_retryable) == (400, False)
    assert busy.counterpart is errors.KimiOverloadedError
    assert (busy.type, busy.is_retryable) == ("engine_overloaded_error", True)
    assert "bad gateway" in str(gateway)
    assert gateway.is_retryable


async def test_another_process_needs_only_the_id(
    kimi: Emulator, make: Make, model: ChatKimi
) -> None:
    first = make()
    batch = await first("submit", {"a": "hi"}, model)
    second = make()
    await second("wait", batch.id, poll_seconds=0)
    ((id, answer),) = await second("results", batch.id)
    assert (id, bool(answer.text)) == ("a", True)
    assert [b.id for b in await second("list")] == [batch.id]


async def test_the_text_of_an_answer_may_hold_any_line_separator(
    kimi: Emulator, batches: Twins, model: ChatKimi
) -> None:
    text = "a\u2028b\u0085c\x0bd\r\ne"
    kimi.reply(text)
    batch = await batches("submit", {"a": "hi"}, model)
    await batches("wait", batch.id, poll_seconds=0)
    assert (await batches("results", batch.id))[0][1].text == text


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("no json", "no JSON"),
        ('{"a":' * 100_000, "no JSON"),
        ('{"response":{"status_code":{},"body":"x"}}', r"x \(HTTP 0"),
        ('{"response":{"status_code":1e999,"body":"x"}}', r"x \(HTTP 0"),
        ('{"custom_id":"a"}', "without a reason"),
        ('{"custom_id":"a","response":{"status_code":200,"body":{}}}', "no choices"),
        (
            '{"custom_id":"a","response":{"status_code":200,"body":'
            '{"error":{"type":"content_filter","message":"high risk"}}}}',
            "high risk",
        ),
        (
            '{"custom_id":"a","response":null,'
            '"error":{"code":"batch_expired","message":"too late"}}',
            r"too late.*batch_expired",
        ),
    ],
)
async def test_a_line_of_another_form_is_an_error_of_its_own(
    kimi: Emulator, batches: Twins, line: str, words: str
) -> None:
    kimi.send(
        b'{"id":"x","status":"expired","error_file_id":"f"}', path="/v1/batches/x"
    )
    kimi.send(f"{line}\n\n".encode(), path="/v1/files/f/content")
    ((_, error),) = await batches("results", "x")
    with pytest.raises(errors.KimiBatchRequestError, match=words):
        raise error


async def test_results_wait_for_nothing(
    kimi: Emulator, batches: Twins, model: ChatKimi
) -> None:
    """A batch that is not done, or failed as a whole, says so."""
    batch = await batches("submit", ["hi"], model)
    with pytest.raises(errors.KimiBatchError, match=r"in_progress.*wait\("):
        await batches("results", batch.id)
    kimi.send(b'{"id":"x","status":"failed","input_file_id":"f"}', path="/v1/batches/x")
    with pytest.raises(errors.KimiBatchError, match="failed before any request"):
        await batches("results", "x")


async def test_a_batch_can_be_cancelled(batches: Twins, model: ChatKimi) -> None:
    """Once; what ended is refused by the API."""
    batch = await batches("submit", ["hi"], model)
    assert (await batches("cancel", batch.id)).status == "cancelling"
    batch = await batches("wait", batch.id, poll_seconds=0)
    assert batch.status == "cancelled"
    assert await batches("results", batch.id) == []
    with pytest.raises(errors.KimiInvalidRequestError, match="cancelled"):
        await batches("cancel", batch.id)


async def test_all_batches_are_listed(batches: Twins, model: ChatKimi) -> None:
    """Over the pages of the API, the newest first."""
    ids = [(await batches("submit", ["hi"], model)).id for _ in range(23)]
    assert [batch.id for batch in await batches("list")] == ids[::-1]


async def test_the_files_of_a_batch_can_be_deleted(
    kimi: Emulator, batches: Twins, server: KimiFiles, model: ChatKimi
) -> None:
    """Input, output, errors; some may be gone."""
    kimi.reply("fine")
    kimi.fail("content_filter")
    batch = await batches("submit", ["hi", "hi"], model)
    batch = await batches("wait", batch.id, poll_seconds=0)
    assert len(batch.file_ids) == len(server.list()) == 3
    server.delete(batch.input_file_id)
    await batches("delete_files", batch.id)
    assert server.list() == []


@pytest.mark.parametrize(
    ("requests", "words"),
    [
        ({}, "no lines"),
        ([], "no lines"),
        ("one text", "one text"),
        ({"": "hi"}, "custom_id"),
        ({" ": "hi"}, "custom_id"),
        ({7: "hi"}, "custom_id=7"),
        ({"a": []}, "'a'.*must not be empty"),
        ({"a": "hi", "b": 7}, "'b'"),
        ({"a": [HumanMessage([{"type": "audio", "base64": ""}])]}, "'a'.*audio"),
        ({"a\udcff": "hi"}, "surrogates"),
    ],
)
async def test_wrong_requests_are_refused_before_anything_is_sent(
    kimi: Emulator, batches: Twins, model: ChatKimi, requests: Any, words: str
) -> None:
    with pytest.raises(errors.KimiSettingError, match=words):
        await batches("submit", requests, model)
    assert kimi.requests == []


@pytest.mark.parametrize(
    "window",
    ["", "11h", "169h", "8d", "0d", "1w", "1.5d", "24", "24h ", "-1d", None, 24],
)
async def test_a_wrong_window_is_refused(
    kimi: Emulator, batches: Twins, model: ChatKimi, window: Any
) -> None:
    with pytest.raises(errors.KimiSettingError, match="minimum 12h, maximum 7d"):
        await batches("submit", ["hi"], model, completion_window=window)
    assert kimi.requests == []


@pytest.mark.parametrize("window", ["12h", "24h", "168h", "1d", "7d"])
async def test_a_good_window_is_sent(
    batches: Twins, model: ChatKimi, window: str
) -> None:
    batch = await batches("submit", ["hi"], model, completion_window=window)
    assert batch.completion_window == window


@pytest.mark.parametrize(
    ("metadata", "words"),
    [
        ({str(i): "x" for i in range(17)}, "17 pairs"),
        ({"k" * 65: "x"}, "at most 64"),
        ({"k": "x" * 513}, "at most 512"),
        ({"k": 7}, "must be a string"),
        ("text", "must be an object"),
    ],
)
async def test_wrong_metadata_are_refused(
    kimi: Emulator, batches: Twins, model: ChatKimi, metadata: Any, words: str
) -> None:
    with pytest.raises(errors.KimiSettingError, match=words):
        await batches("submit", ["hi"], model, metadata=metadata)
    assert kimi.requests == []


@pytest.mark.parametrize("id", [m.id for m in MODELS if m.batch is False])
async def test_a_model_that_batches_do_not_take_is_refused(
    kimi: Emulator, batches: Twins, chat: Chat, id: str
) -> None:
    with pytest.raises(errors.KimiSettingError, match=f"{id} is not supported"):
        await batches("submit", ["hi"], chat(model=id))
    assert kimi.requests == []


async def test_one_batch_has_one_model(
    kimi: Emulator, batches: Twins, model: ChatKimi
) -> None:
    """A binding to another model counts."""
    other = next(m.id for m in MODELS if m.batch is False)
    with pytest.raises(errors.KimiSettingError, match="not supported"):
        await batches("submit", ["hi"], model.bind(model=other))
    assert kimi.requests == []


async def test_what_is_no_model_is_refused(
    kimi: Emulator, batches: Twins, model: ChatKimi
) -> None:
    """A parser behind the model would not run on the server."""
    schema = {"title": "T", "type": "object", "properties": {"a": {"type": "string"}}}
    for given in (model.with_structured_output(schema), MODEL, None):
        with pytest.raises(errors.KimiSettingError, match="A batch cannot run a"):
            await batches("submit", ["hi"], given)
    assert kimi.requests == []


async def test_a_refused_batch_leaves_no_file(
    kimi: Emulator, batches: Twins, server: KimiFiles, model: ChatKimi
) -> None:
    for preset in ("permission_denied_error", "exceeded_current_quota_error"):
        kimi.fail(preset, path="/v1/batches")
        with pytest.raises(openai.APIStatusError):
            await batches("submit", ["hi"], model)
        assert server.list() == []


async def test_a_file_that_stays_is_noted_on_the_error(
    kimi: Emulator, make: Make, model: ChatKimi
) -> None:
    kimi.fail("permission_denied_error", path="/v1/batches")
    kimi.fail("server_error", path="/v1/files/*")
    with pytest.raises(errors.KimiPermissionDeniedError) as caught:
        await make(max_retries=0)("submit", ["hi"], model)
    assert "stays on the server as file_" in caught.value.__notes__[0]


async def test_a_busy_server_is_asked_again(
    kimi: Emulator, batches: Twins, model: ChatKimi
) -> None:
    kimi.fail(
        "engine_overloaded_error", path="/v1/batches", headers={"Retry-After": "0"}
    )
    assert (await batches("submit", ["hi"], model)).id


async def test_a_batch_whose_answer_is_lost_is_not_submitted_twice(
    kimi: Emulator, make: Make, model: ChatKimi
) -> None:
    """It may run already, and would be paid for twice."""
    kimi.send(b"", path="/v1/batches", headers={"Content-Length": "7"})
    with pytest.raises(errors.KimiTimeoutError):
        await make(max_retries=2, timeout=0.5)("submit", ["hi"], model)
    sent = [r.method for r in kimi.requests if r.path == "/v1/batches"]
    assert sent == ["POST"]


@pytest.mark.parametrize("method", ["get", "wait", "results", "cancel", "delete_files"])
async def test_an_unknown_or_empty_id_is_told(batches: Twins, method: str) -> None:
    with pytest.raises(errors.KimiNotFoundError, match="batch_none"):
        await batches(method, "batch_none")
    with pytest.raises(errors.KimiSettingError, match="no id"):
        await batches(method, "")


async def test_a_refused_key_and_no_server_are_told(
    make: Make, model: ChatKimi
) -> None:
    with pytest.raises(errors.KimiAuthenticationError):
        await make(api_key="pk-wrong")("submit", ["hi"], model)
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    client = make(base_url=f"http://127.0.0.1:{port}/v1", max_retries=0)
    with pytest.raises(errors.KimiConnectionError):
        await client("list")


def test_a_built_request_is_not_sent(kimi: Emulator, model: ChatKimi) -> None:
    """ChatKimi.build_request refuses what invoke would."""
    body = model.build_request("hi", max_tokens=5)
    assert body == {
        "model": MODEL,
        "max_completion_tokens": 5,
        "messages": [{"role": "user", "content": "hi"}],
    }
    with pytest.raises(errors.KimiSettingError):
        model.build_request("hi", stop=["a"] * 6)
    assert kimi.requests == []
