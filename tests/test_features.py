"""docs/features.md: every row has a probe, a test and verdicts, and nothing drifts."""

import ast
from functools import cache
from pathlib import Path

import pytest

from tests.peers.claims import ABSENCES, CLAIMS
from tests.peers.clients import KIMI
from tests.peers.page import PAGE, build_page
from tests.peers.probing import FEATURES, Feature
from tests.peers.results import find_missing, read_results

_TESTS = Path(__file__).parent
_NAMED = [
    test for told in (*FEATURES.values(), *CLAIMS, *ABSENCES) for test in told.tests
]


@pytest.mark.parametrize("row", FEATURES.values(), ids=lambda row: row.id)
def test_chat_kimi_has_the_feature(row: Feature) -> None:
    """Its column, proved in each run; the others' are proved by `make peers`."""
    assert str(row.judge(KIMI)) == "yes"


def test_every_row_has_a_verdict_for_every_client() -> None:
    results = read_results()
    assert find_missing(results) == [], "run `make peers`"
    told = {v for found in results.values() for v in found["verdicts"].values()}
    assert {verdict.split(":")[0] for verdict in told} == {"yes", "partly", "no"}


def test_every_recorded_verdict_of_chat_kimi_is_yes() -> None:
    assert set(read_results()[KIMI.title]["verdicts"].values()) == {"yes"}


def test_the_page_is_what_the_generator_writes() -> None:
    assert PAGE.read_text("utf-8") == build_page(read_results()), (
        "run `python -m tests.peers --page`"
    )


@cache
def _functions(file: str) -> set[str]:
    """The tests of a file, as `function` or `Class::function`."""
    found: set[str] = set()
    for node in ast.parse((_TESTS / file).read_text("utf-8")).body:
        if isinstance(node, ast.ClassDef):
            found |= {f"{node.name}::{n.name}" for n in node.body if _is_function(n)}
        elif _is_function(node):
            found.add(node.name)
    return found


def _is_function(node: ast.AST) -> bool:
    return isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)


@pytest.mark.parametrize("test", sorted(set(_NAMED)))
def test_every_test_that_is_named_exists(test: str) -> None:
    file, _, function = test.partition("::")
    assert function in _functions(file)


def test_every_claim_says_what_became_of_it() -> None:
    """A claim that works names the test; one that does not says why."""
    for claim in CLAIMS:
        assert claim.tests if claim.outcome == "works" else claim.why
    assert {claim.seed for claim in CLAIMS} == {"000", "004"}
    assert all(absence.why for absence in ABSENCES)
