"""The window: pages, drops, keys, the status bar, what is remembered, and closing in each state."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QShortcut
from PySide6.QtWidgets import QApplication, QLineEdit
from pytestqt.qtbot import QtBot

from chargen.gui import settings_store, theme
from chargen.gui.main_window import PAGES, MainWindow
from chargen.gui.settings_store import WindowSettings
from chargen.training import events
from tests.gui.helpers import (
    CANCELLED,
    Answers,
    Heard,
    drop,
    finished,
    make_desk,
    progress,
    started,
    write_play,
)


class Made:
    """A window with its fakes."""

    def __init__(self, *held: str, settings: WindowSettings | None = None, answer: tuple[Path, ...] = ()) -> None:
        self.desk, self.factory = make_desk(*held)
        self.files = Answers(*answer)
        self.window = MainWindow(self.desk, settings or WindowSettings(theme="light"), self.files)
        self.window.show()


Windows = Any


@pytest.fixture
def make(qtbot: QtBot, qapp: QApplication) -> Iterator[Windows]:
    if not qapp.styleSheet():
        theme.apply(qapp, "light")
    made: list[Made] = []

    def build(*held: str, **keywords: Any) -> Made:
        made.append(Made(*held, **keywords))
        return made[-1]

    yield build
    for each in made:
        if not each.desk.closing:
            with qtbot.waitSignal(each.window.finished):
                each.window.close()
        each.window.deleteLater()
    qapp.processEvents()


def training(qtbot: QtBot, made: Made, folder: Path) -> Any:
    with qtbot.waitSignal(made.desk.corpus_changed):
        made.desk.open_paths([write_play(folder)])
    made.desk.start_training({"minutes": 1.0})
    job = made.factory.held["train"]
    job.post(started(str(folder / "run")))
    qtbot.waitUntil(lambda: made.desk.training_state == "running")
    return job


def test_a_page_is_made_when_it_is_first_shown(make: Windows) -> None:
    made = make()
    assert list(made.window._pages) == ["corpus"]
    for key, *_ in PAGES:
        made.window.show_page(key)
        assert made.window.current_page() == key
        assert made.window._stack.currentWidget() is made.window.page(key)


def test_keys_lead_to_the_pages(qtbot: QtBot, make: Windows) -> None:
    made = make()
    with qtbot.waitActive(made.window):
        made.window.activateWindow()
    for number, (key, *_) in enumerate(PAGES):
        qtbot.keyClick(made.window, Qt.Key(Qt.Key.Key_1 + number), Qt.KeyboardModifier.ControlModifier)
        assert made.window.current_page() == key


def test_a_text_dropped_anywhere_is_read(qtbot: QtBot, make: Windows, tmp_path: Path) -> None:
    made = make(settings=WindowSettings(theme="light", page="write"))
    kept = drop(made.window, [write_play(tmp_path)])
    assert made.window.current_page() == "corpus"
    qtbot.waitUntil(lambda: made.desk.corpus is not None)
    assert not made.window.overlay.isVisible()
    assert kept


def test_no_field_keeps_a_drop_for_itself(make: Windows) -> None:
    made = make()
    for key, *_ in PAGES:
        for field in made.window.page(key).findChildren(QLineEdit):
            assert not field.acceptDrops()


def test_several_kinds_at_once_are_refused_by_name(qtbot: QtBot, make: Windows, tmp_path: Path) -> None:
    made = make()
    kept = drop(made.window, [tmp_path / "a.txt", tmp_path / "m.safetensors"])
    assert made.window.banner.isVisible()
    assert "several kinds" in made.window.banner.sentence()
    made.window.banner.dismiss()
    assert not made.window.notices.isVisible()
    assert kept


def test_the_menu_opens_texts_and_models(qtbot: QtBot, make: Windows, tmp_path: Path) -> None:
    made = make(answer=(write_play(tmp_path),))
    made.window._open_text()
    qtbot.waitUntil(lambda: made.desk.corpus is not None)
    made.files.answer = [tmp_path / "missing.safetensors"]
    with qtbot.waitSignal(made.desk.notice):
        made.window._open_model()
    assert made.window.banner.kind() == "bad"


def test_writing_is_in_the_menu_and_no_two_things_have_the_same_keys(make: Windows) -> None:
    window = make().window
    page = window.page("write")
    done: list[str] = []
    for name in ("write_or_stop", "continue_text", "again", "capture_here", "new_draft", "compare", "score"):
        setattr(page, name, lambda name=name: done.append(name))
    actions = {action.text().replace("&", ""): action for action in window.findChildren(QAction)}
    named = ("Write", "Continue", "Write again", "Capture the state at the caret", "New draft", "Compare texts")
    for name in (*named, "Score this draft"):
        actions[name].trigger()
        assert window.current_page() == "write"
    assert done == ["write_or_stop", "continue_text", "again", "capture_here", "new_draft", "compare", "score"]
    keys = [key.toString() for action in window.findChildren(QAction) for key in action.shortcuts()]
    keys += [shortcut.key().toString() for shortcut in window.findChildren(QShortcut)]
    assert len(keys) == len(set(keys)) and {"Ctrl+K", "Ctrl+Shift+Return", "Ctrl+Z"} <= set(keys)


def test_the_status_bar_tells_the_truth(qtbot: QtBot, make: Windows, tmp_path: Path) -> None:
    made = make("train", "read")
    status = made.window.status
    assert status.device.state() == "waiting"
    made.desk.read_texts([tmp_path / "long.txt"])
    assert status.activity() == "Reading · 0%"
    made.factory.held["read"].end(CANCELLED)
    qtbot.waitUntil(lambda: status.activity() == "")
    made.factory.names = ("train",)
    job = training(qtbot, made, tmp_path)
    assert status.device.text().startswith("CPU · 2 threads · float32")
    job.post(progress(3412))
    qtbot.waitUntil(lambda: "12,345 characters/s" in status.activity())
    assert status.activity() == "Training · 12,345 characters/s · step 3,412 · 0:30 left"
    job.post(events.Paused(3412))
    qtbot.waitUntil(lambda: status.activity() == "Paused at step 3,412")
    made.desk.stop_training()
    assert "saving" in status.activity()
    job.post(finished())
    job.end()
    qtbot.waitUntil(lambda: status.activity() == "")


def test_without_torch_the_window_says_so(make: Windows) -> None:
    made = make()
    made.desk.device_failed.emit("PyTorch could not be loaded (no file).")
    assert made.window.status.device.state() == "trouble"
    assert made.window.banner.isVisible()


def test_the_theme_is_chosen_and_remembered(make: Windows, qapp: QApplication) -> None:
    made = make()
    made.window.set_theme("dark")
    assert theme.tokens().is_dark
    made.window._remember()
    assert settings_store.load()[0].theme == "dark"
    theme.apply(qapp, "light")


def test_place_page_and_folder_come_back(qtbot: QtBot, make: Windows, tmp_path: Path) -> None:
    made = make()
    made.window.resize(1111, 700)
    made.window.show_page("train")
    made.files.folder = tmp_path
    with qtbot.waitSignal(made.window.finished):
        made.window.close()
    settings, _ = settings_store.load()
    assert settings.folder == str(tmp_path)
    again = make(settings=settings)
    assert again.window.current_page() == "train"
    assert again.window.height() == 700  # the width is bounded by the screen of the test


def test_nothing_is_lost_where_it_is_small(qtbot: QtBot, make: Windows, tmp_path: Path) -> None:
    made = make()
    with qtbot.waitSignal(made.desk.corpus_changed):
        made.desk.open_paths([write_play(tmp_path)])
    made.window.resize(1024, 700)
    for key, *_ in PAGES:
        made.window.show_page(key)
        page: Any = made.window.page(key)
        assert page.minimumSizeHint().width() + theme.RAIL_WIDTH <= 1024
        assert page.minimumSizeHint().height() <= 700 - theme.STATUS_HEIGHT - made.window.menuBar().height()
        assert page.is_narrow()


@pytest.mark.parametrize("state", ["idle", "reading", "starting", "running", "paused", "stopping"])
def test_closing_in_each_state(qtbot: QtBot, make: Windows, tmp_path: Path, state: str) -> None:
    made = make("train", "read") if state == "reading" else make("train")
    window, desk = made.window, made.desk
    ended = Heard(window.finished)
    job = None
    if state == "reading":
        desk.read_texts([tmp_path / "long.txt"])
        job = made.factory.held["read"]
    elif state == "starting":
        with qtbot.waitSignal(desk.corpus_changed):
            desk.open_paths([write_play(tmp_path)])
        desk.start_training({})
        job = made.factory.held["train"]
    elif state != "idle":
        job = training(qtbot, made, tmp_path)
    if state == "paused":
        job.post(events.Paused(1))
        qtbot.waitUntil(lambda: desk.training_state == "paused")
    if state == "stopping":
        desk.stop_training()
    window.close()
    window.close()  # twice is harmless
    if job is not None:
        assert job.cancelled
        assert ended.values == []
        assert window.isVisible() == (state != "reading")  # what is saved is saved before eyes
        if state != "reading":
            assert window.status.activity() == "Saving what was learned"
            job.post(finished(reason="interrupted"))
        job.end(CANCELLED if state == "reading" else None)
    qtbot.waitUntil(lambda: len(ended.values) == 1)
    assert not window.isVisible()
    window.close()
    assert len(ended.values) == 1
