"""The loss as it falls: raw, smoothed and on held-out text, with the reading of it in a sentence."""

from typing import Literal

import numpy as np
import pyqtgraph as pg
from numpy.typing import ArrayLike
from PySide6.QtCore import QEvent, QObject, QPointF, QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPainterPath, QPaintEvent, QPen
from PySide6.QtWidgets import QHBoxLayout, QLabel, QStackedWidget, QWidget

from chargen.gui import theme
from chargen.gui.widgets.buttons import GhostButton
from chargen.gui.widgets.cards import Card
from chargen.gui.widgets.curve_summary import summary_sentence
from chargen.gui.widgets.curves import NATS_PER_BIT, Floats, Series, Smoothing, decimate, smooth
from chargen.gui.widgets.labelled import HintLabel, plain_label
from chargen.gui.widgets.number_slider import NumberSlider
from chargen.gui.widgets.plot_export import to_csv, to_png, to_svg
from chargen.gui.widgets.themed import follow_theme

Unit = Literal["nats", "bits"]
REDRAW_MS, CALM_MS, CALM_AFTER = 400, 1_000, 50  # a curve of many points moves little: redrawn less often
POINTS, SMOOTH_POINTS = 1_000, 300  # of the raw line; of a thick, smooth one, which costs ten times as much a point
_AHEAD = 0.12  # of the range, empty at the right while the curve grows
_LEAST = 72  # pixels of height; a window as small as it can be leaves no more
_LABEL_ROOM = 96  # at the right, for the names of the lines


class _Ghost(QWidget):
    """What will come, in outline: shown until the first step."""

    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName("No training yet")
        self.sentence = "The curve starts with the first step."
        follow_theme(self)

    def sizeHint(self) -> QSize:
        return QSize(480, 240)

    def paintEvent(self, event: QPaintEvent) -> None:
        t = theme.tokens()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        area = QRectF(self.rect()).adjusted(theme.SPACE_6, theme.SPACE_3, -theme.SPACE_6, -theme.SPACE_5)
        painter.setPen(QPen(theme.colour(t.line), theme.HAIRLINE))
        for row in range(5):
            y = area.top() + area.height() * row / 4
            painter.drawLine(QPointF(area.left(), y), QPointF(area.right(), y))
        for tint, lift in ((t.line, 0.0), (theme.mix(t.surface, t.data_1, 0.35), 0.05)):
            path = QPainterPath()
            for step in range(61):
                share = step / 60
                fall = 0.06 + 0.74 / (1 + 9 * share) + lift * share
                point = QPointF(area.left() + share * area.width(), area.bottom() - fall * area.height())
                if step:
                    path.lineTo(point)
                else:
                    path.moveTo(point)
            painter.setPen(QPen(theme.colour(tint), 2.2))
            painter.drawPath(path)
        painter.setFont(theme.ui_font())
        words = painter.boundingRect(area, Qt.AlignmentFlag.AlignCenter, self.sentence)
        ground = words.adjusted(-theme.SPACE_3, -theme.SPACE_1, theme.SPACE_3, theme.SPACE_1)
        painter.fillRect(ground, theme.colour(t.surface))
        painter.setPen(theme.colour(t.ink_2))
        painter.drawText(area, Qt.AlignmentFlag.AlignCenter, self.sentence)


class _StepAxis(pg.AxisItem):  # type: ignore[misc]
    """Steps with thousands separated, as everywhere else in the window."""

    def tickStrings(self, values: list[float], scale: float, spacing: float) -> list[str]:
        shown = [10**value if self.logMode else value for value in values]
        return [f"{value:,.0f}" for value in shown]


