"""The texts at hand."""

from pathlib import Path

import pytest

from tests.cli.conftest import Run


def test_each_text_says_what_it_shows(run: Run) -> None:
    events = run("corpora", "--json").events
    assert [event["event"] for event in events] == ["corpus"] * len(events)
    assert sum(event["default"] for event in events) == 1 and events[0]["default"]
    assert {"python-source", "python-help"} <= {event["name"] for event in events}
    assert all(event["shows"] and event["characters"] > 1000 for event in events)
    shown = run("corpora")
    assert shown.code == 0 and all(event["name"] in shown.out for event in events)


def test_fetch_writes_a_file_and_never_over_one(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    fetched = run("corpora", "--fetch", "python-help", "--json")
    file = tmp_path / "python-help.txt"
    assert fetched.events[0]["characters"] == len(file.read_text(encoding="utf-8"))
    before = file.read_bytes()
    for words in (["corpora", "--fetch", "python-help"], ["corpora", "--fetch", "python-help", "--output", file]):
        result = run(*words)
        assert result.code == 2 and "exists already" in result.err and file.read_bytes() == before


def test_fetch_of_what_is_not_there(run: Run) -> None:
    result = run("corpora", "--fetch", "war-and-peace")
    assert result.code == 2 and result.err.count("\n") == 1 and "python-help" in result.err
    assert run("corpora", "--output", "x").code == 2
