"""A slider and its exact number, moving together."""

import math

from PySide6.QtCore import QEvent, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QFontMetrics,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QResizeEvent,
    QShowEvent,
    QValidator,
    QWheelEvent,
)
from PySide6.QtWidgets import QAbstractSpinBox, QDoubleSpinBox, QHBoxLayout, QSizePolicy, QSlider, QWidget

from chargen.gui import theme
from chargen.gui.widgets.themed import follow_theme

_FINEST = 2_000  # slider positions: more than pixels
_HANDLE, _GROOVE = 18, 4


class _Track(QSlider):
    """A QSlider in behaviour, painted whole: the handle always has its room."""

    restore = Signal()

    def __init__(self) -> None:
        super().__init__(Qt.Orientation.Horizontal)
        self.setFixedHeight(theme.HIT)
        self.setMinimumWidth(72)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        follow_theme(self)

    def _span(self) -> float:
        return max(self.width() - _HANDLE - 2, 1)

    def _fraction(self) -> float:
        return (self.value() - self.minimum()) / max(self.maximum() - self.minimum(), 1)

    def handle_rect(self) -> QRectF:
        """Where the handle is painted; always inside the widget."""
        left = 1 + self._fraction() * self._span()
        return QRectF(left, (self.height() - _HANDLE) / 2, _HANDLE, _HANDLE)

    def focus_rect(self) -> QRect:
        return self.rect().adjusted(0, 4, 0, -4)

    def _move_to(self, x: float) -> None:
        share = min(max((x - 1 - _HANDLE / 2) / self._span(), 0.0), 1.0)
        self.setSliderPosition(self.minimum() + round(share * (self.maximum() - self.minimum())))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() != Qt.MouseButton.LeftButton:
            event.ignore()
            return
        # Pressing the handle itself must not nudge it; pressing the groove brings the handle there.
        if not self.handle_rect().contains(event.position()):
            self._move_to(event.position().x())
        self.setSliderDown(True)
        event.accept()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self.isSliderDown():
            self._move_to(event.position().x())
            event.accept()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self.setSliderDown(False)
        event.accept()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self.setSliderDown(False)
        self.restore.emit()
        event.accept()

    def wheelEvent(self, event: QWheelEvent) -> None:
        # Scrolling a panel must not change the settings that pass under the pointer.
        if self.hasFocus():
            super().wheelEvent(event)
        else:
            event.ignore()

    def paintEvent(self, event: QPaintEvent) -> None:
        t = theme.tokens()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        handle = self.handle_rect()
        middle = self.height() / 2
        enabled = self.isEnabled()
        tint = theme.colour(t.accent if enabled else t.ink_3)
        groove = QRectF(2, middle - _GROOVE / 2, self.width() - 4, _GROOVE)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.colour(t.line))
        painter.drawRoundedRect(groove, _GROOVE / 2, _GROOVE / 2)
        painter.setBrush(tint)
        groove.setRight(handle.center().x())
        painter.drawRoundedRect(groove, _GROOVE / 2, _GROOVE / 2)
        painter.setPen(QPen(tint, 2))
        held = self.isSliderDown() or (self.underMouse() and enabled)
        painter.setBrush(theme.colour(t.accent_soft if held else t.surface))
        painter.drawEllipse(handle.adjusted(2, 2, -2, -2))


class _Box(QDoubleSpinBox):
    """The exact number. A comma is taken for a point, so that both ways of writing 0.8 work."""

    def __init__(self, log: bool) -> None:
        super().__init__()
        self._log = log
        self.setProperty("kind", "exact")
        self.setButtonSymbols(QAbstractSpinBox.ButtonSymbols.NoButtons)
        self.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.setKeyboardTracking(False)
        self.setFont(theme.ui_font(tabular=True))
        self.setFixedHeight(theme.HIT)

    def _place_field(self) -> None:
        # A styled spin box without buttons leaves its field one pixel wide: the number would not show.
        self.lineEdit().setGeometry(self.rect().adjusted(theme.SPACE_2, 1, -theme.SPACE_2, -1))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._place_field()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._place_field()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        self._place_field()

    def validate(self, text: str, position: int) -> tuple[QValidator.State, str, int]:
        state, _, _ = super().validate(text.replace(",", "."), position)
        # What is out of range is corrected on Enter, rather than keys being swallowed without a word.
        if state == QValidator.State.Invalid and self._number(text) is not None:
            state = QValidator.State.Intermediate
        return state, text, position

    def _number(self, text: str) -> float | None:
        cleaned = text.removesuffix(self.suffix()).strip().replace(",", ".")
        try:
            value = float(cleaned)
        except ValueError:
            return None
        return value if math.isfinite(value) else None

    def valueFromText(self, text: str) -> float:
        number = self._number(text)
        return self.value() if number is None else min(max(number, self.minimum()), self.maximum())

    def fixup(self, text: str) -> str:
        number = self._number(text)
        value = self.value() if number is None else min(max(number, self.minimum()), self.maximum())
        return self.textFromValue(value) + self.suffix()

    def textFromValue(self, value: float) -> str:
        text = f"{value:.{self.decimals()}f}"
        if self._log and "." in text:  # 0.1 rather than 0.10000: the zeros would claim an exactness
            text = text.rstrip("0").removesuffix(".")
        return text

    def stepBy(self, steps: int) -> None:
        if self._log:  # equal steps on a logarithmic scale are equal ratios
            self.setValue(self.value() * 10 ** (steps / 20))
        else:
            super().stepBy(steps)

    def wheelEvent(self, event: QWheelEvent) -> None:
        if self.hasFocus():
            super().wheelEvent(event)
        else:
            event.ignore()


