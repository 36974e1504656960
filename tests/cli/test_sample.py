"""Writing: what reaches stdout, and what reproduces it."""

import json
import signal
from pathlib import Path

import pytest

from chargen.cli import writing
from chargen.model.model_file import load_model, save_model
from chargen.model.state import HiddenState
from chargen.sampling import engine as engine_module
from chargen.sampling import sampler as sampler_module
from chargen.sampling.batch import Batch
from chargen.sampling.export import export, load_export
from chargen.sampling.sample import Sample
from chargen.sampling.sampler import Sampler, Stream
from chargen.sampling.seeds import prime, state_fingerprint
from chargen.sampling.settings import SamplingSettings
from tests.cli.conftest import VERSE, Run, make_model


def test_stdout_is_prompt_and_text_and_one_newline(run: Run, model: Path) -> None:
    result = run("sample", model, "--prompt", "The moon", "--length", 50, "--seed", 3)
    expected = Sampler(load_model(model)).write(SamplingSettings(prompt="The moon", length=50, random_seed=3))
    assert (result.code, result.err) == (0, "")
    assert result.out == "The moon" + expected.text + "\n"


def test_the_same_seed_the_same_text_and_another_another(run: Run, model: Path) -> None:
    first, again, other = (run("sample", model, "--seed", seed).out for seed in (1, 1, 2))
    assert first == again != other


def test_a_drawn_seed_is_shown_and_repeats(run: Run, model: Path) -> None:
    drawn = run("sample", model, "--length", 80)
    seed = drawn.err.removeprefix("seed ").strip()
    assert run("sample", model, "--length", 80, "--seed", seed).out == drawn.out


def test_json_has_the_promised_keys_in_order(run: Run, model: Path) -> None:
    result = run("sample", model, "--json", "--seed", 4, "--length", 20, "--count", 2, "--temperature", "0.5")
    assert [list(event) for event in result.events] == [
        ["event", "text", "seed", "temperature", "model_fingerprint", "state_fingerprint"]
    ] * 2
    assert [event["seed"] for event in result.events] == [4, 5]
    loaded = load_model(model)
    assert result.events[0]["model_fingerprint"] == loaded.fingerprint
    assert result.events[0]["state_fingerprint"] == state_fingerprint(HiddenState.zero(loaded.config))
    shown = run("sample", model, "--seed", 4, "--length", 20, "--temperature", "0.5")
    assert result.events[0]["text"] + "\n" == shown.out


def test_several_samples_name_their_seeds(run: Run, model: Path) -> None:
    result = run("sample", model, "--seed", 4, "--length", 20, "--count", 2)
    one, two = (run("sample", model, "--seed", seed, "--length", 20).out for seed in (4, 5))
    assert result.out == f"── seed 4 ──\n{one}\n── seed 5 ──\n{two}"


needs_numba = pytest.mark.skipif(engine_module.compiler() is None, reason="Numba does not work here")


@needs_numba
def test_the_engine_is_chosen_told_and_taken_again(
    run: Run, model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sampler_module, "WORTH_COMPILING", 100)
    kinds = {}
    for engine, length in (("auto", 99), ("auto", 100), ("numpy", 100), ("compiled", 99), ("narrow", 99)):
        file = tmp_path / f"{engine}-{length}.json"
        chosen = [] if engine == "auto" else ["--engine", engine]
        assert run("sample", model, "--seed", 3, "--length", length, *chosen, "--output", file).code == 0
        record = load_export(file)[0]
        kinds[engine, length] = record.engine["kind"], record.engine["dtype"]
        again = run("sample", model, "--from-export", file)
        assert (again.out, again.err) == (record.document + "\n", "")
    assert list(kinds.values()) == [
        ("numpy-lookup", "float32"),
        ("numba-lookup", "float32"),
        ("numpy-lookup", "float32"),
        ("numba-lookup", "float32"),
        ("numba-lookup", "int16"),
    ]


