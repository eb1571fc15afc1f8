"""The emulator as a process of its own, which takes none of the callers' time.

Run as a module it prints its URL; when it is stopped, the faults that it has served.
"""

import argparse
import json
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from langchain_kimi.emulator import Emulator
from tests.load.census import read_cpu_seconds, read_megabytes


@dataclass(slots=True)
class EmulatorProcess:
    """Where it is, and what it takes."""

    url: str
    pid: int
    faults: dict[str, int] = field(default_factory=dict)
    """How many of each kind it has served; known when it has ended."""

    def cpu_seconds(self) -> float:
        """Return its processor time so far."""
        return read_cpu_seconds(self.pid)

    def megabytes(self) -> float:
        """Return its resident memory."""
        return read_megabytes(self.pid)


@contextmanager
def start_emulator(*, fault_rate: float = 0.0) -> Iterator[EmulatorProcess]:
    """Run an emulator until the block ends."""
    command = [sys.executable, "-m", "tests.load.server", str(fault_rate)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        found = EmulatorProcess(process.stdout.readline().strip(), process.pid)
        try:
            yield found
        finally:
            process.terminate()
            found.faults = json.loads(process.stdout.read() or "{}")


def _serve(fault_rate: float) -> None:
    # Blocked before any thread is started, so that the main one can wait for it.
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])
    with Emulator(fault_rate=fault_rate, seed=7) as kimi:
        print(kimi.base_url, flush=True)
        signal.sigwait([signal.SIGTERM])
        kinds = Counter(found.fault.partition(":")[0] for found in kimi.faulted)
    print(json.dumps(dict(sorted(kinds.items()))), flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("fault_rate", type=float)
    _serve(parser.parse_args().fault_rate)
