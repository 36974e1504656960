"""What every page is made of: a header, the work, its foot with the one primary button, and the panel.

::

    title  chip ················ tools   │ panel
    banner (when there is one)           │   (a drawer where the
    work                                 │    window is narrow)
    foot: primary button ···             │
"""

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QScrollArea, QStackedWidget, QVBoxLayout, QWidget

from chargen.gui import theme
from chargen.gui.widgets.banner import InlineBanner
from chargen.gui.widgets.buttons import GhostButton
from chargen.gui.widgets.chip import Chip
from chargen.gui.widgets.labelled import PageTitle, may_shorten


class Page(QWidget):
    """A page. Subclasses fill ``work``, ``foot`` and ``panel`` (layouts), and add tools to the header.

    ``panel_name`` is what the drawer's button says where the window is too narrow for the panel.
    """

    def __init__(self, title: str, panel_name: str = "Settings", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(title)
        self.chip = Chip()
        may_shorten(self.chip)
        self.banner = InlineBanner()
        self.work, self.foot = QVBoxLayout(), QHBoxLayout()
        self.work.setSpacing(theme.SPACE_4)
        self.foot.setSpacing(theme.SPACE_2)
        self._tools = QHBoxLayout()
        self._tools.setSpacing(theme.SPACE_1)
        self._drawer_button = GhostButton(panel_name, "settings")
        self._drawer_button.setCheckable(True)
        self._drawer_button.toggled.connect(self._arrange)
        self._drawer_button.hide()
        self._stack = QStackedWidget()
        self._stack.addWidget(self._full())
        middle = QWidget()
        self._rows = rows = QVBoxLayout(middle)
        rows.setContentsMargins(theme.SPACE_6, theme.SPACE_4, theme.SPACE_6, theme.SPACE_5)
        rows.setSpacing(theme.SPACE_3)
        rows.addLayout(self._header(title))
        rows.addWidget(self.banner)
        rows.addWidget(self._stack, 1)
        self._narrow = False
        self._panel, self.panel = self._make_panel()
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.setSpacing(0)
        self._row.addWidget(middle, 1)
        self._row.addWidget(self._panel)

    def _header(self, title: str) -> QHBoxLayout:
        header = QHBoxLayout()
        header.setSpacing(theme.SPACE_3)
        header.addStrut(theme.CONTROL_HEIGHT)
        header.addWidget(PageTitle(title))
        header.addWidget(self.chip)
        header.addStretch(1)
        header.addLayout(self._tools)
        header.addWidget(self._drawer_button)
        return header

    def _full(self) -> QWidget:
        full = QWidget()
        column = QVBoxLayout(full)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.SPACE_4)
        column.addLayout(self.work, 1)
        column.addLayout(self.foot)
        return full

    def _make_panel(self) -> tuple[QFrame, QVBoxLayout]:
        frame = QFrame(self)
        frame.setProperty("kind", "panel")
        frame.setFixedWidth(theme.PANEL_WIDTH)
        content = QWidget()
        layout = QVBoxLayout(content)
        layout.setContentsMargins(theme.SPACE_5, theme.SPACE_5, theme.SPACE_5, theme.SPACE_5)
        layout.setSpacing(theme.SPACE_4)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setWidget(content)
        whole = QVBoxLayout(frame)
        whole.setContentsMargins(1, 0, 0, 0)  # the hairline at the left
        whole.addWidget(scroll)
        return frame, layout

    def add_tool(self, widget: QWidget) -> None:
        """Put a tool at the right end of the header."""
        self._tools.addWidget(widget)

    def add_above(self, widget: QWidget) -> None:
        """Put something between the header and the work that also stands on the empty page."""
        self._rows.insertWidget(self._rows.count() - 1, widget)

    def show_empty(self, empty: QWidget | None) -> None:
        """Show ``empty`` in place of work, foot and panel; None shows those again."""
        if empty is not None and self._stack.indexOf(empty) < 0:
            self._stack.addWidget(empty)
        if empty is not None:
            self._stack.setCurrentWidget(empty)
        else:
            self._stack.setCurrentIndex(0)
        self._arrange()

    def is_empty(self) -> bool:
        return self._stack.currentIndex() > 0

    # --- the drawer

    def is_narrow(self) -> bool:
        """Whether the panel is a drawer now."""
        return self._narrow

    def panel_shown(self) -> bool:
        return not self._panel.isHidden()

    def open_drawer(self, opened: bool = True) -> None:
        """Open or shut the drawer, where there is one."""
        self._drawer_button.setChecked(opened)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._arrange()

    def _arrange(self) -> None:
        narrow = self.width() + theme.RAIL_WIDTH <= theme.DRAWER_BELOW
        if narrow != self._narrow:
            self._narrow = narrow
            if narrow:
                self._row.removeWidget(self._panel)
                self._drawer_button.setChecked(False)
            else:
                self._row.addWidget(self._panel)
        self._drawer_button.setVisible(narrow and not self.is_empty())
        self._panel.setVisible(not self.is_empty() and (not narrow or self._drawer_button.isChecked()))
        if narrow:  # over the work, below the header, where the button that shuts it stays in reach
            top = self._stack.mapTo(self, self._stack.rect().topLeft()).y() - theme.SPACE_2
            self._panel.setGeometry(self.width() - theme.PANEL_WIDTH, top, theme.PANEL_WIDTH, self.height() - top)
            self._panel.raise_()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape and self._narrow and self._drawer_button.isChecked():
            self.open_drawer(False)
            self._drawer_button.setFocus()
            return
        super().keyPressEvent(event)
