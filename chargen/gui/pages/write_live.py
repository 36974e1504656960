"""Another seed state while a text is written: the text goes on from it from its next character on."""

from collections.abc import Callable

from PySide6.QtCore import QObject

from chargen.gui.desk import Desk
from chargen.gui.pages.write_seed import SeedState
from chargen.gui.widgets.reading_view import later
from chargen.model.state import HiddenState
from chargen.sampling.commands import SetState
from chargen.sampling.events import WentOn
from chargen.sampling.seeds import state_fingerprint

_BETWEEN_MS = 100  # a slider that is moved makes a state every few milliseconds


class LiveState(QObject):
    """Sends what is chosen to the job that writes (``send``), at most ten times a second, nothing twice in a row."""

    def __init__(self, desk: Desk, seed_state: SeedState, send: Callable[[SetState], None], parent: QObject) -> None:
        super().__init__(parent)
        self._desk, self._seed_state, self._send = desk, seed_state, send
        self._writing = self._moves = False
        self._sent = ""  # the fingerprint of the last one
        self._next: HiddenState | None = None
        self._between = later(seed_state.control, _BETWEEN_MS)
        self._between.timeout.connect(self._send_next)
        seed_state.taken.connect(self._take)
        desk.state_moved.connect(seed_state.follow)

    def begin(self, *, moves: bool) -> None:
        """Something is being written from now on; ``moves`` says whether it can go on from another state."""
        self._writing, self._moves, self._sent = True, moves, ""
        self._seed_state.tell_live("")
        self._tell_desk()

    def end(self) -> None:
        self._writing, self._next = False, None
        self._tell_desk()

    def went_on(self, event: WentOn) -> None:
        """The job has done it."""
        self._seed_state.tell_live(f"From character {event.characters + 1:,} on, the text is written from this state.")

    def _tell_desk(self) -> None:
        state = self._seed_state.seed()
        held = self._writing and self._moves and isinstance(state, HiddenState)
        self._desk.set_written_with(state if held else None)

    def _take(self, state: HiddenState) -> None:
        if not self._writing:
            return
        self._tell_desk()
        self._next = state
        if not self._between.isActive():
            self._send_next()

    def _send_next(self) -> None:
        state, self._next = self._next, None
        if state is None or state_fingerprint(state) == self._sent:
            return
        self._sent = state_fingerprint(state)
        self._send(SetState(state))
        self._between.start()
