"""How far two states are apart, layer by layer, and in which units: bars with their words beside them."""

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QFontMetrics, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from chargen.gui import theme
from chargen.gui.widgets.themed import follow_theme

_ROW, _BAR = 26, 10


@dataclass(frozen=True)
class Bar:
    """One line: what it is about, where the bar begins and ends, and its numbers in words."""

    label: str
    start: float
    end: float
    words: str


class DifferenceBars(QWidget):
    """Bars over one common scale. Where a start is not zero, both ends are dots: A hollow, B full."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self._bars: tuple[Bar, ...] = ()
        self._name = name
        self.setAccessibleName(name)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        follow_theme(self)

    def set_bars(self, bars: Sequence[Bar]) -> None:
        self._bars = tuple(bars)
        self.setAccessibleDescription("; ".join(f"{bar.label}: {bar.words}" for bar in self._bars))
        self.updateGeometry()
        self.update()

    def bars(self) -> tuple[Bar, ...]:
        return self._bars

    def sizeHint(self) -> QSize:
        return QSize(360, max(len(self._bars), 1) * _ROW)

    def minimumSizeHint(self) -> QSize:
        label, words = self._widths()
        return QSize(label + words + 2 * theme.SPACE_3 + 60, self.sizeHint().height())

    def shortened(self) -> str:
        """Nothing: label and words have their room, the bar takes the rest."""
        return "" if self.width() >= self.minimumSizeHint().width() or not self._bars else self._bars[0].label

    def _widths(self) -> tuple[int, int]:
        metrics = QFontMetrics(theme.ui_font(theme.TEXT_SMALL, tabular=True))
        widest = [max((metrics.horizontalAdvance(text) for text in texts), default=0) + 2 for texts in (
            [bar.label for bar in self._bars], [bar.words for bar in self._bars])]  # fmt: skip
        return widest[0], widest[1]

    def paintEvent(self, event: QPaintEvent) -> None:
        if not self._bars:
            return
        t = theme.tokens()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(theme.ui_font(theme.TEXT_SMALL, tabular=True))
        label, words = self._widths()
        left, right = label + theme.SPACE_3, self.width() - words - theme.SPACE_3
        ends = [value for bar in self._bars for value in (bar.start, bar.end, 0.0)]
        low, high = min(ends), max(max(ends), min(ends) + 1e-9)

        def x(value: float) -> float:
            return left + 6 + (value - low) / (high - low) * max(right - left - 12, 1)

        if low < 0:  # where zero lies
            painter.setPen(QPen(theme.colour(t.line), theme.HAIRLINE))
            painter.drawLine(round(x(0)), 2, round(x(0)), self.height() - 2)
        for place, bar in enumerate(self._bars):
            top = place * _ROW
            painter.setPen(theme.colour(t.ink))
            vertical = Qt.AlignmentFlag.AlignVCenter
            painter.drawText(QRectF(0, top, label, _ROW), vertical | Qt.AlignmentFlag.AlignLeft, bar.label)
            painter.setPen(theme.colour(t.ink_2))
            where = QRectF(self.width() - words, top, words, _ROW)
            painter.drawText(where, vertical | Qt.AlignmentFlag.AlignRight, bar.words)
            self._paint_bar(painter, bar, x(bar.start), x(bar.end), top + _ROW / 2, t)

    def _paint_bar(self, painter: QPainter, bar: Bar, start: float, end: float, middle: float, t: theme.Tokens) -> None:
        tint = theme.colour(t.data_1 if bar.end >= bar.start else t.data_2)
        between = QRectF(min(start, end), middle - _BAR / 2, max(abs(end - start), 2), _BAR)
        if bar.start == 0:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(tint)
            painter.drawRoundedRect(between, 3, 3)
            return
        painter.setPen(QPen(tint, 2))
        painter.drawLine(round(start), round(middle), round(end), round(middle))
        for at, ground in ((start, theme.colour(t.surface)), (end, tint)):
            painter.setBrush(ground)
            painter.drawEllipse(QRectF(at - 4, middle - 4, 8, 8))
