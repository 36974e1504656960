"""The only door to the terminal: results on stdout, everything else on stderr.

A result is exact: UTF-8 bytes with plain newlines in a file or a pipe, whatever the system's
settings. In a terminal, control characters of a text or a file name are shown, not obeyed: a
model from a stranger must not move the cursor or retitle the window.
"""

import contextlib
import io
import json
import os
import sys
from collections.abc import Mapping, Sequence
from typing import IO, TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Console

# C0 without newline and tab become their pictures, DEL and C1 the replacement character.
_VISIBLE = {code: 0x2400 + code for code in range(32) if chr(code) not in "\n\t"}
_VISIBLE |= dict.fromkeys(range(0x7F, 0xA0), 0xFFFD)


def prepare_streams() -> None:
    """Make stdout and stderr safe for any character; called once, before anything is printed."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            terminal = stream.isatty()
            encoding = stream.encoding if terminal else "utf-8"
            # "replace" in a terminal: a half character or one its code page lacks is no reason to fail.
            errors = "replace" if terminal or stream is sys.stderr else "surrogatepass"
            with contextlib.suppress(ValueError, OSError):
                stream.reconfigure(encoding=encoding, errors=errors, newline=None if terminal else "\n")


def describe_output_error(error: OSError) -> str:
    """One sentence for a stdout that takes no more."""
    return f"The result cannot be written: {(error.strerror or str(error)).lower()}."


def is_terminal(stream: IO[str] | None = None) -> bool:
    """Whether a person is looking at ``stream`` (stdout if not given)."""
    stream = sys.stdout if stream is None else stream
    with contextlib.suppress(ValueError, AttributeError):
        return bool(stream.isatty())
    return False


def visible(text: str) -> str:
    """``text`` with control characters made visible."""
    return text.translate(_VISIBLE)


def write(text: str) -> None:
    """Write a piece of a result to stdout and let the reader have it at once."""
    sys.stdout.write(visible(text) if is_terminal() else text)
    sys.stdout.flush()


def print_event(event: str, values: Mapping[str, Any]) -> None:
    """One JSON object on one line of stdout, the key ``event`` first.

    Escaped to ASCII: a raw line separator (U+2028) or a half character inside would break readers.
    """
    write(json.dumps({"event": event, **values}, allow_nan=False) + "\n")


def note(sentence: str) -> None:
    """Something to know that is not the result, on stderr."""
    if sys.stderr is None:  # pythonw, a gui-script on Windows
        return
    with contextlib.suppress(OSError, ValueError):
        print(visible(sentence), file=sys.stderr, flush=True)


def passing(line: str) -> None:
    """What happens just now, on stderr, where the one before stood; "" clears it. Nothing where nobody looks."""
    if sys.stderr is None or not is_terminal(sys.stderr):
        return
    with contextlib.suppress(OSError, ValueError):
        print(f"\r\x1b[K{visible(line)}", end="", file=sys.stderr, flush=True)


def one_line(sentence: str) -> str:
    """A sentence for an error, whatever was in the file name or the message: exactly one line."""
    return " ".join(sentence.split())


def silence_stdout() -> None:
    """After a broken pipe: nothing more can be written, and Python must not try again at exit."""
    with contextlib.suppress(OSError, ValueError, AttributeError):
        descriptor = os.open(os.devnull, os.O_WRONLY)
        os.dup2(descriptor, sys.stdout.fileno())
        os.close(descriptor)


def console(*, stderr: bool = False) -> "Console":
    """A rich console; without markup, so that text from files is only ever text."""
    from rich.console import Console

    return Console(stderr=stderr, markup=False, highlight=False, emoji=False, soft_wrap=False)


def print_table(title: str, rows: Sequence[tuple[str, str]]) -> None:
    """Two columns under a title: names and values. Aligned text in a pipe, a little colour in a terminal."""
    if not is_terminal():  # also without rich, which takes a while to load
        width = max((len(name) for name, _ in rows), default=0)
        lines = [title, *(f"  {name.ljust(width)}  {value}".rstrip() for name, value in rows)]
        write("\n".join(lines) + "\n")
        return
    from rich.table import Table
    from rich.text import Text

    table = Table.grid(padding=(0, 2))
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    for name, value in rows:
        table.add_row(Text("  " + visible(name)), Text(visible(value)))
    screen = console()
    screen.print(Text(visible(title), style="bold"))
    screen.print(table)
