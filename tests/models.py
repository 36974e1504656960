"""Models of random weights, for tests that need one and no training."""

from typing import Any

import numpy as np

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
