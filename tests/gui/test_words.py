"""Sentences in the window's terms, times and sizes."""

import pytest

from chargen.gui import words


@pytest.mark.parametrize(
    ("sentence", "shown"),
    [
        ("learning diverged; lower --learning-rate.", "learning diverged; lower “Learning rate”."),
        ("--as-text reads it all the same.", "“Read as text” reads it all the same."),
        ("train it anew with --from.", "train it anew with --from."),
        ("nothing to change", "nothing to change"),
    ],
)
def test_flags_become_controls(sentence: str, shown: str) -> None:
    assert words.in_window(sentence) == shown


def test_a_proposal_is_understood() -> None:
    assert words.proposal("CPU ran out of memory; what was learned is kept. Try --streams 8.") == {"streams": 8}
    assert words.proposal("CPU ran out of memory. Try --hidden 128.") == {"hidden": 128}
    assert words.proposal("The disk is full.") == {}


def test_the_proposals_of_the_trainer_are_understood() -> None:
    from chargen.model.config import ModelConfig
    from chargen.training.config import TrainingConfig
    from chargen.training.memory import smaller

    for streams in (32, 8):
        said = smaller(ModelConfig("lstm", 1, 64, 16, 30), TrainingConfig(minutes=1, streams=streams))
        assert words.proposal(f"Out of memory. Try {said}.")


@pytest.mark.parametrize(
    ("seconds", "shown"), [(0, "0:00"), (47.2, "0:47"), (725, "12:05"), (3725, "1:02:05"), (-1, "0:00")]
)
def test_clock(seconds: float, shown: str) -> None:
    assert words.clock(seconds) == shown


def test_sizes() -> None:
    assert [words.large(n) for n in (12, 12_345, 951_000, 3_300_000)] == ["12", "12 k", "1.0 M", "3.3 M"]
    assert [words.minutes(m) for m in (0.5, 5, 30, 180)] == ["0.5 min", "5 min", "30 min", "3 h"]
    assert [words.count(n, "file") for n in (0, 1, 1200)] == ["0 files", "1 file", "1,200 files"]
