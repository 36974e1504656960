"""The text that a network writes, as it writes it."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PySide6.QtWidgets import QWidget

from chargen.gui import theme
from chargen.gui.widgets import heat
from chargen.gui.widgets.reading_view import ReadingView, Style, later

_BATCH_MS = 4
_BATCH = 128
"""Characters shown in one go while text streams in: a few milliseconds; more only where that does not keep up."""
_BEHIND = 8  # so many batches for what has arrived
_SLICE = 50_000
"""Characters of a long text that are put in at a time: a few milliseconds each."""


class SampleView(ReadingView):
    """Streams text; on demand tints every character by how much it surprised the network.

    ``append`` is cheap: what arrives is shown a moment later, in batches so small that nothing waits for one.
    Surprises are in nats (minus the natural logarithm of the character's probability).
    """

    def __init__(self, name: str = "Generated text", parent: QWidget | None = None) -> None:
        super().__init__(name, parent)
        self._pending: list[str] = []
        self._levels = bytearray()
        self._tint = False
        self._marked = (0, 0)
        self._prompt = 0
        self._streaming = False
        self._timer = later(self, _BATCH_MS)
        self._timer.timeout.connect(self._show_some)
        self._coming: tuple[str, NDArray[np.float32], int | None] | None = None  # a long text; its place
        self._taken = 0  # characters of it that are in
        self._slices = later(self, 0)
        self._slices.timeout.connect(self._take_slice)

    def append(self, text: str) -> None:
        """Add text without measurements."""
        self._queue(text, bytes([heat.NONE]) * len(text))

    def append_prompt(self, text: str) -> None:
        """Add what a person wrote; shown in secondary ink. Only at the beginning."""
        self.append(text)
        self._prompt = len(self._levels)

    def append_characters(self, text: str, surprises: Sequence[float] | NDArray[np.float32] | None = None) -> None:
        """Add text with one surprise a character."""
        if surprises is None:
            self.append(text)
            return
        if len(surprises) != len(text):
            raise ValueError("One surprise a character is needed.")
        self._queue(text, heat.levels(surprises))

    def set_text(self, text: str, prompt_length: int = 0, surprises: Sequence[float] | None = None) -> None:
        """Replace everything and go to the top."""
        self._timer.stop()
        self._slices.stop()
        self._coming = None
        self._pending.clear()
        given = heat.levels(surprises) if surprises is not None else b""
        self._levels = bytearray(given[: len(text)].ljust(len(text), bytes([heat.NONE])))
        self._prompt = prompt_length
        self._bands.clear()
        self._marked = (0, 0)
        self._stuck = False
        self.verticalScrollBar().setValue(0)
        self._reset(text)

    def show_written(self, prompt: str, text: str, surprises: NDArray[np.float32], place: int | None = None) -> None:
        """Replace everything by a text with one surprise a character, from ``place`` on (None: its end).

        A long one is put in slice by slice, so that nothing waits for it.
        """
        self.clear_text()
        self.append_prompt(prompt)
        self._coming, self._taken = (text, surprises, place), 0
        self._take_slice()

    def measure(self, first: int, surprises: NDArray[np.float32]) -> None:
        """Surprises of characters that are shown, or still on the way, from ``first`` on."""
        inside = max(min(len(self._levels) - first, len(surprises)), 0)
        self._levels[first : first + inside] = heat.levels(surprises[:inside])
        if self._coming is not None:
            text, coming, place = self._coming
            begin = first - (len(self._levels) - self._taken)  # counted without the prompt
            coming = coming if coming.flags.writeable else coming.copy()
            coming[max(begin, 0) : begin + len(surprises)] = surprises[max(-begin, 0) :]
            self._coming = (text, coming, place)
        touched = range(self._content.find(first), self._content.find(first + inside) + 1)
        for index in [index for index in self._bands if index in touched]:
            del self._bands[index]
        self.viewport().update()

    def _take_slice(self) -> None:
        if self._coming is None:
            return
        text, surprises, place = self._coming
        first, last = self._taken, min(self._taken + _SLICE, len(text))
        self._taken = last
        if last == len(text):
            self._coming = None
        self._pending.append(text[first:last])
        self._levels += heat.levels(surprises[first:last])
        self._show_pending()
        if self._coming is not None:
            self._slices.start()
        elif place is not None:
            self.set_place(place)

    def place(self) -> int | None:
        return self._coming[2] if self._coming is not None else super().place()

    def _take_all(self) -> None:
        """What still comes of a long text, now."""
        while self._coming is not None:
            self._take_slice()

    def truncate(self, length: int) -> None:
        """Leave out everything after so many characters, and follow the end."""
        self.flush()
        del self._levels[length:]
        self._prompt = min(self._prompt, length)
        self._anchor, self._caret = min(self._anchor, length), min(self._caret, length)
        self._stuck = True
        self._shorten(length)

    def clear_text(self) -> None:
        """Nothing, and following the end again."""
        self.set_text("")
        self._stuck = True

    def text(self) -> str:
        """All of it, shown or still on the way."""
        coming = self._coming[0][self._taken :] if self._coming is not None else ""
        return super().text() + "".join(self._pending) + coming

    def set_tint(self, on: bool) -> None:
        """Show or hide the surprise."""
        self._tint = on
        self.viewport().update()

    def tint(self) -> bool:
        return self._tint

    def mark(self, first: int, last: int) -> None:
        """Bring a passage into view, all of it if there is room, and underline it; the tint stays to be seen."""
        self._marked = (first, last)
        self.scroll_to(last)
        self.scroll_to(first)
        self.viewport().update()

    def set_streaming(self, on: bool) -> None:
        """A caret at the end while text is being written."""
        self._streaming = on
        self.viewport().update()

    def flush(self) -> None:
        """Show at once what has arrived."""
        self._take_all()
        self._show_pending()

    def _show_some(self) -> None:
        """A batch of what has arrived; the next one follows."""
        self._show_pending(max(_BATCH, -(-sum(map(len, self._pending)) // _BEHIND)))
        if self._pending:
            self._timer.start()

    def _show_pending(self, count: int | None = None) -> None:
        self._timer.stop()
        if self._pending:
            text = "".join(self._pending)
            self._pending = [text[count:]] if count is not None and count < len(text) else []
            self._extend(text[:count])
            self._tell_reader(self._content.slice(self.length() - 200, self.length()))

    def _queue(self, text: str, levels: bytes) -> None:
        self._take_all()
        if text:
            self._pending.append(text)
            self._levels += levels
            if not self._timer.isActive():
                self._timer.start()

    def _end_caret(self) -> bool:
        return self._streaming

    def _styles(self, first: int, last: int) -> list[Style]:
        t = theme.tokens()
        styles: list[Style] = []
        if first < self._prompt:
            styles.append(Style(first, min(last, self._prompt), ink=t.ink_2))
        if self._marked[0] < self._marked[1]:
            styles.append(Style(*self._marked, underline=t.accent))
        return styles

    def _levels_of(self, first: int, last: int) -> bytes | None:
        return bytes(self._levels[first:last]) if self._tint else None
