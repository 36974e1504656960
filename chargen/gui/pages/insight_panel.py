"""The panel of the Insight page: the number, what it means, what reading starts from, the worst and best passages."""

from collections.abc import Sequence

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from chargen.gui import theme
from chargen.gui.pages.insight_telling import comparison, counted, guess_words, unknown_words
from chargen.gui.pages.states_pick import StatePicker
from chargen.gui.widgets.labelled import FieldLabel, HintLabel, NumberLabel, SectionLabel
from chargen.gui.widgets.passage_list import PassageList, PassageRow
from chargen.gui.widgets.seed_state_control import Message
from chargen.model.model_file import Model
from chargen.sampling.passages import Passage
from chargen.sampling.surprise import TextScore

WHAT_IT_IS = "How many bits the network needs for each character: the fewer, the better it foresaw the text."
_SHOWN = 4
_WORDS = 240


class InsightPanel(QObject):
    """Fills a layout. ``chosen`` carries a passage; ``start_changed`` tells that reading starts from another state."""

    chosen = Signal(int, int)
    start_changed = Signal()

    def __init__(self, layout: QVBoxLayout, parent: QWidget) -> None:
        super().__init__(parent)
        self.number = NumberLabel()
        self.beside = HintLabel()
        self.beside.setAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        self.told = HintLabel(WHAT_IT_IS)
        self.unknown = Message()
        self.start = StatePicker("Read from")
        self.start.picked.connect(lambda _key: self.start_changed.emit())
        self.worst, self.best = PassageList("Least expected"), PassageList("Most expected")
        self.worst.chosen.connect(self._chosen)
        self.best.chosen.connect(self._chosen)
        line = QHBoxLayout()
        line.setSpacing(theme.SPACE_3)
        line.addWidget(self.number)
        line.addWidget(self.beside, 1)
        head = QVBoxLayout()
        head.setSpacing(theme.SPACE_1 + 2)
        head.addWidget(SectionLabel("Bits per character"))
        head.addLayout(line)
        head.addWidget(self.told)
        head.addWidget(self.unknown)
        layout.addLayout(head)
        layout.addWidget(FieldLabel("Read from", self.start))
        layout.addWidget(self.worst)
        layout.addWidget(self.best)
        layout.addStretch(1)

    def _chosen(self, first: int, last: int) -> None:
        (self.best if self.sender() is self.worst else self.worst).unmark()
        self.chosen.emit(first, last)

    def clear(self) -> None:
        """No score."""
        self.number.setText("–")
        self.beside.setText("")
        self.told.setText(WHAT_IT_IS)
        self.unknown.say("")
        self.worst.set_rows([])
        self.best.set_rows([])

    def show_running(self, bits: float, characters: int) -> None:
        """What was read until now."""
        if characters:
            self.number.setText(f"{bits:.2f}")
            self.beside.setText(f"{counted(characters)}\n{guess_words(bits)}")

    def show_score(self, score: TextScore, model: Model) -> None:
        """The whole result."""
        bits, characters = score.bits_per_character, score.characters
        self.show_running(bits, characters)
        self.told.setText(comparison(model, bits, characters))
        self.unknown.say(unknown_words(score.unknown), "caution")
        worst, best = score.passages
        self.worst.set_rows(_rows(score.text, worst))
        self.best.set_rows(_rows(score.text, best))


def one_line(text: str) -> str:
    """``first line / second line``"""
    lines = (" ".join(line.split()) for line in text.splitlines())
    return " / ".join(line for line in lines if line)


def _rows(text: str, found: Sequence[Passage]) -> list[PassageRow]:
    return [
        PassageRow(each.first, each.last, one_line(text[each.first : each.last])[:_WORDS], each.bits)
        for each in found[:_SHOWN]
    ]
