"""The state strip and the vocabulary grid."""

import time

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QColor
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from chargen.gui import theme
from chargen.gui.widgets.state_strip import StateStrip, squeeze
from chargen.gui.widgets.vocabulary_grid import VocabularyGrid, full_name, visible_name


def strip(qtbot, values) -> StateStrip:
    made = StateStrip()
    qtbot.addWidget(made)
    made.resize(200, 34)
    made.set_state(np.asarray(values, dtype=np.float32))
    made.show()
    return made


def test_strip_diverges_around_zero_in_both_themes(qapp: QApplication, qtbot) -> None:
    made = strip(qtbot, [[1.0, 0.0, -1.0, 5.0], [0.0, 0.0, 0.0, -1.0]])
    for choice in ("light", "dark"):
        theme.apply(qapp, choice)
        t = theme.tokens()
        image = made.grab().toImage()
        seen = [image.pixelColor(x, 5) for x in (25, 75, 125, 175)]
        assert seen == [QColor(c) for c in (t.data_1, t.rail, t.data_2, t.data_1)]
        assert image.pixelColor(175, 28) == QColor(t.data_2)


def test_squeezing_keeps_the_strongest_with_its_sign() -> None:
    values = np.zeros((1, 1000), dtype=np.float32)
    values[0, 501] = -0.9
    values[0, 503] = 0.5
    small = squeeze(values, 100)
    assert small.shape == (1, 100)
    assert small.min() == pytest.approx(-0.9)
    assert small.max() == 0
    assert squeeze(values, 2000) is values


def test_strip_reads_units_by_mouse_and_key(qtbot) -> None:
    made = strip(qtbot, [[0.5, -0.25], [1.0, 0.0]])
    assert made.unit_at(QPoint(150, 4)) == (0, 1)
    assert made.unit_at(QPoint(500, 4)) is None
    assert made.reading(0, 1) == "Layer 1, unit 2: -0.250"
    assert "2 layers of 2 units" in made.accessibleDescription()
    with qtbot.waitSignal(made.unit_activated) as told:
        QTest.mouseClick(made, Qt.MouseButton.LeftButton, pos=QPoint(150, 30))
    assert told.args == [1, 1]
    QTest.keyClick(made, Qt.Key.Key_Left)
    QTest.keyClick(made, Qt.Key.Key_Left)
    assert made.current_unit() == (1, 0)
    assert made.accessibleDescription() == "Layer 2, unit 1: +1.000"


def test_strip_takes_a_batch_of_one_and_refuses_others(qtbot) -> None:
    made = strip(qtbot, np.zeros((2, 1, 8)))
    assert made.state().shape == (2, 8)
    with pytest.raises(ValueError, match="layers"):
        made.set_state(np.zeros(8, dtype=np.float32))
    made.set_state(None)
    assert made.accessibleDescription() == "No state"
    made.grab()
    made.set_state(np.full((1, 3), np.nan, dtype=np.float32))
    made.grab()


@pytest.mark.parametrize(
    ("character", "name"),
    [(" ", "space"), ("\n", "newline"), ("\t", "tab"), ("\u200b", "U+200B"), ("\x00", "U+0000"), ("e", "e")],
)
def test_invisible_characters_have_names(character: str, name: str) -> None:
    assert visible_name(character) == name


def test_full_names() -> None:
    assert full_name("e") == "e, U+0065 LATIN SMALL LETTER E"
    assert full_name("\u200b") == "U+200B ZERO WIDTH SPACE"


def grid(qtbot, counts) -> VocabularyGrid:
    made = VocabularyGrid()
    qtbot.addWidget(made)
    made.resize(300, 240)
    made.show()
    made.set_counts(counts)
    return made


def test_grid_orders_and_weighs_by_frequency(qtbot) -> None:
    made = grid(qtbot, [("a", 5), ("e", 1000), ("z", 1)])
    assert made.symbols() == ["e", "a", "z"]
    assert made.weight(1000) == 1.0
    assert made.weight(5) > made.weight(1)
    assert made.reading(0) == "e, U+0065 LATIN SMALL LETTER E · 1,000 times (99 %)"
    assert "once" in made.reading(2)
    image = made.viewport().grab().toImage()

    def ground(index: int) -> QColor:
        return image.pixelColor(made.cell_rect(index).topLeft() + QPoint(8, 5))

    assert ground(0) != ground(2), "frequent symbols are warmer"


def test_grid_by_keyboard_and_mouse(qtbot) -> None:
    made = grid(qtbot, [(chr(97 + i), 100 - i) for i in range(26)])
    QTest.keyClick(made, Qt.Key.Key_Right)
    QTest.keyClick(made, Qt.Key.Key_Right)
    assert made.current() == "b"
    QTest.keyClick(made, Qt.Key.Key_Down)
    assert made.current() == chr(98 + made.columns())
    QTest.keyClick(made, Qt.Key.Key_End)
    assert made.current() == "z"
    assert "U+007A" in made.accessibleDescription()
    with qtbot.waitSignal(made.activated) as told:
        QTest.keyClick(made, Qt.Key.Key_Return)
    assert told.args == ["z"]
    made.verticalScrollBar().setValue(0)
    with qtbot.waitSignal(made.activated) as told:
        QTest.mouseClick(made.viewport(), Qt.MouseButton.LeftButton, pos=made.cell_rect(1).center())
    assert told.args == ["b"]


def test_ten_thousand_symbols_do_not_hang(qtbot) -> None:
    start = time.perf_counter()
    made = grid(qtbot, [(chr(0x4E00 + i), 10_000 - i) for i in range(10_000)])
    bar = made.verticalScrollBar()
    for value in (0, bar.maximum() // 2, bar.maximum()):
        bar.setValue(value)
        made.viewport().grab()
    QTest.keyClick(made, Qt.Key.Key_End)
    assert time.perf_counter() - start < 2.0
    assert made.cell_rect(9_999).bottom() <= made.viewport().height()
