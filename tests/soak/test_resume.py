"""Killed at any moment and continued, a training is bit for bit the one that was left alone.

22 moments, two of them the clock's, × 1, 2, 3 layers × dropout 0 and 0.3 × three cells: 396 kills. In each of
these trainings the parameters are spoiled once, so that learning goes back; the one that is left alone saves at its
end only, and looks at its losses as seldom as trainings do.
"""

import itertools
import json
import os
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from chargen.files import read_lines
from tests.soak.stem import MOMENTS, Training
from tests.training.helpers import digest

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="fork and SIGKILL")

ROOT = Path(__file__).resolve().parents[2]
BY_THE_CLOCK = ("by the clock", "by the clock, twice")
ALL = (*MOMENTS, *BY_THE_CLOCK)
CASES = list(itertools.product(("lstm", "gru", "rnn"), (1, 2, 3), (0.0, 0.3)))


class Stem:
    """The process of ``stem.py``, which forks one training after the other."""

    def __init__(self) -> None:
        path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH", "")]))
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.soak.stem"],
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": path},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            encoding="utf-8",
        )

    def train(self, training: Training) -> tuple[int, int | None]:
        """(exit status, the step it began at)."""
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.write(json.dumps(asdict(training)) + "\n")
        self._process.stdin.flush()
        code, began = json.loads(self._process.stdout.readline())
        return code, began

    def close(self) -> None:
        self._process.communicate(timeout=60)


@pytest.fixture(scope="module")
def stem() -> Iterator[Stem]:
    made = Stem()
    yield made
    made.close()


class Kills:
    """The trainings of one size, killed and continued, beside the one that was left alone."""

    def __init__(self, stem: Stem, home: Path, options: dict[str, Any]) -> None:
        self._stem, self._home, self._options = stem, home, options
        self.begun: list[int] = []  # the steps at which killed runs went on
        begin = time.monotonic()
        assert self._train("whole", save=False) == 0
        self._seconds = 0.6 * (time.monotonic() - begin)  # less the kernels' trials, which only the first one makes
        self.whole = digest(home / "whole")

    def _train(self, name: str, **how: Any) -> int:
        training = Training(str(self._home / name), str(self._home), self._options, **how)
        again = (self._home / name / "run.json").exists()
        code, began = self._stem.train(training)
        if again and began is not None:
            self.begun.append(began)
        return code

    def kill(self, moment: str, draw: float) -> None:
        """Kill at the moment, continue, compare."""
        run = self._home / moment
        if moment in BY_THE_CLOCK:
            for _ in range(1 + BY_THE_CLOCK.index(moment)):
                code = self._train(moment, seconds=max(0.001, draw * self._seconds))
                assert code in (-9, 0), f"{moment}: {code}"  # 0: it was done before
        else:
            assert self._train(moment, kill=moment, draw=draw) == -9, f"{moment} never came"
        assert self._train(moment) == 0, moment
        assert digest(run) == self.whole, f"{moment}, {draw}: another result"
        assert not list(run.glob(".chargen-*")), f"{moment}: half a file was left"
        assert read_lines(run / "events.jsonl")[-1]["event"] == "finished"


@pytest.mark.soak
@pytest.mark.parametrize(("cell", "layers", "dropout"), CASES)
def test_killed_at_every_moment(stem: Stem, tmp_path: Path, cell: str, layers: int, dropout: float) -> None:
    options = {"cell": cell, "layers": layers, "dropout": dropout, "threads": 1 + layers % 2}
    draw = random.Random(str(options))
    kills = Kills(stem, tmp_path, options)
    for moment in ALL:
        kills.kill(moment, draw.random())
    print(f"{cell}, {layers} layers, dropout {dropout}: {len(ALL)} identical, went on from {kills.begun}")


def test_killed_at_some_moments(stem: Stem, tmp_path: Path) -> None:
    kills = Kills(stem, tmp_path, {"cell": "lstm", "layers": 1, "dropout": 0.3, "threads": 1})
    for moment in ("newest model, older resume point", "gone back and saved"):
        kills.kill(moment, 0.6)
    assert min(kills.begun) > 0
