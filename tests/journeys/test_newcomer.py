"""A newcomer's path: from an empty home to an own sample in a file, with eight clicks or keys at most.

``CHARGEN_SHOTS=FOLDER`` keeps a picture of each step.
"""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication, QDialog
from pytestqt.qtbot import QtBot

from chargen.gui.main_window import MainWindow
from chargen.model.library import list_runs
from chargen.paths import corpora_dir, runs_dir
from tests.journeys.story import EnterPressed, Person, close_program, open_program, pages

pytestmark = pytest.mark.windowed(offscreen=True)

MOST = 8
SECONDS = 180


@pytest.fixture
def files(tmp_path: Path) -> EnterPressed:
    return EnterPressed(tmp_path)


@pytest.fixture
def person(qtbot: QtBot, tmp_path: Path, files: EnterPressed) -> Person:
    person = Person(qtbot, tmp_path / "shots")
    files.on_enter = person.enters
    return person


@pytest.fixture
def opened(qtbot: QtBot, qapp: QApplication, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[MainWindow]]:
    windows: list[MainWindow] = []
    yield windows
    for window in windows:
        close_program(qtbot, window)
    qapp.setQuitOnLastWindowClosed(True)


def test_a_newcomer_exports_an_own_sample(
    qtbot: QtBot, opened: list[MainWindow], person: Person, files: EnterPressed, tmp_path: Path,
    chargen_home: Path, monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    assert not list(chargen_home.iterdir())
    text = tmp_path / "my letters.txt"
    text.write_bytes((corpora_dir() / "letters-from-the-upper-valley.txt").read_bytes())
    began = time.monotonic()

    window = open_program(monkeypatch, files)
    opened.append(window)
    person.sits_before(window)
    with qtbot.waitExposed(window):
        pass
    person.sees("newcomer-1-launched")

    person.drops(text)
    corpus, train, write = pages(window, "corpus", "train", "write")
    qtbot.waitUntil(lambda: window.desk.corpus is not None and corpus.train.isVisible(), timeout=30_000)
    person.sees("newcomer-2-dropped")

    person.click(corpus.train)
    assert window.current_page() == "train"
    person.sees("newcomer-3-train")
    person.click(train.form.presets.card("quick"))
    assert train.form.minutes() == 1.0
    person.sees("newcomer-4-quick")
    person.click(train.primary)
    qtbot.waitUntil(lambda: window.desk.training_state == "running", timeout=60_000)
    qtbot.waitUntil(lambda: train.plot.point_count() > 50 and bool(train.sample.text()), timeout=60_000)
    person.sees("newcomer-5-learning")
    qtbot.waitUntil(lambda: window.desk.training_state == "idle", timeout=150_000)
    qtbot.waitUntil(lambda: window.desk.model is not None and not window.desk.model.live, timeout=10_000)
    person.sees("newcomer-6-learned")

    person.click(train.primary)  # Write with it
    assert window.current_page() == "write"
    qtbot.waitUntil(lambda: write.view.length() > 0 and not write.is_writing(), timeout=30_000)
    person.sees("newcomer-7-written")
    person.click(write.export_button)
    qtbot.waitUntil(lambda: bool(files.entered) and files.entered[0].exists(), timeout=10_000)
    qtbot.waitUntil(write.banner.isVisible)
    person.sees("newcomer-8-exported")
    seconds = time.monotonic() - began

    print(f"{len(person.done)} clicks or keys, {seconds:.1f} s: {'; '.join(person.done)}")
    assert len(person.done) <= MOST, person.done
    assert files.entered[0].read_text(encoding="utf-8") == write.view.text()
    assert files.entered[0].suffix == ".txt"
    [run] = list_runs(runs_dir())
    # A minute was asked for, and a minute was learned, unless the letters were soon known by heart.
    early = window.desk.finished.reason == "by heart"
    assert 10 < run.seconds < 70 if early else run.seconds == pytest.approx(60, abs=10)
    assert window.desk.finished.loss < 2.6
    assert not window.findChildren(QDialog)
    assert not window.banner.isVisible()  # nothing went wrong on the way
    assert seconds < SECONDS  # the story's own claim; it takes a good half of that
