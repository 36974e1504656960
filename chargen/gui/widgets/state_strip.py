"""A hidden state at a glance: one row a layer, one bar a unit, blue-green above zero and red-orange below."""

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QPoint, QRect, QSize, Qt, Signal
from PySide6.QtGui import QHelpEvent, QImage, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from chargen.gui import theme
from chargen.gui.widgets.themed import follow_theme

_ROW, _GAP = 16, 2


def squeeze(values: NDArray[np.float32], columns: int) -> NDArray[np.float32]:
    """[L, H] to at most ``columns`` wide: of the units that share a column, the strongest is shown."""
    layers, units = values.shape
    if units <= columns or columns < 1:
        return values
    result = np.empty((layers, columns), dtype=np.float32)
    edges = np.linspace(0, units, columns + 1).astype(np.int64)
    for column in range(columns):
        part = values[:, edges[column] : edges[column + 1]]
        strongest = np.abs(part).argmax(axis=1)
        result[:, column] = part[np.arange(layers), strongest]
    return result


class StateStrip(QWidget):
    """``set_state(array[L, H])`` with values from -1 to 1 (others are shown as the end of the scale)."""

    unit_activated = Signal(int, int)  # layer, unit

    def __init__(self, name: str = "Hidden state", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._name = name
        self._values: NDArray[np.float32] = np.zeros((0, 0), dtype=np.float32)
        self._current: tuple[int, int] | None = None
        self._image: QImage | None = None
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        theme.signals.changed.connect(self._forget)
        follow_theme(self)
        self._describe()

    def set_state(self, values: NDArray[np.float32] | None) -> None:
        """[L, H] or [L, 1, H]; None for no state."""
        given = np.zeros((0, 0), np.float32) if values is None else np.array(values, dtype=np.float32)
        if given.ndim == 3 and given.shape[1] == 1:
            given = given[:, 0]
        if given.ndim != 2:
            raise ValueError("A state of shape [layers, units] is needed.")
        self._values = np.nan_to_num(given)
        self._current = None
        self._forget()
        self._describe()
        self.updateGeometry()
        self.update()

    def state(self) -> NDArray[np.float32]:
        return self._values

    def current_unit(self) -> tuple[int, int] | None:
        return self._current

    def _describe(self) -> None:
        layers, units = self._values.shape
        self.setAccessibleName(self._name)
        if not self._values.size:
            self.setAccessibleDescription("No state")
            return
        mean, top = float(np.abs(self._values).mean()), float(np.abs(self._values).max())
        word = "layer" if layers == 1 else "layers"
        self.setAccessibleDescription(
            f"{layers} {word} of {units} units; mean strength {mean:.2f}, strongest {top:.2f}"
        )

    def _forget(self) -> None:
        self._image = None

    def sizeHint(self) -> QSize:
        rows = max(self._values.shape[0], 1)
        return QSize(200, max(rows * _ROW + (rows - 1) * _GAP, theme.HIT))

    def minimumSizeHint(self) -> QSize:
        return QSize(64, self.sizeHint().height())

    def _row_rect(self, layer: int) -> QRect:
        rows = self._values.shape[0]
        height = (self.height() - (rows - 1) * _GAP) / rows
        top = round(layer * (height + _GAP))
        return QRect(0, top, self.width(), max(round(layer * (height + _GAP) + height) - top, 1))

    def unit_at(self, point: QPoint) -> tuple[int, int] | None:
        """The (layer, unit) under a point."""
        if not self._values.size or not self.rect().contains(point):
            return None
        layers, units = self._values.shape
        layer = min(point.y() * layers // max(self.height(), 1), layers - 1)
        return layer, min(point.x() * units // max(self.width(), 1), units - 1)

    def reading(self, layer: int, unit: int) -> str:
        """One unit in words; layers and units are counted from 1, as everywhere people read them."""
        return f"Layer {layer + 1}, unit {unit + 1}: {self._values[layer, unit]:+.3f}"

    def _draw_image(self) -> QImage:
        t = theme.tokens()
        shown = squeeze(self._values, max(round(self.width() * self.devicePixelRatioF()), 1))
        steps = np.clip(np.rint(shown * 127), -127, 127).astype(np.int64) + 127
        scale = [theme.mix(t.rail, t.data_1 if i >= 127 else t.data_2, abs(i - 127) / 127) for i in range(255)]
        table = np.array([[int(c[1:3], 16), int(c[3:5], 16), int(c[5:7], 16), 255] for c in scale], dtype=np.uint8)
        pixels = np.ascontiguousarray(table[steps])
        height, width = steps.shape
        image = QImage(pixels.data, width, height, 4 * width, QImage.Format.Format_RGBA8888)
        return image.copy()  # the array dies here, the picture must not

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            unit = self.unit_at(event.pos())
            if unit is not None:
                QToolTip.showText(event.globalPos(), self.reading(*unit), self)
            return True
        if event.type() == QEvent.Type.Resize:
            self._forget()
        return super().event(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        unit = self.unit_at(event.position().toPoint())
        if unit is not None and event.button() == Qt.MouseButton.LeftButton:
            self._current = unit
            self.unit_activated.emit(*unit)
            self.update()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if not self._values.size:
            super().keyPressEvent(event)
            return
        layers, units = self._values.shape
        layer, unit = self._current or (0, 0)
        key = Qt.Key(event.key())
        if key in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self.unit_activated.emit(layer, unit)
        elif key in (Qt.Key.Key_Left, Qt.Key.Key_Right, Qt.Key.Key_Up, Qt.Key.Key_Down):
            if self._current is not None:
                unit += (key == Qt.Key.Key_Right) - (key == Qt.Key.Key_Left)
                layer += (key == Qt.Key.Key_Down) - (key == Qt.Key.Key_Up)
            self._current = min(max(layer, 0), layers - 1), min(max(unit, 0), units - 1)
            reading = self.reading(*self._current)
            self.setAccessibleDescription(reading)
            QToolTip.showText(self.mapToGlobal(self._row_rect(self._current[0]).bottomLeft()), reading, self)
            self.update()
        else:
            super().keyPressEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        t = theme.tokens()
        painter = QPainter(self)
        if not self._values.size:
            painter.fillRect(self.rect(), theme.colour(t.rail))
            return
        if self._image is None:
            self._image = self._draw_image()
        for layer in range(self._values.shape[0]):
            painter.drawImage(self._row_rect(layer), self._image, QRect(0, layer, self._image.width(), 1))
        if self._current is not None:
            layer, unit = self._current
            units = self._values.shape[1]
            row = self._row_rect(layer)
            left, right = unit * self.width() // units, (unit + 1) * self.width() // units
            painter.setPen(QPen(theme.colour(t.ink), 2))
            painter.drawRect(QRect(left, row.top() + 1, max(right - left, 4), row.height() - 2))
