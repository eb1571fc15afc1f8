"""Keys and tokens: a marker of each is nowhere but in the request itself."""

import ast
import copy
import io
import json
import logging
import pickle
import pprint
import threading
import traceback
import warnings
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import openai
import pytest
from langchain_core.callbacks import BaseCallbackHandler
from langchain_core.load import dumpd, dumps, load
from langchain_core.tracers.langchain import LangChainTracer
from langsmith import Client

from langchain_kimi import ChatKimi, KimiBatches, KimiFiles, KimiFormulaToolkit
from langchain_kimi._calls import Call
from langchain_kimi._client import _arguments
from langchain_kimi._refusal import KimiSettingError
from langchain_kimi.emulator import Emulator
from langchain_kimi.errors import KimiStatusError
from tests.conftest import Ask, Chat
from tests.media_server import MediaServer, status

_KEY = "sk-marker-of-a-key-0123456789"
_TOKEN = "marker-of-a-token-0123456789"
_SECRETS = {"api_key": _KEY, "default_headers": {"X-Proxy-Token": _TOKEN}}
_QUOTED = f"The key {_KEY} with {_TOKEN} of org-1a2b3c<ak-4d5e6f> is bad"
_ROOT = Path(__file__).parent.parent


def _assert_no_marker(text: object) -> None:
    found = str(text)
    place = found.find("marker")
    assert place < 0, found[max(0, place - 200) : place + 100]


class _Heard(BaseCallbackHandler):
    """Everything that callbacks are told."""

    def __init__(self) -> None:
        self.told: list[Any] = []

    def on_chat_model_start(self, *told: Any, **more: Any) -> None:
        self.told.append((told, more))

    def on_llm_end(self, *told: Any, **more: Any) -> None:
        self.told.append((told, more))

    def on_llm_error(self, *told: Any, **more: Any) -> None:
        self.told.append((told, more))


@pytest.fixture
def logged() -> Iterator[io.StringIO]:
    """What any logger says, of any level."""
    text = io.StringIO()
    root, handler = logging.getLogger(), logging.StreamHandler(text)
    names = [name for name in logging.Logger.manager.loggerDict if "." not in name]
    levels = {name: logging.getLogger(name).level for name in ("", *names)}
    root.addHandler(handler)
    for name in levels:
        logging.getLogger(name).setLevel(1)
    yield text
    root.removeHandler(handler)
    for name, level in levels.items():
        logging.getLogger(name).setLevel(level)


def _objects(base_url: str) -> list[Any]:
    target = {"base_url": base_url, **_SECRETS}
    toolkit = KimiFormulaToolkit(formulas=["moonshot/date:latest"], **target)
    files, batches = KimiFiles(**target), KimiBatches(**target)
    return [ChatKimi(**target), files, batches, toolkit]


def _texts(found: Any) -> Iterator[Any]:
    yield from (repr(found), str(found), pprint.pformat(found), pprint.pformat([found]))
    yield from (vars(found), found._clients, found._clients.settings)
    yield from (pickle.dumps(found), pickle.dumps(found._clients.settings))
    if hasattr(found, "model_dump"):
        yield from (found.model_dump(), found.model_dump_json(), dict(found))
    if isinstance(found, ChatKimi):
        yield from (dumps(found), dumps(found, pretty=True), dumpd(found))
        yield from (found.asdict(), found._identifying_params, found._serialized)
        yield from (found._get_ls_params(), found._get_llm_string())
        yield from (found.to_json(), found.get_graph().to_json(), found.build_request)


def test_no_text_about_an_object_tells_a_secret() -> None:
    """In whatever way it is printed, dumped, hashed or pickled."""
    for found in _objects("https://api.moonshot.ai/v1"):
        for text in _texts(found):
            _assert_no_marker(text)


async def test_no_success_tells_a_secret(
    kimi: Emulator, chat: Chat, ask: Ask, logged: io.StringIO
) -> None:
    """To callbacks and logs; both were sent."""
    heard = _Heard()
    await ask(chat(**_SECRETS), "hi", config={"callbacks": [heard]})
    sent = kimi.requests[-1].headers
    assert sent["Authorization"] == f"Bearer {_KEY}"
    assert sent["X-Proxy-Token"] == _TOKEN
    assert heard.told
    for text in (heard.told, logged.getvalue()):
        _assert_no_marker(text)


