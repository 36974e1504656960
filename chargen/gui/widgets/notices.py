"""Sentences above the page, one below the other; none takes the place of another."""

from PySide6.QtWidgets import QVBoxLayout, QWidget

from chargen.gui import theme
from chargen.gui.widgets.banner import InlineBanner, Kind

SHOWN = 3
"""More would leave no room for the page; the others wait until one is dismissed."""


class Notices(QWidget):
    """A stack of banners; hidden while there is nothing to say."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._waiting: list[tuple[Kind, str]] = []
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(theme.SPACE_6, theme.SPACE_3, theme.SPACE_6, 0)
        self._column.setSpacing(theme.SPACE_2)
        self.banners = [self._make() for _ in range(SHOWN)]
        self.newest = self.banners[0]
        self.hide()

    def _make(self) -> InlineBanner:
        banner = InlineBanner()
        banner.dismissed.connect(self._dismissed)
        self._column.addWidget(banner)
        return banner

    def say(self, kind: Kind, sentence: str) -> None:
        """Show a sentence until it is dismissed; one that is shown already is not said twice."""
        for banner in self.banners:
            if not banner.isHidden() and banner.sentence() == sentence:
                banner.show_message(kind, sentence)
                self.newest = banner
                return
        if (kind, sentence) in self._waiting:
            return
        free = next((banner for banner in self.banners if banner.isHidden()), None)
        if free is None:
            self._waiting.append((kind, sentence))
            return
        self._column.removeWidget(free)
        self._column.addWidget(free)  # the newest at the bottom
        self.newest = free
        free.show_message(kind, sentence)
        self.show()

    def sentences(self) -> list[str]:
        """What is shown, from top to bottom."""
        order = sorted(self.banners, key=self._column.indexOf)
        return [banner.sentence() for banner in order if not banner.isHidden()]

    def _dismissed(self) -> None:
        if self._waiting:
            self.say(*self._waiting.pop(0))
        self.setVisible(any(not banner.isHidden() for banner in self.banners))
