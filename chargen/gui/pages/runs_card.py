"""One run in the list of runs: a line of facts that folds open to what can be done with it."""

from PySide6.QtCore import QRect, QSize, Qt, Signal
from PySide6.QtGui import QFontMetrics, QPainter
from PySide6.QtWidgets import QPushButton, QVBoxLayout, QWidget

from chargen.gui import theme, words
from chargen.gui.widgets.buttons import GhostButton, SecondaryButton
from chargen.gui.widgets.fold_card import CardHeading, FoldCard, row_of
from chargen.gui.widgets.labelled import HintLabel
from chargen.model.library import LONGEST_NAME, LONGEST_NOTE, RECITES, RunCard

_HEIGHT = 60
_LOSS_WIDTH = 96
_TEXT = 32  # characters of the text's name
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


class _Heading(CardHeading):
    """Name and facts at the left, the loss at the right."""

    def __init__(self, card: RunCard) -> None:
        # The arrow stands one pixel further in than the side, and the loss beside it.
        side, beside = theme.SPACE_4, theme.SPACE_4 + theme.ICON_SMALL + theme.SPACE_3
        tail = beside + _LOSS_WIDTH + theme.SPACE_3
        super().__init__(QSize(400, _HEIGHT), least=240, side=side, arrow=side + 1, tail=tail)
        self._beside = beside
        self.set_card(card)

    def set_card(self, card: RunCard) -> None:
        self.card = card
        self.damaged = card.state == "damaged"
        loss = "" if card.loss is None else f", best validation loss {card.loss:.3f} nats"
        self.setAccessibleName(f"Run {card.name}")
        self.setAccessibleDescription(f"{facts(card)}{loss}")
        self.tell()

    def title(self) -> str:
        return self.card.name

    def line(self) -> str:
        """The facts, and while it is folded what is wrong, or the note."""
        line = self.card.problem or " ".join(self.card.note.split())
        return facts(self.card) + (f" · {line}" if line and not self.isChecked() else "")

    def paint_beside(self, painter: QPainter) -> None:
        if self.card.loss is None:
            return
        t = theme.tokens()
        where = QRect(self.rect().right() - self._beside - _LOSS_WIDTH, 0, _LOSS_WIDTH, self.height())
        number, unit = theme.ui_font(theme.TEXT_TITLE, semibold=True, tabular=True), theme.ui_font(theme.TEXT_SMALL)
        right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        width = QFontMetrics(unit).horizontalAdvance("nats") + theme.SPACE_1
        painter.setFont(number)
        painter.setPen(theme.colour(t.ink))
        painter.drawText(where.adjusted(0, 0, -width, 0), right, f"{self.card.loss:.3f}")
        painter.setFont(unit)
        painter.setPen(theme.colour(t.ink_2))
        painter.drawText(where.adjusted(0, 3, 0, 3), right, "nats")


class RunItem(FoldCard):
    """Signals carry what was decided in place; whoever listens does it and calls ``say``, or shows a new card."""

    opened = Signal(object)  # RunCard
    continued = Signal(object)
    shown = Signal(object)
    shared = Signal(object)  # a place is to be chosen now
    deleted = Signal(object)  # it was asked
    named = Signal(object, str, str)  # RunCard, name, note

    def __init__(self, card: RunCard) -> None:
        self.heading = _Heading(card)
        super().__init__(self.heading)
        self.card = card
        self._busy = ""
        self._longer = ""

    def set_card(self, card: RunCard) -> None:
        self.card = card
        self.heading.set_card(card)
        self._tell()

    def set_continuing(self, words_of_time: str, busy: str) -> None:
        """How long training would go on (``5 min``), and why it cannot now (else empty)."""
        self._longer, self._busy = words_of_time, busy
        self._tell()

    def _fill(self, column: QVBoxLayout) -> None:
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
        column.addLayout(row_of(self.open, self.go_on, self.rename, self.share, self.reveal, self.delete))
        column.addWidget(self._make_naming(self.rename, LONGEST_NAME, theme.SPACE_3))
        self.choose = SecondaryButton("Choose a place…", "export")
        self.choose.clicked.connect(lambda: self.shared.emit(self.card))
        sharing, _ = self._question(self.share, RECITES, self.choose, "Do not share")
        self.trash = SecondaryButton("Move to the trash", "trash")
        self.trash.clicked.connect(lambda: self.deleted.emit(self.card))
        warning = "Its folder goes to the trash: models, samples and what is needed to continue it."
        deleting, self.keep = self._question(self.delete, warning, self.trash, "Keep it")
        column.addWidget(sharing)
        column.addWidget(deleting)
        self.open.clicked.connect(lambda: self.opened.emit(self.card))
        self.go_on.clicked.connect(lambda: self.continued.emit(self.card))
        self.reveal.clicked.connect(lambda: self.shown.emit(self.card))
        self.share.clicked.connect(lambda: self._ask(sharing, self.choose))
        self.delete.clicked.connect(lambda: self._ask(deleting, self.keep))

    def _question(self, button: QPushButton, sentence: str, yes: QPushButton, no: str) -> tuple[QWidget, GhostButton]:
        """What is asked by ``button``, and the way out of it."""
        asked = QWidget()
        rows = QVBoxLayout(asked)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.setSpacing(theme.SPACE_2)
        label = HintLabel(sentence)
        refuse = GhostButton(no)
        refuse.clicked.connect(self.done)
        yes.setAccessibleDescription(sentence)
        rows.addWidget(label)
        rows.addLayout(row_of(yes, refuse))
        self._asks(button, asked)
        return asked, refuse

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

    def _names(self) -> tuple[str, str]:
        return self.card.name, self.card.note

    def _save(self) -> None:
        note = self.remark.text()
        if len(note) > LONGEST_NOTE:
            self.say(f"A note has at most {LONGEST_NOTE:,} characters; this has {len(note):,}.", "bad")
            return
        name = self.name.text().strip()
        self.named.emit(self.card, "" if name == self.card.text else name, note)
