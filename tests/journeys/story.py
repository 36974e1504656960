"""What a journey stands on: the real window, a person whose clicks and keys are counted, pictures of each step.

``CHARGEN_SHOTS=FOLDER`` keeps the pictures; else they go to the test's own folder.
"""

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from chargen.gui import app
from chargen.gui.main_window import MainWindow
from chargen.gui.pickers import Pickers
from tests.gui.helpers import drop


class EnterPressed(Pickers):
    """The system's dialog for a new file, whose proposed name a person takes as it is, with Enter.

    ``suffix`` chooses another kind of file.
    """

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.suffix = ""
        self.entered: list[Path] = []
        self.on_enter: Callable[[], None] = lambda: None

    def open_files(self, *_asked: Any) -> None:
        raise AssertionError("a dialog that needs knowledge: which file?")

    open_file = open_folder = open_files

    def name_file(
        self, parent: QWidget, title: str, name: str, filters: str, on_chosen: Callable[[Path], None]
    ) -> None:
        path = self.folder / name
        self.entered.append(path.with_suffix(self.suffix) if self.suffix else path)
        self.on_enter()
        on_chosen(self.entered[-1])


class Person:
    """Whoever sits before the window. Everything done goes through here: ``done`` tells it, one line each."""

    def __init__(self, qtbot: QtBot, shots: Path) -> None:
        self._qtbot = qtbot
        self._shots = Path(os.environ.get("CHARGEN_SHOTS") or shots)
        self._kept: list[Any] = []  # drop events do not own what they carry
        self.window: Any = None
        self.done: list[str] = []

    def sits_before(self, window: MainWindow) -> None:
        self.window = window

    def click(self, widget: QWidget) -> None:
        """Once, with the left button, on what can be seen and pressed."""
        self._check(widget)
        self.done.append(f"click {_name(widget)}")
        self._qtbot.mouseClick(widget, Qt.MouseButton.LeftButton)

    def key(self, widget: QWidget, key: Qt.Key) -> None:
        self._check(widget)
        self.done.append(f"key {QKeySequence(key).toString()}")
        self._qtbot.keyClick(widget, key)

    def types(self, widget: QWidget, text: str) -> None:
        """Each character is a key."""
        self._check(widget)
        self.done += [f"key {character!r}" for character in text]
        self._qtbot.keyClicks(widget, text)

    def drops(self, *paths: Path) -> None:
        """Drags files from the desktop over the window, and lets them go."""
        self.done.append(f"drop {', '.join(path.name for path in paths)}")
        self._kept.append(drop(self.window, paths))

    def enters(self) -> None:
        """Enter, in a dialog that is the system's and not ours."""
        self.done.append("key Enter in the file dialog")

    def sees(self, name: str) -> Path:
        """A picture of the window as it is now."""
        QApplication.processEvents()
        self._shots.mkdir(parents=True, exist_ok=True)
        picture = self._shots / f"{name}.png"
        assert self.window.grab().save(str(picture))
        return picture

    def _check(self, widget: QWidget) -> None:
        assert widget.isVisible(), f"{_name(widget)} cannot be seen"
        assert widget.isEnabled(), f"{_name(widget)} is not to be used now"
        assert widget.window() is self.window


def _name(widget: QWidget) -> str:
    text = getattr(widget, "text", str)()
    return repr(text or widget.accessibleName() or type(widget).__name__)


def open_program(monkeypatch: pytest.MonkeyPatch, files: Pickers) -> MainWindow:
    """The program's own start; ``files`` answers for the file dialogs, which are the system's and not ours to test."""
    monkeypatch.setattr(app, "Pickers", lambda folder=None: files)
    application = app.make_application()
    window = app.open_window()
    if application.platformName() == "offscreen":  # a screen smaller than any real one, and no window manager
        window.resize(1280, 800)
        window.activateWindow()
    return window


def close_program(qtbot: QtBot, window: MainWindow) -> None:
    """Close the window as a person does, and wait for the end that the program waits for."""
    if not window.desk.closing:
        with qtbot.waitSignal(window.finished, timeout=30_000):
            window.close()
    window.deleteLater()


def pages(window: MainWindow, *keys: str) -> Sequence[Any]:
    return [window.page(key) for key in keys]
