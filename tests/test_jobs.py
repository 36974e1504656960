"""Threads: one terminal event each, nothing lost but what may be, nothing left running."""

import dataclasses
import gc
import os
import sys
import threading
import time
import weakref
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chargen.errors import ModelFileError
from chargen.jobs import NICENESS, Cancelled, CancelledError, Done, Failed, Job, Mailbox, Worker

TERMINAL = (Done, Cancelled, Failed)


@dataclass(frozen=True)
class Progress:
    latest_wins: ClassVar[bool] = True
    step: int


@dataclass(frozen=True)
class Loss:
    step: int


@dataclass(frozen=True)
class Lag:
    latest_wins: ClassVar[bool] = True
    seconds: float


def run(work: Callable[[Worker], Any], *, here: bool = False) -> list[Any]:
    """All events of one job."""
    job = Job("test", work)
    if here:
        job.run_here()
    else:
        job.start()
        assert job.join(10)
        assert not job.running
    return job.mailbox.drain()


def raising(error: BaseException) -> Callable[[Worker], Any]:
    def work(worker: Worker) -> None:
        worker.post(Loss(1))
        raise error

    return work


# how a job ends


@pytest.mark.parametrize("here", [True, False])
def test_the_result_comes_last(here: bool) -> None:
    def work(worker: Worker) -> str:
        worker.post(Loss(1))
        worker.post(Loss(2))
        return "text"

    assert run(work, here=here) == [Loss(1), Loss(2), Done("text")]


@pytest.mark.parametrize("here", [True, False])
@pytest.mark.parametrize(
    ("error", "sentence", "details"),
    [
        (ModelFileError("“m” is no model."), "“m” is no model.", False),
        (MemoryError(), "There is not enough memory for this; choose a smaller size.", False),
        (ZeroDivisionError("secret"), "Something unexpected went wrong (ZeroDivisionError).", True),
        (KeyboardInterrupt(), "Something unexpected went wrong (KeyboardInterrupt).", True),
        (SystemExit(3), "Something unexpected went wrong (SystemExit).", True),
        (GeneratorExit(), "Something unexpected went wrong (GeneratorExit).", True),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, BaseException) else "",
)
def test_whatever_is_raised_becomes_one_failure(
    here: bool, error: BaseException, sentence: str, details: bool
) -> None:
    first, last = run(raising(error), here=here)
    assert first == Loss(1)
    assert type(last) is Failed
    assert last.sentence == sentence
    assert ("Traceback" in last.details and type(error).__name__ in last.details) is details
    for field in dataclasses.fields(last):
        assert type(getattr(last, field.name)) is str


def test_a_failure_pins_nothing() -> None:
    """An exception holds its frames, and with them tensors: none may live on."""

    class Tensor:
        pass

    alive: list[weakref.ref[Tensor]] = []

    def work(worker: Worker) -> None:
        tensor = Tensor()
        alive.append(weakref.ref(tensor))
        raise RuntimeError("out of memory")

    events = run(work)
    gc.collect()
    assert type(events[-1]) is Failed
    assert alive[0]() is None


@given(st.lists(st.sampled_from([Progress, Loss, Lag]), max_size=12), st.sampled_from(["return", "check", "raise"]))
def test_exactly_one_terminal_event_and_it_is_the_last(kinds: list[Any], end: str) -> None:
    def work(worker: Worker) -> None:
        for number, kind in enumerate(kinds):
            worker.post(kind(number))
        if end == "check":
            raise CancelledError
        if end == "raise":
            raise ValueError

    events = run(work, here=True)
    assert [type(event) in TERMINAL for event in events] == [False] * (len(events) - 1) + [True]
    assert type(events[-1]) is {"return": Done, "check": Cancelled, "raise": Failed}[end]


# cancellation


def test_cancelling_a_busy_worker() -> None:
    working = threading.Event()

    def work(worker: Worker) -> None:
        while True:
            worker.check()
            working.set()

    job = Job("busy", work).start()
    assert working.wait(5)
    begin = time.monotonic()
    job.cancel()
    assert time.monotonic() - begin < 0.1
    assert job.join(5)
    assert job.mailbox.drain() == [Cancelled()]


def test_cancelling_a_paused_worker_wakes_it() -> None:
    waiting = threading.Event()
    seen: list[Any] = []

    def work(worker: Worker) -> None:
        waiting.set()
        seen.append(worker.wait_command())
        worker.check()

    job = Job("paused", work).start()
    assert waiting.wait(5)
    job.cancel()
    assert job.join(5)
    assert seen == [None]
    assert job.mailbox.drain() == [Cancelled()]


