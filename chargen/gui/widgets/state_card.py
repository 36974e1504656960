"""One kept state in the library: its name, what it is made of, the state drawn; folds open to what can be done."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QGraphicsOpacityEffect, QHBoxLayout, QVBoxLayout

from chargen.gui import theme
from chargen.gui.widgets.buttons import GhostButton, IconButton
from chargen.gui.widgets.fold_card import CardHeading, FoldCard, row_of
from chargen.gui.widgets.labelled import HintLabel
from chargen.gui.widgets.seed_state_control import Message
from chargen.gui.widgets.state_strip import StateStrip

_HEIGHT = 52
_ROW, _ROWS_AT_MOST = 8, 48  # of the thumbnail, per layer and in all
_FADED = 0.35


@dataclass(frozen=True, eq=False)
class StateFacts:
    """What a card shows.

    Attributes:
        key: which state it is. name, note: the user's words. made_of: its recipe in words.
        picture: [L, columns], values from -1 to 1; of no size where there is none.
        problem: why it cannot be used now, one sentence; empty where it can.
        sound: whether the file itself can be read.
    """

    key: str
    name: str
    made_of: str = ""
    note: str = ""
    picture: NDArray[np.float32] = field(default_factory=lambda: np.zeros((0, 0), np.float32))
    problem: str = ""
    sound: bool = True


class _Heading(CardHeading):
    """Name and recipe."""

    def __init__(self, facts: StateFacts) -> None:
        side = theme.SPACE_3
        tail = side + theme.ICON_SMALL + theme.SPACE_2
        super().__init__(QSize(200, _HEIGHT), least=140, side=side, arrow=side, tail=tail)
        self.set_facts(facts)

    def set_facts(self, facts: StateFacts) -> None:
        self.facts = facts
        self.faded, self.damaged = bool(facts.problem), not facts.sound
        self.setAccessibleName(f"State {facts.name}")
        self.setAccessibleDescription(f"{self.line()}. {facts.problem}".strip())
        self.tell()

    def title(self) -> str:
        return self.facts.name

    def line(self) -> str:
        return self.facts.made_of if self.facts.sound else "Damaged"

    def tip(self) -> str:
        return "\n".join(text for text in (self.shortened(), self.facts.problem) if text)


class StateItem(FoldCard):
    """Signals carry the key of the state; whoever listens does it and shows other facts, or calls ``say``."""

    taken = Signal(str, str)  # key; "a" or "b"
    written = Signal(str)
    shown = Signal(str)
    deleted = Signal(str)
    changed = Signal(str, str, str)  # key, name, note

    def __init__(self, facts: StateFacts) -> None:
        self.heading = _Heading(facts)
        super().__init__(self.heading)
        self.strip = StateStrip("State")
        self.strip.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.strip.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self._rows.setContentsMargins(0, 0, 0, theme.SPACE_3)
        self._rows.setSpacing(theme.SPACE_2)
        picture = QHBoxLayout()
        picture.setContentsMargins(theme.SPACE_3, 0, theme.SPACE_3, 0)
        picture.addWidget(self.strip)
        self._rows.addLayout(picture)
        self.set_facts(facts)

    def set_facts(self, facts: StateFacts) -> None:
        self.facts = facts
        self.heading.set_facts(facts)
        self.strip.set_state(facts.picture)
        self.strip.setFixedHeight(min(max(facts.picture.shape[0], 1) * _ROW, _ROWS_AT_MOST) + 2)
        self.strip.setVisible(bool(facts.picture.size))
        faded = QGraphicsOpacityEffect(self.strip)
        faded.setOpacity(_FADED)
        faded.setEnabled(bool(facts.problem))
        self.strip.setGraphicsEffect(faded)
        self._tell()

    def _fill(self, column: QVBoxLayout) -> None:
        column.setContentsMargins(theme.SPACE_3, 0, theme.SPACE_3, 0)
        column.setSpacing(theme.SPACE_2)
        self.problem = Message()
        self.note = HintLabel()
        self.as_a, self.as_b = GhostButton("As A"), GhostButton("As B")
        self.as_a.setToolTip("Blend, compare and steer from it as A")
        self.as_b.setToolTip("Blend and compare with it as B")
        self.write = GhostButton("Write", "write")
        self.write.setToolTip("Write with it as the seed state")
        self.edit = GhostButton("Rename", "edit")
        self.edit.setToolTip("Its name and note")
        self.reveal, self.trash = IconButton("folder", "Show in the file manager"), IconButton("trash", "Delete")
        column.addWidget(self.problem)
        column.addWidget(self.note)
        column.addLayout(row_of(self.as_a, self.as_b, self.write, spacing=theme.SPACE_1))
        column.addLayout(row_of(self.edit, self.reveal, self.trash, spacing=theme.SPACE_1))
        column.addWidget(self._make_naming(self.edit, 80, theme.SPACE_2))
        self.as_a.clicked.connect(lambda: self.taken.emit(self.facts.key, "a"))
        self.as_b.clicked.connect(lambda: self.taken.emit(self.facts.key, "b"))
        self.write.clicked.connect(lambda: self.written.emit(self.facts.key))
        self.reveal.clicked.connect(lambda: self.shown.emit(self.facts.key))
        self.trash.clicked.connect(lambda: self.deleted.emit(self.facts.key))

    def _tell(self) -> None:
        if self.details is None:
            return
        facts = self.facts
        self.problem.say(facts.problem, "caution" if facts.sound else "bad")
        self.note.setText(facts.note)
        self.note.setVisible(bool(facts.note))
        for button in (self.as_a, self.as_b, self.write):
            button.setEnabled(not facts.problem)
        self.edit.setEnabled(facts.sound)

    def _names(self) -> tuple[str, str]:
        return self.facts.name, self.facts.note

    def _save(self) -> None:
        self.changed.emit(self.facts.key, self.name.text(), self.remark.text())
