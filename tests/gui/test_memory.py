"""Everything comes back after a restart: what lay on the desk, what was chosen, what stood on the Write page."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtWidgets import QApplication, QComboBox, QLineEdit
from pytestqt.qtbot import QtBot

from chargen.gui import settings_store, theme
from chargen.gui.main_window import MainWindow
from chargen.gui.memory import SAVED_AFTER_MS, TEXTS, Memory
from chargen.gui.pages.corpus import CorpusPage
from chargen.gui.pages.train import TrainPage
from chargen.gui.pages.write import WritePage
from chargen.gui.settings_store import WindowSettings
from chargen.jobs import Job
from chargen.model.model_file import Model, save_model
from chargen.model.state import HiddenState
from chargen.model.state_library import StateLibrary
from chargen.paths import drafts_dir, settings_file
from chargen.sampling import draft_folder
from chargen.sampling.commands import Keep
from chargen.sampling.events import SoFar, Written
from chargen.sampling.replay import replay
from chargen.sampling.sampler import Sampler
from chargen.sampling.seeds import prime
from chargen.sampling.settings import SamplingSettings
from tests.gui.helpers import Answers, Factory, Heard, make_desk, started, write_play
from tests.gui.write_helpers import build_model

Start = Callable[..., "Session"]


class Session:
    """One start of the program, as ``open_window`` makes it, without torch."""

    def __init__(self, qtbot: QtBot, held: tuple[str, ...], desk_too: bool) -> None:
        self.qtbot = qtbot
        self.settings, self.notice = settings_store.load()
        self.desk, factory = make_desk(*held)
        self.factory: Factory = factory
        self.notices = Heard(self.desk.notice)
        self.window = MainWindow(self.desk, self.settings, Answers())
        self.memory = Memory(self.window, self.settings)
        self.window.show()
        self.memory.bring_back(desk_too)
        self.settle()

    def settle(self) -> None:
        self.qtbot.waitUntil(lambda: all(name in self.factory.names for name in self.desk.busy_with()))

    @property
    def train(self) -> TrainPage:
        page = self.window.page("train")
        assert isinstance(page, TrainPage)
        return page

    @property
    def write(self) -> WritePage:
        made = "write" in self.window.made_pages()
        page = self.window.page("write")
        assert isinstance(page, WritePage)
        if not made:
            self.settle()  # the drafts are read
        return page

    @property
    def corpus(self) -> CorpusPage:
        page = self.window.page("corpus")
        assert isinstance(page, CorpusPage)
        return page

    def compose(self, length: int = 60) -> str:
        self.write.controls.length.setValue(length)
        self.write.write_or_stop()
        self.qtbot.waitUntil(lambda: not self.write.is_writing())
        self.settle()
        return self.write.view.text()

    def end(self) -> None:
        if not self.desk.closing:
            for job in self.factory.held.values():
                if job.running:
                    job.end()
            with self.qtbot.waitSignal(self.window.finished, timeout=5000):
                self.window.close()
            self.window.deleteLater()


@pytest.fixture
def start(qtbot: QtBot, qapp: QApplication) -> Iterator[Start]:
    if not qapp.styleSheet():
        theme.apply(qapp, "light")
    sessions: list[Session] = []

    def begin(*held: str, desk_too: bool = True) -> Session:
        for session in sessions:
            session.end()
        sessions.append(Session(qtbot, held, desk_too))
        return sessions[-1]

    yield begin
    for session in sessions:
        session.end()


def write_model(folder: Path, model: Model | None = None) -> Path:
    path = folder / "tale.safetensors"
    save_model(path, model or build_model())
    return path


def write_settings(**values: Any) -> None:
    settings_file().parent.mkdir(parents=True, exist_ok=True)
    settings_file().write_text(json.dumps(values))


def test_text_and_model_are_on_the_desk_again(start: Start, tmp_path: Path) -> None:
    first = start()
    assert first.desk.corpus is None and first.desk.model is None
    first.desk.read_texts([write_play(tmp_path)], newlines="keep", validation=0.2)
    first.desk.open_model(write_model(tmp_path), "The tale")
    first.settle()
    first.window.show_page("train")
    second = start()
    assert second.desk.corpus is not None and second.desk.corpus.name == "play"
    assert (second.desk.choices.newlines, second.desk.choices.validation) == ("keep", 0.2)
    assert second.desk.model is not None and second.desk.model.name == "The tale"
    assert second.window.current_page() == "train"  # opening them led nowhere
    assert second.notices.values == []


def test_a_text_taken_off_the_desk_stays_off(start: Start, tmp_path: Path) -> None:
    first = start()
    first.desk.read_texts([write_play(tmp_path)])
    first.settle()
    first.desk.close_corpus()
    second = start()
    assert second.desk.corpus is None
    assert [name for name, _, _ in second.memory._recent] == ["play"]


def test_what_vanished_is_told_quietly(start: Start, tmp_path: Path) -> None:
    first = start()
    play, model = write_play(tmp_path), write_model(tmp_path)
    first.desk.read_texts([play])
    first.desk.open_model(model)
    first.settle()
    first.end()
    play.unlink()
    model.unlink()
    second = start()
    assert [kind for kind, _ in second.notices.values] == ["info", "info"]
    assert all("of last time is not on the desk again" in sentence for _, sentence in second.notices.values)
    (button,) = second.corpus.empty.recents
    assert button.text() == "play · gone" and not button.isEnabled()
    assert button.accessibleDescription() == "not there any more"
    assert not second.window.recent_menu.actions()[0].isEnabled()


def test_files_that_are_asked_for_go_first(start: Start, tmp_path: Path) -> None:
    first = start()
    first.desk.read_texts([write_play(tmp_path)])
    first.settle()
    second = start(desk_too=False)
    assert second.desk.corpus is None
    assert len(second.memory._recent) == 1


def test_recent_texts_newest_first_each_once(start: Start, tmp_path: Path) -> None:
    first = start()
    for number in [*range(TEXTS + 2), 5]:
        first.desk.read_texts([write_play(tmp_path, f"text {number}.txt")])
        first.settle()
    assert [name for name, _, _ in first.memory._recent][:3] == ["text 5", f"text {TEXTS + 1}", f"text {TEXTS}"]
    assert len(first.memory._recent) == TEXTS
    first.desk.close_corpus()
    first.corpus.empty.recents[1].click()
    first.settle()
    assert first.desk.corpus is not None and first.desk.corpus.name == f"text {TEXTS + 1}"
    first.window.recent_menu.actions()[-1].trigger()  # forget these
    first.settle()
    assert first.memory._recent == [] and not first.window.recent_menu.isEnabled()
    assert first.corpus.empty.recents == []


def test_a_text_at_hand_is_recent_too(start: Start) -> None:
    first = start()
    first.desk.open_catalog(first.corpus.empty.cards[0].name)
    first.settle()
    name = first.desk.corpus.name if first.desk.corpus is not None else ""
    second = start()
    assert second.desk.corpus is not None and second.desk.corpus.name == name
    assert second.memory._recent == [(name, "A text at hand", "")]


def test_choices_of_training_come_back(start: Start) -> None:
    form = start().train.form
    form.set_minutes(7)
    hidden, cell = form.fields["hidden"].box, form.fields["cell"].box
    assert isinstance(hidden, QLineEdit) and isinstance(cell, QComboBox)
    hidden.setText("96")
    cell.setCurrentText("gru")
    form = start().train.form
    assert form.overrides() == {"minutes": 7.0, "hidden": 96, "cell": "gru"}
    assert form.advanced.is_open()  # what differs is seen


def test_choices_of_writing_come_back(start: Start) -> None:
    controls = start().write.controls
    controls.temperature.set_value(1.15)
    controls.length.setValue(321)
    controls.prompt.set_text("A winter\nmorning")
    controls.stop.setText("\\n\\n")
    controls.seed.set_value(77)
    controls.seed.set_locked(True)
    controls.controls["top_k"].setValue(12)  # type: ignore[attr-defined]
    controls.controls["top_p"].set_value(0.9)  # type: ignore[attr-defined]
    asked = controls.settings()
    page = start().write
    assert page.controls.settings() == asked
    assert (asked.temperature, asked.top_k, asked.random_seed) == (1.15, 12, 77)
    assert page.controls.seed.is_locked() and page.controls.next_seed() == 77


def test_the_text_comes_back_with_its_tint_and_goes_on(start: Start, tmp_path: Path) -> None:
    first = start()
    first.desk.open_model(write_model(tmp_path), "The tale")
    first.settle()
    first.write.controls.prompt.set_text("the ")
    text = first.compose()
    levels, figures = bytes(first.write.view._levels), first.write.figures.text()
    state = first.write._document.state if first.write._document is not None else None
    assert state is not None
    second = start()
    page = second.write
    assert page.view.text() == text and bytes(page.view._levels) == levels
    assert page.figures.text() == figures
    assert page.continue_button.isEnabled() and page.again_button.isEnabled()
    assert page._document is not None and page._document.state is not None
    assert (page._document.state.h == state.h).all()
    page.continue_text()
    second.qtbot.waitUntil(lambda: not page.is_writing())
    assert page.view.text().startswith(text) and len(page.view.text()) == len(text) + 60
    assert len(page._document.parts) == 1  # one sample, as if it had never been interrupted


def test_without_its_model_a_text_is_shown_and_can_be_exported(start: Start, tmp_path: Path) -> None:
    first = start()
    model = write_model(tmp_path)
    first.desk.open_model(model, "The tale")
    first.settle()
    text = first.compose()
    first.end()
    model.unlink()
    page = start().write
    assert page.view.text() == text and not page.is_empty()
    assert not page.continue_button.isEnabled() and "The tale" in page.continue_button.toolTip()
    assert page.export_button.isEnabled()


@pytest.mark.parametrize("content", [b"", b"{", b"[" * 100_000, b"\xff" * 64, b"cut", b"flipped"])
def test_a_damaged_draft_is_kept_aside_and_the_others_open(start: Start, tmp_path: Path, content: bytes) -> None:
    first = start()
    first.desk.open_model(write_model(tmp_path))
    first.settle()
    kept = first.compose()
    first.write.new_draft()
    first.compose()
    damaged = drafts_dir() / f"{first.write.shelf.current}.draft"
    first.end()
    whole = damaged.read_bytes()
    if content == b"cut":
        content = whole[:-30]
    elif content == b"flipped":
        content = whole[:-1] + bytes([whole[-1] ^ 1])
    damaged.write_bytes(content)
    second = start()
    assert second.write.view.text() == kept
    ((kind, sentence),) = second.notices.values
    assert kind == "caution" and f"{damaged.name}.damaged" in sentence
    assert damaged.with_name(f"{damaged.name}.damaged").read_bytes() == content
    assert start().notices.values == []  # told once


def test_drafts_come_back_each_with_its_own(start: Start, tmp_path: Path) -> None:
    first = start()
    first.desk.open_model(write_model(tmp_path), "The tale")
    first.settle()
    page, control = first.write, first.write.seed_state.control
    page.controls.temperature.set_value(0.4)
    one = first.compose()
    page.new_draft()
    page.controls.temperature.set_value(1.3)
    control.seed.set_value(99)
    control.scale.set_value(0.5)
    control.chosen.emit("random")
    page.surprise.setChecked(True)
    two = first.compose()
    assert page.shelf.current and page.drafts.isChecked()
    page = start().write
    assert page.view.text() == two and page.drafts.isChecked() and page.surprise.isChecked()
    seed = page.seed_state.choice()
    assert (seed.kind, seed.random_seed, seed.scale) == ("random", 99, 0.5)
    assert [row.title for row in page.shelf.cards] and page.drafts.text() == "Drafts 2"
    page.shelf.switch(page.shelf.cards[1].id)
    first.qtbot.waitUntil(lambda: page.view.text() == one)
    assert page.controls.temperature.value() == 0.4 and page.seed_state.choice().kind == "zeros"


def test_a_captured_state_comes_back_by_value(start: Start, tmp_path: Path) -> None:
    first = start()
    first.desk.open_model(write_model(tmp_path))
    first.settle()
    first.compose()
    first.write.seed_state.control.chosen.emit("last")
    held = first.write.seed_state.seed()
    second = start().write
    again = second.seed_state.seed()
    assert second.seed_state.choice().kind == "held"
    assert (again.h == held.h).all() and second.seed_state.choice().label.startswith("After")  # type: ignore[union-attr]


def test_what_a_text_began_with_comes_back_though_its_state_and_steering_are_gone(
    start: Start, tmp_path: Path
) -> None:
    first = start()
    model = build_model()
    first.desk.open_model(write_model(tmp_path, model))
    first.settle()
    kept = StateLibrary().keep(prime(model, "storm"), "storm")
    rules = ", ".join(f"1.{unit % 16 + 1}=0.25@{unit}-{unit + 1}" for unit in range(1, 31))
    first.desk.use_steering(rules)
    page = first.write
    page.seed_state.control.chosen.emit(f"saved:{kept.name}")
    first.settle()
    assert first.compose()
    held = page.seed_state.seed()
    page.seed_state.control.chosen.emit("last")  # another one is chosen for the next text
    kept.unlink()
    page = start().write
    assert page.controls.controls["steer"].text() == rules  # longer than a word
    assert page._document.last.settings.steer == rules
    assert page.seed_state.choice().label.startswith("After")
    assert "began" in page.seed_state.control.choices()
    page.seed_state.control.chosen.emit("began")
    again = page.seed_state.seed()
    assert (again.h == held.h).all() and page.seed_state.choice().label == "storm"  # type: ignore[union-attr]
    assert "began" not in page.seed_state.control.choices()  # it is the one that is chosen


def test_a_state_sent_to_the_page_before_the_drafts_are_read_stays(start: Start, tmp_path: Path) -> None:
    first = start()
    first.desk.open_model(write_model(tmp_path))
    first.settle()
    text = first.compose()
    first.window.show_page("states")
    second = start()
    assert "write" not in second.window.made_pages()
    state = HiddenState.random(build_model().config, 5, 0.5).renamed("mood")
    second.desk.use_state(state)  # makes the page, which begins to read its drafts
    second.settle()
    assert second.write.seed_state.seed() is state
    assert len(second.write.shelf.cards) == 2
    second.write.shelf.switch(next(card.id for card in second.write.shelf.cards if card.characters))
    second.settle()
    assert second.write.view.text() == text


def test_zeros_chosen_for_a_model_with_a_learned_start_stay(start: Start, tmp_path: Path) -> None:
    first = start()
    first.desk.open_model(write_model(tmp_path, build_model(initial_state="learned")))
    first.settle()
    assert first.write.seed_state.choice().kind == "learned"
    first.write.seed_state.control.chosen.emit("zeros")
    assert start().write.seed_state.choice().kind == "zeros"


def test_what_is_being_written_is_kept_as_far_as_shown(start: Start, tmp_path: Path, qtbot: QtBot) -> None:
    first = start()
    first.desk._make_job = Job  # a real thread: it writes while the window closes
    first.desk.open_model(write_model(tmp_path))
    qtbot.waitUntil(lambda: first.desk.model is not None)
    first.write.controls.length.setValue(10_000_000)
    first.write.write_or_stop()
    qtbot.waitUntil(lambda: first.write.view.length() > 200)
    first.write.controls.temperature.set_value(0.3)
    first.write.controls.temperature.changed.emit(0.3)
    at = first.write.view.length()
    qtbot.waitUntil(lambda: first.write.view.length() > at + 500)
    first.end()
    shown = first.write.view.text()
    page = start().write
    assert page.view.text() == shown and page.continue_button.isEnabled()
    assert page._document is not None
    (sample,) = page._document.parts
    assert sample.temperature_changes and replay(build_model(), sample).text == shown


def test_a_kill_loses_little_of_a_long_text(start: Start, tmp_path: Path, qtbot: QtBot) -> None:
    first = start("write")
    first.desk.open_model(write_model(tmp_path))
    first.settle()
    first.write.write_or_stop()
    held = first.factory.held["write"]
    first.write._keep()
    assert held.commands == [Keep()]
    sample = Sampler(build_model()).write(SamplingSettings(length=80, random_seed=3))
    held.post(SoFar(Written(sample, None, "stopped")))
    first.write.shelf._timer.setInterval(1)
    qtbot.waitUntil(lambda: len(list(drafts_dir().glob("*.draft"))) == 1 if drafts_dir().exists() else False)
    (file,) = drafts_dir().glob("*.draft")
    assert draft_folder.load(file.stem).text == sample.text


def test_how_the_pages_are_laid_out_comes_back(start: Start, tmp_path: Path) -> None:
    first = start("train")
    first.desk.open_model(write_model(tmp_path))
    first.settle()
    first.window.show_page("write")
    first.write.drafts.setChecked(True)
    first.write.splitter.setSizes([300, 400])
    first.write.controls.advanced.set_open(True)
    width = first.write.splitter.sizes()[0]
    assert width != start().write.splitter.sizes()[0] or width == 300
    second = start()
    second.window.show_page("write")
    assert second.write.controls.advanced.is_open() and not second.train.form.advanced.is_open()
    second.qtbot.waitUntil(lambda: second.write.splitter.sizes()[0] == width)


def test_the_place_in_a_long_draft_comes_back(start: Start, tmp_path: Path) -> None:
    first = start()
    first.desk.open_model(write_model(tmp_path))
    first.settle()
    first.window.show_page("write")
    first.compose(20_000)
    first.write.view.set_place(7_000)
    place = first.write.view.place()
    assert place is not None and 6_800 <= place <= 7_000
    second = start()
    second.window.show_page("write")
    second.qtbot.waitUntil(lambda: second.write.view.place() == place)


def test_all_notices_of_the_start_are_shown(start: Start, tmp_path: Path) -> None:
    first = start()
    play, model = write_play(tmp_path), write_model(tmp_path)
    first.desk.read_texts([play])
    first.desk.open_model(model)
    first.settle()
    first.end()
    play.unlink()
    model.unlink()
    second = start()
    second.window.show_notice("caution", "The window's settings were damaged.")
    said = second.window.notices.sentences()
    assert len(said) == 3 and said[-1] == "The window's settings were damaged."
    second.window.show_notice("info", "A fourth.")
    assert second.window.notices.sentences() == said  # it waits
    second.window.notices.banners[0].dismiss()
    assert second.window.notices.sentences()[-1] == "A fourth."
    for banner in second.window.notices.banners:
        banner.dismiss()
    assert second.window.notices.isHidden()


@pytest.mark.parametrize("value", [None, 3, "x", [], {}, [1], {"paths": 3}, "\x00", 1e300])
def test_foreign_values_are_left_out(start: Start, value: Any) -> None:
    names = ("temperature", "length", "prompt", "stop", "unknown", "random_seed", "locked", "top_k", "top_p")
    text = {"paths": value, "entry": value, "name": value, "encoding": value, "validation": value, "newlines": value}
    write_settings(
        texts=[value, text], text_open=True, writing=dict.fromkeys(names, value),
        training={"minutes": value, "fields": {"hidden": value, "cell": value, "no such": value}},
    )  # fmt: skip
    session = start()
    assert session.notice == ""
    assert session.desk.corpus is None and session.memory._recent == []
    session.write.controls.settings()
    assert session.train.form.minutes() >= 0.1


@pytest.mark.parametrize("damage", [{"texts": 3}, {"text_open": "yes"}, {"writing": []}, {"model": None}])
def test_settings_of_a_wrong_kind_start_afresh(damage: dict[str, Any]) -> None:
    write_settings(**damage)
    settings, sentence = settings_store.load()
    assert settings == WindowSettings() and "settings.json.damaged" in sentence


def test_a_change_is_written_a_moment_later(start: Start, qtbot: QtBot) -> None:
    session = start()
    session.write.controls.temperature.changed.emit(1.0)
    session.write.controls.length.setValue(444)
    assert not settings_file().exists()
    qtbot.waitUntil(settings_file().exists, timeout=SAVED_AFTER_MS + 4000)
    assert settings_store.load()[0].writing["length"] == 444


def test_the_run_that_learns_is_the_model_of_next_time(start: Start, qtbot: QtBot, tmp_path: Path) -> None:
    from chargen.training import events

    session = start("train")
    session.desk.read_texts([write_play(tmp_path)])
    session.settle()
    session.desk.start_training({"minutes": 1.0})
    run = tmp_path / "run"
    session.factory.held["train"].post(started(str(run)), events.Snapshot(4, build_model()))
    qtbot.waitUntil(lambda: session.desk.model is not None)
    assert session.settings.model == str(run)
