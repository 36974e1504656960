"""Leaving at random moments: the promised exit code, under three seconds, a model that opens, not a word on stderr.

Real processes: the command line, and the real window driven by ``drive_window.py``. Moments are drawn from a
fixed seed; what happens at them depends on the machine, and must be right whatever it is.
"""

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from chargen.model.config import ModelConfig
from chargen.model.model_file import Model, load_model, save_model

ROOT = Path(__file__).resolve().parents[2]
DRIVER = Path(__file__).with_name("drive_window.py")
PROMISED = 3.0
PATIENCE = 60.0
PLUGIN = "This plugin does not support "  # a word of Qt's platform for tests
SOAK = 50

pytestmark = pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")

# Moments of the window, and the longest delay after each.
WINDOW = {
    "start": 2.5, "prepare": 3.0, "read": 1.0, "train": 4.0, "pause": 1.0, "stop": 0.6, "dialog": 0.5, "write": 1.0,
}  # fmt: skip
COMMANDS = {"train": 5.0, "sample": 1.0, "window": 0.6}  # the last: no word after the name, and nobody at the wheel


@dataclass
class Left:
    """A program that has ended.

    Attributes:
        moment: what it was doing. delay: seconds after that began.
        code: its exit code. seconds: from the close or the signal to its end.
        stderr: what it said there. told: the events it told of.
    """

    moment: str
    delay: float
    code: int
    seconds: float
    stderr: str
    told: list[str] = field(default_factory=list)


def environment() -> dict[str, str]:
    path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH", "")]))
    return {**os.environ, "PYTHONPATH": path, "QT_QPA_PLATFORM": "offscreen"}


def start(*words: object) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, *map(str, words)],
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )


def hears(process: subprocess.Popen[str]) -> None:
    """Wait until the program has said to the system that it will hear SIGTERM: Python itself only hears SIGINT."""
    if not Path("/proc/self/status").exists():
        time.sleep(0.5)
        return
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end and process.poll() is None:
        for line in Path(f"/proc/{process.pid}/status").read_text().splitlines():
            if line.startswith("SigCgt") and int(line.split()[1], 16) >> (signal.SIGTERM - 1) & 1:
                return
        time.sleep(0.005)


def ended(process: subprocess.Popen[str], moment: str, delay: float, left: float, told: list[str]) -> Left:
    rest, stderr = process.communicate(timeout=PATIENCE)
    seconds = time.time() - left
    for line in rest.splitlines():
        if line.startswith("{"):
            event = json.loads(line)
            told.append(event["event"])
    lines = [line for line in stderr.splitlines() if not line.startswith(PLUGIN)]
    return Left(moment, delay, process.returncode, seconds, "\n".join(lines), told)


def leave_window(moment: str, way: str, delay: float, file: Path, number: int = 0, again: float = 0.0) -> Left:
    """Drive the window to ``moment`` and leave it; with a signal where there is a ``number``, twice after ``again``."""
    with start(DRIVER, moment, way, delay, file) as process:
        told: list[str] = []
        left = 0.0
        assert process.stdout is not None
        for line in process.stdout:
            event = json.loads(line)
            told.append(event["event"])
            if event["event"] == "leaving":
                left = event["time"]
                break
        if number:
            left = time.time()
            send(process, number, again)
        return ended(process, moment, delay, left, told)


def leave_command(moment: str, delay: float, file: Path, number: int, again: float = 0.0) -> Left:
    """Send a signal, at some moment after the program has begun to hear them; once more after ``again``."""
    train, sample = ["train", "--json", "--minutes", 5], ["sample", file, "--length", 10**7, "--seed", 1]
    words: list[object] = {"train": train, "sample": sample, "window": []}[moment]
    with start("-m", "chargen", *words) as process:
        hears(process)
        time.sleep(delay)
        left = time.time()
        send(process, number, again)
        return ended(process, moment, delay, left, [])


def send(process: subprocess.Popen[str], number: int, again: float) -> None:
    process.send_signal(number)
    if again:
        time.sleep(again)
        if process.poll() is None:
            process.send_signal(number)


