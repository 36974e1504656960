"""States made again from their recipes."""

import contextlib
import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chargen.errors import ChargenError, StateError, UnknownCharacterError
from chargen.model.blending import blend, combine
from chargen.model.state import HiddenState
from chargen.sampling.engine import Engine
from chargen.sampling.remake import remake
from chargen.sampling.seeds import describe_state, has_read, prime
from tests.sampling.conftest import build_model

MODEL = build_model(hidden=12)
LEARNING = build_model(hidden=12, initial_state="learned", seed=9)


def same(one: HiddenState, other: HiddenState) -> bool:
    return [part.tobytes() for part in one.parts()] == [part.tobytes() for part in other.parts()]


def makers(model):
    calm, storm = prime(model, "calm").renamed("calm"), prime(model, "a storm").renamed("storm")
    noise = HiddenState.random(model.config, 3, 0.5)
    return {
        "zero": HiddenState.zero(model.config),
        "random": noise,
        "text": storm,
        "text after a text": prime(model, " came up", start=storm),
        "blend": blend([calm, storm], [1, 3]),
        "spherical": blend([calm, storm, noise], [1, 3, 1], spherical=True),
        "partial": blend([calm, storm], [0, 1], layers=[2], only="c"),
        "sum": combine([calm, storm, noise], [1, -1, 0.25], "calm - storm + 0.25*noise"),
        "blend of blends": blend([blend([calm, storm], [1, 1]), combine([noise], [2])], [2, 1]),
    }


@pytest.mark.parametrize("name", makers(MODEL))
def test_remade_for_its_own_model_it_has_the_same_bytes_and_for_another_those_of_that(name: str) -> None:
    other = build_model(hidden=18, seed=5)
    state = makers(MODEL)[name]
    assert same(remake(state, MODEL), state)
    through_a_file = HiddenState.from_bytes(state.renamed("mine", "note").to_bytes(), "x")
    again = remake(through_a_file, other)
    assert same(again, makers(other)[name])
    assert (again.name, again.note) == ("mine", "note")
    assert dict(remake(again, MODEL).recipe) == dict(state.recipe)


def test_an_engine_is_left_alone() -> None:
    engine = Engine(MODEL)
    before = engine.logits().tobytes()
    remake(makers(MODEL)["blend"], engine)
    assert engine.logits().tobytes() == before


def test_learned_is_that_of_the_model() -> None:
    state = HiddenState.learned(LEARNING)
    assert same(remake(state, LEARNING), state)
    with pytest.raises(StateError, match="learned no initial state"):
        remake(state, MODEL)


def test_a_part_without_weight_need_not_be_made_again() -> None:
    lost = HiddenState("lstm", np.ones((2, 1, 12)), np.ones((2, 1, 12)), {"kind": "forgotten"}, "", "lost")
    calm = prime(MODEL, "calm")
    assert same(remake(blend([lost, calm], [0, 1]), MODEL), calm)
    for needed in (blend([lost, calm], [0, 1], layers=[1]), blend([lost, calm], [0.1, 1])):
        with pytest.raises(StateError, match="“lost” cannot be made again"):
            remake(needed, MODEL)


def test_unknown_characters() -> None:
    read = prime(MODEL, "storm")
    small = build_model(characters="storb ", hidden=12)
    with pytest.raises(UnknownCharacterError):
        remake(read, small)
    assert same(remake(read, small, "drop"), prime(small, "stor"))


def stranger(recipe: dict) -> HiddenState:
    return HiddenState("lstm", np.zeros((2, 1, 12)), np.zeros((2, 1, 12)), recipe, "", "theirs")


PART = {"weight": 1, "name": "", "recipe": {"kind": "zero"}}


@pytest.mark.parametrize(
    "recipe",
    [
        {},
        {"kind": None},
        {"kind": "forgotten"},
        {"kind": "captured"},
        {"kind": "text"},
        {"kind": "text", "text": 3},
        {"kind": "text", "text": "ab", "characters": 9, "sha256": "00"},
        {"kind": "text", "text": "ab", "start": {"kind": "forgotten"}},
        {"kind": "random"},
        {"kind": "random", "seed": -1},
        {"kind": "random", "seed": 10**400},
        {"kind": "random", "seed": 1, "scale": 10**400},
        {"kind": "random", "seed": 1, "scale": "big"},
        {"kind": "blend"},
        {"kind": "blend", "parts": [PART, 3]},
        {"kind": "blend", "parts": [PART] * 100},
        {"kind": "blend", "parts": [PART], "layers": ["1"]},
        {"kind": "blend", "parts": [PART], "layers": [7]},
        {"kind": "blend", "parts": [PART], "only": []},
        {"kind": "blend", "parts": [{**PART, "weight": 0}]},
        {"kind": "combination", "parts": []},
    ],
)
def test_what_does_not_hold_everything_is_one_sentence(recipe: dict) -> None:
    state = stranger(json.loads(json.dumps(recipe)))
    with pytest.raises(ChargenError) as caught:
        remake(state, MODEL)
    assert "\n" not in str(caught.value) and len(str(caught.value)) < 300
    assert "\n" not in describe_state(state)
    has_read(state)


words = st.sampled_from(["zero", "random", "text", "captured", "blend", "combination", "learned", "forgotten"])
leaves = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text("ab", max_size=3)
)


def recipes(inner):
    part = st.fixed_dictionaries(
        {"weight": st.floats(-2, 2) | leaves, "name": st.just("p") | leaves, "recipe": inner | leaves}
    )
    return st.fixed_dictionaries(
        {"kind": words | leaves},
        optional={
            "seed": st.integers(0, 9) | leaves,
            "scale": st.floats(0, 2) | leaves,
            "text": leaves,
            "start": inner | leaves,
            "parts": st.lists(part | leaves, max_size=3) | leaves,
            "layers": st.lists(st.integers(0, 3) | leaves, max_size=2),
            "only": st.sampled_from(["h", "c"]) | leaves,
            "characters": leaves,
            "unknown": leaves,
            "spherical": leaves,
        },
    )


@given(st.recursive(st.fixed_dictionaries({"kind": words}), recipes, max_leaves=6))
def test_no_recipe_surprises(recipe: dict) -> None:
    state = stranger(recipe)
    describe_state(state)
    has_read(state)
    with contextlib.suppress(ChargenError):
        remake(state, MODEL)
