"""The trainer: a pure generator of events. No threads, no printing.

Whoever iterates :meth:`Trainer.steps` decides the pace: not asking for the next event is a pause.
Between two events commands may be given (:meth:`stop`, :meth:`set_learning_rate`, …); there is an
event at least between any two steps' reports, between pieces of validation and between tuning trials.

Where several processes learn as one, each iterates its own trainer, and all must do the same at the same step: what
is decided here is decided by ``self.clock`` and by what the ranks agreed on, never by a time or a wish of one's own.
"""

import math
from collections.abc import Generator, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import torch

from chargen.corpus.corpus import Corpus
from chargen.corpus.streams import Ids, Streams, fit_streams
from chargen.errors import ChargenError, DeviceError, RankError
from chargen.model.config import ModelConfig
from chargen.model.model_file import Model
from chargen.model.network import CharRNN, State
from chargen.model.scoring import iterate_losses, validation_streams
from chargen.settings import option
from chargen.training import events, resume
from chargen.training.autotune import choose_backend, remember_pace
from chargen.training.backend import Backend
from chargen.training.budget import Budget, Due
from chargen.training.clock import Clock
from chargen.training.config import TrainingConfig
from chargen.training.device import Device, lost, out_of_memory, processor_threads
from chargen.training.guard import MAXIMUM_RETURNS, Guard, all_finite
from chargen.training.learner import Learner
from chargen.training.memory import smaller
from chargen.training.preview import preview_text
from chargen.training.ranks import Ranks
from chargen.training.recorder import Recorder
from chargen.training.schedule import WARMUP_STEPS, learning_rate
from chargen.training.step import LearningStep

REPORT_SECONDS = 0.2
"""Losses stay on the device and are fetched this often: one synchronisation per report, not per step."""

SAVE_SECONDS = 30.0
RESTART_SHARE = 0.02
"""The share of streams that begin afresh at a step. A network that met its initial state only once an epoch would soon
have moved away from it, and write nonsense when started there; a learned one would hardly be trained."""

CLEARLY_WORSE = 0.003
"""A validation loss larger than the best by this share counts against going on."""

_KEPT = "what was learned until the last save is kept."

MINIMUM_VALIDATION = 2
WORTH_REMEMBERING_SECONDS = 2.0
"""Of learning: a pace over less says no more than the tuner's trials."""


