"""Fuzz each target with atheris, and record what was done: `make fuzz`.

Each target runs in a process of its own, since libFuzzer never returns. What an earlier
run recorded of a target stands until it is run again, and adds to no later count.
"""

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

import tests.fuzz.readers
import tests.fuzz.writers
from tests.fuzz.page import PAGE, build_page, read_record, write_record
from tests.fuzz.target import TARGETS


def main() -> None:
    """Run the targets one after the other; fail where something was found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("targets", nargs="*", help="of these alone")
    parser.add_argument("--seconds", type=int, default=60, help="of CPU, a target")
    parser.add_argument("--executions", type=int, default=10**9, help="at most")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--page", action="store_true", help="only write the page")
    given = parser.parse_args()
    finds = 0
    for name in [] if given.page else given.targets or TARGETS:
        finds += _run(name, given)
    PAGE.write_text(build_page(read_record()), "utf-8")
    sys.exit(f"fuzz: {finds} finds, kept in tests/fuzz/corpus" if finds else 0)


def _run(name: str, given: argparse.Namespace) -> int:
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "run.json"
        limits = [f"{given.seconds}", f"{given.executions}", f"{given.seed}"]
        command = [sys.executable, "-m", "tests.fuzz.worker", name, *limits, str(out)]
        subprocess.run(command, check=True)
        run = write_record(name, out.read_text())
    print(f"fuzz: {name}: {run['executions']:,} executions, finds: {run['finds']}")
    return len(run["finds"])


if __name__ == "__main__":
    main()
