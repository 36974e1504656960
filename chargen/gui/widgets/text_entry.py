"""A large field for a text: typed in, or pasted as a whole. Long ones are passed on, not put in."""

from PySide6.QtCore import QMimeData, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QPlainTextEdit, QWidget

from chargen.gui import theme

EDITABLE = 50_000
"""Characters that can be edited in place; more would make the field slow."""


class TextEntry(QPlainTextEdit):
    """In the face and the column of the text that is read.

    ``pasted`` carries a whole text: pasted into an empty field, or one that would make it too long.
    """

    pasted = Signal(str)

    def __init__(self, name: str, placeholder: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._font = theme.book_font()
        self.setAccessibleName(name)
        self.setPlaceholderText(placeholder)
        self.setProperty("kind", "plain")
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setTabChangesFocus(True)
        self.viewport().setAutoFillBackground(False)
        theme.signals.changed.connect(self._dress)
        self._dress()

    def set_monospace(self, on: bool) -> None:
        """In the face of the text that is read."""
        self._font = theme.mono_font() if on else theme.book_font()
        self._dress()

    def _dress(self) -> None:
        self.setFont(self._font)
        self.document().setDefaultFont(self._font)

    def text(self) -> str:
        """As it stands, hard spaces and all."""
        return self.document().toRawText().replace("\u2029", "\n").replace("\u2028", "\n")

    def insertFromMimeData(self, source: QMimeData) -> None:
        text = source.text()
        length = self.document().characterCount() - 1
        if text and (not length or length + len(text) > EDITABLE):
            self.pasted.emit(text)
        else:
            super().insertFromMimeData(source)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """The column stands where that of the text stands that is read."""
        super().resizeEvent(event)
        measure = self.fontMetrics().averageCharWidth() * theme.MEASURE
        side = max((self.width() - measure) // 2, theme.SPACE_4)
        self.setViewportMargins(side, theme.SPACE_2, side, 0)
