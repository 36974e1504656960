"""The plot: what it draws, how it is read, zoomed and switched, with one run, several and none."""

import itertools

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QColor
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from chargen.gui import theme
from chargen.gui.widgets.loss_plot import LossPlot
from chargen.gui.widgets.plot_lines import DASHES, MOST_RUNS
from chargen.gui.widgets.run_curve import RunCurve

FALL = 1.4 + 2.8 * np.exp(-np.arange(2000) / 400)


def plot(qtbot: QtBot) -> LossPlot:
    made = LossPlot()
    qtbot.addWidget(made)
    made.resize(760, 420)
    made.show()
    return made


def other(name: str, *losses: float, every: int = 100, seconds: float = 1.0) -> RunCurve:
    """A run of which only validations are known; ``seconds`` of learning a step."""
    run = RunCurve(name)
    for at, loss in enumerate(losses, 1):
        run.append_validation(every * at, loss)
        run.append_place(every * at, every * at * 64, at, every * at * seconds)
    return run


def line(made: LossPlot, key: str) -> tuple[list[float], list[float]]:
    found = made.canvas.line(key)
    assert found is not None
    return found.x.tolist(), found.y.tolist()


def test_empty_plot_is_a_picture_with_a_sentence(qtbot: QtBot) -> None:
    made = plot(qtbot)
    assert made.empty.isVisible() and made.compare_button.isEnabled()
    assert not made.tools.save.isEnabled()
    made.append_train([1, 2], [4.0, 3.9])
    qtbot.waitUntil(made.canvas.isVisible)
    made.clear()
    assert made.empty.isVisible()
    assert made.point_count() == 0


def test_redraws_are_bounded_in_number_and_size(qtbot: QtBot) -> None:
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


def test_what_is_not_a_number_is_left_out(qtbot: QtBot) -> None:
    made = plot(qtbot)
    made.append_train([1, 2, 3], [4.0, float("nan"), float("inf")], [[1, 2], [float("nan"), 1], [1, 1]])
    made.append_validation(3, float("nan"))
    made.redraw()
    assert made.point_count() == 1
    assert "validation" not in made.reading(1)


def test_reading_in_both_units(qtbot: QtBot) -> None:
    made = plot(qtbot)
    made.set_smoothing(0.0)
    made.append_train([10, 20], [2.0, 1.0])
    made.append_validation(20, 1.5)
    made.redraw()  # the tools wake with the first drawing
    assert made.reading(19) == "step 20 · train 1.0000, smoothed 1.0000 · validation 1.5000 nats"
    with qtbot.waitSignal(made.unit_changed) as told:
        QTest.mouseClick(made.tools.bits, Qt.MouseButton.LeftButton)
    assert told.args == ["bits"]
    assert "train 1.4427" in made.reading(20)
    assert line(made, "raw")[1][-1] == pytest.approx(1 / np.log(2))
    assert "validation 2.1640 at 20" in made.reading(10)


def test_arrows_read_the_curve_keys_zoom_and_home_shows_all(qtbot: QtBot) -> None:
    made = plot(qtbot)
    made.append_train(np.arange(1, 101), FALL[:100])
    made.redraw()
    QTest.keyClick(made.canvas, Qt.Key.Key_Left)
    assert made.reading_place() == 99
    assert made.canvas.readout.isVisible()
    assert "step 99" in made.canvas.accessibleDescription()
    QTest.keyClick(made.canvas, Qt.Key.Key_Escape)
    assert made.canvas.readout.isHidden()
    whole = made.canvas.seen()
    made.set_reading_place(50)
    for _ in range(6):
        QTest.keyClick(made.canvas, Qt.Key.Key_Plus)
    made.redraw()
    (left, right), _ = made.canvas.seen()
    assert right - left < 0.2 * (whole[0][1] - whole[0][0]) and left < 50 < right
    assert made.shown_points() < 25, "zoomed in, only what is seen is drawn"
    QTest.keyClick(made.canvas, Qt.Key.Key_Minus)
    assert made.canvas.seen()[0][1] > right
    QTest.keyClick(made.canvas, Qt.Key.Key_Home)
    assert made.canvas.seen()[0] == pytest.approx(whole[0])


@pytest.mark.parametrize(("log_x", "log_y"), [(True, False), (False, True), (True, True)])
def test_log_axes_show_the_same_data(log_x: bool, log_y: bool, qtbot: QtBot) -> None:
    made = plot(qtbot)
    made.append_train(np.arange(0, 2000), FALL)
    made.set_log_x(log_x)
    made.set_log_y(log_y)
    (low_x, high_x), (low_y, high_y) = made.canvas.seen()
    assert high_x == pytest.approx(np.log10(1999) if log_x else 1999, rel=0.1)
    top = FALL.max()
    assert low_y < (np.log10(1.5) if log_y else 1.5) < (np.log10(top) if log_y else top) < high_y + 0.3
    assert low_x <= high_x
    made._pointed(np.log10(500.0) if log_x else 500.0)
    assert made.canvas.readout.text().startswith("step 500 ·")


