"""The average of the weights: the formula, what it looks back over, and that it is what is shown and kept."""

import torch

from chargen.training.average import Average


def averaged(values, gamma):
    live, kept = torch.zeros(1), torch.zeros(1)
    average = Average([live], [kept], gamma)
    for step, value in enumerate(values, 1):
        live.fill_(value)
        average.update(step)
    return float(kept)


def test_it_is_the_weighted_mean_of_all_values_so_far():
    steps, gamma = 200, 6.0
    values = [float(step % 17) for step in range(1, steps + 1)]
    # a_n = Σ (1 − β_t) Π_{s > t} β_s p_t, β_t = (1 − 1/t)^(γ+1): the weights fall off like (t / n)^γ
    betas = [(1 - 1 / step) ** (gamma + 1) for step in range(1, steps + 1)]
    expected, rest = 0.0, 1.0
    for value, beta in zip(reversed(values), reversed(betas), strict=True):
        expected, rest = expected + rest * (1 - beta) * value, rest * beta
    assert abs(averaged(values, gamma) - expected) < 1e-3


def test_the_first_step_leaves_nothing_of_what_was_before():
    assert averaged([3.0], 16.97) == 3.0


def test_it_looks_back_over_the_same_share_of_a_short_and_of_a_long_training():
    for steps in (400, 4000):
        ramp = [step / steps for step in range(1, steps + 1)]
        assert abs(averaged(ramp, 16.97) - (1 - 1 / 18.97)) < 0.01
