"""The slim rail on the left: one button a page."""

from dataclasses import dataclass

from PySide6.QtCore import QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFontMetrics, QKeyEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QButtonGroup, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from chargen.gui import icons, theme
from chargen.gui.widgets.themed import follow_theme


@dataclass(frozen=True)
class RailItem:
    """One page: its key, its name, its icon, and the shortcut that the tooltip mentions."""

    key: str
    label: str
    icon: str
    shortcut: str = ""


class _RailButton(QPushButton):
    def __init__(self, item: RailItem) -> None:
        super().__init__()
        self.item = item
        self.setCheckable(True)
        self.setAccessibleName(item.label)
        self.setToolTip(f"{item.label}  ({item.shortcut})" if item.shortcut else item.label)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setFixedHeight(58)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        follow_theme(self)

    def paintEvent(self, event: QPaintEvent) -> None:
        t = theme.tokens()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        chosen = self.isChecked()
        if chosen or self.underMouse():
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(theme.colour(t.accent_soft if chosen else t.hover))
            painter.drawRoundedRect(QRectF(self.rect()), theme.RADIUS_CARD, theme.RADIUS_CARD)
        # The accent does not reach 4.5 on its own soft ground as text: it tints the icon, ink writes.
        tint = t.accent if chosen else t.ink_2
        size = 22
        icons.paint(painter, self.item.icon, QRectF((self.width() - size) / 2, 9, size, size), tint)
        painter.setFont(theme.ui_font(theme.TEXT_LABEL, semibold=chosen, medium=not chosen))
        painter.setPen(theme.colour(t.ink if chosen else t.ink_2))
        painter.drawText(QRect(0, 34, self.width(), 18), Qt.AlignmentFlag.AlignCenter, self.item.label)

    def shortened(self) -> str:
        """The name of the page, if it does not fit now."""
        wide = QFontMetrics(theme.ui_font(theme.TEXT_LABEL, semibold=True)).horizontalAdvance(self.item.label)
        return self.item.label if wide > self.width() else ""

    def sizeHint(self) -> QSize:
        return QSize(theme.RAIL_WIDTH - 2 * theme.SPACE_2, 58)


class Rail(QWidget):
    """Left navigation. ``selected`` carries the key, only when a person chooses.

    One tab stop: the arrow keys, Home and End move within.
    """

    selected = Signal(str)

    def __init__(self, items: list[RailItem], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("Pages")
        self.setFixedWidth(theme.RAIL_WIDTH)
        self._buttons: dict[str, _RailButton] = {}
        self._group = QButtonGroup(self)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(theme.SPACE_2, theme.SPACE_3 + 2, theme.SPACE_2 + 1, theme.SPACE_3)
        layout.setSpacing(theme.SPACE_1 + 2)
        for item in items:
            button = _RailButton(item)
            self._group.addButton(button)
            self._buttons[item.key] = button
            layout.addWidget(button)
            button.clicked.connect(self._clicked)
        layout.addStretch(1)
        self._foot = QVBoxLayout()
        self._foot.setSpacing(theme.SPACE_1)
        layout.addLayout(self._foot)
        follow_theme(self)
        self._current = ""
        if items:
            self.set_current(items[0].key)

    def add_foot_widget(self, widget: QWidget) -> None:
        """Something small at the bottom: the theme switch, the settings."""
        self._foot.addWidget(widget, 0, Qt.AlignmentFlag.AlignHCenter)

    def keys(self) -> list[str]:
        return list(self._buttons)

    def current(self) -> str:
        return self._current

    def set_current(self, key: str) -> None:
        """Show ``key`` as chosen, without telling."""
        self._current = key
        self._buttons[key].setChecked(True)
        for other, button in self._buttons.items():
            button.setFocusPolicy(Qt.FocusPolicy.StrongFocus if other == key else Qt.FocusPolicy.ClickFocus)

    def _choose(self, key: str) -> None:
        if key != self._current:
            self.set_current(key)
            self.selected.emit(key)

    def _clicked(self) -> None:
        button = self.sender()
        if isinstance(button, _RailButton):
            self._choose(button.item.key)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        keys = self.keys()
        at = keys.index(self._current) if self._current in keys else 0
        target = {
            Qt.Key.Key_Down: min(at + 1, len(keys) - 1),
            Qt.Key.Key_Up: max(at - 1, 0),
            Qt.Key.Key_Home: 0,
            Qt.Key.Key_End: len(keys) - 1,
        }.get(Qt.Key(event.key()))
        if target is None or not keys:
            super().keyPressEvent(event)
            return
        self._choose(keys[target])
        self._buttons[keys[target]].setFocus(Qt.FocusReason.TabFocusReason)

    def paintEvent(self, event: QPaintEvent) -> None:
        t = theme.tokens()
        painter = QPainter(self)
        painter.fillRect(self.rect(), theme.colour(t.rail))
        painter.fillRect(QRect(self.width() - 1, 0, 1, self.height()), theme.colour(t.line))
