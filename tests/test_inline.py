"""inline_urls: which URLs are fetched, as what they are sent, and which are refused."""

import asyncio
import base64
import copy
import shutil
import ssl
import subprocess
import threading
import tracemalloc
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest
from langchain_core.messages import (
    AIMessage,
    HumanMessage,
    SystemMessage,
    ToolMessage,
)

from langchain_kimi import ChatKimi, KimiBatches
from langchain_kimi._inline import inline_media
from langchain_kimi._inline._addresses import find_private, is_public
from langchain_kimi._inline._download import download
from langchain_kimi._inline._media_types import read_media_type
from langchain_kimi._inline._target import DownloadError, redirect
from langchain_kimi._refusal import KimiSettingError
from langchain_kimi.emulator import Emulator
from tests.conftest import Ask, Chat
from tests.media_server import MP4, PNG, MediaServer, send, status

_IMAGE = f"data:image/png;base64,{base64.b64encode(PNG).decode()}"
_VIDEO = f"data:video/mp4;base64,{base64.b64encode(MP4).decode()}"
_LIMIT = 20 * 1024 * 1024


@pytest.fixture
def media() -> Iterator[MediaServer]:
    """A web server of the test's own."""
    with MediaServer().run() as server:
        yield server


def _image(url: str) -> dict[str, Any]:
    return {"type": "image", "url": url}


@pytest.mark.parametrize(
    ("block", "part"),
    [
        ({"type": "image", "url": "/a.png"}, {"url": _IMAGE}),
        ({"type": "image", "source_type": "url", "url": "/a.png"}, {"url": _IMAGE}),
        ({"type": "image_url", "image_url": "/a.png"}, _IMAGE),
        (
            {"type": "image_url", "image_url": {"url": "/a.png", "detail": "low"}},
            {"url": _IMAGE, "detail": "low"},
        ),
        (
            {"type": "image", "source": {"type": "url", "url": "/a.png"}},
            {"url": _IMAGE},
        ),
        ({"type": "video", "url": "/b.mp4"}, {"url": _VIDEO}),
        ({"type": "video_url", "video_url": "/b.mp4"}, _VIDEO),
        ({"type": "video_url", "video_url": {"url": "/b.mp4"}}, {"url": _VIDEO}),
    ],
)
async def test_a_url_in_any_form_is_sent_as_data(
    kimi: Emulator,
    chat: Chat,
    ask: Ask,
    media: MediaServer,
    block: dict[str, Any],
    part: Any,
) -> None:
    """The caller's message stays as it was; no key goes to the host."""
    block = _with_host(block, media)
    message = HumanMessage(["See:", block])
    given = copy.deepcopy(message)
    await ask(chat(inline_urls=[media.host]), [message])
    kind = "video_url" if "b.mp4" in str(block) else "image_url"
    assert kimi.requests[-1].body["messages"][0]["content"] == [
        {"type": "text", "text": "See:"},
        {"type": kind, kind: part},
    ]
    assert message == given
    (_, headers) = media.asked[0]
    assert headers == {
        "Host": media.host,
        "User-Agent": "langchain-kimi",
        "Accept": "image/*, video/*",
        "Accept-Encoding": "identity",
        "Connection": "close",
    }


def _with_host(value: Any, media: MediaServer) -> Any:
    if isinstance(value, dict):
        return {key: _with_host(item, media) for key, item in value.items()}
    return media.url(value) if value.startswith("/") else value


async def test_a_url_in_any_place_is_fetched_once(
    kimi: Emulator, chat: Chat, ask: Ask, media: MediaServer
) -> None:
    """System, user and tool messages, and Anthropic's results inside a user's."""
    image = _image(media.url("/a.png"))
    calls = [{"name": "f", "args": {}, "id": id} for id in ("1", "2")]
    result = {"type": "tool_result", "tool_use_id": "2", "content": [image]}
    messages = [
        SystemMessage(["Like:", image]),
        HumanMessage([image]),
        AIMessage("", tool_calls=calls),
        ToolMessage([image], tool_call_id="1"),
        HumanMessage([result, {"type": "text", "text": "And?"}]),
    ]
    await ask(chat(inline_urls=[media.host]), messages)
    sent = kimi.requests[-1].body["messages"]
    part = {"type": "image_url", "image_url": {"url": _IMAGE}}
    assert [message.get("content") for message in sent] == [
        [{"type": "text", "text": "Like:"}, part],
        [part],
        None,
        [part],
        [part],
        "And?",
    ]
    assert media.paths == ["/a.png"]


