"""Nothing in the window is cut or lies outside: every page in its states, light and dark, in two sizes."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QSize
from PySide6.QtWidgets import (
    QApplication,
    QCheckBox,
    QComboBox,
    QHBoxLayout,
    QLabel,
    QMessageBox,
    QPushButton,
    QRadioButton,
    QScrollArea,
    QTabBar,
    QToolButton,
    QVBoxLayout,
    QWidget,
)
from pytestqt.qtbot import QtBot

from chargen.gui import screens, theme
from chargen.gui.app import make_application
from chargen.gui.desk import Desk
from chargen.gui.main_window import MainWindow
from chargen.gui.pickers import Pickers
from chargen.gui.settings_store import WindowSettings
from chargen.gui.widgets import focus_ring
from chargen.gui.widgets.cards import ChoiceCards
from chargen.gui.widgets.labelled import ElidedLabel, may_shorten
from chargen.jobs import Job
from chargen.paths import runs_dir
from chargen.training import events
from tests.gui import insight_scenes, states_scenes, write_scenes
from tests.gui.clipping import faults
from tests.gui.helpers import write_play
from tests.gui.write_helpers import build_model
from tests.model.test_library import FINISHED, PROGRESS, STARTED, VALIDATED, make_run

CHARACTERS = "".join(chr(code) for code in range(32, 127)) + "\n"
SIZES = (QSize(1280, 800), QSize(1920, 1080), QSize(1024, 700))
LONG = "the collected letters of a family in the upper valley, first to seventh year, cleaned twice.txt"


def corpus_scenes(window: MainWindow, folder: Path) -> Iterator[str]:
    desk, page = window.desk, window.page("corpus")
    assert isinstance(page, QWidget)
    corpus: Any = page
    screens.wait(lambda: len(corpus.empty.cards) > 0 and desk.device is not None)
    yield "corpus, empty"
    gone = (LONG, "/a/place/that/was", "not there any more")
    corpus.empty.set_recent([("my letters", "/a/place", ""), gone, (LONG, "/a/place", "")])
    yield "corpus, empty, with recent texts"
    corpus.empty.set_recent([])
    files = [write_play(folder, name, f"{name}\r\n“The tide” is in.\r\n" * 40) for name in ("a.txt", LONG, "c.txt")]
    desk.read_texts(files)
    screens.wait(lambda: desk.corpus is not None)
    yield "corpus, three files"
    binary = folder / "picture.txt"
    binary.write_bytes(bytes(range(256)) * 20)
    desk.read_texts([binary])
    screens.wait(lambda: corpus.banner.isVisible())
    yield "corpus, refused"
    many = [write_play(folder, f"{number}.txt", f"Text {number}.\n" * 30) for number in range(9)]
    desk.read_texts(many, newlines="keep", encoding="iso8859-15", validation=0.35)
    screens.wait(lambda: desk.corpus is not None and len(desk.choices.paths) == 9)
    yield "corpus, nine files"
    desk.open_catalog("the-lamp-at-sarn")
    screens.wait(lambda: desk.corpus is not None and desk.choices.entry != "")
    yield "corpus, at hand"


def train_scenes(window: MainWindow, job: Callable[[], Any]) -> Iterator[str]:
    desk, page = window.desk, window.page("train")
    train: Any = page
    window.show_page("train")
    yield "train, ready"
    train.form.advanced.set_open(True)
    yield "train, advanced"
    for field in train.form.fields.values():
        field.set_problem("Hidden units must be from 1 to 8,192, and a whole number of them; 12.5 is not.")
    yield "train, advanced, refused"
    for field in train.form.fields.values():
        field.set_problem("")
    train.form.advanced.set_open(False)
    train.form.set_minutes(24 * 60)
    train.start()
    screens.wait(lambda: desk.training_state == "running" and train.plot.point_count() > 0)
    yield "train, running"
    job().mailbox.post(events.Notice("There was no room for the first try; half as many streams are learned at once."))
    job().mailbox.post(events.Paused(3412))
    screens.wait(lambda: desk.training_state == "paused")
    yield "train, paused"
    desk.stop_training()
    screens.wait(lambda: desk.training_state == "idle")
    desk.run_folder = runs_dir() / "one"  # as if it were kept there: it can be trained longer
    desk.training_state_changed.emit("idle")
    yield "train, finished"
    desk.training_failed.emit("There is not enough memory for this size. Try --streams 8.")
    yield "train, failed"
    train.banner.hide()
    yield from run_scenes(train)
    desk.close_corpus()


def run_scenes(train: Any) -> Iterator[str]:
    train.show_runs()
    screens.wait(lambda: train.runs.empty.isVisible())
    yield "runs, none"
    runs = runs_dir()
    make_run(runs, "one", STARTED, PROGRESS, VALIDATED, FINISHED)
    make_run(runs, "two", STARTED, PROGRESS, created="2026-05-01T10:00:00", text=LONG)
    (runs / "three").mkdir()
    train.runs.refresh()
    screens.wait(lambda: len(train.runs.items) == 3)
    yield "runs, three"
    for item in list(train.runs.items):
        item.heading.click()
        yield f"run {item.card.name}, open"
        for button in (item.rename, item.share, item.delete):
            if button.isEnabled():
                button.click()
                item.say("Copied to “/media/stick/a folder with a long name/the letters.safetensors”.", "good")
                yield f"run {item.card.name}, {button.text()}"
    train._leave_runs()


def scenes(window: MainWindow, folder: Path, job: Callable[[], Any]) -> Iterator[str]:
    """Puts the window into one state after the other, and names it."""
    for key in ("train", "write"):
        window.show_page(key)
        yield f"{key}, empty"
    window.show_page("corpus")
    yield from corpus_scenes(window, folder)
    yield from train_scenes(window, job)
    window.show_page("write")
    write: Any = window.page("write")
    for name in write_scenes.scenes(window.desk, write, build_model(characters=CHARACTERS), "harbour play"):
        yield f"write, {name}"
    window.show_page("states")
    states: Any = window.page("states")
    for name in states_scenes.scenes(window.desk, states, build_model(characters=CHARACTERS), "harbour play"):
        yield f"states, {name}"
    window.show_page("insight")
    insight: Any = window.page("insight")
    for name in insight_scenes.scenes(window.desk, insight, build_model(characters=CHARACTERS), "harbour play"):
        yield f"insight, {name}"
    window.show_notice("bad", "The text of last time is not on the desk again. “/home/ana/letters.txt” is not there.")
    yield "a notice"


@pytest.fixture(scope="module")
def dressed(qapp: QApplication) -> Iterator[None]:
    make_application()
    theme.apply(qapp, "light")
    focus_ring.install(qapp)
    yield
    theme.apply(qapp, "light")


def settled(app: QApplication, window: QWidget) -> list[str]:
    """What is still wrong after some rounds: a label that wraps asks for its height later than it gets its width."""
    for _ in range(10):
        app.processEvents()
        app.processEvents()
        found = faults(window)
        if not found:
            break
    return found


@pytest.mark.parametrize("choice", ["light", "dark"])
def test_every_page_shows_all_of_its_words(
    choice: Any, qtbot: QtBot, qapp: QApplication, dressed: None, tmp_path: Path
) -> None:
    theme.apply(qapp, choice)
    happened, last = screens.script()
    trainings: list[Any] = []

    def make_job(name: str, work: Any) -> Job:
        if name != "train":
            return Job(name, work)
        trainings.append(screens.ScriptedTraining(name, happened, last))
        return trainings[-1]

    window = MainWindow(Desk(make_job=make_job), WindowSettings(theme=choice), Pickers())
    window.show()
    window.desk.find_device()
    found: list[str] = []
    seen = []
    try:
        for scene in scenes(window, tmp_path, lambda: trainings[-1]):
            seen.append(scene)
            for size in SIZES:
                window.resize(size)
                found += [f"{scene}, {size.width()}: {fault}" for fault in settled(qapp, window)]
    finally:
        with qtbot.waitSignal(window.finished, timeout=10_000):
            window.close()
        window.deleteLater()
    assert len(seen) > 30
    assert not found, "\n" + "\n".join(dict.fromkeys(found))


# --- that it can fail


def short(widget: QWidget, pixels: int = 30) -> QWidget:
    widget.setFixedWidth(pixels)
    return widget


def wrapped(height: int) -> QLabel:
    label = QLabel("Every unit at zero, as if nothing had been read.")
    label.setWordWrap(True)
    label.setFixedSize(120, height)
    return label


def tabs() -> QTabBar:
    bar = QTabBar()
    bar.addTab("What surprises it?")
    bar.addTab("What does a unit follow?")
    return bar


def combo() -> QComboBox:
    box = QComboBox()
    box.addItem("Captured after the last sample")
    return box


def tool() -> QToolButton:
    button = QToolButton()
    button.setText("Show in file manager")
    return button


CUT: dict[str, Callable[[], QWidget]] = {
    "label": lambda: short(QLabel("Validation loss")),
    "wrapped label": lambda: wrapped(18),
    "one long word": lambda: short(wrapped(60), 20),
    "button": lambda: short(QPushButton("Show in file manager")),
    "tool button": lambda: short(tool()),
    "check box": lambda: short(QCheckBox("Keep this state")),
    "radio button": lambda: short(QRadioButton("The state after this text")),
    "combo box": lambda: short(combo(), 80),
    "tabs": lambda: short(tabs(), 90),
    "painted line": lambda: short(ElidedLabel("Training · 64,100 characters/s")),
    "painted card": lambda: short(ChoiceCards([("quick", "Quick", "1 min · 315 k parameters")]), 120),
}


def fits(widget: QWidget) -> QWidget:
    widget.setMinimumSize(0, 0)
    widget.setMaximumSize(10_000, 10_000)
    widget.setFixedSize(400, 60)
    return widget


@pytest.mark.parametrize("what", CUT)
def test_a_cut_text_is_found_and_a_whole_one_is_not(what: str, qtbot: QtBot, dressed: None) -> None:
    window = QWidget()
    qtbot.addWidget(window)
    layout = QVBoxLayout(window)
    cut = CUT[what]()
    layout.addWidget(cut)
    window.show()
    assert len(faults(window)) == 1, what
    fits(cut)
    window.resize(440, 120)
    qtbot.waitUntil(lambda: faults(window) == [])


def test_what_a_user_named_may_be_cut_if_the_whole_is_told(qtbot: QtBot, dressed: None) -> None:
    window = QWidget()
    qtbot.addWidget(window)
    layout = QVBoxLayout(window)
    label = ElidedLabel(LONG)
    layout.addWidget(short(label, 60))
    window.show()
    assert "cuts" in faults(window)[0]
    may_shorten(label)
    assert faults(window) == []
    label.setToolTip("")
    assert faults(window)


def test_what_lies_outside_is_found_but_not_what_can_be_scrolled_to(qtbot: QtBot, dressed: None) -> None:
    window = QWidget()
    qtbot.addWidget(window)
    window.resize(400, 300)
    area = QScrollArea()
    area.setWidgetResizable(True)
    content = QWidget()
    rows = QVBoxLayout(content)
    for number in range(40):
        rows.addWidget(QLabel(f"Line {number}"))
    area.setWidget(content)
    QHBoxLayout(window).addWidget(area)
    window.show()
    assert faults(window) == []
    stray = QLabel("Outside", window)
    stray.move(380, 10)
    stray.show()
    assert "outside" in faults(window)[0]


def test_a_message_box_of_the_program_fits(qtbot: QtBot, dressed: None) -> None:
    box = QMessageBox()
    qtbot.addWidget(box)
    box.setText("Something went wrong that should not (ValueError: spoon); the details are in “/home/ana/log.txt”.")
    box.show()
    assert faults(box) == []
