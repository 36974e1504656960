"""Guard rails: where learning runs away, back to where it was still good, with half the learning rate.

Good points are kept at fixed steps, not at moments of the clock, so that a run that went back is the same run again
when it is repeated. The good point goes into the resume point, so that this holds for a run that was continued, too.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from chargen.model.network import State
from chargen.training.learner import Learner

STEPS = 64
"""A good point is kept every so many steps."""

MAXIMUM_RETURNS = 3
_WORSE = 1.0  # nats a character over the last good stretch, and above knowing nothing


def all_finite(tensors: Sequence[Tensor]) -> bool:
    """Whether every number is one: a norm is finite where all that it sums are."""
    return bool(torch.stack(torch._foreach_norm(list(tensors))).isfinite().all())


@dataclass(frozen=True)
class GoodPoint:
    """Where learning can go back to.

    Attributes:
        step: updates made until here. loss: mean over the stretch that ended here, in nats a character; infinite where
            the run began. updates: the optimizer's count. tensors: as in :meth:`Learner.tensors`.
        state: the carried one.
    """

    step: int
    loss: float
    updates: int
    tensors: list[Tensor]
    state: State


class Guard:
    """Watches the training losses of one run.

    Args:
        learner: what is kept and put back. step, state: where the run begins or is continued.

    Attributes:
        good: the last good point. stretch: the losses since then, in order.
    """

    def __init__(self, learner: Learner, step: int, state: State) -> None:
        self._optimizer, self._live = learner.optimizer, learner.tensors()
        self._knowing_nothing = math.log(learner.network.config.vocabulary_size)
        self.stretch: list[NDArray[np.float32]] = []
        self.good = self.point(step, math.inf, state)

    def ran_away(self, losses: NDArray[np.float32], norms: NDArray[np.float32]) -> bool:
        """Whether steps went wrong: a loss or a gradient is no number."""
        return not (np.isfinite(losses).all() and np.isfinite(norms).all())

    def seen(self, losses: NDArray[np.float32]) -> None:
        """Losses of steps that are numbers, in order."""
        self.stretch.append(losses)

    def due(self, step: int) -> bool:
        """Whether ``step`` is one to judge the stretch at and to keep."""
        return step % STEPS == 0 and step > self.good.step

    def judge(self, step: int, state: State) -> bool:
        """Keep this point; False, and nothing kept, where the loss has exploded since the last one.

        The last update may have spoiled what no loss has shown yet: parameters that are no numbers are not kept.
        """
        loss = float(np.concatenate(self.stretch).mean()) if self.stretch else self.good.loss
        self.stretch.clear()
        if not all_finite(self._live) or loss > max(self.good.loss + _WORSE, self._knowing_nothing):
            return False
        self.good = self.point(step, loss, state)
        return True

    @torch.no_grad()
    def go_back(self) -> tuple[int, State]:
        """Put the last good point back; its step and carried state."""
        self.stretch.clear()
        for live, kept in zip(self._live, self.good.tensors, strict=True):
            live.copy_(kept)
        self._optimizer.updates = self.good.updates
        return self.good.step, tuple(part.clone() for part in self.good.state)

    def point(self, step: int, loss: float, state: State) -> GoodPoint:
        """A copy of everything as it is now."""
        tensors = [tensor.detach().clone() for tensor in self._live]
        return GoodPoint(step, loss, self._optimizer.updates, tensors, tuple(part.clone() for part in state))
