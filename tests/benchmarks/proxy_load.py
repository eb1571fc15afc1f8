"""What one machine's proxy adds to a call, and how many calls it passes on.

    PYTHONPATH=. python -m tests.benchmarks.proxy_load

The emulator stands for Kimi, in a process of its own and without any delay: what is
measured is the proxy alone, on whatever cores the client and the emulator leave it.
The processor time of a call is the proxy's own and hardly depends on what else runs.
Linux only: it is read from /proc.
"""

import asyncio
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

from tests.litellm.proxies import MASTER_KEY, SHIPPED, running_proxy

_CALLS = 400
_AT_ONCE = (1, 20)
_STREAMS = 20
_BODY: dict[str, object] = {
    "model": "kimi-k3",
    "messages": [{"role": "user", "content": "hi"}],
}


def main() -> None:
    """Measure the emulator alone, then one worker, then two."""
    day = datetime.now(tz=UTC).date()
    _say(f"{day}, {platform.machine()}, {os.cpu_count()} cores, {_CALLS} calls each")
    with _emulator() as kimi, tempfile.TemporaryDirectory() as directory:
        _measure("no proxy", kimi, "sk-load")
        _measure_stream("no proxy", kimi, "sk-load")
        environment = {
            "MOONSHOT_API_KEY": "sk-load",
            "MOONSHOT_API_BASE": kimi,
            "LITELLM_LOG": "ERROR",
        }
        for workers in (1, 2):
            log = Path(directory) / f"{workers}.log"
            with running_proxy(
                SHIPPED / "proxy.yaml", environment, log, workers=workers
            ) as base:
                _measure(f"{workers} worker(s)", f"{base}/v1", MASTER_KEY)
                _measure_stream(f"{workers} worker(s)", f"{base}/v1", MASTER_KEY)


@contextmanager
def _emulator() -> Iterator[str]:
    command = [sys.executable, "-m", "langchain_kimi.emulator"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout
    try:
        yield process.stdout.readline().strip()
    finally:
        process.terminate()
        process.wait()


def _measure(name: str, base_url: str, key: str) -> None:
    for at_once in _AT_ONCE:
        asyncio.run(_load(base_url, key, calls=3 * at_once, at_once=at_once))
        started, worked = time.perf_counter(), _processor_seconds()
        took = asyncio.run(_load(base_url, key, calls=_CALLS, at_once=at_once))
        rate = _CALLS / (time.perf_counter() - started)
        work = (_processor_seconds() - worked) / _CALLS * 1000
        middle = statistics.median(took) * 1000
        slow = statistics.quantiles(took, n=20)[-1] * 1000
        _say(
            f"{name:12} {at_once:3} at once: {rate:6.0f} calls/s, "
            f"median {middle:6.1f} ms, 95% {slow:6.1f} ms, "
            f"{work:5.1f} ms of processor time a call, {_memory():4.0f} MB"
        )


def _measure_stream(name: str, base_url: str, key: str) -> None:
    asyncio.run(_stream(base_url, key, streams=2))
    started, worked = time.perf_counter(), _processor_seconds()
    chunks = asyncio.run(_stream(base_url, key, streams=_STREAMS))
    seconds = time.perf_counter() - started
    work = (_processor_seconds() - worked) / chunks * 1000
    _say(
        f"{name:12} streams, {chunks // _STREAMS} chunks each: "
        f"{chunks / seconds:6.0f} chunks/s, {work:5.2f} ms of processor time a chunk"
    )


async def _stream(base_url: str, key: str, *, streams: int) -> int:
    """Return how many chunks came, in streams one after the other."""
    words = " ".join(f"word{number}" for number in range(300))
    asked = {"model": "kimi-k3", "stream": True}
    body = asked | {"messages": [{"role": "user", "content": words}]}
    target = urlsplit(base_url)
    request = _write_request(base_url, key, body, "Connection: close\r\n")
    chunks = 0
    for _ in range(streams):
        reader, writer = await asyncio.open_connection(target.hostname, target.port)
        writer.write(request)
        answer = await reader.read()
        assert b"data: [DONE]" in answer, answer[-500:]
        chunks += answer.count(b"data: {")
        writer.close()
        await writer.wait_closed()
    return chunks


def _write_request(
    base_url: str, key: str, body: dict[str, object], more: str = ""
) -> bytes:
    target, text = urlsplit(base_url), json.dumps(body).encode()
    return (
        f"POST {target.path}/chat/completions HTTP/1.1\r\nHost: {target.netloc}\r\n"
        f"Authorization: Bearer {key}\r\nContent-Type: application/json\r\n{more}"
        f"Content-Length: {len(text)}\r\n\r\n"
    ).encode() + text


def _servers(parent: int) -> Iterator[Path]:
    """Yield the processes below this one: the emulator, the proxy and its workers."""
    children = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
    for child in map(int, children):
        yield Path(f"/proc/{child}")
        yield from _servers(child)


def _processor_seconds() -> float:
    ticks = 0
    for process in _servers(os.getpid()):
        fields = (process / "stat").read_text().rpartition(")")[2].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def _memory() -> float:
    """Return the resident megabytes of all of them."""
    pages = [
        int((process / "statm").read_text().split()[1])
        for process in _servers(os.getpid())
    ]
    return sum(pages) * os.sysconf("SC_PAGE_SIZE") / 1e6


async def _load(base_url: str, key: str, *, calls: int, at_once: int) -> list[float]:
    left = iter(range(calls))
    took: list[float] = []
    async with asyncio.TaskGroup() as group:
        for _ in range(at_once):
            group.create_task(_client(base_url, key, left, took))
    return took


async def _client(
    base_url: str, key: str, left: Iterator[int], took: list[float]
) -> None:
    """Send one call after the other on one connection, at next to no cost."""
    target = urlsplit(base_url)
    reader, writer = await asyncio.open_connection(target.hostname, target.port)
    request = _write_request(base_url, key, _BODY)
    for _ in left:
        started = time.perf_counter()
        writer.write(request)
        head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
        length = head.partition("content-length:")[2].partition("\r\n")[0]
        answer = await reader.readexactly(int(length))
        took.append(time.perf_counter() - started)
        assert " 200 " in head.partition("\r\n")[0], answer
    writer.close()
    await writer.wait_closed()


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
