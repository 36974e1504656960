"""The Write page in its states, for pictures: ``python -m tests.gui.write_scenes OUT_DIR MODEL``.

:func:`scenes` gives, one after the other, the name of a state and the page that is in it; whoever draws them
(the shell's screens, too) decides on sizes and themes.
"""

import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from PySide6.QtCore import QEventLoop, QSize
from PySide6.QtWidgets import QApplication, QWidget

from chargen.gui.desk import Desk, OpenModel
from chargen.gui.pages.write import WritePage
from chargen.gui.pickers import Pickers
from chargen.model.model_file import Model

SIZES = (QSize(1196, 700), QSize(1836, 980), QSize(940, 600))  # of the page in windows 1280, 1920 and 1024 wide


def wait(until: Callable[[], bool], seconds: float = 20.0) -> None:
    """Run the event loop until something holds."""
    app = QApplication.instance()
    assert app is not None
    end = time.monotonic() + seconds
    while not until() and time.monotonic() < end:
        app.processEvents(QEventLoop.ProcessEventsFlag.AllEvents, 20)
        time.sleep(0.005)


def scenes(desk: Desk, page: WritePage, model: Model, name: str) -> Iterator[str]:
    """Puts ``page`` into one state after the other."""
    control = page.seed_state.control
    yield "empty"
    desk._set_model(OpenModel(model, name, None, False))
    yield "fresh"
    desk._set_model(OpenModel(model, name, None, True))
    yield "live"
    desk._set_model(OpenModel(model, name, None, False))
    page.controls.seed.set_value(20417)
    page.controls.seed.set_locked(True)
    page.controls.length.setValue(100_000)
    page.controls.prompt.set_text("MARA")
    page.write_or_stop()
    wait(lambda: len(page.view.text()) > 300)
    yield "streaming"
    page.write_or_stop()
    wait(lambda: not page.is_writing())
    page.controls.length.setValue(900)
    page.controls.prompt.set_text("MARA\n")
    page.write_or_stop()
    wait(lambda: not page.is_writing())
    yield "finished"
    page.surprise.setChecked(True)
    control.set_current("text")
    control.chosen.emit("text")
    control.text.set_text("storm over the harbour")
    page.seed_state.refresh()
    wait(lambda: page.seed_state.made() is not None)
    yield "surprise"
    for place in (400, 150, 300):
        page.branch(place, "e")
        wait(lambda: not page.is_writing())
    page.view.set_place(0)
    wait(lambda: False, 0.1)
    page.view.character_activated.emit(160, page.view.character_rect(160))
    wait(lambda: bool(page.looking.sheet.rows()))
    yield "branches"
    page.looking.close()
    page.edit()
    page.edit_pane.editor.appendPlainText("東京, typed by hand.")
    page.editing.done()
    yield "editing"
    page.editing.leave()
    control.set_current("random")
    control.chosen.emit("random")
    page.controls.advanced.set_open(True)
    yield "advanced"
    page.controls.advanced.set_open(False)
    control.set_current("zeros")
    control.chosen.emit("zeros")
    page.controls.prompt.set_text("MARA ß: Così fan tutte – 東京 и так далее, a long prompt " * 6)
    page.write_or_stop()
    page.banner.show_message("bad", "Cannot write “/media/stick/harbour play 20417.txt”: the disk is full.")
    yield "refused"
    page.banner.hide()
    page.controls.prompt.set_text("MARA\n")
    control.keep.click()
    yield "keeping"
    control.end_keeping()
    yield from compared(page)


def compared(page: WritePage) -> Iterator[str]:
    """Texts side by side, in their states."""
    page.controls.length.setValue(500)
    page.compare()
    yield "comparing"
    page.write_or_stop()
    wait(lambda: not page.is_writing())
    page.drafts.setChecked(True)
    page._count_wanted(4)
    page.write_or_stop()
    wait(lambda: not page.is_writing())
    page.keep_column(1)
    yield "compared"
    page.columns.columns[3].field.set_value("99")
    page.write_or_stop()
    yield "comparison refused"
    page._change_chosen("model")
    yield "comparing by model"
    page.drafts.setChecked(False)
    page.compare()
    wait(lambda: not page.comparing())


def _idle(desk: Desk) -> bool:
    return not desk.busy_with()


def main() -> int:
    """Draw every scene in both themes and all sizes."""
    from chargen.gui import theme
    from chargen.gui.app import make_application
    from chargen.gui.widgets import focus_ring
    from chargen.model.model_file import load_model

    folder, model = Path(sys.argv[1]), load_model(Path(sys.argv[2]))
    folder.mkdir(parents=True, exist_ok=True)
    app = make_application()
    focus_ring.install(app)
    for choice in ("light", "dark"):
        theme.apply(app, choice)  # type: ignore[arg-type]
        desk = Desk()
        window = QWidget()
        page = WritePage(desk, Pickers())
        page.setParent(window)
        window.show()
        for scene in scenes(desk, page, model, "The Lamp at Sarn"):
            for size in SIZES:
                window.resize(size)
                page.resize(size)
                page.show()
                if page.is_narrow() and scene in ("advanced", "refused", "keeping"):
                    page.open_drawer()
                wait(lambda: False, 0.25)
                window.grab().save(str(folder / f"{scene}-{choice}-{size.width()}.png"))
                page.open_drawer(False)
        desk.shutdown()
        wait(partial(_idle, desk))
        window.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
