"""The Write page: writing, stopping, going on, writing again, and what it says about it."""

import html
import math
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from chargen.gui.desk import Desk
from chargen.gui.pages.write import WritePage
from chargen.model.state import HiddenState
from chargen.sampling.export import load_export
from chargen.sampling.replay import replay
from chargen.sampling.sampler import Sampler
from chargen.sampling.settings import SamplingSettings
from tests.gui.write_helpers import AnsweringPickers, build_model, make_desk, opened


def show(qtbot: QtBot, desk: Desk, files: AnsweringPickers) -> WritePage:
    page = WritePage(desk, files)
    qtbot.addWidget(page)
    page.resize(1196, 700)
    page.show()
    return page


@pytest.fixture
def page(qtbot: QtBot, desk: Desk, files: AnsweringPickers) -> WritePage:
    page = show(qtbot, desk, files)
    desk._set_model(opened(build_model()))
    page.controls.length.setValue(200)
    return page


def write(qtbot: QtBot, page: WritePage) -> str:
    page.write_button.click()
    return done(qtbot, page)


def done(qtbot: QtBot, page: WritePage) -> str:
    qtbot.waitUntil(lambda: not page.is_writing())
    return page.view.text()


# writing


def test_the_text_is_what_the_sampler_writes(qtbot: QtBot, page: WritePage) -> None:
    page.controls.prompt.set_text("abc")
    page.controls.seed.set_value(7)
    text = write(qtbot, page)
    settings = SamplingSettings(prompt="abc", length=200, random_seed=7)
    sample = Sampler(build_model()).write(settings, HiddenState.zero(build_model().config))
    assert text == "abc" + sample.text
    assert page.figures.text() == f"200 characters · {sample.bits_per_character:.2f} bits each"
    assert not page.banner.isVisible()


def test_buttons_say_what_can_be_done(qtbot: QtBot, page: WritePage) -> None:
    later = (page.continue_button, page.again_button, page.export_button, page.copy_button)
    assert page.write_button.isEnabled()
    assert not any(button.isEnabled() for button in later)
    write(qtbot, page)
    assert all(button.isEnabled() for button in later)
    assert page.write_button.text() == "Write"


def test_the_seed_is_fresh_unless_it_is_typed_rolled_or_locked(qtbot: QtBot, page: WritePage) -> None:
    shown = page.controls.seed.value()
    first = write(qtbot, page)
    assert page._document is not None
    assert page._document.last.settings.random_seed == shown  # the one that was shown before
    second = write(qtbot, page)
    assert page.controls.seed.value() != shown
    assert first != second
    page.controls.seed.edit.setText(str(shown))  # typed, and still being typed when Write is pressed
    assert write(qtbot, page) == first
    page.controls.seed.lock.click()
    assert write(qtbot, page) == first
    assert write(qtbot, page) == first
    page.controls.seed.dice.click()
    rolled = page.controls.seed.value()
    assert write(qtbot, page) != first
    assert page.controls.seed.value() == rolled


def test_continue_is_exactly_the_longer_text(qtbot: QtBot, page: WritePage) -> None:
    page.controls.prompt.set_text("ab")
    page.controls.seed.set_value(3)
    write(qtbot, page)
    page.continue_button.click()
    both = done(qtbot, page)
    page.controls.length.setValue(400)
    page.controls.seed.set_value(3)
    page.controls.seed.changed.emit(3)
    assert write(qtbot, page) == both
    assert page.figures.text().startswith("400 characters")


def test_a_continued_text_is_one_sample(qtbot: QtBot, page: WritePage) -> None:
    write(qtbot, page)
    page.controls.temperature.slider.setValue(page.controls.temperature.slider.maximum())
    page.continue_button.click()
    text = done(qtbot, page)
    assert page._document is not None
    [sample] = page._document.parts
    assert sample.text == text
    assert sample.temperature_changes == ((200, 2.0),)
    assert replay(build_model(), sample).text == text
    page.controls.stop.setText("q")  # other conditions: a part of its own
    page.continue_button.click()
    longer = done(qtbot, page)
    assert len(page._document.parts) == 2
    assert page._document.last.document == longer
    assert replay(build_model(), page._document.last).notices == ()


def test_again_is_the_same_with_a_fresh_seed(qtbot: QtBot, page: WritePage) -> None:
    page.controls.prompt.set_text("ab")
    first = write(qtbot, page)
    page.controls.prompt.set_text("something else")
    page.again_button.click()
    second = done(qtbot, page)
    assert second.startswith("ab")
    assert second != first
    page.controls.seed.set_locked(True)
    page.again_button.click()
    assert done(qtbot, page) == second


