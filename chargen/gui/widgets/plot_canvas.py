"""Where lines are drawn, named and pointed at; knows nothing of runs and losses."""

from collections.abc import Sequence

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QEvent, QObject, QPointF, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QLabel

from chargen.gui import theme
from chargen.gui.widgets.labelled import plain_label
from chargen.gui.widgets.plot_axes import Kind, Ticks
from chargen.gui.widgets.plot_legend import pen
from chargen.gui.widgets.plot_lines import Line

LABEL_ROOM = 96  # pixels at the right, for the names of the lines
_AHEAD = 0.12  # of the range, empty at the right while the curve grows
_ZOOM = 1.4
_STEPS = {
    Qt.Key.Key_Left: -0.005, Qt.Key.Key_Right: 0.005, Qt.Key.Key_PageUp: -0.1, Qt.Key.Key_PageDown: 0.1,
}  # fmt: skip


class PlotCanvas(pg.PlotWidget):  # type: ignore[misc]
    """Draws lines. Wheel and dragging zoom and move; plus and minus zoom with the keyboard.

    ``pointed`` carries where the pointer is along the bottom, None where it left; ``stepped`` a share of the points
    to move the reading line by; ``reset`` and ``zoomed`` say that the range is to be, or was, changed by a person.
    """

    pointed = Signal(object)
    stepped = Signal(float)
    reset = Signal()
    zoomed = Signal()
    resized = Signal()

    def __init__(self) -> None:
        self._bottom, self._left = Ticks("bottom"), Ticks("left")
        super().__init__(axisItems={"bottom": self._bottom, "left": self._left})
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setFrameShape(pg.PlotWidget.Shape.NoFrame)
        item = self.getPlotItem()
        item.setMenuEnabled(False)
        item.hideButtons()
        item.layout.setContentsMargins(0, theme.SPACE_2, 0, 0)
        item.showAxis("right")
        right = item.getAxis("right")
        right.setWidth(LABEL_ROOM)
        right.setStyle(showValues=False, tickLength=0)
        right.setGrid(False)
        for axis in (self._left, self._bottom):
            axis.setStyle(tickLength=0, tickTextOffset=6, maxTickLevel=0)
            axis.enableAutoSIPrefix(False)
        self._left.setGrid(255)
        self._left.setZValue(-1000)  # the grid stands behind the curves
        item.getViewBox().setDefaultPadding(0.02)
        self._items: dict[str, pg.PlotDataItem] = {}
        self._lines: list[Line] = []
        self._crosshair = pg.InfiniteLine(angle=90, movable=False)
        self._crosshair.hide()
        item.addItem(self._crosshair, ignoreBounds=True)
        self.names: list[QLabel] = []  # at the ends of the lines; those in use are shown
        self.axis_name = self._floating()
        self.readout = self._floating()
        self.readout.setFont(theme.ui_font(theme.TEXT_SMALL, tabular=True))
        self.readout.setMargin(theme.SPACE_1 + 2)
        self.scene().sigMouseMoved.connect(self._hovered)
        item.getViewBox().sigRangeChangedManually.connect(self._zoomed_by_hand)
        self.viewport().installEventFilter(self)
        self.installEventFilter(self)
        self.dress()

    def _floating(self) -> QLabel:
        label = plain_label("", parent=self)
        label.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        label.setFont(theme.ui_font(theme.TEXT_SMALL, medium=True))
        label.hide()
        return label

    def dress(self) -> None:
        """Take the colours of the theme."""
        t = theme.tokens()
        self.setBackground(theme.colour(t.surface))
        for side in ("left", "bottom", "right"):
            axis = self.getPlotItem().getAxis(side)
            axis.setPen(pg.mkPen(None))
            axis.setTickPen(pg.mkPen(theme.colour(theme.mix(t.surface, t.line, 0.7))))
            axis.setTextPen(pg.mkPen(theme.colour(t.ink_2)))
            axis.setTickFont(theme.ui_font(theme.TEXT_LABEL, tabular=True))
        self._crosshair.setPen(pg.mkPen(theme.colour(t.ink_3), width=1))
        self.axis_name.setFont(theme.ui_font(theme.TEXT_LABEL))
        self.axis_name.setStyleSheet(f"color: {t.ink_2};")
        self.readout.setStyleSheet(
            f"background: {t.surface}; color: {t.ink}; border: 1px solid {t.line};"
            f"border-radius: {theme.RADIUS_CONTROL}px;"
        )

    # --- drawing

    def set_axes(self, kind: Kind, log_x: bool, log_y: bool) -> None:
        self._bottom.set_kind(kind, log_x)
        self._left.set_kind("value", log_y)
        self.axis_name.setText(kind if kind != "seconds" else "time")

    def draw(self, lines: Sequence[Line]) -> None:
        """Show these lines and no others; the range stays."""
        self._lines = list(lines)
        wanted = {line.key for line in lines}
        for key in [key for key in self._items if key not in wanted]:
            self.removeItem(self._items.pop(key))
        for height, line in enumerate(lines):
            item = self._items.get(line.key)
            if item is None:
                item = self._items[line.key] = self.plot([], [])
            item.setZValue(height)
            item.opts["antialias"] = line.width > 1
            item.setPen(pen(line))
            item.setSymbol("o" if line.dots else None)
            if line.dots:
                item.setSymbolSize(6)
                item.setSymbolPen(pg.mkPen(None))
                item.setSymbolBrush(theme.colour(line.colour))
            item.setData(line.x, line.y)

    def lines(self) -> list[Line]:
        """What is drawn now."""
        return list(self._lines)

    def line(self, key: str) -> Line | None:
        return next((line for line in self._lines if line.key == key), None)

    def seen(self) -> tuple[tuple[float, float], tuple[float, float]]:
        """What is seen: along the bottom, and upwards."""
        (left, right), (low, high) = self.getPlotItem().getViewBox().viewRange()
        return (left, right), (low, high)

    def show_all(self, ends: tuple[float, float], extra: Sequence[float], exact: bool) -> None:
        """Make the range hold all lines that ``fit`` and the values ``extra``, from ``ends`` to end.

        Unless ``exact``, a range that still holds them stays, and a new one has room ahead: each new range makes
        every tick and label anew, which costs more than the curves.
        """
        values = np.concatenate([*(line.y for line in self._lines if line.fits), np.asarray(extra, dtype=np.float64)])
        values = values[np.isfinite(values)]
        if not len(values):
            return
        low, high = float(values.min()), float(values.max())
        spread = max(high - low, 0.02)
        wanted_x = (ends[0], max(ends[1], ends[0] + 1e-3))
        wanted_y = (low - 0.06 * spread, high + 0.06 * spread)
        box = self.getPlotItem().getViewBox()
        now_x, now_y = self.seen()
        if exact or not (_roomy(now_x, wanted_x) and _roomy(now_y, wanted_y)):
            ahead = 0.0 if exact else _AHEAD * (wanted_x[1] - wanted_x[0])
            box.setXRange(wanted_x[0], wanted_x[1] + ahead, padding=0.01)
            box.setYRange(*wanted_y, padding=0)

    def place_names(self) -> None:
        """Each line's name at its right end, never one over another; where there is no room for all, none."""
        named = [line for line in self._lines if line.name]
        while len(self.names) < len(named):
            self.names.append(self._floating())
        for label in self.names:
            label.hide()
        box = self.getPlotItem().getViewBox()
        area = box.mapRectToScene(box.rect())
        right = self.mapFromScene(area.topRight()).x() + theme.SPACE_2
        ends: list[tuple[float, QLabel]] = []
        for line, label in zip(named, self.names, strict=False):
            room = LABEL_ROOM - theme.SPACE_2
            label.setStyleSheet(f"color: {line.colour};")
            label.setText(label.fontMetrics().elidedText(line.name, Qt.TextElideMode.ElideRight, room))
            label.adjustSize()
            scene = box.mapViewToScene(QPointF(float(line.x[-1]), float(line.y[-1])))
            y = self.mapFromScene(scene).y() - label.height() / 2
            ends.append((min(max(y, area.top()), area.bottom() - label.height()), label))
        lowest = -1e9
        placed: list[tuple[float, QLabel]] = []
        for y, label in sorted(ends, key=lambda end: end[0]):
            placed.append((max(y, lowest), label))
            lowest = placed[-1][0] + label.height() + 1
        bottom = self.height() - self.axis_name.sizeHint().height() - 2
        over = max(lowest - bottom, 0)  # where the plot is low, all move up together
        self.names_fit = not placed or placed[0][0] - over >= 0
        for y, label in placed if self.names_fit else ():
            label.move(right, round(y - over))
            label.show()
        self.axis_name.adjustSize()
        self.axis_name.move(right, self.height() - self.axis_name.height() - 1)
        self.axis_name.setVisible(bool(self._lines))

    names_fit = True

    def point_at(self, x: float | None, told: str) -> None:
        """Put the reading line at ``x`` and say what is there; None takes it away."""
        self._crosshair.setVisible(x is not None)
        self.readout.setVisible(x is not None and bool(told))
        if x is None:
            return
        self._crosshair.setPos(x)
        self.readout.setText(told)
        self.readout.adjustSize()
        (left, right), _ = self.seen()
        # On the side where it does not cover what is pointed at; falling curves leave the upper right free.
        free = self.width() - LABEL_ROOM - self.readout.width()
        over = x > left + 0.55 * (right - left) and self.readout.height() > 2 * self.readout.fontMetrics().height()
        self.readout.move(self._left.width() if over and free < self.width() else max(round(free), 0), 2)
        self.readout.raise_()

    # --- what a person does

    def _hovered(self, where: QPointF) -> None:
        box = self.getPlotItem().getViewBox()
        inside = box.sceneBoundingRect().contains(where)
        self.pointed.emit(float(box.mapSceneToView(where).x()) if inside else None)

    def _zoomed_by_hand(self, *_ignored: object) -> None:
        self.zoomed.emit()

    def zoom(self, factor: float) -> None:
        """Show ``factor`` times as much of the axis, around the reading line or the middle."""
        (left, right), _ = self.seen()
        centre = self._crosshair.value() if self._crosshair.isVisible() else (left + right) / 2
        self.getPlotItem().getViewBox().setXRange(
            centre + (left - centre) * factor, centre + (right - centre) * factor, padding=0
        )
        self.zoomed.emit()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        kind = event.type()
        if watched is self and kind == QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
            return self._key(event)
        if kind == QEvent.Type.MouseButtonDblClick and isinstance(event, QMouseEvent):
            self.reset.emit()
            return True
        if kind == QEvent.Type.Leave:
            self.pointed.emit(None)
        elif kind == QEvent.Type.Resize:
            self.resized.emit()
        return bool(super().eventFilter(watched, event))

    def _key(self, event: QKeyEvent) -> bool:
        key = Qt.Key(event.key())
        if key in _STEPS:
            self.stepped.emit(_STEPS[key])
        elif key == Qt.Key.Key_Home:
            self.reset.emit()
        elif key in (Qt.Key.Key_Plus, Qt.Key.Key_Equal):
            self.zoom(1 / _ZOOM)
        elif key == Qt.Key.Key_Minus:
            self.zoom(_ZOOM)
        elif key == Qt.Key.Key_Escape and self._crosshair.isVisible():
            self.pointed.emit(None)
        else:
            return False
        return True


def _roomy(now: tuple[float, float], wanted: tuple[float, float]) -> bool:
    """Whether a range shows what is wanted, without much empty space."""
    slack = 2 * _AHEAD * (wanted[1] - wanted[0])
    return now[0] <= wanted[0] <= now[0] + slack and now[1] - slack <= wanted[1] <= now[1]
