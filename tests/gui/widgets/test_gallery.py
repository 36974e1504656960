"""The gallery draws: every sheet, in both themes, and they differ."""

from pathlib import Path

import pytest
from PySide6.QtGui import QImage

from chargen.gui.widgets import gallery


@pytest.mark.parametrize("name", sorted(gallery.SHEETS))
def test_sheets_are_drawn(name: str, tmp_path: Path, qtbot, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gallery, "settle", lambda: qtbot.wait(20))
    light, dark = (QImage(str(file)) for file in gallery.render(tmp_path, [name]))
    assert light.width() > 200
    assert light.pixelColor(1, light.height() // 2) != dark.pixelColor(1, light.height() // 2)