class NumberSlider(QWidget):
    """One number, by slider or exactly. ``changed`` carries it whenever a person changes it.

    The slider snaps to ``step``; the box takes anything in range. Double click on the slider restores
    the default. ``log=True`` spreads the slider over ratios (``minimum`` must be positive).
    """

    changed = Signal(float)

    def __init__(
        self,
        minimum: float,
        maximum: float,
        step: float,
        default: float,
        decimals: int = 2,
        suffix: str = "",
        log: bool = False,
        name: str = "",
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        if log and minimum <= 0:
            raise ValueError("A logarithmic slider needs a positive minimum.")
        self._minimum, self._maximum, self._step = minimum, maximum, step
        self._default, self._log, self._value = default, log, default
        steps = _FINEST if log else min(max(round((maximum - minimum) / step), 1), _FINEST)
        self.slider = _Track()
        self.slider.setRange(0, steps)
        self.slider.setPageStep(max(steps // 10, 1))
        self.slider.setSingleStep(max(steps // 100, 1) if log or steps == _FINEST else 1)
        self.box = _Box(log)
        self.box.setDecimals(decimals)
        self.box.setRange(minimum, maximum)
        self.box.setSingleStep(step)
        self.box.setSuffix(f" {suffix}" if suffix else "")
        self._fit_box()
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(theme.SPACE_3)
        layout.addWidget(self.slider, 1)
        layout.addWidget(self.box)
        self.setFocusProxy(self.slider)
        self.slider.valueChanged.connect(self._slid)
        self.slider.restore.connect(self.restore_default)
        self.box.valueChanged.connect(self._typed)
        self.set_name(name)
        self._show(default)

    def set_name(self, name: str) -> None:
        """What a screen reader calls both halves."""
        self.setAccessibleName(name)
        self.slider.setAccessibleName(name)
        self.box.setAccessibleName(name)
        self.slider.setToolTip(f"Double click restores {self.box.textFromValue(self._default)}")

    def value(self) -> float:
        return self._value

    def set_value(self, value: float) -> None:
        """Show another number without telling."""
        self._show(min(max(value, self._minimum), self._maximum))

    def default(self) -> float:
        return self._default

    def restore_default(self) -> None:
        self._take(self._default)

    def set_default(self, value: float) -> None:
        self._default = value
        self.set_name(self.accessibleName())

    def sizeHint(self) -> QSize:
        return QSize(240, theme.HIT)

    def _fit_box(self) -> None:
        metrics = QFontMetrics(theme.ui_font(tabular=True))
        ends = (self._minimum, self._maximum, self._default)
        widest = max(metrics.horizontalAdvance(self.box.textFromValue(v) + self.box.suffix()) for v in ends)
        self.box.setFixedWidth(max(widest + 2 * theme.SPACE_3 + 6, 64))

    def _position(self, value: float) -> int:
        if self._log:
            share = math.log(value / self._minimum) / math.log(self._maximum / self._minimum)
        else:
            share = (value - self._minimum) / (self._maximum - self._minimum)
        return round(share * self.slider.maximum())

    def _at(self, position: int) -> float:
        share = position / self.slider.maximum()
        if self._log:
            value = self._minimum * (self._maximum / self._minimum) ** share
            return float(f"{value:.2g}")  # two figures are what a hand on a slider means
        value = self._minimum + share * (self._maximum - self._minimum)
        snapped = self._minimum + round((value - self._minimum) / self._step) * self._step
        return min(max(round(snapped, 10), self._minimum), self._maximum)

    def _show(self, value: float) -> None:
        self._value = value
        blocked = self.slider.blockSignals(True), self.box.blockSignals(True)
        self.slider.setValue(self._position(value))
        self.box.setValue(value)
        self.slider.blockSignals(blocked[0])
        self.box.blockSignals(blocked[1])
        self.slider.update()

    def _take(self, value: float) -> None:
        if value != self._value:
            self._show(value)
            self.changed.emit(value)

    def _slid(self, position: int) -> None:
        self._take(min(max(self._at(position), self._minimum), self._maximum))

    def _typed(self, value: float) -> None:
        self._take(value)
