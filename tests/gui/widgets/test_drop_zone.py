"""Dropping: what counts, what is refused, and what is seen meanwhile."""

from pathlib import Path

from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDragLeaveEvent, QDropEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget

from chargen.gui.widgets.drop_zone import DropOverlay, DropZone, paths_from_mime


def local(*names: str) -> list[QUrl]:
    return [QUrl.fromLocalFile(name) for name in names]


def mime(urls: list[QUrl], text: str = "") -> QMimeData:
    data = QMimeData()
    if urls:
        data.setUrls(urls)
    if text:
        data.setText(text)
    return data


def enter(data: QMimeData) -> QDragEnterEvent:
    return QDragEnterEvent(
        QPoint(5, 5), Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    )


def drop(data: QMimeData) -> QDropEvent:
    return QDropEvent(
        QPointF(5, 5), Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    )


def test_local_files_are_taken_in_order_once(tmp_path: Path) -> None:
    a, b = tmp_path / "ä b.txt", tmp_path / "c%20d.txt"
    assert paths_from_mime(local(str(a), str(b), str(a))) == ([a, b], "")


def test_what_is_elsewhere_is_refused_in_words() -> None:
    paths, refusal = paths_from_mime([QUrl("https://example.org/a.txt")])
    assert paths == []
    assert "on this computer" in refusal
    paths, refusal = paths_from_mime([QUrl("https://example.org/a"), *local("/tmp/x.txt")])
    assert paths == [Path("/tmp/x.txt")]
    assert refusal.startswith("1 dropped item is not")
    assert paths_from_mime([])[1] == "Nothing in this drop is a file."


def test_overlay_shows_while_dragging_and_hands_on(qtbot) -> None:
    window = QWidget()
    qtbot.addWidget(window)
    window.resize(300, 200)
    window.show()
    overlay = DropOverlay(window)
    assert overlay.isHidden()
    data = mime(local("/tmp/x.txt"))
    event = enter(data)
    QApplication.sendEvent(window, event)
    assert event.isAccepted()
    assert overlay.isVisible()
    assert overlay.geometry() == window.rect()
    with qtbot.waitSignal(overlay.dropped) as told:
        QApplication.sendEvent(window, drop(data))
    assert told.args == [[Path("/tmp/x.txt")]]
    assert overlay.isHidden()


def test_overlay_goes_when_the_drag_leaves_and_ignores_text(qtbot) -> None:
    window = QWidget()
    qtbot.addWidget(window)
    window.show()
    overlay = DropOverlay(window)
    data = mime(local("/tmp/x.txt"))
    QApplication.sendEvent(window, enter(data))
    QApplication.sendEvent(window, QDragLeaveEvent())
    assert overlay.isHidden()
    text = mime([], "just words")
    QApplication.sendEvent(window, enter(text))
    assert overlay.isHidden()


def test_overlay_refuses_in_one_sentence(qtbot) -> None:
    window = QWidget()
    qtbot.addWidget(window)
    overlay = DropOverlay(window)
    data = mime([QUrl("https://example.org/a.txt")])
    QApplication.sendEvent(window, enter(data))  # Qt delivers a drop only where a drag has entered
    with qtbot.waitSignal(overlay.refused) as told, qtbot.assertNotEmitted(overlay.dropped):
        QApplication.sendEvent(window, drop(data))
    assert told.args[0].endswith(".")


def test_zone_browses_and_takes_drops(qtbot) -> None:
    zone = DropZone()
    qtbot.addWidget(zone)
    with qtbot.waitSignal(zone.browse):
        QTest.keyClick(zone.button, Qt.Key.Key_Return)
    data = mime(local("/tmp/a.txt", "/tmp/b.txt"))
    before = zone.grab().toImage()
    QApplication.sendEvent(zone, enter(data))
    assert zone.grab().toImage() != before, "the zone lights up"
    with qtbot.waitSignal(zone.dropped) as told:
        QApplication.sendEvent(zone, drop(data))
    assert told.args == [[Path("/tmp/a.txt"), Path("/tmp/b.txt")]]
