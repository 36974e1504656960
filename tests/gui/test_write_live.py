"""Seed states chosen while a text is written: they act from its next character on, and are recorded."""

from collections.abc import Callable
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from chargen.gui.desk import Desk
from chargen.gui.pages.states import StatesPage
from chargen.gui.pages.write import WritePage
from chargen.model.blending import blend
from chargen.model.state import HiddenState
from chargen.model.state_library import StateLibrary
from chargen.sampling.commands import SetState
from chargen.sampling.replay import replay
from chargen.sampling.requests import Request
from chargen.sampling.sample import Sample
from chargen.sampling.seeds import prime, state_fingerprint
from chargen.sampling.settings import SamplingSettings
from tests.gui.write_helpers import AnsweringPickers, build_model, opened

MODEL = build_model()


@pytest.fixture
def desk(threaded: Desk) -> Desk:
    return threaded


@pytest.fixture
def page(qtbot: QtBot, desk: Desk, tmp_path: Path) -> WritePage:
    page = WritePage(desk, AnsweringPickers(tmp_path))
    qtbot.addWidget(page)
    page.resize(1196, 700)
    page.show()
    desk._set_model(opened(MODEL))
    page.controls.length.setValue(10_000_000)
    return page


@pytest.fixture
def states(qtbot: QtBot, desk: Desk, page: WritePage, tmp_path: Path) -> StatesPage:
    states = StatesPage(desk, AnsweringPickers(tmp_path))
    qtbot.addWidget(states)
    states.resize(1196, 700)
    states.show()
    return states


def begin(qtbot: QtBot, page: WritePage) -> None:
    page.write_button.click()
    qtbot.waitUntil(lambda: page.view.length() > 50)


def choose(page: WritePage, key: str) -> None:
    """As a person does it in the menu."""
    menu = page.seed_state.control.menu
    menu.setCurrentIndex(menu.findData(key))
    menu.activated.emit(menu.findData(key))


def stopped(qtbot: QtBot, page: WritePage) -> Sample:
    page.write_button.click()
    qtbot.waitUntil(lambda: not page.is_writing())
    assert page._document is not None
    sample = page._document.last
    assert replay(MODEL, sample).text == sample.text
    return sample


def message(page: WritePage) -> str:
    return page.seed_state.control.message.text()


def told(page: WritePage) -> Callable[[], bool]:
    return lambda: "the text is written from this state" in message(page)


def prints(sample: Sample) -> list[str]:
    return [state_fingerprint(state) for _at, state in sample.state_changes]


def test_another_seed_state_acts_on_the_text_and_says_so(qtbot: QtBot, page: WritePage) -> None:
    begin(qtbot, page)
    page.seed_state.control.seed.set_value(7)
    choose(page, "random")
    qtbot.waitUntil(told(page))
    choose(page, "zeros")
    assert not told(page)() and "Every unit at zero" in message(page)
    qtbot.waitUntil(told(page))
    sample = stopped(qtbot, page)
    random, zero = HiddenState.random(MODEL.config, 7), HiddenState.zero(MODEL.config)
    assert prints(sample) == [state_fingerprint(random), state_fingerprint(zero)]
    assert sample.seed_state.recipe["kind"] == "zero"
    assert f"From character {sample.state_changes[-1][0] + 1:,} on" in message(page)
    assert "state changed 2 times" in page.figures.text()
    page.controls.length.setValue(60)
    page.write_button.click()  # the next text begins with what is chosen, and nothing is told of the last one
    qtbot.waitUntil(lambda: not page.is_writing())
    assert not told(page)() and "state changed" not in page.figures.text()


def test_a_text_that_primes_acts_when_it_is_read(qtbot: QtBot, page: WritePage) -> None:
    begin(qtbot, page)
    choose(page, "text")
    page.seed_state.control.text.set_text("a storm")
    page.seed_state.control.edited.emit()
    qtbot.waitUntil(told(page))
    assert prints(stopped(qtbot, page)) == [state_fingerprint(prime(MODEL, "a storm"))]


def test_a_branch_at_the_first_character_is_of_the_state_that_it_was_drawn_from(qtbot: QtBot, page: WritePage) -> None:
    asked, state = SamplingSettings(prompt="abc", length=40, random_seed=7), prime(MODEL, "a storm")
    page.controls.length.setValue(40)
    assert page._pen is not None
    page._start(page._pen, Request(asked, state=state), None)
    qtbot.waitUntil(lambda: not page.is_writing())
    text = page.view.text()
    page.branch(0, text[3])  # what stood there: so the rest comes out the same
    qtbot.waitUntil(lambda: not page.is_writing())
    assert page._document is not None
    assert page.view.text() == text and len(page._document.draft.parts) == 2
    assert prints(page._document.last) == [state_fingerprint(state)]


def test_what_nobody_chose_does_not_act(qtbot: QtBot, desk: Desk, page: WritePage) -> None:
    choose(page, "random")
    begin(qtbot, page)
    desk._set_model(opened(build_model(seed=3)))  # the state is made anew for it
    page.seed_state.refresh()
    length = page.view.length()
    qtbot.waitUntil(lambda: page.view.length() > length + 100)
    desk._set_model(opened(MODEL))
    assert stopped(qtbot, page).state_changes == ()


