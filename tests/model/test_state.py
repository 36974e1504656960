"""Hidden states: made, compared, kept and refused."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from safetensors.numpy import save

from chargen.errors import ChargenError, StateError
from chargen.model.state import HiddenState
from tests.model.helpers import random_model, small_config


@pytest.mark.parametrize("cell", ["lstm", "gru", "rnn"])
def test_round_trip_keeps_everything(tmp_path, cell):
    state = HiddenState.random(small_config(cell), seed=4, scale=0.5).renamed("storm", "from the second act")
    state.save(tmp_path / "a.state")
    loaded = HiddenState.load(tmp_path / "a.state")
    assert (loaded.name, loaded.note, loaded.cell) == ("storm", "from the second act", cell)
    assert dict(loaded.recipe) == {"kind": "random", "seed": 4, "scale": 0.5}
    for mine, theirs in zip(state.parts(), loaded.parts(), strict=True):
        np.testing.assert_array_equal(mine, theirs)


def test_states_cannot_be_changed():
    state = HiddenState.zero(small_config())
    with pytest.raises(ValueError, match="read-only"):
        state.h[0, 0, 0] = 1


def test_the_makers_array_is_copied():
    array = np.zeros((2, 1, 8), np.float32)
    state = HiddenState("gru", array, None)
    array[:] = 7
    assert not state.h.any()


def test_random_states_follow_seed_and_scale():
    config = small_config()
    assert HiddenState.random(config, 1).distance(HiddenState.random(config, 1)) == [0, 0]
    assert min(HiddenState.random(config, 1).distance(HiddenState.random(config, 2))) > 0
    assert not HiddenState.random(config, 1, scale=0).h.any()
    assert np.abs(HiddenState.random(config, 1, scale=50).h).max() <= 1


@pytest.mark.parametrize("scale", [-1.0, float("nan"), float("inf")])
def test_bad_scales_are_refused(scale):
    with pytest.raises(StateError):
        HiddenState.random(small_config(), 1, scale)


@pytest.mark.parametrize(
    "other", [small_config("gru"), small_config(layers=1), small_config(hidden=9)], ids=["cell", "layers", "size"]
)
def test_a_state_of_another_kind_or_size_is_refused(other):
    with pytest.raises(StateError, match=r"2×8 LSTM.*model is a"):
        HiddenState.zero(small_config()).check_fits(other)
    HiddenState.zero(small_config()).check_fits(small_config())


def test_learned_states_come_from_the_model():
    model = random_model(small_config(initial_state="learned"))
    state = HiddenState.learned(model)
    np.testing.assert_array_equal(state.h[:, 0], model.tensors["initial_state.h"])
    assert state.fingerprint == model.fingerprint
    with pytest.raises(StateError, match="learned no initial state"):
        HiddenState.learned(random_model(small_config()))


def forged(**changes):
    header = {
        "format": 1, "cell": "lstm", "layers": 1, "hidden": 2, "recipe": {}, "fingerprint": "", "name": "", "note": "",
    }  # fmt: skip
    tensors = changes.pop("tensors", {"h": np.zeros((1, 1, 2), np.float32), "c": np.zeros((1, 1, 2), np.float32)})
    return save(tensors, metadata={"chargen_state": json.dumps({**header, **changes})})


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xff" * 50,
        save({"h": np.zeros(2, np.float32)}),
        forged(format=2),
        forged(format="1"),
        forged(cell="tree"),
        forged(cell="gru"),
        forged(hidden=3),
        forged(name=5),
        forged(recipe=[]),
        forged(tensors={"h": np.zeros((1, 1, 2), np.float32)}),
        forged(tensors={"h": np.full((1, 1, 2), np.nan, np.float32), "c": np.zeros((1, 1, 2), np.float32)}),
        forged(tensors={"h": np.zeros((1, 1, 2)), "c": np.zeros((1, 1, 2))}),
    ],
)
def test_state_files_from_strangers_are_refused_in_one_sentence(tmp_path, data):
    (tmp_path / "x.state").write_bytes(data)
    with pytest.raises(StateError) as caught:
        HiddenState.load(tmp_path / "x.state")
    assert "\n" not in str(caught.value)


@given(st.data())
def test_damaged_state_bytes_never_surprise(data):
    good = bytearray(HiddenState.random(small_config(), 1).to_bytes())
    good[data.draw(st.integers(0, len(good) - 1))] ^= data.draw(st.integers(1, 255))
    try:
        HiddenState.from_bytes(bytes(good), "x")
    except ChargenError as error:
        assert "\n" not in str(error)
