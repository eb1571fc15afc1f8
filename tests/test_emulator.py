"""The emulator over HTTP: its server, scripting, recording and small endpoints."""

import json
import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from openai import APIStatusError, OpenAI, RateLimitError

from langchain_kimi.catalogue import ALIASES, MODELS, current_models
from langchain_kimi.emulator import Emulator, Headers, read_request
from tests.emulator_client import Answer, chat, connect, post, request, stream


@pytest.fixture
def openai(kimi: Emulator) -> Iterator[OpenAI]:
    with OpenAI(base_url=kimi.base_url, api_key=kimi.api_key, max_retries=0) as client:
        yield client


class TestServer:
    def test_address_is_local(self, kimi: Emulator):
        assert kimi.base_url.startswith("http://127.0.0.1:")
        assert kimi.base_url.endswith("/v1")
        assert kimi.api_key.startswith("sk-")

    def test_a_connection_is_kept_for_the_next_request(self, kimi: Emulator):
        connection = connect(kimi)
        connection.connect()
        port = connection.sock.getsockname()[1]
        for body in ({"model": "no"}, b"{", None):
            post(kimi, body, connection=connection)
        body = {"model": "kimi-k3", "messages": [{"role": "user", "content": "Hi"}]}
        for is_stream in (True, False, True):
            answer = post(kimi, {**body, "stream": is_stream}, connection=connection)
            assert answer.status == 200
        assert connection.sock.getsockname()[1] == port
        connection.close()

    def test_events_arrive_one_by_one(self, kimi: Emulator):
        kimi.reply("abc", reasoning="", fragment=1)
        connection = connect(kimi)
        body = {
            "model": "kimi-k3",
            "stream": True,
            "messages": [{"role": "user", "content": "Hi"}],
        }
        headers = {"Authorization": f"Bearer {kimi.api_key}"}
        connection.request(
            "POST", "/v1/chat/completions", json.dumps(body).encode(), headers
        )
        response = connection.getresponse()
        assert response.headers["Transfer-Encoding"] == "chunked"
        assert response.headers["Content-Type"] == "text/event-stream"
        assert response.fp is not None
        size = int(response.fp.readline(), 16)
        event = response.fp.read(size)
        assert event.startswith(b"data: {")
        assert event.endswith(b"}\n\n")
        assert event.count(b"data: ") == 1
        connection.close()

    def test_a_body_in_chunks_is_read(self, kimi: Emulator):
        body = {"model": "kimi-k3", "messages": [{"role": "user", "content": "Hi"}]}
        raw = json.dumps(body).encode()
        connection = connect(kimi)
        headers = {"Authorization": f"Bearer {kimi.api_key}"}
        connection.request(
            "POST",
            "/v1/chat/completions",
            iter([raw[:20], raw[20:]]),
            headers,
            encode_chunked=True,
        )
        response = connection.getresponse()
        assert response.status == 200, response.read()
        response.read()
        assert kimi.requests[0].body == body
        connection.close()

    def test_close_is_prompt_and_leaves_nothing(self):
        before = set(threading.enumerate())
        kimi = Emulator().start()
        idle = connect(kimi)
        post(kimi, {}, connection=idle)
        port = int(kimi.base_url.split(":")[2].split("/")[0])
        started = time.perf_counter()
        kimi.close()
        assert time.perf_counter() - started < 1
        assert set(threading.enumerate()) <= before
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", port), timeout=2)
        idle.close()
        kimi.close()

    def test_close_ends_a_stream_that_nobody_reads(self):
        before = set(threading.enumerate())
        with Emulator() as kimi:
            kimi.reply("x" * 2_000_000, fragment=1)
            link = _open_stream(kimi)
            assert link.recv(100)
        assert set(threading.enumerate()) <= before
        link.close()

    def test_disconnect_in_mid_stream_is_silent(
        self, kimi: Emulator, capfd: pytest.CaptureFixture[str]
    ):
        kimi.reply("x" * 100_000, fragment=1)
        link = _open_stream(kimi)
        assert link.recv(100)
        link.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        link.close()
        assert chat(kimi).status == 200
        kimi.close()
        assert capfd.readouterr() == ("", "")

    def test_noise_on_the_port_is_answered_in_the_envelope(self, kimi: Emulator):
        link = socket.create_connection(connect_address(kimi), timeout=5)
        link.sendall(b"NOISE\r\n\r\n")
        raw = b"".join(iter(lambda: link.recv(4096), b""))
        assert b'"type":"invalid_request_error"' in raw
        link.close()

    def test_a_broken_body_in_chunks_is_refused(self, kimi: Emulator):
        link = socket.create_connection(connect_address(kimi), timeout=5)
        head = b"POST /v1/chat/completions HTTP/1.1\r\nTransfer-Encoding: chunked"
        link.sendall(head + b"\r\n\r\nnot hex\r\n")
        raw = b"".join(iter(lambda: link.recv(4096), b""))
        assert raw.startswith(b"HTTP/1.1 400 ")
        link.close()

    def test_http_1_0_gets_a_stream_without_chunks(self, kimi: Emulator):
        link = _open_stream(kimi, version="1.0")
        raw = b"".join(iter(lambda: link.recv(65536), b""))
        head, _, body = raw.partition(b"\r\n\r\n")
        assert b"chunked" not in head
        assert body.startswith(b"data: {")
        assert body.endswith(b"data: [DONE]\n\n")
        link.close()

    def test_a_taken_port_is_an_error(self, kimi: Emulator):
        port = connect_address(kimi)[1]
        with pytest.raises(OSError, match="ddress"):
            Emulator(port=port).start()

    def test_base_url_before_start_says_what_to_do(self):
        with pytest.raises(RuntimeError, match="start"):
            _ = Emulator().base_url

    def test_fifty_streams_at_once(self, kimi: Emulator):
        def run(number: int) -> Answer:
            return stream(kimi, f"Say 'word{number}' please")

        with ThreadPoolExecutor(50) as pool:
            answers = list(pool.map(run, range(50)))
        for number, answer in enumerate(answers):
            text = "".join(
                event["choices"][0]["delta"].get("content", "")
                for event in answer.events
            )
            assert f"'word{number}'" in text
        assert len(kimi.requests) == 50
        assert len({answer.events[0]["id"] for answer in answers}) == 50

    def test_handle_needs_no_network(self):
        kimi = Emulator()
        fields = [("authorization", "Bearer sk-x")]
        reply = kimi.handle(read_request("GET", "/v1/models?x=1", fields, b""))
        assert reply.status == 200
        assert isinstance(reply.body, bytes)
        assert kimi.requests[0].query == "x=1"


