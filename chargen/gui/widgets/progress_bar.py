"""A thin bar in the accent: how far, or (without a total) that something runs."""

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QProgressBar, QSizePolicy, QWidget

from chargen.gui import theme
from chargen.gui.widgets.themed import follow_theme

_STEPS = 10_000


class ThinProgress(QProgressBar):
    """Six pixels, rounded. A QProgressBar underneath, so that screen readers hear the percentage."""

    def __init__(self, name: str = "Progress", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(name)
        self.setRange(0, _STEPS)
        self.setTextVisible(False)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setFixedHeight(6)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        follow_theme(self)

    def set_fraction(self, fraction: float | None) -> None:
        """0 to 1; None where nobody knows how long it takes."""
        if fraction is None:
            self.setRange(0, 0)
        else:
            self.setRange(0, _STEPS)
            self.setValue(round(min(max(fraction, 0.0), 1.0) * _STEPS))
        self.update()

    def fraction(self) -> float | None:
        return None if self.maximum() == 0 else max(self.value(), 0) / _STEPS

    def sizeHint(self) -> QSize:
        return QSize(160, 6)

    def minimumSizeHint(self) -> QSize:
        return QSize(24, 6)

    def paintEvent(self, event: QPaintEvent) -> None:
        t = theme.tokens()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        groove = QRectF(self.rect())
        radius = groove.height() / 2
        painter.setBrush(theme.colour(t.line))
        painter.drawRoundedRect(groove, radius, radius)
        fraction = self.fraction()
        painter.setBrush(theme.colour(t.accent))
        if fraction is None:  # a still sign in the middle: nothing here moves by itself
            width = groove.width() / 3
            groove.setLeft(width)
            groove.setWidth(width)
            painter.drawRoundedRect(groove, radius, radius)
        elif fraction > 0:
            groove.setWidth(max(groove.width() * fraction, groove.height()))
            painter.drawRoundedRect(groove, radius, radius)
