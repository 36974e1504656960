"""How far two states are apart."""

import math

import numpy as np
import pytest

from chargen.errors import StateError
from chargen.model.comparison import compare
from chargen.model.state import HiddenState
from tests.model.helpers import small_config


def test_distances_are_those_of_each_layer_and_part() -> None:
    a, b = HiddenState.random(small_config(), 1), HiddenState.random(small_config(), 2)
    found = compare(a, b)
    assert [(part.layer, part.part) for part in found.parts] == [(1, "h"), (1, "c"), (2, "h"), (2, "c")]
    x, y = a.c[1, 0].astype(float), b.c[1, 0].astype(float)
    last = found.parts[-1]
    assert last.distance == pytest.approx(math.sqrt(((x - y) ** 2).sum()))
    assert last.rms == pytest.approx(math.sqrt(((x - y) ** 2).mean()))
    assert last.cosine == pytest.approx((x * y).sum() / math.sqrt((x * x).sum() * (y * y).sum()))
    both = [math.hypot(found.parts[at].distance, found.parts[at + 1].distance) for at in (0, 2)]
    assert both == pytest.approx(a.distance(b))


def test_the_units_that_differ_most_come_first() -> None:
    zero = HiddenState.zero(small_config())
    h, c = np.array(zero.h), np.array(zero.c)
    h[1, 0, 2], c[0, 0, 7], h[0, 0, 4], c[0, 0, 1] = -0.5, 3.0, 0.5, 0.5
    found = compare(zero, HiddenState("lstm", h, c))
    assert [(unit.layer, unit.part, unit.unit, unit.difference) for unit in found.units] == [
        (1, "c", 8, 3.0),
        (1, "h", 5, 0.5),
        (1, "c", 2, 0.5),
        (2, "h", 3, -0.5),
    ]
    assert len(compare(zero, HiddenState("lstm", h, c), units=2).units) == 2
    assert found.parts[0].cosine is None
    assert found.to_json()["units"][0] == {
        "layer": 1, "unit": 8, "part": "c", "a": 0.0, "b": 3.0, "difference": 3.0,
    }  # fmt: skip


def test_a_state_is_nearest_to_itself() -> None:
    state = HiddenState.random(small_config("gru"), 3)
    found = compare(state, state)
    assert found.units == () and {part.distance for part in found.parts} == {0.0}
    assert all(part.cosine == pytest.approx(1) for part in found.parts)


def test_other_kinds_and_sizes_are_refused() -> None:
    with pytest.raises(StateError, match="2×8 LSTM, the other of a 2×9 LSTM"):
        compare(HiddenState.zero(small_config()), HiddenState.zero(small_config(hidden=9)))
    with pytest.raises(StateError, match="GRU"):
        compare(HiddenState.zero(small_config()), HiddenState.zero(small_config("gru")))
    two = HiddenState("rnn", np.zeros((1, 2, 3)), None)
    with pytest.raises(StateError, match="2 streams"):
        compare(two, two)
