"""Scoring against the plain sum."""

import math
from pathlib import Path

import numpy as np
import pytest

from chargen.model.model_file import load_model
from chargen.sampling.decoding import softmax
from chargen.sampling.engine import Engine
from tests.cli.conftest import VERSE, Run


def plain_loss(model: Path, text: str, window: int | None = None) -> float:
    """Mean negative log-likelihood by the engine, one character at a time."""
    loaded = load_model(model)
    losses = []
    engine = Engine(loaded)
    for index in range(len(text) - 1):
        if window is not None and index % window == 0:
            engine = Engine(loaded)
        probabilities = softmax(engine.step(loaded.vocabulary.index(text[index])))
        losses.append(-math.log(probabilities[loaded.vocabulary.index(text[index + 1])]))
    return float(np.mean(losses))


@pytest.mark.parametrize("window", [None, 7, 10_000])
def test_score_is_the_mean_loss_of_one_stream(run: Run, model: Path, tmp_path: Path, window: int | None) -> None:
    file = tmp_path / "t.txt"
    file.write_text(VERSE * 2)
    extra = [] if window is None else ["--window", window]
    result = run("score", model, file, "--json", *extra)
    assert result.code == 0 and result.err == ""
    (event,) = result.events
    assert list(event) == ["event", "characters", "loss", "bits_per_character", "window"]
    assert event["characters"] == len(VERSE) * 2 - 1 and event["window"] == window
    assert event["loss"] == pytest.approx(plain_loss(model, VERSE * 2, window), abs=1e-5)
    assert event["bits_per_character"] == pytest.approx(event["loss"] / math.log(2))


def test_score_for_people(run: Run, model: Path, text: Path) -> None:
    result = run("score", model, text)
    assert result.code == 0 and "nats per character" in result.out and "state carried" in result.out


def test_unknown_characters(run: Run, model: Path, tmp_path: Path) -> None:
    file = tmp_path / "t.txt"
    file.write_text("The möön and the moon", encoding="utf-8")
    refused = run("score", model, file)
    assert refused.code == 2 and refused.err.count("\n") == 1 and "“ö”" in refused.err
    dropped = run("score", model, file, "--unknown", "drop", "--json")
    assert dropped.events[0]["characters"] == 18 and "“ö”" in dropped.err
    assert run("score", model, file, "--unknown", "replace", "--json").events[0]["characters"] == 20


def test_standard_input(run: Run, model: Path, typed) -> None:
    typed(b"The moon")
    assert run("score", model, "-", "--json").events[0]["characters"] == 7
