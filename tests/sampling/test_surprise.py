"""A text scored by the engine: against the reference network, with characters left out, stopped, and its passages."""

import csv
import io
import json
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chargen.errors import CorpusError, ExportError, StateError
from chargen.model.config import ModelConfig
from chargen.model.model_file import Model
from chargen.model.network import CharRNN
from chargen.model.scoring import iterate_losses
from chargen.model.state import HiddenState
from chargen.sampling.engine import Engine
from chargen.sampling.export_surprise import export_score
from chargen.sampling.passages import LENGTH, passages
from chargen.sampling.surprise import TextScore, score_text

CHARACTERS = "\n abcdefghijklmnopqrstuvwxyz.,="


def build(cell="lstm", hidden=12, seed=0):
    config = ModelConfig(cell, 2, hidden, 8, len(CHARACTERS))
    generator = np.random.default_rng(seed)
    tensors = {
        name: (generator.uniform(-1, 1, shape) * 2 / np.sqrt(hidden)).astype(np.float32)
        for name, shape in config.tensor_shapes().items()
    }
    return Model(config, tuple(CHARACTERS), tensors, {})


MODEL = build()
ZERO = HiddenState.zero(MODEL.config)
TEXT = "the tide is in, and nobody has come.\n" * 9


@pytest.mark.parametrize("cell", ["lstm", "gru", "rnn"])
def test_every_character_costs_what_the_reference_network_says(cell):
    model = build(cell)
    state = HiddenState.random(model.config, 3, 0.5)
    ids = np.array([CHARACTERS.index(character) for character in TEXT], np.uint8)
    pieces = iterate_losses(CharRNN.from_model(model), ids, start=state)
    expected = np.concatenate([piece[:, 0] for piece in pieces]) / np.log(2)
    score = score_text(model, TEXT, state)
    assert np.isnan(score.bits[0]) and score.characters == len(TEXT) - 1
    np.testing.assert_allclose(score.bits[1:], expected, atol=1e-4)
    assert score.bits_per_character == pytest.approx(float(expected.mean()), abs=1e-5)
    assert score.loss == pytest.approx(float(expected.mean()) * np.log(2), abs=1e-5)
    assert not np.allclose(score_text(model, TEXT, HiddenState.zero(model.config)).bits[1:20], score.bits[1:20])


def test_unknown_characters_are_named_and_not_read():
    score = score_text(MODEL, "Ünd the é tide is in", ZERO)
    assert score.unknown == ("Ü", "é")
    plain = score_text(MODEL, "nd the  tide is in", ZERO)
    assert np.isnan(score.bits[[0, 1, 8]]).all()  # the first that it knows is not predicted either
    np.testing.assert_array_equal(score.bits[~np.isnan(score.bits)], plain.bits[1:])


def test_what_cannot_be_scored_is_refused():
    for text, word in (("", "no text"), ("ÄÖ", "knows no"), ("aÄ", "Two")):
        with pytest.raises(CorpusError, match=word):
            score_text(MODEL, text, ZERO)
    with pytest.raises(StateError):
        score_text(MODEL, TEXT, HiddenState.zero(build("gru").config))


def test_reading_can_be_stopped_and_leaves_the_engine_alone():
    engine = Engine(MODEL)
    heard = []

    def hear(first, bits):
        heard.append((first, bits))
        return len(heard) < 2

    score = score_text(engine, TEXT, ZERO, hear)
    assert len(heard) == 2 and score.characters == 128 and not score.complete and score_text(MODEL, TEXT, ZERO).complete
    np.testing.assert_array_equal(np.concatenate([bits for _, bits in heard]), score.bits[1:129])
    assert not engine.h.any()


# -- passages


def test_the_worst_and_the_best_passage_are_found_at_whole_words():
    text = ("plain words here " * 60).strip()
    bits = np.full(len(text), 2.0, np.float32)
    bits[0] = np.nan
    bits[304:400] = 9.0
    bits[603:690] = 0.1
    worst, best = passages(text, bits)
    assert abs(worst[0].first - 304) < 20 and worst[0].bits > 8
    assert abs(best[0].first - 603) < 20 and best[0].bits < 0.5
    for passage in worst + best:
        assert text[passage.first : passage.last].strip() == text[passage.first : passage.last]
        assert passage.first == 0 or text[passage.first - 1] == " "


@given(st.text(alphabet="ab \nÄ", max_size=400), st.integers(0, 2**32 - 1))
def test_passages_never_overlap_and_say_their_own_mean(text, seed):
    generator = np.random.default_rng(seed)
    bits = generator.exponential(2, len(text)).astype(np.float32)
    bits[generator.random(len(text)) < 0.3] = np.nan
    worst, best = passages(text, bits)
    found = sorted(worst + best, key=lambda passage: passage.first)
    for passage, following in pairwise(found):
        assert passage.last <= following.first
    for passage in found:
        assert 0 <= passage.first < passage.last <= len(text) and passage.last - passage.first <= LENGTH + 40
        assert passage.bits == pytest.approx(float(np.nanmean(bits[passage.first : passage.last])), rel=1e-5)


# -- files


def test_a_score_is_written_with_every_character(tmp_path):
    score = score_text(MODEL, "=a é tide, is in and\nnobody has come at all", ZERO)
    export_score(score, tmp_path / "a.json")
    value = json.loads((tmp_path / "a.json").read_text(encoding="utf-8"))
    assert value["kind"] == "chargen score" and value["model"] == MODEL.fingerprint
    assert value["text"] == score.text and value["unknown"] == ["é"]
    assert value["bits"][0] is None and value["bits"][1] == pytest.approx(float(score.bits[1]), abs=1e-3)
    assert value["characters"] == score.characters
    for passage in value["worst"] + value["best"]:
        assert passage["text"] == score.text[passage["first"] : passage["last"]]
    export_score(score, tmp_path / "a.csv")
    rows = list(csv.DictReader(io.StringIO((tmp_path / "a.csv").read_text(encoding="utf-8"))))
    assert len(rows) == len(score.text)
    assert rows[0]["character"] == "'=" and rows[0]["surprise"] == "" and rows[3]["surprise"] == ""
    assert float(rows[1]["probability"]) == pytest.approx(2.0 ** -float(score.bits[1]), rel=1e-3)
    with pytest.raises(ExportError, match="must end in"):
        export_score(score, tmp_path / "a.txt")


def test_nothing_measured_is_no_number_at_all():
    empty = TextScore("ab", np.full(2, np.nan, np.float32), ZERO, MODEL.fingerprint)
    assert empty.characters == 0 and empty.bits_per_character == 0.0 and empty.passages == ([], [])
