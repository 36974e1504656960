"""The compiled step and choice against the plain formulas, against NumPy's, and as a part of what a sample is."""

import math

import numpy as np
import pytest

from chargen.errors import ChargenError
from chargen.model.state import HiddenState
from chargen.sampling import decoding
from chargen.sampling import engine as engine_module
from chargen.sampling.batch import Batch, write_all
from chargen.sampling.decoding import softmax
from chargen.sampling.engine import Engine, Weights, compiler
from chargen.sampling.job import write
from chargen.sampling.replay import replay
from chargen.sampling.requests import Pen, Place, Request
from chargen.sampling.sampler import Sampler
from chargen.sampling.settings import SamplingSettings
from chargen.sampling.trail import Retrace, settings_at
from tests.sampling.test_engine import IDS, KINDS, reference

compiled = compiler()
pytestmark = pytest.mark.skipif(compiled is None, reason="Numba does not work here; everything is computed by NumPy")


@pytest.mark.parametrize("way", ["compiled", "narrow"])
@pytest.mark.parametrize("cell", KINDS)
@pytest.mark.parametrize(("layers", "hidden"), [(1, 1), (1, 7), (2, 24), (3, 18)])
def test_every_step_is_the_reference(make_model, way, cell, layers, hidden):
    model = make_model(cell, layers, hidden)
    state = HiddenState.random(model.config, 3)
    engine = Engine(Weights(model).by(way))
    engine.load_state(state)
    probabilities, h = reference(model, IDS, state)
    mine = np.array([softmax(engine.step(id)) for id in IDS])
    bound = 1e-5 if way == "compiled" else 2e-4
    assert np.abs(mine - probabilities).max() < bound
    assert np.abs(engine.state({"kind": "captured"}).h[:, 0] - h).max() < 10 * bound


def test_tanh_is_tanh_and_lets_through_what_is_no_number():
    xs = np.concatenate([np.linspace(-12, 12, 9_001), [1e-30, -1e-6, 3e38]]).astype(np.float32)
    mine = np.array([compiled._tanh(x) for x in xs], np.float64)
    expected = np.tanh(xs.astype(np.float64))
    assert np.abs(mine - expected).max() < 4e-7
    small = np.abs(xs) < 0.1
    assert np.abs(mine[small] - expected[small]).max() < 2e-8
    assert [compiled._tanh(np.float32(x)) for x in (math.inf, -math.inf)] == [1.0, -1.0]
    assert math.isnan(compiled._tanh(np.float32(math.nan)))


def test_the_choice_is_that_of_numpy():
    generator = np.random.default_rng(2)
    mine, theirs = compiled.Draw(31), decoding.Draw(31)
    for temperature in (0.01, 0.8, 1.0, 3.0):
        for _ in range(200):
            logits, uniform = (generator.standard_normal(31) * 4).astype(np.float32), float(generator.random())
            id, total = mine(logits, temperature, uniform)
            assert (id, pytest.approx(total, abs=1e-12)) == theirs(logits, temperature, uniform)
            assert np.array_equal(mine.values, theirs.values)
    logits = np.array([0.0, -3e4] + [-3e4] * 29, np.float32)  # all the weight on one, and the number at the very end
    assert mine(logits, 0.5, 1 - 2**-53)[0] == 0


@pytest.mark.parametrize("spoiled", [math.nan, math.inf, -math.inf])
def test_a_spoiled_output_is_told(spoiled):
    logits = np.zeros(5, np.float32)
    logits[3] = spoiled
    with pytest.raises(ChargenError, match="no longer a finite number"):
        compiled.Draw(5)(logits, 1.0, 0.5)


def test_narrow_weights_are_whole_numbers_in_units_of_their_input():
    matrix = np.random.default_rng(1).standard_normal((6, 40)).astype(np.float32)
    matrix[2] = 0.0
    packed = compiled.pack(matrix, narrow=True)
    assert packed.matrix.dtype == np.int16
    assert np.abs(packed.matrix[[0, 1, 3, 4, 5]]).max(axis=1).tolist() == [32767] * 5
    assert np.abs(packed.matrix * packed.units[:, None] - matrix).max() < np.abs(matrix).max() / 65_000
    head = compiled.pack(matrix.T.copy(), narrow=True, inputs=1)
    assert np.array_equal(head.matrix.T, packed.matrix)
    assert compiled.pack(matrix, narrow=False).matrix is matrix  # not copied


