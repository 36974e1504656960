"""Guard rails: where learning runs away, back to where it was still good, with half the learning rate.

Good points are kept at fixed steps, not at moments of the clock, so that a run that went back is the same run again
when it is repeated. (One that is continued from a save has that save for its first good point.)
"""

import math
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from chargen.model.network import CharRNN, State
from chargen.training.optimizer import Optimizer
from chargen.training.step import distinct_parameters

STEPS = 64
"""A good point is kept every so many steps."""

MAXIMUM_RETURNS = 3
_WORSE = 1.0  # nats a character over the last good stretch, and above knowing nothing


@dataclass(frozen=True)
class _Point:
    step: int
    loss: float  # mean over the stretch that ended here
    updates: int
    tensors: list[Tensor]
    state: State


class Guard:
    """Watches the training losses of one run.

    Args:
        network, optimizer: what is kept and put back. step, state: where the run begins or is continued.
    """

    def __init__(self, network: CharRNN, optimizer: Optimizer, step: int, state: State) -> None:
        self._optimizer = optimizer
        self._live = [parameter for _, parameter in distinct_parameters(network)] + optimizer.first + optimizer.second
        self._knowing_nothing = math.log(network.config.vocabulary_size)
        self._stretch: list[NDArray[np.float32]] = []
        self._good = self._point(step, math.inf, state)

    def ran_away(self, losses: NDArray[np.float32], norms: NDArray[np.float32]) -> bool:
        """Whether steps went wrong: a loss or a gradient is no number."""
        return not (np.isfinite(losses).all() and np.isfinite(norms).all())

    def seen(self, losses: NDArray[np.float32]) -> None:
        """Losses of steps that are numbers, in order."""
        self._stretch.append(losses)

    def due(self, step: int) -> bool:
        """Whether ``step`` is one to judge the stretch at and to keep."""
        return step % STEPS == 0 and step > self._good.step

    def judge(self, step: int, state: State) -> bool:
        """Keep this point; False, and nothing kept, where the loss has exploded since the last one."""
        loss = float(np.concatenate(self._stretch).mean()) if self._stretch else self._good.loss
        self._stretch.clear()
        if loss > max(self._good.loss + _WORSE, self._knowing_nothing):
            return False
        self._good = self._point(step, loss, state)
        return True

    @torch.no_grad()
    def go_back(self) -> tuple[int, State]:
        """Put the last good point back; its step and carried state."""
        self._stretch.clear()
        for live, kept in zip(self._live, self._good.tensors, strict=True):
            live.copy_(kept)
        self._optimizer.updates = self._good.updates
        return self._good.step, tuple(part.clone() for part in self._good.state)

    def _point(self, step: int, loss: float, state: State) -> _Point:
        tensors = [tensor.detach().clone() for tensor in self._live]
        return _Point(step, loss, self._optimizer.updates, tensors, tuple(part.clone() for part in state))
