"""Writes a run folder while its trainer runs."""

from typing import Any

from chargen.files import LineFile
from chargen.model.model_file import Model, save_model
from chargen.model.runs import RunFolder
from chargen.training import events, resume
from chargen.training.backend import Backend

PROGRESS_SECONDS = 1.0
"""Training losses go to the log at most this often; validations always."""


class Recorder:
    """The writer of one run; holds its lock until closed.

    Args:
        run: the folder. description: the content of ``run.json``; the backend is added when it is known.
    """

    def __init__(self, run: RunFolder, description: dict[str, Any]) -> None:
        self.run = run
        self._description = description
        self._lock = run.lock()
        self._events = LineFile(run.events)
        self._samples = LineFile(run.samples)
        self._last_progress = -PROGRESS_SECONDS

    def begin(self, backend: Backend | None, started: events.Started) -> None:
        """Write ``run.json`` now that everything is decided; without a backend the next session chooses one."""
        self._description.pop("backend", None)
        if backend is not None:
            self._description["backend"] = backend.to_json()
        self.run.write_description(self._description)
        self.event(started)

    def event(self, event: Any) -> None:
        self._events.append(events.to_json(event))

    def progress(self, event: events.Progress) -> None:
        if event.seconds - self._last_progress >= PROGRESS_SECONDS:
            self._last_progress = event.seconds
            self.event(event)

    def sample(self, event: events.Sampled) -> None:
        self._samples.append(events.to_json(event))

    def best(self, model: Model) -> None:
        """A new best model; the one before stays as ``.previous``."""
        save_model(self.run.model, model, keep_previous=True)

    def latest(self, model: Model, point: resume.ResumePoint) -> None:
        """The newest model and the resume point of the same step."""
        save_model(self.run.latest, model, keep_previous=True)
        resume.save(self.run.resume, point)

    def close(self) -> None:
        self._events.close()
        self._samples.close()
        self._lock.release()
