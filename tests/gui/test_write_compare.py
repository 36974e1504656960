"""Texts side by side on the Write page: set up, written, stopped, refused, kept, exported, back after a restart."""

from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from chargen import paths
from chargen.gui.desk import Desk
from chargen.gui.pages.write import WritePage
from chargen.jobs import Job
from chargen.model.model_file import save_model
from chargen.model.state import HiddenState
from chargen.model.state_library import StateLibrary
from chargen.sampling import draft_folder
from chargen.sampling.export import load_export
from chargen.sampling.replay import replay
from chargen.sampling.sampler import Sampler
from tests.gui.compare_helpers import MODEL, change, compose, headings, idle, make_page, texts
from tests.gui.write_helpers import AnsweringPickers, build_model, make_desk, opened


@pytest.fixture
def page(qtbot: QtBot, desk: Desk, tmp_path: Path) -> WritePage:
    page = make_page(qtbot, desk, tmp_path)
    page.write_or_stop()
    idle(qtbot, page)
    page.compare()
    return page


def test_it_starts_from_the_draft_which_stays_as_it_was(qtbot: QtBot, page: WritePage) -> None:
    draft = page.shelf.cards[-1]
    assert page.comparing() and page.columns.isVisible() and not page.view.isVisible()
    assert page.columns.values() == ["0.4", "0.8", "1.2"] and page.write_button.text() == "Compare"
    written = compose(qtbot, page)
    assert headings(page) == ["Temperature 0.4", "Temperature 0.8", "Temperature 1.2"]
    assert written[1] == draft_folder.load(draft.id).text and len(set(written)) == 3
    assert page.shelf.cards[0].title == "Temperature 0.4, 0.8, 1.2"
    page.close_button.click()
    idle(qtbot, page)
    assert not page.comparing() and page.shelf.current == draft.id
    assert page.view.text() == written[1] and page.view.isVisible() and page.continue_button.isVisible()


def test_compared_again_it_is_another_one(qtbot: QtBot, page: WritePage) -> None:
    first = compose(qtbot, page)
    page.columns.columns[0].field.set_value("0.2")
    second = compose(qtbot, page)
    assert second[0] != first[0] and second[1:] == first[1:]
    assert [card.texts for card in page.shelf.cards] == [3, 3, 0]
    page.shelf.switch(page.shelf.cards[1].id)
    idle(qtbot, page)
    assert texts(page) == first and page.columns.values() == ["0.4", "0.8", "1.2"]


def test_each_setting_with_what_is_offered(qtbot: QtBot, page: WritePage) -> None:
    for name in ("top_k", "top_p", "min_p", "typical", "repetition_penalty", "beam", "random_seed"):
        change(page, name)
        assert len(set(page.columns.values())) == 3
        compose(qtbot, page)
        assert len(set(headings(page))) == 3 and all(texts(page)), name


def test_texts_and_switches_that_differ(qtbot: QtBot, page: WritePage) -> None:
    for name, values, shown in (
        ("steer", ("", "1.1=1", "1.**0.5"), ["No steering", "“1.1=1”", "“1.**0.5”"]),
        ("temperature_curve", ("", "0:0.2,50:1.5"), ["No curve", "“0:0.2,50:1.5”"]),
        ("stop", ("", "a\\n"), ["No stop text", "“a”"]),
        ("ban", ("", "ae"), ["No character", "“ae”"]),
        ("prompt", ("", "ab"), ["No prompt", "“ab”"]),
        ("loop_breaker", ("off", "on"), ["Loop breaker off", "Loop breaker on"]),
    ):
        change(page, name)
        while len(page.columns.values()) > len(values):
            page.columns.fewer.click()
        for place, value in enumerate(values):
            page.columns.columns[place].field.set_value(value)
        compose(qtbot, page)
        if name == "stop":
            assert page._draft.parts[1].sample.settings.stop == ("a\n",)
        assert headings(page) == shown and all(texts(page)), page.columns.message.text()
    assert not page.columns.more.isEnabled()  # there is only on and off
    for name, value, words in (("steer", "9.1=1", "Text 2: "), ("steer", "x", "no rule"), ("ban", "東", "Text 2: ")):
        change(page, name, "", value)
        before = texts(page)
        compose(qtbot, page)
        assert words in page.columns.message.text() and texts(page) == before


def test_prompts(qtbot: QtBot, page: WritePage) -> None:
    page.controls.prompt.set_text("a\nb\\n")
    change(page, "prompt")
    assert page.columns.values() == ["a\\nb\\\\n", ""]
    page.controls.prompt.set_text("ab")
    change(page, "prompt", "ab\\nc", "the")
    assert [text[:4] for text in compose(qtbot, page)] == ["ab\nc", texts(page)[1][:4]] and texts(page)[1][:3] == "the"
    assert headings(page)[1] == "“the”"


