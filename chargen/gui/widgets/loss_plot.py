"""The loss as it falls and the gradient of each layer, of one run and of others beside it, with a reading in words."""

from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike
from PySide6.QtCore import QSize, QTimer, Signal
from PySide6.QtWidgets import QStackedWidget, QWidget

from chargen.gui import theme
from chargen.gui.widgets.cards import Card
from chargen.gui.widgets.curve_summary import GRADIENT_HELP, comparison_sentence, gradient_sentence, summary_sentence
from chargen.gui.widgets.labelled import HintLabel
from chargen.gui.widgets.plot_canvas import PlotCanvas
from chargen.gui.widgets.plot_empty import EmptyPlot
from chargen.gui.widgets.plot_export import to_csv, to_png, to_svg
from chargen.gui.widgets.plot_legend import Legend
from chargen.gui.widgets.plot_lines import MOST_RUNS, POINTS, Line, Scales, Unit, View, extent, lines, nearest, reading
from chargen.gui.widgets.plot_tools import PlotTools, ViewSwitch
from chargen.gui.widgets.run_curve import Axis, RunCurve

REDRAW_MS, CALM_MS, CALM_AFTER = 400, 1_000, 50  # a curve of many points moves little: redrawn less often
_LEAST = 72  # pixels of height; a window as small as it can be leaves no more
_TITLES: dict[View, str] = {"loss": "Loss", "gradient": "Gradient norms"}
_NO_NORMS = "The gradient of each layer is told while a run learns; this one has told none."


