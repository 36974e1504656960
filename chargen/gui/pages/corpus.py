"""The Corpus page: drop a text, see what it is, choose how it is read."""

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QVBoxLayout, QWidget

from chargen.gui import pickers, tasks, theme, words
from chargen.gui.desk import Desk
from chargen.gui.pages.corpus_empty import CorpusEmpty
from chargen.gui.pages.page import Page
from chargen.gui.pickers import Pickers
from chargen.gui.widgets.buttons import GhostButton, IconButton, PrimaryButton, SecondaryButton
from chargen.gui.widgets.cards import Card
from chargen.gui.widgets.file_list import FileList
from chargen.gui.widgets.labelled import ElidedLabel, FieldLabel, HintLabel, SectionLabel
from chargen.gui.widgets.number_slider import NumberSlider
from chargen.gui.widgets.progress_bar import ThinProgress
from chargen.gui.widgets.text_preview import PREVIEW_CHARACTERS, Mark, TextPreview
from chargen.gui.widgets.vocabulary_grid import VocabularyGrid
from chargen.jobs import Done
from chargen.settings import OPTIONS

if TYPE_CHECKING:
    from chargen.corpus.builder import Source
    from chargen.corpus.corpus import Corpus

ENCODINGS = (
    "utf-8", "utf-16", "cp1252", "iso8859-15", "cp1250", "cp1251", "koi8-r", "cp1253", "cp1254", "cp1255", "cp1256",
    "shift_jis", "euc_jp", "gb18030", "big5", "euc_kr", "mac-roman", "cp437",
)  # fmt: skip
_CODE = {
    ".py", ".c", ".h", ".cpp", ".rs", ".go", ".js", ".ts", ".java", ".json", ".xml", ".html", ".css", ".csv", ".sh",
}  # fmt: skip
_SIGN_MS = 100  # after so long without an end, a sign that something runs
_GRID_HEIGHT = 244


