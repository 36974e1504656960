"""The Train page: what is chosen, what is shown while it learns, and what can be done at each moment."""

from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox, QLineEdit
from pytestqt.qtbot import QtBot

from chargen.gui.desk import Desk
from chargen.gui.pages.train import TrainPage
from chargen.gui.pages.train_form import ADVANCED
from chargen.jobs import Done, Failed
from chargen.training import commands, events
from chargen.training.device import Device
from chargen.training.speed import Speed
from tests.gui.helpers import (
    FAILED,
    Answers,
    Factory,
    Heard,
    finished,
    make_desk,
    points,
    progress,
    started,
    write_play,
)
from tests.gui.test_desk import small_model


def make_page(qtbot: QtBot, folder: Path | None = None) -> tuple[TrainPage, Desk, Factory]:
    desk, factory = make_desk("train")
    page = TrainPage(desk, Answers())
    qtbot.addWidget(page)
    page.resize(1196, 766)
    page.show()
    if folder is not None:
        with qtbot.waitSignal(desk.corpus_changed):
            desk.open_paths([write_play(folder)])
    return page, desk, factory


def running(qtbot: QtBot, folder: Path) -> tuple[TrainPage, Desk, Any]:
    page, desk, factory = make_page(qtbot, folder)
    qtbot.mouseClick(page.primary, Qt.MouseButton.LeftButton)
    job = factory.held["train"]
    job.post(started(str(folder / "run")))
    qtbot.waitUntil(lambda: desk.training_state == "running")
    return page, desk, job


def plan_of(page: TrainPage) -> str:
    return page.form.plan.text().replace("\u00a0", " ")


def shown(page: TrainPage) -> list[str]:
    buttons = (page.primary, page.stop, page.longer, page.anew, page.write)
    return [button.text() for button in buttons if button.isVisible()]


def test_without_a_text_one_button_leads_to_learning(qtbot: QtBot) -> None:
    page, desk, factory = make_page(qtbot)
    assert page.is_empty()
    assert not page.panel_shown()
    assert page.empty.button is not None
    pages = Heard(desk.page_wanted)
    qtbot.mouseClick(page.choose, Qt.MouseButton.LeftButton)
    assert pages.values == ["corpus"]
    qtbot.mouseClick(page.empty.button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: "train" in factory.held)
    assert not page.is_empty()
    factory.held["train"].end()
    qtbot.waitUntil(lambda: desk.training_state == "idle")


def test_the_presets_say_what_they_are(qtbot: QtBot, tmp_path: Path) -> None:
    page, _, _ = make_page(qtbot, tmp_path)
    for key in ("quick", "balanced", "best"):
        assert "min · " in page.form.presets.card(key).line()
        assert "parameters" in page.form.presets.card(key).line()
    assert page.form.overrides() == {"minutes": 5.0}
    page.form.presets.card("quick").click()
    assert page.form.overrides() == {"minutes": 1.0}
    page.form.set_minutes(7)
    assert page.form.presets.current() is None
    page.form.set_minutes(30)
    assert page.form.presets.current() == "best"


def test_every_setting_of_the_table_is_there(qtbot: QtBot, tmp_path: Path) -> None:
    page, _, _ = make_page(qtbot, tmp_path)
    names = {option.name for option in ADVANCED}
    assert names >= {
        "cell", "layers", "hidden", "embedding", "dropout", "initial_state", "streams", "unroll", "learning_rate",
        "clip", "clip_kind", "seed", "device", "precision", "threads",
    }  # fmt: skip
    assert not names & {"minutes", "epochs", "steps", "preset"}
    for field in page.form.fields.values():
        assert field.hint.text() == field.option.help
        if isinstance(field.box, QLineEdit):
            assert field.box.placeholderText()  # what was chosen
        else:
            assert isinstance(field.box, QComboBox)


def test_the_prediction_follows_what_is_chosen(qtbot: QtBot, tmp_path: Path) -> None:
    page, _, _ = make_page(qtbot, tmp_path)
    assert plan_of(page).startswith("About 5 minutes · ")
    assert "reads the text about" in plan_of(page)
    before = page.form.plan.text()
    page.form.set_speed(Speed("cpu", factor=4.0))
    assert page.form.plan.text() != before
    page.form.set_minutes(7)
    assert plan_of(page).startswith("About 7 minutes · ")


