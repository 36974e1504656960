"""One run in the list of runs: a line of facts that folds open to what can be done with it."""

from functools import partial

from PySide6.QtCore import QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFontMetrics, QKeyEvent, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLineEdit, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from chargen.gui import icons, theme, words
from chargen.gui.widgets.buttons import GhostButton, SecondaryButton
from chargen.gui.widgets.fields import TextField
from chargen.gui.widgets.labelled import FieldLabel, HintLabel, escape_tooltip, may_shorten
from chargen.gui.widgets.seed_state_control import Message
from chargen.gui.widgets.themed import follow_theme
from chargen.model.library import LONGEST_NAME, LONGEST_NOTE, RECITES, RunCard

_HEIGHT = 60
_LOSS_WIDTH = 96
_TEXT = 32  # characters of the text's name
_TITLE, _SMALL = partial(theme.ui_font, semibold=True), partial(theme.ui_font, theme.TEXT_SMALL)
_STATES = {"finished": "Finished", "interrupted": "Interrupted", "in use": "Learning now", "damaged": "Damaged"}


def facts(card: RunCard) -> str:
    """``Finished · play · 1×320 LSTM · 4 Mar 2026, 14:05 · 4,300 steps in 5:00``"""
    parts = [_STATES[card.state]]
    if card.text and card.text != card.name:
        parts.append(card.text if len(card.text) <= _TEXT else f"{card.text[: _TEXT - 1]}…")
    if card.hidden:
        parts.append(f"{card.layers}×{card.hidden} {card.cell.upper()}")
    if card.created.year > 1970:
        parts.append(f"{card.created.day} {card.created:%b %Y, %H:%M}")
    if card.steps:
        parts.append(f"{words.count(card.steps, 'step')} in {words.clock(card.seconds)}")
    return " · ".join(parts)


class _Heading(QPushButton):
    """Name and facts at the left, the loss at the right, painted whole."""

    def __init__(self) -> None:
        super().__init__()
        self.card: RunCard | None = None
        self.setCheckable(True)
        self.setAutoDefault(False)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setFixedHeight(_HEIGHT)
        may_shorten(self)
        follow_theme(self)

    def set_card(self, card: RunCard) -> None:
        self.card = card
        loss = "" if card.loss is None else f", best validation loss {card.loss:.3f} nats"
        self.setAccessibleName(f"Run {card.name}")
        self.setAccessibleDescription(f"{facts(card)}{loss}")
        self._tell()
        self.update()

    def shortened(self) -> str:
        """What of the name and the facts does not fit now."""
        if self.card is None:
            return ""
        room, texts = self._room().width(), ((self.card.name, _TITLE), (self._told(), _SMALL))
        return "\n".join(text for text, font in texts if QFontMetrics(font()).horizontalAdvance(text) > room)

    def _told(self) -> str:
        if self.card is None:
            return ""
        line = self.card.problem or " ".join(self.card.note.split())
        return facts(self.card) + (f" · {line}" if line and not self.isChecked() else "")

    def _room(self) -> QRect:
        """For name and facts: what the loss and the arrow leave."""
        right = theme.SPACE_4 + theme.ICON_SMALL + _LOSS_WIDTH + 2 * theme.SPACE_3
        return self.rect().adjusted(theme.SPACE_4, 0, -right, 0)

    def _tell(self) -> None:
        self.setToolTip(escape_tooltip(self.shortened()))

    def nextCheckState(self) -> None:
        super().nextCheckState()
        self._tell()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._tell()

    def focus_rect(self) -> QRect:
        return self.rect().adjusted(5, 5, -5, -5)  # the ring stays within the card, off the buttons below

    def sizeHint(self) -> QSize:
        return QSize(400, _HEIGHT)

    def minimumSizeHint(self) -> QSize:
        return QSize(240, _HEIGHT)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = event.key()
        if key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.click()
        elif key in (Qt.Key.Key_Down, Qt.Key.Key_Up):
            self.focusNextPrevChild(key == Qt.Key.Key_Down)
        else:
            super().keyPressEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        if self.card is None:
            return
        t = theme.tokens()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self.underMouse() and not self.isChecked():
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(theme.colour(t.hover))
            painter.drawRoundedRect(QRectF(self.rect()), theme.RADIUS_CARD, theme.RADIUS_CARD)
        inner = self.rect().adjusted(theme.SPACE_4, 0, -theme.SPACE_4, 0)
        size = theme.ICON_SMALL
        arrow = QRectF(inner.right() - size, (self.height() - size) / 2, size, size)
        icons.paint(painter, "chevron-down" if self.isChecked() else "chevron-right", arrow, t.ink_2)
        inner.setRight(inner.right() - size - theme.SPACE_3)
        self._paint_loss(painter, QRect(inner.right() - _LOSS_WIDTH, 0, _LOSS_WIDTH, self.height()))
        inner = self._room()
        title, small = _TITLE(), _SMALL()
        high, low = QFontMetrics(title), QFontMetrics(small)
        top = (self.height() - high.height() - low.height() - 2) // 2
        left, right = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, Qt.TextElideMode.ElideRight
        painter.setFont(title)
        painter.setPen(theme.colour(t.ink))
        row = QRect(inner.left(), top, inner.width(), high.height())
        painter.drawText(row, left, high.elidedText(self.card.name, right, row.width()))
        painter.setFont(small)
        painter.setPen(theme.colour(t.bad if self.card.state == "damaged" else t.ink_2))
        row = QRect(inner.left(), row.bottom() + 3, inner.width(), low.height())
        painter.drawText(row, left, low.elidedText(self._told(), right, row.width()))

    def _paint_loss(self, painter: QPainter, where: QRect) -> None:
        if self.card is None or self.card.loss is None:
            return
        t = theme.tokens()
        number, unit = theme.ui_font(theme.TEXT_TITLE, semibold=True, tabular=True), theme.ui_font(theme.TEXT_SMALL)
        right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        width = QFontMetrics(unit).horizontalAdvance("nats") + theme.SPACE_1
        painter.setFont(number)
        painter.setPen(theme.colour(t.ink))
        painter.drawText(where.adjusted(0, 0, -width, 0), right, f"{self.card.loss:.3f}")
        painter.setFont(unit)
        painter.setPen(theme.colour(t.ink_2))
        painter.drawText(where.adjusted(0, 3, 0, 3), right, "nats")


