"""The stream: seeds, prompts, states, continuation, stop texts, temperature while it runs."""

import math
from dataclasses import replace

import numpy as np
import pytest

from chargen.errors import ChargenError, SettingError, StateError, UnknownCharacterError
from chargen.model.model_file import Model
from chargen.model.state import HiddenState
from chargen.sampling.decoding import Decoding, distribution, softmax
from chargen.sampling.engine import Engine
from chargen.sampling.sampler import Sampler
from chargen.sampling.seeds import prime
from chargen.sampling.settings import SamplingSettings


@pytest.fixture(scope="module")
def sampler(model):
    return Sampler(model)


def ask(**settings):
    return SamplingSettings(**{"length": 120, "random_seed": 7, "temperature": 1.0, **settings})


def take(stream, count):
    return "".join(next(stream).character for _ in range(count))


def test_the_same_seed_is_the_same_text_and_another_is_another(sampler, model):
    first = sampler.write(ask())
    assert len(first.text) == 120
    assert sampler.write(ask()).text == first.text
    assert Sampler(model).write(ask()).text == first.text
    assert sampler.write(ask(random_seed=8)).text != first.text


def test_a_missing_seed_is_drawn_and_told(sampler):
    sample = sampler.write(ask(random_seed=None))
    assert sampler.write(ask(random_seed=sample.settings.random_seed)).text == sample.text


def test_probability_and_surprise_are_the_models_at_temperature_one_whatever_the_rules(sampler, model):
    stream = sampler.stream(ask(temperature=2.5, top_k=5, repetition_penalty=2, prompt="the "), alternatives=3)
    engine = Engine(model)
    engine.run([model.vocabulary.index(character) for character in "the "])
    for sampled in stream:
        probabilities = softmax(engine.logits())
        assert sampled.probability == pytest.approx(probabilities[sampled.id])
        assert sampled.surprise == pytest.approx(-math.log2(probabilities[sampled.id]))
        assert sampled.character == model.vocabulary[sampled.id]
        best = np.argsort(-probabilities, kind="stable")[:3]
        assert [character for character, _ in sampled.alternatives] == [model.vocabulary[id] for id in best]
        assert [p for _, p in sampled.alternatives] == pytest.approx(probabilities[best].tolist())
        engine.advance(sampled.id)


def test_temperature_zero_is_argmax_for_every_seed(sampler):
    texts = {sampler.write(ask(temperature=0, random_seed=seed)).text for seed in range(4)}
    assert len(texts) == 1
    stream = sampler.stream(ask(temperature=0), alternatives=1)
    assert all(sampled.character == sampled.alternatives[0][0] for sampled in stream)


def test_a_penalty_looks_back_on_what_was_written_and_on_the_prompt(sampler):
    plain = sampler.write(ask(temperature=0.3, length=300))
    varied = sampler.write(ask(temperature=0.3, length=300, repetition_penalty=3))
    assert len(set(varied.text)) > len(set(plain.text))
    prompt = "the quick brown fox"
    ids = [sampler.model.vocabulary.index(character) for character in prompt]
    engine = Engine(sampler.model)
    engine.run(ids)
    expected = distribution(engine.logits(), Decoding(0, repetition_penalty=8), ids).argmax()
    assert next(sampler.stream(ask(temperature=0, prompt=prompt, repetition_penalty=8))).id == expected
    assert expected != engine.logits().argmax()


@pytest.mark.parametrize("cell", ["lstm", "gru", "rnn"])
@pytest.mark.parametrize("cut", [0, 1, 60, 119])
def test_a_captured_state_continues_as_if_there_had_been_no_break(make_model, cell, cut):
    sampler = Sampler(make_model(cell))
    settings = ask(prompt="once ", repetition_penalty=1.3, top_p=0.95)
    whole = sampler.write(settings)
    stream = sampler.stream(settings)
    part = take(stream, cut)
    state = stream.final_state
    rest = sampler.stream(replace(settings, length=120 - cut), state, after=part) if cut else sampler.stream(settings)
    if cut:
        assert state.recipe["kind"] == "captured"
    assert part + "".join(sampled.character for sampled in rest) == whole.text


