"""Seed states on the Write page: each kind, keeping, opening, and states that do not fit."""

from pathlib import Path

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from chargen import paths
from chargen.gui.desk import Desk
from chargen.gui.pages.write import WritePage
from chargen.gui.pages.write_panel import unescape
from chargen.gui.pages.write_seed import SAVED, file_of
from chargen.gui.widgets.seed_state_control import OPEN, SeedStateControl
from chargen.model.state import HiddenState
from chargen.sampling.seeds import prime
from tests.gui.write_helpers import AnsweringPickers, build_model, opened


@pytest.fixture
def page(qtbot: QtBot, desk: Desk, files: AnsweringPickers) -> WritePage:
    page = WritePage(desk, files)
    qtbot.addWidget(page)
    page.resize(1196, 700)
    page.show()
    desk._set_model(opened(build_model()))
    page.controls.length.setValue(60)
    return page


@pytest.fixture
def control(page: WritePage) -> SeedStateControl:
    return page.controls.seed_control


def choose(control: SeedStateControl, key: str) -> None:
    """As a person does it in the menu."""
    row = control.menu.findData(key)
    assert row >= 0, control.choices()
    control.menu.setCurrentIndex(row)
    control.menu.activated.emit(row)


def settle(qtbot: QtBot, page: WritePage) -> None:
    qtbot.waitUntil(lambda: not page._desk.busy_with() and not page.seed_state._typing.isActive())


def start_of(qtbot: QtBot, page: WritePage) -> HiddenState:
    """Write, and say what was started from."""
    page.write_button.click()
    qtbot.waitUntil(lambda: not page.is_writing())
    assert page._document is not None
    return page._document.last.seed_state


def test_zeros_leave_no_empty_box(qtbot: QtBot, page: WritePage, control: SeedStateControl) -> None:
    assert control.current() == "zeros"
    assert not control.strip.isVisible()
    assert "zero" in control.message.text()
    assert not start_of(qtbot, page).h.any()


def test_learned_is_there_only_if_the_model_has_it(
    qtbot: QtBot, page: WritePage, control: SeedStateControl, desk: Desk
) -> None:
    assert "learned" not in control.choices()
    model = build_model(initial_state="learned")
    desk._set_model(opened(model))
    assert control.current() == "learned"  # what its training started from
    np.testing.assert_array_equal(control.strip.state(), model.tensors["initial_state.h"])
    assert start_of(qtbot, page).recipe["kind"] == "learned"
    desk._set_model(opened(build_model()))
    assert control.current() == "zeros"


def test_primed_by_a_text(qtbot: QtBot, page: WritePage, control: SeedStateControl) -> None:
    choose(control, "text")
    assert control.text.isVisible()
    page.write_button.click()
    assert not page.is_writing()
    assert "Type the text" in control.message.text()
    control.text.set_text("storm over")
    settle(qtbot, page)
    expected = prime(build_model(), "storm over")
    np.testing.assert_array_equal(control.strip.state(), expected.h[:, 0])
    np.testing.assert_array_equal(start_of(qtbot, page).h, expected.h)
    control.text.set_text("over")
    np.testing.assert_array_equal(start_of(qtbot, page).h, prime(build_model(), "over").h)  # without a wait


def test_unknown_characters_of_the_priming_text(qtbot: QtBot, page: WritePage, control: SeedStateControl) -> None:
    choose(control, "text")
    control.text.set_text("stürm")
    settle(qtbot, page)
    assert "“ü”" in control.message.text()
    qtbot.waitUntil(page.controls.unknown.isVisible)
    page.write_button.click()
    assert not page.is_writing()
    row = page.controls.unknown.findData("replace")
    page.controls.unknown.setCurrentIndex(row)
    page.controls.unknown.activated.emit(row)
    settle(qtbot, page)
    assert "replaced" in control.message.text()
    np.testing.assert_array_equal(start_of(qtbot, page).h, prime(build_model(), "sturm").h)


def test_random(qtbot: QtBot, page: WritePage, control: SeedStateControl) -> None:
    choose(control, "random")
    control.seed.edit.setText("5")
    control.seed.edit.editingFinished.emit()
    control.scale.box.setValue(0.5)
    expected = HiddenState.random(build_model().config, 5, 0.5)
    np.testing.assert_array_equal(control.strip.state(), expected.h[:, 0])
    np.testing.assert_array_equal(start_of(qtbot, page).h, expected.h)
    before = control.seed.value()
    control.seed.dice.click()
    assert control.seed.value() != before


def test_captured_after_the_last_sample(qtbot: QtBot, page: WritePage, control: SeedStateControl) -> None:
    assert "last" not in control.choices()
    start_of(qtbot, page)
    assert page._document is not None
    captured = page._document.state
    assert captured is not None
    choose(control, "last")
    assert control.current() == "held"
    assert control.menu.currentText().startswith("After “…")
    np.testing.assert_array_equal(start_of(qtbot, page).h, captured.h)
    assert control.current() == "held"  # it stays the one that was captured
    np.testing.assert_array_equal(start_of(qtbot, page).h, captured.h)
    assert "last" in control.choices()


