"""From what a user asked to a trainer: new, continued, or started from a model."""

import json

import numpy as np
import pytest

from chargen.corpus.corpus import corpus_from_text
from chargen.errors import ChargenError, DeviceError, ModelFileError, RunError, SettingError
from chargen.model.model_file import load_model, save_model
from chargen.training import events
from chargen.training.clock import Clock
from chargen.training.session import TrainingRequest, prepare
from chargen.training.warm_start import extend_model, merge_vocabulary
from tests.model.helpers import random_model, small_config
from tests.training.helpers import run_request, small_corpus


def run(request):
    trainer = prepare(request, Clock())
    try:
        return list(trainer.steps())
    finally:
        trainer.close()


def test_a_new_run_gets_a_folder_of_its_own(tmp_path):
    seen = run(TrainingRequest(corpus=small_corpus(), overrides=run_request(tmp_path)))
    started = next(event for event in seen if isinstance(event, events.Started))
    assert "rhyme" in started.run
    assert load_model(type(tmp_path)(started.run)).vocabulary == small_corpus().vocabulary.characters


def test_nothing_is_said_about_where_the_text_lay(tmp_path):
    text = tmp_path / "secret-place" / "poem.txt"
    text.parent.mkdir()
    text.write_text("a line of a poem, and another\n" * 40)
    run(TrainingRequest(texts=(str(text),), run=tmp_path / "run", overrides=run_request(tmp_path)))
    assert b"secret-place" not in (tmp_path / "run" / "model.safetensors").read_bytes()


def test_settings_out_of_range_are_refused_before_anything_is_made(tmp_path):
    for bad in ({"hidden": 0}, {"learning_rate": float("nan")}, {"steps": 5, "minutes": 1.0}, {"cell": "tree"}):
        with pytest.raises(SettingError):
            prepare(
                TrainingRequest(
                    corpus=small_corpus(), run=tmp_path / "run", overrides={**run_request(tmp_path), **bad}
                ),
                Clock(),
            )
        assert not (tmp_path / "run").exists()


def test_too_large_a_size_is_refused_with_the_estimate(tmp_path, monkeypatch):
    monkeypatch.setattr("chargen.training.device.free_memory", lambda kind: 10_000)
    with pytest.raises(DeviceError, match=r"needs about .* GiB"):
        prepare(TrainingRequest(corpus=small_corpus(), run=tmp_path / "run", overrides=run_request(tmp_path)), Clock())
    assert not (tmp_path / "run").exists()


def test_a_device_that_is_not_there_is_said(tmp_path):
    with pytest.raises(DeviceError, match="--device auto"):
        prepare(TrainingRequest(corpus=small_corpus(), overrides={**run_request(tmp_path), "device": "xpu"}), Clock())


def test_a_failure_leaves_no_folder_behind(tmp_path, monkeypatch):
    def fail(*_):
        raise RunError("no")

    monkeypatch.setattr("chargen.training.recorder.save_encoded", fail)
    with pytest.raises(RunError):
        run(TrainingRequest(corpus=small_corpus(), run=tmp_path / "run", overrides=run_request(tmp_path)))
    assert not (tmp_path / "run").exists()


# -- starting from a model ------------------------------------------------------------------------


def test_a_text_in_another_order_is_no_letter_cipher(tmp_path):
    """The same characters, first met in another order: the model still knows them."""
    run(
        TrainingRequest(
            corpus=small_corpus(), run=tmp_path / "a", overrides=run_request(tmp_path, steps=200, learning_rate=0.03)
        )
    )
    start = load_model(tmp_path / "a")
    shuffled = small_corpus().with_vocabulary(tuple(reversed(start.vocabulary)))
    request = TrainingRequest(
        corpus=shuffled, run=tmp_path / "b", start_from=tmp_path / "a",
        overrides={"steps": 1, "learning_rate": 1e-7, "threads": 1, "precision": "float32"},
    )  # fmt: skip
    finished = run(request)[-1]
    assert load_model(tmp_path / "b").vocabulary == start.vocabulary
    assert finished.loss == pytest.approx(start.training["validation_loss"], abs=1e-3)


def test_new_characters_are_added_and_said(tmp_path):
    model = random_model(small_config())
    save_model(tmp_path / "m.safetensors", model)
    corpus = corpus_from_text("a bed and ä Ω café\n" * 30, "new")
    request = TrainingRequest(
        corpus=corpus, run=tmp_path / "run", start_from=tmp_path / "m.safetensors",
        overrides={"steps": 3, "threads": 1, "precision": "float32"},
    )  # fmt: skip
    seen = run(request)
    assert any(
        "4 characters" in event.message or "3 characters" in event.message
        for event in seen
        if isinstance(event, events.Notice)
    )
    learned = load_model(tmp_path / "run")
    assert learned.vocabulary[: len(model.vocabulary)] == model.vocabulary
    assert {"ä", "Ω", "é"} <= set(learned.vocabulary)


def test_extending_keeps_what_was_known():
    model = random_model(small_config())
    extended = extend_model(model, (*model.vocabulary, "Z"), seed=1)
    np.testing.assert_array_equal(extended.tensors["head.weight"][:-1], model.tensors["head.weight"])
    assert extended.tensors["embedding.weight"].shape == (19, 5)
    assert extended.tensors["head.bias"][-1] == model.tensors["head.bias"].min()
    assert extend_model(model, model.vocabulary, seed=1) is model


def test_merging_keeps_the_text():
    corpus = corpus_from_text("the quick brown fox " * 20, "fox")
    merged, notices = merge_vocabulary(corpus, ("x", "o", "f"))
    assert merged.text(0, 100) == corpus.text(0, 100) and merged.vocabulary.characters[:3] == ("x", "o", "f")
    assert len(notices) == 1


def test_another_shape_than_the_models_is_refused(tmp_path):
    save_model(tmp_path / "m.safetensors", random_model(small_config()))
    with pytest.raises(RunError, match="layers 2"):
        prepare(
            TrainingRequest(
                corpus=small_corpus(), start_from=tmp_path / "m.safetensors", overrides={"steps": 3, "layers": 5}
            ),
            Clock(),
        )


def test_a_damaged_model_to_start_from_is_refused(tmp_path):
    (tmp_path / "m.safetensors").write_bytes(b"no")
    with pytest.raises(ModelFileError):
        prepare(TrainingRequest(corpus=small_corpus(), start_from=tmp_path / "m.safetensors"), Clock())


# -- damaged run folders -----------------------------------------------------------------------------


@pytest.mark.parametrize("damage", ["[]", "{", '{"model": {}}', '{"model": 5, "training": 5}', '{"training": {}}'])
def test_a_damaged_run_is_refused_in_one_sentence(tmp_path, damage):
    run(TrainingRequest(corpus=small_corpus(), run=tmp_path / "run", overrides=run_request(tmp_path, steps=2)))
    (tmp_path / "run" / "run.json").write_text(damage)
    with pytest.raises(ChargenError) as caught:
        prepare(TrainingRequest(run=tmp_path / "run", resume=True), Clock())
    assert "\n" not in str(caught.value)


def test_unknown_fields_of_later_versions_are_ignored(tmp_path):
    run(TrainingRequest(corpus=small_corpus(), run=tmp_path / "run", overrides=run_request(tmp_path, steps=2)))
    path = tmp_path / "run" / "run.json"
    description = json.loads(path.read_text())
    description["training"]["from_the_future"] = 1
    path.write_text(json.dumps(description))
    prepare(TrainingRequest(run=tmp_path / "run", resume=True, overrides={"steps": 4}), Clock()).close()
