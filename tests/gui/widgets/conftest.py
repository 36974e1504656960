"""Widgets are tested dressed, with the focus ring in place, and leave the light theme behind."""

from collections.abc import Iterator

import pytest
from PySide6.QtWidgets import QApplication

from chargen.gui import theme
from chargen.gui.widgets import focus_ring


@pytest.fixture(autouse=True)
def dressed(qapp: QApplication) -> Iterator[None]:
    if theme.tokens().name != "light" or not qapp.styleSheet():
        theme.apply(qapp, "light")
    focus_ring.install(qapp)
    yield
    if theme.tokens().name != "light":
        theme.apply(qapp, "light")
