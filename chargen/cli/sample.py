"""``chargen sample``: write with a model.

What goes to stdout is the prompt and what was written after it, followed by one newline that is not part of
it. Everything else (the seed that was drawn, notices) goes to stderr.
"""

import argparse
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chargen.cli import compare, named_settings, signals, state_at, twin
from chargen.cli.output import note, print_event, write
from chargen.cli.parser import HelpFormatter, UsageError, add_option, add_options, given
from chargen.cli.texts import read_text, with_flag
from chargen.errors import ChargenError, ExportError, FileError, UnknownCharacterError
from chargen.settings import OPTIONS, SEED_MAXIMUM, group

if TYPE_CHECKING:
    from chargen.model.model_file import Model
    from chargen.model.state import HiddenState
    from chargen.sampling.engine import Way
    from chargen.sampling.sample import Sample
    from chargen.sampling.sampler import SampledCharacter, Sampler, Stream
    from chargen.sampling.settings import SamplingSettings

_ELSEWHERE = ("length", "count", "random_seed", "unknown", "steer")
_DECODING = tuple(option.name for option in group("sampling") if option.name not in _ELSEWHERE)
_FLUSH_SECONDS = 0.05  # often enough to look like writing, seldom enough to cost nothing


def add_parser(commands: Any) -> None:
    parser = commands.add_parser(
        "sample",
        help="write with a model",
        formatter_class=HelpFormatter,
        description="Writes with a model: the prompt first, then what follows it. The same seed writes the same text.",
        epilog="Examples:\n  chargen sample my-run\n"
        '  chargen sample my-run --prompt "Once upon" --temperature 0.6 --seed 7\n'
        "  chargen sample my-run --count 3 --output three.html\n"
        "  chargen sample my-run --compare temperature 0.4 0.8 1.2 --output side-by-side.html",
    )
    parser.add_argument(
        "model", nargs="*", type=Path, metavar="MODEL",
        help="A model file or a run folder; several for --compare model and for an export of several.",
    )  # fmt: skip
    text = parser.add_argument_group("what to write")
    prompt = text.add_mutually_exclusive_group()
    prompt.add_argument("--prompt", metavar="TEXT", help="The beginning, which the model continues.")
    prompt.add_argument(
        "--prompt-file", metavar="FILE", help="The beginning, from a text file or - for standard input."
    )
    add_options(text, "length")
    text.add_argument(
        "--stop", action="append", metavar="TEXT", help="End after this has been written; may be given several times."
    )
    add_options(text, "count", "unknown")
    choice = parser.add_argument_group("how to choose")
    add_options(choice, *_DECODING)
    add_option(choice, "random_seed", flag="--seed")
    twin.add_flags(choice)
    compare.add_flag(choice)
    choice.add_argument(
        "--state",
        metavar="zero|learned|random[:SCALE]|STATE",
        help="The seed state, a file or the name of a kept one (default: what training started from).",
    )
    state_at.add_flag(choice)
    choice.add_argument(
        "--engine",
        choices=("auto", "numpy", "compiled", "narrow"),
        help="How a step is computed: with NumPy, ready at once; compiled, faster, after a second or two; compiled "
        "with narrow (16-bit) weights, faster still, with probabilities off by about 1e-5; auto compiles for a single "
        "text of 100,000 characters or more (default: auto).",
    )
    named = parser.add_argument_group("settings by name")
    named.add_argument("--settings", metavar="NAME", help="Choose as saved under this name; flags beside it go first.")
    named.add_argument(
        "--save-settings", metavar="NAME", help="Save how to choose under this name, and write where a MODEL is given."
    )
    named_settings.add_flags(named)
    named.add_argument("--list-settings", action="store_true", help="Show the settings by name, and write nothing.")
    result = parser.add_argument_group("the result")
    result.add_argument(
        "--from-export", type=Path, metavar="FILE.json", help="Write the samples of an export again, exactly."
    )
    result.add_argument(
        "--output", type=Path, metavar="FILE", help="Write to this file instead: .txt .md .html .json or .csv."
    )
    result.add_argument("--json", action="store_true", help="Print one JSON object per sample.")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Write; returns 128 + the signal where one ended it, with what was written kept."""
    if named_settings.kept_in_order(arguments):
        return 0
    chosen = given(arguments, "length", "count", "unknown", *_DECODING, "random_seed", "steer")
    twin.check(arguments)
    if arguments.from_export is not None:
        _refuse_settings(arguments, chosen)
    chosen = named_settings.by_name(arguments, chosen)
    if not arguments.model:
        if arguments.save_settings is not None:
            return 0
        raise UsageError("chargen sample needs MODEL; see chargen sample --help.")
    compare.check(arguments, chosen)
    state_at.check(arguments, chosen)
    if arguments.output is not None:
        _check_output(arguments)
    from chargen.model.model_file import load_model

    models = [load_model(path) for path in arguments.model]
    interruption = _Interruption()
    twins = twin.Twins(models[0], lambda: bool(interruption.code)) if arguments.twin else None
    samples: list[Sample] = []
    with signals.handled(interruption.on_signal):
        if arguments.from_export is not None:
            quiet = arguments.json or arguments.output is not None
            writing = _again(arguments.from_export, models, interruption, quiet=quiet)
        else:
            writing = _new(arguments, chosen, models, interruption)
        try:
            for sample in writing:
                samples.append(sample)
                if arguments.json:
                    _print_json(sample)
                if twins is not None and not interruption.code:
                    samples.append(twins.of(sample))
                    if arguments.json:
                        _print_json(samples[-1], "twin")
                    elif arguments.output is None:
                        twin.show(sample, samples[-1])
        finally:  # whatever ends it: what is written is kept
            if arguments.output is not None and samples:
                _export(samples, arguments.output)
    return interruption.code


def _export(samples: "list[Sample]", path: Path) -> None:
    from chargen.sampling.export import export

    export(samples, path)
    note(f"Wrote “{path}”.")


class _Interruption:
    """Whether a signal asked to end."""

    def __init__(self) -> None:
        self.code = 0

    def on_signal(self, number: int) -> None:
        if self.code:
            raise signals.Interrupted(number)
        self.code = 128 + number


# -- before anything is loaded ----------------------------------------------------------------


def _refuse_settings(arguments: argparse.Namespace, chosen: dict[str, Any]) -> None:
    """An export brings its own settings. Raises UsageError where others are given."""
    flags = ["--seed" if name == "random_seed" else OPTIONS[name].flag for name in chosen]
    flags += [
        flag
        for flag, value in (
            ("--prompt", arguments.prompt),
            ("--prompt-file", arguments.prompt_file),
            ("--stop", arguments.stop),
            ("--state", arguments.state),
            ("--state-at", arguments.state_at),
            ("--compare", arguments.compare),
            ("--engine", arguments.engine),
            ("--settings", arguments.settings),
            ("--save-settings", arguments.save_settings),
        )
        if value is not None
    ]
    if flags:
        raise UsageError(f"--from-export brings its own settings; leave out {', '.join(flags)}.")


def _check_output(arguments: argparse.Namespace) -> None:
    """Say what is wrong with the output before writing for minutes. Raises ExportError or FileError."""
    from chargen.sampling.export import SUFFIXES

    path: Path = arguments.output
    if path.suffix.lower() not in SUFFIXES:
        ending = f"not in “{path.suffix}”" if path.suffix else "but has no ending"
        raise ExportError(f"The name of the output must end in one of {', '.join(SUFFIXES)}, {ending}.")
    if path.is_dir():
        raise FileError(f"“{path}” is a folder; name a file.")
    if not path.parent.is_dir():
        raise FileError(f"There is no folder “{path.parent}” to write to.")
    states = (arguments.state, *state_at.given(arguments).values())
    inputs = (*arguments.model, arguments.prompt_file, *states, arguments.from_export)
    if path.exists() and any(each is not None and Path(each).exists() and path.samefile(each) for each in inputs):
        raise FileError(f"“{path}” is read by this command; name another file for the output.")


# -- writing ----------------------------------------------------------------------------------


def _prompt(arguments: argparse.Namespace) -> str:
    if arguments.prompt_file is None:
        # An argument that is not valid in the system's encoding arrives with half characters.
        return arguments.prompt or ""
    encoded = read_text(arguments.prompt_file)
    for notice in encoded.notices:
        note(notice)
    return encoded.vocabulary.decode(encoded.ids)


def _new(
    arguments: argparse.Namespace, chosen: dict[str, Any], models: "list[Model]", interruption: _Interruption
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
        _write_out(stream, state_at.follow(stream, states), interruption, quiet=quiet)
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
    interruption: _Interruption,
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


def _write_out(
    stream: "Stream", characters: "Iterator[SampledCharacter]", interruption: _Interruption, *, quiet: bool
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


def _again(
    file: Path, models: "list[Model]", interruption: _Interruption, *, quiet: bool
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


def _print_json(sample: "Sample", event: str = "sample") -> None:
    from chargen.sampling.seeds import state_fingerprint

    print_event(
        event,
        {
            "text": sample.document,
            "seed": sample.settings.random_seed,
            "temperature": sample.settings.temperature,
            "model_fingerprint": sample.model_fingerprint,
            "state_fingerprint": state_fingerprint(sample.seed_state),
        },
    )
