"""Cycles end in the window's thread, whoever makes objects meanwhile."""

import gc
import threading
import weakref
from collections.abc import Iterator

import pytest
from pytestqt.qtbot import QtBot

from chargen.gui.garbage import collect_due, collected_here


class Cycle:
    """Garbage as soon as nobody holds it, but gone only when it is collected."""

    def __init__(self) -> None:
        self.itself = self


@pytest.fixture
def quick() -> Iterator[None]:
    """Thresholds that are passed at once, and Python's own collecting, as outside of the window's tests."""
    before, enabled = gc.get_threshold(), gc.isenabled()
    gc.enable()
    gc.set_threshold(50, 1, 1)
    yield
    gc.set_threshold(*before)
    if not enabled:
        gc.disable()


def ended_in(makers: int = 200) -> list[int]:
    """The threads in which a cycle of this one's ended, while another thread made objects."""
    threads: list[int] = []
    cycle = Cycle()
    weakref.finalize(cycle, lambda: threads.append(threading.get_ident()))
    del cycle
    worker = threading.Thread(target=lambda: [Cycle() for _ in range(makers)])
    worker.start()
    worker.join()
    return threads


def test_python_itself_collects_anywhere(quick: None) -> None:
    gc.collect()
    assert threading.get_ident() not in ended_in()


def test_cycles_end_in_this_thread(quick: None, qtbot: QtBot) -> None:
    with collected_here():
        threads = ended_in()
        assert threads == []
        qtbot.waitUntil(lambda: threads != [])
        assert threads == [threading.get_ident()]
    assert gc.isenabled()


def test_what_is_due_is_what_python_would_collect(quick: None) -> None:
    with collected_here():
        gc.collect()
        kept = [Cycle() for _ in range(20)]
        collect_due()
        assert gc.get_count()[0] >= len(kept)  # too few
        kept += [Cycle() for _ in range(100)]
        collect_due()
        assert gc.get_count()[0] < 50
