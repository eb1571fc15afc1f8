"""Measure, and write results.json, the tables of docs/performance.md and the plots."""

import argparse
import json
import os
import platform
import time
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from tests.benchmarks.connections import count_connections
from tests.benchmarks.fresh import measure_construction, measure_imports
from tests.benchmarks.measure import measure
from tests.benchmarks.paced import measure_paced
from tests.benchmarks.plots import write_plots
from tests.benchmarks.report import write_tables
from tests.benchmarks.scenarios import CURVES, SCENARIOS
from tests.benchmarks.server import Server, start_server

_RESULTS = Path(__file__).parent / "results.json"
_PACKAGES = (
    "langchain-core",
    "openai",
    "langchain-openai",
    "langchain-moonshot",
    "langchain-litellm",
    "litellm",
    "aiohttp",
)


def main() -> None:
    """Run everything, or the scenarios whose titles have a text in them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", help="print these scenarios, and write nothing")
    only = parser.parse_args().only
    os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"
    with start_server() as server:
        if only is not None:
            _measure_scenarios(server, only)
            return
        started = time.monotonic()
        results = _measure_all(server)
        results["minutes"] = round((time.monotonic() - started) / 60, 1)
    _RESULTS.write_text(json.dumps(results, indent=1) + "\n")
    write_tables(results)
    write_plots(results)


def _measure_all(server: Server) -> dict[str, Any]:
    before = server.stats()["cpu"]
    scenarios = _measure_scenarios(server, "")
    return {
        "date": datetime.now(UTC).date().isoformat(),
        "machine": f"{os.cpu_count()} cores, {platform.machine()}, "
        f"Python {platform.python_version()}",
        "packages": {name: version(name) for name in _PACKAGES},
        "scenarios": scenarios,
        "connections": count_connections(server),
        "paced": measure_paced(server),
        "server_seconds": server.stats()["cpu"] - before,
        "construct": measure_construction(),
        "import": measure_imports(),
        "curves": _measure_curves(server),
    }


def _measure_scenarios(server: Server, only: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for scenario in SCENARIOS:
        if only in scenario.title:
            figures = measure(scenario, server)
            found[scenario.title] = {"unit": scenario.unit, "us": figures}
            _say(scenario.title, figures)
    return found


def _measure_curves(server: Server) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for curve in CURVES:
        found[curve.title] = {
            size: measure(scenario, server) for size, scenario in curve.points.items()
        }
        for size, figures in found[curve.title].items():
            _say(f"{size} {curve.title}", figures)
    return found


def _say(title: str, figures: dict[str, float]) -> None:
    told = ", ".join(f"{name} {figure:.1f}" for name, figure in figures.items())
    print(f"{title}: {told}", flush=True)


if __name__ == "__main__":
    main()
