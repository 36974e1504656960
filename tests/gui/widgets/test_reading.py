"""The reading view: exact text, quick at any length, at the end only if one was there."""

import time
import tracemalloc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QColor, QGuiApplication, QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from chargen.gui import theme
from chargen.gui.widgets import heat
from chargen.gui.widgets.reading_column import KEPT_LAYOUTS
from chargen.gui.widgets.reading_text import CHUNK, ReadingText, displayable, from_utf16, to_utf16
from chargen.gui.widgets.text_preview import PREVIEW_CHARACTERS, Mark, TextPreview
from chargen.gui.widgets.text_view import SampleView

LINES = "The lamp was low before the tide had turned.\n"


def view(qtbot, width: int = 700, height: int = 400) -> SampleView:
    made = SampleView()
    qtbot.addWidget(made)
    made.resize(width, height)
    made.show()
    return made


@given(st.lists(st.text(alphabet=st.sampled_from("ab \n🌊é"), max_size=40), max_size=12))
def test_pieces_make_the_whole(pieces: list[str]) -> None:
    content = ReadingText()
    for piece in pieces:
        content.append(piece)
    whole = "".join(pieces)
    assert content.text() == whole
    assert len(content) == len(whole)
    for offset in range(len(whole) + 1):
        index = content.find(offset)
        assert content.start(index) <= offset <= content.start(index) + len(content.paragraph(index)) + 1


CHANGES = st.one_of(st.text("ab \n", max_size=30), st.integers(0, 99), st.tuples(st.integers(0, 9), st.integers(1, 4)))


@given(st.lists(CHANGES, max_size=15))
def test_every_paragraph_stands_below_the_ones_before(changes: list[object]) -> None:
    content = ReadingText()
    for change in changes:
        if isinstance(change, str):
            content.append(change)
        elif isinstance(change, int):
            content.truncate(change)
        elif change[0] < content.count:
            content.set_lines(*change)
    lines = [content.top(index + 1) - content.top(index) for index in range(content.count)]
    assert content.top(0) == 0 < min(lines)
    for change in changes:
        if isinstance(change, tuple) and change[0] < content.count:
            content.set_lines(*change)
            assert content.top(change[0] + 1) - content.top(change[0]) == change[1]
    places = [index for index in range(content.count) for _ in range(content.top(index + 1) - content.top(index))]
    assert [content.at_line(line) for line in range(content.top(content.count))] == places


@given(st.text(alphabet="ab ", min_size=0, max_size=5 * CHUNK), st.integers(0, 5000), st.integers(0, 5000))
def test_a_line_without_end_is_cut_and_whole_again(line: str, first: int, last: int) -> None:
    content = ReadingText()
    content.append(line)
    assert all(len(content.paragraph(i)) <= CHUNK for i in range(content.count))
    assert content.slice(first, last) == line[first:last]


@given(st.text(alphabet="a🌊é\U0010ffff", max_size=30))
def test_utf16_and_back(text: str) -> None:
    for index in range(len(text) + 1):
        assert from_utf16(text, to_utf16(text, index)) == index


def test_every_character_can_be_drawn_in_its_line() -> None:
    text = "a\x00\x1b\r\u2028\u2029\x85\ud800b\tc"
    shown = displayable(text)
    assert len(shown) == len(text)
    assert not set(shown) & set("\x00\x1b\r\u2028\u2029\x85\ud800")
    assert "\t" in shown


def test_text_is_known_at_once_and_shown_in_batches(qtbot) -> None:
    made = view(qtbot)
    for character in "Hello <b>world</b>\n":
        made.append(character)
    assert made.text() == "Hello <b>world</b>\n"
    assert made.length() == 0, "nothing is laid out a character at a time"
    qtbot.waitUntil(lambda: made.length() == 19)
    made.clear_text()
    assert made.text() == ""


def test_much_at_once_is_shown_in_small_batches(qtbot) -> None:
    made = view(qtbot)
    made.append_characters("abcd" * 1_000, [0.1, 5.0, 0.9, 3.0] * 1_000)
    qtbot.waitUntil(lambda: made.length() > 0)
    assert made.length() < 2_000
    assert made.text() == "abcd" * 1_000
    qtbot.waitUntil(lambda: made.length() == 4_000)


def on_the_screen(made: SampleView) -> QImage:
    """What was painted there, bit by bit."""
    QApplication.processEvents()
    return made.screen().grabWindow(made.winId()).toImage().convertToFormat(QImage.Format.Format_RGB32)


