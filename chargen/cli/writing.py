"""What ``chargen sample`` writes: new samples, alone, together or side by side, and those of an export again."""

import argparse
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chargen.cli import compare, signals, state_at
from chargen.cli.output import note, write
from chargen.cli.parser import UsageError
from chargen.cli.texts import read_text, with_flag
from chargen.errors import ChargenError, UnknownCharacterError
from chargen.settings import OPTIONS, SEED_MAXIMUM

if TYPE_CHECKING:
    from chargen.model.model_file import Model
    from chargen.model.state import HiddenState
    from chargen.sampling.engine import Way
    from chargen.sampling.sample import Sample
    from chargen.sampling.sampler import SampledCharacter, Sampler, Stream
    from chargen.sampling.settings import SamplingSettings

_FLUSH_SECONDS = 0.05  # often enough to look like writing, seldom enough to cost nothing


class Interruption:
    """Whether a signal asked to end."""

    def __init__(self) -> None:
        self.code = 0

    def on_signal(self, number: int) -> None:
        if self.code:
            raise signals.Interrupted(number)
        self.code = 128 + number


def _prompt(arguments: argparse.Namespace) -> str:
    if arguments.prompt_file is None:
        # An argument that is not valid in the system's encoding arrives with half characters.
        return arguments.prompt or ""
    encoded = read_text(arguments.prompt_file)
    for notice in encoded.notices:
        note(notice)
    return encoded.vocabulary.decode(encoded.ids)


def new_samples(
    arguments: argparse.Namespace, chosen: dict[str, Any], models: "list[Model]", interruption: Interruption
) -> Iterator["Sample"]:
    """New samples, streamed to stdout unless they go elsewhere."""
    from dataclasses import replace

    from chargen.sampling.curve import TemperatureCurve
    from chargen.sampling.sampler import Sampler
    from chargen.sampling.settings import SamplingSettings

    count = chosen.pop("count", OPTIONS["count"].default)
    if chosen.get("temperature_curve") == "":
        TemperatureCurve.parse("")  # typed, and empty: say what a curve is
    settings = SamplingSettings(prompt=_prompt(arguments), stop=tuple(arguments.stop or ()), **chosen)
    drawn = settings.random_seed is None
    settings = settings.with_seed()
    assert settings.random_seed is not None
    if settings.random_seed + count - 1 > SEED_MAXIMUM:
        raise UsageError(
            f"--count {count} from --seed {settings.random_seed} would go past the largest seed; choose a smaller one."
        )
    sampler = Sampler(models[0], _way(arguments.engine or "auto", settings, count))
    quiet = arguments.json or arguments.output is not None
    seeds = [settings.random_seed + number for number in range(count)]
    first_words = (f"seed {seeds[0]}",) if drawn and not arguments.json else ()
    told: set[str] = set()
    changes = state_at.given(arguments)
    if count > 1 and not settings.beam and not changes:  # which a comparison has not
        for sample in _together(sampler, settings, seeds, arguments.state, first_words, told, interruption):
            if not quiet:
                seed = sample.settings.random_seed
                _write_named(sample, f"seed {seed}", first=seed == seeds[0])
            yield sample
        return
    columns = [
        compare.Column(f"seed {seed}", sampler, replace(settings, random_seed=seed), arguments.state) for seed in seeds
    ]
    if arguments.compare is not None:
        columns = compare.columns(arguments, sampler, models, settings)
    for number, column in enumerate(columns):
        stream, states = _stream(column.sampler, column.settings, column.state, changes, first_words, told)
        if not quiet and len(columns) > 1:
            write(_title(column.words, first=number == 0))
        write_out(stream, state_at.follow(stream, states), interruption, quiet=quiet)
        yield stream.sample()
        if interruption.code:
            return


def _way(engine: str, settings: "SamplingSettings", count: int) -> "Way":
    """How to compute. Raises UsageError where what was asked for cannot be had."""
    from chargen.sampling.engine import WAYS, compiler
    from chargen.sampling.sampler import WORTH_COMPILING

    if engine == "auto":
        alone = count == 1 and not settings.beam
        return "compiled" if alone and settings.length >= WORTH_COMPILING else "numpy"
    if engine != "numpy" and compiler() is None:
        raise UsageError(f"--engine {engine} needs Numba, which does not work here; install numba, or leave it out.")
    return next(way for way in WAYS if way == engine)


def _title(words: str, *, first: bool) -> str:
    return f"{'' if first else chr(10)}── {words} ──\n"


def _write_named(sample: "Sample", words: str, *, first: bool) -> None:
    write(f"{_title(words, first=first)}{sample.document}\n")


