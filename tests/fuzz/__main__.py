"""Fuzz the targets, and record what was done: `make fuzz`.

Each target runs in a process of its own, since libFuzzer never returns. What was
recorded of a target stands until it is run again in the same mode with the same seed;
no count is added to another.
"""

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.fuzz import readers, writers  # noqa: F401, as they register
from tests.fuzz.page import PAGE, build_page, read_record, write_record
from tests.fuzz.target import TARGETS


def main() -> None:
    """Run the targets one after the other; fail where something was found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("targets", nargs="*", help="these alone")
    parser.add_argument("--seconds", type=int, default=60, help="of CPU, a target")
    parser.add_argument("--executions", type=int, default=10**9, help="at most")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--blind", action="store_true", help="without atheris")
    given = parser.parse_args()
    finds = [find for name in given.targets or TARGETS for find in _run(name, given)]
    PAGE.write_text(build_page(read_record()), "utf-8")
    sys.exit(f"fuzz: found {finds}, see tests/fuzz/corpus" if finds else 0)


def _run(name: str, given: argparse.Namespace) -> list[str]:
    mode = "blind" if given.blind else "guided"
    limits = [str(given.seconds), str(given.executions), str(given.seed)]
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "run.json"
        module = [sys.executable, "-m", "tests.fuzz.worker"]
        subprocess.run([*module, mode, name, *limits, str(out)], check=True)
        run = write_record(f"{name} {mode} {given.seed}", out.read_text())
    print(f"fuzz: {name}: {run['executions']:,} executions", flush=True)
    return list(run["finds"])


if __name__ == "__main__":
    main()
