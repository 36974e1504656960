"""``chargen state list | keep | rename | note | delete``: the library of seed states."""

import argparse
from pathlib import Path
from typing import Any

from chargen.cli.output import note, print_event, print_table
from chargen.cli.parser import HelpFormatter
from chargen.cli.shell import command_line

_NAME_HELP = "The name of a kept state."


def add_parsers(kinds: Any) -> None:
    """list, keep, rename, note, delete."""
    listed = kinds.add_parser(
        "list",
        help="the kept states",
        formatter_class=HelpFormatter,
        description="Lists the states that are kept in the library. With words, those in whose name, note or recipe\n"
        "every word occurs.",
    )
    listed.add_argument("words", nargs="*", metavar="WORD", help="What to search for.")
    listed.add_argument("--json", action="store_true", help="Print one JSON object per state.")
    listed.set_defaults(run=run_list)
    keep = kinds.add_parser(
        "keep",
        help="put a state file into the library",
        formatter_class=HelpFormatter,
        description="Copies a state file into the library under a name, by default its own.",
    )
    keep.add_argument("file", type=Path, metavar="FILE", help="A state file.")
    keep.add_argument("--name", metavar="NAME", help="What to call it.")
    keep.add_argument("--note", metavar="TEXT", help="A note to keep with it.")
    keep.set_defaults(run=run_keep)
    rename = kinds.add_parser(
        "rename", help="give a kept state another name", formatter_class=HelpFormatter,
        description="Gives a kept state another name; nothing else about it changes.",
    )  # fmt: skip
    rename.add_argument("name", metavar="NAME", help=_NAME_HELP)
    rename.add_argument("new", metavar="NEW", help="Its new name.")
    rename.set_defaults(run=run_rename)
    annotate = kinds.add_parser(
        "note", help="write a note to a kept state", formatter_class=HelpFormatter,
        description="Replaces the note of a kept state; an empty one ('') removes it.",
    )  # fmt: skip
    annotate.add_argument("name", metavar="NAME", help=_NAME_HELP)
    annotate.add_argument("note", metavar="TEXT", help="The note.")
    annotate.set_defaults(run=run_note)
    delete = kinds.add_parser(
        "delete",
        help="take a state out of the library",
        formatter_class=HelpFormatter,
        description="Moves a kept state, damaged or not, to the folder “deleted” in the library, and says how to get\n"
        "it back.",
    )
    delete.add_argument("name", metavar="NAME", help=_NAME_HELP)
    delete.set_defaults(run=run_delete)


def run_list(arguments: argparse.Namespace) -> int:
    """List the library."""
    from chargen.model.state_library import StateLibrary, search

    library = StateLibrary()
    cards = search(library.cards(), " ".join(arguments.words))
    if arguments.json:
        for card in cards:
            print_event(
                "kept state",
                {
                    "name": card.name,
                    "note": card.note,
                    "file": str(card.path),
                    "cell": card.cell,
                    "layers": card.layers,
                    "hidden": card.hidden,
                    "kind": card.kind,
                    "model_fingerprint": card.fingerprint,
                    "changed": card.changed.isoformat(timespec="seconds"),
                    "problem": card.problem,
                },
            )
        return 0
    shown = []
    for card in cards:
        what = card.problem or f"{card.layers}×{card.hidden} {card.cell.upper()}, {card.kind}"
        shown.append((card.name, f"{what} · {' '.join(card.note.split())}" if card.note else what))
    if shown:
        print_table(f"States in {library.folder}", shown)
    else:
        note("No state matches." if arguments.words else "No state is kept yet; see chargen state capture --help.")
    return 0


def run_keep(arguments: argparse.Namespace) -> int:
    """Copy a file into the library."""
    from chargen.model.state import HiddenState
    from chargen.model.state_library import StateLibrary

    state = HiddenState.load(arguments.file)
    name = arguments.name if arguments.name is not None else state.name or arguments.file.stem
    path = StateLibrary().keep(state, name, arguments.note)
    note(f"Kept as “{path.stem}”.")
    return 0


def run_rename(arguments: argparse.Namespace) -> int:
    """Rename a kept state."""
    from chargen.model.state_library import StateLibrary

    path = StateLibrary().change_name(arguments.name, arguments.new)
    note(f"“{arguments.name}” is now called “{path.stem}”.")
    return 0


def run_note(arguments: argparse.Namespace) -> int:
    """Annotate a kept state."""
    from chargen.model.state_library import StateLibrary

    StateLibrary().annotate(arguments.name, arguments.note)
    note(f"“{arguments.name}” has a new note." if arguments.note.strip() else f"“{arguments.name}” has no note now.")
    return 0


def run_delete(arguments: argparse.Namespace) -> int:
    """Put a kept state away."""
    from chargen.model.state_library import StateLibrary

    where = StateLibrary().delete(arguments.name)
    back = command_line("chargen", "state", "keep", str(where), "--name", arguments.name)
    note(f"“{arguments.name}” is no longer kept; to have it back: {back}")
    return 0
