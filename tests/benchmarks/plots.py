"""results.json -> SVG: what one delta costs each, and how the cost of an item grows."""

from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib import pyplot as plt

from tests.benchmarks.peers import KIMI, KIMI_AIOHTTP, SOCKET

_FOLDER = Path("docs/performance")
_OURS, _OTHERS = "#c2410c", "#64748b"
_BARS = (
    "stream, 3,000 deltas",
    "astream, 3,000 deltas",
    "3,000 tool-argument fragments",
    "ainvoke, 64 at once",
)


def write_plots(results: dict[str, Any]) -> None:
    """Write the plots; the same results give the same files."""
    mpl.use("Agg")
    mpl.rcParams.update({"svg.hashsalt": "kimi", "font.size": 9})
    _FOLDER.mkdir(exist_ok=True)
    _plot_bars(results["scenarios"])
    _plot_curves(results["curves"])


def _plot_bars(scenarios: dict[str, Any]) -> None:
    figure, rows = plt.subplots(2, 2, figsize=(10, 5.5))
    for axes, title in zip(rows.flat, _BARS, strict=True):
        found = scenarios[title]
        figures = {k: v for k, v in found["us"].items() if k != SOCKET}
        ours = (KIMI, KIMI_AIOHTTP)
        colours = [_OURS if name in ours else _OTHERS for name in figures]
        bars = axes.barh(list(figures), list(figures.values()), color=colours)
        axes.bar_label(bars, fmt="%.0f", padding=2)
        axes.invert_yaxis()
        axes.margins(x=0.15)
        axes.set_title(f"{title}: CPU us per {found['unit']}")
    _save(figure, "scenarios.svg")


def _plot_curves(curves: dict[str, Any]) -> None:
    figure, rows = plt.subplots(2, 2, figsize=(10, 6.5))
    for axes, (title, points) in zip(rows.flat, curves.items(), strict=True):
        sizes = [int(size) for size in points]
        for name in next(iter(points.values())):
            costs = [figures[name] for figures in points.values()]
            colour = _OURS if name == KIMI else None
            axes.plot(sizes, costs, marker="o", label=name, color=colour)
        axes.set(xscale="log", yscale="log", title=title, ylabel="CPU us each")
        axes.legend()
    _save(figure, "growth.svg")


def _save(figure: Any, name: str) -> None:
    figure.tight_layout()
    figure.savefig(_FOLDER / name, metadata={"Date": None})
    plt.close(figure)
