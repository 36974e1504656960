"""What learns: the network, its optimizer, and the average of its weights, as one thing that is kept and put back."""

import copy

from torch import Tensor

from chargen.model.network import CharRNN
from chargen.training.average import Average
from chargen.training.config import TrainingConfig
from chargen.training.step import distinct_parameters, make_optimizer

KINDS = ("parameter", "first", "second", "average")
"""Of each parameter: its value, the optimizer's two moments (empty where there is none), and its average."""


class Learner:
    """A network and everything that its next step depends on, but the carried state.

    Args:
        network: on its device, with the weights to start from. config: the optimizer's.

    Attributes:
        network: the live weights. optimizer: of these.
        averaged: a network of the averaged weights, for looking at: validation, samples, the model file.
        names: of the parameters, as in the model file; a tied matrix once.
    """

    def __init__(self, network: CharRNN, config: TrainingConfig) -> None:
        self.network, self.optimizer = network, make_optimizer(network, config)
        self.averaged = copy.deepcopy(network).requires_grad_(False)
        live, averages = distinct_parameters(network), distinct_parameters(self.averaged)
        self.names = [name for name, _ in live]
        self._live = [parameter for _, parameter in live]
        self._average = Average(self._live, [tensor for _, tensor in averages])

    def average(self, step: int) -> None:
        """Take the weights after ``step`` steps into the average."""
        self._average.update(step)

    def tensors(self) -> list[Tensor]:
        """Kind after kind (:data:`KINDS`), each in the order of the names."""
        return [*self._live, *self.optimizer.first, *self.optimizer.second, *self._average.tensors]

    def keys(self) -> list[str]:
        """A name for each of :meth:`tensors`: ``first.head.weight``."""
        return [f"{kind}.{name}" for kind in KINDS for name in self.names]
