"""The emulator's faults, as bytes on the wire: sockets look at what goes over it."""

import gzip
import json
import re
import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from langchain_kimi.emulator import Emulator
from langchain_kimi.emulator._faults import FAULTS
from tests.emulator_client import chat, request, stream
from tests.test_emulator_command import start

_TEXT = "Zürich, größer als 東京?"
_WEATHER = {"name": "get_weather", "arguments": {"city": "Zürich"}}


def _open(kimi: Emulator, *, streams: bool = True, kept: bool = False) -> socket.socket:
    address = urlsplit(kimi.base_url)
    link = socket.create_connection((address.hostname, address.port), timeout=20)
    messages = [{"role": "user", "content": "Hi"}]
    body = {"model": "kimi-k3", "messages": messages, "stream": streams}
    raw = json.dumps(body).encode()
    head = (
        "POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\n"
        f"Authorization: Bearer {kimi.api_key}\r\nContent-Length: {len(raw)}\r\n"
        f"Connection: {'keep-alive' if kept else 'close'}\r\n\r\n"
    )
    link.sendall(head.encode() + raw)
    return link


def _exchange(kimi: Emulator, *, streams: bool = True) -> tuple[bytes, bytes, bool]:
    """Send a request; return the head, the rest and whether the end was a reset."""
    received, is_reset = bytearray(), False
    with _open(kimi, streams=streams) as link:
        try:
            while block := link.recv(1 << 16):
                received += block
        except ConnectionResetError:
            is_reset = True
    head, _, rest = bytes(received).partition(b"\r\n\r\n")
    return head, rest, is_reset


def _unchunk(raw: bytes) -> bytes:
    return re.sub(rb"(?:^|\r\n)[0-9a-f]+\r\n|\r\n\Z", b"", raw)


def _body(kimi: Emulator) -> bytes:
    """The body of a stream, as a client reads it."""
    return stream(kimi).raw


@pytest.fixture
def told(kimi: Emulator) -> Emulator:
    kimi.reply(_TEXT, reasoning="Zürich?", fragment=4)
    return kimi


_CUTS: list[tuple[str, Callable[[bytes, bytes], bool]]] = [
    ("before_headers", lambda head, rest: head + rest == b""),
    ("in_headers", lambda head, rest: head.startswith(b"HTTP") and not rest),
    ("after_headers", lambda head, rest: b"chunked" in head and not rest),
    ("in_event", lambda head, rest: not rest.endswith(b"\n") and b'"index' in rest),
    ("in_character", lambda head, rest: rest.endswith(b"Z\xc3")),
    ("between_events", lambda head, rest: rest.endswith(b"\n\n\r\n")),
    ("after_finish_reason", lambda head, rest: rest.endswith(b"}\n\n\r\n")),
    ("before_done", lambda head, rest: b'"finish_reason":"stop"' in rest),
    ("before_end", lambda head, rest: rest.endswith(b"[DONE]\n\n\r\n")),
]


class TestCut:
    @pytest.mark.parametrize("reset", [False, True])
    @pytest.mark.parametrize("case", _CUTS, ids=lambda case: case[0])
    def test_at_a_place(self, told: Emulator, case: Any, reset: bool):
        place, is_there = case
        told.fault("cut", at=place, reset=reset)
        head, rest, was_reset = _exchange(told)
        assert is_there(head, rest), (head, rest)
        assert b"[DONE]" not in rest or place == "before_end"
        assert not rest.endswith(b"0\r\n\r\n")
        assert was_reset == reset

    @pytest.mark.parametrize("count", [0, 1, 7, 400])
    def test_after_a_byte_of_the_body(self, told: Emulator, count: int):
        told.fault("cut", byte=count)
        _, rest, _ = _exchange(told)
        assert len(_unchunk(rest)) == count

    def test_after_an_event(self, told: Emulator):
        told.fault("cut", event=3)
        _, rest, _ = _exchange(told)
        assert rest.count(b"data: ") == 3
        assert rest.endswith(b"\n\n\r\n")

    def test_anywhere_is_decided_by_the_seed(self, kimi: Emulator):
        lengths: list[int] = []
        for seed in (1, 1, 2):
            kimi.reply(_TEXT, reasoning="")
            kimi.fault("cut", at="anywhere", seed=seed)
            lengths.append(len(_unchunk(_exchange(kimi)[1])))
        assert lengths[0] == lengths[1] != lengths[2]

    @pytest.mark.parametrize("place", [place for place, _ in _CUTS])
    def test_of_a_whole_answer(self, told: Emulator, place: str):
        told.fault("cut", at=place)
        head, rest, _ = _exchange(told, streams=False)
        length = re.search(rb"Content-Length: (\d+)", head)
        is_whole = bool(length) and len(rest) == int(length[1]) if length else False
        assert is_whole == (place == "before_end")

    def test_a_place_that_is_not_there_is_said(
        self, kimi: Emulator, capfd: pytest.CaptureFixture[str]
    ):
        kimi.reply("ASCII", reasoning="")
        kimi.fault("cut", at="in_character")
        _exchange(kimi)
        assert "no character of several bytes" in capfd.readouterr().err