async def test_what_is_no_url_of_the_web_is_left_alone(
    kimi: Emulator, chat: Chat, media: MediaServer
) -> None:
    """Nothing is asked where there is nothing to fetch."""
    blocks = [{"type": "image", "file_id": "file_1"}, _image(_IMAGE)]
    chat(inline_urls=True).invoke([SystemMessage("Hi"), HumanMessage(blocks)])
    urls = [
        p["image_url"]["url"] for p in kimi.requests[-1].body["messages"][1]["content"]
    ]
    assert urls == ["ms://file_1", _IMAGE]
    assert not media.asked


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "localhost",
        "2130706433",
        "0x7f.1",
        "017700000001",
        "127.1",
        "0.0.0.0",  # noqa: S104 - nothing is bound
        "[::1]",
        "[::]",
        "[::ffff:127.0.0.1]",
        "[64:ff9b::7f00:1]",
        "169.254.169.254",
        "168.63.129.16",
        "0xa9fea9fe",
        "[::ffff:7f00:1]",
        "10.0.0.1",
        "\u2460\u2461\u2466.0.0.1",  # circled digits, which IDNA turns into 127
    ],
)
async def test_a_private_address_is_not_asked(
    kimi: Emulator, chat: Chat, ask: Ask, media: MediaServer, host: str
) -> None:
    """In whatever spelling; the error says how to allow it."""
    url = f"http://{host}:{media.port}/a.png?secret=1"
    with pytest.raises(KimiSettingError, match=r"not public.*inline_urls=") as caught:
        await ask(chat(inline_urls=True), [HumanMessage([_image(url)])])
    assert "secret" not in str(caught.value)
    assert not media.asked
    assert not kimi.requests


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("8.8.8.8", True),
        ("2606:4700:4700::1111", True),
        ("::ffff:8.8.8.8", True),
        ("64:ff9b::808:808", True),
        ("0.0.0.0", False),  # noqa: S104 - nothing is bound
        ("10.1.2.3", False),
        ("100.64.0.1", False),
        ("127.255.255.254", False),
        ("169.254.169.254", False),
        ("100.100.100.200", False),
        ("168.63.129.16", False),
        ("172.16.0.1", False),
        ("192.0.0.192", False),
        ("192.168.0.1", False),
        ("198.18.0.1", False),
        ("224.0.0.1", False),
        ("239.1.1.1", False),
        ("240.0.0.1", False),
        ("255.255.255.255", False),
        ("::", False),
        ("::1", False),
        ("::127.0.0.1", False),
        ("::ffff:10.0.0.1", False),
        ("::ffff:168.63.129.16", False),
        ("64:ff9b::a83f:8110", False),
        ("64:ff9b::a00:1", False),
        ("64:ff9b:1::808:808", False),
        ("2001:db8::1", False),
        ("2001:0:7f00:1::", False),
        ("2002:7f00:1::", False),
        ("2002:808:808::", False),
        ("fc00::1", False),
        ("fd00:ec2::254", False),
        ("fe80::1%eth0", False),
        ("fec0::1", False),
        ("ff0e::1", False),
    ],
)
def test_which_addresses_are_public(address: str, expected: bool) -> None:
    """On every Python the same."""
    assert is_public(address) is expected


def test_one_private_address_among_public_ones_is_found() -> None:
    """Else the order of a resolver's answer would decide."""
    private = (2, 1, 6, "", ("10.0.0.1", 80))
    public = (2, 1, 6, "", ("8.8.8.8", 80))
    assert find_private([public, private]) == "10.0.0.1"
    assert find_private([public, public]) is None


