"""Alternatives at a character, branches off a text, and the tree of them on the Write page."""

from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from chargen.gui.desk import Desk
from chargen.gui.pages.write import WritePage
from chargen.sampling import draft_folder
from chargen.sampling.replay import replay
from chargen.sampling.sampler import Sampler
from tests.gui.write_helpers import AnsweringPickers, build_model, make_desk, opened

SAMPLER = Sampler(build_model())


def show(qtbot: QtBot, desk: Desk, folder: Path) -> WritePage:
    page = WritePage(desk, AnsweringPickers(folder))
    qtbot.addWidget(page)
    page.resize(1196, 700)
    page.show()
    desk._set_model(opened(build_model()))
    page.controls.length.setValue(200)
    page.shelf.bring_back(None)
    idle(qtbot, page)
    return page


@pytest.fixture
def page(qtbot: QtBot, desk: Desk, tmp_path: Path) -> WritePage:
    page = show(qtbot, desk, tmp_path)
    page.controls.prompt.set_text("ab")
    page.controls.seed.set_value(5)
    page.write_or_stop()
    idle(qtbot, page)
    return page


def idle(qtbot: QtBot, page: WritePage) -> None:
    qtbot.waitUntil(lambda: not page._desk.busy_with() and not page.is_writing())


def look_at(qtbot: QtBot, page: WritePage, offset: int) -> None:
    for _ in range(4):  # the column of branches has come, and the text has found its width
        QApplication.processEvents()
    page.view.character_activated.emit(offset, page.view.character_rect(offset))
    qtbot.waitUntil(page.looking.sheet.isVisible)
    idle(qtbot, page)
    assert page.looking.sheet.rows(), page.looking.sheet.heading()


def fork(qtbot: QtBot, page: WritePage, offset: int) -> str:
    """Branch off with the likeliest character that does not stand there; the text then."""
    look_at(qtbot, page, offset)
    rows = page.looking.sheet.rows()
    number = next(n for n, (c, _) in enumerate(rows) if c != page.view.text()[offset])
    page.view.setFocus()
    qtbot.keyClick(page.view, str((number + 1) % 10))  # type: ignore[arg-type]
    qtbot.waitUntil(lambda: page.is_writing() or not page.looking.sheet.isVisible())
    idle(qtbot, page)
    return page.view.text()


def test_the_sheet_shows_what_the_network_thought(qtbot: QtBot, page: WritePage) -> None:
    text = page.view.text()
    document = page._document
    assert document is not None
    sample = document.last
    told = list(SAMPLER.stream(sample.settings, sample.seed_state, alternatives=10))
    for offset in (40, 2, 150):
        look_at(qtbot, page, offset)
        sheet = page.looking.sheet
        assert tuple(sheet.rows()) == told[offset - 2].alternatives
        assert not sheet.shortened() and page.view.viewport().rect().contains(sheet.geometry())
        assert "Click one" in sheet.accessibleDescription()
    page.view.setFocus()
    qtbot.keyClick(page.view, Qt.Key.Key_Escape)
    assert not page.looking.sheet.isVisible() and page.view.text() == text
    page.view.character_activated.emit(1, page.view.character_rect(1))  # the prompt: nobody wrote it
    idle(qtbot, page)
    assert not page.looking.sheet.isVisible()


def test_it_comes_where_the_pointer_rests_and_where_the_caret_goes(qtbot: QtBot, page: WritePage) -> None:
    view, sheet = page.view, page.looking.sheet
    spot = view.character_rect(60).center()
    qtbot.mouseMove(view.viewport(), QPoint(2, 2))
    qtbot.mouseMove(view.viewport(), spot)
    qtbot.waitUntil(sheet.isVisible)
    assert page.looking._offset == 60
    qtbot.mouseMove(view.viewport(), QPoint(2, view.viewport().height() - 4))
    qtbot.waitUntil(lambda: not sheet.isVisible())
    view.setFocus()
    view.select(80, 80)
    qtbot.keyClick(view, Qt.Key.Key_Right)
    qtbot.waitUntil(sheet.isVisible)
    assert page.looking._offset == 81
    page.continue_text()
    assert not sheet.isVisible()  # nothing stands over what is being written
    idle(qtbot, page)


@pytest.mark.parametrize("offset", [102, 2, 66, 202])
def test_a_branch_keeps_what_is_before_it_and_goes_on_from_there(qtbot: QtBot, page: WritePage, offset: int) -> None:
    before = page.view.text()
    if offset == len(before):
        look_at(qtbot, page, offset)
        chosen = page.looking.sheet.rows()[3][0]
        page.looking.sheet.choose(3)
        idle(qtbot, page)
        text = page.view.text()
        assert text[offset] == chosen
    else:
        text = fork(qtbot, page, offset)
        assert text[offset] != before[offset]
    assert text[:offset] == before[:offset] and len(text) == offset + 200
    document = page._document
    assert document is not None and document.last.by_hand == 1
    assert replay(SAMPLER, document.last).text == document.last.text
    assert sum(len(part.text) for part in document.parts) == document.characters == len(text) - 2
    assert page.figures.text().startswith(f"{document.characters} characters · {document.bits / len(text[2:]):.2f}")
    assert page._characters == document.characters and page._bits == pytest.approx(document.bits, rel=1e-5)
    assert len(page.view._levels) == len(text)
    page.continue_text()  # and on, as one sample with it
    idle(qtbot, page)
    assert replay(SAMPLER, page._document.last).text == page._document.last.text  # type: ignore[union-attr]


