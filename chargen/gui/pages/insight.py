"""The Insight page: what surprises the network in a text, character by character and passage by passage."""

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PySide6.QtCore import QRect, Signal
from PySide6.QtGui import QGuiApplication, QKeyEvent, QKeySequence, QShowEvent
from PySide6.QtWidgets import QWidget

from chargen.corpus.vocabulary import display_name
from chargen.gui import score_work, words
from chargen.gui.desk import Desk, OpenModel
from chargen.gui.pages.insight_frame import InsightFrame
from chargen.gui.pages.insight_telling import character_words, counted
from chargen.gui.pages.states_pick import Pick, basic_picks
from chargen.gui.pages.states_shelf import unfit
from chargen.gui.pages.write_telling import describe
from chargen.gui.pickers import TEXTS, Pickers
from chargen.gui.score_work import LONGEST, Given, Scored
from chargen.gui.states_work import LEARNED, ZEROS, key_of, list_states
from chargen.gui.widgets.reading_view import later
from chargen.gui.widgets.text_entry import EDITABLE
from chargen.jobs import Cancelled, Done, Failed, Job, Worker
from chargen.model.state_library import StateCard
from chargen.sampling.commands import Stop
from chargen.sampling.export_surprise import SUFFIXES, export_score
from chargen.sampling.requests import Pen
from chargen.sampling.surprise import TextScore

_NATS = np.float32(np.log(2.0))
_PAUSE_MS = 1_200
_PAUSE_NEEDS = 40  # characters: a score of less says nothing
_REMEMBERED = 20_000
_FILTERS = "JSON, with the passages (*.json);;Table, a row for each character (*.csv)"


