"""``chargen state``: seed states captured, drawn and shown; mixing and the library have modules of their own."""

import argparse
from pathlib import Path
from typing import Any

from chargen.cli import state_kept, state_mix
from chargen.cli.output import note, print_event, print_table
from chargen.cli.parser import HelpFormatter, UsageError, add_option, add_options, given, values
from chargen.cli.state_result import STATE_HELP, add_result, check_result, deliver, describe, rows
from chargen.cli.texts import read_text, with_flag
from chargen.errors import UnknownCharacterError
from chargen.settings import Option

_AT = Option("at", "state", "int", None, "Position", "Stop reading after this many characters.", 1, 10**9)
_SCALE = Option("scale", "state", "float", 1.0, "Scale", "How far the numbers lie from zero.", 0.0, 1e6)
_MODEL_HELP = "A model file or a run folder."


def add_parser(commands: Any) -> None:
    parser = commands.add_parser(
        "state",
        help="capture, mix, compare and keep seed states",
        formatter_class=HelpFormatter,
        description="Seed states: what the network remembers when a sample begins.\n"
        "A state is a file, or is kept in a library by name; wherever a command takes a STATE, it takes either\n"
        "(a file first).",
    )
    kinds = parser.add_subparsers(title="what to do", metavar="WHAT", dest="what", required=True)
    _add_capture(kinds)
    _add_random(kinds)
    state_mix.add_parsers(kinds)
    show = kinds.add_parser(
        "show",
        help="what a state holds",
        formatter_class=HelpFormatter,
        description="Shows how a state was made, its sizes, and what is in each layer.",
    )
    show.add_argument("file", metavar="STATE", help=STATE_HELP)
    show.add_argument("--json", action="store_true", help="Print one JSON object.")
    show.set_defaults(run=run_show)
    state_kept.add_parsers(kinds)


def _add_capture(kinds: Any) -> None:
    capture = kinds.add_parser(
        "capture",
        help="read a text and keep the state after it",
        formatter_class=HelpFormatter,
        description="Lets a model read a text and keeps the state it is in afterwards; or reads the text of an\n"
        "export again, as it was steered, and keeps the state at one of its characters.\n"
        "Write from it with: chargen sample MODEL --state FILE",
    )
    capture.add_argument("model", type=Path, metavar="MODEL", help=_MODEL_HELP)
    source = capture.add_mutually_exclusive_group(required=True)
    source.add_argument(
        "--text",
        metavar="TEXT",
        help="A file, a folder, - for standard input, or else the words themselves.",
    )
    source.add_argument(
        "--from-export", type=Path, metavar="FILE.json", help="An export; its first text is read again."
    )
    capture.add_argument(
        "--at",
        metavar="N",
        help="The state after the first N characters of the text, or of what was written in the export "
        "(default: after all of it).",
    )
    add_options(capture, "unknown", "encoding", "as_text", "newlines")
    add_result(capture)
    capture.set_defaults(run=run_capture)


def _add_random(kinds: Any) -> None:
    random = kinds.add_parser(
        "random",
        help="draw a state at random",
        formatter_class=HelpFormatter,
        description="Draws every number of a state at random; the same seed draws the same state.",
    )
    random.add_argument("model", type=Path, metavar="MODEL", help=_MODEL_HELP)
    add_option(random, "random_seed", flag="--seed")
    add_option(random, _SCALE)
    add_result(random)
    random.set_defaults(run=run_random)


def run_capture(arguments: argparse.Namespace) -> int:
    """Read the text with the model, or write the export again; keep the state."""
    from chargen.model.model_file import load_model
    from chargen.sampling.seeds import prime

    unknown = values(arguments, "unknown")["unknown"]
    reading = given(arguments, "encoding", "as_text", "newlines")
    at = given(arguments, _AT).get("at")
    check_result(arguments)
    if arguments.from_export is not None:
        return _capture_export(arguments, at)
    model = load_model(arguments.model)
    text = _text(arguments.text, reading)
    if at is not None and at > len(text):
        raise UsageError(f"The text has {len(text):,} characters, so there is no state after {at:,} of them.")
    text = text[:at]
    try:
        state = prime(model, text, unknown)
    except UnknownCharacterError as error:
        raise with_flag(error) from None
    return deliver(arguments, state, f"State after {len(text):,} characters")


def _capture_export(arguments: argparse.Namespace, at: int | None) -> int:
    from chargen.model.model_file import load_model
    from chargen.sampling.export import load_export
    from chargen.sampling.remake import state_at
    from chargen.sampling.sample import whole_texts

    parts = whole_texts(load_export(arguments.from_export))[0]
    before = len(parts[0].after)  # the text's own characters are counted
    total = len(parts[-1].after) + len(parts[-1].text) - before
    at = total if at is None else at
    if at > total:
        raise UsageError(f"The text has {total:,} characters, so there is no state after {at:,} of them.")
    part = next(part for part in parts if at <= len(part.after) + len(part.text) - before)
    state = state_at(load_model(arguments.model), part, at - (len(part.after) - before))
    return deliver(arguments, state, f"State after {at:,} characters of the text")


def run_random(arguments: argparse.Namespace) -> int:
    """Draw a state."""
    import secrets

    from chargen.model.model_file import load_model
    from chargen.model.state import HiddenState

    chosen = values(arguments, "random_seed", _SCALE)
    check_result(arguments)
    seed = secrets.randbelow(10**9) if chosen["random_seed"] is None else chosen["random_seed"]
    state = HiddenState.random(load_model(arguments.model).config, seed, chosen["scale"])
    return deliver(arguments, state, f"Random state, seed {seed}")


def _text(argument: str, reading: dict[str, Any]) -> str:
    """The text that ``--text`` means: what a file holds, or else the words themselves."""
    try:
        is_there = argument == "-" or (argument != "" and Path(argument).exists())
    except (OSError, ValueError):  # too long for a name, or a zero character: words
        is_there = False
    if not is_there:
        if Path(argument).suffix and not any(character.isspace() for character in argument):
            note(f"There is no file “{argument}”: its name itself is read as the text.")
        return argument
    encoded = read_text(argument, **reading)
    for notice in encoded.notices:
        note(notice)
    return encoded.vocabulary.decode(encoded.ids)


def run_show(arguments: argparse.Namespace) -> int:
    """Show one state."""
    from chargen.model.state_library import resolve_state
    from chargen.sampling.seeds import state_fingerprint

    state = resolve_state(arguments.file)
    if arguments.json:
        print_event("state", {"file": arguments.file, **describe(state), "state_fingerprint": state_fingerprint(state)})
    else:
        print_table(f"State {arguments.file}", rows(state))
    return 0