def test_branches_are_a_tree_that_is_walked(qtbot: QtBot, page: WritePage) -> None:
    texts = [page.view.text()]
    assert not page.branches_tool.isVisible() and not page.earlier_button.isVisible()
    texts.append(fork(qtbot, page, 52))
    assert page.branch_list.isVisible() and page.branches_tool.text() == "Branches 2"
    texts.append(fork(qtbot, page, 102))
    rows = page.branch_list.list
    assert [rows.item(n).data(Qt.ItemDataRole.UserRole).depth for n in range(3)] == [0, 1, 2]
    assert rows.currentRow() == 2
    for number in (0, 1, 2, 0):
        rows.setCurrentRow(number)
        assert page.view.text() == texts[number]
        assert page.continue_button.isEnabled()
    for wanted in (2, 1, 0, 2, 1, 0):
        page.earlier_button.click()
        assert page.view.text() == texts[wanted]
    assert not page.earlier_button.isEnabled()
    page.later_button.click()
    assert page.view.text() == texts[1]
    fork(qtbot, page, 30)  # nothing to redo then
    assert not page.later_button.isEnabled() and page.branches.count() == 4


@pytest.mark.parametrize("row", [0, 1, 2])
def test_deleted_and_brought_back(qtbot: QtBot, page: WritePage, row: int) -> None:
    first = page.view.text()
    second = fork(qtbot, page, 52)
    third = fork(qtbot, page, 22)  # off the first part, for it lies before
    draft = page._draft
    start = page.branch_list.list.item(row).data(Qt.ItemDataRole.UserRole).key
    if row == 0:  # all there is
        page.write_or_stop()
        idle(qtbot, page)
        draft = page._draft
    page.branch_list.delete_wanted.emit(start)
    assert page.branches.count() == {0: 1, 1: 2, 2: 2}[row]
    assert page.banner.isVisible() and page.banner.button.text() == "Undo"
    assert page.view.text() != third or row == 1
    page.banner.button.click()
    assert page._draft.parts is draft.parts and page._draft.tip == draft.tip
    page.branch_list.delete_wanted.emit(start)
    page.earlier_button.click()
    assert page._draft.parts is draft.parts
    assert {first, second} <= {page._draft.text, *(replace_tip(page, tip) for tip in range(len(draft.parts)))}


def replace_tip(page: WritePage, tip: int) -> str:
    from chargen.sampling.drafts_tree import gone_to

    return gone_to(page._draft, tip).text


def test_the_last_branch_cannot_be_deleted(qtbot: QtBot, page: WritePage) -> None:
    text = page.view.text()
    assert not page.branch_list.delete_button.isEnabled()
    page.branch_list.delete_wanted.emit(0)
    assert page.view.text() == text and not page.banner.isVisible()


def test_all_of_it_is_there_after_a_restart(qtbot: QtBot, page: WritePage, desk: Desk, tmp_path: Path) -> None:
    texts = {page.view.text(), fork(qtbot, page, 52), fork(qtbot, page, 102)}
    page.shelf.note_change(at_once=True)
    idle(qtbot, page)
    assert draft_folder.load(page.shelf.current).text in texts
    again = show(qtbot, make_desk(), tmp_path)
    idle(qtbot, again)
    assert again.branches.count() == 3
    seen = set()
    for number in range(3):
        again.branch_list.list.setCurrentRow(number)
        seen.add(again.view.text())
    assert seen == texts
    look_at(qtbot, again, 60)  # read again from the beginning: nothing was kept
    again._desk.shutdown()


def test_a_branch_that_never_begins_leaves_the_text(qtbot: QtBot, page: WritePage) -> None:
    text = page.view.text()
    page.controls.controls["ban"].setText("".join(build_model().vocabulary))  # type: ignore[attr-defined]
    page.branch(50, "z")
    idle(qtbot, page)
    assert page.view.text() == text and page.banner.isVisible() and "banned" in page.banner.sentence()
    assert page.branches.count() == 1 and page.continue_button.isEnabled()


def test_a_view_is_cut_anywhere(qtbot: QtBot, page: WritePage) -> None:
    view = page.view
    whole = "".join(f"Line {n} of it, with words.\n" for n in range(3_000)) + "x" * 5_000
    for length in (len(whole), 70_000, 33_333, 28, 27, 0):
        view.clear_text()
        view.append_characters(whole, [0.5] * len(whole))
        view.truncate(length)
        assert view.text() == whole[:length] and len(view._levels) == view.length() == length
        view.append("and on\n")
        view.flush()
        assert view.text() == whole[:length] + "and on\n"
