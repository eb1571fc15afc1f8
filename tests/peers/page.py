"""Rows, claims and results -> docs/features.md."""

from collections.abc import Iterable, Sequence
from itertools import groupby
from pathlib import Path

from tests.peers.claims import ABSENCES, CLAIMS
from tests.peers.clients import CLIENTS, KIMI
from tests.peers.probing import FEATURES, Feature
from tests.peers.results import Found, Results

PAGE = Path(__file__).parents[2] / "docs" / "features.md"

_INTRODUCTION = """\
# Features

One row for each feature of Kimi's API and of the two documents that this project began
with, the test that proves it, and whether other LangChain clients have it. `make
peers` writes this page: it runs each row's probe ([tests/peers](../tests/peers)) with
every client, against the [emulator](emulator.md), never against Kimi itself.

- **yes**: the client does it by itself, asked as its users would ask.
- **partly**: only another way (`extra_body`, a flag, a form written by hand).
- **no**: neither. [What happened](#what-happened) is told for both.

A probe asserts what was sent and what came back; no verdict is written by hand. Sources
are sections of our notes on the API (1 to 9) and on LangChain (A to D), or one of those
documents (seed 000, seed 004). A yes for ChatKimi is proved again by each `make test`.
The emulator is as strict as Kimi is known to be; where that is not certain, a no of
another client may be a yes with Kimi itself.
"""
_CLAIMS = """\
## What the source documents say

Both are of early 2026, about models that are gone. Each claim works, works otherwise,
or cannot; "no matter of the API" is what no client can keep or break.
"""
_ABSENCES = """\
## Not in ChatKimi, and why
"""
_HAPPENED = """\
## What happened

For each verdict other than yes; errors are shortened.
"""


def build_page(results: Results) -> str:
    """Return the page as it must stand.

    Args:
        results: What was found, by the client's title.
    """
    sections = [
        _INTRODUCTION,
        _write_clients(results),
        *(
            _write_group(group, list(rows), results)
            for group, rows in groupby(FEATURES.values(), lambda row: row.group)
        ),
        _CLAIMS,
        _write_claims(),
        _ABSENCES,
        _write_absences(),
        _HAPPENED,
        *(_write_happened(row, results) for row in FEATURES.values()),
    ]
    return "\n".join(section for section in sections if section)


def _table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [header, ["---"] * len(header), *rows]
    return "".join(f"| {' | '.join(cells)} |\n" for cells in lines)


def _write_clients(results: Results) -> str:
    rows = [
        [
            client.title,
            f"`{client.package}` {results[client.title]['version']}",
            f"`{client.module}.{client.name}`",
            _beside(results[client.title]),
            results[client.title]["date"],
        ]
        for client in CLIENTS
    ]
    return _table(["column", "package", "class", "ran with", "on"], rows)


def _beside(found: Found) -> str:
    return ", ".join(f"{name} {version}" for name, version in found["beside"].items())


def _write_group(group: str, rows: Sequence[Feature], results: Results) -> str:
    titles = [client.title for client in CLIENTS]
    header = ["feature", *titles, "source", "test"]
    lines = [
        [
            f"[{row.title}]({row.page})",
            *(_verdict(results[title], row) for title in titles),
            row.source,
            _write_tests(row.tests),
        ]
        for row in rows
    ]
    return f"## {group}\n\n{_table(header, lines)}"


def _verdict(found: Found, row: Feature) -> str:
    return found["verdicts"][row.id].split(":")[0]


def _write_tests(tests: Sequence[str]) -> str:
    return ", ".join(f"`{test.removesuffix('.py')}`" for test in tests)


def _write_claims() -> str:
    header = ["seed", "claim", "today", "why", "test"]
    rows = [
        [claim.seed, claim.claim, claim.outcome, claim.why, _write_tests(claim.tests)]
        for claim in CLAIMS
    ]
    return _table(header, rows)


def _write_absences() -> str:
    rows = [[found.what, found.why, _write_tests(found.tests)] for found in ABSENCES]
    return _table(["what", "why", "test"], rows)


def _write_happened(row: Feature, results: Results) -> str:
    happened: dict[str, list[str]] = {}
    for client in CLIENTS:
        told = results[client.title]["verdicts"][row.id]
        if client is not KIMI and told != "yes":
            happened.setdefault(told, []).append(client.title)
    if not happened:
        return ""
    lines = [f"- {', '.join(who)}: {told}\n" for told, who in happened.items()]
    return f"### {row.title[0].upper()}{row.title[1:]}\n\n{''.join(lines)}"
