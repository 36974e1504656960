"""A plot before its first point: what will come, in outline."""

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPainterPath, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from chargen.gui import theme
from chargen.gui.widgets.themed import follow_theme


class EmptyPlot(QWidget):
    """A falling curve in outline and one sentence."""

    def __init__(self) -> None:
        super().__init__()
        self.sentence = ""
        self.set_sentence("The curve starts with the first step.")
        follow_theme(self)

    def set_sentence(self, sentence: str) -> None:
        if sentence != self.sentence:
            self.sentence = sentence
            self.setAccessibleName(sentence)
            self.update()

    def sizeHint(self) -> QSize:
        return QSize(480, 240)

    def paintEvent(self, event: QPaintEvent) -> None:
        t = theme.tokens()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        area = QRectF(self.rect()).adjusted(theme.SPACE_6, theme.SPACE_3, -theme.SPACE_6, -theme.SPACE_5)
        painter.setPen(QPen(theme.colour(t.line), theme.HAIRLINE))
        for row in range(5):
            y = area.top() + area.height() * row / 4
            painter.drawLine(QPointF(area.left(), y), QPointF(area.right(), y))
        for tint, lift in ((t.line, 0.0), (theme.mix(t.surface, t.data_1, 0.35), 0.05)):
            path = QPainterPath()
            for step in range(61):
                share = step / 60
                fall = 0.06 + 0.74 / (1 + 9 * share) + lift * share
                point = QPointF(area.left() + share * area.width(), area.bottom() - fall * area.height())
                if step:
                    path.lineTo(point)
                else:
                    path.moveTo(point)
            painter.setPen(QPen(theme.colour(tint), 2.2))
            painter.drawPath(path)
        painter.setFont(theme.ui_font())
        flags = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
        words = painter.boundingRect(area, flags, self.sentence)
        ground = words.adjusted(-theme.SPACE_3, -theme.SPACE_1, theme.SPACE_3, theme.SPACE_1)
        painter.fillRect(ground, theme.colour(t.surface))
        painter.setPen(theme.colour(t.ink_2))
        painter.drawText(area, flags, self.sentence)
