"""Instructions of fixed workloads against a committed count: no clock is asked.

Valgrind counts what the processor is told to do, the same on each run (within 0.1 %),
so that a growth is the code's and not the machine's. A count belongs to a build of
Python and to versions of the packages below: another build of Python does the same work
in up to 15 % fewer. Where there is no count yet nothing is compared, and that is told.
"""

import argparse
import gc
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path

from tests.benchmarks.workloads import WORKLOADS

_BASELINE = Path(__file__).parent / "instructions.json"
_TOLERANCE = 1.05
_PACKAGES = ("langchain-core", "openai", "pydantic", "jiter")


def main() -> None:
    """Count all workloads; fail where one has grown by more than 5 %."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help="take these as the counts")
    parser.add_argument("--work", help="do one workload under valgrind")
    given = parser.parse_args()
    if given.work:
        _work(given.work)
    elif shutil.which("valgrind") is None:
        print("instructions: not counted, valgrind is not installed")
    else:
        _compare(write=given.write)


def _compare(*, write: bool) -> None:
    baselines = json.loads(_BASELINE.read_text()) if _BASELINE.exists() else {}
    known = baselines.get(_versions(), {})
    if not (known or write):
        print(f"instructions: no counts for {_versions()}; add them with --write")
        return
    module = "tests.benchmarks.instructions"
    counts = {name: count_instructions(module, name) for name in WORKLOADS}
    for name, count in counts.items():
        growth = count / known.get(name, count) - 1
        print(f"instructions: {name} {count:,} ({growth:+.1%})")
    if write:
        baselines[_versions()] = counts
        _BASELINE.write_text(json.dumps(baselines, indent=1) + "\n")
        return
    grown = [name for name in counts if counts[name] > known.get(name, 0) * _TOLERANCE]
    sys.exit(f"instructions: grown by more than 5 %: {grown}" if grown else 0)


def _versions() -> str:
    packages = ", ".join(f"{name} {version(name)}" for name in _PACKAGES)
    return f"Python {' '.join(sys.version.split())}; {packages}"


def count_instructions(module: str, work: str) -> int:
    """Let a module do a work in a process of its own; return its instructions.

    Args:
        module: Is run with `--work`, and switches the counting on and off.
        work: What to do.
    """
    with tempfile.NamedTemporaryFile() as out:
        command = [
            "valgrind",
            "--tool=callgrind",
            "--instr-atstart=no",
            f"--callgrind-out-file={out.name}",
            sys.executable,
            "-m",
            module,
            f"--work={work}",
        ]
        # Nothing of the surroundings that would move an address or a hash.
        kept = {key: os.environ[key] for key in ("PATH", "HOME") if key in os.environ}
        fixed = {**kept, "PYTHONHASHSEED": "0", "PYTHONPATH": str(Path.cwd())}
        done = subprocess.run(
            command, env=fixed, check=True, capture_output=True, text=True
        )
    found = re.search(r"Collected : (\d+)", done.stderr)
    assert found, done.stderr
    return int(found[1])


def _work(name: str) -> None:
    """Do a workload twice, and let valgrind count the second."""
    work = WORKLOADS[name]
    work()
    gc.collect()
    gc.disable()
    switch("on")
    work()
    switch("off")


def switch(state: str) -> None:
    """Let valgrind begin or end to count: "on" or "off"."""
    command = ["callgrind_control", f"--instr={state}", str(os.getpid())]
    subprocess.run(command, check=True, capture_output=True)


if __name__ == "__main__":
    main()
