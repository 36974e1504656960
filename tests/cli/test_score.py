"""Scoring against the plain sum."""

import json
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


def test_a_seed_state_changes_what_is_expected(run: Run, model: Path, text: Path) -> None:
    plain = run("score", model, text, "--json").events[0]["loss"]
    assert run("score", model, text, "--json", "--state", "zero").events[0]["loss"] == plain
    other = run("score", model, text, "--json", "--state", "random:2")
    assert other.code == 0 and other.events[0]["loss"] != plain
    refused = run("score", model, text, "--state", "nowhere.state")
    assert refused.code == 2 and refused.err.count("\n") == 1


def test_passages_and_every_character_in_a_file(run: Run, model: Path, tmp_path: Path) -> None:
    file = tmp_path / "t.txt"
    file.write_text(VERSE * 4)
    result = run("score", model, file, "--output", tmp_path / "s.json")
    assert result.code == 0 and "least expected" in result.out and "Wrote" in result.err
    value = json.loads((tmp_path / "s.json").read_text())
    assert value["text"] == VERSE * 4 and value["bits"][0] is None
    measured = [bits for bits in value["bits"] if bits is not None]
    assert value["bits_per_character"] == pytest.approx(float(np.mean(measured)), abs=1e-3)
    assert value["loss"] == pytest.approx(plain_loss(model, VERSE * 4), abs=1e-4)


@pytest.mark.parametrize(
    ("extra", "word"),
    [
        (["--output", "s.txt"], "must end in"),
        (["--output", "nowhere/s.csv"], "no folder"),
        (["--output", "s.csv", "--window", 5], "--window"),
    ],
)
def test_an_output_that_cannot_be_is_refused_first(run: Run, model: Path, text: Path, extra: list, word: str) -> None:
    result = run("score", model, text, *extra)
    assert result.code == 2 and word in result.err and result.err.count("\n") == 1
