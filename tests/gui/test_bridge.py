"""The bridge: events in order, in the window's thread, to the last one; and a timer that rests."""

import sys
import threading
from typing import Any

import pytest
from pytestqt.qtbot import QtBot

from chargen.gui.bridge import Bridge
from chargen.jobs import Cancelled, Done, Failed, Job, Worker
from tests.gui.helpers import HeldJob


def test_events_arrive_in_order_in_the_window_s_thread(qtbot: QtBot) -> None:
    bridge = Bridge()
    seen: list[Any] = []
    threads = set()

    def work(worker: Worker) -> str:
        for number in range(100):
            worker.post(number)
        return "result"

    def on_event(event: Any) -> None:
        seen.append(event)
        threads.add(threading.current_thread())

    with qtbot.waitSignal(bridge.idle):
        bridge.run(Job("count", work), on_event)
    assert seen == [*range(100), Done("result")]
    assert threads == {threading.main_thread()}
    assert bridge.jobs() == []


def test_the_timer_runs_only_while_a_job_does(qtbot: QtBot) -> None:
    bridge = Bridge()
    job = HeldJob("held", lambda worker: None)
    assert not bridge._timer.isActive()
    bridge.run(job, lambda event: None)
    assert bridge._timer.isActive()
    with qtbot.waitSignal(bridge.idle):
        job.end()
    assert not bridge._timer.isActive()


def test_a_window_that_fails_on_an_event_still_gets_the_next(
    qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    bridge = Bridge()
    reported: list[Any] = []
    monkeypatch.setattr(sys, "excepthook", lambda *about: reported.append(about[1]))
    seen: list[Any] = []

    def on_event(event: Any) -> None:
        seen.append(event)
        if event == "bad":
            raise ValueError("no")

    def work(worker: Worker) -> None:
        worker.post("bad")
        worker.post("good")

    with qtbot.waitSignal(bridge.idle):
        bridge.run(Job("events", work), on_event)
    assert seen == ["bad", "good", Done(None)]
    assert [str(error) for error in reported] == ["no"]


def test_cancel_all_ends_every_job(qtbot: QtBot) -> None:
    bridge = Bridge()
    ends: list[Any] = []

    def wait(worker: Worker) -> None:
        while not worker.cancelled:
            worker.wait_command()
        worker.check()

    for _ in range(3):
        bridge.run(Job("wait", wait), ends.append)
    with qtbot.waitSignal(bridge.idle):
        bridge.cancel_all()
    assert ends == [Cancelled()] * 3


def test_a_failure_arrives_as_a_sentence(qtbot: QtBot) -> None:
    bridge = Bridge()
    ends: list[Any] = []

    def fail(_worker: Worker) -> None:
        raise KeyError("inner")

    with qtbot.waitSignal(bridge.idle):
        bridge.run(Job("fail", fail), ends.append)
    [end] = ends
    assert isinstance(end, Failed)
    assert "KeyError" in end.sentence
    assert "Traceback" in end.details
