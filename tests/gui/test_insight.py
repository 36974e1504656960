"""The Insight page: texts scored as the core scores them, stopped, refused in place, looked at, taken away."""

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QMimeData, Qt
from PySide6.QtGui import QGuiApplication
from pytestqt.qtbot import QtBot

from chargen.gui import settings_store
from chargen.gui.desk import Desk
from chargen.gui.main_window import MainWindow
from chargen.gui.memory import Memory
from chargen.gui.pages.insight import InsightPage
from chargen.gui.pages.insight_panel import one_line
from chargen.gui.pages.insight_telling import character_words, comparison
from chargen.gui.settings_store import WindowSettings
from chargen.gui.widgets import heat
from chargen.model.model_file import Model
from chargen.model.state import HiddenState
from chargen.model.state_library import StateLibrary
from chargen.sampling.commands import Stop
from chargen.sampling.surprise import score_text
from tests.gui.helpers import HeldJob, drop
from tests.gui.write_helpers import AnsweringPickers, build_model, make_desk, opened

TEXT = "the tide is in, and nobody has come.\nthen count them. count the ones that did not.\n" * 4


@pytest.fixture
def page(qtbot: QtBot, desk: Desk, files: AnsweringPickers) -> InsightPage:
    page = InsightPage(desk, files)
    qtbot.addWidget(page)
    page.resize(1196, 700)
    page.show()
    desk._set_model(opened(build_model()))
    return page


def scored(qtbot: QtBot, page: InsightPage) -> Any:
    qtbot.waitUntil(lambda: not page._desk.busy_with())
    return page._score


def expected(text: str, key: Any = None, model: Model | None = None) -> Any:
    model = model or build_model()
    return score_text(model, text, key or HiddenState.zero(model.config))


def test_a_pasted_text_is_scored_by_itself(qtbot: QtBot, page: InsightPage) -> None:
    assert page.is_editing()
    QGuiApplication.clipboard().setText(TEXT.replace("\n", "\r\n"))
    page.entry.paste()
    assert not page.is_editing() and page.view.text() == TEXT
    score, right = scored(qtbot, page), expected(TEXT)
    np.testing.assert_array_equal(score.bits, right.bits)
    assert page.result.number.text() == f"{right.bits_per_character:.2f}"
    assert f"{len(TEXT) - 1:,} characters" in page.result.beside.text()
    assert bytes(page.view._levels) == heat.levels(right.bits * np.log(2))  # tinted as in the sample view
    other = "and now for something else, and longer than that it is not."
    QGuiApplication.clipboard().setText(other)
    qtbot.keyClick(page.view, Qt.Key.Key_V, Qt.KeyboardModifier.ControlModifier)
    assert scored(qtbot, page).text == other


def test_passages_scroll_to_and_mark_what_they_name(qtbot: QtBot, page: InsightPage) -> None:
    text = "the tide is in, and nobody has come.\n" * 200
    page.take(text)
    score = scored(qtbot, page)
    worst, _best = score.passages
    assert [row.first for row in page.result.worst.rows()] == [each.first for each in worst[:4]]
    row = max(page.result.worst.rows() + page.result.best.rows(), key=lambda each: each.first)
    shown = page.result.worst if row in page.result.worst.rows() else page.result.best
    page.view.verticalScrollBar().setValue(0)
    shown.list.setCurrentRow(shown.rows().index(row))
    assert page.view._marked == (row.first, row.last)
    rect = page.view.character_rect(row.first)
    assert 0 <= rect.top() < page.view.viewport().height()
    assert row.words == one_line(text[row.first : row.last])
    other = page.result.best if shown is page.result.worst else page.result.worst
    other.list.setCurrentRow(0)
    assert shown.list.currentRow() == -1  # one is marked at a time


def test_typing_is_scored_after_a_pause_and_by_the_button(qtbot: QtBot, page: InsightPage) -> None:
    page._pause.setInterval(1)
    page.entry.setPlainText("the tide is in")
    qtbot.waitUntil(lambda: not page._pause.isActive())
    assert page._score is None  # too short to say anything by itself
    page.score_button.click()
    assert scored(qtbot, page).text == "the tide is in" and not page.is_editing()
    page.edit_button.click()
    assert page.entry.text() == "the tide is in"
    page.entry.setPlainText("the tide is in, and nobody has come, nor will they.")
    qtbot.waitUntil(lambda: page._score is not None and page._score.text.endswith("will they."))
    assert page.is_editing()  # the figures come; the hand is not disturbed
    page.result.chosen.emit(0, 8)
    assert not page.is_editing() and page.view._marked == (0, 8)


def test_unknown_characters_are_named_and_left_out(qtbot: QtBot, page: InsightPage) -> None:
    page.take("the tide ß is in, and é nobody has come at all.")
    score = scored(qtbot, page)
    assert score.unknown == ("ß", "é")
    assert "“ß” and “é”" in page.result.unknown.text() and page.result.unknown.kind() == "caution"
    assert page.view._levels[9] == heat.NONE


