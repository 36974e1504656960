"""Steering from the command line, and the twin that is not steered."""

import json
from pathlib import Path

import pytest

from chargen.model.model_file import load_model
from chargen.sampling.sampler import Sampler
from chargen.sampling.settings import SamplingSettings
from tests.cli.conftest import Run

STEER = "1.3=0.9, c1.4*0.5@10-20"


def written(model: Path, steer: str, seed: int = 5) -> str:
    settings = SamplingSettings(length=40, random_seed=seed, steer=steer)
    return Sampler(load_model(model)).write(settings).text


def test_steering(run: Run, model: Path) -> None:
    words = ("sample", model, "--length", 40, "--seed", 5)
    assert run(*words, "--steer", STEER).out == written(model, STEER) + "\n"
    assert run(*words, "--steer", "1.3=0.9", "--steer", "c1.4*0.5@10-20").out == written(model, STEER) + "\n"
    assert run(*words, "--steer", "").out == written(model, "") + "\n" != written(model, STEER) + "\n"


def test_a_twin_is_the_same_seed_without_steering(run: Run, model: Path) -> None:
    words = ("sample", model, "--length", 40, "--seed", 5, "--steer", "1.**0@11-", "--twin")
    shown = run(*words)
    steered, plain = written(model, "1.**0@11-"), written(model, "")
    assert steered[:10] == plain[:10] and steered != plain
    assert shown.out == f"{steered}\n\n── seed 5, without steering ──\n{plain}\n"
    part = next(at for at in range(40) if steered[at] != plain[at])
    assert f"part at character {part + 1}." in shown.err
    both = run(*words, "--json").events
    assert [(event["event"], event["text"]) for event in both] == [("sample", steered), ("twin", plain)]
    assert "no difference" in run(*words[:-2], "1.3=0@41-", "--twin").err


def test_twins_of_several_are_exported_and_reproduced(run: Run, model: Path, tmp_path: Path) -> None:
    page, again = tmp_path / "page.json", tmp_path / "again.json"
    words = ("sample", model, "--length", 40, "--seed", 5, "--count", 2, "--steer", STEER)
    assert run(*words, "--twin", "--output", page).code == 0
    samples = json.loads(page.read_text())["samples"]
    assert [sample["settings"]["steer"] for sample in samples] == [STEER, "", STEER, ""]
    assert [sample["text"] for sample in samples] == [
        written(model, steer, seed) for seed in (5, 6) for steer in (STEER, "")
    ]
    assert run("sample", model, "--from-export", page, "--output", again).code == 0
    assert again.read_bytes() == page.read_bytes()


@pytest.mark.parametrize(
    ("flags", "phrase"),
    [
        (["--steer", "1.99=0"], "no unit 99"),
        (["--steer", "4.1=0"], "no layer 4"),
        (["--steer", "1.3"], "no rule of steering"),
        (["--steer", "1.3=nan"], "number between"),
        (["--steer", "1.3=0@9-2"], "holds no character"),
        (["--twin"], "say what to steer"),
        (["--twin", "--steer", ""], "say what to steer"),
        (["--from-export", "x.json", "--steer", "1.3=0"], "leave out --steer"),
        (["--from-export", "x.json", "--twin"], "leave out --twin"),
    ],
)
def test_what_cannot_be_steered_is_one_sentence(run: Run, model: Path, flags: list[str], phrase: str) -> None:
    result = run("sample", model, *flags)
    assert (result.code, result.out, result.err.count("\n")) == (2, "", 1), result
    assert phrase in result.err
