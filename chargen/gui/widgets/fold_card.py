"""A card of a list: a heading that folds open to what can be done with its thing; what is asked is asked in place."""

from PySide6.QtCore import QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFontMetrics, QKeyEvent, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLineEdit, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from chargen.gui import icons, theme
from chargen.gui.widgets.buttons import GhostButton, SecondaryButton
from chargen.gui.widgets.fields import TextField
from chargen.gui.widgets.labelled import FieldLabel, escape_tooltip, may_shorten
from chargen.gui.widgets.seed_state_control import Message
from chargen.gui.widgets.themed import follow_theme


def row_of(*widgets: QWidget, spacing: int = theme.SPACE_2) -> QHBoxLayout:
    """Side by side, from the left."""
    row = QHBoxLayout()
    row.setSpacing(spacing)
    for widget in widgets:
        row.addWidget(widget)
    row.addStretch(1)
    return row


class CardHeading(QPushButton):
    """A title above a line of facts, painted whole; opens and shuts its card. Keys go from card to card.

    Who derives from it gives ``title`` and ``line`` and calls ``tell`` when they changed. ``faded``: the thing
    cannot be used now. ``damaged``: the line says what is wrong with it.
    """

    faded = False
    damaged = False

    def __init__(self, wanted: QSize, least: int, side: int, arrow: int, tail: int) -> None:
        """In pixels: its size, and the least width; left of the texts, right of the arrow, right of the texts."""
        super().__init__()
        self._wanted, self._least = wanted, least
        self._side, self._arrow, self._tail = side, arrow, tail
        self.setCheckable(True)
        self.setAutoDefault(False)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setFixedHeight(wanted.height())
        may_shorten(self)
        follow_theme(self)

    def title(self) -> str:
        raise NotImplementedError

    def line(self) -> str:
        raise NotImplementedError

    def tip(self) -> str:
        """What the pointer is told."""
        return self.shortened()

    def tell(self) -> None:
        """Show what it says now."""
        self.setToolTip(escape_tooltip(self.tip()))
        self.update()

    def shortened(self) -> str:
        """What of the title and the line does not fit now."""
        room = self._room().width()
        texts = ((self.title(), theme.ui_font(semibold=True)), (self.line(), theme.ui_font(theme.TEXT_SMALL)))
        return "\n".join(text for text, font in texts if QFontMetrics(font).horizontalAdvance(text) > room)

    def _room(self) -> QRect:
        """For the texts."""
        return self.rect().adjusted(self._side, 0, -self._tail, 0)

    def nextCheckState(self) -> None:
        super().nextCheckState()
        self.tell()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.tell()

    def focus_rect(self) -> QRect:
        return self.rect().adjusted(5, 5, -5, -5)  # the ring stays within the card, off the buttons below

    def sizeHint(self) -> QSize:
        return self._wanted

    def minimumSizeHint(self) -> QSize:
        return QSize(self._least, self._wanted.height())

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
        arrow = QRectF(self.width() - self._arrow - size, (self.height() - size) / 2, size, size)
        icons.paint(painter, "chevron-down" if self.isChecked() else "chevron-right", arrow, t.ink_2)
        self.paint_beside(painter)
        title, small = theme.ui_font(semibold=True), theme.ui_font(theme.TEXT_SMALL)
        high, low = QFontMetrics(title), QFontMetrics(small)
        room = self._room()
        top = (self.height() - high.height() - low.height() - 2) // 2
        left, right = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, Qt.TextElideMode.ElideRight
        painter.setFont(title)
        painter.setPen(theme.colour(t.ink_2 if self.faded else t.ink))
        row = QRect(room.left(), top, room.width(), high.height())
        painter.drawText(row, left, high.elidedText(self.title(), right, row.width()))
        painter.setFont(small)
        painter.setPen(theme.colour(t.bad if self.damaged else t.ink_2))
        row = QRect(room.left(), row.bottom() + 3, room.width(), low.height())
        painter.drawText(row, left, low.elidedText(self.line(), right, row.width()))

    def paint_beside(self, painter: QPainter) -> None:
        """Between the texts and the arrow: nothing, unless who derives from it has something."""