async def test_no_event_tells_a_secret(chat: Chat) -> None:
    """Nor does a logged run."""
    model = chat(**_SECRETS)
    events = [event async for event in model.astream_events("hi", version="v2")]
    assert events
    _assert_no_marker(events)


def _fail(code: int, type: str) -> Callable[[Emulator], None]:
    return lambda kimi: kimi.fail(code, type, _QUOTED, headers={"X-Echo": _TOKEN})


def _send(body: Any, **more: Any) -> Callable[[Emulator], None]:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return lambda kimi: kimi.send(content, **more)


_STREAM = "text/event-stream"
_FAULTS = {
    "key": _fail(401, "incorrect_api_key_error"),
    "permission": _fail(403, "permission_denied_error"),
    "request": _fail(400, "invalid_request_error"),
    "missing": _fail(404, "resource_not_found_error"),
    "limit": _fail(429, "rate_limit_reached_error"),
    "quota": _fail(429, "exceeded_current_quota_error"),
    "server": _fail(500, "server_error"),
    "page": _send(f"<html>{_QUOTED}".encode(), status=502, content_type="text/html"),
    "teapot": _send(_QUOTED.encode(), status=418, content_type="text/plain"),
    "redirect": _send(b"", status=307, headers={"Location": "https://other.test/v1"}),
    "error in 200": _send({"error": {"type": "x", "message": _QUOTED}}),
    "no JSON": _send(b"<html>"),
    "no object": _send([1]),
    "no answer": _send({"choices": [{"message": 3}], "text": _QUOTED}),
    "no choices": _send(
        b'data: {"choices":[{"index":0,"delta":3}]}\n\n', content_type=_STREAM
    ),
    "error event": _send(
        b"data: %s\n\n" % json.dumps({"error": {"message": _QUOTED}}).encode(),
        content_type=_STREAM,
    ),
    "cut": _send(
        b'data: {"choices":[{"index":0,"delta":{"content":"a"}}]}\n\n',
        content_type=_STREAM,
    ),
}


# What comes with status 200 is an answer: the frame that reads it has it.
_ANSWERS = ("error in 200", "no answer", "error event")


def _error_texts(error: BaseException | None, frames: bool = True) -> Iterator[Any]:
    """Yield what tools report of an error: Sentry and rich print frames too."""
    assert error is not None
    told = traceback.TracebackException.from_exception(error, capture_locals=frames)
    yield "".join(told.format())
    yield pickle.dumps(error)
    while error is not None:
        yield from (repr(error), str(error), error.args, vars(error))
        request = getattr(error, "request", None)
        if request is not None:
            yield from (list(request.headers.raw), str(request.url))
        response = getattr(error, "response", None)
        if response is not None:
            yield from (list(response.headers.raw), list(response.request.headers.raw))
            yield response.text if not response.is_success else ""
        error = error.__cause__


@pytest.mark.parametrize("fault", _FAULTS)
async def test_no_error_tells_a_secret(
    kimi: Emulator, chat: Chat, ask: Ask, logged: io.StringIO, fault: str
) -> None:
    """Even of a server that quotes it: in words, frames, requests and callbacks."""
    heard, caught = _Heard(), None
    _FAULTS[fault](kimi)
    model = chat(max_retries=0, **_SECRETS)
    try:
        await ask(model, "hi", config={"callbacks": [heard]})
    except openai.APIError as error:
        caught = error
    assert caught is not None
    assert kimi.requests[-1].headers["Authorization"] == f"Bearer {_KEY}"
    for text in (*_error_texts(caught, fault not in _ANSWERS), heard.told):
        _assert_no_marker(text)
    # The SDK writes down at DEBUG what a server sends: its words and its headers.
    ours = [line for line in logged.getvalue().splitlines() if "Bearer" in line]
    assert not ours


async def test_no_lost_connection_tells_a_secret(
    kimi: Emulator, chat: Chat, ask: Ask, logged: io.StringIO
) -> None:
    """The transport's frames have the request as it was sent."""
    model = chat(max_retries=0, **_SECRETS)
    await ask(model, "hi")
    kimi.close()
    with pytest.raises(openai.APIConnectionError) as caught:
        await ask(model, "hi")
    for text in (*_error_texts(caught.value), logged.getvalue()):
        _assert_no_marker(text)


