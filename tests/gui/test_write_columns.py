"""Texts side by side on the Write page: told another temperature, gone on with, looked into, back after a kill."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from chargen.gui.desk import Desk
from chargen.gui.pages.write import WritePage
from chargen.jobs import Job
from chargen.sampling import draft_folder
from chargen.sampling.replay import replay
from chargen.sampling.sampler import Sampler
from tests.gui.compare_helpers import MODEL, change, compose, headings, idle, make_page, texts
from tests.gui.write_helpers import AnsweringPickers, build_model, make_desk, opened


@pytest.fixture
def page(qtbot: QtBot, desk: Desk, tmp_path: Path) -> WritePage:
    page = make_page(qtbot, desk, tmp_path)
    page.write_or_stop()
    idle(qtbot, page)
    page.compare()
    return page


def stream(qtbot: QtBot, page: WritePage, tell: Callable[[], None]) -> None:
    """Compare, tell something amid, and stop."""
    page._desk._make_job = Job
    page.controls.length.setValue(1_000_000)
    page.write_button.click()
    qtbot.waitUntil(lambda: all(len(text) > 30 for text in texts(page)))
    tell()
    seen = max(map(len, texts(page)))
    qtbot.waitUntil(lambda: all(len(text) > seen + 500 for text in texts(page)))
    page.write_button.click()
    idle(qtbot, page)


def test_the_slider_and_the_steering_act_on_all_of_them(qtbot: QtBot, page: WritePage) -> None:
    change(page, "top_k", "2", "5")

    def tell() -> None:
        page.controls.temperature.box.setValue(1.7)
        page.controls.controls["steer"].setText("1.2=0.5")  # type: ignore[attr-defined]
        page.controls.controls["steer"].editingFinished.emit()  # type: ignore[attr-defined]

    stream(qtbot, page, tell)
    samples = page._draft.samples()
    assert len({sample.temperature_changes for sample in samples}) == 1 and samples[0].temperature_changes[-1][1] == 1.7
    assert [steer for _, steer in samples[1].steering_changes] == ["1.2=0.5"]
    assert all(replay(MODEL, sample).text == sample.text for sample in samples)
    assert all(part.sample.document == text for part, text in zip(page._draft.parts, texts(page), strict=True))


def choose_random(page: WritePage) -> None:
    """Another seed state, as a person chooses it in the menu."""
    menu = page.seed_state.control.menu
    menu.setCurrentIndex(menu.findData("random"))
    menu.activated.emit(menu.findData("random"))


def test_another_seed_state_acts_on_all_of_them(qtbot: QtBot, page: WritePage) -> None:
    change(page, "top_k", "2", "5")
    stream(qtbot, page, lambda: choose_random(page))
    samples = page._draft.samples()
    assert len({sample.state_changes[0][0] for sample in samples}) == 1
    assert all(len(sample.state_changes) == 1 and replay(MODEL, sample).text == sample.text for sample in samples)
    assert "the text is written from this state" in page.seed_state.control.message.text()


def test_seed_states_that_are_compared_stay(qtbot: QtBot, page: WritePage) -> None:
    page._change_chosen("seed_state")
    said: list[str] = []

    def tell() -> None:
        choose_random(page)
        said.append(page.columns.message.text())

    stream(qtbot, page, tell)
    assert "so they stay as they are" in said[0] and page._desk.written_with is None
    assert all(sample.state_changes == () for sample in page._draft.samples())


def test_what_is_compared_says_that_it_stays(qtbot: QtBot, page: WritePage) -> None:
    said = []

    def tell() -> None:
        page.controls.temperature.box.setValue(1.7)
        said.append(page.columns.message.text())

    stream(qtbot, page, tell)
    assert said == ["These texts differ in their temperature, so they stay as they are."]
    assert not any(sample.temperature_changes for sample in page._draft.samples())
    assert page.columns.message.text().startswith("All else is as set")


def choose(page: WritePage, key: str) -> None:
    menu = page.seed_state.control.menu
    menu.setCurrentIndex(menu.findData(key))
    menu.activated.emit(menu.findData(key))


def test_another_seed_state_reaches_all_of_them(qtbot: QtBot, page: WritePage) -> None:
    change(page, "top_k", "2", "5")
    stream(qtbot, page, lambda: choose(page, "random"))
    samples = page._draft.samples()
    assert len({tuple(at for at, _ in sample.state_changes) for sample in samples}) == 1
    assert samples[0].state_changes and all(replay(MODEL, sample).text == sample.text for sample in samples)
    said = []
    change(page, "seed_state", "zeros", "random")

    def tell() -> None:
        choose(page, "zeros")
        qtbot.waitUntil(lambda: "differ" in page.columns.message.text())
        said.append(page.columns.message.text())

    page.columns.columns[1].field.set_value("set")
    page.columns.columns[0].field.set_value("zeros")
    stream(qtbot, page, tell)
    assert said == ["These texts differ in their seed state, so they stay as they are."]
    assert not any(sample.state_changes for sample in page._draft.samples())


def test_they_are_gone_on_with(qtbot: QtBot, page: WritePage) -> None:
    assert not page.continue_button.isEnabled() and page.continue_button.isVisible()
    first = compose(qtbot, page)
    page.continue_button.click()
    idle(qtbot, page)
    assert [len(text) for text in texts(page)] == [122] * 3
    assert all(text.startswith(begin) for text, begin in zip(texts(page), first, strict=True))
    for sample in page._draft.samples():
        assert sample.text == Sampler(MODEL).write(replace(sample.settings, length=120)).text
    assert [card.texts for card in page.shelf.cards] == [3, 0] and headings(page)[0] == "Temperature 0.4"
    assert page.columns.columns[0].figures.text().endswith("bits · 120 chars")
    change(page, "beam", "2", "4")
    compose(qtbot, page)
    assert not page.continue_button.isEnabled() and "Keep one as a draft" in page.continue_button.toolTip()


def test_a_character_of_a_column_is_looked_at_and_branched_off(qtbot: QtBot, page: WritePage) -> None:
    written = compose(qtbot, page)
    comparison = page.shelf.current
    column = page.columns.columns[2]
    column.view.character_activated.emit(12, column.view.character_rect(12))
    sheet = page._sheets[column].sheet
    qtbot.waitUntil(lambda: bool(sheet.rows()))
    assert page.columns.rect().contains(sheet.geometry())
    other = next(character for character, _ in sheet.rows() if character != written[2][12])
    sheet.chosen.emit(other)
    idle(qtbot, page)
    assert not page.comparing() and page.view.text()[:13] == written[2][:12] + other
    assert page.controls.settings().temperature == 1.2
    assert [replay(MODEL, part.sample).text for part in page._draft.parts] == [p.sample.text for p in page._draft.parts]
    assert len(page._draft.parts) == 2 and page._draft.parts[1].sample.by_hand == 1
    page.banner.action.emit()
    idle(qtbot, page)
    assert page.shelf.current == comparison and texts(page) == written


def test_a_text_whose_model_is_not_open_says_so(qtbot: QtBot, page: WritePage) -> None:
    compose(qtbot, page)
    page._pens.clear()
    page._desk._set_model(opened(build_model("gru", hidden=20, seed=4)))
    column = page.columns.columns[0]
    column.view.setFocus()
    QTest.keyClick(column.view, Qt.Key.Key_Return)
    assert page._sheets[column].sheet.heading() == "The model that wrote this is not open."
    assert not page.continue_button.isEnabled() and "Open the model" in page.continue_button.toolTip()


def test_a_kill_amid_loses_little_and_is_told_once(qtbot: QtBot, page: WritePage, tmp_path: Path) -> None:
    page._desk._make_job = Job
    page.controls.length.setValue(1_000_000)
    page.write_button.click()
    qtbot.waitUntil(lambda: all(len(text) > 30 for text in texts(page)))
    page._keep()
    qtbot.waitUntil(lambda: page._so_far is not None)
    page.shelf.save()
    file = draft_folder.draft_file(page.shelf.current)
    qtbot.waitUntil(file.exists)
    content, remembered = file.read_bytes(), page.remembered()
    page.write_button.click()
    idle(qtbot, page)
    page._desk.shutdown()
    file.write_bytes(content)  # as it lay there when the program was killed

    desk = make_desk()
    later = WritePage(desk, AnsweringPickers(tmp_path))
    qtbot.addWidget(later)
    later.show()
    desk._set_model(opened(MODEL))
    later.recall(remembered)
    later.shelf.bring_back(remembered["draft"])
    idle(qtbot, later)
    assert later.comparing() and all(len(text) > 30 for text in texts(later))
    assert later.banner.isVisible() and "still being written when chargen ended" in later.banner.label.text()
    samples = later._draft.samples()
    assert [replay(MODEL, sample).text for sample in samples] == [sample.text for sample in samples]
    later.controls.length.setValue(50)
    later.continue_button.click()
    idle(qtbot, later)
    for before, after in zip(samples, later._draft.samples(), strict=True):
        settings = replace(before.settings, length=len(before.text) + 50)
        assert after.text == Sampler(MODEL).write(settings).text
    later.shelf.save()
    idle(qtbot, later)
    assert not draft_folder.load(later.shelf.current).writing
    desk.shutdown()
