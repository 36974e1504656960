"""Steering on the States page: rules in rows, two samples side by side, changes while they write."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from chargen.gui import states_work
from chargen.gui.desk import Desk
from chargen.gui.main_window import MainWindow
from chargen.gui.memory import Memory
from chargen.gui.pages.states import StatesPage
from chargen.gui.pages.states_rule import RuleRow
from chargen.gui.settings_store import WindowSettings
from chargen.gui.states_work import Pair, SetPace, write_twins
from chargen.gui.widgets.twin_view import parting
from chargen.jobs import Cancelled, Done, Failed, Job
from chargen.model.state import HiddenState
from chargen.model.state_library import StateLibrary
from chargen.sampling.commands import SetSteering, Stop
from chargen.sampling.events import NotObeyed
from chargen.sampling.requests import Pen
from chargen.sampling.sampler import Sampler
from chargen.sampling.settings import SamplingSettings
from chargen.sampling.steering import Steering
from tests.gui.helpers import Answers, Factory, Heard, drop
from tests.gui.write_helpers import AnsweringPickers, build_model, close, opened


@pytest.fixture
def factory() -> Factory:
    return Factory()


@pytest.fixture
def desk(qtbot: QtBot, factory: Factory) -> Iterator[Desk]:
    desk = Desk(make_job=factory)
    yield desk
    for job in factory.held.values():
        if job.running:
            job.end()
    close(qtbot, desk)


@pytest.fixture
def page(qtbot: QtBot, desk: Desk, tmp_path: Path) -> StatesPage:
    StateLibrary().keep(HiddenState.random(build_model().config, 3, 0.5), "storm")
    page = StatesPage(desk, AnsweringPickers(tmp_path))
    qtbot.addWidget(page)
    page.resize(1196, 700)
    desk._set_model(opened(build_model()))
    page.tabs.setCurrentIndex(1)
    page.show()
    qtbot.waitUntil(lambda: page.shelf.known and not desk.busy_with())
    return page


SETTINGS = SamplingSettings(length=80, random_seed=4, temperature=1.0, steer="1.*=0.9")


def worked(work: Any, *commands: Any) -> list[Any]:
    """All events of a job that found these commands waiting."""
    job = Job("twins", work)
    for command in commands:
        job.send(command)
    job.run_here()
    return job.mailbox.drain()


def texts(events: list[Any]) -> tuple[str, str]:
    pairs = [event for event in events if isinstance(event, Pair)]
    return "".join(pair.steered for pair in pairs), "".join(pair.twin for pair in pairs)


def test_both_twins_are_the_samples_of_their_settings() -> None:
    model = build_model()
    steered, twin = texts(worked(write_twins(Pen(model), "zeros", SETTINGS, 0.0)))
    assert steered == Sampler(model).write(SETTINGS, HiddenState.zero(model.config)).text
    assert twin == Sampler(model).write(SamplingSettings(length=80, random_seed=4, temperature=1.0)).text
    assert steered != twin


def test_another_steering_acts_on_the_running_one() -> None:
    work = write_twins(Pen(build_model()), "zeros", SETTINGS, 0.0)
    steered, twin = texts(worked(work, SetSteering("")))
    assert steered == twin
    events = worked(work, SetSteering("9.1=0"))
    assert any(isinstance(event, NotObeyed) and "layer 9" in event.problem for event in events)
    assert texts(events)[0] != texts(events)[1]  # the old rules hold


def test_stop_pace_and_what_does_not_fit() -> None:
    pen = Pen(build_model())
    assert texts(worked(write_twins(pen, "zeros", SETTINGS, 0.0), Stop()))[0] in ("", texts(
        worked(write_twins(pen, "zeros", SETTINGS, 0.0)))[0][:1])  # fmt: skip
    quick = worked(write_twins(pen, "zeros", SETTINGS, 1e-3), SetPace(0.0))  # else it would take a day
    assert len(texts(quick)[0]) == 80
    StateLibrary().keep(HiddenState.random(build_model("gru").config, 1), "other")
    failed = worked(write_twins(pen, states_work.key_of(StateLibrary().find("other")), SETTINGS, 0.0))[-1]
    assert isinstance(failed, Failed) and "GRU" in failed.sentence


def test_a_cancelled_one_ends_while_it_waits() -> None:
    job = Job("twins", write_twins(Pen(build_model()), "zeros", SETTINGS, 1e-3))
    job.start()
    job.cancel()
    assert job.join(5)
    assert isinstance(job.mailbox.drain()[-1], Cancelled)


@pytest.mark.parametrize("rule", ["1.17=0.5", "2.3+0.25@100-200", "c2.*-1", "1.4*2@50-", "*.1*0"])
def test_a_row_says_a_rule_and_reads_it_again(qtbot: QtBot, rule: str) -> None:
    row = RuleRow()
    qtbot.addWidget(row)
    row.set_model(build_model().config)
    row.show_rule(Steering.parse(rule).rules[0])
    assert str(Steering(tuple(row.rules()))) == str(Steering.parse(rule))


def test_a_row_names_many_units_or_all(qtbot: QtBot) -> None:
    row = RuleRow()
    qtbot.addWidget(row)
    row.units.setText("3, 5 5,,9")
    assert str(Steering(tuple(row.rules()))) == "1.3=1, 1.5=1, 1.9=1"
    row.units.setText("")
    assert str(Steering(tuple(row.rules()))) == "1.*=1"


def test_a_click_on_a_unit_steers_it(qtbot: QtBot, page: StatesPage) -> None:
    page.steer.drawn.unit_activated.emit(1, 6)
    assert page.steer.steering() == "2.7=1"
    page.steer.rows[0].remove.click()
    assert page.steer.steering() == ""
    qtbot.waitUntil(lambda: not page.steer.use.isEnabled())
    page.steer.drawn.unit_activated.emit(0, 2)
    assert page.steer.steering() == "1.3=1"


def test_listening(qtbot: QtBot, page: StatesPage, factory: Factory) -> None:
    factory.names = ("twins",)
    bench = page.steer
    bench.play.click()
    job = factory.held["twins"]
    assert bench.play.text() == "Stop"
    job.post(Pair("the ti", "the ti"))
    qtbot.waitUntil(lambda: bench.twin.text() == "the ti")
    assert bench.steered.parted() is None
    job.post(Pair("de", "me"), Pair(" is", " has"))
    qtbot.waitUntil(lambda: bench.steered.text() == "the tide is")
    assert bench.steered.parted() == bench.twin.parted() == 6
    assert "character 7" in bench.told.text()
    bench.rows[0].value.box.setValue(-0.5)
    qtbot.waitUntil(lambda: SetSteering("1.1=-0.5") in job.commands)
    bench.pace.setCurrentIndex(2)
    assert job.commands[-1] == SetPace(0.0)
    bench.play.click()
    assert isinstance(job.commands[-1], Stop)
    job.end(Done(None))
    qtbot.waitUntil(lambda: not bench.is_playing())
    assert bench.play.text() == "Listen"


def test_a_unit_that_is_not_there_is_told_and_not_sent(qtbot: QtBot, page: StatesPage, factory: Factory) -> None:
    factory.names = ("twins",)
    bench = page.steer
    bench.play.click()
    bench.rows[0].units.setText("99")
    qtbot.waitUntil(lambda: "no unit 99" in bench.message.text())
    assert not any(
        isinstance(command, SetSteering) and "99" in command.steer for command in factory.held["twins"].commands
    )
    assert not bench.use.isEnabled()
    factory.held["twins"].end()
    qtbot.waitUntil(lambda: not bench.is_playing())
    bench.play.click()
    assert not bench.is_playing()


def test_without_a_difference_that_is_said(qtbot: QtBot, page: StatesPage, factory: Factory) -> None:
    factory.names = ("twins",)
    page.steer.play.click()
    factory.held["twins"].post(Pair("same", "same"))
    factory.held["twins"].end()
    qtbot.waitUntil(lambda: not page.steer.is_playing())
    assert page.steer.told.text() == "Steering made no difference."


def test_parting() -> None:
    assert parting("abc", "abd") == 2
    assert parting("abc", "abcd") is None
    assert parting("xbc", "ybd", since=1) == 2


# --- in the window


@pytest.fixture
def window(qtbot: QtBot, qapp: QApplication, desk: Desk) -> Iterator[MainWindow]:
    window = MainWindow(desk, WindowSettings(theme="light"), Answers())
    window.show()
    yield window
    with qtbot.waitSignal(window.finished):
        window.close()
    window.deleteLater()


def test_what_is_made_here_reaches_the_write_page(qtbot: QtBot, window: MainWindow, desk: Desk) -> None:
    model = build_model()
    desk._set_model(opened(model))
    state = HiddenState.random(model.config, 8).renamed("breeze")
    desk.use_state(state)  # the page is made by it
    write: Any = window.page("write")
    assert window.current_page() == "write"
    seed = write.seed_state.seed()
    assert isinstance(seed, HiddenState) and seed.recipe["seed"] == 8
    rules = (
        ", ".join(f"1.{unit}=0.5" for unit in range(1, 17))
        + ", "
        + ", ".join(f"c2.{unit}*0.25@100-200" for unit in range(1, 17))
    )  # longer than a line of the panel takes by itself
    desk.use_steering(rules)
    assert write.controls.settings().steer == rules
    qtbot.waitUntil(lambda: not desk.busy_with())


def test_states_dropped_on_their_page_are_kept(qtbot: QtBot, window: MainWindow, desk: Desk, tmp_path: Path) -> None:
    files = [tmp_path / "a.state", tmp_path / "b.state"]
    for number, path in enumerate(files):
        HiddenState.random(build_model().config, number).save(path)
    opened_states = Heard(desk.state_opened)
    window.show_page("states")
    kept = drop(window, files)
    qtbot.waitUntil(lambda: not desk.busy_with())
    assert window.current_page() == "states"
    assert [card.name for card in StateLibrary().cards()] == ["Random 0", "Random 1"]
    window.show_page("corpus")
    kept = drop(window, files[:1])
    qtbot.waitUntil(lambda: len(opened_states.values) == 1)
    assert window.current_page() == "write"
    assert kept


def test_the_page_is_remembered(qtbot: QtBot, window: MainWindow, desk: Desk) -> None:
    settings = window._settings
    memory = Memory(window, settings)
    page: Any = window.page("states")
    page.sum.line.setText("A - B")
    memory._gather()
    assert settings.states["sum"] == {"line": "A - B"}
    window.show_page("states")
    qtbot.keyClick(window, Qt.Key.Key_4, Qt.KeyboardModifier.ControlModifier)
    assert settings.page == "states"
    qtbot.waitUntil(lambda: not desk.busy_with())
