"""Several states into one: blends, linear and spherical, and sums with factors.

All sums are taken in float64, over the parts whose weight is not zero, in the order given: with the weights
1 and 0 the result is the first state byte for byte.
"""

import math
from collections.abc import Collection, Sequence
from types import MappingProxyType
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from chargen.errors import StateError
from chargen.model.state import Array, HiddenState

Vector = NDArray[np.float64]
Only = Literal["h", "c"]

MAXIMUM_PARTS = 64
SEVERAL_MODELS = "several"
"""Stands for the fingerprint where the parts were made by different models."""

_NEARLY = 1e-6  # radians: nearer to parallel or to opposite, a great circle is not well defined
_ROUNDS = 200


def blend(
    states: Sequence[HiddenState],
    weights: Sequence[float],
    *,
    spherical: bool = False,
    layers: Collection[int] | None = None,
    only: Only | None = None,
) -> HiddenState:
    """A weighted mean of states; its recipe is ``{"kind": "blend", "spherical", "layers", "only", "parts"}``.

    *Linear*: Σ wᵢ xᵢ with the weights divided by their sum. Weights below zero go beyond a state.

    *Spherical*, for each vector (one layer's h, or its c) apart: the lengths are averaged linearly, the directions
    on the sphere. For two this is slerp (Shoemake 1985, "Animating rotation with quaternion curves"); for more the
    weighted mean that minimises Σ wᵢ angle², found by the iteration of Buss and Fillmore 2001 ("Spherical averages
    and applications to spherical splines and interpolation", algorithm A1). Where no direction is the middle one
    (a part is zero, or parts point opposite ways) that vector is blended linearly.

    Args:
        states: at least one, of one kind and size.
        weights: one each, relative to their sum.
        layers: which layers to blend, counted from 1; the others are the first state's. None is all of them.
        only: ``h`` or ``c`` to blend that part alone; the other is the first state's.

    Raises:
        StateError: the states differ in kind or size, a layer or part does not exist, the weights are not finite,
            sum to zero, or are negative in a spherical blend.
    """
    _check_alike(states)
    shares = _shares(weights, len(states), spherical=spherical)
    first = states[0]
    chosen = _layers(layers, first)
    _check_only(only, first)
    average = _spherical if spherical else _sum
    results = []
    for number, name in enumerate(("h", "c")[: len(first.parts())]):
        result = first.parts()[number].astype(np.float64)
        if only in (None, name):
            for layer in chosen:
                vectors = [state.parts()[number][layer - 1].astype(np.float64) for state in states]
                result[layer - 1] = [
                    average([vector[stream] for vector in vectors], shares) for stream in range(first.streams)
                ]
        results.append(_single(result))
    recipe: dict[str, Any] = {"kind": "blend", "spherical": spherical}
    if layers is not None:
        recipe["layers"] = list(chosen)
    if only is not None:
        recipe["only"] = only
    percents = [f"{share:.0%} {_short(state)}" for share, state in zip(shares, states, strict=True) if share]
    return _made(first.cell, results, {**recipe, **_parts(states, weights)}, states, ", ".join(percents))


def combine(states: Sequence[HiddenState], factors: Sequence[float], expression: str = "") -> HiddenState:
    """Σ fᵢ xᵢ, h and c alike; its recipe is ``{"kind": "combination", "expression", "parts"}``.

    Nothing is divided by the sum of the factors, so that A - B + C is what it says. The numbers of h may leave
    the range from -1 to 1 in which a network keeps them; it brings them back as it reads.

    Raises:
        StateError: the states differ in kind or size, a factor or the result is not finite.
    """
    _check_alike(states)
    if len(factors) != len(states) or not all(map(math.isfinite, factors)):
        raise StateError("Every state of a combination needs a finite factor.")
    first = states[0]
    results = [
        _single(_sum([state.parts()[number].astype(np.float64) for state in states], factors))
        for number in range(len(first.parts()))
    ]
    recipe = {"kind": "combination", "expression": expression[:1000], **_parts(states, factors)}
    return _made(first.cell, results, recipe, states, expression or "Combination")


# -- checking ------------------------------------------------------------------------------------------


def _check_alike(states: Sequence[HiddenState]) -> None:
    if not 1 <= len(states) <= MAXIMUM_PARTS:
        raise StateError(f"Give between one and {MAXIMUM_PARTS} states.")
    kinds = list(dict.fromkeys(f"{each.layers}×{each.hidden} {each.cell.upper()}" for each in states))
    if len(kinds) > 1:
        raise StateError(
            f"Only states of one kind and size go together, and these are of a {kinds[0]} and a {kinds[1]}."
        )
    if len({each.streams for each in states}) > 1:
        raise StateError("Only states with the same number of streams go together.")


def _shares(weights: Sequence[float], count: int, *, spherical: bool) -> list[float]:
    if len(weights) != count:
        raise StateError(f"Every state needs a weight; there are {count} states and {len(weights)} given.")
    if not all(map(math.isfinite, weights)):
        raise StateError("The weights must be finite numbers.")
    largest = max(map(abs, weights))
    scaled = [weight / largest for weight in weights] if largest else []
    total = math.fsum(scaled)
    if abs(total) < 1e-9:
        raise StateError("The weights sum to zero; change one of them.")
    if spherical and min(weights) < 0:
        raise StateError("A spherical blend takes weights of zero or more; leave out --spherical to go beyond a state.")
    return [weight / total for weight in scaled]