class CorpusPage(Page):
    """The text on the desk, or the place to drop one."""

    def __init__(self, desk: Desk, files: Pickers, parent: QWidget | None = None) -> None:
        super().__init__("Corpus", "Text settings", parent)
        self.desk, self._files = desk, files
        self.empty = CorpusEmpty()
        self.empty.zone.browse.connect(self.browse)
        self.empty.zone.dropped.connect(desk.open_paths)
        self.empty.zone.refused.connect(self._refused)
        self.empty.example.connect(desk.open_catalog)
        self._make_work()
        self._make_panel_content()
        self._make_reading()
        self.banner.action.connect(self._read_as_text)
        desk.corpus_changed.connect(self._show)
        desk.corpus_reading.connect(self._reading)
        desk.corpus_failed.connect(self._not_read)
        self._show(desk.corpus)
        desk.run_job("catalog", _catalog, self._catalog_read)

    # --- making

    def _make_work(self) -> None:
        self.another = GhostButton("Another text…", "open")
        self.another.clicked.connect(self.browse)
        self.close_text = IconButton("close", "Take this text off the desk")
        self.close_text.clicked.connect(self.desk.close_corpus)
        self.add_tool(self.another)
        self.add_tool(self.close_text)
        self.facts = ElidedLabel("", "secondary")
        self.preview = TextPreview()
        card = Card()
        card.setAccessibleName("The text")
        card.body.addWidget(self.preview)
        self.work.setSpacing(theme.SPACE_2)
        self.work.addWidget(self.facts)
        self.work.addWidget(card, 1)
        self.train = PrimaryButton("Train on this", "train")
        self.train.clicked.connect(self._train)
        self.foot.addWidget(self.train)
        self.foot.addStretch(1)

    def _make_reading(self) -> None:
        """The row that says how far reading is; it stands above the page, empty or not."""
        self.progress_row = QWidget()
        row = QHBoxLayout(self.progress_row)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(theme.SPACE_3)
        self.progress_text = HintLabel("Reading…")
        self.progress_text.setWordWrap(False)
        self.progress = ThinProgress("Reading")
        self.cancel = SecondaryButton("Cancel")
        self.cancel.clicked.connect(self.desk.cancel_reading)
        row.addWidget(self.progress_text)
        row.addWidget(self.progress, 1)
        row.addWidget(self.cancel)
        self.progress_row.hide()
        self.add_above(self.progress_row)
        self._sign = QTimer(self)
        self._sign.setSingleShot(True)
        self._sign.setInterval(_SIGN_MS)
        self._sign.timeout.connect(self.progress_row.show)

    def _make_panel_content(self) -> None:
        self.files = FileList()
        self.files.ordered.connect(self.order_files)
        self.files.removed.connect(self.remove_file)
        self.add_files = SecondaryButton("Add files…", "plus")
        self.add_files.clicked.connect(self._add_files)
        files = QVBoxLayout()
        files.setSpacing(theme.SPACE_1)
        files.addWidget(SectionLabel("Files"))
        files.addWidget(self.files)
        files.addSpacing(theme.SPACE_1)
        files.addWidget(self.add_files, 0, Qt.AlignmentFlag.AlignLeft)
        self.panel.addLayout(files)
        self.encoding = QComboBox()
        self.encoding.addItem("Guess", None)
        for name in ENCODINGS:
            self.encoding.addItem(name, name)
        self.encoding.activated.connect(self._encoding_chosen)
        self.encoding_field = FieldLabel("Encoding", self.encoding, " ")
        self.newlines = QComboBox()
        self.newlines.addItem("Make all line endings alike", "normalise")
        self.newlines.addItem("Keep line endings as they are", "keep")
        self.newlines.activated.connect(self._newlines_chosen)
        self.newlines_field = FieldLabel("Newlines", self.newlines, " ")
        option = OPTIONS["validation"]
        self.validation = NumberSlider(0, 50, 1, 10, decimals=0, suffix="%", name=option.label)
        self.validation.changed.connect(self._validation_chosen)
        self.validation_field = FieldLabel("Kept aside", self.validation, option.help)
        self.symbols = SectionLabel("Symbols")
        self.grid = VocabularyGrid()
        self.grid.setMinimumHeight(_GRID_HEIGHT)
        for widget in (self.encoding_field, self.newlines_field, self.validation_field):
            self.panel.addWidget(widget)
        self.panel.addWidget(self.symbols)
        self.panel.addWidget(self.grid, 1)

    # --- what the desk says

    def _catalog_read(self, event: Any) -> None:
        if isinstance(event, Done):
            self.empty.set_entries(event.result)

    def _show(self, corpus: "Corpus | None") -> None:
        self.another.setVisible(corpus is not None)
        self.close_text.setVisible(corpus is not None)
        if corpus is None:
            self.chip.set_text("")
            self.banner.hide()
            self.show_empty(self.empty)
            return
        self.show_empty(None)
        self.chip.set_text(corpus.name)
        self.facts.set_text(facts(corpus))
        beginning = corpus.text(0, PREVIEW_CHARACTERS)
        if beginning != self.preview.text():
            self.preview.set_text(beginning, corpus.characters)
        if self._marked is not corpus.ids:  # the same text may have been cleaned of other things
            self._marked = corpus.ids
            self.preview.set_marks(_marks(corpus, beginning))
        self.preview.set_monospace(_is_code(corpus.sources))
        self._show_panel(corpus)
        if corpus.notices:
            more = len(corpus.notices) - 1
            rest = f" ({words.count(more, 'more notice')}.)" if more else ""
            self.banner.show_message("info", words.in_window(corpus.notices[0]) + rest)
            self.banner.setToolTip("\n".join(corpus.notices) if more else "")
        else:
            self.banner.hide()

    def _show_panel(self, corpus: "Corpus") -> None:
        choices = self.desk.choices
        self._list_files(choices)
        from_files = bool(choices.paths)
        self.add_files.setVisible(from_files)
        self.encoding_field.setVisible(from_files)
        self.newlines_field.setVisible(from_files)
        guesses = {source.encoding for source in corpus.sources if source.encoding is not None}
        names = sorted({guess.name for guess in guesses})
        self.encoding.setItemText(0, f"Guess: {', '.join(names)}" if choices.encoding is None and names else "Guess")
        at = self.encoding.findData(choices.encoding)
        if at < 0:
            self.encoding.addItem(str(choices.encoding), choices.encoding)
            at = self.encoding.count() - 1
        self.encoding.setCurrentIndex(at)
        hows = sorted({f"{guess.confidence}, {guess.how}" for guess in guesses})
        self.encoding_field.set_hint(_sentence("; ".join(hows[:2])))
        self.newlines.setCurrentIndex(self.newlines.findData(choices.newlines))
        steps = [step for source in corpus.sources for step in source.cleaning if step.name == "newlines"]
        changed = sum(step.count for step in steps)
        if choices.newlines == "keep":
            hint = "Nothing was changed."
        elif changed:
            hint = f"{words.count(changed, 'line ending was', 'line endings were')} turned into plain newlines."
        else:
            hint = "All line endings were plain newlines already."
        self.newlines_field.set_hint(hint)
        self.validation.set_value(corpus.validation_share * 100)
        self.symbols.set_text(f"{corpus.symbols:,} symbols")
        if len(self.grid.symbols()) != corpus.symbols or self._shown_text != corpus.sha256:
            counts = zip(corpus.vocabulary.characters, corpus.counts.tolist(), strict=True)
            self.grid.set_counts([(character, count) for character, count in counts if count])
            self._shown_text = corpus.sha256

    _shown_text = ""
    _marked: Any = None  # the ids whose marks are shown

    def _list_files(self, choices: tasks.TextChoices) -> None:
        """Every file that was read, also those of a folder."""
        corpus = self.desk.corpus
        sources = [Path(source.path) for source in corpus.sources] if corpus is not None else []
        movable = bool(choices.paths)
        self.files.set_paths(sources if movable else [Path(corpus.name if corpus is not None else "")], movable)

    def _reading(self, share: float | None) -> None:
        if share is None:
            self._sign.stop()
            self.progress_row.hide()
            self._list_files(self.desk.choices)  # an order that was not read after all is none
            return
        if share == 0:
            self.banner.hide()
            self._sign.start()
        self.progress.set_fraction(share)
        self.progress_text.setText(f"Reading · {share:.0%}")

    def _not_read(self, sentence: str) -> None:
        if self.desk.corpus is not None:
            self._show_panel(self.desk.corpus)  # the choices that failed are not those of the text shown
        binary = "--as-text" in sentence
        self.banner.show_message("bad", words.in_window(sentence), "Read as text" if binary else None)

    def _refused(self, sentence: str) -> None:
        self.banner.show_message("caution", sentence)

    # --- what a person does

    def browse(self) -> None:
        """Choose texts in the system's dialog."""
        self._files.open_files(self, "Open texts", pickers.TEXTS, self.desk.open_paths)

    def _add_files(self) -> None:
        def chosen(paths: list[Path]) -> None:
            known = self.desk.choices.paths
            self.desk.read_again(paths=(*known, *(path for path in paths if path not in known)))

        self._files.open_files(self, "Add texts", pickers.TEXTS, chosen)

    def remove_file(self, index: int) -> None:
        """Read again without one of the files (of a folder, with all others by name); without the last, be empty."""
        paths = [Path(path) for path in self.files.paths()]
        del paths[index]
        if paths:
            self.desk.read_again(paths=tuple(paths))
        else:
            self.desk.close_corpus()

    def order_files(self, paths: list[str]) -> None:
        """Read again in another order; the files of a folder are then read by name."""
        self.desk.read_again(paths=tuple(Path(path) for path in paths))

    def _encoding_chosen(self, index: int) -> None:
        name = self.encoding.itemData(index)
        if name != self.desk.choices.encoding:
            self.desk.read_again(encoding=name)

    def _newlines_chosen(self, index: int) -> None:
        choice = self.newlines.itemData(index)
        if choice != self.desk.choices.newlines:
            self.desk.read_again(newlines=choice)

    def _validation_chosen(self, percent: float) -> None:
        self.desk.set_validation(percent / 100)

    def _read_as_text(self) -> None:
        failed = self.desk.failed_choices
        self.desk.read_texts(failed.paths, failed.encoding, True, failed.newlines, failed.validation)

    def _train(self) -> None:
        self.desk.page_wanted.emit("train")


