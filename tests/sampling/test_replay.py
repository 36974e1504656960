"""The same text again, byte for byte, from what was exported."""

import random
from dataclasses import replace

import numpy as np
import pytest

from chargen.errors import ExportError, StateError
from chargen.model.blending import blend, combine
from chargen.model.model_file import Model
from chargen.model.state import HiddenState
from chargen.sampling.batch import write_all
from chargen.sampling.export import export, load_export
from chargen.sampling.replay import replay
from chargen.sampling.sampler import Sampler
from chargen.sampling.seeds import prime
from chargen.sampling.settings import SamplingSettings


def draw_state(dice, model, number, folder):
    """A seed state of any kind; None is what training started from."""
    primed, drawn = prime(model, "hello"), HiddenState.random(model.config, number, 2.0)

    def captured(steer=""):
        stream = Sampler(model).stream(SamplingSettings(length=dice.randint(1, 30), random_seed=number, steer=steer))
        for _ in range(dice.randint(0, 30)):
            next(stream, None)
        return stream.final_state

    def loaded():
        drawn.save(folder / "drawn.state")
        return HiddenState.load(folder / "drawn.state")

    spherical, only = dice.random() < 0.5, dice.choice((None, "h"))
    makers = {
        "none": lambda: None,
        "zeros": lambda: HiddenState.zero(model.config),
        "learned": lambda: HiddenState.learned(model) if model.config.initial_state == "learned" else None,
        "random": lambda: drawn,
        "primed": lambda: primed,
        "captured": captured,
        "steered": lambda: captured("1.1+0.5, *.2*0@3-"),
        "loaded": loaded,
        "blended": lambda: blend([primed, drawn], [1.0, dice.random()], spherical=spherical, only=only),
        "combined": lambda: combine([primed, drawn, captured()], [1.0, -0.5, 1.0]),
    }
    return makers[dice.choice(tuple(makers))]()


STEERING = ("", "", "1.1=0.9", "*.2*0@5-40", "1.*+0.1@10-, 1.3-0.4@-20")


def draw_samples(make_model, number, folder):
    """Samples under settings drawn at random: one by one or several at once, stopped early, changed on the way."""
    dice = random.Random(number)
    model = make_model(
        dice.choice(("lstm", "gru", "rnn")),
        dice.randint(1, 3),
        dice.choice((5, 16, 33)),
        initial_state=dice.choice(("zeros", "learned")),
        seed=number,
    )
    asked = SamplingSettings(
        prompt=dice.choice(("", "once upon", "é?a")),
        length=dice.randint(1, 200),
        temperature=dice.choice((0.0, 0.3, 0.8, 1.0, 4.0)),
        top_k=dice.choice((0, 0, 3)),
        top_p=dice.choice((1.0, 1.0, 0.8)),
        min_p=dice.choice((0.0, 0.0, 0.05)),
        repetition_penalty=dice.choice((1.0, 1.0, 1.5, 0.7)),
        stop=dice.choice(((), (), ("e",), ("zz", " a"))),
        random_seed=dice.choice((None, 0, 2**53 - 1)),
        unknown=dice.choice(("drop", "replace")),
        typical=dice.choice((1.0, 1.0, 0.9)),
        temperature_curve=dice.choice(("", "", "0%:0.1,100%:2", "3:1,50:0")),
        loop_breaker=dice.choice((False, False, True)),
        ban=dice.choice(("", "", "xé")),
        beam=dice.choice((0, 0, 0, 0, 3)),
        beam_per_character=dice.random() < 0.5,
        steer=dice.choice(STEERING),
    )
    state = draw_state(dice, model, number, folder)
    sampler = Sampler(model)
    if not asked.beam and dice.random() < 0.4:
        several = [replace(asked, random_seed=number + seed, length=dice.randint(1, 200)) for seed in range(5)]
        return model, write_all(sampler.engine, [(each, state) for each in several])
    given = "" if asked.beam else dice.choice(("", "", "by hand"))
    stream = sampler.stream(asked, state, given=given)
    for _ in range(dice.randint(0, 220)):
        if dice.random() < 0.03:
            stream.set_temperature(dice.choice((0.0, 0.5, 2.0)))
        if not asked.beam and dice.random() < 0.02:
            stream.set_steering(dice.choice(STEERING))
        if not asked.beam and dice.random() < 0.02:
            stream.set_state(HiddenState.random(model.config, dice.randint(0, 3)))
        if next(stream, None) is None:
            break
    return model, [stream.sample()]