def test_seed_states_of_the_library(qtbot: QtBot, page: WritePage) -> None:
    StateLibrary().keep(HiddenState.random(MODEL.config, 3), "calm")
    change(page, "seed_state")
    keys = page.columns.values()
    assert keys[0] == "set" and keys[2].endswith("calm.state")
    compose(qtbot, page)
    assert headings(page) == ["Zeros", "Random 5", "calm"]
    page.keep_column(2)
    page.banner.action.emit()
    idle(qtbot, page)
    assert page.seed_state.choice().label == "calm" and page.continue_button.isEnabled()


def test_the_model_of_another_run_and_of_a_file(qtbot: QtBot, page: WritePage, tmp_path: Path) -> None:
    other = tmp_path / "the tale.safetensors"
    save_model(other, build_model("gru", hidden=20, seed=4))
    change(page, "model")
    idle(qtbot, page)
    assert page.columns.values() == ["desk", ""]
    compose(qtbot, page)
    assert "Choose a model for text 2" in page.columns.message.text() and not any(texts(page))
    page._files.answer = other  # type: ignore[attr-defined]
    page.columns.columns[1].field.set_value("open")
    assert page.columns.values()[1].endswith("the tale.safetensors")
    compose(qtbot, page)
    assert headings(page) == ["harbour play", "the tale"]
    fingerprints = [part.sample.model_fingerprint for part in page._draft.parts]
    assert fingerprints[0] == MODEL.fingerprint != fingerprints[1]
    page.keep_column(1)
    page.banner.action.emit()
    idle(qtbot, page)
    assert page.continue_button.isEnabled()  # with the model that wrote it


BAD = (
    ("temperature", ("0.4", "99"), "between 0 and 10"),
    ("temperature", ("0.4", "nan"), "finite"),
    ("temperature", ("", "1"), "a number"),
    ("temperature", ("0.8", "0.80"), "same temperature"),
    ("top_k", ("2.5",), "whole number"),
    ("prompt", ("ab", "東京"), "Text 2: "),
    ("seed_state", ("set", "file:/nowhere/gone.state"), "Choose a seed state for text 2"),
)


def test_a_bad_value_is_said_in_place_and_nothing_goes(qtbot: QtBot, page: WritePage) -> None:
    before = compose(qtbot, page)
    for name, values, words in BAD:
        change(page, name, *values)
        assert page.columns.message.property("kind") == "secondary"
        compose(qtbot, page)
        assert words in page.columns.message.text() and page.columns.message.property("kind") == "bad"
        assert texts(page) == before and not page.is_writing() and len(page.shelf.cards) == 2


def test_a_state_of_another_size_is_said_in_place(qtbot: QtBot, page: WritePage) -> None:
    StateLibrary().keep(HiddenState.random(build_model(hidden=8).config, 3), "small")
    change(page, "seed_state")
    compose(qtbot, page)
    assert page.columns.message.text().startswith("Text 3: ") and not any(texts(page))


def test_more_and_fewer(qtbot: QtBot, page: WritePage) -> None:
    compose(qtbot, page)
    page.columns.more.click()
    assert page.columns.values() == ["0.4", "0.8", "1.2", "1.6"] and not page.columns.more.isEnabled()
    assert all(texts(page)[:3]) and not texts(page)[3]
    page.columns.fewer.click()
    page.columns.fewer.click()
    assert page.columns.values() == ["0.4", "0.8"] and not page.columns.fewer.isEnabled()
    assert len(texts(page)) == 3 and all(texts(page))  # what was written stays to be seen
    assert len(compose(qtbot, page)) == 2


def test_stopped_they_stay_and_it_can_be_left(qtbot: QtBot, page: WritePage) -> None:
    page._desk._make_job = Job
    page.controls.length.setValue(1_000_000)
    page.write_button.click()
    qtbot.waitUntil(lambda: all(len(text) > 30 for text in texts(page)))
    assert page.write_button.text() == "Stop" and not page.columns.changes.isEnabled()
    page.write_button.click()
    idle(qtbot, page)
    assert all(page._draft.parts[place].sample.text == text[2:] for place, text in enumerate(texts(page)))
    page.write_button.click()
    qtbot.waitUntil(lambda: not page._draft.parts and all(len(text) > 30 for text in texts(page)))
    page.compare()  # closing while it is written stops it
    idle(qtbot, page)
    assert not page.comparing() and [card.texts for card in page.shelf.cards] == [3, 3, 0]


