"""Which line is which: a stroke as it is drawn, and its whole name."""

from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRect, QSize, Qt
from PySide6.QtGui import QFontMetrics, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from chargen.gui import theme
from chargen.gui.widgets.labelled import escape_tooltip
from chargen.gui.widgets.plot_lines import Line
from chargen.gui.widgets.themed import follow_theme

_STROKE = 30
_LONGEST = 240  # pixels of a name; the tooltip has it whole


def pen(line: Line) -> QPen:
    """How a line is drawn."""
    made = QPen(theme.colour(line.colour), line.width)
    made.setCosmetic(True)
    if line.dash:
        made.setDashPattern(line.dash)
        made.setCapStyle(Qt.PenCapStyle.FlatCap)
    return made


class Legend(QWidget):
    """Rows of strokes and names; ``painted`` draws the same into a picture."""

    def __init__(self) -> None:
        super().__init__()
        self._lines: list[Line] = []
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        follow_theme(self)
        self.hide()

    def set_lines(self, lines: Sequence[Line]) -> None:
        self._lines = list(lines)
        names = ", ".join(line.name for line in lines)
        self.setAccessibleName(f"Lines: {names}")
        self.setToolTip(escape_tooltip("\n".join(line.name for line in lines)))
        self.setVisible(bool(lines))
        self.fit()
        self.update()

    def names(self) -> list[str]:
        return [line.name for line in self._lines]

    def fit(self) -> None:
        """As high as its rows are at this width."""
        wanted = self.heightForWidth(self.width())
        if self._lines and wanted != self.height():
            self.setFixedHeight(wanted)

    def heightForWidth(self, width: int) -> int:
        return max((place.bottom() for place in self._places(width)), default=0)

    def sizeHint(self) -> QSize:
        return QSize(400, self.heightForWidth(max(self.width(), 400)))

    def _places(self, width: int) -> list[QRect]:
        metrics = QFontMetrics(theme.ui_font(theme.TEXT_SMALL))
        row = metrics.height() + theme.SPACE_1
        x = y = 0
        places: list[QRect] = []
        for line in self._lines:
            wide = _STROKE + theme.SPACE_2 + min(metrics.horizontalAdvance(line.name) + 1, _LONGEST)
            if x and x + wide > width:
                x, y = 0, y + row
            places.append(QRect(x, y, wide, row))
            x += wide + theme.SPACE_4
        return places

    def painted(self, painter: QPainter, width: int) -> None:
        """Draw the rows at the origin of ``painter``."""
        font = theme.ui_font(theme.TEXT_SMALL)
        metrics = QFontMetrics(font)
        painter.setFont(font)
        for line, place in zip(self._lines, self._places(width), strict=True):
            middle = place.center().y() + 0.5
            painter.setPen(pen(line))
            painter.drawLine(QPointF(place.left(), middle), QPointF(place.left() + _STROKE, middle))
            painter.setPen(theme.colour(theme.tokens().ink))
            room = place.adjusted(_STROKE + theme.SPACE_2, 0, 0, 0)
            shown = metrics.elidedText(line.name, Qt.TextElideMode.ElideMiddle, room.width())
            painter.drawText(room, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, shown)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self.painted(painter, self.width())
