"""A part that scrolls is no higher than what it holds."""

from PySide6.QtWidgets import QApplication, QLabel, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from chargen.gui.widgets.hugging import Hugging


def test_it_grows_with_what_it_holds_and_scrolls_where_there_is_no_room(qtbot: QtBot) -> None:
    page, content = QWidget(), QWidget()
    qtbot.addWidget(page)
    rows = QVBoxLayout(content)
    area, below = Hugging(60), QLabel("below")
    area.setWidgetResizable(True)
    area.setWidget(content)
    column = QVBoxLayout(page)
    column.addWidget(area, 2)
    column.addWidget(below, 3)
    page.resize(300, 600)
    page.show()
    heights = []
    for count in range(1, 9):
        row = QLabel(f"row {count}")
        row.setFixedHeight(50)
        rows.addWidget(row)
        for _ in range(3):
            QApplication.processEvents()
        heights.append(area.height())
        assert heights[-1] <= max(content.sizeHint().height(), 60)
    assert heights[0] < heights[1] < heights[2] and heights[-1] < content.sizeHint().height()
    for _ in range(7):
        rows.itemAt(rows.count() - 1).widget().setParent(None)  # type: ignore[union-attr]
        for _turn in range(3):
            QApplication.processEvents()
    assert area.height() == heights[0]