class TestRequests:
    def test_requests_are_recorded_in_order(self, kimi: Emulator):
        chat(kimi, "one")
        post(kimi, b"{broken", key="bad")
        request(kimi, "GET", "/v1/models?limit=2")
        first, second, third = kimi.requests
        assert (first.method, first.path) == ("POST", "/v1/chat/completions")
        assert first.body["messages"][0]["content"] == "one"
        assert json.loads(first.raw) == first.body
        assert first.headers["AUTHORIZATION"] == f"Bearer {kimi.api_key}"
        assert (second.body, second.raw) == (None, b"{broken")
        assert second.fault
        assert (third.path, third.query, third.body) == ("/v1/models", "limit=2", None)
        assert [r.method for r in kimi.requests[1:]] == ["POST", "GET"]
        kimi.requests.clear()
        assert len(kimi.requests) == 0

    def test_headers_ignore_case_and_join_repeats(self):
        headers = Headers([("X-A", "1"), ("x-a", "2"), ("B", "3")])
        assert headers["x-A"] == "1, 2"
        assert "b" in headers
        assert "c" not in headers
        assert 1 not in headers
        assert headers.get("c") is None
        assert dict(headers) == {"x-a": "1, 2", "B": "3"}
        assert repr(headers) == "Headers({'x-a': '1, 2', 'B': '3'})"
        assert len(headers) == 2


