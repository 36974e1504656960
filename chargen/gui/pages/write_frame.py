"""What the Write page is made of: the drafts, the text, the tools above it and the buttons below."""

from collections.abc import Callable
from itertools import pairwise

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence, QResizeEvent, QShortcut
from PySide6.QtWidgets import QBoxLayout, QScrollArea, QSizePolicy, QSplitter, QVBoxLayout, QWidget

from chargen.gui import theme
from chargen.gui.pages.page import Page
from chargen.gui.pages.write_panel import WritePanel
from chargen.gui.widgets.branch_list import BranchList
from chargen.gui.widgets.buttons import GhostButton, IconButton, PrimaryButton, SecondaryButton
from chargen.gui.widgets.cards import EmptyState
from chargen.gui.widgets.draft_list import DraftList
from chargen.gui.widgets.edit_pane import EditPane
from chargen.gui.widgets.heat_legend import HeatLegend
from chargen.gui.widgets.labelled import ElidedLabel
from chargen.gui.widgets.reading_view import later
from chargen.gui.widgets.text_columns import Entry, TextColumns
from chargen.gui.widgets.text_view import SampleView
from chargen.sampling.difference import label_of
from chargen.sampling.side_by_side import CHANGES

_COPIED_MS = 1_500
_LIST_WIDTH = 216
_PLACEHOLDER = "Press Write, and the network writes here."
NOTHING_LEARNED = "Nothing has learned to write yet: train a network on a text first."


