"""Weights averaged over the last part of a training: steadier than where the last step happened to end.

What is measured, shown, saved and written with is the average. While the learning rate is high it is far better than
the weights of the moment (a training stopped half-way loses little); once the rate has fallen they are nearly equal.

The average looks back over a fixed *share* of the steps made so far, so that it fits a training of a minute, one of a
night, and one whose end nobody knows (Karras et al. 2024, "Analyzing and improving the training dynamics of diffusion
models", section 3.1). With p_t the weights after step t::

    a_t = a_{t−1} + (1 − (1 − 1/t)^(γ+1)) (p_t − a_{t−1})
"""

from collections.abc import Sequence

import torch
from torch import Tensor

GAMMA = 16.97
"""The average then reaches back over about a twentieth of the steps made so far (relative standard deviation)."""


class Average:
    """The average of some parameters.

    Args:
        parameters: what is averaged, live. averages: where the averages are kept, of the same shapes.
        gamma: how far back, see above; the larger the shorter.
    """

    def __init__(self, parameters: Sequence[Tensor], averages: Sequence[Tensor], gamma: float = GAMMA) -> None:
        self._parameters = [parameter.detach() for parameter in parameters]
        self.tensors = [tensor.detach() for tensor in averages]
        self._gamma = gamma

    @torch.no_grad()
    def update(self, step: int) -> None:
        """Take in the parameters as they are after ``step`` steps (the first is 1)."""
        new = 1 - (1 - 1 / step) ** (self._gamma + 1)
        torch._foreach_lerp_(self.tensors, self._parameters, new)
