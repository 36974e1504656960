"""Fakes for the window's tests: jobs that run at once or follow a script, and file dialogs that answer."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QApplication, QWidget

from chargen.gui.desk import Desk
from chargen.gui.pickers import Pickers
from chargen.jobs import Cancelled, Done, Failed, Job
from chargen.training import events

PLAY = "ANNA: The tide is in, and nobody has come.\nBEN: Then we shall wait. It is a patient sea.\n" * 40


class InlineJob(Job):
    """Does its work in ``start``, in the calling thread: everything it posts is there at once."""

    def start(self) -> Job:
        self.run_here()
        return self


class HeldJob(Job):
    """Runs until the test says otherwise. ``post`` sends events; ``end`` the last one. Commands are kept."""

    def __init__(self, name: str, work: Callable[..., Any]) -> None:
        super().__init__(name, work)
        self.commands: list[Any] = []
        self.cancelled = False
        self._on = False

    def start(self) -> Job:
        self._on = True
        return self

    def send(self, command: Any) -> None:
        self.commands.append(command)

    def cancel(self) -> None:
        self.cancelled = True

    def post(self, *posted: Any) -> None:
        for event in posted:
            self.mailbox.post(event)

    def end(self, last: Any = None) -> None:
        self.mailbox.post(Done(None) if last is None else last)
        self._on = False

    @property
    def running(self) -> bool:
        return self._on


class Factory:
    """Makes jobs: held ones for the names given, inline ones otherwise. ``held`` maps names to the newest."""

    def __init__(self, *names: str) -> None:
        self.names = names
        self.held: dict[str, HeldJob] = {}
        self.made: list[str] = []

    def __call__(self, name: str, work: Callable[..., Any]) -> Job:
        self.made.append(name)
        if name in self.names:
            self.held[name] = HeldJob(name, work)
            return self.held[name]
        return InlineJob(name, work)


def make_desk(*held: str) -> tuple[Desk, Factory]:
    factory = Factory(*held)
    return Desk(make_job=factory), factory


class Answers(Pickers):
    """File dialogs that answer at once with ``answer``; nothing where it is empty. ``asked`` keeps the titles."""

    def __init__(self, *answer: Path) -> None:
        super().__init__()
        self.answer = list(answer)
        self.asked: list[str] = []

    def open_files(self, parent: QWidget, title: str, filters: str, on_chosen: Callable[[list[Path]], None]) -> None:
        self.asked.append(title)
        if self.answer:
            on_chosen(list(self.answer))

    def open_file(self, parent: QWidget, title: str, filters: str, on_chosen: Callable[[Path], None]) -> None:
        self.open_files(parent, title, filters, lambda paths: on_chosen(paths[0]))

    def open_folder(self, parent: QWidget, title: str, on_chosen: Callable[[Path], None]) -> None:
        self.open_files(parent, title, "", lambda paths: on_chosen(paths[0]))

    def name_file(
        self, parent: QWidget, title: str, name: str, filters: str, on_chosen: Callable[[Path], None]
    ) -> None:
        self.open_files(parent, title, filters, lambda paths: on_chosen(paths[0]))


class Heard:
    """Collects what a signal says."""

    def __init__(self, signal: Any) -> None:
        self.values: list[Any] = []
        signal.connect(self._hear)

    def _hear(self, *values: Any) -> None:
        self.values.append(values[0] if len(values) == 1 else values)


def started(run: str = "") -> events.Started:
    return events.Started(
        run=run, device="CPU", reason="no CUDA device found", precision="float32", backend="plain", threads=2,
        cell="lstm", layers=1, hidden=64, embedding=16, streams=8, unroll=32, parameters=23_456, characters=3_000,
        vocabulary=30, step=0,
    )  # fmt: skip


def progress(step: int = 10, fraction: float = 0.5) -> events.Progress:
    return events.Progress(step, step * 256, 1.5, 30.0, 2.1, 0.004, 0.5, 12_345.0, 29.6, fraction)


def points(*steps: int) -> events.LossPoints:
    count = len(steps)
    return events.LossPoints(
        np.array(steps), np.linspace(3, 2, count).astype(np.float32), np.zeros((count, 3), np.float32)
    )


def finished(model: str = "", reason: str = "budget") -> events.Finished:
    return events.Finished(reason, 100, 60.0, 1.5, 2.164, model)


def write_play(folder: Path, name: str = "play.txt", text: str = PLAY) -> Path:
    path = folder / name
    path.write_bytes(text.encode())
    return path


def drop(target: QWidget, paths: Sequence[Path]) -> tuple[QDragEnterEvent, QDropEvent, QMimeData]:
    """Drag ``paths`` over ``target`` and let them go. Keep what is returned: the events do not own the mime data."""
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    copy, left, keys = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    enter = QDragEnterEvent(target.rect().center(), copy, mime, left, keys)
    QApplication.sendEvent(target, enter)
    fall = QDropEvent(QPointF(target.rect().center()), copy, mime, left, keys)
    QApplication.sendEvent(target, fall)
    return enter, fall, mime


FAILED = Failed("The disk is full; free some space.", "")
CANCELLED = Cancelled()