@pytest.mark.parametrize(
    ("text", "word"), [("", "nothing to score"), (" \n\t", "nothing to score"), ("ÄÖÜ", "knows no character")]
)
def test_what_cannot_be_scored_is_refused_in_place(qtbot: QtBot, page: InsightPage, text: str, word: str) -> None:
    page.take(text)
    qtbot.waitUntil(lambda: page.banner.isVisible())
    assert word in page.banner.label.text()
    assert page._score is None and not page.export_button.isEnabled()
    page.edit()
    page.entry.clear()
    page.score_button.click()
    assert "no text yet" in page.banner.label.text()


def test_a_refused_text_leaves_the_scored_one(qtbot: QtBot, page: InsightPage, tmp_path: Path) -> None:
    page.take(TEXT)
    before = scored(qtbot, page)
    binary = tmp_path / "picture.txt"
    binary.write_bytes(bytes(range(256)) * 20)
    page.open_paths([binary])
    qtbot.waitUntil(lambda: page.banner.isVisible())
    assert "picture.txt" in page.banner.label.text() and "--" not in page.banner.label.text()
    page.take("  ")
    assert page._score is before and page.view.text() == TEXT


def test_a_file_is_opened(qtbot: QtBot, page: InsightPage, files: AnsweringPickers, tmp_path: Path) -> None:
    file = tmp_path / "tide.txt"
    file.write_text(TEXT)
    page.open_paths([file])
    assert scored(qtbot, page).text == TEXT
    assert "tide" in page.figures.text()


def test_without_a_model_it_says_what_to_do(qtbot: QtBot, page: InsightPage, desk: Desk) -> None:
    desk._set_model(None)
    assert page.is_empty()
    page.take(TEXT)
    assert "Open a model" in page.banner.label.text() and not page.is_empty()
    desk._set_model(opened(build_model()))
    assert scored(qtbot, page).text == TEXT  # and then it does it


def test_what_reading_starts_from(qtbot: QtBot, page: InsightPage, desk: Desk) -> None:
    model = build_model()
    StateLibrary().keep(HiddenState.random(model.config, 4, 0.9), "wild")
    page.hide()
    page.show()
    qtbot.waitUntil(lambda: page.result.start.findText("wild") >= 0)
    page.take(TEXT)
    plain = scored(qtbot, page).bits
    row = page.result.start.findText("wild")
    page.result.start.setCurrentIndex(row)
    page.result.start.activated.emit(row)
    other = scored(qtbot, page).bits
    np.testing.assert_array_equal(other, expected(TEXT, HiddenState.random(model.config, 4, 0.9)).bits)
    assert not np.array_equal(plain[1:9], other[1:9])
    (StateLibrary().cards()[0].path).unlink()
    page.score_button.click()
    qtbot.waitUntil(lambda: page.banner.isVisible())
    assert "wild" in page.banner.label.text()


def test_another_model_scores_again_but_the_one_that_learns_only_when_asked(
    qtbot: QtBot, page: InsightPage, desk: Desk
) -> None:
    page.take(TEXT)
    scored(qtbot, page)
    desk._set_model(opened(build_model(seed=1)))
    assert scored(qtbot, page).model_fingerprint == build_model(seed=1).fingerprint
    desk._set_model(opened(build_model(seed=2), live=True))
    assert scored(qtbot, page).model_fingerprint == build_model(seed=1).fingerprint
    page.score_button.click()
    assert scored(qtbot, page).model_fingerprint == build_model(seed=2).fingerprint
    page.hide()
    desk._set_model(opened(build_model(seed=3)))
    assert not desk.busy_with()
    page.show()
    assert scored(qtbot, page).model_fingerprint == build_model(seed=3).fingerprint


def test_stopped_it_shows_what_was_read(qtbot: QtBot, files: AnsweringPickers) -> None:
    desk = make_desk(inline=False)
    page = InsightPage(desk, files)
    qtbot.addWidget(page)
    page.show()
    desk._set_model(opened(build_model(hidden=64)))
    page.take("the tide is in, and nobody has come.\n" * 30_000)
    assert page.score_button.text() == "Stop"
    qtbot.waitUntil(lambda: page._count > 0, timeout=10_000)
    page.score_button.click()
    qtbot.waitUntil(lambda: page._job is None, timeout=10_000)
    assert page._score is not None and not page._score.complete
    assert 0 < page._score.characters < 30_000 * 37 and "Stopped after" in page.banner.label.text()
    assert page.result.worst.rows() and page.export_button.isEnabled()
    with qtbot.waitSignal(desk.closed, timeout=10_000):
        desk.shutdown()


def test_another_text_leaves_the_one_that_is_read(qtbot: QtBot, files: AnsweringPickers) -> None:
    jobs: list[HeldJob] = []

    def held(name: str, work: Any) -> HeldJob:
        jobs.append(HeldJob(name, work))
        return jobs[-1]

    desk = Desk(make_job=held)
    page = InsightPage(desk, files)
    qtbot.addWidget(page)
    desk._set_model(opened(build_model()))
    page.show()
    page.take(TEXT)
    first = next(job for job in jobs if job.name == "score")
    page.score_or_stop()
    assert [type(command) for command in first.commands] == [Stop]
    page.take("something else, then")
    assert first.cancelled and page.view.text() == "something else, then"
    desk.shutdown()


