"""Weights averaged over the last part of a training: steadier than where the last step happened to end.

The average looks back over a fixed *share* of the steps made so far, so that it fits a training of a minute and one of
a night, and one whose end nobody knows (Karras et al. 2024, "Analyzing and improving the training dynamics of diffusion
models", section 3.1). With p_t the weights after step t::

    a_t = a_{t−1} + (1 − (1 − 1/t)^(γ+1)) (p_t − a_{t−1})
"""

from collections.abc import Sequence

import torch
from torch import Tensor

GAMMA = 16.97
"""The average then reaches back over about a twentieth of the steps made so far (standard deviation, relative)."""


class Average:
    """The average of some parameters.

    Args:
        parameters: what is averaged, live. gamma: how far back, see above; the larger the shorter.

    Attributes:
        tensors: the averages, in the order of the parameters.
    """

    def __init__(self, parameters: Sequence[Tensor], gamma: float = GAMMA) -> None:
        self._parameters = [parameter.detach() for parameter in parameters]
        self._gamma = gamma
        self.tensors = [parameter.clone() for parameter in self._parameters]

    @torch.no_grad()
    def update(self, step: int) -> None:
        """Take in the parameters as they are after ``step`` steps (the first is 1)."""
        new = 1 - (1 - 1 / step) ** (self._gamma + 1)
        torch._foreach_lerp_(self.tensors, self._parameters, new)