class WriteFrame(Page):
    """The widgets of the page; what they do is the page's."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("Write", "Settings", parent)
        self.view = SampleView()
        self.view.set_placeholder(_PLACEHOLDER)
        self.view.set_ground("paper")
        self.view.setFrameStyle(0)
        self.list = DraftList()
        self.list.hide()
        self.splitter = QSplitter(Qt.Orientation.Horizontal)
        self.splitter.setObjectName("drafts and text")
        self.splitter.setChildrenCollapsible(False)
        self.branch_list = BranchList()
        self.branch_list.hide()
        self.side = QWidget()
        column = QVBoxLayout(self.side)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.SPACE_3)
        column.addWidget(self.list, 1)
        column.addWidget(self.branch_list, 1)
        self.side.hide()
        self.splitter.addWidget(self.side)
        self.edit_pane = EditPane()
        self.edit_pane.hide()
        pages = QWidget()
        stack = QVBoxLayout(pages)
        stack.setContentsMargins(0, 0, 0, 0)
        stack.addWidget(self.view)
        stack.addWidget(self.edit_pane)
        self.columns = TextColumns([Entry(name, label_of(name)) for name in CHANGES])
        self.columns.hide()
        stack.addWidget(self.columns)
        self.splitter.addWidget(pages)
        self.splitter.setStretchFactor(1, 1)
        self.splitter.setSizes([_LIST_WIDTH, 3 * _LIST_WIDTH])
        self.work.addWidget(self.splitter, 1)
        self._make_tools()
        self._make_foot()
        self.controls = WritePanel(self.panel, self)
        self._empty = self._make_empty()
        self._order_tabs()

    # --- making

    def _make_tools(self) -> None:
        self.surprise = GhostButton("Surprise")
        self.surprise.setCheckable(True)
        self.surprise.setToolTip("Tint each character by how little the network expected it")
        self.legend = HeatLegend("expected", "surprising")
        self.legend.hide()
        self.monospace = GhostButton("Monospace")
        self.monospace.setCheckable(True)
        self.monospace.setToolTip("For models that learned program code or tables")
        self.monospace.toggled.connect(self.view.set_monospace)
        self.monospace.toggled.connect(self.edit_pane.set_monospace)
        self.drafts = GhostButton("Drafts")
        self.drafts.setCheckable(True)
        self.drafts.setToolTip("All drafts, beside the text")
        self.branches_tool = GhostButton("Branches")
        self.branches_tool.setCheckable(True)
        self.branches_tool.setToolTip("All branches of this draft, beside the text")
        self.branches_tool.hide()
        self.compare_tool = GhostButton("Compare")
        self.compare_tool.setCheckable(True)
        self.compare_tool.setToolTip("Several texts side by side, with one thing changed  (Ctrl+D)")
        self.surprise.toggled.connect(self.columns.set_tint)
        self.monospace.toggled.connect(self.columns.set_monospace)
        for tool in (self.drafts, self.branches_tool):
            tool.toggled.connect(self._arrange_side)
        self.add_tool(self.legend)
        self.add_tool(self.surprise)
        self.add_tool(self.monospace)
        self.add_tool(self.compare_tool)
        self.add_tool(self.branches_tool)
        self.add_tool(self.drafts)

    def show_branches(self, count: int) -> None:
        """The tool is there where there is more than one; the column opens when the second one comes."""
        self.branches_tool.setText(f"Branches {count}")
        more = count > 1
        if more and self.branches_tool.isHidden() and not self.is_narrow():
            self.branches_tool.setChecked(True)
        self.branches_tool.setVisible(more and not self.is_empty())
        self._arrange_side()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.legend.set_compact(self.is_narrow())

    def _arrange_side(self, *_on: bool) -> None:
        branches = self.branches_tool.isChecked() and not self.branches_tool.isHidden()
        self.list.setVisible(self.drafts.isChecked())
        self.branch_list.setVisible(branches)
        beside = self.drafts.isChecked() or branches
        self.side.setVisible(beside)
        self.columns.setContentsMargins(theme.SPACE_3 if beside else 0, 0, 0, 0)

    def _make_foot(self) -> None:
        self.write_button = PrimaryButton("Write")
        self.write_button.setMinimumWidth(100)  # Write, Compare and Stop stand in the same place
        self.continue_button = SecondaryButton("Continue")
        self.again_button = SecondaryButton("Again")
        self.again_button.setToolTip("The same prompt and seed state with a fresh random seed, unless that is locked")
        self.earlier_button = IconButton("undo", "Back to the text before this one")
        self.earlier_button.setToolTip("Back to the text before this one, or bring back a deleted branch  (Ctrl+Z)")
        self.later_button = IconButton("redo", "On to the text after this one")
        self.later_button.setToolTip("On to the text after this one  (Ctrl+Shift+Z)")
        self.edit_button = IconButton("edit", "Edit by hand")
        self.edit_button.setToolTip("Edit by hand, and go on from there  (Ctrl+Shift+E)")
        self.edit_button.setCheckable(True)
        self.close_button = SecondaryButton("Close")
        self.close_button.setToolTip("Back to the draft; the comparison stays in the list of drafts")
        self.close_button.hide()
        self.figures = ElidedLabel("", kind="secondary")
        self.figures.setFont(theme.ui_font(theme.TEXT_SMALL, tabular=True))
        self.figures.set_alignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.figures.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.score_button = IconButton("insight", "Score this draft")
        self.score_button.setToolTip("Score this draft: what surprises the network in it, best and worst passages")
        self.copy_button = SecondaryButton("Copy")
        self.copy_button.setToolTip("The selection, or the whole text  (Ctrl+Shift+C)")
        self.copy_button.clicked.connect(self.copy)
        self.export_button = SecondaryButton("Export…")
        self.export_button.setToolTip("As .txt .md .html .json or .csv  (Ctrl+E)")
        for widget in (self.write_button, self.continue_button, self.again_button):
            self.foot.addWidget(widget)
        for arrow in (self.earlier_button, self.later_button):
            self.foot.addWidget(arrow)
            arrow.hide()
        self.foot.addWidget(self.edit_button)
        self.foot.addWidget(self.close_button)
        self.foot.addSpacing(theme.SPACE_2)
        self.foot.addWidget(self.figures, 1)
        self.foot.addSpacing(theme.SPACE_2)
        self.foot.addWidget(self.score_button)
        self.foot.addWidget(self.copy_button)
        self.foot.addWidget(self.export_button)
        self._shortcut("Ctrl+Shift+C", self.copy_button.click)
        self._shortcut("Ctrl+Shift+E", self.edit_button.click)
        self._shortcut("Ctrl+Z", self.earlier_button.click)
        self._shortcut("Ctrl+Shift+Z", self.later_button.click)
        self._copied = later(self, _COPIED_MS)
        self._copied.timeout.connect(self._forget_copied)

    def _shortcut(self, keys: str, slot: Callable[[], None]) -> None:
        shortcut = QShortcut(QKeySequence(keys), self)
        shortcut.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        shortcut.activated.connect(slot)

    def _make_empty(self) -> EmptyState:
        empty = EmptyState("write", NOTHING_LEARNED, "Go to Train")
        self.open_button = GhostButton("Open a model…", "open")
        column = empty.layout()
        assert isinstance(column, QBoxLayout)
        column.insertWidget(column.count() - 1, self.open_button, 0, Qt.AlignmentFlag.AlignHCenter)
        return empty

    def _order_tabs(self) -> None:
        panel = self.controls
        chain: list[QWidget] = [
            self.surprise, self.monospace, self.compare_tool, self.branches_tool, self.drafts, self.list.new_button,
            self.list.more_button, self.list.list, self.branch_list.delete_button, self.branch_list.list, self.view,
            self.columns.changes, self.columns.fewer, self.columns.more, self.write_button, self.continue_button,
            self.again_button, self.earlier_button, self.later_button, self.edit_button, self.close_button,
            self.edit_pane.editor, self.edit_pane.unknown, self.edit_pane.discard_button, self.edit_pane.done_button,
            self.score_button, self.copy_button, self.export_button, panel.temperature.slider,
            panel.temperature.box,
        ]  # fmt: skip
        for area in self.findChildren(QScrollArea):
            area.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # the panel follows the focus within it
        for first, second in pairwise(chain):
            QWidget.setTabOrder(first, second)

    # --- copying

    def copy(self) -> None:
        """The selection, or the whole text, to the clipboard."""
        if self.view.length():
            self.view.copy()
            self.copy_button.setText("Copied")
            self._copied.start()

    def _forget_copied(self) -> None:
        self.copy_button.setText("Copy")
