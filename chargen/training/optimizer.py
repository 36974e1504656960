"""The update of a step: Muon for the matrices between hidden units, AdamW for everything else."""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from chargen.training import muon
from chargen.training.adamw import AdamW

Spread = Callable[[Sequence[Callable[[], None]]], None]
"""Runs independent tasks, side by side where there are threads for it."""


def one_by_one(tasks: Sequence[Callable[[], None]]) -> None:
    """The plainest :data:`Spread`."""
    for task in tasks:
        task()


class Optimizer:
    """Keeps what updates need of the past.

    Args:
        parameters: what learns.
        decayed: for each, whether weight decay applies.
        blocks: for each, of how many matrices it consists that are made orthogonal one by one (a cell's gates);
            0 for AdamW.
        decay: AdamW's weight decay; ``matrix_decay``: Muon's.
        dtype: of Muon's products.

    Attributes:
        first: momentum (Muon) or first moment (AdamW) of each parameter; second: second moment, empty for Muon.
        updates: made so far.
    """

    def __init__(
        self,
        parameters: Sequence[Tensor],
        decayed: Sequence[bool],
        blocks: Sequence[int],
        *,
        decay: float,
        matrix_decay: float,
        dtype: torch.dtype = torch.float32,
    ) -> None:
        self.parameters = list(parameters)
        self.dtype = dtype
        self._blocks, self._matrix_decay = list(blocks), matrix_decay
        self._plain = [index for index, count in enumerate(blocks) if not count]
        self._matrices = [index for index, count in enumerate(blocks) if count]
        self._adamw = AdamW(
            [self.parameters[index] for index in self._plain], [decayed[index] for index in self._plain], decay=decay
        )
        empty = self.parameters[0].new_empty(0)
        self.first, self.second = [empty] * len(self.parameters), [empty] * len(self.parameters)
        for index, first, second in zip(self._plain, self._adamw.first, self._adamw.second, strict=True):
            self.first[index], self.second[index] = first, second
        for index in self._matrices:
            self.first[index] = torch.zeros_like(self.parameters[index])

    @property
    def updates(self) -> int:
        return self._adamw.updates

    @updates.setter
    def updates(self, count: int) -> None:
        self._adamw.updates = count

    def blocks(self) -> list[Tensor]:
        """The matrices that are made orthogonal one by one: live, in a fixed order."""
        found: list[Tensor] = []
        for index in self._matrices:
            found += self.parameters[index].detach().chunk(self._blocks[index])
        return found

    def update(
        self,
        gradients: Sequence[Tensor],
        rate: float,
        spread: Spread = one_by_one,
        mine: Callable[[int], bool] = lambda _number: True,
    ) -> None:
        """One update with gradients in the order of the parameters; they are not changed.

        Args:
            spread: shares the matrices between threads; the result does not depend on it.
            mine: which of :meth:`blocks` are updated here; of the others only the momentum is.
        """
        number = 0
        tasks: list[Callable[[], None]] = [
            lambda: self._adamw.update([gradients[index] for index in self._plain], rate)
        ]
        for index in self._matrices:
            whole = (self.parameters[index], gradients[index], self.first[index])
            pieces = zip(*(tensor.chunk(self._blocks[index]) for tensor in whole), strict=True)
            for parameter, gradient, momentum in pieces:
                if mine(number):
                    tasks.append(_matrix_task(parameter, gradient, momentum, rate, self._matrix_decay, self.dtype))
                else:
                    muon.remember(gradient, momentum)
                number += 1
        spread(tasks)


def _matrix_task(
    parameter: Tensor, gradient: Tensor, momentum: Tensor, rate: float, decay: float, dtype: torch.dtype
) -> Callable[[], None]:
    return lambda: muon.update(parameter, gradient, momentum, rate, decay, dtype)
