"""Short samples side by side, from one state to another: a column each, with its share above."""

from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent, QPen, QTextLayout, QTextOption
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QSizePolicy, QWidget

from chargen.gui import theme
from chargen.gui.widgets.themed import follow_theme

_HEAD = 26
_SIZE, _LINE = 16, 21  # of the text: smaller than a page to be read
_LOWEST = 96


class SampleColumn(QPushButton):
    """One sample, as many whole lines of it as there is room for. Pressing it takes its share."""

    def __init__(self, title: str) -> None:
        super().__init__()
        self.title = title
        self._text = ""
        self._marked = False
        self.setAutoDefault(False)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName(f"Sample at {title}")
        follow_theme(self)

    def sample(self) -> str:
        return self._text

    def set_sample(self, text: str) -> None:
        self._text = text
        self.setAccessibleDescription(text[:400])
        self.update()

    def set_marked(self, on: bool) -> None:
        """Whether it is the one nearest to what is chosen."""
        self._marked = on
        self.update()

    def focus_rect(self) -> QRect:
        return self.rect().adjusted(3, 3, -3, -3)

    def sizeHint(self) -> QSize:
        return QSize(140, 150)

    def minimumSizeHint(self) -> QSize:
        return QSize(96, _LOWEST)

    def paintEvent(self, event: QPaintEvent) -> None:
        t = theme.tokens()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        width = 2.0 if self._marked else 1.0
        frame = QRectF(self.rect()).adjusted(width / 2, width / 2, -width / 2, -width / 2)
        painter.setPen(QPen(theme.colour(t.accent if self._marked else t.line), width))
        painter.setBrush(theme.colour(t.hover if self.underMouse() and self.isEnabled() else t.surface))
        painter.drawRoundedRect(frame, theme.RADIUS_CONTROL, theme.RADIUS_CONTROL)
        inner = self.rect().adjusted(theme.SPACE_2 + 2, theme.SPACE_1, -theme.SPACE_2, -theme.SPACE_1)
        painter.setFont(theme.ui_font(theme.TEXT_SMALL, medium=self._marked, tabular=True))
        painter.setPen(theme.colour(t.ink if self._marked else t.ink_2))
        painter.drawText(QRect(inner.left(), inner.top(), inner.width(), _HEAD),
                         Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, self.title)  # fmt: skip
        painter.setPen(theme.colour(t.ink))
        self._paint_text(painter, inner.adjusted(0, _HEAD, 0, 0))

    def _paint_text(self, painter: QPainter, room: QRect) -> None:
        """As many lines as are whole."""
        layout = QTextLayout(self._text.replace("\n", "\u2028"), theme.book_font(_SIZE))
        option = QTextOption()
        option.setWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
        layout.setTextOption(option)
        layout.beginLayout()
        for place in range(max(room.height() // _LINE, 1)):
            line = layout.createLine()
            if not line.isValid():
                break
            line.setLineWidth(room.width())
            line.setPosition(QPointF(0, place * _LINE))
        layout.endLayout()
        layout.draw(painter, QPointF(room.topLeft()))


class SampleStrip(QWidget):
    """``chosen`` carries the share of the column that was pressed."""

    chosen = Signal(float)

    def __init__(self, shares: Sequence[float]) -> None:
        super().__init__()
        self.shares = tuple(shares)
        self.setAccessibleName("Samples from A to B")
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(theme.SPACE_2)
        self.columns: list[SampleColumn] = []
        for share in self.shares:
            word = {0.0: "A", 1.0: "B"}.get(share, f"{share * 100:g} % B")
            column = SampleColumn(word)
            column.clicked.connect(lambda _checked=False, at=share: self.chosen.emit(at))
            self.columns.append(column)
            row.addWidget(column, 1)

    def set_sample(self, place: int, text: str) -> None:
        self.columns[place].set_sample(text)

    def texts(self) -> list[str]:
        return [column.sample() for column in self.columns]

    def clear(self) -> None:
        for column in self.columns:
            column.set_sample("")

    def mark(self, share: float) -> None:
        """Show which column stands nearest to a share."""
        nearest = min(range(len(self.shares)), key=lambda place: abs(self.shares[place] - share))
        for place, column in enumerate(self.columns):
            column.set_marked(place == nearest)
