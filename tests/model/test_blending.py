"""Blends and sums of states against their mathematics, in float64 and by another way."""

import math
from collections.abc import Mapping

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chargen.errors import StateError
from chargen.model.blending import MAXIMUM_PARTS, SEVERAL_MODELS, blend, combine, slerp
from chargen.model.recipes import FORGOTTEN, MAXIMUM_DEPTH, MAXIMUM_LENGTH, bounded, parts_of
from chargen.model.state import HiddenState
from tests.model.helpers import random_model, small_config

CONFIG = small_config(layers=3, hidden=6)


def state(seed: int, **changes: object) -> HiddenState:
    return HiddenState.random(small_config(**{"layers": 3, "hidden": 6, **changes}), seed)


A, B, C, D = (state(seed) for seed in range(4))


def same(one: HiddenState, other: HiddenState) -> bool:
    return [part.tobytes() for part in one.parts()] == [part.tobytes() for part in other.parts()]


@pytest.mark.parametrize("cell", ["lstm", "gru", "rnn"])
@pytest.mark.parametrize("spherical", [False, True])
def test_weights_0_and_1_give_the_bytes_of_a_part(cell: str, spherical: bool) -> None:
    config = small_config(cell, layers=3, hidden=6)
    mine, other = HiddenState.random(config, 1), HiddenState.random(config, 2)
    h = np.array(mine.h)
    h[0, 0, :2] = -0.0, 1e-42  # a sum that begins with zero, or a norm, would lose these
    mine = HiddenState(cell, h, mine.c)
    for weight in (1, 0.3, 7.0, 1e-300):
        assert same(blend([mine, other], [weight, 0], spherical=spherical), mine)
        assert same(blend([other, mine], [0, weight], spherical=spherical), mine)
        assert same(blend([other, mine, other], [0, weight, 0], spherical=spherical), mine)
    assert not same(blend([mine, other], [0.9, 0.1], spherical=spherical), mine)


def test_linear_is_the_weighted_mean() -> None:
    mixed = blend([A, B, C], [2, 1, 1])
    for part, (a, b, c) in zip(mixed.parts(), zip(A.parts(), B.parts(), C.parts(), strict=True), strict=True):
        np.testing.assert_allclose(part, 0.5 * a + 0.25 * b + 0.25 * c, atol=1e-7)
    beyond = blend([A, B], [-1, 2])
    np.testing.assert_allclose(beyond.h, B.h + (B.h - A.h), atol=1e-6)


def test_slerp_turns_at_an_even_rate_in_the_plane() -> None:
    """In the plane the answer is known: the angle grows in proportion, and so does the length."""
    a, b = np.zeros((1, 1, 5), np.float32), np.zeros((1, 1, 5), np.float32)
    a[0, 0, :2] = 0.5, 0.0
    b[0, 0, :2] = 0.9 * math.cos(2.0), 0.9 * math.sin(2.0)
    for share in (0.1, 0.25, 0.5, 0.8):
        mixed = blend([HiddenState("rnn", a, None), HiddenState("rnn", b, None)], [1 - share, share], spherical=True)
        length = 0.5 + share * 0.4
        expected = [length * math.cos(2 * share), length * math.sin(2 * share), 0, 0, 0]
        np.testing.assert_allclose(mixed.h[0, 0], expected, atol=1e-6)


def test_every_layer_and_part_turns_by_itself() -> None:
    mixed = blend([A, B], [1, 3], spherical=True)
    for part, a, b in zip(mixed.parts(), A.parts(), B.parts(), strict=True):
        for layer in range(3):
            x, y = a[layer, 0].astype(float), b[layer, 0].astype(float)
            p, q = np.linalg.norm(x), np.linalg.norm(y)
            angle = math.acos(x @ y / p / q)
            direction = (math.sin(0.25 * angle) * x / p + math.sin(0.75 * angle) * y / q) / math.sin(angle)
            np.testing.assert_allclose(part[layer, 0], (0.25 * p + 0.75 * q) * direction, atol=1e-6)


def angle(x: np.ndarray, y: np.ndarray) -> float:
    return math.acos(np.clip(x @ y / np.linalg.norm(x) / np.linalg.norm(y), -1, 1))