class TestScript:
    def test_replies_are_served_in_order_then_automatic_ones(self, kimi: Emulator):
        kimi.reply("first")
        kimi.reply("second", reasoning="because")
        assert kimi.pending == 2
        assert chat(kimi).message["content"] == "first"
        message = chat(kimi).message
        assert message["content"] == "second"
        assert message["reasoning_content"] == "because"
        assert "Hello" in chat(kimi).message["content"]
        assert kimi.pending == 0

    def test_a_bad_request_does_not_consume_a_reply(self, kimi: Emulator):
        kimi.reply("kept")
        assert chat(kimi, temperature=0).status == 400
        assert chat(kimi).message["content"] == "kept"

    def test_a_failure_is_consumed_by_any_authenticated_request(self, kimi: Emulator):
        kimi.fail("engine_overloaded_error")
        assert post(kimi, {}, key="bad").status == 401
        assert kimi.pending == 1
        assert post(kimi, {}).status == 429
        assert kimi.pending == 0

    def test_tool_calls(self, kimi: Emulator):
        kimi.reply(
            tool_calls=[
                {"name": "a", "arguments": {"x": "é"}},
                {"name": "a", "arguments": '{"x": ', "id": "mine"},
                {"name": "$web_search", "arguments": {}},
            ]
        )
        answer = chat(kimi)
        assert answer.choice["finish_reason"] == "tool_calls"
        assert answer.message["content"] == ""
        assert answer.message["tool_calls"] == [
            {
                "index": 0,
                "id": "a_0",
                "type": "function",
                "function": {"name": "a", "arguments": '{"x":"é"}'},
            },
            {
                "index": 1,
                "id": "mine",
                "type": "function",
                "function": {"name": "a", "arguments": '{"x": '},
            },
            {
                "index": 2,
                "id": "$web_search_2",
                "type": "builtin_function",
                "function": {"name": "$web_search", "arguments": "{}"},
            },
        ]

    def test_a_reply_is_sent_as_it_is(self, kimi: Emulator):
        usage = {"prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3}
        kimi.reply("a b c", reasoning="", finish_reason="odd", usage=usage)
        answer = chat(kimi, max_tokens=1, stop="b")
        assert answer.message == {
            "role": "assistant",
            "content": "a b c",
            "reasoning_content": "",
        }
        assert answer.choice["finish_reason"] == "odd"
        assert answer.body["usage"] == usage

    def test_fragments_and_a_stream_without_done(self, kimi: Emulator):
        kimi.reply("abcdefg", reasoning="", fragment=3, done=False)
        answer = stream(kimi)
        assert not answer.raw.endswith(b"[DONE]\n\n")
        events = [
            json.loads(event.removeprefix(b"data: "))
            for event in answer.raw.split(b"\n\n")[:-1]
        ]
        texts = [e["choices"][0]["delta"].get("content") for e in events]
        assert texts == ["", None, "abc", "def", "g", None]
        with pytest.raises(ValueError, match="fragment"):
            kimi.reply("x", fragment=0)

    def test_thinking_leaks_into_the_content(self, kimi: Emulator):
        kimi.reply("42", reasoning="Hm. ", leak=True)
        assert chat(kimi).message == {"role": "assistant", "content": "Hm. 42"}

    def test_instant_mode_has_no_reasoning(self, kimi: Emulator):
        kimi.reply("a", reasoning="never sent")
        answer = chat(kimi, model="kimi-k2.6", thinking={"type": "disabled"})
        assert "reasoning_content" not in answer.message
        assert "completion_tokens_details" not in answer.body["usage"]

    def test_send_is_verbatim(self, kimi: Emulator):
        page = b"<html>504 Gateway Time-out</html>"
        kimi.send(page, status=504, content_type="text/html", headers={"X-A": "1"})
        kimi.send(b"data: x\n\n", content_type="text/event-stream")
        answer = chat(kimi)
        assert (answer.status, answer.raw) == (504, page)
        assert answer.headers["Content-Type"] == "text/html"
        assert answer.headers["X-A"] == "1"
        assert chat(kimi).raw == b"data: x\n\n"

    def test_fail_with_its_own_words(self, kimi: Emulator):
        kimi.fail(418, "teapot_error", "short and stout", headers={"Retry-After": "7"})
        kimi.fail(503, "engine_overloaded_error")
        kimi.fail("rate_limit_reached_error", message="slow down", headers={})
        answer = chat(kimi)
        assert answer.status == 418
        assert answer.error == ("teapot_error", "short and stout")
        assert answer.headers["Retry-After"] == "7"
        answer = chat(kimi)
        assert answer.status == 503
        assert "currently overloaded" in answer.error[1]
        answer = chat(kimi)
        assert answer.error[1] == "slow down"
        assert answer.headers["Retry-After"] is None

    def test_an_unknown_preset_names_the_known_ones(self, kimi: Emulator):
        with pytest.raises(ValueError, match="engine_overloaded_error"):
            kimi.fail("engine_overload")
        with pytest.raises(ValueError, match="no preset"):
            kimi.fail(500, "odd_error")


class TestSmallEndpoints:
    def test_models(self, kimi: Emulator):
        answer = request(kimi, "GET", "/v1/models")
        assert answer.body["object"] == "list"
        items = {item["id"]: item for item in answer.body["data"]}
        assert list(items) == [model.id for model in current_models()]
        k3, k26 = items["kimi-k3"], items["kimi-k2.6"]
        assert k3["context_length"] == 1_048_576
        assert k3["created"] == 1_784_160_000
        assert k3["supports_thinking_type"] == "only"
        assert k26["supports_thinking_type"] == "both"
        assert k3["think_efforts"] == k3["reasoning_efforts"]
        assert k3["think_efforts"] == {
            "support": True,
            "valid_efforts": ["low", "high", "max"],
            "default_effort": "max",
        }
        assert "think_efforts" not in k26
        assert k3["supports_dynamic_tools"]
        assert not k26["supports_dynamic_tools"]
        for item in items.values():
            assert (item["object"], item["owned_by"]) == ("model", "moonshot")

    def test_one_model(self, kimi: Emulator):
        assert request(kimi, "GET", "/v1/models/kimi-k3").body["id"] == "kimi-k3"
        answer = request(kimi, "GET", "/v1/models/nope")
        assert answer.status == 404
        assert answer.error[1] == "Not found the model nope or Permission denied"

    def test_estimate_is_what_usage_says(self, kimi: Emulator):
        body = {
            "model": "kimi-k3",
            "messages": [{"role": "user", "content": "Wie geht's? 你好"}],
        }
        path = "/v1/tokenizers/estimate-token-count"
        answer = request(kimi, "POST", path, body)
        total = post(kimi, body).body["usage"]["prompt_tokens"]
        assert answer.body == {"data": {"total_tokens": total}}
        assert request(kimi, "POST", path, {**body, "model": "x"}).status == 404
        assert request(kimi, "POST", path, {**body, "messages": []}).status == 400

    def test_balance(self, kimi: Emulator):
        body = request(kimi, "GET", "/v1/users/me/balance").body
        assert (body["code"], body["scode"], body["status"]) == (0, "0x0", True)
        data = body["data"]
        total = data["voucher_balance"] + data["cash_balance"]
        assert data["available_balance"] == pytest.approx(total)

    def test_unknown_paths_and_wrong_methods(self, kimi: Emulator):
        answer = request(kimi, "POST", "/v1/embeddings", {})
        assert (answer.status, answer.error[0]) == (404, "resource_not_found_error")
        answer = request(kimi, "GET", "/v1/chat/completions")
        assert (answer.status, answer.headers["Allow"]) == (405, "POST")
        assert "GET" in answer.error[1]
        assert request(kimi, "DELETE", "/v1/models").status == 405
        assert request(kimi, "HEAD", "/v1/chat/completions").raw == b""

    def test_every_answer_has_the_common_headers(self, kimi: Emulator):
        seen: set[str] = set()
        for answer in (chat(kimi), stream(kimi), post(kimi, {}, key="bad")):
            seen.add(answer.headers["Msh-Request-Id"])
            assert len(answer.headers["X-Msh-Trace-Id"]) == 32
            assert answer.headers["Msh-Trace-Mode"] == "on"
            assert answer.headers["Server-Timing"]
            assert answer.headers["Vary"]
            # Absent from every live response (P1, 2026-09-01).
            assert answer.headers["X-RateLimit-Limit"] is None
        assert len(seen) == 3


class TestKnobs:
    def test_api_keys(self):
        with Emulator(api_keys=["sk-cn", "sk-ai"]) as kimi:
            assert kimi.api_key == "sk-cn"
            assert request(kimi, "GET", "/v1/models", key="sk-ai").status == 200
            assert request(kimi, "GET", "/v1/models", key="sk-emulator").status == 401

    def test_models_may_be_retired_ones(self):
        retired = next(model for model in MODELS if model.retired)
        with Emulator(models=[retired.id]) as kimi:
            thinking = {"type": "disabled"} if retired.instant else None
            assert chat(kimi, model=retired.id, thinking=thinking).status == 200
            assert chat(kimi, model="kimi-k3").status == 404

    @pytest.mark.parametrize("name", ["nope", next(iter(ALIASES))])
    def test_models_must_be_in_the_catalogue(self, name: str):
        with pytest.raises(ValueError, match=name):
            Emulator(models=[name])

    @pytest.mark.parametrize(
        ("style", "id"),
        [
            ("name_0", "look_1"),
            ("name:0", "look:1"),
            ("functions.name:0", "functions.look:1"),
        ],
    )
    def test_tool_id_style(self, style: str, id: str):
        with Emulator(tool_id_style=style) as kimi:
            kimi.reply(tool_calls=[{"name": "look"}, {"name": "look"}])
            assert chat(kimi).message["tool_calls"][1]["id"] == id


class TestOpenAI:
    def test_completion(self, openai: OpenAI):
        completion = openai.chat.completions.create(
            model="kimi-k3", messages=[{"role": "user", "content": "Hello"}]
        )
        message = completion.choices[0].message
        assert "Hello" in (message.content or "")
        assert (message.model_extra or {})["reasoning_content"]
        assert completion.usage
        assert completion.usage.completion_tokens_details

    def test_stream(self, openai: OpenAI):
        chunks = list(
            openai.chat.completions.create(
                model="kimi-k3",
                messages=[{"role": "user", "content": "Hello"}],
                stream=True,
                stream_options={"include_usage": True},
            )
        )
        assert chunks[-1].usage
        assert not chunks[-1].choices
        assert "Hello" in "".join(
            chunk.choices[0].delta.content or "" for chunk in chunks[:-1]
        )

    def test_models(self, openai: OpenAI):
        assert "kimi-k3" in [model.id for model in openai.models.list()]
        assert openai.models.retrieve("kimi-k3").owned_by == "moonshot"

    def test_errors(self, kimi: Emulator, openai: OpenAI):
        kimi.fail("rate_limit_reached_error")
        with pytest.raises(RateLimitError) as caught:
            openai.chat.completions.create(model="kimi-k3", messages=[])
        assert caught.value.response.headers["retry-after"] == "1"
        with pytest.raises(APIStatusError, match="must not be empty") as refused:
            openai.chat.completions.create(model="kimi-k3", messages=[])
        assert refused.value.status_code == 400

    def test_the_sdk_retries_what_may_be_retried(self, kimi: Emulator, openai: OpenAI):
        kimi.fail("rate_limit_reached_error", headers={"Retry-After-Ms": "1"})
        kimi.reply("at last")
        completion = openai.with_options(max_retries=1).chat.completions.create(
            model="kimi-k3", messages=[{"role": "user", "content": "Hello"}]
        )
        assert completion.choices[0].message.content == "at last"
        assert len(kimi.requests) == 2


def connect_address(kimi: Emulator) -> tuple[str, int]:
    host, port = kimi.base_url.removeprefix("http://").removesuffix("/v1").split(":")
    return host, int(port)


def _open_stream(kimi: Emulator, version: str = "1.1") -> socket.socket:
    """Send a stream request over a socket of its own, and read nothing."""
    messages = [{"role": "user", "content": "Hi"}]
    body = {"model": "kimi-k3", "stream": True, "messages": messages}
    raw = json.dumps(body).encode()
    head = (
        f"POST /v1/chat/completions HTTP/{version}\r\nHost: x\r\n"
        f"Authorization: Bearer {kimi.api_key}\r\nContent-Length: {len(raw)}\r\n\r\n"
    )
    link = socket.create_connection(connect_address(kimi), timeout=10)
    link.sendall(head.encode() + raw)
    return link
