"""The Write page in the real window: its keys work wherever the focus is."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from chargen.gui import theme
from chargen.gui.main_window import MainWindow
from chargen.gui.pages.write import WritePage
from chargen.gui.settings_store import WindowSettings
from tests.gui.write_helpers import AnsweringPickers, build_model, make_desk, opened


@pytest.fixture
def files(tmp_path: Path) -> AnsweringPickers:
    return AnsweringPickers(tmp_path)


@pytest.fixture
def window(qtbot: QtBot, qapp: QApplication, files: AnsweringPickers) -> Iterator[MainWindow]:
    if not qapp.styleSheet():
        theme.apply(qapp, "light")
    window = MainWindow(make_desk(inline=False), WindowSettings(theme="light", page="write"), files)
    window.show()
    window.activateWindow()
    yield window
    with qtbot.waitSignal(window.finished, timeout=5000):
        window.close()
    window.deleteLater()


def test_keys_from_within_the_prompt(qtbot: QtBot, window: MainWindow, files: AnsweringPickers, tmp_path: Path) -> None:
    page = window.page("write")
    assert isinstance(page, WritePage)
    window.desk._set_model(opened(build_model()))
    page.controls.length.setValue(10_000_000)
    prompt = page.controls.prompt
    prompt.setFocus()
    qtbot.keyClicks(prompt, "abc")
    qtbot.keyClick(prompt, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: page.view.length() > 100)
    assert page.view.text().startswith("abc")
    assert prompt.text() == "abc"  # the key wrote no line into the field
    qtbot.keyClick(prompt, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: not page.is_writing())
    files.answer = tmp_path / "out.txt"
    qtbot.keyClick(prompt, Qt.Key.Key_E, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: files.answer is not None and files.answer.exists())
    assert files.answer.read_text(encoding="utf-8") == page.view.text()
    assert not window.banner.isVisible()


def test_a_state_that_is_dropped_becomes_the_seed_state(qtbot: QtBot, window: MainWindow, tmp_path: Path) -> None:
    from chargen.sampling.seeds import prime

    page = window.page("write")
    assert isinstance(page, WritePage)
    window.desk._set_model(opened(build_model()))
    path = tmp_path / "storm.state"
    prime(build_model(), "storm").save(path)
    window.desk.open_paths([path])
    qtbot.waitUntil(lambda: page.controls.seed_control.current() == "held")
    assert page.controls.seed_control.menu.currentText() == "storm"
