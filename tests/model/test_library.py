"""The runs at hand: what is read of them, naming, sharing, deleting; damage is listed, never raised."""

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chargen.errors import ModelFileError, RunError
from chargen.files import write_json
from chargen.model import library
from chargen.model.library import delete_run, list_runs, name_run, read_card, read_curve, share_model
from chargen.model.model_file import Model, load_model, save_model
from chargen.model.runs import RunFolder
from tests.model.helpers import random_model, small_config

STARTED = {"event": "started", "step": 0}
PROGRESS = {"event": "progress", "step": 40, "seconds": 12.5, "train_loss": 2.0}
VALIDATED = {"event": "validated", "step": 40, "seconds": 12.5, "loss": 1.75, "best": True}
FINISHED = {"event": "finished", "reason": "budget", "step": 90, "seconds": 60.0, "loss": 1.5}


def make_run(
    runs: Path, name: str = "one", *log: dict[str, Any], created: str = "2026-03-04T05:06:07", **changes: Any
) -> Path:
    folder = runs / name
    folder.mkdir(parents=True)
    model = {"cell": "gru", "layers": 2, "hidden": 64, "vocabulary_size": 18}
    values = {
        "created": created, "text": "play.txt", "corpus": {"sha256": "ab"}, "model": model,
        "training": {"minutes": 1.0}, **changes,
    }  # fmt: skip
    write_json(folder / "run.json", values)
    (folder / "events.jsonl").write_text("".join(json.dumps(event) + "\n" for event in log), encoding="utf-8")
    for file in ("resume.safetensors", "corpus.safetensors"):
        (folder / file).write_bytes(b"")
    save_model(folder / "model.safetensors", random_model(small_config()))
    return folder


def test_a_finished_run(tmp_path: Path) -> None:
    card = read_card(make_run(tmp_path, "one", STARTED, PROGRESS, VALIDATED, FINISHED))
    assert (card.name, card.text, card.text_sha256, card.state) == ("play.txt", "play.txt", "ab", "finished")
    assert (card.cell, card.layers, card.hidden, card.created) == ("gru", 2, 64, datetime(2026, 3, 4, 5, 6, 7))
    assert (card.steps, card.seconds, card.loss) == (90, 60.0, 1.5)
    assert card.can_continue and card.has_model and card.timed and not card.problem


@pytest.mark.parametrize(
    "log",
    [
        (STARTED, VALIDATED, PROGRESS),
        (STARTED, FINISHED, {"event": "started", "step": 90}, VALIDATED, PROGRESS),
        (STARTED, VALIDATED, {**FINISHED, "reason": "stopped", "step": 40, "seconds": 12.5, "loss": 1.75}),
    ],
)
def test_an_interrupted_run(tmp_path: Path, log: tuple[dict[str, Any], ...]) -> None:
    card = read_card(make_run(tmp_path, "one", *log))
    assert (card.state, card.steps, card.seconds, card.loss) == ("interrupted", 40, 12.5, 1.75)
    assert card.can_continue


def test_a_long_log_is_read_at_its_end_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = make_run(tmp_path, "one", VALIDATED, *[PROGRESS] * 3000)
    model = random_model(small_config())
    measured = Model(model.config, model.vocabulary, model.tensors, {"validation_loss": 1.25})
    save_model(folder / "model.safetensors", measured)

    def whole(*_: Any) -> None:
        raise AssertionError("a whole model was read")

    monkeypatch.setattr(library, "model_from_bytes", whole)
    assert read_card(folder).loss == 1.25  # told by the head of the model file


def test_newest_first_and_nothing_else(tmp_path: Path) -> None:
    make_run(tmp_path, "b", created="2026-01-01T00:00:00+0000")
    make_run(tmp_path, "a", created="2026-01-03T00:00:00")
    make_run(tmp_path, "c", created="2025-01-02T00:00:00+0200")
    (tmp_path / ".hidden").mkdir()
    (tmp_path / "a file").write_text("")
    assert [card.folder.name for card in list_runs(tmp_path)] == ["a", "b", "c"]
    assert list_runs(tmp_path / "nowhere") == []


