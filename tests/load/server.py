"""The emulator as a process of its own, which takes none of the callers' time."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from tests.load.census import read_cpu_seconds, read_megabytes


@dataclass(frozen=True, slots=True)
class EmulatorProcess:
    """Where it is, and what it takes."""

    url: str
    pid: int

    def cpu_seconds(self) -> float:
        """Return its processor time so far."""
        return read_cpu_seconds(self.pid)

    def megabytes(self) -> float:
        """Return its resident memory."""
        return read_megabytes(self.pid)


@contextmanager
def start_emulator(*arguments: str) -> Iterator[EmulatorProcess]:
    """Run `python -m langchain_kimi.emulator` until the block ends."""
    command = [sys.executable, "-m", "langchain_kimi.emulator", *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        try:
            url = process.stdout.readline().strip()
            yield EmulatorProcess(url, process.pid)
        finally:
            process.terminate()
