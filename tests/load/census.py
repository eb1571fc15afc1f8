"""What a process holds: memory, descriptors, threads and objects by type.

Linux only: it is read from /proc.
"""

import gc
import os
import stat
import sys
import threading
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
_TICKS = os.sysconf("SC_CLK_TCK")
# Whose objects are counted, and their loops and connections.
PACKAGES = (
    "langchain_kimi",
    "openai",
    "langchain_core",
    "httpx",
    "httpcore",
    "httpx2",
    "httpcore2",
    "httpx_aiohttp",
    "aiohttp",
    "h11",
    "anyio",
    "asyncio",
    "_asyncio",
    "ssl",
    "_ssl",
    "_socket",
    "socket",
)


@dataclass(frozen=True, slots=True)
class Census:
    """What a process held at one moment."""

    megabytes: float
    descriptors: int
    sockets: int
    threads: int
    blocks: int
    """Of memory that Python's own allocator has given out."""
    objects: Counter[str]
    """By type, of `PACKAGES`."""

    def sum_packages(self) -> dict[str, int]:
        """Return the objects by package."""
        found: Counter[str] = Counter()
        for name, count in self.objects.items():
            found[name.partition(".")[0]] += count
        return {package: found[package] for package in PACKAGES if found[package]}


def take_census() -> Census:
    """Count what this process holds, after a collection of garbage."""
    gc.collect()
    descriptors = _list_descriptors()
    return Census(
        megabytes=round(read_megabytes(os.getpid()), 1),
        descriptors=len(descriptors),
        sockets=sum(map(stat.S_ISSOCK, descriptors)),
        threads=threading.active_count(),
        blocks=sys.getallocatedblocks(),
        objects=Counter(_name_types(gc.get_objects())),
    )


def find_grown(before: Census, after: Census) -> dict[str, tuple[int, int]]:
    """Return the types of which there are more, with both counts."""
    return {
        name: (before.objects[name], count)
        for name, count in sorted(after.objects.items())
        if count > before.objects[name]
    }


def read_megabytes(pid: int) -> float:
    """Return the resident memory of a process."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * _PAGE_BYTES / 1e6


def read_cpu_seconds(pid: int) -> float:
    """Return the processor time that a process has taken."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def _list_descriptors() -> list[int]:
    """Return the mode of each open descriptor."""
    modes: list[int] = []
    for path in Path("/proc/self/fd").iterdir():
        try:
            modes.append(os.fstat(int(path.name)).st_mode)
        except OSError:
            continue  # that of the listing itself
    return modes


def _name_types(objects: Iterable[object]) -> Iterable[str]:
    for found in objects:
        kind = type(found)
        name = f"{kind.__module__}.{kind.__qualname__}"
        if name.partition(".")[0] in PACKAGES:
            yield name