def test_the_score_is_exported(qtbot: QtBot, page: InsightPage, files: AnsweringPickers, tmp_path: Path) -> None:
    page.take(TEXT)
    scored(qtbot, page)
    files.answer = tmp_path / "a.json"
    page.export_button.click()
    qtbot.waitUntil(lambda: page.banner.isVisible())
    assert json.loads(files.answer.read_text())["text"] == TEXT
    files.answer = tmp_path / "a.xyz"
    page.export_button.click()
    qtbot.waitUntil(lambda: ".xyz" in page.banner.label.text())


def test_every_character_says_what_it_cost(qtbot: QtBot, page: InsightPage) -> None:
    page.take(TEXT)
    bits = scored(qtbot, page).bits
    page.view.character_hovered.emit(5, page.view.character_rect(5))
    assert page.figures.text() == character_words("“i”", float(bits[5]))
    page.view.character_hovered.emit(0, page.view.character_rect(0))
    assert "not predicted" in page.figures.text()


@pytest.mark.parametrize(
    ("bits", "characters", "words"),
    [
        (1.8, 900, "reads like the text it learned"),
        (1.2, 900, "read it before"),
        (2.5, 900, "somewhat unlike"),
        (4.0, 900, "is unlike"),
        (4.9, 900, "as chance"),
        (1.8, 20, "says little"),
    ],
)
def test_the_score_beside_the_models_own(bits: float, characters: int, words: str) -> None:
    model = build_model()
    model = Model(model.config, model.vocabulary, model.tensors, {"validation_loss": 1.8 * math.log(2)})
    assert words in comparison(model, bits, characters)
    if words != "as chance":
        assert "1.80" in comparison(model, bits, characters)
    for strange in (None, "x", float("nan"), -1.0, True):  # a file from a stranger
        other = Model(model.config, model.vocabulary, model.tensors, {"validation_loss": strange})
        assert "not in its file" in comparison(other, 2.0, 900)


# --- in the window


def test_a_draft_is_scored_and_a_text_dropped(qtbot: QtBot, files: AnsweringPickers, tmp_path: Path) -> None:
    window = MainWindow(make_desk(), WindowSettings(), files)
    qtbot.addWidget(window)
    window.show()
    window.desk._set_model(opened(build_model()))
    window.show_page("write")
    write: Any = window.page("write")
    write.score()
    assert "nothing to score" in write.banner.label.text()
    write.controls.prompt.set_text("the tide")
    write.controls.length.setValue(80)
    write.write_button.click()
    qtbot.waitUntil(lambda: not write.is_writing())
    write.score_button.click()
    assert window.current_page() == "insight"
    insight: Any = window.page("insight")
    qtbot.waitUntil(lambda: insight._score is not None)
    assert insight._score.text == write._draft.text
    file = tmp_path / "tide.txt"
    file.write_text(TEXT)
    drop(window.overlay, [file])
    qtbot.waitUntil(lambda: insight._score is not None and insight._score.text == TEXT)
    assert window.desk.corpus is None  # it was to be scored, not learned
    with qtbot.waitSignal(window.finished, timeout=10_000):
        window.close()


def test_the_text_comes_back(qtbot: QtBot, files: AnsweringPickers) -> None:
    for first in (True, False):
        settings = WindowSettings() if first else settings_store.load()[0]
        window = MainWindow(make_desk(), settings, files)
        memory = Memory(window, settings)
        qtbot.addWidget(window)
        window.show()
        memory.bring_back()
        window.desk._set_model(opened(build_model()))
        window.show_page("insight")
        page: Any = window.page("insight")
        if first:
            page.take(TEXT, "tide")
            page.monospace.setChecked(True)
        qtbot.waitUntil(lambda page=page: page._score is not None)
        assert page._score.text == TEXT and page.monospace.isChecked()
        with qtbot.waitSignal(window.finished, timeout=10_000):
            window.close()


def test_what_was_remembered_badly_is_left_out(page: InsightPage) -> None:
    page.recall({"text": 5, "start": [], "monospace": "x", "name": None, "editing": 3})
    page.recall({"text": "x" * 30_000})
    assert page._text == "" and page.is_editing()


def test_a_long_paste_is_not_put_into_the_field(qtbot: QtBot, files: AnsweringPickers) -> None:
    desk = Desk(make_job=HeldJob)
    page = InsightPage(desk, files)
    qtbot.addWidget(page)
    desk._set_model(opened(build_model()))
    page.entry.setPlainText("before it")
    mime = QMimeData()
    mime.setText("the tide is in\n" * 6_000)
    page.entry.insertFromMimeData(mime)
    assert len(page.view.text()) == 90_000 and not page.is_editing()
    assert page.edit_button.text() == "New text"
    page.edit_button.click()
    assert page.entry.text() == ""
    page.entry.setPlainText("before")
    page.entry.moveCursor(page.entry.textCursor().MoveOperation.End)
    mime.setText(" and after")
    page.entry.insertFromMimeData(mime)
    assert page.entry.text() == "before and after"
    desk.shutdown()
