"""What counts as a loop, and that it is broken."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chargen.sampling.loops import LONGEST, NATS, PERIODS, REACH, SHORTEST, Loops
from chargen.sampling.sampler import Sampler
from chargen.sampling.settings import SamplingSettings


def brake_by_hand(ids):
    """The definition, period by period."""
    for period in range(1, PERIODS + 1):
        run = 0
        while run + period < len(ids) and ids[-1 - run] == ids[-1 - run - period]:
            run += 1
        run, needed = min(run, LONGEST), max(2 * period, SHORTEST)
        if run >= needed:
            return ids[-period], NATS * (run - needed + 1)
    return None


@given(st.lists(st.lists(st.integers(0, 2), min_size=1, max_size=12), min_size=1, max_size=4), st.integers(1, 80))
def test_it_is_the_definition(parts, times):
    ids = [id for part in parts for id in part * times][-700:]
    assert Loops(ids).brake() == brake_by_hand(ids)
    assert Loops(ids[-REACH:]).brake() == Loops(ids).brake()


def test_three_times_the_same_is_a_loop_and_less_is_not():
    words = list(range(20))
    assert Loops(words * 2 + words[:19]).brake() is None
    assert Loops(words * 3).brake() == (0, NATS)
    assert Loops([*words * 3, 0, 1]).brake() == (2, 3 * NATS)
    assert Loops([*words * 3, 7]).brake() is None
    assert Loops([5] * SHORTEST).brake() is None
    assert Loops([5] * (SHORTEST + 1)).brake() == (5, NATS)
    assert Loops(list(range(PERIODS + 1)) * 5).brake() is None


@pytest.mark.parametrize("seed", range(4))
def test_at_temperature_zero_a_loop_is_broken_again_and_again(make_model, seed):
    sampler = Sampler(make_model("lstm", 1, 8, seed=seed, scale=1.0))
    settings = SamplingSettings(length=1500, temperature=0.0, random_seed=1)
    stuck = sampler.write(settings).text
    free = sampler.write(SamplingSettings(**{**settings.to_json(), "loop_breaker": True})).text
    assert any(stuck[-period * 9 :] == stuck[-period:] * 9 for period in range(1, 100)), "the model does not loop"
    assert len({free[at : at + 30] for at in range(1400)}) > 3 * len({stuck[at : at + 30] for at in range(1400)})
    # No character outlasts the brake: nine times the same stands nowhere at the end.
    assert free[: len(stuck)] != stuck
