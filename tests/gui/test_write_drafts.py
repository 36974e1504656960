"""The drafts of the Write page: new, switched, named, copied, deleted and brought back; nothing is lost."""

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLineEdit, QMenu
from pytestqt.qtbot import QtBot

from chargen.files import write_atomic
from chargen.gui.desk import Desk
from chargen.gui.pages.write import WritePage
from chargen.paths import drafts_dir
from chargen.sampling import draft_folder
from tests.gui.helpers import Heard
from tests.gui.write_helpers import AnsweringPickers, build_model, opened


@pytest.fixture
def page(qtbot: QtBot, desk: Desk, tmp_path: Path) -> WritePage:
    page = WritePage(desk, AnsweringPickers(tmp_path))
    qtbot.addWidget(page)
    page.resize(1196, 700)
    page.show()
    desk._set_model(opened(build_model()))
    page.controls.length.setValue(60)
    page.shelf.bring_back(None)
    idle(qtbot, page)
    return page


def idle(qtbot: QtBot, page: WritePage) -> None:
    qtbot.waitUntil(lambda: not page._desk.busy_with() and not page.is_writing())


def compose(qtbot: QtBot, page: WritePage) -> str:
    page.write_or_stop()
    idle(qtbot, page)
    return page.view.text()


def several(qtbot: QtBot, page: WritePage, count: int = 3) -> list[str]:
    """Texts of so many drafts, newest first as they are listed."""
    texts = []
    for _ in range(count):
        page.new_draft()
        texts.append(compose(qtbot, page))
    return texts[::-1]


def test_a_blank_draft_is_nowhere_but_on_the_page(qtbot: QtBot, page: WritePage) -> None:
    first = page.shelf.current
    page.new_draft()
    assert page.shelf.current == first and len(page.shelf.cards) == 1  # it is blank: no second one
    page.controls.temperature.set_value(0.3)
    page.shelf.note_change(at_once=True)
    idle(qtbot, page)
    assert not drafts_dir().exists()
    assert page.drafts.text() == "Drafts"


def test_each_has_its_text_and_settings(qtbot: QtBot, page: WritePage) -> None:
    page.controls.prompt.set_text("ab")
    page.controls.controls["top_k"].setValue(5)  # type: ignore[attr-defined]
    one = compose(qtbot, page)
    page.new_draft()
    assert page.view.text() == "" and page.controls.prompt.text() == ""
    assert page.controls.settings().top_k == 5  # a new one begins with what was set
    page.controls.controls["top_k"].setValue(9)  # type: ignore[attr-defined]
    two = compose(qtbot, page)
    page.list.list.setCurrentRow(1)
    idle(qtbot, page)
    assert page.view.text() == one and page.controls.settings().top_k == 5
    assert page.controls.prompt.text() == "ab" and page.continue_button.isEnabled()
    page.list.list.setCurrentRow(0)
    idle(qtbot, page)
    assert page.view.text() == two and page.controls.settings().top_k == 9
    assert page.drafts.text() == "Drafts 2" and page.list.isVisible()


def test_switching_stops_what_is_written_and_keeps_it(qtbot: QtBot, page: WritePage) -> None:
    from chargen.jobs import Job

    (one,) = several(qtbot, page, 1)
    page.new_draft()
    page._desk._make_job = Job
    page.controls.length.setValue(10_000_000)
    page.write_or_stop()
    qtbot.waitUntil(lambda: page.view.length() > 100)
    page.list.list.setCurrentRow(1)
    idle(qtbot, page)
    assert page.view.text() == one
    page.list.list.setCurrentRow(0)
    idle(qtbot, page)
    assert page.view.length() > 100 and page._document is not None


def test_named_in_place(qtbot: QtBot, page: WritePage) -> None:
    several(qtbot, page, 2)
    for row, name in ((0, "The harbour"), (1, "  Two\nlines ")):
        key = page.shelf.cards[row].id
        page.shelf.rename(key, name)
        idle(qtbot, page)
        assert page.shelf.cards[row].title == " ".join(name.split())
        assert draft_folder.load(key).name == " ".join(name.split())
    page.list.begin_naming()
    editor = page.list.list.findChild(QLineEdit)
    assert isinstance(editor, QLineEdit) and editor.text() == "The harbour"
    editor.setText("Another name")
    qtbot.keyClick(editor, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: page.shelf.cards[0].title == "Another name")
    text = page.view.text()
    page.continue_text()  # the name stays while the text grows
    idle(qtbot, page)
    assert page.view.text() != text and page.shelf.cards[0].title == "Another name"


