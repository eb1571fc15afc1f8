"""Outcomes -> the tables of docs/reliability.md, between their markers."""

import re
from collections.abc import Mapping
from itertools import groupby
from pathlib import Path

from tests.reliability.cases import CASES, NOT_RUN, Case
from tests.reliability.elsewhere import ENDPOINTS, ROWS, Found, Row
from tests.reliability.running import Key

PAGE = Path(__file__).parent.parent.parent / "docs" / "reliability.md"
_HEAD = (
    "| what breaks | invoke, ainvoke | stream, astream | with `stream_resumes=3` |\n"
    "|---|---|---|---|\n"
)
_BETWEEN = "(?<=<!-- {name} -->\n).*?(?=<!-- end -->)"


def write_page(found: Mapping[Key, str], elsewhere: Found) -> str:
    """Return the page with the tables of what was found.

    Args:
        found: What came of each case, by its number and the way to ask.
        elsewhere: What came of each other call, by row, endpoint and kind.
    """
    tables = {"chat": _write_chat(found), "elsewhere": _write_elsewhere(elsewhere)}
    page = PAGE.read_text("utf-8")
    for name, table in tables.items():
        pattern = re.compile(_BETWEEN.format(name=name), re.DOTALL)
        page = pattern.sub(lambda _, table=table: table, page, count=1)
    return page


def _write_chat(found: Mapping[Key, str]) -> str:
    groups = groupby(enumerate(CASES), key=lambda numbered: numbered[1].group)
    return (
        "".join(
            f"\n**{group}**\n\n{_HEAD}"
            + "".join(_write_case(number, case, found) for number, case in cases)
            for group, cases in groups
        )
        + "\n"
    )


def _write_case(number: int, case: Case, found: Mapping[Key, str]) -> str:
    ways = [("invoke", "ainvoke"), ("stream", "astream")]
    ways.append(("stream resumed", "astream resumed"))
    cells = [
        _join(found.get((number, one), NOT_RUN), found.get((number, other), NOT_RUN))
        for one, other in ways
    ]
    return f"| {case.told} | {' | '.join(cells)} |\n"


def _write_elsewhere(found: Found) -> str:
    heads = " | ".join(endpoint.told for endpoint in ENDPOINTS)
    lines = [f"| what breaks | {heads} |", "|---" * (len(ENDPOINTS) + 1) + "|"]
    lines += [_write_row(number, row, found) for number, row in enumerate(ROWS)]
    return "\n" + "\n".join(lines) + "\n\n"


def _write_row(number: int, row: Row, found: Found) -> str:
    cells = [
        _join(
            found.get((number, column, "sync"), NOT_RUN),
            found.get((number, column, "async"), NOT_RUN),
        )
        for column in range(len(ENDPOINTS))
    ]
    return f"| {row.told} | {' | '.join(cells)} |"


def _join(one: str, other: str) -> str:
    """Sync and async come out alike; where they did not, both are told."""
    return one if one == other else f"{one} / {other}"
