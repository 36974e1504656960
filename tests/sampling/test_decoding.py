"""Properties of every rule of choice."""

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from chargen.errors import ChargenError, SettingError
from chargen.sampling.decoding import (
    Decoding,
    Draw,
    banish,
    choose,
    choose_rows,
    decode,
    distribution,
    heat,
    keep_min_p,
    keep_top_k,
    keep_top_p,
    keep_typical,
    penalise,
    scores,
    scores_rows,
    slow_down,
    softmax,
)

LOGITS = arrays(np.float32, st.integers(2, 40), elements=st.floats(-30, 30, width=32))
ANY_LOGITS = arrays(np.float32, st.integers(1, 40), elements=st.floats(width=32, allow_nan=False, allow_infinity=False))
CLOSE_LOGITS = arrays(np.float32, st.integers(2, 9), elements=st.floats(-3, 3, width=32), fill=st.nothing())
RULES = st.builds(
    Decoding,
    temperature=st.floats(0, 10),
    top_k=st.integers(0, 50),
    top_p=st.floats(0, 1),
    min_p=st.floats(0, 1),
    repetition_penalty=st.floats(0.1, 10),
    typical=st.floats(0, 1),
)


@given(ANY_LOGITS, RULES, st.floats(0, 1, exclude_max=True))
def test_whatever_the_rules_it_is_a_distribution_and_something_is_chosen(logits, rules, uniform):
    recent = list(range(0, logits.size, 2))
    probabilities = distribution(logits, rules, recent)
    assert (probabilities >= 0).all()
    assert probabilities.sum() == pytest.approx(1)
    assert probabilities[choose(probabilities, uniform)] > 0


DRAWS = st.tuples(ANY_LOGITS | CLOSE_LOGITS, st.floats(0.001, 10), st.floats(0, 1, exclude_max=True))


@given(st.lists(DRAWS, min_size=2, max_size=4))
def test_drawing_in_one_is_drawing_step_by_step_to_the_bit(draws):
    for size in {logits.size for logits, *_ in draws}:
        draw = Draw(size)  # one for all: nothing of an earlier draw may be left in its arrays
        for logits, temperature, uniform in draws:
            if logits.size == size:
                id, total = draw(logits, temperature, uniform)
                values = scores(logits)
                assert id == choose(heat(values, temperature), uniform)
                assert draw.values.tobytes() == values.tobytes()
                assert total == math.log(np.exp(values).sum())


def test_drawing_in_one_never_takes_the_impossible_and_refuses_what_is_spoiled():
    draw = Draw(3)
    assert draw(np.array([0, 0, -2e3], np.float32), 1.0, np.nextafter(1.0, 0.0))[0] == 1
    for spoiled in (np.nan, np.inf, -np.inf):
        with pytest.raises(ChargenError, match="no longer a finite number"):
            draw(np.array([0, spoiled, 1], np.float32), 1.0, 0.5)


@given(LOGITS)
def test_softmax_is_the_formula(logits):
    exponentials = np.exp(logits.astype(np.float64))
    assert softmax(logits) == pytest.approx(exponentials / exponentials.sum())


@given(LOGITS)
def test_temperature_zero_is_argmax_with_ties_to_the_lowest_id(logits):
    weights = heat(scores(logits), 0.0)
    assert weights.argmax() == int(np.argmax(logits))
    assert np.count_nonzero(weights) == 1


@given(LOGITS)
def test_a_temperature_towards_zero_tends_to_argmax(logits):
    values = scores(logits)
    likeliest = values == 0
    for temperature in (1e-9, 1e-300, 5e-324):
        weights = heat(values, temperature)
        gap = -values[~likeliest].max() if (~likeliest).any() else np.inf
        if gap > 1e-6:
            assert (weights > 0).tolist() == likeliest.tolist()


