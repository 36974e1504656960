"""The trainer: a pure generator of events. No threads, no printing.

Whoever iterates :meth:`Trainer.steps` decides the pace: not asking for the next event is a pause.
Between two events commands may be given (:meth:`stop`, :meth:`set_learning_rate`, …); there is an
event at least between any two steps' reports, between pieces of validation and between tuning trials.

Where several processes learn as one, each iterates its own trainer, and all must do the same at the same step: what
is decided here is decided by the training's clock and by what the ranks agreed on, never by a time or a wish of one's
own.
"""

from collections.abc import Generator, Iterator
from dataclasses import replace
from typing import Any

from chargen.corpus.corpus import Corpus
from chargen.errors import DeviceError
from chargen.model.config import ModelConfig
from chargen.model.model_file import Model
from chargen.model.network import CharRNN
from chargen.settings import option
from chargen.training import evaluation, events, reporting, resume
from chargen.training.autotune import choose_backend, remember_pace
from chargen.training.backend import Backend
from chargen.training.budget import Budget
from chargen.training.clock import Clock
from chargen.training.config import TrainingConfig
from chargen.training.device import Device, lost, out_of_memory, processor_threads
from chargen.training.memory import smaller
from chargen.training.ranks import Ranks
from chargen.training.recorder import Recorder
from chargen.training.rollback import go_back
from chargen.training.step import LearningStep
from chargen.training.training_state import TrainingState

REPORT_SECONDS = 0.2
"""Losses stay on the device and are fetched this often: one synchronisation per report, not per step."""

SAVE_SECONDS = 30.0

WORTH_REMEMBERING_SECONDS = 2.0
"""Of learning: a pace over less says no more than the tuner's trials."""

_KEPT = "what was learned until the last save is kept."