class LossPlot(Card):
    """``append_train``, ``append_validation``; draws at most every 0.4 s (later every second), whatever comes in.

    Losses come in nats a character and are shown in nats or bits. Wheel zooms, dragging moves, double
    click shows everything again; with the keyboard, arrows move the reading line and Home resets.
    """

    unit_changed = Signal(str)
    save_wanted = Signal()
    compare_wanted = Signal()

    def __init__(self, title: str = "Loss", parent: QWidget | None = None) -> None:
        super().__init__(title, parent)
        self._train, self._validation = Series(), Series()
        self._smoothed = Series()
        self._state = Smoothing()
        self._compared: tuple[str, Floats, Floats] | None = None
        self._unit: Unit = "nats"
        self._log_x = self._log_y = False
        self._following = True  # the view grows with the data until a person zooms
        self._cursor: float | None = None
        self._redrawn = 0  # how often while this curve grew
        self._timed = False  # whether a redraw is one of many, rather than asked for by a person
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(REDRAW_MS)
        self._timer.timeout.connect(self._redraw_timed)
        self._resized = QTimer(self)  # once the layout has settled, at the end of this turn
        self._resized.setSingleShot(True)
        self._resized.setInterval(0)
        self._resized.timeout.connect(self.redraw)
        self._make_tools()
        self._make_plot()
        self._ghost = _Ghost()
        self._stack = QStackedWidget()
        self._stack.addWidget(self._ghost)
        self._stack.addWidget(self._plot)
        self._stack.setMinimumHeight(_LEAST)
        self.body.addWidget(self._stack, 1)
        self._sentence = HintLabel("")
        self.body.addWidget(self._sentence)
        theme.signals.changed.connect(self._dress)
        self._sentence.hide()
        self._dress()
        self._update_tools()

    # --- making

    def _make_tools(self) -> None:
        self._tools = QWidget()
        row = QHBoxLayout(self._tools)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(theme.SPACE_1)
        self._bits = self._tool("bits", "Show bits rather than nats a character")
        self._log_x_button = self._tool("log x", "Logarithmic steps")
        self._log_y_button = self._tool("log y", "Logarithmic loss")
        self._bits.toggled.connect(self._bits_toggled)
        self._log_x_button.toggled.connect(self.set_log_x)
        self._log_y_button.toggled.connect(self.set_log_y)
        self._save = GhostButton("Save…")
        self._save.setToolTip("Save the plot as a picture or a table")
        self._save.setAccessibleName("Save the plot")
        self._save.clicked.connect(self.save_wanted)
        self.compare_button = GhostButton("Compare…")
        self.compare_button.setToolTip("Show the validation curve of another run, dashed")
        self.compare_button.setAccessibleName("Compare with another run")
        self.compare_button.clicked.connect(self.compare_wanted)
        self._smoothing = NumberSlider(0, 0.999, 0.001, 0.95, decimals=3, name="Smoothing")
        self._smoothing.setFixedWidth(180)
        self._smoothing.changed.connect(self._resmooth)
        for button in (self._bits, self._log_x_button, self._log_y_button):
            row.addWidget(button)
        row.addSpacing(theme.SPACE_2)
        label = plain_label("smooth", "secondary")
        label.setBuddy(self._smoothing)
        row.addWidget(label)
        row.addWidget(self._smoothing)
        row.addSpacing(theme.SPACE_1)
        row.addWidget(self.compare_button)
        row.addWidget(self._save)
        self.add_header_widget(self._tools)

    def _tool(self, text: str, name: str) -> GhostButton:
        button = GhostButton(text)
        button.setCheckable(True)
        button.setToolTip(name)
        button.setAccessibleName(name)
        return button

    def _make_plot(self) -> None:
        self._plot = pg.PlotWidget(axisItems={"bottom": _StepAxis("bottom")})
        self._plot.setAccessibleName("Loss by step")
        self._plot.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._plot.setFrameShape(pg.PlotWidget.Shape.NoFrame)
        item = self._plot.getPlotItem()
        item.setMenuEnabled(False)
        item.hideButtons()
        item.layout.setContentsMargins(0, theme.SPACE_2, 0, 0)
        item.showAxis("right")
        right = item.getAxis("right")
        right.setWidth(_LABEL_ROOM)
        right.setStyle(showValues=False, tickLength=0)
        right.setGrid(False)
        for side in ("left", "bottom"):
            item.getAxis(side).setStyle(tickLength=0, tickTextOffset=6, maxTickLevel=0)
            item.getAxis(side).enableAutoSIPrefix(False)
        item.getAxis("left").setGrid(255)
        item.getAxis("left").setZValue(-1000)  # the grid stands behind the curves
        item.getViewBox().setDefaultPadding(0.02)
        self._raw_line = self._plot.plot([], [])
        self._other_line = self._plot.plot([], [], antialias=True)
        self._smooth_line = self._plot.plot([], [], antialias=True)
        self._validation_line = self._plot.plot([], [], antialias=True)
        self._crosshair = pg.InfiniteLine(angle=90, movable=False)
        self._crosshair.hide()
        item.addItem(self._crosshair, ignoreBounds=True)
        self._names = {name: self._floating() for name in ("train", "validation", "other")}
        self._readout = self._floating()
        self._readout.setFont(theme.ui_font(theme.TEXT_SMALL, tabular=True))
        self._readout.setMargin(theme.SPACE_1 + 2)
        self._plot.scene().sigMouseMoved.connect(self._hovered)
        item.getViewBox().sigRangeChangedManually.connect(self._zoomed)
        self._plot.viewport().installEventFilter(self)
        self._plot.installEventFilter(self)

    def _floating(self) -> QLabel:
        label = plain_label("", parent=self._plot)
        label.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        label.setFont(theme.ui_font(theme.TEXT_SMALL, medium=True))
        label.hide()
        return label

    def _dress(self) -> None:
        t = theme.tokens()
        self._plot.setBackground(theme.colour(t.surface))
        item = self._plot.getPlotItem()
        for side in ("left", "bottom", "right"):
            axis = item.getAxis(side)
            axis.setPen(pg.mkPen(None))
            axis.setTickPen(pg.mkPen(theme.colour(theme.mix(t.surface, t.line, 0.7))))
            axis.setTextPen(pg.mkPen(theme.colour(t.ink_2)))
            axis.setTickFont(theme.ui_font(theme.TEXT_LABEL, tabular=True))
        self._raw_line.setPen(pg.mkPen(theme.colour(theme.mix(t.surface, t.ink_3, 0.38)), width=1))
        self._smooth_line.setPen(pg.mkPen(theme.colour(t.ink_2), width=2))
        self._other_line.setPen(pg.mkPen(theme.colour(t.data_2), width=2, style=Qt.PenStyle.DashLine))
        self._validation_line.setPen(pg.mkPen(theme.colour(t.data_1), width=2.2))
        self._validation_line.setSymbol("o")
        self._validation_line.setSymbolSize(6)
        self._validation_line.setSymbolPen(pg.mkPen(None))
        self._validation_line.setSymbolBrush(theme.colour(t.data_1))
        self._crosshair.setPen(pg.mkPen(theme.colour(t.ink_3), width=1))
        for name, tint in (("train", t.ink_2), ("validation", t.data_1), ("other", t.data_2)):
            self._names[name].setStyleSheet(f"color: {tint};")
        self._readout.setStyleSheet(
            f"background: {t.surface}; color: {t.ink}; border: 1px solid {t.line};"
            f"border-radius: {theme.RADIUS_CONTROL}px;"
        )

    # --- data

    def append_train(self, steps: ArrayLike, losses: ArrayLike) -> None:
        """Training losses, in nats, in order of step; what is not a finite number is left out."""
        x, y = np.asarray(steps, dtype=np.float64), np.asarray(losses, dtype=np.float64)
        good = np.isfinite(x) & np.isfinite(y)
        x, y = x[good], y[good]
        if not len(x):
            return
        self._train.extend(x, y)
        smoothed, self._state = smooth(y, self._smoothing.value(), self._state)
        self._smoothed.extend(x, smoothed)
        self._plan()

    def append_validation(self, step: float, loss: float) -> None:
        if np.isfinite(loss):
            self._validation.extend(np.array([step], dtype=np.float64), np.array([loss], dtype=np.float64))
            self._plan()

    def set_comparison(self, name: str, steps: ArrayLike, losses: ArrayLike) -> None:
        """Another run's validation, dashed, in the second data colour; an empty one removes it."""
        x, y = np.asarray(steps, dtype=np.float64), np.asarray(losses, dtype=np.float64)
        self._compared = (name, x, y) if len(x) else None
        self._plan()

    def clear(self) -> None:
        """A new run: no points, the whole view, the empty picture."""
        self._train, self._validation, self._smoothed = Series(), Series(), Series()
        self._state = Smoothing()
        self._compared = None
        self._cursor = None
        self._following = True
        self._redrawn = 0
        self._timer.setInterval(REDRAW_MS)
        self._timer.stop()
        self.redraw()

    def point_count(self) -> int:
        return len(self._train)

    def sentence(self) -> str:
        return self._sentence.text()

    def exported(self, suffix: str) -> bytes:
        """The content of a ``.png``, ``.svg`` or ``.csv`` file: the plot as it looks now, or its numbers in nats."""
        if suffix == ".csv":
            return to_csv(self._train, self._validation)
        cursor = self._cursor
        self._cursor = None  # the reading line is of the moment
        self.redraw()
        title = f"{self.title()} ({self._unit} a character, by step)"
        picture = {".png": to_png, ".svg": to_svg}[suffix](self._plot, title, self.sentence())
        self.set_reading_step(cursor)
        return picture

    # --- settings

    def unit(self) -> Unit:
        return self._unit

    def set_unit(self, unit: Unit) -> None:
        if unit != self._unit:
            self._unit = unit
            self._bits.setChecked(unit == "bits")
            self._following = True
            self.redraw()
            self.unit_changed.emit(unit)

    def _bits_toggled(self, on: bool) -> None:
        self.set_unit("bits" if on else "nats")

    def set_log_x(self, on: bool) -> None:
        self._log_x = on
        self._log_x_button.setChecked(on)
        self._set_axes()

    def set_log_y(self, on: bool) -> None:
        self._log_y = on
        self._log_y_button.setChecked(on)
        self._set_axes()

    def _set_axes(self) -> None:
        self._plot.getPlotItem().setLogMode(self._log_x, self._log_y)
        self._following = True
        self.redraw()

    def smoothing(self) -> float:
        return self._smoothing.value()

    def set_smoothing(self, value: float) -> None:
        self._smoothing.set_value(value)
        self._resmooth(self._smoothing.value())

    def _resmooth(self, beta: float) -> None:
        self._smoothed = Series()
        smoothed, self._state = smooth(self._train.y, beta)
        self._smoothed.extend(self._train.x, smoothed)
        self._plan()

    def settle(self) -> None:
        """The curve is at its end: no room ahead of it any more (unless a person looks at a part of it)."""
        self.redraw()

    def reset_view(self) -> None:
        """Show everything, and follow again."""
        self._following = True
        self.redraw()

    def _zoomed(self, *_ignored: object) -> None:
        self._following = False
        self._plan()

    # --- drawing

    def _plan(self) -> None:
        if not self._timer.isActive():
            self._timer.start()

    def _scale(self) -> float:
        return 1 / NATS_PER_BIT if self._unit == "bits" else 1.0

    def shown_points(self) -> int:
        """How many points of the raw line are drawn now."""
        x, _ = self._raw_line.getOriginalDataset()
        return 0 if x is None else len(x)

    def _redraw_timed(self) -> None:
        self._redrawn += 1
        if self._redrawn == CALM_AFTER:
            self._timer.setInterval(CALM_MS)
        self._timed = True
        self.redraw()
        self._timed = False

    def redraw(self) -> None:
        """Draw what has come in. Called by the timer; at once only after a person changed something."""
        empty = not len(self._train) and not len(self._validation)
        self._stack.setCurrentIndex(0 if empty else 1)
        self._update_tools()
        scale = self._scale()
        for series, line, points in (
            (self._train, self._raw_line, POINTS),
            (self._smoothed, self._smooth_line, SMOOTH_POINTS),
            (self._validation, self._validation_line, SMOOTH_POINTS),
        ):
            x, y = self._visible(series.x, series.y)
            x, y = decimate(x, y, points, self._log_x)
            line.setData(np.maximum(x, 1) if self._log_x else x, y * scale)
        if self._compared is not None:
            _, x, y = self._compared
            self._other_line.setData(np.maximum(x, 1) if self._log_x else x, y * scale)
        else:
            self._other_line.setData([], [])
        if self._following and not empty:
            self._show_all(scale, not self._timed)
        self._sentence.setText(summary_sentence(self._train.y, self._validation.y))
        self._sentence.setVisible(not empty)
        self._fit_sentence()
        self._plot.setAccessibleDescription(self._sentence.text())
        self._place_names(scale)
        self._show_cursor()

    def _fit_sentence(self) -> None:
        """All of its lines, below the plot: the plot gives way, never the gap between them."""
        lines = self._sentence.heightForWidth(self._stack.width())
        self._sentence.setFixedHeight(max(lines, theme.SPACE_5))

    def _visible(self, x: Floats, y: Floats) -> tuple[Floats, Floats]:
        """Zoomed in, the points are spent on what is seen (and one neighbour at each side)."""
        if self._following or not len(x):
            return x, y
        low, high = self._plot.getPlotItem().getViewBox().viewRange()[0]
        if self._log_x:
            low, high = 10.0**low, 10.0 ** min(high, 300)
        first = max(int(np.searchsorted(x, low)) - 1, 0)
        last = min(int(np.searchsorted(x, high, side="right")) + 1, len(x))
        return x[first:last], y[first:last]

    def _show_all(self, scale: float, exact: bool) -> None:
        box = self._plot.getPlotItem().getViewBox()
        xs = [s.x for s in (self._train, self._validation) if len(s)]
        # The range is that of what is read; a single wild point of the raw line may leave it.
        ys = [self._smoothed.y, self._validation.y]
        if self._compared is not None:
            xs.append(self._compared[1])
            ys.append(self._compared[2])
        if len(self._train):
            ys.append(np.quantile(self._train.y[-POINTS:], [0.01, 0.99]))
        values = np.concatenate([y for y in ys if len(y)]) * scale
        low_y, high_y = float(np.min(values)), float(np.max(values))
        low_x, high_x = float(min(x[0] for x in xs)), float(max(x[-1] for x in xs))
        if self._log_x:
            low_x, high_x = float(np.log10(max(low_x, 1))), float(np.log10(max(high_x, 2)))
        if self._log_y:
            low_y, high_y = float(np.log10(max(low_y, 1e-6))), float(np.log10(max(high_y, 1e-6)))
        spread = max(high_y - low_y, 0.02)
        wanted_x = (low_x, max(high_x, low_x + 1e-3))
        wanted_y = (low_y - 0.06 * spread, high_y + 0.06 * spread)
        (now_x, now_y) = box.viewRange()
        if exact or not (_roomy(now_x, wanted_x) and _roomy(now_y, wanted_y)):
            # A new range makes every tick and label anew, which costs more than the curves: leave some room.
            ahead = 0.0 if exact else _AHEAD * (wanted_x[1] - wanted_x[0])
            box.setXRange(wanted_x[0], wanted_x[1] + ahead, padding=0.01)
            box.setYRange(*wanted_y, padding=0)

    def _pixel(self, x: float, y: float) -> QPointF:
        """Data in the shown unit to a point of the plot widget."""
        view = QPointF(np.log10(max(x, 1)) if self._log_x else x, np.log10(max(y, 1e-6)) if self._log_y else y)
        box = self._plot.getPlotItem().getViewBox()
        return QPointF(self._plot.mapFromScene(box.mapViewToScene(view)))

    def _place_names(self, scale: float) -> None:
        """Each line's name at its right end, never one over another."""
        ends: list[tuple[float, QLabel]] = []
        entries = [("train", "train", self._smoothed.y), ("validation", "validation", self._validation.y)]
        if self._compared is not None:
            entries.append(("other", self._compared[0], self._compared[2]))
        for label in self._names.values():
            label.hide()
        box = self._plot.getPlotItem().getViewBox()
        area = box.mapRectToScene(box.rect())
        right = self._plot.mapFromScene(area.topRight()).x() + theme.SPACE_2
        for key, text, values in entries:
            if not len(values):
                continue
            label = self._names[key]
            room = _LABEL_ROOM - theme.SPACE_2
            label.setText(label.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, room))
            label.adjustSize()
            y = self._pixel(1, float(values[-1]) * scale).y() - label.height() / 2
            ends.append((min(max(y, area.top()), area.bottom() - label.height()), label))
        lowest = -1e9
        placed: list[tuple[float, QLabel]] = []
        for y, label in sorted(ends, key=lambda end: end[0]):
            placed.append((max(y, lowest), label))
            lowest = placed[-1][0] + label.height() + 1
        over = max(lowest - self._plot.height(), 0)  # where the plot is low, all move up together
        for y, label in placed:
            label.move(right, round(y - over))
            label.show()

    def _update_tools(self) -> None:
        self._tools.setEnabled(len(self._train) > 0 or len(self._validation) > 0)

    # --- reading values

    def reading(self, step: float) -> str:
        """The exact values nearest to ``step``, in the shown unit."""
        scale = self._scale()
        parts: list[str] = []
        if len(self._train):
            i = _nearest(self._train.x, step)
            step = float(self._train.x[i])
            parts.append(f"step {self._train.x[i]:,.0f}")
            parts.append(f"train {self._train.y[i] * scale:.4f}, smoothed {self._smoothed.y[i] * scale:.4f}")
        if len(self._validation):
            i = _nearest(self._validation.x, step)
            at = f"validation {self._validation.y[i] * scale:.4f}"
            if not parts or abs(self._validation.x[i] - step) > 0.5:
                at += f" at {self._validation.x[i]:,.0f}"
            parts.append(at)
        return " · ".join(parts) + (f" {self._unit}" if parts else "")

    def reading_step(self) -> float | None:
        return self._cursor

    def set_reading_step(self, step: float | None) -> None:
        """Put the reading line at ``step``; None takes it away."""
        self._cursor = step
        self._show_cursor()

    def _show_cursor(self) -> None:
        shown = self._cursor is not None and (len(self._train) > 0 or len(self._validation) > 0)
        self._crosshair.setVisible(shown)
        self._readout.setVisible(shown)
        if not shown or self._cursor is None:
            return
        step = self._cursor
        if len(self._train):
            step = float(self._train.x[_nearest(self._train.x, step)])
        self._crosshair.setPos(float(np.log10(max(step, 1))) if self._log_x else step)
        self._readout.setText(self.reading(step))
        self._readout.adjustSize()
        self._readout.move(max(self._plot.width() - _LABEL_ROOM - self._readout.width(), 0), 2)
        self._readout.raise_()

    def _hovered(self, where: QPointF) -> None:
        box = self._plot.getPlotItem().getViewBox()
        if not box.sceneBoundingRect().contains(where):
            self.set_reading_step(None)
            return
        x = float(box.mapSceneToView(where).x())
        self.set_reading_step(10 ** min(x, 15.0) if self._log_x else x)

    def _step_cursor(self, share: float) -> None:
        xs = self._train.x if len(self._train) else self._validation.x
        if not len(xs):
            return
        at = _nearest(xs, self._cursor) if self._cursor is not None else len(xs) - 1
        move = int(np.sign(share)) * max(1, round(abs(share) * len(xs)))
        self.set_reading_step(float(xs[min(max(at + move, 0), len(xs) - 1)]))
        self._plot.setAccessibleDescription(self._readout.text())

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        kind = event.type()
        if watched is self._plot and kind == QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
            share = {
                Qt.Key.Key_Left: -0.005, Qt.Key.Key_Right: 0.005,
                Qt.Key.Key_PageUp: -0.1, Qt.Key.Key_PageDown: 0.1,
            }.get(Qt.Key(event.key()))  # fmt: skip
            if share is not None:
                self._step_cursor(share)
                return True
            if event.key() == Qt.Key.Key_Home:
                self.reset_view()
                return True
            if event.key() == Qt.Key.Key_Escape and self._cursor is not None:
                self.set_reading_step(None)
                return True
        elif kind == QEvent.Type.MouseButtonDblClick and isinstance(event, QMouseEvent):
            self.reset_view()
            return True
        elif kind == QEvent.Type.Leave:
            self.set_reading_step(None)
        elif kind == QEvent.Type.Resize:
            self._resized.start()
        return super().eventFilter(watched, event)

    def sizeHint(self) -> QSize:
        return QSize(720, 380)

    def hasHeightForWidth(self) -> bool:
        return False  # the plot takes what it is given; the sentence beneath it must not decide


def _roomy(now: list[float], wanted: tuple[float, float]) -> bool:
    """Whether a range shows what is wanted, without much empty space."""
    slack = 2 * _AHEAD * (wanted[1] - wanted[0])
    return now[0] <= wanted[0] <= now[0] + slack and now[1] - slack <= wanted[1] <= now[1]


def _nearest(x: Floats, value: float) -> int:
    right = int(np.searchsorted(x, value))
    if right <= 0:
        return 0
    if right >= len(x):
        return len(x) - 1
    return right if x[right] - value < value - x[right - 1] else right - 1
