"""The States page: its library, its benches, what it hands over and what comes back."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from chargen import paths
from chargen.gui.desk import Desk
from chargen.gui.pages.states import StatesPage
from chargen.gui.places import Places
from chargen.gui.states_work import FILE, ZEROS, key_of
from chargen.gui.widgets.buttons import PrimaryButton
from chargen.gui.widgets.state_card import StateItem
from chargen.model.blending import blend
from chargen.model.config import ModelConfig
from chargen.model.state import HiddenState
from chargen.model.state_library import StateLibrary
from chargen.sampling.sampler import Sampler
from chargen.sampling.seeds import prime
from tests.gui.helpers import Heard
from tests.gui.write_helpers import AnsweringPickers, build_model, opened


class Shown(Places):
    """A file manager that remembers what it was to show."""

    def __init__(self) -> None:
        self.folders: list[Path] = []
        self.there = True

    def show(self, folder: Path) -> bool:
        self.folders.append(folder)
        return self.there


@pytest.fixture
def places() -> Shown:
    return Shown()


@pytest.fixture
def page(qtbot: QtBot, desk: Desk, files: AnsweringPickers, places: Shown) -> StatesPage:
    page = StatesPage(desk, files, places=places)
    qtbot.addWidget(page)
    page.resize(1196, 700)
    for timer in timers(page):
        timer.setInterval(0)
    page.show()
    settle(qtbot, page)
    return page


def timers(page: StatesPage) -> list[QTimer]:
    return [page.blend._later_here, page.blend._later_strip, page.steer._soon, page.sum._typing]


def settle(qtbot: QtBot, page: StatesPage) -> None:
    """Until no job runs and nothing waits to begin one."""
    qtbot.waitUntil(lambda: not page._desk.busy_with() and not any(timer.isActive() for timer in timers(page)))


def fill(qtbot: QtBot, page: StatesPage, model: Any = None) -> Any:
    """A model on the desk and two states in the library."""
    model = build_model() if model is None else model
    library = StateLibrary()
    library.keep(prime(model, "all was still."), "calm", "before the bell")
    library.keep(HiddenState.random(model.config, 5, 2.0), "storm")
    page._desk._set_model(opened(model))
    page.shelf.refresh()
    settle(qtbot, page)
    return model


def names(page: StatesPage) -> list[str]:
    return [item.facts.name for item in page.shelf.items]


def item(page: StatesPage, name: str) -> StateItem:
    found = next(item for item in page.shelf.items if item.facts.name == name)
    if not found.is_open():
        found.heading.click()
    return found


def pick(picker: Any, name: str) -> None:
    """As a person does it in the menu."""
    row = picker.findText(name)
    assert row >= 0
    picker.activated.emit(row)


# --- empty


def test_without_a_model_and_states_the_way_leads_to_train(page: StatesPage, desk: Desk) -> None:
    wanted = Heard(desk.page_wanted)
    assert page.is_empty()
    button = page._no_model.button
    assert button is not None
    button.click()
    assert wanted.values == ["train"]


def test_without_states_the_first_is_made_here(qtbot: QtBot, page: StatesPage, desk: Desk) -> None:
    desk._set_model(opened(build_model()))
    button = page._no_states.button
    assert page.is_empty() and button is not None
    button.click()
    assert not page.is_empty() and page.shelf.form.isVisible()
    page.shelf.form.cancel.click()
    assert page.is_empty()
    button.click()
    page.shelf.form.text.set_text("low tide")
    page.shelf.form.make()
    settle(qtbot, page)
    assert names(page) == ["low tide"]
    assert item(page, "low tide").is_open()
    np.testing.assert_array_equal(StateLibrary().load("low tide").h, prime(build_model(), "low tide").h)


def test_states_can_be_looked_at_without_a_model(qtbot: QtBot, page: StatesPage, desk: Desk) -> None:
    fill(qtbot, page)
    desk._set_model(None)
    assert not page.is_empty()
    page.tabs.setCurrentIndex(2)
    pick(page.compare.a, "calm")
    pick(page.compare.b, "storm")
    settle(qtbot, page)
    assert "They differ most" in page.compare.told.text()


# --- the library


def test_a_card_says_what_it_is_made_of(qtbot: QtBot, page: StatesPage) -> None:
    fill(qtbot, page)
    calm = item(page, "calm")
    assert calm.facts.made_of == "Primed by “all was still.” · 2×16"
    assert calm.note.text() == "before the bell"
    assert calm.strip.isVisible() and calm.facts.problem == ""
    page.shelf.search.setText("random")
    assert names(page) == ["storm"]
    page.shelf.search.setText("bell")
    assert names(page) == ["calm"]
    page.shelf.search.setText("nowhere")
    assert names(page) == [] and page.shelf.hint.isVisible()
    qtbot.keyClick(page.shelf.search, Qt.Key.Key_Escape)
    assert names(page) == ["calm", "storm"]


def test_a_name_and_a_note(qtbot: QtBot, page: StatesPage) -> None:
    fill(qtbot, page)
    calm = item(page, "calm")
    calm.edit.click()
    calm.name.setText("storm")
    calm.save.click()
    settle(qtbot, page)
    assert "kept already" in calm.message.text()
    calm.name.setText("low: tide")
    calm.remark.set_text("after the bell")
    calm.save.click()
    settle(qtbot, page)
    assert names(page) == ["low: tide", "storm"]
    assert StateLibrary().load("low: tide").note == "after the bell"


def test_another_note_is_saved_and_its_fields_are_gone(qtbot: QtBot, page: StatesPage) -> None:
    fill(qtbot, page)
    calm = item(page, "calm")
    calm.edit.click()
    assert calm.remark.isVisibleTo(calm)
    calm.remark.set_text("after the bell")
    calm.save.click()
    settle(qtbot, page)
    calm = item(page, "calm")
    assert calm.note.text() == "after the bell" and not calm.remark.isVisibleTo(calm)


def test_deleted_and_brought_back(qtbot: QtBot, page: StatesPage) -> None:
    fill(qtbot, page)
    before = StateLibrary().find("calm").read_bytes()
    item(page, "calm").trash.click()
    settle(qtbot, page)
    assert names(page) == ["storm"]
    assert not (paths.states_dir() / "calm.state").exists()
    assert "“calm” is deleted" in page.banner.sentence()
    page.banner.button.click()
    settle(qtbot, page)
    assert names(page) == ["calm", "storm"]
    assert StateLibrary().find("calm").read_bytes() == before


def test_undo_does_not_replace_what_has_the_name_now(qtbot: QtBot, page: StatesPage) -> None:
    model = fill(qtbot, page)
    item(page, "calm").trash.click()
    settle(qtbot, page)
    StateLibrary().keep(HiddenState.random(model.config, 1), "calm")
    page.banner.button.click()
    settle(qtbot, page)
    assert page.banner.kind() == "bad" and "kept already" in page.banner.sentence()
    assert StateLibrary().load("calm").recipe["kind"] == "random"


def test_shown_in_the_file_manager(qtbot: QtBot, page: StatesPage, places: Shown) -> None:
    fill(qtbot, page)
    calm = item(page, "calm")
    calm.reveal.click()
    assert places.folders == [paths.states_dir()]
    places.there = False
    calm.reveal.click()
    assert "no file manager" in calm.message.text()


def test_what_does_not_fit_is_greyed_with_the_reason(qtbot: QtBot, page: StatesPage) -> None:
    fill(qtbot, page)
    StateLibrary().keep(HiddenState.random(ModelConfig("gru", 1, 24, 8, 30), 7), "elsewhere")
    (paths.states_dir() / "broken.state").write_bytes(b"no state")
    page.shelf.refresh()
    settle(qtbot, page)
    other = item(page, "elsewhere")
    assert "1×24 GRU" in other.problem.text() and "2×16 LSTM" in other.problem.text()
    assert not other.as_a.isEnabled() and not other.write.isEnabled() and other.edit.isEnabled()
    broken = item(page, "broken")
    assert "damaged" in broken.problem.text() and not broken.edit.isEnabled() and broken.trash.isEnabled()
    row = page.blend.a.findText("elsewhere")
    assert not page.blend.a.model().flags(page.blend.a.model().index(row, 0)) & Qt.ItemFlag.ItemIsEnabled
    assert page.blend.a.findText("broken") < 0
    page._desk._set_model(opened(build_model("gru", 24)))  # 2 layers: still another size
    assert item(page, "calm").problem.text()
    assert not page.banner.isVisible()
    settle(qtbot, page)


@pytest.mark.parametrize(("kind", "recipe"), [("random", "random"), ("zeros", "zero"), ("learned", "learned")])
def test_new_ones(qtbot: QtBot, page: StatesPage, kind: str, recipe: str) -> None:
    page._desk._set_model(opened(build_model(initial_state="learned")))
    page.begin_new()
    form = page.shelf.form
    form.kind.setCurrentIndex(form.kind.findData(kind))
    form.name.setText("")
    if kind != "random":
        form.make()
        assert "name" in form.message.text()
    form.seed.set_value(7)
    form.scale.set_value(0.5)
    form.name.setText("mine")
    form.button.click()
    settle(qtbot, page)
    state = StateLibrary().load("mine")
    assert state.recipe["kind"] == recipe
    if kind == "random":
        assert (state.recipe["seed"], state.recipe["scale"]) == (7, 0.5)


def test_primed_by_a_file(qtbot: QtBot, page: StatesPage, files: AnsweringPickers, tmp_path: Path) -> None:
    page._desk._set_model(opened(build_model()))
    page.begin_new()
    form = page.shelf.form
    form.kind.setCurrentIndex(form.kind.findData("file"))
    files.answer = tmp_path / "tide.txt"
    files.answer.write_text("stürm over\n", encoding="utf-8")
    form.button.click()
    settle(qtbot, page)
    assert "“ü”" in form.message.text() and "--" not in form.message.text()
    assert form.button.isEnabled()
    form.unknown.setCurrentIndex(form.unknown.findData("replace"))
    form.button.click()
    settle(qtbot, page)
    np.testing.assert_array_equal(StateLibrary().load("tide").h, prime(build_model(), "sturm over\n").h)


def test_unknown_characters_are_named_while_typing(qtbot: QtBot, page: StatesPage) -> None:
    page._desk._set_model(opened(build_model()))
    page.begin_new()
    form = page.shelf.form
    form.text.set_text("stürm")
    qtbot.waitUntil(lambda: "“ü”" in form.message.text())
    assert form.unknown.isVisible()


def test_files_from_elsewhere(qtbot: QtBot, page: StatesPage, files: AnsweringPickers, tmp_path: Path) -> None:
    model = fill(qtbot, page)
    HiddenState.random(model.config, 9).renamed("storm").save(tmp_path / "a.state")
    files.answer = tmp_path / "a.state"
    page.shelf.open_button.click()
    settle(qtbot, page)
    assert names(page) == ["calm", "storm", "storm 2"]  # what has the name stays
    (tmp_path / "b.state").write_bytes(b"nothing")
    page.keep_files([tmp_path / "a.state", tmp_path / "b.state"])
    settle(qtbot, page)
    assert page.banner.kind() == "bad" and "b.state" in page.banner.sentence()
    assert names(page) == ["calm", "storm", "storm 2"]


# --- blending


def blended(qtbot: QtBot, page: StatesPage) -> tuple[Any, HiddenState, HiddenState]:
    model = fill(qtbot, page)
    pick(page.blend.a, "calm")
    pick(page.blend.b, "storm")
    settle(qtbot, page)
    return model, StateLibrary().load("calm"), StateLibrary().load("storm")


def test_the_slider_blends_and_is_heard(qtbot: QtBot, page: StatesPage) -> None:
    model, calm, storm = blended(qtbot, page)
    bench = page.blend
    bench.share.box.setValue(30)
    settle(qtbot, page)
    expected = blend([calm, storm], [0.7, 0.3])
    assert bench.state is not None
    np.testing.assert_array_equal(bench.state.h, expected.h)
    written = Sampler(model).write(page.hearing.settings(600), expected)
    assert bench.view.text() == written.text
    bench.way.setCurrentIndex(1)
    settle(qtbot, page)
    np.testing.assert_array_equal(bench.state.h, blend([calm, storm], [0.7, 0.3], spherical=True).h)
    bench.way.setCurrentIndex(0)
    bench.part.setCurrentIndex(bench.part.findData("c"))
    bench.layers[0].click()
    settle(qtbot, page)
    partial = blend([calm, storm], [0.7, 0.3], layers=[2], only="c")
    assert partial.c is not None and bench.state.c is not None
    np.testing.assert_array_equal(bench.state.h, calm.h)
    np.testing.assert_array_equal(bench.state.c, partial.c)


def test_the_strip_goes_from_a_to_b(qtbot: QtBot, page: StatesPage) -> None:
    model, calm, storm = blended(qtbot, page)
    texts = page.blend.strip.texts()
    settings = page.hearing.settings(220)
    assert texts[0] == Sampler(model).write(settings, calm).text
    assert texts[-1] == Sampler(model).write(settings, storm).text
    assert len(set(texts)) > 1
    page.blend.strip.columns[-1].click()
    settle(qtbot, page)
    assert page.blend.share.value() == 100
    assert page.blend.state is not None
    np.testing.assert_array_equal(page.blend.state.h, storm.h)  # byte for byte
    page.hearing.seed.set_value(page.hearing.seed.value() + 1)
    page.hearing.seed.changed.emit(0)
    settle(qtbot, page)
    assert page.blend.strip.texts() != texts


def test_an_older_blend_does_not_come_late(qtbot: QtBot, page: StatesPage) -> None:
    model, _calm, _storm = blended(qtbot, page)
    bench = page.blend
    bench.set_share(0.2)
    bench._hear_here()
    first = bench._jobs["blend"]
    bench.set_share(0.9)
    bench._hear_here()  # before the events of the first have arrived
    assert first is not None and first._cancelled.is_set()
    settle(qtbot, page)
    settings = page.hearing.settings(600)
    assert bench.view.text() == Sampler(model).write(settings, bench.mix().of(bench.mix().states(page._pen), 0.9)).text


def test_three_and_more_are_blended_each_with_its_share(qtbot: QtBot, page: StatesPage) -> None:
    model, calm, storm = blended(qtbot, page)
    third = StateLibrary().keep(HiddenState.random(model.config, 8, 0.6), "wild")
    page.shelf.refresh()
    settle(qtbot, page)
    bench = page.blend
    assert bench.strip.isVisible() and bench.add_button.text() == "Add C"
    bench.add_button.click()  # takes the first that is not in it yet
    assert bench.keys()[2] == key_of(third)
    bench.more.rows[0].share.box.setValue(40)
    bench.set_share(0.25)
    settle(qtbot, page)
    wild = HiddenState.load(third)
    assert bench.state is not None
    np.testing.assert_array_equal(bench.state.h, blend([calm, storm, wild], [0.45, 0.15, 0.4]).h)
    assert bench.told.text().lower() == "45 % a, 15 % b, 40 % c" and not bench.strip.isVisible()
    bench.way.setCurrentIndex(1)
    settle(qtbot, page)
    np.testing.assert_array_equal(bench.state.h, blend([calm, storm, wild], [0.45, 0.15, 0.4], spherical=True).h)
    bench.more.rows[0].share.box.setValue(100)
    settle(qtbot, page)
    np.testing.assert_array_equal(bench.state.h, wild.h)  # C alone, byte for byte
    page.sum.line.setText("C")
    page.tabs.setCurrentIndex(3)
    qtbot.waitUntil(lambda: page.sum.state is not None)
    np.testing.assert_array_equal(page.sum.state.h, wild.h)  # type: ignore[union-attr]
    page.tabs.setCurrentIndex(0)
    for _ in range(9):
        bench.add_button.click()
    assert len(bench.more.rows) == 4 and not bench.add_button.isEnabled()
    remembered = json.loads(json.dumps(bench.remembered()))
    for _ in range(4):
        bench.more.rows[0].remove.click()
    settle(qtbot, page)
    assert bench.strip.isVisible() and all(bench.strip.texts())
    bench.recall(remembered)
    assert [key for key, _share in bench.more.shares()] == [entry[0] for entry in remembered["more"]]
    assert bench.more.shares()[0][1] == 1.0
    bench.more.recall([["x"], 5, [1, 2], ["zeros", "x"], ["zeros", 300], ["zeros", True]])
    assert len(bench.more.rows) == 4


def test_no_layer_at_all_is_refused_in_words(qtbot: QtBot, page: StatesPage) -> None:
    blended(qtbot, page)
    for button in page.blend.layers:
        button.click()
    settle(qtbot, page)
    assert "at least one layer" in page.blend.bar.message.text()
    assert page.blend.state is None and not page.blend.bar.keep.isEnabled()


def test_a_blend_is_kept(qtbot: QtBot, page: StatesPage) -> None:
    blended(qtbot, page)
    bar = page.blend.bar
    bar.keep.click()
    bar.confirm.click()
    assert "name" in bar.message.text()
    bar.name.setText("calm")
    bar.confirm.click()
    settle(qtbot, page)
    assert "kept already" in bar.message.text()
    bar.name.setText("breeze")
    bar.confirm.click()
    settle(qtbot, page)
    assert "breeze" in names(page) and not bar.name.isVisible()
    assert item(page, "breeze").facts.made_of.startswith("Blend of 0.5 × calm and 0.5 × storm")


def test_written_with(qtbot: QtBot, page: StatesPage, desk: Desk) -> None:
    _model, calm, storm = blended(qtbot, page)
    states, wanted = Heard(desk.state_opened), Heard(desk.page_wanted)
    page.blend.bar.write.click()
    assert wanted.values == ["write"]
    np.testing.assert_array_equal(states.values[0].h, blend([calm, storm], [0.5, 0.5]).h)
    item(page, "storm").write.click()
    settle(qtbot, page)
    np.testing.assert_array_equal(states.values[1].h, storm.h)


def test_a_card_is_taken_as_a_or_b(qtbot: QtBot, page: StatesPage) -> None:
    fill(qtbot, page)
    item(page, "storm").as_a.click()
    item(page, "calm").as_b.click()
    assert page.blend.a.currentText() == "storm" and page.blend.b.currentText() == "calm"
    page.tabs.setCurrentIndex(1)
    item(page, "storm").as_a.click()
    assert page.steer.start.currentText() == "storm"
    settle(qtbot, page)


def test_what_is_chosen_and_deleted_leaves_zeros(qtbot: QtBot, page: StatesPage) -> None:
    blended(qtbot, page)
    item(page, "storm").trash.click()
    settle(qtbot, page)
    assert page.blend.b.key() == ZEROS
    page.banner.button.click()
    settle(qtbot, page)
    assert page.blend.b.key() == f"{FILE}{paths.states_dir() / 'storm.state'}"  # brought back, chosen again


# --- sums and comparison


def test_a_sum_in_a_line(qtbot: QtBot, page: StatesPage) -> None:
    model, calm, storm = blended(qtbot, page)
    page.tabs.setCurrentIndex(3)
    page.sum.line.setText("calm - 0.5*B")
    settle(qtbot, page)
    assert page.sum.state is not None
    np.testing.assert_allclose(page.sum.state.h, calm.h - 0.5 * storm.h, atol=1e-6)
    assert page.sum.view.text() == Sampler(model).write(page.hearing.settings(600), page.sum.state).text
    for line, said in (("calm - nobody", "“nobody”"), ("calm -", "ends"), ("(calm)", "parentheses"), ("3", "stands")):
        page.sum.line.setText(line)
        settle(qtbot, page)
        assert said in page.sum.message.text() and "chargen state" not in page.sum.message.text()
        assert page.sum.state is None and not page.sum.bar.keep.isEnabled()
    page.sum.line.setText("")
    settle(qtbot, page)
    assert not page.sum.message.isVisible()


def test_two_compared(qtbot: QtBot, page: StatesPage) -> None:
    fill(qtbot, page)
    page.tabs.setCurrentIndex(2)
    assert not page.hearing.isVisible()
    pick(page.compare.a, "calm")
    pick(page.compare.b, "calm")
    settle(qtbot, page)
    assert page.compare.told.text() == "The two states are the same." and not page.compare.units.isVisible()
    pick(page.compare.b, "storm")
    settle(qtbot, page)
    assert [bar.label for bar in page.compare.layers.bars()] == ["Layer 1 h", "Layer 1 c", "Layer 2 h", "Layer 2 c"]
    calm, storm = StateLibrary().load("calm"), StateLibrary().load("storm")
    assert calm.c is not None and storm.c is not None
    differences = np.abs(np.stack([storm.h - calm.h, storm.c - calm.c]))
    top = page.compare.units.bars()[0]
    assert abs(top.end - top.start) == pytest.approx(float(differences.max()), abs=1e-5)
    StateLibrary().keep(HiddenState.random(ModelConfig("gru", 1, 24, 8, 30), 7), "elsewhere")
    page.shelf.refresh()
    settle(qtbot, page)
    pick(page.compare.b, "elsewhere")
    settle(qtbot, page)
    assert "cannot be compared" in page.compare.message.text()


# --- what comes back


def test_everything_chosen_comes_back(
    qtbot: QtBot, page: StatesPage, desk: Desk, files: AnsweringPickers, places: Shown
) -> None:
    blended(qtbot, page)
    page.blend.set_share(0.3)
    page.blend.way.setCurrentIndex(1)
    page.blend.layers[1].click()
    page.sum.line.setText("A - B")
    page.hearing.seed.set_value(77)
    page.hearing.beginning.setText("mara")
    page.steer.rows[0].show_rule(page.steer.rows[0].rules()[0])
    page.steer.add_rule("c2.7*0.5@100-200")
    page.steer.pace.setCurrentIndex(2)
    page.tabs.setCurrentIndex(1)
    page.shelf.search.setText("sto")
    settle(qtbot, page)
    kept = page.remembered()
    again = StatesPage(desk, files, places=places)
    qtbot.addWidget(again)
    again.recall(kept)
    again.show()
    settle(qtbot, again)
    assert again.remembered() == kept
    assert again.blend.b.currentText() == "storm" and again.blend.chosen_layers() == (1,)
    assert again.steer.steering() == "1.1=1, c2.7*0.5@100-200"
    assert names(again) == ["storm"]


@pytest.mark.parametrize("junk", [None, 3, [], "x", {"a": 3, "share": "no", "layers": "1", "rules": "??", "seed": -1}])
def test_what_makes_no_sense_is_left_out(qtbot: QtBot, page: StatesPage, junk: Any) -> None:
    before = page.remembered()
    page.recall({key: junk for key in before if key != "search"})
    assert page.remembered() == before


def test_nobody_has_chosen_yet_then_b_is_a_state_that_fits(qtbot: QtBot, page: StatesPage, desk: Desk) -> None:
    other = build_model("gru", 24)
    StateLibrary().keep(HiddenState.random(other.config, 1, 1.0), "elsewhere")
    page.shelf.refresh()
    settle(qtbot, page)  # without a model, all of them could be meant
    desk._set_model(opened(build_model()))
    settle(qtbot, page)
    assert (page.blend.b.key(), page.compare.b.key()) == (ZEROS, ZEROS)
    fill(qtbot, page)
    assert page.blend.b.currentText() == page.compare.b.currentText() == "calm"
    pick(page.compare.b, "elsewhere")
    fitting = page.shelf.cards
    page.shelf.refresh()
    settle(qtbot, page)
    assert len(page.shelf.cards) == len(fitting) and page.compare.b.currentText() == "elsewhere"


def test_the_buttons_of_every_bench_stand_in_one_place(qtbot: QtBot, page: StatesPage) -> None:
    fill(qtbot, page)
    feet = []
    for place, key in enumerate(("blend", "steer", "compare", "sum")):
        page.tabs.setCurrentIndex(place)
        QApplication.processEvents()
        if key != "compare":
            button = page.benches[key].bar.findChild(PrimaryButton)
            feet.append(button.mapTo(page, button.rect().bottomLeft()))
    assert feet[0] == feet[1] == feet[2]
