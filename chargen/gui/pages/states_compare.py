"""Two states compared: how far apart in each layer, and the units that differ most, in words and bars."""

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from chargen.gui import theme, words
from chargen.gui.desk import Desk
from chargen.gui.pages.states_pick import Pick, StatePicker, first_kept
from chargen.gui.states_work import ZEROS, compare_keys
from chargen.gui.widgets.difference_bars import Bar, DifferenceBars
from chargen.gui.widgets.labelled import FieldLabel, HintLabel, SectionLabel, plain_label
from chargen.gui.widgets.seed_state_control import Message
from chargen.jobs import Done, Failed, Job
from chargen.model.comparison import Comparison, PartDistance
from chargen.sampling.requests import Pen

_PARTS = {"h": "says (h)", "c": "remembers (c)"}


def _name(part: PartDistance) -> str:
    return f"Layer {part.layer} {part.part}"


def _angle(part: PartDistance) -> str:
    """The direction of two states to each other, in words."""
    if part.cosine is None:
        return "one is all zeros"
    for least, told in ((0.95, "same direction"), (0.5, "similar direction"), (-0.2, "unrelated")):
        if part.cosine >= least:
            return told
    return "opposite"


def in_words(comparison: Comparison) -> str:
    """What a comparison says, in a sentence or two."""
    if not comparison.units:
        return "The two states are the same."
    furthest = max(comparison.parts, key=lambda part: part.rms)
    unit = comparison.units[0]
    several = len({part.layer for part in comparison.parts}) > 1
    where = f"in what {f'layer {furthest.layer}' if several else 'the network'} {_PARTS[furthest.part]}"
    told = f"{where}: {furthest.rms:.2f}"
    return (
        f"They differ most {told} a unit, on average. The unit that differs most is {unit.unit} of layer {unit.layer}: "
        f"{unit.a:+.2f} in A, {unit.b:+.2f} in B."
    )


class CompareBench(QWidget):
    """``changed`` tells of another choice."""

    changed = Signal()

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self._desk = desk
        self._pen: Pen | None = None
        self._job: Job | None = None
        self._stale = True
        self._untouched = True  # nobody has chosen A or B yet
        self.a, self.b = StatePicker("State A"), StatePicker("State B")
        self.told = plain_label()
        self.told.setWordWrap(True)
        self.message = Message()
        self.layers = DifferenceBars("Distance per layer")
        self.units = DifferenceBars("Units that differ most")
        pair = QHBoxLayout()
        pair.setSpacing(theme.SPACE_4)
        for name, picker in (("State A", self.a), ("State B", self.b)):
            pair.addWidget(FieldLabel(name, picker), 1, Qt.AlignmentFlag.AlignTop)
            picker.picked.connect(self._picked)
        content = QWidget()
        rows = QVBoxLayout(content)
        rows.setContentsMargins(0, 0, theme.SPACE_2, 0)
        rows.setSpacing(theme.SPACE_2)
        rows.addWidget(self.told)
        rows.addSpacing(theme.SPACE_2)
        titles = ("Difference of a unit, on average, per layer", "Units that differ most")
        self._headings = [SectionLabel(title) for title in titles]
        rows.addWidget(self._headings[0])
        rows.addWidget(self.layers)
        rows.addSpacing(theme.SPACE_3)
        rows.addWidget(self._headings[1])
        rows.addWidget(self.units)
        self._legend = HintLabel("Hollow: in A. Full: in B. A unit's number is the one that steering takes.")
        rows.addWidget(self._legend)
        rows.addStretch(1)
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setWidget(content)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.SPACE_4)
        column.addLayout(pair)
        column.addWidget(self.message)
        column.addWidget(area, 1)
        self._show(None)

    def set_pen(self, pen: Pen | None) -> None:
        self._pen = pen
        self.refresh()

    def set_picks(self, picks: Sequence[Pick]) -> None:
        """The states there are; those that fit no model can be compared with their like, so none is left out."""
        if self._untouched:
            self.b.set_key(first_kept(picks))
        for picker in (self.a, self.b):
            picker.set_picks([Pick(pick.key, pick.label) for pick in picks])
        self.refresh()

    def take(self, key: str, place: str) -> None:
        (self.a if place == "a" else self.b).set_key(key)
        self._picked()

    def _picked(self, *_key: object) -> None:
        self._untouched = False
        self.changed.emit()
        self.refresh()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if self._stale:
            self.refresh()

    def refresh(self) -> None:
        """Compare, in a job; when nobody looks, when somebody does."""
        self._stale = not self.isVisible()
        if self._stale:
            return
        if self._job is not None:
            self._job.cancel()

        def on_event(event: Any) -> None:
            if job is not self._job:
                return
            if isinstance(event, Done):
                self._job = None
                self.message.say("")
                self._show(event.result)
            elif isinstance(event, Failed):
                self._job = None
                self._show(None)
                self.message.say(words.in_window(event.sentence), "caution")

        job = self._job = self._desk.run_job("compare", compare_keys(self._pen, self.a.key(), self.b.key()), on_event)

    def _show(self, comparison: Comparison | None) -> None:
        self.told.setText("" if comparison is None else in_words(comparison))
        several = comparison is not None and bool(comparison.units)
        for widget in (*self._headings, self.layers, self.units, self._legend):
            widget.setVisible(several)
        if comparison is None:
            return
        both = any(part.part == "c" for part in comparison.parts)
        self.layers.set_bars(
            [
                Bar(_name(part) if both else f"Layer {part.layer}", 0.0, part.rms, f"{part.rms:.3f} · {_angle(part)}")
                for part in comparison.parts
            ]
        )
        self.units.set_bars(
            [
                Bar(f"{'c' if unit.part == 'c' else ''}{unit.layer}.{unit.unit}", unit.a, unit.b,
                    f"{unit.a:+.2f} → {unit.b:+.2f}")
                for unit in comparison.units
            ]
        )  # fmt: skip

    def remembered(self) -> dict[str, Any]:
        return {"a": self.a.wanted(), "b": self.b.wanted()}

    def recall(self, values: Any) -> None:
        values = values if isinstance(values, dict) else {}
        for name, picker in (("a", self.a), ("b", self.b)):
            if isinstance(values.get(name), str):
                picker.set_key(values[name])
                self._untouched = self._untouched and values[name] == ZEROS
