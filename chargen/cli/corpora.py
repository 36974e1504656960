"""``chargen corpora``: the texts at hand."""

import argparse
from dataclasses import asdict
from pathlib import Path
from typing import Any

from chargen.cli.output import note, print_event, print_table, write
from chargen.cli.parser import HelpFormatter, UsageError
from chargen.cli.shell import command_line
from chargen.errors import FileError


def add_parser(commands: Any) -> None:
    parser = commands.add_parser(
        "corpora",
        help="the texts at hand",
        formatter_class=HelpFormatter,
        description="Lists the texts at hand and what each is good for showing. Train on one by its name:\n"
        "chargen train NAME",
    )
    parser.add_argument("--fetch", metavar="NAME", help="Write this text to a file.")
    parser.add_argument(
        "--output",
        type=Path,
        metavar="FILE",
        help="Where --fetch writes (default: NAME.txt here); never over an existing file.",
    )
    parser.add_argument("--json", action="store_true", help="Print one JSON object per text.")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """List, or fetch one."""
    if arguments.fetch is not None:
        return _fetch(arguments.fetch, arguments.output, json=arguments.json)
    if arguments.output is not None:
        raise UsageError("--output goes with --fetch NAME; see chargen corpora --help.")
    from chargen.corpus.catalog import entries

    for number, entry in enumerate(entries()):
        if arguments.json:
            print_event("corpus", asdict(entry))
            continue
        if number:
            write("\n")
        named = f"{entry.name} (learned where no text is given)" if entry.default else entry.name
        print_table(
            named,
            [
                ("title", entry.title),
                ("form", entry.form),
                ("size", f"about {entry.characters:,} characters"),
                ("shows", entry.shows),
            ],
        )
    return 0


def _fetch(name: str, output: Path | None, *, json: bool) -> int:
    from chargen.corpus.catalog import load_entry
    from chargen.files import write_text

    path = output if output is not None else Path(f"{name}.txt")
    if output is not None and path.exists():
        raise FileError(f"“{path}” exists already; name another file with --output.")
    corpus = load_entry(name)
    if path.exists():
        raise FileError(f"“{path}” exists already; name another file with --output.")
    write_text(path, corpus.text())
    if json:
        print_event("fetched", {"name": name, "path": str(path), "characters": corpus.characters})
    else:
        train = command_line("chargen", "train", str(path))
        note(f"Wrote {corpus.characters:,} characters to “{path}”; learn them with: {train}")
    return 0
