"""Muon and its neighbour AdamW."""

import math

import pytest
import torch

from chargen.model.network import CharRNN
from chargen.training import muon
from chargen.training.config import TrainingConfig
from chargen.training.optimizer import Optimizer, one_by_one
from chargen.training.step import distinct_parameters, make_optimizer
from tests.model.helpers import small_config


def random(*shape, seed=1):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def with_singular_values(values, rows, columns):
    """A matrix of those singular values, its directions random."""
    u, v = (torch.linalg.qr(random(size, len(values), seed=size))[0] for size in (rows, columns))
    return u @ torch.diag(torch.tensor(values)) @ v.T, u, v


@pytest.mark.parametrize("shape", [(24, 24), (24, 60), (60, 24)])
@pytest.mark.parametrize("scale", [1e-12, 1.0, 1e6])
def test_singular_values_become_about_one_and_directions_stay(shape, scale):
    values = [1.0, 0.7, 0.3, 0.1, 0.05, 0.001]
    matrix, u, v = with_singular_values(values, *shape)
    result = muon.orthogonal(matrix * scale, torch.float32)
    stretched = u.T @ result @ v
    found = torch.diagonal(stretched)
    torch.testing.assert_close(stretched, torch.diag(found), rtol=0, atol=1e-3)  # none leaks into another
    assert all(0.6 < float(value) < 1.4 for value in found[:5])
    assert 0.001 * 10 < float(found[5]) < 0.001 * 25 / 1.2  # too small to be trusted: larger, but not 1


def test_bfloat16_finds_nearly_the_same_direction():
    matrix = random(32, 32)
    exact, reduced = (muon.orthogonal(matrix, dtype) for dtype in (torch.float32, torch.bfloat16))
    assert float((exact * reduced).sum() / (exact.norm() * reduced.norm())) > 0.95  # the cosine between them


def test_nothing_learned_is_no_step():
    assert float(muon.orthogonal(torch.zeros(8, 8), torch.float32).abs().max()) == 0.0


def test_an_update_is_the_formula_and_twice_as_long_as_adamws():
    parameter, gradient, momentum = random(16, 16), random(16, 16, seed=2), random(16, 16, seed=3)
    before, old = parameter.clone(), momentum.clone()
    muon.update(parameter, gradient, momentum, 0.01, 0.1, torch.float32)
    expected = muon.MOMENTUM * old + (1 - muon.MOMENTUM) * gradient
    torch.testing.assert_close(momentum, expected)
    step = (before * (1 - 0.001) - parameter) / 0.01
    direction = muon.orthogonal(gradient.lerp(expected, muon.MOMENTUM), torch.float32)
    torch.testing.assert_close(step / (muon.SCALE * math.sqrt(16)), direction, rtol=1e-3, atol=1e-4)
    assert float(step.square().mean().sqrt()) == pytest.approx(0.4, rel=0.3)  # AdamW's usual step per number is 0.2


@pytest.mark.parametrize("kind", ["muon", "adamw"])
@pytest.mark.parametrize("cell", ["lstm", "gru", "rnn"])
def test_each_parameter_has_its_rule(kind, cell):
    network = CharRNN(small_config(cell, 2), torch.Generator().manual_seed(1))
    optimizer = make_optimizer(network, TrainingConfig(steps=1, optimizer=kind))
    names = [name for name, _ in distinct_parameters(network)]
    orthogonal = {name for name, second in zip(names, optimizer.second, strict=True) if not second.numel()}
    hidden = {"rnn.weight_hh_l0", "rnn.weight_ih_l1", "rnn.weight_hh_l1"}
    assert orthogonal == (hidden if kind == "muon" else set())


def test_gates_are_made_orthogonal_one_by_one_in_any_order():
    parameters = [random(24, 8), random(8)]
    gradients = [random(24, 8, seed=5), random(8, seed=6)]

    def after(spread):
        copies = [parameter.clone() for parameter in parameters]
        optimizer = Optimizer(copies, [True, False], [3, 0], decay=0.0, matrix_decay=0.0)
        optimizer.update(gradients, 0.01, spread)
        return copies

    forwards = after(one_by_one)
    backwards = after(lambda tasks: one_by_one(list(reversed(tasks))))
    for a, b in zip(forwards, backwards, strict=True):
        assert torch.equal(a, b)
    for number in range(3):
        block = slice(8 * number, 8 * number + 8)
        direction = muon.orthogonal(gradients[0][block], torch.float32)  # at first, the momentum is the gradient's
        moved = (parameters[0] - forwards[0])[block] / (0.01 * muon.SCALE * math.sqrt(8))
        torch.testing.assert_close(moved, direction, rtol=1e-2, atol=1e-3)
