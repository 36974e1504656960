"""Bad input of every kind: one clear sentence on stderr, exit code 2, nothing lost."""

import json
import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load, save

from chargen.model.model_file import METADATA_KEY
from chargen.model.state import HiddenState
from chargen.safetensors_header import read_metadata
from tests.cli.conftest import VERSE, Run, make_model, without_rights


@dataclass
class Place:
    """Where a bad thing is made."""

    folder: Path
    model: Path
    text: Path

    def file(self, name: str, data: bytes) -> Path:
        path = self.folder / name
        path.write_bytes(data)
        return path

    def changed_model(self, **changes: object) -> Path:
        """The model with another description."""
        data = self.model.read_bytes()
        header = json.loads(read_metadata(data)[METADATA_KEY]) | changes
        return self.file("changed.safetensors", save(load(data), {METADATA_KEY: json.dumps(header)}))

    def state(self, cell: str = "lstm", hidden: int = 99) -> Path:
        path = self.folder / "other.state"
        HiddenState.zero(make_model(cell, hidden=hidden).config).save(path)
        return path


@pytest.fixture
def place(tmp_path: Path, model: Path, text: Path) -> Place:
    return Place(tmp_path, model, text)


Case = Callable[[Place], list[object]]


def _reshaped(place: Place) -> Path:
    data = place.model.read_bytes()
    tensors = load(data)
    tensors["head.bias"] = np.zeros(3, np.float32)
    return place.file("reshaped.safetensors", save(tensors, read_metadata(data)))


def _not_finite(place: Place) -> Path:
    data = place.model.read_bytes()
    tensors = {name: np.array(tensor) for name, tensor in load(data).items()}
    tensors["head.bias"][0] = np.nan
    return place.file("nan.safetensors", save(tensors, read_metadata(data)))


def _empty_folder(place: Place) -> Path:
    (place.folder / "empty").mkdir()
    return place.folder / "empty"


