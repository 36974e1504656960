"""Training from the command line: events, screens, signals, going on."""

import json
import signal
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from chargen.cli import progress, train
from chargen.cli.progress import KEYS, JsonView, LiveView, QuietView, choose_view, clock_words, summary
from chargen.cli.shell import command_line
from chargen.training import events
from chargen.training.prediction import Prediction
from tests.cli.conftest import VERSE, Run

SMALL = [
    "--hidden",
    8,
    "--embedding",
    4,
    "--layers",
    1,
    "--streams",
    4,
    "--unroll",
    8,
    "--precision",
    "float32",
    "--threads",
    1,
]

STARTED = events.Started(
    "runs/r", "CPU", "you chose it", "float32", "torch", 2, "lstm", 1, 8, 4, 4, 8, 1234, 3400, 30, 0
)
PROGRESS = events.Progress(10, 320, 0.1, 1.5, 2.5, 0.01, 0.7, 21333.0, 61.0, 0.25)
VALIDATED = events.Validated(10, 1.5, 2.25, 3.246, True)
SAMPLED = events.Sampled(10, "the moon\nsaid no", 0.8)
PREDICTION = Prediction(1234, 61.0, 21333.0, 3.0, 70_000_000, ("A smaller one writes more freely.",))
FINISHED = events.Finished("budget", 40, 6.5, 2.0, 2.885, "runs/r/model.safetensors")
EVENTS = [
    STARTED,
    events.Notice("The text is short."),
    PROGRESS,
    events.LossPoints(np.arange(2), np.ones(2, np.float32), np.ones((2, 3), np.float32)),
    events.Tick(),
    VALIDATED,
    SAMPLED,
    events.Saved(10, "runs/r/latest.safetensors"),
    FINISHED,
]


# -- how it looks -----------------------------------------------------------------------------


def test_json_prints_the_promised_events_and_keys(capsys: pytest.CaptureFixture[str]) -> None:
    view = JsonView()
    for event in EVENTS:
        view.show(event)
    printed = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [event["event"] for event in printed] == [
        "started",
        "notice",
        "progress",
        "validated",
        "sampled",
        "saved",
        "finished",
    ]
    for event in printed:
        assert tuple(event)[1:] == KEYS[event["event"]]


