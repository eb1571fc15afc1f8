"""Bytes on a socket -> requests, and replies -> bytes: HTTP/1.1 on 127.0.0.1.

Nothing is decided here; a function from requests to replies is put on the network.
"""

import selectors
import socket
import socketserver
import struct
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BufferedIOBase
from threading import Event, Lock, Thread, current_thread
from typing import Any, cast

from langchain_kimi._rules import BODY_LIMIT
from langchain_kimi.emulator._exchange import Reply, Request, read_request
from langchain_kimi.emulator._failures import INVALID, Failure
from langchain_kimi.emulator._message import HangUp, Message, Pause, Restart

HOST = "127.0.0.1"
_POLL_SECONDS = 0.02
_JOIN_SECONDS = 5.0
_BLOCK = 1 << 16
_OLD = "HTTP/1.0"
_AT_ONCE = struct.pack("ii", 1, 0)
# The form around an uploaded file, which may itself be as large as a body.
_MOST_BYTES = BODY_LIMIT + _BLOCK

Handle = Callable[[Request], Reply]


class Server:
    """Serves a function from requests to replies; each connection has its thread."""

    def __init__(self, handle: Handle, port: int) -> None:
        self._http = _HttpServer(handle, port)
        self.port: int = self._http.server_address[1]
        self._thread = Thread(
            target=self._http.serve_until_closed,
            name=f"kimi-emulator-{self.port}",
            daemon=True,
        )
        self._thread.start()

    @property
    def connections(self) -> int:
        """How many are open."""
        return len(self._http.connections)

    def close(self) -> None:
        """Close the port and every connection, and wait for their threads."""
        self._http.closing.set()
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
        self.closing = Event()
        self._away = _Away(0)
        self._restarting = Lock()
        self.connections: dict[Thread, socket.socket] = {}
        super().__init__((HOST, port), _Connection)

    def server_bind(self) -> None:
        # Not HTTPServer's: it asks DNS for the name of the host.
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = HOST, self.server_address[1]

    def serve_until_closed(self) -> None:
        """Serve, and come back after each restart."""
        while not self.closing.is_set():
            self.serve_forever(_POLL_SECONDS)
            if not self.closing.is_set():
                self._stay_away(self._away)

    def restart(self, seconds: float) -> None:
        """Break the other connections, and refuse new ones for a while.

        Args:
            seconds: How long; this returns when it begins.
        """
        with self._restarting:
            self._away = _Away(seconds)
            self.shutdown()
            while not (self._away.begun.wait(_POLL_SECONDS) or self.closing.is_set()):
                pass
        for thread, connection in list(self.connections.items()):
            if thread is not current_thread():
                _shut(connection)

    def _stay_away(self, away: "_Away") -> None:
        """Keep the port, so that nobody else takes it, but do not listen."""
        self.socket.close()
        self.socket = socket.socket(self.address_family, self.socket_type)
        self.server_bind()
        away.begun.set()
        self.closing.wait(away.seconds)
        self.server_activate()

    def process_request(self, request: Any, client_address: Any) -> None:
        """Start a thread for a connection, and remember both."""
        thread = Thread(
            target=self.process_request_thread,
            args=(request, client_address),
            daemon=True,
        )
        self.connections[thread] = request
        thread.start()

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """Serve a connection to its end."""
        try:
            super().process_request_thread(request, client_address)
        finally:
            self.connections.pop(current_thread(), None)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of clients that leave, but all of a fault in a stream."""
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)

    def close_connections(self) -> None:
        """Wake every thread that waits for a client, and wait for its end."""
        for thread, connection in list(self.connections.items()):
            _shut(connection)
            thread.join(_JOIN_SECONDS)


class _Away:
    """A time without a listening port."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.begun = Event()


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
        message = self._build_message(reply)
        self.close_connection = "Connection" in message.fields
        if self.command == "HEAD":
            self.wfile.write(message.head)
            return
        for step in reply.deliver(message) if reply.deliver else message.steps():
            # One write an event: a client sees each token when it is made.
            if isinstance(step, bytes):
                self.wfile.write(step)
            elif not self._perform(step):
                self.close_connection = True
                return

    def _build_message(self, reply: Reply) -> Message:
        fields = {"Date": self.date_time_string(), **reply.headers}
        body = reply.body
        is_whole, can_chunk = isinstance(body, bytes), self.request_version != _OLD
        if not (is_whole or can_chunk):
            self.close_connection = True
        if self.close_connection:
            fields["Connection"] = "close"
        if isinstance(body, bytes):
            fields.setdefault("Content-Length", str(len(body)))
        else:
            fields.setdefault("Cache-Control", "no-cache")
        return Message(
            status=reply.status,
            fields=fields,
            pieces=[body] if isinstance(body, bytes) else body,
            chunked=can_chunk and not is_whole,
        )

    def _perform(self, step: Pause | HangUp | Restart) -> bool:
        """Do what is no sending; tell whether the connection goes on."""
        match step:
            case Pause():
                return not self._leaves_within(step.seconds)
            case HangUp(reset=False):
                return False
            case HangUp():
                _reset(self.connection)
            case Restart():
                cast(_HttpServer, self.server).restart(step.seconds)
                _reset(self.connection)
        return False

    def _leaves_within(self, seconds: float | None) -> bool:
        """Wait; tell whether the client left, or the emulator closed, meanwhile."""
        with selectors.DefaultSelector() as selector:
            selector.register(self.connection, selectors.EVENT_READ)
            return bool(selector.select(seconds))

    def send_error(
        self, code: int, message: str | None = None, explain: str | None = None
    ) -> None:
        """Answer a request that is no HTTP in the API's form, and hang up."""
        words = message or HTTPStatus(code).phrase
        self.close_connection = True
        self._write(Failure(status=code, type=INVALID, message=words).reply())

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing: `Emulator.requests` is the log."""


def _shut(connection: socket.socket) -> None:
    """End a connection that another thread serves, and wake that thread."""
    with suppress(OSError):  # the client may have left first
        connection.shutdown(socket.SHUT_RDWR)


def _reset(connection: socket.socket) -> None:
    """End a connection with RST in place of FIN."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _AT_ONCE)
    # Not `close`: that waits for the files which http.server reads and writes.
    socket.close(connection.detach())


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
