"""States mixed, compared, made again and kept, from the command line."""

import json
import shlex
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chargen.cli.parser import UsageError
from chargen.cli.state_mix import parse_bindings, parse_layers, parse_weights
from chargen.model.blending import blend, combine
from chargen.model.model_file import load_model, save_model
from chargen.model.state import HiddenState
from chargen.model.state_library import StateLibrary
from chargen.sampling.seeds import prime
from tests.cli.conftest import Run, make_model


@pytest.fixture
def deep(tmp_path: Path) -> Path:
    """A model of two layers."""
    path = tmp_path / "deep.safetensors"
    save_model(path, make_model(layers=2))
    return path


@pytest.fixture
def states(deep: Path, tmp_path: Path) -> tuple[Path, Path, Path]:
    model = load_model(deep)
    paths = []
    for name, text in (("a", "The moon"), ("b", "the miller looked"), ("c", "once more")):
        paths.append(tmp_path / f"{name}.state")
        prime(model, text).renamed(name).save(paths[-1])
    return paths[0], paths[1], paths[2]


def load(path: Path) -> HiddenState:
    return HiddenState.load(path)


def same(one: HiddenState, other: HiddenState) -> bool:
    return [part.tobytes() for part in one.parts()] == [part.tobytes() for part in other.parts()]


def test_blend(run: Run, states: tuple[Path, ...], tmp_path: Path) -> None:
    a, b, c = states
    out = tmp_path / "out.state"
    assert run("state", "blend", a, b, c, "--weights", "1,2,1", "--output", out).code == 0
    assert same(load(out), blend([load(a), load(b), load(c)], [1, 2, 1]))
    assert run("state", "blend", a, b, "--weight", 0.25, "--spherical", "--output", out).code == 0
    assert same(load(out), blend([load(a), load(b)], [0.75, 0.25], spherical=True))
    assert run("state", "blend", a, b, "--output", out).code == 0
    assert same(load(out), blend([load(a), load(b)], [1, 1]))
    assert run("state", "blend", a, b, "--weight", 1, "--layers", "2", "--only", "c", "--output", out).code == 0
    assert load(out).c[1].tobytes() == load(b).c[1].tobytes() and load(out).h.tobytes() == load(a).h.tobytes()
    (event,) = run("state", "blend", a, b, "--weights=-1,2", "--output", out, "--json").events
    assert [part["name"] for part in event["recipe"]["parts"]] == ["a", "b"]


@pytest.mark.parametrize("weight", [0, 1])
def test_a_blend_at_its_end_writes_what_that_state_writes(
    run: Run, deep: Path, states: tuple[Path, ...], tmp_path: Path, weight: int
) -> None:
    out = tmp_path / "out.state"
    assert run("state", "blend", states[0], states[1], "--weight", weight, "--output", out).code == 0
    words = ("sample", deep, "--length", 50, "--seed", 3, "--state")
    assert run(*words, out).out == run(*words, states[weight]).out


def test_combine(run: Run, states: tuple[Path, ...], tmp_path: Path) -> None:
    a, b, c = states
    out = tmp_path / "out.state"
    done = run("state", "combine", "A - B + 0.5*C", f"A={a}", f"B={b}", f"C={c}", "--output", out)
    assert done.code == 0 and "sum of" in done.out
    assert same(load(out), combine([load(a), load(b), load(c)], [1, -1, 0.5]))
    StateLibrary().keep(load(b), "calm sea")
    assert run("state", "combine", f"'{a}' - \"calm sea\"", "--name", "rest").code == 0
    assert same(StateLibrary().load("rest"), combine([load(a), load(b)], [1, -1]))


def test_compare(run: Run, states: tuple[Path, ...]) -> None:
    shown = run("state", "compare", states[0], states[1], "--units", 3)
    assert shown.code == 0 and "layer 2 c" in shown.out and shown.out.count("unit ") == 3
    (event,) = run("state", "compare", states[0], states[1], "--json").events
    assert len(event["parts"]) == 4 and len(event["units"]) == 10
    first = event["units"][0]
    part = {"h": 0, "c": 1}[first["part"]]
    assert first["a"] == float(load(states[0]).parts()[part][first["layer"] - 1, 0, first["unit"] - 1])
    assert "cosine" in shown.out and run("state", "compare", states[0], states[0]).code == 0


