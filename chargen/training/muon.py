"""Muon: updates of hidden matrices made orthogonal.

The momentum of a matrix's gradient has a few strong directions and many weak ones; a step along it learns the strong
ones again and again. Made orthogonal, all directions are learned at the same pace: a text is learned in half the
readings. (Jordan et al. 2024, "Muon: an optimizer for hidden layers in neural networks"; scaled so that it shares
AdamW's learning rate, Liu et al. 2025, "Muon is scalable for LLM training".)

With g the gradient of one gate's block, [H, I]::

    m ← μ m + (1 − μ) g          u = (1 − μ) g + μ m          (Nesterov's look ahead)
    p ← p − rate · (decay · p + 0.2 √max(H, I) · orthogonal(u))
"""

import math

import torch
from torch import Tensor

MOMENTUM = 0.95

_STEPS = (
    (8.28721201814563, -23.595886519098837, 17.300387312530933),
    (4.107059111542203, -2.9478499167379106, 0.5448431082926601),
    (3.9486908534822946, -2.908902115962949, 0.5518191394370137),
    (3.3184196573706015, -2.488488024314874, 0.51004894012372),
    (2.300652019954817, -1.6689039845747493, 0.4188073119525673),
)
"""Coefficients a, b, c of X ← a X + b X Xᵀ X + c (X Xᵀ)² X, one after another: the polynomials that bring singular
values nearest to 1 in five steps (Amsel et al. 2025, "The Polar Express")."""

_MARGIN = 1.01  # of the norm: rounding must not push a singular value beyond 1, where the polynomials grow


def orthogonal(matrix: Tensor, dtype: torch.dtype) -> Tensor:
    """The nearest matrix with orthonormal rows or columns, nearly: all singular values of ``matrix`` made about 1.

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
def update(
    parameter: Tensor, gradient: Tensor, momentum: Tensor, rate: float, decay: float, dtype: torch.dtype
) -> None:
    """One update in place of a gate's block [H, I] and of its momentum. ``dtype``: of the products."""
    momentum.lerp_(gradient, 1 - MOMENTUM)
    direction = orthogonal(gradient.lerp(momentum, MOMENTUM), dtype)
    parameter.mul_(1 - rate * decay)
    parameter.add_(direction, alpha=-rate * 0.2 * math.sqrt(max(parameter.shape)))
