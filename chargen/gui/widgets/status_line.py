"""The bar at the foot of the window: the device at the left, what runs at the right."""

from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QWidget

from chargen.gui import theme
from chargen.gui.widgets.device_chip import DeviceChip
from chargen.gui.widgets.labelled import ElidedLabel
from chargen.gui.widgets.themed import follow_theme


class StatusLine(QWidget):
    """``device`` is the chip; ``set_activity`` says what runs, ``""`` when nothing does."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("Status")
        self.setFixedHeight(theme.STATUS_HEIGHT)
        self.device = DeviceChip()
        self._activity = ElidedLabel("", kind="secondary")
        self._activity.setFont(theme.ui_font(theme.TEXT_SMALL, tabular=True))
        self._activity.set_alignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self._activity.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(theme.SPACE_2, 1, theme.SPACE_4, 0)
        layout.setSpacing(theme.SPACE_5)
        layout.addWidget(self.device)
        layout.addWidget(self._activity, 1)
        follow_theme(self)

    def set_activity(self, text: str) -> None:
        self._activity.set_text(text)

    def activity(self) -> str:
        return self._activity.text()

    def paintEvent(self, event: QPaintEvent) -> None:
        t = theme.tokens()
        painter = QPainter(self)
        painter.fillRect(self.rect(), theme.colour(t.rail))
        painter.fillRect(QRect(0, 0, self.width(), 1), theme.colour(t.line))