@dataclass
class _Progress:
    """Where a run stands; everything a resume point needs besides tensors."""

    step: int = 0
    spent: float = 0.0  # seconds of earlier sessions
    rate_scale: float = 1.0
    best_loss: float = math.inf
    best_step: int = -1
    returns: int = 0  # how often learning ran away and was put back
    owed: bool = False  # a validation was due at this step and has not ended
    worse: int = 0  # validations in a row that were clearly worse than the best
    last_train_loss: float = math.nan
    last_norm: float = math.nan
    pending: list[tuple[torch.Tensor, torch.Tensor]] = field(default_factory=list)


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
        ranks: the processes that learn as one; None for this one alone. Only the first has a recorder.

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
        self._ranks = ranks if ranks is not None else Ranks()
        self.corpus, self.config, self.device, self.clock = corpus, config, device, self._ranks.clock(clock)
        self._recorder = recorder
        self._backend = backend
        self._notices = [*notices, *corpus.notices]
        self._shape = fit_streams(len(corpus.training), config.streams, config.unroll)
        if (self._shape.streams, self._shape.unroll) != (config.streams, config.unroll):
            self._notices.append(
                f"The text is short: reading {self._shape.streams} stream{'s' * (self._shape.streams > 1)} of "
                f"{self._shape.unroll} characters a step instead of {config.streams} of {config.unroll}."
            )
        if self._ranks.count > self._shape.streams:
            raise RankError(
                f"This text is read in {self._shape.streams} streams, too few for {self._ranks.count} processes; "
                "start fewer of them, or give more --streams."
            )
        self._streams = Streams(self._shape, config.seed)
        generator = torch.Generator().manual_seed(config.seed)
        self.network = CharRNN(model_config, generator)
        if start is not None:
            self.network.load_tensors(start.tensors)
        self.network.to(device.kind)
        self._ranks.level(list(self.network.parameters()))
        self._learner = Learner(self.network, config)
        self._resident = _resident(corpus.training, device.kind)
        self._progress = _Progress()
        self._state = self._fresh_state()
        self._warm = start is not None
        if point is None:
            self._guard = Guard(self._learner, 0, self._state)
        else:
            self._guard = resume.restore(point, self._learner, self._state)
            saved = point.progress
            best = saved["best_loss"]
            self._progress = _Progress(
                saved["step"],
                saved["spent"],
                saved["rate_scale"],
                math.inf if best is None else best,
                saved["best_step"],
                returns=saved.get("returns", 0),
                owed=saved.get("owed", False),
                worse=saved.get("worse", 0),
            )
        self._budget = Budget(config, self._shape.steps, self._progress.spent)
        self._validation = self._validation_split()
        self._save_wanted = False
        self._wanted_rate: float | None = None
        self._planned, self._extensions = config, 0
        self.preview_temperature = config.preview_temperature
        self._last_validation_seconds = 0.0
        self._validation_due = Due()
        self._session_steps = 0
        self._report_from = (0, 0.0)
        self._learning: LearningStep | None = None
        self._told = self._progress.step  # the last step whose loss was reported
        self._learning_seconds = 0.0  # of this session's steps alone
        self._ended = 0.0  # on the clock, after the last step

    def _validation_split(self) -> np.ndarray[Any, Any]:
        if len(self.corpus.validation) >= MINIMUM_VALIDATION:
            return self.corpus.validation
        self._notices.append(
            "No part of the text was kept aside: the validation loss is measured on text that was learned."
        )
        return self.corpus.training[-max(MINIMUM_VALIDATION, len(self.corpus.training) // 10) :]

    @property
    def processes(self) -> int:
        """How many learn as one."""
        return self._ranks.count

    @property
    def step(self) -> int:
        """Updates made so far, over all sessions."""
        return self._progress.step

    def close(self) -> None:
        """End the threads, leave the other ranks and release the run folder. Safe to call twice."""
        self._ranks.close()
        if self._learning is not None:
            self._learning.close()
        if self._recorder is not None:
            self._recorder.close()

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

    def extend(self) -> None:
        """Plan for as much again as was planned at first, from the next step on; the learning rate rises with it."""
        self._extensions += 1

    @property
    def _stop_reason(self) -> str | None:
        return self._ranks.stop_reason

    def _leaving(self) -> bool:
        return self._stop_reason == "interrupted"

    def _hurried(self) -> bool:
        """Whether this process was asked to leave; the other ranks may not know yet."""
        return self._ranks.asked == "interrupted"

    # -- the loop ----------------------------------------------------------------------------------

    def steps(self) -> Iterator[Any]:
        """Train until the budget is used or a stop is asked for. The last event is Finished.

        Raises:
            DeviceError: the device ran out of memory or was lost; what was saved stays.
            ChargenError: learning diverged again and again; what was saved stays.
        """
        trouble = ""
        try:
            yield from self._steps()
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

    def _steps(self) -> Iterator[Any]:
        yield from (events.Notice(message) for message in self._notices)
        cut_short = False
        if self._backend is None and self._ranks.first:
            share = self._ranks.shares(self._shape.streams, 1)[0]
            for choice in choose_backend(
                self.network,
                self.config,
                self.device.kind,
                self.config.threads or processor_threads(),
                self._block(0)[:, share],
                self._hurried,
            ):
                if choice is None:
                    yield events.Tick()
                else:
                    self._backend = choice
            cut_short = self._hurried()
        self._backend = self._ranks.same_backend(self._backend)
        assert self._backend is not None
        self._backend.configure()
        if self._recorder is None:
            yield self._started("")
        else:
            beginning = self._point() if self._warm else resume.ResumePoint(self._progress_json())
            yield self._recorder.begin(None if cut_short else self._backend, self._started, beginning)
        self._learning = learning = LearningStep(
            self.network, self._learner.optimizer, self.config, self._backend, self._ranks
        )
        self._ranks.meet()
        next_report = self.clock.seconds() + REPORT_SECONDS
        next_save = self.clock.seconds() + SAVE_SECONDS
        next_sample = self.clock.seconds() + self._sample_interval()
        self._validation_due = self._next_validation()
        self._report_from = (self._progress.step, self.clock.seconds())
        if self._progress.owed:  # the session before left in the middle of it
            yield from self._validate()
            self._validation_due = self._next_validation()
        step_seconds = 0.0
        while (yield from self._going_on(step_seconds)):
            if self._extensions:
                yield self._extend()
            begun = self.clock.seconds()
            self._state = self._learn(learning, self._state)
            took = self.clock.seconds() - begun
            step_seconds, self._learning_seconds = max(0.5 * step_seconds, took), self._learning_seconds + took
            now = self.clock.seconds()
            if self._guard.due(self._progress.step):  # machines that round differently would part, little by little
                self._ranks.level(self._learner.tensors())
            if now >= next_report or self._progress.step == 1 or self._guard.due(self._progress.step):
                yield from self._report()
                next_report = now + REPORT_SECONDS
            if now >= next_sample:
                yield from self._report()
                yield from self._sample()
                next_sample = self.clock.seconds() + self._sample_interval()
            if self._validation_due.reached(now, self._progress.step):
                yield from self._report()
                if self._validation_due.reached(now, self._progress.step):  # else it went back
                    self._progress.owed = True
                    yield from self._validate()
                    self._validation_due = self._next_validation()
            if self._save_wanted or self._save_due(now - next_save):
                self._save_wanted = False
                yield from self._report()
                yield from self._save()
                next_save = self.clock.seconds() + SAVE_SECONDS
        yield from self._finish()

    def _going_on(self, step_seconds: float) -> Generator[Any, None, bool]:
        """Whether another step is to be made; at the end the last report and validation, unless somebody is leaving.

        What these find spoiled is put back: then it is not the end.
        """
        if not self._at_the_end(step_seconds):
            return True
        self._ended = self.clock.seconds()
        yield from self._report()
        if self._at_the_end(step_seconds) and not self._leaving() and not self._by_heart():
            yield from self._validate()
        return not self._at_the_end(step_seconds)

    def _at_the_end(self, step_seconds: float) -> bool:
        if self._stop_reason is not None or self._by_heart():
            return True
        return not self._extensions and self._exhausted(step_seconds)

    def _by_heart(self) -> bool:
        """Whether the network has begun to learn its text by heart: further steps would only make it worse."""
        return 0 < self.config.patience <= self._progress.worse

    def _extend(self) -> events.Notice:
        """Make the budget longer, in the run's description too."""
        grown = {}
        for name in ("minutes", "epochs", "steps"):
            amount, more = getattr(self.config, name), getattr(self._planned, name)
            if amount is not None:
                grown[name] = min(amount + self._extensions * more, option(name).maximum)
        self.config, self._extensions = replace(self.config, **grown), 0
        self._budget = Budget(self.config, self._shape.steps, self._progress.spent)
        self._validation_due = self._next_validation()
        if self._recorder is not None:
            self._recorder.plan(self.config)
        name, amount = next(iter(grown.items()))
        return events.Notice(f"Planned now: {amount:,.6g} {name} in all.")

    def _save_due(self, late: float) -> bool:
        """Soon at the guard's good points, where there is half as much to write; ``late``: seconds since it was due."""
        return late >= (0.0 if self._guard.good.step == self._progress.step else SAVE_SECONDS)

    def _finish(self) -> Iterator[Any]:
        """The last sample and save. After a signal, only what is needed to go on."""
        # Once it is measured, nothing changes why it ended.
        reason = self._stop_reason or ("by heart" if self._by_heart() else "budget")
        if not self._leaving():
            yield from self._sample()
        yield from self._save()
        loss = None if math.isinf(self._progress.best_loss) else self._progress.best_loss
        path = ""
        if self._recorder is not None:
            path = str(self._recorder.run.latest if loss is None else self._recorder.run.model)
        finished = events.Finished(
            reason,
            self._progress.step,
            self._ended,
            loss,
            None if loss is None else loss / math.log(2),
            path,
            max(0, self._progress.best_step),
        )
        if self._recorder is not None:
            self._recorder.event(finished)
        self._remember_pace()
        yield finished

    def _remember_pace(self) -> None:
        """On a processor, where a step has ended when it returns, the next prediction stands on this run's pace.

        That of several processes says nothing of a run by one.
        """
        if self._backend is None or self.device.kind != "cpu" or self._learning_seconds < WORTH_REMEMBERING_SECONDS:
            return
        if self._ranks.count > 1:
            return
        shape = (self._shape.streams, self._shape.unroll)
        threads = self.config.threads or processor_threads()
        seconds = self._learning_seconds / self._session_steps
        remember_pace(self.network, self.config, "cpu", threads, shape, self._backend, seconds)

    def _learn(self, learning: LearningStep, state: State) -> State:
        progress = self._progress
        if self._wanted_rate is not None:
            fraction = self._budget.fraction(self.clock.seconds(), progress.step)
            scheduled = learning_rate(self.config.learning_rate, fraction, WARMUP_STEPS)
            progress.rate_scale, self._wanted_rate = self._wanted_rate / scheduled, None
        result = learning.run(self._block(progress.step), state, self._rate(), progress.step, self._fresh())
        progress.pending.append((result.loss, result.norms))
        progress.step += 1
        self._learner.average(progress.step)
        self._session_steps += 1
        return result.state

    # -- text and state ----------------------------------------------------------------------------

    def _block(self, step: int) -> torch.Tensor:
        """Characters of a step: int64 [T + 1, B] on the device."""
        index = self._streams.indices(step)
        if self._resident is None:
            return torch.from_numpy(self.corpus.training[index].astype(np.int64))
        return self._resident[torch.from_numpy(index).to(self._resident.device)].long()

    def _fresh_state(self) -> State:
        parts = self.network.start_state(self._shape.streams)  # may be one tensor twice: each gets its own
        return tuple(part.detach().clone(memory_format=torch.contiguous_format) for part in parts)

    def _fresh(self) -> torch.Tensor:
        """Streams that begin afresh at this step [B]: at an epoch's first all, else now and then one."""
        step, streams = self._progress.step, self._shape.streams
        if self._streams.position(step)[1] == 0:
            return torch.ones(streams, dtype=torch.bool, device=self.device.kind)
        draws = np.random.Generator(np.random.PCG64([self.config.seed, step, 1])).random(streams)
        return torch.from_numpy(draws < RESTART_SHARE).to(self.device.kind)

    def _exhausted(self, step_seconds: float) -> bool:
        """Whether the budget allows no further step. However short the time, one step is made."""
        if self.config.minutes is not None and self._session_steps == 0:
            return False
        return self._budget.exhausted(self.clock.seconds(), self._progress.step, step_seconds)

    # -- pace --------------------------------------------------------------------------------------

    def _rate(self) -> float:
        fraction = self._budget.fraction(self.clock.seconds(), self._progress.step)
        return learning_rate(self.config.learning_rate, fraction, self._progress.step) * self._progress.rate_scale

    def _sample_interval(self) -> float:
        """Seconds to the next live sample: soon at first, when much changes, then every few seconds."""
        return min(5.0, max(1.0, 0.3 * self.clock.seconds()))

    def _next_validation(self) -> Due:
        first = math.isinf(self._progress.best_loss)
        return self._budget.next_validation(
            self.clock.seconds(), self._progress.step, self._last_validation_seconds, first
        )

    # -- events ------------------------------------------------------------------------------------

    def _started(self, run: str) -> events.Started:
        backend, config = self._backend, self.network.config
        assert backend is not None
        return events.Started(
            run=run,
            device=self.device.name,
            reason=self.device.reason,
            precision=backend.precision,
            backend=backend.kernels,
            threads=backend.threads,
            cell=config.cell,
            layers=config.layers,
            hidden=config.hidden,
            embedding=config.embedding,
            streams=self._shape.streams,
            unroll=self._shape.unroll,
            parameters=config.parameter_count(),
            characters=self.corpus.characters,
            vocabulary=len(self.corpus.vocabulary.characters),
            step=self._progress.step,
        )

    def _report(self) -> Iterator[Any]:
        """Fetch the losses since the last report: the one synchronisation. Nothing is saved before they were seen."""
        progress, shape = self._progress, self._shape
        count = len(progress.pending)
        if count == 0:
            return
        losses = torch.stack([loss for loss, _ in progress.pending]).float().cpu().numpy()
        norms = torch.stack([norm for _, norm in progress.pending]).float().cpu().numpy()
        progress.pending.clear()
        if self._guard.ran_away(losses, norms):
            yield from self._go_back()
            return
        self._guard.seen(losses)
        if self._guard.due(progress.step) and not self._guard.judge(progress.step, self._state):
            yield from self._go_back()
            return
        first_step, since = self._report_from
        seconds = self.clock.seconds()
        self._report_from = (progress.step, seconds)
        progress.last_train_loss = float(losses.mean())
        progress.last_norm = float(np.sqrt((norms[-1].astype(np.float64) ** 2).sum()))
        per_step = shape.streams * shape.unroll
        new = max(0, progress.step - self._told)  # steps that are taken again are not told again
        if new == 0:
            return
        losses, norms, self._told = losses[-new:], norms[-new:], progress.step
        yield events.LossPoints(np.arange(progress.step - len(losses) + 1, progress.step + 1), losses, norms)
        report = events.Progress(
            step=progress.step,
            characters=progress.step * per_step,
            epoch=progress.step / shape.steps,
            seconds=seconds,
            train_loss=progress.last_train_loss,
            learning_rate=self._rate(),
            gradient_norm=progress.last_norm,
            characters_per_second=(progress.step - first_step) * per_step / max(1e-9, seconds - since),
            seconds_left=self._budget.seconds_left(seconds, progress.step, self._session_steps),
            fraction=min(1.0, self._budget.fraction(seconds, progress.step)),
            layer_gradient_norms=tuple(float(norm) for norm in norms.mean(axis=0, dtype=np.float64)),
        )
        if self._recorder is not None:
            self._recorder.progress(report)
        yield report

    def _go_back(self) -> Iterator[Any]:
        """Learning ran away: back to the last good point with half the rate, or give up after some times."""
        progress = self._progress
        if progress.returns >= MAXIMUM_RETURNS:
            raise ChargenError(
                "The loss is no longer a number or has exploded: learning diverged, again with half the learning rate. "
                "What was saved is kept; continue it with a lower --learning-rate."
            )
        ran_away_at = progress.step
        progress.step, self._state = self._guard.go_back()
        progress.returns += 1
        progress.owed = False
        progress.rate_scale *= 0.5
        self._report_from = (progress.step, self.clock.seconds())
        self._validation_due = self._next_validation()
        message = (
            f"Learning ran away at step {ran_away_at:,}: back to step {progress.step:,}, with half the learning rate."
        )
        notice = events.Notice(message)
        if self._recorder is not None:
            self._recorder.event(notice)
        yield notice

    def _model(self, loss: float | None) -> Model:
        """A frozen copy of the averaged network as it is now."""
        config, progress = self.config, self._progress
        training = {
            "step": progress.step,
            "seconds": round(progress.spent + self.clock.seconds(), 3),
            "validation_loss": loss,
            "streams": self._shape.streams,
            "unroll": self._shape.unroll,
            "dropout": config.dropout,
            "learning_rate": config.learning_rate,
            "seed": config.seed,
            "device": self.device.kind,
            "precision": self._backend.precision if self._backend else "float32",
        }
        return Model(
            self.network.config,
            self.corpus.vocabulary.characters,
            self._learner.averaged.to_tensors(),
            training,
            self.corpus.summary_json(),
        )

    def _sound(self) -> bool:
        """Whether all parameters are numbers: the last update may have spoiled what no loss has shown yet."""
        return all_finite(list(self.network.parameters()))

    def _sample(self) -> Iterator[Any]:
        if not self._sound():
            yield from self._go_back()
        if not self._ranks.first:
            return
        model = self._model(None)
        text = preview_text(model, self.config.preview_length, self.preview_temperature, self._progress.step)
        sampled = events.Sampled(self._progress.step, text, self.preview_temperature)
        if self._recorder is not None:
            self._recorder.sample(sampled)
        yield events.Snapshot(self._progress.step, model)
        yield sampled

    def _validate(self) -> Iterator[Any]:
        """Measure the validation split, hearing commands between pieces; keep the model if it is the best."""
        assert self._backend is not None
        if not self._sound():
            yield from self._go_back()
            return
        begun, planned = self.clock.seconds(), self._progress.owed
        nats, characters, left = 0.0, 0, False
        with self._backend.active():
            for losses in iterate_losses(
                self._learner.averaged,
                self._validation,
                streams=validation_streams(len(self._validation)),
                dtype=self._validation_dtype(),
                side_by_side=self._ranks.reading(self._learning.workers) if self._learning is not None else None,
            ):
                nats += float(losses.sum(dtype=np.float64))
                characters += losses.size
                yield events.Tick()
                if self._hurried():
                    left = True
                    break  # leaving quickly matters more than one more figure
        nats, characters, left = self._ranks.total(nats, characters, left)
        if left:
            return
        self._last_validation_seconds = self.clock.seconds() - begun
        self._progress.owed = False
        loss = nats / characters
        if not math.isfinite(loss):  # the last update spoiled what its own loss could not show yet
            yield from self._go_back()
            return
        best = loss < self._progress.best_loss
        # One that was not planned (somebody stopped) does not count: continued, the run is as if nobody had.
        if planned and (best or loss > self._progress.best_loss * (1 + CLEARLY_WORSE)):
            self._progress.worse = 0 if best else self._progress.worse + 1
        if best:
            self._progress.best_loss, self._progress.best_step = loss, self._progress.step
            if self._recorder is not None:
                self._recorder.best(self._model(loss))
        validated = events.Validated(self._progress.step, self.clock.seconds(), loss, loss / math.log(2), best)
        if self._recorder is not None:
            self._recorder.event(validated)
        yield validated

    def _validation_dtype(self) -> torch.dtype | None:
        """The chosen type on the CPU; float32 elsewhere, where it costs little."""
        return self._backend.dtype if self._backend is not None and self.device.kind == "cpu" else None

    def _save(self) -> Iterator[Any]:
        if not self._sound():
            yield from self._go_back()
        if self._recorder is None:
            return
        self._recorder.latest(self._model(None), self._point())
        yield events.Saved(self._progress.step, str(self._recorder.run.latest))

    def _point(self) -> resume.ResumePoint:
        """Where the run stands, as far as it has gone."""
        return resume.capture(self._learner, self._state, self._guard, self._progress_json())

    def _progress_json(self) -> dict[str, Any]:
        progress, seconds, minutes = self._progress, self.clock.seconds(), self.config.minutes
        return {
            "corpus": resume.corpus_mark(self.corpus),
            "step": progress.step,
            "updates": self._learner.optimizer.updates,
            "spent": progress.spent + seconds,
            "minutes_left": None if minutes is None else max(0.0, minutes - seconds / 60),
            "rate_scale": progress.rate_scale,
            "returns": progress.returns,
            "owed": progress.owed,
            "worse": progress.worse,
            "best_loss": None if math.isinf(progress.best_loss) else progress.best_loss,
            "best_step": progress.best_step,
        }


def _resident(ids: Ids, device: str) -> torch.Tensor | None:
    """The text on a device of its own, so that no step waits for a transfer; None on the CPU, where it lies already."""
    if device == "cpu":
        return None
    friendly: Any = {1: np.uint8, 2: np.int32}.get(ids.dtype.itemsize, np.int64)  # torch indexes these everywhere
    return torch.from_numpy(ids.astype(friendly)).to(device)