def test_progress_comes_at_most_four_times_a_second(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    now = iter(np.arange(0, 10, 0.05).tolist())
    monkeypatch.setattr(progress.time, "monotonic", lambda: next(now))
    view = JsonView()
    for _ in range(100):  # five seconds
        view.show(PROGRESS)
    assert 18 <= capsys.readouterr().out.count("\n") <= 21


def test_a_pipe_is_quiet(capsys: pytest.CaptureFixture[str]) -> None:
    view = QuietView()
    for event in EVENTS:
        view.show(event)
    out, err = capsys.readouterr()
    assert out.splitlines() == [
        "1×8 LSTM · 1,234 parameters · 3,400 characters of 30 kinds",
        "on CPU: you chose it",
        "step 10 · 2 s · train 2.500 · validation 2.250 nats, 3.246 bits · 21,333 characters/s · best",
        "",
        "the moon",
        "said no",
        "",
        "Finished after 40 steps in 6 s. Validation loss 2.000 nats (2.885 bits per character).",
        f"Write with it: chargen sample {command_line(str(Path('runs/r')))}",
    ]
    assert err == "The text is short.\n"


def test_the_live_panel_shows_where_training_stands(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "90")
    view = LiveView()
    try:
        for event in EVENTS[:-1]:
            view.show(event)
        text = _plain(view)
        assert "25%" in text and "1:01 min left" in text and "train 2.500" in text
        assert "validation 2.250 nats, 3.246 bits" in text and "the moon" in text
        view.stopping()
        assert "saving" in _plain(view)
        view.show(FINISHED)
    finally:
        view.close()
    assert "chargen sample" in capsys.readouterr().out


def _plain(view: LiveView) -> str:
    with view._console.capture() as captured:
        view._console.print(view._panel())
    return captured.get()


def test_the_prediction_is_told_in_every_view(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    line = "About 1 minute · 1,234 parameters · 70 MB · reads the text about 3 times"
    JsonView().predicted(PREDICTION)
    (event,) = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert tuple(event) == ("event", *KEYS["predicted"]) and event["event"] == "predicted"
    QuietView().predicted(PREDICTION)
    out, err = capsys.readouterr()
    assert out == f"{line} · 21,333 characters/s\n" and err == "A smaller one writes more freely.\n"
    monkeypatch.setenv("COLUMNS", "90")
    view = LiveView()
    try:
        view.show(STARTED)
        view.predicted(PREDICTION)
        assert line in _plain(view)
    finally:
        view.close()


def test_the_view_suits_the_output(monkeypatch: pytest.MonkeyPatch) -> None:
    assert isinstance(choose_view(json=True), JsonView)
    assert isinstance(choose_view(json=False), QuietView)
    monkeypatch.setattr(progress, "is_terminal", lambda: True)
    monkeypatch.setenv("TERM", "dumb")
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert isinstance(choose_view(json=False), QuietView)


def test_words() -> None:
    assert [clock_words(seconds) for seconds in (0.2, 59, 125, 11220)] == ["0 s", "59 s", "2:05 min", "3:07 h"]
    stopped = summary(replace(FINISHED, reason="interrupted", loss=None, bits_per_character=None), "my runs")
    assert "Interrupted and saved" in stopped and "nats" not in stopped
    assert "chargen train --run 'my runs' --resume" in stopped or '"my runs"' in stopped


# -- how it ends ------------------------------------------------------------------------------


@dataclass
class _FakeTrainer:
    """Yields events; a signal or a broken stdout comes at the third."""

    trouble: signal.Signals | None = None
    stopped: str | None = None
    closed: bool = False

    def close(self) -> None:
        self.closed = True

    def stop(self, reason: str) -> None:
        self.stopped = reason

    def steps(self) -> Iterator[Any]:
        yield STARTED
        yield PROGRESS
        if self.trouble is not None:
            signal.raise_signal(self.trouble)
        yield VALIDATED
        yield FINISHED


class _Broken(QuietView):
    def show(self, event: Any) -> None:
        if isinstance(event, events.Progress):
            raise BrokenPipeError
        assert not isinstance(event, events.Finished), "shown after the pipe broke"


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_stops_and_saves(number: signal.Signals, code: int) -> None:
    trainer = _FakeTrainer(number)
    said: list[str] = []
    assert train._Watch(trainer, QuietView(said.append)).run() == code  # type: ignore[arg-type]
    assert trainer.stopped == "interrupted" and trainer.closed and "chargen sample" in said[-1]


def test_a_reader_that_goes_away_stops_and_saves() -> None:
    trainer = _FakeTrainer()
    with pytest.raises(BrokenPipeError):
        train._Watch(trainer, _Broken()).run()  # type: ignore[arg-type]
    assert trainer.stopped == "interrupted"


# -- for real ---------------------------------------------------------------------------------


def test_train_then_go_on_then_write(run: Run, text: Path, tmp_path: Path) -> None:
    folder = tmp_path / "run"
    first = run("train", text, "--run", folder, "--steps", 12, "--json", *SMALL)
    assert (first.code, first.err) == (0, "")
    assert first.events[0]["event"] in ("started", "notice") and first.events[-1]["event"] == "finished"
    (started,) = first.only("started")
    assert (started["hidden"], started["characters"], started["run"]) == (8, len(VERSE) * 40, str(folder))
    (predicted,) = first.only("predicted")
    assert first.events.index(predicted) == first.events.index(started) + 1 and predicted["seconds"] > 0
    assert predicted["parameters"] == started["parameters"]
    finished = first.events[-1]
    assert finished["step"] == 12 and finished["model"] == str(folder / "model.safetensors")
    assert finished["loss"] == min(event["loss"] for event in first.only("validated"))
    more = run("train", "--run", folder, "--resume", "--steps", 20, "--json")
    assert more.code == 0 and more.events[-1]["step"] == 20
    assert run("sample", folder, "--seed", 1, "--length", 10).code == 0
    assert run("inspect", folder, "--json").events[0]["can_resume"] is True
    assert run("score", folder, text, "--json").code == 0
    child = run(
        "train",
        text,
        "--run",
        tmp_path / "child",
        "--from",
        folder,
        "--steps",
        2,
        "--json",
        "--streams",
        4,
        "--unroll",
        8,
        *SMALL[-4:],
    )
    assert child.code == 0 and child.only("started")[0]["hidden"] == 8


def test_a_failure_is_an_event_and_a_sentence(run: Run, text: Path, tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "diary.txt").write_text("mine")
    result = run("train", text, "--run", tmp_path / "run", "--steps", 2, "--json", *SMALL)
    assert result.code == 2 and result.err.count("\n") == 1
    (event,) = result.events
    assert event["event"] == "failed" and event["message"] + "\n" == result.err
    assert (tmp_path / "run" / "diary.txt").read_text() == "mine"


def test_quiet_training_ends_with_the_command_to_run_next(run: Run, text: Path, tmp_path: Path) -> None:
    result = run("train", text, "--run", tmp_path / "r", "--steps", 3, *SMALL)
    assert result.code == 0
    assert result.out.rstrip().splitlines()[-1].startswith("Write with it: chargen sample ")
