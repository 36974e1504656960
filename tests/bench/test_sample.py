"""The measurement of writing: what is compared does the same work, and the numbers are what their names say."""

import numpy as np
import pytest

from chargen.bench import sample as bench
from chargen.bench.timing import Measured, interleaved
from chargen.sampling import engine as engine_module
from chargen.sampling.decoding import softmax
from chargen.sampling.engine import Engine


def test_a_result_has_the_promised_names_in_order():
    result = bench.measure(1, 8, rounds=1, seconds=0.001)
    values = result.to_json()
    assert list(values)[:7] == [
        "layers",
        "hidden",
        "characters_per_second",
        "plain_characters_per_second",
        "ratio",
        "floor_ratio",
        "batch_matrix_fraction",
    ]
    numbers = {name: value for name, value in values.items() if name != "way"}
    assert all(value > 0 for name, value in numbers.items() if not name.endswith("_spread"))
    assert values["ratio"] == values[f"{values['way']}_ratio"]
    assert values["way"] in ("numpy", "compiled")


@pytest.mark.skipif(engine_module.compiler() is None, reason="needs Numba")
def test_ratios_are_made_of_what_was_measured(monkeypatch):
    rates = {"numpy": 100.0, "compiled": 150.0, "narrow": 200.0, "plain": 5.0}
    rates |= {"reading": 1e6, "reading half": 2e6, "together": 640.0, "products": 1e9}

    def known(contestants, rounds, seconds):
        assert set(contestants) == set(rates)
        return {name: Measured((rate,) * rounds) for name, rate in rates.items()}

    monkeypatch.setattr(bench, "interleaved", known)
    result = bench.measure(2, 16, rounds=3, seconds=0)
    weights = 16 * 64 + 32 * 64 + 16 * 65  # recurrent, input and recurrent of the upper layer, output
    assert {way: of.ratio.median for way, of in result.ways.items()} == {"numpy": 20, "compiled": 30, "narrow": 40}
    assert result.ways["numpy"].floor.median == pytest.approx(1e6 / (4 * weights) / 100)
    assert result.ways["narrow"].floor.median == pytest.approx(2e6 / (2 * weights) / 200)
    assert result.best == "compiled"  # narrow weights are not quite the same network
    assert result.batch.median == pytest.approx(640 * 2 * weights / 1e9)


def test_without_numba_numpy_is_the_only_way(monkeypatch):
    monkeypatch.setattr(engine_module, "compiler", lambda: None)
    assert list(bench.measure(1, 8, rounds=1, seconds=0.001).ways) == ["numpy"]


def test_the_plain_loop_is_the_same_network(monkeypatch):
    torch = pytest.importorskip("torch")
    model = bench.random_model(2, 12)
    drawn = []
    monkeypatch.setattr(
        torch, "multinomial", lambda p, count: drawn.append(p.numpy()[0]) or torch.tensor([[len(drawn) % 65]])
    )
    bench.plain_loop(model)()
    engine = Engine(model)
    for at, probabilities in enumerate(drawn):
        logits = engine.step(at % 65)
        assert np.abs(softmax(logits / 0.8) - probabilities).max() < 1e-5
    assert len(drawn) == 16


def test_contestants_count_the_characters_they_write():
    model = bench.random_model(1, 8)
    sampler = bench.Sampler(model)
    measured = interleaved({"one": bench._ours(sampler), "many": bench._together(sampler)}, 1, 0)
    assert measured["one"].median > 0
    assert bench._ours(sampler)(0) == bench._CHARACTERS
    assert bench._together(sampler)(0) == 64 * 64
