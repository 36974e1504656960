"""The Corpus page: empty, reading, with a text, and with what cannot be read."""

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from chargen.gui.desk import Desk
from chargen.gui.pages.corpus import CorpusPage
from chargen.gui.tasks import ReadingProgress
from tests.gui.helpers import PLAY, Answers, Factory, Heard, drop, make_desk, write_play


def make_page(qtbot: QtBot, *held: str, answer: tuple[Path, ...] = ()) -> tuple[CorpusPage, Desk, Factory]:
    desk, factory = make_desk(*held)
    page = CorpusPage(desk, Answers(*answer))
    qtbot.addWidget(page)
    page.resize(1196, 766)
    page.show()
    qtbot.waitUntil(lambda: bool(page.empty.cards))
    return page, desk, factory


def with_text(qtbot: QtBot, page: CorpusPage, *paths: Path) -> None:
    with qtbot.waitSignal(page.desk.corpus_changed):
        page.desk.open_paths(paths)


def test_empty_offers_a_place_to_drop_and_examples(qtbot: QtBot) -> None:
    page, desk, _ = make_page(qtbot)
    assert page.is_empty()
    assert not page.panel_shown()
    assert len(page.empty.cards) == 3
    assert len(page.empty.small) == 2
    qtbot.mouseClick(page.empty.cards[0], Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: desk.corpus is not None)
    assert page.chip.text() == "The Lamp at Sarn"
    assert not page.encoding_field.isVisible()  # of a text at hand there is nothing to choose


def test_browse(qtbot: QtBot, tmp_path: Path) -> None:
    page, desk, _ = make_page(qtbot, answer=(write_play(tmp_path),))
    qtbot.mouseClick(page.empty.zone.button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: desk.corpus is not None)


def test_dropping_a_text_on_the_zone(qtbot: QtBot, tmp_path: Path) -> None:
    page, desk, _ = make_page(qtbot)
    kept = drop(page.empty.zone, [write_play(tmp_path)])
    qtbot.waitUntil(lambda: desk.corpus is not None)
    assert kept


def test_a_text_and_what_it_is(qtbot: QtBot, tmp_path: Path) -> None:
    page, _desk, _ = make_page(qtbot)
    with_text(qtbot, page, write_play(tmp_path))
    assert not page.is_empty()
    assert page.panel_shown()
    assert page.chip.text() == "play"
    assert page.facts.text().startswith(f"{len(PLAY):,} characters · ")
    assert "utf-8" in page.facts.text()
    assert page.preview.text() == PLAY
    assert page.grid.symbols()[0] == " "
    assert page.encoding.currentText() == "Guess: utf-8"
    assert page.validation.value() == 10


def test_train_on_this_leads_to_the_train_page(qtbot: QtBot, tmp_path: Path) -> None:
    page, desk, _ = make_page(qtbot)
    with_text(qtbot, page, write_play(tmp_path))
    pages = Heard(desk.page_wanted)
    qtbot.mouseClick(page.train, Qt.MouseButton.LeftButton)
    assert pages.values == ["train"]


def test_newlines_and_their_counts(qtbot: QtBot, tmp_path: Path) -> None:
    page, desk, _ = make_page(qtbot)
    with_text(qtbot, page, write_play(tmp_path, text=PLAY.replace("\n", "\r\n")))
    assert "80 line endings were turned" in page.newlines_field.hint.text()
    with qtbot.waitSignal(desk.corpus_changed):
        page.newlines.activated.emit(1)
    assert desk.corpus is not None
    assert "\r" in desk.corpus.vocabulary
    assert page.newlines.currentIndex() == 1


def test_another_encoding(qtbot: QtBot, tmp_path: Path) -> None:
    path = tmp_path / "old.txt"
    path.write_bytes(("Où est la clé, là-bas? Près de la fenêtre.\n" * 30).encode("cp1252"))
    page, desk, _ = make_page(qtbot)
    with_text(qtbot, page, path)
    assert page.encoding.currentText().startswith("Guess: ")
    assert page.banner.isVisible()  # a guess is said
    assert "--" not in page.banner.sentence()
    with qtbot.waitSignal(desk.corpus_changed):
        page.encoding.activated.emit(page.encoding.findData("mac-roman"))
    assert page.encoding.currentData() == "mac-roman"
    assert "mac-roman" in page.facts.text()


def test_an_encoding_that_does_not_fit_changes_nothing(qtbot: QtBot, tmp_path: Path) -> None:
    page, desk, _ = make_page(qtbot)
    with_text(qtbot, page, write_play(tmp_path, text=PLAY + "à"))
    before = desk.corpus
    with qtbot.waitSignal(desk.corpus_failed):
        page.encoding.activated.emit(page.encoding.findData("shift_jis"))
    assert desk.corpus is before
    assert page.encoding.currentData() is None
    assert page.banner.kind() == "bad"


def test_files_can_be_added_moved_and_taken_out(qtbot: QtBot, tmp_path: Path) -> None:
    first, second = write_play(tmp_path, "a.txt"), write_play(tmp_path, "b.txt")
    page, desk, _ = make_page(qtbot, answer=(second,))
    with_text(qtbot, page, first)
    with qtbot.waitSignal(desk.corpus_changed):
        page.add_files.click()
    assert desk.choices.paths == (first, second)
    page.files.list.setCurrentRow(1)
    with qtbot.waitSignal(desk.corpus_changed):
        qtbot.mouseClick(page.files.up, Qt.MouseButton.LeftButton)
    assert desk.choices.paths == (second, first)
    assert page.files.list.currentRow() == 0, "what was moved stays chosen"
    with qtbot.waitSignal(desk.corpus_changed):
        qtbot.keyClick(page.files.list, Qt.Key.Key_Delete)
    assert desk.choices.paths == (first,)
    assert not page.files.up.isVisible(), "one file has no order"
    qtbot.keyClick(page.files.list, Qt.Key.Key_Delete)
    assert desk.choices.paths == (first,), "the last one is closed, not taken out"


