"""The meter itself, with clocks and contestants that are known."""

import time

import pytest

from chargen.bench import ceilings
from chargen.bench.timing import Measured, interleaved, repeated


@pytest.fixture
def clock(monkeypatch):
    """A clock that only the contestants move."""
    now = [0.0]
    monkeypatch.setattr(time, "perf_counter", lambda: now[0])
    return now


def test_contestants_take_turns_and_the_first_turn_does_not_count(clock):
    order = []

    def works(name, seconds):
        def contestant(asked):
            order.append((name, asked))
            clock[0] += seconds if len(order) > 2 else 99.0
            return 10.0

        return contestant

    measured = interleaved({"ours": works("ours", 2.0), "theirs": works("theirs", 5.0)}, rounds=3, seconds=8.0)
    assert order == [("ours", 2.0), ("theirs", 2.0), *[("ours", 8.0), ("theirs", 8.0)] * 3]
    assert measured == {"ours": Measured((5.0,) * 3), "theirs": Measured((2.0,) * 3)}


def test_repeated_works_until_the_time_is_over_and_at_least_once(clock):
    def action():
        clock[0] += 0.25

    assert repeated(action, 3.0)(1.0) == 12.0
    assert repeated(action, 3.0)(0.0) == 3.0


@pytest.mark.parametrize(("each", "turns"), [(0.5, 9), (1.5, 5), (50.0, 3)])
def test_turns_that_overrun_end_when_there_are_enough(clock, each, turns):
    def slow(seconds):
        clock[0] += each
        return 1.0

    assert len(interleaved({"slow": slow}, rounds=9, seconds=0.5)["slow"].rates) == turns


def test_median_spread_and_ratio():
    ours, theirs = Measured((4.0, 10.0, 6.0)), Measured((2.0, 2.0, 1.0))
    assert (ours.median, ours.spread) == (6.0, 1.0)
    assert ours.over(theirs) == Measured((2.0, 5.0, 6.0))  # within each turn, not of the medians
    assert theirs.times(10).median == 20.0


def test_ceilings_count_what_they_do(monkeypatch):
    monkeypatch.setattr(time, "perf_counter", iter(range(100)).__next__)
    assert ceilings.matrix_product(2, 3, 4)(0) == 48
    assert ceilings.matrix_products([(2, 3, 4), (1, 1, 5)])(0) == 58
    assert ceilings.vector_product(4 * 60, 20)(0) == 240
