"""The main job through a real window: drop a text, watch it learn, write with it, export, close.

``CHARGEN_SHOTS=FOLDER`` keeps a picture of each step.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from chargen.gui import app
from chargen.gui.main_window import MainWindow
from chargen.paths import corpora_dir
from chargen.training import events
from tests.gui.helpers import Answers, Heard, drop

pytestmark = pytest.mark.windowed

CLICK = Qt.MouseButton.LeftButton


def picture(window: MainWindow, name: str) -> None:
    folder = os.environ.get("CHARGEN_SHOTS")
    if folder:
        Path(folder).mkdir(parents=True, exist_ok=True)
        window.grab().save(str(Path(folder) / f"{name}.png"))


@pytest.fixture
def files() -> Answers:
    return Answers()


@pytest.fixture
def window(
    qtbot: QtBot, qapp: QApplication, files: Answers, monkeypatch: pytest.MonkeyPatch
) -> Iterator[MainWindow]:
    monkeypatch.setattr(app, "Pickers", lambda folder=None: files)  # the system's file dialog is not ours to test
    app.make_application()
    window = app.open_window()
    yield window
    if not window.desk.closing:
        with qtbot.waitSignal(window.finished, timeout=30_000):
            window.close()
    window.deleteLater()
    qapp.setQuitOnLastWindowClosed(True)


def test_from_a_text_to_a_page_of_ones_own(
    qtbot: QtBot, window: MainWindow, files: Answers, tmp_path: Path
) -> None:
    desk = window.desk
    with qtbot.waitExposed(window):
        pass
    picture(window, "1-launched")

    # Drop a text on the window.
    text = tmp_path / "my play.txt"
    text.write_bytes((corpora_dir() / "the-lamp-at-sarn.txt").read_bytes())
    kept = drop(window, [text])
    qtbot.waitUntil(lambda: desk.corpus is not None, timeout=20_000)
    corpus: Any = window.page("corpus")
    assert window.current_page() == "corpus"
    assert corpus.chip.text() == "my play"
    picture(window, "2-dropped")

    # Train it: half a minute is chosen, and stopped after a first impression.
    qtbot.mouseClick(corpus.train, CLICK)
    assert window.current_page() == "train"
    train: Any = window.page("train")
    qtbot.waitUntil(lambda: desk.device is not None, timeout=60_000)
    train.form.set_minutes(0.4)
    seen = Heard(desk.training_event)
    qtbot.mouseClick(train.primary, CLICK)
    qtbot.waitUntil(lambda: desk.training_state == "running", timeout=60_000)

    # While it learns: the live sample at another temperature, and a pause.
    train.temperature.box.setValue(0.4)
    samples: list[Any] = []

    def sampled_cooler() -> bool:
        samples[:] = [event for event in seen.values if isinstance(event, events.Sampled) and event.temperature == 0.4]
        return bool(samples)

    qtbot.waitUntil(sampled_cooler, timeout=30_000)
    picture(window, "3-learning")
    qtbot.mouseClick(train.primary, CLICK)
    qtbot.waitUntil(lambda: desk.training_state == "paused", timeout=5_000)
    qtbot.mouseClick(train.primary, CLICK)
    qtbot.waitUntil(lambda: desk.training_state == "running", timeout=5_000)
    qtbot.waitUntil(lambda: desk.training_state == "idle", timeout=60_000)
    assert desk.finished is not None
    assert desk.finished.loss < 2.6
    assert train.plot.point_count() > 20
    qtbot.waitUntil(lambda: desk.model is not None and not desk.model.live)
    picture(window, "4-learned")

    # Write with it, from a state that a text has made.
    qtbot.mouseClick(train.primary, CLICK)
    assert window.current_page() == "write"
    write: Any = window.page("write")
    qtbot.waitUntil(lambda: write.view.length() > 0 and not write.is_writing(), timeout=30_000)  # at once
    control = write.controls.seed_control
    control.menu.setCurrentIndex(control.choices().index("text"))
    control.menu.activated.emit(control.menu.currentIndex())
    control.text.setFocus()
    qtbot.keyClicks(control.text, "The storm came in over the harbour.")
    write.controls.temperature.box.setValue(0.6)
    write.controls.length.setValue(400)
    qtbot.waitUntil(write.write_button.isEnabled)
    qtbot.mouseClick(write.write_button, CLICK)
    qtbot.waitUntil(lambda: write.view.length() >= 400 and not write.is_writing(), timeout=30_000)
    picture(window, "5-written")

    # Export, with everything that makes the text again.
    files.answer = [tmp_path / "mine.json"]
    qtbot.mouseClick(write.export_button, CLICK)
    qtbot.waitUntil(files.answer[0].exists, timeout=10_000)
    assert json.loads(files.answer[0].read_text(encoding="utf-8"))

    # Close: everything is saved, no thread is left, the model opens again.
    model = desk.finished.model
    with qtbot.waitSignal(window.finished, timeout=30_000):
        window.close()
    assert not window.isVisible()
    done = subprocess.run(
        [sys.executable, "-m", "chargen", "sample", model, "--from-export", str(files.answer[0])],
        capture_output=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr.decode()
    assert write.view.text().encode() in done.stdout
    assert kept
