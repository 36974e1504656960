"""``chargen state``: seed states as files."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chargen.cli.output import note, print_event, print_table
from chargen.cli.parser import HelpFormatter, add_options, given, values
from chargen.cli.shell import command_line
from chargen.cli.texts import read_text, with_flag
from chargen.errors import FileError, StateError, UnknownCharacterError

if TYPE_CHECKING:
    from chargen.model.state import Array, HiddenState

_LEVELS = "▁▂▃▄▅▆▇█"
_STRIP_COLUMNS = 48


def add_parser(commands: Any) -> None:
    parser = commands.add_parser(
        "state",
        help="capture and show seed states",
        formatter_class=HelpFormatter,
        description="Seed states: what the network remembers when a sample begins.",
    )
    kinds = parser.add_subparsers(title="what to do", metavar="WHAT", dest="what", required=True)
    capture = kinds.add_parser(
        "capture",
        help="read a text and keep the state after it",
        formatter_class=HelpFormatter,
        description="Lets a model read a text and keeps the state it is in afterwards.\n"
        "Write from it with: chargen sample MODEL --state FILE",
    )
    capture.add_argument("model", type=Path, metavar="MODEL", help="A model file or a run folder.")
    capture.add_argument(
        "--text",
        required=True,
        metavar="TEXT",
        help="A file, a folder, - for standard input, or else the words themselves.",
    )
    capture.add_argument(
        "--output", required=True, type=Path, metavar="FILE", help="The state file to write, for example mood.state."
    )
    add_options(capture, "unknown", "encoding", "as_text", "newlines")
    capture.add_argument("--json", action="store_true", help="Print one JSON object.")
    capture.set_defaults(run=run_capture)
    show = kinds.add_parser(
        "show",
        help="what a state file holds",
        formatter_class=HelpFormatter,
        description="Shows how a state was made, its sizes, and what is in each layer.",
    )
    show.add_argument("file", type=Path, metavar="FILE", help="A state file.")
    show.add_argument("--json", action="store_true", help="Print one JSON object.")
    show.set_defaults(run=run_show)


def run_capture(arguments: argparse.Namespace) -> int:
    """Read the text with the model, write the state."""
    from chargen.model.model_file import load_model
    from chargen.sampling.seeds import prime, state_fingerprint

    unknown = values(arguments, "unknown")["unknown"]
    reading = given(arguments, "encoding", "as_text", "newlines")
    _refuse_to_replace(arguments.output)
    model = load_model(arguments.model)
    text = _text(arguments.text, reading)
    try:
        state = prime(model, text, unknown)
    except UnknownCharacterError as error:
        raise with_flag(error) from None
    state.save(arguments.output)
    if arguments.json:
        print_event(
            "state", {"file": str(arguments.output), **describe(state), "state_fingerprint": state_fingerprint(state)}
        )
        return 0
    print_table(f"State after {len(text):,} characters, written to {arguments.output}", rows(state))
    note(f"Write from it: {command_line('chargen', 'sample', str(arguments.model), '--state', str(arguments.output))}")
    return 0


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


def _refuse_to_replace(path: Path) -> None:
    """A state may replace a state, never a text or a model. Raises StateError or FileError."""
    from chargen.model.state import HiddenState

    if path.is_dir():
        raise FileError(f"“{path}” is a folder; name a file.")
    if not path.parent.is_dir():
        raise FileError(f"There is no folder “{path.parent}” to write to.")
    if path.exists():
        try:
            HiddenState.load(path)
        except (StateError, FileError):
            raise FileError(f"“{path}” exists and is not a state; name another file.") from None


def run_show(arguments: argparse.Namespace) -> int:
    """Show one state file."""
    from chargen.model.state import HiddenState
    from chargen.sampling.seeds import state_fingerprint

    if arguments.file.is_dir():
        raise StateError(f"“{arguments.file}” is a folder, not a state; see chargen inspect.")
    state = HiddenState.load(arguments.file)
    if arguments.json:
        print_event(
            "state", {"file": str(arguments.file), **describe(state), "state_fingerprint": state_fingerprint(state)}
        )
    else:
        print_table(f"State {arguments.file}", rows(state))
    return 0


def statistics(array: "Array") -> dict[str, float]:
    """Of one layer's part: mean, standard deviation, least and greatest."""
    values = array.astype("float64")
    return {
        "mean": float(values.mean()),
        "deviation": float(values.std()),
        "least": float(values.min()),
        "greatest": float(values.max()),
    }


def strip(array: "Array") -> str:
    """A small picture of units at even distances: low blocks are negative, high ones positive."""
    import numpy as np

    values = array.reshape(-1)
    reach = max(1.0, float(np.abs(values).max()))  # h lies within ±1; c may go beyond
    # Single units at even distances: a mean of many would always look like nothing, a maximum like a lot.
    columns = values[np.linspace(0, values.size - 1, min(_STRIP_COLUMNS, values.size)).round().astype(int)]
    return "".join(_LEVELS[min(len(_LEVELS) - 1, int((value / reach + 1) / 2 * len(_LEVELS)))] for value in columns)


def _parts(state: "HiddenState") -> list[tuple[str, int, "Array"]]:
    names = ("h", "c")[: len(state.parts())]
    return [
        (name, layer, part[layer])
        for layer in range(state.layers)
        for name, part in zip(names, state.parts(), strict=True)
    ]


def describe(state: "HiddenState") -> dict[str, Any]:
    """A state for scripts."""
    return {
        "cell": state.cell,
        "layers": state.layers,
        "hidden": state.hidden,
        "name": state.name,
        "note": state.note,
        "recipe": dict(state.recipe),
        "model_fingerprint": state.fingerprint,
        "statistics": [{"layer": layer + 1, "part": name, **statistics(part)} for name, layer, part in _parts(state)],
    }


def rows(state: "HiddenState") -> list[tuple[str, str]]:
    """A state for people."""
    from chargen.sampling.seeds import describe_state

    shown = [
        ("fits", f"{state.layers}×{state.hidden} {state.cell.upper()}"),
        ("made from", describe_state(state)),
        ("by model", state.fingerprint[:12] or "any"),
    ]
    if state.note:
        shown.append(("note", state.note))
    for name, layer, part in _parts(state):
        figures = statistics(part)
        shown.append((f"layer {layer + 1} {name}", strip(part)))
        shape = f"mean {figures['mean']:+.3f} ± {figures['deviation']:.3f}"
        shown.append(("", f"{shape}, from {figures['least']:+.3f} to {figures['greatest']:+.3f}"))
    return shown
