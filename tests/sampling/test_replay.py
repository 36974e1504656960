"""The same text again, byte for byte, from what was exported."""

import random
from dataclasses import replace

import numpy as np
import pytest

from chargen.errors import ExportError, StateError
from chargen.model.model_file import Model
from chargen.model.state import HiddenState
from chargen.sampling.export import export, load_export
from chargen.sampling.replay import replay
from chargen.sampling.sampler import Sampler
from chargen.sampling.seeds import prime
from chargen.sampling.settings import SamplingSettings


def draw_sample(make_model, number):
    """A sample under settings drawn at random, some stopped early, some with changes of temperature on the way."""
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
        temperature=dice.choice((0.0, 0.3, 1.0, 4.0)),
        top_k=dice.choice((0, 3)),
        top_p=dice.choice((1.0, 0.8)),
        min_p=dice.choice((0.0, 0.05)),
        repetition_penalty=dice.choice((1.0, 1.5, 0.7)),
        stop=dice.choice(((), ("e",), ("zz", " a"))),
        random_seed=dice.choice((None, 0, 2**53 - 1)),
        unknown=dice.choice(("drop", "replace")),
        typical=dice.choice((1.0, 0.9)),
        temperature_curve=dice.choice(("", "", "0%:0.1,100%:2", "3:1,50:0")),
        loop_breaker=dice.choice((False, True)),
        ban=dice.choice(("", "xé")),
        beam=dice.choice((0, 0, 0, 3)),
    )
    random_state = HiddenState.random(model.config, number, 2.0)
    states = (None, HiddenState.zero(model.config), random_state, prime(model, "hello"))
    stream = Sampler(model).stream(asked, dice.choice(states))
    for _ in range(dice.randint(0, 220)):
        if dice.random() < 0.03:
            stream.set_temperature(dice.choice((0.0, 0.5, 2.0)))
        if next(stream, None) is None:
            break
    return model, stream.sample()


@pytest.mark.parametrize("number", range(30))
def test_random_settings_come_out_the_same(make_model, number, tmp_path):
    model, sample = draw_sample(make_model, number)
    export([sample], tmp_path / "a.json")
    again = replay(model, load_export(tmp_path / "a.json")[0])
    assert again.text.encode() == sample.text.encode()
    assert again.surprises.tobytes() == sample.surprises.tobytes()
    assert again.settings == sample.settings
    assert again.temperature_changes == sample.temperature_changes
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
