"""A part that scrolls where it must, and is no higher than what it holds: what comes below moves up to it."""

from PySide6.QtCore import QEvent, QObject
from PySide6.QtWidgets import QScrollArea, QWidget


class Hugging(QScrollArea):
    """At least ``least`` pixels high."""

    def __init__(self, least: int, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setMinimumHeight(least)

    def setWidget(self, widget: QWidget) -> None:
        super().setWidget(widget)
        widget.installEventFilter(self)
        self._fit()

    def _fit(self) -> None:
        content = self.widget()
        if content is not None:
            self.setMaximumHeight(max(content.sizeHint().height(), self.minimumHeight()))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self.widget() and event.type() == QEvent.Type.LayoutRequest:
            self._fit()
        return super().eventFilter(watched, event)
