"""The States page in its states, for pictures and for the clipping test."""

from collections.abc import Iterator

from chargen import paths
from chargen.gui.desk import Desk, OpenModel
from chargen.gui.pages.states import StatesPage
from chargen.model.config import ModelConfig
from chargen.model.model_file import Model
from chargen.model.state import HiddenState
from chargen.model.state_library import StateLibrary
from chargen.sampling.seeds import prime
from tests.gui.write_scenes import wait

LONG = "the state after the whole third act, with the storm, the bell and the empty stairs"


def keep_some(model: Model) -> None:
    """A small library: primed ones, a random one, one of another model, a damaged file."""
    library = StateLibrary()
    library.keep(prime(model, "All was still in the harbour."), "calm", "Before the bell is rung.")
    library.keep(prime(model, "A storm came up over the sea!"), "storm")
    library.keep(HiddenState.random(model.config, 5, 0.7), LONG[:80])
    library.keep(HiddenState.random(ModelConfig("gru", 1, 24, 8, 30), 7), "from elsewhere")
    (paths.states_dir() / "broken.state").write_bytes(b"no state")


def heard(page: StatesPage) -> bool:
    return bool(page.blend.view.text()) and all(page.blend.strip.texts()) and not page._desk.busy_with()


def scenes(desk: Desk, page: StatesPage, model: Model, name: str) -> Iterator[str]:
    """Puts ``page``, which is shown, into one state after the other."""
    desk._set_model(None)
    yield "no model"
    desk._set_model(OpenModel(model, name, None, False))
    wait(lambda: page.shelf.known)
    yield "no states"
    page.begin_new()
    yield "the first one"
    page.shelf.form.kind.setCurrentIndex(2)
    yield "new, random"
    page.shelf.form.kind.setCurrentIndex(1)
    yield "new, from a file"
    page.shelf.begin_new(False)
    keep_some(model)
    page.shelf.refresh()
    wait(lambda: len(page.shelf.cards) == 5)
    page.blend.a.set_key(page.shelf.picks()[0].key)
    page.blend.take(page.shelf.picks()[2].key, "b")
    page.hearing.seed.set_value(20417)
    wait(lambda: heard(page))
    page.blend.refresh()
    wait(lambda: not page.blend._later_strip.isActive() and heard(page))
    page.open_drawer(False)
    yield "blend"
    for _ in range(4):
        page.blend.add_button.click()
    wait(lambda: not desk.busy_with())
    yield "blend of six"
    for _ in range(3):
        page.blend.more.rows[-1].remove.click()
    wait(lambda: not desk.busy_with())
    yield "blend of three"
    page.blend.more.rows[-1].remove.click()
    page.blend.bar.keep.click()
    page.shelf.items[1].heading.click()
    page.open_drawer()
    yield "blend, keeping, a card open"
    page.shelf.items[1].edit.click()
    page.shelf.items[1].say("A state named “storm” is kept already; choose another name.", "bad")
    yield "blend, renaming"
    page.shelf.items[2].heading.click()
    yield "a state that does not fit"
    page.blend.bar.end()
    page.open_drawer(False)
    page.tabs.setCurrentIndex(1)
    page.steer.add_rule("2.7*0@100-200")
    page.steer.pace.setCurrentIndex(2)
    wait(lambda: not desk.busy_with())
    yield "steer"
    page.steer.play_or_stop()
    wait(lambda: page.steer.twin.length() > 600)
    page.steer.play_or_stop()
    wait(lambda: not page.steer.is_playing())
    yield "steer, heard"
    page.tabs.setCurrentIndex(2)
    page.compare.a.set_key(page.shelf.picks()[0].key)
    page.compare.take(page.shelf.picks()[2].key, "b")
    wait(lambda: bool(page.compare.told.text()))
    yield "compare"
    page.tabs.setCurrentIndex(3)
    page.sum.line.setText("calm - storm + 0.5*A")
    wait(lambda: bool(page.sum.view.text()))
    yield "sum"
    page.sum.line.setText("calm - nobody + (")
    wait(lambda: bool(page.sum.message.text()))
    yield "sum, refused"
    page.banner.show_message("info", "“storm” is deleted.", "Undo")
    yield "deleted"
    page.banner.hide()
    page.tabs.setCurrentIndex(0)