def test_what_cannot_be_is_said_and_the_text_goes_on(qtbot: QtBot, page: WritePage) -> None:
    begin(qtbot, page)
    assert page._job is not None
    page._job.send(SetState(HiddenState.random(build_model(hidden=5).config, 1)))
    qtbot.waitUntil(page.banner.isVisible)
    assert "make the state again" in page.banner.label.text() and page.is_writing()
    assert stopped(qtbot, page).state_changes == ()


def test_a_state_that_is_moved_acts_ten_times_a_second_at_most(qtbot: QtBot, page: WritePage) -> None:
    begin(qtbot, page)
    assert page._job is not None
    sent: list[str] = []
    send = page._job.send
    page._job.send = lambda command: (sent.append(type(command).__name__), send(command))[1]  # type: ignore[method-assign]
    a, b = prime(MODEL, "all was still"), prime(MODEL, "a storm")
    page.seed_state.open_state(a)
    for step in range(1, 200):
        page.seed_state.follow(blend([a, b], [1 - step / 200, step / 200]))
    last = blend([a, b], [1 - 199 / 200, 199 / 200])
    page.seed_state.follow(last)
    assert sent.count("SetState") == 1
    qtbot.waitUntil(lambda: sent.count("SetState") == 2)
    qtbot.waitUntil(told(page))
    qtbot.waitUntil(lambda: not page.live._between.isActive())
    page.seed_state.follow(last)  # nothing has changed
    assert prints(stopped(qtbot, page)) == [state_fingerprint(a), state_fingerprint(last)]
    assert sent.count("SetState") == 2


def test_the_shares_of_a_blend_act_on_the_text_that_is_written_with_it(
    qtbot: QtBot, desk: Desk, page: WritePage, states: StatesPage
) -> None:
    library = StateLibrary()
    calm, storm = library.keep(prime(MODEL, "all was still."), "calm"), library.keep(prime(MODEL, "a storm."), "storm")
    states.shelf.refresh()
    qtbot.waitUntil(lambda: len(states.shelf.cards) == 2)
    bench = states.blend
    bench.a.set_key(f"file:{calm}")
    bench.take(f"file:{storm}", "b")
    qtbot.waitUntil(lambda: bench.bar.write.isEnabled() and not bench._later_here.isActive())
    qtbot.waitUntil(lambda: not desk.busy_with())
    bench.bar.write.click()
    bench.set_share(0.6)  # nothing is written yet: the seed state stays what was handed over
    qtbot.waitUntil(lambda: not bench._later_here.isActive() and not desk.busy_with())
    assert page.seed_state.made() is not None and not bench.follow.is_live()
    bench.bar.write.click()
    begin(qtbot, page)
    assert bench.bar.message.text().endswith("moving a share acts on the text at once.")
    for share in (0.7, 0.8):
        before = bench.state
        bench.set_share(share)
        qtbot.waitUntil(lambda before=before: bench.state is not before)  # type: ignore[misc]
        assert page.seed_state.made() is bench.state
        assert f"{share:.0%} storm" in page.seed_state.control.menu.currentText()
        qtbot.waitUntil(told(page))
    at_last = bench.state
    assert at_last is not None
    choose(page, "zeros")  # from here on the blend is left alone
    assert not bench.follow.is_live() and bench.bar.message.text() == ""
    qtbot.waitUntil(told(page))
    bench.set_share(0.1)
    qtbot.waitUntil(lambda: bench.state is not at_last)
    sample = stopped(qtbot, page)
    mixed = [blend([prime(MODEL, "all was still."), prime(MODEL, "a storm.")], [1 - b, b]) for b in (0.7, 0.8)]
    assert prints(sample) == [state_fingerprint(state) for state in (*mixed, HiddenState.zero(MODEL.config))]
    assert state_fingerprint(sample.seed_state) != prints(sample)[0]


def test_a_sum_acts_too_and_what_is_sent_while_a_text_is_written(
    qtbot: QtBot, desk: Desk, page: WritePage, states: StatesPage
) -> None:
    library = StateLibrary()
    library.keep(prime(MODEL, "all was still."), "calm")
    library.keep(prime(MODEL, "a storm."), "storm")
    states.shelf.refresh()
    qtbot.waitUntil(lambda: len(states.shelf.cards) == 2)
    states.tabs.setCurrentIndex(3)
    begin(qtbot, page)
    bench = states.sum
    bench.line.setText("calm + storm")
    qtbot.waitUntil(bench.bar.write.isEnabled)
    bench.bar.write.click()
    assert bench.follow.is_live()
    qtbot.waitUntil(told(page))
    before = bench.state
    bench.line.setText("calm - storm")
    qtbot.waitUntil(lambda: bench.state not in (None, before))
    qtbot.waitUntil(told(page))
    assert bench.bar.message.text().startswith("A text is being written with this sum")
    sample = stopped(qtbot, page)
    assert [state.recipe["expression"] for _at, state in sample.state_changes] == ["calm + storm", "calm - storm"]
    assert not bench.follow.is_live() and bench.bar.message.text() == ""
