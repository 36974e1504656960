"""Beam search: the likeliest text of a length, as far as a few beginnings followed at a time can find it.

**What is searched.** The text whose characters have the highest product of probabilities under the model (at
temperature 1, banned characters left out and the others made to sum to one). At every character, each of the N
beginnings is continued by every character, and the N likeliest of all these are kept. Of equally likely ones, that
of the likelier beginning comes first, then the lower id. No random number is drawn.

**How it ends.** At the length asked for, or earlier at a stop text: a beginning that ends in one is finished and
leaves the search; the best finished one is kept, and the search is over once no other is likelier, for likelihood
only falls. With ``per_character`` texts are compared by the mean log-probability of a character instead of the sum
(Wu et al. 2016, arXiv 1609.08144, with alpha = 1), so that ending early is no advantage; the search then goes on to
the length.

**When a character is certain.** As soon as all beginnings agree on it. So characters can be had while the search
goes on.

The N beginnings are the rows of one batch of fixed size: the same search gives the same bytes.
"""

import itertools
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from chargen.sampling.batch_engine import BatchEngine
from chargen.sampling.decoding import Weights, scores_rows
from chargen.sampling.engine import Engine
from chargen.sampling.settings import SamplingSettings
from chargen.sampling.steering import Helm

Ids = NDArray[np.int32]

_LOOK_EVERY = 16


class _Past:
    """What the beginnings have written since they last agreed: characters and which beginning each came from."""

    def __init__(self) -> None:
        self._ids: list[Ids] = []
        self._parents: list[Ids] = []
        self._next_look = _LOOK_EVERY

    def add(self, ids: Ids, parents: Ids) -> None:
        self._ids.append(ids)
        self._parents.append(parents)

    def of(self, row: int) -> list[int]:
        """What one beginning has written."""
        ids = []
        for written, parents in zip(reversed(self._ids), reversed(self._parents), strict=True):
            ids.append(int(written[row]))
            row = int(parents[row])
        return ids[::-1]

    def tail(self, row: int, count: int) -> list[int]:
        """The last ``count`` of them."""
        ids = []
        for at in range(len(self._ids) - 1, max(len(self._ids) - 1 - count, -1), -1):
            ids.append(int(self._ids[at][row]))
            row = int(self._parents[at][row])
        return ids[::-1]

    def settle(self, rows: NDArray[np.intp]) -> list[int]:
        """What all of ``rows`` agree on; it is forgotten here. Looks seldom, and the seldomer the less it finds."""
        if len(self._ids) < self._next_look:
            return []
        rows = np.unique(rows)
        for at in range(len(self._ids) - 1, -1, -1):
            if len(rows) == 1:  # one row of character ``at`` leads to all
                settled = _Past()
                settled._ids, settled._parents = self._ids[: at + 1], self._parents[: at + 1]
                found = settled.of(int(rows[0]))
                del self._ids[: at + 1], self._parents[: at + 1]
                self._next_look = len(self._ids) + _LOOK_EVERY
                return found
            rows = np.unique(self._parents[at][rows])
        self._next_look = 2 * len(self._ids)
        return []


def search(
    engine: Engine, settings: SamplingSettings, banned: NDArray[np.intp] | None, before: str = ""
) -> Iterator[int]:
    """The ids of the likeliest text that follows the present state of ``engine``, which is not disturbed.

    The state is one that is steered already, as for a first character.

    Args:
        banned: ids that must not be written. before: earlier text, into which stop texts look back.

    Raises:
        ChargenError: while it runs, where the network's output is no longer finite.
    """
    return _search(BatchEngine([engine] * settings.beam), settings, banned, before)


def _log_probabilities(logits: NDArray[np.float32], banned: NDArray[np.intp] | None) -> Weights:
    values = scores_rows(logits)
    if banned is not None:
        values[:, banned] = -np.inf
        values -= values.max(axis=1, keepdims=True)
    return np.asarray(values - np.log(np.exp(values).sum(axis=1, keepdims=True)))


def _search(
    engine: BatchEngine, settings: SamplingSettings, banned: NDArray[np.intp] | None, before: str
) -> Iterator[int]:
    vocabulary, stops = engine.weights.model.vocabulary, settings.stop
    V, N, past = len(vocabulary), settings.beam, _Past()
    reach = max(map(len, stops), default=0)
    recent = before[-reach:] if reach else ""  # what is settled already, as far as a stop text reaches
    sums = np.full(N, -np.inf)
    sums[0] = 0.0  # one beginning so far: the empty one
    best: tuple[float, list[int]] | None = None
    ids: NDArray[np.intp] | None = None
    helm = Helm(settings.steering, len(before), steered=True)
    for written in itertools.count(1):
        if written > settings.length or not np.isfinite(sums).any():
            break
        if written > helm.due:
            helm.turn(engine, written - 1)
        logits = engine.logits() if ids is None else engine.step(ids)
        candidates = (sums[:, None] + _log_probabilities(logits, banned)).reshape(-1)
        kept: list[int] = []
        for candidate in np.argsort(-candidates, kind="stable")[: N + N * len(stops)].tolist():
            if len(kept) == N or candidates[candidate] == -np.inf:
                break
            row, id = divmod(candidate, V)
            if stops and (recent + _words(past.tail(row, reach - 1), vocabulary) + vocabulary[id]).endswith(stops):
                score = float(candidates[candidate]) / (written if settings.beam_per_character else 1)
                if best is None or score > best[0]:
                    best = score, [*past.of(row), id]
            else:
                kept.append(candidate)
        chosen = np.array(kept + [0] * (N - len(kept)), np.intp)
        parents, ids = np.divmod(chosen, V)
        sums = np.where(np.arange(N) < len(kept), candidates[chosen], -np.inf)
        engine.keep(parents)
        past.add(ids.astype(np.int32), parents.astype(np.int32))
        if best is not None:
            if not settings.beam_per_character and sums.max() <= best[0]:
                break
        elif len(kept):
            for id in (settled := past.settle(np.arange(len(kept)))):
                yield id
            if reach and settled:
                recent = (recent + _words(settled, vocabulary))[-reach:]
    row = int(sums.argmax())
    final = sums[row] / (settings.length if settings.beam_per_character else 1)
    yield from past.of(row) if best is None or final > best[0] else best[1]


def _words(ids: list[int], vocabulary: tuple[str, ...]) -> str:
    return "".join(vocabulary[id] for id in ids)