def test_the_spherical_mean_of_more_is_where_the_squares_of_the_angles_are_least() -> None:
    parts, weights = [A, B, C, D], np.array([0.4, 0.1, 0.3, 0.2])
    mean = blend(parts, weights.tolist(), spherical=True).h[1, 0].astype(float)
    vectors = [each.h[1, 0].astype(float) for each in parts]

    def cost(x: np.ndarray) -> float:
        return sum(w * angle(x, v) ** 2 for w, v in zip(weights, vectors, strict=True))

    generator, least = np.random.default_rng(0), cost(mean)
    for size in (1e-3, 1e-2, 0.1):
        for _ in range(100):
            assert cost(mean + size * generator.normal(size=6) * np.linalg.norm(mean)) > least
    assert np.linalg.norm(mean) == pytest.approx(sum(weights * [np.linalg.norm(v) for v in vectors]), rel=1e-6)


def test_the_mean_of_three_with_two_alike_is_slerp() -> None:
    three = blend([A, B, B], [0.4, 0.5, 0.1], spherical=True)
    np.testing.assert_allclose(three.h, blend([A, B], [0.4, 0.6], spherical=True).h, atol=1e-6)


def test_where_no_direction_is_the_middle_it_is_linear() -> None:
    zero, against = HiddenState.zero(CONFIG), combine([A], [-1.0])
    for other in (zero, against, A):
        round_about = blend([A, other], [0.75, 0.25], spherical=True)
        np.testing.assert_allclose(round_about.h, blend([A, other], [0.75, 0.25]).h, atol=1e-6)
    assert np.isfinite(blend([A, against, B], [1, 1, 1], spherical=True).h).all()
    assert np.isfinite(blend([A, against, zero], [1, 1, 1], spherical=True).h).all()
    assert slerp(np.array([1.0, 0]), np.array([-1.0, 0]), 0.5) is None


@given(
    st.lists(st.lists(st.floats(-2, 2, width=32), min_size=4, max_size=4), min_size=1, max_size=5).flatmap(
        lambda vectors: st.tuples(
            st.just(vectors), st.lists(st.floats(0, 1), min_size=len(vectors), max_size=len(vectors))
        )
    )
)
def test_a_spherical_blend_is_never_longer_than_its_parts(case: tuple[list[list[float]], list[float]]) -> None:
    vectors, weights = case
    states = [HiddenState("rnn", np.array(v, np.float32).reshape(1, 1, 4), None) for v in vectors]
    try:
        mixed = blend(states, weights, spherical=True)
    except StateError as error:
        assert "sum to zero" in str(error)
        return
    longest = max(np.linalg.norm(each.h.astype(float)) for each in states)
    assert np.linalg.norm(mixed.h.astype(float)) <= longest * (1 + 1e-5) + 1e-30


def test_only_what_is_chosen_is_blended() -> None:
    mixed = blend([A, B], [0, 1], layers=[3, 1])
    assert mixed.h[1].tobytes() == A.h[1].tobytes()
    assert mixed.h[[0, 2]].tobytes() == B.h[[0, 2]].tobytes()
    assert mixed.c[1].tobytes() == A.c[1].tobytes() and mixed.c[0].tobytes() == B.c[0].tobytes()
    apart = blend([A, B], [0, 1], only="c", layers=[2])
    assert same(HiddenState("lstm", apart.h, A.c), A)
    assert apart.c[1].tobytes() == B.c[1].tobytes() and apart.c[0].tobytes() == A.c[0].tobytes()
    assert (apart.recipe["layers"], apart.recipe["only"]) == ([2], "c")


def test_a_sum_is_what_it_says() -> None:
    made = combine([A, B, C], [1, -1, 0.5], "A - B + 0.5*C")
    for part, a, b, c in zip(made.parts(), A.parts(), B.parts(), C.parts(), strict=True):
        np.testing.assert_allclose(part, a.astype(float) - b + 0.5 * c, atol=1e-6)
    assert same(combine([B], [1.0]), B)
    assert not combine([A], [0.0]).h.any()
    assert made.recipe["expression"] == made.name == "A - B + 0.5*C"


