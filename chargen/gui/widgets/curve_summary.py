"""A loss curve in words."""

import numpy as np
from numpy.typing import ArrayLike

_ENOUGH = 20  # training points before anything can be said


def summary_sentence(train_losses: ArrayLike, validation_losses: ArrayLike = ()) -> str:
    """What the curve says and, where there is one, what to do next. Losses in any one unit, in order.

    The training points may be raw: averages over stretches are compared, not single points.
    """
    train = np.asarray(train_losses, dtype=np.float64)
    train = train[np.isfinite(train)]
    held_out = np.asarray(validation_losses, dtype=np.float64)
    held_out = held_out[np.isfinite(held_out)]
    if len(train) == 0:
        return ""
    if len(train) < _ENOUGH:
        return "Just started: too early to say."
    tail = max(len(train) // 10, 5)
    now, before = float(np.mean(train[-tail:])), float(np.mean(train[-2 * tail : -tail]))
    start = float(np.mean(train[: max(tail // 5, 1)]))
    change = (before - now) / max(abs(before), 1e-9)
    if now > before * 1.1 and now > float(np.min(train)) * 1.25:
        return "The loss is rising: lower the learning rate, or go back to the best version."
    turned = len(held_out) >= 4 and _turned_up(held_out)
    if turned and change > 0:
        return (
            "Training still falls but validation has turned upwards: the text is being learned by heart. "
            "The best version is kept; this is a good place to stop."
        )
    if change > 0.03:
        trend = "Falling fast."
    elif change > 0.004:
        trend = "Still falling."
    elif now < start * 0.97:
        trend = "Nearly flat: there is little more to gain by going on like this."
    else:
        trend = "Not falling yet: a higher learning rate may help."
    if not len(held_out):
        return trend
    return f"{trend} {_gap(now, float(held_out[-1]))}"


def _turned_up(losses: np.ndarray) -> bool:
    """Whether the last two both stand clearly above a minimum that lies before them."""
    best = float(np.min(losses))
    return bool(np.all(losses[-2:] > best * 1.01)) and int(np.argmin(losses)) < len(losses) - 2


def _gap(train: float, validation: float) -> str:
    gap = (validation - train) / max(abs(train), 1e-9)
    if gap < 0.08:
        return "Validation follows training closely: nothing is being memorised yet."
    if gap < 0.2:
        return "Validation stands a little above training: some of the text is being memorised."
    return "Validation stands far above training: much of the text is being memorised."
