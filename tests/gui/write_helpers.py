"""What the tests of the Write page stand on: a real desk, a small real model, a picker that answers at once."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from PySide6.QtWidgets import QWidget

from chargen.gui.desk import Desk, OpenModel
from chargen.gui.pickers import Pickers
from chargen.jobs import Job
from chargen.model.config import ModelConfig
from chargen.model.model_file import Model

CHARACTERS = "\n abcdefghijklmnopqrstuvwxyz.,="


def build_model(
    cell: Any = "lstm", hidden: int = 16, *, initial_state: Any = "zeros", seed: int = 0, step: int = 0,
    characters: str = CHARACTERS,
) -> Model:  # fmt: skip
    config = ModelConfig(cell, 2, hidden, 8, len(characters), initial_state)
    generator = np.random.default_rng(seed)
    tensors = {
        name: (generator.uniform(-1, 1, shape) * 2.5 / np.sqrt(hidden)).astype(np.float32)
        for name, shape in config.tensor_shapes().items()
    }
    return Model(config, tuple(characters), tensors, {"step": step} if step else {})


def opened(model: Model, name: str = "harbour play", live: bool = False) -> OpenModel:
    return OpenModel(model, name, None, live)


class InlineJob(Job):
    """A job that is done when it is started; its events arrive with the next tick of the bridge."""

    def start(self) -> Job:
        self.run_here()
        return self


class AnsweringPickers(Pickers):
    """Answers with what it was given, at once; remembers what was asked."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.answer: Path | None = None
        self.asked: list[tuple[str, str]] = []

    def _answer(self, title: str, what: str, on_chosen: Callable[[Path], None]) -> None:
        self.asked.append((title, what))
        if self.answer is not None:
            on_chosen(self.answer)

    def open_file(self, parent: QWidget, title: str, filters: str, on_chosen: Callable[[Path], None]) -> None:
        self._answer(title, filters, on_chosen)

    def name_file(
        self, parent: QWidget, title: str, name: str, filters: str, on_chosen: Callable[[Path], None]
    ) -> None:
        self._answer(title, name, on_chosen)


def make_desk(inline: bool = True) -> Desk:
    return Desk(make_job=InlineJob if inline else Job)