def _together(
    sampler: "Sampler",
    settings: "SamplingSettings",
    seeds: list[int],
    state: str | None,
    first_words: tuple[str, ...],
    told: set[str],
    interruption: Interruption,
) -> Iterator["Sample"]:
    """Samples of several seeds, written batch by batch; after a signal or an error what there is of the last one."""
    from dataclasses import replace

    from chargen.sampling.batch import Batch
    from chargen.sampling.batch_engine import MAXIMUM_BATCH

    for start in range(0, len(seeds), MAXIMUM_BATCH):
        requests = [replace(settings, random_seed=seed) for seed in seeds[start : start + MAXIMUM_BATCH]]
        states = [_seed_state(sampler, request, state) for request in requests]
        try:
            batch = Batch(
                sampler.engine, [(request, seed) for request, (seed, _) in zip(requests, states, strict=True)]
            )
        except UnknownCharacterError as error:
            raise with_flag(error) from None
        _tell(first_words, told)
        for _, notices in states:
            _tell(notices, told)
        for writer in batch.writers:
            _tell(writer.notices, told)
        problem: ChargenError | None = None
        try:
            while not batch.ended and not interruption.code:
                batch.advance()
        except ChargenError as error:  # what is written is kept
            problem = error
        yield from (sample for sample in batch.samples() if sample.text)
        if problem is not None:
            raise problem
        if interruption.code:
            return


def _seed_state(
    sampler: "Sampler", settings: "SamplingSettings", state: str | None
) -> tuple["HiddenState | None", tuple[str, ...]]:
    """The seed state that was asked for, None where none was, and what there is to know about it."""
    from chargen.sampling.seeds import parse_state

    assert settings.random_seed is not None
    return (None, ()) if state is None else parse_state(state, sampler.model, settings.random_seed)


def _tell(sentences: Iterable[str], told: set[str]) -> None:
    """Notices to stderr, each once."""
    for sentence in sentences:
        if sentence not in told:
            told.add(sentence)
            note(sentence)


def _stream(
    sampler: "Sampler", settings: "SamplingSettings", state: str | None, changes: dict[int, str],
    first_words: tuple[str, ...], told: set[str],
) -> "tuple[Stream, dict[int, HiddenState]]":  # fmt: skip
    """A started sample, and its later states; what there is to know about it goes to stderr, once."""
    seed_state, notices = _seed_state(sampler, settings, state)
    assert settings.random_seed is not None
    states, about = state_at.states(changes, sampler.model, settings.random_seed)
    try:
        stream = sampler.stream(settings, seed_state)
    except UnknownCharacterError as error:
        raise with_flag(error) from None
    _tell((*first_words, *notices, *about, *stream.notices), told)
    return stream, states


def write_out(
    stream: "Stream", characters: "Iterator[SampledCharacter]", interruption: Interruption, *, quiet: bool
) -> None:
    """Run the stream to its end or a signal, showing the text as it comes."""
    if quiet:
        for _ in characters:
            if interruption.code:
                return
        return
    pieces, due = [stream.settings.prompt], 0.0
    for written in characters:
        pieces.append(written.character)
        now = time.monotonic()
        if now >= due:
            write("".join(pieces))
            pieces, due = [], now + _FLUSH_SECONDS
        if interruption.code:
            break
    write("".join(pieces) + "\n")


def written_again(
    file: Path, models: "list[Model]", interruption: Interruption, *, quiet: bool
) -> Iterator["Sample"]:
    """The samples of an export, written again, each with the model that wrote it where that is given.

    The parts of one text are shown as that text, once.
    """
    from chargen.sampling.difference import difference
    from chargen.sampling.export import load_export
    from chargen.sampling.replay import replay
    from chargen.sampling.sample import whole_texts
    from chargen.sampling.sampler import Sampler

    def check(_written: int) -> None:
        if interruption.code:
            raise signals.Interrupted(interruption.code - 128)

    texts = whole_texts(load_export(file))
    firsts = [parts[0] for parts in texts]
    samplers = {model.fingerprint: Sampler(model) for model in reversed(models)}
    seeds = [first.settings.random_seed for first in firsts]
    told = [f"seed {seed}" for seed in seeds] if len(set(seeds)) == len(seeds) else difference(firsts).headings()
    for number, parts in enumerate(texts):
        if not quiet and len(texts) > 1:
            write(_title(told[number], first=number == 0))
        for place, record in enumerate(parts):
            sampler = samplers.get(record.model_fingerprint) or samplers[models[0].fingerprint]
            sample = replay(sampler, record, check=check)
            for sentence in sample.notices:
                if sentence not in record.notices:
                    note(sentence)
            if not quiet:
                write(sample.text if place else sample.document)
            yield sample
        if not quiet:
            write("\n")