def test_the_checked_address_is_the_one_that_is_asked(
    media: MediaServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The name is looked up once: the next answer might be another."""
    names: list[str] = []

    def look_up(name: str, port: int, **_options: Any) -> list[Any]:
        names.append(name)
        return [(2, 1, 6, "", ("127.0.0.1" if len(names) == 1 else "0.0.0.1", port))]

    monkeypatch.setattr("socket.getaddrinfo", look_up)
    url = f"http://Media.Test:{media.port}/a.png"
    assert download(url, ["media.test"]).data == PNG
    assert names == ["media.test"]
    assert media.asked[0][1]["Host"] == f"media.test:{media.port}"


def test_every_address_of_a_host_is_tried(
    media: MediaServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing listens at the first."""
    found = [(2, 1, 6, "", (host, media.port)) for host in ("127.0.0.2", "127.0.0.1")]
    monkeypatch.setattr("socket.getaddrinfo", lambda *_a, **_k: found)
    assert download(media.url("/a.png"), [media.host]).data == PNG
    assert len(media.asked) == 1


async def test_only_the_named_hosts_are_asked(
    kimi: Emulator, chat: Chat, ask: Ask, media: MediaServer
) -> None:
    """Another port is another host; a name without a port stands for all of them."""
    message = HumanMessage([_image(media.url("/a.png?key=1"))])
    for hosts in (["127.0.0.1:1"], ["example.com"], [f"localhost:{media.port}"]):
        with pytest.raises(KimiSettingError, match="none of the hosts"):
            await ask(chat(inline_urls=hosts), [message])
    with pytest.raises(KimiSettingError, match="inline_urls=True"):
        await ask(chat(inline_urls=[]), [message])
    assert not media.asked
    assert not kimi.requests
    await ask(chat(inline_urls=["127.0.0.1"]), [message])
    assert media.paths == ["/a.png?key=1"]


@pytest.mark.parametrize(
    ("page", "reason"),
    [
        (status(404), "its server answered 404"),
        (status(500), "its server answered 500"),
        (send(b"<html>", "text/html"), "it is no image that Kimi reads, but text/html"),
        (send(b"<html>", "image/png"), "no image that Kimi reads, but image/png"),
        (send(b"<svg/>", "image/svg+xml"), "but image/svg"),
        (send(MP4, "image/png"), "but video/mp4"),
        (send(PNG, "image/png", Content_Encoding="gzip"), "encoded .'gzip'"),
        (send(b"", "image/png"), "ended after 0 of its bytes"),
        (send(PNG, "image/png", Content_Length="999"), "ended after 68 of its bytes"),
        (
            send(b"", "image/png", Content_Length=str(_LIMIT + 1)),
            f"more than {_LIMIT} bytes",
        ),
        (
            send(bytes(_LIMIT + 1), "image/png", Content_Length=""),
            f"more than {_LIMIT} bytes",
        ),
        (status(302), "redirects to nowhere"),
        (status(302, Location="/x"), "redirects more than 5 times"),
        (status(302, Location="file:///etc/passwd"), "its scheme is 'file'"),
        (status(302, Location="http://[/"), "redirects to what is no valid URL"),
        (
            status(301, Location="http://10.0.0.1/?token=1"),
            r"redirects to http://10.0.0.1/: 10.0.0.1 is none of the hosts",
        ),
        (
            lambda handler: handler.wfile.write(b"no HTTP\r\n"),
            r"speak HTTP .BadStatusLine.\.",
        ),
    ],
)
async def test_what_gives_no_medium_is_refused(
    kimi: Emulator, chat: Chat, ask: Ask, media: MediaServer, page: Any, reason: str
) -> None:
    """With the URL, the reason and what to do; nothing goes to Kimi."""
    media.pages["/x"] = page
    model = chat(inline_urls=[media.host])
    told = rf"The image {media.url('/x')} was not inlined: .*{reason}.*KimiFiles"
    with pytest.raises(KimiSettingError, match=told) as caught:
        await ask(model, [HumanMessage([_image(media.url("/x?sig=1"))])])
    assert "sig" not in str(caught.value)
    assert "token" not in str(caught.value)
    assert not kimi.requests


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("http://ann:pw@127.0.0.1/a.png", "http://127.0.0.1/a.png.*a user name"),
        ("http://127.0.0.1:99999/a.png", "no valid URL"),
        ("http:///a.png", "no valid host"),
        ("http://a b/a.png", "no valid host"),
        ("http://127.0.0.1\x00/a.png", "no valid host"),
        ("http://[::1/a.png", "no valid URL"),
    ],
)
async def test_a_url_that_hides_something_is_refused(
    kimi: Emulator, chat: Chat, url: str, reason: str
) -> None:
    """Before anything is looked up; a password is not repeated."""
    with pytest.raises(KimiSettingError, match=reason) as caught:
        chat(inline_urls=["127.0.0.1"]).invoke([HumanMessage([_image(url)])])
    assert "pw" not in str(caught.value)
    assert not kimi.requests


