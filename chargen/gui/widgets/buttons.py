"""Buttons: one primary a page, quiet ones beside it, icons that say their name."""

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QIcon, QKeyEvent
from PySide6.QtWidgets import QPushButton, QWidget

from chargen.gui import icons, theme


class _Button(QPushButton):
    """A push button in one of the stylesheet's kinds, with an icon tinted for it."""

    kind = "secondary"

    def __init__(self, text: str = "", icon: str | None = None, parent: QWidget | None = None) -> None:
        super().__init__(text, parent)
        self._icon_name = icon
        self.setProperty("kind", self.kind)
        self.setAutoDefault(False)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        # Qt leaves four pixels between icon and text; the picture carries the rest of the gap.
        self._side = theme.ICON_SMALL if self.kind != "icon" else theme.ICON_BUTTON
        self._gap = theme.SPACE_1 if self.kind != "icon" else 0
        self.setIconSize(QSize(self._side + self._gap, self._side))
        theme.signals.changed.connect(self._tint)
        self._tint()

    def set_icon_name(self, icon: str | None) -> None:
        """Show another icon of ours, or none."""
        self._icon_name = icon
        self._tint()

    def icon_name(self) -> str | None:
        return self._icon_name

    def _icon_colour(self) -> str:
        return theme.tokens().ink_2

    def _tint(self) -> None:
        if self._icon_name is not None:
            self.setIcon(icons.icon(self._icon_name, self._icon_colour(), self._side, self._gap))
        else:
            self.setIcon(QIcon())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        # Qt presses a button with Space only, outside a dialog; people expect Enter too.
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and not event.isAutoRepeat():
            self.click()
            return
        super().keyPressEvent(event)


class PrimaryButton(_Button):
    """The one thing this page does: Train, Pause, Write, Stop."""

    kind = "primary"

    def _icon_colour(self) -> str:
        return theme.tokens().on_accent


class SecondaryButton(_Button):
    """What may be done as well."""


class GhostButton(_Button):
    """Text without a box, for tools at the side."""

    kind = "ghost"


class IconButton(_Button):
    """An icon alone; ``name`` is its tooltip and what a screen reader says."""

    kind = "icon"

    def __init__(self, icon: str, name: str, shortcut: str | None = None, parent: QWidget | None = None) -> None:
        super().__init__("", icon, parent)
        self.setAccessibleName(name)
        self.setToolTip(f"{name}  ({shortcut})" if shortcut else name)
        if shortcut:
            self.setShortcut(shortcut)
        self.setFixedSize(theme.HIT, theme.HIT)


class ToggleButton(_Button):
    """An icon that is on or off (the lock of a seed). ``changed`` carries the new state.

    Both states are told by picture, tint and name, never by colour alone.
    """

    kind = "icon"
    changed = Signal(bool)

    def __init__(self, icon_off: str, icon_on: str, name_off: str, name_on: str, parent: QWidget | None = None) -> None:
        self._icons = (icon_off, icon_on)
        self._names = (name_off, name_on)
        super().__init__("", icon_off, parent)
        self.setCheckable(True)
        self.setFixedSize(theme.HIT, theme.HIT)
        self.toggled.connect(self._toggled)
        self._describe()

    def _icon_colour(self) -> str:
        t = theme.tokens()
        return t.accent if self.isChecked() else t.ink_2

    def _describe(self) -> None:
        name = self._names[self.isChecked()]
        self.setAccessibleName(name)
        self.setToolTip(name)
        self.set_icon_name(self._icons[self.isChecked()])

    def _toggled(self, on: bool) -> None:
        self._describe()
        self.changed.emit(on)
