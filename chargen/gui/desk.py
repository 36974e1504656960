"""The desk: what lies on it (a text, a training, a model, a device), and what can be done with it.

Pages watch its signals and call its methods; they do not know one another. Everything slow happens in a
job (see :mod:`chargen.gui.bridge`); every signal is emitted in the window's thread.
"""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal, Slot

from chargen.gui import tasks
from chargen.gui.bridge import Bridge
from chargen.gui.tasks import ReadingProgress, TextChoices
from chargen.jobs import Cancelled, Done, Failed, Job

if TYPE_CHECKING:
    from chargen.corpus.corpus import Corpus
    from chargen.model.model_file import Model

_log = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class OpenModel:
    """The model to write with.

    Attributes:
        model: as it is on disk, or a frozen copy of the one that learns.
        name: what to call it.
        path: its file; None for a copy of the one that learns.
        live: whether it comes from the training that runs, and will be replaced by newer ones.
    """

    model: "Model"
    name: str
    path: Path | None
    live: bool


class Desk(QObject):
    """What is on the desk. Attributes hold the last value of the signal of the same name."""

    corpus_changed = Signal(object)  # Corpus | None
    corpus_reading = Signal(object)  # the share read, 0 to 1; None when reading has ended, however it did
    corpus_failed = Signal(str)  # one sentence: why the text could not be read
    device_changed = Signal(object)  # kind, name, reason: see chargen.training.device.Device
    device_failed = Signal(str)  # one sentence: why there is none
    training_state_changed = Signal(str)  # idle, starting, running, paused, stopping
    training_event = Signal(object)  # an event of chargen.training.events
    training_failed = Signal(str)  # one sentence
    model_changed = Signal(object)  # OpenModel | None
    state_opened = Signal(object)  # a HiddenState from a file, to be used as the seed state
    state_moved = Signal(object)  # a HiddenState in place of ``written_with``
    written_with_changed = Signal(object)  # HiddenState | None: see ``set_written_with``
    export_opened = Signal(object)  # the path of an export, to be written again
    notice = Signal(str, str)  # info, caution, bad or good; and a sentence
    steering_wanted = Signal(str)  # rules for the settings of the Write page
    score_wanted = Signal(str, str)  # a text for the Insight page, and what it is called
    page_wanted = Signal(str)  # corpus, train, write, states or insight: where what was opened can be seen
    writing_wanted = Signal()  # write at once with the model on the desk, unless a text stands on the page
    work_changed = Signal()  # jobs began or ended: see ``busy_with``
    closed = Signal()  # after ``shutdown``: every job has ended, what was learned is saved

    def __init__(
        self,
        parent: QObject | None = None,
        make_job: Callable[[str, Callable[..., Any]], Job] = Job,
    ) -> None:
        super().__init__(parent)
        self._bridge = Bridge(self)
        self._bridge.ended.connect(self.work_changed)
        self._bridge.idle.connect(self._idle)
        self._make_job = make_job
        self._closing = self._closed = False
        self.corpus: Corpus | None = None
        self.choices = TextChoices()  # how the text on the desk was read
        self.failed_choices = TextChoices()  # of the last text that could not be read
        self._wanted: TextChoices | None = None  # of the one being read
        self.device: Any = None
        self.model: OpenModel | None = None
        self.training_state = "idle"
        self.training_name = ""  # of the text that is learned, or was last
        self.finished: Any = None  # the Finished event of the last training, if it got so far
        self.run_folder: Path | None = None  # of the training, or of the last
        self._snapshot: OpenModel | None = None  # the newest copy of the model that learns
        self._follow = True  # whether the model on the desk is the one that learns
        self.written_with: Any = None
        self._reading: Job | None = None
        self._opening: Job | None = None
        self._training: Job | None = None

    # --- opening

    def open_paths(self, paths: Sequence[Path]) -> None:
        """Open whatever was dropped or chosen: texts and folders, one model, one ``.state``, an export."""
        kind, sentence = tasks.what_to_open(paths)
        if kind == "refused":
            self.notice.emit("caution", sentence)
        elif kind == "texts":
            self.read_texts(paths)
        elif kind == "model":
            self.open_model(paths[0])
        elif kind == "export":
            self.open_export(paths[0])
        else:
            self.open_state(paths[0])

    def read_texts(
        self,
        paths: Sequence[Path],
        encoding: str | None = None,
        as_text: bool = False,
        newlines: str = "normalise",
        validation: float = 0.1,
    ) -> None:
        """Read files and folders as one corpus; what is on the desk stays until the new text is read."""
        self._read(TextChoices(tuple(paths), "", encoding, as_text, newlines, validation))

    def open_catalog(self, name: str, then_train: dict[str, Any] | None = None) -> None:
        """Read a text at hand; with ``then_train``, start learning it with these overrides."""
        self._read(TextChoices(entry=name, validation=self.choices.validation), then_train)

    def read(self, choices: TextChoices) -> None:
        """Read a text as it was read before."""
        self._read(choices)

    def reopen(self, choices: TextChoices | None, model: Path | None, name: str = "") -> None:
        """Put back what lay here last time, in jobs; what cannot be opened is told quietly."""
        if choices is not None and self.corpus is None and self._reading is None:
            self._read(choices, quiet=True)
        if model is not None and self.model is None and self._opening is None:
            self._open(tasks.load_model(model), lambda read: self._opened(read, model, name), "")

    def read_again(self, **changes: Any) -> None:
        """Read the same text with other choices (see :class:`TextChoices`)."""
        choices = replace(self._wanted or self.choices, **changes)
        if choices.paths or choices.entry:
            self._read(choices)

    def cancel_reading(self) -> None:
        """Stop reading; the text that was on the desk stays."""
        if self._reading is not None:
            self._reading.cancel()

    def close_corpus(self) -> None:
        """Take the text off the desk. A training that runs keeps its own."""
        self.cancel_reading()
        self.corpus, self.choices = None, TextChoices()
        self.corpus_changed.emit(None)

    def set_validation(self, share: float) -> None:
        """Keep another share of the text aside; nothing needs to be read again."""
        if self._wanted is not None:
            self.read_again(validation=share)
            return
        self.choices = replace(self.choices, validation=share)
        if self.corpus is not None and share != self.corpus.validation_share:
            self.corpus = replace(self.corpus, validation_share=share)
            self.corpus_changed.emit(self.corpus)

    def _read(self, choices: TextChoices, then_train: dict[str, Any] | None = None, quiet: bool = False) -> None:
        if self._closing:
            return
        self.cancel_reading()
        self._wanted = choices

        def on_event(event: Any) -> None:
            if job is not self._reading:
                return  # another text was chosen meanwhile
            match event:
                case ReadingProgress(fraction):
                    self.corpus_reading.emit(fraction)
                    return
                case Done(corpus):
                    self._reading = self._wanted = None
                    self.corpus, self.choices = corpus, choices
                    self.corpus_reading.emit(None)
                    self.corpus_changed.emit(corpus)
                    if then_train is not None:
                        self.start_training(then_train)
                case Failed():
                    self._reading = self._wanted = None
                    self.failed_choices = choices
                    self.corpus_reading.emit(None)
                    if quiet:
                        self._not_back("text", event)
                    else:
                        self.corpus_failed.emit(self._sentence(event))
                case Cancelled():
                    self._reading = self._wanted = None
                    self.corpus_reading.emit(None)

        job = self._reading = self._make_job("read", tasks.read(choices))
        if not quiet:
            self.page_wanted.emit("train" if then_train is not None else "corpus")
        self.corpus_reading.emit(0.0)
        self._start(job, on_event)

    def open_model(self, path: Path, name: str = "") -> None:
        """Read a model file or the model of a run folder and put it on the desk; ``name`` is what to call it."""
        self._open(tasks.load_model(path), lambda model: self._opened(model, path, name), "write")

    def open_state(self, path: Path) -> None:
        """Read a ``.state`` file and offer it as the seed state."""
        self._open(tasks.load_state(path), self.use_state, "write")

    def open_export(self, path: Path) -> None:
        """Have the texts of an export written again on the Write page, which is shown first."""
        self.page_wanted.emit("write")
        self.export_opened.emit(path)

    def use_state(self, state: Any) -> None:
        """Offer a HiddenState as the seed state of the Write page, which is shown first: it may not be there yet."""
        self.page_wanted.emit("write")
        self.state_opened.emit(state)

    def set_written_with(self, state: Any) -> None:
        """While a text is written: the HiddenState that is chosen by value; what is chosen next acts on the text."""
        if state is not self.written_with:
            self.written_with = state
            self.written_with_changed.emit(state)

    def move_state(self, state: Any) -> None:
        """Choose a HiddenState in place of ``written_with``, which it was made from by moving a weight."""
        self.state_moved.emit(state)

    def use_steering(self, rules: str) -> None:
        """Put rules of steering into the settings of the Write page."""
        self.page_wanted.emit("write")
        self.steering_wanted.emit(rules)

    def score(self, text: str, name: str) -> None:
        """Show on the Insight page what surprises the model in a text."""
        self.page_wanted.emit("insight")
        self.score_wanted.emit(text, name)

    def _opened(self, model: "Model", path: Path, name: str) -> None:
        self._follow = False
        self._set_model(OpenModel(model, name or (path.name if path.is_dir() else path.stem), path, False))

    def _open(self, work: tasks.Work, on_result: Callable[[Any], Any], page: str) -> None:
        """``page`` shows what was opened; empty for what is only put back."""
        if self._closing:
            return
        if self._opening is not None:
            self._opening.cancel()

        def on_event(event: Any) -> None:
            if job is not self._opening:
                return
            self._opening = None
            if isinstance(event, Done):
                on_result(event.result)
                if page:
                    self.page_wanted.emit(page)
            elif isinstance(event, Failed) and not page:
                self._not_back("model", event)
            elif isinstance(event, Failed):
                self.notice.emit("bad", self._sentence(event))

        job = self._opening = self._make_job("open", work)
        self._start(job, on_event)

    def _not_back(self, what: str, failure: Failed) -> None:
        self.notice.emit("info", f"The {what} of last time is not on the desk again. {self._sentence(failure)}")

    def _set_model(self, model: OpenModel | None) -> None:
        self.model = model
        self.model_changed.emit(model)

    # --- the device

    def find_device(self) -> None:
        """Import torch in a worker and say which device there is."""

        def on_event(event: Any) -> None:
            if isinstance(event, Done):
                self.device = event.result
                self.device_changed.emit(event.result)
            elif isinstance(event, Failed):
                self.device_failed.emit(self._sentence(event))

        self._start(self._make_job("device", tasks.find_device), on_event)

    # --- training

    def start_training(self, overrides: dict[str, Any]) -> None:
        """Learn the text on the desk; ``overrides`` by the names of the settings table."""
        if self.corpus is None:
            self.training_failed.emit("There is no text to learn from yet; open one on the Corpus page.")
            return
        self._train(tasks.train(self.corpus, overrides), self.corpus.name)

    def continue_run(self, run: Path, overrides: dict[str, Any], name: str = "") -> None:
        """Train the run in that folder on, with its own text; ``overrides`` may hold a new budget."""
        self._train(tasks.train(None, overrides, run), name or self.training_name or run.name)

    def _train(self, work: tasks.Work, name: str) -> None:
        if self._closing or self._training is not None:
            return
        self.training_name, self.finished, self._follow, self._snapshot = name, None, True, None
        self._training = self._make_job("train", work)
        self._set_training("starting")
        self._start(self._training, self._on_training)

    def _on_training(self, event: Any) -> None:
        from chargen.training import events

        match event:
            case events.Started():
                self.run_folder = Path(event.run) if event.run else None
                if self.training_state == "starting":
                    self._set_training("running")
            case events.Paused():
                self._set_training("paused")
            case events.Resumed():
                if self.training_state == "paused":
                    self._set_training("running")
            case events.Snapshot():
                self._snapshot = OpenModel(event.model, self.training_name, None, True)
                if self._follow:
                    self._set_model(self._snapshot)
            case events.Finished():
                self.finished = event
            case Done() | Cancelled():
                self._training = None
                self._set_training("idle")
                self._take_finished_model()
                return
            case Failed():
                self._training = None
                self._set_training("idle")
                self.training_failed.emit(self._sentence(event))
                return
        self.training_event.emit(event)

    def _take_finished_model(self) -> None:
        """What was saved (the best on validation) takes the place of the last live copy."""
        if self._closing or self._training is not None or not self._follow:
            return
        if self.finished is None or not self.finished.model:
            return
        path, name = Path(self.finished.model), self.training_name

        def on_event(event: Any) -> None:
            if isinstance(event, Done) and self._follow:
                self._set_model(OpenModel(event.result, name, path, False))
            elif isinstance(event, Failed):
                self.notice.emit("bad", self._sentence(event))

        self._start(self._make_job("open", tasks.load_model(path)), on_event)

    def pause_training(self) -> None:
        """Stand still after the current step; ``paused`` follows."""
        self._command("Pause")

    def resume_training(self) -> None:
        """Go on after a pause."""
        self._command("Resume")

    def stop_training(self) -> None:
        """End, validated and saved; the Finished event and ``idle`` follow."""
        if self._training is not None:
            self._set_training("stopping")
            self._command("Stop")

    def save_training(self) -> None:
        """Write the run's files now; a Saved event follows."""
        self._command("SaveNow")

    def extend_training(self) -> None:
        """Plan for as much again as was planned at first."""
        self._command("Extend")

    def set_learning_rate(self, rate: float) -> None:
        """From the next step on."""
        self._command("SetLearningRate", rate)

    def set_preview_temperature(self, temperature: float) -> None:
        """Of the live samples to come."""
        self._command("SetPreview", temperature)

    def write_with_training(self) -> None:
        """Put the model that learns (or learned last) back on the desk, after another was opened."""
        self._follow = True
        saved = Path(self.finished.model) if self.finished is not None and self.finished.model else None
        if saved is not None and self.model is not None and self.model.path == saved:
            return  # the best one, as saved, lies there already; the last live copy may be another
        if saved is None and self._snapshot is not None and self.model is not self._snapshot:
            self._set_model(self._snapshot)
        self._take_finished_model()

    def _command(self, name: str, *values: Any) -> None:
        if self._training is not None:
            from chargen.training import commands

            self._training.send(getattr(commands, name)(*values))

    def _set_training(self, state: str) -> None:
        if state != self.training_state:
            self.training_state = state
            self.training_state_changed.emit(state)

    # --- jobs

    def run_job(self, name: str, work: tasks.Work, on_event: Callable[[Any], None]) -> Job:
        """Run a page's own job. ``on_event`` gets its events in this thread; the last is Done, Cancelled or Failed.

        Cancel it with ``job.cancel()``; the desk does so when the window closes.
        """
        job = self._make_job(name, work)
        self._start(job, on_event)
        return job

    def busy_with(self) -> list[str]:
        """The names of the jobs that run."""
        return [job.name for job in self._bridge.jobs()]

    def _start(self, job: Job, on_event: Callable[[Any], None]) -> None:
        if self._closing:
            job.cancel()
        self._bridge.run(job, on_event)
        self.work_changed.emit()

    def _sentence(self, failure: Failed) -> str:
        if failure.details:
            _log.error("%s\n%s", failure.sentence, failure.details)
        return failure.sentence

    # --- the end

    def shutdown(self) -> None:
        """Ask every job to end, saved; ``closed`` follows when they have. Calling it again is harmless."""
        if self._closed:
            return
        first, self._closing = not self._closing, True
        if first:
            if self._training is not None:
                self._set_training("stopping")
            self._bridge.cancel_all()
        if not self._bridge.jobs():
            self._idle()

    @property
    def closing(self) -> bool:
        return self._closing

    @Slot()
    def _idle(self) -> None:
        self.work_changed.emit()
        if self._closing and not self._closed:
            self._closed = True
            self.closed.emit()
