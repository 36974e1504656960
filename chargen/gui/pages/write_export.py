"""Export of what stands on the page: a name, a job, a sentence about how it went."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from PySide6.QtWidgets import QWidget

from chargen.gui import words
from chargen.gui.desk import Desk
from chargen.gui.pages.write_document import Document
from chargen.gui.pickers import Pickers
from chargen.gui.widgets.banner import InlineBanner
from chargen.jobs import Done, Failed, Worker
from chargen.sampling.export import SUFFIXES, export
from chargen.sampling.sample import Sample

_NAMES = {
    ".txt": "Text",
    ".md": "Markdown, with where it came from",
    ".html": "Web page, tinted by surprise",
    ".json": "JSON, to write it again exactly",
    ".csv": "Table, a row for each character",
}
NOT_IN_NAMES = r'[\x00-\x1f\x7f<>:"/\\|?*]+'
FILTERS = ";;".join(f"{_NAMES[suffix]} (*{suffix})" for suffix in SUFFIXES)


def suggested_name(document: Document) -> str:
    """``harbour play 20417.txt``"""
    return file_name(f"{document.name} {document.last.settings.random_seed}")


def file_name(words: str) -> str:
    """A name that every system takes, as text."""
    return f"{re.sub(NOT_IN_NAMES, '-', words).strip(' .-')[:80] or 'sample'}.txt"


def ask_and_export(
    desk: Desk, files: Pickers, parent: QWidget, banner: InlineBanner, document: Document,
    done: Callable[[], None] = lambda: None,
) -> None:  # fmt: skip
    """Ask for a name without blocking, write the file in a job, and tell in ``banner``."""
    told = " It was changed by hand, so nothing can write it again exactly." if document.draft.edited else ""
    export_samples(desk, files, parent, banner, lambda _suffix: document.parts, suggested_name(document), told, done)


def export_samples(
    desk: Desk, files: Pickers, parent: QWidget, banner: InlineBanner, samples: Callable[[str], list[Sample]],
    name: str, told: str = "", done: Callable[[], None] = lambda: None,
) -> None:  # fmt: skip
    """As :func:`ask_and_export`; ``samples`` gives those for a suffix, ``told`` is what to add when it is done."""

    def chosen(path: Path) -> None:
        def work(_worker: Worker) -> Path:
            export(samples(path.suffix), path)
            return path

        def on_event(event: Any) -> None:
            if isinstance(event, Done):
                banner.show_message("good", f"Exported to “{path}”.{told}")
            elif isinstance(event, Failed):
                banner.show_message("bad", words.in_window(event.sentence))
            done()

        desk.run_job("export", work, on_event)

    files.name_file(parent, "Export the text", name, FILTERS, chosen)
