"""Small models with weights large enough that what they write has a structure."""

from collections.abc import Callable

import numpy as np
import pytest

from chargen.model.config import ModelConfig
from chargen.model.model_file import Model

CHARACTERS = "\n abcdefghijklmnopqrstuvwxyz.,="

MakeModel = Callable[..., Model]


def build_model(
    cell: str = "lstm",
    layers: int = 2,
    hidden: int = 24,
    *,
    characters: str = CHARACTERS,
    embedding: int = 10,
    initial_state: str = "zeros",
    seed: int = 0,
    scale: float = 2.5,
) -> Model:
    config = ModelConfig(cell, layers, hidden, embedding, len(characters), initial_state)
    generator = np.random.default_rng(seed)
    tensors = {
        name: (generator.uniform(-1, 1, shape) * scale / np.sqrt(hidden)).astype(np.float32)
        for name, shape in config.tensor_shapes().items()
    }
    return Model(config, tuple(characters), tensors)


@pytest.fixture(scope="session")
def make_model() -> MakeModel:
    return build_model


@pytest.fixture(scope="session")
def model() -> Model:
    return build_model()