def test_a_run_in_use(tmp_path: Path) -> None:
    folder = make_run(tmp_path, "one", STARTED, PROGRESS)
    lock = RunFolder(folder).lock()
    try:
        card = read_card(folder)
        assert (card.state, card.can_continue) == ("in use", False)
        with pytest.raises(RunError, match="stop that first"):
            delete_run(folder, lambda _path: pytest.fail("it was deleted"))
    finally:
        lock.release()
    assert read_card(folder).state == "interrupted"


@pytest.mark.parametrize(
    "content",
    [
        b"", b"{", b"[]", b"null", b'{"model": 3}', b'{"model": {}, "training": {}}', b"\xff\xfe", b"[" * 100_000,
        b'{"model": {"cell": "lstm"}, "training": []}', b" " * (2**20 + 1),
    ],
)  # fmt: skip
def test_damage_is_listed(tmp_path: Path, content: bytes) -> None:
    folder = make_run(tmp_path)
    (folder / "run.json").write_bytes(content)
    (card,) = list_runs(tmp_path)
    assert (card.state, card.name, card.can_continue, card.has_model) == ("damaged", "one", False, True)
    assert card.problem.endswith(".")


def test_a_folder_that_never_began(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (card,) = list_runs(tmp_path)
    assert (card.state, card.problem) == ("damaged", "It ended before its training began.")


@pytest.mark.parametrize("value", ["1", None, True, -1, 10**400, 1e300, [], {}])
def test_foreign_values_are_taken_for_unknown(tmp_path: Path, value: Any) -> None:
    folder = make_run(
        tmp_path, "one", {**PROGRESS, "step": value, "seconds": value}, {**VALIDATED, "loss": value},
        created=value, text=value, corpus=value, model={"cell": "lstm", "layers": value, "hidden": value},
    )  # fmt: skip
    card = read_card(folder)
    assert card.state == "interrupted"
    assert (card.steps, card.layers, card.hidden) == (0, 0, 0)


def test_the_curve_ends_where_the_run_goes_on(tmp_path: Path) -> None:
    progress = [{**PROGRESS, "step": step, "train_loss": 3.0 - step / 100} for step in (10, 20, 30, 40, 50)]
    again = [{"event": "started", "step": 20}, {**PROGRESS, "step": 25, "train_loss": 1.5}, {"event": "progress"}]
    folder = make_run(tmp_path, "one", STARTED, *progress, VALIDATED, *again, {**VALIDATED, "step": 28})
    curve = read_curve(folder)
    assert curve.steps.tolist() == [10, 20, 25]
    assert curve.losses.tolist() == pytest.approx([2.9, 2.8, 1.5])
    assert curve.validations == ((28, 1.75),)
    model = random_model(small_config())
    save_model(folder / "latest.safetensors", Model(model.config, model.vocabulary, model.tensors, {"step": 20}))
    assert read_curve(folder).steps.tolist() == [10, 20]


def test_the_curve_tells_where_each_report_stands(tmp_path: Path) -> None:
    def report(step: int, seconds: float, *norms: Any) -> dict[str, Any]:
        return {
            "event": "progress", "step": step, "seconds": seconds, "train_loss": 2.0, "characters": 100 * step,
            "epoch": step / 10, "layer_gradient_norms": list(norms),
        }  # fmt: skip

    old = {**PROGRESS, "step": 5}  # of a version that kept neither norms nor characters
    again = [{"event": "started", "step": 20}, report(30, 2.0, 3.0, 4.0)]
    folder = make_run(tmp_path, "one", STARTED, old, report(20, 20.0, 1.0, 2.0), report(25, 25.0, 9.0, 9.0), *again)
    with (folder / "events.jsonl").open("ab") as log:
        log.write(b'{"event": "progress", "step": 31, "train_lo\n[]\n')
        log.write(json.dumps(report(40, 9.0, "much", None)).encode() + b"\n")
    curve = read_curve(folder)
    assert curve.steps.tolist() == [5, 20, 30, 40]
    assert curve.characters.tolist()[1:] == [2000, 3000, 4000]
    assert curve.epochs.tolist()[1:] == [2.0, 3.0, 4.0]
    assert curve.seconds.tolist() == [12.5, 20.0, 22.0, 29.0]  # of both sessions; what was lost is not counted
    assert curve.norms.tolist()[1:3] == [[1.0, 2.0], [3.0, 4.0]]
    assert np.isnan(curve.norms[[0, 3]]).all() and np.isnan(curve.characters[0])
    assert curve.damaged == 2


@given(st.binary(max_size=400) | st.lists(st.text(max_size=40), max_size=8).map(lambda x: json.dumps(x).encode()))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)
def test_no_log_is_too_damaged_to_be_read(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "events.jsonl").write_bytes(content)
    curve = read_curve(tmp_path)
    assert curve.steps.shape == curve.losses.shape == (0,) and curve.norms.shape == (0, 0)
    assert read_curve(tmp_path / "nowhere").damaged == 0