def test_capturing_does_not_disturb_the_stream(sampler):
    whole = sampler.write(ask()).text
    stream = sampler.stream(ask())
    text = ""
    for sampled in stream:
        text += sampled.character
        state = stream.final_state
        assert state.h.tobytes() == stream.final_state.h.tobytes()
    assert text == whole == stream.text


def test_the_captured_state_is_the_one_after_the_last_character(sampler, model):
    stream = sampler.stream(ask(prompt="so ", length=40))
    for _ in stream:
        pass
    primed = prime(model, "so " + stream.text)
    assert stream.final_state.h.tobytes() == primed.h.tobytes()
    assert stream.final_state.c.tobytes() == primed.c.tobytes()


def test_a_primed_state_and_a_prompt_are_the_same_beginning(sampler, model):
    by_prompt = sampler.write(ask(prompt="hello ")).text
    by_state = sampler.write(ask(), prime(model, "hello ")).text
    assert by_prompt == by_state


def test_streams_of_one_sampler_do_not_disturb_each_other(sampler):
    expected = [sampler.write(ask(random_seed=seed)).text for seed in (1, 2)]
    streams = [sampler.stream(ask(random_seed=seed)) for seed in (1, 2)]
    texts = ["", ""]
    for _ in range(120):
        for index, stream in enumerate(streams):
            texts[index] += next(stream).character
    assert texts == expected


def test_with_nothing_to_start_from_a_newline_is_read_first_and_recorded(sampler):
    sample = sampler.write(ask())
    assert sample.opening == "\n"
    assert sample.text == sampler.write(ask(prompt="\n")).text
    assert sampler.write(ask(prompt="\n")).opening == ""
    for state in (HiddenState.random(sampler.model.config, 3), HiddenState.zero(sampler.model.config)):
        assert sampler.write(ask(), state).opening == "\n"
    assert sampler.write(ask(), prime(sampler.model, "x")).opening == ""


def test_without_a_newline_the_likeliest_character_is_read_first(make_model):
    model = make_model(characters="abcdef")
    sample = Sampler(model).write(ask())
    assert sample.opening == model.vocabulary[int(np.argmax(Engine(model).logits()))]


def test_by_default_a_sample_starts_from_what_training_started_from(make_model):
    learned = Sampler(make_model(initial_state="learned"))
    assert learned.write(ask()).seed_state.recipe["kind"] == "learned"
    assert learned.write(ask()).text == learned.write(ask(), HiddenState.learned(learned.model)).text
    assert learned.write(ask()).text != learned.write(ask(), HiddenState.zero(learned.model.config)).text
    assert Sampler(make_model()).write(ask()).seed_state.recipe["kind"] == "zero"


def test_the_seed_state_matters(sampler):
    texts = {sampler.write(ask(), HiddenState.random(sampler.model.config, seed)).text for seed in range(3)}
    assert len(texts) == 3


def test_a_state_of_another_model_is_mentioned_and_of_another_kind_refused(sampler, make_model):
    sample = sampler.write(ask(), prime(make_model(seed=9), "abc"))
    assert "another model" in sample.notices[0]
    with pytest.raises(StateError):
        sampler.stream(ask(), HiddenState.zero(make_model("gru").config))


def test_unknown_characters_of_the_prompt_are_refused_dropped_or_replaced(sampler):
    with pytest.raises(UnknownCharacterError, match="é"):
        sampler.stream(ask(prompt="café §"))
    dropped = sampler.write(ask(prompt="café", unknown="drop"))
    assert dropped.text == sampler.write(ask(prompt="caf")).text
    assert "“é”" in dropped.notices[0]
    replaced = sampler.write(ask(prompt="café", unknown="replace"))
    assert replaced.text == sampler.write(ask(prompt="cafe")).text
    assert "replaced" in replaced.notices[0]


