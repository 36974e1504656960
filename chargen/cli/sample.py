"""``chargen sample``: write with a model.

What goes to stdout is the prompt and what was written after it, followed by one newline that is not part of
it. Everything else (the seed that was drawn, notices) goes to stderr.
"""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chargen.cli import compare, named_settings, signals, state_at, twin, writing
from chargen.cli.output import note, print_event
from chargen.cli.parser import HelpFormatter, UsageError, add_option, add_options, given
from chargen.errors import ExportError, FileError
from chargen.settings import OPTIONS, group

if TYPE_CHECKING:
    from chargen.sampling.sample import Sample

_ELSEWHERE = ("length", "count", "random_seed", "unknown", "steer")
_DECODING = tuple(option.name for option in group("sampling") if option.name not in _ELSEWHERE)


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
        "with narrow (16-bit) weights, faster still, with probabilities off by 1e-5, at worst 1e-4; auto compiles for "
        "a single text of 100,000 characters or more (default: auto).",
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
    interruption = writing.Interruption()
    twins = twin.Twins(models[0], lambda: bool(interruption.code)) if arguments.twin else None
    samples: list[Sample] = []
    with signals.handled(interruption.on_signal):
        if arguments.from_export is not None:
            quiet = arguments.json or arguments.output is not None
            samples_of = writing.written_again(arguments.from_export, models, interruption, quiet=quiet)
        else:
            samples_of = writing.new_samples(arguments, chosen, models, interruption)
        try:
            for sample in samples_of:
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
