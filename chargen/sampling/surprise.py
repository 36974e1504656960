"""A text under a model, character by character: how little the network expected each of them."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from chargen.corpus.vocabulary import Ids, Vocabulary, code_points
from chargen.errors import CorpusError
from chargen.model.model_file import Model
from chargen.model.state import HiddenState
from chargen.sampling.decoding import scores_rows
from chargen.sampling.engine import Engine
from chargen.sampling.passages import Passage, passages

_PIECE = 64
"""Characters between two looks at what else is wanted: a tenth of a second where a step takes 1.5 ms."""


@dataclass(frozen=True, eq=False)
class TextScore:
    """A text that was read in one stream, and what it cost.

    Attributes:
        text: N characters, as they were given.
        bits: [N], minus the logarithm to base 2 of each character's probability. NaN where nothing was predicted: at
            the first character, at those the model does not know (which it did not read), and beyond the end of the
            reading where that was stopped.
        seed_state: what the reading began with. model_fingerprint: of the model that read.
        unknown: the distinct characters that the model does not know, in order of appearance.
        complete: False where the reading was stopped.
    """

    text: str
    bits: NDArray[np.float32]
    seed_state: HiddenState
    model_fingerprint: str
    unknown: tuple[str, ...] = ()
    complete: bool = True

    @cached_property
    def characters(self) -> int:
        """How many were predicted."""
        return int(np.count_nonzero(~np.isnan(self.bits)))

    @cached_property
    def bits_per_character(self) -> float:
        """The mean; 0 where nothing was predicted."""
        return float(np.nansum(self.bits, dtype=np.float64)) / self.characters if self.characters else 0.0

    @property
    def loss(self) -> float:
        """The mean in nats."""
        return self.bits_per_character * float(np.log(2))

    @cached_property
    def passages(self) -> tuple[list[Passage], list[Passage]]:
        """The worst and the best."""
        return passages(self.text, self.bits)


def known_ids(model: Model, text: str) -> tuple[NDArray[np.intp], Ids, tuple[str, ...]]:
    """The places in ``text`` of the characters that the model knows, ascending, their ids, and the others.

    Raises:
        CorpusError: there are fewer than two, so that none can be predicted from one before it.
    """
    if not text:
        raise CorpusError("There is no text; give some characters.")
    unknown = model.characters_outside(text)
    places = np.flatnonzero(~np.isin(code_points(text), code_points("".join(unknown))))
    if not len(places):
        raise CorpusError("The model knows no character of this text.")
    if len(places) < 2:
        raise CorpusError("Two characters that the model knows are needed: it predicts each from those before.")
    return places, Vocabulary(model.vocabulary).encode(text, "drop"), unknown


def iterate_bits(engine: Engine, ids: Ids) -> Iterator[NDArray[np.float32]]:
    """The bits of ``ids[1:]`` in pieces, from the state that ``engine`` is in, which moves on.

    Raises:
        ChargenError: the network's numbers went astray.
    """
    values = ids.tolist()
    for begin in range(0, len(values) - 1, _PIECE):
        read = values[begin : min(begin + _PIECE, len(values) - 1)]
        logits = scores_rows(engine.logits_after(read))
        chosen = logits[np.arange(len(read)), values[begin + 1 : begin + 1 + len(read)]]
        yield ((np.log(np.exp(logits).sum(axis=1)) - chosen) / np.log(2)).astype(np.float32)


def score_text(
    model: Model | Engine,
    text: str,
    state: HiddenState,
    heard: Callable[[int, NDArray[np.float32]], bool] = lambda _first, _bits: True,
) -> TextScore:
    """Read a text from ``state`` in one carried stream. The first character is not predicted.

    Args:
        model: a model, or an engine of it, which is not disturbed.
        heard: called with the place of a piece in the text and its bits, again and again; False stops the reading.

    Raises:
        CorpusError: there is nothing to predict. StateError: the state does not fit.
        ChargenError: the network's numbers went astray.
    """
    engine = model.fork() if isinstance(model, Engine) else Engine(model)
    engine.load_state(state)
    places, ids, unknown = known_ids(engine.model, text)
    bits = np.full(len(text), np.nan, np.float32)
    done, complete = 1, True
    for piece in iterate_bits(engine, ids):
        where = places[done : done + len(piece)]
        bits[where] = piece
        done += len(piece)
        first, last = int(where[0]), int(where[-1]) + 1
        if not heard(first, bits[first:last].copy()) and done < len(ids):
            complete = False
            break
    bits.flags.writeable = False
    return TextScore(text, bits, state, engine.model.fingerprint, unknown, complete)
