"""The desk: opening texts, models and states; training and its states; the end."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from chargen.gui import tasks
from chargen.gui.desk import Desk, OpenModel
from chargen.gui.tasks import ReadingProgress, what_to_open
from chargen.jobs import Cancelled, Failed
from chargen.model.config import ModelConfig
from chargen.model.model_file import Model, save_model
from chargen.model.state import HiddenState
from chargen.sampling.export import render
from chargen.sampling.sampler import Sampler
from chargen.sampling.settings import SamplingSettings
from chargen.training import commands, events
from tests.gui.helpers import FAILED, Heard, finished, make_desk, progress, started, write_play


def small_model(seed: int = 0) -> Model:
    config = ModelConfig("lstm", 1, 4, 3, 5)
    generator = np.random.default_rng(seed)
    tensors = {
        name: generator.normal(0, 0.1, shape).astype(np.float32) for name, shape in config.tensor_shapes().items()
    }
    return Model(config, tuple("abcd\n"), tensors)


def with_corpus(qtbot: QtBot, desk: Desk, folder: Path) -> None:
    with qtbot.waitSignal(desk.corpus_changed):
        desk.open_paths([write_play(folder)])


# --- what to open


@pytest.mark.parametrize(
    ("names", "kind"),
    [
        (["a.txt"], "texts"),
        (["a.txt", "b.md"], "texts"),
        (["folder"], "texts"),
        (["run"], "model"),
        (["m.safetensors"], "model"),
        (["M.SafeTensors"], "model"),
        (["s.state"], "state"),
        (["page.json"], "export"),
        (["other.json"], "texts"),
        (["gone.json"], "texts"),
        (["page.json", "page.json"], "refused"),
        (["page.json", "a.txt"], "refused"),
        (["m.safetensors", "s.state"], "refused"),
        (["m.safetensors", "n.safetensors"], "refused"),
        (["a.txt", "m.safetensors"], "refused"),
        ([], "refused"),
    ],
)
def test_what_to_open(tmp_path: Path, names: list[str], kind: str) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "run.json").write_text("{}")
    (tmp_path / "page.json").write_bytes(render([Sampler(small_model()).write(SamplingSettings(length=3))], ".json"))
    (tmp_path / "other.json").write_text('{"kind": "letters"}')
    found, sentence = what_to_open([tmp_path / name for name in names])
    assert found == kind
    assert sentence.endswith(".") == (kind == "refused")


def test_a_refusal_is_a_notice(qtbot: QtBot, tmp_path: Path) -> None:
    desk, _ = make_desk()
    notices = Heard(desk.notice)
    desk.open_paths([tmp_path / "a.txt", tmp_path / "m.safetensors"])
    assert notices.values[0][0] == "caution"


# --- texts


def test_a_text_becomes_the_corpus(qtbot: QtBot, tmp_path: Path) -> None:
    desk, _ = make_desk()
    pages, shares = Heard(desk.page_wanted), Heard(desk.corpus_reading)
    with_corpus(qtbot, desk, tmp_path)
    assert desk.corpus is not None
    assert desk.corpus.name == "play"
    assert desk.choices.paths == (tmp_path / "play.txt",)
    assert pages.values == ["corpus"]
    assert shares.values[0] == 0.0
    assert shares.values[-1] is None


def test_several_files_are_one_corpus(qtbot: QtBot, tmp_path: Path) -> None:
    desk, _ = make_desk()
    with qtbot.waitSignal(desk.corpus_changed):
        desk.open_paths([write_play(tmp_path, "a.txt"), write_play(tmp_path, "b.txt")])
    assert desk.corpus is not None
    assert len(desk.corpus.sources) == 2


def test_a_text_that_cannot_be_read_leaves_the_desk_as_it_is(qtbot: QtBot, tmp_path: Path) -> None:
    desk, _ = make_desk()
    with_corpus(qtbot, desk, tmp_path)
    before, choices = desk.corpus, desk.choices
    empty = tmp_path / "empty.txt"
    empty.write_bytes(b"")
    with qtbot.waitSignal(desk.corpus_failed) as failure:
        desk.open_paths([empty])
    assert "empty" in failure.args[0]
    assert desk.corpus is before
    assert desk.choices == choices
    assert desk.failed_choices.paths == (empty,)


def test_reading_again_with_another_encoding(qtbot: QtBot, tmp_path: Path) -> None:
    desk, _ = make_desk()
    with_corpus(qtbot, desk, tmp_path)
    with qtbot.waitSignal(desk.corpus_changed):
        desk.read_again(encoding="cp1252")
    assert desk.corpus is not None
    assert desk.corpus.sources[0].encoding is not None
    assert desk.corpus.sources[0].encoding.name == "cp1252"


def test_only_the_newest_reading_counts(qtbot: QtBot, tmp_path: Path) -> None:
    desk, factory = make_desk("read")
    corpora, shares = Heard(desk.corpus_changed), Heard(desk.corpus_reading)
    desk.read_texts([tmp_path / "first.txt"])
    first = factory.held["read"]
    desk.read_texts([tmp_path / "second.txt"])
    second = factory.held["read"]
    assert first.cancelled
    first.post(ReadingProgress(0.9))
    first.end(Failed("too late", ""))
    second.post(ReadingProgress(0.25))
    second.end(Cancelled())
    qtbot.waitUntil(lambda: desk.busy_with() == [])
    assert corpora.values == []
    assert 0.9 not in shares.values
    assert shares.values[-2:] == [0.25, None]


def test_the_validation_share_needs_no_reading(qtbot: QtBot, tmp_path: Path) -> None:
    desk, factory = make_desk()
    with_corpus(qtbot, desk, tmp_path)
    before = factory.made.count("read")
    with qtbot.waitSignal(desk.corpus_changed):
        desk.set_validation(0.2)
    assert factory.made.count("read") == before
    assert desk.corpus is not None
    assert desk.corpus.validation_share == 0.2
    assert desk.choices.validation == 0.2


def test_a_bundled_text_by_its_title(qtbot: QtBot) -> None:
    desk, _ = make_desk()
    with qtbot.waitSignal(desk.corpus_changed):
        desk.open_catalog("the-lamp-at-sarn")
    assert desk.corpus is not None
    assert desk.corpus.name == "The Lamp at Sarn"
    desk.close_corpus()
    assert desk.corpus is None


# --- models and states


def test_a_model_is_opened(qtbot: QtBot, tmp_path: Path) -> None:
    desk, _ = make_desk()
    save_model(tmp_path / "mine.safetensors", small_model())
    pages = Heard(desk.page_wanted)
    with qtbot.waitSignal(desk.model_changed):
        desk.open_paths([tmp_path / "mine.safetensors"])
    assert desk.model is not None
    assert (desk.model.name, desk.model.live) == ("mine", False)
    assert pages.values == ["write"]


def test_a_bad_model_is_one_sentence(qtbot: QtBot, tmp_path: Path) -> None:
    desk, _ = make_desk()
    (tmp_path / "bad.safetensors").write_bytes(b"nothing")
    with qtbot.waitSignal(desk.notice) as notice:
        desk.open_paths([tmp_path / "bad.safetensors"])
    assert notice.args[0] == "bad"
    assert desk.model is None


def test_a_state_is_offered(qtbot: QtBot, tmp_path: Path) -> None:
    desk, _ = make_desk()
    HiddenState.zero(ModelConfig("gru", 1, 4, 3, 5)).save(tmp_path / "zero.state")
    with qtbot.waitSignal(desk.state_opened) as opened:
        desk.open_paths([tmp_path / "zero.state"])
    assert opened.args[0].cell == "gru"


# --- training


def test_without_a_text_there_is_nothing_to_train(qtbot: QtBot) -> None:
    desk, factory = make_desk("train")
    with qtbot.waitSignal(desk.training_failed):
        desk.start_training({})
    assert "train" not in factory.held


def test_the_states_of_a_training(qtbot: QtBot, tmp_path: Path) -> None:
    desk, factory = make_desk("train")
    with_corpus(qtbot, desk, tmp_path)
    states, seen = Heard(desk.training_state_changed), Heard(desk.training_event)
    desk.start_training({"minutes": 1})
    desk.start_training({"minutes": 1})  # one at a time
    assert factory.made.count("train") == 1
    job = factory.held["train"]
    job.post(started(str(tmp_path / "run")), progress())
    qtbot.waitUntil(lambda: desk.training_state == "running")
    assert desk.run_folder == tmp_path / "run"
    desk.pause_training()
    job.post(events.Paused(10))
    qtbot.waitUntil(lambda: desk.training_state == "paused")
    desk.set_learning_rate(0.001)
    desk.set_preview_temperature(0.3)
    desk.save_training()
    desk.resume_training()
    job.post(events.Resumed(10))
    qtbot.waitUntil(lambda: desk.training_state == "running")
    desk.stop_training()
    assert desk.training_state == "stopping"
    job.post(finished())
    job.end()
    qtbot.waitUntil(lambda: desk.training_state == "idle")
    assert states.values == ["starting", "running", "paused", "running", "stopping", "idle"]
    assert job.commands == [
        commands.Pause(), commands.SetLearningRate(0.001), commands.SetPreview(0.3), commands.SaveNow(),
        commands.Resume(), commands.Stop(),
    ]  # fmt: skip
    assert [type(event).__name__ for event in seen.values] == [
        "Started", "Progress", "Paused", "Resumed", "Finished",
    ]  # fmt: skip


def test_the_model_on_the_desk_follows_the_training(qtbot: QtBot, tmp_path: Path) -> None:
    desk, factory = make_desk("train")
    with_corpus(qtbot, desk, tmp_path)
    desk.start_training({})
    job = factory.held["train"]
    job.post(started(), events.Snapshot(5, small_model(1)))
    qtbot.waitUntil(lambda: desk.model is not None)
    assert desk.model is not None
    assert desk.model.live
    assert desk.model.name == "play"
    saved = tmp_path / "model.safetensors"
    save_model(saved, small_model(2))
    job.post(finished(str(saved)))
    job.end()
    qtbot.waitUntil(lambda: desk.model is not None and not desk.model.live)
    assert desk.model.path == saved


def test_a_model_that_was_opened_stays_until_asked(qtbot: QtBot, tmp_path: Path) -> None:
    desk, factory = make_desk("train")
    with_corpus(qtbot, desk, tmp_path)
    save_model(tmp_path / "mine.safetensors", small_model())
    desk.start_training({})
    job = factory.held["train"]
    job.post(started())
    with qtbot.waitSignal(desk.model_changed):
        desk.open_model(tmp_path / "mine.safetensors")
    job.post(events.Snapshot(5, small_model(1)))
    qtbot.wait(100)
    assert desk.model is not None
    assert desk.model.name == "mine"
    desk.write_with_training()
    assert desk.model.live
    job.end(FAILED)
    qtbot.waitUntil(lambda: desk.training_state == "idle")


def test_a_failed_training_is_one_sentence(qtbot: QtBot, tmp_path: Path) -> None:
    desk, factory = make_desk("train")
    with_corpus(qtbot, desk, tmp_path)
    desk.start_training({})
    with qtbot.waitSignal(desk.training_failed) as failure:
        factory.held["train"].end(FAILED)
    assert failure.args == [FAILED.sentence]
    assert desk.training_state == "idle"


def test_an_example_can_be_trained_on_at_once(qtbot: QtBot) -> None:
    desk, factory = make_desk("train")
    pages = Heard(desk.page_wanted)
    desk.open_catalog("the-lamp-at-sarn", then_train={"minutes": 1})
    qtbot.waitUntil(lambda: "train" in factory.held)
    assert pages.values == ["train"]
    assert desk.training_state == "starting"
    factory.held["train"].end()
    qtbot.waitUntil(lambda: desk.training_state == "idle")


# --- the end


def test_shutdown_with_nothing_running(qtbot: QtBot) -> None:
    desk, _ = make_desk()
    with qtbot.waitSignal(desk.closed):
        desk.shutdown()
    desk.shutdown()


@pytest.mark.parametrize("state", ["starting", "running", "paused", "stopping"])
def test_shutdown_while_training(qtbot: QtBot, tmp_path: Path, state: str) -> None:
    desk, factory = make_desk("train")
    with_corpus(qtbot, desk, tmp_path)
    desk.start_training({})
    job = factory.held["train"]
    if state != "starting":
        job.post(started())
        qtbot.waitUntil(lambda: desk.training_state == "running")
    if state == "paused":
        job.post(events.Paused(3))
        qtbot.waitUntil(lambda: desk.training_state == "paused")
    if state == "stopping":
        desk.stop_training()
    closed = Heard(desk.closed)
    desk.shutdown()
    desk.shutdown()
    assert job.cancelled
    assert desk.training_state == "stopping"
    qtbot.wait(60)
    assert closed.values == []  # what was learned is not saved yet
    job.post(finished(str(tmp_path / "model.safetensors")))
    job.end()
    qtbot.waitUntil(lambda: len(closed.values) == 1)


def test_nothing_new_begins_after_shutdown(qtbot: QtBot, tmp_path: Path) -> None:
    desk, factory = make_desk()
    desk.shutdown()
    made = len(factory.made)
    desk.open_paths([write_play(tmp_path)])
    desk.open_model(tmp_path / "m.safetensors")
    desk.start_training({})
    assert len(factory.made) == made


# --- for real


def test_the_device_is_found_in_a_worker(qtbot: QtBot) -> None:
    desk = Desk()
    with qtbot.waitSignal(desk.device_changed, timeout=60_000) as found:
        desk.find_device()
    assert found.args[0].reason
    qtbot.waitUntil(lambda: desk.busy_with() == [])


def test_torch_that_cannot_be_loaded(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "chargen.training.device", None)
    desk = Desk()
    with qtbot.waitSignal(desk.device_failed) as failure:
        desk.find_device()
    assert "PyTorch" in failure.args[0]
    qtbot.waitUntil(lambda: desk.busy_with() == [])


def test_a_real_training_is_stopped_saved_and_continued(qtbot: QtBot, tmp_path: Path) -> None:
    desk = Desk()
    with_corpus(qtbot, desk, tmp_path)
    small = {"minutes": 5.0, "hidden": 16, "layers": 1, "precision": "float32"}
    snapshots: list[Any] = []
    desk.training_event.connect(lambda event: isinstance(event, events.Progress) and snapshots.append(event))
    desk.start_training(small)
    qtbot.waitUntil(lambda: len(snapshots) > 1, timeout=60_000)
    desk.stop_training()
    qtbot.waitUntil(lambda: desk.training_state == "idle", timeout=20_000)
    assert desk.finished is not None
    assert Path(desk.finished.model).is_file()
    qtbot.waitUntil(lambda: desk.model is not None and not desk.model.live)
    step = desk.finished.step
    assert desk.run_folder is not None
    desk.continue_run(desk.run_folder, {"minutes": 5.0})
    qtbot.waitUntil(lambda: snapshots[-1].step > step, timeout=60_000)
    closed = Heard(desk.closed)
    desk.shutdown()
    qtbot.waitUntil(lambda: len(closed.values) == 1, timeout=20_000)
    assert desk.finished.reason == "interrupted"
    assert desk.finished.step > step


def test_overrides_are_what_the_desk_passes_on(qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Any] = []

    def train(corpus: Any = None, overrides: Any = None, continued: Any = None) -> Any:
        asked.append((corpus, overrides, continued))
        return lambda worker: None

    monkeypatch.setattr(tasks, "train", train)
    desk, _ = make_desk()
    with_corpus(qtbot, desk, tmp_path)
    desk.start_training({"minutes": 3.0})
    qtbot.waitUntil(lambda: desk.training_state == "idle")
    desk.continue_run(tmp_path, {"minutes": 1.0})
    qtbot.waitUntil(lambda: desk.training_state == "idle")
    assert asked == [(desk.corpus, {"minutes": 3.0}, None), (None, {"minutes": 1.0}, tmp_path)]


def test_what_is_done_is_no_longer_told(qtbot: QtBot, tmp_path: Path) -> None:
    desk, factory = make_desk("device")
    desk.find_device()  # runs on
    with_corpus(qtbot, desk, tmp_path)
    qtbot.waitUntil(lambda: desk.busy_with() == ["device"])
    told = Heard(desk.work_changed)
    factory.held["device"].end(FAILED)
    qtbot.waitUntil(lambda: desk.busy_with() == [])
    assert told.values


def test_writing_after_training_keeps_the_saved_best_model(tmp_path: Path) -> None:
    """The last live copy may be worse than what was saved, and could not be found again."""
    desk, _ = make_desk("train")
    saved = OpenModel(small_model(), "best", tmp_path / "model.safetensors", False)
    desk.finished = events.Finished("budget", 9, 1.0, 1.5, 2.2, str(saved.path))
    desk._snapshot = OpenModel(small_model(1), "last", None, True)
    desk._set_model(saved)
    desk.write_with_training()
    assert desk.model is saved
