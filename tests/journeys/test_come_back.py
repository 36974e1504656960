"""Journey two: train, pause, close, start again, go on; two primed states; export, and the same from the command line.

``CHARGEN_SHOTS=FOLDER`` keeps a picture of each step.
"""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from chargen.corpus.corpus import read_corpus
from chargen.gui.main_window import MainWindow
from chargen.model.library import list_runs
from chargen.paths import corpora_dir, runs_dir
from chargen.sampling.export import load_export
from tests.journeys.story import EnterPressed, Person, close_program, open_program, pages

pytestmark = pytest.mark.windowed(offscreen=True)

SECONDS = 8
STORM, CALM = "A storm came up from the valley in the night.", "I am well, and the garden is quiet."


def learn_a_little(qtbot: QtBot, window: MainWindow, person: Person, text: Path) -> str:
    """Drop a text, train it, pause, write a first page with what it knows. Returns that page."""
    desk = window.desk
    person.drops(text)
    corpus, train, write = pages(window, "corpus", "train", "write")
    qtbot.waitUntil(lambda: desk.corpus is not None and corpus.train.isVisible(), timeout=30_000)
    person.click(corpus.train)
    train.form.set_minutes(SECONDS / 60)
    qtbot.waitUntil(lambda: desk.device is not None, timeout=60_000)
    person.click(train.primary)
    qtbot.waitUntil(lambda: desk.training_state == "running", timeout=60_000)
    qtbot.waitUntil(lambda: desk.model is not None and train.plot.point_count() > 20, timeout=60_000)
    person.click(train.primary)  # Pause
    qtbot.waitUntil(lambda: desk.training_state == "paused", timeout=10_000)
    person.sees("back-1-paused")
    qtbot.waitUntil(train.write.isVisible)
    person.click(train.write)
    assert window.current_page() == "write"
    qtbot.waitUntil(lambda: write.view.length() > 0 and not write.is_writing(), timeout=30_000)
    person.key(write.controls.temperature.slider, Qt.Key.Key_Left)
    person.sees("back-2-first-page")
    return write.view.text()


def everything_is_back(qtbot: QtBot, window: MainWindow, page: str, temperature: float, text: Path) -> None:
    desk = window.desk
    qtbot.waitUntil(lambda: None not in (desk.corpus, desk.model, desk.device), timeout=60_000)
    train, write = pages(window, "train", "write")
    qtbot.waitUntil(lambda: write.view.text() == page, timeout=10_000)
    assert window.current_page() == "write"
    assert desk.corpus.sha256 == read_corpus([text]).sha256
    assert desk.choices.paths == (text,)
    assert desk.model.name == text.stem and not desk.model.live
    assert train.form.minutes() == pytest.approx(SECONDS / 60, abs=1e-3)
    assert write.controls.temperature.value() == temperature
    assert not window.banner.isVisible()


def go_on(qtbot: QtBot, window: MainWindow, person: Person, train: Any) -> None:
    """The run at the top of the list, trained on to its end."""
    desk = window.desk
    before = list_runs(runs_dir())[0]
    assert before.state == "interrupted"
    window.show_page("train")
    person.click(train.runs_button)
    qtbot.waitUntil(lambda: len(train.runs.items) == 1, timeout=10_000)
    item = train.runs.items[0]
    person.click(item.heading)
    person.sees("back-4-runs")
    person.click(item.go_on)
    qtbot.waitUntil(lambda: desk.training_state == "running", timeout=60_000)
    qtbot.waitUntil(lambda: window.focusWidget() is train.primary)  # Pause; what began it has gone
    qtbot.waitUntil(lambda: desk.training_state == "idle", timeout=60_000)
    after = list_runs(runs_dir())[0]
    assert (after.folder, after.state) == (before.folder, "finished")
    assert after.steps > before.steps
    qtbot.waitUntil(lambda: desk.model is not None and desk.model.path is not None, timeout=10_000)
    person.sees("back-5-went-on")