def test_strip(run: Run, deep: Path, states: tuple[Path, ...]) -> None:
    words = ("state", "strip", states[0], states[1], "--model", deep, "--count", 3, "--length", 20, "--seed", 4)
    events = run(*words, "--json").events
    assert [event["share"] for event in events] == [0, 0.5, 1]
    for event, state in ((events[0], states[0]), (events[2], states[1])):
        assert event["text"] == run("sample", deep, "--length", 20, "--seed", 4, "--state", state).out[:-1]
    shown = run(*words, "--prompt", "The moon")
    assert shown.code == 0 and shown.out.count("The moon") == 3 and "── 50% of the way to B ──" in shown.out
    drawn = run(*words[:-2])
    assert drawn.code == 0 and drawn.err.startswith("seed ")
    rules = ("--ban", "e", "--typical", "0.8", "--loop-breaker", "--temperature-curve", "0:0.5,20:1.5", "--json")
    ruled = run(*words, *rules).events
    assert len(ruled) == 3 and all("e" not in event["text"] for event in ruled)
    refused(run, "leave it out", "strip", *states[:2], "--model", deep, "--ban", "ß")


def test_remake(run: Run, deep: Path, states: tuple[Path, ...], tmp_path: Path) -> None:
    other, out, again = tmp_path / "other.safetensors", tmp_path / "mix.state", tmp_path / "again.state"
    save_model(other, make_model(hidden=7, seed=4))
    assert run("state", "blend", *states, "--output", out).code == 0
    assert run("state", "remake", out, other, "--output", again).code == 0
    model = load_model(other)
    assert same(load(again), blend([prime(model, t) for t in ("The moon", "the miller looked", "once more")], [1] * 3))
    assert run("state", "remake", out, deep, "--output", again).code == 0 and same(load(again), load(out))


def test_capture_at_a_character_of_a_text_or_an_export(run: Run, deep: Path, tmp_path: Path) -> None:
    out, page = tmp_path / "out.state", tmp_path / "page.json"
    assert run("state", "capture", deep, "--text", "The moon looked", "--at", 8, "--output", out).code == 0
    model = load_model(deep)
    assert same(load(out), prime(model, "The moon"))
    words = ("sample", deep, "--prompt", "The moon", "--length", 30, "--seed", 2)
    assert run(*words, "--output", page).code == 0
    text = json.loads(page.read_text())["samples"][0]["text"]
    for at in (0, 7, 30):
        done = run("state", "capture", deep, "--from-export", page, "--at", at or 1, "--output", out)
        assert done.code == 0
        assert same(load(out), prime(model, "The moon" + text[: at or 1]))
    assert run("state", "remake", out, deep, "--output", tmp_path / "x.state").code == 0
    assert same(load(tmp_path / "x.state"), load(out))
    assert run("state", "capture", deep, "--from-export", page, "--output", out).code == 0
    assert same(load(out), prime(model, "The moon" + text))


