"""What a character costs while a text streams: memory grows by the text and what is known of it, by nothing else.

Nothing is written by a network here: what is counted is what is held, and that is the same whoever chose.
"""

import tracemalloc
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from chargen.sampling import pages
from chargen.sampling.draft_file import pack, unpack
from chargen.sampling.drafts import Draft, begun, continued, new_draft
from chargen.sampling.events import Written
from chargen.sampling.sample import Sample
from chargen.sampling.sampler import Sampler
from chargen.sampling.settings import SamplingSettings
from chargen.sampling.trail import Footprints
from chargen.sampling.writer import Writer
from tests.sampling.conftest import build_model

MODEL = build_model()
COUNT = 20_000


@pytest.fixture(autouse=True)
def traced(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(pages, "LEAST_BYTES", 2**60)  # pages of their own are not counted
    tracemalloc.start()
    yield
    tracemalloc.stop()


def cost(make: Callable[[], Any]) -> tuple[float, float]:
    """Bytes per character that the result takes, and that were taken at most on the way."""
    before = tracemalloc.get_traced_memory()[0]
    tracemalloc.reset_peak()
    result = make()
    after, peak = tracemalloc.get_traced_memory()
    del result
    return (after - before) / COUNT, (peak - before) / COUNT


def sample(count: int, **fixed: Any) -> Sample:
    """Of so many characters, as if it had been written."""
    writer = Writer(MODEL, SamplingSettings(length=10 * COUNT, random_seed=1), None)
    ids = np.arange(count) % len(MODEL.vocabulary)
    writer.record_all(ids, np.full(count, 2.5))
    return replace(writer.sample(), **fixed)


def test_what_is_held_of_a_character_while_it_is_written() -> None:
    engine = Sampler(MODEL).engine

    def write() -> tuple[Writer, Footprints]:
        writer = Writer(MODEL, SamplingSettings(length=COUNT, random_seed=1), None)
        footprints = Footprints()
        for place in range(COUNT):
            if place >= footprints.due:
                footprints.keep(place, engine)
            writer.record(place % len(MODEL.vocabulary), 2.5)
        return writer, footprints

    held, _ = cost(write)
    assert 5 <= held < 9  # its id in one byte, its surprise in four, now and then a state


def test_what_is_held_of_a_character_that_is_kept_again_and_again() -> None:
    first = sample(COUNT // 2)
    draft = begun(new_draft(), Written(first, first.seed_state, "stopped"), "m")

    def keep() -> Draft:
        kept = draft
        for count in range(1_000, COUNT // 2 + 1, 1_000):
            kept = continued(draft, Written(sample(count, after=first.text), None, "stopped"))
        assert len(kept.parts) == 1 and kept.characters == COUNT
        return kept

    held, _ = cost(keep)
    assert 5 <= held < 6.5  # the text and the surprises, once


def test_a_draft_is_written_down_without_a_copy_of_its_surprises() -> None:
    whole = sample(COUNT)
    draft = begun(new_draft(), Written(whole, None, "stopped"), "m")
    _, peak = cost(lambda: pack(draft))
    assert 1 <= peak < 3  # the text, encoded
    data = b"".join(pack(draft))
    np.testing.assert_array_equal(unpack(data, draft.id).parts[0].sample.surprises, whole.surprises)


def test_a_long_array_lies_in_pages_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pages, "LEAST_BYTES", 2**12)
    for count in (0, 1, 2**10, 2**20):
        array = pages.own_pages(count)
        assert array.shape == (count,) and array.dtype == np.float32 and not array.any()
        array[:] = 1
        assert array.flags.owndata == (count < 2**10)