def check(left: Left, code: int, home: Path) -> None:
    assert (left.code, left.stderr) == (code, ""), left
    assert left.seconds < PROMISED, left
    runs = [run for run in (home / "runs").glob("*") if run.is_dir()]
    for run in runs:
        models = [path for name in ("model", "latest") if (path := run / f"{name}.safetensors").exists()]
        for path in models:
            load_model(path)
        # What was told of as learned is there: nothing can be lost between a step and its save.
        assert models or not {"losspoints", "progress", "saved"} & set(left.told), left
        assert not list(run.glob(".chargen-*")), "something half-written was left behind"


@pytest.fixture
def file(tmp_path: Path) -> Iterator[Any]:
    """The file that a moment needs: a model to write with, or a text that takes a while to read."""

    def make(moment: str) -> Path:
        if moment == "read":
            text = tmp_path / "long.txt"
            text.write_text("The tide is in, and nobody has come; it is a patient sea.\n" * 400_000)
            return text
        model = tmp_path / "model.safetensors"
        config = ModelConfig("lstm", 1, 64, 16, 30)
        draw = np.random.default_rng(1)
        shapes = config.tensor_shapes()
        tensors = {name: draw.normal(0, 0.1, shape).astype(np.float32) for name, shape in shapes.items()}
        save_model(model, Model(config, tuple("abcdefghijklmnopqrstuvwxyz .,\n"), tensors))
        return model

    yield make


def moments(way: str, count: int) -> list[Any]:
    """``count`` moments, the same in every run; signals go by turns to the window and to the command line."""
    draw = random.Random(way)
    chosen = []
    for index in range(count):
        window = way == "close" or index % 2 == 0
        places = WINDOW if window else COMMANDS
        # Training most often; a fixed share of everything else.
        place = "train" if index % 3 == 0 else list(places)[(index * 5 + index // 8) % len(places)]
        chosen.append((index, "window" if window else "command", place, round(draw.uniform(0, places[place]), 2)))
    return chosen


def leave(way: str, index: int, program: str, moment: str, delay: float, home: Path, file: Path) -> Left:
    number = {"close": 0, "SIGINT": signal.SIGINT, "SIGTERM": signal.SIGTERM}[way]
    if program == "command":
        again = 0.05 * (index % 9) if moment == "window" else 0.0
        left = leave_command(moment, delay, file, number, again)
    elif number:
        left = leave_window(moment, "signal", delay, file, number, 0.05 * (index % 9) if index % 4 == 2 else 0.0)
    else:
        left = leave_window(moment, "twice" if index % 4 == 1 else "close", delay, file)
    print(f"{way} {program} {moment} after {delay:.2f}: left in {left.seconds:.2f} s with {left.code}")
    check(left, 128 + number if number else 0, home)
    return left


CODES = ("close", "SIGINT", "SIGTERM")


@pytest.mark.soak
@pytest.mark.parametrize(("way", "case"), [(way, case) for way in CODES for case in moments(way, SOAK)])
def test_leaving_at_random_moments(way: str, case: Any, chargen_home: Path, file: Any) -> None:
    index, program, moment, delay = case
    leave(way, index, program, moment, delay, chargen_home, file(moment))


@pytest.mark.parametrize(
    ("way", "case"),
    [
        ("close", (0, "window", "train", 0.3)),
        ("close", (1, "window", "dialog", 0.1)),
        ("SIGINT", (2, "window", "pause", 0.1)),
        ("SIGINT", (1, "command", "train", 1.5)),
        ("SIGTERM", (0, "window", "start", 0.6)),
        ("SIGTERM", (1, "command", "sample", 0.8)),
        ("SIGTERM", (0, "command", "window", 0.02)),
        ("SIGINT", (5, "command", "window", 0.3)),
    ],
    ids=lambda value: value if isinstance(value, str) else "-".join(map(str, value[1:3])),
)
def test_leaving(way: str, case: Any, chargen_home: Path, file: Any) -> None:
    index, program, moment, delay = case
    leave(way, index, program, moment, delay, chargen_home, file(moment))
