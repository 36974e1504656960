"""``chargen bench``: measurements.

``sample``, ``train`` and ``learn`` measure in this process; ``gui`` runs the window's own meter, in a process that may
load Qt.
"""

import argparse
import subprocess
import sys
from typing import TYPE_CHECKING, Any

from chargen.cli import bench_learn
from chargen.cli.output import print_event, write
from chargen.cli.parser import HelpFormatter, add_options, values
from chargen.cli.window_check import window_problem
from chargen.errors import ChargenError
from chargen.settings import Option

if TYPE_CHECKING:
    from chargen.bench.timing import Measured

_SECONDS = Option("seconds", "bench", "float", 60.0, "Seconds", "How long to measure.", 1, 3600)
_WRITE = Option(
    "write", "bench", "int", 0, "Write", "Write, into a draft of so many characters, instead of training (0).",
    0, 10_000_000,
)  # fmt: skip
_ROUNDS = Option("rounds", "bench", "int", 5, "Rounds", "How many times each measurement takes its turn.", 1, 1000)
_TURN = Option("turn", "bench", "float", 0.3, "Turn", "How many seconds one turn lasts.", 0.001, 60)
_ENDING = "Medians over the turns, and half the way from the slowest to the fastest.\n"


def add_parser(commands: Any) -> None:
    parser = commands.add_parser(
        "bench",
        help="measure this installation",
        formatter_class=HelpFormatter,
        description="Measures this installation on this machine.",
    )
    kinds = parser.add_subparsers(title="measurements", metavar="WHAT", dest="what", required=True)
    sample = kinds.add_parser(
        "sample",
        help="how fast writing is, against a plain loop and the machine's ceilings",
        formatter_class=HelpFormatter,
        description="Writes with random networks on one core and sets beside it, in turns, the loop as one writes it\n"
        "in PyTorch, reading the weights once, and the matrix products that 64 samples at once need.",
    )
    add_options(sample, _ROUNDS, _TURN)
    _add_forms(sample)
    sample.set_defaults(run=run_sample)
    train = kinds.add_parser(
        "train",
        help="how fast learning is, against a plain loop and the machine's matrix products",
        formatter_class=HelpFormatter,
        description="Learns random characters with networks of several shapes and cells and sets beside it, in turns,\n"
        "the loop as one writes it in PyTorch, and a large matrix product in the chosen precision.",
    )
    add_options(train, _ROUNDS, _TURN)
    train.add_argument("--cell", choices=("lstm", "gru", "rnn"), help="Only this cell.")
    _add_forms(train)
    train.set_defaults(run=run_train)
    bench_learn.add_parser(kinds)
    gui = kinds.add_parser(
        "gui",
        help="how smoothly the window runs while it trains or writes",
        formatter_class=HelpFormatter,
        description="Opens the window, trains or writes at full speed and measures how late the window's timers come;\n"
        "with --write also how soon the first character is there, and how memory grows. Needs a display.",
    )
    add_options(gui, _SECONDS, _WRITE)
    gui.add_argument("--json", action="store_true", help="Print one JSON object.")
    gui.set_defaults(run=run)


def _add_forms(parser: argparse.ArgumentParser) -> None:
    forms = parser.add_mutually_exclusive_group()
    forms.add_argument("--json", action="store_true", help="Print one JSON object per shape of network.")
    forms.add_argument("--markdown", action="store_true", help="Print the table as Markdown.")


def run_sample(arguments: argparse.Namespace) -> int:
    """Measure shape after shape; a row is printed when it is there."""
    from chargen.bench.sample import SHAPES, measure
    from chargen.bench.table import Table

    asked = values(arguments, _ROUNDS, _TURN)
    columns = [("network", 14), ("characters/s", _WIDTH), ("plain loop", _WIDTH), ("ratio", _WIDTH)]
    columns += [("time/floor", _WIDTH), ("64 at once/products", _WIDTH), ("64: characters/s", _WIDTH)]
    table = Table(columns, markdown=arguments.markdown)
    if not arguments.json:
        write(table.head())
    for layers, hidden in SHAPES:
        result = measure(layers, hidden, rounds=asked["rounds"], seconds=asked["turn"])
        if arguments.json:
            print_event("bench sample", result.to_json())
            continue
        together = [_words(result.batch), _words(result.batch_characters)]
        for way, of in result.ways.items():
            numbers = (of.characters, result.plain, of.ratio, of.floor)
            write(table.row([f"{layers}×{hidden} {_WAYS[way]}", *map(_words, numbers), *together]))
            together = ["", ""]
    if not arguments.json:
        write("\n" + _ENDING)
    return 0


_WAYS = {"numpy": "NumPy", "compiled": "compiled", "narrow": "narrow"}


def run_train(arguments: argparse.Namespace) -> int:
    """Measure cell after cell, shape after shape; a row is printed when it is there."""
    from chargen.bench.table import Table
    from chargen.bench.train import CELLS, SHAPES, measure

    asked = values(arguments, _ROUNDS, _TURN)
    columns = [("network", 10), ("computed by", 15), ("characters/s", _WIDTH), ("plain loop", _WIDTH)]
    columns += [("ratio", _WIDTH), ("of the products", _WIDTH)]
    table = Table(columns, markdown=arguments.markdown)
    if not arguments.json:
        write(table.head())
    for cell in CELLS:
        for layers, hidden in SHAPES if arguments.cell in (None, cell) else ():
            result = measure(cell, layers, hidden, rounds=asked["rounds"], seconds=asked["turn"])
            if arguments.json:
                print_event("bench train", result.to_json())
                continue
            numbers = (result.characters, result.plain, result.ratio, result.matrix)
            write(table.row([f"{cell} {layers}×{hidden}", result.backend.describe(), *map(_words, numbers)]))
    if not arguments.json:
        write("\n" + _ENDING)
    return 0


_WIDTH = len("1,234,000 ±12 %")


def _words(measured: "Measured") -> str:
    """A median and half its spread."""
    from chargen.bench.table import percent, readable

    return f"{readable(measured.median)} ±{percent(measured.spread / 2)}"


def run(arguments: argparse.Namespace) -> int:
    """Pass output and exit code of the meter through."""
    asked = values(arguments, _SECONDS, _WRITE)
    problem = window_problem()
    if problem is not None:
        raise ChargenError(problem)
    command = [sys.executable, "-m", "chargen.gui.lag", "--seconds", f"{asked['seconds']:g}"]
    if asked["write"]:
        command += ["--write", f"{asked['write']}"]
    with subprocess.Popen([*command, *(["--json"] if arguments.json else [])]) as meter:
        try:
            code = meter.wait()
        except BaseException:  # a signal to us alone: the window must not stay behind
            meter.terminate()
            raise
    return code if code >= 0 else 128 - code
