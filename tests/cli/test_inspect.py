"""What a file is, whatever its name says."""

import shutil
from pathlib import Path

from chargen.model.model_file import load_model
from tests.cli.conftest import VERSE, Run


def kind(run: Run, path: Path) -> str:
    people = run("inspect", path)
    assert people.code == 0 and people.out.count("\n") > 2
    (event,) = run("inspect", path, "--json").events
    assert list(event)[:3] == ["event", "kind", "path"]
    return str(event["kind"])


def test_kinds(run: Run, model: Path, text: Path, tmp_path: Path) -> None:
    state, export, folder, disguised = (tmp_path / name for name in ("s.state", "e.json", "run", "model.txt"))
    run("state", "capture", model, "--text", "The moon", "--output", state)
    run("sample", model, "--seed", 1, "--length", 10, "--output", export)
    folder.mkdir()
    shutil.copy(model, folder / "model.safetensors")
    shutil.copy(model, disguised)
    other = tmp_path / "other.json"
    other.write_text('{"a": 1}\n' * 40)
    texts = tmp_path / "texts"
    texts.mkdir()
    shutil.copy(text, texts / "a.txt")
    assert kind(run, model) == kind(run, disguised) == "model"
    assert kind(run, state) == "state"
    assert kind(run, export) == "export"
    assert kind(run, folder) == "run"
    assert kind(run, text) == kind(run, other) == "text"
    assert kind(run, texts) == "folder"


def test_a_model(run: Run, model: Path) -> None:
    loaded = load_model(model)
    (event,) = run("inspect", model, "--json").events
    assert event["fingerprint"] == loaded.fingerprint and event["parameters"] == loaded.config.parameter_count()
    shown = run("inspect", model).out
    assert "1×12 LSTM" in shown and "2.0000 nats" in shown


def test_a_text(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "old.txt"
    file.write_bytes("naïve\r\n".encode("cp1252") * 100)
    (event,) = run("inspect", file, "--json", "--encoding", "cp1252").events
    assert event["characters"] == 600 and event["encodings"] == ["cp1252"]
    assert event["cleaning"] == [{"name": "newlines", "count": 100}]
    short = tmp_path / "short.txt"
    short.write_text("short")
    assert run("inspect", short, "--json").events[0]["can_be_learned"] is False
    assert "no: at least 200" in run("inspect", short).out


def test_a_name_with_control_characters_stays_on_its_line(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "a\nb.txt"
    assert run("inspect", file).err.count("\n") == 1
    file.write_text(VERSE)
    assert run("inspect", file, "--json").out.count("\n") == 1