def test_too_large_a_network_is_told_beside_the_button(qtbot: QtBot, tmp_path: Path) -> None:
    page, _, _ = make_page(qtbot, tmp_path)
    assert not page.warning.isVisible()
    page.form.set_override("hidden", 700)
    assert page.warning.isVisible()
    assert "by heart" in page.warning.text()
    page.form.set_override("hidden", None)
    assert not page.warning.isVisible()
    page.form.set_override("hidden", 700)
    page.primary.click()
    assert not page.warning.isVisible()


def test_the_speed_is_measured_when_the_device_is_known(qtbot: QtBot, tmp_path: Path) -> None:
    page, desk, factory = make_page(qtbot, tmp_path)
    factory.names = ("speed", "train")
    desk.device = Device("cpu", "CPU", "a test")
    desk.device_changed.emit(desk.device)
    factory.held["speed"].end(Done(Speed("cpu", factor=3.0)))
    qtbot.waitUntil(lambda: page.form._speed == Speed("cpu", factor=3.0))


def test_a_setting_overrides_what_was_chosen(qtbot: QtBot, tmp_path: Path) -> None:
    page, _, _ = make_page(qtbot, tmp_path)
    box = page.form.fields["hidden"].box
    assert isinstance(box, QLineEdit)
    box.setText("96")
    assert page.form.overrides() == {"minutes": 5.0, "hidden": 96}
    assert "96 LSTM" in plan_of(page)
    page.form.set_override("cell", "gru")
    assert page.form.overrides()["cell"] == "gru"


@pytest.mark.parametrize("text", ["many", "0", "nan", "1e99", "-3"])
def test_a_wrong_setting_is_refused_in_place(qtbot: QtBot, tmp_path: Path, text: str) -> None:
    page, _desk, factory = make_page(qtbot, tmp_path)
    field = page.form.fields["hidden"]
    assert isinstance(field.box, QLineEdit)
    field.box.setText(text)
    assert "Hidden units must be" in field.problem.text()
    page.primary.click()
    assert "train" not in factory.held
    assert page.banner.isVisible()
    assert page.form.advanced.is_open()
    field.box.setText("")
    assert field.problem.text() == ""


def test_the_buttons_of_each_moment(qtbot: QtBot, tmp_path: Path) -> None:
    page, _desk, factory = make_page(qtbot, tmp_path)
    assert shown(page) == ["Train"]
    assert page.form.isVisible()
    page.primary.click()
    assert shown(page) == ["Starting…", "Stop"]
    assert not page.form.isVisible()
    job = factory.held["train"]
    job.post(started(str(tmp_path / "run")))
    qtbot.waitUntil(lambda: shown(page) == ["Pause", "Stop", "Train longer"])
    page.primary.click()
    assert job.commands[-1] == commands.Pause()
    job.post(events.Paused(4), events.Snapshot(4, small_model()))
    qtbot.waitUntil(lambda: shown(page) == ["Resume", "Stop", "Train longer", "Write with it"])
    page.primary.click()
    assert job.commands[-1] == commands.Resume()
    job.post(events.Resumed(4))
    qtbot.waitUntil(lambda: "Pause" in shown(page))
    page.longer.click()
    assert job.commands[-1] == commands.Extend()
    page.stop.click()
    assert job.commands[-1] == commands.Stop()
    assert shown(page) == ["Stopping…"]
    assert not page.primary.isEnabled()
    job.post(finished(reason="stopped"))
    job.end()
    qtbot.waitUntil(lambda: shown(page) == ["Write with it", "Train longer", "Train anew"])
    assert "Stopped after 1:00" in page.sentence.text()
    assert page.number.text() == "1.500"


def test_what_is_shown_while_it_learns(qtbot: QtBot, tmp_path: Path) -> None:
    page, desk, job = running(qtbot, tmp_path)
    job.post(
        points(1, 2, 3), progress(), events.Validated(3, 5.0, 2.0, 2.885, True), events.Sampled(3, "ANNA: the", 0.8)
    )
    qtbot.waitUntil(lambda: page.sample.text() == "ANNA: the")
    assert page.plot.point_count() == 3
    assert page.number.text() == "2.000"
    assert page.unit.text().startswith("nats · 2.89 bits")
    assert page.times.text() == "50% · 0:30 gone · 0:30 left"
    assert page.speed.text().startswith("12,345 characters/s")
    assert page.sample_step.text() == "step 3"
    assert page.chip.text() == "play · 1×64 LSTM"
    page.plot.set_unit("bits")
    assert page.number.text() == "2.885"
    job.end(FAILED)
    qtbot.waitUntil(lambda: desk.training_state == "idle")
    assert page.banner.sentence() == FAILED.sentence


