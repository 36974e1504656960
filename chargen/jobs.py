"""A worker thread with commands in, a mailbox out, and cancellation. No Qt.

A :class:`Job` runs one function in one non-daemon thread. The function gets a :class:`Worker`: it
posts events to the mailbox and reads commands between its steps. Whoever watches drains the
mailbox when it likes. Events of a class with ``latest_wins = True`` replace their predecessor of
the same class; nothing else is ever dropped. Events carry numbers, strings and copied arrays only.

The last event of every job is exactly one of :class:`Done`, :class:`Cancelled`, :class:`Failed`.
"""

import contextlib
import os
import queue
import sys
import threading
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from chargen.errors import ChargenError


@dataclass(frozen=True)
class Done:
    """The function returned; ``result`` is what it returned."""

    result: Any


@dataclass(frozen=True)
class Cancelled:
    """The function stopped because it was asked to."""


@dataclass(frozen=True)
class Failed:
    """The function raised: a sentence for the user; ``details`` (a traceback) for the log, or empty."""

    sentence: str
    details: str


NICENESS = 5
"""How far a worker stands back for the rest of the machine (0 not at all, 19 most)."""


def _yield_to_the_window() -> None:
    """Let every other thread go first: a window must answer while all cores learn.

    Linux keeps a priority for each thread, and threads inherit it from the one that starts them. Elsewhere it
    belongs to the process, which must not slow down its own window.
    """
    if sys.platform == "linux":
        with contextlib.suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICENESS)


class CancelledError(Exception):
    """Raised inside a worker by :meth:`Worker.check` after :meth:`Job.cancel`."""


class Mailbox:
    """A thread-safe list of events in order; latest wins for classes that say so."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._events: list[Any] = []

    def post(self, event: Any) -> None:
        """Add ``event``; if its class has ``latest_wins``, an older one of the class goes."""
        with self._lock:
            if getattr(event, "latest_wins", False):
                self._events = [old for old in self._events if type(old) is not type(event)]
            self._events.append(event)

    def drain(self) -> list[Any]:
        """Take all events out, oldest first."""
        with self._lock:
            events, self._events = self._events, []
        return events


class Worker:
    """What the function in the thread sees of its job."""

    def __init__(self, mailbox: Mailbox, commands: "queue.SimpleQueue[Any]", cancelled: threading.Event) -> None:
        self._mailbox = mailbox
        self._commands = commands
        self._cancelled = cancelled

    def post(self, event: Any) -> None:
        """Send an event to whoever watches."""
        self._mailbox.post(event)

    @property
    def cancelled(self) -> bool:
        """Whether the job was asked to end."""
        return self._cancelled.is_set()

    def check(self) -> None:
        """Raise :class:`CancelledError` if the job was asked to end; call it between steps."""
        if self._cancelled.is_set():
            raise CancelledError

    def commands(self) -> list[Any]:
        """All commands that have arrived since the last call, oldest first; never waits."""
        arrived = []
        while True:
            try:
                arrived.append(self._commands.get_nowait())
            except queue.Empty:
                return [command for command in arrived if command is not None]

    def wait_command(self, timeout: float | None = None) -> Any | None:
        """Wait for one command (a paused worker does); None on timeout or cancellation."""
        if self._cancelled.is_set():
            return None
        try:
            return self._commands.get(timeout=timeout)
        except queue.Empty:
            return None


class Job:
    """One function, one non-daemon thread, one mailbox.

    Args:
        name: shown in thread lists and logs.
        work: called in the thread with a :class:`Worker`; its return value is the result.
    """

    def __init__(self, name: str, work: Callable[[Worker], Any]) -> None:
        self.name = name
        self.mailbox = Mailbox()
        self._work = work
        self._commands: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self._cancelled = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"chargen-{name}", daemon=False)

    def start(self) -> "Job":
        """Start the thread; returns the job."""
        self._thread.start()
        return self

    def send(self, command: Any) -> None:
        """Queue a command for the worker; returns at once."""
        self._commands.put(command)

    def cancel(self) -> None:
        """Ask the worker to end; returns at once. Wakes a worker that waits for a command."""
        self._cancelled.set()
        self._commands.put(None)

    @property
    def running(self) -> bool:
        return self._thread.is_alive()

    def join(self, timeout: float | None = None) -> bool:
        """Wait for the thread to end; True if it has."""
        if self._thread.ident is not None:
            self._thread.join(timeout)
        return not self._thread.is_alive()

    def run_here(self) -> None:
        """Run the work in the calling thread (tests)."""
        self._run()

    def _run(self) -> None:
        if threading.current_thread() is self._thread:
            _yield_to_the_window()
        try:
            result = self._work(Worker(self.mailbox, self._commands, self._cancelled))
        except CancelledError:
            self.mailbox.post(Cancelled())
        except ChargenError as error:
            self.mailbox.post(Failed(str(error), ""))
        except MemoryError:
            self.mailbox.post(Failed("There is not enough memory for this; choose a smaller size.", ""))
        except BaseException as error:
            # Text only: an exception object would pin every frame, and with them tensors.
            details = traceback.format_exc()
            self.mailbox.post(Failed(f"Something unexpected went wrong ({type(error).__name__}).", details))
        else:
            self.mailbox.post(Done(result))