def _catalog(_worker: Any) -> list[Any]:
    from chargen.corpus.catalog import entries

    return entries()


def facts(corpus: "Corpus") -> str:
    """What the text is, in one line."""
    parts = [f"{corpus.characters:,} characters", f"{corpus.symbols:,} symbols"]
    if len(corpus.sources) > 1:
        parts.insert(0, words.count(len(corpus.sources), "file"))
    guesses = {source.encoding for source in corpus.sources if source.encoding is not None}
    if len(guesses) == 1:
        guess = next(iter(guesses))
        parts.append(f"{guess.name}, {guess.how}")
    elif guesses:
        parts.append(f"encodings {', '.join(sorted({guess.name for guess in guesses}))}")
    return " · ".join(parts)


def _sentence(fragment: str) -> str:
    return fragment[:1].upper() + fragment[1:] + "." if fragment else ""


def _marks(corpus: "Corpus", beginning: str) -> list[Mark]:
    """What cleaning changed in the part that is shown."""
    marks = [Mark(at, at + 1, "ending") for at in corpus.changed_endings if at < len(beginning)]
    return marks + (_replaced(beginning) if _undecodable(corpus.sources) else [])


def _undecodable(sources: "Iterable[Source]") -> bool:
    return any(step.name == "undecodable" for source in sources for step in source.cleaning)


def _replaced(text: str) -> list[Mark]:
    """The places where something could not be decoded."""
    return [Mark(at, at + 1) for at, character in enumerate(text) if character == "\ufffd"]


def _is_code(sources: "Iterable[Source]") -> bool:
    first = next(iter(sources), None)
    return first is not None and (first.path == "python-source" or Path(first.path).suffix.lower() in _CODE)
