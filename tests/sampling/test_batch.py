"""Several samples at once: the samples of their seeds, whoever else is in the batch, and written again the same."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chargen.errors import ChargenError
from chargen.model.model_file import Model
from chargen.model.state import HiddenState
from chargen.sampling.batch import Batch, Stay, path_from_text, path_to_text, write_all
from chargen.sampling.batch_engine import BatchEngine
from chargen.sampling.engine import Engine
from chargen.sampling.export import export, load_export
from chargen.sampling.replay import replay
from chargen.sampling.sampler import Sampler
from chargen.sampling.seeds import prime
from chargen.sampling.settings import SamplingSettings

KINDS = ("lstm", "gru", "rnn")


def ask(**settings):
    return SamplingSettings(**{"length": 90, "random_seed": 7, "temperature": 1.0, **settings})


@pytest.mark.parametrize("cell", KINDS)
@pytest.mark.parametrize("layers", [1, 3])
def test_each_row_is_a_network_of_its_own(make_model, cell, layers):
    model = make_model(cell, layers, 24, scale=1.0 if cell == "rnn" else 2.5)
    ids = np.random.default_rng(1).integers(0, 31, (40, 5))
    singles = []
    for row in range(5):
        engine = Engine(model)
        engine.load_state(HiddenState.random(model.config, row))
        singles.append(engine)
    batch = BatchEngine(singles)
    for step in ids:
        together = batch.step(step)
        for row, engine in enumerate(singles):
            assert np.abs(together[row] - engine.step(int(step[row]))).max() < 1e-4
    for layer in range(layers):
        assert np.abs(batch.h[layer] - [engine.h[layer] for engine in singles]).max() < 1e-4


def test_without_a_table_too(model, monkeypatch):
    ids = np.array([3, 1, 4])
    expected = BatchEngine([Engine(model)] * 3).step(ids).copy()
    monkeypatch.setattr("chargen.sampling.engine.MAXIMUM_TABLE_BYTES", 0)
    batch = BatchEngine([Engine(model)] * 3)
    assert batch.formulation["kind"] == "numpy"
    assert np.abs(batch.step(ids) - expected).max() < 1e-5


def test_rows_are_kept_in_the_order_asked_for_and_doubled(model):
    engines = [Engine(model) for _ in range(3)]
    for row, engine in enumerate(engines):
        engine.run([row + 1] * 5)
    batch = BatchEngine(engines)
    batch.keep([2, 0])
    assert batch.rows == 2
    assert [h.tobytes() for h in batch.h[1]] == [engines[2].h[1].tobytes(), engines[0].h[1].tobytes()]
    batch.keep([1, 1])
    assert batch.h[0][0].tobytes() == batch.h[0][1].tobytes() == engines[0].h[0].tobytes()


@pytest.mark.parametrize("cell", KINDS)
def test_steering_acts_on_one_and_on_many_alike(make_model, cell):
    model = make_model(cell, 2, 12)

    def silence(h, c):
        h[..., 3] = 0.0

    engine = Engine(model)
    plain = engine.fork()
    engine.steer({0: silence})
    twin = engine.fork()
    batch = BatchEngine([engine, engine])
    for id in (1, 2, 3):
        steered = engine.step(id).copy()
        assert engine.h[0][3] == 0.0
        assert twin.step(id).tobytes() == steered.tobytes()
        assert np.abs(batch.step(np.array([id, id])) - steered).max() < 1e-5
        assert np.abs(plain.step(id) - steered).max() > 1e-4
    engine.steer({})
    engine.step(1)
    assert engine.h[0][3] != 0.0


@pytest.mark.parametrize(
    "rules",
    [
        {},
        {"temperature": 0.0},
        {"prompt": "so it ", "top_p": 0.9, "repetition_penalty": 1.4},
        {"temperature_curve": "0%:0.3,100%:2", "ban": "ae", "loop_breaker": True},
        {"stop": ("e", "o"), "typical": 0.8, "top_k": 12, "min_p": 0.01},
    ],
    ids=str,
)
def test_sample_k_is_the_sample_of_its_seed(model, rules):
    sampler = Sampler(model)
    requests = [(ask(random_seed=seed, **rules), None) for seed in range(9)]
    samples = write_all(sampler.engine, requests)
    for (settings, _), sample in zip(requests, samples, strict=True):
        alone = sampler.write(settings)
        assert sample.text == alone.text
        assert sample.settings == settings
        assert sample.opening == alone.opening
        np.testing.assert_allclose(sample.surprises, alone.surprises, atol=1e-3)


def test_settings_states_and_lengths_may_differ(model):
    sampler = Sampler(model)
    requests = [
        (ask(length=5), HiddenState.random(model.config, 1)),
        (ask(length=70, temperature=0.2), prime(model, "hello")),
        (ask(length=33, stop=("e",), random_seed=2), HiddenState.random(model.config, 2)),
        (ask(length=90, prompt="abc", random_seed=3), None),
    ]
    for (settings, state), sample in zip(requests, write_all(sampler.engine, requests), strict=True):
        assert sample.text == sampler.write(settings, state).text


def test_the_batch_shrinks_and_says_so(model):
    batch = Batch(Engine(model), [(ask(length=length, random_seed=length), None) for length in (10, 80, 20, 300)])
    while not batch.ended:
        batch.advance()
    paths = [sample.engine["path"] for sample in batch.samples()]
    assert paths == ["0:4:0", "0:4:1 20:2:0", "0:4:2", "0:4:3 20:2:1 80:1:0"]
    assert {sample.engine["batch"] for sample in batch.samples()} == {4}


@pytest.mark.parametrize("cell", KINDS)
def test_each_is_written_again_from_its_export(make_model, cell, tmp_path):
    """What counts is the bytes of the surprises: they tell the numbers, not only the choices made from them."""
    model = make_model(cell, 2, 33, characters="\n abcdefghijklmnopqrstuvwxyz.,=!?;:-")
    base = ask(length=150, stop=("qz", "e "), prompt="an ")
    requests = [(replace(base, random_seed=seed), HiddenState.random(model.config, seed)) for seed in range(7)]
    requests += [(replace(requests[0][0], top_k=5, length=40), None), (ask(length=200, temperature=0.3), None)]
    samples = write_all(Engine(model), requests)
    assert len({len(sample.text) for sample in samples}) > 2
    export(samples, tmp_path / "all.json")
    for record, sample in zip(load_export(tmp_path / "all.json"), samples, strict=True):
        again = replay(model, record)
        assert again.text == sample.text
        assert again.surprises.tobytes() == sample.surprises.tobytes()
        assert (again.engine, again.notices) == (sample.engine, sample.notices)


def test_a_batch_that_was_broken_off_is_written_again(model):
    batch = Batch(Engine(model), [(ask(length=500, random_seed=seed), None) for seed in range(3)])
    assert [sample.text for sample in batch.samples()] == ["", "", ""]
    batch.advance()
    samples = batch.samples()
    assert len(samples[1].text) == 64
    again = replay(model, samples[1])
    assert (again.text, again.surprises.tobytes()) == (samples[1].text, samples[1].surprises.tobytes())
    assert replay(model, replace(samples[1], text="", surprises=samples[1].surprises[:0])).text == ""


def test_a_foreign_path_is_no_path_and_told(model):
    sample = write_all(Engine(model), [(ask(random_seed=seed), None) for seed in range(2)])[1]
    for path in ("", "nonsense", "0:65:0", "0:2:2", "5:2:0", "0:2:0 0:1:0", "0:2:1 3:4:0", 7, "0:2:1 " * 200):
        assert path_from_text(path) is None
        again = replay(model, replace(sample, engine={**sample.engine, "path": path}))
        assert again.text == sample.text
        assert any("formulation differs" in notice for notice in again.notices)


@given(st.text(max_size=30) | st.from_regex(r"(\d{1,3}:\d{1,2}:\d{1,2} ?){1,4}"))
def test_whatever_a_path_says_it_is_possible_or_none(text):
    path = path_from_text(text)
    if path is not None:
        assert all(0 <= stay.row < stay.size <= 64 for stay in path)
        assert path_from_text(path_to_text(path)) == path


def test_paths_through_text():
    path = (Stay(0, 64, 5), Stay(310, 32, 2))
    assert path_to_text(path) == "0:64:5 310:32:2"
    assert path_from_text("0:64:5 310:32:2") == path


def test_more_than_a_batch_holds(model):
    requests = [(ask(length=3, random_seed=seed), None) for seed in range(70)]
    samples = write_all(Engine(model), requests)
    assert len(samples) == 70
    assert {sample.engine["batch"] for sample in samples} == {64, 6}
    for wrong in ([], requests, [(ask(beam=2), None)]):
        with pytest.raises(ValueError, match="a batch is of"):
            Batch(Engine(model), wrong)


def test_what_is_written_before_the_numbers_go_astray_stays(make_model):
    model = make_model("rnn", 1)
    tensors = {name: np.array(tensor) for name, tensor in model.tensors.items()}
    tensors["head.weight"][:] = 3e38
    batch = Batch(Engine(Model(model.config, model.vocabulary, tensors)), [(ask(), None)] * 2)
    with pytest.raises(ChargenError, match="no longer a finite number"):
        while not batch.ended:
            batch.advance()
    assert all(len(sample.text) == len(sample.surprises) < 90 for sample in batch.samples())