class FoldCard(QFrame):
    """The card. Its details are made when it is first folded open, or has something to say.

    Who derives from it gives ``_fill``, ``_tell`` and, for a name and a note that are changed in place, calls
    ``_make_naming`` and gives ``_names`` and ``_save``.
    """

    unfolded = Signal(object)  # itself

    def __init__(self, heading: CardHeading) -> None:
        super().__init__()
        self.setProperty("kind", "card")
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self._heading = heading
        heading.toggled.connect(self._toggled)
        self._rows = QVBoxLayout(self)
        self._rows.setContentsMargins(0, 0, 0, 0)
        self._rows.setSpacing(0)
        self._rows.addWidget(heading)
        self.details: QWidget | None = None
        self._asked: dict[QWidget, QWidget] = {}  # what can be asked in place, and the button that asks it

    def fold(self) -> None:
        self._heading.setChecked(False)

    def is_open(self) -> bool:
        return self._heading.isChecked()

    def say(self, sentence: str, kind: str = "secondary") -> None:
        """A line below all else."""
        self._make()
        self.message.say(sentence, kind)

    def done(self) -> None:
        """Nothing is asked in place any more."""
        if self.details is None:
            return
        button = next((button for row, button in self._asked.items() if row.isVisible()), None)
        for row in self._asked:
            row.hide()
        self.message.say("")
        if button is not None:
            button.setFocus()

    # --- what differs from card to card

    def _fill(self, column: QVBoxLayout) -> None:
        """Put what can be done into the details."""
        raise NotImplementedError

    def _tell(self) -> None:
        """Show in the details what is known; there may be none yet."""
        raise NotImplementedError

    def _names(self) -> tuple[str, str]:
        """Name and note as they are."""
        raise NotImplementedError

    def _save(self) -> None:
        """Take the name and the note that were typed."""
        raise NotImplementedError

    # --- what does not

    def _make(self) -> None:
        if self.details is not None:
            return
        self.details = QWidget()
        column = QVBoxLayout(self.details)
        self._fill(column)
        self.message = Message()
        column.addWidget(self.message)
        self._rows.addWidget(self.details)
        self._tell()

    def _make_naming(self, button: QPushButton, longest: int, spacing: int) -> QWidget:
        """A name of at most ``longest`` characters and a note, asked for by ``button``."""
        self.name = QLineEdit()
        self.name.setMaxLength(longest)
        self.name.returnPressed.connect(self._save)
        self.remark = TextField("Note", "What is special about it", rows=2, most=4)
        self.save, cancel = SecondaryButton("Save", "check"), GhostButton("Cancel")
        self.save.clicked.connect(self._save)
        cancel.clicked.connect(self.done)
        naming = QWidget()
        fields = QVBoxLayout(naming)
        fields.setContentsMargins(0, 0, 0, 0)
        fields.setSpacing(spacing)
        fields.addWidget(FieldLabel("Name", self.name))
        fields.addWidget(FieldLabel("Note", self.remark))
        fields.addLayout(row_of(self.save, cancel))

        def begin() -> None:
            name, note = self._names()
            self.name.setText(name)
            self.remark.set_text(note)
            self._ask(naming, self.name)
            self.name.selectAll()

        self._asks(button, naming)
        button.clicked.connect(begin)
        return naming

    def _asks(self, button: QPushButton, row: QWidget) -> None:
        row.hide()
        self._asked[row] = button

    def _ask(self, row: QWidget, focus: QWidget) -> None:
        """One thing at a time."""
        self.done()
        row.show()
        focus.setFocus()

    def _toggled(self, opened: bool) -> None:
        if opened:
            self._make()
        if self.details is not None:
            self.details.setVisible(opened)
            self.done()
        if opened:
            self.unfolded.emit(self)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Escape leaves what is asked, then folds."""
        if event.key() == Qt.Key.Key_Escape and self.is_open():
            if any(row.isVisible() for row in self._asked):
                self.done()
            else:
                self.fold()
                self._heading.setFocus()
            return
        super().keyPressEvent(event)
