"""A sample beside its twin: what they have in common is quiet, and where they part is marked."""

from PySide6.QtWidgets import QWidget

from chargen.gui import theme
from chargen.gui.widgets.reading_view import Style
from chargen.gui.widgets.text_view import SampleView


class TwinView(SampleView):
    """Streams text; what stands before the character where it parts from its twin steps back."""

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(name, parent)
        self._parted: int | None = None

    def set_parted(self, at: int | None) -> None:
        """The first character that differs from the twin's; None while there is none."""
        self._parted = at
        self.viewport().update()

    def parted(self) -> int | None:
        return self._parted

    def _styles(self, first: int, last: int) -> list[Style]:
        styles = super()._styles(first, last)
        if self._parted is not None:
            t = theme.tokens()
            if first < self._parted:
                styles.append(Style(first, min(last, self._parted), ink=t.ink_2))
            styles.append(Style(self._parted, self._parted + 1, ground=t.accent_soft, underline=t.accent))
        return styles


def parting(first: str, second: str, since: int = 0) -> int | None:
    """The first place from ``since`` on at which two texts differ, as far as both go; None where they agree."""
    shorter = min(len(first), len(second))
    return next((place for place in range(since, shorter) if first[place] != second[place]), None)