def test_the_menu_of_the_axes_rules_them(qtbot: QtBot) -> None:
    made = plot(qtbot)
    made.append_train([10, 20], [2.0, 1.0])
    made.append_place(20, 40_000, 2.0, 90.0)
    made.tools.log_y.trigger()
    assert line(made, "raw")[1] == pytest.approx(np.log10([2.0, 1.0]))
    for axis, ends, reads in (
        ("characters", [20_000, 40_000], "40 k characters"), ("epochs", [1, 2], "epoch 2.00"),
        ("seconds", [45, 90], "1:30"), ("steps", [10, 20], "step 20"),
    ):  # fmt: skip
        made.tools.by[axis].trigger()
        assert made.axis() == axis and made.tools.by[axis].isChecked()
        assert line(made, "raw")[0] == ends
        assert made.reading(ends[1]).startswith(f"{reads} · train 1.0000")


def test_smoothing_control_smooths_again(qtbot: QtBot) -> None:
    made = plot(qtbot)
    noisy = FALL + np.random.default_rng(1).normal(0, 0.2, len(FALL))
    made.append_train(np.arange(len(noisy)), noisy)
    rough = np.abs(np.diff(made.run.train.average.y)).mean()
    made.set_smoothing(0.99)
    assert np.abs(np.diff(made.run.train.average.y)).mean() < rough / 3
    made.append_train([2001], [1.4])
    assert len(made.run.train.average) == made.point_count()


def test_several_runs_each_in_its_own_colour_and_dashes(qtbot: QtBot) -> None:
    made = plot(qtbot)
    made.append_train([100, 200], [2.0, 1.75])
    made.append_validation(200, 1.75)
    made.set_comparisons([other(f"run {n}", 3.0, 2.0 + n / 8) for n in range(7)])
    shown = [made.canvas.line(str(n)) for n in range(MOST_RUNS)]
    assert made.canvas.line(str(MOST_RUNS)) is None
    assert len({run.colour for run in shown if run}) == len({run.dash for run in shown if run}) == MOST_RUNS
    assert made.legend.isVisible()
    assert made.legend.names() == ["train", "validation", *(f"run {n}" for n in range(MOST_RUNS))]
    assert made.legend.accessibleName().endswith("run 4")
    rows = made.reading(190).splitlines()
    assert rows[0].startswith("step 200 · train 1.7500, smoothed 1.8718 · validation 1.7500 nats")
    assert rows[1:3] == ["run 0: validation 2.0000", "run 1: validation 2.1250"]
    assert "Lowest on held-out text: this run with 1.750 nats; then “run 0” 2.000 (+0.250)" in made.sentence()
    made.set_unit("bits")
    assert "2.885" in made.sentence(), "of the others too"
    made.set_comparisons([])
    assert made.canvas.line("0") is None and not made.legend.isVisible()
    assert "Lowest" not in made.sentence()


def test_runs_alone_can_be_compared_and_are_aligned(qtbot: QtBot) -> None:
    made = plot(qtbot)
    made.set_comparisons([other("fast", 3.0, 2.0, seconds=0.5), other("slow", 3.0, 2.5, seconds=2.0)])
    assert made.canvas.isVisible()
    assert line(made, "0")[0] == line(made, "1")[0] == [100, 200]
    made.set_axis("seconds")
    assert (line(made, "0")[0], line(made, "1")[0]) == ([50, 100], [200, 400])
    assert made.canvas.seen()[0][1] >= 400
    assert made.reading(200) == "3:20 · nats\nfast: validation 2.0000\nslow: validation 3.0000"
    QTest.keyClick(made.canvas, Qt.Key.Key_Left)
    assert made.reading_place() == 50


def test_a_run_that_does_not_know_the_axis_is_named(qtbot: QtBot) -> None:
    made = plot(qtbot)
    old = RunCurve("old")
    old.append_train([1, 2], [3.0, 2.0])
    made.set_comparisons([old, other("new", 2.0)])
    assert made.canvas.line("0") is not None
    made.set_axis("epochs")
    assert made.canvas.line("0") is None and made.canvas.line("1") is not None
    assert "Not shown, as its log does not tell its epochs: “old”." in made.sentence()
    made.set_comparisons([old])
    assert made.empty.isVisible() and "choose another axis" in made.empty.sentence


def test_losses_of_other_texts_are_not_compared_in_silence(qtbot: QtBot) -> None:
    made = plot(qtbot)
    made.describe("mine", "ab")
    made.append_validation(1, 2.0)
    made.set_comparisons([other("same", 2.5)])
    made.compared()[0].text = "ab"
    made.redraw()
    assert "different texts" not in made.sentence()
    made.compared()[0].text = "cd"
    made.redraw()
    assert "different texts" in made.sentence()