@given(LOGITS)
def test_a_higher_temperature_is_flatter(logits):
    values = scores(logits)
    share = [weights.max() / weights.sum() for weights in (heat(values, t) for t in (0.25, 0.5, 1.0, 2.0, 8.0))]
    assert all(a >= b - 1e-12 for a, b in pairwise(share))


@given(LOGITS, st.integers(1, 60))
def test_top_k_keeps_exactly_k_and_they_are_the_largest(logits, k):
    weights = heat(scores(logits), 1.0)
    kept = keep_top_k(weights, k) > 0
    assert kept.sum() == min(k, logits.size)
    assert weights[kept].min() >= weights[~kept].max(initial=0)


def test_of_equal_weights_top_k_keeps_the_lower_ids():
    assert keep_top_k(np.array([1.0, 2.0, 1.0, 1.0]), 3).tolist() == [1, 2, 1, 0]


@given(LOGITS, st.floats(0, 1))
def test_top_p_keeps_the_fewest_that_reach_the_share(logits, p):
    weights = heat(scores(logits), 1.0)
    total = weights.sum()
    kept = keep_top_p(weights, p)
    count = np.count_nonzero(kept)
    assert count >= 1
    assert kept.sum() >= p * total * (1 - 1e-9)
    if count > 1:  # without the smallest of them the share would not be reached
        assert kept.sum() - kept[kept > 0].min() < p * total * (1 + 1e-9)


@given(LOGITS, st.floats(0, 1))
def test_min_p_keeps_what_is_near_the_largest(logits, share):
    weights = heat(scores(logits), 1.0)
    kept = keep_min_p(weights, share)
    assert ((kept > 0) == (weights >= share * weights.max())).all()
    assert kept.argmax() == weights.argmax()


@given(LOGITS, st.floats(1.01, 10), st.floats(-20, 20))
def test_the_penalty_makes_the_recent_rarer_and_ignores_a_constant_in_the_logits(logits, penalty, constant):
    plain, recent = softmax(logits), [0]
    changed = decode(penalise(scores(logits), recent, penalty), Decoding(temperature=1))
    changed /= changed.sum()
    assert changed[0] <= plain[0] + 1e-12
    shifted = distribution(logits.astype(np.float64) + constant, Decoding(1, repetition_penalty=penalty), recent)
    assert shifted == pytest.approx(changed, abs=1e-9)


def test_the_penalty_is_a_power_of_the_probability():
    probabilities = np.array([0.5, 0.25, 0.25])
    weights = decode(scores(np.log(probabilities)), Decoding(1, repetition_penalty=2), [0, 0, 0])
    assert weights / weights[1] == pytest.approx([1.0, 1.0, 1.0])  # 0.5² = 0.25, once however often it came


def test_choose_is_the_inverse_of_the_distribution_function():
    weights = np.array([0.0, 2.0, 0.0, 1.0, 1.0, 0.0])
    chosen = [choose(weights, u) for u in (0.0, 0.49, 0.5, 0.74, 0.75, np.nextafter(1, 0))]
    assert chosen == [1, 1, 3, 3, 4, 4]
    drawn = np.bincount([choose(weights, u) for u in np.random.default_rng(0).random(4000)], minlength=6)
    assert drawn / 4000 == pytest.approx([0, 0.5, 0, 0.25, 0.25, 0], abs=0.03)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_logits_that_are_not_finite_are_one_sentence(bad):
    with pytest.raises(ChargenError, match="no longer a finite number"):
        distribution(np.array([0, bad, 1], np.float32), Decoding())


def test_the_largest_logits_are_fine():
    top = np.finfo(np.float32).max
    assert distribution(np.array([-top, top, 0], np.float32), Decoding(5e-324)).tolist() == [0, 1, 0]


@pytest.mark.parametrize(
    "rule", [{"temperature": float("nan")}, {"top_p": 1.5}, {"top_k": -1}, {"min_p": -0.1}, {"repetition_penalty": 0}]
)
def test_rules_out_of_range_are_refused(rule):
    with pytest.raises(SettingError):
        Decoding(**rule)