def test_every_file_of_a_folder_is_listed_moved_and_taken_out(qtbot: QtBot, tmp_path: Path) -> None:
    folder = tmp_path / "book"
    for part in ("one", "two"):
        (folder / part).mkdir(parents=True)
    for chapter in range(1, 13):
        write_play(folder / "one", f"chapter {chapter}.txt", PLAY + f"This is {chapter}.\n")
    write_play(folder / "two", "chapter 1.txt", PLAY)
    page, desk, _ = make_page(qtbot)
    with_text(qtbot, page, folder)
    shown = [page.files.list.item(at).text() for at in range(page.files.list.count())]
    assert shown[:2] == ["one/chapter 1.txt", "chapter 2.txt"] and shown[-1] == "two/chapter 1.txt"
    assert len(shown) == 13
    assert page.files.height() < 320, "more are scrolled to"
    page.files.list.setCurrentRow(1)
    with qtbot.waitSignal(desk.corpus_changed):
        qtbot.keyClick(page.files.list, Qt.Key.Key_Up, Qt.KeyboardModifier.AltModifier)
    assert desk.corpus is not None
    assert "This is 2." in desk.corpus.text(0, len(PLAY) + 20)
    with qtbot.waitSignal(desk.corpus_changed):
        qtbot.mouseClick(page.files.remove, Qt.MouseButton.LeftButton)
    assert len(desk.corpus.sources) == 12
    assert "This is 1." in desk.corpus.text(0, len(PLAY) + 20)


def test_changed_line_endings_are_marked_in_the_text(qtbot: QtBot, tmp_path: Path) -> None:
    page, _desk, _ = make_page(qtbot)
    mixed = PLAY.replace("\n", "\r\n", 3)
    with_text(qtbot, page, write_play(tmp_path, text=mixed))
    lines = [at for at, character in enumerate(PLAY) if character == "\n"]
    assert [mark.first for mark in page.preview.marks()] == lines[:3]
    assert "Bent arrow: a line ending made plain (3 here)." in page.preview.note()
    marked = page.preview.pages.grab().toImage()
    with_text(qtbot, page, write_play(tmp_path, "plain.txt"))
    assert page.preview.marks() == [] and "Bent" not in page.preview.note()
    assert page.preview.pages.grab().toImage() != marked, "the arrows are drawn"


def test_the_share_kept_aside(qtbot: QtBot, tmp_path: Path) -> None:
    page, desk, _ = make_page(qtbot)
    with_text(qtbot, page, write_play(tmp_path))
    page.validation.changed.emit(25.0)
    assert desk.corpus is not None
    assert desk.corpus.validation_share == 0.25


def test_reading_shows_how_far_and_can_be_cancelled(qtbot: QtBot, tmp_path: Path) -> None:
    page, desk, factory = make_page(qtbot, "read")
    desk.open_paths([tmp_path / "long.txt"])
    assert not page.progress_row.isVisible()  # a short reading shows no sign
    qtbot.waitUntil(page.progress_row.isVisible)
    factory.held["read"].post(ReadingProgress(0.42))
    qtbot.waitUntil(lambda: page.progress_text.text() == "Reading · 42%")
    page.cancel.click()
    assert factory.held["read"].cancelled
    from tests.gui.helpers import CANCELLED

    factory.held["read"].end(CANCELLED)
    qtbot.waitUntil(lambda: not page.progress_row.isVisible())
    assert page.is_empty()


def test_a_binary_file_can_be_read_as_text(qtbot: QtBot, tmp_path: Path) -> None:
    path = tmp_path / "mixed.txt"
    path.write_bytes(PLAY.encode() + b"\x00\x01\x02" * 50)
    page, desk, _ = make_page(qtbot)
    with qtbot.waitSignal(desk.corpus_failed):
        desk.open_paths([path])
    assert page.banner.isVisible()
    assert page.banner.button.text() == "Read as text"
    with qtbot.waitSignal(desk.corpus_changed):
        page.banner.button.click()
    assert desk.choices.as_text


@pytest.mark.parametrize(
    ("content", "word"), [(b"", "empty"), (b"short", "characters"), (b"a" * 500, "one character only")]
)
def test_what_cannot_be_learned_is_said_in_place(qtbot: QtBot, tmp_path: Path, content: bytes, word: str) -> None:
    path = tmp_path / "bad.txt"
    path.write_bytes(content)
    page, desk, _ = make_page(qtbot)
    with qtbot.waitSignal(desk.corpus_failed):
        desk.open_paths([path])
    assert word in page.banner.sentence()
    assert page.banner.isVisible()
    assert page.is_empty()


def test_a_drawer_where_it_is_narrow(qtbot: QtBot, tmp_path: Path) -> None:
    page, _desk, _ = make_page(qtbot)
    with_text(qtbot, page, write_play(tmp_path))
    page.resize(940, 600)
    assert page.is_narrow()
    assert not page.panel_shown()
    page.open_drawer()
    assert page.panel_shown()
    qtbot.keyClick(page, Qt.Key.Key_Escape)
    assert not page.panel_shown()
    page.resize(1300, 800)
    assert page.panel_shown()
