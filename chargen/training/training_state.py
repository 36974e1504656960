"""A training as all its parts see it: what it learns from, what learns, and where it stands.

The parts are the loop (:mod:`chargen.training.trainer`) and what happens between its steps: losses are reported
(:mod:`chargen.training.reporting`), the network is validated and sampled (:mod:`chargen.training.evaluation`), and
where learning ran away it goes back to the last good step (:mod:`chargen.training.rollback`).
"""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from chargen.corpus.corpus import Corpus
from chargen.corpus.streams import Ids, Streams, fit_streams
from chargen.errors import RankError
from chargen.model.config import ModelConfig
from chargen.model.model_file import Model
from chargen.model.network import CharRNN, State
from chargen.training import resume
from chargen.training.backend import Backend
from chargen.training.budget import Budget, Due
from chargen.training.clock import Clock
from chargen.training.config import TrainingConfig
from chargen.training.device import Device
from chargen.training.guard import Guard, all_finite
from chargen.training.learner import Learner
from chargen.training.ranks import Ranks
from chargen.training.recorder import Recorder
from chargen.training.schedule import WARMUP_STEPS, learning_rate

RESTART_SHARE = 0.02
"""The share of streams that begin afresh at a step. A network that met its initial state only once an epoch would soon
have moved away from it, and write nonsense when started there; a learned one would hardly be trained."""

MINIMUM_VALIDATION = 2


@dataclass
class Counters:
    """Where a training stands, over all its sessions; everything a resume point needs besides tensors.

    Attributes:
        step: updates made. spent: seconds of earlier sessions.
        rate_scale: a factor on the scheduled learning rate.
        best_loss, best_step: of the validations so far; infinite and -1 before the first.
        returns: how often learning ran away and was put back.
        owed: whether a validation was due at this step and has not ended.
        worse: validations in a row that were clearly worse than the best.
    """

    step: int = 0
    spent: float = 0.0
    rate_scale: float = 1.0
    best_loss: float = math.inf
    best_step: int = -1
    returns: int = 0
    owed: bool = False
    worse: int = 0

    @classmethod
    def from_json(cls, saved: dict[str, Any]) -> "Counters":
        """From a resume point's progress. Versions before this one counted less."""
        best = saved["best_loss"]
        return cls(
            saved["step"],
            saved["spent"],
            saved["rate_scale"],
            math.inf if best is None else best,
            saved["best_step"],
            returns=saved.get("returns", 0),
            owed=saved.get("owed", False),
            worse=saved.get("worse", 0),
        )


