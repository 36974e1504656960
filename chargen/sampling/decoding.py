"""From logits to a choice: pure functions, float64 inside.

The order is fixed: banned characters, repetition penalty, loop breaker, temperature, top-k, typical, top-p, min-p.
Up to the temperature, *scores* [V] are changed: log-probabilities up to a constant, the largest of them 0. From
then on *weights* [V]: non-negative numbers in proportion to probabilities, the largest of them above zero.
The choice is by inverse distribution function from one uniform number, so that it depends on no
library's way of drawing.

Sources: top-p, Holtzman et al. 2019 (arXiv 1904.09751); min-p, Nguyen et al. 2024 (arXiv 2407.01082);
typical, Meister et al. 2022 (arXiv 2202.00666); the penalty follows Keskar et al. 2019 (arXiv 1909.05858), but on
log-probabilities, so that it does not depend on an arbitrary constant in the logits. The loop breaker is our own,
see :mod:`chargen.sampling.loops`.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from chargen.errors import ChargenError
from chargen.settings import option

Weights = NDArray[np.float64]

REPETITION_WINDOW = 64
"""Characters looked back on by the repetition penalty, the prompt's included: about a line."""

_SMALLEST_TEMPERATURE = 1e-250  # below it a quotient of float32 logits could overflow float64

SPOILED = (
    "The network's output is no longer a finite number; its state or its weights are spoiled. "
    "Start from another state, or use an earlier model."
)


@dataclass(frozen=True)
class Decoding:
    """How a character is chosen; names and ranges as in :mod:`chargen.settings`. Raises SettingError."""

    temperature: float = 0.8
    top_k: int = 0
    top_p: float = 1.0
    min_p: float = 0.0
    repetition_penalty: float = 1.0
    typical: float = 1.0

    def __post_init__(self) -> None:
        for name in ("temperature", "top_k", "top_p", "min_p", "repetition_penalty", "typical"):
            object.__setattr__(self, name, option(name).check(getattr(self, name)))


def banish(values: Weights, banned: NDArray[np.intp]) -> Weights:
    """Scores in which the characters ``banned`` can no longer be chosen; at least one must be left."""
    changed = values.copy()
    changed[banned] = -np.inf
    changed -= changed.max()
    return changed


def slow_down(values: Weights, id: int, nats: float) -> Weights:
    """Scores in which one character has lost so many nats."""
    changed = values.copy()
    changed[id] -= nats
    changed -= changed.max()
    return changed


def scores(logits: NDArray[np.floating]) -> Weights:
    """Logits [V] minus their maximum, float64: 0 for the likeliest.

    Raises:
        ChargenError: a logit is NaN or infinite.
    """
    values: Weights = logits.astype(np.float64)
    # The scalar product is finite exactly if all are (squares of float32 fit): one pass instead of two.
    if not math.isfinite(np.dot(values, values)):
        raise ChargenError(SPOILED)
    values -= values[values.argmax()]
    return values


def _normalised(weights: Weights) -> Weights:
    result: Weights = weights / weights.sum()
    return result


def softmax(logits: NDArray[np.floating]) -> Weights:
    """Probabilities [V] at temperature 1. Raises ChargenError as :func:`scores` does."""
    return _normalised(np.exp(scores(logits)))


def penalise(values: Weights, recent: Sequence[int], penalty: float) -> Weights:
    """Scores in which each character of ``recent`` has its log-probability times ``penalty`` (p becomes p^penalty).

    Above 1 makes them rarer, below 1 more frequent. However often a character occurs, it is penalised once.
    """
    if penalty == 1.0 or not recent:
        return values
    ids = np.unique(np.asarray(recent, dtype=np.intp))
    total = math.log(float(np.exp(values).sum()))
    changed: Weights = values - total
    changed[ids] *= penalty
    changed -= changed.max()
    return changed


def heat(values: Weights, temperature: float) -> Weights:
    """Weights of scores at a temperature: exp(score / temperature).

    At 0 the likeliest has all the weight; of equals, the one with the lowest id.
    """
    if temperature == 0.0:
        weights = np.zeros_like(values)
        weights[values.argmax()] = 1.0
        return weights
    if temperature == 1.0:
        return np.exp(values)
    return np.exp(values / max(temperature, _SMALLEST_TEMPERATURE))


def keep_top_k(weights: Weights, k: int) -> Weights:
    """Keep the ``k`` largest weights, of equals those with the lower ids; 0 keeps all."""
    if k == 0 or k >= weights.size:
        return weights
    order = np.argsort(-weights, kind="stable")
    kept = weights.copy()
    kept[order[k:]] = 0.0
    return kept


def keep_typical(weights: Weights, p: float) -> Weights:
    """Keep the fewest characters that reach the share ``p``, those first whose surprise is nearest to the expected one.

    The surprise of a character is −log of its probability, the expected one the entropy of all; of equally near ones
    the lower id comes first. Never fewer than one is kept; 1 keeps all.
    """
    if p >= 1.0:
        return weights
    possible = np.flatnonzero(weights)
    probabilities = weights[possible] / weights.sum()
    surprises = -np.log(np.maximum(probabilities, np.finfo(np.float64).tiny))
    order = possible[np.argsort(np.abs(surprises - probabilities @ surprises), kind="stable")]
    reached = np.cumsum(weights[order])
    count = int(np.searchsorted(reached, p * reached[-1])) + 1
    kept = weights.copy()
    kept[order[count:]] = 0.0
    return kept