class TestDelivery:
    def test_a_delay_comes_before_the_first_byte(self, told: Emulator):
        told.fault("delay", seconds=0.1)
        started = time.monotonic()
        with _open(told) as link:
            link.recv(1)
        assert time.monotonic() - started >= 0.1

    @pytest.mark.parametrize(
        ("name", "values"),
        [
            ("slow_headers", {"seconds": 0}),
            ("slow_body", {"size": 1, "seconds": 0}),
            ("stall", {"event": 3, "seconds": 0.01}),
            ("split", {"size": 3}),
            ("joined", {}),
            ("gzip", {}),
            ("hang_up", {}),
            ("close", {}),
            ("no_length", {}),
        ],
    )
    def test_nothing_is_lost(self, told: Emulator, name: str, values: Any):
        told.fault(name, **values)
        _, rest, is_reset = _exchange(told)
        assert not is_reset
        body = rest if name == "no_length" else _dechunked(rest)
        if name == "gzip":
            body = gzip.decompress(body)
        assert _text(body) == _TEXT

    def test_informational_responses_come_first(self, told: Emulator):
        told.fault("informational", status=103, count=2)
        head, rest, _ = _exchange(told, streams=False)
        assert head == b"HTTP/1.1 103 Early Hints"
        assert rest.startswith(b"HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\n")

    def test_a_stall_ends_when_the_client_leaves(self, told: Emulator):
        before = threading.active_count()
        told.fault("stall", event=2)
        with _open(told) as link:
            raw = link.recv(1 << 16)
            while raw.count(b"data: ") < 2:
                raw += link.recv(1 << 16)
        until = time.monotonic() + 10
        while threading.active_count() > before and time.monotonic() < until:
            time.sleep(0.005)
        assert threading.active_count() <= before

    @pytest.mark.parametrize(
        ("name", "values"),
        [
            ("delay", {"seconds": 600}),
            ("stall", {}),
            ("slow_headers", {"seconds": 600}),
            ("keep_alives", {"seconds": 600}),
            ("long_length", {"close": False}),
            ("restart", {"seconds": 600}),
        ],
    )
    def test_a_closing_emulator_ends_each_wait(self, name: str, values: Any):
        before = set(threading.enumerate())
        kimi = Emulator().start()
        kimi.fault(name, **values)
        link = _open(kimi)
        while not kimi.faulted:
            time.sleep(0.001)
        started = time.monotonic()
        kimi.close()
        assert time.monotonic() - started < 3
        assert set(threading.enumerate()) <= before
        link.close()

    def test_a_restart_refuses_connections_and_comes_back(self, kimi: Emulator):
        idle = _open(kimi, kept=True)
        idle.recv(1 << 16)
        kimi.fault("restart", seconds=0.3)
        head, rest, is_reset = _exchange(kimi)
        assert (head, rest, is_reset) == (b"", b"", True)
        with pytest.raises(ConnectionRefusedError):
            chat(kimi)
        while idle.recv(1 << 16):
            pass
        idle.close()
        until = time.monotonic() + 10
        while time.monotonic() < until:
            try:
                assert chat(kimi).status == 200
            except ConnectionRefusedError:
                time.sleep(0.01)
            else:
                return
        pytest.fail("the port did not open again")

    def test_lengths_that_are_wrong(self, kimi: Emulator):
        differences: list[int] = []
        for name in ("long_length", "short_length"):
            kimi.fault(name, by=5)
            head, rest, _ = _exchange(kimi, streams=False)
            length = re.search(rb"Content-Length: (\d+)", head)
            assert length
            assert head.count(b"Content-Length") == 1
            differences.append(int(length[1]) - len(rest))
        assert differences == [5, -5]

    def test_broken_framing(self, told: Emulator):
        told.fault("broken_chunks", event=1)
        assert b"\r\nzz\r\ndata: " in _exchange(told)[1]
        told.fault("no_http")
        assert not _exchange(told)[0].startswith(b"HTTP")
        told.fault("broken_header")
        assert b"\r\nno field" in _exchange(told)[0]
        told.fault("huge_header", kilobytes=2)
        assert b"X-Padding: " + b"x" * 2000 in _exchange(told)[0]


