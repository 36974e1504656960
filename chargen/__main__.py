"""Chooses: a verb, or the window.

From the first line of ``main`` on, a signal ends the program with 128 + its number and without a word. Hence
almost nothing is imported before.
"""

import importlib
import sys

from chargen.cli import signals


def main() -> int:
    """``chargen``: the window without arguments, else the command line. Returns the exit code."""
    if len(sys.argv) == 1:
        return window()
    with signals.handled(signals.leave_at_once):
        try:
            return int(importlib.import_module("chargen.cli.main").main())
        finally:
            signals.ignore()  # what PyTorch tidies up at the end must not be interrupted


def window() -> int:
    """``chargen-gui``: the window, or one sentence saying why it cannot open. Returns the exit code."""
    asked: list[int] = []
    # Noted only, before and after the window hears them itself: an exception while Qt is made or unmade would crash it.
    with signals.handled(asked.append):
        try:
            return _window(asked)
        finally:
            signals.ignore()


def _window(asked: list[int]) -> int:
    from chargen.cli.main import report_unexpected
    from chargen.cli.output import note
    from chargen.cli.window_check import import_problem, window_problem

    problem = window_problem()
    if problem is not None:
        note(problem)
        return 2
    try:
        # Only now, and by name: commands never load Qt.
        app = importlib.import_module("chargen.gui.app")
    except ImportError as error:
        note(import_problem(error))
        return 2
    try:
        return int(app.run(asked=asked))
    except Exception as error:
        return report_unexpected(error)


if __name__ == "__main__":
    sys.exit(main())