def _layers(layers: Collection[int] | None, state: HiddenState) -> list[int]:
    if layers is None:
        return list(range(1, state.layers + 1))
    for layer in layers:
        if not 1 <= layer <= state.layers:
            there = f"layers 1 to {state.layers}" if state.layers > 1 else "one layer only"
            raise StateError(f"There is no layer {layer}: the states have {there}.")
    if not layers:
        raise StateError("Name at least one layer.")
    return sorted(set(layers))


def _check_only(only: Only | None, state: HiddenState) -> None:
    if only == "c" and state.c is None:
        raise StateError(f"A state of a {state.cell.upper()} has no cell part (c).")
    if only not in (None, "h", "c"):
        raise StateError("The part of a state is h or c.")


# -- mathematics ---------------------------------------------------------------------------------------


def _sum(vectors: Sequence[Vector], weights: Sequence[float]) -> Vector:
    """Σ wᵢ xᵢ over the weights that are not zero."""
    total: Vector | None = None
    with np.errstate(all="ignore"):  # what is not finite is said in a sentence by HiddenState
        for vector, weight in zip(vectors, weights, strict=True):
            if weight:
                term = weight * vector
                total = term if total is None else total + term
    return np.zeros_like(vectors[0]) if total is None else total


def _spherical(vectors: Sequence[Vector], weights: Sequence[float]) -> Vector:
    """Weights that sum to 1, none negative: directions averaged on the sphere, lengths linearly."""
    taken = [(vector, weight) for vector, weight in zip(vectors, weights, strict=True) if weight]
    vectors, weights = [vector for vector, _ in taken], [weight for _, weight in taken]
    lengths = [float(np.linalg.norm(vector)) for vector in vectors]
    direction = None
    if len(vectors) > 1 and min(lengths) > 0:
        units = np.stack([vector / length for vector, length in zip(vectors, lengths, strict=True)])
        direction = slerp(units[0], units[1], weights[1]) if len(units) == 2 else _mean_direction(units, weights)
    if direction is None:
        return _sum(vectors, weights)
    return direction * math.fsum(weight * length for weight, length in zip(weights, lengths, strict=True))


def slerp(a: Vector, b: Vector, t: float) -> Vector | None:
    """The unit vector at share ``t`` of the arc between two; None where they are (nearly) parallel or opposite."""
    angle = 2.0 * math.atan2(float(np.linalg.norm(a - b)), float(np.linalg.norm(a + b)))
    if not _NEARLY < angle < math.pi - _NEARLY:
        return None
    result: Vector = (math.sin((1.0 - t) * angle) * a + math.sin(t * angle) * b) / math.sin(angle)
    return result


def _mean_direction(units: Vector, weights: Sequence[float]) -> Vector | None:
    """The unit vector with the least Σ wᵢ angle² to ``units`` [n, H]; None where it is not found."""
    share = np.asarray(weights)
    mean: Vector = share @ units
    length = float(np.linalg.norm(mean))
    if length < _NEARLY:
        return None
    mean = mean / length
    for _ in range(_ROUNDS):
        cosines = np.clip(units @ mean, -1.0, 1.0)
        across = units - cosines[:, None] * mean
        sines = np.linalg.norm(across, axis=1)
        if ((sines < _NEARLY) & (cosines < 0)).any():
            return None  # one part is opposite: every way around the sphere is as short
        angles = np.arctan2(sines, cosines)
        # The tangent towards each part, as long as the angle; towards itself it is zero.
        step = (share * np.divide(angles, sines, out=np.ones_like(sines), where=sines > 1e-12)) @ across
        size = float(np.linalg.norm(step))
        if size < 1e-12:
            return mean
        mean = math.cos(size) * mean + math.sin(size) / size * step
        mean = mean / np.linalg.norm(mean)
    return None


# -- the result ----------------------------------------------------------------------------------------


def _single(values: Vector) -> Array:
    with np.errstate(all="ignore"):
        return values.astype(np.float32)


def _short(state: HiddenState) -> str:
    return " ".join((state.name or "unnamed")[:24].split())


def _parts(states: Sequence[HiddenState], weights: Sequence[float]) -> dict[str, Any]:
    return {
        "parts": [
            {"weight": float(weight), "name": state.name[:200], "recipe": dict(state.recipe)}
            for state, weight in zip(states, weights, strict=True)
        ]
    }


def _made(
    cell: str, parts: Sequence[Array], recipe: dict[str, Any], states: Sequence[HiddenState], name: str
) -> HiddenState:
    models = {state.fingerprint for state in states} - {""}
    fingerprint = SEVERAL_MODELS if len(models) > 1 else next(iter(models), "")
    c = parts[1] if len(parts) > 1 else None
    return HiddenState(cell, parts[0], c, MappingProxyType(recipe), fingerprint, name[:80])
