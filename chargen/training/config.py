"""How a network learns: budget, streams, rate, limits."""

from dataclasses import asdict, dataclass
from typing import Any, Literal

from chargen.errors import SettingError
from chargen.settings import option


@dataclass(frozen=True)
class TrainingConfig:
    """Everything about learning that is not the shape of the network. Exactly one budget is set.

    Attributes:
        minutes, epochs, steps: the budget; steps and epochs are totals over all resumes.
        streams: B, parallel streams. unroll: T, characters per truncated back-propagation.
        dropout: between layers and before the output.
        learning_rate: peak of the schedule. clip: 0 is off. clip_kind: ``norm`` or ``elementwise``.
        seed: of initialisation, dropout and stream offsets.
        device, precision, threads: ``auto`` and None let the program choose and say why.
        optimizer: ``muon`` (for the matrices between hidden units; the rest is AdamW's) or ``adamw`` for everything.
        weight_decay: AdamW's, on matrices only. matrix_decay: Muon's.
        patience: validations in a row, clearly worse than the best, after which the training ends; 0: it goes on.
        preview_temperature, preview_length: of the live sample.
    """

    minutes: float | None = None
    epochs: float | None = None
    steps: int | None = None
    streams: int = 16
    unroll: int = 64
    dropout: float = 0.0
    learning_rate: float = 4e-3
    clip: float = 1.0
    clip_kind: Literal["norm", "elementwise"] = "norm"
    seed: int = 1
    device: str = "auto"
    precision: str = "auto"
    threads: int | None = None
    optimizer: Literal["muon", "adamw"] = "muon"
    weight_decay: float = 0.01
    matrix_decay: float = 0.1
    patience: int = 4
    preview_temperature: float = 0.8
    preview_length: int = 240

    def __post_init__(self) -> None:
        budgets = [value for value in (self.minutes, self.epochs, self.steps) if value is not None]
        if len(budgets) != 1:
            raise SettingError("Give exactly one budget: minutes, epochs or steps.")
        for name in (
            "minutes",
            "epochs",
            "steps",
            "streams",
            "unroll",
            "dropout",
            "learning_rate",
            "clip",
            "clip_kind",
            "optimizer",
            "patience",
            "seed",
            "device",
            "precision",
            "threads",
        ):
            option(name).check(getattr(self, name))

    def to_json(self) -> dict[str, Any]:
        return asdict(self)
