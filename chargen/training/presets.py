"""From a text, a device and a time to a size: what suits, so that nobody has to know.

The sizes were found by trying, on the machine of :mod:`chargen.training.calibration`: under a short budget a small
network sees the text more often, under a long one a larger network has the time to use its room. On a machine twice
as fast the same minutes hold twice the work, so the row for twice the seconds is taken. A small text is read many
times over: it gets a network that is not far larger than the text, and dropout against learning it by heart.
"""

import math
from dataclasses import dataclass, replace
from typing import Any

from chargen.model.config import ModelConfig
from chargen.training.config import TrainingConfig
from chargen.training.speed import Speed

PRESET_MINUTES = {"quick": 1.0, "balanced": 5.0, "best": 30.0}
_MINUTES_UNSAID = 2.0  # what a budget of steps or epochs is sized for where no preset is named


@dataclass(frozen=True)
class _Size:
    seconds: float  # the longest budget this size is for, on the machine of the figures
    layers: int
    hidden: int
    streams: int
    unroll: int
    learning_rate: float


_CPU = (
    _Size(15, 1, 192, 32, 32, 3e-2),
    _Size(40, 1, 256, 32, 64, 2e-2),
    _Size(400, 1, 320, 32, 64, 1.6e-2),
    _Size(1200, 1, 512, 32, 64, 1e-2),
    _Size(float("inf"), 2, 512, 32, 96, 8e-3),
)
_GPU = (
    _Size(15, 1, 512, 64, 64, 6e-3),
    _Size(90, 2, 512, 64, 96, 4e-3),
    _Size(400, 2, 768, 64, 128, 3e-3),
    _Size(float("inf"), 3, 1024, 64, 128, 2e-3),
)

PARAMETERS_PER_CHARACTER = 20
"""A preset's network has at most so many parameters for each character of the text; one of twice that is warned of."""

_LEAST_DROPOUT = 0.05  # less does nothing but cost its masks

_SMALLER = (256, 192, 128, 96, 64, 48, 32)
"""Hidden units of one layer, where every size of the table is too large for a text."""


def choose_size(seconds: float, device: str) -> _Size:
    """The row of the table for a time budget on a kind of device, in seconds of the machine of the figures."""
    table = _CPU if device == "cpu" else _GPU
    return next(size for size in table if seconds <= size.seconds)


def sensible_parameters(characters: int, vocabulary: int) -> int:
    """The most parameters that suit a text; never less than what the smallest proposed network has."""
    smallest = _model({}, 1, _SMALLER[-1], vocabulary).parameter_count()
    return max(PARAMETERS_PER_CHARACTER * characters, smallest)


def expected_epochs(
    model: ModelConfig, training: TrainingConfig, characters: int, seconds: float, speed: Speed
) -> float:
    """How often a text will be read within the budget, roughly; ``seconds`` is that of a budget in minutes."""
    if training.epochs is not None:
        return training.epochs
    per_step = training.streams * training.unroll
    steps: float | None = training.steps
    if steps is None:
        steps = seconds * speed.ranks / speed.estimated_step(model, training, training.streams, training.unroll)
    return steps * per_step / characters


def choose_dropout(epochs: float) -> float:
    """None for a text that is read up to five times; half for one that is read twelve times or more.

    Measured at the ends of trainings: on the bundled play (1×256) none was best after 3.9 readings, 0.4 after 7.7 and
    0.5 after 15; on tinyshakespeare (1×320) 0.08 was better than 0.29 after 6.8, and a little too little.
    """
    dropout = min(0.5, 0.4 * math.log2(max(epochs, 1e-3) / 5))
    return round(dropout, 2) if dropout >= _LEAST_DROPOUT else 0.0


def _model(given: dict[str, Any], layers: int, hidden: int, vocabulary: int) -> ModelConfig:
    """The network of that size, changed to what the user said."""
    hidden = given.get("hidden", hidden)
    return ModelConfig(
        cell=given.get("cell", "lstm"),
        layers=given.get("layers", layers),
        hidden=hidden,
        embedding=given.get("embedding", max(1, min(hidden, 32 if vocabulary <= 256 else 96))),
        vocabulary_size=vocabulary,
        initial_state=given.get("initial_state", "zeros"),
    )


def _fitting(given: dict[str, Any], size: _Size, device: str, characters: int, vocabulary: int) -> ModelConfig:
    """The largest network up to that row of the table that suits the text; what the user said stays as it is."""
    most = sensible_parameters(characters, vocabulary)
    table = _CPU if device == "cpu" else _GPU
    sizes = [(row.layers, row.hidden) for row in reversed(table[: table.index(size) + 1])]
    sizes += [(1, hidden) for hidden in _SMALLER if hidden < sizes[-1][1]]
    models = [_model(given, layers, hidden, vocabulary) for layers, hidden in sizes]
    return next((model for model in models if model.parameter_count() <= most), models[-1])


def suggest(
    values: dict[str, Any], characters: int, vocabulary: int, device: str, speed: Speed | None = None
) -> tuple[ModelConfig, TrainingConfig]:
    """Fill in what the user did not say.

    Args:
        values: options the user gave (None or absent: chosen here), by the names of the settings table.
        characters, vocabulary: of the text. device: the kind.
        speed: what was measured of it; None takes it to be like the machine of the figures. It changes what a budget of
            minutes leads to; one of steps or epochs is work already, and equal on every machine.

    Raises:
        SettingError: a value is out of range, or two budgets were given.
    """
    speed = speed if speed is not None else Speed(device)
    given = {name: value for name, value in values.items() if value is not None}
    budget = {name: given[name] for name in ("minutes", "epochs", "steps") if name in given}
    if not budget:
        budget = {"minutes": PRESET_MINUTES[given.get("preset", "balanced")]}
    named = PRESET_MINUTES[given["preset"]] if "preset" in given else _MINUTES_UNSAID
    seconds = 60 * float(budget.get("minutes", named))
    size = choose_size(seconds * (speed.factor * speed.ranks if "minutes" in budget else 1.0), device)
    model = _fitting(given, size, device, characters, vocabulary)
    defaults: dict[str, Any] = {
        "streams": size.streams,
        "unroll": size.unroll,
        "learning_rate": size.learning_rate,
    }
    chosen = {**defaults, **{name: given[name] for name in _PASSED_ON if name in given}}
    training = TrainingConfig(**budget, **chosen)
    if "dropout" not in given:
        epochs = expected_epochs(model, training, max(1, characters), seconds, speed)
        training = replace(training, dropout=choose_dropout(epochs))
    return model, training


_PASSED_ON = (
    "streams", "unroll", "learning_rate", "dropout", "clip", "clip_kind", "optimizer", "patience", "seed", "device",
    "precision", "threads",
)  # fmt: skip