def _dechunked(raw: bytes) -> bytes:
    body = bytearray()
    while raw:
        size, _, raw = raw.partition(b"\r\n")
        length = int(size, 16)
        body += raw[:length]
        raw = raw[length + 2 :]
    return bytes(body)


def _events(body: bytes) -> list[Any]:
    lines = re.findall(rb"data: ?(\{.*\})", body)
    return [json.loads(line) for line in lines]


def _text(body: bytes) -> str:
    deltas = [e["choices"][0]["delta"] for e in _events(body) if e.get("choices")]
    return "".join((delta or {}).get("content") or "" for delta in deltas)


class TestBodies:
    @pytest.mark.parametrize(
        ("name", "values", "mark"),
        [
            ("crlf", {}, b"\r\n\r\n"),
            ("no_space", {}, b'\n\ndata:{"id"'),
            ("byte_order_mark", {}, b"\xef\xbb\xbfdata: "),
            ("comments", {"text": "hello"}, b"\n\n: hello\n\n"),
            ("other_fields", {}, b"id: 7\nevent: message\nretry: 3000\ndata: "),
            ("garbage", {}, b"garbage {]\n\n\ndata: "),
            ("after_done", {}, b"data: [DONE]\n\ndata: {"),
            ("huge_event", {"megabytes": 1}, b"x" * 1_000_000),
            ("null_fields", {}, b'"tool_calls":null'),
            ("missing_fields", {}, b'data: {"choices":[{"delta":{'),
        ],
    )
    def test_a_stream_says_the_same(
        self, told: Emulator, name: str, values: Any, mark: bytes
    ):
        told.fault(name, **values)
        body = _body(told)
        assert mark in body
        assert _text(body.partition(b"[DONE]")[0]) == _TEXT

    def test_other_line_ends(self, told: Emulator):
        told.fault("bare_cr")
        body = _body(told)
        assert b"\n" not in body
        assert _text(body.replace(b"\r", b"\n")) == _TEXT
        told.fault("many_lines")
        assert b'\ndata:  "choices": [\ndata: ' in _body(told)
        told.fault("unended")
        assert _body(told).endswith(b"\n\ndata: [DONE]")

    def test_ends_that_are_missing(self, told: Emulator):
        told.fault("no_done")
        body = _body(told)
        assert b"[DONE]" not in body
        assert b'"finish_reason":"stop"' in body
        told.fault("no_finish_reason")
        assert b'"finish_reason":"' not in _body(told)
        told.fault("early_done", event=2)
        assert _body(told).count(b"data: ") == 3

    @pytest.mark.parametrize("streams", [True, False])
    def test_an_error_in_an_answer_that_began_well(self, told: Emulator, streams: bool):
        told.fault("error_event", type="content_filter", event=1)
        answer = stream(told) if streams else chat(told)
        assert answer.status == 200
        raw = answer.raw.split(b"data: ")[-1]
        assert json.loads(raw)["error"]["type"] == "content_filter"

    @pytest.mark.parametrize("name", ["invalid_json", "no_object", "invalid_utf8"])
    @pytest.mark.parametrize("streams", [True, False])
    def test_what_is_no_object(self, told: Emulator, name: str, streams: bool):
        told.fault(name, event=1)
        raw = stream(told).raw if streams else chat(told).raw
        data = raw.split(b"\n\n")[1][6:] if streams else raw
        with pytest.raises(ValueError, match=r"delimiter|sequence|decode|Unterminated"):
            dict(json.loads(data))

    @pytest.mark.parametrize("kind", ["plain", "damaged", "cut"])
    @pytest.mark.parametrize("streams", [True, False])
    def test_gzip_that_is_none(self, told: Emulator, kind: str, streams: bool):
        told.fault("broken_gzip", kind=kind)
        answer = stream(told) if streams else chat(told)
        assert answer.headers["Content-Encoding"] == "gzip"
        with pytest.raises(Exception, match=r"gzip|stream|block|code|decompress|CRC"):
            gzip.decompress(answer.raw)

    def test_tool_fragments(self, kimi: Emulator):
        found: dict[str, list[Any]] = {}
        names = ("comments", "duplicated_fragments", "reordered_fragments", "no_index")
        for name in names:
            kimi.reply(tool_calls=[_WEATHER], fragment=4)
            kimi.fault(name)
            deltas = [e["choices"][0]["delta"] for e in _events(_body(kimi))]
            found[name] = [c for d in deltas for c in d.get("tool_calls", ())]
        usual = found["comments"]
        assert len(usual) > 3
        doubled = [call for call in usual for _ in range(2)]
        assert found["duplicated_fragments"] == doubled
        assert found["reordered_fragments"] == usual[::-1]
        without = [{k: v for k, v in call.items() if k != "index"} for call in usual]
        assert found["no_index"] == without

    def test_whole_and_streamed_are_exchanged(self, kimi: Emulator):
        kimi.fault("whole")
        assert stream(kimi).message["role"] == "assistant"
        kimi.fault("streamed")
        answer = chat(kimi)
        assert answer.headers["Content-Type"] == "text/event-stream"
        assert answer.events
        assert "stream" not in kimi.requests[-1].body


