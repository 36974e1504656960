"""The Write page: the text is the page. The network writes, stops, goes on, writes again."""

import math
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeySequence, QShortcut, QShowEvent
from PySide6.QtWidgets import QBoxLayout, QScrollArea, QSizePolicy, QWidget

from chargen.errors import ChargenError
from chargen.gui import theme, words
from chargen.gui.desk import Desk, OpenModel
from chargen.gui.pages.page import Page
from chargen.gui.pages.write_document import Document
from chargen.gui.pages.write_draft import Draft
from chargen.gui.pages.write_export import ask_and_export
from chargen.gui.pages.write_panel import WritePanel
from chargen.gui.pages.write_seed import SeedState
from chargen.gui.pickers import MODELS, Pickers
from chargen.gui.widgets.buttons import GhostButton, PrimaryButton, SecondaryButton
from chargen.gui.widgets.cards import EmptyState
from chargen.gui.widgets.heat_legend import HeatLegend
from chargen.gui.widgets.labelled import ElidedLabel
from chargen.gui.widgets.reading_view import later
from chargen.gui.widgets.text_view import SampleView
from chargen.jobs import Cancelled, Done, Failed, Job
from chargen.sampling.job import Begun, Chunk, Pen, Reading, Request, SetTemperature, Stop, Written, write

_NATS = math.log(2.0)
_COPIED_MS = 1_500
_PLACEHOLDER = "Press Write, and the network writes here."


