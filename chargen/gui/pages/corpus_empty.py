"""The Corpus page with nothing on it: a place to drop a text, recent ones, and a few texts at hand."""

from typing import TYPE_CHECKING

from PySide6.QtCore import QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFontMetrics, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from chargen.gui import theme, words
from chargen.gui.widgets.buttons import SecondaryButton
from chargen.gui.widgets.drop_zone import DropZone
from chargen.gui.widgets.labelled import SectionLabel, escape_tooltip
from chargen.gui.widgets.themed import follow_theme

if TYPE_CHECKING:
    from chargen.corpus.catalog import CatalogEntry

CARD_HEIGHT = 120
_RECENT_SHOWN = 3  # the menu has them all
_RECENT_LENGTH = 20


class ExampleCard(QPushButton):
    """One text at hand: its title, what it is, and what it is good for showing. ``chosen`` carries its name."""

    chosen = Signal(str)

    def __init__(self, name: str, title: str, form: str, shows: str, size: str) -> None:
        super().__init__()
        self.name = name
        self._title, self._form, self._size = title, form, size
        self.setAccessibleName(f"Example: {title}")
        self.setAccessibleDescription(f"{form}. {shows}")
        self.setToolTip(shows)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setAutoDefault(False)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setFixedHeight(CARD_HEIGHT)
        self.clicked.connect(self._clicked)
        follow_theme(self)

    def sizeHint(self) -> QSize:
        return QSize(220, CARD_HEIGHT)

    def minimumSizeHint(self) -> QSize:
        return QSize(160, CARD_HEIGHT)

    def shortened(self) -> str:
        """What of its text does not fit now."""
        room = self._room()
        title, small = QFontMetrics(theme.book_font(theme.TEXT_TITLE)), QFontMetrics(theme.ui_font(theme.TEXT_SMALL))
        form = small.boundingRect(room, Qt.TextFlag.TextWordWrap, self._form)
        fits = {
            self._title: title.horizontalAdvance(self._title) <= room.width(),
            self._form: form.width() <= room.width() and form.height() <= room.height(),
            self._size: small.horizontalAdvance(self._size) <= room.width(),
        }
        return "\n".join(text for text, all_of_it in fits.items() if not all_of_it)

    def _inner(self) -> QRect:
        return self.rect().adjusted(theme.SPACE_4, theme.SPACE_3, -theme.SPACE_4, -theme.SPACE_3)

    def _room(self) -> QRect:
        """For what it is, between the title and the size."""
        inner = self._inner()
        row = QFontMetrics(theme.ui_font(theme.TEXT_SMALL)).height()
        top = inner.top() + QFontMetrics(theme.book_font(theme.TEXT_TITLE)).height() + theme.SPACE_1
        return QRect(inner.left(), top, inner.width(), inner.bottom() - row - theme.SPACE_2 - top)

    def _clicked(self) -> None:
        self.chosen.emit(self.name)

    def paintEvent(self, event: QPaintEvent) -> None:
        t = theme.tokens()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(theme.colour(t.line), theme.HAIRLINE))
        painter.setBrush(theme.colour(t.hover if self.underMouse() or self.isDown() else t.surface))
        frame = QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
        painter.drawRoundedRect(frame, theme.RADIUS_CARD, theme.RADIUS_CARD)
        inner = self._inner()
        title_font = theme.book_font(theme.TEXT_TITLE)
        height = QFontMetrics(title_font).height()
        painter.setFont(title_font)
        painter.setPen(theme.colour(t.ink))
        left = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop
        title = QFontMetrics(title_font).elidedText(self._title, Qt.TextElideMode.ElideRight, inner.width())
        painter.drawText(QRect(inner.left(), inner.top(), inner.width(), height), left, title)
        small = theme.ui_font(theme.TEXT_SMALL)
        row = QFontMetrics(small).height()
        painter.setFont(small)
        painter.setPen(theme.colour(t.ink_2))
        painter.drawText(self._room(), left | Qt.TextFlag.TextWordWrap, self._form)
        painter.drawText(QRect(inner.left(), inner.bottom() - row, inner.width(), row + 2), left, self._size)


class CorpusEmpty(QWidget):
    """``zone`` takes drops; ``example`` carries the name of a text at hand, ``recent`` the place of a recent one."""

    example = Signal(str)
    recent = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.zone = DropZone()
        self._label = SectionLabel("Or begin with a text at hand")
        self._cards = QHBoxLayout()
        self._cards.setSpacing(theme.SPACE_3)
        self._more = QHBoxLayout()
        self._more.setSpacing(theme.SPACE_2)
        shelf = QWidget()
        shelf.setMinimumHeight(CARD_HEIGHT)  # the cards come a moment later: nothing jumps
        shelf.setLayout(self._cards)
        self._cards.setContentsMargins(0, 0, 0, 0)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(theme.SPACE_3)
        layout.addWidget(self.zone, 1)
        layout.addSpacing(theme.SPACE_1)
        layout.addWidget(self._label)
        layout.addWidget(shelf)
        layout.addLayout(self._more)
        self._recent_label = SectionLabel("Recent texts")
        self._recent = QHBoxLayout()
        self._recent.setSpacing(theme.SPACE_2)
        self._recent_label.hide()
        layout.addWidget(self._recent_label)
        layout.addLayout(self._recent)
        self.recents: list[SecondaryButton] = []
        self.cards: list[ExampleCard] = []
        self.small: list[SecondaryButton] = []

    def set_recent(self, texts: list[tuple[str, str, str]]) -> None:
        """(name, where it is, why it cannot be opened) each, newest first; what cannot be opened is grey."""
        while (item := self._recent.takeAt(0)) is not None:
            old = item.widget()
            if old is not None:
                old.hide()
                old.deleteLater()
        self.recents = []
        for place, (name, where, reason) in enumerate(texts[:_RECENT_SHOWN]):
            short = name if len(name) <= _RECENT_LENGTH else f"{name[: _RECENT_LENGTH - 1]}…"
            button = SecondaryButton(f"{short} · gone" if reason else short, "corpus")
            button.setAccessibleName(f"Recent text: {name}")
            button.setAccessibleDescription(reason or where)
            button.setToolTip(escape_tooltip(f"{where}: {reason}" if reason else where))
            button.setEnabled(not reason)
            button.setProperty("place", place)
            button.clicked.connect(self._recent_clicked)
            self._recent.addWidget(button)
            self.recents.append(button)
        self._recent.addStretch(1)
        self._recent_label.setVisible(bool(texts))

    def _recent_clicked(self) -> None:
        self.recent.emit(self.sender().property("place"))

    def set_entries(self, entries: "list[CatalogEntry]") -> None:
        """Bundled texts as cards; what every Python carries as smaller choices."""
        for entry in entries:
            size = f"{entry.characters:,} characters"
            if entry.kind == "bundled":
                card = ExampleCard(entry.name, entry.title, entry.form, entry.shows, size)
                card.chosen.connect(self.example)
                self._cards.addWidget(card)
                self.cards.append(card)
            else:
                button = SecondaryButton(f"{entry.title} · {words.large(entry.characters)} characters")
                button.setProperty("entry", entry.name)
                button.setToolTip(entry.shows)
                button.clicked.connect(self._small_clicked)
                self._more.addWidget(button)
                self.small.append(button)
        self._more.addStretch(1)
        self._label.setVisible(bool(entries))

    def _small_clicked(self) -> None:
        self.example.emit(self.sender().property("entry"))
