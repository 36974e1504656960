"""Every page in its states as pictures: ``python -m chargen.gui.screens OUT_DIR [--real]``.

For people who judge with their eyes, and for the documentation. Without ``--real`` the training is a
scripted one; with it, the bundled play is really trained for half a minute. Runs without a display.
"""

import argparse
import math
import os
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from PySide6.QtCore import QEventLoop, QSize, QTimer
from PySide6.QtWidgets import QApplication

from chargen.gui import theme
from chargen.gui.app import make_application
from chargen.gui.desk import Desk
from chargen.gui.main_window import MainWindow
from chargen.gui.pickers import Pickers
from chargen.gui.settings_store import WindowSettings
from chargen.gui.widgets import focus_ring
from chargen.jobs import Done, Job

SIZES = (QSize(1280, 800), QSize(1920, 1080), QSize(1024, 700))
_SAMPLE = (
    "MARA\nThe winter lay along the water's edge\nAnd nobody would say what it had cost.\n\n"
    "KEEPER\nThen let the bell be rung for those who were\nAshore when every other light was out."
)


class ScriptedTraining(Job):
    """Stands in for a training: posts what it is given, and runs on until it is asked to stop."""

    def __init__(self, name: str, script: list[Any], last: list[Any]) -> None:
        super().__init__(name, lambda worker: None)
        self._script, self._last, self._on = script, last, False

    def start(self) -> Job:
        self._on = True
        for event in self._script:
            self.mailbox.post(event)
        return self

    def send(self, command: Any) -> None:
        if type(command).__name__ == "Stop":
            self.cancel()

    def cancel(self) -> None:
        if self._on:
            self._on = False
            for event in [*self._last, Done(None)]:
                self.mailbox.post(event)

    @property
    def running(self) -> bool:
        return self._on


def script() -> tuple[list[Any], list[Any]]:
    """The events of a training that looks like a real one, and those that end it."""
    import numpy as np

    from chargen.training import events

    generator = np.random.default_rng(1)
    steps = np.arange(1, 3401)
    curve = 1.38 + 2.9 * np.exp(-steps / 230) + 0.35 * np.exp(-steps / 1200)
    losses = (curve + generator.normal(0, 0.05, len(steps))).astype(np.float32)
    started = events.Started(
        run="", device="CPU", reason="no CUDA device found", precision="float32", backend="reference", threads=2,
        cell="lstm", layers=1, hidden=320, embedding=32, streams=32, unroll=64, parameters=482_000,
        characters=196_000, vocabulary=71, step=0,
    )  # fmt: skip
    norms = np.array([0.03, 0.4, 0.9]) * np.exp(generator.normal(0, 0.2, (len(steps), 3)) - steps[:, None] / 3_000)
    happened: list[Any] = [started, events.LossPoints(steps, losses, norms.astype(np.float32))]
    for step in range(280, 3401, 280):
        loss = float(curve[step - 1]) + 0.05 + 0.06 * step / 3400
        happened.append(events.Validated(step, step / 14, loss, loss / math.log(2), True))
    happened.append(events.Sampled(3400, _SAMPLE, 0.8))
    happened.append(events.Progress(3412, 7_000_000, 39.6, 192.0, 1.38, 3.1e-3, 0.4, 64_100.0, 47.0, 0.8))
    return happened, [events.Finished("budget", 4300, 300.0, 1.493, 1.493 / math.log(2), "")]


def wait(until: Callable[[], bool], seconds: float = 60.0) -> bool:
    """Run the event loop until something holds; False where it does not in time."""
    app = QApplication.instance()
    assert app is not None
    end = time.monotonic() + seconds
    while not until() and time.monotonic() < end:
        app.processEvents(QEventLoop.ProcessEventsFlag.AllEvents, 20)
        time.sleep(0.005)
    return until()


def settle(milliseconds: int = 250) -> None:
    """Let timers fire and everything be painted."""
    loop = QEventLoop()
    QTimer.singleShot(milliseconds, loop.quit)
    loop.exec()


def make_window(choice: str, real: bool) -> MainWindow:
    """A window of its own for one series of pictures; nothing is remembered."""
    happened, last = script()

    def make_job(name: str, work: Any) -> Job:
        return ScriptedTraining(name, happened, last) if name == "train" and not real else Job(name, work)

    window = MainWindow(Desk(make_job=make_job), WindowSettings(theme=choice), Pickers())
    window.show()
    return window


def take(window: MainWindow, folder: Path, name: str) -> None:
    """One picture in every size."""
    for size in SIZES:
        window.resize(size)
        settle(200)
        window.grab().save(str(folder / f"{name}-{window.width()}x{window.height()}.png"))