class WritePage(Page):
    """Writes with the model on the desk. A text that is being written goes on with the model it began with."""

    settings_changed = Signal()  # something that is remembered
    written = Signal(object)  # a Draft: what stands on the page now

    def __init__(self, desk: Desk, files: Pickers, parent: QWidget | None = None) -> None:
        super().__init__("Write", "Settings", parent)
        self._desk, self._files = desk, files
        self._open: OpenModel | None = None
        self._pen: Pen | None = None
        self._job: Job | None = None
        self._document: Document | None = None
        self._characters, self._bits = 0, 0.0
        self.view = SampleView()
        self.view.set_placeholder(_PLACEHOLDER)
        self.view.setFrameStyle(0)
        self.work.addWidget(self.view, 1)
        self._make_tools()
        self._make_foot()
        self.controls = WritePanel(self.panel, self)
        self.seed_state = SeedState(desk, files, self.controls.seed_control, self)
        self.controls.temperature_changed.connect(self._temperature_changed)
        self.controls.unknown_changed.connect(self._unknown_changed)
        self.controls.changed.connect(self.settings_changed)
        self.surprise.toggled.connect(self.settings_changed)
        self.monospace.toggled.connect(self.settings_changed)
        self._empty = self._make_empty()
        desk.model_changed.connect(self._model_changed)
        desk.state_opened.connect(self.seed_state.open_state)
        desk.writing_wanted.connect(self.write_on_a_blank_page)
        desk.training_state_changed.connect(self._say_why_empty)
        self._order_tabs()
        self._model_changed(desk.model)

    # --- making

    def _make_tools(self) -> None:
        self.surprise = GhostButton("Surprise")
        self.surprise.setCheckable(True)
        self.surprise.setToolTip("Tint each character by how little the network expected it")
        self.surprise.toggled.connect(self._tint)
        self.legend = HeatLegend("expected", "surprising")
        self.legend.hide()
        self.monospace = GhostButton("Monospace")
        self.monospace.setCheckable(True)
        self.monospace.setToolTip("For models that learned program code or tables")
        self.monospace.toggled.connect(self.view.set_monospace)
        self.add_tool(self.legend)
        self.add_tool(self.surprise)
        self.add_tool(self.monospace)

    def _make_foot(self) -> None:
        self.write_button = PrimaryButton("Write")
        self.write_button.clicked.connect(self.write_or_stop)
        self.write_button.setMinimumWidth(88)  # Write and Stop stand in the same place
        self.continue_button = SecondaryButton("Continue")
        self.continue_button.clicked.connect(self.continue_text)
        self.again_button = SecondaryButton("Again")
        self.again_button.setToolTip("The same prompt and seed state with a fresh random seed, unless that is locked")
        self.again_button.clicked.connect(self.again)
        self.figures = ElidedLabel("", kind="secondary")
        self.figures.setFont(theme.ui_font(theme.TEXT_SMALL, tabular=True))
        self.figures.set_alignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.figures.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.copy_button = SecondaryButton("Copy")
        self.copy_button.setToolTip("The selection, or the whole text  (Ctrl+Shift+C)")
        self.copy_button.clicked.connect(self.copy)
        self.export_button = SecondaryButton("Export…")
        self.export_button.setToolTip("As .txt .md .html .json or .csv  (Ctrl+E)")
        self.export_button.clicked.connect(self.export)
        for widget in (self.write_button, self.continue_button, self.again_button):
            self.foot.addWidget(widget)
        self.foot.addSpacing(theme.SPACE_2)
        self.foot.addWidget(self.figures, 1)
        self.foot.addSpacing(theme.SPACE_2)
        self.foot.addWidget(self.copy_button)
        self.foot.addWidget(self.export_button)
        shortcut = QShortcut(QKeySequence("Ctrl+Shift+C"), self)
        shortcut.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        shortcut.activated.connect(self.copy)
        self._copied = later(self, _COPIED_MS)
        self._copied.timeout.connect(self._forget_copied)

    def _make_empty(self) -> EmptyState:
        empty = EmptyState("write", "Nothing has learned to write yet: train a network on a text first.", "Go to Train")
        empty.activated.connect(self._go_to_train)
        opener = GhostButton("Open a model…", "open")
        opener.clicked.connect(self._open_model)
        self.open_button = opener
        column = empty.layout()
        assert isinstance(column, QBoxLayout)
        column.insertWidget(column.count() - 1, opener, 0, Qt.AlignmentFlag.AlignHCenter)
        return empty

    def _order_tabs(self) -> None:
        panel = self.controls
        chain: list[QWidget] = [
            self.surprise, self.monospace, self.view, self.write_button, self.continue_button, self.again_button,
            self.copy_button, self.export_button, panel.temperature.slider, panel.temperature.box,
        ]  # fmt: skip
        for area in self.findChildren(QScrollArea):
            area.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # the panel follows the focus within it
        for first, second in pairwise(chain):
            QWidget.setTabOrder(first, second)

    def _tint(self, on: bool) -> None:
        self.view.set_tint(on)
        self.legend.setVisible(on and not self.is_empty())

    # --- the model

    def _model_changed(self, opened: OpenModel | None) -> None:
        self._open = opened
        self._pen = Pen(opened.model) if opened is not None else None
        self._give_pen()
        self.chip.set_text(_describe(opened) if opened is not None else "")
        # A text that stands here stays, even if its model is closed.
        nothing, was_empty = opened is None and self._document is None and self._job is None, self.is_empty()
        self.show_empty(self._empty if nothing else None)
        self.controls.set_model(opened.model if opened is not None else None)
        self.seed_state.set_pen(self._pen)
        for tool in (self.surprise, self.monospace):
            tool.setVisible(not nothing)
        self.legend.setVisible(not nothing and self.surprise.isChecked())
        self._say_why_empty()
        self._tell()
        if was_empty and not nothing and self.isVisible():
            self.write_button.setFocus()  # rather than whatever comes next to the button that went

    def _give_pen(self) -> None:
        """A text of last time is continued by the model that wrote it, once that is open."""
        document, opened = self._document, self._open
        if document is None or document.pen is not None or opened is None or opened.live:
            return
        if opened.model.fingerprint == document.last.model_fingerprint:
            document.pen = self._pen

    def _say_why_empty(self, *_state: str) -> None:
        learning = self._desk.training_state in ("starting", "running")
        sentence = "Nothing has learned to write yet: train a network on a text first."
        if learning:
            sentence = "The network has only just begun to learn; in a few seconds you can write with it here."
        self._empty.sentence.setText(sentence)
        self._empty.setAccessibleName(sentence)

    def _go_to_train(self) -> None:
        self._desk.page_wanted.emit("train")

    def _open_model(self) -> None:
        self._files.open_file(self, "Open a model", MODELS, self._desk.open_model)

    # --- writing

    def is_writing(self) -> bool:
        return self._job is not None

    def write_or_stop(self) -> None:
        """What the primary button does."""
        if self._job is not None:
            self._job.send(Stop())
            return
        if self._pen is None or self._open is None:
            return
        self.controls.commit()
        if self.controls.check_characters():
            self._show_panel()
            self.controls.refuse()
            return
        problem = self.seed_state.problem()
        if problem:
            self._show_panel()
            self.controls.seed_control.say(problem, "bad")
            return
        try:
            settings = self.controls.settings()
        except ChargenError as error:
            self._fail(str(error))
            return
        settings = replace(settings, random_seed=self.controls.next_seed())
        self._start(self._pen, Request(settings, self.seed_state.seed()), None)

    def write_on_a_blank_page(self) -> None:
        """Write at once with what is set; a text that stands here, or is being written, stays as it is."""
        if self._job is None and self._document is None and not self.view.length():
            self.write_or_stop()

    def again(self) -> None:
        """The same prompt, seed state, length and stop text; temperature and the like as they are set now."""
        if self._job is not None or self._document is None or self._pen is None:
            return
        self.controls.commit()
        request = self._document.request
        asked = request.settings
        try:
            settings = replace(
                self.controls.settings(), prompt=asked.prompt, length=asked.length, stop=asked.stop,
                unknown=asked.unknown,
            )  # fmt: skip
        except ChargenError as error:
            self._fail(str(error))
            return
        settings = replace(settings, random_seed=self.controls.next_seed())
        self._start(self._pen, Request(settings, request.seed), None)

    def continue_text(self) -> None:
        """Go on exactly where the text ended, with the model that wrote it."""
        document = self._document
        if self._job is not None or document is None or document.state is None or document.pen is None:
            return
        self.controls.commit()
        began = document.last.settings
        try:
            settings = replace(
                self.controls.settings(), prompt=began.prompt, random_seed=began.random_seed, unknown=began.unknown
            )
        except ChargenError as error:
            self._fail(str(error))
            return
        self._start(document.pen, Request(settings, document.state, document.after), document)

    def _start(self, pen: Pen, request: Request, document: Document | None) -> None:
        name = document.name if document is not None else self._open.name if self._open is not None else ""
        fresh = True  # until the first characters have come

        def on_event(event: Any) -> None:
            nonlocal fresh
            match event:
                case Reading(done, total):
                    self.figures.set_text(f"Reading the prompt: {done / total:.0%}")
                case Begun():
                    self._begin(event, document is not None)
                case Chunk(text, bits):
                    self.view.append_characters(text, (bits * _NATS).tolist())
                    self._characters += len(text)
                    self._bits += float(bits.sum(dtype=float))
                    self._tell_figures()
                    if fresh:
                        self.view.flush()
                        fresh = False
                case Done(result):
                    self._end(result, pen, name, request, document)
                case Cancelled():
                    self._end(None, pen, name, request, document)
                case Failed():
                    self._end(None, pen, name, request, document)
                    self._fail(event.sentence)

        self.banner.hide()
        self._job = self._desk.run_job("write", write(pen, request), on_event)
        self._tell()

    def _begin(self, begun: Begun, continued: bool) -> None:
        if not continued:
            self._document = None
            self._characters, self._bits = 0, 0.0
            self.view.clear_text()
            self.view.append_prompt(begun.settings.prompt)
        if begun.settings.random_seed is not None:
            self.controls.seed.set_value(begun.settings.random_seed)
        self.view.set_streaming(True)
        said = (self.seed_state.note(), self.controls.prompt_message.text())
        notices = [notice for notice in begun.notices if notice not in said and not notice.startswith("Characters")]
        if notices and not continued:
            self.banner.show_message("info", words.in_window(" ".join(notices)))

    def _end(self, written: Written | None, pen: Pen, name: str, request: Request, document: Document | None) -> None:
        self._job = None
        self.view.flush()
        self.view.set_streaming(False)
        if written is not None and document is not None:
            document.extend(written)
        elif written is not None:
            self._document = Document(pen, name, request, written)
        if written is not None and self._document is not None:
            self.seed_state.set_last(self._document.state, self._document.after)
            self.written.emit(self._document.draft())
            if written.ended == "failed":
                self._fail(written.problem)
        self._tell()

    def _temperature_changed(self, temperature: float) -> None:
        if self._job is not None:
            self._job.send(SetTemperature(temperature))

    def _unknown_changed(self, _choice: str) -> None:
        self.seed_state.set_unknown(self.controls.unknown_choice())

    # --- telling

    def _tell(self) -> None:
        writing, document = self._job is not None, self._document
        self.write_button.setText("Stop" if writing else "Write")
        self.write_button.setToolTip(f"{'Stop' if writing else 'Write'}  (Ctrl+Return)")
        self.write_button.setEnabled(writing or self._pen is not None)
        able = not writing and document is not None
        continuable = document is not None and document.state is not None and document.pen is not None
        self.continue_button.setEnabled(able and continuable)
        self.continue_button.setToolTip(self._continue_words())
        self.again_button.setEnabled(able and self._pen is not None)
        self.export_button.setEnabled(able)
        self.copy_button.setEnabled(self.view.length() > 0)
        self._tell_figures()

    def _continue_words(self) -> str:
        if self._document is not None and self._document.state is None:
            return "The state after this text is spoiled; nothing can go on from it"
        if self._document is not None and self._document.pen is None:
            return f"Open the model that wrote it ({self._document.name}) to go on"
        return "Go on exactly where the text ends, with the model that wrote it"

    def _tell_figures(self) -> None:
        count = self._characters
        if not count:
            self.figures.set_text("")
            return
        self.copy_button.setEnabled(True)
        told = f"{words.count(count, 'character')} · {self._bits / count:.2f} bits each"
        document = self._document
        pen = document.pen if document is not None else None
        if document is not None and self._open is not None and (pen is None or pen.model is not self._open.model):
            step = _step(pen.model.training) if pen is not None else 0
            told += f" · by {document.name}{f', step {step:,}' if step else ''}"
        self.figures.set_text(told)

    def _fail(self, sentence: str) -> None:
        self.banner.show_message("bad", words.in_window(sentence))

    def _show_panel(self) -> None:
        if self.is_narrow():
            self.open_drawer()

    # --- what is remembered

    def remembered(self) -> dict[str, Any]:
        """Everything as it is set."""
        tools = {"surprise": self.surprise.isChecked(), "monospace": self.monospace.isChecked()}
        return self.controls.remembered() | tools

    def recall(self, values: dict[str, Any]) -> None:
        """Set everything as it was remembered; what makes no sense keeps its default."""
        self.controls.recall(values)
        self.surprise.setChecked(values.get("surprise") is True)
        self.monospace.setChecked(values.get("monospace") is True)

    def restore(self, draft: Draft) -> None:
        """Show the text of last time, if nothing stands here yet."""
        if self._document is not None or self._job is not None or self.view.length():
            return
        document = self._document = Document.restored(draft)
        self._characters, self._bits = document.characters, document.bits
        bits = np.concatenate([part.surprises for part in document.parts])
        text = "".join(part.text for part in document.parts)
        self.view.append_prompt(document.last.prompt)
        self.view.append_characters(text, (bits * _NATS).tolist())
        self.view.flush()
        self.seed_state.set_last(document.state, document.after)
        self._model_changed(self._open)

    # --- taking it away

    def copy(self) -> None:
        """The selection, or the whole text, to the clipboard."""
        if self.view.length():
            self.view.copy()
            self.copy_button.setText("Copied")
            self._copied.start()

    def _forget_copied(self) -> None:
        self.copy_button.setText("Copy")

    def export(self) -> None:
        """Ask for a name and write the text to it; the suffix says how."""
        if self._job is not None:
            self.banner.show_message("info", "The text is still being written; stop it, or wait until it is done.")
        elif self._document is None:
            self.banner.show_message("info", "There is nothing to export yet; write something first.")
        else:
            ask_and_export(self._desk, self._files, self, self.banner, self._document)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.seed_state.wake()


def _step(training: dict[str, Any]) -> int:
    """The step a model was taken at, from its summary; 0 where it does not say (files come from strangers)."""
    step = training.get("step")
    return step if type(step) is int and step > 0 else 0


def _describe(opened: OpenModel) -> str:
    shape = f"{opened.name} · {opened.model.config.describe()}"
    step = _step(opened.model.training)
    return f"{shape} · learning, step {step:,}" if opened.live and step else shape
