"""What tests of pages share."""

import gc
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QCoreApplication, QEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from chargen.gui import theme
from chargen.gui.desk import Desk
from chargen.gui.garbage import collect_due, collected_here
from tests.gui.write_helpers import AnsweringPickers, close, make_desk

FEW_WINDOWS = 20


@pytest.fixture(scope="package", autouse=True)
def garbage_as_in_the_program(qapp: QApplication) -> Iterator[None]:
    """Cycles are collected in this thread only; at the end nothing of Qt is left to the tests that follow."""
    gc.collect()
    gc.freeze()  # what was imported stays for good
    with collected_here():
        yield
        delete_now()
        gc.unfreeze()
        gc.collect()


@pytest.fixture(autouse=True)
def no_window_left(garbage_as_in_the_program: None, qapp: QApplication) -> Iterator[None]:
    """Windows of earlier tests go at once, not in some event loop to come: the theme would dress them, too."""
    yield
    delete_now()
    if len(qapp.topLevelWidgets()) > FEW_WINDOWS:
        gc.collect()
        delete_now()
    else:
        collect_due()


def delete_now() -> None:
    """What deleteLater() promised."""
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)


@pytest.fixture(autouse=True)
def dressed(qapp: QApplication) -> None:
    """Under the theme, whatever stood there before."""
    if not qapp.styleSheet():
        theme.apply(qapp, "light")


@pytest.fixture
def files(tmp_path: Path) -> AnsweringPickers:
    """File dialogs that answer at once."""
    return AnsweringPickers(tmp_path)


@pytest.fixture
def desk(qtbot: QtBot) -> Iterator[Desk]:
    """A desk that makes real jobs, under the theme; shut down after the test."""
    desk = make_desk()
    yield desk
    close(qtbot, desk)


@pytest.fixture
def threaded(qtbot: QtBot) -> Iterator[Desk]:
    """A desk whose jobs run in threads, for what happens while one runs."""
    desk = make_desk(inline=False)
    yield desk
    close(qtbot, desk)
