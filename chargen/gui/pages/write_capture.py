"""The state at any character of the text, taken as the seed state; from there it is kept under a name."""

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QMenu

from chargen.gui import words
from chargen.gui.desk import Desk
from chargen.gui.pages.write_document import Document
from chargen.gui.pages.write_seed import SeedState
from chargen.gui.widgets.banner import InlineBanner
from chargen.gui.widgets.text_view import SampleView
from chargen.jobs import Done, Failed
from chargen.sampling.drafts_tree import locate
from chargen.sampling.events import Made
from chargen.sampling.job import prepare
from chargen.sampling.requests import Place
from chargen.sampling.trail import Trails

ENTRY = "Capture the state here"


class Capture(QObject):
    """Adds an entry to the menu of the view. ``document`` gives the text on the page; None while it is written."""

    def __init__(
        self, desk: Desk, view: SampleView, document: Callable[[], Document | None], trails: Trails,
        seed_state: SeedState, banner: InlineBanner, parent: QObject,
    ) -> None:  # fmt: skip
        super().__init__(parent)
        self._desk, self._view, self._document, self._trails = desk, view, document, trails
        self._seed_state, self._banner = seed_state, banner
        view.menu_opened.connect(self._offer)

    def _offer(self, menu: QMenu, offset: int) -> None:
        menu.addSeparator()
        entry = menu.addAction(ENTRY, lambda: self.at(offset))
        entry.setEnabled(self._document() is not None)

    def here(self) -> None:
        """At the caret."""
        self.at(self._view.caret())

    def at(self, offset: int) -> None:
        """The state that the network was in after everything before a character, the prompt at least."""
        document = self._document()
        if document is None:
            self._banner.show_message("info", "There is no text to capture a state in, or it is still being written.")
            return
        if document.pen is None:
            self._banner.show_message("info", "Open the model that wrote this text, and capture the state then.")
            return
        prompt = len(document.last.prompt)
        place = min(max(offset - prompt, 0), document.characters)
        index, within = locate(document.draft, place)
        sample = document.draft.parts[index].sample
        before = self._view.text()[: prompt + place]

        def on_event(event: Any) -> None:
            match event:
                case Done(Made(state)):
                    label = self._seed_state.capture(state, before)
                    self._banner.show_message(
                        "good", f"{label} is the seed state now; “Keep this state…” puts it into the library."
                    )
                case Failed():
                    self._banner.show_message("bad", words.in_window(event.sentence))

        work = prepare(document.pen, Place(sample, within, self._trails.of(sample)))
        self._desk.run_job("capture", work, on_event)
