"""What the tests of the Write page stand on: a real desk, a small real model, a picker that answers at once."""

from collections.abc import Callable
from pathlib import Path

from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from chargen.gui.desk import Desk, OpenModel
from chargen.gui.pickers import Pickers
from chargen.jobs import Job
from chargen.model.model_file import Model
from tests.models import CHARACTERS as CHARACTERS
from tests.models import build_model as build_model


def opened(model: Model, name: str = "harbour play", live: bool = False) -> OpenModel:
    return OpenModel(model, name, None, live)


class InlineJob(Job):
    """A job that is done when it is started; its events arrive with the next tick of the bridge."""

    def start(self) -> Job:
        self.run_here()
        return self


class AnsweringPickers(Pickers):
    """Answers with what it was given, at once; remembers what was asked."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.answer: Path | None = None
        self.asked: list[tuple[str, str]] = []

    def _answer(self, title: str, what: str, on_chosen: Callable[[Path], None]) -> None:
        self.asked.append((title, what))
        if self.answer is not None:
            on_chosen(self.answer)

    def open_file(self, parent: QWidget, title: str, filters: str, on_chosen: Callable[[Path], None]) -> None:
        self._answer(title, filters, on_chosen)

    def name_file(
        self, parent: QWidget, title: str, name: str, filters: str, on_chosen: Callable[[Path], None]
    ) -> None:
        self._answer(title, name, on_chosen)


def close(qtbot: QtBot, desk: Desk) -> None:
    """Shut the desk down, and let its jobs' last events arrive while there is somebody to hear them."""
    if desk._closed:
        return
    with qtbot.waitSignal(desk.closed, timeout=5000):
        desk.shutdown()


def make_desk(inline: bool = True) -> Desk:
    return Desk(make_job=InlineJob if inline else Job)
