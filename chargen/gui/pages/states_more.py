"""A third state and more in a blend: each in a row of its own, with its share of the whole."""

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from chargen.gui import theme
from chargen.gui.pages.states_pick import Pick, StatePicker
from chargen.gui.states_work import LETTERS, ZEROS
from chargen.gui.widgets.buttons import IconButton
from chargen.gui.widgets.labelled import SectionLabel
from chargen.gui.widgets.number_slider import NumberSlider

MOST = len(LETTERS) - 2
_SHARE = 20.0


class MoreState(QWidget):
    """One row: its letter, the choice, the share in percent of the whole, and a way out."""

    changed = Signal()
    slid = Signal()
    left = Signal()

    def __init__(self, letter: str) -> None:
        super().__init__()
        self.letter = SectionLabel(letter)
        self.letter.setFixedWidth(theme.SPACE_4)
        self.picker = StatePicker(f"State {letter}")
        self.share = NumberSlider(0.0, 100.0, 1.0, _SHARE, decimals=1, suffix="%", name=f"Share of {letter}")
        self.remove = IconButton("close", f"Leave out state {letter}")
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(theme.SPACE_3)
        row.addWidget(self.letter)
        row.addWidget(self.picker, 3)
        row.addWidget(self.share, 5)
        row.addWidget(self.remove)
        self.picker.picked.connect(self._picked)
        self.share.changed.connect(self._slid)
        self.remove.clicked.connect(self._left)

    def set_letter(self, letter: str) -> None:
        """Another one, since a row above has gone."""
        self.letter.setText(letter)
        self.picker.setAccessibleName(f"State {letter}")
        self.share.setAccessibleName(f"Share of {letter}")
        self.remove.setAccessibleName(f"Leave out state {letter}")
        self.remove.setToolTip(f"Leave out state {letter}")

    def _picked(self, _key: str) -> None:
        self.changed.emit()

    def _slid(self, *_value: object) -> None:
        self.slid.emit()

    def _left(self) -> None:
        self.left.emit()


class MoreStates(QWidget):
    """The rows, top down: C, D … ``changed`` tells of another choice or number of them, ``slid`` of a share."""

    changed = Signal()
    slid = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.rows: list[MoreState] = []
        self._picks: Sequence[Pick] = ()
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(theme.SPACE_1)
        self.hide()

    def add(self, key: str = ZEROS, share: float = _SHARE, telling: bool = True) -> None:
        """One more state, as long as there is a letter for it."""
        if len(self.rows) >= MOST:
            return
        row = MoreState(LETTERS[len(self.rows) + 2])
        row.picker.set_picks(self._picks)
        row.picker.set_key(key)
        row.share.set_value(share)
        row.changed.connect(self.changed)
        row.slid.connect(self.slid)
        row.left.connect(lambda: self.take_out(row))
        self.rows.append(row)
        self._column.addWidget(row)
        self.show()
        if telling:
            self.changed.emit()
            row.picker.setFocus()

    def take_out(self, row: MoreState) -> None:
        """Without this one."""
        self.rows.remove(row)
        self._column.removeWidget(row)
        row.hide()
        row.deleteLater()
        for place, each in enumerate(self.rows):
            each.set_letter(LETTERS[place + 2])
        self.setVisible(bool(self.rows))
        self.changed.emit()

    def set_picks(self, picks: Sequence[Pick]) -> bool:
        """The states there are; whether a choice has thereby become another."""
        before, self._picks = [row.picker.key() for row in self.rows], picks
        for row in self.rows:
            row.picker.set_picks(picks)
        return [row.picker.key() for row in self.rows] != before

    def shares(self) -> tuple[tuple[str, float], ...]:
        """The keys, and the share of each, from 0 to 1."""
        return tuple((row.picker.key(), row.share.value() / 100) for row in self.rows)

    def remembered(self) -> list[list[Any]]:
        return [[row.picker.wanted(), row.share.value()] for row in self.rows]

    def recall(self, values: Any) -> None:
        """As they were remembered; what makes no sense is left out."""
        for entry in values if isinstance(values, list) else []:
            if not isinstance(entry, list) or len(entry) != 2:
                continue
            key, share = entry
            if isinstance(key, str) and type(share) in (int, float) and 0 <= share <= 100:
                self.add(key, float(share), telling=False)
