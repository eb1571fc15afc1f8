"""How many connections twenty streams in a row open."""

import asyncio
from typing import Any

from tests.benchmarks.peers import KIMI, KIMI_AIOHTTP, OPENAI, PEERS, SDK
from tests.benchmarks.prompts import build_prompt
from tests.benchmarks.server import Server

_STREAMS = 20


def count_connections(server: Server) -> dict[str, dict[str, int]]:
    """Return the connections of each peer, sync and async."""
    names = (KIMI, KIMI_AIOHTTP, SDK, OPENAI)
    return {name: asyncio.run(_count(name, server)) for name in names}


async def _count(name: str, server: Server) -> dict[str, int]:
    peer, prompt = PEERS[name](server.url("text", 3)), build_prompt(name, 1)
    start = server.stats()["connections"]
    for _ in range(_STREAMS):
        _drain(peer, prompt)
    middle = server.stats()["connections"]
    for _ in range(_STREAMS):
        async for _ in peer.astream(prompt):
            pass
    end = server.stats()["connections"]
    # One of each difference is the question for it.
    return {"sync": middle - start - 1, "async": end - middle - 1}


def _drain(peer: Any, prompt: Any) -> None:
    for _ in peer.stream(prompt):
        pass