def test_an_interrupted_call_leaves_nothing_in_frames() -> None:
    """Ctrl-C in the middle of the transport, whose variables are printed with it."""

    def transport(headers: str) -> None:
        raise KeyboardInterrupt

    def call() -> None:
        with _arguments(Call(method="get", path="/x"), {}):
            transport(_KEY)

    try:
        call()
    except KeyboardInterrupt as error:
        caught = error
    told = traceback.TracebackException.from_exception(caught, capture_locals=True)
    # Of the frame that still runs there is the constant in the code, no variable.
    text = "".join(told.format())
    _assert_no_marker(text.replace("transport(_KEY)", ""))


@pytest.mark.parametrize("redact", [False, True])
async def test_account_ids_are_left_out_on_request(
    kimi: Emulator, chat: Chat, ask: Ask, redact: bool
) -> None:
    """In text, body and response; the rest of the words stay."""
    words = "Your account org-1a2b3c<ak-4d5e6f> reached organization max RPM: 3"
    kimi.fail(429, "rate_limit_reached_error", words, headers={})
    model = chat(max_retries=0, redact_account_ids=redact)
    with pytest.raises(KimiStatusError) as caught:
        await ask(model, "hi")
    error = caught.value
    told = f"{error} {error.body} {error.response.text} {error.__cause__!r}"
    assert ("1a2b3c" in told, "4d5e6f" in told) == (not redact, not redact)
    shown = "org-[secure]<ak-[secure]>" if redact else "org-1a2b3c<ak-4d5e6f>"
    assert f"Your account {shown} reached organization max RPM: 3" in str(error)


def test_account_ids_are_left_out_of_every_class(kimi: Emulator) -> None:
    """Files, batches and official tools have the setting too."""
    target = {"api_key": "sk-a", "base_url": kimi.base_url, "max_retries": 0}
    files = KimiFiles(**target, redact_account_ids=True)
    toolkit = KimiFormulaToolkit(
        formulas=["moonshot/date:latest"], **target, redact_account_ids=True
    )
    calls: list[Any] = [lambda: list(files.list()), toolkit.get_tools]
    for call in calls:
        kimi.fail(403, "permission_denied_error", "org-1a2b3c may not", path="*")
        with pytest.raises(KimiStatusError, match=r"org-\[secure\] may not"):
            call()
    files.close()
    toolkit.close()


# Pickles and dumps


@pytest.mark.parametrize("duplicate", [copy.copy, copy.deepcopy])
def test_copies_keep_the_secrets(duplicate: Any) -> None:
    """They stay in the process."""
    for found in _objects("http://127.0.0.1:1/v1"):
        same = duplicate(found)
        assert same._clients.settings == found._clients.settings
        assert same._clients.settings.api_key.get_secret_value() == _KEY
        assert same._clients.settings.default_headers == {"X-Proxy-Token": _TOKEN}


