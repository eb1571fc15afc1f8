"""Runs one target, within limits, and writes what was seen.

    python -m tests.fuzz.worker MODE TARGET SECONDS EXECUTIONS SEED OUT

Mode "guided" is atheris: it keeps what reaches new code, and so grows the corpus. Mode
"blind" changes the inputs of the corpus and nothing else: more of them a second.
"""

import json
import os
import signal
import sys
import tempfile
import time
import traceback
import warnings
from collections import Counter, deque
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from random import Random
from typing import NoReturn

from tests.fuzz.corpus import keep, keep_some, read_corpus
from tests.fuzz.mutations import mutate
from tests.fuzz.target import TARGETS, Target

_REPORT_EVERY = 25_600
_PACKAGES = ("atheris", "langchain-core", "openai", "pydantic", "jiter")


@dataclass(frozen=True, slots=True)
class Limits:
    """When to stop, and where to write."""

    seconds: int
    """Of CPU."""
    executions: int
    seed: int
    out: Path


class Worker:
    """Counts what a target does, and stops at a limit."""

    def __init__(self, target: Target, limits: Limits) -> None:
        self.target = target
        self.limits = limits
        self.found: Path | None = None
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
        is_late = time.process_time() - self.begun > self.limits.seconds
        return is_late or self.executions >= self.limits.executions

    def _find(self, error: Exception, data: bytes) -> None:
        last = traceback.extract_tb(error.__traceback__)[-1]
        place = f"{type(error).__name__} at {Path(last.filename).name}:{last.lineno}"
        if place not in self.finds:
            self.finds[place] = keep(self.target.name, data).name
            print(place, data[:400], flush=True)

    def report(self) -> None:
        """Write what was seen so far."""
        run = {
            "seed": self.limits.seed,
            "executions": self.executions,
            "cpu_seconds": round(time.process_time() - self.begun),
            "documented": dict(sorted(self.errors.items())),
            "finds": self.finds,
            "corpus": self.inputs,
            "date": time.strftime("%Y-%m-%d", time.gmtime()),
            "python": sys.version.split()[0],
            "versions": {name: _version(name) for name in _PACKAGES},
        }
        self.limits.out.write_text(json.dumps(run))

    def stop(self) -> None:
        """End the process, since libFuzzer would go on."""
        if self.found:
            keep_some(self.target.name, self.found)
        self.report()
        sys.stdout.flush()
        os._exit(0)


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return ""  # atheris, of which a blind run knows nothing


def run_guided(name: str, limits: Limits) -> NoReturn:
    """Let atheris look for inputs that reach new code, and keep some of them."""
    import atheris

    with atheris.instrument_imports(include=["langchain_kimi"]):
        worker = load(name, limits)
    random = Random(limits.seed)

    def vary(data: bytes, size: int, number: int) -> bytes:
        # Half of all inputs are changed as what they are, half byte by byte.
        if number % 2:
            return mutate(data, random)[:size]
        return atheris.Mutate(data, size)

    folder = Path(tempfile.mkdtemp())
    for number, data in enumerate(read_corpus(name)):
        (folder / f"{number:04}").write_bytes(data)
    options = [f"-seed={limits.seed}", f"-max_len={worker.target.size}"]
    options += ["-rss_limit_mb=0", "-timeout=120", "-verbosity=0"]
    arguments = [sys.argv[0], *options, f"-artifact_prefix={folder}/", str(folder)]
    worker.found = folder
    atheris.Setup(arguments, worker.run, custom_mutator=vary)
    atheris.Fuzz()
    raise AssertionError("libFuzzer never returns")


def run_blind(name: str, limits: Limits) -> NoReturn:
    """Change the inputs of the corpus, and what came of them."""
    worker, random = load(name, limits), Random(limits.seed)
    kept = read_corpus(name)
    recent = deque(kept, maxlen=64)
    while True:
        data = mutate(random.choice(random.choice((kept, recent))), random)
        recent.append(data[: worker.target.size])
        worker.run(recent[-1])


def load(name: str, limits: Limits) -> Worker:
    """Import the targets, and return the worker of one."""

    from tests.fuzz import readers, writers  # noqa: F401, as they register

    worker = Worker(TARGETS[name], limits)
    # Ended early, a run still tells what was run.
    signal.signal(signal.SIGTERM, lambda *_: worker.stop())
    return worker


def main() -> None:
    """Run until a limit is reached."""
    mode, name, seconds, executions, seed, out = sys.argv[1:]
    warnings.simplefilter("ignore")
    limits = Limits(int(seconds), int(executions), int(seed), Path(out))
    {"guided": run_guided, "blind": run_blind}[mode](name, limits)


if __name__ == "__main__":
    main()
