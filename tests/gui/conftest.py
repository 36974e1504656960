"""What tests of pages share."""

from collections.abc import Iterator

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from chargen.gui import theme
from chargen.gui.desk import Desk
from tests.gui.write_helpers import make_desk


@pytest.fixture
def desk(qtbot: QtBot, qapp: QApplication) -> Iterator[Desk]:
    """A desk that makes real jobs, under the theme; shut down after the test."""
    if not qapp.styleSheet():
        theme.apply(qapp, "light")
    desk = make_desk()
    yield desk
    desk.shutdown()
