"""Shared by widgets that paint themselves: repaint when the theme changes."""

from PySide6.QtWidgets import QWidget

from chargen.gui import theme


def follow_theme(widget: QWidget) -> None:
    """Repaint ``widget`` on every change of theme (Qt drops the connection with the widget)."""
    theme.signals.changed.connect(widget.update)
