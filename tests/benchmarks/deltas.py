"""Instructions of a streamed delta by client, over real HTTP, and their ratios.

Unlike seconds they are the same on each run, whatever else the machine does. It takes
some minutes under valgrind: `python -m tests.benchmarks.deltas`, where `make bench` has
installed the clients.
"""

import argparse
import asyncio
import gc
from typing import Any

from tests.benchmarks.instructions import count_instructions, switch
from tests.benchmarks.peers import (
    KIMI,
    KIMI_AIOHTTP,
    OPENAI,
    PEERS,
    PREBUILT,
    SDK,
    TRANSPORT,
)
from tests.benchmarks.prompts import build_prompt
from tests.benchmarks.server import start_server

_DELTAS = 3000
_SYNC, _ASYNC = "stream", "astream"
_COUNTED = {
    _SYNC: (KIMI, SDK, OPENAI, TRANSPORT, PREBUILT),
    _ASYNC: (KIMI, KIMI_AIOHTTP, SDK, OPENAI),
}
# Rounds before the one that counts.
_WARM_UPS = 2


def main() -> None:
    """Count all, and tell each and its ratio to the SDK and to ChatOpenAI."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", help="way, client and address, under valgrind")
    work = parser.parse_args().work
    if work:
        _stream(*work.split("|"))
        return
    with start_server() as server:
        url = server.url("text", _DELTAS)
        for way, names in _COUNTED.items():
            _tell(way, {name: _count(way, name, url) for name in names})


def _count(way: str, name: str, url: str) -> float:
    work = f"{way}|{name}|{url}"
    return count_instructions("tests.benchmarks.deltas", work) / _DELTAS


def _tell(way: str, counts: dict[str, float]) -> None:
    for name, found in counts.items():
        sdk, openai = found / counts[SDK], found / counts[OPENAI]
        told = f"{found:,.0f} a delta, {sdk:.3f} of {SDK}, {openai:.3f} of {OPENAI}"
        print(f"{way}, {name}: {told}", flush=True)


def _stream(way: str, name: str, url: str) -> None:
    """Stream a few times, and let valgrind count the last."""
    with asyncio.Runner() as runner:
        peer = runner.run(_open(name, url))
        prompt = build_prompt(name, 1)
        for number in range(_WARM_UPS + 1):
            if hasattr(peer, "prepare"):
                peer.prepare()
            gc.collect()
            if number == _WARM_UPS:
                switch("on")
            if way == _SYNC:
                for _ in peer.stream(prompt):
                    pass
            else:
                runner.run(_read(peer, prompt))
        switch("off")
        runner.run(_close(peer))


async def _open(name: str, url: str) -> Any:
    return PEERS[name](url)


async def _read(peer: Any, prompt: Any) -> None:
    async for _ in peer.astream(prompt):
        pass


async def _close(peer: Any) -> None:
    given = getattr(peer, "http_async_client", None)
    if given or hasattr(peer, "aclose"):
        await (given or peer).aclose()


if __name__ == "__main__":
    main()
