"""Several samples written at once.

All of them go on by one character together, as rows of a :class:`BatchEngine`. Each has its own random numbers, so
sample k of a batch is the sample of its seed. It is not always the same text to the last character as that seed
gives alone: products of matrices round their last bit otherwise than products with a vector, and once in some
hundred thousand characters that decides. So the *path* of a sample, the sizes of the batch that it was in and its
row there, is part of its formulation, and a replay takes the same path.

Where samples end early, the batch shrinks once half of it or less is left.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from chargen.model.state import HiddenState
from chargen.sampling.batch_engine import MAXIMUM_BATCH, BatchEngine
from chargen.sampling.decoding import choose_rows, scores_rows
from chargen.sampling.engine import Engine
from chargen.sampling.sample import Sample
from chargen.sampling.seeds import has_read
from chargen.sampling.settings import SamplingSettings
from chargen.sampling.steering import Helm, Steering
from chargen.sampling.writer import BITS, Writer

Request = tuple[SamplingSettings, HiddenState | None]
"""Settings and seed state of one sample; None is what training started from."""

BLOCK = 64
"""Characters between two looks at what else there is to do."""


@dataclass(frozen=True)
class Stay:
    """From character ``since`` on, the sample was row ``row`` of a batch of ``size``."""

    since: int
    size: int
    row: int


Path = tuple[Stay, ...]

_STAY = re.compile(r"([0-9]{1,8}):([0-9]{1,3}):([0-9]{1,3})")


def path_to_text(path: Path) -> str:
    """``0:64:5 310:32:2``: the row 5 of 64 from character 0, the row 2 of 32 from character 310."""
    return " ".join(f"{stay.since}:{stay.size}:{stay.row}" for stay in path)


def path_from_text(text: object) -> Path | None:
    """The path that a stranger's file names; None where there is none, or no possible one."""
    if not isinstance(text, str) or len(text) > 1000:
        return None
    found = [_STAY.fullmatch(word) for word in text.split(" ")]
    path = tuple(Stay(int(stay[1]), int(stay[2]), int(stay[3])) for stay in found if stay)
    places, sizes = [stay.since for stay in path], [stay.size for stay in path]
    possible = (
        len(path) == len(found)
        and places == sorted(set(places))
        and places[:1] == [0]
        and sizes == sorted(sizes, reverse=True)
        and all(1 <= stay.size <= MAXIMUM_BATCH and stay.row < stay.size for stay in path)
    )
    return path if possible else None


def _with_numpy(engine: Engine) -> Engine:
    """``engine``, or one that reads the prompts as the batch computes, which its formulation tells of."""
    return engine if engine.weights.way == "numpy" else Engine(engine.weights.by("numpy"))


def _begun(engine: Engine, writers: Sequence[Writer]) -> list[Engine]:
    """An engine for each writer, ready for its first character. What many have in common is read once."""
    known: dict[tuple[object, ...], tuple[Writer, Engine]] = {}
    engines = []
    for writer in writers:
        state, settings = writer.seed_state, writer.settings
        start = (settings.prompt, settings.unknown, writer.after, has_read(state), *map(bytes, state.parts()))
        if start not in known:
            twin = engine.fork()
            writer.begin(twin)
            known[start] = writer, twin
        first, begun = known[start]
        writer.opening = first.opening
        engines.append(begun)
    return engines


class _Rows:
    """Writers on the rows of an engine; a row whose writer is None or has ended is dead and goes along.

    All of them are steered alike, and go on from as many earlier characters (``before``).
    """

    def __init__(
        self, engine: BatchEngine, writers: Sequence[Writer | None], steering: Steering, before: int = 0
    ) -> None:
        self._engine = engine
        self._helm = Helm(steering, before)
        self.writers = list(writers)
        self._ids: NDArray[np.intp] | None = None
        self.written = 0

    def alive(self) -> list[int]:
        return [row for row, writer in enumerate(self.writers) if writer is not None and not writer.ended]

    def keep(self, rows: Sequence[int], writers: Sequence[Writer | None]) -> None:
        """Go on with these rows alone, in this order, and with these writers on them."""
        self._engine.keep(rows)
        self.writers = list(writers)
        if self._ids is not None:
            self._ids = self._ids[np.array(rows, np.intp)]

    def write(self, limit: int) -> None:
        """Up to ``limit`` characters of the rows that are alive, fewer where one of them ends. Raises ChargenError."""
        alive = [(row, writer) for row, writer in enumerate(self.writers) if writer is not None and not writer.ended]
        count = min(limit, *(writer.settings.length - writer.written for _, writer in alive), limit)
        plain = [(row, writer) for row, writer in alive if writer.plain]
        others = [(row, writer) for row, writer in alive if not writer.plain]
        temperatures = np.ones((len(self.writers), 1))
        for row, writer in plain:
            temperatures[row] = writer.temperature
        numbers, everyone = [(row, writer.random) for row, writer in alive], np.arange(len(self.writers))
        ids = np.empty((count, len(everyone)), np.intp)
        surprises, uniforms, done = np.empty(ids.shape), np.zeros(ids.shape), 0
        if not others:  # nothing can end early, so each takes its numbers for the whole block
            for row, random in numbers:
                uniforms[:, row] = random(count)
            numbers = []
        try:
            while done < count and not any(writer.ended for _, writer in others):
                if self.written + done >= self._helm.due:
                    self._helm.turn(self._engine, self.written + done)
                values = scores_rows(self._engine.logits() if self._ids is None else self._engine.step(self._ids))
                weights = np.exp(values / temperatures)
                for row, writer in others:
                    weights[row] = writer.weights(values[row])
                for row, random in numbers:
                    uniforms[done, row] = random()
                self._ids = chosen = choose_rows(weights, uniforms[done])
                bits = (np.log(np.exp(values).sum(axis=1)) - values[everyone, chosen]) * BITS
                ids[done], surprises[done] = chosen, bits
                done += 1
                for row, writer in others:
                    writer.record(int(chosen[row]), float(bits[row]))
        finally:
            self.written += done
            for row, writer in plain:
                writer.record_all(ids[:done, row], surprises[:done, row])


