"""A crowd, an emulator and a clock -> the record of what happened."""

import gc
import os
import platform
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from importlib.util import find_spec
from statistics import median
from typing import Any

import openai

from tests.load.callers import UNDOCUMENTED, WRONG
from tests.load.census import Census, find_grown, read_megabytes, take_census
from tests.load.crowd import Crowd, Tally
from tests.load.questions import build_questions
from tests.load.server import EmulatorProcess, start_emulator

_WARM_UP_SECONDS = 10.0
# More than are on their way at once, so that none is asked twice at a time.
_QUESTIONS = 750
_SAMPLE_SECONDS = 1.0
# Of each stream and thread in the burst. From the second one on connections are opened
# while those of the round before are garbage still.
_ROUNDS = 8
# The median of so many readings stands for the memory at one moment.
_READINGS = 10


@dataclass(slots=True)
class Leg:
    """A part of the run, from the first call to the last; all is closed at its end."""

    seconds: float
    chunks: int
    own_cpu: float
    emulator_cpu: float
    census: Census
    samples: list[tuple[float, float]] = field(default_factory=list)
    """Seconds since the beginning, and the megabytes then."""


def run_leg(crowd: Crowd, emulator: EmulatorProcess, **until: Any) -> Leg:
    """Let the crowd ask until the limit, then close all and count what is left.

    Args:
        crowd: Who asks.
        emulator: Who answers.
        **until: See `Crowd.start`.
    """
    crowd.open()
    started, cpu = time.monotonic(), time.process_time()
    before, chunks = emulator.cpu_seconds(), crowd.tally.chunks
    samples: list[tuple[float, float]] = []
    for thread in crowd.start(**until):
        while thread.is_alive():
            thread.join(_SAMPLE_SECONDS)
            # What is held is told, not when Python last looked for garbage: each
            # response of httpx is a cycle with its stream.
            gc.collect()
            samples.append((time.monotonic() - started, read_megabytes(os.getpid())))
    crowd.close()
    return Leg(
        seconds=time.monotonic() - started,
        chunks=crowd.tally.chunks - chunks,
        own_cpu=time.process_time() - cpu,
        emulator_cpu=emulator.cpu_seconds() - before,
        census=take_census(),
        samples=samples,
    )


def run_soak(
    *, streams: int, threads: int, seconds: float, fault_rate: float
) -> dict[str, Any]:
    """Open all streams at once, rest, soak, rest; return the record.

    Args:
        streams: The async streams, in one event loop.
        threads: The threads with sync streams.
        seconds: How long calls are begun in the soak.
        fault_rate: The share of requests that is broken, from 0 to 1.
    """
    questions = build_questions(_QUESTIONS)
    with start_emulator(fault_rate=fault_rate) as emulator:
        crowd = Crowd(emulator.url, questions, streams=streams, threads=threads)
        start = take_census()
        calls = _ROUNDS * (streams + threads)
        burst = run_leg(crowd, emulator, calls=calls, gathers=True)
        soak = run_leg(crowd, emulator, seconds=seconds)
        emulator_megabytes = emulator.megabytes()
    return {
        **_write_circumstances(),
        "streams": streams,
        "threads": threads,
        "seconds": seconds,
        "fault_rate": fault_rate,
        "faults": emulator.faults,
        **_write_tally(crowd.tally),
        **_write_speed(soak),
        "megabytes": _write_memory(burst, soak, seconds),
        "emulator_megabytes": round(emulator_megabytes, 1),
        **_write_left(crowd.tally, start, burst.census, soak.census),
    }


def _write_circumstances() -> dict[str, Any]:
    names = ("langchain-core", "openai", _find_transport())
    return {
        "date": datetime.now(UTC).date().isoformat(),
        "machine": f"{os.cpu_count()} cores, {platform.machine()}, "
        f"Python {platform.python_version()}",
        "packages": {name: version(name) for name in names},
        "arenas": os.environ.get("MALLOC_ARENA_MAX", "default"),
    }


def _write_tally(tally: Tally) -> dict[str, Any]:
    return {
        "at_once": tally.most,
        "calls": tally.outcomes.total(),
        "chunks": tally.chunks,
        "loops": tally.loops,
        "outcomes": dict(tally.outcomes.most_common()),
        "wrong": tally.outcomes[WRONG],
        "undocumented": tally.outcomes[UNDOCUMENTED],
        "seen": tally.seen[:20],
    }


def _write_speed(soak: Leg) -> dict[str, Any]:
    return {
        "chunks_per_second": round(soak.chunks / soak.seconds),
        "microseconds_per_chunk": round(soak.own_cpu / soak.chunks * 1e6),
        "cores": {
            "callers": round(soak.own_cpu / soak.seconds, 2),
            "emulator": round(soak.emulator_cpu / soak.seconds, 2),
        },
    }


def _write_memory(burst: Leg, soak: Leg, seconds: float) -> dict[str, Any]:
    """Return the memory while all ask: after the warm-up, at the end, and between."""
    peaks = [max(size for _, size in leg.samples) for leg in (burst, soak)]
    early = _read_memory(soak, _WARM_UP_SECONDS)
    late = _read_memory(soak, seconds)
    return {
        "peaks": [round(peak, 1) for peak in peaks],
        "peak_growth_percent": round((peaks[1] / peaks[0] - 1) * 100, 1),
        "after_warm_up": round(early, 1),
        "end": round(late, 1),
        "growth_percent": round((late / early - 1) * 100, 1),
        "samples": [[round(s, 1), round(size, 1)] for s, size in soak.samples],
    }


def _read_memory(leg: Leg, second: float) -> float:
    """Return the memory up to a second of a leg."""
    sizes = [size for at, size in leg.samples if at <= second + _SAMPLE_SECONDS]
    return median(sizes[-_READINGS:])


def _write_left(tally: Tally, *rests: Census) -> dict[str, Any]:
    """Return what was open, before the first call and after each leg."""
    names = ("sockets", "descriptors", "threads", "blocks", "megabytes")
    counts = [census.sum_packages() for census in rests]
    return {
        "left": {
            "tasks": [tally.tasks_left],
            **{name: [getattr(census, name) for census in rests] for name in names},
        },
        "objects": {
            name: [found.get(name, 0) for found in counts] for name in counts[-1]
        },
        "grown": find_grown(*rests[-2:]),
    }


def find_variant() -> str:
    """Return what runs here: the SDK's major version and the async transport."""
    major = openai.__version__.partition(".")[0]
    return f"openai {major}, {_find_transport()}"


def _find_transport() -> str:
    if find_spec("httpx_aiohttp"):
        return "aiohttp"
    return openai.DefaultAsyncHttpxClient.__mro__[1].__module__
