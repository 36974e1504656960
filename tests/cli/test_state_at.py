"""``--state-at``: other hidden states in the middle of a sample."""

from pathlib import Path

import pytest

from chargen.model.model_file import load_model, save_model
from chargen.model.state import HiddenState
from chargen.sampling.export import load_export
from chargen.sampling.sampler import Sampler
from chargen.sampling.seeds import prime, state_fingerprint
from chargen.sampling.settings import SamplingSettings
from tests.cli.conftest import Run, make_model


def test_the_text_goes_on_from_the_state_and_is_written_again(run: Run, model: Path, tmp_path: Path) -> None:
    storm = tmp_path / "storm=1.state"
    loaded = load_model(model)
    prime(loaded, "The moon").save(storm)
    words = ("sample", model, "--seed", 3, "--length", 60)
    result = run(*words, "--state-at", f"21={storm}", "--state-at", "41=zero")
    stream = Sampler(loaded).stream(SamplingSettings(length=60, random_seed=3))
    for at in range(60):
        if at == 20:
            stream.set_state(HiddenState.load(storm))
        if at == 40:
            stream.set_state(HiddenState.zero(loaded.config))
        next(stream)
    assert (result.code, result.err, result.out) == (0, "", stream.text + "\n")
    file = tmp_path / "kept.json"
    assert run(*words, "--state-at", "41=zero", "--state-at", f"21={storm}", "--output", file).code == 0
    (record,) = load_export(file)
    assert [at for at, _ in record.state_changes] == [20, 40]
    assert state_fingerprint(record.state_changes[0][1]) == state_fingerprint(HiddenState.load(storm))
    again = run("sample", model, "--from-export", file)
    assert (again.code, again.err, again.out) == (0, "", result.out)


def test_several_samples_and_twins_change_too(run: Run, model: Path) -> None:
    words = ("sample", model, "--length", 40, "--state-at", "11=random:2")
    alone = [run(*words, "--seed", seed).out for seed in (4, 5)]
    assert alone[0] != run("sample", model, "--length", 40, "--seed", 4).out
    assert run(*words, "--seed", 4, "--count", 2).out == f"── seed 4 ──\n{alone[0]}\n── seed 5 ──\n{alone[1]}"
    steered = run(*words, "--seed", 4, "--steer", "1.1=0@30-", "--twin").out
    assert steered.endswith(f"without steering ──\n{alone[0]}")
    compared = run(*words, "--compare", "random-seed", 4, 5)
    assert alone[0] in compared.out and alone[1] in compared.out


def test_a_stop_text_before_it_leaves_it_out(run: Run, model: Path, tmp_path: Path) -> None:
    plain = run("sample", model, "--length", 40, "--seed", 4).out
    file = tmp_path / "kept.json"
    words = ("--state-at", "8=zero", "--stop", plain[4:7], "--output", file)
    assert run("sample", model, "--length", 40, "--seed", 4, *words).code == 0
    (record,) = load_export(file)
    assert (record.text, record.state_changes) == (plain[:7], ())


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--state-at", "zero"], "--state-at needs a character"),
        (["--state-at", "0=zero"], "--state-at needs a character"),
        (["--state-at", "²=zero"], "--state-at needs a character"),
        (["--state-at", "9="], "--state-at needs a character"),
        (["--state-at", "9=zero", "--state-at", "9=learned"], "names character 9 twice"),
        (["--state-at", "41=zero"], "lies beyond --length 40"),
        (["--state-at", "9=zero", "--beam", "3"], "beam search looks ahead"),
        (["--state-at", "9=zero", "--compare", "beam", "0", "3"], "beam search looks ahead"),
        (["--state-at", "9=nowhere.state"], "nowhere"),
        (["--state-at", "9=random:x"], "no number as its scale"),
        (["--state-at", "9=learned"], "learned no initial state"),
    ],
)
def test_what_cannot_be_is_one_sentence(run: Run, model: Path, words: list[str], sentence: str) -> None:
    result = run("sample", model, "--length", 40, *words)
    assert result.code == 2 and result.out == "" and sentence in result.err and result.err.count("\n") == 1


def test_states_of_other_sizes_exports_and_outputs(run: Run, model: Path, tmp_path: Path) -> None:
    other, kept = tmp_path / "other.safetensors", tmp_path / "kept.state"
    save_model(other, make_model(hidden=5))
    HiddenState.zero(load_model(other).config).save(kept)
    result = run("sample", model, "--state-at", f"9={kept}")
    assert result.code == 2 and "make the state again" in result.err
    result = run("sample", model, "--from-export", tmp_path / "x.json", "--state-at", "9=zero")
    assert result.code == 2 and "leave out --state-at" in result.err
    (tmp_path / "s.txt").write_bytes(kept.read_bytes())
    result = run("sample", other, "--state-at", f"9={tmp_path / 's.txt'}", "--output", tmp_path / "s.txt")
    assert result.code == 2 and "read by this command" in result.err