SEEDS = (*range(20), *(pytest.param(seed, marks=pytest.mark.soak) for seed in range(20, 220)))


@pytest.mark.parametrize("number", SEEDS)
def test_random_settings_come_out_the_same(make_model, number, tmp_path):
    model, samples = draw_samples(make_model, number, tmp_path)
    export(samples, tmp_path / "a.json")
    records = load_export(tmp_path / "a.json")
    assert len(records) == len(samples)
    for sample, record in zip(samples, records, strict=True):
        again = replay(model, record)
        assert again.text.encode() == sample.text.encode()
        assert again.surprises.tobytes() == sample.surprises.tobytes()
        assert again.settings == sample.settings
        assert again.temperature_changes == sample.temperature_changes
        assert again.steering_changes == sample.steering_changes
        assert [at for at, _ in again.state_changes] == [at for at, _ in sample.state_changes]
        assert again.by_hand == sample.by_hand
        assert again.notices == sample.notices


def test_a_continued_sample_comes_out_the_same(model):
    sampler = Sampler(model)
    asked = SamplingSettings(prompt="so ", length=50, random_seed=2, repetition_penalty=1.4, stop=("qq",))
    stream = sampler.stream(asked)
    first = "".join(sampled.character for sampled in stream)
    more = sampler.stream(asked, stream.final_state, after=first)
    for _ in more:
        pass
    sample = more.sample()
    assert replay(sampler, sample).text == sample.text
    assert sampler.write(replace(asked, length=100)).text == first + sample.text


def test_another_model_is_refused_or_mentioned(make_model, model):
    sample = Sampler(model).write(SamplingSettings(length=60, random_seed=1))
    other = make_model(seed=99)
    with pytest.raises(ExportError, match="open the model that wrote it"):
        replay(other, sample)
    again = replay(other, sample, allow_other_model=True)
    assert len(again.text) == 60
    assert "another model" in again.notices[0]
    assert "from character" in again.notices[-1]
    with pytest.raises(StateError):
        replay(make_model("gru"), sample, allow_other_model=True)


def test_another_formulation_or_version_is_a_notice(model):
    sample = Sampler(model).write(SamplingSettings(length=20, random_seed=1))
    engine, versions = {**sample.engine, "threads": 4}, {**sample.versions, "numpy": "0.1"}
    again = replay(model, replace(sample, engine=engine, versions=versions))
    assert again.text == sample.text
    assert ["formulation" in notice or "version" in notice for notice in again.notices] == [True, True]


def test_a_text_that_was_changed_by_hand_is_told(model):
    sample = Sampler(model).write(SamplingSettings(length=20, random_seed=1))
    again = replay(model, replace(sample, text=sample.text[:9] + "§" + sample.text[10:]))
    assert again.text == sample.text
    assert again.notices == ("The text differs from the exported one from character 10 on.",)


def test_one_changed_bit_of_the_seed_state_can_be_heard(model):
    sample = Sampler(model).write(SamplingSettings(length=200, random_seed=1), prime(model, "hello"))
    tensors = {name: np.array(tensor) for name, tensor in model.tensors.items()}
    assert replay(Model(model.config, model.vocabulary, tensors), sample).text == sample.text
    other = replace(sample, seed_state=prime(model, "hellp"))
    assert replay(model, other).text != sample.text
