"""What the tint of surprise means: five steps between two words."""

from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtGui import QFontMetrics, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from chargen.gui import theme
from chargen.gui.widgets.themed import follow_theme

_STEP = 14


class HeatLegend(QWidget):
    """``HeatLegend("expected", "surprising")``: one line, as tall as the text beside it."""

    def __init__(self, low: str, high: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._low, self._high = low, high
        self._compact = False
        self.setAccessibleName(f"The tint goes from {low} to {high}")
        self.setFont(theme.ui_font(theme.TEXT_SMALL))
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        follow_theme(self)

    def set_compact(self, on: bool) -> None:
        """The steps alone, where there is no room for the words; the tooltip has them."""
        if on != self._compact:
            self._compact = on
            self.setToolTip(self.accessibleName() if on else "")
            self.updateGeometry()
            self.update()

    def _words(self) -> tuple[int, int]:
        metrics = QFontMetrics(self.font())
        return metrics.horizontalAdvance(self._low), metrics.horizontalAdvance(self._high)

    def sizeHint(self) -> QSize:
        low, high = self._words()
        if self._compact:
            return QSize(5 * _STEP, theme.HIT)
        return QSize(low + high + 5 * _STEP + 2 * theme.SPACE_2 + theme.SPACE_2, theme.HIT)

    def shortened(self) -> str:
        """The words, if they do not fit now."""
        return f"{self._low} {self._high}" if self.width() < self.sizeHint().width() else ""

    def paintEvent(self, event: QPaintEvent) -> None:
        t = theme.tokens()
        painter = QPainter(self)
        painter.setPen(theme.colour(t.ink_2))
        low, _high = self._words()
        if not self._compact:
            painter.drawText(QRect(0, 0, low, self.height()), Qt.AlignmentFlag.AlignVCenter, self._low)
        left, top = 0 if self._compact else low + theme.SPACE_2, (self.height() - _STEP) // 2
        for number, value in enumerate(t.heat):
            painter.fillRect(QRect(left + number * _STEP, top, _STEP, _STEP), theme.colour(value))
        painter.setPen(theme.colour(t.line))  # the first step is the paper itself
        painter.drawRect(QRect(left, top, 5 * _STEP - 1, _STEP - 1))
        if self._compact:
            return
        right = left + 5 * _STEP + theme.SPACE_2
        painter.setPen(theme.colour(t.ink_2))
        room = QRect(right, 0, self.width() - right, self.height())
        painter.drawText(room, Qt.AlignmentFlag.AlignVCenter, self._high)
