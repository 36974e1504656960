"""A small round label: what the page is about, beside its title."""

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QFontMetrics, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from chargen.gui import theme
from chargen.gui.widgets.labelled import ElidedLabel


class Chip(ElidedLabel):
    """One line in a rounded frame; hidden while it says nothing."""

    def __init__(self, text: str = "", parent: QWidget | None = None) -> None:
        super().__init__(text, "secondary", Qt.TextElideMode.ElideMiddle, parent)
        self.setFont(theme.ui_font(theme.TEXT_SMALL))
        self.setFixedHeight(theme.HIT)
        self.setVisible(bool(text))

    def set_text(self, text: str) -> None:
        super().set_text(text)
        self.setVisible(bool(text))

    def shown_text(self) -> str:
        room = self.width() - 2 * theme.SPACE_4
        return QFontMetrics(self.font()).elidedText(self.text(), self._mode, room)

    def sizeHint(self) -> QSize:
        return super().sizeHint() + QSize(2 * theme.SPACE_4, 0)

    def minimumSizeHint(self) -> QSize:
        return super().minimumSizeHint() + QSize(2 * theme.SPACE_4, 0)

    def paintEvent(self, event: QPaintEvent) -> None:
        t = theme.tokens()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(theme.colour(t.line), theme.HAIRLINE))
        painter.setBrush(theme.colour(t.rail))
        frame = QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
        painter.drawRoundedRect(frame, frame.height() / 2, frame.height() / 2)
        painter.setPen(theme.colour(t.ink_2))
        painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, self.shown_text())