@pytest.mark.parametrize("unit", ["The lamp was low before the tide.\n", "all on one long line, ", "\n"])
def test_what_moves_on_the_screen_is_what_would_be_painted(unit: str, qapp: QApplication, qtbot) -> None:
    theme.apply(qapp, "light")
    made = view(qtbot)
    made.set_ground("paper")
    made.set_tint(True)
    made.set_streaming(True)
    painted = 0
    for number in range(12):
        if number == 9:
            made.verticalScrollBar().setValue(made.verticalScrollBar().maximum() // 2)  # somebody reads further up
        made.append_characters(unit * 3, [0.1, 1.0, 5.0] * len(unit))
        made.flush()
        shown = on_the_screen(made)
        painted += shown != made.grab().toImage().convertToFormat(QImage.Format.Format_RGB32)
    assert painted == 0
    assert shown.pixelColor(2, 2) == QColor(theme.LIGHT.paper)


def test_only_what_is_new_is_painted(qtbot) -> None:
    made = view(qtbot)
    made.set_ground("paper")
    made.append(LINES * 40)
    made.flush()
    on_the_screen(made)
    heights = []
    paint = made.paintEvent
    made.paintEvent = lambda event: (heights.append(event.rect().height()), paint(event))  # type: ignore[method-assign]
    made.append("one line more\n")
    made.flush()
    on_the_screen(made)
    assert heights
    assert max(heights) < made.viewport().height() // 2


def test_clear_drops_what_was_on_the_way(qtbot) -> None:
    made = view(qtbot)
    made.append("old")
    made.clear_text()
    made.append("new")
    made.flush()
    assert made.text() == "new"


def test_follows_the_end_only_if_there(qtbot) -> None:
    made = view(qtbot)
    bar = made.verticalScrollBar()
    made.append(LINES * 60)
    made.flush()
    assert bar.value() == bar.maximum() > 0
    made.append(LINES * 5)
    made.flush()
    assert bar.value() == bar.maximum()
    bar.setValue(100)
    made.append(LINES * 5)
    made.flush()
    assert bar.value() == 100
    bar.setValue(bar.maximum())
    made.append(LINES * 5)
    made.flush()
    assert bar.value() == bar.maximum()


@pytest.mark.parametrize("unit", [LINES, "港", "abcdefg hij"], ids=["lines", "no spaces", "one line"])
def test_a_million_characters_stay_quick(unit: str, qtbot) -> None:
    made = view(qtbot)
    text = (unit * (1_000_000 // len(unit) + 1))[:1_000_000]

    def timed(action) -> float:
        start = time.perf_counter()
        action()
        QApplication.processEvents()
        return time.perf_counter() - start

    assert timed(lambda: made.set_text(text)) < 2.0

    def add() -> None:
        made.append_characters("more", [1.0, 5.0, 0.1, 2.0])
        made.flush()

    bar = made.verticalScrollBar()
    # The best of three: a shared machine may pause any one of them. Laying out the whole takes seconds.
    for action in (add, lambda: bar.setValue(bar.maximum() // 2), lambda: made.resize(made.width() - 9, 400)):
        assert min(timed(action) for _ in range(3)) < 0.25
    assert made.text() == text + "more" * 3


def test_the_line_being_read_stays_when_the_width_changes(qtbot) -> None:
    made = view(qtbot)
    made.set_text("".join(f"{i} " + "word " * 30 + "\n" for i in range(400)))
    bar = made.verticalScrollBar()
    bar.setValue(bar.maximum() // 2)
    before = made.text()[made.offset_at(QPoint(made.column().left(), 20)) :].split("\n")[0:2]
    made.resize(420, 400)
    after = made.text()[made.offset_at(QPoint(made.column().left(), 60)) :].split("\n")[0:3]
    assert set(before) & set(after) or before[1] in after


def test_column_is_a_measure_wide_and_centred(qtbot) -> None:
    made = view(qtbot, 1400)
    column = made.column()
    width = made.viewport().width()
    assert abs(column.left() - (width - column.right() - 1)) <= 1
    assert 400 < column.width() < 800
    made.resize(300, 400)
    assert made.column().right() < made.viewport().width()
    made.resize(1400, 400)
    made.set_centred(False)
    assert made.column().left() < 40


def test_selection_copies_plain_text_over_soft_cuts(qtbot) -> None:
    made = view(qtbot)
    text = "ab " * 1200
    made.set_text(text)
    QTest.keyClick(made, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    QTest.keyClick(made, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    clipboard = QGuiApplication.clipboard()
    assert clipboard.text() == text
    assert not clipboard.mimeData().hasHtml()
    made.select(995, 1010)
    assert made.selected_text() == text[995:1010]


def test_drag_selects(qtbot) -> None:
    made = view(qtbot)
    made.set_text("KEEPER: The lamp was low.")
    start, end = made.character_rect(8), made.character_rect(16)
    viewport = made.viewport()
    QTest.mousePress(viewport, Qt.MouseButton.LeftButton, pos=start.center() - QPoint(start.width() // 2, 0))
    QTest.mouseMove(viewport, end.center() - QPoint(end.width() // 2, 0))
    QTest.mouseRelease(viewport, Qt.MouseButton.LeftButton, pos=end.center())
    assert made.selected_text() == "The lamp"
    QTest.mouseDClick(viewport, Qt.MouseButton.LeftButton, pos=made.character_rect(13).center())
    assert made.selected_text() == "lamp"


def test_click_and_enter_activate_a_character(qtbot) -> None:
    made = view(qtbot)
    made.set_text("🌊 sea and line\nsecond")
    with qtbot.waitSignal(made.character_activated) as told:
        QTest.mouseClick(made.viewport(), Qt.MouseButton.LeftButton, pos=made.character_rect(3).center())
    assert made.text()[told.args[0]] == "e"
    QTest.keyClick(made, Qt.Key.Key_Home, Qt.KeyboardModifier.ControlModifier)
    QTest.keyClick(made, Qt.Key.Key_Right)
    QTest.keyClick(made, Qt.Key.Key_Right)
    with qtbot.waitSignal(made.character_activated) as told:
        QTest.keyClick(made, Qt.Key.Key_Return)
    assert made.text()[told.args[0]] == "s"
    QTest.keyClick(made, Qt.Key.Key_Down)
    assert made.text().index("\n") < made.caret()


def colours(made: SampleView) -> set[str]:
    image = made.viewport().grab().toImage()
    return {image.pixelColor(x, y).name().upper() for x in range(0, image.width(), 2) for y in range(60)}


def test_tint_is_shown_on_demand_in_both_themes(qapp: QApplication, qtbot) -> None:
    made = view(qtbot)
    made.append_characters("MMMMMMMM", [0.0, 0.9, 0.9, 2.0, 2.0, 3.0, 9.0, 9.0])
    made.flush()
    for choice in ("light", "dark"):
        theme.apply(qapp, choice)
        made.set_tint(False)
        assert not colours(made) & set(theme.tokens().heat[1:])
        made.set_tint(True)
        assert set(theme.tokens().heat[1:]) <= colours(made)


def test_a_band_is_behind_its_character_whatever_stands_before(qapp: QApplication, qtbot) -> None:
    theme.apply(qapp, "light")
    made = view(qtbot)
    made.append_characters("\U0001F30A é\U0010ffff x" + " words" * 30 + " M", [0.0] * 187 + [9.0])
    made.set_tint(True)
    made.flush()
    image = made.viewport().grab().toImage()
    warm = QColor(theme.LIGHT.heat[4])
    rect = made.character_rect(187)
    found = [x for x in range(image.width()) if image.pixelColor(x, rect.top() + made._band[0]) == warm]
    assert found
    assert abs(found[0] - rect.left()) <= 1
    assert abs(found[-1] - rect.right()) <= 1
    assert rect.top() > made.character_rect(0).top()


def test_surprises_must_match(qtbot) -> None:
    made = view(qtbot)
    with pytest.raises(ValueError, match="One surprise"):
        made.append_characters("abc", [1.0])


def test_prompt_is_quieter(qtbot) -> None:
    made = view(qtbot)
    made.append_prompt("MMMM")
    made.append("\nWWWW")
    made.flush()
    image = made.viewport().grab().toImage()

    def darkest(offset: int) -> int:
        rect = made.character_rect(offset)
        return min(
            image.pixelColor(x, y).lightness()
            for x in range(rect.left(), rect.right())
            for y in range(rect.top(), rect.bottom())
        )

    assert darkest(1) > darkest(6) + 20


def test_theme_change_repaints_the_text(qapp: QApplication, qtbot) -> None:
    made = view(qtbot)
    made.set_text("MMMM")
    theme.apply(qapp, "dark")
    assert max(QColor(c).lightness() for c in colours(made)) > 200


def test_heat_levels_and_runs() -> None:
    assert [heat.level(v) for v in (0.0, 0.69, 0.7, 1.6, 2.8, 4.2, 50.0)] == [0, 0, 1, 2, 3, 4, 4]
    assert heat.level(float("nan")) == heat.NONE
    assert heat.runs(bytes([0, 1, 1, 255, 3])) == [(1, 3, 1), (4, 5, 3)]
    assert heat.runs(b"") == []


def test_preview_shows_a_beginning_and_its_marks(qtbot) -> None:
    preview = TextPreview()
    qtbot.addWidget(preview)
    preview.resize(600, 300)
    preview.show()
    preview.set_text("x" * (PREVIEW_CHARACTERS + 5))
    assert len(preview.text()) == PREVIEW_CHARACTERS
    assert preview.note() == "The first 40,000 of 40,005 characters."
    preview.set_text("short text")
    assert preview.note() == ""
    before = preview.grab().toImage()
    preview.set_marks([Mark(0, 5, "removed"), Mark(6, 8), Mark(500, 600)])
    assert len(preview.marks()) == 2
    assert "removed by cleaning (1 here)" in preview.note()
    assert preview.grab().toImage() != before


def test_a_character_costs_few_bytes_while_it_streams(qtbot: QtBot) -> None:
    view = SampleView()
    qtbot.addWidget(view)
    view.set_tint(True)
    line = "KEEPER: And set a bowl of salt for every name.\n"
    surprises = np.full(len(line), 1.5, np.float32)

    def stream(lines: int) -> None:
        for _ in range(lines):
            view.append_characters(line, surprises)
            view.flush()

    tracemalloc.start()
    stream(KEPT_LAYOUTS + 20)  # as many layouts as are ever kept
    before = tracemalloc.get_traced_memory()[0]
    stream(400)
    held = (tracemalloc.get_traced_memory()[0] - before) / (400 * len(line))
    tracemalloc.stop()
    assert 2 <= held < 4.6  # itself, its warmth, and its share of a paragraph
