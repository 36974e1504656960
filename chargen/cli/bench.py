"""``chargen bench``: measurements. ``gui`` runs the window's own meter, in a process that may load Qt."""

import argparse
import subprocess
import sys
from typing import Any

from chargen.cli.parser import HelpFormatter, add_option, values
from chargen.cli.window_check import window_problem
from chargen.errors import ChargenError
from chargen.settings import Option

_SECONDS = Option("seconds", "bench", "float", 60.0, "Seconds", "How long to measure.", 1, 3600)


def add_parser(commands: Any) -> None:
    parser = commands.add_parser(
        "bench",
        help="measure this installation",
        formatter_class=HelpFormatter,
        description="Measures this installation on this machine.",
    )
    kinds = parser.add_subparsers(title="measurements", metavar="WHAT", dest="what", required=True)
    gui = kinds.add_parser(
        "gui",
        help="how smoothly the window runs while it trains",
        formatter_class=HelpFormatter,
        description="Opens the window, trains at full speed and measures how late the window's timers come.\n"
        "Needs a display.",
    )
    add_option(gui, _SECONDS)
    gui.add_argument("--json", action="store_true", help="Print one JSON object.")
    gui.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Pass output and exit code of the meter through."""
    seconds = values(arguments, _SECONDS)["seconds"]
    problem = window_problem()
    if problem is not None:
        raise ChargenError(problem)
    command = [sys.executable, "-m", "chargen.gui.lag", "--seconds", f"{seconds:g}"]
    with subprocess.Popen([*command, *(["--json"] if arguments.json else [])]) as meter:
        try:
            code = meter.wait()
        except BaseException:  # a signal to us alone: the window must not stay behind
            meter.terminate()
            raise
    return code if code >= 0 else 128 - code
