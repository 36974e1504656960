"""Editing by hand on the Write page: what was changed is read, the rest stays, and the text goes on."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from chargen.gui.desk import Desk
from chargen.gui.pages import write_edit
from chargen.gui.pages.write import WritePage
from chargen.gui.pages.write_edit import changed
from chargen.sampling import draft_folder
from chargen.sampling.replay import replay
from tests.gui.test_write_branches import SAMPLER, idle, show


@pytest.fixture
def page(qtbot: QtBot, desk: Desk, tmp_path: Path) -> WritePage:
    page = show(qtbot, desk, tmp_path)
    page.controls.prompt.set_text("ab")
    page.controls.seed.set_value(5)
    page.write_or_stop()
    idle(qtbot, page)
    return page


def edit(qtbot: QtBot, page: WritePage, text: str) -> str:
    """The text on the page after it was edited to this one."""
    page.edit_button.click()
    assert page.edit_pane.isVisible() and not page.view.isVisible()
    page.edit_pane.editor.setPlainText(text)
    page.edit_pane.done_button.click()
    idle(qtbot, page)
    return page.view.text()


@given(st.text("ab\n", max_size=30), st.text("ab\n", max_size=30))
@settings(max_examples=200, deadline=None)
def test_what_is_common_is_found(before: str, after: str) -> None:
    first, last = changed(before, after)
    assert before[:first] == after[:first] and first + last <= min(len(before), len(after))
    assert before[len(before) - last :] == after[len(after) - last :]
    middle = (before[first : len(before) - last], after[first : len(after) - last])
    assert (before == after) == (middle == ("", ""))
    assert not all(middle) or middle[0][0] != middle[1][0]


@pytest.mark.parametrize(
    ("at", "out", "typed"), [(100, 5, "something else"), (202, 0, " and on"), (60, 0, "x"), (120, 82, ""), (2, 1, "q")]
)
def test_the_text_is_as_edited_and_goes_on(qtbot: QtBot, page: WritePage, at: int, out: int, typed: str) -> None:
    before = page.view.text()
    wanted = before[:at] + typed + before[at + out :]
    assert edit(qtbot, page, wanted) == wanted
    document = page._document
    assert document is not None and page.view.isVisible() and not page.edit_button.isChecked()
    assert document.draft.by_hand == len(wanted) - at
    assert page.shelf.cards[0].edited == (document.draft.by_hand > 0)
    assert page._characters == len(wanted) - 2 and page._bits == pytest.approx(document.bits, rel=1e-4)
    for part in document.parts:
        assert replay(SAMPLER, part).text == part.text
    page.continue_button.click()
    idle(qtbot, page)
    assert page.view.text().startswith(wanted) and page.view.length() == len(wanted) + 200
    for part in document.parts:
        assert replay(SAMPLER, part).text == part.text
    page.shelf.note_change(at_once=True)
    idle(qtbot, page)
    assert draft_folder.load(page.shelf.current).text == page.view.text()
    page.earlier_button.click()
    assert page.view.text() == before


def test_an_edited_prompt_is_a_text_of_its_own(qtbot: QtBot, page: WritePage) -> None:
    before = page.view.text()
    wanted = "az" + before[2:60]
    assert edit(qtbot, page, wanted) == wanted
    assert page._document is not None and page._document.last.prompt == "a"
    assert page._document.last.by_hand == len(wanted) - 1
    page.earlier_button.click()
    assert page.view.text() == before


def test_unknown_characters_are_asked_about(qtbot: QtBot, page: WritePage) -> None:
    before = page.view.text()
    assert edit(qtbot, page, before + "ßend") == before
    pane = page.edit_pane
    assert pane.isVisible() and pane.unknown.isVisible() and "does not know" in pane.message.text()
    page.new_draft()  # not before it is settled
    assert page.editing.is_on() and page.shelf.current == page._draft.id
    pane.unknown.setCurrentIndex(1)
    pane.unknown.activated.emit(1)
    assert "left out" in pane.message.text()
    pane.done_button.click()
    idle(qtbot, page)
    assert page.view.text() == before + "end" and not pane.isVisible()


def test_nothing_changed_nothing_left_and_discarded(qtbot: QtBot, page: WritePage) -> None:
    before, parts = page.view.text(), page._draft.parts
    assert edit(qtbot, page, before) == before and page._draft.parts is parts
    page.edit_button.click()
    assert not page.write_button.isEnabled() and not page.continue_button.isEnabled()
    page.edit_pane.editor.setPlainText("x")
    page.edit_pane.discard_button.click()
    assert page.view.text() == before and page._draft.parts is parts and page.write_button.isEnabled()
    assert edit(qtbot, page, "") == before
    assert "Nothing would be left" in page.edit_pane.message.text() and page.editing.is_on()


def test_going_elsewhere_takes_the_edit_along(qtbot: QtBot, page: WritePage) -> None:
    key, before = page.shelf.current, page.view.text()
    page.edit_button.click()
    qtbot.keyClicks(page.edit_pane.editor, "abc")
    page.new_draft()
    idle(qtbot, page)
    assert page.view.text() == "" and page.shelf.current != key
    page.shelf.switch(key)
    idle(qtbot, page)
    assert page.view.text() == before + "abc"


def test_the_end_of_a_long_text_is_edited(qtbot: QtBot, page: WritePage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(write_edit, "EDITABLE", 50)
    before = page.view.text()
    page.edit_button.click()
    shown = page.edit_pane.text()
    assert before.endswith(shown) and len(shown) <= 50 and "stay as they are" in page.edit_pane.message.text()
    qtbot.keyClick(page.edit_pane.editor, Qt.Key.Key_Backspace)
    page.edit_button.click()
    idle(qtbot, page)
    assert page.view.text() == before[:-1]
