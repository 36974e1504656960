"""How long it takes to go back into a long text and to write on from there, and what the kept states take.

For each size: a network of random weights writes 100,000 characters. Then it goes to places drawn at random, and to
those just before a kept state, from which most is read again; there the state is made and the first character is
written. The text that follows is held against the one that stood there.

    python -m tests.soak.going_back 2x512 3x512
"""

import sys
import time

import numpy as np

from chargen.sampling.engine import Engine
from chargen.sampling.sampler import Sampler, Stream
from chargen.sampling.settings import SamplingSettings
from chargen.sampling.trail import Footprints, Retrace, settings_at
from tests.sampling.conftest import build_model

CHARACTERS = 100_000
PLACES = 40
_COMPARED = 20


def measure(layers: int, hidden: int) -> str:
    """A line about a network of that size."""
    sampler = Sampler(build_model(layers=layers, hidden=hidden))
    engine, footprints = sampler.engine.fork(), Footprints()
    stream = Stream(engine, SamplingSettings(length=CHARACTERS, random_seed=1), None, after="", alternatives=0)
    for place, _ in enumerate(stream):
        if place >= footprints.due:
            footprints.keep(place, engine)
    sample, trail = stream.sample(), footprints.trail()
    random = np.random.default_rng(0)
    drawn = random.integers(1, CHARACTERS, PLACES).tolist()
    late = [place - 1 for place in random.choice(trail.places[len(trail.places) // 2 :], PLACES).tolist()]
    taken = []
    for place in [*drawn, *late]:
        begun = time.perf_counter()
        state = Retrace(Engine(sampler.engine.weights), sample, trail).state_at(place)
        again = sampler.stream(settings_at(sample, place), state, after=sample.text[:place])
        text = next(again).character
        taken.append(1000 * (time.perf_counter() - begun))
        text += "".join(character.character for character, _ in zip(again, range(_COMPARED), strict=False))
        if not sample.text[place:].startswith(text):
            raise SystemExit(f"Another text from character {place}.")
    return (
        f"{layers}x{hidden}: {np.median(taken):.1f} ms (median), {max(taken):.1f} ms at worst; "
        f"a state every {footprints.due - trail.places[-1]} characters, {trail.nbytes / 1e6:.1f} MB"
    )


if __name__ == "__main__":
    for size in sys.argv[1:] or ["2x512"]:
        print(measure(*map(int, size.split("x"))), flush=True)