def test_keeping_the_state_after_the_text(qtbot: QtBot, page: WritePage, control: SeedStateControl) -> None:
    start_of(qtbot, page)
    assert page._document is not None
    control.keep.click()
    assert control.row.isVisible()
    assert control.row.after.isChecked()
    control.row.name.setText("low tide: no/wind")
    control.row.save.click()
    settle(qtbot, page)
    assert not control.row.isVisible()
    kept = paths.states_dir() / "low tide- no-wind.state"
    state = HiddenState.load(kept)
    assert state.name == "low tide: no/wind"
    assert page._document.state is not None
    np.testing.assert_array_equal(state.h, page._document.state.h)
    choose(control, SAVED + kept.name)
    settle(qtbot, page)
    assert control.current() == "held"
    np.testing.assert_array_equal(start_of(qtbot, page).h, state.h)


def test_keeping_the_seed_state_itself(qtbot: QtBot, page: WritePage, control: SeedStateControl) -> None:
    choose(control, "random")
    control.keep.click()
    assert not control.row.after.isVisible()
    control.row.name.setText("")
    control.row.save.click()
    assert "name" in control.row.message.text()
    control.row.name.setText("noise")
    control.row.save.click()
    settle(qtbot, page)
    assert HiddenState.load(file_of("noise")).recipe["kind"] == "random"
    control.keep.click()
    control.row.name.setText("noise")
    control.row.save.click()
    settle(qtbot, page)
    assert "already" in control.row.message.text()
    control.row.cancel.click()
    assert not control.row.isVisible()


def test_names_become_files_that_every_system_takes() -> None:
    assert file_of("a").name == "a.state"
    assert file_of("../../etc/x").name == "etc-x.state"
    assert file_of("CON").name == "state CON.state"
    assert file_of("...").name == "state.state"
    assert file_of("a\nb").parent == paths.states_dir()


def test_opening_a_state_file(
    qtbot: QtBot, page: WritePage, control: SeedStateControl, files: AnsweringPickers, tmp_path: Path
) -> None:
    choose(control, OPEN)  # left without a choice
    assert control.current() == "zeros"
    state = prime(build_model(), "storm")
    files.answer = tmp_path / "storm.state"
    state.save(files.answer)
    control.load.click()
    settle(qtbot, page)
    assert control.current() == "held"
    assert control.menu.currentText() == "storm"
    assert not control.message.isVisible()
    np.testing.assert_array_equal(start_of(qtbot, page).h, state.h)


def test_a_state_that_does_not_fit_is_refused_in_place(
    qtbot: QtBot, page: WritePage, control: SeedStateControl, files: AnsweringPickers, tmp_path: Path
) -> None:
    files.answer = tmp_path / "other.state"
    HiddenState.random(build_model("gru").config, 1).save(files.answer)
    control.load.click()
    settle(qtbot, page)
    assert "GRU" in control.message.text()
    assert control.message.kind() == "bad"
    assert control.current() == "zeros"
    files.answer.write_bytes(b"not a state at all")
    control.load.click()
    settle(qtbot, page)
    assert "is not a chargen state" in control.message.text()
    assert not start_of(qtbot, page).h.any()  # what was chosen before still holds


def test_a_state_of_another_checkpoint_is_allowed_with_a_note(
    qtbot: QtBot, page: WritePage, control: SeedStateControl, desk: Desk
) -> None:
    state = prime(build_model(seed=9), "storm").renamed("storm")
    desk.state_opened.emit(state)
    settle(qtbot, page)
    assert "made by another model" in control.message.text()
    np.testing.assert_array_equal(start_of(qtbot, page).h, state.h)
    assert not page.banner.isVisible()  # said once, where it belongs


def test_what_was_captured_is_held_against_the_next_model(
    qtbot: QtBot, page: WritePage, control: SeedStateControl, desk: Desk
) -> None:
    start_of(qtbot, page)
    choose(control, "last")
    desk._set_model(opened(build_model(hidden=8)))
    settle(qtbot, page)
    assert "2×16 LSTM" in control.message.text()
    page.write_button.click()
    assert not page.is_writing()
    assert control.message.kind() == "bad"
    desk._set_model(opened(build_model(seed=4)))
    settle(qtbot, page)
    assert "made by another model" in control.message.text()


def test_a_primed_state_is_made_again_for_each_model(
    qtbot: QtBot, page: WritePage, control: SeedStateControl, desk: Desk
) -> None:
    choose(control, "text")
    control.text.set_text("storm")
    model = build_model("gru", seed=3)
    desk._set_model(opened(model, live=True))
    settle(qtbot, page)
    np.testing.assert_array_equal(control.strip.state(), prime(model, "storm").h[:, 0])


def test_a_hidden_page_makes_the_state_when_it_is_shown(
    qtbot: QtBot, page: WritePage, control: SeedStateControl, desk: Desk
) -> None:
    choose(control, "text")
    control.text.set_text("storm")
    settle(qtbot, page)
    page.hide()
    model = build_model(seed=3)
    desk._set_model(opened(model, live=True))
    assert not desk.busy_with()
    page.show()
    settle(qtbot, page)
    np.testing.assert_array_equal(control.strip.state(), prime(model, "storm").h[:, 0])


@pytest.mark.parametrize(("typed", "meant"), [(r"\n", "\n"), (r"a\tb", "a\tb"), (r"\\n", r"\n"), ("\\", "\\")])
def test_stop_texts_are_typed_in_one_line(typed: str, meant: str) -> None:
    assert unescape(typed) == meant
