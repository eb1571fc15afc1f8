"""record.json -> docs/load.md, and its plot of memory over time."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

_DOCS = Path(__file__).parents[2] / "docs"
PAGE, PLOT = _DOCS / "load.md", _DOCS / "load" / "memory.svg"
_COLOURS = ("#c2410c", "#0369a1", "#64748b")
_WIDTH, _HEIGHT, _MARGIN = 720, 300, 50
# What a stream of a fast model brings, to say how many streams a process carries.
_PACE = 50
_GOAL_PERCENT = 2.0

_INTRODUCTION = """\
# Load

What becomes of hundreds of streams at once, for a minute, while one request in twenty is broken:
whether anything is lost or mixed up, and what stays behind. `make soak` runs it, in some seven
minutes, and writes this page; a short run of the same is part of `make test`.

## What is run

- The [emulator](emulator.md), in a process of its own, breaks {rate} of the requests in one of
  its ways, drawn by a seed: cut connections, garbage, errors, other encodings, slow bodies.
- {streams} async streams in one event loop, {threads} threads with a sync stream each, and two
  threads that open a loop for four calls, close it and begin again. Each asks the next question
  as soon as it is done.
- Each call builds a model and drops it, as web servers do. Of ten calls one asks for the whole
  answer at once, one drops the stream half-read and, where it is async, one is cancelled.
- The two threads use the keys of 34 accounts, more than the pool of clients remembers: so that
  clients are forgotten and built anew.
- No two questions have the same answer. What the emulator sends for each is known beforehand;
  every answer is held against it by checksum, reasoning, text and tool calls in their order, and
  what was read of a stream that ended early against its beginning.
- First a burst: all wait at the end of their first answer until the last one has its own, so
  that {streams} + {threads} streams are open at once, and each asks about seven times more.
  Then everything ends, is closed and counted, and the soak begins, at full speed.
"""
_LEFT = """\
## What is left

Before the first call, after the burst and after the soak, with all callers gone and all closed:
"""
_MEMORY = """\
## Memory

![Memory over time](load/memory.svg)

`make soak` sets `MALLOC_ARENA_MAX=1`. Without it glibc gives threads heaps of their own, up to
eight for each core, and each keeps the holes that others could fill: with the same objects the
process then grew from 172 to 193 MB within half a minute before it was flat, in a run with 100
streams and 20 threads; with it from 165.8 to 166.3 MB. It helps any server with many threads.

The goal is a growth under 2 % after the first ten seconds. Before each reading, one a second,
garbage is collected: told is what is held, and what the allocator keeps for it, not when Python
last looked. Without that the same code swung by 4 %, up and down: streams that began together end
together, and their connections are garbage while the next ones are opened. A burst half as long
left the memory rising by 2.5 % more. What is counted is exact: not one object more of any type of
ChatKimi, openai, langchain-core and the transports is left after the soak than after the burst.

- **A client** keeps 0.6 MB of certificates, which its first call loads. The pool remembers 32
  settings (keys, addresses), so that a server with many accounts stays within 20 MB a loop; one
  for a loop that has ended is let go with the loop.
- **langchain-core** keeps each chunk of a stream until its end: streams that are open are what
  the memory is made of.
- **httpx** ties each response to itself (`Response.stream` to `BoundSyncStream`, and back), over
  aiohttp too: some 70 objects a call wait for the garbage collector. httpx2 (openai 3) leaves
  none, nor do ChatKimi and langchain-core after a call that ends well. Python collects the oldest
  generation only when a quarter of all objects is new: `gc.freeze()` after start-up leaves the
  imports out of that sum.
- **jiter**, the SDK's parser, keeps short strings to give them out again, at most 16,384 (1.4 MB):
  an answer's id is one more, which is what the blocks grow by.
- **The emulator** remembers all requests, which tests look at: it grows as long as it runs.
"""
_LIMITS = """\
## What limits it

