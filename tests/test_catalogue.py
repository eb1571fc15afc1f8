"""The catalogue: every fact a row, and no model named anywhere else in the code."""

import ast
import dataclasses
import re
from datetime import date
from pathlib import Path

import pytest

from langchain_kimi.catalogue import (
    ALIASES,
    DEFAULT_MODEL,
    MODELS,
    Model,
    current_models,
    find_model,
)

_ROOT = Path(__file__).parent.parent
_NAMED = re.compile(r"kimi-k[\d.]|moonshot-v\d|\bK[23]\b")
_IDS = {model.id for model in MODELS} | set(ALIASES)


def _sources() -> list[Path]:
    packages = ("langchain_kimi", "litellm_config")
    found = [path for name in packages for path in (_ROOT / name).rglob("*.py")]
    return [path for path in found if path.name != "catalogue.py"]


@pytest.mark.parametrize("path", _sources(), ids=lambda path: path.name)
def test_no_code_knows_a_model(path: Path) -> None:
    """A model id is a string nowhere but in the catalogue (docstrings may tell)."""
    tree = ast.parse(path.read_text())
    documents = {
        id(node.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    }
    named = [
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and id(node) not in documents
        and (node.value in _IDS or _NAMED.search(node.value))
    ]
    assert named == []


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.id)
def test_a_row_is_whole(model: Model) -> None:
    """It has a source, thinks or not, and its parts agree."""
    assert model.source
    assert date(2026, 1, 1) <= model.checked
    assert model.thinking or model.instant
    assert model.output_tokens <= model.output_tokens_limit <= model.context_tokens
    assert bool(model.efforts) is bool(model.effort_default)
    assert model.effort_default in (None, *model.efforts)
    assert model.retired or model.prices
    if model.retired or model.retires:
        assert model.successor
        assert find_model(model.successor)
    if model.fallback:
        assert find_model(model.fallback) in current_models()
    with pytest.raises(dataclasses.FrozenInstanceError):
        model.id = "other"  # pyright: ignore[reportAttributeAccessIssue]


def test_ids_are_unique_and_aliases_resolve() -> None:
    """An alias stands for a model in one mode, and is no id itself."""
    assert len({model.id for model in MODELS}) == len(MODELS)
    for name, alias in ALIASES.items():
        row = find_model(name)
        assert row
        assert row.id == alias.model
        assert name not in {model.id for model in MODELS}
    assert find_model("gpt-4.1") is None
    assert find_model(DEFAULT_MODEL) in current_models()


def test_the_current_models_are_those_of_november_2026() -> None:
    """Newest first; all take JSON schemas, pictures and videos."""
    current = current_models()
    assert [model.id for model in current] == [
        "kimi-k3.1-pro",
        "kimi-k3.1-pro-highspeed",
        "kimi-k3",
        "kimi-k2.7-code",
        "kimi-k2.7-code-highspeed",
        "kimi-k2.6",
    ]
    assert all(model.structured_output for model in current)
    assert all(model.inputs == ("text", "image", "video") for model in current)


# A second time, by hand: kimi-api.md 1.1, input, cache hit, output, USD per 1M tokens.
_PRICES = {
    "kimi-k3.1-pro": (2, 0.2, 10),
    "kimi-k3.1-pro-highspeed": (4, 0.2, 20),
    "kimi-k3": (3, 0.3, 15),
    "kimi-k2.7-code": (0.95, 0.19, 4),
    "kimi-k2.7-code-highspeed": (1.9, 0.38, 8),
    "kimi-k2.6": (0.95, 0.16, 4),
}


@pytest.mark.parametrize("model", current_models(), ids=lambda model: model.id)
def test_prices_are_those_of_the_platform(model: Model) -> None:
    """A wrong price is a wrong bill."""
    assert model.prices
    prices = (model.prices.input, model.prices.cache_hit, model.prices.output)
    assert prices == _PRICES[model.id]