class RunItem(QFrame):
    """Signals carry what was decided in place; whoever listens does it and calls ``say``, or shows a new card."""

    unfolded = Signal(object)  # itself
    opened = Signal(object)  # RunCard
    continued = Signal(object)
    shown = Signal(object)
    shared = Signal(object)  # a place is to be chosen now
    deleted = Signal(object)  # it was asked
    named = Signal(object, str, str)  # RunCard, name, note

    def __init__(self, card: RunCard) -> None:
        super().__init__()
        self.setProperty("kind", "card")
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.card = card
        self._busy = ""
        self._longer = ""
        self.heading = _Heading()
        self.heading.toggled.connect(self._toggled)
        self._rows = QVBoxLayout(self)
        self._rows.setContentsMargins(0, 0, 0, 0)
        self._rows.setSpacing(0)
        self._rows.addWidget(self.heading)
        self.details: QWidget | None = None  # made when it is first folded open
        self.set_card(card)

    def set_card(self, card: RunCard) -> None:
        self.card = card
        self.heading.set_card(card)
        self._tell()

    def set_continuing(self, words_of_time: str, busy: str) -> None:
        """How long training would go on (``5 min``), and why it cannot now (else empty)."""
        self._longer, self._busy = words_of_time, busy
        self._tell()

    def fold(self) -> None:
        self.heading.setChecked(False)

    def is_open(self) -> bool:
        return self.heading.isChecked()

    def say(self, sentence: str, kind: str = "secondary") -> None:
        """A line below the buttons."""
        self._make()
        self.message.say(sentence, kind)

    # --- making

    def _make(self) -> None:
        if self.details is not None:
            return
        self.details = QWidget()
        column = QVBoxLayout(self.details)
        column.setContentsMargins(theme.SPACE_4, 0, theme.SPACE_4, theme.SPACE_4)
        column.setSpacing(theme.SPACE_3)
        self.note = HintLabel()
        column.addWidget(self.note)
        self.open = SecondaryButton("Open", "write")
        self.open.setToolTip("Write with its best model")
        self.go_on = SecondaryButton("Continue", "play")
        self.rename = GhostButton("Rename", "edit")
        self.share = GhostButton("Share…", "export")
        self.reveal = GhostButton("Show folder", "folder")
        self.reveal.setToolTip("In the file manager")
        self.delete = GhostButton("Delete", "trash")
        buttons = QHBoxLayout()
        buttons.setSpacing(theme.SPACE_2)
        for button in (self.open, self.go_on, self.rename, self.share, self.reveal, self.delete):
            buttons.addWidget(button)
        buttons.addStretch(1)
        column.addLayout(buttons)
        self._make_rows(column)
        self.message = Message()
        column.addWidget(self.message)
        self._rows.addWidget(self.details)
        self.open.clicked.connect(lambda: self.opened.emit(self.card))
        self.go_on.clicked.connect(lambda: self.continued.emit(self.card))
        self.reveal.clicked.connect(lambda: self.shown.emit(self.card))
        self.rename.clicked.connect(self._begin_renaming)
        self.share.clicked.connect(lambda: self._ask(self.sharing, self.choose))
        self.delete.clicked.connect(lambda: self._ask(self.deleting, self.keep))
        self._tell()

    def _make_rows(self, column: QVBoxLayout) -> None:
        """What is asked in place; one at a time."""
        self.name = QLineEdit()
        self.name.setMaxLength(LONGEST_NAME)
        self.name.returnPressed.connect(self._rename)
        self.remark = TextField("Note", "What is special about it", rows=2, most=4)
        self.naming = QWidget()
        fields = QVBoxLayout(self.naming)
        fields.setContentsMargins(0, 0, 0, 0)
        fields.setSpacing(theme.SPACE_3)
        fields.addWidget(FieldLabel("Name", self.name))
        fields.addWidget(FieldLabel("Note", self.remark))
        self.save, cancel = SecondaryButton("Save", "check"), GhostButton("Cancel")
        self.save.clicked.connect(self._rename)
        cancel.clicked.connect(self._ask_nothing)
        fields.addLayout(_row(self.save, cancel))
        self.choose = SecondaryButton("Choose a place…", "export")
        self.choose.clicked.connect(lambda: self.shared.emit(self.card))
        self.sharing = self._question(RECITES, self.choose, "Do not share")
        self.trash = SecondaryButton("Move to the trash", "trash")
        self.trash.clicked.connect(lambda: self.deleted.emit(self.card))
        self.deleting = self._question(
            "Its folder goes to the trash: models, samples and what is needed to continue it.", self.trash, "Keep it"
        )
        self.keep = self.deleting.findChildren(GhostButton)[0]
        for row in (self.naming, self.sharing, self.deleting):
            row.hide()
            column.addWidget(row)

    def _question(self, sentence: str, yes: QPushButton, no: str) -> QWidget:
        asked = QWidget()
        rows = QVBoxLayout(asked)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.setSpacing(theme.SPACE_2)
        label = HintLabel(sentence)
        refuse = GhostButton(no)
        refuse.clicked.connect(self._ask_nothing)
        yes.setAccessibleDescription(sentence)
        rows.addWidget(label)
        rows.addLayout(_row(yes, refuse))
        return asked

    # --- folding, telling, asking

    def _toggled(self, opened: bool) -> None:
        if opened:
            self._make()
        if self.details is not None:
            self.details.setVisible(opened)
            self._ask_nothing()
        if opened:
            self.unfolded.emit(self)

    def _tell(self) -> None:
        if self.details is None:
            return
        card = self.card
        self.note.setText(card.problem or card.note)
        self.note.setVisible(bool(self.note.text()))
        self.open.setEnabled(card.has_model)
        self.share.setEnabled(card.has_model)
        self.rename.setEnabled(card.folder.is_dir())
        asks_time = card.timed or card.state == "finished"
        self.go_on.setText(f"Continue for {self._longer}" if asks_time and self._longer else "Continue")
        self.go_on.setEnabled(card.can_continue and not self._busy)
        why = "" if card.can_continue else "It is being trained already." if card.state == "in use" else (
            "What is needed to continue it is not there any more."
        )  # fmt: skip
        self.go_on.setToolTip(why or self._busy or "Train on from where it ended")

    def _begin_renaming(self) -> None:
        self.name.setText(self.card.name)
        self.remark.set_text(self.card.note)
        self._ask(self.naming, self.name)
        self.name.selectAll()

    def _rename(self) -> None:
        note = self.remark.text()
        if len(note) > LONGEST_NOTE:
            self.say(f"A note has at most {LONGEST_NOTE:,} characters; this has {len(note):,}.", "bad")
            return
        name = self.name.text().strip()
        self.named.emit(self.card, "" if name == self.card.text else name, note)

    def _ask(self, row: QWidget, focus: QWidget) -> None:
        self._ask_nothing()
        row.show()
        focus.setFocus()

    def _ask_nothing(self) -> None:
        if self.details is None:
            return
        before = next((row for row in (self.naming, self.sharing, self.deleting) if row.isVisible()), None)
        for row in (self.naming, self.sharing, self.deleting):
            row.hide()
        self.message.say("")
        if before is not None:
            {self.naming: self.rename, self.sharing: self.share, self.deleting: self.delete}[before].setFocus()

    def done(self) -> None:
        """What was asked in place is done."""
        self._ask_nothing()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape and self.is_open():
            if self.details is not None and any(row.isVisible() for row in (self.naming, self.sharing, self.deleting)):
                self._ask_nothing()
            else:
                self.fold()
                self.heading.setFocus()
            return
        super().keyPressEvent(event)


def _row(*widgets: QWidget) -> QHBoxLayout:
    row = QHBoxLayout()
    row.setSpacing(theme.SPACE_2)
    for widget in widgets:
        row.addWidget(widget)
    row.addStretch(1)
    return row
