"""Streams: contiguous, carried, shifted, and small enough for any text."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chargen.corpus.streams import Streams, fit_streams
from chargen.errors import CorpusError


@given(st.integers(180, 5000), st.integers(1, 64), st.integers(2, 256), st.integers(0, 9))
def test_every_step_reads_inside_the_text_and_goes_on_where_the_last_ended(length, streams, unroll, seed):
    shape = fit_streams(length, streams, unroll)
    plan = Streams(shape, seed)
    assert 1 <= shape.streams <= streams and 2 <= shape.unroll <= max(2, unroll)
    for step in range(min(60, 3 * shape.steps)):
        index = plan.indices(step)
        assert index.shape == (shape.unroll + 1, shape.streams)
        assert index.min() >= 0 and index.max() < length
        assert (np.diff(index, axis=0) == 1).all()
        if plan.position(step)[1]:
            np.testing.assert_array_equal(index[0], plan.indices(step - 1)[-1])


def test_an_epoch_reads_nearly_every_character_once():
    shape = fit_streams(10_000, 8, 50)
    plan = Streams(shape, 1)
    read = np.concatenate([plan.indices(step)[:-1].ravel() for step in range(shape.steps)])
    assert len(np.unique(read)) == len(read) and len(read) > 9_500


def test_offsets_differ_between_epochs_and_agree_between_runs():
    shape = fit_streams(10_000, 8, 50)
    starts = [Streams(shape, 1).starts(epoch)[0] for epoch in range(8)]
    assert len(set(starts)) > 3
    assert starts == [Streams(shape, 1).starts(epoch)[0] for epoch in range(8)]


def test_small_texts_shrink_streams_first():
    shape = fit_streams(1000, 16, 64)
    assert (shape.streams, shape.unroll) == (3, 64)
    shape = fit_streams(180, 16, 256)
    assert (shape.streams, shape.unroll) == (1, 179)
    with pytest.raises(CorpusError):
        fit_streams(2, 1, 2)
