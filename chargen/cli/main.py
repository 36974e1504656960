"""Parse, run the verb, and turn whatever happens into a sentence and an exit code.

0 it worked · 1 a bug · 2 something the user can mend · 128 + n ended by signal n (130 Ctrl-C, 143 SIGTERM).
"""

import datetime
import errno
import os
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path

from chargen import __version__, paths
from chargen.cli import bench, corpora, doctor, inspect, sample, score, signals, state, train
from chargen.cli.output import describe_output_error, note, one_line, prepare_streams, silence_stdout
from chargen.cli.parser import HelpFormatter, Parser, UsageError
from chargen.cli.shell import command_line
from chargen.errors import ChargenError
from chargen.files import describe_os_error

_VERBS = (train, sample, score, inspect, corpora, state, doctor, bench)
_LOG_LIMIT = 2**20
_PLACES = (
    errno.EACCES,
    errno.EPERM,
    errno.ENOENT,
    errno.ENOTDIR,
    errno.EISDIR,
    errno.EROFS,
    errno.ENAMETOOLONG,
    errno.ELOOP,
)
"""Errors of a path that somebody typed, wherever it was first looked at."""
_SIGPIPE = 13  # what a shell sees of any program whose reader has gone


def build_parser() -> Parser:
    """The whole command line."""
    parser = Parser(
        prog="chargen",
        description="Train a small recurrent network on your own text, and write with it.\n"
        "Without a command, the window opens.",
        epilog="A first try:\n  chargen train --minutes 1        learn the bundled play\n"
        "  chargen train my.txt             learn a text of yours\n"
        "  chargen COMMAND --help           everything a command can do",
        formatter_class=HelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"chargen {__version__}", help="Show the version.")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", dest="command", required=True)
    for verb in _VERBS:
        verb.add_parser(commands)
    return parser


def _parse_and_run(argv: Sequence[str]) -> int:
    parser = build_parser()
    try:
        arguments, rest = parser.parse_known_args(argv)
    except UsageError:
        if argv and not argv[0].startswith("-") and argv[0] not in parser.commands() and Path(argv[0]).exists():
            verb = "inspect" if inspect.is_ours(Path(argv[0])) else "train"
            raise UsageError(f"“{argv[0]}” is no command; try: {command_line('chargen', verb, argv[0])}") from None
        raise
    if rest:
        raise UsageError(arguments.parser.unknown(rest[0]))
    code: int = arguments.run(arguments)
    return code


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code. Nothing escapes but a second signal."""
    prepare_streams()
    try:
        with signals.handled(signals.raise_interrupted):
            try:
                code = _parse_and_run(sys.argv[1:] if argv is None else argv)
            except SystemExit as stop:  # --help and --version
                code = stop.code if isinstance(stop.code, int) else 0
            if sys.stdout is not None:
                sys.stdout.flush()  # here, where a closed pipe can still be handled
            return code
    except ChargenError as error:
        note(one_line(str(error)))
        return 2
    except signals.Interrupted as interrupted:
        return interrupted.code
    except KeyboardInterrupt:
        return 130
    except MemoryError:
        note("There is not enough memory for this; choose something smaller or close other programs.")
        return 2
    except OSError as error:
        if is_broken_pipe(error):
            silence_stdout()
            return 128 + _SIGPIPE
        if error.errno in (errno.ENOSPC, errno.EIO, errno.EDQUOT) and error.filename is None:
            silence_stdout()  # a full disk behind stdout, or a terminal that was closed
            note(describe_output_error(error))
            return 2
        if error.filename is not None and error.errno in _PLACES:
            note(one_line(describe_os_error("reach", Path(os.fsdecode(error.filename)), error)))
            return 2
        return report_unexpected(error)
    except Exception as error:
        return report_unexpected(error)


def is_broken_pipe(error: OSError) -> bool:
    """Whether the reader of our output has gone (Windows reports it as an invalid argument)."""
    return isinstance(error, BrokenPipeError) or (os.name == "nt" and error.errno == errno.EINVAL)


def report_unexpected(error: BaseException) -> int:
    """One sentence for the user, the traceback for the log; returns the exit code."""
    log = paths.log_file()
    words = one_line(f"{type(error).__name__}: {error}".rstrip(": "))[:300]
    try:
        log.parent.mkdir(parents=True, exist_ok=True)
        if log.exists() and log.stat().st_size > _LOG_LIMIT:
            log.replace(log.with_name(log.name + ".previous"))
        with log.open("a", encoding="utf-8", errors="backslashreplace") as file:
            now = datetime.datetime.now().astimezone().isoformat(timespec="seconds")
            file.write(f"--- {now} chargen {__version__}: {' '.join(sys.argv[1:2])}\n")
            file.write("".join(traceback.format_exception(error)))
        where = f"the details are in “{log}”"
    except OSError:
        where = f"and the log “{log}” cannot be written"
    note(f"Something went wrong that should not ({words}); {where}.")
    return 1