def test_cancelled_before_the_start() -> None:
    def work(worker: Worker) -> None:
        assert worker.cancelled
        assert worker.commands() == []
        assert worker.wait_command() is None  # even where the wake-up was already taken
        worker.check()

    job = Job("late", work)
    job.cancel()
    job.start()
    assert job.join(5)
    assert job.mailbox.drain() == [Cancelled()]


def test_a_worker_that_finishes_all_the_same_is_done() -> None:
    job = Job("stubborn", lambda worker: "saved")
    job.cancel()
    job.run_here()
    assert job.mailbox.drain() == [Done("saved")]


def test_cancelling_after_the_end_changes_nothing() -> None:
    job = Job("over", lambda worker: 1).start()
    assert job.join(5)
    job.cancel()
    job.cancel()
    assert job.join()
    assert job.mailbox.drain() == [Done(1)]


# commands


def test_commands_arrive_in_order() -> None:
    seen: list[Any] = []

    def work(worker: Worker) -> None:
        while "stop" not in seen:
            seen.extend(worker.commands())

    job = Job("commands", work).start()
    for number in range(500):
        job.send(number)
    job.send("stop")
    assert job.join(10)
    assert seen == [*range(500), "stop"]


def test_waiting_for_a_command() -> None:
    seen: list[Any] = []

    def work(worker: Worker) -> None:
        seen.append(worker.wait_command(timeout=0.01))
        worker.post(Loss(0))
        seen.append(worker.wait_command())
        seen.append(worker.wait_command(timeout=5))
        seen.append(worker.commands())

    job = Job("waiting", work).start()
    while job.mailbox.drain() != [Loss(0)]:
        time.sleep(0.001)
    job.send("pause")
    job.send("resume")
    assert job.join(10)
    assert seen == [None, "pause", "resume", []]


# the mailbox


@given(st.lists(st.tuples(st.sampled_from([Progress, Loss, Lag]), st.integers(0, 99)), max_size=40))
def test_latest_wins_and_nothing_else_is_dropped(posted: list[tuple[Any, int]]) -> None:
    events = [kind(number) for kind, number in posted]
    mailbox = Mailbox()
    for event in events:
        mailbox.post(event)
    expected = [
        event for place, event in enumerate(events)
        if type(event) is Loss or type(event) not in [type(later) for later in events[place + 1 :]]
    ]
    assert mailbox.drain() == expected
    assert mailbox.drain() == []


def test_nothing_is_lost_between_threads() -> None:
    """Drained while it is filled, as the bridge does."""
    switch = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        def work(worker: Worker) -> None:
            for step in range(5000):
                worker.post(Loss(step))
                worker.post(Progress(step))

        job = Job("filling", work).start()
        events: list[Any] = []
        while not events or type(events[-1]) not in TERMINAL:
            events += job.mailbox.drain()
        assert job.join(10)
    finally:
        sys.setswitchinterval(switch)
    assert [event.step for event in events if type(event) is Loss] == list(range(5000))
    steps = [event.step for event in events if type(event) is Progress]
    assert steps == sorted(steps)
    assert steps[-1] == 4999
    assert events[-1] == Done(None)


# threads


def test_the_thread_is_named_and_keeps_the_program_alive() -> None:
    threads: list[threading.Thread] = []
    run(lambda worker: threads.append(threading.current_thread()))
    assert threads[0].name == "chargen-test"
    assert not threads[0].daemon
    assert threads[0] is not threading.main_thread()


def test_a_job_starts_once_and_is_joined_any_time() -> None:
    job = Job("once", lambda worker: worker.wait_command(timeout=30))
    assert not job.running
    assert job.join(0)  # nothing runs yet
    assert job.start() is job
    assert job.running
    assert not job.join(0.01)
    with pytest.raises(RuntimeError):
        job.start()
    job.send("go")
    assert job.join(5)
    assert job.mailbox.drain() == [Done("go")]


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux keeps a priority for each thread")
def test_a_worker_stands_back_and_the_window_does_not():
    before = os.getpriority(os.PRIO_PROCESS, threading.get_native_id())
    seen = []

    def work(worker):
        seen.append(os.getpriority(os.PRIO_PROCESS, threading.get_native_id()))
        inner = threading.Thread(target=lambda: seen.append(os.getpriority(os.PRIO_PROCESS, threading.get_native_id())))
        inner.start()
        inner.join()

    job = Job("background", work).start()
    assert job.join(10)
    assert seen == [before + NICENESS] * 2
    assert os.getpriority(os.PRIO_PROCESS, threading.get_native_id()) == before
