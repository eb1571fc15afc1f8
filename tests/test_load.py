"""Many streams at once, broken ones among them; and the record of a minute of it."""

import pytest

from tests.load.census import find_grown, take_census
from tests.load.crowd import Crowd
from tests.load.page import PAGE, PLOT, build_page, draw_memory
from tests.load.questions import build_questions
from tests.load.record import VARIANTS, read_record
from tests.load.server import start_emulator

_STREAMS, _THREADS, _CALLS = 60, 20, 100


def _run_leg(crowd: Crowd, *, gathers: bool) -> None:
    crowd.open()
    for thread in crowd.start(calls=_CALLS, gathers=gathers):
        thread.join()
    crowd.close()


def test_nothing_is_lost_mixed_up_or_left_behind() -> None:
    """Tasks, threads and loops, drops and cancellations, one request in ten broken."""
    with start_emulator(fault_rate=0.1) as emulator:
        questions = build_questions(2 * _CALLS)
        crowd = Crowd(emulator.url, questions, streams=_STREAMS, threads=_THREADS)
        start = take_census()
        _run_leg(crowd, gathers=True)
        warm = take_census()
        _run_leg(crowd, gathers=False)
        end = take_census()
    assert crowd.tally.seen == []
    assert crowd.tally.outcomes["right answer"] > _CALLS
    assert crowd.tally.most >= _STREAMS + _THREADS
    assert sum(emulator.faults.values()) > 0
    assert crowd.tally.tasks_left == 0
    # Fewer where an earlier test's were on their way out.
    assert end.sockets <= start.sockets
    assert end.threads <= start.threads
    assert find_grown(warm, end) == {}


@pytest.mark.parametrize("variant", VARIANTS)
def test_the_recorded_minute_lost_nothing(variant: str) -> None:
    run = read_record()[variant]
    assert (run["streams"], run["threads"], run["fault_rate"]) == (500, 200, 0.05)
    assert run["at_once"] >= 700
    assert (run["wrong"], run["undocumented"], run["seen"]) == (0, 0, [])
    assert len(run["faults"]) > 20
    assert run["grown"] == {}
    assert run["megabytes"]["growth_percent"] < 2
    assert run["left"]["tasks"] == [0]
    for name in ("sockets", "descriptors", "threads"):
        assert len(set(run["left"][name])) == 1


def test_the_page_is_what_the_generator_writes() -> None:
    runs = read_record()
    assert PAGE.read_text("utf-8") == build_page(runs), "run `make soak`"
    assert PLOT.read_text("utf-8") == draw_memory(runs)
