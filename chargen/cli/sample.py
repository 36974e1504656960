"""``chargen sample``: write with a model.

What goes to stdout is the prompt and what was written after it, followed by one newline that is not part of
it. Everything else (the seed that was drawn, notices) goes to stderr.
"""

import argparse
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chargen.cli import signals, twin
from chargen.cli.output import note, print_event, write
from chargen.cli.parser import HelpFormatter, UsageError, add_option, add_options, given
from chargen.cli.texts import read_text, with_flag
from chargen.errors import ExportError, FileError, UnknownCharacterError
from chargen.settings import OPTIONS, SEED_MAXIMUM

if TYPE_CHECKING:
    from chargen.model.model_file import Model
    from chargen.sampling.sample import Sample
    from chargen.sampling.sampler import Sampler, Stream

_DECODING = ("temperature", "top_k", "top_p", "min_p", "repetition_penalty")
_FLUSH_SECONDS = 0.05  # often enough to look like writing, seldom enough to cost nothing


def add_parser(commands: Any) -> None:
    parser = commands.add_parser(
        "sample",
        help="write with a model",
        formatter_class=HelpFormatter,
        description="Writes with a model: the prompt first, then what follows it. The same seed writes the same text.",
        epilog="Examples:\n  chargen sample my-run\n"
        '  chargen sample my-run --prompt "Once upon" --temperature 0.6 --seed 7\n'
        "  chargen sample my-run --count 3 --output three.html",
    )
    parser.add_argument("model", type=Path, metavar="MODEL", help="A model file or a run folder.")
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
    choice.add_argument(
        "--state",
        metavar="zero|learned|random[:SCALE]|STATE",
        help="The seed state, a file or the name of a kept one (default: what training started from).",
    )
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
    chosen = given(arguments, "length", "count", "unknown", *_DECODING, "random_seed", "steer")
    twin.check(arguments)
    if arguments.from_export is not None:
        _refuse_settings(arguments, chosen)
    if arguments.output is not None:
        _check_output(arguments)
    from chargen.model.model_file import load_model

    model = load_model(arguments.model)
    interruption = _Interruption()
    twins = twin.Twins(model, lambda: bool(interruption.code)) if arguments.twin else None
    samples: list[Sample] = []
    with signals.handled(interruption.on_signal):
        if arguments.from_export is not None:
            writing = _again(arguments.from_export, model, quiet=arguments.json or arguments.output is not None)
        else:
            writing = _new(arguments, chosen, model, interruption)
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
    inputs = (arguments.model, arguments.prompt_file, arguments.state, arguments.from_export)
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
    arguments: argparse.Namespace, chosen: dict[str, Any], model: "Model", interruption: _Interruption
) -> Iterator["Sample"]:
    """New samples, streamed to stdout unless they go elsewhere."""
    from dataclasses import replace

    from chargen.sampling.sampler import Sampler
    from chargen.sampling.settings import SamplingSettings

    count = chosen.pop("count", OPTIONS["count"].default)
    settings = SamplingSettings(prompt=_prompt(arguments), stop=tuple(arguments.stop or ()), **chosen)
    drawn = settings.random_seed is None
    settings = settings.with_seed()
    assert settings.random_seed is not None
    if settings.random_seed + count - 1 > SEED_MAXIMUM:
        raise UsageError(
            f"--count {count} from --seed {settings.random_seed} would go past the largest seed; choose a smaller one."
        )
    sampler = Sampler(model)
    quiet = arguments.json or arguments.output is not None
    told: set[str] = set()
    for number in range(count):
        seed = settings.random_seed + number
        stream = _stream(sampler, replace(settings, random_seed=seed), arguments.state, told)
        if number == 0 and drawn and not arguments.json:
            note(f"seed {seed}")
        if not quiet and count > 1:
            write(f"{'' if number == 0 else chr(10)}── seed {seed} ──\n")
        _write_out(stream, interruption, quiet=quiet)
        yield stream.sample()
        if interruption.code:
            return


def _stream(sampler: "Sampler", settings: Any, state: str | None, told: set[str]) -> "Stream":
    """A started sample; what there is to know about it goes to stderr, once."""
    from chargen.sampling.seeds import parse_state

    seed_state = None
    notices: tuple[str, ...] = ()
    if state is not None:
        seed_state, notices = parse_state(state, sampler.model, settings.random_seed)
    try:
        stream = sampler.stream(settings, seed_state)
    except UnknownCharacterError as error:
        raise with_flag(error) from None
    for sentence in (*notices, *stream.notices):
        if sentence not in told:
            told.add(sentence)
            note(sentence)
    return stream


def _write_out(stream: "Stream", interruption: _Interruption, *, quiet: bool) -> None:
    """Run the stream to its end or a signal, showing the text as it comes."""
    if quiet:
        for _ in stream:
            if interruption.code:
                return
        return
    pieces, due = [stream.settings.prompt], 0.0
    for written in stream:
        pieces.append(written.character)
        now = time.monotonic()
        if now >= due:
            write("".join(pieces))
            pieces, due = [], now + _FLUSH_SECONDS
        if interruption.code:
            break
    write("".join(pieces) + "\n")


def _again(file: Path, model: "Model", *, quiet: bool) -> Iterator["Sample"]:
    """The samples of an export, written again."""
    from chargen.sampling.export import load_export
    from chargen.sampling.replay import replay
    from chargen.sampling.sampler import Sampler

    records = load_export(file)
    sampler = Sampler(model)
    for number, record in enumerate(records):
        sample = replay(sampler, record)
        for sentence in sample.notices:
            if sentence not in record.notices:
                note(sentence)
        if not quiet:
            if len(records) > 1:
                write(f"{'' if number == 0 else chr(10)}── seed {sample.settings.random_seed} ──\n")
            write(sample.document + "\n")
        yield sample


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
