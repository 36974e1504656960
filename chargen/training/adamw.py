"""AdamW, written out.

Loshchilov & Hutter 2019, "Decoupled weight decay regularization"; with g the gradient at update t::

    m ← β₁ m + (1 − β₁) g          m̂ = m / (1 − β₁ᵗ)
    v ← β₂ v + (1 − β₂) g²         v̂ = v / (1 − β₂ᵗ)
    p ← p − rate · (decay · p + m̂ / (√v̂ + ε))

Our own because everything an exact continuation needs is then in plain sight, and because PyTorch's
optimizers load its compiler when they are made, which takes as long as the first samples do.
"""

from collections.abc import Sequence

import torch
from torch import Tensor


class AdamW:
    """Keeps two moments a parameter.

    Args:
        parameters: what learns. decayed: for each, whether weight decay applies.
        decay: share of the weight taken away per unit of rate. betas: β₁, β₂.
    """

    def __init__(
        self,
        parameters: Sequence[Tensor],
        decayed: Sequence[bool],
        *,
        decay: float,
        betas: tuple[float, float] = (0.9, 0.99),
        epsilon: float = 1e-8,
    ) -> None:
        self.parameters = list(parameters)
        self.first = [torch.zeros_like(parameter) for parameter in self.parameters]
        self.second = [torch.zeros_like(parameter) for parameter in self.parameters]
        self.updates = 0
        self._decayed = [parameter for parameter, yes in zip(self.parameters, decayed, strict=True) if yes]
        self._decay, self._betas, self._epsilon = decay, betas, epsilon

    @torch.no_grad()
    def update(self, gradients: list[Tensor], rate: float) -> None:
        """One update with gradients in the order of the parameters. The gradients are not changed."""
        self.updates += 1
        beta1, beta2 = self._betas
        correction1, correction2 = 1 - beta1**self.updates, 1 - beta2**self.updates
        torch._foreach_lerp_(self.first, gradients, 1 - beta1)
        torch._foreach_mul_(self.second, beta2)
        torch._foreach_addcmul_(self.second, gradients, gradients, 1 - beta2)
        denominators = torch._foreach_sqrt(self.second)
        torch._foreach_div_(denominators, correction2**0.5)
        torch._foreach_add_(denominators, self._epsilon)
        if self._decay and self._decayed:
            torch._foreach_mul_(self._decayed, 1 - rate * self._decay)
        torch._foreach_addcdiv_(self.parameters, self.first, denominators, -rate / correction1)