def test_the_settings_are_those_of_the_panel(qtbot: QtBot, page: WritePage) -> None:
    panel = page.controls
    panel.controls["top_k"].setValue(3)  # type: ignore[attr-defined]
    panel.controls["min_p"].box.setValue(0.05)  # type: ignore[attr-defined]
    panel.controls["repetition_penalty"].box.setValue(1.2)  # type: ignore[attr-defined]
    panel.stop.setText(r"\n")
    write(qtbot, page)
    assert page._document is not None
    settings = page._document.last.settings
    assert (settings.top_k, settings.top_p, settings.min_p) == (3, 1.0, 0.05)
    assert settings.repetition_penalty == pytest.approx(1.2)
    assert settings.stop == ("\n",)


def test_surprise_is_shown_in_nats(qtbot: QtBot, page: WritePage, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[float] = []
    original = page.view.append_characters

    def spy(text: str, surprises: list[float]) -> None:
        seen.extend(surprises)
        original(text, surprises)

    monkeypatch.setattr(page.view, "append_characters", spy)
    page.surprise.click()
    write(qtbot, page)
    assert page._document is not None
    np.testing.assert_allclose(seen, page._document.last.surprises * math.log(2), rtol=1e-5)
    assert page.view.tint()
    assert page.legend.isVisible()
    page.surprise.click()
    assert not page.legend.isVisible()


# while it writes


def test_stop_keeps_what_is_written(qtbot: QtBot, threaded: Desk, files: AnsweringPickers) -> None:
    page = show(qtbot, threaded, files)
    threaded._set_model(opened(build_model()))
    page.controls.length.setValue(10_000_000)
    page.write_button.click()
    assert page.write_button.text() == "Stop"
    assert not page.continue_button.isEnabled()
    qtbot.waitUntil(lambda: page.view.length() > 50)
    page.write_button.click()
    text = done(qtbot, page)
    assert page._document is not None
    assert text == page._document.last.text
    assert page.write_button.text() == "Write"


def test_temperature_acts_at_once_and_is_recorded(qtbot: QtBot, threaded: Desk, files: AnsweringPickers) -> None:
    page = show(qtbot, threaded, files)
    threaded._set_model(opened(build_model()))
    page.controls.length.setValue(10_000_000)
    page.write_button.click()
    qtbot.waitUntil(lambda: page.view.length() > 50)
    page.controls.temperature.slider.setValue(0)
    at = page.view.length()
    qtbot.waitUntil(lambda: page.view.length() > at + 200)
    page.write_button.click()
    done(qtbot, page)
    assert page._document is not None
    sample = page._document.last
    assert sample.temperature_changes[-1][1] == 0.0
    assert replay(build_model(), sample).text == sample.text


def test_steering_acts_at_once_and_is_recorded(qtbot: QtBot, threaded: Desk, files: AnsweringPickers) -> None:
    page = show(qtbot, threaded, files)
    threaded._set_model(opened(build_model()))
    page.controls.length.setValue(10_000_000)
    page.write_button.click()
    qtbot.waitUntil(lambda: page.view.length() > 50)
    line: Any = page.controls.controls["steer"]
    line.setText("1.99=0.5")  # no such unit
    line.editingFinished.emit()
    qtbot.waitUntil(page.banner.isVisible)
    assert "99" in page.banner.label.text() and page.is_writing()
    line.setText("2.3=0.9, 1.1*0")
    line.editingFinished.emit()
    at = page.view.length()
    qtbot.waitUntil(lambda: page.view.length() > at + 200)
    page.write_button.click()
    done(qtbot, page)
    assert page._document is not None
    sample = page._document.last
    assert [steer for _at, steer in sample.steering_changes] == ["2.3=0.9, 1.1*0"]
    assert replay(build_model(), sample).text == sample.text


def test_another_model_meanwhile_is_for_the_next_text(qtbot: QtBot, threaded: Desk, files: AnsweringPickers) -> None:
    page = show(qtbot, threaded, files)
    first, second = build_model(seed=1, step=100), build_model(seed=2, step=200)
    threaded._set_model(opened(first, live=True))
    assert page.chip.text() == "harbour play · 2×16 LSTM · learning, step 100"
    page.controls.length.setValue(10_000_000)
    page.write_button.click()
    qtbot.waitUntil(lambda: page.view.length() > 50)
    threaded._set_model(opened(second, live=True))
    assert page.is_writing()
    at = page.view.length()
    qtbot.waitUntil(lambda: page.view.length() > at)
    page.write_button.click()
    done(qtbot, page)
    assert page._document is not None
    assert page._document.last.model_fingerprint == first.fingerprint
    assert page.figures.text().endswith("by harbour play, step 100")
    page.controls.length.setValue(50)
    page.continue_button.click()  # its own model goes on
    done(qtbot, page)
    assert page._document.last.model_fingerprint == first.fingerprint
    write(qtbot, page)
    assert page._document.last.model_fingerprint == second.fingerprint
    assert page.figures.text().endswith("bits each")


def test_a_long_prompt_can_be_stopped(qtbot: QtBot, threaded: Desk, files: AnsweringPickers) -> None:
    page = show(qtbot, threaded, files)
    threaded._set_model(opened(build_model(hidden=256)))
    page.controls.prompt.set_text("abc " * 24_000)
    page.write_button.click()
    qtbot.waitUntil(lambda: page.figures.text().startswith("Reading the prompt"))
    page.write_button.click()
    done(qtbot, page)
    assert page._document is None
    assert page.figures.text() == ""


def test_closing_while_it_writes(qtbot: QtBot, files: AnsweringPickers) -> None:
    desk = make_desk(inline=False)
    page = show(qtbot, desk, files)
    desk._set_model(opened(build_model()))
    page.controls.length.setValue(10_000_000)
    page.write_button.click()
    qtbot.waitUntil(lambda: page.view.length() > 10)
    with qtbot.waitSignal(desk.closed, timeout=5000):
        desk.shutdown()


# refusals


def test_unknown_characters_are_named_in_place(qtbot: QtBot, page: WritePage) -> None:
    before = write(qtbot, page)
    page.controls.prompt.set_text("aéb")
    page.write_button.click()
    assert "“é”" in page.controls.prompt_message.text()
    assert page.controls.prompt_message.kind() == "bad"
    assert page.controls.unknown.isVisible()
    assert page.view.text() == before  # the draft is untouched
    choose(page.controls.unknown, "drop")
    assert "left out" in page.controls.prompt_message.text()
    write(qtbot, page)
    assert page._document is not None
    assert page._document.last.settings.unknown == "drop"
    choose(page.controls.unknown, "replace")
    assert "replaced" in page.controls.prompt_message.text()
    write(qtbot, page)
    choose(page.controls.unknown, "refuse")
    page.controls.prompt.set_text("ab")
    page.controls.check_characters()
    assert not page.controls.unknown.isVisible()
    assert not page.controls.prompt_message.isVisible()


def choose(box: QWidget, key: str) -> None:
    row = box.findData(key)  # type: ignore[attr-defined]
    box.setCurrentIndex(row)  # type: ignore[attr-defined]
    box.activated.emit(row)  # type: ignore[attr-defined]


def test_an_unknown_stop_text_is_refused_where_it_stands(qtbot: QtBot, page: WritePage) -> None:
    page.controls.stop.setText("ß")
    page.write_button.click()
    assert not page.is_writing()
    assert "“ß”" in page.controls.stop_message.text()
    assert page.controls.advanced.is_open()


def test_a_paste_too_long_is_refused_in_words(qtbot: QtBot, page: WritePage) -> None:
    QGuiApplication.clipboard().setText("a" * 100_001)
    page.controls.prompt.paste()
    assert page.controls.prompt.text() == ""
    assert "100,001 characters were not pasted" in page.controls.prompt_message.text()
    QGuiApplication.clipboard().clear()


def test_a_spoiled_model_says_so(qtbot: QtBot, page: WritePage, desk: Desk) -> None:
    model = build_model()
    model.tensors["head.bias"][:] = np.inf
    desk._set_model(opened(model))
    write(qtbot, page)
    assert "no longer a finite number" in page.banner.sentence()
    assert page.write_button.isEnabled()


# the page around it


def test_an_empty_page_leads_on(qtbot: QtBot, desk: Desk, files: AnsweringPickers) -> None:
    page = show(qtbot, desk, files)
    assert page.is_empty()
    assert not page.surprise.isVisible()
    empty = page._empty
    assert empty.button is not None
    with qtbot.waitSignal(desk.page_wanted) as wanted:
        empty.button.click()
    assert wanted.args == ["train"]
    page.open_button.click()
    assert files.asked[-1][0] == "Open a model"
    desk._set_training("running")
    assert "just begun to learn" in empty.sentence.text()
    desk._set_training("idle")
    desk._set_model(opened(build_model()))
    assert not page.is_empty()
    assert page.chip.text() == "harbour play · 2×16 LSTM"
    assert page.write_button.hasFocus() or not page.isActiveWindow()
    desk._set_model(None)
    assert page.is_empty()


def test_a_text_outlives_its_model(qtbot: QtBot, page: WritePage, desk: Desk) -> None:
    text = write(qtbot, page)
    desk._set_model(None)
    assert page.view.text() == text
    assert not page.write_button.isEnabled()
    page.continue_button.click()
    assert len(done(qtbot, page)) == len(text) + 200


def test_copy(qtbot: QtBot, page: WritePage) -> None:
    page.controls.prompt.set_text("ab")
    text = write(qtbot, page)
    page.copy_button.click()
    assert QGuiApplication.clipboard().text() == text
    page.view.select(0, 4)
    page.write_button.setFocus()
    both = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
    qtbot.keyClick(page.write_button, Qt.Key.Key_C, both)
    assert QGuiApplication.clipboard().text() == text[:4]


def test_enter_presses_the_primary_button(qtbot: QtBot, page: WritePage) -> None:
    qtbot.keyClick(page.write_button, Qt.Key.Key_Return)
    assert done(qtbot, page)


def test_every_control_has_a_name_and_can_be_reached(qtbot: QtBot, page: WritePage) -> None:
    page.controls.advanced.set_open(True)
    write(qtbot, page)
    reached: list[QWidget] = []
    widget: QWidget | None = page.surprise
    for _ in range(1_000):
        assert widget is not None
        widget = widget.nextInFocusChain()
        if widget.isVisible() and widget.isEnabled() and widget.focusPolicy() & Qt.FocusPolicy.TabFocus:
            if widget in reached:
                break
            reached.append(widget)
    wanted = [
        page.surprise, page.view, page.write_button, page.continue_button, page.again_button, page.copy_button,
        page.export_button, page.controls.temperature.slider, page.controls.temperature.box,
        page.controls.seed_control.menu, page.controls.prompt, page.controls.length, page.controls.seed.edit,
        page.controls.seed.dice, page.controls.seed.lock, page.controls.stop,
    ]  # fmt: skip
    assert [widget for widget in wanted if widget not in reached] == []
    for widget in reached:
        text = getattr(widget, "text", None)
        assert widget.accessibleName() or (text() if callable(text) else ""), widget


def test_in_a_narrow_window_a_refusal_opens_the_drawer(qtbot: QtBot, page: WritePage) -> None:
    page.resize(940, 600)
    assert page.is_narrow()
    assert not page.panel_shown()
    page.controls.prompt.set_text("é")
    page.write_button.click()
    assert page.panel_shown()


# export


@pytest.mark.parametrize("suffix", [".txt", ".md", ".html", ".json", ".csv"])
def test_export(qtbot: QtBot, page: WritePage, files: AnsweringPickers, tmp_path: Path, suffix: str) -> None:
    page.controls.prompt.set_text("ab")
    text = write(qtbot, page)
    files.answer = tmp_path / f"out{suffix}"
    page.export_button.click()
    qtbot.waitUntil(lambda: page.banner.isVisible())
    assert page.banner.kind() == "good"
    assert str(files.answer) in page.banner.sentence()
    assert files.asked[-1][1].startswith("harbour play ")
    content = files.answer.read_text(encoding="utf-8")
    if suffix == ".txt":
        assert content == text
    elif suffix == ".json":
        [sample] = load_export(files.answer)
        assert sample.document == text
        assert replay(build_model(), sample).notices == ()
    elif suffix == ".csv":
        assert len(content.splitlines()) == 201
    else:
        read = html.unescape(re.sub("<[^>]*>", "", content)) if suffix == ".html" else content
        assert text[-50:] in read


def test_export_fails_in_place(qtbot: QtBot, page: WritePage, files: AnsweringPickers, tmp_path: Path) -> None:
    page.export()
    assert "nothing to export" in page.banner.sentence()
    write(qtbot, page)
    for answer, words in ((tmp_path / "out.pdf", ".pdf"), (tmp_path / "no" / "out.txt", "does not exist")):
        files.answer = answer
        page.export()
        qtbot.waitUntil(lambda: page.banner.kind() == "bad" and page.banner.isVisible())
        assert words in page.banner.sentence()
        page.banner.hide()
        page.banner.show_message("info", "")


def test_a_picker_that_is_left_changes_nothing(qtbot: QtBot, page: WritePage) -> None:
    write(qtbot, page)
    page.export()
    assert not page.banner.isVisible()


def test_write_with_it_begins_on_a_blank_page_only(qtbot: QtBot, desk: Desk, page: WritePage) -> None:
    desk.writing_wanted.emit()  # what the Train page says
    first = done(qtbot, page)
    assert len(first) == 200
    desk.writing_wanted.emit()
    assert not page.is_writing()
    assert page.view.text() == first
