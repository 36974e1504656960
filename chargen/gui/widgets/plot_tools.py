"""The row of tools over the plot: what is shown, how its axes count, how smooth, and what to do with it."""

from PySide6.QtCore import QPoint, Signal
from PySide6.QtGui import QAction, QActionGroup
from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QMenu, QWidget

from chargen.gui import theme
from chargen.gui.widgets.buttons import GhostButton
from chargen.gui.widgets.labelled import plain_label
from chargen.gui.widgets.number_slider import NumberSlider
from chargen.gui.widgets.plot_lines import View
from chargen.gui.widgets.run_curve import AXES, Axis

_SMOOTHING_WIDTH = 164
_AXIS_WORDS: dict[Axis, str] = {
    "steps": "By steps", "characters": "By characters read", "epochs": "By times the text was read",
    "seconds": "By time of learning",
}  # fmt: skip


class ViewSwitch(QWidget):
    """Loss or gradient: the one that is pressed is shown."""

    changed = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        self._group = QButtonGroup(self)
        self.buttons: dict[View, GhostButton] = {}
        choices: tuple[tuple[View, str, str], ...] = (
            ("loss", "Loss", "How well the text is foretold"),
            ("gradient", "Gradient", "How hard each layer is pushed to change at a step"),
        )
        for view, text, tip in choices:
            button = GhostButton(text)
            button.setCheckable(True)
            button.setToolTip(tip)
            button.setAccessibleName(f"Show {text.lower()}")
            button.setFont(theme.ui_font(semibold=True))
            self._group.addButton(button)
            row.addWidget(button)
            self.buttons[view] = button
        self.buttons["loss"].setChecked(True)
        self._group.buttonToggled.connect(self._toggled)

    def _toggled(self, button: GhostButton, on: bool) -> None:
        if on:
            self.changed.emit(next(view for view, each in self.buttons.items() if each is button))


class PlotTools(QWidget):
    """Signals say what a person chose; whoever draws calls ``show_axes`` when it was changed elsewhere."""

    bits_toggled = Signal(bool)
    axis_chosen = Signal(str)
    log_x_toggled = Signal(bool)
    log_y_toggled = Signal(bool)
    smoothing_changed = Signal(float)

    def __init__(self) -> None:
        super().__init__()
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(theme.SPACE_1)
        self.bits = GhostButton("bits")
        self.bits.setCheckable(True)
        self.bits.setToolTip("Show bits rather than nats a character")
        self.bits.setAccessibleName("Show bits rather than nats a character")
        self.bits.toggled.connect(self.bits_toggled)
        self.axes = GhostButton("Axes")
        self.axes.setToolTip("What the axes count, and whether they are logarithmic")
        self.axes.setAccessibleName("Axes of the plot")
        self.axes.clicked.connect(self._open_menu)
        self.menu = self._make_menu()
        self.smoothing = NumberSlider(0, 0.999, 0.001, 0.95, decimals=3, name="Smoothing")
        self.smoothing.setFixedWidth(_SMOOTHING_WIDTH)
        self.smoothing.changed.connect(self.smoothing_changed)
        label = plain_label("smooth", "secondary")
        label.setBuddy(self.smoothing)
        self.compare = GhostButton("Compare…")
        self.compare.setToolTip("Show the curves of other runs beside this one")
        self.compare.setAccessibleName("Compare with other runs")
        self.save = GhostButton("Save…")
        self.save.setToolTip("Save the plot as a picture or a table")
        self.save.setAccessibleName("Save the plot")
        for widget in (self.bits, self.axes, label, self.smoothing, self.compare, self.save):
            row.addWidget(widget)
        self._label = label

    def _make_menu(self) -> QMenu:
        menu = QMenu(self)
        group = QActionGroup(menu)
        self.by: dict[Axis, QAction] = {}
        for axis in AXES:
            action = menu.addAction(_AXIS_WORDS[axis])
            action.setCheckable(True)
            group.addAction(action)
            action.setData(axis)
            self.by[axis] = action
        group.triggered.connect(self._axis_triggered)
        menu.addSeparator()
        self.log_x, self.log_y = menu.addAction("Logarithmic bottom axis"), menu.addAction("Logarithmic side axis")
        for action, signal in ((self.log_x, self.log_x_toggled), (self.log_y, self.log_y_toggled)):
            action.setCheckable(True)
            action.triggered.connect(signal)
        self.by["steps"].setChecked(True)
        return menu

    def _axis_triggered(self, action: QAction) -> None:
        self.axis_chosen.emit(action.data())

    def _open_menu(self) -> None:
        self.menu.popup(self.axes.mapToGlobal(QPoint(0, self.axes.height())))

    def show_axes(self, axis: Axis, log_x: bool, log_y: bool, bits: bool) -> None:
        """Tick what is in force."""
        self.by[axis].setChecked(True)
        self.log_x.setChecked(log_x)
        self.log_y.setChecked(log_y)
        self.bits.setChecked(bits)

    def set_useful(self, anything: bool, losses: bool) -> None:
        """Without a curve there is only something to compare with; norms have no bits."""
        for widget in (self.axes, self._label, self.smoothing, self.save):
            widget.setEnabled(anything)
        self.bits.setEnabled(anything and losses)
