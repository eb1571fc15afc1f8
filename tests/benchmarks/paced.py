"""Two hundred streams at once, as a server has them: CPU, and how late deltas are."""

import asyncio
import time
from statistics import median, quantiles
from typing import Any

from tests.benchmarks.peers import (
    KIMI,
    KIMI_AIOHTTP,
    OPENAI,
    PEERS,
    RELAY,
    SDK,
    SDK_AIOHTTP,
)
from tests.benchmarks.prompts import build_prompt
from tests.benchmarks.server import Server

_STREAMS, _DELTAS, _ROUNDS = 200, 100, 2


def measure_paced(server: Server) -> dict[str, dict[str, float]]:
    """Return the CPU microseconds per delta, and the 99th percentile's milliseconds."""
    names = (KIMI, KIMI_AIOHTTP, SDK, SDK_AIOHTTP, OPENAI, RELAY)
    runs: dict[str, list[tuple[float, float]]] = {name: [] for name in names}
    for _ in range(_ROUNDS):
        for name, found in runs.items():
            found.append(asyncio.run(_run(name, server)))
    return {
        name: {
            "us": median(cpu for cpu, _ in found),
            "late_ms": median(late for _, late in found),
        }
        for name, found in runs.items()
    }


async def _run(name: str, server: Server) -> tuple[float, float]:
    peer = PEERS[name](server.url("paced", _DELTAS))
    prompt = build_prompt(name, 1)
    lags: list[float] = []
    start = time.process_time()
    await asyncio.gather(*(_read(peer, prompt, lags) for _ in range(_STREAMS)))
    seconds = time.process_time() - start
    assert len(lags) == _STREAMS * _DELTAS
    given = getattr(peer, "http_async_client", None)
    if given or hasattr(peer, "aclose"):
        await (given or peer).aclose()
    return seconds / len(lags) * 1e6, quantiles(lags, n=100)[98] * 1000


async def _read(peer: Any, prompt: Any, lags: list[float]) -> None:
    async for chunk in peer.astream(prompt):
        text = chunk if isinstance(chunk, str) else getattr(chunk, "content", "")
        if text:
            lags.append(time.monotonic() - float(text))
