"""A state that was sent to the Write page and is being written with: what becomes of it here acts on the text."""

from PySide6.QtCore import QObject

from chargen.gui.desk import Desk
from chargen.gui.pages.states_pick import ResultBar
from chargen.model.state import HiddenState
from chargen.sampling.seeds import state_fingerprint


class Follow(QObject):
    """Has the text that is being written follow the state of a bench; ``told`` is what its ``bar`` says of that."""

    def __init__(self, desk: Desk, bar: ResultBar, told: str, parent: QObject) -> None:
        super().__init__(parent)
        self._desk, self._bar, self._told = desk, bar, told
        self._sent: HiddenState | None = None
        desk.written_with_changed.connect(self.tell)

    def sent(self, state: HiddenState) -> None:
        """The Write page is to use it."""
        self._sent = state

    def moved(self, state: HiddenState) -> None:
        """It has become this one."""
        if self.is_live() and self._sent is not None and state_fingerprint(state) != state_fingerprint(self._sent):
            self._sent = state
            self._desk.move_state(state)
        self.tell()

    def is_live(self) -> bool:
        """Whether it is the state that is chosen for the text that is being written."""
        return self._sent is not None and self._desk.written_with is self._sent

    def tell(self, *_state: object) -> None:
        if self.is_live():
            self._bar.say(self._told)
        elif self._bar.message.text() == self._told:
            self._bar.say("")
