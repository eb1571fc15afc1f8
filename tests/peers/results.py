"""What the probes found -> `results.json`, and back."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TypeAlias, TypedDict

import tests.peers.features  # noqa: F401
from tests.peers.clients import CLIENTS, Client
from tests.peers.probing import FEATURES

RESULTS = Path(__file__).with_name("results.json")
# Which versions a verdict depends on, beside the client's own.
_BESIDE = ("langchain", "langchain-core", "langchain-openai", "litellm", "openai")


class Found(TypedDict):
    """What was found out about one client."""

    date: str
    version: str
    beside: dict[str, str]
    """The versions that it ran with."""
    verdicts: dict[str, str]
    """By feature: the verdict, then what happened."""


Results: TypeAlias = dict[str, Found]


def read_results() -> Results:
    """Return what was found so far, by the client's title."""
    return json.loads(RESULTS.read_text("utf-8")) if RESULTS.exists() else {}


def write_results(results: Mapping[str, Found]) -> None:
    """Keep the results, in the order of the clients and rows."""
    ordered = {c.title: results[c.title] for c in CLIENTS if c.title in results}
    text = json.dumps(ordered, indent=1, ensure_ascii=False)
    RESULTS.write_text(text + "\n", encoding="utf-8")


def find_missing(results: Mapping[str, Found]) -> list[str]:
    """Return the clients of which a row has no verdict yet."""
    rows = list(FEATURES)
    titles = [client.title for client in CLIENTS]
    return [
        t for t in titles if t not in results or list(results[t]["verdicts"]) != rows
    ]


def run_probes(client: Client) -> Found:
    """Return what the probes find out about a client that is installed here.

    A client needs a process of its own: ChatKimi registers the translator of the
    provider "moonshot", which would mend another client of that name.
    """
    findings = {row.id: row.judge(client) for row in FEATURES.values()}
    return Found(
        date=datetime.now(UTC).date().isoformat(),
        version=client.version or "",
        beside={name: found for name in _BESIDE if (found := _version(name))},
        verdicts={id: str(finding) for id, finding in findings.items()},
    )


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None