Streams at full speed are bound by the callers' interpreter, not by the emulator: a thread for
each connection costs it little. The cores above tell both shares; what lacks to one whole core is
what other processes of the machine took.
"""


def write_page(runs: dict[str, Any]) -> None:
    """Write the page and the plot."""
    PLOT.parent.mkdir(exist_ok=True)
    PLOT.write_text(draw_memory(runs), encoding="utf-8")
    PAGE.write_text(build_page(runs), encoding="utf-8")


def build_page(runs: dict[str, Any]) -> str:
    """Return the page as it must stand."""
    first = next(iter(runs.values()))
    introduction = _INTRODUCTION.format(
        rate=f"{first['fault_rate']:.0%}",
        streams=first["streams"],
        threads=first["threads"],
    )
    parts = [
        introduction,
        f"## Results\n\n{_tell_machine(runs)}\n",
        _table(["", *runs], _list_figures(runs)),
        "## How the calls ended\n",
        _table(["", *runs], _list_counts(runs, "outcomes")),
        _LEFT,
        _table(["", *runs], _list_left(runs)),
        "## Faults\n\nHow many requests of each kind were broken.\n",
        _table(["", *runs], _list_counts(runs, "faults")),
        _MEMORY,
        _LIMITS,
    ]
    return "\n".join(parts)


def _tell_machine(runs: dict[str, Any]) -> str:
    told = {f"{run['date']} on {run['machine']}" for run in runs.values()}
    return (
        f"Run of {', '.join(sorted(told))}, which other work shared: read the counts, "
        "and the times as those of a busy machine."
    )


def _list_figures(runs: dict[str, Any]) -> list[list[str]]:
    rows = {
        "seconds": lambda run: f"{run['seconds']:.0f}",
        "versions": lambda run: ", ".join(
            f"{k} {v}" for k, v in run["packages"].items()
        ),
        "calls": lambda run: f"{run['calls']:,}",
        "chunks": lambda run: f"{run['chunks']:,}",
        "most calls at once": lambda run: f"{run['at_once']:,}",
        "event loops opened and closed": lambda run: f"{run['loops']:,}",
        "wrong answers": lambda run: f"**{run['wrong']}**",
        "undocumented errors": lambda run: f"**{run['undocumented']}**",
        "most memory in the burst and in the soak, MB": lambda run: ", ".join(
            map(str, run["megabytes"]["peaks"])
        ),
        "growth of the most": lambda run: (
            f"**{run['megabytes']['peak_growth_percent']:+} %**"
        ),
        "memory after 10 seconds, MB": lambda run: run["megabytes"]["after_warm_up"],
        "memory at the end, MB": lambda run: run["megabytes"]["end"],
        "growth after 10 seconds": lambda run: _tell_growth(run["megabytes"]),
        "chunks a second": lambda run: f"{run['chunks_per_second']:,}",
        "processor time of a chunk, with the checks": lambda run: (
            f"{run['microseconds_per_chunk']} us"
        ),
        f"streams of {_PACE} chunks a second on a core": lambda run: (
            f"{1e6 / run['microseconds_per_chunk'] / _PACE:.0f}"
        ),
        "cores used, by the callers": lambda run: run["cores"]["callers"],
        "cores used, by the emulator": lambda run: run["cores"]["emulator"],
    }
    return [
        [name, *(str(read(run)) for run in runs.values())]
        for name, read in rows.items()
    ]


def _tell_growth(memory: dict[str, Any]) -> str:
    growth = memory["growth_percent"]
    return f"**{growth:+} %**{'' if growth < _GOAL_PERCENT else ', goal missed'}"


def _list_counts(runs: dict[str, Any], key: str) -> list[list[str]]:
    """Return a row for each name that any run has."""
    names = dict.fromkeys(name for run in runs.values() for name in run[key])
    return [
        [name, *(f"{run[key].get(name, 0):,}" for run in runs.values())]
        for name in names
    ]


def _list_left(runs: dict[str, Any]) -> list[list[str]]:
    rows = [
        [name, *(_join(run["left"][name]) for run in runs.values())]
        for name in next(iter(runs.values()))["left"]
    ]
    packages = dict.fromkeys(p for run in runs.values() for p in run["objects"])
    rows += [
        [
            f"objects of {name}",
            *(_join(r["objects"].get(name, [])) for r in runs.values()),
        ]
        for name in packages
    ]
    grown = (", ".join(run["grown"]) or "none" for run in runs.values())
    return [*rows, ["types with more objects after the soak", *grown]]


def _join(counts: Iterable[int]) -> str:
    return ", ".join(f"{count:,}" for count in counts) or "-"


def _table(head: list[str], rows: Iterable[Iterable[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def draw_memory(runs: dict[str, Any]) -> str:
    """Return a plot of the megabytes over the seconds, a line for each run."""
    samples = {name: run["megabytes"]["samples"] for name, run in runs.items()}
    points = [point for line in samples.values() for point in line]
    most = max(second for second, _ in points), max(size for _, size in points)
    lines = [
        _draw_line(index, name, line, most)
        for index, (name, line) in enumerate(samples.items())
    ]
    bottom, right = _HEIGHT - _MARGIN, _WIDTH - _MARGIN
    axes = (
        f'<path d="M{_MARGIN} {_MARGIN // 2}V{bottom}H{right}" fill="none" '
        f'stroke="#334155"/>\n<text x="{right}" y="{bottom + 18}" '
        f'text-anchor="end">{most[0]:.0f} s</text>\n'
        f'<text x="4" y="{_MARGIN // 2 + 10}">{most[1]:.0f} MB</text>\n'
        f'<text x="{_MARGIN - 12}" y="{bottom}">0</text>\n'
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" '
        f'font-family="sans-serif" font-size="12">\n'
        f'<rect width="{_WIDTH}" height="{_HEIGHT}" fill="white"/>\n'
        f"{axes}{''.join(lines)}</svg>\n"
    )


def _draw_line(
    index: int, name: str, samples: list[list[float]], most: tuple[float, float]
) -> str:
    width, height = _WIDTH - 2 * _MARGIN, _HEIGHT - 1.5 * _MARGIN
    points = " ".join(
        f"{_MARGIN + second / most[0] * width:.1f},"
        f"{_HEIGHT - _MARGIN - size / most[1] * height:.1f}"
        for second, size in samples
    )
    colour = _COLOURS[index % len(_COLOURS)]
    return (
        f'<polyline points="{points}" fill="none" stroke="{colour}" '
        f'stroke-width="1.5"/>\n<text x="{_WIDTH - 2.5 * _MARGIN}" '
        f'y="{_HEIGHT - 2 * _MARGIN - 16 * index}" text-anchor="end" '
        f'fill="{colour}">{name}</text>\n'
    )