async def test_a_pickle_takes_the_key_of_the_environment(
    kimi: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where it is loaded; without one it loads, and the first call tells it."""
    target = {"api_key": "sk-a", "base_url": kimi.base_url}
    toolkit = KimiFormulaToolkit(formulas=["moonshot/date:latest"], **target)
    pickles = [pickle.dumps(found) for found in (ChatKimi(**target), toolkit)]
    calls: list[Any] = [lambda m: m.invoke("hi"), lambda t: t.get_tools()]
    for pickled, call in zip(pickles, calls, strict=True):
        with pytest.raises(KimiSettingError, match="a pickle leaves it out"):
            call(pickle.loads(pickled))
    assert not kimi.requests
    monkeypatch.setenv("MOONSHOT_API_KEY", "sk-b")
    for pickled, call in zip(pickles, calls, strict=True):
        loaded = pickle.loads(pickled)
        call(loaded)
        assert kimi.requests[-1].headers["Authorization"] == "Bearer sk-b"
        loaded.close()


def test_a_pickle_of_another_host_waits_for_its_key(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Moonshot's key is not what that host takes."""
    pickled = pickle.dumps(ChatKimi(api_key="sk-a", base_url="https://mine.test/v1"))
    monkeypatch.setenv("MOONSHOT_API_KEY", _KEY)
    loaded = pickle.loads(pickled)
    with pytest.raises(KimiSettingError, match="assign api_key"):
        loaded.invoke("hi")
    monkeypatch.setenv("MOONSHOT_API_BASE", "https://mine.test/v1")
    assert pickle.loads(pickled).api_key.get_secret_value() == _KEY


async def test_a_pickle_names_the_headers_that_are_missing(
    kimi: Emulator, chat: Chat, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They can be assigned, and so can the key."""
    loaded = pickle.loads(pickle.dumps(chat(**_SECRETS)))
    monkeypatch.setenv("MOONSHOT_API_KEY", "sk-b")
    loaded.api_key = chat().api_key
    with pytest.raises(KimiSettingError, match=r"'X-Proxy-Token'.*default_headers"):
        loaded.invoke("hi")
    assert not kimi.requests
    loaded.default_headers = {"X-Proxy-Token": "t"}
    assert loaded.invoke("hi").text
    assert kimi.requests[-1].headers["X-Proxy-Token"] == "t"
    loaded.close()


def _load(model: ChatKimi, **more: Any) -> Any:
    allowed = {"allowed_objects": [ChatKimi], "valid_namespaces": ["langchain_kimi"]}
    return load(dumpd(model), **allowed, **more)


def test_a_dump_asks_for_each_secret() -> None:
    """By the name of a variable; headers too."""
    model = ChatKimi(**_SECRETS)
    given: dict[str, Any] = {
        "MOONSHOT_API_KEY": _KEY,
        "KIMI_DEFAULT_HEADERS": _SECRETS["default_headers"],
    }
    assert _load(model, secrets_map=given) == model
    given["KIMI_DEFAULT_HEADERS"] = json.dumps(_SECRETS["default_headers"])
    assert _load(model, secrets_map=given) == model
    assert _load(ChatKimi(api_key=_KEY), secrets_map=given).default_headers is None
    dumped = model.model_dump(include={"api_key", "default_headers"})
    assert ChatKimi(**dumped) == model


def test_a_dump_of_another_host_does_not_ask_for_moonshot_s_key(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """`secrets_from_env` would send it there."""
    monkeypatch.setenv("MOONSHOT_API_KEY", _KEY)
    model = ChatKimi(api_key="none", base_url="https://vllm.example.com/v1")
    assert model.lc_secrets == {"api_key": "VLLM_EXAMPLE_COM_API_KEY"}
    with pytest.raises(KimiSettingError, match="was not sent to vllm"):
        _load(model, secrets_from_env=True)


# Addresses


@pytest.mark.parametrize(
    "url",
    [
        "https://api.moonshot.ai.evil.test/v1",
        "https://moonshot.ai.evil.test/v1",
        "https://notmoonshot.ai/v1",
        "https://evil.test/api.moonshot.ai/v1",
        "http://10.0.0.5:8000/v1",
        "http://127.0.0.1.evil.test/v1",
        "https://localhost.evil.test/v1",
    ],
)
@pytest.mark.parametrize("variable", ["MOONSHOT_API_KEY", "KIMI_API_KEY"])
def test_the_environment_s_key_goes_to_no_other_host(
    monkeypatch: pytest.MonkeyPatch, url: str, variable: str
) -> None:
    """Unless the key is given with the address, or stands beside it."""
    monkeypatch.setenv(variable, _KEY)
    builds: list[Any] = [
        ChatKimi,
        KimiFiles,
        KimiBatches,
        lambda **s: KimiFormulaToolkit(formulas=[], **s),
    ]
    for build in builds:
        with pytest.raises(KimiSettingError, match=f"key of {variable} was not sent"):
            build(base_url=url)
    model = ChatKimi()
    for moved in (model.model_copy(update={"base_url": url}), model):
        moved.base_url = url
        with pytest.raises(KimiSettingError, match=r"api_key=\.\.\..*any word"):
            moved.invoke("hi")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert ChatKimi(base_url=url, api_key=_KEY).base_url == url
        monkeypatch.setenv("MOONSHOT_API_BASE", url)
        assert ChatKimi(base_url=url).base_url == ChatKimi().base_url == url


@pytest.mark.parametrize(
    "url",
    [
        "https://api.moonshot.ai/v1",
        "https://api.moonshot.cn/v1",
        "https://API.MOONSHOT.AI/v1",
        "https://api.kimi.com/coding/v1",
        "http://127.0.0.1:8000/v1",
        "http://127.9.9.9/v1",
        "http://[::1]:8000/v1",
        "http://0.0.0.0:8000/v1",
        "http://localhost:8000/v1",
        "http://kimi.localhost/v1",
    ],
)
def test_the_environment_s_key_goes_to_moonshot_and_to_this_machine(
    monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    """Without a word, and without a warning."""
    monkeypatch.setenv("MOONSHOT_API_KEY", _KEY)
    assert ChatKimi(base_url=url)._clients.settings.base_url == url


def test_plain_http_is_told_once() -> None:
    """Not for each object."""
    url = "http://plain.test/v1"
    with pytest.warns(UserWarning, match=r"plain\.test/v1 is not https.*read"):
        ChatKimi(api_key="sk-plain", base_url=url)
    ChatKimi(api_key="sk-plain", base_url=url)


@pytest.mark.parametrize(
    "url",
    [
        "https://ann:marker@api.moonshot.ai/v1",
        "https://marker@evil.test/v1",
        "https://api.moonshot.ai@evil.test/v1",
        "https://api.moonshot.ai:443@evil.test/v1",
        "https://api.moonshot.ai\\@evil.test/v1",
        "https://api.moonshot.ai\\evil.test/v1",
        "https://api.moonshot.ai/v1?x=1",
        "https://api.moonshot.ai/v1#x",
        "https://api.moonshot.ai?x=1",
        "https://api.moonshot.ai /v1",
        " https://api.moonshot.ai/v1",
        "https://api.moonshot.ai/v1\n",
        "https://api.moonshot.ai\r\nX: y/v1",
        "https://api.m\u043e\u043enshot.ai/v1",
        "https://api.moonshot\u3002ai/v1",
        "https://api%2emoonshot.ai/v1",
        "https:///v1",
        "https:api.moonshot.ai/v1",
        "https://api.moonshot.ai:0/v1",
        "https://api.moonshot.ai:99999/v1",
        "ftp://api.moonshot.ai/v1",
        "file:///etc/passwd",
    ],
)
def test_an_address_that_can_be_read_in_two_ways_is_refused(url: str) -> None:
    """Given or assigned; what may be a password is not repeated."""
    with pytest.raises(KimiSettingError, match="base_url") as caught:
        ChatKimi(api_key="sk-a", base_url=url)
    _assert_no_marker(caught.value)
    model = ChatKimi(api_key="sk-a")
    model.base_url = url
    with pytest.raises(KimiSettingError, match="base_url") as caught:
        model.invoke("hi")
    _assert_no_marker(caught.value)


@pytest.mark.parametrize(
    "headers",
    [
        {"X": f" {_TOKEN}"},
        {"X": f"{_TOKEN} "},
        {"X": f"{_TOKEN}\r\nY: 1"},
        {"X Y": _TOKEN},
        {"X:": _TOKEN},
        {"": _TOKEN},
        {"X": 5, "Y": _TOKEN},
    ],
)
def test_a_header_that_cannot_be_sent_is_refused_unread(headers: Any) -> None:
    """The transport's own error would show it."""
    with pytest.raises(KimiSettingError) as caught:
        ChatKimi(api_key="sk-a", default_headers=headers)
    _assert_no_marker(caught.value)
    _assert_no_marker(repr(caught.value.__cause__))


@pytest.fixture
def other() -> Iterator[MediaServer]:
    """Another host: it should hear nothing."""
    with MediaServer().run() as server:
        yield server


@pytest.mark.parametrize("code", [301, 302, 303, 307, 308])
async def test_no_redirect_is_followed(
    kimi: Emulator, chat: Chat, ask: Ask, other: MediaServer, code: int
) -> None:
    """Key, headers and messages would go along; the error says where the API is."""
    kimi.send(b"", status=code, headers={"Location": other.url("/v1?token=1")})
    model = chat(max_retries=0, **_SECRETS)
    with pytest.raises(
        KimiStatusError, match=r"redirects to http.*set base_url"
    ) as caught:
        await ask(model, "hi")
    assert "token" not in str(caught.value)
    assert not other.asked
    assert len(kimi.requests) == 1


def test_files_follow_no_redirect(kimi: Emulator, other: MediaServer) -> None:
    """A GET neither."""
    files = KimiFiles(base_url=kimi.base_url, max_retries=0, **_SECRETS)
    kimi.send(
        b"", status=302, headers={"Location": other.url("/a.png")}, path="/v1/files/*"
    )
    with pytest.raises(KimiStatusError, match="redirects"):
        files.content("file_1")
    assert not other.asked
    files.close()


def test_redirecting_to_oneself_is_told_too(chat: Chat, other: MediaServer) -> None:
    """A proxy in front of the API that adds a slash."""
    other.pages["/v1/models"] = status(307, Location="/v1/models/")
    model = chat(base_url=other.url("/v1"), max_retries=0)
    with pytest.raises(KimiStatusError, match="redirects to /v1/models/"):
        model.list_models()


# Tracing


@pytest.fixture
def langsmith() -> Iterator[tuple[str, list[bytes]]]:
    """LangSmith's address on this machine, and what was posted to it."""
    posted: list[bytes] = []

    class Handler(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            posted.append(self.rfile.read(length))
            self.send_response(200)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"{}")

        do_GET = do_POST = do_PATCH = _answer  # noqa: N815 - http.server's names

        def log_message(self, *_args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}", posted
        server.shutdown()
        thread.join()


async def test_langsmith_is_told_no_secret(
    kimi: Emulator, chat: Chat, ask: Ask, langsmith: tuple[str, list[bytes]]
) -> None:
    """Of a success and of errors: inputs, parameters, metadata and tracebacks."""
    address, posted = langsmith
    client = Client(api_url=address, api_key="ls-test", info={})
    config = {"callbacks": [LangChainTracer(client=client)]}
    model = chat(max_retries=0, **_SECRETS)
    await ask(model, "the prompt", config=config)
    for fault in ("key", "error in 200", "no JSON"):
        _FAULTS[fault](kimi)
        with pytest.raises(openai.APIError):
            await ask(model, "the prompt", config=config)
    client.flush()
    client.cleanup()
    told = b"".join(posted)
    assert told.count(b"the prompt") >= 4
    assert b"moonshot" in told
    assert b"KimiAuthenticationError" in told
    _assert_no_marker(told)


# The emulator, and the code


def test_the_emulator_shows_no_key(kimi: Emulator) -> None:
    """A failed assertion prints the requests, perhaps with a real key."""
    with Emulator(api_keys=[_KEY]) as other:
        model = ChatKimi(api_key=_KEY, base_url=other.base_url)
        model.invoke("hi")
        model.close()
        assert other.requests[0].headers["authorization"] == f"Bearer {_KEY}"
        _assert_no_marker(f"{other!r} {vars(other)} {other.requests!r}")


def test_the_emulator_listens_on_loopback_only(kimi: Emulator) -> None:
    """It takes no other address, by code or by its command."""
    server = kimi._server
    assert server is not None
    assert server._http.server_address[0] == "127.0.0.1"
    command = (_ROOT / "langchain_kimi/emulator/__main__.py").read_text()
    assert "--host" not in command


_FORBIDDEN_CALLS = {
    "eval",
    "exec",
    "compile",
    "__import__",
    "mktemp",
    "system",
    "popen",
}
_FORBIDDEN_MODULES = {"pickle", "marshal", "shelve", "dill", "subprocess", "tempfile"}
_SOURCES = [
    path
    for package in ("langchain_kimi", "litellm_config")
    for path in sorted((_ROOT / package).rglob("*.py"))
]


@pytest.mark.parametrize(
    "path", _SOURCES, ids=lambda path: str(path.relative_to(_ROOT))
)
def test_nothing_runs_what_it_is_sent(path: Path) -> None:
    """No eval, pickle, shell or unsafe YAML, and no file in a shared directory."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import | ast.ImportFrom):
            names = [alias.name for alias in node.names]
            modules = [getattr(node, "module", None) or "", *names]
            assert not _FORBIDDEN_MODULES.intersection(m.split(".")[0] for m in modules)
        if isinstance(node, ast.Call):
            _check_call(node)


def _check_call(node: ast.Call) -> None:
    name = getattr(node.func, "id", getattr(node.func, "attr", ""))
    owner = getattr(getattr(node.func, "value", None), "id", "")
    assert name not in _FORBIDDEN_CALLS or (owner, name) == ("re", "compile"), name
    assert not any(keyword.arg == "shell" for keyword in node.keywords)
    if owner == "yaml":
        assert name not in {"load", "load_all", "unsafe_load", "full_load"} or any(
            keyword.arg == "Loader" for keyword in node.keywords
        )


@pytest.mark.parametrize(
    "build",
    [
        lambda: ChatKimi(temperature="hot", **_SECRETS),
        lambda: ChatKimi(base_url="x", **_SECRETS),
        lambda: KimiFiles(timeout=-1, **_SECRETS),
        lambda: KimiFiles(base_url="https://a@b.test/v1", **_SECRETS),
        lambda: KimiFormulaToolkit(formulas=["x"], **_SECRETS),
    ],
)
def test_a_wrong_setting_shows_no_other(build: Any) -> None:
    """Nor do the frames in which it was found."""
    with pytest.raises(KimiSettingError) as caught:
        build()
    assert caught.value.__context__ is None
    for text in _error_texts(caught.value):
        _assert_no_marker(text)
