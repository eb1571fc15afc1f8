"""Bytes on a socket -> requests, and replies -> bytes: HTTP/1.1 on 127.0.0.1.

Nothing is decided here; a function from requests to replies is put on the network.
"""

import socket
import socketserver
import sys
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import replace
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BufferedIOBase
from threading import Thread, current_thread
from typing import Any, cast

from langchain_kimi._rules import BODY_LIMIT
from langchain_kimi.emulator._exchange import Reply, Request, read_request
from langchain_kimi.emulator._failures import INVALID, Failure

HOST = "127.0.0.1"
_POLL_SECONDS = 0.02
_JOIN_SECONDS = 5.0
_BLOCK = 1 << 16
# The form around an uploaded file, which may itself be as large as a body.
_MOST_BYTES = BODY_LIMIT + _BLOCK

Handle = Callable[[Request], Reply]


class Server:
    """Serves a function from requests to replies; each connection has its thread."""

    def __init__(self, handle: Handle, port: int) -> None:
        self._http = _HttpServer(handle, port)
        self.port: int = self._http.server_address[1]
        self._thread = Thread(
            target=self._http.serve_forever,
            args=(_POLL_SECONDS,),
            name=f"kimi-emulator-{self.port}",
            daemon=True,
        )
        self._thread.start()

    def close(self) -> None:
        """Close the port and every connection, and wait for their threads."""
        self._http.shutdown()
        self._thread.join()
        self._http.server_close()
        self._http.close_connections()


class _HttpServer(ThreadingHTTPServer):
    daemon_threads = True
    # The default of 5 turns away a burst of clients.
    request_queue_size = 512

    def __init__(self, handle: Handle, port: int) -> None:
        self.handle = handle
        self._connections: dict[Thread, socket.socket] = {}
        super().__init__((HOST, port), _Connection)

    def server_bind(self) -> None:
        # Not HTTPServer's: it asks DNS for the name of the host.
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = HOST, self.server_address[1]

    def process_request(self, request: Any, client_address: Any) -> None:
        """Start a thread for a connection, and remember both."""
        thread = Thread(
            target=self.process_request_thread,
            args=(request, client_address),
            daemon=True,
        )
        self._connections[thread] = request
        thread.start()

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """Serve a connection to its end."""
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._connections.pop(current_thread(), None)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of clients that leave, but all of a fault in a stream."""
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)

    def close_connections(self) -> None:
        """Wake every thread that waits for a client, and wait for its end."""
        for thread, connection in list(self._connections.items()):
            with suppress(OSError):  # the client may have left first
                connection.shutdown(socket.SHUT_RDWR)
            thread.join(_JOIN_SECONDS)


class _Connection(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def answer(self) -> None:
        """Read one request, and write its reply."""
        try:
            raw = self._read_body()
        except ValueError:
            self.send_error(400, "Invalid request: the body is not sent as HTTP wants")
            return
        request = read_request(self.command, self.path, self.headers.items(), raw)
        host, port = self.client_address[:2]
        self._write(self._reply_to(replace(request, peer=(str(host), port))))

    # The names that http.server calls.
    do_GET = do_POST = do_PUT = do_PATCH = answer  # noqa: N815
    do_DELETE = do_HEAD = do_OPTIONS = answer  # noqa: N815

    def _reply_to(self, request: Request) -> Reply:
        try:
            return cast(_HttpServer, self.server).handle(request)
        except Exception as error:  # noqa: BLE001
            # A fault of the emulator must show in the test, not hang its client.
            message = f"the emulator failed: {type(error).__name__}: {error}"
            return Failure(status=500, type="server_error", message=message).reply()

    def _read_body(self) -> bytes:
        """Return the body, of a too long one just enough to see that it is."""
        if "chunked" in self.headers.get("Transfer-Encoding", "").lower():
            return _read_chunked(self.rfile)
        length = self.headers.get("Content-Length", "")
        return _read_at_most(self.rfile, int(length) if length.isdecimal() else 0)

    def _write(self, reply: Reply) -> None:
        if isinstance(reply.body, bytes):
            self._start(reply, {"Content-Length": str(len(reply.body))})
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(reply.body)
        else:
            self._write_stream(reply, reply.body)

    def _write_stream(self, reply: Reply, events: Iterable[bytes]) -> None:
        can_chunk = self.request_version != "HTTP/1.0"
        framing = {"Transfer-Encoding": "chunked"} if can_chunk else {}
        self._start(reply, {**framing, "Cache-Control": "no-cache"})
        self.end_headers()
        for event in events:
            # One write an event: a client sees each token when it is made.
            self.wfile.write(
                b"%x\r\n%s\r\n" % (len(event), event) if can_chunk else event
            )
        if can_chunk:
            self.wfile.write(b"0\r\n\r\n")
        self.close_connection = self.close_connection or not can_chunk

    def _start(self, reply: Reply, framing: dict[str, str]) -> None:
        phrase = HTTPStatus(reply.status).phrase if reply.status in _PHRASES else ""
        self.send_response_only(reply.status, phrase)
        fields = {"Date": self.date_time_string(), **framing, **reply.headers}
        for name, value in fields.items():
            self.send_header(name, value)
        if self.close_connection:
            self.send_header("Connection", "close")

    def send_error(
        self, code: int, message: str | None = None, explain: str | None = None
    ) -> None:
        """Answer a request that is no HTTP in the API's form, and hang up."""
        words = message or HTTPStatus(code).phrase
        self.close_connection = True
        self._write(Failure(status=code, type=INVALID, message=words).reply())

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing: `Emulator.requests` is the log."""


_PHRASES = frozenset(status.value for status in HTTPStatus)


def _read_at_most(stream: BufferedIOBase, length: int) -> bytes:
    """Read a body; drop what is over the limit, so that the client can finish."""
    kept = stream.read(min(length, _MOST_BYTES))
    rest = length - len(kept)
    while rest > 0 and (block := stream.read(min(rest, _BLOCK))):
        rest -= len(block)
    return kept


def _read_chunked(stream: BufferedIOBase) -> bytes:
    """Read a body that comes in chunks, each after its length in hex."""
    kept = bytearray()
    while length := int(stream.readline().split(b";")[0] or b"0", 16):
        block = stream.read(length)
        stream.readline()
        if len(kept) <= _MOST_BYTES:
            kept += block
    while stream.readline().strip():
        pass  # trailers
    return bytes(kept)