def test_what_is_written_when_the_window_closes_is_kept(qtbot: QtBot, page: WritePage) -> None:
    desk = page._desk
    desk._make_job = Job
    page.controls.length.setValue(1_000_000)
    page.write_button.click()
    qtbot.waitUntil(lambda: all(len(text) > 30 for text in texts(page)))
    with qtbot.waitSignal(desk.closed):
        desk.shutdown()
    kept = draft_folder.load(page.shelf.current)
    assert len(kept.parts) == 3 and all(len(part.sample.text) > 20 for part in kept.parts)
    assert [replay(MODEL, part.sample).text for part in kept.parts] == [part.sample.text for part in kept.parts]


def test_kept_as_a_draft_it_goes_on(qtbot: QtBot, page: WritePage) -> None:
    written = compose(qtbot, page)
    page.columns.columns[2].keep.click()
    assert page.comparing() and "Kept as the draft" in page.banner.label.text()
    page.banner.action.emit()
    idle(qtbot, page)
    assert page.view.text() == written[2] and page.controls.settings().temperature == 1.2
    page.continue_button.click()
    idle(qtbot, page)
    whole = replace(page._draft.parts[0].sample.settings, length=120)
    assert page.view.text() == "ab" + Sampler(MODEL).write(whole).text


def test_all_of_it_is_exported_and_written_again(qtbot: QtBot, page: WritePage, tmp_path: Path) -> None:
    page.export()
    assert "press Compare first" in page.banner.label.text()
    written = compose(qtbot, page)
    for suffix in (".txt", ".md", ".html", ".json", ".csv"):
        page._files.answer = tmp_path / f"three{suffix}"  # type: ignore[attr-defined]
        page.export()
        idle(qtbot, page)
    assert page._files.asked[-1][1] == "Temperature 0.4, 0.8, 1.2.txt"  # type: ignore[attr-defined]
    again = [replay(MODEL, sample) for sample in load_export(tmp_path / "three.json")]
    assert [sample.document for sample in again] == written
    html = (tmp_path / "three.html").read_text(encoding="utf-8")
    assert html.count("<h2>Temperature") == 3 and 'class="s' in html
    assert (tmp_path / "three.csv").read_text(encoding="utf-8").count("\n3,") == 60


def test_it_comes_back_after_a_restart(qtbot: QtBot, page: WritePage, tmp_path: Path) -> None:
    change(page, "top_k", "2", "3", "off")
    written = compose(qtbot, page)
    page.columns.columns[2].field.set_value("9")  # typed, and not yet used
    remembered = page.remembered()
    page.shelf.save()
    idle(qtbot, page)
    page._desk.shutdown()
    desk = make_desk()
    later = WritePage(desk, AnsweringPickers(tmp_path))
    qtbot.addWidget(later)
    later.show()
    later.recall(remembered)
    later.shelf.bring_back(remembered["draft"])
    idle(qtbot, later)
    assert later.comparing() and texts(later) == written and later.columns.changes.currentText() == "Top k"
    assert headings(later) == ["Top k 2", "Top k 3", "Top k off"] and later.columns.values() == ["2", "3", "9"]
    assert not later.write_button.isEnabled()  # no model is open
    desk._set_model(opened(MODEL))
    assert later.write_button.isEnabled()
    desk.shutdown()


def test_a_comparison_that_was_never_written_is_not_kept(qtbot: QtBot, page: WritePage) -> None:
    page.columns.columns[0].field.set_value("0.3")
    page.shelf.note_change(at_once=True)
    idle(qtbot, page)
    page.close_button.click()
    idle(qtbot, page)
    assert [card.texts for card in page.shelf.cards] == [0] and len(list(paths.drafts_dir().glob("*.draft"))) == 1


def test_by_keys_alone(qtbot: QtBot, page: WritePage) -> None:
    field = page.columns.columns[0].field
    field.setFocus()
    order = [field]
    for _ in range(8):
        order.append(order[-1].nextInFocusChain())  # type: ignore[arg-type]
    for widget in (page.columns.columns[0].view, page.columns.columns[0].keep, page.columns.columns[1].field):
        assert widget in order
    field.set_value("0.2")
    QTest.keyClick(field, Qt.Key.Key_Return)
    idle(qtbot, page)
    assert headings(page)[0] == "Temperature 0.2" and all(texts(page))
    assert all(column.field.accessibleName() for column in page.columns.columns)


def test_tint_and_face_reach_every_column(qtbot: QtBot, page: WritePage) -> None:
    page.surprise.setChecked(True)
    page.monospace.setChecked(True)
    page.columns.more.click()
    assert all(column.view.tint() and column.view.is_monospace() for column in page.columns.columns)
    assert len(page.columns.columns) == 4