def typical_as_in_the_paper(probabilities, p):
    """Meister et al. 2022, equation 10, one character after the other."""
    entropy = sum(-q * np.log(q) for q in probabilities if q > 0)
    order = sorted(
        (id for id in range(len(probabilities)) if probabilities[id] > 0),
        key=lambda id: (abs(-np.log(probabilities[id]) - entropy), id),
    )
    kept, mass = [], 0.0
    for id in order:
        kept.append(id)
        mass += probabilities[id]
        if mass >= p:
            break
    return sorted(kept)


@pytest.mark.parametrize("p", [0.0, 0.2, 0.5, 0.9, 0.999])
@pytest.mark.parametrize("seed", range(5))
def test_typical_is_the_paper(seed, p):
    logits = np.random.default_rng(seed).normal(0, 2, 30).astype(np.float32)
    weights = heat(scores(logits), 1.0)
    weights[:3] = 0.0  # what an earlier rule took out stays out
    assert np.flatnonzero(keep_typical(weights, p)).tolist() == typical_as_in_the_paper(weights / weights.sum(), p)


def test_typical_may_leave_out_the_likeliest():
    weights = np.array([0.4, *[0.05] * 12])
    assert keep_typical(weights, 0.5)[0] == 0
    assert keep_typical(weights, 1.0) is weights


@given(LOGITS, st.data())
def test_banned_characters_are_out_and_the_others_as_before_among_themselves(logits, data):
    banned = data.draw(st.sets(st.integers(0, logits.size - 1), max_size=logits.size - 1))
    values = banish(scores(logits), np.array(sorted(banned), np.intp))
    left = np.exp(values)
    assert left.max() == 1.0
    assert all(left[id] == 0 for id in banned)
    allowed = [id for id in range(logits.size) if id not in banned]
    expected = softmax(logits[allowed])
    assert left[allowed] / left.sum() == pytest.approx(expected)


def test_the_only_one_left_is_chosen_however_unlikely():
    values = scores(np.array([3e38, 0, -3e38], np.float32))
    weights = decode(values, Decoding(0.01, repetition_penalty=9), [2], banned=np.array([0, 1]), brake=(2, 50.0))
    assert weights.tolist() == [0, 0, 1]


def test_the_rules_come_in_the_documented_order():
    """Temperature before top-p and typical; the brake before temperature; the ban before all."""
    values = scores(np.log([0.5, 0.3, 0.15, 0.05]))
    rules = Decoding(2.0, top_k=3, typical=0.9, top_p=0.6, min_p=0.3)
    by_hand = keep_min_p(
        keep_top_p(keep_typical(keep_top_k(heat(slow_down(banish(values, np.array([3])), 0, 1.0), 2.0), 3), 0.9), 0.6),
        0.3,
    )
    assert decode(values, rules, banned=np.array([3]), brake=(0, 1.0)).tolist() == by_hand.tolist()
    assert decode(values, rules, temperature=0.0).tolist() == [1, 0, 0, 0]


def test_rows_are_chosen_as_single_ones_are():
    generator = np.random.default_rng(1)
    logits = generator.normal(0, 3, (50, 20)).astype(np.float32)
    values, uniforms = scores_rows(logits), generator.random(50)
    weights = np.exp(values)
    weights[:, ::3] = 0
    uniforms[:2] = 0.0, np.nextafter(1, 0)
    expected = [choose(row, uniform) for row, uniform in zip(weights, uniforms, strict=True)]
    assert choose_rows(weights, uniforms).tolist() == expected
    for row, each in zip(values, logits, strict=True):
        assert row.tolist() == scores(each).tolist()
    logits[3, 4] = np.nan
    with pytest.raises(ChargenError, match="no longer a finite number"):
        scores_rows(logits)