class InsightPage(InsightFrame):
    """``settings_changed`` tells of what is remembered."""

    settings_changed = Signal()

    def __init__(self, desk: Desk, files: Pickers, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._desk, self._files = desk, files
        self._open: OpenModel | None = None
        self._pen: Pen | None = None
        self._text, self._name = "", ""
        self._job: Job | None = None
        self._reading: Job | None = None
        self._score: TextScore | None = None
        self._bits = np.zeros(0, np.float32)  # as far as it is scored
        self._sum, self._count, self._began = 0.0, 0, 0.0
        self._stale = False  # another model or start, or a text that nobody has looked at
        self._cards: list[StateCard] = []
        self._pause = later(self, _PAUSE_MS)
        self._connect()
        self._model_changed(desk.model)

    def _connect(self) -> None:
        self._empty.activated.connect(lambda: self._desk.page_wanted.emit("train"))
        self.monospace.toggled.connect(self.settings_changed)
        self.score_button.clicked.connect(self.score_or_stop)
        self.edit_button.clicked.connect(self.edit)
        self.paste_button.clicked.connect(self.paste)
        self.open_button.clicked.connect(self._ask_for_text)
        self.export_button.clicked.connect(self.export)
        self.entry.pasted.connect(self.take)
        self.entry.textChanged.connect(self._typed)
        self._pause.timeout.connect(self._after_pause)
        self.result.chosen.connect(self.show_passage)
        self.result.start_changed.connect(self._start_changed)
        self.view.character_hovered.connect(self._look)
        self.view.caret_rested.connect(self._look)
        self._desk.model_changed.connect(self._model_changed)

    # --- the model and what reading starts from

    def _model_changed(self, opened: OpenModel | None) -> None:
        before = self._open
        self._open = opened
        self._pen = Pen(opened.model) if opened is not None else None
        self.chip.set_text(describe(opened) if opened is not None else "")
        self.show_empty(self._empty if opened is None and not self._text else None)
        for tool in (self.legend, self.monospace):
            tool.setVisible(not self.is_empty())
        learned = opened is not None and opened.model.config.initial_state == "learned"
        if opened is not None and (before is None or before.model.config != opened.model.config):
            wanted = self.result.start.wanted()
            if wanted in (ZEROS, LEARNED):
                self.result.start.set_key(LEARNED if learned else ZEROS)  # what training started from
        self._show_picks()
        if opened is not None and self._text and not (opened.live and self._score is not None):
            self._rescore()  # the one that learns comes every few seconds: then when it is asked for
        self._tell()

    def _show_picks(self) -> None:
        config = self._pen.model.config if self._pen is not None else None
        learned = config is not None and config.initial_state == "learned"
        kept = [Pick(key_of(card.path), card.name, unfit(card, config)) for card in self._cards if not card.problem]
        self.result.start.set_picks([*basic_picks(learned), *kept])

    def _start_changed(self) -> None:
        self.settings_changed.emit()
        if self._text:
            self._rescore()

    def _rescore(self) -> None:
        """Again with what is set now; when somebody looks."""
        if self.isVisible():
            self._run()
        else:
            self._stale = True

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._desk.run_job("states", list_states, self._listed)
        if self._stale and self._pen is not None and self._text:
            self._run()

    def _listed(self, event: Any) -> None:
        if isinstance(event, Done):
            self._cards = event.result
            self._show_picks()

    # --- a text comes

    def take(self, text: str, name: str = "") -> None:
        """Score this text; what is measured of another one is left."""
        text = text.replace("\r\n", "\n").replace("\r", "\n")
        text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
        if not text.strip():
            self._say("caution", "There is nothing to score in that: it holds no text.")
        elif len(text) > LONGEST:
            self._say("caution", f"A text here has at most {LONGEST:,} characters; chargen score takes longer ones.")
        else:
            self._name = name
            self._put(text)
            self._read_view()
            self._run()

    def paste(self) -> None:
        """Score what is on the clipboard."""
        self.take(QGuiApplication.clipboard().text())

    def open_paths(self, paths: Sequence[Path]) -> None:
        """Score text files; what stands here stays until they are read."""

        def on_event(event: Any) -> None:
            if job is not self._reading:
                return
            self._reading = None
            match event:
                case Done(Given(text, name)):
                    self.take(text, name)
                case Failed():
                    self._say("bad", words.in_window(event.sentence))
            self._tell()

        if self._reading is not None:
            self._reading.cancel()
        job = self._reading = self._desk.run_job("read", score_work.read_files(paths), on_event)
        self._tell()

    def _ask_for_text(self) -> None:
        self._files.open_files(self, "Score texts", TEXTS, self.open_paths)

    def _put(self, text: str) -> None:
        """Another text on the page, not measured yet."""
        self._leave_job()
        self._text, self._score = text, None
        self._bits = np.full(len(text), np.nan, np.float32)
        self.banner.hide()
        self.result.clear()
        self.view.show_written("", text, np.full(len(text), np.nan, np.float32), 0)
        self.show_empty(self._empty if self._pen is None and not text else None)
        self.settings_changed.emit()

    def _read_view(self) -> None:
        """The text to be read rather than typed."""
        self._pause.stop()
        if self.pane.currentWidget() is not self.view:
            self.pane.setCurrentWidget(self.view)
            self.entry.blockSignals(True)
            self.entry.clear()
            self.entry.blockSignals(False)
            self.view.setFocus()
        self._tell()

    def edit(self) -> None:
        """Change the text where it stands, or begin another one."""
        self._leave_job()
        self.entry.blockSignals(True)
        self.entry.setPlainText(self._text if len(self._text) <= EDITABLE else "")
        self.entry.blockSignals(False)
        self.pane.setCurrentWidget(self.entry)
        self.entry.setFocus()
        self._tell()

    def is_editing(self) -> bool:
        return self.pane.currentWidget() is self.entry

    def _typed(self) -> None:
        self._leave_job()
        self._pause.start()
        self._tell()

    def _after_pause(self) -> None:
        """The number and the passages, while the text can still be typed in."""
        text = self.entry.text()
        if self.is_editing() and text != self._text and len(text.strip()) >= _PAUSE_NEEDS and self._pen is not None:
            self._put(text)
            self._run()

    # --- scoring

    def score_or_stop(self) -> None:
        """What the primary button does."""
        if self._job is not None:
            self._job.send(Stop())
            return
        if not self.is_editing():
            self._run()
            return
        text = self.entry.text()
        if not text.strip():
            self._say("info", "There is no text yet: paste one, drop a file, or type.")
            self.entry.setFocus()
        elif text == self._text and self._score is not None:
            self._read_view()
        else:
            self.take(text)

    def _run(self) -> None:
        self._leave_job()
        self._stale = False
        pen = self._pen
        if pen is None:
            self._say("info", "Open a model first: a text is scored by a network that has learned.")
            return
        self.banner.hide()
        self._sum, self._count, self._began = 0.0, 0, time.monotonic()
        self._score = None

        def on_event(event: Any) -> None:
            if job is not self._job:
                return
            match event:
                case Scored():
                    self._take_piece(event)
                    return
                case Done(TextScore() as score):
                    self._job, self._score = None, score
                    self.result.show_score(score, pen.model)
                    if not score.complete:
                        told = f"Stopped after {counted(score.characters)}; press Score to read the whole text."
                        self._say("info", told)
                case Failed():
                    self._job = None
                    self.result.clear()
                    self._say("bad", words.in_window(event.sentence))
                case Cancelled() | Done():
                    self._job = None
            self._tell()

        work = score_work.score(pen, self._text, self.result.start.key())
        job = self._job = self._desk.run_job("score", work, on_event)
        self._tell()

    def _take_piece(self, piece: Scored) -> None:
        last = piece.first + len(piece.bits)
        self._bits[piece.first : last] = piece.bits
        self.view.measure(piece.first, piece.bits * _NATS)
        measured = piece.bits[~np.isnan(piece.bits)]
        self._sum += float(measured.sum(dtype=np.float64))
        self._count += len(measured)
        self.result.show_running(self._sum / max(self._count, 1), self._count)
        gone = time.monotonic() - self._began
        if gone > 1.0:
            self.figures.set_text(f"Read {piece.share:.0%} · {words.clock(gone * (1 / piece.share - 1))} left")

    def _leave_job(self) -> None:
        if self._job is not None:
            self._job.cancel()
            self._job = None

    # --- looking

    def show_passage(self, first: int, last: int) -> None:
        """Scroll to a passage and mark it."""
        if self.is_editing():
            self._read_view()
        self.view.mark(first, last)
        if self.is_narrow():
            self.open_drawer(False)

    def _look(self, offset: int, _beside: QRect) -> None:
        if self._job is None:
            self._tell_figures(offset)

    def _tell(self) -> None:
        scoring, editing = self._job is not None, self.is_editing()
        self.score_button.setText("Stop" if scoring else "Score")
        self.score_button.setEnabled(scoring or self._pen is not None)
        self.edit_button.setVisible(not editing)
        self.edit_button.setText("Edit" if len(self._text) <= EDITABLE else "New text")
        self.export_button.setEnabled(not scoring and self._score is not None)
        self._tell_figures()

    def _tell_figures(self, offset: int = -1) -> None:
        if self._reading is not None:
            self.figures.set_text("Reading the file")
        elif self._job is not None:
            self.figures.set_text("Reading the text")
        elif 0 <= offset < len(self._text) and not self.is_editing():
            name = display_name(self._text[offset])
            name = f"“{name}”" if len(name) == 1 else name
            self.figures.set_text(character_words(name, float(self._bits[offset])))
        elif self.is_editing():
            self.figures.set_text(counted(len(self.entry.text())) if self.entry.document().characterCount() > 1 else "")
        else:
            self.figures.set_text(counted(len(self._text)) + (f" · {self._name[:40]}" if self._name else ""))

    def _say(self, kind: Any, sentence: str) -> None:
        self.banner.show_message(kind, sentence)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.matches(QKeySequence.StandardKey.Paste) and not self.is_editing():
            self.paste()
            return
        super().keyPressEvent(event)

    # --- taking it away

    def export(self) -> None:
        """Ask for a name and write the score to it; the suffix says how."""
        score = self._score
        if score is None:
            return

        def chosen(path: Path) -> None:
            def work(_worker: Worker) -> Path:
                export_score(score, path)
                return path

            def on_event(event: Any) -> None:
                if isinstance(event, Done):
                    self._say("good", f"Exported to “{path}”.")
                elif isinstance(event, Failed):
                    self._say("bad", words.in_window(event.sentence))

            self._desk.run_job("export", work, on_event)

        self._files.name_file(self, "Export the score", f"score{SUFFIXES[0]}", _FILTERS, chosen)

    # --- what is remembered

    def remembered(self) -> dict[str, Any]:
        """The text, if it is not long, and what is chosen."""
        text = self.entry.text() if self.is_editing() else self._text
        return {
            "text": text if len(text) <= _REMEMBERED else "", "name": self._name[:200], "editing": self.is_editing(),
            "start": self.result.start.wanted(), "monospace": self.monospace.isChecked(),
        }  # fmt: skip

    def recall(self, values: dict[str, Any]) -> None:
        """As it was remembered; what makes no sense keeps its default. It is scored again when somebody looks."""
        self.monospace.setChecked(values.get("monospace") is True)
        text, name, start = values.get("text"), values.get("name"), values.get("start")
        if isinstance(start, str):
            self.result.start.set_key(start)
        if not isinstance(text, str) or not 0 < len(text) <= _REMEMBERED:
            return
        self._name = name[:200] if isinstance(name, str) else ""
        self._put(text)
        self._stale = True
        if values.get("editing") is True:
            self.edit()
        else:
            self._read_view()
        if self._pen is not None:
            self._rescore()