def test_a_prompt_of_which_nothing_is_left_is_no_prompt(sampler):
    assert sampler.write(ask(prompt="ÉÉ", unknown="drop")).text == sampler.write(ask()).text


def test_a_stop_text_ends_the_sample_and_stays_in_it(sampler):
    whole = sampler.write(ask()).text
    stop = whole[50:53]
    sample = sampler.write(ask(stop=("zzzzz", stop)))
    assert sample.text == whole[: whole.index(stop) + 3]
    assert len(sample.surprises) == len(sample.text)


def test_a_stop_text_is_found_across_a_continuation_but_not_in_the_prompt(sampler):
    whole = sampler.write(ask(prompt="abab")).text
    stop = whole[9:12]
    first = whole.index(stop) + 3
    stream = sampler.stream(ask(prompt="abab", stop=(stop,)))
    part = take(stream, first - 1)
    rest = sampler.stream(ask(prompt="abab", stop=(stop,)), stream.final_state, after=part)
    assert "".join(sampled.character for sampled in rest) == stop[-1]
    prompted = sampler.write(ask(prompt=whole[:12], stop=(whole[11:12] + "\0",), unknown="drop"))
    assert len(prompted.text) == 120


def test_a_stop_text_that_cannot_occur_is_refused_or_mentioned(sampler):
    with pytest.raises(SettingError, match="can never occur"):
        sampler.stream(ask(stop=("§",)))
    assert "never occur" in sampler.write(ask(stop=("§",), unknown="drop")).notices[0]


def test_the_temperature_changes_from_the_next_character_on_and_is_recorded(sampler):
    stream = sampler.stream(ask())
    text = take(stream, 30)
    stream.set_temperature(3.0)
    stream.set_temperature(0.0)
    text += take(stream, 30)
    stream.set_temperature(2.0)
    text += take(stream, 60)
    assert stream.temperature_changes == [(30, 0.0), (60, 2.0)]
    assert text[:30] == sampler.write(ask()).text[:30]
    assert text != sampler.write(ask()).text
    with pytest.raises(SettingError):
        stream.set_temperature(float("nan"))
    assert stream.sample().temperature_changes == ((30, 0.0), (60, 2.0))


def test_a_sample_can_be_taken_at_any_moment(sampler):
    stream = sampler.stream(ask())
    assert stream.sample().text == ""
    assert stream.sample().bits_per_character == 0
    take(stream, 10)
    sample = stream.sample()
    assert (len(sample.text), len(sample.surprises)) == (10, 10)
    take(stream, 5)
    assert len(sample.text) == 10
    assert not sample.surprises.flags.writeable


def test_a_network_that_overflows_is_one_sentence(make_model):
    model = make_model("rnn", 1)
    tensors = {name: np.array(tensor) for name, tensor in model.tensors.items()}
    tensors["rnn.bias_ih_l0"][:] = 50.0  # every unit at 1
    tensors["head.weight"][:] = 3e38
    spoiled = Sampler(Model(model.config, model.vocabulary, tensors))
    with pytest.raises(ChargenError, match="no longer a finite number"):
        spoiled.write(ask())


def test_every_kind_and_many_settings_at_the_first_and_only_character(make_model):
    for cell in ("lstm", "gru", "rnn"):
        sampler = Sampler(make_model(cell, 1, 3, characters="ab"))
        assert len(sampler.write(ask(length=1, top_k=1, min_p=1.0, top_p=0.0)).text) == 1


def test_the_quick_way_to_choose_writes_what_the_rules_write(make_model):
    model = make_model()
    asked = SamplingSettings(length=300, random_seed=5, temperature=0.7)
    quick = Sampler(model).write(asked)
    by_rule = Sampler(model).write(replace(asked, min_p=1e-300))  # a rule that leaves out nothing
    assert quick.text == by_rule.text
    assert quick.surprises == pytest.approx(by_rule.surprises, rel=1e-6)