async def test_a_redirect_is_followed(
    kimi: Emulator, chat: Chat, media: MediaServer
) -> None:
    """Relative to where it was found; a space in a path is escaped."""
    media.pages["/r"] = status(308, Location="s/t")
    media.pages["/s/t"] = status(303, Location="/a.png?x=a b\u00e9#part")
    chat(inline_urls=[media.host]).invoke([HumanMessage([_image(media.url("/r"))])])
    assert media.paths[:2] == ["/r", "/s/t"]
    assert media.paths[2].startswith("/a.png?x=a%20b%")


def test_no_redirect_gives_up_encryption() -> None:
    """The other way is an upgrade."""
    assert redirect("http://a.b/c", "https://a.b/c") == "https://a.b/c"
    assert redirect("https://a.b/c", "d") == "https://a.b/d"
    with pytest.raises(DownloadError, match="from https to http"):
        redirect("https://a.b/c", "HTTP://a.b/c")


@pytest.mark.parametrize(
    "start",
    [
        b"",
        b"HTTP/1.1 200 OK\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n\r\n",
    ],
)
def test_a_server_that_never_ends_is_left(media: MediaServer, start: bytes) -> None:
    """In the status, the headers and each form of body, byte by byte."""
    media.pages["/slow"] = media.trickle(start)
    with pytest.raises(DownloadError, match=r"more than 0\.2 s"):
        download(media.url("/slow"), [media.host], seconds=0.2)


