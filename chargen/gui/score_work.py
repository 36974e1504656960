"""What the jobs of the Insight page do, in their own threads. No Qt here."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chargen.errors import CorpusError
from chargen.gui.states_work import load_key
from chargen.jobs import Worker
from chargen.sampling.commands import Stop
from chargen.sampling.requests import Pen
from chargen.sampling.surprise import TextScore, score_text

Work = Callable[[Worker], Any]

LONGEST = 20_000_000
"""Characters of a text that is scored here; the command line takes longer ones."""
_TOLD_EVERY = 0.1  # seconds


@dataclass(frozen=True)
class Given:
    """A text that was read from files."""

    text: str
    name: str


@dataclass(frozen=True, eq=False)
class Scored:
    """The bits of the characters from ``first`` on (NaN: not predicted), and the share of the text that is read."""

    first: int
    bits: NDArray[np.float32]
    share: float


def read_files(paths: Sequence[Path]) -> Work:
    """Read texts as one; the result is :class:`Given`. Raises CorpusError: no text, or too long."""

    def work(worker: Worker) -> Given:
        from chargen.corpus.catalog import gather

        builder, name = gather([str(path) for path in paths], check=worker.check)
        read = builder.finish(name)
        if len(read.ids) > LONGEST:
            raise CorpusError(f"“{name}” has more than {LONGEST:,} characters; chargen score takes longer ones.")
        return Given(read.vocabulary.decode(read.ids), name)

    return work


def score(pen: Pen, text: str, key: str) -> Work:
    """Score a text, read from the state that ``key`` means: :class:`Scored` along the way; the result is a TextScore.

    Command: Stop ends the reading, and what was read until then is the result.
    """

    def work(worker: Worker) -> TextScore:
        state = load_key(key, pen)
        pieces: list[tuple[int, NDArray[np.float32]]] = []
        told = time.monotonic()

        def post() -> None:
            if pieces:
                first, last = pieces[0][0], pieces[-1][0] + len(pieces[-1][1])
                bits = np.full(last - first, np.nan, np.float32)
                for at, piece in pieces:
                    bits[at - first : at - first + len(piece)] = piece
                pieces.clear()
                worker.post(Scored(first, bits, last / len(text)))

        def heard(first: int, bits: NDArray[np.float32]) -> bool:
            nonlocal told
            worker.check()
            pieces.append((first, bits))
            if time.monotonic() - told > _TOLD_EVERY:
                told = time.monotonic()
                post()
            return not any(isinstance(command, Stop) for command in worker.commands())

        result = score_text(pen.sampler.engine, text, state, heard)
        post()
        _ = result.passages  # found here, not in the window's thread
        return result

    return work
