"""A text that can be changed by hand, in the place of the one that is read."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QComboBox, QFrame, QHBoxLayout, QPlainTextEdit, QVBoxLayout, QWidget

from chargen.gui import theme
from chargen.gui.widgets.buttons import GhostButton, SecondaryButton
from chargen.gui.widgets.labelled import HintLabel


class EditPane(QWidget):
    """The text, a line that says what is the matter, and the two ways out.

    Signals:
        done_wanted: the text is to be taken. discard_wanted: it is to stay as it was.
    """

    done_wanted = Signal()
    discard_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._font = theme.book_font()
        self.editor = QPlainTextEdit()
        self.editor.setAccessibleName("Text to edit")
        self.editor.setProperty("kind", "plain")
        self.editor.setFrameShape(QFrame.Shape.NoFrame)
        self.editor.setTabChangesFocus(True)
        self.editor.viewport().setAutoFillBackground(False)
        self.message = HintLabel()
        self.unknown = QComboBox()
        self.unknown.setFixedHeight(theme.HIT)
        self.unknown.setAccessibleName("Characters the model does not know")
        self.unknown.hide()
        self.discard_button = GhostButton("Discard")
        self.discard_button.setToolTip("Leave the text as it was")
        self.discard_button.clicked.connect(self.discard_wanted)
        self.done_button = SecondaryButton("Done")
        self.done_button.setToolTip("Take the text; the network reads what was changed  (Ctrl+Shift+E)")
        self.done_button.clicked.connect(self.done_wanted)
        foot = QHBoxLayout()
        foot.setContentsMargins(theme.SPACE_3, 0, theme.SPACE_3, 0)
        foot.setSpacing(theme.SPACE_2)
        foot.addWidget(self.message, 1)
        for widget in (self.unknown, self.discard_button, self.done_button):
            foot.addWidget(widget, 0, Qt.AlignmentFlag.AlignVCenter)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, theme.SPACE_2)
        column.setSpacing(theme.SPACE_2)
        column.addWidget(self.editor, 1)
        column.addLayout(foot)
        theme.signals.changed.connect(self._dress)
        self._dress()

    def set_monospace(self, on: bool) -> None:
        """In the face of the text that is read."""
        self._font = theme.mono_font() if on else theme.book_font()
        self._dress()

    def _dress(self) -> None:
        self.editor.setFont(self._font)
        self.editor.document().setDefaultFont(self._font)

    def set_text(self, text: str) -> None:
        """Begin anew with a text, the caret at its end."""
        self.editor.setPlainText(text)
        cursor = self.editor.textCursor()
        cursor.movePosition(cursor.MoveOperation.End)
        self.editor.setTextCursor(cursor)
        self.editor.ensureCursorVisible()

    def text(self) -> str:
        """As it stands, hard spaces and all."""
        return self.editor.document().toRawText().replace("\u2029", "\n").replace("\u2028", "\n")

    def say(self, sentence: str, choose: bool = False) -> None:
        """A sentence in the foot, with the choice about unknown characters where that helps."""
        self.message.setText(sentence)
        self.unknown.setVisible(choose)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """The column stands where that of the text stands that is read."""
        super().resizeEvent(event)
        measure = self.editor.fontMetrics().averageCharWidth() * theme.MEASURE
        side = max((self.width() - measure) // 2, theme.SPACE_4)
        self.editor.setViewportMargins(side, theme.SPACE_2, side, 0)
