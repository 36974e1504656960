"""What the jobs of the States page do, in their own threads. No Qt here.

States are meant by keys, so that nothing is read in the window's thread: ``zeros``, ``learned``, or
``file:`` and the path of a kept one.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from chargen.corpus.vocabulary import Unknown
from chargen.errors import ChargenError, StateError
from chargen.jobs import CancelledError, Worker
from chargen.model.blending import Only, blend, combine
from chargen.model.combination import parse_combination
from chargen.model.comparison import Comparison, compare
from chargen.model.state import HiddenState
from chargen.model.state_library import LONGEST_NAME, StateCard, StateLibrary, file_stem
from chargen.sampling.commands import SetSteering, SetTemperature, Stop
from chargen.sampling.events import NotObeyed
from chargen.sampling.job import prepare
from chargen.sampling.requests import Pen, PrimedBy, Seed
from chargen.sampling.settings import SamplingSettings

Work = Callable[[Worker], Any]

ZEROS, LEARNED, FILE = "zeros", "learned", "file:"
PAIRS_PER_SECOND = 30
NAMED_UNITS = 12
LETTERS = "ABCDEF"
"""What the states of a blend are called, in order."""


def key_of(path: Path) -> str:
    """The key of a kept state."""
    return f"{FILE}{path}"


def load_key(key: str, pen: Pen | None) -> HiddenState:
    """The state that a key means. Raises StateError, FileError."""
    if key.startswith(FILE):
        return HiddenState.load(Path(key.removeprefix(FILE)))
    if pen is None:
        raise StateError("Open a model first: what is made for it, such as zeros, has its size.")
    return HiddenState.learned(pen.model) if key == LEARNED else HiddenState.zero(pen.model.config)


# -- the library ---------------------------------------------------------------------------------------


def list_states(worker: Worker) -> list[StateCard]:
    """All kept states, damaged ones among them."""
    return StateLibrary().cards(worker.check)


def make_and_keep(pen: Pen, seed: Seed, name: str) -> Work:
    """Make a state with the model and keep it; the result is its file. ``name`` may be empty."""

    def work(worker: Worker) -> Path:
        library = StateLibrary()
        if name:
            library.check(name, None)  # before a long text is read
        made = prepare(pen, seed)(worker)
        if made is None:
            raise CancelledError
        return library.keep(made.state, name)

    return work


def read_and_keep(pen: Pen, path: Path, unknown: Unknown, name: str) -> Work:
    """As :func:`make_and_keep`, primed by the text of a file."""

    def work(worker: Worker) -> Path:
        from chargen.corpus.catalog import gather

        builder, what = gather([str(path)], check=worker.check)
        text = builder.finish(what)
        seed = PrimedBy(text.vocabulary.decode(text.ids), unknown)
        return Path(make_and_keep(pen, seed, name or path.stem[:LONGEST_NAME])(worker))

    return work


def keep(state: HiddenState, name: str) -> Work:
    """Keep a state under a name; the result is its file."""
    return lambda _worker: StateLibrary().keep(state, name)


def keep_files(paths: Sequence[Path]) -> Work:
    """Copy state files into the library, each under its own name or one beside it; the result is their files."""

    def work(worker: Worker) -> list[Path]:
        library, kept = StateLibrary(), []
        states = [(path, HiddenState.load(path)) for path in paths]  # one that is no state keeps all others out
        for path, state in states:
            worker.check()
            kept.append(_keep_beside(library, state, state.name if state.name.strip() else path.stem))
        return kept

    return work


def _keep_beside(library: StateLibrary, state: HiddenState, name: str) -> Path:
    name = " ".join(name.split())[: LONGEST_NAME - 4]
    taken = {card.path.stem.casefold() for card in library.cards()}
    free = next(
        each for each in (name, *(f"{name} {n}" for n in range(2, 10_000))) if file_stem(each).casefold() not in taken
    )
    return library.keep(state, free)


def change(card: StateCard, name: str, note: str) -> Work:
    """Another name and note; the result is the file."""

    def work(_worker: Worker) -> Path:
        library, path = StateLibrary(), card.path
        if note.strip() != card.note:
            library.annotate(path.stem, note)
        if " ".join(name.split()) != card.name:
            path = library.change_name(path.stem, name)
        return path

    return work


def delete(card: StateCard) -> Work:
    """Put it into the folder of deleted ones; the result is where it is now."""
    return lambda _worker: StateLibrary().delete(card.path.stem)


def restore(card: StateCard, deleted: Path) -> Work:
    """Put back what was deleted; the result is its file."""
    return lambda _worker: StateLibrary().restore(deleted, card.path.stem)


# -- blending ------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Mix:
    """States by their keys and how they are blended; see :func:`chargen.model.blending.blend`.

    ``more`` are further states with their shares (0 to 1) of the whole: each leaves less to those before it.
    """

    a: str
    b: str
    spherical: bool = False
    layers: tuple[int, ...] | None = None
    only: Only | None = None
    more: tuple[tuple[str, float], ...] = ()

    def weights(self, share: float) -> list[float]:
        """Of A, B and the others, with that share of B in what A and B have; their sum is 1."""
        weights = [1.0 - share, share]
        for _key, part in self.more:
            weights = [*(weight * (1.0 - part) for weight in weights), part]
        return weights

    def states(self, pen: Pen | None) -> list[HiddenState]:
        """A, B and the others. Raises StateError, FileError."""
        return [load_key(key, pen) for key in (self.a, self.b, *(key for key, _share in self.more))]

    def of(self, states: Sequence[HiddenState], share: float) -> HiddenState:
        """The blend of these with that share of B."""
        layers = None if self.layers is None else [layer for layer in self.layers if layer <= states[0].layers]
        return blend(states, self.weights(share), spherical=self.spherical, layers=layers, only=self.only)


@dataclass(frozen=True, eq=False)
class Mixed:
    """The state that is heard next."""

    state: HiddenState


@dataclass(frozen=True)
class Heard:
    """What was written from a state; ``place`` says which of several."""

    place: int
    text: str


def hear(pen: Pen | None, make: Callable[[], list[HiddenState]], settings: SamplingSettings) -> Work:
    """Make states, then write from each under the same settings: :class:`Mixed` and :class:`Heard` each."""

    def work(worker: Worker) -> None:
        states = make()
        if pen is None:
            for state in states:
                worker.post(Mixed(state))
            return
        for state in states:
            state.check_fits(pen.model.config)
        for place, state in enumerate(states):
            worker.check()
            worker.post(Mixed(state))
            stream = pen.sampler.stream(settings, state)
            written = []
            for sampled in stream:
                worker.check()
                written.append(sampled.character)
            worker.post(Heard(place, "".join(written)))

    return work


def hear_blends(pen: Pen | None, mix: Mix, shares: Sequence[float], settings: SamplingSettings) -> Work:
    """The blends at these shares of B, heard one after the other."""

    def make() -> list[HiddenState]:
        states = mix.states(pen)
        return [mix.of(states, share) for share in shares]

    return hear(pen, make, settings)


def hear_sum(pen: Pen | None, expression: str, chosen: Sequence[str], settings: SamplingSettings) -> Work:
    """The sum that a line says, heard. A, B … are those that are chosen, unless states of these names are kept."""

    def make() -> list[HiddenState]:
        library = StateLibrary()
        terms = parse_combination(expression)
        known = {card.path.stem.casefold() for card in library.cards()}
        states = []
        for name, _factor in terms:
            bound = dict(zip(LETTERS, chosen, strict=False)).get(name)
            if file_stem(name).casefold() in known:
                states.append(library.load(name))
            elif bound is not None:
                states.append(load_key(bound, pen).renamed(name))
            else:
                raise StateError(f"No state is kept under the name “{name[:80]}”; the library beside lists them all.")
        return [combine(states, [factor for _name, factor in terms], expression.strip())]

    return hear(pen, make, settings)


def compare_keys(pen: Pen | None, a: str, b: str) -> Work:
    """Two states side by side; the result is a Comparison."""

    def work(_worker: Worker) -> Comparison:
        return compare(load_key(a, pen), load_key(b, pen), NAMED_UNITS)

    return work


# -- steering ------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class SetPace:
    """So many characters a second; 0 is as fast as it goes."""

    pace: float


@dataclass(frozen=True)
class Pair:
    """What the steered sample and its twin have written since the last one."""

    steered: str
    twin: str


def write_twins(pen: Pen, key: str, settings: SamplingSettings, pace: float) -> Work:
    """The work of two samples side by side: with the settings' steering, and the same without.

    Commands: SetSteering, SetTemperature, SetPace, Stop, heard between two characters. Events: :class:`Pair`, and
    NotObeyed where a command cannot be obeyed.
    """

    def work(worker: Worker) -> None:
        state = load_key(key, pen)
        state.check_fits(pen.model.config)
        streams = [pen.sampler.stream(each, state) for each in (settings, replace(settings, steer=""))]
        _Twins(worker, streams, pace).run()

    return work


class _Twins:
    def __init__(self, worker: Worker, streams: list[Any], pace: float) -> None:
        self._worker, self._streams, self._pace = worker, streams, pace
        self._texts: list[list[str]] = [[], []]
        self._stopped = False

    def run(self) -> None:
        told, due = 0.0, time.monotonic()
        while not self._stopped:
            self._worker.check()
            for command in self._worker.commands():
                self._obey(command)
            wrote = False
            for stream, text in zip(self._streams, self._texts, strict=True):
                sampled = next(stream, None)
                if sampled is not None:
                    text.append(sampled.character)
                    wrote = True
            if not wrote:
                break
            now = time.monotonic()
            if now - told > 1 / PAIRS_PER_SECOND:
                told = now
                self._post()
            if self._pace:
                due = max(due + 1 / self._pace, now - 0.1)
                while (left := due - time.monotonic()) > 0 and not self._stopped:
                    command = self._worker.wait_command(left)
                    self._worker.check()
                    if command is not None:
                        self._obey(command)
        self._post()

    def _post(self) -> None:
        steered, twin = ("".join(text) for text in self._texts)
        if steered or twin:
            self._worker.post(Pair(steered, twin))
        for text in self._texts:
            text.clear()

    def _obey(self, command: Any) -> None:
        try:
            match command:
                case Stop():
                    self._stopped = True
                case SetPace(pace):
                    self._pace = pace
                case SetTemperature(temperature):
                    for stream in self._streams:
                        stream.set_temperature(temperature)
                case SetSteering(steer):
                    self._streams[0].set_steering(steer)
        except ChargenError as error:
            self._worker.post(NotObeyed(str(error)))
