"""A command, run in this process, and small things for it to work on."""

import contextlib
import io
import json
import os
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from chargen.cli.main import main
from chargen.model.config import ModelConfig
from chargen.model.model_file import Model, save_model

NOBODY = 65534
VERSE = "The moon looked in at the miller's door,\nAnd the miller looked out at the moon once more.\n"


@dataclass(frozen=True)
class Result:
    """What a command did."""

    code: int
    out: str
    err: str

    @property
    def events(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.out.splitlines()]

    def only(self, event: str) -> list[dict[str, Any]]:
        return [entry for entry in self.events if entry["event"] == event]


Run = Callable[..., Result]


@pytest.fixture
def run(capfd: pytest.CaptureFixture[str]) -> Run:
    """``run("sample", model, "--seed", 1)`` → code, stdout, stderr; as in a pipe."""

    def call(*words: object) -> Result:
        capfd.readouterr()
        code = main([str(word) for word in words])
        out, err = capfd.readouterr()
        return Result(code, out, err)

    return call


@pytest.fixture
def typed(monkeypatch: pytest.MonkeyPatch) -> Callable[[bytes], None]:
    """Give bytes to standard input."""

    def give(data: bytes) -> None:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data), encoding="utf-8"))

    return give


def make_model(cell: str = "lstm", *, layers: int = 1, hidden: int = 12, learned: bool = False, seed: int = 0) -> Model:
    """An untrained model of the characters of :data:`VERSE`; no torch."""
    vocabulary = tuple(sorted(set(VERSE)))
    config = ModelConfig(cell, layers, hidden, 8, len(vocabulary), "learned" if learned else "zeros")  # type: ignore[arg-type]
    generator = np.random.default_rng(seed)
    tensors = {
        name: generator.normal(0, 0.4, shape).astype(np.float32) for name, shape in config.tensor_shapes().items()
    }
    summary = {"step": 7, "seconds": 1.5, "validation_loss": 2.0}
    return Model(config, vocabulary, tensors, summary, {"sha256": "0" * 64, "characters": 1000, "symbols": 30})


@pytest.fixture(scope="session")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model file."""
    path = tmp_path_factory.mktemp("model") / "model.safetensors"
    save_model(path, make_model())
    return path


@pytest.fixture
def text(tmp_path: Path) -> Path:
    """A text large enough to learn from."""
    path = tmp_path / "verse.txt"
    path.write_text(VERSE * 40, encoding="utf-8")
    return path


@contextlib.contextmanager
def without_rights() -> Iterator[None]:
    """For root, to whom no file is closed: be somebody else for a while."""
    if getattr(os, "geteuid", lambda: 1)() != 0:
        yield
        return
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)