def test_the_time_of_all_sessions_counts(tmp_path: Path) -> None:
    folder = make_run(tmp_path, "one", STARTED, PROGRESS, FINISHED)
    model = random_model(small_config())
    whole = Model(model.config, model.vocabulary, model.tensors, {"step": 90, "seconds": 180.5})
    save_model(folder / "latest.safetensors", whole)
    assert read_card(folder).seconds == 180.5


def test_a_curve_of_nothing(tmp_path: Path) -> None:
    assert read_curve(tmp_path / "nowhere").steps.size == 0


def test_a_name_and_a_note(tmp_path: Path) -> None:
    folder = make_run(tmp_path)
    name_run(folder, "  The\nharbour ", " for Anna\nand Ben ")
    card = read_card(folder)
    assert (card.name, card.note, card.text) == ("The harbour", "for Anna\nand Ben", "play.txt")
    assert card.folder == folder and folder.is_dir()
    name_run(folder, "", "")
    assert (read_card(folder).name, read_card(folder).note) == ("play.txt", "")
    with pytest.raises(RunError, match="at most 80"):
        name_run(folder, "x" * 81, "")
    with pytest.raises(RunError, match="not there"):
        name_run(tmp_path / "gone", "x", "")


def test_a_damaged_card_costs_the_last_name_only(tmp_path: Path) -> None:
    folder = make_run(tmp_path)
    name_run(folder, "first", "")
    name_run(folder, "second", "")
    (folder / "card.json").write_bytes(b"{")
    assert read_card(folder).name == "first"
    (folder / "card.json.previous").write_bytes(b"[]")
    assert read_card(folder).name == "play.txt"


def test_sharing(tmp_path: Path) -> None:
    folder = make_run(tmp_path / "runs")
    share_model(folder, tmp_path / "shared.safetensors")
    assert load_model(tmp_path / "shared.safetensors").fingerprint == load_model(folder).fingerprint
    assert "recite" in library.RECITES
    with pytest.raises(RunError, match="outside"):
        share_model(folder, folder / "latest.safetensors")
    (folder / "model.safetensors").write_bytes(b"nonsense")
    with pytest.raises(ModelFileError):
        share_model(folder, tmp_path / "damaged.safetensors")
    assert not (tmp_path / "damaged.safetensors").exists()


def test_deleting_is_the_trash(tmp_path: Path) -> None:
    folder = make_run(tmp_path)
    taken: list[Path] = []
    with pytest.raises(RunError, match="nothing was deleted"):
        delete_run(folder, lambda path: False)
    delete_run(folder, lambda path: not taken.append(path))
    assert taken == [folder]
    assert folder.is_dir()  # the trash is somebody else's work
    with pytest.raises(RunError, match="not there"):
        delete_run(tmp_path / "gone", lambda path: True)


def test_a_model_is_found_by_its_fingerprint(tmp_path: Path) -> None:
    wanted = random_model(small_config(), 7)
    make_run(tmp_path, "one", STARTED)
    make_run(tmp_path, "two", STARTED)
    (tmp_path / "three").mkdir()
    (tmp_path / "one" / "latest.safetensors").write_bytes(b"\xff" * 40)
    assert library.find_model(tmp_path, wanted.fingerprint) is None
    save_model(tmp_path / "two" / "latest.safetensors", wanted)
    assert library.find_model(tmp_path, wanted.fingerprint) == tmp_path / "two" / "latest.safetensors"
    assert library.find_model(tmp_path, "") is None and library.find_model(tmp_path / "none", "x") is None
