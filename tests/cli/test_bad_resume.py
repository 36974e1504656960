"""Runs that cannot be continued and budgets that are none: one sentence, exit code 2, not a byte of the run changed."""

import json
import math
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load, save

from chargen.corpus.corpus import load_encoded, save_encoded
from chargen.files import previous_of
from chargen.model.runs import RunFolder
from chargen.safetensors_header import read_metadata
from tests.cli.conftest import VERSE, Run

SMALL = ("--hidden", 12, "--layers", 1, "--streams", 2, "--unroll", 16, "--threads", 1, "--precision", "float32")
OTHER = VERSE.swapcase() * 40  # as many characters, as many symbols, another text


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two finished runs of the same size: ``run`` learned VERSE, ``other`` another text."""
    from chargen.cli.main import main

    place = tmp_path_factory.mktemp("trained")
    (place / "verse.txt").write_text(VERSE * 40)
    (place / "other.txt").write_text(OTHER)
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("CHARGEN_HOME", str(place / "home"))
        for text, run in (("verse", "run"), ("other", "other")):
            words = ["train", place / f"{text}.txt", "--run", place / run, "--steps", 3, "--json", *SMALL]
            assert main([str(word) for word in words]) == 0
    return place


@pytest.fixture
def place(trained: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(trained, tmp_path / "place"))


def _copy(file: str) -> Callable[[Path], None]:
    return lambda place: shutil.copy(place / "other" / file, place / "run" / file) and None


def _changed_resume(change: Callable[[dict[str, np.ndarray]], object], **told: object) -> Callable[[Path], None]:
    """Change the only resume point, tensors and numbers."""

    def damage(place: Path) -> None:
        path = place / "run" / "resume.safetensors"
        previous_of(path).unlink()
        data = path.read_bytes()
        tensors = {name: np.array(tensor) for name, tensor in load(data).items()}
        change(tensors)
        header = json.loads(read_metadata(data)["chargen_resume"])
        header["progress"] |= told
        path.write_bytes(save(tensors, {"chargen_resume": json.dumps(header)}))

    return damage


def _reshape(kind: str, shape: tuple[int, ...] | None = None) -> Callable[[Path], None]:
    def change(tensors: dict[str, np.ndarray]) -> None:
        for name in tensors:
            if name.startswith(kind):
                tensors[name] = np.zeros(shape or (*tensors[name].shape, 1), np.float32)

    return _changed_resume(change)


def _drop(kind: str) -> Callable[[Path], None]:
    return _changed_resume(lambda tensors: [tensors.pop(name) for name in list(tensors) if name.startswith(kind)])


def _nothing(_: object) -> None:
    return None


def _flip(place: Path) -> None:
    path = place / "run" / "corpus.safetensors"
    data = bytearray(path.read_bytes())
    data[-50] = 0 if data[-50] else 1
    path.write_bytes(data)


def _other_order(place: Path) -> None:
    """The same text by another vocabulary."""
    corpus = load_encoded(place / "run" / "corpus.safetensors")
    save_encoded(place / "run" / "corpus.safetensors", corpus.with_vocabulary(corpus.vocabulary.characters[::-1]))


def _more_characters(place: Path) -> None:
    corpus = load_encoded(place / "run" / "corpus.safetensors")
    save_encoded(
        place / "run" / "corpus.safetensors", corpus.with_vocabulary((*corpus.vocabulary.characters, "€"))
    )


def _description(**changes: object) -> Callable[[Path], None]:
    def change(place: Path) -> None:
        path = place / "run" / "run.json"
        path.write_text(json.dumps(json.loads(path.read_text()) | changes))

    return change


def _tear(place: Path) -> None:
    for path in (place / "run").glob("resume.safetensors*"):
        path.write_bytes(path.read_bytes()[:-10])


def _remove(place: Path) -> None:
    for path in (place / "run").glob("resume.safetensors*"):
        path.unlink()


RUNS: dict[str, tuple[Callable[[Path], None], str]] = {
    "corpus of another run": (_copy("corpus.safetensors"), "is not the text that this run learned"),
    "resume point of another run": (_copy("resume.safetensors"), "belongs to a run of another text"),
    "changed corpus": (_flip, "is damaged; start a new run from the text itself"),
    "vocabulary in another order": (_other_order, "belongs to a run of another text"),
    "larger vocabulary": (_more_characters, "belongs to a run of another text"),
    "no corpus": (lambda place: (place / "run" / "corpus.safetensors").unlink(), "corpus.safetensors"),
    "torn resume points": (_tear, "nothing to continue from"),
    "no resume point": (_remove, "nothing to continue from"),
    "parameters of another size": (_reshape("parameter.head.bias", (1,)), "does not fit it (“parameter.head.bias”)"),
    "first moments of another size": (_reshape("first.head.bias", (7,)), "does not fit it (“first.head.bias”)"),
    "second moments that broadcast": (_reshape("second.embedding.weight", (1, 1)), "does not fit it"),
    "averages of another size": (_reshape("average.head.bias", (1,)), "does not fit it (“average.head.bias”)"),
    "an average too few": (_drop("average.head.bias"), "does not fit it (“average.head.bias”)"),
    "no second moments": (_drop("second."), "does not fit it"),
    "no carried state": (_drop("state."), "does not fit it (“state.0”)"),
    "carried state of another size": (_reshape("state.0"), "does not fit it (“state.0”)"),
    "momenta of more than there is": (
        _changed_resume(lambda tensors: tensors.update({"first.x": np.zeros(3, np.float32)})), "does not fit it"
    ),
    "numbers of another type": (
        _changed_resume(lambda tensors: tensors.update({k: v.astype("f8") for k, v in tensors.items()})),
        "does not fit it",
    ),
    "numbers that are none": (
        _changed_resume(lambda tensors: tensors["first.head.bias"].fill(np.nan)), "nothing to continue from"
    ),
    "a negative step": (_changed_resume(_nothing, step=-1), "nothing to continue from"),
    "a step in words": (_changed_resume(_nothing, step="three"), "nothing to continue from"),
    "no clock": (_changed_resume(_nothing, spent=None), "nothing to continue from"),
    "a good point after the end": (
        _changed_resume(_nothing, good={"step": 9, "updates": 9, "loss": None, "since": []}), "nothing to continue from"
    ),
    "description of another size": (
        _description(model={"cell": "lstm", "layers": 1, "hidden": 12, "embedding": 16, "vocabulary_size": 500}),
        "is not the text that this run learned",
    ),
    "description without a network": (_description(model=[]), "damaged"),
    "description of a strange training": (_description(training={"steps": -3}), "Steps must be"),
}  # fmt: skip


def contents(place: Path) -> dict[str, bytes]:
    files = [path for path in place.rglob("*") if path.is_file() and path.name != "lock" and "home" not in path.parts]
    return {str(path.relative_to(place)): path.read_bytes() for path in files}


def refused(run: Run, place: Path, words: list[object], phrase: str) -> None:
    before = contents(place)
    result = run("train", *words)
    assert result.code == 2, result
    assert result.out == "" and result.err.count("\n") == 1 and phrase in result.err, result.err
    assert len(result.err) < 700 and "Traceback" not in result.err
    assert contents(place) == before


@pytest.mark.parametrize("name", RUNS)
def test_runs_that_cannot_be_continued(run: Run, place: Path, name: str) -> None:
    damage, phrase = RUNS[name]
    damage(place)
    refused(run, place, ["--run", place / "run", "--resume", "--steps", 9], phrase)


@pytest.mark.parametrize(
    ("words", "phrase"),
    [
        (["--streams", 3], "keeps its streams"),
        (["--hidden", 13], "hidden 12"),
        (["--steps", 2], "has made 3 steps already"),
        (["--epochs", 0.001], "already"),
        (["--device", "xpu"], "--device auto"),
    ],
)
def test_what_a_continued_run_cannot_change(run: Run, place: Path, words: list[object], phrase: str) -> None:
    refused(run, place, ["--run", place / "run", "--resume", *words], phrase)


def test_another_text(run: Run, place: Path) -> None:
    words = ["--run", place / "run", "--resume", "--steps", 9]
    refused(run, place, [place / "other.txt", *words], "learned another text")
    (place / "verse.txt").write_text(VERSE * 41)
    refused(run, place, [place / "verse.txt", *words], "learned another text")


def test_a_run_that_another_process_trains(run: Run, place: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from chargen.model.runs import RunFolder\n"
        "lock = RunFolder(Path(sys.argv[1])).lock(); print('held', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, place / "run"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout is not None and other.stdout.readline() == "held\n"
        (place / "run" / ".chargen-0123456789abcdef.part").write_bytes(b"what the other one is writing")
        refused(run, place, ["--run", place / "run", "--resume", "--steps", 9], "being trained by another process")
        refused(run, place, [place / "verse.txt", "--run", place / "run"], "exists already")
        other.communicate()
    assert run("train", "--run", place / "run", "--resume", "--steps", 4, "--json").code == 0
    assert not list((place / "run").glob("*.part"))


BUDGETS = {
    "minutes": (0, -1, 0.001, "nan", "inf", "-inf", 44641, "1e99", "soon", ""),
    "steps": (0, -1, 1.5, "nan", "inf", 10**10, "9" * 5000),
    "epochs": (0, -1, "nan", "inf", 1e7),
}


@pytest.mark.parametrize(("name", "value"), [(name, value) for name in BUDGETS for value in BUDGETS[name]])
def test_budgets_that_are_none(run: Run, place: Path, name: str, value: object) -> None:
    budget = f"--{name}={value}"
    refused(run, place, ["--run", place / "run", "--resume", budget], name.title())
    refused(run, place, [place / "verse.txt", "--run", place / "new", budget], name.title())


def test_a_month_is_the_longest(run: Run, place: Path) -> None:
    assert math.isclose(31 * 24 * 60, 44640)
    refused(run, place, ["--run", place / "run", "--resume", "--minutes", 44640.1], "between 0.01 and 44,640")


def test_a_lock_that_was_left_is_no_obstacle(run: Run, place: Path) -> None:
    """The file stays behind when a process is killed; the lock does not."""
    assert (place / "run" / "lock").exists() or (place / "run" / "lock").touch() is None
    RunFolder(place / "run").lock().release()
    assert run("train", "--run", place / "run", "--resume", "--steps", 4, "--json").code == 0
