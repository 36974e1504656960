"""Where a made state goes, and how it is shown: shared by the commands of ``chargen state``."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chargen.cli.output import note, print_event, print_table
from chargen.cli.parser import UsageError
from chargen.cli.shell import command_line
from chargen.errors import FileError, StateError

if TYPE_CHECKING:
    from chargen.model.state import Array, HiddenState

STATE_HELP = "A state file, or the name of a kept state."

_LEVELS = "▁▂▃▄▅▆▇█"
_STRIP_COLUMNS = 48


def add_result(parser: Any) -> None:
    """The flags that say where a made state goes: a file, the library, or both."""
    where = parser.add_argument_group("the result", "at least one of --output and --name")
    where.add_argument("--output", type=Path, metavar="FILE", help="The state file to write, for example mood.state.")
    where.add_argument("--name", metavar="NAME", help="Keep it in the library under this name; see chargen state list.")
    where.add_argument("--note", metavar="TEXT", help="A note to keep with it.")
    where.add_argument("--json", action="store_true", help="Print one JSON object.")


def check_result(arguments: argparse.Namespace) -> None:
    """Say what is wrong with the place before any work. Raises UsageError, FileError or StateError."""
    from chargen.model.state_library import StateLibrary

    if arguments.output is None and arguments.name is None:
        raise UsageError("Say where the state goes: --output FILE for a file, --name NAME to keep it in the library.")
    if arguments.output is not None:
        _refuse_to_replace(arguments.output)
    StateLibrary().check(arguments.name, arguments.note)


def deliver(arguments: argparse.Namespace, state: "HiddenState", title: str) -> int:
    """Write the state to where it was asked for, and show it; returns the exit code."""
    from chargen.model.state_library import StateLibrary
    from chargen.sampling.seeds import state_fingerprint

    state = state.renamed(arguments.name or state.name, state.note if arguments.note is None else arguments.note)
    places = []
    if arguments.name is not None:
        places.append(str(StateLibrary().keep(state)))
    if arguments.output is not None:
        state.save(arguments.output)
        places.append(str(arguments.output))
    if arguments.json:
        print_event("state", {"file": places[-1], **describe(state), "state_fingerprint": state_fingerprint(state)})
        return 0
    print_table(
        f"{title}, {'written to ' + places[-1] if arguments.output else f'kept as “{state.name}”'}", rows(state)
    )
    word = str(arguments.output or state.name)
    model = str(getattr(arguments, "model", None) or "MODEL")
    note(f"Write from it: {command_line('chargen', 'sample', model, '--state', word)}")
    return 0


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


# -- showing -------------------------------------------------------------------------------------------


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
