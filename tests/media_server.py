"""A web server with pictures, on loopback, that can also misbehave."""

import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

Page = Callable[[BaseHTTPRequestHandler], None]
"""Answers one request."""

PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010804000000b51c0c02"
    "0000000b4944415478da63fcff1f0003030200efa2a75b0000000049454e44ae426082"
)
MP4 = b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom"


class MediaServer:
    """Serves `pages`, and keeps what it was asked."""

    def __init__(self, context: ssl.SSLContext | None = None) -> None:
        self.pages: dict[str, Page] = {
            "/a.png": send(PNG, "image/png"),
            "/b.mp4": send(MP4, "video/mp4"),
        }
        self.asked: list[tuple[str, dict[str, str]]] = []
        self.stopped = threading.Event()
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        if context:
            self._http.socket = context.wrap_socket(
                self._http.socket, server_side=True, do_handshake_on_connect=False
            )
        self.port = self._http.server_address[1]
        self.host = f"127.0.0.1:{self.port}"

    def url(self, path: str) -> str:
        return f"http://{self.host}{path}"

    @property
    def paths(self) -> list[str]:
        return [path for path, _ in self.asked]

    @contextmanager
    def run(self) -> Iterator["MediaServer"]:
        thread = threading.Thread(target=self._http.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield self
        finally:
            self.stopped.set()
            self._http.shutdown()
            thread.join()
            self._http.server_close()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        served = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                served.asked.append((self.path, dict(self.headers)))
                page = served.pages.get(self.path.partition("?")[0])
                self.close_connection = True
                if page:
                    page(self)
                else:
                    self.send_error(404)

            def log_message(self, *_args: object) -> None:
                pass

        return Handler

    def trickle(self, start: bytes) -> Page:
        """Send a byte now and then, for ever: no single read ever waits long."""

        def page(handler: BaseHTTPRequestHandler) -> None:
            handler.wfile.write(start)
            while not self.stopped.wait(0.02):
                try:
                    handler.wfile.write(b"x")
                except OSError:
                    return

        return page


def send(data: bytes, media_type: str, **headers: str) -> Page:
    """Answer with a medium; a header given as "" is not sent."""

    def page(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        every = {
            "Content-Type": media_type,
            "Content-Length": str(len(data)),
            **{name.replace("_", "-"): value for name, value in headers.items()},
        }
        for name, value in every.items():
            if value:
                handler.send_header(name, value)
        handler.end_headers()
        try:
            handler.wfile.write(data)
        except OSError:
            return  # the client had enough

    return page


def status(code: int, **headers: str) -> Page:
    """Answer with a status and no body."""

    def page(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(code)
        for name, value in {"Content-Length": "0", **headers}.items():
            handler.send_header(name, value)
        handler.end_headers()

    return page
