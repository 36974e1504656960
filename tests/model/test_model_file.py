"""The model file: what goes in comes out, and a stranger's file is refused in one sentence."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from safetensors.numpy import load, save

from chargen.errors import ChargenError, FileError, ModelFileError
from chargen.model.config import ModelConfig
from chargen.model.model_file import (
    Model,
    load_model,
    model_from_bytes,
    model_to_bytes,
    resolve_model,
    save_model,
)
from chargen.safetensors_header import read_metadata
from tests.model.helpers import random_model, small_config


@pytest.mark.parametrize("cell", ["lstm", "gru", "rnn"])
@pytest.mark.parametrize("initial", ["zeros", "learned"])
def test_round_trip(tmp_path, cell, initial):
    model = random_model(small_config(cell, 3, initial_state=initial))
    save_model(tmp_path / "a.safetensors", model)
    loaded = load_model(tmp_path / "a.safetensors")
    assert loaded.config == model.config and loaded.vocabulary == model.vocabulary
    assert loaded.fingerprint == model.fingerprint
    for name, tensor in model.tensors.items():
        np.testing.assert_array_equal(loaded.tensors[name], tensor)


def test_odd_characters_survive(tmp_path):
    config = ModelConfig("gru", 1, 4, 3, 5)
    tensors = random_model(config).tensors
    model = Model(config, ("\x00", "\ud800", "😀", '"', "é"), tensors)
    save_model(tmp_path / "a.safetensors", model)
    assert load_model(tmp_path / "a.safetensors").vocabulary == model.vocabulary


def test_fingerprint_depends_on_everything_that_matters():
    model = random_model(small_config())
    other = {name: tensor.copy() for name, tensor in model.tensors.items()}
    other["head.bias"][0] += 1
    swapped = (model.vocabulary[1], model.vocabulary[0], *model.vocabulary[2:])
    prints = {
        model.fingerprint,
        Model(model.config, model.vocabulary, other).fingerprint,
        Model(model.config, swapped, model.tensors).fingerprint,
    }
    assert len(prints) == 3
    assert Model(model.config, model.vocabulary, model.tensors, {"step": 9}).fingerprint == model.fingerprint


def rewritten(model, change, tensors=None):
    data = model_to_bytes(model)
    header = json.loads(read_metadata(data)["chargen"])
    change(header)
    return save(tensors or load(data), metadata={"chargen": json.dumps(header)})


def without(name):
    model = random_model(small_config())
    tensors = {key: value for key, value in model.tensors.items() if key != name}
    return rewritten(model, lambda header: None, tensors)


def with_tensor(name, array):
    model = random_model(small_config())
    return rewritten(model, lambda header: None, {**model.tensors, name: array})


BAD = {
    "empty": lambda: b"",
    "noise": lambda: bytes(range(256)) * 4,
    "cut short": lambda: model_to_bytes(random_model(small_config()))[:-7],
    "header only": lambda: model_to_bytes(random_model(small_config()))[:30],
    "foreign tensors": lambda: save({"x": np.zeros(3, np.float32)}),
    "newer": lambda: rewritten(random_model(small_config()), lambda h: h.update(format=99)),
    "no format": lambda: rewritten(random_model(small_config()), lambda h: h.pop("format")),
    "other shape": lambda: rewritten(random_model(small_config()), lambda h: h["config"].update(hidden=9)),
    "huge": lambda: rewritten(random_model(small_config()), lambda h: h["config"].update(hidden=10**9)),
    "boolean size": lambda: rewritten(random_model(small_config()), lambda h: h["config"].update(layers=True)),
    "cell": lambda: rewritten(random_model(small_config()), lambda h: h["config"].update(cell="mamba")),
    "config gone": lambda: rewritten(random_model(small_config()), lambda h: h.pop("config")),
    "vocabulary twice": lambda: rewritten(random_model(small_config()), lambda h: h.update(vocabulary=["a"] * 18)),
    "vocabulary words": lambda: rewritten(random_model(small_config()), lambda h: h.update(vocabulary=["ab", "c"])),
    "fingerprint": lambda: rewritten(random_model(small_config()), lambda h: h.update(fingerprint="0" * 64)),
    "tensor missing": lambda: without("head.bias"),
    "tensor more": lambda: with_tensor("extra", np.zeros(2, np.float32)),
    "float64": lambda: with_tensor("head.bias", np.zeros(18, np.float64)),
    "nan": lambda: with_tensor("head.bias", np.full(18, np.nan, np.float32)),
}


@pytest.mark.parametrize("kind", BAD)
def test_a_file_from_a_stranger_is_refused_in_one_sentence(tmp_path, kind):
    path = tmp_path / "model.safetensors"
    path.write_bytes(BAD[kind]())
    with pytest.raises(ModelFileError) as caught:
        load_model(path)
    sentence = str(caught.value)
    assert "\n" not in sentence and sentence.endswith((".", "]", "float32."))


def test_deep_json_is_refused():
    data = save({"x": np.zeros(1, np.float32)}, metadata={"chargen": "[" * 100_000})
    with pytest.raises(ModelFileError):
        model_from_bytes(data, "x")


@given(st.data())
def test_damaged_bytes_never_surprise(data):
    """Any change of any byte either is refused in words, or leaves the very same model."""
    good = bytearray(model_to_bytes(random_model(small_config(layers=1, hidden=3))))
    position = data.draw(st.integers(0, len(good) - 1))
    good[position] ^= data.draw(st.integers(1, 255))
    try:
        loaded = model_from_bytes(bytes(good), "x")
    except ChargenError:
        return
    assert loaded.fingerprint == random_model(small_config(layers=1, hidden=3)).fingerprint


def test_spoiled_numbers_are_never_written(tmp_path):
    model = random_model(small_config())
    path = tmp_path / "m.safetensors"
    save_model(path, model)
    spoiled = {**model.tensors, "head.bias": np.full(18, np.inf, np.float32)}
    with pytest.raises(ModelFileError):
        save_model(path, Model(model.config, model.vocabulary, spoiled))
    assert load_model(path).fingerprint == model.fingerprint


def test_a_run_folder_means_its_best_model(tmp_path):
    save_model(tmp_path / "latest.safetensors", random_model(small_config()))
    assert resolve_model(tmp_path).name == "latest.safetensors"
    save_model(tmp_path / "model.safetensors", random_model(small_config(), 1))
    assert resolve_model(tmp_path).name == "model.safetensors"


def test_missing_models_are_named(tmp_path):
    with pytest.raises(ModelFileError, match="no model at"):
        load_model(tmp_path / "nothing.safetensors")
    with pytest.raises(ModelFileError, match="holds no model"):
        load_model(tmp_path)


def test_the_size_is_capped(tmp_path, monkeypatch):
    monkeypatch.setattr("chargen.model.model_file.MAXIMUM_MODEL_BYTES", 100)
    save_model(tmp_path / "m.safetensors", random_model(small_config()))
    with pytest.raises(FileError, match="larger"):
        load_model(tmp_path / "m.safetensors")
