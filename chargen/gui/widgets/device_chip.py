"""Which device does the work, in the status bar; its tooltip says why."""

from typing import Literal

from PySide6.QtCore import QRect, QRectF, QSize, Qt
from PySide6.QtGui import QFontMetrics, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from chargen.gui import theme
from chargen.gui.widgets.labelled import escape_tooltip
from chargen.gui.widgets.themed import follow_theme

State = Literal["waiting", "ready", "busy", "trouble"]
_WORDS: dict[State, str] = {"waiting": "looking", "ready": "ready", "busy": "working", "trouble": "trouble"}


class DeviceChip(QWidget):
    """A dot and a line: ``set_device("CPU · 2 threads · float32", "No CUDA device was found.")``.

    It takes the keyboard so that the reason can be read without a mouse (Tab to it, press Space).
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._text = ""
        self._reason = ""
        self._state: State = "waiting"
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        follow_theme(self)
        self.set_device("Looking for a device", "", "waiting")

    def set_device(self, text: str, reason: str = "", state: State = "ready") -> None:
        self._text = f"{text} — {reason}" if reason and len(reason) <= 48 else text
        self._reason = reason
        self._state = state
        self.setAccessibleName(f"Device: {text}, {_WORDS[state]}")
        self.setAccessibleDescription(reason)
        self.setToolTip(escape_tooltip(reason or text))
        self.updateGeometry()
        self.update()

    def set_state(self, state: State) -> None:
        if state != self._state:
            name = self.accessibleName()
            self._state = state
            self.setAccessibleName(f"{name.rsplit(', ', 1)[0]}, {_WORDS[state]}")
            self.update()

    def state(self) -> State:
        return self._state

    def text(self) -> str:
        return self._text

    def reason(self) -> str:
        return self._reason

    def shortened(self) -> str:
        """The line, if it does not fit now."""
        return "" if self._shown() == self._text else self._text

    def _shown(self) -> str:
        metrics = QFontMetrics(theme.ui_font(theme.TEXT_SMALL))
        return metrics.elidedText(self._text, Qt.TextElideMode.ElideRight, self._row().width())

    def _row(self) -> QRect:
        return QRect(theme.SPACE_2 + 15, 0, self.width() - 2 * theme.SPACE_2 - 15, self.height())

    def sizeHint(self) -> QSize:
        metrics = QFontMetrics(theme.ui_font(theme.TEXT_SMALL))
        return QSize(metrics.horizontalAdvance(self._text) + 2 * theme.SPACE_2 + 16, theme.HIT)

    def minimumSizeHint(self) -> QSize:
        return QSize(80, theme.HIT)

    def keyPressEvent(self, event: object) -> None:
        key = getattr(event, "key", int)()
        if key in (Qt.Key.Key_Space, Qt.Key.Key_Return, Qt.Key.Key_Enter):
            QToolTip.showText(self.mapToGlobal(self.rect().topLeft()), self.toolTip(), self)
            return
        super().keyPressEvent(event)  # type: ignore[arg-type]

    def paintEvent(self, event: QPaintEvent) -> None:
        t = theme.tokens()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        dot = {"waiting": t.ink_3, "ready": t.ink_2, "busy": t.accent, "trouble": t.bad}[self._state]
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.colour(dot))
        painter.drawEllipse(QRectF(theme.SPACE_2, self.height() / 2 - 4.5, 9, 9))
        painter.setFont(theme.ui_font(theme.TEXT_SMALL))
        painter.setPen(theme.colour(t.ink_2))
        painter.drawText(self._row(), Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, self._shown())
