"""The fast step against the plain formulas, and against torch."""

import numpy as np
import pytest

from chargen.errors import StateError
from chargen.model.state import HiddenState
from chargen.sampling import engine as engine_module
from chargen.sampling.decoding import softmax
from chargen.sampling.engine import Engine, Weights

KINDS = ("lstm", "gru", "rnn")
IDS = np.random.default_rng(5).integers(0, 31, 150).tolist()


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def reference(model, ids, state):
    """The formulas as they are written in books, in float64: probabilities [T, V] and the last h [L, H]."""
    t = {name: tensor.astype(np.float64) for name, tensor in model.tensors.items()}
    h = [part.astype(np.float64) for part in state.h[:, 0]]
    c = [part.astype(np.float64) for part in state.c[:, 0]] if state.c is not None else []
    rows = []
    for id in ids:
        x = t["embedding.weight"][id]
        for layer in range(model.config.layers):
            a = t[f"rnn.weight_ih_l{layer}"] @ x + t[f"rnn.bias_ih_l{layer}"]
            b = t[f"rnn.weight_hh_l{layer}"] @ h[layer] + t[f"rnn.bias_hh_l{layer}"]
            if model.config.cell == "lstm":
                i, f, g, o = np.split(a + b, 4)
                c[layer] = sigmoid(f) * c[layer] + sigmoid(i) * np.tanh(g)
                h[layer] = sigmoid(o) * np.tanh(c[layer])
            elif model.config.cell == "gru":
                (ar, az, an), (br, bz, bn) = np.split(a, 3), np.split(b, 3)
                n = np.tanh(an + sigmoid(ar + br) * bn)
                z = sigmoid(az + bz)
                h[layer] = (1 - z) * n + z * h[layer]
            else:
                h[layer] = np.tanh(a + b)
            x = h[layer]
        logits = t["head.weight"] @ x + t["head.bias"]
        exponentials = np.exp(logits - logits.max())
        rows.append(exponentials / exponentials.sum())
    return np.array(rows), np.array(h)


@pytest.mark.parametrize("cell", KINDS)
@pytest.mark.parametrize("layers", [1, 2, 3])
@pytest.mark.parametrize("hidden", [1, 7, 24])
def test_every_step_is_the_reference(make_model, cell, layers, hidden):
    # A plain cell with large weights is chaotic: rounding grows whatever the formulation.
    model = make_model(cell, layers, hidden, scale=1.0 if cell == "rnn" else 2.5)
    state = HiddenState.random(model.config, 3)
    engine = Engine(model)
    engine.load_state(state)
    probabilities, h = reference(model, IDS, state)
    mine = np.array([softmax(engine.step(id)) for id in IDS])
    assert np.abs(mine - probabilities).max() < 1e-5
    assert np.abs(engine.state({"kind": "captured"}).h[:, 0] - h).max() < 1e-4


@pytest.mark.parametrize("cell", KINDS)
@pytest.mark.parametrize("layers", [1, 2, 3])
def test_every_step_is_torch(make_model, cell, layers):
    torch = pytest.importorskip("torch")
    model = make_model(cell, layers, 40, scale=1.0 if cell == "rnn" else 2.5)
    network = getattr(torch.nn, cell.upper())(model.config.embedding, 40, layers)
    tensors = {name: torch.tensor(np.array(tensor)) for name, tensor in model.tensors.items()}
    network.load_state_dict({name[4:]: tensor for name, tensor in tensors.items() if name.startswith("rnn.")})
    with torch.no_grad():
        outputs, _ = network(tensors["embedding.weight"][torch.tensor(IDS)])
        logits = outputs @ tensors["head.weight"].T + tensors["head.bias"]
        expected = torch.softmax(logits.double(), -1).numpy()
    engine = Engine(model)
    assert np.abs(np.array([softmax(engine.step(id)) for id in IDS]) - expected).max() < 1e-5


@pytest.mark.parametrize("cell", KINDS)
def test_run_is_step_after_step_to_the_bit(make_model, cell):
    model = make_model(cell, 3)
    one, other = Engine(model), Engine(model)
    one.run(np.array(IDS, np.uint8))
    for id in IDS:
        other.step(id)
    assert one.logits().tobytes() == other.logits().tobytes()
    assert one.state({}).h.tobytes() == other.state({}).h.tobytes()


@pytest.mark.parametrize("cell", KINDS)
def test_a_state_taken_out_and_put_back_goes_on_as_if_nothing_had_happened(make_model, cell):
    model = make_model(cell)
    engine = Engine(model)
    engine.run(IDS[:50])
    state = engine.state({"kind": "captured"}, "mine")
    expected = [engine.step(id).tobytes() for id in IDS[50:]]
    fresh = Engine(model)
    fresh.load_state(state)
    assert [fresh.step(id).tobytes() for id in IDS[50:]] == expected
    assert (state.name, state.fingerprint) == ("mine", model.fingerprint)


def test_forks_share_weights_and_nothing_else(model):
    engine = Engine(model)
    engine.run(IDS[:9])
    before = engine.logits().tobytes()
    twin = engine.fork()
    assert twin.weights is engine.weights
    assert twin.logits().tobytes() == before
    twin.run(IDS)
    assert engine.logits().tobytes() == before


@pytest.mark.parametrize("cell", KINDS)
def test_without_a_table_the_probabilities_are_the_same(make_model, cell, monkeypatch):
    model = make_model(cell)
    with_table = Engine(model)
    monkeypatch.setattr(engine_module, "MAXIMUM_TABLE_BYTES", 0)
    without = Engine(model)
    assert (with_table.formulation["kind"], without.formulation["kind"]) == ("numpy-lookup", "numpy")
    for id in IDS:
        assert np.abs(softmax(with_table.step(id)) - softmax(without.step(id))).max() < 1e-5


def test_the_formulation_says_how(model):
    formulation = Engine(model).formulation
    assert formulation == {"kind": "numpy-lookup", "dtype": "float32", "threads": 1, "batch": 1}


def test_the_model_is_not_changed(model):
    before = {name: tensor.tobytes() for name, tensor in model.tensors.items()}
    Engine(Weights(model)).run(IDS)
    assert {name: tensor.tobytes() for name, tensor in model.tensors.items()} == before


def test_a_state_of_another_size_is_refused(make_model, model):
    engine = Engine(model)
    for other in (make_model("gru"), make_model("lstm", 1), make_model("lstm", 2, 8)):
        with pytest.raises(StateError, match="but the model is a"):
            engine.load_state(HiddenState.zero(other.config))