def test_the_gradient_of_each_layer(qtbot: QtBot) -> None:
    made = plot(qtbot)
    steps = np.arange(1, 101)
    made.append_train(steps, FALL[:100], np.tile([0.01, 1.0, 100.0], (100, 1)))
    made.redraw()
    QTest.mouseClick(made.switch.buttons["gradient"], Qt.MouseButton.LeftButton)
    assert made.view() == "gradient" and not made.tools.bits.isEnabled()
    names = [drawn.name for drawn in made.canvas.lines() if drawn.name]
    assert names == ["embedding", "layer 1", "head"]
    assert made.scales().log_y, "norms differ by powers of ten"
    assert line(made, "head")[1][0] == pytest.approx(2.0)
    assert made.reading(7) == "step 7 · embedding 0.01 · layer 1 1 · head 100"
    assert "vanishes" in made.sentence() and "explodes" in made.sentence()
    QTest.keyClick(made.canvas, Qt.Key.Key_Left)
    assert made.reading_place() == 99
    QTest.mouseClick(made.switch.buttons["loss"], Qt.MouseButton.LeftButton)
    assert not made.scales().log_y and made.canvas.line("train") is not None


def test_zero_gradients_draw_nothing_on_a_logarithmic_axis(qtbot: QtBot) -> None:
    made = plot(qtbot)
    made.append_train([1, 2], [2.0, 1.0], np.zeros((2, 3)))
    made.set_view("gradient")
    assert made.empty.isVisible() and "no logarithm" in made.empty.sentence
    made.set_log_y(False)
    assert made.canvas.isVisible()


def test_without_gradients_a_sentence(qtbot: QtBot) -> None:
    made = plot(qtbot)
    made.append_train([1, 2], [2.0, 1.0])
    made.set_view("gradient")
    assert made.empty.isVisible() and "told none" in made.empty.sentence


def test_many_layers_have_a_legend_where_their_names_have_no_room(qtbot: QtBot) -> None:
    made = plot(qtbot)
    made.append_train([1, 2], [2.0, 1.0], np.tile(np.arange(1.0, 11.0), (2, 1)))
    made.set_view("gradient")
    made.canvas.setFixedHeight(110)
    QApplication.processEvents()
    made.redraw()
    assert made.legend.names() == ["embedding", *(f"layer {n}" for n in range(1, 9)), "head"]
    assert not any(label.isVisible() for label in made.canvas.names)
    styles = {(drawn.colour, drawn.dash) for drawn in made.canvas.lines() if drawn.name}
    assert len(styles) == 10, "told apart by colour or dashes"
    assert len(set(DASHES)) == len(DASHES)


def test_names_of_lines_do_not_cover_each_other(qtbot: QtBot) -> None:
    made = plot(qtbot)
    made.append_train([1, 2, 3], [2.0, 1.5, 1.40])
    made.append_validation(3, 1.40)
    made.set_comparisons([other("a rather long name of another run", 2.0, 1.41, every=1)])
    shown = sorted((label.geometry() for label in made.canvas.names if label.isVisible()), key=lambda r: r.top())
    assert len(shown) == 3
    assert all(a.bottom() < b.top() for a, b in itertools.pairwise(shown))
    assert all(r.right() <= made.canvas.width() for r in shown)


def test_the_readout_stays_on_the_plot(qtbot: QtBot) -> None:
    made = plot(qtbot)
    made.append_train(np.arange(1, 101), FALL[:100])
    made.set_comparisons([other("n" * 70, 2.0) for _ in range(5)])
    for place in (2, 50, 99):
        made.set_reading_place(place)
        assert made.canvas.rect().contains(made.canvas.readout.geometry())


def test_plot_follows_the_theme(qapp: QApplication, qtbot: QtBot) -> None:
    made = plot(qtbot)
    made.append_train([1, 2, 3], [2.0, 1.5, 1.4])
    made.redraw()
    theme.apply(qapp, "dark")
    image = made.canvas.grab().toImage()
    assert image.pixelColor(image.width() - 3, image.height() // 2) == QColor(theme.DARK.surface)
    drawn = made.canvas.line("train")
    assert drawn is not None and drawn.colour == theme.DARK.ink_2


def test_pointing_reads_and_leaving_ends_it(qtbot: QtBot) -> None:
    made = plot(qtbot)
    made.append_train(np.arange(1, 101), FALL[:100])
    made.redraw()
    QApplication.processEvents()
    made.canvas._hovered(made.canvas.mapToScene(QPoint(made.canvas.width() // 2, made.canvas.height() // 2)))
    assert made.canvas.readout.isVisible() and 20 < (made.reading_place() or 0) < 80
    made.canvas._hovered(made.canvas.mapToScene(QPoint(2, 2)))
    assert not made.canvas.readout.isVisible()