class TestReplies:
    @pytest.mark.parametrize("status", [200, 502, 504])
    def test_a_gateway_s_page(self, kimi: Emulator, status: int):
        kimi.fault("page", status=status)
        answer = chat(kimi)
        assert answer.status == status
        assert answer.headers["Content-Type"] == "text/html"
        assert answer.raw.startswith(b"<html>")

    def test_rate_limits(self, kimi: Emulator):
        kimi.fault("rate_limit")
        assert (chat(kimi).headers.get("Retry-After"), len(kimi.faulted)) == (None, 1)
        kimi.fault("rate_limit", seconds=0.5, header="Msh-Cooldown-Seconds")
        answer = chat(kimi)
        assert answer.headers["Msh-Cooldown-Seconds"] == "0.5"
        assert (answer.status, answer.error[0]) == (429, "rate_limit_reached_error")

    def test_other_replies(self, kimi: Emulator):
        kimi.fault("error", type="engine_overloaded_error")
        assert chat(kimi).error[0] == "engine_overloaded_error"
        kimi.fault("empty", status=200)
        assert (chat(kimi).status, chat(kimi).raw != b"") == (200, True)
        kimi.fault("redirect", status=302, location="/elsewhere")
        answer = chat(kimi)
        assert (answer.status, answer.headers["Location"]) == (302, "/elsewhere")
        kimi.fault("wrong_type", type="application/octet-stream")
        answer = chat(kimi)
        assert answer.headers["Content-Type"] == "application/octet-stream"
        assert answer.message["content"]


class TestScripting:
    def test_several_queue_up_beside_the_replies(self, kimi: Emulator):
        kimi.fault("error")
        kimi.fault("page")
        kimi.reply("first")
        kimi.reply("second")
        kimi.reply("third")
        assert kimi.pending == 5
        assert [chat(kimi).status for _ in range(2)] == [500, 502]
        assert chat(kimi).message["content"] == "third"
        assert [(f.fault, f.request) for f in kimi.faulted] == [
            ("error", kimi.requests[0]),
            ("page", kimi.requests[1]),
        ]

    def test_another_path(self, kimi: Emulator):
        kimi.fault("empty", path="/v1/models")
        assert chat(kimi).status == 200
        assert request(kimi, "GET", "/v1/models").raw == b""
        kimi.fault("page", path="/v1/files/*")
        assert request(kimi, "GET", "/v1/files/7/content").status == 502

    def test_recorded_bytes_are_changed_too(self, kimi: Emulator):
        body = b'data: {"choices":[]}\n\ndata: [DONE]\n\n'
        kimi.send(body, content_type="text/event-stream")
        kimi.fault("comments", text="x")
        assert stream(kimi).raw == body.replace(b"data", b": x\n\ndata")

    @pytest.mark.parametrize(
        ("name", "values", "words"),
        [
            ("cuts", {}, "no fault 'cuts': give one of delay, slow_headers"),
            ("cut", {"where": 1}, "cut has no parameter 'where': it has at, byte"),
            ("crlf", {"at": 1}, "crlf has no parameter 'at': it has none"),
            ("cut", {"at": "home"}, "cut: at takes one of in_event, before_headers"),
            ("cut", {"byte": -1}, "byte takes a whole number, 0 or more, or none"),
            ("cut", {"byte": 1.5}, "not 1.5"),
            ("cut", {"reset": "maybe"}, "reset takes true or false, not 'maybe'"),
            ("delay", {"seconds": "nan"}, "seconds takes seconds, 0 or more"),
            ("delay", {"seconds": None}, "seconds takes seconds, 0 or more, not None"),
            ("page", {"status": 99}, "status takes a status from 200 to 599"),
            ("comments", {"text": "a\nb"}, "text takes a text of one line"),
        ],
    )
    def test_bad_input_is_refused(self, name: str, values: Any, words: str):
        with pytest.raises(ValueError, match=re.escape(words)):
            Emulator().fault(name, **values)

    def test_faults_of_the_first_requests(self):
        with Emulator(faults=["page:status=504", "rate_limit:seconds=1"]) as kimi:
            assert [chat(kimi).status for _ in range(3)] == [504, 429, 200]


