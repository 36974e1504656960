"""How far two states are apart, and in which units."""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from chargen.errors import StateError
from chargen.model.state import HiddenState


@dataclass(frozen=True)
class PartDistance:
    """Of one layer's h or c, over H units.

    Attributes:
        layer: counted from 1. part: ``h`` or ``c``.
        distance: Euclidean, |a - b|. rms: that over √H, the typical difference of a unit.
        cosine: of the angle between a and b; None where one of them is zero.
    """

    layer: int
    part: str
    distance: float
    rms: float
    cosine: float | None


@dataclass(frozen=True)
class UnitDifference:
    """One unit in both states; layer and unit are counted from 1."""

    layer: int
    unit: int
    part: str
    a: float
    b: float

    @property
    def difference(self) -> float:
        return self.b - self.a


@dataclass(frozen=True)
class Comparison:
    """Two states side by side: per layer and part, and the units that differ most, most first."""

    parts: tuple[PartDistance, ...]
    units: tuple[UnitDifference, ...]

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values."""
        return {
            "parts": [asdict(part) for part in self.parts],
            "units": [{**asdict(unit), "difference": unit.difference} for unit in self.units],
        }


def compare(a: HiddenState, b: HiddenState, units: int = 10) -> Comparison:
    """Compare two states of one stream; ``units`` is how many of the most different units to name.

    Units are ranked by |b - a|, h and c together; of equal ones the lower layer, part and unit comes first.
    Those that do not differ are not named.

    Raises:
        StateError: they differ in kind or size.
    """
    if a.cell != b.cell or a.h.shape != b.h.shape:
        raise StateError(
            f"States of different kinds or sizes cannot be compared: one is of a {a.layers}×{a.hidden} "
            f"{a.cell.upper()}, the other of a {b.layers}×{b.hidden} {b.cell.upper()}."
        )
    if a.streams != 1:
        raise StateError(f"These states hold {a.streams} streams side by side; only single ones are compared.")
    names = ("h", "c")[: len(a.parts())]
    mine, theirs = (np.stack([part[:, 0] for part in state.parts()], axis=1).astype(np.float64) for state in (a, b))
    distances = []
    for layer in range(a.layers):
        for number, name in enumerate(names):
            x, y = mine[layer, number], theirs[layer, number]
            distance = float(np.linalg.norm(y - x))
            lengths = float(np.linalg.norm(x)) * float(np.linalg.norm(y))
            cosine = float(np.clip(x @ y / lengths, -1.0, 1.0)) if lengths > 0 else None
            distances.append(PartDistance(layer + 1, name, distance, distance / a.hidden**0.5, cosine))
    # [L, parts, H] in this order of axes: equal differences come in the order of layer, part, unit
    order = np.argsort(-np.abs(theirs - mine), axis=None, kind="stable")[: max(0, units)]
    most = []
    for index in order:
        layer, number, unit = (int(n) for n in np.unravel_index(index, mine.shape))
        x, y = float(mine[layer, number, unit]), float(theirs[layer, number, unit])
        if x != y:
            most.append(UnitDifference(layer + 1, unit + 1, names[number], x, y))
    return Comparison(tuple(distances), tuple(most))
