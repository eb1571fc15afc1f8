"""A server that stops where a test wants it to, and tells which clients hung up."""

import json
import socket
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any

HEAD = (
    b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
    b"Transfer-Encoding: chunked\r\n\r\n"
)
STALL = b"stall"
"""In a script: wait here until the client hangs up."""
CUT = b"cut"
"""In a script: hang up here."""
_PATIENCE = 20.0

Script = Sequence[bytes | float]


def piece(data: bytes) -> bytes:
    """One chunk of a body."""
    return b"%x\r\n%s\r\n" % (len(data), data)


def event(finish_reason: str | None = None, **delta: Any) -> bytes:
    """A piece with one event of a stream."""
    choice = {"index": 0, "delta": delta, "finish_reason": finish_reason}
    body = {"id": "chatcmpl-1", "model": "kimi-k3", "choices": [choice]}
    return piece(b"data: " + json.dumps(body).encode() + b"\n\n")


END = event("stop") + piece(b"data: [DONE]\n\n") + b"0\r\n\r\n"
WHOLE = HEAD + event(content="Hello") + END


class StallingServer:
    """Answers each request with the next of its scripts, the last one ever after.

    A script is what to send, piece by piece; a number in it is a pause in seconds.
    """

    def __init__(self, *scripts: Script) -> None:
        self._scripts = list(scripts)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.base_url = f"http://127.0.0.1:{self._listener.getsockname()[1]}/v1"
        self.requests = 0
        self.stalled = threading.Event()
        """Whether a client waits now."""
        self.hung_up = threading.Event()
        """Whether a client left while it was made to wait."""
        self._links: list[socket.socket] = []
        self._threads = [threading.Thread(target=self._accept)]
        self._threads[0].start()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                link, _ = self._listener.accept()
                link.settimeout(_PATIENCE)
                self._links.append(link)
                self._threads.append(threading.Thread(target=self._serve, args=(link,)))
                self._threads[-1].start()

    def _serve(self, link: socket.socket) -> None:
        with link, suppress(OSError):
            while _read_request(link):
                self.requests += 1
                scripts = self._scripts
                for data in scripts.pop(0) if len(scripts) > 1 else scripts[0]:
                    if data == STALL:
                        self.stalled.set()
                        link.recv(1)
                        self.hung_up.set()
                        return
                    if data == CUT:
                        return
                    if isinstance(data, bytes):
                        link.sendall(data)
                    else:
                        time.sleep(data)

    def is_left(self) -> bool:
        """Wait until all clients have hung up; tell whether they have."""
        # More may come meanwhile: who hung up at once waits to be accepted.
        while waiting := [link for link in self._threads[1:] if link.is_alive()]:
            waiting[0].join(_PATIENCE)
            if waiting[0].is_alive():
                return False
        return True

    def close(self) -> None:
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._threads[0].join(_PATIENCE)
        for link in self._links:
            with suppress(OSError):
                link.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(_PATIENCE)


def _read_request(link: socket.socket) -> bool:
    received = b""
    while b"\r\n\r\n" not in received:
        block = link.recv(65536)
        if not block:
            return False
        received += block
    head, _, body = received.partition(b"\r\n\r\n")
    fields = dict(line.lower().split(b": ", 1) for line in head.split(b"\r\n")[1:])
    missing = int(fields.get(b"content-length", b"0")) - len(body)
    while missing > 0:
        block = link.recv(missing)
        if not block:
            return False
        missing -= len(block)
    return True


@contextmanager
def stalling_server(*scripts: Script) -> Iterator[StallingServer]:
    server = StallingServer(*scripts)
    try:
        yield server
    finally:
        server.close()
