"""What a training job can be asked while it runs. No torch: the window sends these."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Pause:
    """Stand still after the current step."""


@dataclass(frozen=True)
class Resume:
    """Go on."""


@dataclass(frozen=True)
class Stop:
    """End, validated and saved."""


@dataclass(frozen=True)
class SaveNow:
    """Write the run's files at the next step boundary."""


@dataclass(frozen=True)
class SetLearningRate:
    """Use this rate from the next step on."""

    rate: float


@dataclass(frozen=True)
class SetPreview:
    """Write the live samples at this temperature."""

    temperature: float


@dataclass(frozen=True)
class Extend:
    """Plan for as much again as was planned at first."""
