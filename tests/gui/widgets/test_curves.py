"""Smoothing, decimation, the sentence, and the plot that shows them."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from chargen.gui import theme
from chargen.gui.widgets.curve_summary import summary_sentence
from chargen.gui.widgets.curves import Series, decimate, smooth
from chargen.gui.widgets.loss_plot import LossPlot

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


def plot(qtbot) -> LossPlot:
    made = LossPlot()
    qtbot.addWidget(made)
    made.resize(760, 420)
    made.show()
    return made


def test_empty_plot_is_a_picture_with_a_sentence(qtbot) -> None:
    made = plot(qtbot)
    assert made._stack.currentWidget() is made._ghost
    made.append_train([1, 2], [4.0, 3.9])
    qtbot.waitUntil(lambda: made._stack.currentWidget() is made._plot)
    made.clear()
    assert made._stack.currentWidget() is made._ghost
    assert made.point_count() == 0


def test_redraws_are_bounded_in_number_and_size(qtbot) -> None:
    made = plot(qtbot)
    drawn: list[int] = []
    original = made.redraw
    made._timer.timeout.disconnect()
    made._timer.timeout.connect(lambda: (drawn.append(1), original()))
    for start in range(0, 60_000, 100):
        made.append_train(np.arange(start, start + 100), np.full(100, 2.0))
    assert not drawn, "adding does not draw"
    qtbot.waitUntil(lambda: bool(drawn))
    qtbot.wait(120)
    assert len(drawn) <= 2, "once for the points, once perhaps for the new size"
    assert made.point_count() == 60_000
    assert 100 < made.shown_points() <= 2_000


def test_what_is_not_a_number_is_left_out(qtbot) -> None:
    made = plot(qtbot)
    made.append_train([1, 2, 3], [4.0, float("nan"), float("inf")])
    made.append_validation(3, float("nan"))
    made.redraw()
    assert made.point_count() == 1
    assert "validation" not in made.reading(1)


def test_reading_in_both_units(qtbot) -> None:
    made = plot(qtbot)
    made.set_smoothing(0.0)
    made.append_train([10, 20], [2.0, 1.0])
    made.append_validation(20, 1.5)
    made.redraw()  # the tools wake with the first drawing
    assert made.reading(19) == "step 20 · train 1.0000, smoothed 1.0000 · validation 1.5000 nats"
    with qtbot.waitSignal(made.unit_changed) as told:
        QTest.mouseClick(made._bits, Qt.MouseButton.LeftButton)
    assert told.args == ["bits"]
    assert "train 1.4427" in made.reading(20)
    _, shown = made._raw_line.getOriginalDataset()
    assert shown[-1] == pytest.approx(1 / np.log(2))
    assert "validation 2.1640 at 20" in made.reading(10)


def test_arrows_read_the_curve_and_home_shows_all(qtbot) -> None:
    made = plot(qtbot)
    made.append_train(np.arange(1, 101), FALL[:100])
    made.redraw()
    QTest.keyClick(made._plot, Qt.Key.Key_Left)
    assert made.reading_step() == 99
    assert made._readout.isVisible()
    assert "step 99" in made._plot.accessibleDescription()
    QTest.keyClick(made._plot, Qt.Key.Key_Escape)
    assert made._readout.isHidden()
    box = made._plot.getPlotItem().getViewBox()
    whole = box.viewRange()
    box.setXRange(10, 20)
    made._zoomed()
    made.redraw()
    assert made.shown_points() < 20, "zoomed in, only what is seen is drawn"
    QTest.keyClick(made._plot, Qt.Key.Key_Home)
    assert box.viewRange()[0] == pytest.approx(whole[0])


@pytest.mark.parametrize(("log_x", "log_y"), [(True, False), (False, True), (True, True)])
def test_log_axes_show_the_same_data(log_x: bool, log_y: bool, qtbot) -> None:
    made = plot(qtbot)
    made.append_train(np.arange(0, 2000), FALL)
    made.set_log_x(log_x)
    made.set_log_y(log_y)
    (low_x, high_x), (low_y, high_y) = made._plot.getPlotItem().getViewBox().viewRange()
    assert high_x == pytest.approx(np.log10(1999) if log_x else 1999, rel=0.1)
    top = FALL.max()
    assert low_y < (np.log10(1.5) if log_y else 1.5) < (np.log10(top) if log_y else top) < high_y + 0.3
    assert low_x <= high_x


def test_smoothing_control_smooths_again(qtbot) -> None:
    made = plot(qtbot)
    noisy = FALL + np.random.default_rng(1).normal(0, 0.2, len(FALL))
    made.append_train(np.arange(len(noisy)), noisy)
    rough = np.abs(np.diff(made._smoothed.y)).mean()
    made.set_smoothing(0.99)
    assert np.abs(np.diff(made._smoothed.y)).mean() < rough / 3
    made.append_train([2001], [1.4])
    assert len(made._smoothed) == made.point_count()


def test_names_of_lines_do_not_cover_each_other(qtbot) -> None:
    made = plot(qtbot)
    made.append_train([1, 2, 3], [2.0, 1.5, 1.40])
    made.append_validation(3, 1.40)
    made.set_comparison("a rather long name of another run", [1, 2, 3], [2.0, 1.6, 1.41])
    made.redraw()
    shown = sorted((label.geometry() for label in made._names.values()), key=lambda r: r.top())
    assert all(label.isVisible() for label in made._names.values())
    assert all(a.bottom() < b.top() for a, b in itertools.pairwise(shown))
    assert all(r.right() <= made._plot.width() for r in shown)


def test_plot_follows_the_theme(qapp: QApplication, qtbot) -> None:
    made = plot(qtbot)
    made.append_train([1, 2, 3], [2.0, 1.5, 1.4])
    made.redraw()
    theme.apply(qapp, "dark")
    image = made._plot.grab().toImage()
    assert image.pixelColor(image.width() - 3, image.height() // 2) == QColor(theme.DARK.surface)
