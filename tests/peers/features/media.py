"""Images and videos by each route, and what Kimi cannot read."""

import base64
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

from langchain_core.messages import AIMessage, HumanMessage, ToolMessage

from tests.peers.peer import PNG, Peer, refuse
from tests.peers.probing import Feature, feature

row = partial(feature, group="Images, videos and other content", page="multimodal.md")
_BLOCKS = "test_content.py::test_each_block_becomes_a_part_that_kimi_takes"
_REFUSED = "test_content.py::test_what_kimi_cannot_read_is_refused"


def _ask(peer: Peer, part: dict[str, Any]) -> str:
    """Send a part and return its address as Kimi was told it."""
    peer.model().invoke([HumanMessage([{"type": "text", "text": "What?"}, part])])
    (sent,) = [p for p in peer.body["messages"][0]["content"] if p["type"] != "text"]
    address = sent[sent["type"]]
    return address if isinstance(address, str) else address["url"]


def _medium(
    name: str,
    title: str,
    source: str,
    *,
    block: dict[str, Any],
    part: dict[str, Any] | None,
    address: str,
) -> Feature:
    def probe(peer: Peer) -> None:
        found = _ask(peer, block)
        assert found.startswith(address), f"sent {found[:30]}"

    def by_part(peer: Peer) -> None:
        assert part
        found = _ask(peer, part)
        assert found.startswith(address), f"sent {found[:30]}"

    probe.__name__ = name
    made = row(title, source=source, tests=[_BLOCKS])(probe)
    return made.or_else("in the API's own form only")(by_part) if part else made


_medium(
    "image_block",
    "an image, as LangChain's block (base64)",
    "7.1, seed 000",
    block={"type": "image", "base64": PNG, "mime_type": "image/png"},
    part={"type": "image_url", "image_url": {"url": f"data:image/png;base64,{PNG}"}},
    address="data:image/png;base64,",
)
_medium(
    "image_url_part",
    "an image, in OpenAI's form (data URL)",
    "7.1",
    block={"type": "image_url", "image_url": {"url": f"data:image/png;base64,{PNG}"}},
    part=None,
    address="data:image/png;base64,",
)
_medium(
    "image_of_anthropic",
    "an image, in Anthropic's form",
    "A",
    block={
        "type": "image",
        "source": {"type": "base64", "media_type": "image/png", "data": PNG},
    },
    part=None,
    address="data:image/png;base64,",
)
_medium(
    "image_by_id",
    "an uploaded image, by its id",
    "7.1",
    block={"type": "image", "file_id": "file_1"},
    part={"type": "image_url", "image_url": {"url": "ms://file_1"}},
    address="ms://file_1",
)
_medium(
    "video_block",
    "a video, as LangChain's block (base64)",
    "7.1, seed 000",
    block={"type": "video", "base64": PNG, "mime_type": "video/mp4"},
    part={"type": "video_url", "video_url": {"url": f"data:video/mp4;base64,{PNG}"}},
    address="data:video/mp4;base64,",
)
_medium(
    "video_by_id",
    "an uploaded video, by its id",
    "7.1",
    block={"type": "video", "file_id": "file_2"},
    part={"type": "video_url", "video_url": {"url": "ms://file_2"}},
    address="ms://file_2",
)


@row(
    "an image in a tool's result",
    source="2.2, 7.1",
    page="tools.md",
    tests=["test_tools.py::test_results_may_be_errors_lists_and_pictures"],
)
def image_in_results(peer: Peer) -> None:
    image = {"type": "image", "base64": PNG, "mime_type": "image/png"}
    history = [
        "Look",
        AIMessage("", tool_calls=[{"name": "look", "args": {}, "id": "a"}]),
        ToolMessage([image], tool_call_id="a"),
    ]
    peer.model().invoke(history)
    last = peer.body["messages"][-1]
    assert last["role"] == "tool", f"it went into a message of role {last['role']}"
    assert "image_url" in str(last["content"]), f"sent {str(last['content'])[:60]}"


@row(
    "a public image URL, which Kimi does not fetch, is refused with a way out",
    source="7.1, seed 000",
    tests=[_REFUSED],
)
def public_urls(peer: Peer) -> None:
    part = {"type": "image", "url": "http://127.0.0.1:9/photo.jpg"}
    message = HumanMessage([{"type": "text", "text": "What?"}, part])
    refuse(peer, lambda: peer.model().invoke([message]), "base64")


@row(
    "PDF and audio blocks, which Kimi cannot read, are refused with a way out",
    source="7.1",
    tests=[_REFUSED],
)
def unreadable_content(peer: Peer) -> None:
    for kind, mime in (("file", "application/pdf"), ("audio", "audio/wav")):
        part = {"type": kind, "base64": PNG, "mime_type": mime}
        message = HumanMessage([{"type": "text", "text": "What?"}, part])
        refuse(peer, lambda m=message: peer.model().invoke([m]))


@row(
    "pictures at public URLs, fetched by the client and sent as data",
    source="7.1, seed 000",
    tests=["test_inline.py::test_a_url_in_any_form_is_sent_as_data"],
)
def inlined_urls(peer: Peer) -> None:
    with ThreadingHTTPServer(("127.0.0.1", 0), _Picture) as server:
        thread = Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        host = f"127.0.0.1:{server.server_port}"
        asked = {"inline_urls": [host]} if peer.has("inline_urls") else {}
        part = {"type": "image", "url": f"http://{host}/photo.png"}
        message = HumanMessage([{"type": "text", "text": "What?"}, part])
        try:
            peer.model(**asked).invoke([message])
        finally:
            server.shutdown()
            thread.join()
    sent = str(peer.body["messages"])
    assert "data:image/png;base64," in sent, "not sent as data"


class _Picture(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        picture = base64.b64decode(PNG)
        self.send_response(200)
        self.send_header("Content-Type", "image/png")
        self.send_header("Content-Length", str(len(picture)))
        self.end_headers()
        self.wfile.write(picture)

    def log_message(self, *_: object) -> None: ...
