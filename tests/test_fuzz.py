"""The fuzz targets, for as long as a test may take; `make fuzz` runs them longer."""

import random
import warnings

import pytest

from tests.fuzz import readers, writers  # noqa: F401, as they register
from tests.fuzz.corpus import CORPUS, read_corpus
from tests.fuzz.mutations import mutate
from tests.fuzz.page import PAGE, build_page, read_record
from tests.fuzz.target import TARGETS, Target

_MUTATIONS = 300


@pytest.mark.parametrize("target", TARGETS.values(), ids=lambda target: target.name)
def test_corpus_and_some_thousand_more(target: Target) -> None:
    """What is not documented escapes `try_out`, and fails."""
    inputs, decide = read_corpus(target.name), random.Random(5)
    assert inputs
    mutated = [mutate(decide.choice(inputs), decide) for _ in range(_MUTATIONS)]
    with warnings.catch_warnings():
        # Of what is not sent; the same with each of these conversations.
        warnings.simplefilter("ignore", UserWarning)
        for data in (*inputs, *mutated):
            target.try_out(data)


def test_every_target_was_run_long() -> None:
    record = read_record()
    assert {name.split()[0] for name in record} == set(TARGETS)
    assert all(run["finds"] == {} for run in record.values())


def test_the_page_is_what_the_record_says() -> None:
    assert PAGE.read_text("utf-8") == build_page(read_record()), "run `make fuzz`"


def test_the_corpus_stays_small() -> None:
    kept = [path for path in CORPUS.rglob("*") if path.is_file()]
    assert {path.parent.name for path in kept} <= set(TARGETS)
    assert len(kept) < 400
    assert sum(path.stat().st_size for path in kept) < 1_000_000
