"""From a text, a device and a time to a size: what suits, so that nobody has to know.

The sizes were found by trying (CONTRIBUTING.md says how): under a short budget a small network sees the
text more often, under a long one a larger network has the time to use its room; a small text is read many
times over and needs dropout against learning it by heart.
"""

import math
from dataclasses import dataclass
from typing import Any

from chargen.model.config import ModelConfig
from chargen.training.config import TrainingConfig

PRESET_MINUTES = {"quick": 1.0, "balanced": 5.0, "best": 30.0}


@dataclass(frozen=True)
class _Size:
    seconds: float  # the longest budget this size is for
    layers: int
    hidden: int
    streams: int
    unroll: int
    learning_rate: float


_CPU = (
    _Size(15, 1, 192, 16, 64, 8e-3),
    _Size(90, 1, 256, 16, 64, 6e-3),
    _Size(400, 1, 320, 32, 64, 8e-3),
    _Size(1200, 1, 512, 32, 64, 6e-3),
    _Size(float("inf"), 2, 512, 32, 96, 4e-3),
)
_GPU = (
    _Size(15, 1, 512, 64, 64, 6e-3),
    _Size(90, 2, 512, 64, 96, 4e-3),
    _Size(400, 2, 768, 64, 128, 3e-3),
    _Size(float("inf"), 3, 1024, 64, 128, 2e-3),
)


def choose_size(seconds: float, device: str) -> _Size:
    """The row of the table for a time budget on a kind of device."""
    table = _CPU if device == "cpu" else _GPU
    return next(size for size in table if seconds <= size.seconds)


_PRODUCTS_PER_SECOND = {"cpu": 1.5e11}
"""Arithmetic that a two-core processor gets through; enough to tell a few readings of a text from hundreds."""

_GPU_PRODUCTS_PER_SECOND = 1e13


def expected_epochs(characters: int, parameters: int, seconds: float, device: str) -> float:
    """How often a text will be read in that time, roughly: a character costs six operations a parameter."""
    rate = _PRODUCTS_PER_SECOND.get(device, _GPU_PRODUCTS_PER_SECOND) / (6 * parameters)
    return seconds * rate / max(1, characters)


def choose_dropout(epochs: float) -> float:
    """None for a text that is read a few times; more, the more often it is read."""
    return round(min(0.5, max(0.0, 0.08 * math.log2(max(epochs, 1e-3) / 5))), 2)


def suggest(
    values: dict[str, Any], characters: int, vocabulary: int, device: str
) -> tuple[ModelConfig, TrainingConfig]:
    """Fill in what the user did not say.

    Args:
        values: options the user gave (None or absent: chosen here), by the names of the settings table.
        characters, vocabulary: of the text. device: the kind.

    Raises:
        SettingError: a value is out of range, or two budgets were given.
    """
    given = {name: value for name, value in values.items() if value is not None}
    budget = {name: given[name] for name in ("minutes", "epochs", "steps") if name in given}
    if not budget:
        budget = {"minutes": PRESET_MINUTES[given.get("preset", "balanced")]}
    named = PRESET_MINUTES[given["preset"]] if "preset" in given else None
    minutes = budget.get("minutes", named if named is not None else 2.0)
    size = choose_size(float(minutes) * 60, device)
    hidden = given.get("hidden", size.hidden)
    model = ModelConfig(
        cell=given.get("cell", "lstm"),
        layers=given.get("layers", size.layers),
        hidden=hidden,
        embedding=given.get("embedding", max(1, min(hidden, 32 if vocabulary <= 256 else 96))),
        vocabulary_size=vocabulary,
        initial_state=given.get("initial_state", "zeros"),
    )
    defaults: dict[str, Any] = {
        "streams": size.streams,
        "unroll": size.unroll,
        "learning_rate": size.learning_rate,
        "dropout": choose_dropout(expected_epochs(characters, model.parameter_count(), float(minutes) * 60, device)),
    }
    chosen = {**defaults, **{name: given[name] for name in _PASSED_ON if name in given}}
    return model, TrainingConfig(**budget, **chosen)


_PASSED_ON = (
    "streams", "unroll", "learning_rate", "dropout", "clip", "clip_kind", "seed", "device", "precision", "threads",
)  # fmt: skip
