"""Leaving, seen from inside; ``tests/soak/test_leaving.py`` does it with real processes."""

import importlib
import sys
import threading
from pathlib import Path

import pytest
from PySide6.QtWidgets import QDialog
from pytestqt.qtbot import QtBot

from chargen.gui.main_window import MainWindow
from chargen.gui.pickers import Pickers
from chargen.gui.settings_store import WindowSettings
from chargen.gui.tasks import cancellable_imports
from chargen.jobs import Cancelled, Done, Job, Worker
from tests.gui.helpers import Heard, make_desk, started, write_play


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
    monkeypatch.setattr(
        "chargen.gui.tasks._gate", lambda: (reached.set(), go_on.wait(10)), raising=False
    )

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
