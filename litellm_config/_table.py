"""The groups -> a table for people, at most 100 columns wide."""

from collections.abc import Iterable

from langchain_kimi.catalogue import Model
from litellm_config._groups import Group, list_groups
from litellm_config._regions import Regions, choose_regions

_HEAD = ("group", "model", "size", "effort", "in", "out", "cache", "where", "retires")
_NOTES = """
size: the window in tokens, prompt and answer together
effort: * is the model's own default; off is without thinking
in, out, cache: USD for 1M tokens of input, output and cached input
where: g is the international platform, c the one in China
"""
# From this column on, numbers: they stand to the right.
_NUMBERS = slice(4, 7)


def write_table(regions: Regions = "both") -> str:
    """Return the groups of `model_list(regions=...)`, a line each, with notes.

    Args:
        regions: The platforms that serve them.
    """
    letters = "+".join(region.name[0] for region in choose_regions(regions))
    rows = [_HEAD, *(_row(group, letters) for group in list_groups())]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = [_align(row, widths) for row in rows]
    lines.insert(1, " ".join("-" * width for width in widths))
    return "\n".join([*lines, _NOTES])


def _row(group: Group, regions: str) -> tuple[str, ...]:
    model = group.model
    return (
        group.name,
        model.id,
        _window(model.context_tokens),
        _effort(group, model),
        *_prices(model),
        regions,
        group.deprecated.isoformat() if group.deprecated else "-",
    )


def _window(tokens: int) -> str:
    thousands = tokens // 1024
    return f"{thousands // 1024}M" if thousands >= 1024 else f"{thousands}K"


def _effort(group: Group, model: Model) -> str:
    if group.effort:
        return group.effort
    if group.settings:
        return "off"
    return f"{model.effort_default}*" if model.effort_default else "-"


def _prices(model: Model) -> tuple[str, str, str]:
    prices = model.prices
    if prices is None:
        return "-", "-", "-"
    cached = prices.input if prices.cache_hit is None else prices.cache_hit
    return f"{prices.input:.2f}", f"{prices.output:.2f}", f"{cached:.2f}"


def _align(row: Iterable[str], widths: list[int]) -> str:
    cells = [cell.ljust(width) for cell, width in zip(row, widths, strict=True)]
    cells[_NUMBERS] = [cell.strip().rjust(len(cell)) for cell in cells[_NUMBERS]]
    return " ".join(cells).rstrip()