def test_an_engine_that_cannot_be_had_is_one_sentence(
    run: Run, model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine_module, "compiler", lambda: None)
    result = run("sample", model, "--engine", "compiled", "--length", 5)
    assert (result.code, result.out) == (2, "")
    assert "--engine compiled needs Numba" in result.err and result.err.count("\n") == 1


@pytest.mark.parametrize("count", [1, 3])
def test_an_export_is_written_again_byte_for_byte(run: Run, model: Path, tmp_path: Path, count: int) -> None:
    file = tmp_path / "kept.json"
    words = ("sample", model, "--seed", 8, "--length", 60, "--prompt", "And", "--count", count, "--state", "random:0.7")
    assert run(*words, "--output", file).out == ""
    again = run("sample", model, "--from-export", file)
    assert again.code == 0 and again.out == run(*words).out
    events = run("sample", model, "--from-export", file, "--json").events
    assert [event["seed"] for event in events] == [*range(8, 8 + count)]


def in_parts(model: Path, file: Path) -> list[Sample]:
    """An export of a text that was gone on with twice, as the window writes it."""
    sampler, parts = Sampler(load_model(model)), []
    state, after = None, ""
    for temperature in (0.5, 1.0, 2.0):
        asked = SamplingSettings(prompt="And", length=40, temperature=temperature, random_seed=4)
        stream = sampler.stream(asked, state, after=after)
        assert len(list(stream)) == 40
        parts.append(stream.sample())
        state, after = stream.final_state, after + stream.text
    export(parts, file)
    return parts


def test_the_parts_of_a_text_are_shown_as_one_text(run: Run, model: Path, tmp_path: Path) -> None:
    file, whole = tmp_path / "parts.json", tmp_path / "whole.txt"
    parts = in_parts(model, file)
    again = run("sample", model, "--from-export", file)
    assert (again.code, again.out, again.err) == (0, f"{parts[-1].document}\n", "")
    assert run("sample", model, "--from-export", file, "--output", whole).code == 0
    assert whole.read_text() == parts[-1].document
    for at in (1, 40, 41, 97, 120):
        out = tmp_path / f"{at}.state"
        assert run("state", "capture", model, "--from-export", file, "--at", at, "--output", out).code == 0
        read = prime(load_model(model), parts[-1].document[: 3 + at])
        assert HiddenState.load(out).h.tobytes() == read.h.tobytes()
    refused = run("state", "capture", model, "--from-export", file, "--at", 121, "--output", tmp_path / "x.state")
    assert (refused.code, refused.out) == (2, "") and "The text has 120 characters" in refused.err


