"""Leaving, seen from inside; ``tests/soak/test_leaving.py`` does it with real processes."""

import importlib
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QMimeData, QPoint, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent
from PySide6.QtWidgets import QApplication, QDialog, QLineEdit, QMenu
from pytestqt.qtbot import QtBot

from chargen.corpus.corpus import corpus_from_text
from chargen.gui.desk import Desk
from chargen.gui.main_window import MainWindow
from chargen.gui.memory import Memory
from chargen.gui.pages.write import WritePage
from chargen.gui.pickers import Pickers
from chargen.gui.settings_store import WindowSettings
from chargen.gui.tasks import cancellable_imports
from chargen.jobs import Cancelled, Done, Job, Worker
from chargen.sampling import draft_folder
from tests.gui.helpers import PLAY, Heard, drop, make_desk, started, write_play
from tests.gui.write_helpers import build_model, opened


def test_a_dialog_that_is_open_goes_with_the_window(qtbot: QtBot, tmp_path: Path) -> None:
    desk, factory = make_desk("train")
    window = MainWindow(desk, WindowSettings(), Pickers(tmp_path))
    qtbot.addWidget(window)
    window.show()
    over = Heard(window.finished)
    with qtbot.waitSignal(desk.corpus_changed):
        desk.open_paths([write_play(tmp_path)])
    desk.start_training({})
    job = factory.held["train"]
    job.post(started())
    qtbot.waitUntil(lambda: desk.training_state == "running")
    window._open_text()
    dialog = window.findChild(QDialog)
    assert dialog is not None and dialog.isVisible()
    answers = Heard(dialog.finished)
    for _ in range(2):  # closing twice is closing once
        window.close()
    assert answers.values == [QDialog.DialogCode.Rejected.value]
    assert window.isVisible() and job.cancelled, "what was learned is saved first, with the window alive"
    job.end(Cancelled())
    qtbot.waitUntil(lambda: len(over.values) == 1)
    assert not window.isVisible()


def test_a_long_import_ends_between_two_modules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "chargen_slow_first.py").write_text("import chargen_slow_gate\nimport chargen_slow_second\n")
    (tmp_path / "chargen_slow_gate.py").write_text("import threading\nfrom chargen.gui import tasks\ntasks._gate()\n")
    (tmp_path / "chargen_slow_second.py").write_text("")
    monkeypatch.syspath_prepend(tmp_path)
    reached, go_on = threading.Event(), threading.Event()
    monkeypatch.setattr("chargen.gui.tasks._gate", lambda: (reached.set(), go_on.wait(10)), raising=False)

    def work(worker: Worker) -> None:
        with cancellable_imports(worker):
            importlib.import_module("chargen_slow_first")

    finders = list(sys.meta_path)
    job = Job("import", work).start()
    assert reached.wait(10)
    job.cancel()
    importlib.import_module("colorsys")  # other threads import what they like
    go_on.set()
    assert job.join(10)
    assert isinstance(job.mailbox.drain()[-1], Cancelled)
    assert "chargen_slow_second" not in sys.modules
    assert sys.meta_path == finders
    job = Job("import", work).start()
    assert job.join(10) and isinstance(job.mailbox.drain()[-1], Done)
    for name in ("first", "gate", "second"):
        sys.modules.pop(f"chargen_slow_{name}", None)


# --- with something in the hand


def training_window(qtbot: QtBot, folder: Path) -> tuple[MainWindow, Any]:
    """A window that learns (and so stays open for a moment after it is closed), and its job."""
    desk, factory = make_desk("train", "read")
    window = MainWindow(desk, WindowSettings(), Pickers(folder))
    qtbot.addWidget(window)
    with qtbot.waitExposed(window):
        window.show()
    window.activateWindow()
    desk.corpus = corpus_from_text(PLAY, "play")
    desk.start_training({})
    factory.held["train"].post(started())
    qtbot.waitUntil(lambda: desk.training_state == "running")
    return window, factory


def end(qtbot: QtBot, window: MainWindow, factory: Any) -> None:
    with qtbot.waitSignal(window.finished):
        factory.held["train"].end(Cancelled())
    assert not window.isVisible()


def test_an_open_menu_goes_and_nothing_of_it_happens(qtbot: QtBot, tmp_path: Path) -> None:
    window, factory = training_window(qtbot, tmp_path)
    menus = window.menuBar().findChildren(QMenu)
    menus[0].popup(window.mapToGlobal(QPoint(20, 20)))
    qtbot.waitUntil(lambda: QApplication.activePopupWidget() is menus[0])
    window.close()
    assert QApplication.activePopupWidget() is None
    assert window.findChild(QDialog) is None
    window.close()
    end(qtbot, window, factory)