def test_a_body_in_chunks_is_measured(media: MediaServer) -> None:
    """It tells no length."""

    def chunked(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("Transfer-Encoding", "chunked")
        handler.end_headers()
        handler.wfile.write(b"5\r\nabcde\r\n5\r\nfghij\r\n0\r\n\r\n")

    media.pages["/chunks"] = chunked
    url = media.url("/chunks")
    assert download(url, [media.host], limit=10).data == b"abcdefghij"
    with pytest.raises(DownloadError, match="more than 9 bytes"):
        download(url, [media.host], limit=9)


def test_small_chunks_take_no_more_memory(media: MediaServer) -> None:
    """Each chunk of a read is an object: two bytes would take 28 times as many."""
    size = 1 << 20

    def bomb(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("Transfer-Encoding", "chunked")
        handler.end_headers()
        handler.wfile.write(b"2\r\nab\r\n" * (size // 2) + b"0\r\n\r\n")

    media.pages["/bomb"] = bomb
    tracemalloc.start()
    assert len(download(media.url("/bomb"), [media.host], limit=size).data) == size
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    # The server's own copy of 3.5 times the size is among it.
    assert peak < 12 * size


@pytest.mark.parametrize(
    "page",
    [
        send(PNG, "image/png", Content_Encoding="x" * 9000),
        send(b"<html>", f"text/{'x' * 9000}"),
        status(302, Location=f"http://127.0.0.1/{'x' * 9000}"),
    ],
)
async def test_a_server_cannot_fill_an_error(
    chat: Chat, media: MediaServer, page: Any
) -> None:
    """Its words are cut."""
    media.pages["/x"] = page
    with pytest.raises(KimiSettingError) as caught:
        chat(inline_urls=[media.host]).invoke([HumanMessage([_image(media.url("/x"))])])
    assert len(str(caught.value)) < 800


def test_all_media_together_have_a_limit_of_time(media: MediaServer) -> None:
    """Each alone may take half a minute: a stranger could give a thousand."""
    part = {"type": "image_url", "image_url": {"url": media.url("/a.png")}}
    message: Any = {"role": "user", "content": [part]}
    with pytest.raises(KimiSettingError, match="together took too long"):
        inline_media([message], [media.host], seconds=0)
    assert not media.asked


async def test_all_media_together_fit_into_a_body(
    kimi: Emulator, chat: Chat, media: MediaServer
) -> None:
    """What exceeds 100 MB is refused before the rest is fetched."""
    media.pages["/big"] = send(PNG.ljust(_LIMIT, b"\0"), "image/png")
    blocks = [_image(media.url(f"/big?{number}")) for number in range(6)]
    with pytest.raises(KimiSettingError, match="together exceed a body of 104857600"):
        chat(inline_urls=[media.host]).invoke([HumanMessage(blocks)])
    assert len(media.asked) == 4
    assert not kimi.requests


async def test_a_body_above_100_mb_is_refused(kimi: Emulator, chat: Chat) -> None:
    """With or without URLs."""
    with pytest.raises(KimiSettingError, match=r"takes 104857600 at most.*KimiFiles"):
        chat().invoke("x" * 104_857_600)
    assert not kimi.requests


async def test_fetching_does_not_block_the_event_loop(
    chat: Chat, media: MediaServer
) -> None:
    """The server answers only after another coroutine has run."""
    asked, released = threading.Event(), threading.Event()

    def wait(handler: BaseHTTPRequestHandler) -> None:
        asked.set()
        released.wait()
        send(PNG, "image/png")(handler)

    media.pages["/wait"] = wait

    async def release() -> None:
        await asyncio.to_thread(asked.wait)
        released.set()

    message = HumanMessage([_image(media.url("/wait"))])
    model = chat(inline_urls=[media.host])
    answer, _ = await asyncio.gather(model.ainvoke([message]), release())
    assert "image of type image/png, 68 bytes" in answer.text


async def test_the_environment_takes_no_part(
    chat: Chat, media: MediaServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A proxy would resolve the name anew."""
    for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    monkeypatch.setenv("NO_PROXY", "")
    assert download(media.url("/a.png"), [media.host]).data == PNG


async def test_counting_building_and_batches_inline_too(
    kimi: Emulator, chat: Chat, media: MediaServer, twins: Any
) -> None:
    """Wherever a request is built."""
    model = chat(model="kimi-k2.6", inline_urls=[media.host])
    message = HumanMessage([_image(media.url("/a.png"))])
    part = {"type": "image_url", "image_url": {"url": _IMAGE}}
    assert model.get_num_tokens_from_messages([message])
    assert kimi.requests[-1].body["messages"][0]["content"] == [part]
    assert model.build_request([message])["messages"][0]["content"] == [part]
    batches = twins(KimiBatches(base_url=kimi.base_url, api_key=kimi.api_key))
    await batches("submit", [[message]], model)
    assert _IMAGE.encode() in kimi.requests[-2].raw


@pytest.mark.parametrize(
    "host",
    ["https://a.b", "a.b/c", "user@a.b", "a.b:x", "", "*.a.b", "a b", "b\u00fc.de", 1],
)
def test_a_host_is_a_name_and_perhaps_a_port(host: Any) -> None:
    """What could never match is refused when the model is built."""
    with pytest.raises(KimiSettingError, match=r"is no host.*127\.0\.0\.1:8000"):
        ChatKimi(api_key="sk-x", inline_urls=[host])
    with pytest.raises(KimiSettingError, match="a list such as"):
        ChatKimi(api_key="sk-x", inline_urls="a.b")


def test_names_of_hosts() -> None:
    """Of each kind."""
    hosts = ["a.b", "a-b.c:8000", "127.0.0.1", "[::1]:80", "[::1]", "::1", "A.B"]
    assert ChatKimi(api_key="sk-x", inline_urls=hosts).inline_urls == hosts


async def test_it_is_a_setting_of_the_model(kimi: Emulator, chat: Chat) -> None:
    """What a call could switch on, a conversation's author might."""
    with pytest.raises(KimiSettingError, match=r"ChatKimi\(inline_urls=\.\.\.\)"):
        chat().invoke("hi", inline_urls=True)
    assert not kimi.requests


@pytest.mark.parametrize(
    ("start", "told", "expected"),
    [
        (b"\x89PNG\r\n\x1a\n", "", "image/png"),
        (b"\xff\xd8\xff\xe0", "image/png", "image/jpeg"),
        (b"GIF89a", "", "image/gif"),
        (b"RIFF\0\0\0\0WEBPVP8 ", "", "image/webp"),
        (b"BM\x46\0\0\0\0\0\0\0", "", "image/bmp"),
        (b"BM is no bitmap", "text/plain", None),
        (b"\0\0\0\x18ftypheic", "", "image/heic"),
        (b"\0\0\0\x18ftypmif1", "", "image/heif"),
        (b"\0\0\0\x18ftypavif", "image/avif", None),
        (b"\0\0\0\x18ftypisom", "", "video/mp4"),
        (b"\0\0\0\x18ftypqt  ", "", "video/mov"),
        (b"\0\0\0\x18ftyp3gp5", "", "video/3gpp"),
        (b"\0\0\0\x18ftypXXXX", "video/mp4", "video/mp4"),
        (b"\x1a\x45\xdf\xa3\x9f\x42\x82\x84webm", "", "video/webm"),
        (b"\x1a\x45\xdf\xa3\x9f\x42\x82\x88matroska", "video/x-matroska", None),
        (b"RIFF\0\0\0\0AVI LIST", "video/x-msvideo", "video/avi"),
        (b"RIFF\0\0\0\0WAVEfmt ", "audio/wav", None),
        (b"FLV\x01\x05", "", "video/x-flv"),
        (b"\0\0\x01\xba", "", "video/mpeg"),
        (b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", "", "video/wmv"),
        (b"G@\0\x10", "video/quicktime", "video/mov"),
        (b"%PDF-1.7", "application/pdf", None),
    ],
)
def test_what_a_medium_is_by_its_bytes(
    start: bytes, told: str, expected: str | None
) -> None:
    """A server's word counts for videos of other beginnings only."""
    assert read_media_type(start, told) == expected


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A key with its self-signed certificate for `localhost`, in one file."""
    if not shutil.which("openssl"):
        pytest.skip("the certificate is made by the openssl command")
    path = tmp_path / "localhost.pem"
    made = tmp_path / "only.pem"
    command = (
        "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost "
        "-addext subjectAltName=DNS:localhost"
    )
    subprocess.run(
        [*command.split(), "-keyout", str(path), "-out", str(made)],
        check=True,
        capture_output=True,
    )
    path.write_text(path.read_text() + made.read_text())
    return path


def test_a_certificate_is_checked_against_the_name(
    certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Trusted and of the right name, of another name, and untrusted."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    with MediaServer(context).run() as media:
        hosts = ["localhost", "127.0.0.1"]
        good = f"https://localhost:{media.port}/a.png"
        with pytest.raises(DownloadError, match="CERTIFICATE_VERIFY_FAILED"):
            download(good, hosts)
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        assert download(good, hosts).data == PNG
        with pytest.raises(DownloadError, match=r"not valid for '127\.0\.0\.1'"):
            download(good.replace("localhost", "127.0.0.1"), hosts)
    assert len(media.asked) == 1
