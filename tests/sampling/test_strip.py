"""A strip from one state to another, and that its ends are those states."""

import pytest

from chargen.errors import SettingError, StateError
from chargen.model.blending import blend
from chargen.model.state import HiddenState
from chargen.sampling.sampler import Sampler
from chargen.sampling.seeds import prime
from chargen.sampling.settings import SamplingSettings
from chargen.sampling.strip import blends, write_strip
from tests.sampling.conftest import build_model

MODEL = build_model()
SETTINGS = SamplingSettings(length=40, random_seed=5, temperature=1.0)


@pytest.mark.parametrize("spherical", [False, True])
def test_the_ends_of_a_strip_are_what_a_and_b_write(spherical: bool) -> None:
    sampler, a, b = Sampler(MODEL), prime(MODEL, "calm"), prime(MODEL, "storm")
    steps = list(write_strip(sampler, a, b, SETTINGS, 5, spherical=spherical))
    assert [step.share for step in steps] == [0, 0.25, 0.5, 0.75, 1]
    assert steps[0].sample.text == sampler.write(SETTINGS, a).text
    assert steps[-1].sample.text == sampler.write(SETTINGS, b).text
    assert steps[0].state.h.tobytes() == a.h.tobytes() and steps[-1].state.c.tobytes() == b.c.tobytes()
    middle = blend([a, b], [0.5, 0.5], spherical=spherical)
    assert steps[2].sample.text == sampler.write(SETTINGS, middle).text
    assert {step.sample.settings.random_seed for step in steps} == {5}


@pytest.mark.parametrize("kind", ["zero", "random", "learned", "text"])
@pytest.mark.parametrize("spherical", [False, True])
def test_all_of_one_state_writes_as_that_state_whatever_it_is(kind: str, spherical: bool) -> None:
    """Also one in which nothing has been read, after which a sample begins with an opening character."""
    model = build_model(initial_state="learned")
    sampler = Sampler(model)
    ours = {
        "zero": HiddenState.zero(model.config),
        "random": HiddenState.random(model.config, 2),
        "learned": HiddenState.learned(model),
        "text": prime(model, "calm"),
    }[kind]
    other = HiddenState.zero(model.config) if kind == "text" else prime(model, "storm")
    for states, weights in (([ours, other], [1, 0]), ([other, ours], [0, 1]), ([other, ours, other], [0, 2, 0])):
        mixed = sampler.write(SETTINGS, blend(states, weights, spherical=spherical))
        mine = sampler.write(SETTINGS, ours)
        assert (mixed.text, mixed.opening) == (mine.text, mine.opening)
        assert mixed.surprises.tobytes() == mine.surprises.tobytes()


def test_a_missing_random_seed_is_drawn_once() -> None:
    a, b = prime(MODEL, "calm"), prime(MODEL, "storm")
    steps = list(write_strip(Sampler(MODEL), a, b, SamplingSettings(length=3), 3))
    assert len({step.sample.settings.random_seed for step in steps}) == 1


def test_what_cannot_be_a_strip() -> None:
    a, b = prime(MODEL, "calm"), prime(MODEL, "storm")
    for count in (1, 0, 102, True):
        with pytest.raises(SettingError, match="between 2 and 101"):
            blends(a, b, count)
    other = HiddenState.zero(build_model("gru").config)
    with pytest.raises(StateError, match="GRU"):
        write_strip(Sampler(MODEL), a, other, SETTINGS)
