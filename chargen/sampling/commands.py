"""Commands to a sampling job, heard between two characters."""

from dataclasses import dataclass

from chargen.model.state import HiddenState


@dataclass(frozen=True)
class Stop:
    """End after the present character, and keep what there is."""


@dataclass(frozen=True)
class SetTemperature:
    """Choose with this temperature from the next character on; recorded in the sample."""

    temperature: float


@dataclass(frozen=True)
class SetSteering:
    """Steer in this way, and no other, from the next character on; recorded in the sample.

    What cannot be steered so (see :meth:`Writer.set_steering`) is told in :class:`NotObeyed`, and writing goes on.
    """

    steer: str


@dataclass(frozen=True, eq=False)
class SetState:
    """Go on from this hidden state from the next character on (see :meth:`Stream.set_state`); recorded in the sample.

    :class:`WentOn` answers, or :class:`NotObeyed`.
    """

    state: HiddenState


@dataclass(frozen=True)
class Keep:
    """Tell in :class:`SoFar` what is written until now, so that it can be kept while more is written."""
