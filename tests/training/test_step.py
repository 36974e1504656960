"""One learning step against the textbook."""

import itertools

import pytest
import torch
from torch.nn import functional as F

from chargen.model import cells
from chargen.model.network import CharRNN
from chargen.training.backend import Backend, candidates
from chargen.training.config import TrainingConfig
from chargen.training.step import LearningStep, make_optimizer
from chargen.training.workers import Workers, worker_count
from tests.model.helpers import small_config

NATIVE = Backend("native", "float32", 1)
BLOCK = torch.randint(0, 18, (9, 3), generator=torch.Generator().manual_seed(5))


def make(cell="lstm", layers=2, initial="zeros", **options):
    network = CharRNN(small_config(cell, layers, initial_state=initial), torch.Generator().manual_seed(2))
    config = TrainingConfig(steps=10, **{"clip": 0.0, "learning_rate": 0.01, "optimizer": "adamw", **options})
    return network, LearningStep(network, make_optimizer(network, config), config, NATIVE)


def plain_gradients(network, block):
    """Loss and gradients by the reference cells."""
    named = network.named_tensors()
    state = network.start_state(block.shape[1])
    layers = [tuple(part[k] for part in state) for k in range(network.config.layers)]
    losses = []
    for row, target in itertools.pairwise(block):
        x = named["embedding.weight"][row]
        for k in range(len(layers)):
            weights = [named[f"rnn.{kind}_l{k}"] for kind in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")]
            layers[k] = cells.step(network.config.cell, x, layers[k], weights)
            x = layers[k][0]
        losses.append(F.cross_entropy(x @ named["head.weight"].T + named["head.bias"], target))
    loss = torch.stack(losses).mean()
    names = list(named)
    return loss, dict(zip(names, torch.autograd.grad(loss, [named[name] for name in names]), strict=True))


@pytest.mark.parametrize("cell", ["lstm", "gru", "rnn"])
@pytest.mark.parametrize("initial", ["zeros", "learned"])
def test_loss_norms_and_update_are_the_plain_ones(cell, initial):
    network, step = make(cell, initial=initial)
    loss, gradients = plain_gradients(network, BLOCK)
    before = {name: p.detach().clone() for name, p in network.named_tensors().items()}
    result = step.run(BLOCK, network.start_state(3), 0.01, 0)
    assert float(result.loss) == pytest.approx(float(loss.detach()), rel=1e-5)
    head = sum(float((gradients[name] ** 2).sum()) for name in ("head.weight", "head.bias")) ** 0.5
    assert float(result.norms[-1]) == pytest.approx(head, rel=1e-3)
    assert float(result.norms[0]) == pytest.approx(float(gradients["embedding.weight"].norm()), rel=1e-3)
    # Adam's first step moves every number by the rate against its gradient's sign (biases: no decay).
    moved = network.named_tensors()["head.bias"] - before["head.bias"]
    torch.testing.assert_close(moved, -0.01 * gradients["head.bias"].sign(), rtol=0.01, atol=1e-4)


def test_the_state_is_cut_off_from_the_past():
    network, step = make()
    result = step.run(BLOCK, network.start_state(3), 0.01, 0)
    assert not any(part.requires_grad for part in result.state)
    step.run(BLOCK, result.state, 0.01, 1)


def after_clipping(**options):
    """(gradients that reach the optimizer, the reported norm)"""
    network, step = make(**options)
    kept: list[torch.Tensor] = []
    step.optimizer.update = lambda gradients, *_: kept.extend(gradient.clone() for gradient in gradients)
    result = step.run(BLOCK, network.start_state(3), 0.01, 0)
    return kept, float(result.norms.square().sum().sqrt())


def test_our_adamw_is_the_librarys():
    network, _ = make()
    mine = CharRNN(network.config)
    mine.load_state_dict(network.state_dict())
    config = TrainingConfig(steps=1, weight_decay=0.1, optimizer="adamw")
    ours = make_optimizer(mine, config)
    matrices = [p for p in network.parameters() if p.ndim == 2]
    vectors = [p for p in network.parameters() if p.ndim == 1]
    groups = [{"params": matrices, "weight_decay": 0.1}, {"params": vectors, "weight_decay": 0.0}]
    theirs = torch.optim.AdamW(groups, lr=0.02, betas=(0.9, 0.99))
    generator = torch.Generator().manual_seed(1)
    for _ in range(5):
        gradients = [torch.randn(p.shape, generator=generator) for p in ours.parameters]
        for p, gradient in zip(make_optimizer(network, config).parameters, gradients, strict=True):
            p.grad = gradient.clone()
        ours.update(gradients, 0.02)
        theirs.step()
    for a, b in zip(mine.parameters(), network.parameters(), strict=True):
        torch.testing.assert_close(a, b)


def test_clipping_by_norm_keeps_the_direction():
    free, norm = after_clipping()
    clipped, reported = after_clipping(clip=norm / 4)
    assert reported == pytest.approx(norm, rel=1e-4)  # the norm is told as it was before
    for mine, theirs in zip(clipped, free, strict=True):
        torch.testing.assert_close(mine, theirs / 4, rtol=1e-3, atol=1e-8)


def test_clipping_by_norm_lets_small_gradients_through():
    free, norm = after_clipping()
    clipped, _ = after_clipping(clip=norm * 2)
    for mine, theirs in zip(clipped, free, strict=True):
        torch.testing.assert_close(mine, theirs)


def test_clipping_elementwise_limits_each_number():
    free, _ = after_clipping()
    limit = 0.01
    clipped, _ = after_clipping(clip=limit, clip_kind="elementwise")
    assert max(float(g.abs().max()) for g in free) > limit
    for mine, theirs in zip(clipped, free, strict=True):
        torch.testing.assert_close(mine, theirs.clamp(-limit, limit))


def test_dropout_masks_follow_from_seed_and_step_alone():
    def loss(step_number, seed=1):
        network, step = make(dropout=0.5, seed=seed)
        return float(step.run(BLOCK, network.start_state(3), 0.0, step_number).loss)

    assert loss(3) == loss(3)
    assert len({loss(3), loss(4), loss(3, seed=2)}) == 3


@pytest.mark.parametrize("cell", ["lstm", "gru", "rnn"])
def test_every_backend_computes_the_same_step(cell):
    losses = {}
    for backend in candidates(cell, "cpu", "auto", 1):
        network = CharRNN(small_config(cell, 2, hidden=16), torch.Generator().manual_seed(2))
        config = TrainingConfig(steps=10, optimizer="adamw")
        step = LearningStep(network, make_optimizer(network, config), config, backend)
        state = network.start_state(3)
        for number in range(3):
            result = step.run(BLOCK, state, 0.01, number)
        losses[backend] = float(result.loss)
    reference = losses[NATIVE]
    for backend, loss in losses.items():
        assert loss == pytest.approx(reference, rel=0.02 if backend.dtype else 1e-4), backend


@pytest.mark.parametrize("cell", ["lstm", "gru", "rnn"])
@pytest.mark.parametrize("initial", ["zeros", "learned"])
def test_workers_share_a_step_without_changing_it(cell, initial):
    block = torch.randint(0, 18, (9, 5), generator=torch.Generator().manual_seed(5))
    outcomes = []
    for workers in (1, 2, 3):
        network = CharRNN(small_config(cell, 2, initial_state=initial), torch.Generator().manual_seed(2))
        config = TrainingConfig(steps=10)
        step = LearningStep(network, make_optimizer(network, config), config, Backend("native", "float32", 1, workers))
        state = tuple(part.detach() for part in network.start_state(5))
        for number in range(3):
            result = step.run(block, state, 0.01, number, torch.tensor([True, False, False, True, False]))
            state = result.state
        step.close()
        outcomes.append((result, network.to_tensors()))
    for result, tensors in outcomes[1:]:
        torch.testing.assert_close(result.loss, outcomes[0][0].loss)
        torch.testing.assert_close(result.norms, outcomes[0][0].norms, rtol=1e-4, atol=1e-6)
        for name, tensor in tensors.items():
            torch.testing.assert_close(torch.tensor(tensor), torch.tensor(outcomes[0][1][name]), rtol=1e-3, atol=1e-4)


def test_streams_that_begin_afresh_forget_what_they_carried():
    network, step = make(initial="learned")
    with torch.no_grad():
        network.initial_state["h"].fill_(0.3)
    start = tuple(part.detach() for part in network.start_state(3))
    other = tuple(torch.rand_like(part) for part in start)
    afresh = step.run(BLOCK, other, 0.0, 0, torch.tensor([True, True, True]))
    assert float(afresh.loss) == float(step.run(BLOCK, start, 0.0, 0).loss)
    assert float(afresh.loss) != float(step.run(BLOCK, other, 0.0, 0, torch.tensor([True, True, False])).loss)


def test_an_error_in_a_worker_is_raised_after_all_have_ended():
    workers, ended = Workers(3), []

    def work(index):
        if index == 1:
            raise ValueError("one")
        ended.append(index)

    with pytest.raises(ValueError, match="one"):
        workers.map(work)
    assert sorted(ended) == [0, 2]
    workers.close()


def test_few_streams_have_few_workers():
    assert [worker_count("cpu", 2, n) for n in (1, 7, 8, 64)] == [1, 1, 2, 2]
    assert worker_count("cuda", 8, 64) == 1


def test_a_backend_leaves_the_switch_as_it_was():
    before = torch.backends.mkldnn.enabled
    with Backend("native", "float32", 1).active():
        assert not torch.backends.mkldnn.enabled
    assert torch.backends.mkldnn.enabled == before