@pytest.mark.parametrize(
    ("call", "phrase"),
    [
        (lambda: blend([A, B], [1, -1]), "sum to zero"),
        (lambda: blend([A, B, C], [0.1, 0.2, -0.3]), "sum to zero"),
        (lambda: blend([A, B], [0, 0]), "sum to zero"),
        (lambda: blend([A, B], [1, math.nan]), "finite"),
        (lambda: blend([A, B], [1, math.inf]), "finite"),
        (lambda: blend([A, B], [1]), "2 states and 1 given"),
        (lambda: blend([A, B], [2, -1], spherical=True), "zero or more"),
        (lambda: blend([A, state(1, cell="gru")], [1, 1]), "3×6 LSTM and a 3×6 GRU"),
        (lambda: blend([A, state(1, layers=2)], [1, 1]), "2×6 LSTM"),
        (lambda: blend([A, state(1, hidden=7)], [1, 1]), "3×7 LSTM"),
        (lambda: blend([A, B], [1, 1], layers=[0]), "no layer 0"),
        (lambda: blend([A, B], [1, 1], layers=[4]), "no layer 4"),
        (lambda: blend([A, B], [1, 1], layers=[]), "at least one layer"),
        (lambda: blend([state(1, cell="gru")] * 2, [1, 1], only="c"), "no cell part"),
        (lambda: blend([A, B], [1, 1], only="g"), "h or c"),
        (lambda: blend([], []), "between one and"),
        (lambda: blend([A] * (MAXIMUM_PARTS + 1), [1] * (MAXIMUM_PARTS + 1)), "between one and"),
        (lambda: combine([A, B], [1]), "factor"),
        (lambda: combine([A], [math.nan]), "factor"),
        (lambda: combine([A], [1e300]), "not finite"),
        (lambda: combine([A, state(1, hidden=7)], [1, 1]), "one kind and size"),
    ],
)
def test_what_cannot_be_mixed_is_one_sentence(call, phrase: str) -> None:
    with pytest.raises(StateError, match=phrase) as caught:
        call()
    assert "\n" not in str(caught.value)


def test_huge_weights_are_only_relative() -> None:
    np.testing.assert_array_equal(blend([A, B], [1e308, 1e308]).h, blend([A, B], [1, 1]).h)


def test_mixes_know_their_parts_and_models() -> None:
    model, other = (
        random_model(small_config(initial_state="learned")),
        random_model(small_config(initial_state="learned"), 5),
    )
    mine, theirs, zero = HiddenState.learned(model), HiddenState.learned(other), HiddenState.zero(model.config)
    assert blend([mine, zero], [1, 1]).fingerprint == model.fingerprint
    assert blend([mine, theirs], [1, 1]).fingerprint == SEVERAL_MODELS
    parts = parts_of(blend([mine, zero.renamed("nothing")], [1, 3]).recipe)
    assert [(part["weight"], part["name"], part["recipe"]) for part in parts] == [
        (1.0, "Learned", {"kind": "learned"}),
        (3.0, "nothing", {"kind": "zero"}),
    ]


def test_recipes_stay_within_bounds_however_often_they_are_nested() -> None:
    nested = A
    for _ in range(60):
        nested = blend([nested, B], [1, 1])
    again = HiddenState.from_bytes(nested.to_bytes(), "x")
    assert dict(again.recipe) == dict(nested.recipe)
    depth, recipe = 0, nested.recipe
    while parts_of(recipe):
        depth, recipe = depth + 1, parts_of(recipe)[0]["recipe"]
    assert depth > 3 and recipe["kind"] != "random"
    assert json_depth(nested.recipe) <= MAXIMUM_DEPTH + 1 and str(dict(FORGOTTEN)) in str(nested.recipe)

    long = HiddenState("rnn", np.zeros((1, 1, 2), np.float32), None, {"kind": "text", "text": "a" * 100_000})
    many = blend([long] * 9, [1] * 9)
    assert len(parts_of(many.recipe)) == 9 and parts_of(many.recipe)[8]["recipe"]["text"] == "a" * 100_000
    tower = blend([many, many], [1, 1])
    assert parts_of(tower.recipe)[0]["recipe"]["kind"] == "blend"  # that it was one is remembered
    assert len(tower.to_bytes()) < MAXIMUM_LENGTH + 10_000


def json_depth(value: object) -> int:
    inner = value.values() if isinstance(value, Mapping) else value if isinstance(value, list) else None
    return 0 if inner is None else 1 + max(map(json_depth, inner), default=0)


json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
)


@given(st.dictionaries(st.sampled_from(["kind", "parts", "start", "x"]), json, max_size=4))
def test_any_recipe_is_bounded_once_and_read_without_surprise(recipe: dict) -> None:
    kept = bounded(recipe)
    assert repr(bounded(kept)) == repr(kept)
    parts_of(kept)


def test_parts_of_a_stranger_are_looked_at() -> None:
    good = {"weight": 1, "name": "", "recipe": {}}
    bad = [
        None, 3, {**good, "weight": "1"}, {**good, "weight": True}, {**good, "weight": 10**400},
        {**good, "weight": math.nan}, {**good, "name": 3}, {**good, "recipe": []}, {"weight": 1},
    ]  # fmt: skip
    assert parts_of({"kind": "blend", "parts": [*bad, good]}) == [good]
    assert parts_of({"kind": "text", "parts": [good]}) == []
    assert parts_of({"kind": "blend", "parts": good}) == []
    assert MAXIMUM_DEPTH < 28  # what a state file and an export leave of the 32 levels that are read
