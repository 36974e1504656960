"""What the Insight page is made of: the text, typed or read, the tools above it, the buttons below, the panel."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QSizePolicy, QStackedWidget, QWidget

from chargen.gui import theme
from chargen.gui.pages.insight_panel import InsightPanel
from chargen.gui.pages.page import Page
from chargen.gui.widgets.buttons import GhostButton, PrimaryButton, SecondaryButton
from chargen.gui.widgets.cards import EmptyState
from chargen.gui.widgets.heat_legend import HeatLegend
from chargen.gui.widgets.labelled import ElidedLabel
from chargen.gui.widgets.text_entry import TextEntry
from chargen.gui.widgets.text_view import SampleView

NO_MODEL = "Train a network or open one: it says here what surprises it in any text."
PLACEHOLDER = "Paste a text here, drop a file, or type. Each character is tinted by how little the network expected it."


class InsightFrame(Page):
    """The widgets of the page; what they do is the page's. A text is typed in ``entry``, read in ``view``."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("What surprises it?", "Score", parent)
        self.setAccessibleName("Insight: what surprises it?")
        self.view = SampleView("Scored text")
        self.view.setFrameStyle(0)
        self.view.set_tint(True)
        self.entry = TextEntry("Text to score", PLACEHOLDER)
        self.pane = QStackedWidget()
        self.pane.addWidget(self.entry)
        self.pane.addWidget(self.view)
        self.work.addWidget(self.pane, 1)
        self._empty = EmptyState("insight", NO_MODEL, "Go to Train")
        self._make_tools()
        self._make_foot()
        self.result = InsightPanel(self.panel, self)

    def _make_tools(self) -> None:
        self.legend = HeatLegend("expected", "surprising")
        self.monospace = GhostButton("Monospace")
        self.monospace.setCheckable(True)
        self.monospace.setToolTip("For program code or tables")
        self.monospace.toggled.connect(self.view.set_monospace)
        self.monospace.toggled.connect(self.entry.set_monospace)
        self.add_tool(self.legend)
        self.add_tool(self.monospace)

    def _make_foot(self) -> None:
        self.score_button = PrimaryButton("Score")
        self.score_button.setMinimumWidth(88)  # Score and Stop stand in the same place
        self.edit_button = SecondaryButton("Edit")
        self.paste_button = SecondaryButton("Paste")
        self.paste_button.setToolTip("Score the text on the clipboard  (Ctrl+V)")
        self.open_button = SecondaryButton("Open…")
        self.open_button.setToolTip("Score a text file; nothing else changes")
        self.figures = ElidedLabel("", kind="secondary")
        self.figures.setFont(theme.ui_font(theme.TEXT_SMALL, tabular=True))
        self.figures.set_alignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.figures.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.export_button = SecondaryButton("Export…")
        self.export_button.setToolTip("The surprise of every character, as .json or .csv")
        for button in (self.score_button, self.edit_button, self.paste_button, self.open_button):
            self.foot.addWidget(button)
        self.foot.addSpacing(theme.SPACE_2)
        self.foot.addWidget(self.figures, 1)
        self.foot.addSpacing(theme.SPACE_2)
        self.foot.addWidget(self.export_button)
