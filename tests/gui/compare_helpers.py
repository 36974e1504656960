"""What the tests of texts side by side stand on: a page with a small model, and what stands in its columns."""

from pathlib import Path

from pytestqt.qtbot import QtBot

from chargen.gui.desk import Desk
from chargen.gui.pages.write import WritePage
from tests.gui.write_helpers import AnsweringPickers, build_model, opened

MODEL = build_model()


def make_page(qtbot: QtBot, desk: Desk, folder: Path) -> WritePage:
    page = WritePage(desk, AnsweringPickers(folder))
    qtbot.addWidget(page)
    page.resize(1196, 700)
    page.show()
    desk._set_model(opened(MODEL))
    page.controls.length.setValue(60)
    page.controls.prompt.set_text("ab")
    page.controls.seed.set_value(5)
    page.shelf.bring_back(None)
    idle(qtbot, page)
    return page


def idle(qtbot: QtBot, page: WritePage) -> None:
    qtbot.waitUntil(lambda: not page._desk.busy_with() and not page.is_writing())


def compose(qtbot: QtBot, page: WritePage) -> list[str]:
    page.write_button.click()
    idle(qtbot, page)
    return texts(page)


def texts(page: WritePage) -> list[str]:
    return [column.view.text() for column in page.columns.columns]


def headings(page: WritePage) -> list[str]:
    return [column.heading.text() for column in page.columns.columns]


def change(page: WritePage, name: str, *values: str) -> None:
    page._change_chosen(name)
    for place, value in enumerate(values):
        page.columns.columns[place].field.set_value(value)
