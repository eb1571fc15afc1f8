"""Faults that a test scripts, or that a seed draws -> the fault of a request."""

from collections import deque
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from random import Random
from threading import Lock
from typing import Any

from langchain_kimi.emulator._exchange import Request
from langchain_kimi.emulator._fault import ChosenFault, Fault
from langchain_kimi.emulator._faults import FAULTS
from langchain_kimi.emulator._script import CHAT_PATH, serves


@dataclass(frozen=True, slots=True)
class Faulted:
    """A request that got a fault."""

    fault: str
    """The fault with its values, such as `cut:at=in_event`."""
    request: Request


class FaultQueue:
    """The faults that wait, and the share of chat requests that gets more."""

    def __init__(self, drawn: Collection[str] | None, rate: float, seed: int) -> None:
        """Check what is drawn from.

        Args:
            drawn: Faults as `read_fault` takes them; None for all that may be.
            rate: The share of chat requests, from 0 to 1.
            seed: What decides which ones.

        Raises:
            ValueError: There is no such fault, parameter or share.
        """
        if not 0 <= rate <= 1:
            raise ValueError(f"fault_rate must be from 0 to 1, not {rate}")
        names = [n for n, row in FAULTS.items() if row.at_random]
        self._drawn = [read_fault(text) for text in (names if drawn is None else drawn)]
        if rate and not self._drawn:
            raise ValueError("fault_rate needs faults: name some, or give None for all")
        self._rate = rate
        self._random = Random(seed)  # noqa: S311 - not a secret
        self._waiting: deque[tuple[str, ChosenFault]] = deque()
        self._lock = Lock()
        if drawn and not rate:
            self._waiting.extend((CHAT_PATH, fault) for fault in self._drawn)

    def __len__(self) -> int:
        return len(self._waiting)

    def add(self, fault: ChosenFault, path: str) -> None:
        """Put a fault at the end of its path's queue.

        Args:
            fault: What the next request gets.
            path: Its path; `*` stands for anything.
        """
        with self._lock:
            self._waiting.append((path, fault))

    def take(self, path: str) -> ChosenFault | None:
        """Return the fault of a request, if it gets one.

        Args:
            path: The path of the request.
        """
        if not (self._waiting or self._rate):
            return None
        with self._lock:
            for position, (pattern, fault) in enumerate(self._waiting):
                if serves(pattern, path):
                    del self._waiting[position]
                    return fault
            return self._draw() if serves(CHAT_PATH, path) else None

    def _draw(self) -> ChosenFault | None:
        hit, seed = self._random.random() < self._rate, self._random.getrandbits(32)
        if not hit:
            return None
        chosen = self._random.choice(self._drawn)
        seeded = "seed" in chosen.fault.parameters
        extra = {"seed": seed} if seeded else {}
        return replace(chosen, values={**extra, **chosen.values})


def choose_fault(name: str, values: Mapping[str, Any]) -> ChosenFault:
    """Return a fault with values that were checked.

    Args:
        name: The name of a fault.
        values: Its parameters; what is not given takes its default.

    Raises:
        ValueError: There is no such fault or parameter, or it takes no such value.
    """
    fault = FAULTS.get(name)
    if fault is None:
        raise ValueError(f"no fault {name!r}: give one of {', '.join(FAULTS)}")
    for key, value in values.items():
        parameter = fault.parameters.get(key)
        if parameter is None:
            known = ", ".join(fault.parameters) or "none"
            raise ValueError(f"{name} has no parameter {key!r}: it has {known}")
        try:
            parameter.value(value)
        except (ValueError, TypeError, KeyError, OverflowError):
            accepted = parameter.accepted
            raise ValueError(f"{name}: {key} takes {accepted}, not {value!r}") from None
    return ChosenFault(name, fault, dict(values))


def read_fault(text: str) -> ChosenFault:
    """Return the fault that a text names.

    Args:
        text: `NAME` or `NAME:parameter=value,...`, as `cut:at=in_event,reset=true`.

    Raises:
        ValueError: There is no such fault or parameter, or it takes no such value.
    """
    name, _, rest = text.partition(":")
    pairs = [pair.partition("=") for pair in rest.split(",") if pair]
    for key, equals, _ in pairs:
        if not equals:
            raise ValueError(f"{text!r}: write NAME:parameter=value, not {key!r}")
    return choose_fault(name, {key: value for key, _, value in pairs})


def list_faults() -> str:
    """Return a line a fault: name, parameters with their values, what it does."""
    return "\n".join(
        f"{ChosenFault(name, fault, _defaults(fault))}\n    {fault.told}"
        for name, fault in FAULTS.items()
    )


def _defaults(fault: Fault) -> dict[str, Any]:
    defaults = {key: p.default for key, p in fault.parameters.items()}
    return {key: "none" if d is None else d for key, d in defaults.items()}
