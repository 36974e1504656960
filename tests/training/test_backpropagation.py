"""Back-propagation by hand against what PyTorch differentiates for itself, and against finite differences."""

import pytest
import torch
from torch.nn import functional as F

from chargen.model.config import ModelConfig
from chargen.model.network import CharRNN
from chargen.training import recurrence
from chargen.training.backpropagation import Backpropagation

T, B, V = 9, 5, 18
CELLS = ["lstm", "gru", "rnn"]


def block_of(seed=5):
    return torch.randint(0, V, (T + 1, B), generator=torch.Generator().manual_seed(seed))


def make(cell, layers=2, initial="zeros", tied=False, dtype=torch.float64):
    """A network whose biases and learned states are not zero, and a state to start from."""
    config = ModelConfig(cell, layers, 12, 12 if tied else 7, V, initial, tied)
    network = CharRNN(config, torch.Generator().manual_seed(2)).to(dtype)
    generator = torch.Generator().manual_seed(3)
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.add_(torch.randn(parameter.shape, generator=generator, dtype=dtype) * 0.1)
    state = tuple(torch.randn(layers, B, config.hidden, generator=generator, dtype=dtype) for _ in config.state_parts)
    return network, state


def distinct(network):
    named = {}
    for name, parameter in network.named_tensors().items():
        if not any(parameter is other for other in named.values()):
            named[name] = parameter
    return named


def by_hand(network, state, fresh=None, dropout=0.0, dtype=None):
    work = Backpropagation(network, dtype, 1)
    work.prepare(B)
    return work.learn(0, block_of(), state, fresh, dropout, torch.Generator().manual_seed(4), T * B)


def by_library(network, state, fresh=None, dropout=0.0):
    if fresh is not None:
        start = network.start_state(B)
        state = tuple(torch.where(fresh[None, :, None], a, b) for a, b in zip(start, state, strict=True))
    block = block_of()
    logits, after = network(block[:-1], state, dropout=dropout, generator=torch.Generator().manual_seed(4))
    loss = F.cross_entropy(logits.flatten(0, 1), block[1:].flatten())
    named = distinct(network)
    gradients = torch.autograd.grad(loss, list(named.values()), allow_unused=True, materialize_grads=True)
    return loss.detach(), dict(zip(named, gradients, strict=True)), tuple(part.detach() for part in after)


def compare(ours, theirs, **tolerance):
    torch.testing.assert_close(ours[0], theirs[0], **tolerance)
    assert set(ours[1]) == set(theirs[1])
    for name, gradient in theirs[1].items():
        torch.testing.assert_close(ours[1][name], gradient, msg=lambda text, name=name: f"{name}: {text}", **tolerance)
    for mine, other in zip(ours[2], theirs[2], strict=True):
        torch.testing.assert_close(mine, other, **tolerance)


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("layers", [1, 3])
@pytest.mark.parametrize(("initial", "tied"), [("zeros", True), ("learned", False)])
def test_loss_gradients_and_state_are_the_librarys(cell, layers, initial, tied):
    network, state = make(cell, layers, initial, tied)
    fresh = torch.tensor([True, False, False, True, False])
    compare(
        by_hand(network, state, fresh, dropout=0.3),
        by_library(network, state, fresh, dropout=0.3),
        rtol=1e-9,
        atol=1e-12,
    )


@pytest.mark.parametrize("cell", CELLS)
def test_float32_is_as_exact_as_float32_can_be(cell):
    network, state = make(cell, dtype=torch.float32)
    compare(by_hand(network, state), by_library(network, state), rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("cell", CELLS)
def test_bfloat16_stays_near(cell):
    network, state = make(cell, dtype=torch.float32)
    ours, theirs = by_hand(network, state, dtype=torch.bfloat16), by_library(network, state)
    assert float(ours[0]) == pytest.approx(float(theirs[0]), rel=0.005)
    for name, gradient in theirs[1].items():
        error = (ours[1][name] - gradient).norm() / gradient.norm()
        assert float(error) < 0.03, name


@pytest.mark.parametrize("cell", CELLS)
def test_gradients_are_the_slopes_of_the_loss(cell):
    """Not against another derivation: the loss itself is asked, a little to either side."""
    network, state = make(cell, 2, "learned")
    fresh = torch.tensor([True, False, True, False, False])
    _, gradients, _ = by_hand(network, state, fresh)
    generator = torch.Generator().manual_seed(9)
    for name, parameter in distinct(network).items():
        direction = torch.randn(parameter.shape, generator=generator, dtype=parameter.dtype)
        losses = []
        for side in (1e-5, -2e-5):
            with torch.no_grad():
                parameter.add_(direction, alpha=side)
            losses.append(float(by_hand(network, state, fresh)[0]))
        with torch.no_grad():
            parameter.add_(direction, alpha=1e-5)
        slope = (losses[0] - losses[1]) / 2e-5
        assert slope == pytest.approx(float((gradients[name] * direction).sum()), rel=1e-5, abs=1e-9), name


def test_a_tied_matrix_learns_from_both_its_uses():
    network, state = make("lstm", tied=True)
    _, gradients, _ = by_hand(network, state)
    assert "head.weight" not in gradients
    torch.testing.assert_close(gradients["embedding.weight"], by_library(network, state)[1]["embedding.weight"])


@pytest.mark.parametrize("cell", CELLS)
def test_compiled_and_plain_loops_are_the_same(cell, monkeypatch):
    network, state = make(cell)
    compiled = by_hand(network, state)
    monkeypatch.setattr(recurrence, "loop", lambda name: getattr(recurrence, f"_{name}"))
    compare(by_hand(network, state), compiled, rtol=1e-11, atol=1e-14)


def test_a_states_gradient_reaches_only_the_streams_that_began_there():
    network, state = make("lstm", initial="learned")
    none = by_hand(network, state, torch.zeros(B, dtype=torch.bool))[1]
    assert float(none["initial_state.h"].abs().max()) == 0.0
    some = by_hand(network, state, torch.ones(B, dtype=torch.bool))[1]
    assert float(some["initial_state.c"].abs().max()) > 0.0