def keep_top_p(weights: Weights, p: float) -> Weights:
    """Keep the fewest largest weights that reach the share ``p`` of the total; never fewer than one. 1 keeps all."""
    if p >= 1.0:
        return weights
    order = np.argsort(-weights, kind="stable")
    reached = np.cumsum(weights[order])
    count = int(np.searchsorted(reached, p * reached[-1])) + 1
    kept = weights.copy()
    kept[order[count:]] = 0.0
    return kept


def keep_min_p(weights: Weights, share: float) -> Weights:
    """Keep weights of at least ``share`` of the largest; 0 keeps all."""
    if share == 0.0:
        return weights
    return np.where(weights >= share * weights.max(), weights, 0.0)


def decode(
    values: Weights,
    decoding: Decoding,
    recent: Sequence[int] = (),
    *,
    banned: NDArray[np.intp] | None = None,
    brake: tuple[int, float] | None = None,
    temperature: float | None = None,
) -> Weights:
    """Scores [V] to weights [V], by all rules in order.

    Args:
        values: from :func:`scores`.
        recent: ids the penalty looks back on, at most :data:`REPETITION_WINDOW` of them.
        banned: ids that must not be chosen. brake: an id and the nats it loses, from the loop breaker.
        temperature: instead of the one in ``decoding``.
    """
    if banned is not None:
        values = banish(values, banned)
    values = penalise(values, recent, decoding.repetition_penalty)
    if brake is not None:
        values = slow_down(values, *brake)
    weights = keep_top_k(heat(values, decoding.temperature if temperature is None else temperature), decoding.top_k)
    return keep_min_p(keep_top_p(keep_typical(weights, decoding.typical), decoding.top_p), decoding.min_p)


def distribution(logits: NDArray[np.floating], decoding: Decoding, recent: Sequence[int] = ()) -> Weights:
    """Logits [V] to the probabilities [V] that are drawn from. Raises ChargenError as :func:`scores` does."""
    return _normalised(decode(scores(logits), decoding, recent))


def choose(weights: Weights, uniform: float) -> int:
    """The id at ``uniform`` (0 ≤ uniform < 1) of the cumulated weights; one of weight zero is never chosen."""
    cumulated = np.add.accumulate(weights)
    id = int(cumulated.searchsorted(uniform * cumulated.item(-1), "right"))
    if id == weights.size:  # rounding at the very end
        id = int(np.flatnonzero(weights)[-1])
    return id


class Draw:
    """:func:`scores`, :func:`heat` and :func:`choose` in one for a single stream, where no other rule is in force.

    The same to the bit in four fifths of the time: with so few numbers it is the calls into NumPy that count, so
    they are few, and write to arrays that are there already. For temperatures that :func:`heat` need not care about.

    Attributes:
        values: [V], the scores of the last call.
    """

    def __init__(self, size: int) -> None:
        self._logits, both, self._cumulated = np.empty(size), np.empty(2 * size), np.empty(size)
        self.values, self._warm = both[:size], both[size:]  # neighbours: one exp for both
        self._both, self._exponentials = both, np.empty(2 * size)
        self._plain, self._weights = self._exponentials[:size], self._exponentials[size:]
        self._temperature = np.ones(())
        self._last = 1.0

    def __call__(self, logits: NDArray[np.floating], temperature: float, uniform: float) -> tuple[int, float]:
        """The id at ``uniform``, and the logarithm of the sum of exp(score) at temperature 1.

        Raises:
            ChargenError: a logit is NaN or infinite.
        """
        if temperature != self._last:
            self._last = temperature
            self._temperature[...] = temperature
        values, cumulated = self._logits, self._cumulated
        np.copyto(values, logits)
        if not math.isfinite(values.dot(values)):
            raise ChargenError(SPOILED)
        largest = values.argmax()
        np.subtract(values, values[largest : largest + 1], self.values)
        np.divide(self.values, self._temperature, self._warm)
        np.exp(self._both, self._exponentials)
        np.add.accumulate(self._weights, 0, None, cumulated)
        id = int(cumulated.searchsorted(uniform * cumulated.item(-1), "right"))
        if id == values.size:  # rounding at the very end
            id = int(np.flatnonzero(self._weights)[-1])
        return id, math.log(np.add.reduce(self._plain))


def choose_rows(weights: Weights, uniforms: Weights) -> NDArray[np.intp]:
    """:func:`choose` for each row of ``weights`` [B, V] with its number of ``uniforms`` [B]."""
    cumulated = np.add.accumulate(weights, axis=1)
    targets = uniforms * cumulated[:, -1]
    ids: NDArray[np.intp] = (cumulated > targets[:, None]).argmax(axis=1)
    beyond = targets >= cumulated[:, -1]
    if beyond.any():  # rounding at the very end
        for row in np.flatnonzero(beyond):
            ids[row] = np.flatnonzero(weights[row])[-1]
    return ids


def scores_rows(logits: NDArray[np.floating]) -> Weights:
    """:func:`scores` for each row of ``logits`` [B, V]. Raises ChargenError where any of them is spoiled."""
    values: Weights = logits.astype(np.float64)
    flat = values.reshape(-1)
    if not math.isfinite(np.dot(flat, flat)):
        raise ChargenError(SPOILED)
    values -= values.max(axis=1, keepdims=True)
    return values
