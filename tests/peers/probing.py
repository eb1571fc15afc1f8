"""A feature, the ways to reach it, and the verdict on a client that tries them."""

import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Self, TypeAlias

from langchain_kimi.emulator import Emulator
from tests.peers.clients import Client
from tests.peers.peer import Peer
from tests.peers.wording import brief

Verdict: TypeAlias = Literal["yes", "partly", "no"]
Probe: TypeAlias = Callable[[Peer], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What became of a client that tried to reach a feature."""

    verdict: Verdict
    happened: str = ""

    def __str__(self) -> str:
        return f"{self.verdict}: {self.happened}" if self.happened else self.verdict


@dataclass(slots=True, kw_only=True)
class Feature:
    """One row of the table; its id is the name of its probe."""

    id: str
    title: str
    group: str
    source: str
    """Sections of the notes on the API, or letters of those on LangChain."""
    page: str
    """The page of the documents that tells of it."""
    tests: Sequence[str]
    """`file::function`, in `tests`."""
    emulator: Mapping[str, Any]
    ways: list[tuple[str, Probe]] = field(default_factory=list[tuple[str, Probe]])
    """The client's own way first, each with its name."""

    def or_else(self, way: str) -> Callable[[Probe], Self]:
        """Add another way to reach the feature, which makes it `partly`."""

        def add(probe: Probe) -> Self:
            self.ways.append((way, probe))
            return self

        return add

    def judge(self, client: Client) -> Finding:
        """Try the ways one by one, each with an emulator of its own."""
        failed: dict[str, str] = {}
        for way, probe in self.ways:
            happened = self._try(probe, client)
            if happened is None and not failed:
                return Finding(verdict="yes")
            if happened is None:
                by_itself = next(iter(failed))
                return Finding(verdict="partly", happened=f"{way}; else: {by_itself}")
            failed.setdefault(happened, way)
        return Finding(verdict="no", happened=_tell(failed))

    def _try(self, probe: Probe, client: Client) -> str | None:
        with Emulator(**self.emulator) as kimi, warnings.catch_warnings():
            warnings.simplefilter("ignore")
            peer = Peer(client, kimi)
            try:
                probe(peer)
            except Exception as error:
                return brief(error) or type(error).__name__
            finally:
                peer.close()
        return None


def _tell(failed: Mapping[str, str]) -> str:
    """Return what happened each way, the same only once."""
    first, *others = failed.items()
    told = [f"{way}: {happened}" for happened, way in others]
    return "; ".join([first[0], *told])


FEATURES: dict[str, Feature] = {}
"""Every row, in the order of the table."""


def feature(
    title: str,
    *,
    group: str,
    source: str,
    page: str,
    tests: Sequence[str],
    **emulator: Any,
) -> Callable[[Probe], Feature]:
    """Make a probe a row; further settings are the emulator's."""

    def register(probe: Probe) -> Feature:
        row = Feature(
            id=probe.__name__,
            title=title,
            group=group,
            source=source,
            page=page,
            tests=tests,
            emulator=emulator,
            ways=[("by itself", probe)],
        )
        FEATURES[row.id] = row
        return row

    return register
