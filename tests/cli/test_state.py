"""Seed states as files."""

from pathlib import Path

import numpy as np

from chargen.cli.state_result import strip
from chargen.model.model_file import load_model
from chargen.model.state import HiddenState
from chargen.sampling.seeds import prime
from tests.cli.conftest import Run


def test_capture_and_show(run: Run, model: Path, tmp_path: Path) -> None:
    file = tmp_path / "mood.state"
    captured = run("state", "capture", model, "--text", "The moon", "--output", file)
    assert captured.code == 0 and "--state" in captured.err
    expected = prime(load_model(model), "The moon")
    assert np.array_equal(HiddenState.load(file).h, expected.h)
    shown = run("state", "show", file)
    assert shown.code == 0 and "1×12 LSTM" in shown.out and "layer 1 c" in shown.out and "“The moon”" in shown.out
    (event,) = run("state", "show", file, "--json").events
    assert event["recipe"]["text"] == "The moon" and len(event["statistics"]) == 2
    assert event["statistics"][0]["mean"] == float(expected.h.astype("float64").mean())


def test_the_text_may_be_a_file(run: Run, model: Path, text: Path, tmp_path: Path) -> None:
    file = tmp_path / "mood.state"
    assert run("state", "capture", model, "--text", text, "--output", file, "--json").code == 0
    assert np.array_equal(HiddenState.load(file).h, prime(load_model(model), text.read_text()).h)


def test_a_state_replaces_a_state_and_nothing_else(run: Run, model: Path, text: Path, tmp_path: Path) -> None:
    file = tmp_path / "mood.state"
    for _ in range(2):
        assert run("state", "capture", model, "--text", "The", "--output", file).code == 0
    before = text.read_bytes()
    refused = run("state", "capture", model, "--text", text, "--output", text)
    assert refused.code == 2 and "not a state" in refused.err and text.read_bytes() == before


def test_a_strip_rises_with_its_values() -> None:
    assert strip(np.linspace(-1, 1, 8, dtype=np.float32)) == "▁▂▃▄▅▆▇█"
    assert strip(np.zeros(500, np.float32)) == "▅" * 48
