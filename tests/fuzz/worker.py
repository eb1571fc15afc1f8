"""Runs one target under atheris, within limits, and writes what was seen.

    python -m tests.fuzz.worker TARGET SECONDS EXECUTIONS SEED OUT
"""

import json
import os
import sys
import tempfile
import time
import traceback
import warnings
from collections import Counter
from importlib.metadata import version
from pathlib import Path
from random import Random

import atheris

with atheris.instrument_imports(include=["langchain_kimi"]):
    import tests.fuzz.readers
    import tests.fuzz.writers

from tests.fuzz.corpus import keep, read_corpus
from tests.fuzz.mutations import mutate
from tests.fuzz.target import TARGETS, Target

_REPORT_EVERY = 25_600
_PACKAGES = ("atheris", "langchain-core", "openai", "pydantic", "jiter")


class Worker:
    """Counts what a target does, and stops at a limit."""

    def __init__(self, target: Target, seconds: int, executions: int, out: Path):
        self.target = target
        self.seconds, self.most, self.out = seconds, executions, out
        self.executions = 0
        self.errors: Counter[str] = Counter()
        self.finds: dict[str, str] = {}
        self.inputs = len(read_corpus(target.name))
        self.begun = time.process_time()

    def run(self, data: bytes) -> None:
        """Run one input; a find is kept, and told once for its place."""
        self.executions += 1
        try:
            told = self.target.try_out(data)
        except Exception as error:  # noqa: BLE001
            self._find(error, data)
            return
        if told:
            self.errors[told] += 1
        if self.executions % 256 == 0 and self._is_over():
            self.stop()

    def _is_over(self) -> bool:
        if self.executions % _REPORT_EVERY == 0:
            self.report()
        is_late = time.process_time() - self.begun > self.seconds
        return is_late or self.executions >= self.most

    def _find(self, error: Exception, data: bytes) -> None:
        last = traceback.extract_tb(error.__traceback__)[-1]
        place = f"{type(error).__name__} at {Path(last.filename).name}:{last.lineno}"
        if place not in self.finds:
            self.finds[place] = keep(self.target.name, data).name
            print(place, data[:400], flush=True)

    def report(self) -> None:
        """Write what was seen so far."""
        run = {
            "executions": self.executions,
            "cpu_seconds": round(time.process_time() - self.begun),
            "documented": dict(sorted(self.errors.items())),
            "finds": self.finds,
            "corpus": self.inputs,
            "date": time.strftime("%Y-%m-%d", time.gmtime()),
            "python": sys.version.split()[0],
            "versions": {name: version(name) for name in _PACKAGES},
        }
        self.out.write_text(json.dumps(run))

    def stop(self) -> None:
        """End the process, since libFuzzer would go on."""
        self.report()
        sys.stdout.flush()
        os._exit(0)




def main() -> None:
    """Run until a limit is reached."""
    name, seconds, executions, seed, out = sys.argv[1:]
    warnings.simplefilter("ignore")
    worker = Worker(TARGETS[name], int(seconds), int(executions), Path(out))
    folder = Path(tempfile.mkdtemp())
    for number, data in enumerate(read_corpus(name)):
        (folder / f"{number:04}").write_bytes(data)
    options = [f"-seed={seed}", f"-max_len={worker.target.size}", "-rss_limit_mb=0"]
    options += ["-verbosity=0", "-print_final_stats=0", f"-artifact_prefix={folder}/"]
    random = Random(int(seed))

    def vary(data: bytes, size: int, number: int) -> bytes:
        # Half of all inputs are changed as what they are, half byte by byte.
        if number % 2:
            return mutate(data, random)[:size]
        return atheris.Mutate(data, size)

    arguments = [sys.argv[0], *options, "-timeout=120", str(folder)]
    atheris.Setup(arguments, worker.run, custom_mutator=vary)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
