"""An export opened in the window: written again, byte for byte or not, with models that are open or among the runs."""

from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from chargen import paths
from chargen.gui.desk import Desk
from chargen.gui.pages.write import WritePage
from chargen.jobs import Job
from chargen.model.model_file import save_model
from chargen.sampling.export import render
from chargen.sampling.sampler import Sampler
from chargen.sampling.settings import SamplingSettings
from tests.gui.compare_helpers import MODEL, change, idle, make_page
from tests.gui.write_helpers import build_model

OTHER = build_model("gru", hidden=20, seed=4)


@pytest.fixture
def page(qtbot: QtBot, desk: Desk, tmp_path: Path) -> WritePage:
    return make_page(qtbot, desk, tmp_path)


def export(qtbot: QtBot, page: WritePage, path: Path) -> Path:
    page._files.answer = path  # type: ignore[attr-defined]
    page.export()
    idle(qtbot, page)
    return path


def texts(page: WritePage) -> list[str]:
    return [column.view.text() for column in page.columns.columns]


def test_a_comparison_is_written_again_byte_for_byte(qtbot: QtBot, page: WritePage, tmp_path: Path) -> None:
    page.compare()
    page.write_or_stop()
    idle(qtbot, page)
    written, first = texts(page), export(qtbot, page, tmp_path / "first.json")
    page.shelf.new()
    page._desk.open_paths([first])
    idle(qtbot, page)
    assert page.banner.label.text() == "All 3 texts of “first.json” were written again, byte for byte."
    assert page.comparing() and texts(page) == written and page.columns.values() == ["0.4", "0.8", "1.2"]
    assert export(qtbot, page, tmp_path / "second.json").read_bytes() == first.read_bytes()
    assert [card.texts for card in page.shelf.cards] == [3, 3, 0]


def test_the_values_of_a_comparison_are_typed_again(qtbot: QtBot, page: WritePage, tmp_path: Path) -> None:
    for name, values in (("steer", ["", "1.1=1"]), ("stop", ["a\\n", ""]), ("loop_breaker", ["off", "on"])):
        page.compare()
        change(page, name, *values)
        if len(page.columns.values()) > 2:
            page.columns.fewer.click()
        page.write_or_stop()
        idle(qtbot, page)
        written, first = texts(page), export(qtbot, page, tmp_path / "first.json")
        page.shelf.new()
        page._desk.open_paths([first])
        idle(qtbot, page)
        assert page.comparing() and texts(page) == written
        assert page.columns.change() == name and page.columns.values() == values
        assert export(qtbot, page, tmp_path / "second.json").read_bytes() == first.read_bytes()
        page.compare()
        idle(qtbot, page)


def test_a_draft_goes_on_where_it_ended(qtbot: QtBot, page: WritePage, tmp_path: Path) -> None:
    page.controls.stop.setText("\\n\\n")
    page.write_or_stop()
    idle(qtbot, page)
    written, first = page.view.text(), export(qtbot, page, tmp_path / "first.json")
    page.shelf.new()
    page.controls.stop.clear()
    page.open_export(first)
    idle(qtbot, page)
    assert page.view.text() == written and page.continue_button.isEnabled()
    assert page.controls.stop.text() == "\\n\\n" and page.controls.prompt.text() == "ab"
    page.continue_button.click()
    idle(qtbot, page)
    assert page.view.text().startswith(written) and len(page.view.text()) > len(written)


def test_a_model_is_found_among_the_runs(qtbot: QtBot, page: WritePage, tmp_path: Path) -> None:
    settings = SamplingSettings(length=30, random_seed=2)
    samples = [Sampler(MODEL).write(settings), Sampler(OTHER).write(settings)]
    file = tmp_path / "two.json"
    file.write_bytes(render(samples, ".json"))
    page.open_export(file)
    idle(qtbot, page)
    assert "neither open nor among the runs" in page.banner.label.text() and not page.comparing()
    run = paths.runs_dir() / "tale"
    run.mkdir(parents=True)
    save_model(run / "model.safetensors", OTHER)
    page.open_export(file)
    idle(qtbot, page)
    assert texts(page) == [sample.text for sample in samples]
    assert page.columns.change() == "model" and page.columns.values()[0] == "desk"
    assert [column.heading.text() for column in page.columns.columns] == ["harbour play", "tale"]


def test_what_differs_is_said_and_shown_as_it_was_exported(qtbot: QtBot, page: WritePage, tmp_path: Path) -> None:
    from dataclasses import replace

    sample = Sampler(MODEL).write(SamplingSettings(length=30, random_seed=2))
    changed = replace(sample, text=sample.text[:10] + "zz" + sample.text[12:])
    file = tmp_path / "one.json"
    file.write_bytes(render([changed], ".json"))
    page.open_export(file)
    idle(qtbot, page)
    assert page.view.text() == changed.text and "differs from the exported one from character 11" in (
        page.banner.label.text()
    )


@pytest.mark.parametrize(
    "content", [b"", b"{", b'{"kind":"chargen samples","format":1,"samples":[{}]}', b"[]", b"\xff"]
)
def test_no_export_is_a_sentence_and_the_draft_stays(
    qtbot: QtBot, page: WritePage, tmp_path: Path, content: bytes
) -> None:
    page.write_or_stop()
    idle(qtbot, page)
    before = page.view.text()
    file = tmp_path / "x.json"
    file.write_bytes(content)
    page.open_export(file)
    idle(qtbot, page)
    assert page.banner.isVisible() and page.banner.label.text().endswith(".")
    assert page.view.text() == before and page.write_button.text() == "Write"


def test_it_can_be_stopped(qtbot: QtBot, page: WritePage, tmp_path: Path) -> None:
    file = tmp_path / "long.json"
    file.write_bytes(render([Sampler(MODEL).write(SamplingSettings(length=8_000, random_seed=2))], ".json"))
    page._desk._make_job = Job
    page.open_export(file)
    assert page.write_button.text() == "Stop"
    page.write_or_stop()
    idle(qtbot, page)
    assert not page.view.length() and page.write_button.text() == "Write"
