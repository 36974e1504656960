"""Muon: updates of hidden matrices made orthogonal.

The momentum of a matrix's gradient has a few strong directions and many weak ones; a step along it learns the strong
ones again and again. Made orthogonal, all directions are learned at the same pace: a text is learned in half the
readings. (Jordan et al. 2024, "Muon: an optimizer for hidden layers in neural networks"; scaled so that it shares
AdamW's learning rate, Liu et al. 2025, "Muon is scalable for LLM training".)

With g the gradient of one gate's block, [H, I]::

    m ← μ m + (1 − μ) g          u = (1 − μ) g + μ m          (Nesterov's look ahead)
    p ← p − rate · (decay · p + 0.4 √max(H, I) · orthogonal(u))
"""

import math

import torch
from torch import Tensor

MOMENTUM = 0.88

SCALE = 0.4
"""0.2 would make an update as large as AdamW's on average; hidden matrices learn fastest with twice that."""

_STEPS = ((7.3625, -20.7434, 15.1606), (2.9175, -2.1824, 0.4755))
"""Coefficients a, b, c of X ← a X + b X Xᵀ X + c (X Xᵀ)² X, one after the other.

Each is the polynomial nearest to 1, in the worst case, over the interval that the one before leaves (Amsel et al. 2025,
"The Polar Express"), beginning with singular values from 0.03 to 1 times the norm. Two leave these between 0.6 and 1.4;
smaller ones are made 21 times larger. Five would leave hardly anything to wish for, and learned no better in the same
number of steps, each of which took longer (CONTRIBUTING.md has the figures).
"""

_MARGIN = 1.01  # of the norm: rounding must not push a singular value beyond 1, where the polynomials grow


def orthogonal(matrix: Tensor, dtype: torch.dtype) -> Tensor:
    """The nearest matrix with orthonormal rows or columns, roughly: the singular values of ``matrix`` made about 1.

    Args:
        matrix: [R, C], not zero. dtype: of the products; bfloat16 is exact enough, the result is a direction.

    Returns:
        [R, C], of the type of ``matrix``.
    """
    wide = matrix if matrix.shape[0] <= matrix.shape[1] else matrix.T
    x = (wide / (wide.norm() * _MARGIN + 1e-30)).to(dtype)
    for a, b, c in _STEPS:
        square = x @ x.T
        x = a * x + torch.addmm(square, square, square, beta=b, alpha=c) @ x
    result: Tensor = x if matrix.shape[0] <= matrix.shape[1] else x.T
    return result.to(matrix.dtype)


@torch.no_grad()
def remember(gradient: Tensor, momentum: Tensor) -> None:
    """Take a gradient into its momentum, in place."""
    momentum.lerp_(gradient, 1 - MOMENTUM)


@torch.no_grad()
def update(
    parameter: Tensor, gradient: Tensor, momentum: Tensor, rate: float, decay: float, dtype: torch.dtype
) -> None:
    """One update in place of a gate's block [H, I] and of its momentum. ``dtype``: of the products."""
    remember(gradient, momentum)
    direction = orthogonal(gradient.lerp(momentum, MOMENTUM), dtype)
    parameter.mul_(1 - rate * decay)
    parameter.add_(direction, alpha=-rate * SCALE * math.sqrt(max(parameter.shape)))
