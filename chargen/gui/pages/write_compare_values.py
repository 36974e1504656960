"""What can change between texts side by side, and what its values mean: models and states by their keys."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chargen.errors import ChargenError, SettingError
from chargen.gui.pages.write_panel import escape, unescape
from chargen.gui.pages.write_seed_files import saved_states
from chargen.gui.states_work import LEARNED, ZEROS, key_of, load_key
from chargen.gui.widgets.text_columns import Entry
from chargen.jobs import Worker
from chargen.model.library import RunCard
from chargen.model.model_file import Model, load_model
from chargen.sampling.difference import in_words
from chargen.sampling.drafts import SeedChoice
from chargen.sampling.requests import Drawn, Pen, Request, Seed
from chargen.sampling.sample import Sample
from chargen.sampling.settings import SamplingSettings
from chargen.sampling.side_by_side import (
    MOST_COLUMNS,
    NUMBERS,
    SWITCHES,
    WORDS,
    offered,
    parse_value,
    write_side_by_side,
)

AS_SET, RANDOM = "set", "random"
"""The seed state as the panel has it; a random one under the random seed of the texts."""
ON_DESK, OPEN, AT = "desk", "open", "model:"
"""The model on the desk; one that is to be chosen; one in a file or a run folder."""
_MOST_RUNS = 100
_PLAIN = SamplingSettings()
ON, OFF = "on", "off"
_ESCAPED = ("prompt", "stop", "ban")
_HINTS = {
    **dict.fromkeys(_ESCAPED, "; \\n stands for a new line."),
    "steer": "; 1.3=0.9 holds unit 3 of layer 1.",
    "temperature_curve": "; 0%:0.4,100%:1 rises.",
}
_PLACEHOLDERS = {
    "prompt": "How it begins", "stop": "No stop text", "ban": "No character", "steer": "No steering",
    "temperature_curve": "No curve", "seed_state": "Choose a state", "model": "Choose a model",
}  # fmt: skip


def placeholder(change: str) -> str:
    """What an empty value says."""
    return _PLACEHOLDERS.get(change, "A value")


def hint(change: str) -> str:
    """What is said beside what changes."""
    return f"All else is as set in the panel{_HINTS.get(change, '.')}"


def is_typed(change: str) -> bool:
    """Whether its values are typed, rather than chosen."""
    return change not in ("seed_state", "model", *SWITCHES)


def most(change: str) -> int:
    """So many texts can differ in it."""
    return 2 if change in SWITCHES else MOST_COLUMNS


SWITCH_ENTRIES = [Entry(OFF, "Off"), Entry(ON, "On")]


def state_entries(choice: SeedChoice, model: Model | None) -> list[Entry]:
    """The seed states: as the panel has it, the simple ones, the kept ones."""
    kinds = {"zeros": "zeros", "learned": "learned", "text": "primed", "random": "random", "held": choice.label}
    entries = [Entry(AS_SET, f"As set: {kinds[choice.kind] or 'opened'}")]
    if choice.kind != "zeros":
        entries.append(Entry(ZEROS, "Zeros"))
    if model is not None and model.config.initial_state == LEARNED and choice.kind != "learned":
        entries.append(Entry(LEARNED, "Learned in training"))
    entries.append(Entry(RANDOM, "Random"))
    return [*entries, *(Entry(key_of(path), path.stem) for path in saved_states())]


def model_entries(desk: str, desk_path: Path | None, runs: Sequence[RunCard], opened: Sequence[Path]) -> list[Entry]:
    """The models: the one on the desk, those of the other runs, files that were opened, and another one."""
    folders = [card for card in runs if card.has_model and not _is_in(desk_path, card.folder)][:_MOST_RUNS]
    return [
        Entry(ON_DESK, desk or "The model on the desk"),
        *(Entry(f"{AT}{card.folder}", card.name) for card in folders),
        *(Entry(f"{AT}{path}", path.stem) for path in opened),
        Entry(OPEN, "Open a model…"),
    ]


def _is_in(path: Path | None, folder: Path) -> bool:
    return path is not None and folder in (path, *path.parents)


def first_values(
    change: str, settings: SamplingSettings | None, entries: Sequence[Entry] | None, count: int
) -> list[str]:
    """Values to begin with; the present one is among them."""
    if change in NUMBERS or change in SWITCHES:
        present = getattr(settings or SamplingSettings(random_seed=1), change)
        return [in_words(change, value) for value in offered(change, 1 if present is None else present, count)]
    if change in WORDS:
        values = [_typed(change, value) for value in offered(change, getattr(settings or _PLAIN, change), count)]
        return [*values, *[""] * (count - len(values))]
    if entries is None:
        return [""] * count
    keys = [entry.key for entry in entries if entry.key != OPEN][:count]
    return [*keys, *[""] * (count - len(keys))]


def _typed(change: str, value: Any) -> str:
    """A text as it is typed on one line."""
    text = (value[0] if value else "") if isinstance(value, tuple) else str(value)
    return escape(text) if change in _ESCAPED else text


def values_of(change: str, samples: Sequence[Sample]) -> list[str]:
    """The values that samples were written with, as they are typed; empty where a sample does not tell them."""
    if change in SWITCHES:
        return [in_words(change, getattr(sample.settings, change)) for sample in samples]
    if change in WORDS:
        return [_typed(change, getattr(sample.settings, change)) for sample in samples]
    return [""] * len(samples)


def another_value(change: str, values: Sequence[str], entries: Sequence[Entry] | None) -> str:
    """A value for one column more, which none of the others has."""
    if change == "random_seed":
        seeds = [int(value) for value in values if value.strip().isdecimal()]
        return str(max(seeds, default=0) + 1)
    known = [entry.key for entry in entries if entry.key != OPEN] if entries is not None else []
    if change in NUMBERS:
        default = getattr(SamplingSettings(random_seed=1), change)
        known = [in_words(change, value) for value in offered(change, default, 4)]
    elif change in WORDS:
        known = [_typed(change, value) for value in offered(change, getattr(_PLAIN, change), 4)]
    return next((value for value in known if value not in values), "")


def parsed(change: str, typed: Sequence[str]) -> list[Any]:
    """The values, checked. Raises :class:`WrongValueError`, which says at which place."""
    values = []
    for place, word in enumerate(typed):
        if not word and change in ("seed_state", "model"):
            what = "seed state" if change == "seed_state" else "model"
            raise WrongValueError(f"Choose a {what} for text {place + 1}, or take the text away.", place)
        try:
            if change in _ESCAPED:
                word = unescape(word)
            values.append(word if change in ("seed_state", "model") else parse_value(change, word))
        except ChargenError as error:
            raise WrongValueError(str(error), place) from None
    return values


class WrongValueError(SettingError):
    """A value that cannot be, at ``place``."""

    def __init__(self, sentence: str, place: int) -> None:
        super().__init__(sentence)
        self.place = place


@dataclass(frozen=True)
class Asked:
    """Texts to be written side by side.

    Attributes:
        settings: of each. keys: of their seed states or models, where those change. known: models that are open.
    """

    change: str
    settings: Sequence[SamplingSettings]
    keys: Sequence[str]
    pen: Pen
    seed: Seed
    known: dict[str, Pen]

    def columns(self, worker: Worker) -> list[tuple[Pen, Request]]:
        """What each is written with; models and states are read. Raises ChargenError."""
        columns = []
        for place, (settings, key) in enumerate(zip(self.settings, self.keys, strict=True)):
            worker.check()
            try:
                pen = self._pen(key) if self.change == "model" else self.pen
                seed = self._seed(key, settings) if self.change == "seed_state" else self.seed
            except ChargenError as error:
                raise SettingError(f"Text {place + 1}: {error}") from None
            columns.append((pen, Request(settings, seed)))
        return columns

    def _pen(self, key: str) -> Pen:
        if key == ON_DESK:
            return self.pen
        if key not in self.known:
            self.known[key] = Pen(load_model(Path(key.removeprefix(AT))))
        return self.known[key]

    def _seed(self, key: str, settings: SamplingSettings) -> Seed:
        if key == AS_SET:
            return self.seed
        if key == RANDOM:
            return Drawn(settings.random_seed or 0)
        return "learned" if key == LEARNED else "zeros" if key == ZEROS else load_key(key, self.pen)


@dataclass(frozen=True, eq=False)
class Loaded:
    """The models and states are there: what each text is written with."""

    columns: list[tuple[Pen, Request]]


def write_asked(asked: Asked) -> Callable[[Worker], Any]:
    """The work: :class:`Loaded`, then everything of :func:`write_side_by_side`."""

    def work(worker: Worker) -> Any:
        columns = asked.columns(worker)
        worker.post(Loaded(columns))
        return write_side_by_side(columns)(worker)

    return work