def test_random(run: Run, deep: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.state"
    assert run("state", "random", deep, "--seed", 5, "--scale", 0.5, "--output", out).code == 0
    assert same(load(out), HiddenState.random(load_model(deep).config, 5, 0.5))
    drawn = run("state", "random", deep, "--name", "noise")
    seed = StateLibrary().load("noise").recipe["seed"]
    assert drawn.code == 0 and f"seed {seed}" in drawn.out


def test_the_library(run: Run, deep: Path, tmp_path: Path) -> None:
    assert "No state is kept" in run("state", "list").err
    kept = run("state", "capture", deep, "--text", "The moon", "--name", "Night", "--note", "quiet")
    assert kept.code == 0 and "kept as “Night”" in kept.out
    assert run("state", "rename", "night", "Late night").code == 0
    assert run("state", "note", "Late night", "quieter").code == 0
    (event,) = run("state", "list", "--json").events
    assert (event["name"], event["note"], event["problem"]) == ("Late night", "quieter", "")
    assert "Late night" in run("state", "list", "MOON", "quiet").out
    assert run("state", "list", "sun").out == ""
    words = ("sample", deep, "--length", 30, "--seed", 1, "--state")
    prime(load_model(deep), "The moon").save(tmp_path / "night.state")
    assert run(*words, "Late night").out == run(*words, tmp_path / "night.state").out != ""
    assert "Late night" in run("state", "show", "Late night").out
    (StateLibrary().folder / "torn.state").write_bytes(b"no")
    assert "damaged" in run("state", "list").out
    deleted = run("state", "delete", "Late night")
    assert deleted.code == 0 and "Late night" not in run("state", "list").out
    back = shlex.split(deleted.err.rsplit(": chargen ", 1)[1])
    assert run(*back).code == 0 and "Late night" in run("state", "list").out


def refused(run: Run, phrase: str, *words: object) -> None:
    result = run("state", *words)
    assert result.code == 2 and result.out == "", result
    assert result.err.count("\n") == 1 and phrase in result.err and len(result.err) < 500, result.err


def test_bad_input_is_one_sentence(
    run: Run, deep: Path, model: Path, states: tuple[Path, ...], text: Path, tmp_path: Path
) -> None:
    a, b, c = states
    out = tmp_path / "out.state"
    to = ("--output", out)
    small = tmp_path / "small.state"
    prime(load_model(model), "The").save(small)
    refused(run, "sum to zero", "blend", a, b, "--weights=1,-1", *to)
    refused(run, "3 states and 2 given", "blend", a, b, c, "--weights", "1,2", *to)
    refused(run, "numbers with commas", "blend", a, b, "--weights", "1;2", *to)
    refused(run, "finite", "blend", a, b, "--weights", "1,nan", *to)
    refused(run, "finite", "blend", a, b, "--weight", "inf", *to)
    refused(run, "use --weights", "blend", a, b, c, "--weight", "0.5", *to)
    refused(run, "exclude each other", "blend", a, b, "--weight", "0.5", "--weights", "1,1", *to)
    refused(run, "at least two", "blend", a, *to)
    refused(run, "no layer 3", "blend", a, b, "--layers", "1,3", *to)
    refused(run, "whole numbers", "blend", a, b, "--layers", "one", *to)
    refused(run, "h or c", "blend", a, b, "--only", "g", *to)
    refused(run, "1×12 LSTM", "blend", a, small, *to)
    refused(run, "not a chargen state", "blend", a, text, *to)
    refused(run, "There is no state “nowhere”", "blend", a, "nowhere", *to)
    refused(run, "--output FILE", "blend", a, b)
    refused(run, "not a state; name another", "blend", a, b, "--output", text)
    refused(run, "made, not kept", "blend", a, b, "--name", "zero")
    refused(run, "ends where", "combine", "A -", f"A={a}", *to)
    refused(run, "no state “B”", "combine", "A - B", f"A={a}", *to)
    refused(run, "does not name “B”", "combine", "A", f"A={a}", f"B={b}", *to)
    refused(run, "bound twice", "combine", "A", f"A={a}", f"A={b}", *to)
    refused(run, "binds nothing", "combine", "A", str(a), *to)
    refused(run, "not finite", "combine", "1e300*A", f"A={a}", *to)
    refused(run, "cannot be compared", "compare", a, small)
    refused(run, "between 2 and 101", "strip", a, b, "--model", deep, "--count", 1)
    refused(run, "the model is a 1×12", "strip", a, b, "--model", model)
    refused(run, "between 0 and 1,000,000", "random", deep, "--scale", -1, *to)
    refused(run, "no state after 99", "capture", deep, "--text", "The moon", "--at", 99, *to)
    refused(run, "between 1", "capture", deep, "--text", "The moon", "--at", 0, *to)
    refused(run, "cannot be made again", "remake", forgotten(tmp_path), deep, *to)
    refused(run, "No state is kept", "rename", "nothing", "something")
    refused(run, "No state is kept", "delete", "nothing")
    refused(run, "No state is kept", "note", "nothing", "x")
    assert not out.exists()


def forgotten(folder: Path) -> Path:
    path = folder / "forgotten.state"
    HiddenState("rnn", np.zeros((1, 1, 2)), None, {"kind": "found"}).save(path)
    return path


@given(st.text(max_size=20) | st.text(alphabet="0123456789.,-eE infa", max_size=20))
def test_no_list_of_numbers_surprises(words: str) -> None:
    for parse in (parse_weights, parse_layers):
        try:
            found = parse(words)
        except UsageError as error:
            assert "\n" not in str(error) or "\n" in words
            continue
        assert found and len(found) == words.count(",") + 1


@given(st.lists(st.text(max_size=9), max_size=4))
def test_no_binding_surprises(words: list[str]) -> None:
    try:
        found = parse_bindings(words)
    except UsageError:
        return
    assert [f"{name}={file}" for name, file in found.items()] == words
