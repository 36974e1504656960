"""The loop that others are measured against is the same network as ours."""

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from chargen.bench.plain import PlainLoop
from chargen.model.config import ModelConfig


@pytest.mark.parametrize("cell", ["lstm", "gru", "rnn"])
def test_its_loss_is_that_of_our_network_with_its_weights(cell):
    config = ModelConfig(cell, 2, 8, 4, 5)
    loop = PlainLoop(config, seed=3)
    text = torch.from_numpy(np.random.default_rng(0).integers(5, size=(13, 3)))
    state = loop.network().start_state(3)
    for block in (text[:7], text[6:]):  # the state is carried from one to the other
        network = loop.network()
        scores, state = network(block[:-1], state)
        assert loop.learn(block) == pytest.approx(float(F.cross_entropy(scores.flatten(0, 1), block[1:].flatten())))
    loop.forget()
    scores, _ = loop.network()(text[:-1], network.start_state(3))
    assert loop.learn(text) == pytest.approx(float(F.cross_entropy(scores.flatten(0, 1), text[1:].flatten())))


def test_a_seed_is_the_same_network_and_nobody_elses_chance():
    before = torch.get_rng_state()
    weights = [PlainLoop(ModelConfig("rnn", 1, 4, 4, 5), seed=seed).network().head.weight for seed in (1, 1, 2)]
    assert torch.equal(weights[0], weights[1]) and not torch.equal(weights[0], weights[2])
    assert torch.equal(torch.get_rng_state(), before)