def test_rate_and_temperature_are_live(qtbot: QtBot, tmp_path: Path) -> None:
    page, desk, job = running(qtbot, tmp_path)
    job.commands.clear()
    page.rate.changed.emit(0.002)
    page.temperature.changed.emit(0.35)
    assert job.commands == [commands.SetLearningRate(0.002), commands.SetPreview(0.35)]
    job.end()
    qtbot.waitUntil(lambda: desk.training_state == "idle")


def test_out_of_memory_proposes_a_smaller_size(qtbot: QtBot, tmp_path: Path) -> None:
    page, desk, factory = make_page(qtbot, tmp_path)
    page.primary.click()
    factory.held["train"].end(Failed("CUDA ran out of memory; what was learned is kept. Try --streams 8.", ""))
    qtbot.waitUntil(lambda: desk.training_state == "idle")
    assert "--" not in page.banner.sentence()
    assert page.banner.button.text() == "Try 8 streams"
    page.banner.button.click()
    assert desk.training_state == "starting"
    assert page.form.overrides()["streams"] == 8
    factory.held["train"].end()
    qtbot.waitUntil(lambda: desk.training_state == "idle")


def test_when_it_is_finished_one_writes_or_goes_on(qtbot: QtBot, tmp_path: Path) -> None:
    page, desk, job = running(qtbot, tmp_path)
    job.post(points(1, 2), finished())
    job.end()
    qtbot.waitUntil(lambda: desk.training_state == "idle")
    pages = Heard(desk.page_wanted)
    page.primary.click()
    assert pages.values == ["write"]
    page.longer.click()
    assert desk.training_state == "starting"
    assert page.plot.point_count() == 2  # the curve goes on
    newest: Any = desk._training
    newest.end()
    qtbot.waitUntil(lambda: desk.training_state == "idle")


def test_a_training_that_ended_early_says_why(qtbot: QtBot, tmp_path: Path) -> None:
    page, desk, job = running(qtbot, tmp_path)
    job.post(points(1, 2), events.Finished("by heart", 100, 60.0, 1.5, 2.164, "", 40))
    job.end()
    qtbot.waitUntil(lambda: desk.training_state == "idle")
    assert "by heart" in page.sentence.text() and "step 40" in page.sentence.text()


def test_another_text_begins_afresh(qtbot: QtBot, tmp_path: Path) -> None:
    page, desk, job = running(qtbot, tmp_path)
    job.post(points(1, 2), finished())
    job.end()
    qtbot.waitUntil(lambda: desk.training_state == "idle")
    with qtbot.waitSignal(desk.corpus_changed):
        desk.open_paths([write_play(tmp_path, "other.txt", "Quite another text, that is.\n" * 50)])
    assert page.plot.point_count() == 0
    assert shown(page) == ["Train"]
    assert page.chip.text() == "other"


def test_a_notice_stands_on_the_page(qtbot: QtBot, tmp_path: Path) -> None:
    page, desk, job = running(qtbot, tmp_path)
    job.post(events.Notice("The text is short: reading 4 streams."))
    qtbot.waitUntil(lambda: page.banner.isVisible())
    job.end()
    qtbot.waitUntil(lambda: desk.training_state == "idle")


def test_the_key_trains_pauses_and_resumes(qtbot: QtBot, tmp_path: Path) -> None:
    page, desk, factory = make_page(qtbot, tmp_path)
    page.act()
    job = factory.held["train"]
    job.post(started())
    qtbot.waitUntil(lambda: desk.training_state == "running")
    page.act()
    job.post(events.Paused(1))
    qtbot.waitUntil(lambda: desk.training_state == "paused")
    page.act()
    assert job.commands[-2:] == [commands.Pause(), commands.Resume()]
    job.end()
    qtbot.waitUntil(lambda: desk.training_state == "idle")


def test_the_focus_waits_for_the_button(qtbot: QtBot, tmp_path: Path) -> None:
    page, desk, factory = make_page(qtbot, tmp_path)
    with qtbot.waitActive(page):
        page.activateWindow()
    page.primary.setFocus()
    qtbot.keyClick(page.primary, Qt.Key.Key_Return)
    assert desk.training_state == "starting"
    assert page.hasFocus()
    factory.held["train"].post(started())
    qtbot.waitUntil(page.primary.hasFocus)
    assert page.primary.text() == "Pause"
    factory.held["train"].end()
    qtbot.waitUntil(lambda: desk.training_state == "idle")