class TrainingState:
    """One training under way. For the arguments see :class:`chargen.training.trainer.Trainer`.

    Attributes:
        corpus, config, device, clock, ranks, recorder: as given; ``clock`` is the one that all ranks decide by.
        backend: None until one is chosen.
        shape: how the text is cut into streams. validation: the ids that are measured.
        network: what learns. learner: with its optimizer and average.
        carried: the hidden state after the last step, detached, each part [L, B, H].
        counters, budget, guard: where it stands, how far it goes, and where it can go back to.
        warm: whether it started from a model.
        notices: what the user should know before it begins.
        session_steps: made since the program was started.
        pending: loss (0-d) and gradient norms [L + 2] of the steps that were not reported yet, on the device.
        told: the last step whose loss was reported. pace_from: step and seconds that the next pace is measured from.
        validation_due: when to validate next. validation_seconds: of the last one.
        preview_temperature: of the live sample.

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
        recorder: Recorder | None,
        *,
        start: Model | None,
        point: resume.ResumePoint | None,
        backend: Backend | None,
        notices: tuple[str, ...],
        ranks: Ranks,
    ) -> None:
        self.corpus, self.config, self.device = corpus, config, device
        self.ranks, self.clock = ranks, ranks.clock(clock)
        self.recorder, self.backend = recorder, backend
        self.notices = [*notices, *corpus.notices]
        self.shape = fit_streams(len(corpus.training), config.streams, config.unroll)
        if (self.shape.streams, self.shape.unroll) != (config.streams, config.unroll):
            self.notices.append(
                f"The text is short: reading {self.shape.streams} stream{'s' * (self.shape.streams > 1)} of "
                f"{self.shape.unroll} characters a step instead of {config.streams} of {config.unroll}."
            )
        if ranks.count > self.shape.streams:
            raise RankError(
                f"This text is read in {self.shape.streams} streams, too few for {ranks.count} processes; "
                "start fewer of them, or give more --streams."
            )
        self._streams = Streams(self.shape, config.seed)
        self._resident = _resident(corpus.training, device.kind)
        self.validation = self._validation_split()

        self.network = CharRNN(model_config, torch.Generator().manual_seed(config.seed))
        if start is not None:
            self.network.load_tensors(start.tensors)
        self.network.to(device.kind)
        ranks.level(list(self.network.parameters()))
        self.learner = Learner(self.network, config)
        self.carried = self._initial_state()
        self.warm = start is not None
        if point is None:
            self.counters, self.guard = Counters(), Guard(self.learner, 0, self.carried)
        else:
            self.guard = resume.restore(point, self.learner, self.carried)
            self.counters = Counters.from_json(point.progress)
        self.budget = Budget(config, self.shape.steps, self.counters.spent)

        self.session_steps = 0
        self.pending: list[tuple[torch.Tensor, torch.Tensor]] = []
        self.told = self.counters.step
        self.pace_from = (self.counters.step, 0.0)
        self.validation_due, self.validation_seconds = Due(), 0.0
        self.preview_temperature = config.preview_temperature

    # -- the text --------------------------------------------------------------------------------------

    def _validation_split(self) -> NDArray[Any]:
        if len(self.corpus.validation) >= MINIMUM_VALIDATION:
            return self.corpus.validation
        self.notices.append(
            "No part of the text was kept aside: the validation loss is measured on text that was learned."
        )
        return self.corpus.training[-max(MINIMUM_VALIDATION, len(self.corpus.training) // 10) :]

    def block(self, step: int) -> torch.Tensor:
        """Characters of a step: int64 [T + 1, B] on the device."""
        index = self._streams.indices(step)
        if self._resident is None:
            return torch.from_numpy(self.corpus.training[index].astype(np.int64))
        return self._resident[torch.from_numpy(index).to(self._resident.device)].long()

    def restarts(self) -> torch.Tensor:
        """Which streams begin afresh at this step, bool [B]: at an epoch's first all, else now and then one."""
        step, streams = self.counters.step, self.shape.streams
        if self._streams.position(step)[1] == 0:
            return torch.ones(streams, dtype=torch.bool, device=self.device.kind)
        draws = np.random.Generator(np.random.PCG64([self.config.seed, step, 1])).random(streams)
        return torch.from_numpy(draws < RESTART_SHARE).to(self.device.kind)

    # -- pace ------------------------------------------------------------------------------------------

    @property
    def rate(self) -> float:
        """The learning rate of the next step."""
        return self._scheduled_rate(self.counters.step) * self.counters.rate_scale

    def set_rate(self, rate: float) -> None:
        """Use ``rate`` at this moment; the schedule goes on from there in proportion. Warming up is over with it."""
        self.counters.rate_scale = rate / self._scheduled_rate(WARMUP_STEPS)

    def _scheduled_rate(self, warm_steps: int) -> float:
        fraction = self.budget.fraction(self.clock.seconds(), self.counters.step)
        return learning_rate(self.config.learning_rate, fraction, warm_steps)

    def exhausted(self, step_seconds: float) -> bool:
        """Whether the budget allows no further step. However short the time, one step is made."""
        if self.config.minutes is not None and self.session_steps == 0:
            return False
        return self.budget.exhausted(self.clock.seconds(), self.counters.step, step_seconds)

    def by_heart(self) -> bool:
        """Whether the network has begun to learn its text by heart: further steps would only make it worse."""
        return 0 < self.config.patience <= self.counters.worse

    def plan_validation(self) -> None:
        """Decide when to validate next."""
        first = math.isinf(self.counters.best_loss)
        self.validation_due = self.budget.next_validation(
            self.clock.seconds(), self.counters.step, self.validation_seconds, first
        )

    # -- the network -----------------------------------------------------------------------------------

    def _initial_state(self) -> State:
        parts = self.network.start_state(self.shape.streams)  # may be one tensor twice: each gets its own
        return tuple(part.detach().clone(memory_format=torch.contiguous_format) for part in parts)

    def finite(self) -> bool:
        """Whether all parameters are numbers: the last update may have spoiled what no loss has shown yet."""
        return all_finite(list(self.network.parameters()))

    def model(self, loss: float | None) -> Model:
        """A frozen copy of the averaged network as it is now; ``loss``: its validation loss, where it was measured."""
        config, counters = self.config, self.counters
        training = {
            "step": counters.step,
            "seconds": round(counters.spent + self.clock.seconds(), 3),
            "validation_loss": loss,
            "streams": self.shape.streams,
            "unroll": self.shape.unroll,
            "dropout": config.dropout,
            "learning_rate": config.learning_rate,
            "seed": config.seed,
            "device": self.device.kind,
            "precision": self.backend.precision if self.backend else "float32",
        }
        return Model(
            self.network.config,
            self.corpus.vocabulary.characters,
            self.learner.averaged.to_tensors(),
            training,
            self.corpus.summary_json(),
        )

    def beginning(self) -> resume.ResumePoint:
        """What a new run begins from: its seed is enough, unless it started from a model."""
        return self.resume_point() if self.warm else resume.ResumePoint(self._progress_json())

    def resume_point(self) -> resume.ResumePoint:
        """Everything that an exact continuation needs, as far as the training has gone."""
        return resume.capture(self.learner, self.carried, self.guard, self._progress_json())

    def _progress_json(self) -> dict[str, Any]:
        counters, seconds, minutes = self.counters, self.clock.seconds(), self.config.minutes
        return {
            "corpus": resume.corpus_mark(self.corpus),
            "step": counters.step,
            "updates": self.learner.optimizer.updates,
            "spent": counters.spent + seconds,
            "minutes_left": None if minutes is None else max(0.0, minutes - seconds / 60),
            "rate_scale": counters.rate_scale,
            "returns": counters.returns,
            "owed": counters.owed,
            "worse": counters.worse,
            "best_loss": None if math.isinf(counters.best_loss) else counters.best_loss,
            "best_step": counters.best_step,
        }


def _resident(ids: Ids, device: str) -> torch.Tensor | None:
    """The text on a device of its own, so that no step waits for a transfer; None on the CPU, where it lies already."""
    if device == "cpu":
        return None
    friendly: Any = {1: np.uint8, 2: np.int32}.get(ids.dtype.itemsize, np.int64)  # torch indexes these everywhere
    return torch.from_numpy(ids.astype(friendly)).to(device)
