"""The state at any character of a text on the Write page becomes the seed state."""

from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QContextMenuEvent
from PySide6.QtWidgets import QApplication, QMenu
from pytestqt.qtbot import QtBot

from chargen.gui.desk import Desk
from chargen.gui.pages.write import WritePage
from chargen.gui.pages.write_capture import ENTRY
from chargen.gui.pages.write_seed import HELD
from chargen.model.state_library import StateLibrary
from chargen.sampling.requests import PrimedBy
from chargen.sampling.seeds import prime
from tests.gui.test_write_branches import fork, idle, show
from tests.gui.write_helpers import build_model


@pytest.fixture
def page(qtbot: QtBot, desk: Desk, tmp_path: Path) -> WritePage:
    page = show(qtbot, desk, tmp_path)
    page.controls.prompt.set_text("ab")
    page.controls.seed.set_value(5)
    page.write_or_stop()
    idle(qtbot, page)
    return page


def menu_of(page: WritePage, reason: QContextMenuEvent.Reason, spot: QPoint) -> QMenu:
    for old in page.view.findChildren(QMenu):
        old.setParent(None)
    event = QContextMenuEvent(reason, spot, page.view.viewport().mapToGlobal(spot))
    QApplication.sendEvent(page.view.viewport(), event)
    (menu,) = page.view.findChildren(QMenu)
    return menu


def test_any_character_of_any_branch(qtbot: QtBot, page: WritePage) -> None:
    fork(qtbot, page, 90)  # the text has two parts now
    text = page.view.text()
    model = build_model()
    for offset in (1, 2, 3, 60, 90, 91, 150, len(text)):
        page.view.select(offset, offset)
        page.capture_here()
        idle(qtbot, page)
        assert page.banner.kind() == "good", page.banner.sentence()
        held = page.seed_state.seed()
        assert page.seed_state.choice().kind == HELD
        assert np.array_equal(held.h, prime(model, text[: max(offset, 2)]).h)  # type: ignore[union-attr]
        assert page.view.text() == text
    page.seed_state.control.keep.click()
    page.seed_state.control.row.name.setText("from the middle")
    page.seed_state.control.row.save.click()  # what was captured, not the state after the text
    idle(qtbot, page)
    assert np.array_equal(StateLibrary().load("from the middle").h, held.h)  # type: ignore[union-attr]


def test_by_the_menu_where_the_pointer_or_the_caret_is(qtbot: QtBot, page: WritePage) -> None:
    text, view = page.view.text(), page.view
    rect = view.character_rect(40)
    menu = menu_of(page, QContextMenuEvent.Reason.Mouse, QPoint(rect.left() + 1, rect.center().y()))
    next(action for action in menu.actions() if action.text() == ENTRY).trigger()
    idle(qtbot, page)
    assert np.array_equal(page.seed_state.seed().h, prime(build_model(), text[:40]).h)  # type: ignore[union-attr]
    view.select(77, 77)
    menu = menu_of(page, QContextMenuEvent.Reason.Keyboard, QPoint(0, 0))
    next(action for action in menu.actions() if action.text() == ENTRY).trigger()
    idle(qtbot, page)
    assert np.array_equal(page.seed_state.seed().h, prime(build_model(), text[:77]).h)  # type: ignore[union-attr]
    menu.close()


def test_without_a_text_or_its_model_it_says_so(qtbot: QtBot, page: WritePage) -> None:
    page.new_draft()
    idle(qtbot, page)
    page.capture_here()
    assert page.banner.kind() == "info" and "no text" in page.banner.sentence()
    menu = menu_of(page, QContextMenuEvent.Reason.Keyboard, QPoint(0, 0))
    assert not next(action for action in menu.actions() if action.text() == ENTRY).isEnabled()
    menu.close()
    assert not isinstance(page.seed_state.seed(), PrimedBy) and page.seed_state.choice().kind != HELD
    qtbot.keyClick(page.view, Qt.Key.Key_Escape)
