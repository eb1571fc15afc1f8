"""What a fuzz target is: a function of bytes, and what it may raise."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

Run: TypeAlias = Callable[[bytes], None]

TARGETS: dict[str, "Target"] = {}
"""Every target by its name, in the order in which they are written."""


@dataclass(frozen=True, slots=True)
class Target:
    """One entrance of bytes that others wrote."""

    name: str
    about: str
    """What is fed and what must hold, for docs/fuzzing.md."""
    documented: tuple[type[Exception], ...]
    """What may be raised; anything else is a find, as is a failed assertion."""
    run: Run
    size: int
    """The most bytes of an input that a long run makes."""

    def try_out(self, data: bytes) -> str:
        """Run once; return the class of the documented error, "" if there was none.

        Args:
            data: Any bytes.
        """
        try:
            self.run(data)
        except AssertionError:
            raise
        except self.documented as error:
            return type(error).__name__
        return ""


def target(
    about: str, *documented: type[Exception], size: int = 16_384
) -> Callable[[Run], Run]:
    """Make a function a target, under its own name."""

    def add(run: Run) -> Run:
        TARGETS[run.__name__] = Target(run.__name__, about, documented, run, size)
        return run

    return add
