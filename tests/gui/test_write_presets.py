"""Saved settings in the panel of the Write page."""

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from chargen.gui.desk import Desk
from chargen.gui.pages.write import WritePage
from chargen.gui.widgets.preset_row import PresetRow
from chargen.sampling.presets import preset, presets, presets_file
from tests.gui.test_write_branches import idle, show


@pytest.fixture
def page(qtbot: QtBot, desk: Desk, tmp_path: Path) -> WritePage:
    page = show(qtbot, desk, tmp_path)
    page.controls.advanced.set_open(True)
    return page


def row_of(page: WritePage) -> PresetRow:
    return page.controls.presets


def save(qtbot: QtBot, page: WritePage, name: str) -> None:
    row = row_of(page)
    if row.name.isHidden():
        row.save.click()
    row.name.setText(name)
    qtbot.keyClick(row.name, Qt.Key.Key_Return)
    idle(qtbot, page)


def test_one_is_chosen_and_known_again(qtbot: QtBot, page: WritePage) -> None:
    row = row_of(page)
    assert row.menu.count() == 4 and row.menu.currentIndex() == -1
    for name in ("Careful", "Wild", "Rising", "Balanced"):
        row.menu.setCurrentText(name)
        row.menu.textActivated.emit(name)
        settings = page.controls.settings()
        for rule, value in preset(name).rules.items():
            assert getattr(settings, rule) == pytest.approx(value)
        assert settings.loop_breaker == (name == "Careful") and not row.delete.isEnabled()
        assert row.menu.currentText() == name
    page.controls.temperature.set_value(0.35)
    page.controls.changed.emit()
    assert row.menu.currentIndex() == -1


def test_saved_by_name_and_deleted(qtbot: QtBot, page: WritePage) -> None:
    row = row_of(page)
    page.controls.temperature.set_value(0.55)
    page.controls.controls["top_k"].setValue(7)  # type: ignore[attr-defined]
    save(qtbot, page, " Harbour ")
    assert preset("harbour").rules == {"temperature": 0.55, "top_k": 7}
    assert row.menu.currentText() == "Harbour" and row.delete.isEnabled() and row.name.isHidden()
    assert row.message.text() == "Saved as “Harbour”."
    row.menu.textActivated.emit("Wild")
    assert page.controls.settings().top_k == 0  # what it does not name is as by default
    row.menu.textActivated.emit("Harbour")
    assert page.controls.settings().top_k == 7
    row.delete.click()
    idle(qtbot, page)
    assert all(each.built_in for each in presets()) and row.menu.currentIndex() == -1


def test_renamed_and_known_by_the_new_name(qtbot: QtBot, page: WritePage) -> None:
    row = row_of(page)
    row.menu.textActivated.emit("Balanced")
    assert not row.rename.isEnabled()
    save(qtbot, page, "Mine")  # the same rules under a name of one's own
    assert row.menu.currentText() == "Mine" and row.rename.isEnabled()
    row.rename.click()
    assert row.name.text() == "Mine" and row.take.text() == "Rename"
    row.name.setText("Wild")
    row.take.click()
    idle(qtbot, page)
    assert "comes with chargen" in row.message.text() and row.name.isVisible()
    row.name.setText("Harbour at dusk")
    row.take.click()
    idle(qtbot, page)
    assert row.menu.currentText() == "Harbour at dusk" and row.name.isHidden()
    assert [each.name for each in presets() if not each.built_in] == ["Harbour at dusk"]
    row.save.click()
    assert row.take.text() == "Save"
    qtbot.keyClick(row.name, Qt.Key.Key_Escape)
    row.delete.click()
    idle(qtbot, page)
    assert row.menu.currentText() == "Balanced" and not row.rename.isEnabled()


@pytest.mark.parametrize(("name", "why"), [("", "1 to 60"), ("wild", "comes with chargen")])
def test_a_bad_name_is_refused_in_place(qtbot: QtBot, page: WritePage, name: str, why: str) -> None:
    save(qtbot, page, name)
    assert why in row_of(page).message.text() and row_of(page).name.isVisible()
    qtbot.keyClick(row_of(page).name, Qt.Key.Key_Escape)
    assert not row_of(page).name.isVisible() and all(each.built_in for each in presets())


def test_a_damaged_file_is_told_and_left_alone(qtbot: QtBot, page: WritePage) -> None:
    presets_file().parent.mkdir(parents=True, exist_ok=True)
    presets_file().write_text("{")
    save(qtbot, page, "mine")
    assert row_of(page).message.property("kind") == "bad" and presets_file().read_text() == "{"
