"""results.json -> the tables of docs/performance.md, between its marks."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from tests.benchmarks.peers import (
    FLOOR,
    KIMI,
    KIMI_AIOHTTP,
    LITELLM,
    MOONSHOT,
    OPENAI,
    PREBUILT,
    SDK,
    SDK_AIOHTTP,
    TRANSPORT,
    TRANSPORT_AIOHTTP,
)
from tests.benchmarks.scenarios import GOALS

_PAGE = Path("docs/performance.md")
_BEGIN, _END = "<!-- begin: make bench -->\n", "<!-- end: make bench -->"
_COLUMNS = (
    KIMI,
    KIMI_AIOHTTP,
    SDK,
    SDK_AIOHTTP,
    OPENAI,
    MOONSHOT,
    LITELLM,
    FLOOR,
    PREBUILT,
    TRANSPORT,
    TRANSPORT_AIOHTTP,
)
Row = tuple[str, str, float, float]


def write_tables(results: dict[str, Any]) -> None:
    """Replace what stands between the marks of the page."""
    before, _, rest = _PAGE.read_text().partition(_BEGIN)
    after = rest.partition(_END)[2]
    parts = [_told(results), _goals(results), _figures(results), _rest(results)]
    tables = "\n\n".join(parts)
    _PAGE.write_text(f"{before}{_BEGIN}\n{tables}\n\n{_END}{after}")


def _told(results: dict[str, Any]) -> str:
    packages = ", ".join(f"{k} {v}" for k, v in results["packages"].items())
    return (
        f"Run of {results['date']} on {results['machine']}, in {results['minutes']} "
        f"minutes; {packages}."
    )


def _goals(results: dict[str, Any]) -> str:
    rows = [*_scenario_rows(results), *_other_rows(results)]
    return _table(
        ("work", "ratio", "measured", "goal", ""),
        (
            (work, of, f"{ratio:.3g}", f"{limit:g}", "" if ratio <= limit else "missed")
            for work, of, ratio, limit in rows
        ),
    )


def _scenario_rows(results: dict[str, Any]) -> Iterator[Row]:
    for goal in GOALS:
        figures = results["scenarios"][goal.title]["us"]
        ratio = figures[goal.ours] / figures[goal.other]
        yield goal.title, f"{goal.ours} / {goal.other}", ratio, goal.limit


def _other_rows(results: dict[str, Any]) -> Iterator[Row]:
    curves, paced = results["curves"], results["paced"]
    fragments = list(curves["tool-argument fragments"].values())
    flat = fragments[-1][KIMI] / fragments[0][KIMI]
    yield "a fragment, of 10,000", "to one of 300", flat, 1.25
    history = list(curves["messages of a conversation"].values())
    yield (
        "a message, of 5,000",
        "to one of 1,000",
        history[-1][KIMI] / history[2][KIMI],
        1.25,
    )
    for way in ("sync", "async"):
        opened = results["connections"][KIMI][way]
        yield f"connections of 20 streams, {way}", KIMI, opened, 1
    built = results["construct"]
    yield "construct the first, us", KIMI, built[KIMI]["first"], 300
    share = built[KIMI]["first"] / built[MOONSHOT]["first"]
    yield "construct the first", f"{KIMI} / {MOONSHOT}", share, 0.01
    for what in ("cpu", "megabytes"):
        ratio = results["import"][KIMI][what] / results["import"][OPENAI][what]
        yield f"import, {what}", f"{KIMI} / {OPENAI}", ratio, 0.7
    ratio = paced[KIMI_AIOHTTP]["us"] / paced[SDK]["us"]
    yield "200 paced streams, CPU", f"{KIMI_AIOHTTP} / {SDK}", ratio, 0.45
    late = paced[KIMI_AIOHTTP]["late_ms"] / paced[OPENAI]["late_ms"]
    yield "200 paced streams, p99 lag", f"{KIMI_AIOHTTP} / {OPENAI}", late, 0.1


def _figures(results: dict[str, Any]) -> str:
    scenarios = results["scenarios"].items()
    return "CPU microseconds per item, medians:\n\n" + _table(
        ("work", "per", *_COLUMNS),
        (
            (title, found["unit"], *(_cell(found["us"].get(n)) for n in _COLUMNS))
            for title, found in scenarios
        ),
    )


def _cell(figure: float | None) -> str:
    if figure is None:
        return "-"
    return f"{figure:,.0f}" if figure >= 100 else f"{figure:.1f}"


def _rest(results: dict[str, Any]) -> str:
    parts = [
        _named("200 paced streams", results["paced"]),
        _named("construct, us", results["construct"]),
        _named("import", results["import"]),
        _named("connections of 20 streams", results["connections"]),
    ]
    return "\n\n".join(parts)


def _named(title: str, found: dict[str, dict[str, float]]) -> str:
    columns = list(next(iter(found.values())))
    return _table(
        (title, *columns),
        ((name, *(f"{row[c]:,.3g}" for c in columns)) for name, row in found.items()),
    )


def _table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    titles = list(head)
    lines = [titles, ["---"] * len(titles), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
