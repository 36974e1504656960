"""The learning rate over a budget."""

import math


def learning_rate(peak: float, fraction: float, step: int, *, warmup_steps: int = 40) -> float:
    """Warm up linearly over the first steps, then fall to nearly zero along a half cosine over the budget.

    Args:
        peak: the highest rate. fraction: share of the budget used, 0 to 1. step: updates made so far.
        warmup_steps: Adam's first estimates are poor; large first steps would spoil the weights.
    """
    warm = min(1.0, (step + 1) / warmup_steps)
    fraction = min(max(fraction, 0.0), 1.0)
    return peak * warm * (0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * fraction)))
