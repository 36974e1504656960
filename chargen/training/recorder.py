"""Writes a run folder while its trainer runs."""

import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from filelock import FileLock

from chargen.corpus.corpus import Corpus, save_encoded
from chargen.errors import RunError
from chargen.files import LineFile
from chargen.model.model_file import Model, save_model
from chargen.model.runs import RunFolder, create_run, remove_beginning, remove_unfinished
from chargen.training import events, resume
from chargen.training.backend import Backend
from chargen.training.config import TrainingConfig

PROGRESS_SECONDS = 1.0
"""Training losses go to the log at most this often; validations always."""


@dataclass(frozen=True)
class NewRun:
    """A run that has no folder yet.

    Attributes:
        place: names the folder, at the moment it is made. corpus: the text that is kept in it.
    """

    place: Callable[[], Path]
    corpus: Corpus


class Recorder:
    """The writer of one run; holds its lock until closed.

    A new run has no folder before :meth:`begin`, and none afterwards if that fails: whoever leaves before the training
    begins leaves nothing behind.

    Args:
        run: the folder, locked at once; or a new run.
        description: the content of ``run.json``; the backend is added when it is known.
    """

    def __init__(self, run: RunFolder | NewRun, description: dict[str, Any]) -> None:
        self._description = description
        self._new = run if isinstance(run, NewRun) else None
        self._run = run if isinstance(run, RunFolder) else None
        self._made_folder = False
        self._lock: FileLock | None = None
        self._events: LineFile | None = None
        self._samples: LineFile | None = None
        self._last_progress = -PROGRESS_SECONDS
        if self._run is not None:
            self._lock = self._run.lock()
            remove_unfinished(self._run)

    def describe(self, description: dict[str, Any]) -> None:
        """What ``run.json`` is to hold, in place of what was given first; :meth:`begin` writes it."""
        self._description = description

    def plan(self, config: TrainingConfig) -> None:
        """Write down that the training is planned otherwise now."""
        self._description["training"] = config.to_json()
        self.run.write_description(self._description)

    @property
    def run(self) -> RunFolder:
        """The folder. Raises RunError where a new run has none yet."""
        if self._run is None:
            raise RunError("This run has not begun; it has no folder yet.")
        return self._run

    def begin(
        self, backend: Backend | None, started: Callable[[str], events.Started], point: resume.ResumePoint
    ) -> events.Started:
        """Make the folder of a new run whole, and write ``run.json`` now that everything is decided.

        From then on the run can be continued: ``run.json`` comes last.

        Args:
            backend: none where it was not chosen; the next session does. started: makes the first event of the folder.
            point: what a new run begins from.

        Raises:
            RunError: the folder is another run's. FileError: it cannot be written; a new one is gone again.
        """
        self._description.pop("backend", None)
        if backend is not None:
            self._description["backend"] = backend.to_json()
        if self._new is not None:
            self._make(self._new, point)
        try:
            self._events, self._samples = LineFile(self.run.events), LineFile(self.run.samples)
            event = started(str(self.run.folder))
            self.run.write_description(self._description)
            self.event(event)
        except BaseException:
            if self._new is not None:
                self._unmake()
            raise
        return event

    def _make(self, new: NewRun, point: resume.ResumePoint) -> None:
        place = new.place()
        self._made_folder = not place.exists()
        run = create_run(place)
        self._lock = run.lock()
        self._run = run
        try:
            remove_beginning(run)
            save_encoded(run.corpus, new.corpus)
            resume.save(run.resume, point)
        except BaseException:
            self._unmake()
            raise

    def _unmake(self) -> None:
        """Nothing was learned: leave no half folder."""
        run, self._run = self.run, None
        self._close_logs()
        remove_beginning(run)
        with contextlib.suppress(OSError):  # Windows removes it when it is released, and not before
            (run.folder / "lock").unlink()
        self.close()
        if self._made_folder:
            with contextlib.suppress(OSError):
                run.folder.rmdir()

    def event(self, event: Any) -> None:
        assert self._events is not None, "begin comes first"
        self._events.append(events.to_json(event))

    def progress(self, event: events.Progress) -> None:
        if event.seconds - self._last_progress >= PROGRESS_SECONDS:
            self._last_progress = event.seconds
            self.event(event)

    def sample(self, event: events.Sampled) -> None:
        assert self._samples is not None, "begin comes first"
        self._samples.append(events.to_json(event))

    def best(self, model: Model) -> None:
        """A new best model; the one before stays as ``.previous``."""
        save_model(self.run.model, model, keep_previous=True)

    def latest(self, model: Model, point: resume.ResumePoint) -> None:
        """The newest model and the resume point of the same step."""
        save_model(self.run.latest, model, keep_previous=True)
        resume.save(self.run.resume, point)

    def close(self) -> None:
        """Close the logs and release the run. Safe to call twice."""
        self._close_logs()
        if self._lock is not None:
            self._lock.release()

    def _close_logs(self) -> None:
        for log in (self._events, self._samples):
            if log is not None:
                log.close()
