"""What runs recorded -> docs/fuzzing.md."""

import json
from pathlib import Path
from typing import Any, TypeAlias

from tests.fuzz.target import TARGETS

RECORD = Path(__file__).parent / "record.json"
PAGE = Path(__file__).parents[2] / "docs" / "fuzzing.md"
Record: TypeAlias = dict[str, dict[str, Any]]
"""Runs, by the target's name, the mode and the seed."""

_INTRODUCTION = """\
# Fuzzing

What others write (a server's bytes, a user's messages and schemas, a client's request
to the emulator) is fed to each of these targets in every form that a machine thinks of.
Each may raise what it documents and nothing else. `make fuzz` writes this page.

- **guided**: [atheris](https://github.com/google/atheris) keeps inputs that reach new
  code, and changes those. Half of the changes are of bytes, half of events and JSON.
- **blind**: the inputs of the corpus are changed by a seed; several times as many a
  second. `make test` does the same for a few thousand inputs, and replays the corpus.

An execution is one input; the decoder, the stream and the arguments read it two or
three times, whole and cut into pieces, and compare. A find fails the run, and its input
stays in `tests/fuzz/corpus`, beside a few of those that reached new code.

```sh
make fuzz                                     # a minute of CPU for each target
make fuzz FUZZ='decoder --seconds 1800'       # half an hour for one
make fuzz FUZZ='decoder --blind --executions 10000000 --seed 2'
```

## What must hold
"""
_RUNS = """\
## What was run

| target | mode | seed | executions | CPU s | raised, as documented | finds | date |
|---|---|---|---|---|---|---|---|
"""


def read_record() -> Record:
    """Return what was recorded of each target."""
    return json.loads(RECORD.read_text("utf-8")) if RECORD.exists() else {}


def write_record(name: str, text: str) -> dict[str, Any]:
    """Put a run into the record, in the place of the last one of its kind.

    Args:
        name: The target's name, the mode and the seed.
        text: What the worker wrote.
    """
    record = read_record()
    record[name] = json.loads(text)
    RECORD.write_text(json.dumps(record, indent=1, sort_keys=True) + "\n", "utf-8")
    return record[name]


def build_page(record: Record) -> str:
    """Return the page as it must stand.

    Args:
        record: The runs.
    """
    rules = [f"- `{one.name}`: {one.about}{_may(one.documented)}" for one in _targets()]
    rows = [_row(name, record[name]) for name in sorted(record)]
    return (
        f"{_INTRODUCTION}\n{_lines(rules)}\n{_RUNS}{_lines(rows)}\n{_versions(record)}"
    )


def _targets() -> Any:
    return TARGETS.values()


def _may(documented: tuple[type[Exception], ...]) -> str:
    names = ", ".join(f"`{error.__name__}`" for error in documented)
    return f" May raise {names}." if names else ""


def _row(name: str, run: dict[str, Any]) -> str:
    target, mode, _ = name.split()
    raised = ", ".join(f"{kind} {n:,}" for kind, n in run["documented"].items())
    cells = [target, mode, run["seed"], f"{run['executions']:,}", run["cpu_seconds"]]
    cells += [raised or "-", len(run["finds"]) or "none", run["date"]]
    return f"| {' | '.join(map(str, cells))} |"


def _versions(record: Record) -> str:
    """Name the versions of the last run; of a run of long ago the record tells."""
    last = max(record.values(), key=lambda run: run["date"])
    named = [f"{name} {number}" for name, number in last["versions"].items() if number]
    return f"With Python {last['python']}, {', '.join(named)}.\n"


def _lines(lines: list[str]) -> str:
    return "".join(f"{line}\n" for line in lines)