def test_a_drag_over_the_window_ends_with_it(qtbot: QtBot, tmp_path: Path) -> None:
    window, factory = training_window(qtbot, tmp_path)
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(write_play(tmp_path)))])
    enter = QDragEnterEvent(
        QPoint(90, 90), Qt.DropAction.CopyAction, mime, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    )
    QApplication.sendEvent(window, enter)
    assert window.overlay.isVisible()
    window.close()
    assert not window.overlay.isVisible()
    made = list(factory.made)
    drop(window, [tmp_path / "play.txt"])  # let go too late
    assert factory.made == made
    end(qtbot, window, factory)


def test_a_large_text_is_not_read_to_its_end(qtbot: QtBot, tmp_path: Path) -> None:
    desk, factory = make_desk("read")
    window = MainWindow(desk, WindowSettings(), Pickers(tmp_path))
    qtbot.addWidget(window)
    window.show()
    over = Heard(window.finished)
    desk.open_catalog("the-salt-house", then_train={})
    for _ in range(2):
        window.close()
    assert factory.held["read"].cancelled and not window.isVisible() and not over.values
    factory.held["read"].end(Done(corpus_from_text(PLAY, "play")))  # it was just read when it was asked to end
    qtbot.waitUntil(lambda: len(over.values) == 1)
    assert "train" not in factory.made and not desk.busy_with()


class Gate:
    """``draft_folder.save``, held in its thread until the test lets it go."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.reached, self.go_on = threading.Event(), threading.Event()
        self._save: Callable[..., Any] = draft_folder.save
        monkeypatch.setattr(draft_folder, "save", self)

    def __call__(self, *arguments: Any) -> Any:
        self.reached.set()
        assert self.go_on.wait(20)
        return self._save(*arguments)


@pytest.fixture
def writing(qtbot: QtBot, tmp_path: Path) -> WritePage:
    """The Write page of a whole window, with two drafts; jobs are real."""
    settings = WindowSettings()
    window = MainWindow(Desk(), settings, Pickers(tmp_path))
    memory = Memory(window, settings)
    qtbot.addWidget(window)
    window.show_page("write")
    with qtbot.waitExposed(window):
        window.show()
    window.activateWindow()
    memory.bring_back(False)
    page = window.page("write")
    assert isinstance(page, WritePage)
    window.desk._set_model(opened(build_model()))
    page.controls.length.setValue(40)
    for _ in range(2):
        page.new_draft()
        page.write_or_stop()
        qtbot.waitUntil(lambda: not page.is_writing() and not window.desk.busy_with())
        page.shelf.save()
        qtbot.waitUntil(lambda: not window.desk.busy_with())
    return page


def close(qtbot: QtBot, page: WritePage) -> None:
    window = page.window()
    assert isinstance(window, MainWindow)
    with qtbot.waitSignal(window.finished, timeout=20_000):
        for _ in range(2):
            window.close()


def test_what_changed_while_a_draft_was_being_saved_is_saved_too(
    qtbot: QtBot, writing: WritePage, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = Gate(monkeypatch)
    key = writing.shelf.current
    writing.shelf.rename(key, "First name")
    qtbot.waitUntil(gate.reached.is_set)
    writing.shelf.rename(key, "Last name")
    window = writing.window()
    assert isinstance(window, MainWindow)
    over = Heard(window.finished)
    for _ in range(2):
        window.close()
    qtbot.wait(100)
    assert not over.values, "the window waits for what is being written"
    gate.go_on.set()
    qtbot.waitUntil(lambda: len(over.values) == 1)
    assert draft_folder.load(key).name == "Last name"
    assert not list(draft_folder.draft_file(key).parent.glob(".chargen-*"))


@pytest.mark.parametrize("row", [0, 1])
def test_a_name_that_is_being_typed_counts(qtbot: QtBot, writing: WritePage, row: int) -> None:
    key = writing.shelf.cards[row].id
    writing.list.list.setCurrentRow(row)
    desk = writing.window().desk  # type: ignore[attr-defined]
    qtbot.waitUntil(lambda: not desk.busy_with())
    writing.list.begin_naming()
    editor = writing.list.list.findChild(QLineEdit)
    assert isinstance(editor, QLineEdit)
    editor.setText("The harbour")
    close(qtbot, writing)
    assert draft_folder.load(key).name == "The harbour"