def test_a_copy_leaves_the_other_alone(qtbot: QtBot, page: WritePage) -> None:
    (text,) = several(qtbot, page, 1)
    first = page.shelf.current
    page.shelf.duplicate(first)
    idle(qtbot, page)
    assert page.shelf.current != first and page.view.text() == text
    page.continue_text()
    idle(qtbot, page)
    page.shelf.save()
    idle(qtbot, page)
    assert draft_folder.load(first).text == text and page.view.text() != text


@pytest.mark.parametrize("row", [0, 1, 2])
def test_deleted_and_brought_back(qtbot: QtBot, page: WritePage, row: int) -> None:
    texts = several(qtbot, page)
    card = page.shelf.cards[row]
    page.list.delete_wanted.emit(card.id)
    idle(qtbot, page)
    assert card.id not in [other.id for other in page.shelf.cards] and len(page.shelf.cards) == 2
    assert page.view.text() == (texts[1] if row == 0 else texts[0])
    assert not draft_folder.draft_file(card.id).exists() and draft_folder.deleted_file(card.id).exists()
    assert page.banner.isVisible() and page.banner.button.text() == "Undo"
    page.banner.button.click()
    idle(qtbot, page)
    assert [other.id for other in page.shelf.cards][row] == card.id and page.view.text() == texts[row]
    assert draft_folder.load(card.id).text == texts[row]


def test_the_last_one_deleted_leaves_a_blank_page(qtbot: QtBot, page: WritePage) -> None:
    (text,) = several(qtbot, page, 1)
    page.shelf.delete(page.shelf.current)
    idle(qtbot, page)
    assert page.view.text() == "" and len(page.shelf.cards) == 1
    menu = page.list.menu(page.rect().center())
    back = next(sub for sub in menu.findChildren(QMenu) if sub.title() == "Bring back")
    back.actions()[0].trigger()
    menu.close()
    idle(qtbot, page)
    assert page.view.text() == text


def test_writing_anew_keeps_the_text_before(qtbot: QtBot, page: WritePage) -> None:
    one = compose(qtbot, page)
    assert not page.earlier_button.isVisible()
    two = compose(qtbot, page)
    page.again()
    idle(qtbot, page)
    three = page.view.text()
    page.earlier_button.click()
    assert page.view.text() == two and page.later_button.isEnabled()
    page.earlier_button.click()
    assert page.view.text() == one and not page.earlier_button.isEnabled()
    page.continue_text()  # goes on from there; the others stay
    idle(qtbot, page)
    assert page.view.text().startswith(one)
    page.later_button.click()
    page.later_button.click()
    assert page.view.text() == three


def test_a_full_disk_is_told_once_and_nothing_is_lost(
    qtbot: QtBot, page: WritePage, monkeypatch: pytest.MonkeyPatch
) -> None:
    from chargen.errors import FileError

    def full(*_arguments: object, **_options: object) -> None:
        raise FileError("Cannot write “x”: the disk is full.")

    heard = Heard(page._desk.notice)
    monkeypatch.setattr(draft_folder, "write_atomic", full)
    texts = several(qtbot, page, 2)
    for _ in range(3):
        page.shelf.note_change(at_once=True)
        idle(qtbot, page)
    assert heard.values == [("caution", "The draft is not kept. Cannot write “x”: the disk is full.")]
    page.list.list.setCurrentRow(1)
    idle(qtbot, page)
    assert page.view.text() == texts[1]  # from memory
    monkeypatch.setattr(draft_folder, "write_atomic", write_atomic)
    page.shelf.note_change(at_once=True)
    idle(qtbot, page)
    assert sorted(draft_folder.load(card.id).text for card in page.shelf.cards) == sorted(texts)


def test_what_was_changed_by_hand_is_not_continued_and_says_so(qtbot: QtBot, page: WritePage, tmp_path: Path) -> None:
    from dataclasses import replace

    compose(qtbot, page)
    (part,) = page._draft.parts
    edited = replace(part, sample=replace(part.sample, edited=True), state=None)
    page.shelf.opened.emit(replace(page._draft, parts=(edited,)))
    assert not page.continue_button.isEnabled() and "changed by hand" in page.continue_button.toolTip()
    files = page._files
    assert isinstance(files, AnsweringPickers)
    files.answer = tmp_path / "out.md"
    page.export()
    idle(qtbot, page)
    assert "nothing can write it again exactly" in page.banner.sentence()


def test_a_long_draft_is_put_in_slice_by_slice(qtbot: QtBot, page: WritePage) -> None:
    import numpy as np

    text = "A line of a long text.\n" * 20_000
    page.view.show_written("", text, np.ones(len(text), np.float32), 200_000)
    assert page.view.length() < len(text) and page.view.text() == text
    assert page.view.place() == 200_000  # as asked, before it is there
    qtbot.waitUntil(lambda: page.view.length() == len(text))
    place = page.view.place()
    assert place is not None and abs(place - 200_000) < 200 and len(page.view._levels) == len(text)
