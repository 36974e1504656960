"""Start-up, unexpected errors, signals, and the whole program in a process of its own."""

import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from PySide6.QtWidgets import QMessageBox, QWidget
from pytestqt.qtbot import QtBot

from chargen import paths
from chargen.gui import app

WINDOW_MODULES = "chargen.gui.app, chargen.gui.main_window, chargen.gui.pages.corpus, chargen.gui.pages.train, " \
    "chargen.gui.pages.write, chargen.gui.lag, chargen.gui.screens"


def python(code: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False,
        env={**os.environ, "QT_QPA_PLATFORM": "offscreen", **environment},
    )  # fmt: skip


def test_the_window_opens_without_torch() -> None:
    done = python(f"import sys; import {WINDOW_MODULES}; print('torch' in sys.modules)")
    assert done.stdout.strip() == "False", done.stderr


def test_the_first_page_needs_no_plot() -> None:
    code = (
        "import sys; import chargen.gui.app, chargen.gui.pages.corpus;"
        "print([name for name in ('torch', 'pyqtgraph') if name in sys.modules])"
    )
    done = python(code)
    assert done.stdout.strip() == "[]", done.stdout + done.stderr


# --- what nobody expected


def test_an_unexpected_error_is_logged_and_said_once(qtbot: QtBot, chargen_home: Path) -> None:
    window = QWidget()
    qtbot.addWidget(window)
    window.show()
    before = sys.excepthook
    with app.logged(), app.Reports() as reports:
        reports.set_window(window)
        for number in range(2):
            try:
                raise ValueError(f"number {number}")
            except ValueError:
                sys.excepthook(*sys.exc_info())  # type: ignore[arg-type]
        qtbot.waitUntil(lambda: len(window.findChildren(QMessageBox)) == 1)
        [box] = window.findChildren(QMessageBox)
        assert "number 0" in box.text()
        assert str(paths.log_file()) in box.text()
        box.close()
        qtbot.waitUntil(lambda: not window.findChildren(QMessageBox))
    log = paths.log_file().read_text()
    assert "number 0" in log
    assert "number 1" in log
    assert "Traceback" in log
    assert sys.excepthook is before


def test_an_error_in_a_thread_is_said_as_well(qtbot: QtBot) -> None:
    window = QWidget()
    qtbot.addWidget(window)
    window.show()

    def fail() -> None:
        raise RuntimeError("from a thread")

    with app.logged(), app.Reports() as reports:
        reports.set_window(window)
        thread = threading.Thread(target=fail)
        thread.start()
        thread.join()
        qtbot.waitUntil(lambda: len(window.findChildren(QMessageBox)) == 1)
        [box] = window.findChildren(QMessageBox)
        assert "from a thread" in box.text()
        box.close()
        qtbot.waitUntil(lambda: not window.findChildren(QMessageBox))


def test_a_home_that_cannot_be_written_does_not_stop_the_program(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("CHARGEN_HOME", str(tmp_path / "file" / "home"))
    with app.logged():
        app._log.error("nowhere to go")


def test_what_is_damaged_is_told_side_by_side(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    """Settings that nobody can read, and a draft: each is kept aside, and neither sentence takes the other's place."""
    paths.settings_file().parent.mkdir(parents=True, exist_ok=True)
    paths.settings_file().write_bytes(b'{"model": ')
    paths.drafts_dir().mkdir(parents=True, exist_ok=True)
    damaged = paths.drafts_dir() / f"{'0' * 16}.draft"
    damaged.write_bytes(b"torn")
    monkeypatch.setattr(app, "_warm_up", lambda window: window.page("write"))
    with app.logged(), app.Reports() as reports:
        window = app.open_window(reports)
        qtbot.addWidget(window)
        qtbot.waitUntil(lambda: len(window.notices.sentences()) == 2)
        first, second = window.notices.sentences()
        assert "settings were damaged" in first and "settings.json.damaged" in first
        assert damaged.name in second
        assert paths.settings_file().with_name("settings.json.damaged").read_bytes() == b'{"model": '
        with qtbot.waitSignal(window.finished):
            window.close()


def test_what_is_missing_is_told_beside_what_is_damaged(
    qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The model and the text of last time are gone, and a draft is damaged: three sentences."""
    remembered = {
        "text_open": True,
        "texts": [{"paths": [str(tmp_path / "gone.txt")], "entry": "", "name": "gone", "encoding": None,
                   "as_text": False, "newlines": "normalise", "validation": 0.1}],
        "model": str(tmp_path / "gone.safetensors"),
    }  # fmt: skip
    paths.settings_file().parent.mkdir(parents=True, exist_ok=True)
    paths.settings_file().write_text(json.dumps(remembered))
    paths.drafts_dir().mkdir(parents=True, exist_ok=True)
    (paths.drafts_dir() / f"{'0' * 16}.draft").write_bytes(b"torn")
    monkeypatch.setattr(app, "_warm_up", lambda window: window.page("write"))
    window = app.open_window()
    qtbot.addWidget(window)
    qtbot.waitUntil(lambda: len(window.notices.sentences()) == 3)
    said = " ".join(window.notices.sentences())
    assert "The text of last time" in said and "The model of last time" in said and ".draft" in said
    with qtbot.waitSignal(window.finished):
        window.close()


# --- signals


@pytest.mark.skipif(sys.platform == "win32", reason="os.kill ends the process there")
def test_a_signal_is_heard_in_an_idle_event_loop(qtbot: QtBot) -> None:
    heard: list[int] = []
    before = signal.getsignal(signal.SIGTERM)
    with app.signals_heard(heard.append):
        os.kill(os.getpid(), signal.SIGTERM)
        qtbot.waitUntil(lambda: heard == [signal.SIGTERM])
        os.kill(os.getpid(), signal.SIGINT)
        qtbot.waitUntil(lambda: heard == [signal.SIGTERM, signal.SIGINT])
    assert signal.getsignal(signal.SIGTERM) == before


PROGRAM = """
import sys
from chargen.gui import app, main_window
arguments = sys.argv[1:]
shown = main_window.MainWindow.showEvent
def tell(self, event):
    shown(self, event)
    self.desk.training_state_changed.connect(lambda state: print(state, flush=True))
    if arguments:
        self.desk.open_catalog("the-lamp-at-sarn", then_train={"minutes": 5.0, "hidden": 32, "precision": "float32"})
    print("shown", flush=True)
main_window.MainWindow.showEvent = tell
sys.exit(app.run())
"""


@pytest.mark.skipif(sys.platform == "win32", reason="signals end the process there")
@pytest.mark.parametrize(
    ("number", "code", "word"), [(signal.SIGINT, 130, "running"), (signal.SIGTERM, 143, "shown")]
)
def test_signals_end_the_program_in_order(number: int, code: int, word: str, chargen_home: Path) -> None:
    arguments = [sys.executable, "-c", PROGRAM, *(["train"] if word == "running" else [])]
    with subprocess.Popen(
        arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env={**os.environ, "QT_QPA_PLATFORM": "offscreen"},
    ) as program:  # fmt: skip
        assert program.stdout is not None
        assert program.stderr is not None
        try:
            for line in program.stdout:
                if line.strip() == word:
                    break
            program.send_signal(number)
            _, errors = program.communicate(timeout=40)
        finally:
            program.kill()
    assert program.returncode == code, errors
    if word == "running":
        [run] = (chargen_home / "runs").iterdir()
        assert (run / "latest.safetensors").is_file()
    assert (chargen_home / "settings.json").is_file()
