"""The way from worker threads to the window: a timer empties mailboxes in the window's own thread.

No Qt object ever lives in a worker thread, and nothing in the window waits for one. Whoever runs a job
gives one function; it is called in the window's thread with every event of the job, the last of which
is exactly one of ``Done``, ``Cancelled`` and ``Failed``.
"""

import sys
from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QObject, Qt, QTimer, Signal, Slot

from chargen.jobs import Job

DRAIN_MS = 33


class Bridge(QObject):
    """Runs jobs. The timer ticks only while one of them runs; ``idle`` says that the last has ended."""

    ended = Signal()  # one of them
    idle = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._running: list[tuple[Job, Callable[[Any], None]]] = []
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.CoarseTimer)
        self._timer.setInterval(DRAIN_MS)
        self._timer.timeout.connect(self._drain)

    def run(self, job: Job, on_event: Callable[[Any], None]) -> Job:
        """Start ``job``; ``on_event`` gets its events, in order, in this thread."""
        self._running.append((job, on_event))
        job.start()
        if not self._timer.isActive():
            self._timer.start()
        return job

    def jobs(self) -> list[Job]:
        """Those that run, or whose last events nobody has seen yet."""
        return [job for job, _ in self._running]

    def cancel_all(self) -> None:
        """Ask every job to end; ``idle`` follows."""
        for job in self.jobs():
            job.cancel()

    @Slot()
    def _drain(self) -> None:
        for entry in list(self._running):
            job, on_event = entry
            ended = not job.running  # asked first: what is drained afterwards is then complete
            for event in job.mailbox.drain():
                _deliver(on_event, event)
            if ended:
                self._running.remove(entry)
                self.ended.emit()
        if not self._running:
            self._timer.stop()
            self.idle.emit()


def _deliver(on_event: Callable[[Any], None], event: Any) -> None:
    """An event that the window fails on is reported; those behind it still arrive."""
    try:
        on_event(event)
    except Exception:
        sys.excepthook(*sys.exc_info())
