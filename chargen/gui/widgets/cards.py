"""Cards: a surface for one thing, a choice among a few, and what an empty page says."""

from PySide6.QtCore import QPoint, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QEnterEvent, QFontMetrics, QKeyEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import (
    QButtonGroup,
    QFrame,
    QHBoxLayout,
    QLabel,
    QRadioButton,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from chargen.gui import icons, theme
from chargen.gui.widgets.buttons import PrimaryButton
from chargen.gui.widgets.labelled import ElidedLabel, escape_tooltip
from chargen.gui.widgets.themed import follow_theme


class Card(QFrame):
    """A surface with a hairline and, if wanted, a title row. Put content into ``body``."""

    def __init__(self, title: str | None = None, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(theme.SPACE_4, theme.SPACE_3, theme.SPACE_4, theme.SPACE_4)
        outer.setSpacing(theme.SPACE_2)
        self._title = ElidedLabel("")
        self._title.setFont(theme.ui_font(semibold=True))
        self._title.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.header = QHBoxLayout()
        self.header.setSpacing(theme.SPACE_2)
        self.header.addWidget(self._title, 1)
        self.body = QVBoxLayout()
        self.body.setSpacing(theme.SPACE_2)
        outer.addLayout(self.header)
        outer.addLayout(self.body, 1)
        self.set_title(title or "")

    def set_title(self, title: str) -> None:
        self._title.set_text(title)
        self._title.setVisible(bool(title))
        self.setAccessibleName(title)

    def title(self) -> str:
        return self._title.text()

    def add_header_widget(self, widget: QWidget) -> None:
        """Put a tool or a figure at the right end of the title row."""
        self.header.addWidget(widget)


class ChoiceCard(QRadioButton):
    """A title and one line; a radio button in all but looks, so arrow keys and screen readers know it."""

    def __init__(self, key: str, title: str, line: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.key = key
        self._title = title
        self._line = line
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setMinimumHeight(self.sizeHint().height())
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        follow_theme(self)
        self._describe()

    def title(self) -> str:
        return self._title

    def line(self) -> str:
        return self._line

    def set_line(self, line: str) -> None:
        """The line changes as predictions come in."""
        self._line = line
        self._describe()
        self.setMinimumHeight(self.sizeHint().height())
        self.updateGeometry()
        self.update()

    def _describe(self) -> None:
        self.setAccessibleName(self._title)
        self.setAccessibleDescription(self._line)

    def sizeHint(self) -> QSize:
        return QSize(200, 56 if self._line else 40)

    def minimumSizeHint(self) -> QSize:
        return QSize(120, self.sizeHint().height())

    def hitButton(self, pos: QPoint) -> bool:
        return self.rect().contains(pos)

    def shortened(self) -> str:
        """What of its text does not fit now."""
        room = self.width() - 2 * theme.SPACE_4
        texts = ((self._title, theme.ui_font(semibold=True)), (self._line, theme.ui_font(theme.TEXT_SMALL)))
        return "\n".join(text for text, font in texts if QFontMetrics(font).horizontalAdvance(text) > room)

    def enterEvent(self, event: QEnterEvent) -> None:
        self.setToolTip(escape_tooltip(self.shortened()))
        super().enterEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.click()
            return
        super().keyPressEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        t = theme.tokens()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        chosen = self.isChecked()
        width = 2.0 if chosen else 1.0
        frame = QRectF(self.rect()).adjusted(width / 2, width / 2, -width / 2, -width / 2)
        ground = t.accent_soft if chosen else t.hover if self.underMouse() and self.isEnabled() else t.surface
        painter.setPen(QPen(theme.colour(t.accent if chosen else t.line), width))
        painter.setBrush(theme.colour(ground))
        painter.drawRoundedRect(frame, theme.RADIUS_CARD - 1, theme.RADIUS_CARD - 1)
        inner = self.rect().adjusted(theme.SPACE_4, 0, -theme.SPACE_4, 0)
        title_font, line_font = theme.ui_font(semibold=True), theme.ui_font(theme.TEXT_SMALL)
        title_rows, line_rows = QFontMetrics(title_font), QFontMetrics(line_font)
        text_height = title_rows.height() + (line_rows.height() + 2 if self._line else 0)
        top = (self.height() - text_height) // 2
        elide = Qt.TextElideMode.ElideRight
        painter.setFont(title_font)
        painter.setPen(theme.colour(t.ink if self.isEnabled() else t.ink_2))
        row = QRect(inner.left(), top, inner.width(), title_rows.height())
        left = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        painter.drawText(row, left, title_rows.elidedText(self._title, elide, row.width()))
        if self._line:
            painter.setFont(line_font)
            painter.setPen(theme.colour(t.ink_2))
            row = QRect(inner.left(), row.bottom() + 3, inner.width(), line_rows.height())
            painter.drawText(row, left, line_rows.elidedText(self._line, elide, row.width()))


class ChoiceCards(QWidget):
    """Cards of which exactly one is chosen. ``selected`` carries its key, only when a person chooses."""

    selected = Signal(str)

    def __init__(
        self,
        choices: list[tuple[str, str, str]] | None = None,
        name: str = "",
        horizontal: bool = False,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setAccessibleName(name)
        layout = QHBoxLayout(self) if horizontal else QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(theme.SPACE_2)
        self._group = QButtonGroup(self)
        self._cards: dict[str, ChoiceCard] = {}
        self._current: str | None = None
        for key, title, line in choices or []:
            self.add(key, title, line)

    def add(self, key: str, title: str, line: str = "") -> ChoiceCard:
        card = ChoiceCard(key, title, line)
        self._cards[key] = card
        self._group.addButton(card)
        layout = self.layout()
        assert layout is not None
        layout.addWidget(card)
        card.toggled.connect(self._toggled)
        return card

    def card(self, key: str) -> ChoiceCard:
        return self._cards[key]

    def keys(self) -> list[str]:
        return list(self._cards)

    def current(self) -> str | None:
        return self._current

    def set_current(self, key: str | None) -> None:
        """Choose without telling; None where no card says what is chosen elsewhere."""
        before, self._current = self._current, key
        if key is not None:
            self._cards[key].setChecked(True)
        elif before is not None:
            self._group.setExclusive(False)
            self._cards[before].setChecked(False)
            self._group.setExclusive(True)

    def _toggled(self, on: bool) -> None:
        card = self.sender()
        if on and isinstance(card, ChoiceCard) and card.key != self._current:
            self._current = card.key
            self.selected.emit(card.key)


class _Picture(QWidget):
    """An icon in a soft disc, for pages with nothing on them yet."""

    def __init__(self, icon: str) -> None:
        super().__init__()
        self._icon = icon
        self.setFixedSize(88, 88)
        follow_theme(self)

    def paintEvent(self, event: QPaintEvent) -> None:
        t = theme.tokens()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.colour(t.accent_soft))
        painter.drawEllipse(QRectF(self.rect()).adjusted(4, 4, -4, -4))
        size = theme.ICON_LARGE - 8
        icons.paint(painter, self._icon, QRectF((88 - size) / 2, (88 - size) / 2, size, size), t.accent)


class EmptyState(QWidget):
    """An empty page: one picture, one sentence, one button."""

    activated = Signal()

    def __init__(
        self,
        picture: str | QWidget,
        sentence: str,
        button: str | None = None,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setAccessibleName(sentence)
        layout = QVBoxLayout(self)
        layout.setSpacing(theme.SPACE_4)
        layout.addStretch(1)
        shown = _Picture(picture) if isinstance(picture, str) else picture
        layout.addWidget(shown, 0, Qt.AlignmentFlag.AlignHCenter)
        self.sentence = QLabel()
        self.sentence.setTextFormat(Qt.TextFormat.PlainText)
        self.sentence.setText(sentence)
        self.sentence.setWordWrap(True)
        self.sentence.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        self.sentence.setMaximumWidth(440)
        self.sentence.setMinimumWidth(min(440, self.sentence.fontMetrics().horizontalAdvance(sentence) + 8))
        layout.addWidget(self.sentence, 0, Qt.AlignmentFlag.AlignHCenter)
        self.button: PrimaryButton | None = None
        if button:
            self.button = PrimaryButton(button)
            self.button.clicked.connect(self._clicked)
            layout.addWidget(self.button, 0, Qt.AlignmentFlag.AlignHCenter)
        layout.addStretch(1)

    def set_sentence(self, sentence: str) -> None:
        self.sentence.setText(sentence)
        self.setAccessibleName(sentence)

    def _clicked(self) -> None:
        self.activated.emit()