class Batch:
    """Samples that are being written together; none of them by a search.

    Args:
        engine: of the model; not disturbed.
        requests: at most :data:`MAXIMUM_BATCH` of them, all steered alike.

    Attributes:
        writers: one a sample, in the order of the requests.

    Raises:
        ValueError: too many, none, a beam search, or several ways of steering.
        UnknownCharacterError, SettingError, StateError: as :class:`Writer` does.
    """

    def __init__(self, engine: Engine, requests: Sequence[Request]) -> None:
        if not 1 <= len(requests) <= MAXIMUM_BATCH or any(settings.beam for settings, _ in requests):
            raise ValueError("a batch is of 1 to 64 samples without a beam search")
        if len({settings.steer for settings, _ in requests}) > 1:
            raise ValueError("the samples of a batch are steered alike")
        self.writers = [Writer(engine.model, settings, state) for settings, state in requests]
        rows = BatchEngine(_begun(_with_numpy(engine), self.writers))
        self._formulation = rows.formulation
        self._rows = _Rows(rows, self.writers, self.writers[0].settings.steering)
        self._paths = [[Stay(0, len(requests), row)] for row in range(len(requests))]
        self._numbers = list(range(len(requests)))  # row → number of the writer

    @property
    def ended(self) -> bool:
        """Whether all samples have ended."""
        return not self._rows.alive()

    def advance(self) -> None:
        """Write some characters more, at most :data:`BLOCK`, of every sample that has not ended.

        Raises:
            ChargenError: the network's numbers went astray; what is written stays.
        """
        alive = self._rows.alive()
        if alive and 2 * len(alive) <= len(self._numbers):
            self._numbers = [self._numbers[row] for row in alive]
            self._rows.keep(alive, [self.writers[number] for number in self._numbers])
            for row, number in enumerate(self._numbers):
                self._paths[number].append(Stay(self._rows.written, len(alive), row))
        if alive:
            self._rows.write(BLOCK)

    def samples(self) -> list[Sample]:
        """What has been written so far, with its provenance."""
        samples = []
        for writer, path in zip(self.writers, self._paths, strict=True):
            taken = tuple(stay for stay in path if stay.since < max(writer.written, 1))
            writer.formulation = {**self._formulation, "path": path_to_text(taken)}
            samples.append(writer.sample())
        return samples


def write_all(engine: Engine, requests: Sequence[Request]) -> list[Sample]:
    """All of the samples, however many, batch by batch; all steered alike. Raises as :class:`Batch` does."""
    samples: list[Sample] = []
    for start in range(0, len(requests), MAXIMUM_BATCH):
        batch = Batch(engine, requests[start : start + MAXIMUM_BATCH])
        while not batch.ended:
            batch.advance()
        samples += batch.samples()
    return samples


def write_again(
    engine: Engine, record: Sample, path: Path, check: Callable[[int], None] = lambda written: None
) -> Writer:
    """What a sample's path wrote, once more: the same batches with nothing of interest in the other rows.

    ``check`` is called between two blocks with how many characters are written, and may raise.
    Raises as :class:`Writer` does, and ChargenError.
    """
    writer = Writer(engine.model, record.settings, record.seed_state, after=record.after)
    batch = BatchEngine(_begun(_with_numpy(engine), [writer]) * path[0].size)
    writer.formulation = {**batch.formulation, "path": path_to_text(path)}
    before, rows = path[0], _Rows(batch, [], writer.settings.steering, len(record.after))
    ends = [*(stay.since for stay in path[1:]), len(record.text)]
    for stay, end in zip(path, ends, strict=True):
        rows.keep([before.row] * stay.size, [writer if row == stay.row else None for row in range(stay.size)])
        before = stay
        while writer.written < min(end, len(record.text)) and not writer.ended:
            check(writer.written)
            rows.write(min(BLOCK, end - writer.written))
    return writer
