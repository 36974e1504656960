"""Ticks: round, few, inside what is seen, and readable, whatever the range."""

import itertools
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chargen.gui.widgets.plot_axes import large, nice_step, tick_word, ticks

ANY = st.floats(-1e12, 1e12)
KINDS = st.sampled_from(["steps", "characters", "epochs", "seconds", "value"])


@settings(max_examples=300)
@given(ANY, ANY, st.integers(1, 20), KINDS, st.booleans())
def test_ticks_lie_inside_and_rise(low: float, high: float, most: int, kind, log: bool) -> None:
    low, high = (low / 1e10, high / 1e10) if log else (low, high)
    found = ticks(low, high, most, kind, log)
    slack = 1e-9 * max(abs(low), abs(high), 1.0)
    assert all(low - slack <= place <= high + slack for place in found)
    assert all(a < b for a, b in itertools.pairwise(found))
    assert len(found) <= 3 * most + 3
    for place in found:
        assert tick_word(10.0 ** min(max(place, -300), 300) if log else place, kind)


@pytest.mark.parametrize("bad", [(1.0, 1.0), (2.0, 1.0), (math.nan, 1.0), (0.0, math.inf)])
def test_no_range_has_no_ticks(bad: tuple[float, float]) -> None:
    assert ticks(*bad, 5) == ticks(*bad, 5, log=True) == []


def test_a_narrow_logarithmic_axis_has_round_numbers() -> None:
    found = [round(10**place, 6) for place in ticks(math.log10(1.3), math.log10(4.4), 6, log=True)]
    assert found == [2.0, 3.0, 4.0]
    assert [round(10**p, 6) for p in ticks(0.0, 3.0, 10, log=True)] == [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000]
    assert ticks(0.0, 40.0, 5, log=True) == [0.0, 9.0, 18.0, 27.0, 36.0]


def test_time_is_cut_as_clocks_are() -> None:
    assert ticks(0, 200, 6, "seconds") == [0, 60, 120, 180]
    assert [tick_word(value, "seconds") for value in (0, 30, 3_600)] == ["0:00", "0:30", "1:00:00"]


@given(st.floats(1e-9, 1e12), st.integers(1, 50))
def test_nice_steps_are_few_and_round(span: float, most: int) -> None:
    step = nice_step(span, most)
    assert span / step <= most * (1 + 1e-6)
    assert round(step / 10 ** math.floor(math.log10(step) + 1e-9)) in (1, 2, 5, 10)


def test_words_have_the_digits_they_need() -> None:
    assert [large(value) for value in (250, 12_000, 1_500_000, 2e9)] == ["250", "12 k", "1.5 M", "2 G"]
    assert [tick_word(1.5, "value", 0.5), tick_word(1.25, "value", 0.05), tick_word(2, "value", 1)] == [
        "1.5", "1.25", "2",
    ]  # fmt: skip