def series(folder: Path, choice: str, real: bool, minutes: float) -> None:
    """All pictures in one theme."""
    app = QApplication.instance()
    assert isinstance(app, QApplication)
    theme.apply(app, choice)  # type: ignore[arg-type]
    window = make_window(choice, real)
    desk = window.desk
    desk.find_device()
    settle(400)
    wait(lambda: desk.device is not None)
    take(window, folder, f"corpus-empty-{choice}")
    for page in ("train", "write", "states", "insight"):
        window.show_page(page)
        take(window, folder, f"{page}-empty-{choice}")
    from chargen.corpus.catalog import default_entry

    desk.open_catalog(default_entry().name)
    wait(lambda: desk.corpus is not None)
    take(window, folder, f"corpus-text-{choice}")
    window.show_page("train")
    take(window, folder, f"train-ready-{choice}")
    train: Any = window.page("train")
    train.form.advanced.set_open(True)
    take(window, folder, f"train-advanced-{choice}")
    train.form.advanced.set_open(False)
    train.form.set_minutes(minutes)
    train.start()
    wait(lambda: desk.training_state == "running")
    settle(round(minutes * 45_000) if real else 600)
    take(window, folder, f"train-running-{choice}")
    if desk.model is not None:
        window.show_page("write")
        take(window, folder, f"write-live-{choice}")
        window.show_page("train")
    if real:
        wait(lambda: desk.training_state == "idle", minutes * 60)
    else:
        desk.stop_training()
    wait(lambda: desk.training_state == "idle")
    settle(600)
    take(window, folder, f"train-finished-{choice}")
    if desk.model is not None:
        window.show_page("write")
        take(window, folder, f"write-{choice}")
        write_a_page(window)
        take(window, folder, f"write-surprise-{choice}")
        compare_texts(window)
        take(window, folder, f"write-compare-{choice}")
        for bench in mix_states(window):
            take(window, folder, f"states-{bench}-{choice}")
        score_a_text(window)
        take(window, folder, f"insight-{choice}")
    window.close()
    wait(lambda: not window.isVisible())


def write_a_page(window: MainWindow) -> None:
    """A text on the Write page, tinted by surprise, from a state primed by a line of the play."""
    page: Any = window.page("write")
    control = page.seed_state.control
    control.set_current("text")
    control.chosen.emit("text")
    control.text.set_text("storm over the harbour")
    page.seed_state.refresh()
    wait(lambda: page.seed_state.made() is not None)
    page.controls.prompt.set_text("KEEPER:")
    page.controls.length.setValue(700)
    page.surprise.setChecked(True)
    page.write_or_stop()
    wait(lambda: not page.is_writing())
    page.view.setFocus()
    settle()


def compare_texts(window: MainWindow) -> None:
    """Three temperatures side by side, from the settings of the page."""
    page: Any = window.page("write")
    page.compare()
    page.write_or_stop()
    wait(lambda: not page.is_writing())
    settle()


def score_a_text(window: MainWindow) -> None:
    """What was written, and lines of another kind, on the Insight page, the worst passage marked."""
    window.show_page("insight")
    page: Any = window.page("insight")
    play = "KEEPER: The lamp was low before the tide had turned,\nAnd every stair remembered someone's step.\n\n"
    page.take(f"{play}{_SAMPLE}\n\nThe quick brown fox jumps over 13 lazy dogs.\n\n{play}", "")
    wait(lambda: page.result.worst.isVisible())
    row = page.result.worst.rows()[0]
    page.show_passage(row.first, row.last)
    settle()


def mix_states(window: MainWindow) -> Iterator[str]:
    """The States page on each of its benches, with the states that are kept here, if any; none is made."""
    window.show_page("states")
    page: Any = window.page("states")
    wait(lambda: page.shelf.known)
    if page.is_empty():
        page.begin_new()
        page.shelf.form.text.set_text("A storm came up over the sea!")
    for number, bench in enumerate(page.benches):
        page.tabs.setCurrentIndex(number)
        if bench == "steer":
            page.steer.play_or_stop()
            wait(lambda: page.steer.twin.length() > 200)
            page.steer.play_or_stop()
        elif bench == "sum":
            page.sum.line.setText("A - 0.5*B")
        settle(1_000)
        yield bench


def main() -> int:
    """Make the pictures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--real", action="store_true", help="train the bundled play instead of a script")
    parser.add_argument("--minutes", type=float, default=0.5, help="how long the real training takes")
    parser.add_argument("--theme", choices=("light", "dark"), help="one theme only")
    arguments = parser.parse_args()
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    arguments.folder.mkdir(parents=True, exist_ok=True)
    app = make_application()
    focus_ring.install(app)
    for choice in (arguments.theme,) if arguments.theme else ("light", "dark"):
        series(arguments.folder, choice, arguments.real, arguments.minutes)
    return 0


if __name__ == "__main__":
    sys.exit(main())
