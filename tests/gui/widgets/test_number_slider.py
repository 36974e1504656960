"""A slider and its number: together, exact, never clipped, never empty."""

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QColor, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from chargen.gui import theme
from chargen.gui.widgets.number_slider import NumberSlider


def make(qtbot, *arguments, **keywords) -> NumberSlider:
    slider = NumberSlider(*(arguments or (0.05, 2.0, 0.05, 0.8)), **keywords)
    qtbot.addWidget(slider)
    slider.resize(280, 40)
    slider.show()
    return slider


def test_both_halves_move_together(qtbot) -> None:
    slider = make(qtbot)
    told: list[float] = []
    slider.changed.connect(told.append)
    slider.box.setValue(1.33)
    assert slider.value() == pytest.approx(1.33)
    slider.slider.setValue(slider.slider.maximum())
    assert slider.box.value() == pytest.approx(2.0)
    assert told == pytest.approx([1.33, 2.0])


def test_set_value_shows_without_telling_and_clamps(qtbot) -> None:
    slider = make(qtbot)
    told: list[float] = []
    slider.changed.connect(told.append)
    slider.set_value(99)
    assert (slider.value(), slider.box.value(), told) == (2.0, 2.0, [])
    assert slider.slider.value() == slider.slider.maximum()


def test_typing_an_exact_number_is_kept_off_the_grid(qtbot) -> None:
    slider = make(qtbot)
    slider.box.selectAll()
    QTest.keyClicks(slider.box, "0,73")
    QTest.keyClick(slider.box, Qt.Key.Key_Return)
    assert slider.value() == pytest.approx(0.73)


def test_what_is_out_of_range_is_corrected_not_swallowed(qtbot) -> None:
    slider = make(qtbot)
    slider.box.selectAll()
    QTest.keyClicks(slider.box, "7")
    QTest.keyClick(slider.box, Qt.Key.Key_Return)
    assert slider.value() == pytest.approx(2.0)
    assert slider.box.text() == "2.00"


def test_double_click_restores_the_default(qtbot) -> None:
    slider = make(qtbot)
    slider.set_value(1.5)
    with qtbot.waitSignal(slider.changed) as told:
        QTest.mouseDClick(slider.slider, Qt.MouseButton.LeftButton)
    assert told.args == pytest.approx([0.8])


def test_pressing_the_groove_brings_the_handle(qtbot) -> None:
    slider = make(qtbot)
    QTest.mouseClick(slider.slider, Qt.MouseButton.LeftButton, pos=QPoint(slider.slider.width() - 2, 16))
    assert slider.value() == pytest.approx(2.0)
    QTest.mouseClick(slider.slider, Qt.MouseButton.LeftButton, pos=QPoint(2, 16))
    assert slider.value() == pytest.approx(0.05)


def test_keys_move_by_steps(qtbot) -> None:
    slider = make(qtbot)
    QTest.keyClick(slider.slider, Qt.Key.Key_Right)
    assert slider.value() == pytest.approx(0.85)
    QTest.keyClick(slider.slider, Qt.Key.Key_Home)
    assert slider.value() == pytest.approx(0.05)


def test_log_slider_spreads_ratios(qtbot) -> None:
    slider = make(qtbot, 1e-4, 1.0, 1e-4, 0.01, decimals=5, log=True)
    assert slider.slider.value() == slider.slider.maximum() // 2
    slider.slider.setValue(slider.slider.maximum() // 4)
    assert slider.value() == pytest.approx(0.001)
    assert slider.box.text() == "0.001"
    slider.box.stepBy(20)
    assert slider.value() == pytest.approx(0.01)
    with pytest.raises(ValueError, match="positive"):
        NumberSlider(0, 1, 0.1, 0.5, log=True)


@pytest.mark.parametrize("value", [0.05, 2.0])
def test_handle_is_whole_at_both_ends(value: float, qtbot) -> None:
    slider = make(qtbot)
    slider.set_value(value)
    rect = slider.slider.handle_rect()
    assert rect.left() >= 0
    assert rect.right() <= slider.slider.width()
    assert rect.top() >= 0
    assert rect.bottom() <= slider.slider.height()


@pytest.mark.parametrize("choice", ["light", "dark"])
def test_the_number_is_seen(choice: theme.ThemeName, qapp: QApplication, qtbot) -> None:
    slider = make(qtbot)
    theme.apply(qapp, choice)
    QApplication.processEvents()
    field = slider.box.lineEdit()
    metrics = field.fontMetrics()
    assert field.width() >= metrics.horizontalAdvance(slider.box.text())
    image = slider.box.grab().toImage()
    ink, ground = QColor(theme.tokens().ink).lightness(), QColor(theme.tokens().paper).lightness()
    right = [image.pixelColor(x, y).lightness() for x in range(28, 58) for y in range(8, 28)]
    assert any(abs(lightness - ink) < abs(lightness - ground) for lightness in right), "the box is empty"
    assert field.alignment() & Qt.AlignmentFlag.AlignRight


def test_suffix_stands_in_the_box(qtbot) -> None:
    slider = make(qtbot, 0, 50, 1, 10, decimals=0, suffix="%")
    assert slider.box.text() == "10 %"
    assert slider.box.lineEdit().fontMetrics().horizontalAdvance("50 %") < slider.box.width()


def test_wheel_passes_by_without_focus(qtbot) -> None:
    slider = make(qtbot)
    slider.slider.clearFocus()
    wheel = QWheelEvent(
        QPointF(20, 16), QPointF(20, 16), QPoint(0, 0), QPoint(0, 120),
        Qt.MouseButton.NoButton, Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    slider.slider.wheelEvent(wheel)
    assert slider.value() == pytest.approx(0.8)
    assert not wheel.isAccepted()


def test_both_halves_are_named(qtbot) -> None:
    slider = make(qtbot, name="Temperature")
    assert slider.slider.accessibleName() == slider.box.accessibleName() == "Temperature"