class Trainer:
    """Trains one network on one corpus.

    Args:
        corpus: the encoded text.
        model_config: the network's shape.
        config: how to learn; streams and unroll are shrunk to what the text can fill.
        device: where. clock: started when the user asked.
        recorder: writes the run folder; None keeps nothing on disk.
        start: a model to start from (its vocabulary is the corpus's). point: continue from there.
        backend: the one a continued run used; None measures.
        notices: what the user should know before it begins.
        ranks: the processes that learn as one; None for this one alone. Only the first has a recorder.

    Attributes:
        training: what is trained, and where it stands.

    Raises:
        CorpusError: the text is too short. RankError: it has fewer streams than there are processes.
    """

    def __init__(
        self,
        corpus: Corpus,
        model_config: ModelConfig,
        config: TrainingConfig,
        device: Device,
        clock: Clock,
        recorder: Recorder | None = None,
        *,
        start: Model | None = None,
        point: resume.ResumePoint | None = None,
        backend: Backend | None = None,
        notices: tuple[str, ...] = (),
        ranks: Ranks | None = None,
    ) -> None:
        self.training = TrainingState(
            corpus,
            model_config,
            config,
            device,
            clock,
            recorder,
            start=start,
            point=point,
            backend=backend,
            notices=notices,
            ranks=ranks if ranks is not None else Ranks(),
        )
        self._ranks = self.training.ranks
        self._planned = config
        self._extensions = 0
        self._save_wanted = False
        self._wanted_rate: float | None = None
        self._learning: LearningStep | None = None
        self._learning_seconds = 0.0  # of this session's steps alone
        self._ended = 0.0  # on the clock, after the last step

    @property
    def corpus(self) -> Corpus:
        """The text."""
        return self.training.corpus

    @property
    def config(self) -> TrainingConfig:
        """How it learns, as planned now."""
        return self.training.config

    @property
    def device(self) -> Device:
        """Where it learns."""
        return self.training.device

    @property
    def clock(self) -> Clock:
        """The one that decisions are made by."""
        return self.training.clock

    @property
    def network(self) -> CharRNN:
        """What learns, live."""
        return self.training.network

    @property
    def processes(self) -> int:
        """How many learn as one."""
        return self._ranks.count

    @property
    def step(self) -> int:
        """Updates made so far, over all sessions."""
        return self.training.counters.step

    def close(self) -> None:
        """End the threads, leave the other ranks and release the run folder. Safe to call twice."""
        self._ranks.close()
        if self._learning is not None:
            self._learning.close()
        if self.training.recorder is not None:
            self.training.recorder.close()

    # -- commands: safe from a signal handler or another thread; heard between steps --------------

    def stop(self, reason: str = "stopped") -> None:
        """End after the current step, saved. ``reason``: ``stopped`` (by the user) or ``interrupted`` (by a signal)."""
        self._ranks.asked = reason

    def save_soon(self) -> None:
        """Write the run's files at the next step boundary."""
        self._save_wanted = True

    def set_learning_rate(self, rate: float) -> None:
        """Use ``rate`` from the next step on; the schedule goes on from there in proportion."""
        self._wanted_rate = rate

    def set_preview_temperature(self, temperature: float) -> None:
        """Write the live samples at ``temperature``."""
        self.training.preview_temperature = temperature

    def extend(self) -> None:
        """Plan for as much again as was planned at first, from the next step on; the learning rate rises with it."""
        self._extensions += 1

    # -- from the beginning to the end -------------------------------------------------------------

    def steps(self) -> Iterator[Any]:
        """Train until the budget is used or a stop is asked for. The last event is Finished.

        Raises:
            DeviceError: the device ran out of memory or was lost; what was saved stays.
            ChargenError: learning diverged again and again; what was saved stays.
        """
        trouble = ""
        try:
            yield from self._begin()
            yield from self._loop()
            yield from self._finish()
            return
        except RuntimeError as error:
            if out_of_memory(error):
                trouble = f"ran out of memory; {_KEPT} Try {smaller(self.network.config, self.config)}."
            elif lost(error, self.device.kind):
                trouble = f"stopped answering; {_KEPT} Go on with --resume, or with --resume --device cpu."
            else:
                raise
        # Outside the except block: a traceback would keep the tensors alive.
        raise DeviceError(f"{self.device.name} {trouble}")

    def _begin(self) -> Iterator[Any]:
        """Decide how to compute, and make the run folder."""
        training = self.training
        yield from (events.Notice(message) for message in training.notices)
        cut_short = False
        if training.backend is None and self._ranks.first:
            yield from self._choose_backend()
            cut_short = self._hurried()
        training.backend = backend = self._ranks.same_backend(training.backend)
        assert backend is not None
        backend.configure()
        if training.recorder is None:
            yield reporting.started(training, "")
        else:
            yield training.recorder.begin(
                None if cut_short else backend,
                lambda run: reporting.started(training, run),
                training.beginning(),
            )
        self._learning = LearningStep(
            training.network, training.learner.optimizer, training.config, backend, self._ranks
        )
        self._ranks.meet()

    def _choose_backend(self) -> Iterator[events.Tick]:
        training = self.training
        share = self._ranks.shares(training.shape.streams, 1)[0]
        for choice in choose_backend(
            training.network,
            training.config,
            training.device.kind,
            training.config.threads or processor_threads(),
            training.block(0)[:, share],
            self._hurried,
        ):
            if choice is None:
                yield events.Tick()
            else:
                training.backend = choice

    def _loop(self) -> Iterator[Any]:
        """Step after step. In between losses are reported, a text is sampled, the network validated and saved."""
        training, clock, counters = self.training, self.training.clock, self.training.counters
        next_report = clock.seconds() + REPORT_SECONDS
        next_save = clock.seconds() + SAVE_SECONDS
        next_sample = clock.seconds() + self._sample_interval()
        training.plan_validation()
        training.pace_from = (counters.step, clock.seconds())
        if counters.owed:  # the session before left in the middle of it
            yield from self._validate()
            training.plan_validation()
        step_seconds = 0.0
        while (yield from self._going_on(step_seconds)):
            if self._extensions:
                yield self._extend()
            begun = clock.seconds()
            self._learn()
            now = clock.seconds()
            step_seconds = max(0.5 * step_seconds, now - begun)
            self._learning_seconds += now - begun
            good_point_due = training.guard.due(counters.step)
            if good_point_due:  # machines that round differently would part, little by little
                self._ranks.level(training.learner.tensors())
            if now >= next_report or counters.step == 1 or good_point_due:
                yield from reporting.report(training)
                next_report = now + REPORT_SECONDS
            if now >= next_sample:
                yield from reporting.report(training)
                yield from evaluation.sample(training)
                next_sample = clock.seconds() + self._sample_interval()
            if training.validation_due.reached(now, counters.step):
                yield from reporting.report(training)
                if training.validation_due.reached(now, counters.step):  # else it went back
                    counters.owed = True
                    yield from self._validate()
                    training.plan_validation()
            if self._save_wanted or self._save_due(now - next_save):
                self._save_wanted = False
                yield from reporting.report(training)
                yield from self._save()
                next_save = clock.seconds() + SAVE_SECONDS

    def _finish(self) -> Iterator[Any]:
        """The last sample and save. After a signal, only what is needed to go on."""
        # Once it is measured, nothing changes why it ended.
        reason = self._ranks.stop_reason or ("by heart" if self.training.by_heart() else "budget")
        if not self._leaving():
            yield from evaluation.sample(self.training)
        yield from self._save()
        finished = reporting.finished(self.training, reason, self._ended)
        self._remember_pace()
        yield finished

    # -- one step, and whether there is another ----------------------------------------------------

    def _learn(self) -> None:
        """One update."""
        training, counters = self.training, self.training.counters
        assert self._learning is not None
        if self._wanted_rate is not None:
            training.set_rate(self._wanted_rate)
            self._wanted_rate = None
        result = self._learning.run(
            training.block(counters.step), training.carried, training.rate, counters.step, training.restarts()
        )
        training.pending.append((result.loss, result.norms))
        training.carried = result.state
        counters.step += 1
        training.learner.average(counters.step)
        training.session_steps += 1

    def _going_on(self, step_seconds: float) -> Generator[Any, None, bool]:
        """Whether another step is to be made; at the end the last report and validation, unless somebody is leaving.

        What these find spoiled is put back: then it is not the end.
        """
        if not self._at_the_end(step_seconds):
            return True
        self._ended = self.clock.seconds()
        yield from reporting.report(self.training)
        if self._at_the_end(step_seconds) and not self._leaving() and not self.training.by_heart():
            yield from self._validate()
        return not self._at_the_end(step_seconds)

    def _at_the_end(self, step_seconds: float) -> bool:
        if self._ranks.stop_reason is not None or self.training.by_heart():
            return True
        return not self._extensions and self.training.exhausted(step_seconds)

    def _leaving(self) -> bool:
        return self._ranks.stop_reason == "interrupted"

    def _hurried(self) -> bool:
        """Whether this process was asked to leave; the other ranks may not know yet."""
        return self._ranks.asked == "interrupted"

    # -- between two steps -------------------------------------------------------------------------

    def _sample_interval(self) -> float:
        """Seconds to the next live sample: soon at first, when much changes, then every few seconds."""
        return min(5.0, max(1.0, 0.3 * self.clock.seconds()))

    def _validate(self) -> Iterator[Any]:
        assert self._learning is not None
        return evaluation.validate(self.training, self._learning.workers)

    def _save_due(self, late: float) -> bool:
        """Soon at the guard's good points, where there is half as much to write; ``late``: seconds since it was due."""
        return late >= (0.0 if self.training.guard.good.step == self.step else SAVE_SECONDS)

    def _save(self) -> Iterator[Any]:
        """The newest model and a resume point of the same step; before, what was spoiled is put back."""
        training = self.training
        if not training.finite():
            yield from go_back(training)
        if training.recorder is None:
            return
        training.recorder.latest(training.model(None), training.resume_point())
        yield events.Saved(training.counters.step, str(training.recorder.run.latest))

    def _extend(self) -> events.Notice:
        """Make the budget longer, in the run's description too."""
        training, grown = self.training, {}
        for name in ("minutes", "epochs", "steps"):
            amount, more = getattr(training.config, name), getattr(self._planned, name)
            if amount is not None:
                grown[name] = min(amount + self._extensions * more, option(name).maximum)
        training.config, self._extensions = replace(training.config, **grown), 0
        training.budget = Budget(training.config, training.shape.steps, training.counters.spent)
        training.plan_validation()
        if training.recorder is not None:
            training.recorder.plan(training.config)
        name, amount = next(iter(grown.items()))
        return events.Notice(f"Planned now: {amount:,.6g} {name} in all.")

    def _remember_pace(self) -> None:
        """On a processor, where a step has ended when it returns, the next prediction stands on this run's pace.

        That of several processes says nothing of a run by one.
        """
        training = self.training
        if training.backend is None or self.device.kind != "cpu" or self.processes > 1:
            return
        if self._learning_seconds < WORTH_REMEMBERING_SECONDS:
            return
        shape = (training.shape.streams, training.shape.unroll)
        threads = training.config.threads or processor_threads()
        seconds = self._learning_seconds / training.session_steps
        remember_pace(training.network, training.config, "cpu", threads, shape, training.backend, seconds)
