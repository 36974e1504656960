"""Small models for tests."""

import numpy as np

from chargen.model.config import ModelConfig
from chargen.model.model_file import Model

ALPHABET = tuple("\n abcdefghijklmnop")


def small_config(cell: str = "lstm", layers: int = 2, hidden: int = 8, initial_state: str = "zeros") -> ModelConfig:
    return ModelConfig(cell, layers, hidden, 5, len(ALPHABET), initial_state)


def random_model(config: ModelConfig, seed: int = 0) -> Model:
    generator = np.random.default_rng(seed)
    tensors = {
        name: generator.normal(0, 0.4, shape).astype(np.float32) for name, shape in config.tensor_shapes().items()
    }
    return Model(config, ALPHABET, tensors, {"step": 1}, {"sha256": "0" * 64, "characters": 1, "symbols": 2})