def test_a_signal_ends_writing_again(run: Run, model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "parts.json"
    in_parts(model, file)
    real = Stream.__next__

    def interrupted(stream: Stream) -> object:
        signal.raise_signal(signal.SIGINT)
        return real(stream)

    monkeypatch.setattr(Stream, "__next__", interrupted)
    result = run("sample", model, "--from-export", file)
    assert result.code == 130 and len(result.out) < 123


@pytest.mark.parametrize("suffix", [".txt", ".md", ".html", ".json", ".csv"])
def test_output_by_suffix(run: Run, model: Path, tmp_path: Path, suffix: str) -> None:
    file = tmp_path / f"kept{suffix}"
    result = run("sample", model, "--seed", 8, "--length", 30, "--output", file)
    assert (result.code, result.out, result.err) == (0, "", f"Wrote “{file}”.\n")
    assert file.stat().st_size >= 30


def test_the_prompt_may_come_from_a_file_or_standard_input(run: Run, model: Path, tmp_path: Path, typed) -> None:
    file = tmp_path / "prompt.txt"
    file.write_bytes(b"The moon\r\n")
    from_file = run("sample", model, "--prompt-file", file, "--seed", 1, "--length", 30)
    typed(b"The moon\n")
    from_input = run("sample", model, "--prompt-file", "-", "--seed", 1, "--length", 30)
    assert from_file.out == from_input.out
    assert from_file.out.startswith("The moon\n")


def test_stop_ends_the_text(run: Run, model: Path) -> None:
    out = run("sample", model, "--seed", 1, "--stop", "e", "--stop", "o", "--length", 5000).out
    assert out.endswith(("e\n", "o\n")) and len(out) < 5000


def test_unknown_characters_are_refused_dropped_or_replaced(run: Run, model: Path) -> None:
    refused = run("sample", model, "--prompt", "Théo", "--seed", 1)
    assert refused.code == 2 and refused.out == "" and "“é”" in refused.err and "--unknown drop" in refused.err
    for choice in ("drop", "replace"):
        result = run("sample", model, "--prompt", "Thé moon", "--unknown", choice, "--seed", 1, "--length", 5)
        assert result.code == 0 and "“é”" in result.err and result.err.count("\n") == 1


def test_seed_states(run: Run, tmp_path: Path) -> None:
    model = tmp_path / "m.safetensors"
    save_model(model, make_model("gru", layers=2, learned=True))
    words = ("sample", model, "--seed", 1, "--length", 200, "--json")
    events = {state: run(*words, "--state", state).events[0] for state in ("zero", "learned", "random", "random:3")}
    assert len({event["state_fingerprint"] for event in events.values()}) == 4
    assert events["zero"]["text"] != events["random"]["text"]
    assert run(*words).events[0] == events["learned"]
    assert run("state", "capture", model, "--text", "The moon", "--output", tmp_path / "s.state").code == 0
    primed = run("sample", model, "--state", tmp_path / "s.state", "--seed", 1, "--length", 40)
    assert "The moon" + primed.out == run("sample", model, "--prompt", "The moon", "--seed", 1, "--length", 40).out


def test_a_signal_keeps_what_was_written(
    run: Run, model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = writing.write_out

    def interrupted(*arguments, **keywords) -> None:
        signal.raise_signal(signal.SIGINT)
        real(*arguments, **keywords)

    monkeypatch.setattr(writing, "write_out", interrupted)
    file = tmp_path / "kept.json"
    result = run("sample", model, "--length", 100000, "--output", file, "--seed", 1)
    assert result.code == 130
    kept = json.loads(file.read_text())["samples"]
    assert len(kept) == 1 and len(kept[0]["text"]) == 1
    assert run("sample", model, "--from-export", file).code == 0


def test_a_signal_keeps_what_was_written_of_all_samples(
    run: Run, model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = Batch.advance

    def interrupted(batch: Batch) -> None:
        real(batch)
        signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(Batch, "advance", interrupted)
    file = tmp_path / "kept.json"
    result = run("sample", model, "--length", 100000, "--count", 5, "--output", file, "--seed", 1)
    assert result.code == 130
    kept = json.loads(file.read_text())["samples"]
    assert [len(sample["text"]) for sample in kept] == [64] * 5
    again = run("sample", model, "--from-export", file)
    assert (again.code, again.err) == (0, "")


def test_settings_by_name(run: Run, model: Path) -> None:
    listed = run("sample", "--list-settings")
    assert listed.out.startswith("Careful: --temperature 0.4 --min-p 0.05 --loop-breaker\n")
    saved = run("sample", "--settings", "careful", "--save-settings", "Mine", "--temperature", "0.3", "--ban", "k")
    assert (saved.code, saved.out, saved.err) == (0, "", "Saved as “Mine”.\n")
    assert run("sample", "--list-settings", "--json").events[-1] == {
        "event": "settings", "name": "Mine", "built_in": False,
        "temperature": 0.3, "min_p": 0.05, "loop_breaker": True, "ban": "k",
    }  # fmt: skip
    words = ("sample", model, "--seed", 3, "--length", 90)
    by_name = run(*words, "--settings", "mine", "--temperature", "1")
    by_flags = run(*words, "--temperature", "1", "--min-p", "0.05", "--loop-breaker", "--ban", "k")
    assert by_name.out == by_flags.out != run(*words).out
    assert "k" not in by_name.out
    renamed = run("sample", "--rename-settings", "mine", "Low tide")
    assert (renamed.code, renamed.out, renamed.err) == (0, "", "“mine” is now called “Low tide”.\n")
    assert run(*words, "--settings", "low tide", "--temperature", "1").out == by_name.out
    for flags, sentence in ((["--rename-settings", "mine", "x"], "no settings of yours saved as “mine”"),
                            (["--rename-settings", "Low tide", "Wild"], "comes with chargen"),
                            (["--delete-settings", "Careful"], "no settings of yours")):  # fmt: skip
        refused = run("sample", *flags)
        assert refused.code == 2 and sentence in refused.err and refused.err.count("\n") == 1
    assert run("sample", "--delete-settings", "Low tide").err == "“Low tide” is deleted.\n"
    assert "yours" not in run("sample", "--list-settings").out


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--ban", "xq"], "The model does not know what is to be banned: “x” and “q”; leave them out."),
        (["--ban", "".join(sorted(set(VERSE)))], "Every character that the model knows is banned"),
        (["--ban", "e", "--stop", "the"], "The stop text “the” can never occur: it holds a banned character."),
        (["--stop", "xq"], "can never occur: the model does not know all its characters."),
        (["--typical", "nan"], "Typical must be finite"),
        (["--typical", "inf"], "Typical must be finite"),
        (["--top-p=-1"], "Top p must be between 0 and 1"),
        (["--beam", "1.5"], "Beam search must be a whole number"),
        (["--beam", "256", "--length", "10000000"], "A beam search over 256 texts can write at most"),
        (["--temperature-curve", "0:nan"], "Temperature must be finite"),
        (["--temperature-curve", "0:1,0:2"], "must ascend"),
        (["--temperature-curve", ""], "is no point of a temperature curve"),
        (["--settings", "Bold"], "There are no saved settings “Bold”"),
        (["--save-settings", "Wild"], "“Wild” comes with chargen"),
    ],
)
@pytest.mark.parametrize("count", [1, 2])
def test_rules_that_cannot_be_are_one_sentence(
    run: Run, model: Path, words: list[str], sentence: str, count: int
) -> None:
    result = run("sample", model, "--count", count, *words)
    assert (result.code, result.out) == (2, "")
    assert sentence in result.err and result.err.count("\n") == 1


def test_without_a_model_there_is_nothing_to_write_with(run: Run) -> None:
    result = run("sample", "--temperature", "1")
    assert (result.code, result.err) == (2, "chargen sample needs MODEL; see chargen sample --help.\n")


def test_every_rule_comes_back_from_an_export(run: Run, model: Path, tmp_path: Path) -> None:
    file = tmp_path / "kept.json"
    rules = ["--typical", "0.9", "--ban", "k", "--loop-breaker", "--temperature-curve", "0%:0.2,100%:1.4"]
    for more in (["--count", "4"], ["--beam", "3"]):
        words = ["sample", model, "--seed", 8, "--length", 120, *rules, *more]
        told = run(*words, "--output", file).err
        assert told.endswith(f"Wrote “{file}”.\n")
        again = run("sample", model, "--from-export", file)
        assert (again.code, again.err) == (0, "") and again.out == run(*words).out
        kept = json.loads(file.read_text())["samples"][0]["settings"]
        assert (kept["typical"], kept["ban"], kept["loop_breaker"]) == (0.9, "k", True)


def test_several_start_from_states_of_their_own(run: Run, model: Path) -> None:
    words = ("sample", model, "--length", 40, "--state", "random:2", "--json")
    together = run(*words, "--seed", 4, "--count", 3).events
    alone = [run(*words, "--seed", seed).events[0] for seed in (4, 5, 6)]
    assert together == alone
    assert len({event["state_fingerprint"] for event in together}) == 3


def test_a_terminal_is_not_commanded_by_a_model(run: Run, model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from chargen.cli import output

    monkeypatch.setattr(output, "is_terminal", lambda stream=None: True)
    assert output.visible("\x1b[2J") == "␛[2J"
