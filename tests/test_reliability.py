"""docs/reliability.md: each fault comes out as was expected by hand, and as it says."""

import re
from pathlib import Path
from typing import Any

import pytest

from langchain_kimi import errors
from langchain_kimi.emulator._faults import FAULTS
from tests.reliability.cases import ANSWER, CASES, NOT_RUN, WAYS, expected
from tests.reliability.elsewhere import ROWS, run_elsewhere
from tests.reliability.page import PAGE, write_page
from tests.reliability.running import run_all
from tests.reliability.verdicts import tell_wrong, tell_wrong_elsewhere


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """All of them, run once, many at a time."""
    with pytest.MonkeyPatch.context() as patch:
        # Before `no_certificates`, which is of one test.
        patch.delenv("SSL_CERT_FILE", raising=False)
        patch.setenv("SSL_CERT_DIR", str(tmp_path_factory.mktemp("none")))
        return run_all(CASES), run_elsewhere()


def test_each_way_to_ask_comes_out_as_expected(outcomes: Any) -> None:
    """No hang, no silent loss, no request too many, nothing left open, and the next
    call is well: each of these would be no expected outcome."""
    found, _ = outcomes
    assert tell_wrong(found) == []
    ways = [way for way in WAYS if "resumed" not in way]
    assert {(number, way) for number in range(len(CASES)) for way in ways} <= set(found)


def test_each_other_call_comes_out_as_expected(outcomes: Any) -> None:
    """Files, batches, the account and structured output."""
    _, elsewhere = outcomes
    assert tell_wrong_elsewhere(elsewhere) == []


def test_the_page_is_what_the_generator_writes(outcomes: Any) -> None:
    assert PAGE.read_text("utf-8") == write_page(*outcomes), (
        "run `python -m tests.reliability`"
    )


def test_each_expected_outcome_is_an_answer_or_an_error_of_ours() -> None:
    """The column of a table that is written by hand has no other words."""
    told = {expected(case, way) for case in CASES for way in WAYS} - {NOT_RUN}
    names = [re.findall(r"`(\w+)`", outcome) for outcome in told]
    assert {name for found in names for name in found} <= set(errors.__all__)
    assert all(outcome.startswith((ANSWER, "`Kimi")) for outcome in told)


def test_each_fault_of_the_emulator_is_tried() -> None:
    tried = {fault.split(":")[0] for case in CASES for fault in case.faults}
    assert set(FAULTS) == tried
    assert len({case.faults for case in CASES}) > 60
    assert len(ROWS) > 10


def test_the_page_names_the_other_pages() -> None:
    text = PAGE.read_text("utf-8")
    pages = re.findall(r"\]\(([\w-]+\.md)\)", text)
    assert {"retries-and-timeouts.md", "resuming.md", "errors.md"} <= set(pages)
    assert all((Path(PAGE).parent / page).exists() for page in pages)