class TestShare:
    @pytest.mark.parametrize("faults", [None, ["crlf", "cut:at=anywhere"]])
    def test_equal_seeds_decide_alike(self, faults: list[str] | None):
        def run(seed: int) -> list[tuple[int, str]]:
            kimi = Emulator(faults=faults, fault_rate=0.2, seed=seed)
            message = {"messages": [{"role": "user", "content": "Hi"}]}
            raw = json.dumps({"model": "kimi-k3", **message}).encode()
            for _ in range(100):
                kimi.handle(_request(raw))
            ids = [id(found) for found in kimi.requests]
            return [(ids.index(id(f.request)), f.fault) for f in kimi.faulted]

        first = run(7)
        assert 8 <= len(first) <= 35
        assert first == run(7) != run(8)
        if faults:
            assert {told.split(":")[0] for _, told in first} == {"crlf", "cut"}
            assert len({told for _, told in first if told != "crlf"}) > 2

    def test_only_chat_gets_a_share(self):
        with Emulator(faults=["page"], fault_rate=1) as kimi:
            assert request(kimi, "GET", "/v1/models").status == 200
            assert [chat(kimi).status for _ in range(3)] == [502, 502, 502]

    @pytest.mark.parametrize(
        "given",
        [{"fault_rate": 1.5}, {"faults": ["no"]}, {"faults": [], "fault_rate": 0.5}],
    )
    def test_bad_input_is_refused(self, given: Any):
        with pytest.raises(ValueError, match=r"from 0 to 1|no fault 'no'|needs faults"):
            Emulator(**given)


def _request(raw: bytes) -> Any:
    from langchain_kimi.emulator import read_request

    headers = [("Authorization", "Bearer sk-x")]
    return read_request("POST", "/v1/chat/completions", headers, raw)


class TestCommand:
    def test_faults_are_listed(self):
        with start("--list-faults") as process:
            out, err = process.communicate(timeout=20)
        assert (process.returncode, err) == (0, "")
        names = [line.split(":")[0] for line in out.splitlines() if line[0] != " "]
        assert names == list(FAULTS)

    @pytest.mark.parametrize(
        ("arguments", "words"),
        [
            (["--fault", "nothing"], "no fault 'nothing': give one of delay"),
            (["--fault", "cut:at"], "write NAME:parameter=value, not 'at'"),
            (["--fault-rate", "2"], "fault_rate must be from 0 to 1, not 2.0"),
            (["--fault-rate", "x"], "invalid float value: 'x'"),
        ],
    )
    def test_bad_input_is_refused(self, arguments: list[str], words: str):
        with start(*arguments) as process:
            _, err = process.communicate(timeout=20)
        assert process.returncode == 2
        assert words in err
        assert "Traceback" not in err

    def test_it_serves_them(self):
        with start("--fault", "page:status=504", "--fault", "error") as process:
            assert process.stdout is not None
            base_url = process.stdout.readline().strip()

            class Running(Emulator):
                @property
                def base_url(self) -> str:
                    return base_url

            assert [chat(Running()).status for _ in range(3)] == [504, 500, 200]
            process.terminate()
            process.communicate(timeout=20)


def test_the_page_lists_every_fault():
    page = (Path(__file__).parent.parent / "docs" / "emulator.md").read_text()
    rows = re.findall(r"^\| `(\w+)` \|([^|]*)\|([^|]*)\|", page, re.MULTILINE)
    listed = {name: set(re.findall(r"`(\w+)", given)) for name, given, _ in rows}
    assert listed == {name: set(row.parameters) for name, row in FAULTS.items()}