class LossPlot(Card):
    """``append_…`` take what a run tells; draws at most every 0.4 s (later every second), whatever comes in.

    Losses come in nats a character and are shown in nats or bits. Wheel zooms, dragging moves, double
    click shows everything again; with the keyboard, arrows move the reading line, plus and minus zoom, Home resets.
    """

    unit_changed = Signal(str)
    save_wanted = Signal()
    compare_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(None, parent)
        self.setAccessibleName("Plot")
        self.run = RunCurve()
        self._compared: list[RunCurve] = []
        self._scales: dict[View, Scales] = {"loss": Scales(), "gradient": Scales("gradient", log_y=True)}
        self._view: View = "loss"
        self._following = True  # the range grows with the data until a person zooms
        self._cursor: float | None = None  # in what the axis counts
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
        self._make()
        theme.signals.changed.connect(self._dress)
        self.redraw()

    def _make(self) -> None:
        self.switch, self.tools = ViewSwitch(), PlotTools()
        self.switch.changed.connect(self.set_view)
        self.tools.bits_toggled.connect(self._bits_toggled)
        self.tools.axis_chosen.connect(self.set_axis)
        self.tools.log_x_toggled.connect(self.set_log_x)
        self.tools.log_y_toggled.connect(self.set_log_y)
        self.tools.smoothing_changed.connect(self._resmooth)
        self.tools.save.clicked.connect(self.save_wanted)
        self.compare_button = self.tools.compare
        self.compare_button.clicked.connect(self.compare_wanted)
        self.add_header_widget(self.switch)
        self.header.addStretch(1)
        self.add_header_widget(self.tools)
        self.canvas = PlotCanvas()
        self.canvas.pointed.connect(self._pointed)
        self.canvas.stepped.connect(self._step_cursor)
        self.canvas.reset.connect(self.reset_view)
        self.canvas.zoomed.connect(self._zoomed)
        self.canvas.resized.connect(self._resized.start)
        self.empty = EmptyPlot()
        self._stack = QStackedWidget()
        self._stack.addWidget(self.empty)
        self._stack.addWidget(self.canvas)
        self._stack.setMinimumHeight(_LEAST)
        self.body.addWidget(self._stack, 1)
        self.legend = Legend()
        self.body.addWidget(self.legend)
        self._sentence = HintLabel("")
        self._sentence.hide()
        self.body.addWidget(self._sentence)

    def _dress(self) -> None:
        self.canvas.dress()
        self.redraw()

    # --- data

    def describe(self, name: str, text: str) -> None:
        """What to call the run that is shown, in tables, and the hash of the text it learns."""
        self.run.name, self.run.text = name, text

    def set_history(self, run: RunCurve) -> None:
        """How a run learned before it goes on here: its validations, and where its steps stand.

        Of the training losses, a log holds too few to be smoothed like the new ones.
        """
        run.forget_reports()
        run.smooth_again(self.smoothing())
        self.run = run
        self.redraw()

    def append_train(self, steps: ArrayLike, losses: ArrayLike, norms: ArrayLike | None = None) -> None:
        """Losses [n] in nats and gradient norms [n, L + 2], in order of step; what is not finite is left out."""
        self.run.append_train(steps, losses)
        if norms is not None:
            self.run.append_norms(steps, norms)
        self._plan()

    def append_validation(self, step: float, loss: float) -> None:
        self.run.append_validation(step, loss)
        self._plan()

    def append_place(self, step: float, characters: float, epochs: float, seconds: float) -> None:
        """How much was read, and how long it took, until ``step``."""
        self.run.append_place(step, characters, epochs, seconds)
        self._plan()

    def set_comparisons(self, runs: list[RunCurve]) -> None:
        """Other runs beside this one, each in its own colour and dashes; at most ``MOST_RUNS``."""
        self._compared = runs[:MOST_RUNS]
        for run in self._compared:
            run.smooth_again(self.smoothing())
        self.reset_view()

    def compared(self) -> list[RunCurve]:
        return list(self._compared)

    def clear(self) -> None:
        """A new run: no points, the whole range, the empty picture."""
        self.run = RunCurve(beta=self.smoothing())
        self._compared = []
        self._cursor = None
        self._following = True
        self._redrawn = 0
        self._timer.setInterval(REDRAW_MS)
        self._timer.stop()
        self.redraw()

    def point_count(self) -> int:
        return len(self.run.train)

    def sentence(self) -> str:
        return self._sentence.text()

    def exported(self, suffix: str) -> bytes:
        """The content of a ``.png``, ``.svg`` or ``.csv`` file: the plot as it looks now, or all numbers."""
        if suffix == ".csv":
            return to_csv([run for run in (self.run, *self._compared) if not run.is_empty() or run.norms])
        cursor = self._cursor
        self._cursor = None  # the reading line is of the moment
        self.redraw()
        unit = f"{self.unit()} a character, " if self._view == "loss" else ""
        by = {"steps": "step", "seconds": "time"}.get(self.axis(), self.axis())
        title = f"{_TITLES[self._view]} ({unit}by {by})"
        picture = {".png": to_png, ".svg": to_svg}[suffix](self.canvas, title, self.sentence(), self.legend)
        self.set_reading_place(cursor)
        return picture

    # --- settings

    def view(self) -> View:
        return self._view

    def set_view(self, view: View) -> None:
        """``loss`` or ``gradient``; each keeps its own axes."""
        if view != self._view:
            self._view = view
            self.switch.buttons[view].setChecked(True)
            self._cursor = None
            self.reset_view()

    def scales(self) -> Scales:
        return self._scales[self._view]

    def _set_scales(self, scales: Scales) -> None:
        self._scales[self._view] = scales
        self.reset_view()

    def unit(self) -> Unit:
        return self._scales["loss"].unit

    def set_unit(self, unit: Unit) -> None:
        if unit != self.unit():
            self._scales["loss"] = replace(self._scales["loss"], unit=unit)
            self.reset_view()
            self.unit_changed.emit(unit)

    def _bits_toggled(self, on: bool) -> None:
        self.set_unit("bits" if on else "nats")

    def axis(self) -> Axis:
        return self.scales().axis

    def set_axis(self, axis: Axis) -> None:
        """What the bottom axis counts, of both views; compared runs are aligned by it."""
        self._scales = {view: replace(scales, axis=axis) for view, scales in self._scales.items()}
        self._cursor = None
        self.reset_view()

    def set_log_x(self, on: bool) -> None:
        self._set_scales(replace(self.scales(), log_x=on))

    def set_log_y(self, on: bool) -> None:
        self._set_scales(replace(self.scales(), log_y=on))

    def smoothing(self) -> float:
        return self.tools.smoothing.value()

    def set_smoothing(self, value: float) -> None:
        self.tools.smoothing.set_value(value)
        self._resmooth(self.smoothing())

    def _resmooth(self, beta: float) -> None:
        for run in (self.run, *self._compared):
            run.smooth_again(beta)
        self._plan()

    def settle(self) -> None:
        """The curve is at its end: no room ahead of it any more (unless a person looks at a part of it)."""
        self.redraw()

    def reset_view(self) -> None:
        """Show everything, and follow again."""
        self._following = True
        self.redraw()

    def _zoomed(self) -> None:
        self._following = False
        self._plan()

    # --- drawing

    def _plan(self) -> None:
        if not self._timer.isActive():
            self._timer.start()

    def shown_points(self) -> int:
        """How many points of the raw line are drawn now."""
        return 0 if (raw := self.canvas.line("raw")) is None else len(raw.x)

    def _redraw_timed(self) -> None:
        self._redrawn += 1
        if self._redrawn == CALM_AFTER:
            self._timer.setInterval(CALM_MS)
        self._timed = True
        self.redraw()
        self._timed = False

    def redraw(self) -> None:
        """Draw what has come in. Called by the timer; at once only after a person changed something."""
        scales = self.scales()
        window: tuple[float, float] | None = None
        if not self._following:
            left, right = self.canvas.seen()[0]
            window = scales.to_place(left), scales.to_place(right)
        drawn = lines(self.run, self._compared, scales, window)
        known = self.run.is_empty() and not self._compared
        empty = not drawn and window is None
        self._stack.setCurrentIndex(0 if empty else 1)
        self._tell_empty(known)
        self.tools.set_useful(not known, self._view == "loss")
        self.tools.show_axes(scales.axis, scales.log_x, scales.log_y, self.unit() == "bits")
        self.canvas.set_axes(scales.axis, scales.log_x, scales.log_y)
        self.canvas.draw(drawn)
        if self._following and not empty:
            self._show_all(scales)
        self._tell(empty)
        self.canvas.place_names()
        self.legend.set_lines(self._legend_lines(drawn))
        self._show_cursor()

    def _legend_lines(self, drawn: list[Line]) -> list[Line]:
        """The run on the page first; none where the names at the ends of the lines tell everything."""
        if self.canvas.names_fit and not (self._compared and self._view == "loss"):
            return []
        own = ("train", "validation")
        return sorted((line for line in drawn if line.name), key=lambda line: line.key not in own)

    def _show_all(self, scales: Scales) -> None:
        ends = [end for run in (self.run, *self._compared) if (end := extent(run, scales)) is not None]
        if not ends:
            return
        extra = np.empty(0)
        if scales.view == "loss" and len(self.run.train):  # a single wild point of the raw line may leave the range
            extra = scales.y(scales.value(np.quantile(self.run.train.raw.y[-POINTS:], [0.01, 0.99])))
        low, high = min(end[0] for end in ends), max(end[1] for end in ends)
        self.canvas.show_all((low, high), extra.tolist(), not self._timed)

    def _tell_empty(self, nothing: bool) -> None:
        if nothing:
            self.empty.set_sentence("The curve starts with the first step.")
        elif self._view == "gradient" and not any(run.norms for run in (self.run, *self._compared)):
            self.empty.set_sentence(_NO_NORMS)
        elif self._view == "gradient" and self.run.knows(self.axis()):
            self.empty.set_sentence("All of these norms are zero, and zero has no logarithm: choose a plain side axis.")
        else:
            self.empty.set_sentence(f"Nothing here was counted in {self.axis()}; choose another axis.")

    def _tell(self, empty: bool) -> None:
        told = "" if empty else self._gradient_words() if self._view == "gradient" else self._loss_words()
        self._sentence.setText(told)
        self._sentence.setVisible(bool(told))
        lines_high = self._sentence.heightForWidth(self._stack.width())
        self._sentence.setFixedHeight(max(lines_high, theme.SPACE_5))  # the plot gives way, never the gap between them
        self.canvas.setAccessibleName(f"{_TITLES[self._view]} by {self.axis()}")
        self.canvas.setAccessibleDescription(told)

    def _loss_words(self) -> str:
        parts = [summary_sentence(self.run.train.raw.y, self.run.validation.y)]
        if self._compared:
            scales = self._scales["loss"]
            runs = [("this run" if run is self.run else f"“{run.name}”", run) for run in (self.run, *self._compared)]
            best = [
                (name, float(scales.value(run.validation.y).min()) if len(run.validation) else None)
                for name, run in runs
                if not run.is_empty()
            ]
            texts = {run.text for run in (self.run, *self._compared) if run.text}
            parts.append(comparison_sentence(best, scales.unit, len(texts) > 1))
            lost = [f"“{run.name}”" for run in self._compared if not run.knows(self.axis())]
            if lost:
                parts.append(f"Not shown, as its log does not tell its {self.axis()}: {', '.join(lost)}.")
        return " ".join(part for part in parts if part)

    def _gradient_words(self) -> str:
        run = next((run for run in (self.run, *self._compared) if run.norms), None)
        if run is None:
            return GRADIENT_HELP
        told = gradient_sentence(run.norm_names(), [norm.raw.y for norm in run.norms])
        return told if run is self.run else f"Of “{run.name}”: {told[:1].lower()}{told[1:]}"

    # --- reading values

    def reading(self, place: float) -> str:
        """The exact values nearest to ``place`` (in what the axis counts), in the shown unit."""
        return reading(self.run, self._compared, self.scales(), place)

    def reading_place(self) -> float | None:
        return self._cursor

    def set_reading_place(self, place: float | None) -> None:
        """Put the reading line there; None takes it away."""
        self._cursor = place
        self._show_cursor()

    def _show_cursor(self) -> None:
        steps = self._reading_steps()
        if self._cursor is None or steps is None:
            self.canvas.point_at(None, "")
            return
        run, known = steps
        at = known[nearest(known, run.step_at(self._cursor, self.axis()))]
        place = float(run.place(np.array([at]), self.axis())[0])
        x = float(self.scales().x(np.array([place]))[0])
        self.canvas.point_at(x, self.reading(place))

    def _reading_steps(self) -> tuple[RunCurve, np.ndarray] | None:
        """The run whose points the reading line moves along, and their steps."""
        for run in (self.run, *self._compared):
            series = run.norms[0].raw if self._view == "gradient" and run.norms else run.train.raw
            if self._view == "loss" and not len(series):
                series = run.validation
            if len(series) and run.knows(self.axis()):
                return run, series.x
        return None

    def _pointed(self, x: float | None) -> None:
        self.set_reading_place(None if x is None else self.scales().to_place(x))

    def _step_cursor(self, share: float) -> None:
        steps = self._reading_steps()
        if steps is None:
            return
        run, known = steps
        at = len(known) - 1
        if self._cursor is not None:
            at = nearest(known, run.step_at(self._cursor, self.axis()))
        move = int(np.sign(share)) * max(1, round(abs(share) * len(known)))
        step = known[min(max(at + move, 0), len(known) - 1)]
        self.set_reading_place(float(run.place(np.array([step]), self.axis())[0]))
        self.canvas.setAccessibleDescription(self.canvas.readout.text())

    def sizeHint(self) -> QSize:
        return QSize(720, 380)

    def hasHeightForWidth(self) -> bool:
        return False  # the plot takes what it is given; the sentence beneath it must not decide
