"""Loss curves and gradient norms in words."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

_ENOUGH = 20  # training points before anything can be said
_NAMED = 2  # runs after the best one; the legend has them all


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


def comparison_sentence(runs: Sequence[tuple[str, float | None]], unit: str, other_texts: bool = False) -> str:
    """Which run stands lowest: (name, its best validation loss in ``unit``) each; None where none was measured.

    ``other_texts``: not all of them learned the same text.
    """
    measured = sorted((run for run in runs if run[1] is not None), key=lambda run: run[1] or 0.0)
    if len(runs) < 2 or not measured:
        return ""
    best_name, best = measured[0]
    told = f"Lowest on held-out text: {best_name} with {best:.3f} {unit}"
    rest = [f"{name} {loss:.3f} ({loss - (best or 0.0):+.3f})" for name, loss in measured[1:] if loss is not None]
    if len(rest) > _NAMED:
        rest[_NAMED:] = [f"{len(rest) - _NAMED} more"]
    told += f"; then {', '.join(rest)}." if rest else "."
    if other_texts:
        told += " They learned different texts: their losses cannot be compared."
    return told


GRADIENT_HELP = (
    "How hard each part is pushed to change at a step. A line that sinks far below the others has almost stopped "
    "learning (its gradient vanishes); one that shoots up may throw away what was learned (it explodes)."
)
_VANISHED, _EXPLODED = 1e-3, 10.0


def gradient_sentence(names: Sequence[str], norms: Sequence[ArrayLike]) -> str:
    """What the norms [n] of each part say now, then what they are; only their last tenth is judged."""
    now: list[float] = []
    usual: list[float] = []
    for values in norms:
        array = np.asarray(values, dtype=np.float64)
        array = array[np.isfinite(array)]
        if len(array) < _ENOUGH:
            return GRADIENT_HELP
        tail = max(len(array) // 10, 5)
        now.append(float(np.mean(array[-tail:])))
        usual.append(float(np.median(array[: -tail or None])))
    if not now:
        return GRADIENT_HELP
    grown = [name for name, a, b in zip(names, now, usual, strict=True) if a > _EXPLODED * b > 0]
    if grown:
        return f"Growing steeply: {', '.join(grown)}; a lower learning rate may help. {GRADIENT_HELP}"
    lost = [name for name, a in zip(names, now, strict=True) if a < _VANISHED * max(now)]
    if lost:
        return f"Almost still: {', '.join(lost)}. {GRADIENT_HELP}"
    return f"All parts learn, none runs away. {GRADIENT_HELP}"


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
