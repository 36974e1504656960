import numpy as np
import pytest

from chargen.errors import ChargenError, FileError, StateError, UnknownCharacterError
from chargen.model.blending import blend, combine
from chargen.model.state import HiddenState
from chargen.sampling.engine import Engine
from chargen.sampling.seeds import describe_state, has_read, parse_state, prime, state_fingerprint


def test_priming_is_reading(model):
    engine = Engine(model)
    engine.run([model.vocabulary.index(character) for character in "hello"])
    state = prime(model, "hello")
    assert state.h.tobytes() == engine.state({}).h.tobytes()
    assert state.recipe["kind"] == "text"
    assert state.recipe["text"] == "hello"
    assert state.fingerprint == model.fingerprint
    assert has_read(state)


def test_priming_goes_on_from_a_start_and_leaves_an_engine_alone(model):
    engine = Engine(model)
    before = engine.logits().tobytes()
    both = prime(engine, "lo", start=prime(engine, "hel"))
    assert both.h.tobytes() == prime(model, "hello").h.tobytes()
    assert engine.logits().tobytes() == before


def test_priming_with_what_the_model_does_not_know(model):
    with pytest.raises(UnknownCharacterError):
        prime(model, "É")
    with pytest.raises(StateError, match="no character to read"):
        prime(model, "É", "drop")
    with pytest.raises(StateError, match="no character to read"):
        prime(model, "")


def test_a_long_text_is_named_by_its_hash_in_the_recipe(model, monkeypatch):
    monkeypatch.setattr("chargen.sampling.seeds.MAXIMUM_RECIPE_TEXT", 10)
    recipe = prime(model, "abc" * 100).recipe
    assert recipe["characters"] == 300
    assert len(recipe["text"]) == 200
    assert len(recipe["sha256"]) == 64


def test_the_words_of_the_command_line(make_model, model, tmp_path):
    zero, notices = parse_state("zero", model, 1)
    assert (zero.recipe["kind"], notices) == ("zero", ())
    random, _ = parse_state("random:0.5", model, 4)
    assert dict(random.recipe) == {"kind": "random", "seed": 4, "scale": 0.5}
    assert parse_state("random", model, 4)[0].recipe["scale"] == 1.0
    learning = make_model(initial_state="learned")
    assert parse_state("learned", learning, 1)[0].recipe["kind"] == "learned"
    path = tmp_path / "mine.state"
    prime(model, "abc").save(path)
    state, notices = parse_state(str(path), model, 1)
    assert state.h.tobytes() == prime(model, "abc").h.tobytes()
    assert notices == ()
    _, notices = parse_state(str(path), make_model(seed=8), 1)
    assert "another model" in notices[0]


@pytest.mark.parametrize(
    "argument", ["random:", "random:x", "random:nan", "random:-1", "random:inf", "learned", "nosuch.state"]
)
def test_what_cannot_be_a_state_is_one_sentence(model, argument, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises((StateError, FileError)) as caught:
        parse_state(argument, model, 1)
    assert str(caught.value).endswith((".", "learned"))


def test_a_file_that_fits_another_model_only(make_model, model, tmp_path):
    path = tmp_path / "gru.state"
    HiddenState.zero(make_model("gru").config).save(path)
    with pytest.raises(ChargenError, match="GRU"):
        parse_state(str(path), model, 1)


def test_fingerprints_are_of_the_values_alone(model, make_model):
    state = prime(model, "abc")
    assert state_fingerprint(state) == state_fingerprint(state.renamed("other"))
    assert state_fingerprint(state) != state_fingerprint(prime(model, "abd"))
    zeros = HiddenState.zero(make_model("gru", 1).config), HiddenState.zero(make_model("rnn", 1).config)
    assert np.array_equal(zeros[0].h, zeros[1].h)
    assert state_fingerprint(zeros[0]) != state_fingerprint(zeros[1])


def test_states_are_described_in_words(model):
    assert describe_state(HiddenState.zero(model.config)) == "zeros"
    assert "seed 3" in describe_state(HiddenState.random(model.config, 3))
    assert "primed by “abc”" in describe_state(prime(model, "abc"))


def test_mixed_states_are_described_by_their_parts(model):
    calm, storm = prime(model, "calm").renamed("calm"), prime(model, "storm").renamed("")
    mixed = blend([calm, storm], [1, 3], spherical=True, layers=[2], only="c")
    words = describe_state(mixed)
    assert words.endswith("blend of 1 × calm and 3 × primed by “storm”, spherical, layers 2, only c")
    assert describe_state(combine([calm, storm], [1, -0.5])).endswith("sum of 1 × calm - 0.5 × primed by “storm”")
    assert "and 3 more" in describe_state(blend([calm] * 7, [1] * 7))
    assert not has_read(combine([HiddenState.zero(model.config)] * 2, [1, 2]))
    assert has_read(combine([HiddenState.zero(model.config), calm], [1, 2]))
