"""The same sample several times with one thing changed, from the command line."""

import json
from pathlib import Path

import numpy as np
import pytest

from chargen.model.model_file import load_model, save_model
from chargen.model.state import HiddenState
from chargen.sampling.sampler import Sampler
from chargen.sampling.settings import SamplingSettings
from tests.cli.conftest import Run, make_model


def written(model: Path, **settings: object) -> str:
    return Sampler(load_model(model)).write(SamplingSettings(length=40, random_seed=5, **settings)).text  # type: ignore[arg-type]


@pytest.fixture
def other(tmp_path: Path) -> Path:
    path = tmp_path / "other.safetensors"
    save_model(path, make_model("gru", hidden=20, seed=3))
    return path


def test_one_setting(run: Run, model: Path) -> None:
    words = ("sample", model, "--length", 40, "--seed", 5)
    shown = run(*words, "--compare", "temperature", "0.4", "0.8")
    cold, usual = written(model, temperature=0.4), written(model)
    assert shown.out == f"── Temperature 0.4 ──\n{cold}\n\n── Temperature 0.8 ──\n{usual}\n"
    shown = run(*words, "--compare", "top-k", "off", "2", "--json")
    assert [event["text"] for event in shown.events] == [usual, written(model, top_k=2)]
    shown = run(*words, "--compare", "prompt", "moon", "")
    assert shown.out == f"── Prompt “moon” ──\nmoon{written(model, prompt='moon')}\n\n── Prompt none ──\n{usual}\n"


def test_seed_states(run: Run, model: Path, tmp_path: Path) -> None:
    state = HiddenState.random(load_model(model).config, 9)
    state.save(tmp_path / "calm.state")
    shown = run("sample", model, "--length", 40, "--seed", 5, "--json", "--compare", "seed-state",
                "zero", tmp_path / "calm.state", "random:0.3")  # fmt: skip
    texts = [event["text"] for event in shown.events]
    assert texts[0] == written(model) and len(set(texts)) == 3
    settings = SamplingSettings(length=40, random_seed=5)
    assert texts[1] == Sampler(load_model(model)).write(settings, state).text


def test_models_exported_and_written_again_byte_for_byte(run: Run, model: Path, other: Path, tmp_path: Path) -> None:
    page, again = tmp_path / "page.json", tmp_path / "again.json"
    words = ("sample", model, other, "--length", 40, "--seed", 5, "--compare", "model", "--output", page)
    assert run(*words).code == 0
    assert [each["text"] for each in json.loads(page.read_text())["samples"]] == [written(model), written(other)]
    for models in ((model, other), (other, model)):
        assert run("sample", *models, "--from-export", page, "--output", again).code == 0
        assert again.read_bytes() == page.read_bytes()
    assert "another model" in run("sample", model, "--from-export", page, "--output", again).err


def test_an_export_of_one_setting_is_written_again(run: Run, model: Path, tmp_path: Path) -> None:
    page, again = tmp_path / "page.json", tmp_path / "again.json"
    words = ("sample", model, "--length", 40, "--compare", "random-seed", "3", "4", "9", "--output", page)
    assert run(*words).code == 0
    shown = run("sample", model, "--from-export", page)
    assert [line for line in shown.out.splitlines() if line.startswith("──")][-1] == "── seed 9 ──"
    assert run("sample", model, "--from-export", page, "--output", again).code == 0
    assert again.read_bytes() == page.read_bytes()


@pytest.mark.parametrize(
    ("flags", "phrase"),
    [
        (["--compare", "temperature", "0.4"], "at least two"),
        (["--compare", "temperature", "0.4", "warm"], "must be a number"),
        (["--compare", "temperature", "0.4", "99"], "between 0 and 10"),
        (["--compare", "mood", "1", "2"], "cannot be compared"),
        (["--compare", "top-k", "1", "2", "--top-k", "3"], "leave out --top-k"),
        (["--compare", "prompt", "a", "b", "--prompt", "c"], "leave out --prompt"),
        (["--compare", "seed-state", "zero", "learned", "--state", "zero"], "leave out --state"),
        (["--compare", "top-k", "1", "2", "--count", "3"], "leave out --count"),
        (["--compare", "model"], "several MODELs"),
        (["--compare", "seed-state", "zero", "no-such-state"], "no-such-state"),
    ],
)
def test_what_cannot_be_compared_is_one_sentence(run: Run, model: Path, flags: list[str], phrase: str) -> None:
    result = run("sample", model, *flags)
    assert result.code == 2 and phrase in result.err and result.err.count("\n") <= 2 and "Traceback" not in result.err


def test_several_models_without_a_reason_are_refused(run: Run, model: Path, other: Path) -> None:
    assert "give one" in run("sample", model, other).err
    assert "one MODEL" in run("sample", model, other, "--compare", "top-k", "1", "2").err


def test_numbers_are_not_shared_between_the_columns(run: Run, model: Path) -> None:
    """Each text draws its own random numbers from the beginning."""
    shown = run("sample", model, "--length", 40, "--seed", 5, "--json", "--compare", "top-p", "1", "0.999999")
    texts = [event["text"] for event in shown.events]
    assert np.mean([a == b for a, b in zip(*texts, strict=True)]) > 0.9
