"""Smoothing, decimation, a run's curve, and the sentences about it."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chargen.gui.widgets.curve_summary import (
    GRADIENT_HELP,
    comparison_sentence,
    gradient_sentence,
    summary_sentence,
)
from chargen.gui.widgets.curves import Series, decimate, smooth
from chargen.gui.widgets.run_curve import AXES, RunCurve

FALL = 1.4 + 2.8 * np.exp(-np.arange(2000) / 400)

LONG = 1.4 + 2.8 * np.exp(-np.arange(6000) / 400)


def plain_average(values: np.ndarray, beta: float) -> list[float]:
    total, result = 0.0, []
    for i, value in enumerate(values, 1):
        total = beta * total + (1 - beta) * value
        result.append(total / (1 - beta**i))
    return result


@pytest.mark.parametrize("beta", [0.0, 0.5, 0.98, 0.999])
def test_smoothing_equals_the_plain_loop(beta: float) -> None:
    values = np.random.default_rng(3).normal(2, 1, 9_000)
    smoothed, _ = smooth(values, beta)
    assert smoothed == pytest.approx(plain_average(values, beta), rel=1e-9)


@given(st.integers(0, 50), st.floats(0, 0.999))
def test_smoothing_continues_where_it_stopped(at: int, beta: float) -> None:
    values = np.random.default_rng(5).normal(2, 1, 50)
    first, state = smooth(values[:at], beta)
    second, _ = smooth(values[at:], beta, state)
    assert np.concatenate([first, second]) == pytest.approx(smooth(values, beta)[0], rel=1e-9)


@pytest.mark.parametrize("log_x", [False, True])
def test_decimation_keeps_extremes_ends_and_order(log_x: bool) -> None:
    x = np.arange(1.0, 100_001.0)
    y = np.sin(x / 900)
    y[54_321], y[77] = 9.0, -9.0
    shown_x, shown_y = decimate(x, y, 2_000, log_x)
    assert len(shown_x) <= 2_000
    assert np.all(np.diff(shown_x) > 0)
    assert (shown_x[0], shown_x[-1]) == (x[0], x[-1])
    assert (shown_y.max(), shown_y.min()) == (9.0, -9.0)
    assert np.array_equal(y[shown_x.astype(int) - 1], shown_y), "points are chosen, never made up"


def test_logarithmic_decimation_keeps_the_beginning() -> None:
    x = np.arange(1.0, 1_000_001.0)
    linear, _ = decimate(x, x, 2_000)
    log, _ = decimate(x, x, 2_000, log_x=True)
    assert (log < 1_000).sum() > 100 > (linear < 1_000).sum()


def test_few_points_stay_as_they_are() -> None:
    x = np.arange(10.0)
    assert decimate(x, x, 2_000)[0] is x


def test_series_grows() -> None:
    series = Series()
    for i in range(100):
        series.extend(np.arange(7.0) + 7 * i, np.ones(7))
    assert np.array_equal(series.x, np.arange(700.0))


@pytest.mark.parametrize(
    ("train", "validation", "says"),
    [
        ([], [], ""),
        ([4.0] * 5, [], "too early"),
        (FALL[:600], [3.0, 2.1], "Falling fast. Validation follows"),
        (FALL[:600], [], "Falling fast."),
        (LONG, LONG[::200] + 0.05, "Nearly flat"),
        (FALL, FALL[::200] + 0.2, "a little above"),
        (FALL, FALL[::200] + 0.9, "much of the text is being memorised"),
        (np.linspace(3, 1, 500), [2.5, 2.0, 1.8, 1.9, 2.0], "turned upwards"),
        (np.concatenate([FALL, np.linspace(1.4, 4, 300)]), [], "rising"),
        ([4.0] * 100, [], "Not falling yet"),
        ([float("nan")] * 50, [], ""),
    ],
)
def test_the_curve_in_words(train, validation, says: str) -> None:
    sentence = summary_sentence(train, validation)
    assert says in sentence
    assert sentence == "" or sentence.endswith(".")
    assert bool(sentence) == bool(says)


def test_several_runs_in_words() -> None:
    runs = [("“slow”", 1.7), ("this run", 1.5), ("“unmeasured”", None), ("“c”", 1.625), ("“d”", 2.0), ("“e”", 3.0)]
    told = comparison_sentence(runs, "nats")
    assert told.startswith("Lowest on held-out text: this run with 1.500 nats; then “c” 1.625 (+0.125), “slow” 1.700")
    assert told.endswith("2 more.")
    assert "different texts" in comparison_sentence(runs[:2], "bits", other_texts=True)
    assert comparison_sentence(runs[:1], "nats") == ""
    assert comparison_sentence([("a", None), ("b", None)], "nats") == ""


def test_gradients_in_words() -> None:
    flat = np.full(200, 0.5)
    burst = np.concatenate([flat, np.full(25, 60.0)])
    assert gradient_sentence(["layer 1", "head"], [flat, flat]).startswith("All parts learn")
    assert gradient_sentence(["layer 1", "head"], [flat * 1e-5, flat]).startswith("Almost still: layer 1.")
    assert gradient_sentence(["layer 1", "head"], [burst, flat]).startswith("Growing steeply: layer 1;")
    for early in ([], [flat[:5], flat[:5]]):
        assert gradient_sentence(["layer 1", "head"][: len(early)], early) == GRADIENT_HELP


def test_steps_stand_on_every_axis_and_back() -> None:
    run = RunCurve()
    assert [axis for axis in AXES if run.knows(axis)] == ["steps"]
    run.append_place(10, 1_000, 0.5, 4.0)
    run.append_place(20, 2_000, 1.0, 9.0)
    run.append_place(20, 9_999, 9.0, 99.0)  # said twice: the first counts
    run.append_place(30, 3_000, 1.5, 2.0)  # a new session: its seconds come on top
    run.append_place(40, float("nan"), 2.0, 4.0)
    steps = np.array([0.0, 5.0, 15.0, 30.0, 60.0])
    assert run.place(steps, "steps") is steps
    assert run.place(steps, "characters").tolist() == [0, 500, 1_500, 3_000, 6_000]
    assert run.place(steps, "epochs").tolist() == [0, 0.25, 0.75, 1.5, 3.0]
    assert run.place(steps, "seconds")[:4].tolist() == [0, 2.0, 6.5, 11.0]
    for axis in AXES:
        assert [run.step_at(value, axis) for value in run.place(steps, axis)] == pytest.approx(steps)


def test_norms_of_another_network_begin_anew() -> None:
    run = RunCurve()
    run.append_norms([1, 2], [[1.0, 2.0, 3.0], [1.0, float("nan"), 3.0]])
    assert run.norm_names() == ["embedding", "layer 1", "head"]
    assert [len(norm) for norm in run.norms] == [1, 1, 1]
    run.append_norms([3], [[1.0, 2.0, 3.0, 4.0]])
    assert run.norm_names() == ["embedding", "layer 1", "layer 2", "head"]
    assert [norm.raw.x.tolist() for norm in run.norms] == [[3.0]] * 4
    run.append_norms([4], np.empty((1, 0)))
    assert len(run.norms) == 4
