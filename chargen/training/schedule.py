"""The learning rate over a budget."""

import math

WARMUP_STEPS = 40
"""Adam's first estimates are poor; large first steps would spoil the weights."""


def learning_rate(peak: float, fraction: float, step: int) -> float:
    """Warm up linearly over the first steps, then fall to nearly zero along a half cosine over the budget.

    Args:
        peak: the highest rate. fraction: share of the budget used, 0 to 1. step: updates made so far.
    """
    warm = min(1.0, (step + 1) / WARMUP_STEPS)
    fraction = min(max(fraction, 0.0), 1.0)
    return peak * warm * (0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * fraction)))