def prime(qtbot: QtBot, person: Person, write: Any, text: str) -> None:
    """Choose a seed state that reading ``text`` makes."""
    control = write.controls.seed_control
    control.menu.setCurrentIndex(control.menu.findData("text"))  # its list is a window of the system's
    control.menu.activated.emit(control.menu.currentIndex())
    control.text.set_text("")
    person.types(control.text, text)
    qtbot.waitUntil(lambda: write.seed_state.made() is not None and write.seed_state.priming_text() == text)


def write_hotter_and_stop(qtbot: QtBot, person: Person, write: Any) -> None:
    """Write, make it hotter while it writes, and stop."""
    write.controls.length.setValue(100_000)
    person.click(write.write_button)
    qtbot.waitUntil(lambda: write.is_writing() and write.view.length() > 200, timeout=30_000)
    slider = write.controls.temperature.slider
    before = write.controls.temperature.value()
    for _ in range(3):
        person.key(slider, Qt.Key.Key_Right)
    assert write.controls.temperature.value() > before
    so_far = write.view.length()
    qtbot.waitUntil(lambda: write.view.length() > so_far + 300, timeout=30_000)
    person.click(write.write_button)
    qtbot.waitUntil(lambda: not write.is_writing(), timeout=10_000)


def export(qtbot: QtBot, person: Person, files: EnterPressed, write: Any, folder: Path, name: str) -> tuple[Path, Path]:
    """The page as JSON and as plain text, under one name."""
    made = []
    for suffix in (".json", ".txt"):
        files.folder, files.suffix = folder / name, suffix
        files.folder.mkdir(parents=True, exist_ok=True)
        person.click(write.export_button)
        made.append(files.entered[-1])
        qtbot.waitUntil(made[-1].exists, timeout=10_000)
    return made[0], made[1]


def again(model: Path, record: Path, out: Path) -> bytes:
    """What the command line writes from an export."""
    done = subprocess.run(
        [sys.executable, "-m", "chargen", "sample", str(model), "--from-export", str(record), "--output", str(out)],
        capture_output=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr.decode()
    return out.read_bytes()


def test_closed_and_opened_again_it_goes_on(
    qtbot: QtBot, qapp: QApplication, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = tmp_path / "my letters.txt"
    text.write_bytes((corpora_dir() / "letters-from-the-upper-valley.txt").read_bytes())
    files = EnterPressed(tmp_path)
    person = Person(qtbot, tmp_path / "shots")

    first = open_program(monkeypatch, files)
    person.sits_before(first)
    try:
        page = learn_a_little(qtbot, first, person, text)
        temperature = first.page("write").controls.temperature.value()  # type: ignore[attr-defined]
        assert first.desk.training_state == "paused"
    finally:
        close_program(qtbot, first)
    assert not first.isVisible()

    window = open_program(monkeypatch, files)
    person.sits_before(window)
    try:
        assert window is not first
        everything_is_back(qtbot, window, page, temperature, text)
        person.sees("back-3-opened-again")
        train, write = pages(window, "train", "write")
        go_on(qtbot, window, person, train)
        assert window.desk.model is not None
        model = window.desk.model.path
        assert model is not None

        window.show_page("write")
        exports = []
        for name, words in (("storm", STORM), ("calm", CALM)):
            prime(qtbot, person, write, words)
            write_hotter_and_stop(qtbot, person, write)
            person.sees(f"back-{6 + len(exports)}-{name}")
            exports.append(export(qtbot, person, files, write, tmp_path, name))
    finally:
        close_program(qtbot, window)
        qapp.setQuitOnLastWindowClosed(True)

    records = [load_export(record)[0] for record, _ in exports]
    assert records[0].seed_state.h.tobytes() != records[1].seed_state.h.tobytes()
    assert all(record.temperature_changes for record in records)
    for record, plain in exports:
        assert again(model, record, tmp_path / f"again-{record.parent.name}.txt") == plain.read_bytes()
