"""The network against the plain algebra of the reference cells, in float64: values and gradients."""

import itertools

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from chargen.model import cells
from chargen.model.config import ModelConfig
from chargen.model.network import CharRNN
from tests.model.helpers import random_model, small_config

KINDS = list(itertools.product(("lstm", "gru", "rnn"), (1, 2, 3), ("zeros", "learned")))


def reference(network: CharRNN, ids: torch.Tensor, state):
    """The same network, one plain step after the other."""
    logits, layers = [], [tuple(part[k] for part in state) for k in range(network.config.layers)]
    named = network.named_tensors()
    for row in ids:
        x = named["embedding.weight"][row]
        for k in range(network.config.layers):
            weights = [named[f"rnn.{kind}_l{k}"] for kind in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")]
            layers[k] = cells.step(network.config.cell, x, layers[k], weights)
            x = layers[k][0]
        logits.append(x @ named["head.weight"].T + named["head.bias"])
    return torch.stack(logits), tuple(torch.stack(parts) for parts in zip(*layers, strict=True))


def make(cell: str, layers: int, initial: str) -> CharRNN:
    network = CharRNN(small_config(cell, layers, initial_state=initial), torch.Generator().manual_seed(3)).double()
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.add_(torch.randn(parameter.shape, generator=torch.Generator().manual_seed(4)) * 0.3)
    return network


@pytest.mark.parametrize(("cell", "layers", "initial"), KINDS)
def test_forward_equals_plain_algebra(cell, layers, initial):
    # Given a network and a sequence
    network = make(cell, layers, initial)
    ids = torch.randint(0, 18, (7, 3), generator=torch.Generator().manual_seed(1))
    # When it runs through the library's kernels and through the reference cells
    logits, state = network(ids, network.start_state(3))
    expected, expected_state = reference(network, ids, network.start_state(3))
    # Then scores and states agree to float64 rounding
    torch.testing.assert_close(logits, expected, rtol=0, atol=1e-12)
    for part, other in zip(state, expected_state, strict=True):
        torch.testing.assert_close(part, other, rtol=0, atol=1e-12)


@pytest.mark.parametrize(("cell", "layers", "initial"), KINDS)
def test_gradients_equal_plain_algebra(cell, layers, initial):
    network = make(cell, layers, initial)
    ids = torch.randint(0, 18, (8, 3), generator=torch.Generator().manual_seed(1))
    gradients = []
    for run in (network, lambda i, s: reference(network, i, s)):
        network.zero_grad()
        logits, _ = run(ids[:-1], network.start_state(3))
        F.cross_entropy(logits.flatten(0, 1), ids[1:].flatten()).backward()
        gradients.append({name: p.grad.clone() for name, p in network.named_tensors().items()})
    for name, gradient in gradients[0].items():
        torch.testing.assert_close(gradient, gradients[1][name], rtol=0, atol=1e-12, msg=name)
        assert gradient.abs().sum() > 0, name


@pytest.mark.parametrize("cell", ["lstm", "gru", "rnn"])
def test_reference_cells_pass_gradcheck(cell):
    """The reference itself: analytic against numeric derivatives."""
    generator = torch.Generator().manual_seed(0)

    def tensor(*shape):
        return torch.randn(*shape, generator=generator, dtype=torch.float64, requires_grad=True)

    G, H, E = {"lstm": 4, "gru": 3, "rnn": 1}[cell], 3, 2
    weights = [tensor(G * H, E), tensor(G * H, H), tensor(G * H), tensor(G * H)]
    state = (tensor(2, H), tensor(2, H)) if cell == "lstm" else (tensor(2, H),)

    def function(x, *rest):
        return cells.step(cell, x, rest[: len(state)], rest[len(state) :])

    assert torch.autograd.gradcheck(function, (tensor(2, E), *state, *weights))


@pytest.mark.parametrize("cell", ["lstm", "gru", "rnn"])
def test_state_carries_over_a_cut(cell):
    # Reading a text in two pieces, the state carried, is reading it in one.
    network = make(cell, 2, "zeros")
    ids = torch.randint(0, 18, (10, 2), generator=torch.Generator().manual_seed(1))
    whole, _ = network(ids, network.start_state(2))
    first, state = network(ids[:4], network.start_state(2))
    second, _ = network(ids[4:], state)
    torch.testing.assert_close(torch.cat([first, second]), whole, rtol=0, atol=1e-12)


@pytest.mark.parametrize("cell", ["lstm", "gru", "rnn"])
def test_tensors_round_trip_through_the_model_file(cell):
    model = random_model(small_config(cell, 3, initial_state="learned"))
    network = CharRNN.from_model(model)
    for name, tensor in network.to_tensors().items():
        np.testing.assert_array_equal(tensor, model.tensors[name])
    assert not any(parameter.requires_grad for parameter in network.parameters())


def test_copies_do_not_follow_the_network():
    network = CharRNN(small_config())
    before = network.to_tensors()
    kept = before["head.bias"].copy()
    with torch.no_grad():
        network.head.bias.add_(1)
    np.testing.assert_array_equal(before["head.bias"], kept)
    with pytest.raises(ValueError, match="read-only"):
        before["head.bias"][0] = 5


def test_dropout_follows_its_generator_and_keeps_the_mean():
    network = CharRNN(small_config(layers=2))
    ids = torch.randint(0, 18, (5, 2))

    def run(seed):
        return network(ids, network.start_state(2), dropout=0.5, generator=torch.Generator().manual_seed(seed))[0]

    torch.testing.assert_close(run(1), run(1))
    assert not torch.allclose(run(1), run(2))
    assert not torch.allclose(run(1), network(ids, network.start_state(2))[0])


def test_reduced_precision_stays_close():
    network = CharRNN(small_config(layers=2, hidden=16))
    ids = torch.randint(0, 18, (12, 4))
    exact, _ = network(ids, network.start_state(4))
    reduced, state = network(ids, network.start_state(4), dtype=torch.bfloat16)
    assert reduced.dtype == torch.float32 and state[0].dtype == torch.float32
    assert (exact - reduced).abs().max() < 0.02


def test_lstm_starts_with_its_forget_gate_open():
    network = CharRNN(small_config(hidden=8))
    bias = network.named_tensors()["rnn.bias_ih_l1"]
    assert torch.equal(bias[8:16], torch.ones(8)) and torch.equal(bias[:8], torch.zeros(8))


def test_tied_embedding_is_one_matrix():
    config = ModelConfig("lstm", 1, 6, 6, 18, tied=True)
    network = CharRNN(config)
    assert network.named_tensors()["head.weight"] is network.named_tensors()["embedding.weight"]
    assert config.parameter_count() == sum(p.numel() for p in network.parameters())