def _textless_folder(place: Place) -> Path:
    folder = _empty_folder(place)
    (folder / "picture.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(100))
    return folder


MODELS: dict[str, tuple[Case, str]] = {
    "no such model": (lambda p: ["sample", p.folder / "nothing"], "There is no model"),
    "empty run": (lambda p: ["sample", _empty_folder(p)], "holds no model"),
    "text as model": (lambda p: ["sample", p.text], "not a model file"),
    "empty model": (lambda p: ["sample", p.file("m", b"")], "not a model file"),
    "truncated model": (lambda p: ["sample", p.file("m", p.model.read_bytes()[:-100])], "cut short"),
    "truncated header": (lambda p: ["sample", p.file("m", p.model.read_bytes()[:50])], "cut short"),
    "foreign tensors": (lambda p: ["sample", p.file("m", save({"a": np.ones(3)}))], "not a chargen model"),
    "newer model": (lambda p: ["sample", p.changed_model(format=99)], "newer chargen"),
    "changed model": (
        lambda p: ["sample", p.changed_model(vocabulary=sorted(set(VERSE), reverse=True))],
        "fingerprint",
    ),
    "other shapes": (lambda p: ["sample", _reshaped(p)], "head.bias"),
    "not finite": (lambda p: ["sample", _not_finite(p)], "not finite"),
    "state as model": (lambda p: ["sample", p.state()], "not a chargen model"),
    "model as state": (lambda p: ["sample", p.model, "--state", p.model], "not a chargen state"),
    "state of other size": (lambda p: ["sample", p.model, "--state", p.state()], "1×99 LSTM"),
    "state of other cell": (lambda p: ["sample", p.model, "--state", p.state("gru", 12)], "1×12 GRU"),
    "no such state": (lambda p: ["sample", p.model, "--state", "zeros"], "There is no state “zeros”"),
    "no scale": (lambda p: ["sample", p.model, "--state", "random:loud"], "random:loud"),
    "negative scale": (lambda p: ["sample", p.model, "--state", "random:-1"], "scale"),
    "infinite scale": (lambda p: ["sample", p.model, "--state", "random:inf"], "scale"),
    "nothing learned": (lambda p: ["sample", p.model, "--state", "learned"], "no initial state"),
    "no such export": (lambda p: ["sample", p.model, "--from-export", p.folder / "x.json"], "does not exist"),
    "export of something else": (
        lambda p: ["sample", p.model, "--from-export", p.file("x.json", b"[1]")],
        "not a chargen export",
    ),
    "export with settings": (lambda p: ["sample", p.model, "--from-export", "x.json", "--seed", 1], "leave out --seed"),
    "no such prompt file": (lambda p: ["sample", p.model, "--prompt-file", p.folder / "x"], "no file"),
    "empty stop": (lambda p: ["sample", p.model, "--stop", ""], "stop text"),
    "impossible stop": (lambda p: ["sample", p.model, "--stop", "€"], "can never occur"),
    "output without ending": (lambda p: ["sample", p.model, "--output", p.folder / "x"], "has no ending"),
    "output of no kind": (lambda p: ["sample", p.model, "--output", p.folder / "x.doc"], ".csv"),
    "output in no folder": (lambda p: ["sample", p.model, "--output", p.folder / "no" / "x.txt"], "no folder"),
    "output over input": (
        lambda p: ["sample", p.model, "--prompt-file", p.text, "--output", p.text],
        "read by this command",
    ),
    "output is a folder": (lambda p: ["state", "capture", p.model, "--text", "a", "--output", p.folder], "is a folder"),
    "too many seeds": (lambda p: ["sample", p.model, "--seed", 2**53 - 1, "--count", 2], "largest seed"),
    "show a text": (lambda p: ["state", "show", p.text], "not a chargen state"),
    "show nothing": (lambda p: ["state", "show", p.folder / "x.state"], "no file is there"),
    "show a folder": (lambda p: ["state", "show", p.folder], "is a folder"),
    "capture nothing": (
        lambda p: ["state", "capture", p.model, "--text", "", "--output", p.folder / "s.state"],
        "no character",
    ),
    "capture the unknown": (
        lambda p: ["state", "capture", p.model, "--text", "€", "--output", p.folder / "s.state"],
        "--unknown drop",
    ),
    "inspect nothing": (lambda p: ["inspect", p.folder / "x"], "no file or folder"),
    "inspect a damaged state": (lambda p: ["inspect", p.file("x.state", p.state().read_bytes()[:-9])], "damaged"),
    "inspect a folder without text": (lambda p: ["inspect", _textless_folder(p)], "holds no text"),
    "score nothing": (lambda p: ["score", p.model, p.folder / "x"], "no file"),
    "score one character": (lambda p: ["score", p.model, p.file("x", b"a")], "two characters"),
    "window of zero": (lambda p: ["score", p.model, p.text, "--window", 0], "Window must be"),
}

SETTINGS = {
    "nan": ("--temperature", "nan", "finite"),
    "infinite": ("--temperature", "inf", "finite"),
    "negative": ("--temperature=-1", None, "between 0 and 10"),
    "too large": ("--temperature", "11", "between 0 and 10"),
    "a word": ("--temperature", "warm", "a number"),
    "no number": ("--length", "", "a whole number"),
    "a fraction": ("--length", "1.5", "a whole number"),
    "zero": ("--length", "0", "between 1"),
    "hundreds of digits": ("--length", "9" * 400, "Length"),
    "thousands of digits": ("--seed", "9" * 9000, "Random seed"),
    "top-p": ("--top-p", "1.01", "between 0 and 1"),
    "choice": ("--unknown", "guess", "refuse, drop, replace"),
    "count": ("--count", "-3", "between 1 and"),
}

TRAINING = {
    "nan rate": ("--learning-rate", "nan", "finite"),
    "infinite minutes": ("--minutes", "inf", "finite"),
    "no minutes": ("--minutes", "0", "Minutes must be"),
    "layers": ("--layers", "9", "between 1 and 8"),
    "hidden": ("--hidden", "0", "Hidden units must be"),
    "cell": ("--cell", "transformer", "lstm, gru, rnn"),
    "validation": ("--validation", "0.9", "between 0 and 0.5"),
    "dropout": ("--dropout", "1", "between 0 and 0.95"),
}

TEXTS: dict[str, tuple[Case, str]] = {
    "no such text": (lambda p: ["train", p.folder / "nothing.txt"], "nothing.txt"),
    "empty": (lambda p: ["train", p.file("empty.txt", b"")], "empty"),
    "tiny": (lambda p: ["train", p.file("tiny.txt", b"too short")], "at least 200"),
    "one character": (lambda p: ["train", p.file("one.txt", b"a" * 1000)], "one character only"),
    "binary": (lambda p: ["train", p.file("x.png", b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 20)], "--as-text"),
    "zeros": (lambda p: ["train", p.file("x.txt", b"abc\0def" * 100)], "--as-text"),
    "undecodable": (
        lambda p: ["train", p.file("x.txt", "naïve\n".encode("cp1252") * 99), "--encoding", "utf-8"],
        "--encoding",
    ),
    "half characters": (lambda p: ["train", p.file("x.txt", b"abc \xed\xa0\x80 def\n" * 99)], "half a character"),
    "no such encoding": (lambda p: ["train", p.text, "--encoding", "klingon"], "klingon"),
    "empty folder": (lambda p: ["train", _empty_folder(p)], "holds no text"),
    "folder without text": (lambda p: ["train", _textless_folder(p)], "holds no text"),
    "two budgets": (lambda p: ["train", p.text, "--minutes", 1, "--steps", 3], "exactly one budget"),
    "resume nothing": (lambda p: ["train", "--resume"], "--run FOLDER --resume"),
    "resume what is no run": (lambda p: ["train", "--run", p.folder, "--resume"], "not a run"),
    "run is a file": (lambda p: ["train", p.text, "--run", p.text], "exists already"),
    "run in a file": (lambda p: ["train", p.text, "--run", p.text / "run", "--steps", 1], "folder"),
    "from a text": (lambda p: ["train", p.text, "--from", p.text], "not a model file"),
    "no such device": (lambda p: ["train", p.text, "--device", "xpu", "--steps", 1], "xpu"),
    "too large for any memory": (
        lambda p: ["train", p.text, "--hidden", 8192, "--layers", 2, "--streams", 65536, "--unroll", 8192],
        "GiB",
    ),
}


def refused(run: Run, words: list[object], phrase: str) -> None:
    result = run(*words)
    assert result.code == 2, result
    assert result.out == ""
    assert result.err.count("\n") == 1 and phrase in result.err, result.err
    assert len(result.err) < 700 and "Traceback" not in result.err


@pytest.mark.parametrize("name", MODELS)
def test_models_states_and_outputs(run: Run, place: Place, name: str) -> None:
    case, phrase = MODELS[name]
    before = place.model.read_bytes(), place.text.read_bytes()
    refused(run, case(place), phrase)
    assert (place.model.read_bytes(), place.text.read_bytes()) == before


@pytest.mark.parametrize("name", SETTINGS)
def test_settings_of_a_sample(run: Run, place: Place, name: str) -> None:
    flag, value, phrase = SETTINGS[name]
    refused(run, ["sample", place.model, flag, *([] if value is None else [value])], phrase)


@pytest.mark.parametrize("name", TRAINING)
def test_settings_of_a_training(run: Run, place: Place, name: str) -> None:
    flag, value, phrase = TRAINING[name]
    refused(run, ["train", place.text, "--run", place.folder / "run", flag, value], phrase)
    assert not (place.folder / "run").exists()


@pytest.mark.parametrize("name", TEXTS)
def test_texts_and_runs(run: Run, place: Place, name: str, chargen_home: Path) -> None:
    case, phrase = TEXTS[name]
    refused(run, case(place), phrase)
    runs = chargen_home / "runs"
    assert not runs.exists() or not any(runs.iterdir()), "a refused training left a run behind"


# -- closed places ----------------------------------------------------------------------------

closed = pytest.mark.skipif(os.name == "nt", reason="file modes of POSIX")


@closed
def test_what_cannot_be_read(run: Run, place: Place) -> None:
    secret = place.file("secret.txt", VERSE.encode() * 9)
    model = place.folder / "secret.safetensors"
    shutil.copy(place.model, model)
    open_model = place.folder / "open.safetensors"
    shutil.copy(place.model, open_model)
    secret.chmod(0o000)
    model.chmod(0o000)
    for words in (
        ["inspect", secret],
        ["sample", model],
        ["score", open_model, secret],
        ["train", secret],
        ["sample", open_model, "--prompt-file", secret],
    ):
        with _open_way(place.folder), without_rights():
            refused(run, words, "permission")


@closed
def test_what_cannot_be_written(run: Run, place: Place) -> None:
    locked = place.folder / "locked"
    locked.mkdir()
    locked.chmod(0o555)
    model = Path(shutil.copy(place.model, place.folder / "open.safetensors"))
    for words in (
        ["sample", model, "--seed", 1, "--output", locked / "x.txt"],
        ["state", "capture", model, "--text", "The", "--output", locked / "x.state"],
        ["corpora", "--fetch", "python-help", "--output", locked / "x.txt"],
        ["train", place.text, "--run", locked / "run", "--steps", 1],
    ):
        with _open_way(place.folder), without_rights():
            refused(run, words, "permission")


class _open_way:  # noqa: N801
    """Let another user through pytest's folders, which are closed to others."""

    def __init__(self, folder: Path) -> None:
        self._folders = (folder, *folder.parents[:2])

    def __enter__(self) -> None:
        self._modes = [each.stat().st_mode for each in self._folders]
        for each, mode in zip(self._folders, self._modes, strict=True):
            each.chmod(mode | 0o055)

    def __exit__(self, *_: object) -> None:
        for each, mode in zip(self._folders, self._modes, strict=True):
            each.chmod(mode)
