"""One kept state in the library: its name, what it is made of, the state drawn; folds open to what can be done."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFontMetrics, QKeyEvent, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import (
    QFrame,
    QGraphicsOpacityEffect,
    QHBoxLayout,
    QLineEdit,
    QPushButton,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from chargen.gui import icons, theme
from chargen.gui.widgets.buttons import GhostButton, IconButton, SecondaryButton
from chargen.gui.widgets.fields import TextField
from chargen.gui.widgets.labelled import FieldLabel, HintLabel, escape_tooltip, may_shorten
from chargen.gui.widgets.seed_state_control import Message
from chargen.gui.widgets.state_strip import StateStrip
from chargen.gui.widgets.themed import follow_theme

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


class _Heading(QPushButton):
    """Name and recipe, painted whole; opens and shuts the card."""

    def __init__(self) -> None:
        super().__init__()
        self.facts = StateFacts("", "")
        self.setCheckable(True)
        self.setAutoDefault(False)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setFixedHeight(_HEIGHT)
        may_shorten(self)
        follow_theme(self)

    def set_facts(self, facts: StateFacts) -> None:
        self.facts = facts
        self.setAccessibleName(f"State {facts.name}")
        self.setAccessibleDescription(f"{self._line()}. {facts.problem}".strip())
        self._tell()
        self.update()

    def _line(self) -> str:
        return self.facts.made_of if self.facts.sound else "Damaged"

    def shortened(self) -> str:
        """What of name and recipe does not fit now."""
        room = self._room().width()
        texts = ((self.facts.name, theme.ui_font(semibold=True)), (self._line(), theme.ui_font(theme.TEXT_SMALL)))
        return "\n".join(text for text, font in texts if QFontMetrics(font).horizontalAdvance(text) > room)

    def _room(self) -> QRect:
        return self.rect().adjusted(theme.SPACE_3, 0, -theme.SPACE_3 - theme.ICON_SMALL - theme.SPACE_2, 0)

    def _tell(self) -> None:
        self.setToolTip(escape_tooltip("\n".join(text for text in (self.shortened(), self.facts.problem) if text)))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._tell()

    def focus_rect(self) -> QRect:
        return self.rect().adjusted(5, 5, -5, -5)

    def sizeHint(self) -> QSize:
        return QSize(200, _HEIGHT)

    def minimumSizeHint(self) -> QSize:
        return QSize(140, _HEIGHT)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = event.key()
        if key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.click()
        elif key in (Qt.Key.Key_Down, Qt.Key.Key_Up):
            self.focusNextPrevChild(key == Qt.Key.Key_Down)
        else:
            super().keyPressEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        t = theme.tokens()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self.underMouse() and not self.isChecked():
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(theme.colour(t.hover))
            painter.drawRoundedRect(QRectF(self.rect()), theme.RADIUS_CARD, theme.RADIUS_CARD)
        size = theme.ICON_SMALL
        arrow = QRectF(self.width() - theme.SPACE_3 - size, (self.height() - size) / 2, size, size)
        icons.paint(painter, "chevron-down" if self.isChecked() else "chevron-right", arrow, t.ink_2)
        title, small = theme.ui_font(semibold=True), theme.ui_font(theme.TEXT_SMALL)
        high, low = QFontMetrics(title), QFontMetrics(small)
        room = self._room()
        top = (self.height() - high.height() - low.height() - 2) // 2
        left, right = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, Qt.TextElideMode.ElideRight
        painter.setFont(title)
        painter.setPen(theme.colour(t.ink_2 if self.facts.problem else t.ink))
        row = QRect(room.left(), top, room.width(), high.height())
        painter.drawText(row, left, high.elidedText(self.facts.name, right, row.width()))
        painter.setFont(small)
        painter.setPen(theme.colour(t.ink_2 if self.facts.sound else t.bad))
        row = QRect(room.left(), row.bottom() + 3, room.width(), low.height())
        painter.drawText(row, left, low.elidedText(self._line(), right, row.width()))


class StateItem(QFrame):
    """Signals carry the key of the state; whoever listens does it and shows other facts, or calls ``say``."""

    unfolded = Signal(object)  # itself
    taken = Signal(str, str)  # key; "a" or "b"
    written = Signal(str)
    shown = Signal(str)
    deleted = Signal(str)
    changed = Signal(str, str, str)  # key, name, note

    def __init__(self, facts: StateFacts) -> None:
        super().__init__()
        self.setProperty("kind", "card")
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.facts = facts
        self.heading = _Heading()
        self.heading.toggled.connect(self._toggled)
        self.strip = StateStrip("State")
        self.strip.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.strip.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self._rows = QVBoxLayout(self)
        self._rows.setContentsMargins(0, 0, 0, theme.SPACE_3)
        self._rows.setSpacing(theme.SPACE_2)
        self._rows.addWidget(self.heading)
        picture = QHBoxLayout()
        picture.setContentsMargins(theme.SPACE_3, 0, theme.SPACE_3, 0)
        picture.addWidget(self.strip)
        self._rows.addLayout(picture)
        self.details: QWidget | None = None  # made when it is first folded open
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

    def fold(self) -> None:
        self.heading.setChecked(False)

    def is_open(self) -> bool:
        return self.heading.isChecked()

    def say(self, sentence: str, kind: str = "secondary") -> None:
        """A line below the buttons."""
        self._make()
        self.message.say(sentence, kind)

    def _make(self) -> None:
        if self.details is not None:
            return
        self.details = QWidget()
        column = QVBoxLayout(self.details)
        column.setContentsMargins(theme.SPACE_3, 0, theme.SPACE_3, 0)
        column.setSpacing(theme.SPACE_2)
        self.problem = Message()
        self.note = HintLabel()
        self.as_a, self.as_b = GhostButton("As A"), GhostButton("As B")
        self.as_a.setToolTip("Blend, compare and steer from it as A")
        self.as_b.setToolTip("Blend and compare with it as B")
        self.write = GhostButton("Write", "write")
        self.write.setToolTip("Write with it as the seed state")
        uses = QHBoxLayout()
        uses.setSpacing(theme.SPACE_1)
        for button in (self.as_a, self.as_b, self.write):
            uses.addWidget(button)
        uses.addStretch(1)
        self.edit = GhostButton("Rename", "edit")
        self.edit.setToolTip("Its name and note")
        self.reveal, self.trash = IconButton("folder", "Show in the file manager"), IconButton("trash", "Delete")
        tools = QHBoxLayout()
        tools.setSpacing(theme.SPACE_1)
        for tool in (self.edit, self.reveal, self.trash):
            tools.addWidget(tool)
        tools.addStretch(1)
        self.message = Message()
        column.addWidget(self.problem)
        column.addWidget(self.note)
        column.addLayout(uses)
        column.addLayout(tools)
        column.addWidget(self._make_naming())
        column.addWidget(self.message)
        self._rows.addWidget(self.details)
        self.as_a.clicked.connect(lambda: self.taken.emit(self.facts.key, "a"))
        self.as_b.clicked.connect(lambda: self.taken.emit(self.facts.key, "b"))
        self.write.clicked.connect(lambda: self.written.emit(self.facts.key))
        self.reveal.clicked.connect(lambda: self.shown.emit(self.facts.key))
        self.trash.clicked.connect(lambda: self.deleted.emit(self.facts.key))
        self.edit.clicked.connect(self._begin_naming)
        self._tell()

    def _make_naming(self) -> QWidget:
        self.name = QLineEdit()
        self.name.setMaxLength(80)
        self.name.returnPressed.connect(self._save)
        self.remark = TextField("Note", "What is special about it", rows=2, most=4)
        self.save, cancel = SecondaryButton("Save", "check"), GhostButton("Cancel")
        self.save.clicked.connect(self._save)
        cancel.clicked.connect(self._end_naming)
        buttons = QHBoxLayout()
        buttons.addWidget(self.save)
        buttons.addWidget(cancel)
        buttons.addStretch(1)
        self.naming = QWidget()
        fields = QVBoxLayout(self.naming)
        fields.setContentsMargins(0, 0, 0, 0)
        fields.setSpacing(theme.SPACE_2)
        fields.addWidget(FieldLabel("Name", self.name))
        fields.addWidget(FieldLabel("Note", self.remark))
        fields.addLayout(buttons)
        self.naming.hide()
        return self.naming

    def _toggled(self, opened: bool) -> None:
        if opened:
            self._make()
        if self.details is not None:
            self.details.setVisible(opened)
            self.naming.hide()
            self.message.say("")
        if opened:
            self.unfolded.emit(self)

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

    def _begin_naming(self) -> None:
        self.name.setText(self.facts.name)
        self.remark.set_text(self.facts.note)
        self.message.say("")
        self.naming.show()
        self.name.setFocus()
        self.name.selectAll()

    def _save(self) -> None:
        self.changed.emit(self.facts.key, self.name.text(), self.remark.text())

    def _end_naming(self) -> None:
        self.naming.hide()
        self.message.say("")
        self.edit.setFocus()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape and self.details is not None and self.is_open():
            if self.naming.isVisible():
                self._end_naming()
            else:
                self.fold()
                self.heading.setFocus()
            return
        super().keyPressEvent(event)
