"""From one state to another in a few steps, and what a model writes from each under one random seed."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from chargen.errors import SettingError
from chargen.model.blending import Only, blend
from chargen.model.state import HiddenState
from chargen.sampling.sample import Sample
from chargen.sampling.sampler import Sampler
from chargen.sampling.settings import SamplingSettings

MINIMUM_COUNT, MAXIMUM_COUNT = 2, 101


@dataclass(frozen=True, eq=False)
class StripStep:
    """One blend of a strip: B's share in it (0 to 1), the state, and what was written from it."""

    share: float
    state: HiddenState
    sample: Sample


def blends(
    a: HiddenState,
    b: HiddenState,
    count: int,
    *,
    spherical: bool = False,
    layers: Collection[int] | None = None,
    only: Only | None = None,
) -> list[tuple[float, HiddenState]]:
    """``count`` blends at even distances, from A (share 0) to B (share 1), each with its share.

    Where all layers and parts are blended, the first and the last have the bytes of A and B.

    Raises:
        SettingError: ``count`` is not between 2 and 101. StateError: as :func:`chargen.model.blending.blend`.
    """
    if type(count) is not int or not MINIMUM_COUNT <= count <= MAXIMUM_COUNT:
        raise SettingError(f"A strip has between {MINIMUM_COUNT} and {MAXIMUM_COUNT} samples.")
    shares = [number / (count - 1) for number in range(count)]
    return [
        (share, blend([a, b], [1.0 - share, share], spherical=spherical, layers=layers, only=only)) for share in shares
    ]


def write_strip(
    sampler: Sampler,
    a: HiddenState,
    b: HiddenState,
    settings: SamplingSettings,
    count: int = 5,
    *,
    spherical: bool = False,
    layers: Collection[int] | None = None,
    only: Only | None = None,
) -> Iterator[StripStep]:
    """The strip from A to B, sample by sample, all with the settings' random seed (drawn once where missing).

    Raises:
        As :func:`blends` and :meth:`Sampler.stream`; the states are checked before the first sample.
    """
    settings = settings.with_seed()
    for state in (a, b):
        state.check_fits(sampler.model.config)
    steps = blends(a, b, count, spherical=spherical, layers=layers, only=only)
    return (StripStep(share, state, sampler.write(settings, state)) for share, state in steps)