@pytest.mark.parametrize("way", ["compiled", "narrow"])
def test_steering_and_forks_are_those_of_every_engine(make_model, way):
    model = make_model("lstm", 2, 24)

    def silence(h, c):
        h[..., 3] = 0.5

    engines = [Engine(weights) for weights in (Weights(model), Weights(model).by(way))]
    for engine in engines:
        engine.run(IDS[:20])
        engine.steer({0: silence})
        engine.run(IDS[20:60])
    theirs, mine = (softmax(engine.fork().step(4)) for engine in engines)
    assert np.abs(theirs - mine).max() < 2e-4
    assert engines[1].h[0, 3] == 0.5


@pytest.mark.parametrize("way", ["compiled", "narrow"])
def test_a_sample_says_how_it_was_computed_and_is_written_again_so(model, way, monkeypatch):
    settings = SamplingSettings(prompt="the ", length=300, random_seed=4, steer="1.2+0.4@50-90")
    record = Sampler(model, way).write(settings)
    assert record.engine == {
        "kind": "numba-lookup",
        "dtype": "float32" if way == "compiled" else "int16",
        "threads": 1,
        "batch": 1,
        "compiler": f"numba {compiled.VERSION}",
    }
    again = replay(Sampler(model), record)
    assert (again.text, again.engine, again.notices) == (record.text, record.engine, record.notices)
    assert again.surprises.tobytes() == record.surprises.tobytes()
    monkeypatch.setattr(engine_module, "compiler", lambda: None)
    elsewhere = replay(Sampler(model), record)
    assert any("kind was numba-lookup, is numpy-lookup" in notice for notice in elsewhere.notices)


def test_what_numpy_wrote_is_written_again_with_numpy(model):
    record = Sampler(model).write(SamplingSettings(length=200, random_seed=4))
    again = replay(Sampler(model, "narrow"), record)
    assert (again.text, again.engine, again.notices) == (record.text, record.engine, record.notices)


def test_going_back_into_a_compiled_text_and_on_is_what_it_was(model):
    record = Sampler(model, "narrow").write(SamplingSettings(length=400, random_seed=9))
    way = Retrace(Engine(model), record)
    state = way.state_at(170)
    expected = Sampler(model, "narrow").stream(SamplingSettings(length=170, random_seed=9))
    for _ in expected:
        pass
    assert state.h.tobytes() == expected.final_state.h.tobytes()

    class Still:
        def __init__(self):
            self.posted = []

        def check(self):
            pass

        def commands(self):
            return []

        def post(self, event):
            self.posted.append(event)

    request = Request(settings_at(record, 170), Place(record, 170), after=record.text[:170])
    written = write(Pen(model), request)(Still())
    assert written.sample.text == record.text[170:]
    assert written.sample.engine == record.engine


def test_a_batch_and_its_prompts_are_computed_with_numpy(model):
    requests = [(SamplingSettings(prompt="the ", length=60, random_seed=seed), None) for seed in (1, 2, 3)]
    theirs, mine = (write_all(sampler.engine, requests) for sampler in (Sampler(model), Sampler(model, "narrow")))
    assert [sample.text for sample in mine] == [sample.text for sample in theirs]
    assert [sample.engine for sample in mine] == [sample.engine for sample in theirs]
    batch = Batch(Sampler(model, "narrow").engine, requests)
    assert batch.samples()[0].engine["kind"] == "numpy-lookup"


def test_weights_are_packed_once(model):
    weights = Weights(model)
    narrow = weights.by("narrow")
    assert weights.by("narrow") is narrow is weights.by("compiled").by("narrow") is not weights.by("compiled")
    assert narrow.by("numpy") is weights is weights.by("numpy")


def test_without_numba_everything_is_computed_with_numpy(model, monkeypatch):
    monkeypatch.setattr(engine_module, "compiler", lambda: None)
    assert Sampler(model, "compiled").engine.formulation["kind"] == "numpy-lookup"
