"""What a fault is: a row of the table, and the same with its values for one request."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, TypeAlias

from langchain_kimi.emulator._exchange import Reply, Request
from langchain_kimi.emulator._fault_parameters import Parameter
from langchain_kimi.emulator._message import Step

Handle: TypeAlias = Callable[[Request], Reply]
Values: TypeAlias = Mapping[str, Any]


def _same(given: Any) -> Any:
    return given


@dataclass(frozen=True, slots=True)
class Fault:
    """One kind of fault."""

    told: str
    """What it does, for people."""
    parameters: Mapping[str, Parameter] = field(default_factory=dict[str, Parameter])
    asks: Callable[[Request], Request] = _same
    """What request is answered in place of the one that came."""
    replies: Callable[..., Reply] | None = None
    """The reply in place of the good one."""
    delivers: Callable[..., Iterator[Step]] | None = None
    """How a message is sent."""
    at_random: bool = True
    """Whether a seeded share of the requests may get it, by default: it ends by itself,
    harms no other request and takes nothing away in silence."""

    def reply(self, request: Request, handle: Handle, given: Values) -> Reply:
        """Return what a request gets instead of its good reply.

        Args:
            request: What came.
            handle: Makes the good reply.
            given: Values of parameters; what is not given takes its default.
        """
        values = {
            name: parameter.value(given.get(name, parameter.default))
            for name, parameter in self.parameters.items()
        }
        found = handle(self.asks(request))
        if self.replies:
            found = self.replies(found, **values)
        if self.delivers:
            found = replace(found, deliver=partial(self.delivers, **values))
        return found


@dataclass(frozen=True, slots=True)
class ChosenFault:
    """A fault with its values, ready for a request."""

    name: str
    fault: Fault
    values: Values

    def __str__(self) -> str:
        """Return it as a command line takes it."""
        given = ",".join(f"{key}={value}" for key, value in self.values.items())
        return f"{self.name}:{given}" if given else self.name

    def reply(self, request: Request, handle: Handle) -> Reply:
        """Return what a request gets instead of its good reply."""
        return self.fault.reply(request, handle, self.values)
