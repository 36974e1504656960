"""Beam search against every text there is."""

import itertools
import math
from dataclasses import replace

import numpy as np
import pytest

from chargen.errors import SettingError
from chargen.sampling.decoding import softmax
from chargen.sampling.engine import Engine
from chargen.sampling.export import export, load_export
from chargen.sampling.replay import replay
from chargen.sampling.sampler import Sampler
from chargen.sampling.settings import SamplingSettings


def ask(**settings):
    return SamplingSettings(**{"length": 5, "random_seed": 7, "beam": 8, **settings})


def log_probability(model, prompt, text, ban=""):
    engine = Engine(model)
    engine.run([model.vocabulary.index(character) for character in prompt])
    total = 0.0
    for character in text:
        probabilities = softmax(engine.logits())
        probabilities[[model.vocabulary.index(each) for each in ban]] = 0.0
        id = model.vocabulary.index(character)
        total += math.log(probabilities[id] / probabilities.sum() + 1e-300)
        engine.advance(id)
    return total


@pytest.mark.parametrize("cell", ["lstm", "gru", "rnn"])
@pytest.mark.parametrize("ban", ["", "b"])
def test_a_beam_wide_enough_finds_the_likeliest_of_all(make_model, cell, ban):
    model = make_model(cell, 2, 6, characters="abc")
    allowed = [character for character in "abc" if character not in ban]
    every = ["".join(text) for text in itertools.product(allowed, repeat=5)]
    best = max(every, key=lambda text: log_probability(model, "ab", text, ban))
    assert Sampler(model).write(ask(prompt="ab", beam=128, ban=ban)).text == best


def test_a_beam_of_one_is_argmax(model):
    sampler = Sampler(model)
    argmax = sampler.write(SamplingSettings(length=200, temperature=0, random_seed=1, prompt="so "))
    found = sampler.write(ask(length=200, beam=1, prompt="so "))
    assert found.text == argmax.text
    assert found.surprises.tobytes() == argmax.surprises.tobytes()


def test_a_wider_beam_finds_a_text_at_least_as_likely_here_and_draws_nothing(model):
    sampler = Sampler(model)
    bits = [float(sampler.write(ask(length=120, beam=beam, prompt="so ")).surprises.sum()) for beam in (1, 4, 32)]
    assert bits[0] >= bits[1] >= bits[2]
    assert bits[0] > bits[2]
    texts = {sampler.write(ask(length=60, random_seed=seed)).text for seed in range(3)}
    assert len(texts) == 1


def test_stop_texts_compete_with_all_others(make_model):
    model = make_model("lstm", 1, 6, characters="abc.")
    every = ["".join(text) for n in range(1, 6) for text in itertools.product("abc.", repeat=n)]
    ends = [text for text in every if "." not in text[:-1] and (text.endswith(".") or len(text) == 5)]
    likeliest = max(ends, key=lambda text: log_probability(model, "a", text))
    each = max(ends, key=lambda text: log_probability(model, "a", text) / len(text))
    sampler = Sampler(model)
    asked = ask(prompt="a", beam=256, stop=(".",))
    assert sampler.write(asked).text == likeliest
    assert sampler.write(replace(asked, beam_per_character=True)).text == each
    assert likeliest != each, "the test would not see the difference"


@pytest.mark.parametrize("beam", [1, 3])
def test_stop_texts_are_found_across_what_is_settled_and_across_a_continuation(model, monkeypatch, beam):
    monkeypatch.setattr("chargen.sampling.beam._LOOK_EVERY", 1)
    sampler = Sampler(model)
    asked = ask(length=100, prompt="so ", beam=1)
    whole = sampler.write(asked).text
    start = max(at for at in range(90) if whole.index(whole[at : at + 4]) == at)
    stop = whole[start : start + 4]
    assert start > 3
    assert sampler.write(replace(asked, stop=(stop,))).text == whole[: start + 4]
    found = sampler.write(replace(asked, stop=(stop,), beam=beam)).text
    assert found.endswith(stop) or stop not in found
    stream = sampler.stream(asked)
    part = "".join(next(stream).character for _ in range(start + 2))
    rest = sampler.stream(replace(asked, stop=(stop,)), stream.final_state, after=part)
    assert "".join(each.character for each in rest) == stop[2:]


def test_characters_come_while_the_search_goes_on_and_the_state_is_after_them(model):
    sampler = Sampler(model)
    asked = ask(length=5000, beam=4)
    stream = sampler.stream(asked)
    part = "".join(next(stream).character for _ in range(100))
    state = stream.final_state
    engine = Engine(model)
    engine.run([model.vocabulary.index(character) for character in "\n" + part])
    assert state.h.tobytes() == engine.state({}).h.tobytes()
    assert stream.sample().text == part


def test_it_is_written_again_from_its_export(make_model, tmp_path):
    for cell in ("lstm", "gru"):
        model = make_model(cell, 2, 16, seed=3)
        stream = Sampler(model).stream(ask(length=300, beam=5, ban="xyz", stop=("zzz",), unknown="drop"))
        for _ in range(200):
            next(stream, None)
        sample = stream.sample()
        export([sample], tmp_path / "a.json")
        again = replay(model, load_export(tmp_path / "a.json")[0])
        assert (again.text, again.notices) == (sample.text, sample.notices)
        assert again.surprises.tobytes() == sample.surprises.tobytes()
        assert again.engine == sample.engine and sample.engine["search_batch"] == 5


def test_rules_that_do_not_apply_are_named(model):
    notice = Sampler(model).write(ask(top_k=3, loop_breaker=True)).notices[0]
    assert notice == "Beam search looks for the likeliest text and takes no notice of top k, loop breaker."
    assert Sampler(model).write(ask(temperature=2.0)).notices == ()


def test_a_search_that_would_not_fit_into_memory_is_refused():
    with pytest.raises(SettingError, match="at most 500,000 characters"):
        ask(beam=100, length=1_000_000)


def test_settled_characters_are_the_same_as_unsettled_ones(make_model, monkeypatch):
    sampler = Sampler(make_model(seed=5))
    expected = sampler.write(ask(length=150, beam=6)).text
    monkeypatch.setattr("chargen.sampling.beam._LOOK_EVERY", 1)
    assert sampler.write(ask(length=150, beam=6)).text == expected
    monkeypatch.setattr("chargen.sampling.beam._LOOK_EVERY", 10**6)
    assert sampler.write(ask(length=150, beam=6)).text == expected
    assert np.unique(list(expected)).size > 1
