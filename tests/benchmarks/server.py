"""A server of prepared bytes in a process of its own, so that it costs no one's CPU.

The path says what to answer: `/text/3000/v1/...` streams 3,000 text deltas. Run as a
module it prints its port; `GET /stats` tells its connections and its CPU seconds.
"""

import asyncio
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from typing import Any

from tests.benchmarks import answers

_PACE_SECONDS = 0.02


class _Exchange(asyncio.Protocol):
    """One connection: waits for whole requests, and reads nothing but their path."""

    connections = 0

    def __init__(self) -> None:
        self._received = bytearray()
        self._needed = 0

    def connection_made(self, transport: Any) -> None:
        self._transport = transport
        _Exchange.connections += 1

    def data_received(self, data: bytes) -> None:
        self._received += data
        if not self._needed:
            head, found, _ = self._received.partition(b"\r\n\r\n")
            if not found:
                return
            self._path = head.split(b" ", 2)[1].decode()
            self._needed = len(head) + 4 + _content_length(bytes(head))
        if len(self._received) >= self._needed:
            self._received.clear()
            self._needed = 0
            self._answer(*self._path.strip("/").split("/")[:2])

    def _answer(self, kind: str, count: str = "0") -> None:
        if kind == "stats":
            self._transport.write(_stats())
        elif kind == "paced":
            task = asyncio.ensure_future(self._pace(int(count)))
            task.add_done_callback(lambda done: done.result())
        elif kind == "whole":
            self._transport.write(answers.completion())
        else:
            self._transport.write(answers.stream(kind, int(count)))

    async def _pace(self, count: int) -> None:
        """Send a delta every 20 ms; its text is the moment at which it was sent."""
        head, *_ = answers.stream("text", 0).partition(b"\r\n\r\n")
        self._transport.write(head + b"\r\n\r\n")
        start = time.monotonic()
        for number in range(count):
            await asyncio.sleep(start + number * _PACE_SECONDS - time.monotonic())
            self._transport.write(answers.paced_event(f"{time.monotonic():.6f}"))
        self._transport.write(answers.paced_end())


def _content_length(head: bytes) -> int:
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            return int(line[15:])
    return 0


def _stats() -> bytes:
    told = {"connections": _Exchange.connections, "cpu": time.process_time()}
    body = json.dumps(told).encode()
    return b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body)


class Server:
    """The server's address, and what it tells of itself."""

    def __init__(self, port: int) -> None:
        self.port = port

    def url(self, kind: str, count: int = 0) -> str:
        """Return the base URL under which every call gets such an answer."""
        return f"http://127.0.0.1:{self.port}/{kind}/{count}/v1"

    def stats(self) -> dict[str, Any]:
        """Return the connections so far (this one among them) and the CPU seconds."""
        connection = HTTPConnection("127.0.0.1", self.port)
        connection.request("GET", "/stats")
        told = json.loads(connection.getresponse().read())
        connection.close()
        return told


@contextmanager
def start_server() -> Iterator[Server]:
    """Run the server until the block ends."""
    command = [sys.executable, "-m", "tests.benchmarks.server"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        try:
            yield Server(int(process.stdout.readline()))
        finally:
            process.terminate()


async def _serve() -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(_Exchange, "127.0.0.1", 0, backlog=512)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(_serve())
